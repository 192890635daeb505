#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "contract/wire/closing_codec.hpp"
#include "edge/store/salvage.hpp"
#include "kit/sqlite/database.hpp"
#include "tests/unit/edge/store_helpers.hpp"

using namespace steward;

namespace {

std::unique_ptr<Outbox> opened(const OutboxSetup& setup) {
  auto outbox = Outbox::open(setup, edge_key());
  REQUIRE(outbox);
  return std::move(*outbox);
}

const LogMark& mark_of(const Outbox& outbox, Stream stream) {
  return outbox.marks()[static_cast<std::size_t>(stream)];
}

std::size_t blocks_in(Outbox& outbox, Stream stream) {
  const auto blocks = outbox.read_after(stream, Seq{0}, 100'000, 1'000'000'000);
  REQUIRE(blocks);
  return blocks->size();
}

/// Appends in a child process that dies without closing anything, as by a power cut.
void append_and_die(const OutboxSetup& setup, int appends) {
  const auto child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    auto outbox = Outbox::open(setup, edge_key());
    for (int at = 0; outbox && at < appends; ++at) {
      const std::vector<Batch> batches{batch_of({reading_of(1, at), reading_of(2, at)}),
                                       batch_of({event_of("one")})};
      if (!(*outbox)->append(batches)) _exit(2);
    }
    _exit(outbox ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WEXITSTATUS(status) == 0);
}

}  // namespace

TEST_SUITE("edge/outbox") {
  TEST_CASE("records get places in their log and come back as signed blocks") {
    const TemporaryFolder folder;
    auto outbox = opened(outbox_setup(folder));
    const auto blocks = outbox->append({batch_of({reading_of(1, 100), reading_of(2, 200)}),
                                        batch_of({event_of("started")}), batch_of({reading_of(1, 101, 1)})});
    REQUIRE(blocks);
    REQUIRE(blocks->size() == 3);
    CHECK((*blocks)[0].first == Seq{1});
    CHECK((*blocks)[0].last == Seq{2});
    CHECK((*blocks)[1].stream == Stream::events);
    CHECK((*blocks)[1].first == Seq{1});
    CHECK((*blocks)[2].first == Seq{3});
    CHECK(flaw_of(*outbox, Stream::readings) == "");
    CHECK(flaw_of(*outbox, Stream::events) == "");
    const VerifyingKey verifier(edge_key().public_key());
    const auto block = decode_block((*blocks)[0].bytes, verifier);
    REQUIRE(block);
    CHECK(std::get<std::vector<Reading>>(block->records) ==
          std::vector{reading_of(1, 100), reading_of(2, 200)});
  }

  TEST_CASE("closings are sealed one by one with their own place") {
    const TemporaryFolder folder;
    auto outbox = opened(outbox_setup(folder));
    REQUIRE(outbox->append({batch_of({reading_of(1, 100)})}));
    Batch closings = batch_of(std::vector<Reading>{});
    closings.records = std::vector{closing_of("E-1", 5), closing_of("E-2", 6)};
    const auto blocks = outbox->append({closings});
    REQUIRE(blocks);
    const VerifyingKey verifier(edge_key().public_key());
    const auto block = decode_block((*blocks)[0].bytes, verifier);
    REQUIRE(block);
    const auto opened_closings = open_closings(*block, verifier);
    REQUIRE(opened_closings);
    REQUIRE(opened_closings->size() == 2);
    CHECK((*opened_closings)[1].seq == Seq{3});
    CHECK((*opened_closings)[1].site == SiteId("riverside"));
    CHECK((*opened_closings)[1].epoch == outbox->epoch());
    CHECK((*opened_closings)[1].value == 6);
  }

  TEST_CASE("killed at any point, the log goes on where its last commit was") {
    const TemporaryFolder folder;
    const auto setup = outbox_setup(folder);
    Uuid epoch{};
    std::uint64_t readings = 0;
    std::uint64_t events = 0;
    for (int life = 0; life < 6; ++life) {
      append_and_die(setup, life);
      readings += 2 * static_cast<std::uint64_t>(life);
      events += static_cast<std::uint64_t>(life);
      auto outbox = opened(setup);
      if (life == 0) epoch = outbox->epoch();
      CHECK(outbox->epoch() == epoch);
      CHECK(mark_of(*outbox, Stream::readings).last == Seq{readings});
      CHECK(mark_of(*outbox, Stream::events).last == Seq{events});
      REQUIRE(outbox->append({batch_of({reading_of(9, life)})}));
      ++readings;
      CHECK(flaw_of(*outbox, Stream::readings) == "");
      CHECK(flaw_of(*outbox, Stream::events) == "");
    }
  }

  TEST_CASE("a commit that fails leaves nothing and uses up no place") {
    const TemporaryFolder folder;
    auto outbox = opened(outbox_setup(folder));
    REQUIRE(outbox->append({batch_of({reading_of(1, 1)})}));
    const auto before = outbox->marks();
    auto odd = reading_of(1, 2);
    odd.raw = Words(9, 0);  // more than a reading may carry
    auto marked = batch_of({event_of("with")});
    marked.marks = {{"door/gate", "7"}};
    const auto failed = outbox->append({marked, batch_of({reading_of(1, 2)}), batch_of({odd})});
    REQUIRE_FALSE(failed);
    CHECK(outbox->marks() == before);
    CHECK(blocks_in(*outbox, Stream::events) == 0);
    CHECK(*outbox->mark("door/gate") == "");
    REQUIRE(outbox->append({marked, batch_of({reading_of(1, 2)})}));
    CHECK(flaw_of(*outbox, Stream::readings) == "");
    CHECK(*outbox->mark("door/gate") == "7");
  }

  TEST_CASE("an outbox of another gateway is refused, by name") {
    const TemporaryFolder folder;
    auto setup = outbox_setup(folder);
    opened(setup);
    setup.gateway = GatewayId("gw2");
    const auto outbox = Outbox::open(setup, edge_key());
    REQUIRE_FALSE(outbox);
    CHECK(outbox.error().fault == Fault::refused);
    CHECK(outbox.error().message ==
          "outbox " + setup.path +
              ": it belongs to riverside/gw1, not to riverside/gw2; name another data "
              "folder, or the right site and gateway");
  }

  TEST_CASE("blocks are read from any place, whole, within bounds") {
    const TemporaryFolder folder;
    auto outbox = opened(outbox_setup(folder));
    for (int at = 0; at < 10; ++at) {
      REQUIRE(outbox->append({batch_of({reading_of(1, at), reading_of(2, at), reading_of(3, at)})}));
    }
    auto blocks = outbox->read_after(Stream::readings, Seq{6}, 2, 1'000'000);
    REQUIRE(blocks);
    REQUIRE(blocks->size() == 2);
    CHECK((*blocks)[0].first == Seq{7});
    blocks = outbox->read_after(Stream::readings, Seq{7}, 1, 1'000'000);
    REQUIRE(blocks);
    CHECK((*blocks)[0].first == Seq{7});  // 8 and 9 are in it
    blocks = outbox->read_after(Stream::readings, Seq{0}, 100, 1);
    REQUIRE(blocks);
    CHECK(blocks->size() == 1);
    blocks = outbox->read_after(Stream::readings, Seq{30}, 100, 1'000'000);
    REQUIRE(blocks);
    CHECK(blocks->empty());
  }

  TEST_CASE("acks and the store they came from are kept over a restart") {
    const TemporaryFolder folder;
    const auto setup = outbox_setup(folder);
    const CloudStore store{{7, 7}, round_instant(1)};
    {
      auto outbox = opened(setup);
      REQUIRE(outbox->append({batch_of({reading_of(1, 1), reading_of(1, 2)})}));
      outbox->acknowledge(Stream::readings, Seq{2});
      outbox->acknowledge(Stream::events, Seq{5});  // there are none: not believed
      REQUIRE(outbox->flush_acks());
    }
    {
      auto outbox = opened(setup);
      CHECK(mark_of(*outbox, Stream::readings).acked == Seq{2});
      outbox->note_store(store);
      REQUIRE(outbox->flush_acks());
    }
    auto outbox = opened(setup);
    CHECK(mark_of(*outbox, Stream::readings).acked == Seq{2});
    CHECK(mark_of(*outbox, Stream::readings).backlog() == 0);
    CHECK(mark_of(*outbox, Stream::events).acked == Seq{0});
    CHECK(outbox->store() == store);
  }

  TEST_CASE("old blocks go once they are acknowledged; the rest and the newest stay") {
    const TemporaryFolder folder;
    auto outbox = opened(outbox_setup(folder));
    const auto late = round_instant(24 * 40);
    for (int at = 0; at < 100; ++at) REQUIRE(outbox->append({batch_of({reading_of(1, at)})}));
    outbox->acknowledge(Stream::readings, Seq{40});
    for (int at = 0; at < 64; ++at) REQUIRE(outbox->append({batch_of({reading_of(1, at)}, late)}));
    const auto left = outbox->read_after(Stream::readings, Seq{0}, 1'000, 1'000'000);
    REQUIRE(left);
    CHECK(left->front().first == Seq{41});
    CHECK(left->back().last == Seq{164});
    outbox->acknowledge(Stream::readings, Seq{164});
    auto event = batch_of({event_of("x")});
    event.stamp.wall = late;
    for (int at = 0; at < 64; ++at) REQUIRE(outbox->append({event}));
    CHECK(blocks_in(*outbox, Stream::readings) == 64);  // the late ones are not old yet
  }

  TEST_CASE("more acknowledged blocks than the bound are let go however young") {
    const TemporaryFolder folder;
    auto setup = outbox_setup(folder);
    setup.keep_acked_blocks = 10;
    auto outbox = opened(setup);
    for (int at = 0; at < 60; ++at) REQUIRE(outbox->append({batch_of({reading_of(1, at)})}));
    outbox->acknowledge(Stream::readings, Seq{50});
    for (int at = 0; at < 70; ++at) REQUIRE(outbox->append({batch_of({event_of("x")})}));
    CHECK(blocks_in(*outbox, Stream::readings) == 10);
    outbox->acknowledge(Stream::readings, Seq{60});
    CHECK(mark_of(*outbox, Stream::readings).last == Seq{60});
    REQUIRE(outbox->append({batch_of({reading_of(1, 99)})}));
    CHECK(mark_of(*outbox, Stream::readings).last == Seq{61});
  }

  TEST_CASE("the newest block stays however old: the next one names its hash") {
    const TemporaryFolder folder;
    const auto setup = outbox_setup(folder);
    {
      auto outbox = opened(setup);
      for (int at = 0; at < 60; ++at) REQUIRE(outbox->append({batch_of({reading_of(1, at)})}));
      outbox->acknowledge(Stream::readings, Seq{60});
      auto event = batch_of({event_of("x")});
      event.stamp.wall = round_instant(24 * 40);
      for (int at = 0; at < 70; ++at) REQUIRE(outbox->append({event}));
      CHECK(blocks_in(*outbox, Stream::readings) == 1);
    }
    auto outbox = opened(setup);
    const auto before = mark_of(*outbox, Stream::readings);
    CHECK(before.last == Seq{60});
    const auto next = outbox->append({batch_of({reading_of(1, 1)})});
    REQUIRE(next);
    CHECK(peek_block((*next)[0].bytes)->previous == before.tail);
    CHECK((*next)[0].first == Seq{61});
  }

  TEST_CASE(
      "a damaged newest block is not built upon: a new epoch begins, and the file is kept as evidence") {
    const TemporaryFolder folder;
    const auto setup = outbox_setup(folder);
    {
      auto outbox = opened(setup);
      REQUIRE(outbox->append({batch_of({reading_of(1, 1)})}));
    }
    {
      auto database = Database::open(setup.path);
      REQUIRE(database);
      REQUIRE(database->execute("UPDATE block_readings SET bytes = x'00'"));
    }
    auto outbox = opened(setup);
    CHECK(mark_of(*outbox, Stream::readings).last == Seq{0});
    CHECK(outbox->mark(salvage_mark)
              ->starts_with("outbox " + setup.path +
                            ": the newest block of the log readings is damaged; 0 blocks"));
    CHECK(std::filesystem::exists(setup.path + ".damaged-1"));
  }
}
