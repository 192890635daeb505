#include "edge/poll/grade.hpp"

#include <algorithm>

#include "drivers/decode/wide.hpp"

namespace steward {
namespace {

constexpr std::uint64_t hour_ms = 60 * 60 * 1000;

/// Whether a register may rise so far in `time`: rounded up, and the dial's last digit may turn at both ends.
bool rises_plausibly(std::int64_t from, std::int64_t to, const Evidence& of, Milliseconds time) {
  if (to < from) return false;
  const auto rise = static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
  const auto digits = 2 * static_cast<std::uint64_t>(of.step);
  if (rise <= digits) return true;
  const auto length = static_cast<std::uint64_t>(std::max<std::int64_t>(time.count(), 0));
  const auto rate = static_cast<std::uint64_t>(of.max_rate.value_or(usual_rate));
  // n <= ceil(x / hour) exactly when (n - 1) x hour < x.
  return product(rise - digits - 1, hour_ms) < product(rate, length);
}

}  // namespace

Grade grade(const Evidence& evidence) {
  const auto suspect = [](Reason reason, bool again) {
    return Grade{Quality::suspect, reason, again, false};
  };
  const auto& judged = evidence.judged;
  if (judged.quality == Quality::invalid) return {judged.quality, judged.reason, true, false};
  // A technician's work, not another attempt's.
  if (evidence.latched) return suspect(Reason::identity, false);
  if (evidence.missed) return suspect(Reason::missed, false);
  if (evidence.foreign) return suspect(Reason::foreign, false);
  if (!evidence.strong) return suspect(Reason::weak, false);
  if (!evidence.same_device) return suspect(Reason::identity, true);
  if (judged.quality == Quality::suspect && judged.reason == Reason::clock) {
    // Graded as if the time were known: `clock` then means that nothing but the time is in doubt.
    auto timed = evidence;
    timed.judged = {judged.value, Quality::good, Reason::none};
    auto graded = grade(timed);
    if (graded.quality == Quality::good)
      graded = {Quality::suspect, Reason::clock, graded.again, graded.needs_second};
    return graded;
  }
  if (judged.quality != Quality::good) {
    return {judged.quality, judged.reason, judged.reason == Reason::backwards, false};
  }
  if (!evidence.sealed) return suspect(Reason::time_unsure, true);
  const auto& known = evidence.known;
  const bool steady = known && rises_plausibly(known->value, judged.value, evidence, known->ago);
  if (steady) return {};
  const auto why = known ? Reason::spike : Reason::unconfirmed;
  if (!evidence.second) return {Quality::suspect, why, true, true};
  if (rises_plausibly(judged.value, evidence.second->value, evidence, evidence.second->later)) return {};
  return {Quality::suspect, why, true, true};
}

}  // namespace steward
