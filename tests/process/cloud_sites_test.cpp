// Ingest split by site: several steward-cloud processes, one database.
#include <doctest/doctest.h>

#include <map>

#include "cloud/store/sqlite_store.hpp"
#include "contract/wire/ack.hpp"
#include "contract/wire/topics.hpp"
#include "kit/loop/loop.hpp"
#include "tests/process/cloud_house.hpp"
#include "tests/process/site_processes.hpp"
#include "tests/unit/cloud/edge_log.hpp"

using namespace steward;

namespace {

constexpr int blocks = 160;
constexpr std::uint64_t per_block = 25;

/// A gateway that sends its log until the cloud has signed for all of it. When an ack moves nothing it goes
/// back, as the uplink does: the process that had the blocks was killed.
struct Sender {
  EdgeLog log;
  Client client;
  VerifyingKey cloud_key;
  std::vector<Bytes> sent_blocks;
  std::uint64_t acked = 0;
  std::size_t next = 0;
  int ups = 0;

  Sender(Loop& loop, const House& house, const std::string& site, std::uint8_t tag, const PublicKey& cloud)
      : log({SiteId{site}, GatewayId{"gw-" + site}, Uuid{tag}, Stream::readings}, tag),
        client(loop, house.gateway("gw-" + site), {ack_topic(SiteId{site}, GatewayId{"gw-" + site})}),
        cloud_key(cloud) {
    for (int i = 0; i < blocks; ++i) sent_blocks.push_back(log.readings(per_block, i));
  }
  bool step() {
    for (; !client.messages.empty(); client.messages.pop_front()) {
      const auto ack = decode_ack(client.messages.front().payload, cloud_key);
      REQUIRE(ack);
      std::uint64_t upto = 0;
      for (const auto& each : ack->logs) upto = std::max(upto, each.upto);
      if (upto <= acked) next = acked / per_block;
      acked = std::max(acked, upto);
    }
    if (client.ups != ups) next = acked / per_block;
    ups = client.ups;
    while (next < sent_blocks.size() && next < acked / per_block + 16 &&
           client.pipe.publish(up_topic(log.log().site, log.log().gateway, Stream::readings),
                               sent_blocks[next], false)) {
      ++next;
    }
    return acked == log.last();
  }
};

/// steward-cloud processes by name.
struct Clouds {
  const House& house;
  std::map<std::string, std::unique_ptr<ChildProcess>> running;

  void start(const std::string& name, const std::vector<std::string>& sites) {
    std::vector<std::string> command{STEWARD_BINARY_DIR "/bin/steward-cloud",
                                     "--data",
                                     house.in("books"),
                                     "serve",
                                     "--broker-host",
                                     "localhost",
                                     "--broker-port",
                                     std::to_string(house.port)};
    for (const auto& site : sites) command.insert(command.end(), {"--site", site});
    running.erase(name);
    std::filesystem::remove(house.in(name + ".log"));
    running[name] = std::make_unique<ChildProcess>(command, house.in(name + ".log"));
    REQUIRE_MESSAGE(until([&] { return said(name).find("ready\n") != std::string::npos; }), said(name));
  }
  std::string said(const std::string& name) const { return text_of(house.in(name + ".log")); }
};

}  // namespace

TEST_SUITE("process/cloud sites") {
  TEST_CASE("two processes split the sites of one database, are killed, and a third serves both: once each") {
    House house;
    house.enrol("gw-riverside", "riverside");
    house.enrol("gw-seaside", "seaside");
    const auto store = SqliteStore::open(house.in("books/steward.db"), Uuid{1});
    REQUIRE(store);
    const auto key = SigningKey::load(house.in("books/cloud-key.pem"));
    REQUIRE(key);
    Loop loop;
    Sender river(loop, house, "riverside", 1, key->public_key());
    Sender sea(loop, house, "seaside", 2, key->public_key());
    for (const auto* sender : {&river, &sea}) {
      REQUIRE((*store)->transact([&] { return (*store)->put_gateway(sender->log.row()); }));
    }
    Clouds clouds{house, {}};
    clouds.start("river", {"riverside"});
    const auto both = [&](std::uint64_t part) {
      return loop.run_until(
          [&] {
            river.step();
            sea.step();
            return river.acked >= part && sea.acked >= part;
          },
          patience);
    };
    // Only one site is served: the other's gateway keeps everything.
    REQUIRE(loop.run_until(
        [&] {
          sea.step();
          return river.step() || river.acked >= 500;
        },
        patience));
    CHECK(sea.acked == 0);
    clouds.start("sea", {"seaside"});
    REQUIRE(both(1'000));
    clouds.running.at("river")->kill_now();
    clouds.running.at("sea")->kill_now();
    clouds.start("river", {"riverside"});
    clouds.start("sea", {"seaside"});
    REQUIRE(both(2'000));
    clouds.start("all", {});  // every block now reaches two processes
    REQUIRE(both(river.log.last()));
    for (const auto& [name, process] : clouds.running) {
      process->ask_to_stop();
      CHECK_MESSAGE(process->wait() == 0, clouds.said(name));
    }
    for (const auto* site : {"riverside", "seaside"}) {
      CHECK((*store)->counts(SiteId{site})->readings == blocks * static_cast<std::int64_t>(per_block));
      CHECK((*store)->counts(SiteId{site})->blocks == blocks);
      CHECK((*store)->counts(SiteId{site})->set_aside == 0);
    }
    CHECK((*store)->alarms()->empty());
  }

  TEST_CASE("names that have other rights, no codes and doubles are refused before anything is made") {
    const TemporaryFolder folder;
    const auto serve = [&](std::vector<std::string> sites) {
      std::ostringstream out;
      std::vector<std::string> arguments{"--data", (folder.path() / "books").string(), "serve"};
      for (const auto& site : sites) arguments.insert(arguments.end(), {"--site", site});
      return run_steward_cloud(arguments, {out, out});
    };
    CHECK(serve({"cloud"}) == Exit::refused);
    CHECK(serve({"observer"}) == Exit::refused);
    CHECK(serve({"River/gw1"}) == Exit::bad_input);
    CHECK(serve({"riverside", "riverside"}) == Exit::bad_input);
    CHECK_FALSE(std::filesystem::exists(folder.path() / "books"));
  }
}
