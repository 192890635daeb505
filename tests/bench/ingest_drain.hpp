#pragma once
#include <filesystem>

#include "tests/bench/goal.hpp"

namespace steward::bench {

/// A gateway that was offline for a month (200 meters, a reading each quarter of an hour: 576,000) is
/// started again: outbox, broker with mutual TLS and cloud as programs, until it has a signed ack for the
/// last.
void drain_a_month(const std::filesystem::path& folder, Report& report);

}  // namespace steward::bench
