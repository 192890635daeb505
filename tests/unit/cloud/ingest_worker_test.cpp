#include "cloud/ingest/ingest_worker.hpp"

#include <doctest/doctest.h>

#include <memory>

#include "cloud/store/sqlite_store.hpp"
#include "contract/wire/ack.hpp"
#include "contract/wire/state.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/unit/cloud/edge_log.hpp"

using namespace steward;

namespace {

const LogId log_a{SiteId{"riverside"}, GatewayId{"gw1"}, Uuid{7}, Stream::readings};

struct Desk {
  TemporaryFolder folder;
  std::unique_ptr<SqliteStore> store = std::move(*SqliteStore::open(folder.path() / "steward.db", Uuid{1}));
  SigningKey cloud = test_key(200);
  ManualClock clock;
  std::vector<std::string> lines;
  Log log{clock, Level::info, [this](std::string_view line) { lines.emplace_back(line); }};
  IngestWorker worker{*store, cloud, clock, log};
  EdgeLog edge{log_a, 1};

  Desk() { enrol(edge); }
  void enrol(const EdgeLog& log_of) {
    REQUIRE(store->transact([&] { return store->put_gateway(log_of.row()); }));
  }
  Ack opened(const OutgoingAck& ack) const {
    auto decoded = decode_ack(ack.payload, VerifyingKey(cloud.public_key()));
    REQUIRE(decoded);
    return std::move(*decoded);
  }
  Arrival state_arrival(bool online) const {
    EdgeState state{.site = log_a.site, .gateway = log_a.gateway, .online = online, .version = "0.1.0"};
    state.at = test_instant(online ? 1 : 2);
    const auto text = encode_state(state);
    return {state_topic(log_a.site, log_a.gateway), Bytes(text.begin(), text.end()), test_instant(3)};
  }
};

}  // namespace

TEST_SUITE("cloud/ingest") {
  TEST_CASE("what is committed is acknowledged, signed, by the store that has it") {
    Desk desk;
    const auto block = desk.edge.readings(4, 1);
    const auto acks = desk.worker.work({desk.edge.arrival(block)});
    REQUIRE(acks.size() == 1);
    CHECK(acks[0].topic == "steward/v1/riverside/gw1/ack");
    const auto ack = desk.opened(acks[0]);
    CHECK(ack.store == Uuid{1});
    CHECK(ack.at == desk.clock.now());
    REQUIRE(ack.logs.size() == 1);
    CHECK(ack.logs[0] == AckedLog{Uuid{7}, Stream::readings, 4, sha256(block)});
    CHECK_FALSE(decode_ack(acks[0].payload, VerifyingKey(test_key(201).public_key())));
    CHECK(desk.worker.figures().records == 4);
  }

  TEST_CASE("when the books cannot be written nothing is acknowledged, and the log says so") {
    Desk desk;
    auto raw = Database::open(desk.folder.path() / "steward.db");
    REQUIRE(
        raw->execute("CREATE TRIGGER no_room BEFORE INSERT ON reading BEGIN SELECT RAISE(ABORT, 'x'); END"));
    const auto block = desk.edge.arrival(desk.edge.readings(4, 1));
    CHECK(desk.worker.work({block}).empty());
    REQUIRE(desk.lines.size() == 1);
    CHECK(desk.lines[0].find("ingest_failed") != std::string::npos);
    CHECK(desk.worker.figures().failed_batches == 1);
    REQUIRE(raw->execute("DROP TRIGGER no_room"));
    CHECK(desk.opened(desk.worker.work({block}).at(0)).logs.at(0).upto == 4);
  }

  TEST_CASE("blocks of several gateways and doubles give one ack each") {
    Desk desk;
    EdgeLog other({SiteId{"riverside"}, GatewayId{"gw2"}, Uuid{9}, Stream::doors}, 2);
    desk.enrol(other);
    const auto one = desk.edge.arrival(desk.edge.readings(2, 1));
    const auto two = desk.edge.arrival(desk.edge.readings(2, 3));
    const auto door = other.arrival(other.append(std::vector{DoorEvent{.controller = "gate"}}));
    const auto door_hash = sha256(door.payload);
    const auto acks = desk.worker.work({one, door, one, two});
    REQUIRE(acks.size() == 2);
    CHECK(desk.opened(acks[0]).logs.at(0).upto == 4);
    CHECK(desk.opened(acks[1]).logs.at(0) == AckedLog{Uuid{9}, Stream::doors, 1, door_hash});
  }

  TEST_CASE(
      "a gateway restored from an old copy is told which of its blocks is the first of another history") {
    Desk desk;
    EdgeLog copy({log_a}, 1);  // the same gateway, its disk as it was after the first block
    const auto common = desk.edge.readings(2, 1);
    CHECK(copy.readings(2, 1) == common);
    (void)desk.worker.work({desk.edge.arrival(common), desk.edge.arrival(desk.edge.readings(2, 3))});
    const auto parting = copy.readings(1, 7);
    const auto later = copy.readings(1, 8);
    // A later one alone says only that they have parted somewhere before.
    CHECK(desk.opened(desk.worker.work({copy.arrival(later)}).at(0)).forks.empty());
    const auto ack = desk.opened(desk.worker.work({copy.arrival(common), copy.arrival(parting)}).at(0));
    CHECK(ack.logs.at(0).upto == 4);
    REQUIRE(ack.forks.size() == 1);
    CHECK(ack.forks[0] == AckedFork{Uuid{7}, Stream::readings, 3, sha256(parting)});
    // It is said again with every ack, and replaced by what comes later.
    CHECK(desk.opened(desk.worker.all_acks().at(0)).forks == ack.forks);
  }

  TEST_CASE("a forged block is answered with what is really there") {
    Desk desk;
    EdgeLog forger(log_a, 66);
    const auto acks = desk.worker.work({forger.arrival(forger.readings(9, 1))});
    REQUIRE(acks.size() == 1);
    CHECK(desk.opened(acks[0]).logs.at(0).upto == 0);
    CHECK(desk.lines.at(0).find("block_unproven") != std::string::npos);
  }

  TEST_CASE("strangers are counted in one alarm and never answered") {
    Desk desk;
    EdgeLog stranger({SiteId{"riverside"}, GatewayId{"gw9"}, Uuid{9}, Stream::readings}, 9);
    const auto block = stranger.arrival(stranger.readings(1, 1));
    CHECK(desk.worker.work({block, block}).empty());
    CHECK(desk.worker.work({block}).empty());
    const auto alarms = desk.store->alarms();
    REQUIRE(alarms->size() == 1);
    CHECK((*alarms)[0].kind == "stranger");
    CHECK((*alarms)[0].count == 3);
    CHECK(desk.worker.figures().blocks.at(Fate::stranger) == 3);
  }

  TEST_CASE("the newest state of a gateway is kept; a stranger's or a bent one is not") {
    Desk desk;
    auto bent = desk.state_arrival(true);
    bent.payload.pop_back();
    auto borrowed = desk.state_arrival(true);
    borrowed.topic = state_topic(SiteId{"riverside"}, GatewayId{"gw9"});
    CHECK(desk.worker.work({desk.state_arrival(true), bent, borrowed}).empty());
    CHECK(desk.worker.work({desk.state_arrival(false)}).empty());
    const auto states = desk.store->states();
    REQUIRE(states->size() == 1);
    const auto state = decode_state((*states)[0].json);
    REQUIRE(state);
    CHECK_FALSE(state->online);
    CHECK(desk.worker.figures().states == 2);
  }

  TEST_CASE("at start every enrolled gateway is told what this store has") {
    Desk desk;
    EdgeLog other({SiteId{"riverside"}, GatewayId{"gw2"}, Uuid{9}, Stream::doors}, 2);
    desk.enrol(other);
    desk.worker.work({desk.edge.arrival(desk.edge.readings(2, 1))});
    const auto acks = desk.worker.all_acks();
    REQUIRE(acks.size() == 2);
    CHECK(desk.opened(acks[0]).logs.size() == 1);
    CHECK(desk.opened(acks[1]).logs.empty());
  }

  TEST_CASE("a full batch of 256 blocks is one transaction and one ack") {
    Desk desk;
    std::vector<Arrival> batch;
    for (std::size_t i = 0; i < Admission::max_batch; ++i)
      batch.push_back(desk.edge.arrival(desk.edge.readings(1, 1)));
    const auto acks = desk.worker.work(std::move(batch));
    REQUIRE(acks.size() == 1);
    CHECK(desk.opened(acks[0]).logs.at(0).upto == 256);
    CHECK(desk.worker.figures().batches == 1);
  }
}
