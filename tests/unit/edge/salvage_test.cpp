// A damaged outbox, an outbox without room, and what the cloud is sent of both.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <utility>

#include "contract/text/key_change_text.hpp"
#include "contract/wire/uuid_text.hpp"
#include "edge/enrol/block_key_mark.hpp"
#include "edge/store/salvage.hpp"
#include "kit/sqlite/database.hpp"
#include "tests/unit/edge/store_helpers.hpp"

using namespace steward;

namespace {

std::unique_ptr<Outbox> opened(const OutboxSetup& setup) {
  auto outbox = Outbox::open(setup, edge_key());
  REQUIRE_MESSAGE(outbox, (outbox ? "" : outbox.error().message));
  return std::move(*outbox);
}

void change(const OutboxSetup& setup, const std::string& sql) {
  auto database = Database::open(setup.path);
  REQUIRE(database);
  const auto done = database->execute(sql);
  REQUIRE_MESSAGE(done, (done ? "" : done.error().message));
}

std::vector<StoredBlock> to_send(Outbox& outbox, const Uuid& epoch, Stream stream, Seq after) {
  auto blocks = outbox.read_to_send(epoch, stream, after, 100'000, 1'000'000'000);
  REQUIRE_MESSAGE(blocks, (blocks ? "" : blocks.error().message));
  return std::move(*blocks);
}

std::optional<Hole> hole_in(const StoredBlock& block) {
  const auto opened_block = decode_block(block.bytes, VerifyingKey(edge_key().public_key()));
  REQUIRE(opened_block);
  const auto* hole = std::get_if<Hole>(&opened_block->records);
  return hole == nullptr ? std::nullopt : std::optional(*hole);
}

/// What the cloud would say of these blocks behind `upto`; empty: all admitted.
std::string refusal_of(const std::vector<StoredBlock>& blocks, Seq upto, std::optional<Digest> link) {
  for (const auto& stored : blocks) {
    const auto block = decode_block(stored.bytes, VerifyingKey(edge_key().public_key()));
    if (!block) return block.error().message;
    if (block->first.value != upto.value + 1) return "a gap before " + std::to_string(block->first.value);
    const auto* hole = std::get_if<Hole>(&block->records);
    const bool names_none = hole != nullptr && block->previous == Digest{};
    if (link && block->previous != *link && !names_none)
      return "no link at " + std::to_string(block->first.value);
    upto = block->last;
    link = hole == nullptr ? sha256(stored.bytes) : hole->last_missing;
    if (link == Digest{}) link.reset();
  }
  return {};
}

/// Ten blocks of two readings, two of events; the first three blocks acknowledged.
std::vector<StoredBlock> ten_blocks(const OutboxSetup& setup) {
  auto outbox = opened(setup);
  std::vector<StoredBlock> written;
  for (int at = 0; at < 10; ++at) {
    auto batch = batch_of({reading_of(1, at), reading_of(2, at)});
    batch.marks = {{"door/gate", std::to_string(at)}};
    auto blocks = outbox->append({batch});
    REQUIRE(blocks);
    written.push_back(std::move(blocks->front()));
    if (at % 5 == 0) REQUIRE(outbox->append({batch_of({event_of("said")})}));
  }
  outbox->acknowledge(Stream::readings, Seq{6});
  REQUIRE(outbox->flush_acks());
  return written;
}

/// The same outbox as a program of schema 1 left it: one epoch, no sums.
void make_first_schema(const OutboxSetup& setup, const Uuid& epoch) {
  std::string sql =
      "CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
      "CREATE TABLE mark(name TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;"
      "CREATE TABLE ack(stream INTEGER PRIMARY KEY, upto INTEGER NOT NULL);"
      "INSERT INTO ack VALUES(0, 6);"
      "INSERT INTO mark SELECT substr(name, 6), text FROM kept WHERE name LIKE 'mark/%';"
      "INSERT INTO meta VALUES('owner', 'riverside/gw1'), ('epoch', '" +
      uuid_text(epoch) + "'), ('store', '" + uuid_text(Uuid{5}) +
      "'), ('store_at_ms', '1234');"
      "DROP TABLE kept; PRAGMA user_version = 1;";
  for (const auto stream : all_streams)
    sql += "ALTER TABLE block_" + std::string(word(stream)) + " RENAME COLUMN place TO first;";
  change(setup, sql);
}

}  // namespace

TEST_SUITE("edge/salvage") {
  TEST_CASE("a damaged block is found when it is read, and the rest goes on as it is under the old epoch") {
    const TemporaryFolder folder;
    auto setup = outbox_setup(folder);
    const auto written = ten_blocks(setup);
    Uuid old_epoch{};
    {
      auto outbox = opened(setup);
      old_epoch = outbox->epoch();
      CHECK(outbox->old_logs().empty());
      CHECK(*check_outbox(setup, edge_key()) == "");  // the control: sound before
    }
    // One bit of block 13..14, in the middle of its payload.
    change(setup,
           "UPDATE block_readings SET bytes = CAST(substr(bytes, 1, 99) AS BLOB) || x'01' || substr(bytes, "
           "101) WHERE place = 13");
    {
      auto outbox = opened(setup);
      const auto read = outbox->read_after(Stream::readings, Seq{6}, 100, 1'000'000);
      REQUIRE_FALSE(read);
      CHECK(read.error().fault == Fault::implausible);
      const auto flaw = check_outbox(setup, edge_key());
      REQUIRE(flaw);
      CHECK(flaw->find("readings 1") != std::string::npos);
    }
    setup.suspect = true;
    auto outbox = opened(setup);
    CHECK(outbox->epoch() != old_epoch);
    CHECK(outbox->marks()[0].last == Seq{0});
    const auto old = outbox->old_logs();
    REQUIRE(old.size() == 1);
    CHECK(old[0].epoch == old_epoch);
    CHECK(old[0].marks[0].acked == Seq{6});
    CHECK(old[0].marks[0].last == Seq{20});
    const auto sent = to_send(*outbox, old_epoch, Stream::readings, Seq{6});
    CHECK(refusal_of(sent, Seq{6}, sha256(written[2].bytes)) == "");
    REQUIRE(sent.size() == 7);
    for (const std::size_t at : {0U, 1U, 2U, 4U, 5U, 6U}) CHECK(sent[at].bytes == written[at + 3].bytes);
    const auto hole = hole_in(sent[3]);
    REQUIRE(hole);
    CHECK(*hole == Hole{Seq{13}, Seq{14}, "corrupt", sha256(written[6].bytes)});
    CHECK(to_send(*outbox, old_epoch, Stream::readings, Seq{12}).front().bytes ==
          sent[3].bytes);  // the same bytes
    CHECK(to_send(*outbox, old_epoch, Stream::events, Seq{0}).size() == 2);
    CHECK(*outbox->mark("door/gate") == "9");
    const auto said = *outbox->mark(salvage_mark);
    CHECK_MESSAGE(said.find("8 blocks not yet acknowledged") != std::string::npos, said);
    CHECK_MESSAGE(said.find("1 gaps: readings 13..14") != std::string::npos, said);
    CHECK(std::filesystem::exists(setup.path + ".damaged-1"));
    // It goes on, and nothing of the old epoch is written to.
    REQUIRE(outbox->append({batch_of({reading_of(1, 1)})}));
    CHECK(outbox->marks()[0].last == Seq{1});
    setup.suspect = false;
    CHECK(*check_outbox(setup, edge_key()) == "");
    outbox->acknowledge(old_epoch, Stream::readings, Seq{20});
    outbox->acknowledge(old_epoch, Stream::events, Seq{2});
    REQUIRE(outbox->flush_acks());
    CHECK(opened(setup)->old_logs().size() == 1);  // acknowledged, and kept for its 35 days
  }

  TEST_CASE("a sealed text that was changed is not believed: acks, epochs and marks") {
    for (const std::string name : {"log/0/readings", "epoch/0", "mark/door/gate"}) {
      CAPTURE(name);
      const TemporaryFolder folder;
      const auto setup = outbox_setup(folder);
      ten_blocks(setup);
      change(setup, "UPDATE kept SET text = iif(text LIKE '7%', '8', '7') || substr(text, 2) WHERE name = '" +
                        name + "'");
      auto outbox = opened(setup);  // salvages
      REQUIRE(outbox->old_logs().size() == 1);
      CHECK(outbox->mark(salvage_mark)->find("the row " + name + " is damaged") != std::string::npos);
      const auto sent = to_send(*outbox, outbox->old_logs()[0].epoch, Stream::readings, Seq{6});
      CHECK(refusal_of(sent, Seq{6}, std::nullopt) == "");
      CHECK(sent.size() == 7);
      if (name == "mark/door/gate") CHECK(*outbox->mark("door/gate") == "");  // not believed
    }
  }

  TEST_CASE("an outbox of schema 1 goes on: its epoch, acks, marks and every block") {
    const TemporaryFolder folder;
    const auto setup = outbox_setup(folder);
    const auto written = ten_blocks(setup);
    const auto epoch = opened(setup)->epoch();
    change(setup, "DELETE FROM block_readings WHERE place < 5");  // let go, as it did
    make_first_schema(setup, epoch);
    for (int time = 0; time < 2; ++time) {  // and once only
      auto outbox = opened(setup);
      CHECK(outbox->epoch() == epoch);
      CHECK(outbox->marks()[0] == LogMark{Seq{20}, Seq{6}, sha256(written[9].bytes)});
      CHECK(outbox->store() == CloudStore{Uuid{5}, instant_from_ms(1234)});
      CHECK(*outbox->mark("door/gate") == "9");
      CHECK(*outbox->mark(salvage_mark) == "");
      const auto sent = to_send(*outbox, epoch, Stream::readings, Seq{0});
      REQUIRE(sent.size() == 9);
      CHECK(hole_in(sent.front())->reason == "forgotten");
      CHECK(sent.back().bytes == written[9].bytes);
      CHECK(*check_outbox(setup, edge_key()) == "");
    }
    auto outbox = opened(setup);
    REQUIRE(outbox->append({batch_of({reading_of(1, 1)})}));
    CHECK(outbox->marks()[0].last == Seq{21});
  }

  TEST_CASE("an outbox of schema 1 that was cut off while it was converted is converted at the next start") {
    const TemporaryFolder folder;
    const auto setup = outbox_setup(folder);
    ten_blocks(setup);
    const auto epoch = opened(setup)->epoch();
    make_first_schema(setup, epoch);
    std::string half =
        "CREATE TABLE kept(name TEXT PRIMARY KEY, text TEXT NOT NULL, sum INTEGER NOT NULL) WITHOUT ROWID;"
        "PRAGMA user_version = 2;";
    for (const auto stream : all_streams)
      half += "ALTER TABLE block_" + std::string(word(stream)) + " RENAME COLUMN first TO place;";
    change(setup, half);
    auto outbox = opened(setup);
    CHECK(outbox->epoch() == epoch);
    CHECK(outbox->marks()[0].acked == Seq{6});
    CHECK(*outbox->mark("door/gate") == "9");
  }

  TEST_CASE("a damaged outbox of schema 1 is salvaged too; one of a newer program is refused") {
    const TemporaryFolder folder;
    auto setup = outbox_setup(folder);
    const auto written = ten_blocks(setup);
    const auto epoch = opened(setup)->epoch();
    make_first_schema(setup, epoch);
    setup.suspect = true;
    auto outbox = opened(setup);
    REQUIRE(outbox->old_logs().size() == 1);
    CHECK(outbox->old_logs()[0].epoch == epoch);
    const auto sent = to_send(*outbox, epoch, Stream::readings, Seq{0});
    REQUIRE(sent.size() == 10);  // what was acknowledged is not known any more
    CHECK(sent.back().bytes == written[9].bytes);
    outbox.reset();
    setup.suspect = false;
    change(setup, "PRAGMA user_version = 3");
    const auto newer = Outbox::open(setup, edge_key());
    REQUIRE_FALSE(newer);
    CHECK(newer.error().fault == Fault::refused);
  }

  TEST_CASE("the places of a hole made up for the cloud are said to be that, those of a block are not") {
    const TemporaryFolder folder;
    auto setup = outbox_setup(folder);
    ten_blocks(setup);
    change(setup, "DELETE FROM block_readings WHERE place = 13");
    setup.suspect = true;
    auto outbox = opened(setup);
    for (const auto& block : to_send(*outbox, outbox->old_logs()[0].epoch, Stream::readings, Seq{6}))
      CHECK(block.made_up == hole_in(block).has_value());
    REQUIRE(outbox->append({{Stream::readings, LostRecords{7}, {}, {}}}));
    const auto kept = to_send(*outbox, outbox->epoch(), Stream::readings, Seq{0});
    REQUIRE(kept.size() == 1);
    CHECK(hole_in(kept.front())->reason == hole_reason::memory);
    CHECK_FALSE(kept.front().made_up);
  }

  TEST_CASE("a change of key tells of the epochs that ended too, as far as they reach") {
    const TemporaryFolder folder;
    const auto setup = outbox_setup(folder);
    ten_blocks(setup);
    const ClockStamp stamp{{}, round_instant(0), 1000, ClockTrust::synced};
    auto outbox = opened(setup);
    const auto old_epoch = outbox->epoch();
    REQUIRE(note_block_key(*outbox, edge_key().public_key(), setup.gateway, stamp));
    REQUIRE(outbox->begin_epoch());
    outbox.reset();
    const auto other = SigningKey::from_seed({77});
    outbox = std::move(*Outbox::open(setup, other));
    REQUIRE(note_block_key(*outbox, other.public_key(), setup.gateway, stamp));
    const auto blocks = outbox->read_after(Stream::events, Seq{0}, 10, 100'000);
    REQUIRE(blocks);
    const auto block = decode_block(blocks->back().bytes, VerifyingKey(other.public_key()));
    const auto& events = std::get<std::vector<EdgeEvent>>(block->records);
    REQUIRE(events.size() == 2);
    const auto now = read_key_change(events[0]);
    const auto then = read_key_change(events[1]);
    REQUIRE(now);
    REQUIRE(then);
    CHECK_FALSE(now->epoch);
    CHECK(now->upto[0] == Seq{0});
    CHECK(then->epoch == old_epoch);
    CHECK(then->upto[0] == Seq{20});
    CHECK(then->key == other.public_key());
  }

  TEST_CASE("a file that is nothing any more is kept, and a new one begins") {
    const TemporaryFolder folder;
    auto setup = outbox_setup(folder);
    for (int time = 1; time <= 4; ++time) {
      ten_blocks(setup);
      std::filesystem::resize_file(setup.path, 10'000);
      {
        std::fstream file(setup.path, std::ios::in | std::ios::out | std::ios::binary);
        file << "somebody wrote over the beginning of it, header and schema and all";
      }
      auto outbox = opened(setup);
      CHECK(outbox->marks()[0].last == Seq{0});
      outbox.reset();
      int kept = 0;
      for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
        kept += entry.path().string().find(".damaged-") != std::string::npos &&
                !entry.path().string().ends_with("-wal") && !entry.path().string().ends_with("-shm");
      CHECK(kept == std::min(time, max_damaged_files));
      std::filesystem::remove(setup.path);
    }
  }

  TEST_CASE("a power cut between the two renames of a salvage: the finished file is taken, not the old WAL") {
    const TemporaryFolder folder;
    const auto setup = outbox_setup(folder);
    ten_blocks(setup);
    std::filesystem::rename(setup.path, setup.path + ".new");
    std::ofstream(setup.path + ".damaged-1") << "the damaged one";
    std::ofstream(setup.path + "-wal") << "its WAL";
    auto outbox = opened(setup);
    CHECK(outbox->marks()[0].last == Seq{20});
    CHECK(std::filesystem::exists(setup.path + ".damaged-1-wal"));
  }

  TEST_CASE("an epoch that ends is sent to its end, beside the new one") {
    const TemporaryFolder folder;
    const auto setup = outbox_setup(folder);
    const auto written = ten_blocks(setup);
    auto outbox = opened(setup);
    const auto old_epoch = outbox->epoch();
    REQUIRE(outbox->begin_epoch());
    CHECK(outbox->epoch() != old_epoch);
    REQUIRE(outbox->append({batch_of({reading_of(9, 9)})}));
    outbox.reset();
    outbox = opened(setup);
    REQUIRE(outbox->old_logs().size() == 1);
    CHECK(outbox->old_logs()[0].marks[0].last == Seq{20});
    CHECK(outbox->old_logs()[0].marks[0].tail == sha256(written[9].bytes));
    CHECK(outbox->marks()[0].last == Seq{1});
    CHECK(to_send(*outbox, old_epoch, Stream::readings, Seq{6}).size() == 7);
    CHECK(to_send(*outbox, outbox->epoch(), Stream::readings, Seq{0}).size() == 1);
  }
}

TEST_SUITE("edge/quota") {
  TEST_CASE("without room acknowledged blocks go first, then whole blocks of telemetry, readings never") {
    const TemporaryFolder folder;
    auto setup = outbox_setup(folder);
    setup.most_bytes = 96 * 1024;
    auto outbox = opened(setup);
    const auto round = [](int at, Stream stream) {
      std::vector<Reading> readings;
      for (std::uint16_t meter = 0; meter < 100; ++meter) readings.push_back(reading_of(meter, at * 10, at));
      auto batch = batch_of(std::move(readings), round_instant(at));
      batch.stream = stream;
      return batch;
    };
    int at = 0;
    for (; at < 40; ++at) REQUIRE(outbox->append({round(at, Stream::readings)}));
    outbox->acknowledge(Stream::readings, Seq{3'000});
    for (; at < 100; ++at) REQUIRE(outbox->append({round(at, Stream::telemetry)}));
    const auto telemetry = outbox->marks()[1];
    auto sent = to_send(*outbox, outbox->epoch(), Stream::telemetry, Seq{0});
    CHECK(refusal_of(sent, Seq{0}, Digest{}) == "");
    auto hole = hole_in(sent.front());
    REQUIRE(hole);  // telemetry was let go before the cloud had it
    CHECK(hole->reason == "quota");
    CHECK(sent.back().last == telemetry.last);
    sent = to_send(*outbox, outbox->epoch(), Stream::readings, Seq{3'000});
    CHECK(sent.size() == 10);  // all that the cloud has not
    CHECK_FALSE(hole_in(sent.front()));
    CHECK(refusal_of(sent, Seq{3'000}, std::nullopt) == "");

    // Readings nobody takes: refused when there is room for none, and none of them let go.
    Result<void> kept;
    int taken = 0;
    for (; kept && taken < 400; ++taken) {
      const auto blocks = outbox->append({round(++at, Stream::readings)});
      if (!blocks) kept = blocks.error();
    }
    REQUIRE_FALSE(kept);
    CHECK(kept.error().fault == Fault::full);
    CHECK(refusal_of(to_send(*outbox, outbox->epoch(), Stream::readings, Seq{3'000}), Seq{3'000},
                     std::nullopt) == "");
    CHECK(std::filesystem::file_size(setup.path) <= setup.most_bytes);
    // The cloud takes them, and there is room again.
    outbox->acknowledge(Stream::readings, outbox->marks()[0].last);
    CHECK(outbox->append({round(++at, Stream::readings)}));
  }

  TEST_CASE("another cloud that asks for what was acknowledged and let go is told that it is forgotten") {
    const TemporaryFolder folder;
    auto setup = outbox_setup(folder);
    setup.keep_acked_blocks = 10;
    auto outbox = opened(setup);
    for (int at = 0; at < 60; ++at) REQUIRE(outbox->append({batch_of({reading_of(1, at)})}));
    outbox->acknowledge(Stream::readings, Seq{50});
    for (int at = 0; at < 70; ++at) REQUIRE(outbox->append({batch_of({event_of("x")})}));
    const auto sent = to_send(*outbox, outbox->epoch(), Stream::readings, Seq{0});
    CHECK(refusal_of(sent, Seq{0}, Digest{}) == "");
    const auto hole = hole_in(sent.front());
    REQUIRE(hole);
    CHECK(hole->reason == "forgotten");
    CHECK(hole->last == Seq{50});
  }

  TEST_CASE("400 days of 200 meters every 15 minutes, offline, are within the default quota") {
    const TemporaryFolder folder;
    auto setup = outbox_setup(folder);
    auto outbox = opened(setup);
    constexpr int rounds_a_day = 96;
    constexpr int days = 2;
    const auto write_day = [&](int day) {
      for (int round = 0; round < rounds_a_day; ++round) {
        const auto at = round_instant(0) + std::chrono::minutes(15 * (day * rounds_a_day + round));
        std::vector<Reading> readings;
        for (std::uint16_t meter = 0; meter < 200; ++meter) {
          readings.push_back(
              reading_of(meter, 1'000'000 + meter * std::int64_t{977} + round * std::int64_t{13}));
          readings.back().round_at = at;
          readings.back().taken_at = at + Milliseconds(43 * meter);
          readings.back().raw = {static_cast<std::uint16_t>(meter), static_cast<std::uint16_t>(round * 13)};
        }
        std::vector<Batch> batches{batch_of(std::move(readings), at)};
        if (round == 0) {
          auto closings = batch_of(std::vector<Reading>{}, at);
          std::vector<Closing> records;
          for (int meter = 0; meter < 200; ++meter) {
            if (records.size() == 50) {  // 64 KiB
              closings.records = std::exchange(records, {});
              batches.push_back(closings);
            }
            records.push_back(closing_of("E-" + std::to_string(meter), 1'000'000 + meter));
          }
          closings.records = std::move(records);
          batches.push_back(closings);
        }
        REQUIRE(outbox->append(batches));
      }
      REQUIRE(outbox->write_through());
      return std::filesystem::file_size(setup.path);
    };
    const auto first = write_day(0);
    const auto a_day = write_day(days - 1) - first;
    MESSAGE(a_day, " bytes a day");
    CHECK(first + 399 * a_day <= setup.most_bytes);
    CHECK(a_day > 200 * rounds_a_day * 10);  // readings are in it, not only a promise of them
  }
}
