#include "tests/fault/report.hpp"

#include <algorithm>
#include <cstdio>

namespace steward::fault {

void print_heading() {
  std::printf("%-62s %6s %9s %8s %6s %8s %5s %5s %6s %8s %5s\n", "schedule", "seed", "exchanges", "faults",
              "taken", "values", "wrong", "old", "chance", "billing", "bad");
}

void print_row(const std::string& name, std::uint64_t seed, const Tally& tally) {
  const auto number = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
  std::printf("%-62s %6llu %9llu %8llu %5.1f%% %8llu %5llu %5llu %6llu %8llu %5llu\n", name.c_str(),
              number(seed), number(tally.exchanges), number(tally.faults), tally.accepted_percent(),
              number(tally.values), number(tally.wrong_register + tally.identities_wrong),
              number(tally.too_old + tally.identities_old), number(tally.chance), number(tally.billing),
              number(tally.billing_wrong));
  std::fflush(stdout);
}

bool has(Tongue tongue, Shape shape) {
  return tongue != Tongue::mixed || shape == Shape::eight_units_one_block ||
         shape == Shape::eight_units_mixed;
}

std::vector<Row> run_all(const std::vector<Schedule>& all, std::uint64_t first_seed, std::uint64_t exchanges,
                         Tongue tongue) {
  const auto lines = std::ranges::count_if(shapes, [&](Shape shape) { return has(tongue, shape); });
  const auto each = exchanges / (all.size() * static_cast<std::size_t>(lines)) + 1;
  std::vector<Row> rows;
  print_heading();
  auto seed = first_seed;
  for (const auto& schedule : all) {
    Row row{schedule, seed, {}};
    for (const auto shape : shapes) {
      if (has(tongue, shape)) row.sum += run_guarded(schedule, shape, seed++, each, Removed::nothing, tongue);
    }
    print_row(schedule.name, row.seed, row.sum);
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace steward::fault
