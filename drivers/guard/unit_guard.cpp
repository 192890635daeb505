#include "drivers/guard/unit_guard.hpp"

#include <algorithm>
#include <cassert>

namespace steward {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::nanoseconds first_backoff = 1s;
constexpr std::chrono::nanoseconds longest_backoff = 300s;
/// A reply may be this many times later than any before it and still be waited for.
constexpr int delay_margin = 4;
/// Distinct tags of one unit; a dictionary has fewer.
constexpr std::size_t most_waiting = 64;

}  // namespace

UnitGuard::UnitGuard(const GuardRules& rules, const UnitMemory& memory, Ticks now)
    : rules_(rules), memory_(memory), last_sent_(now) {
  assert(rules.probes[0] != rules.probes[1]);
  memory_.next_probe &= 1U;
}

std::chrono::nanoseconds UnitGuard::quarantine() const {
  return std::min(rules_.delay_cap, std::max(rules_.delay_floor, delay_margin * memory_.longest_delay));
}

Ticks UnitGuard::probe_at() const {
  auto wait = quarantine();
  if (unanswered_probes_ > 0) {
    const auto doublings =
        std::min<std::uint32_t>(unanswered_probes_ - 1, 9);  // 1 s x 2^9 is beyond the longest
    wait = std::max(wait, std::min(longest_backoff, first_backoff * (std::int64_t{1} << doublings)));
  }
  return last_sent_ + wait;
}

Tag UnitGuard::identity_tag() const {
  const bool probing = standing_ != Standing::clean;
  return rules_.probes[probing ? memory_.next_probe : memory_.next_probe ^ 1U];
}

bool UnitGuard::may_send(Tag tag, Ticks now) const {
  switch (standing_) {
    case Standing::quarantined: return tag == rules_.probes[memory_.next_probe] && now >= probe_at();
    case Standing::answered: return false;
    // The next episode's probe must not be in flight when that episode begins.
    case Standing::clean: return !open_ && tag != last_tag_ && tag != rules_.probes[memory_.next_probe];
  }
  return false;
}

void UnitGuard::sent(Tag tag, Ticks at) {
  assert(standing_ != Standing::answered);
  open_ = tag;
  last_tag_ = tag;
  last_sent_ = std::max(last_sent_, at);
  // A data request may meet its unit quarantined: a stray frame was heard before it had left.
  if (standing_ == Standing::quarantined && tag == rules_.probes[memory_.next_probe]) ++unanswered_probes_;
  std::erase_if(waiting_, [&](const Waiting& one) { return one.tag == tag; });
  if (waiting_.size() < most_waiting) waiting_.push_back({tag, at});
}

std::optional<std::chrono::nanoseconds> UnitGuard::delay_of(Tag tag, Ticks at) {
  const auto one =
      std::find_if(waiting_.begin(), waiting_.end(), [&](const auto& w) { return w.tag == tag; });
  if (one == waiting_.end()) return std::nullopt;
  const auto delay = at - one->sent;
  waiting_.erase(one);
  learn(delay);
  return delay;
}

void UnitGuard::learn(std::chrono::nanoseconds delay) {
  memory_.longest_delay = std::max(memory_.longest_delay, std::min(delay, rules_.delay_cap));
}

void UnitGuard::answered(Tag tag, Ticks at) {
  assert(open_ == tag);
  open_.reset();
  (void)delay_of(tag, at);
  // In order, all that came before is delivered; at start a probe may be under way from before.
  refusals_are_ours_ = standing_ == Standing::clean || (episode_ > 1 && unanswered_probes_ == 1);
  if (standing_ != Standing::quarantined) return;
  unanswered_probes_ = 0;
  standing_ = Standing::answered;
  clean_since_ = at;
}

UnitMemory UnitGuard::to_keep() const {
  UnitMemory memory = memory_;
  // Alternating-bit protocol, the tag being the bit: what is still under way from
  // here on is only copies of this probe, and the next episode asks with the other.
  if (standing_ == Standing::answered) memory.next_probe ^= 1U;
  return memory;
}

void UnitGuard::kept() {
  // A fault in between discards the flip: no data went out, so the episode goes on.
  if (standing_ != Standing::answered) return;
  memory_ = to_keep();
  standing_ = Standing::clean;
}

void UnitGuard::quarantine_now() {
  open_.reset();
  if (standing_ != Standing::quarantined) {
    ++episode_;
    unanswered_probes_ = 0;
    clean_since_.reset();
  }
  standing_ = Standing::quarantined;
}

void UnitGuard::failed() { quarantine_now(); }

void UnitGuard::asked_by_others(Ticks at) {
  last_sent_ = std::max(last_sent_, at);
  quarantine_now();
}

std::optional<std::chrono::nanoseconds> UnitGuard::unasked(Tag tag, Ticks at) {
  const auto late = delay_of(tag, at);
  quarantine_now();
  return late;
}

}  // namespace steward
