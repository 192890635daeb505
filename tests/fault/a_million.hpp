#pragma once
#include <doctest/doctest.h>

#include <cstdio>

#include "tests/fault/report.hpp"

namespace steward::fault {

/// A million exchanges of one kind of line through `played`, and what must hold: no value of another
/// register, item, meter or protocol; none older than its request wherever replies keep their order or come
/// within the quarantine; nothing wrong billed.
inline Tally a_million(Tongue tongue, const char* name, std::uint64_t first_seed,
                       const std::vector<Schedule>& played) {
  std::printf("-- %s\n", name);
  const auto rows = run_all(played, first_seed, 1'000'000, tongue);
  Tally sum;
  for (const auto& row : rows) {
    CAPTURE(row.schedule.name);
    CAPTURE(row.seed);
    CHECK(row.sum.wrong_register == 0);
    CHECK(row.sum.identities_wrong == 0);
    CHECK(row.sum.outside == 0);
    if (row.schedule.time_holds) {
      CHECK(row.sum.too_old == 0);
      CHECK(row.sum.identities_old == 0);
      CHECK(row.sum.refusals_old == 0);
      CHECK(row.sum.billing_wrong == 0);
    }
    CHECK(row.sum.accepted_percent() >= row.schedule.accepted_at_least);
    CHECK(row.sum.values > 0);
    sum += row.sum;
  }
  print_row("all", first_seed, sum);
  CHECK(sum.exchanges >= 1'000'000);
  CHECK(sum.billing > 10'000);
  CHECK(sum.restarts > 0);
  CHECK(sum.plan_changes > 0);
  CHECK(sum.ad_hoc > 0);
  return sum;
}

/// The same through every schedule without a TCP gateway.
inline Tally a_million(Tongue tongue, const char* name, std::uint64_t first_seed) {
  return a_million(tongue, name, first_seed, serial_schedules());
}

}  // namespace steward::fault
