#include "cloud/ingest/admission.hpp"

#include <doctest/doctest.h>

#include <memory>

#include "cloud/store/sqlite_store.hpp"
#include "contract/wire/envelope.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/unit/cloud/edge_log.hpp"

using namespace steward;

namespace {

const LogId log_a{SiteId{"riverside"}, GatewayId{"gw1"}, Uuid{7}, Stream::readings};

/// A fresh store with gateway riverside/gw1 enrolled.
struct Cloud {
  TemporaryFolder folder;
  std::unique_ptr<SqliteStore> store = std::move(*SqliteStore::open(folder.path() / "steward.db", Uuid{1}));
  Admission admission{*store};
  EdgeLog edge{log_a, 1};

  Cloud() { enrol(edge.row()); }

  void enrol(const GatewayRow& row) {
    REQUIRE(store->transact([&] { return store->put_gateway(row); }));
  }
  AdmissionOutcome admit(const Arrival& arrival) {
    auto outcomes = admission.admit(std::span(&arrival, 1));
    REQUIRE_MESSAGE(outcomes, (outcomes ? "" : outcomes.error().message));
    REQUIRE(outcomes->size() == 1);
    return outcomes->front();
  }
  AdmissionOutcome admit(Bytes bytes) { return admit(edge.arrival(std::move(bytes))); }
  std::uint64_t upto() {
    const auto logs = store->logs(log_a.site, log_a.gateway, 1);
    return logs->empty() ? 0 : logs->front().second.upto.value;
  }
  std::int64_t readings() { return store->counts(log_a.site)->readings; }
  std::size_t alarms() { return store->alarms()->size(); }
};

}  // namespace

TEST_SUITE("cloud/admission") {
  TEST_CASE("blocks in order are admitted one after the other") {
    Cloud cloud;
    CHECK(cloud.admit(cloud.edge.readings(10, 100)).fate == Fate::admitted);
    CHECK(cloud.admit(cloud.edge.readings(3, 200)).fate == Fate::admitted);
    CHECK(cloud.upto() == 13);
    CHECK(cloud.readings() == 13);
    CHECK(cloud.alarms() == 0);
  }

  TEST_CASE("a block that comes twice is acknowledged again and booked once") {
    Cloud cloud;
    const auto block = cloud.edge.readings(10, 100);
    CHECK(cloud.admit(block).fate == Fate::admitted);
    CHECK(cloud.admit(block).fate == Fate::again);
    CHECK(cloud.readings() == 10);
    CHECK(cloud.alarms() == 0);
  }

  TEST_CASE("a block that overtook another is not taken until the other has come") {
    Cloud cloud;
    const auto one = cloud.edge.readings(2, 1);
    const auto two = cloud.edge.readings(2, 5);
    const auto early = cloud.admit(two);
    CHECK(early.fate == Fate::early);
    CHECK(cloud.upto() == 0);
    CHECK(cloud.admit(one).fate == Fate::admitted);
    CHECK(cloud.admit(two).fate == Fate::admitted);
    CHECK(cloud.readings() == 4);
  }

  TEST_CASE("doubles and overtakers inside one transaction are judged in their order") {
    Cloud cloud;
    const auto one = cloud.edge.readings(2, 1);
    const auto two = cloud.edge.readings(2, 5);
    const std::vector arrivals{cloud.edge.arrival(two), cloud.edge.arrival(one), cloud.edge.arrival(one),
                               cloud.edge.arrival(two)};
    const auto outcomes = cloud.admission.admit(arrivals);
    REQUIRE(outcomes);
    CHECK((*outcomes)[0].fate == Fate::early);
    CHECK((*outcomes)[1].fate == Fate::admitted);
    CHECK((*outcomes)[2].fate == Fate::again);
    CHECK((*outcomes)[3].fate == Fate::admitted);
    CHECK(cloud.readings() == 4);
  }

  TEST_CASE("a forged block is kept as evidence and not acknowledged") {
    Cloud cloud;
    EdgeLog forger{log_a, 66};
    const auto forged = forger.readings(5, 1);
    CHECK(cloud.admit(forged).fate == Fate::unproven);
    CHECK(cloud.upto() == 0);
    CHECK(cloud.readings() == 0);
    REQUIRE(cloud.store->set_asides(log_a.site)->size() == 1);
    CHECK((*cloud.store->set_asides(log_a.site))[0].bytes == forged);
    CHECK(cloud.alarms() == 1);
    CHECK(cloud.admit(cloud.edge.readings(5, 1)).fate == Fate::admitted);
  }

  TEST_CASE("one flipped bit anywhere in a block is never admitted") {
    Cloud cloud;
    const auto good = cloud.edge.readings(3, 1);
    for (std::size_t at = 0; at < good.size(); ++at) {
      auto bent = good;
      bent[at] = static_cast<std::uint8_t>(bent[at] ^ 0x10U);
      const auto fate = cloud.admit(bent).fate;
      CAPTURE(at);
      CHECK((fate == Fate::unproven || fate == Fate::stranger || fate == Fate::early));
    }
    CHECK(cloud.readings() == 0);
    CHECK(cloud.admit(good).fate == Fate::admitted);
  }

  TEST_CASE("what an unknown gateway sends is never stored") {
    Cloud cloud;
    EdgeLog stranger{{SiteId{"riverside"}, GatewayId{"gw9"}, Uuid{7}, Stream::readings}, 9};
    CHECK(cloud.admit(stranger.arrival(stranger.readings(1, 1))).fate == Fate::stranger);
    CHECK(cloud.store->set_asides(log_a.site)->empty());
    CHECK(cloud.store->logs(log_a.site, GatewayId{"gw9"}, 9)->empty());
  }

  TEST_CASE("a block of one gateway on another's topic is never stored") {
    Cloud cloud;
    EdgeLog other{{SiteId{"riverside"}, GatewayId{"gw2"}, Uuid{7}, Stream::readings}, 2};
    cloud.enrol(other.row());
    auto arrival = cloud.edge.arrival(cloud.edge.readings(1, 1));
    arrival.topic = up_topic(SiteId{"riverside"}, GatewayId{"gw2"}, Stream::readings);
    CHECK(cloud.admit(arrival).fate == Fate::stranger);
    arrival.topic = up_topic(SiteId{"riverside"}, GatewayId{"gw1"}, Stream::doors);
    CHECK(cloud.admit(arrival).fate == Fate::stranger);
    CHECK(cloud.readings() == 0);
    CHECK(cloud.store->set_asides(log_a.site)->empty());
  }

  TEST_CASE("bytes that are no block, or too many, are never stored") {
    Cloud cloud;
    CHECK(cloud.admit(Bytes{}).fate == Fate::stranger);
    CHECK(cloud.admit(Bytes{0xD2, 0x84, 0x43}).fate == Fate::stranger);
    CHECK(cloud.admit(Bytes(max_block_bytes + 1, 0xD2)).fate == Fate::stranger);
    auto arrival = cloud.edge.arrival(cloud.edge.readings(1, 1));
    arrival.topic = "steward/v1/riverside/gw1/state";
    CHECK(cloud.admit(arrival).fate == Fate::stranger);
    CHECK(cloud.readings() == 0);
  }

  TEST_CASE("another block in a taken place is a fork: the books keep the first, the other is evidence") {
    Cloud cloud;
    const auto one = cloud.edge.readings(2, 1);
    cloud.admit(one);
    EdgeLog restored{log_a, 1};
    const auto other = restored.readings(2, 500);
    CHECK(cloud.admit(other).fate == Fate::fork);
    CHECK(cloud.readings() == 2);
    REQUIRE(cloud.store->set_asides(log_a.site)->size() == 1);
    CHECK((*cloud.store->set_asides(log_a.site))[0].cause == "fork");
    CHECK(cloud.store->alarms()->front().kind == "fork");
    CHECK(cloud.store->logs(log_a.site, log_a.gateway, 1)->front().second.forked);
    CHECK(cloud.admit(one).fate == Fate::again);
    CHECK(cloud.admit(cloud.edge.readings(2, 3)).fate == Fate::admitted);
  }

  TEST_CASE("a block that begins inside the books and ends beyond them is a fork") {
    Cloud cloud;
    cloud.admit(cloud.edge.readings(3, 1));
    EdgeLog restored{log_a, 1};
    restored.readings(2, 1);
    CHECK(cloud.admit(restored.readings(5, 1)).fate == Fate::fork);
    CHECK(cloud.readings() == 3);
  }

  TEST_CASE("a block in the right place that names another past is a fork") {
    Cloud cloud;
    cloud.admit(cloud.edge.readings(2, 1));
    EdgeLog other{log_a, 1};
    other.pretend(3, Digest{1, 2, 3});
    CHECK(cloud.admit(other.readings(1, 1)).fate == Fate::fork);
    CHECK(cloud.upto() == 2);
  }

  TEST_CASE("a gateway's hole is booked, and what comes behind it may name the missing block or the hole") {
    Cloud cloud;
    cloud.admit(cloud.edge.readings(2, 1));
    const Digest missing{4, 4};
    const auto hole = cloud.edge.append(Hole{Seq{3}, Seq{102}, "quota", missing}, 100);
    CHECK(cloud.admit(hole).fate == Fate::admitted);
    CHECK(cloud.upto() == 102);
    SUBCASE("the missing block") {
      cloud.edge.pretend(103, missing);
      CHECK(cloud.admit(cloud.edge.readings(1, 1)).fate == Fate::admitted);
    }
    SUBCASE("the hole") { CHECK(cloud.admit(cloud.edge.readings(1, 1)).fate == Fate::admitted); }
    SUBCASE("neither") {
      cloud.edge.pretend(103, Digest{5});
      CHECK(cloud.admit(cloud.edge.readings(1, 1)).fate == Fate::fork);
    }
    CHECK(cloud.store->counts(log_a.site)->holes == 1);
  }

  TEST_CASE("a hole whose block before was lost too is taken; no other block that names none is") {
    Cloud cloud;
    cloud.admit(cloud.edge.readings(2, 1));
    SUBCASE("a hole") {
      cloud.edge.pretend(3, Digest{});
      CHECK(cloud.admit(cloud.edge.append(Hole{Seq{3}, Seq{4}, "corrupt", Digest{7}}, 2)).fate ==
            Fate::admitted);
      cloud.edge.pretend(5, Digest{7});
      CHECK(cloud.admit(cloud.edge.readings(1, 1)).fate == Fate::admitted);
    }
    SUBCASE("a hole that names another block is of another history") {
      cloud.edge.pretend(3, Digest{9});
      CHECK(cloud.admit(cloud.edge.append(Hole{Seq{3}, Seq{4}, "corrupt", Digest{7}}, 2)).fate == Fate::fork);
    }
    SUBCASE("readings") {
      cloud.edge.pretend(3, Digest{});
      CHECK(cloud.admit(cloud.edge.readings(1, 1)).fate == Fate::fork);
    }
  }

  TEST_CASE(
      "a hole over what is in the books is a repeat, no fork: the gateway has lost what the cloud has") {
    Cloud cloud;
    cloud.admit(cloud.edge.readings(2, 1));
    cloud.admit(cloud.edge.readings(2, 1));
    cloud.edge.pretend(3, Digest{});
    CHECK(cloud.admit(cloud.edge.append(Hole{Seq{3}, Seq{4}, "corrupt", Digest{7}}, 2)).fate == Fate::again);
    // One that reaches further moves nothing by itself; what it has more is sent from behind the books.
    cloud.edge.pretend(1, Digest{});
    CHECK(cloud.admit(cloud.edge.append(Hole{Seq{1}, Seq{9}, "corrupt", Digest{7}}, 9)).fate == Fate::again);
    CHECK(cloud.upto() == 4);
    cloud.edge.pretend(5, Digest{});
    CHECK(cloud.admit(cloud.edge.append(Hole{Seq{5}, Seq{9}, "corrupt", Digest{7}}, 5)).fate ==
          Fate::admitted);
    CHECK(cloud.upto() == 9);
    CHECK(cloud.store->counts(log_a.site)->readings == 4);
  }

  TEST_CASE(
      "a hole that was written into the log is of one history, as any block: in a taken place it forks") {
    Cloud cloud;
    const auto shared = cloud.edge.readings(2, 1);
    cloud.admit(shared);
    cloud.admit(cloud.edge.readings(2, 1));
    cloud.edge.pretend(3, sha256(shared));
    const auto outcome = cloud.admit(cloud.edge.append(Hole{Seq{3}, Seq{4}, "memory", {}}, 2));
    CHECK(outcome.fate == Fate::fork);
    CHECK(outcome.parts != Digest{});
    cloud.edge.pretend(5, Digest{});
    CHECK(cloud.admit(cloud.edge.append(Hole{Seq{5}, Seq{6}, "memory", {}}, 2)).fate == Fate::fork);
  }

  TEST_CASE("closing records are opened, kept sealed, and found by billing") {
    Cloud cloud;
    const auto block = cloud.edge.closings(
        {cloud.edge.closing("M1", test_instant(0), 1'000), cloud.edge.closing("M2", test_instant(0), 2'000)},
        cloud.edge.key());
    CHECK(cloud.admit(block).fate == Fate::admitted);
    const auto rows = cloud.store->closings(log_a.site, test_instant(0), test_instant(1));
    REQUIRE(rows->size() == 2);
    CHECK((*rows)[1].closing.value == 2'000);
    CHECK((*rows)[1].closing.seq == Seq{2});
    const auto opened = open_closing((*rows)[1].sealed, VerifyingKey(cloud.edge.key().public_key()));
    REQUIRE(opened);
    CHECK(*opened == (*rows)[1].closing);
  }

  TEST_CASE("a signed block whose closings another key sealed is kept, refused, and the log goes on") {
    Cloud cloud;
    const auto bad = cloud.edge.closings({cloud.edge.closing("M1", test_instant(0), 1'000)}, test_key(66));
    CHECK(cloud.admit(bad).fate == Fate::aside);
    CHECK(cloud.store->closings(log_a.site, test_instant(0), test_instant(1))->empty());
    CHECK((*cloud.store->set_asides(log_a.site))[0].bytes == bad);
    CHECK(cloud.alarms() == 1);
    CHECK(cloud.upto() == 1);
    CHECK(cloud.admit(bad).fate == Fate::again);
    CHECK(cloud.admit(cloud.edge.readings(2, 1)).fate == Fate::admitted);
    CHECK(*cloud.store->block_bytes(log_a, Seq{1}) == bad);
  }

  TEST_CASE("a transaction that fails half way leaves nothing, and the same blocks can come again") {
    Cloud cloud;
    const std::vector arrivals{cloud.edge.arrival(cloud.edge.readings(5, 1)),
                               cloud.edge.arrival(cloud.edge.readings(5, 661))};
    auto raw = Database::open(cloud.folder.path() / "steward.db");
    REQUIRE(
        raw->execute("CREATE TRIGGER disk_full BEFORE INSERT ON reading WHEN new.value = 664"
                     " BEGIN SELECT RAISE(ABORT, 'no room'); END"));
    const auto failed = cloud.admission.admit(arrivals);
    REQUIRE_FALSE(failed);
    CHECK(cloud.upto() == 0);
    CHECK(cloud.readings() == 0);
    REQUIRE(raw->execute("DROP TRIGGER disk_full"));
    const auto done = cloud.admission.admit(arrivals);
    REQUIRE(done);
    CHECK((*done)[1].fate == Fate::admitted);
    CHECK(cloud.readings() == 10);
  }

  TEST_CASE("a gateway enrolled with a new key is believed by that key from the next transaction on") {
    Cloud cloud;
    EdgeLog renewed{{log_a.site, log_a.gateway, Uuid{8}, Stream::readings}, 5};
    const auto block = renewed.readings(1, 1);
    CHECK(cloud.admit(block).fate == Fate::unproven);
    cloud.enrol(renewed.row());
    CHECK(cloud.admit(block).fate == Fate::admitted);
    CHECK(cloud.admit(cloud.edge.readings(1, 1)).fate == Fate::unproven);
  }

  TEST_CASE("a new cloud database asks a gateway for everything again") {
    Cloud cloud;
    EdgeLog old{log_a, 1};
    old.readings(50, 1);
    CHECK(cloud.admit(old.readings(1, 1)).fate == Fate::early);
    CHECK(cloud.store->logs(log_a.site, log_a.gateway, 1)->front().second.upto == Seq{0});
  }
}
