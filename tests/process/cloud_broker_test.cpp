// The cloud on a real mosquitto, configured by `steward-cloud broker setup`:
// who may write what, and that blocks become acknowledged records through a
// broker that is killed on the way.
#include <doctest/doctest.h>

#include "cloud/ingest/ingest_service.hpp"
#include "cloud/store/sqlite_store.hpp"
#include "contract/wire/ack.hpp"
#include "tests/process/cloud_house.hpp"
#include "tests/unit/cloud/edge_log.hpp"

using namespace steward;

namespace {

const Bytes hello{1, 2, 3};

}  // namespace

TEST_SUITE("process/cloud") {
  TEST_CASE("a gateway writes under its own name and reads its own ack, and nothing else") {
    House house;
    house.enrol("gw1");
    house.enrol("gw2");
    Loop loop;
    Client cloud(loop, house.named("cloud"), {"steward/v1/+/+/up/+", "steward/v1/+/+/state"});
    Client one(loop, house.gateway("gw1"), {"steward/v1/riverside/gw1/ack"});
    Client two(loop, house.gateway("gw2"), {"steward/v1/riverside/gw1/ack", "steward/v1/riverside/gw2/ack"});
    REQUIRE(loop.run_until([&] { return cloud.ups == 1 && one.ups == 1 && two.ups == 1; }, patience));

    // What gw1 may not: another's name, another's state, the cloud's topics.
    REQUIRE(one.pipe.publish("steward/v1/riverside/gw2/up/readings", hello, false));
    REQUIRE(one.pipe.publish("steward/v1/riverside/gw2/state", hello, false));
    REQUIRE(one.pipe.publish("steward/v1/riverside/gw1/ack", hello, true));
    // What it may, sent last: once it has come, what was allowed before it has come too.
    REQUIRE(one.pipe.publish("steward/v1/riverside/gw1/up/readings", hello, false));
    REQUIRE(loop.run_until([&] { return cloud.heard("steward/v1/riverside/gw1/up/readings"); }, patience));
    CHECK(cloud.messages.size() == 1);
    CHECK(one.pipe.unconfirmed() <= 4);

    REQUIRE(cloud.pipe.publish("steward/v1/riverside/gw1/ack", hello, true));
    REQUIRE(cloud.pipe.publish("steward/v1/riverside/gw2/ack", hello, true));
    REQUIRE(loop.run_until(
        [&] {
          return one.heard("steward/v1/riverside/gw1/ack") && two.heard("steward/v1/riverside/gw2/ack");
        },
        patience));
    CHECK_FALSE(two.heard("steward/v1/riverside/gw1/ack"));
    CHECK(one.messages.size() == 1);
  }

  TEST_CASE(
      "config and commands reach the gateway they are for and nobody else, and only the cloud sends them") {
    House house;
    house.enrol("gw1");
    house.enrol("gw2");
    Loop loop;
    const std::string own = "steward/v1/riverside/gw1/";
    const std::string others = "steward/v1/riverside/gw2/";
    const std::vector<std::string> everything{own + "desired", own + "cmd/+", others + "desired",
                                              others + "cmd/+"};
    Client cloud(loop, house.named("cloud"), {"steward/v1/+/+/cmd/+/result", "steward/v1/+/+/reported"});
    Client one(loop, house.gateway("gw1"), everything);
    Client two(loop, house.gateway("gw2"), everything);
    Client observer(loop, house.named("observer"), {"steward/v1/#"});
    REQUIRE(loop.run_until([&] { return cloud.ups + one.ups + two.ups + observer.ups == 4; }, patience));

    // Nobody but the cloud commands: not the gateway itself, not another, not who only watches.
    for (auto* client : {&one, &two, &observer}) {
      for (const auto& topic : {own + "desired", own + "cmd/7", own + "cmd/7/x"})
        REQUIRE(client->pipe.publish(topic, hello, false));
    }
    REQUIRE(two.pipe.publish(own + "cmd/7/result", hello, false));  // another's answer
    REQUIRE(two.pipe.publish(own + "reported", hello, false));
    // Sent last, each on the same connection: what was allowed before it has come too.
    REQUIRE(two.pipe.publish(others + "reported", hello, false));
    REQUIRE(one.pipe.publish(own + "cmd/7/result", hello, false));
    REQUIRE(one.pipe.publish(own + "reported", hello, false));
    REQUIRE(loop.run_until([&] { return cloud.messages.size() >= 3; }, patience));
    CHECK(cloud.messages.size() == 3);
    CHECK(cloud.heard(own + "cmd/7/result"));
    CHECK(cloud.heard(own + "reported"));
    CHECK(cloud.heard(others + "reported"));
    CHECK(one.messages.empty());
    CHECK(two.messages.empty());

    REQUIRE(cloud.pipe.publish(others + "cmd/8", hello, false));
    REQUIRE(cloud.pipe.publish(own + "desired", hello, true));
    REQUIRE(cloud.pipe.publish(own + "cmd/9", hello, false));
    REQUIRE(loop.run_until([&] { return one.messages.size() >= 2 && !two.messages.empty(); }, patience));
    CHECK(one.heard(own + "desired"));
    CHECK(one.heard(own + "cmd/9"));
    CHECK(one.messages.size() == 2);
    CHECK(two.heard(others + "cmd/8"));
    CHECK(two.messages.size() == 1);
  }

  TEST_CASE("a gateway cannot throw another off the line by taking its client id") {
    House house;
    house.enrol("gw1");
    house.enrol("gw2");
    Loop loop;
    Client one(loop, house.gateway("gw1"), {});
    REQUIRE(loop.run_until([&] { return one.ups == 1; }, patience));
    auto impostor = house.gateway("gw2");
    impostor.client_id = "gw1";  // what gw1 calls itself
    Client two(loop, impostor, {});
    REQUIRE(loop.run_until([&] { return two.ups == 1; }, patience));
    // A reply that has gone round shows that both are still connected.
    Client observer(loop, house.named("observer"), {"steward/v1/#"});
    REQUIRE(loop.run_until([&] { return observer.ups == 1; }, patience));
    REQUIRE(one.pipe.publish("steward/v1/riverside/gw1/state", hello, false));
    REQUIRE(two.pipe.publish("steward/v1/riverside/gw2/state", hello, false));
    REQUIRE(loop.run_until([&] { return observer.messages.size() == 2; }, patience));
    CHECK(one.ups == 1);
    CHECK(one.pipe.is_up());
  }

  TEST_CASE("an ingest process of one site reads and acknowledges that site, and no other") {
    House house;
    house.enrol("gw1");
    const auto authority = Authority::load(house.in("books/authority"));
    REQUIRE(authority);
    const auto identity = authority->issue_client("riverside", valid_for_days(SystemClock().now(), 2));
    REQUIRE(identity);
    REQUIRE(save_identity(*identity, house.in("broker"), "riverside"));
    Loop loop;
    Client cloud(loop, house.named("cloud"), {});
    Client site(loop, house.named("riverside"), {"steward/v1/+/+/up/+", "steward/v1/riverside/+/up/+"});
    Client gateway(loop, house.gateway("gw1"), {"steward/v1/riverside/gw1/ack"});
    Client observer(loop, house.named("observer"), {"steward/v1/#"});
    REQUIRE(loop.run_until([&] { return cloud.ups + site.ups + gateway.ups + observer.ups == 4; }, patience));
    REQUIRE(site.pipe.publish("steward/v1/seaside/gw1/ack", hello, true));
    REQUIRE(site.pipe.publish("steward/v1/riverside/gw1/up/readings", hello, false));
    REQUIRE(site.pipe.publish("steward/v1/riverside/gw1/ack", hello,
                              true));  // the last of the three, and allowed
    REQUIRE(loop.run_until([&] { return gateway.heard("steward/v1/riverside/gw1/ack"); }, patience));
    REQUIRE(gateway.pipe.publish("steward/v1/riverside/gw1/up/readings", hello, false));
    REQUIRE(loop.run_until([&] { return site.heard("steward/v1/riverside/gw1/up/readings"); }, patience));
    REQUIRE(loop.run_until([&] { return observer.messages.size() >= 2; }, patience));
    CHECK(observer.messages.size() == 2);
    CHECK_FALSE(observer.heard("steward/v1/seaside/gw1/ack"));
    CHECK(site.messages.size() <= 2);  // its two subscriptions overlap: once or twice, but nothing else
  }

  TEST_CASE("blocks become acknowledged records, through a broker killed on the way") {
    House house;
    house.enrol("gw1");
    const auto opened = SqliteStore::open(house.in("books/steward.db"), Uuid{1});
    REQUIRE(opened);
    auto& store = **opened;
    EdgeLog edge({SiteId{"riverside"}, GatewayId{"gw1"}, Uuid{7}, Stream::readings}, 1);
    REQUIRE(store.transact([&] { return store.put_gateway(edge.row()); }));
    const auto key = SigningKey::load(house.in("books/cloud-key.pem"));
    REQUIRE(key);
    const VerifyingKey cloud_key(key->public_key());

    Loop loop;
    const SystemClock clock;
    const Log log(clock, Level::error);
    const auto keys = SqliteStore::open(house.in("books/steward.db"), Uuid{2});
    REQUIRE(keys);
    std::vector<IngestLine> lines;
    lines.push_back({house.named("cloud")});
    IngestService service(loop, std::move(lines), {store, **keys}, *key, clock, log);
    bool ready = false;
    service.start([&] { ready = true; });
    Client gateway(loop, house.gateway("gw1"), {"steward/v1/riverside/gw1/ack"});
    REQUIRE(loop.run_until([&] { return ready && gateway.ups == 1; }, patience));

    std::vector<Bytes> blocks;
    for (int i = 0; i < 40; ++i) blocks.push_back(edge.readings(25, i));
    std::uint64_t acked = 0;
    std::size_t sent = 0;
    int ups = gateway.ups;
    bool killed = false;
    const auto step = [&] {
      for (; !gateway.messages.empty(); gateway.messages.pop_front()) {
        const auto ack = decode_ack(gateway.messages.front().payload, cloud_key);
        REQUIRE(ack);
        for (const auto& log_ack : ack->logs) acked = std::max(acked, log_ack.upto);
      }
      if (gateway.ups != ups) {  // a new connection: go back to what is acknowledged
        ups = gateway.ups;
        sent = acked / 25;
      }
      while (sent < blocks.size() &&
             gateway.pipe.publish("steward/v1/riverside/gw1/up/readings", blocks[sent], false)) {
        ++sent;
      }
      if (!killed && acked >= 250) {
        killed = true;
        house.mosquitto->kill_now();
        house.start();
      }
      return acked == edge.last();
    };
    REQUIRE(loop.run_until(step, patience));
    CHECK(killed);
    bool done = false;
    service.stop([&] { done = true; });
    REQUIRE(loop.run_until([&] { return done; }, patience));
    CHECK(store.counts(SiteId{"riverside"})->readings == 1000);
    CHECK(store.alarms()->empty());
  }
}
