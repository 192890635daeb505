// Ten million exchanges through a line of faults: what tests/fault asserts for one million, with other
// seeds, and libmodbus on the same lines. `./dev bench never-wrong [seed]`.
#include <cstdlib>
#include <string>

#include "tests/bench/goal.hpp"
#include "tests/fault/report.hpp"

using namespace steward::fault;

int main(int argc, char** argv) {
  const std::uint64_t seed = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  steward::bench::Report report("never-wrong");
  std::vector<Row> rows;
  const double seconds = steward::bench::seconds_of([&] { rows = run_all(schedules(), seed, 10'000'000); });
  Tally sum;
  std::uint64_t old_where_time_holds = 0;
  std::uint64_t bad_bills = 0;
  double least_accepted = 100;
  for (const auto& row : rows) {
    sum += row.sum;
    if (row.schedule.time_holds) {
      old_where_time_holds += row.sum.too_old + row.sum.identities_old;
      bad_bills += row.sum.billing_wrong;
    }
    if (row.schedule.accepted_at_least > 0)
      least_accepted = std::min(least_accepted, row.sum.accepted_percent());
  }
  print_row("all", seed, sum);

  Tally bare;
  for (const auto& schedule : schedules()) {
    if (schedule.gateway || schedule.restarts + schedule.plan_changes + schedule.ad_hoc + schedule.hangs > 0)
      continue;
    for (const auto shape : shapes) bare += run_bare(schedule, shape, seed + bare.exchanges, 15'000, false);
  }
  print_row("libmodbus on the same lines", seed, bare);
  report.note(std::to_string(sum.exchanges / static_cast<std::uint64_t>(seconds * 1000 + 1)) +
              " thousand exchanges/s of virtual line and guard");

  const auto millions = static_cast<double>(sum.values) / 1e6;
  report.at_least("exchanges", static_cast<double>(sum.exchanges), "", 1e7);
  report.at_most("wrong_register", static_cast<double>(sum.wrong_register + sum.identities_wrong), "values",
                 0);
  report.at_most("sampled_before_asked", static_cast<double>(old_where_time_holds), "values", 0);
  report.at_most("chance_crc", static_cast<double>(sum.chance) / millions, "per million values", 2);
  report.at_most("bad_billing_grade", static_cast<double>(bad_bills), "values", 0);
  report.at_least("accepted_at_10_2_1", least_accepted, "%", 70);
  return report.finish();
}
