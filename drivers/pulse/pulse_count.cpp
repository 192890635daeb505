#include "drivers/pulse/pulse_count.hpp"

#include <limits>
#include <utility>

namespace steward {

Result<std::int64_t> pulse_reading(std::int64_t base, std::uint64_t pulses, const PerPulse& per_pulse) {
  // Whole denominators apart from the rest, so that nothing is multiplied that does not fit.
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  const auto numerator = static_cast<std::uint64_t>(per_pulse.numerator);
  const auto denominator = static_cast<std::uint64_t>(per_pulse.denominator);
  const auto whole = pulses / denominator;
  const auto rest = pulses % denominator * numerator / denominator;  // below 1e18
  const Error beyond{Fault::implausible, "the pulses counted are more than any meter shows"};
  if (whole > most / numerator) return beyond;
  const auto counted = whole * numerator;
  if (counted > most - rest) return beyond;
  const auto total = static_cast<std::int64_t>(counted + rest);
  if (base > 0 && total > std::numeric_limits<std::int64_t>::max() - base) return beyond;
  return base + total;
}

void PulseCount::settle(Ticks now) {
  if (level_ == stands_ || now - since_ < debounce_) return;
  stands_ = level_;
  if (stands_) ++pulses_;
}

void PulseCount::edge(const InputEdge& edge) {
  settle(edge.at);
  if (edge.active == level_ && edge.at - since_ >= debounce_) {
    // The other one was lost between them, and with it at least the end of a pulse.
    missed_ = true;
    stands_ = !edge.active;
  }
  level_ = edge.active;
  since_ = edge.at;
}

void PulseCount::look(bool active, Ticks now) {
  settle(now);
  if (active == level_ || now - since_ < debounce_) return;
  missed_ = true;
  level_ = active;
  since_ = now;
}

bool PulseCount::take_missed() { return std::exchange(missed_, false); }

}  // namespace steward
