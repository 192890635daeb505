// Admission against a network that doubles, loses, delays and reorders: whatever
// it does, the books end as a simple model says: each record once, in its place.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>

#include "cloud/ingest/admission.hpp"
#include "cloud/store/sqlite_store.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/unit/cloud/edge_log.hpp"

using namespace steward;

namespace {

struct SentBlock {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  Bytes bytes;
};

/// A gateway that knows only what the cloud has acknowledged.
struct ModelEdge {
  EdgeLog log;
  std::vector<SentBlock> blocks;
  std::uint64_t acked = 0;
  std::int64_t next_value = 0;

  void write(std::uint64_t count) {
    const auto first = log.last() + 1;
    auto bytes = log.readings(count, next_value);
    next_value += static_cast<std::int64_t>(count);
    blocks.push_back({first, log.last(), std::move(bytes)});
  }
  bool done() const { return acked == log.last(); }
};

struct Run {
  std::mt19937 random;
  TemporaryFolder folder;
  std::unique_ptr<SqliteStore> store;
  std::vector<ModelEdge> edges;
  std::vector<Arrival> in_flight;

  explicit Run(std::uint32_t seed) : random(seed) {
    open();
    for (std::uint8_t g = 0; g < 3; ++g) {
      const GatewayId gateway{"gw" + std::to_string(g)};
      for (const auto stream : {Stream::readings, Stream::telemetry}) {
        edges.push_back({EdgeLog({SiteId{"riverside"}, gateway, Uuid{g}, stream}, g), {}, 0, 0});
      }
      REQUIRE(store->transact([&] { return store->put_gateway(edges.back().log.row()); }));
    }
  }
  void open() {
    store.reset();
    store = std::move(*SqliteStore::open(folder.path() / "steward.db", Uuid{1}));
  }
  bool chance(unsigned percent) { return random() % 100 < percent; }

  /// Everything un-acked goes out again; the network loses and doubles.
  void send() {
    for (const auto& edge : edges) {
      for (const auto& block : edge.blocks) {
        if (block.last <= edge.acked || chance(30)) continue;
        for (int copies = chance(30) ? 2 : 1; copies > 0; --copies) {
          in_flight.push_back(edge.log.arrival(block.bytes));
        }
      }
    }
    // Out of order, but mostly a little: a whole shuffle now and then.
    if (chance(30)) {
      std::shuffle(in_flight.begin(), in_flight.end(), random);
    } else {
      for (std::size_t i = 1; i < in_flight.size(); ++i) {
        if (chance(20)) std::swap(in_flight[i - 1], in_flight[i]);
      }
    }
  }
  void receive() {
    Admission admission(*store);
    while (!in_flight.empty() && !chance(5)) {  // what is left is late: it comes among newer ones
      const auto size = std::min<std::size_t>(in_flight.size(), 1 + random() % 40);
      const auto outcomes = admission.admit(std::span(in_flight).first(size));
      REQUIRE(outcomes);
      for (const auto& outcome : *outcomes) {
        REQUIRE_MESSAGE(
            (outcome.fate == Fate::admitted || outcome.fate == Fate::again || outcome.fate == Fate::early),
            outcome.why);
      }
      in_flight.erase(in_flight.begin(), in_flight.begin() + static_cast<std::ptrdiff_t>(size));
    }
  }
  void acknowledge() {
    for (auto& edge : edges) {
      if (chance(40)) continue;
      const auto logs = store->logs(edge.log.log().site, edge.log.log().gateway, 64);
      REQUIRE(logs);
      for (const auto& [log, mark] : *logs) {
        if (log == edge.log.log()) edge.acked = mark.upto.value;
      }
    }
  }
  bool done() const {
    return std::all_of(edges.begin(), edges.end(), [](const ModelEdge& edge) { return edge.done(); });
  }
};

}  // namespace

TEST_SUITE("cloud/admission") {
  TEST_CASE("a bad network loses no record and doubles none, over 12 seeds") {
    for (std::uint32_t seed = 1; seed <= 12; ++seed) {
      CAPTURE(seed);
      Run run(seed);
      int rounds = 0;
      for (; rounds < 400 && (rounds < 20 || !run.done()); ++rounds) {
        if (rounds < 20) {
          for (auto& edge : run.edges) {
            for (auto blocks = run.random() % 3; blocks > 0; --blocks) edge.write(1 + run.random() % 20);
          }
        }
        run.send();
        run.receive();
        run.acknowledge();
        if (run.chance(10)) run.open();  // the cloud is restarted
      }
      REQUIRE(run.done());

      std::int64_t written = 0;
      for (const auto& edge : run.edges) written += edge.next_value;
      CHECK(run.store->counts(SiteId{"riverside"})->readings == written);
      const auto rows =
          run.store->readings({SiteId{"riverside"}, test_instant(0), test_instant(1'000'000'000), 10'000});
      REQUIRE(rows->size() == static_cast<std::size_t>(written));
      // The model: in each log, record n carries the value n - 1.
      std::map<std::int64_t, std::uint64_t> places;
      for (const auto& row : *rows) {
        CHECK(row.reading.value == static_cast<std::int64_t>(row.seq.value) - 1);
        ++places[row.log_no];
      }
      CHECK(places.size() == run.edges.size());
      CHECK(run.store->counts(SiteId{"riverside"})->set_aside == 0);
      CHECK(run.store->alarms()->empty());
    }
  }
}
