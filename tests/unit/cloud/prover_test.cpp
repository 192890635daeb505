// Proof beforehand: what another thread found out about a block is used when it still holds, and
// changes nothing but where the time is spent.
#include "cloud/ingest/prover.hpp"

#include <doctest/doctest.h>

#include <memory>

#include "cloud/store/sqlite_store.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/unit/cloud/edge_log.hpp"

using namespace steward;

namespace {

const LogId log_a{SiteId{"riverside"}, GatewayId{"gw1"}, Uuid{7}, Stream::readings};

/// One database as two threads have it.
struct House {
  TemporaryFolder folder;
  std::unique_ptr<SqliteStore> books = std::move(*SqliteStore::open(folder.path() / "steward.db", Uuid{1}));
  std::unique_ptr<SqliteStore> keys = std::move(*SqliteStore::open(folder.path() / "steward.db", Uuid{2}));
  Prover prover{*keys};
  Admission admission{*books};

  void enrol(const GatewayRow& row) {
    REQUIRE(books->transact([&] { return books->put_gateway(row); }));
  }
  Arrival proven(Arrival arrival) {
    prover.prove(arrival);
    return arrival;
  }
  Fate admit(const Arrival& arrival) {
    const auto outcomes = admission.admit(std::span(&arrival, 1));
    REQUIRE_MESSAGE(outcomes, (outcomes ? "" : outcomes.error().message));
    return outcomes->front().fate;
  }
};

}  // namespace

TEST_SUITE("cloud/prover") {
  TEST_CASE("a block proven beforehand is booked as if it were looked at in its turn") {
    House house;
    EdgeLog edge(log_a, 1);
    house.enrol(edge.row());
    const auto first = house.proven(edge.arrival(edge.readings(3, 1)));
    REQUIRE(first.proof);
    CHECK(first.proof->proven);
    CHECK(first.proof->block->last == Seq{3});
    CHECK(house.admit(first) == Fate::admitted);
    CHECK(house.admit(house.proven(edge.arrival(
              edge.closings({edge.closing("E-1", test_instant(0), 42)}, edge.key())))) == Fate::admitted);
    CHECK(house.books->counts(log_a.site)->readings == 3);
    CHECK(house.books->counts(log_a.site)->closings == 1);
    CHECK(house.admit(first) == Fate::again);
  }

  TEST_CASE("a proof under a key that was replaced since is not believed") {
    House house;
    EdgeLog edge(log_a, 1);
    house.enrol(edge.row());
    const auto arrival = house.proven(edge.arrival(edge.readings(3, 1)));
    CHECK(arrival.proof->proven);
    house.enrol(EdgeLog(log_a, 2).row());  // while it waited for the books
    CHECK(house.admit(arrival) == Fate::unproven);
    house.enrol(edge.row());
    CHECK(house.admit(arrival) == Fate::admitted);
  }

  TEST_CASE("a proof that failed before the gateway's new key was known does not shut it out") {
    House house;
    EdgeLog edge(log_a, 1);
    house.enrol(EdgeLog(log_a, 2).row());
    const auto arrival = house.proven(edge.arrival(edge.readings(3, 1)));
    CHECK_FALSE(arrival.proof->proven);
    house.enrol(edge.row());
    CHECK(house.admit(arrival) == Fate::admitted);
  }

  TEST_CASE("what is not a block of an enrolled gateway is left to be judged as ever") {
    House house;
    EdgeLog edge(log_a, 1);
    CHECK_FALSE(house.proven(edge.arrival(edge.readings(1, 1))).proof);
    auto elsewhere = edge.arrival(edge.readings(1, 1));
    elsewhere.topic = "steward/v1/riverside/gw1/state";
    house.enrol(edge.row());
    CHECK_FALSE(house.proven(elsewhere).proof);
    CHECK(house.admit(elsewhere) == Fate::stranger);
    Arrival noise{up_topic(log_a.site, log_a.gateway, log_a.stream), {1, 2, 3}, test_instant(2'000)};
    CHECK_FALSE(house.proven(noise).proof->proven);
    CHECK(house.admit(noise) == Fate::stranger);
  }

  TEST_CASE("forged, cut and foreign-signed closings meet the same end with and without a proof") {
    for (const bool beforehand : {false, true}) {
      CAPTURE(beforehand);
      House house;
      EdgeLog edge(log_a, 1);
      EdgeLog forger(log_a, 2);
      house.enrol(edge.row());
      const auto judged = [&](Arrival arrival) {
        return house.admit(beforehand ? house.proven(std::move(arrival)) : arrival);
      };
      CHECK(judged(forger.arrival(forger.readings(3, 1))) == Fate::unproven);
      const auto first = edge.readings(3, 1);
      auto cut = first;
      cut.resize(cut.size() - 70);
      CHECK(judged(edge.arrival(cut)) == Fate::stranger);
      CHECK(judged(edge.arrival(first)) == Fate::admitted);
      CHECK(judged(edge.arrival(edge.closings({edge.closing("E-1", test_instant(0), 42)}, test_key(9)))) ==
            Fate::aside);
      EdgeLog twin(log_a, 1);
      CHECK(judged(twin.arrival(twin.readings(2, 9))) == Fate::fork);
    }
  }
}
