// Never lost, never doubled: a power cut at every step the cloud's database takes while it admits.
#include <doctest/doctest.h>

#include <memory>

#include "cloud/store/sqlite_store.hpp"
#include "tests/fault/crash_disk.hpp"
#include "tests/unit/cloud/edge_log.hpp"

using namespace steward;
using namespace steward::fault;

namespace {

constexpr int transactions = 200;
constexpr std::uint64_t readings_each = 5;
const std::string path = "steward.db";
const LogId log_a{SiteId{"riverside"}, GatewayId{"gw1"}, Uuid{7}, Stream::readings};

Result<AdmissionOutcome> admit(Store& store, const Arrival& arrival) {
  Admission admission(store);
  auto outcomes = admission.admit(std::span(&arrival, 1));
  if (!outcomes) return std::move(outcomes.error());
  return std::move(outcomes->front());
}

struct Ledger {
  EdgeLog edge{log_a, 1};
  std::vector<Arrival> sent;
  std::vector<DiskStep> steps;
  std::size_t enrolled = 0;           // steps when the gateway was in
  std::vector<std::size_t> promised;  // steps when the n-th block's admission returned
};

Ledger run_workload(CrashDisk& disk) {
  disk.begin({});
  Ledger ledger;
  auto store = SqliteStore::open(path, Uuid{1});
  REQUIRE(store);
  REQUIRE((*store)->transact([&] { return (*store)->put_gateway(ledger.edge.row()); }));
  ledger.enrolled = disk.steps().size();
  for (int at = 0; at < transactions; ++at) {
    ledger.sent.push_back(ledger.edge.arrival(ledger.edge.readings(readings_each, at * 10)));
    const auto outcome = admit(**store, ledger.sent.back());
    REQUIRE(outcome);
    REQUIRE(outcome->fate == Fate::admitted);
    ledger.promised.push_back(disk.steps().size());
  }
  ledger.steps = disk.steps();
  return ledger;
}

/// What is wrong with the books after a cut when `promised` blocks were acknowledged; empty: nothing.
std::string flaw_of(Store& store, const Ledger& ledger, std::size_t promised, std::size_t& there) {
  const auto logs = store.logs(log_a.site, log_a.gateway, 1);
  if (!logs) return "the logs cannot be read: " + logs.error().message;
  const std::uint64_t upto = logs->empty() ? 0 : logs->front().second.upto.value;
  there = upto / readings_each;
  if (upto % readings_each != 0) return "half a block is in the books";
  if (there != promised && there != promised + 1)
    return std::to_string(there) + " blocks of " + std::to_string(promised);
  const auto counts = store.counts(log_a.site);
  if (!counts) return "the books cannot be counted: " + counts.error().message;
  if (counts->readings != static_cast<std::int64_t>(upto))
    return std::to_string(counts->readings) + " readings for a mark of " + std::to_string(upto);
  for (std::size_t block = there > 3 ? there - 3 : 0; block < there; ++block) {
    const auto bytes = store.block_bytes(log_a, Seq{block * readings_each + 1});
    if (!bytes || *bytes != ledger.sent[block].payload) return "the evidence of a block is not what came";
  }
  return {};
}

}  // namespace

TEST_SUITE("fault/cloud_power_cut") {
  TEST_CASE("a cut at any step of 200 admissions: what was acknowledged is there once") {
    CrashDisk disk;
    const Ledger ledger = run_workload(disk);
    constexpr std::uint64_t seed = 20'260'602;
    MESSAGE("seed ", seed, ", ", ledger.steps.size(), " steps");
    std::mt19937_64 dice(seed);
    CutDisk cut({});
    std::size_t promised = 0;
    std::size_t states = 0;
    std::size_t completed = 0;  // admissions in flight that were found whole
    for (std::size_t step = 0; step <= ledger.steps.size(); ++step) {
      while (promised < ledger.promised.size() && ledger.promised[promised] <= step) ++promised;
      const auto check = [&](Loss loss) {
        ++states;
        disk.begin(cut.after(loss, dice));
        auto store = SqliteStore::open(path, Uuid{1});
        INFO("seed ", seed, " step ", step, " loss ", static_cast<int>(loss), " promised ", promised);
        REQUIRE_MESSAGE(store, (store ? "" : store.error().message));
        std::size_t there = 0;
        const auto flaw = flaw_of(**store, ledger, promised, there);
        REQUIRE_MESSAGE(flaw.empty(), flaw);
        if (there == promised + 1) ++completed;
        if (step < ledger.enrolled || step % 16 != 0) return;
        // The gateway sends again whatever it was not told of: each block ends in the books once.
        const auto resend = [&](std::size_t block, Fate fate) {
          const auto outcome = admit(**store, ledger.sent[block]);
          REQUIRE(outcome);
          CHECK(outcome->fate == fate);
        };
        if (there > 0) resend(there - 1, Fate::again);
        if (there < ledger.sent.size()) resend(there, Fate::admitted);
        const auto counts = (*store)->counts(log_a.site);
        REQUIRE(counts);
        const auto all = std::min(there + 1, ledger.sent.size()) * readings_each;
        CHECK(counts->readings == static_cast<std::int64_t>(all));
      };
      check(Loss::everything);
      check(step % 3 == 0 ? Loss::nothing : step % 3 == 1 ? Loss::some : Loss::torn);
      if (step < ledger.steps.size()) cut.apply(ledger.steps[step]);
    }
    MESSAGE(states, " disks after a cut, ", completed, " with the admission in flight");
    CHECK(completed > 0);
    CHECK(completed < states);
  }
}
