#include "drivers/sim/fault_line.hpp"

#include <algorithm>

namespace steward::sim {

void FaultLine::ask(Speech speech, ByteView request, const HonestAnswer& honest, Ticks now) {
  const ByteView body = body_of(speech, request);
  if (body.empty()) return;
  const UnitAddress unit = unit_in(speech, body);
  Verdict verdict = plan_.decide(speech, request, honest, now);
  if (verdict.forgets) std::erase_if(waiting_, [&](const Waiting& one) { return one.unit == unit; });
  if (verdict.stall.count() > 0) stalled_ = std::max(stalled_, now + verdict.stall);
  Ticks behind{};  // the unit's last reply that has not left
  for (const Waiting& one : waiting_) {
    if (one.unit == unit) behind = std::max(behind, one.at);
  }
  for (Departure& departure : verdict.departures) {
    Ticks at = now + departure.after;
    if (verdict.keeps_order) at = std::max(at, behind);
    if (waiting_.size() >= most_waiting) break;
    const auto place = std::ranges::upper_bound(waiting_, at, {}, [](const Waiting& one) { return one.at; });
    waiting_.insert(place, {at, unit, std::move(departure.bytes)});
  }
}

std::optional<Ticks> FaultLine::next() const {
  if (waiting_.empty()) return std::nullopt;
  return std::max(waiting_.front().at, stalled_);
}

Bytes FaultLine::take(Ticks now) {
  Bytes burst;
  if (now < stalled_) return burst;
  auto end = waiting_.begin();
  for (; end != waiting_.end() && end->at <= now; ++end)
    burst.insert(burst.end(), end->bytes.begin(), end->bytes.end());
  waiting_.erase(waiting_.begin(), end);
  return burst;
}

}  // namespace steward::sim
