// Never lost, never doubled: gateway-years of faults in virtual time, real signatures.
#include <doctest/doctest.h>

#include <cstdlib>

#include "tests/simulation/faults.hpp"
#include "tests/simulation/life.hpp"
#include "tests/simulation/real_keys.hpp"

using namespace steward;
using namespace steward::simulation;

namespace {

constexpr std::uint64_t lives = 5;  // of a year each; the other half of the suite has as many

/// STEWARD_SIM_SEED=n: that life alone, as it was.
std::vector<std::uint64_t> seeds() {
  if (const char* one = std::getenv("STEWARD_SIM_SEED")) return {std::strtoull(one, nullptr, 10)};
  std::vector<std::uint64_t> all;
  for (std::uint64_t life = 1; life <= lives; ++life) all.push_back(HALF * 1000 + life);
  return all;
}

}  // namespace

TEST_SUITE("simulation/gateway_years") {
  TEST_CASE("gateway-years of all faults: nothing promised is lost, doubled or attributed wrongly") {
    const RealKeys real;
    const auto keys = real.keys();
    Tally tally;
    Ledger::Verdict sum;
    for (const auto seed : seeds()) {
      const auto report = live({seed, 365, Lie::none}, keys);
      INFO("run it again: STEWARD_SIM_SEED=", seed);
      CHECK_MESSAGE(report.is_clean(), report.words());
      CHECK(report.verdict.promised > 10'000);
      sum += report.verdict;
      for (const auto& [name, times] : report.tally) tally[name] += times;
    }
    MESSAGE("seeds ", seeds().front(), " to ", seeds().back(), ": ", sum.promised, " promised, ", sum.found,
            " found, ", sum.let_off, " gone with a disk nobody had a copy of");
    for (const auto& [name, times] : tally) MESSAGE(name, ": ", times);
    if (seeds().size() < lives) return;
    for (const auto& fault : Faults::catalogue())
      CHECK_MESSAGE(tally[std::string("fault: ") + fault.name] > 0, fault.name);
    for (const auto* seen :
         {"publish lost", "confirmed, not delivered", "confirmed, its reader's session was gone",
          "delivered twice", "delivered again, late", "queue handed over in another order",
          "retained ack replayed, an old one", "window full", "edge lost power", "cloud lost power",
          "broker killed, with its persistence", "broker killed, with an old persistence",
          "broker killed, without persistence", "cloud restored from an old backup",
          "cloud put back from a copy, not renewed", "notice: resend", "notice: ack_refused",
          "notice: store_changed"}) {
      CHECK_MESSAGE(tally[seen] > 0, seen);
    }
  }
}
