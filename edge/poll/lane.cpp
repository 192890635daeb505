#include "edge/poll/lane.hpp"

#include <algorithm>
#include <utility>

namespace steward {
namespace {

using namespace std::chrono_literals;

/// How soon a probe that the line could not afford is tried again.
constexpr std::chrono::nanoseconds afford_pause = 250ms;
/// A unit whose memory is being written to disk is looked at again so soon.
constexpr std::chrono::nanoseconds disk_pause = 5ms;
/// How often in one round all of a unit may be asked again for a better value.
constexpr unsigned most_repeats = 3;

}  // namespace

LaneRound::LaneRound(std::vector<LaneWish> wishes, const LaneLimits& limits, Ticks start,
                     std::size_t first_silent)
    : limits_(limits), give_up_at_(start + limits.patience) {
  for (std::size_t place = 0; place < wishes.size(); ++place) {
    Unit unit;
    unit.wish = wishes[place];
    unit.silent = unit.wish.was_silent;
    unit.unsupported.resize(unit.wish.reads);
    unit.hold = start;
    if (unit.wish.reads == 0) unit.phase = Phase::finished;
    if (unit.silent && unit.phase == Phase::open) silent_.push_back(place);
    units_.push_back(std::move(unit));
  }
  const auto turn =
      std::find_if(silent_.begin(), silent_.end(), [&](std::size_t place) { return place >= first_silent; });
  std::rotate(silent_.begin(), turn, silent_.end());
  next_silent_ = silent_.empty() ? 0 : silent_.front();
}

LaneStep LaneRound::next(Ticks now, const std::function<UnitStatus(std::size_t)>& status) {
  Ticks earliest = Ticks::max();
  for (std::size_t i = 0; i <= units_.size(); ++i) {
    // The unit in hand first, so that nobody's sequence is cut in two; then in list order.
    const auto place = i == 0 ? current_ : i - 1;
    if (place >= units_.size() || units_[place].silent || units_[place].phase != Phase::open) continue;
    const auto step = step_of(place, status(place), now, earliest);
    if (step.kind == LaneStep::Kind::wait) continue;
    current_ = place;
    return step;
  }
  if (earliest != Ticks::max()) return {LaneStep::Kind::wait, 0, 0, std::max(earliest, now)};
  return silent_step(now, status);
}

LaneStep LaneRound::step_of(std::size_t place, const UnitStatus& status, Ticks now, Ticks& earliest) {
  constexpr LaneStep not_now{LaneStep::Kind::wait, 0, 0, {}};
  auto& unit = units_[place];
  unit.was_clean = status.standing == Standing::clean;
  if (unit.was_clean) return clean_step(place);
  const auto ready =
      status.standing == Standing::answered ? now + disk_pause : std::max(status.ready_at, unit.hold);
  // One probe goes out however late it is: a long list is no reason to call its last unit silent.
  if (ready <= now && (now < give_up_at_ || !unit.asked)) return {LaneStep::Kind::identify, place, 0, {}};
  if (std::max(ready, now) >= give_up_at_) {
    unit.phase = Phase::given_up;
  } else {
    earliest = std::min(earliest, ready);
  }
  return not_now;
}

LaneStep LaneRound::clean_step(std::size_t place) {
  const auto& unit = units_[place];
  if (unit.spacer) return {LaneStep::Kind::read, place, unit.at < unit.wish.reads ? unit.at : 0, {}};
  const bool seal = unit.wish.sealed && (!unit.opened || unit.at >= unit.wish.reads);
  if (seal || unit.identity_first) return {LaneStep::Kind::identify, place, 0, {}};
  return {LaneStep::Kind::read, place, unit.at, {}};
}

LaneStep LaneRound::silent_step(Ticks now, const std::function<UnitStatus(std::size_t)>& status) {
  for (; silent_at_ < silent_.size(); ++silent_at_) {
    const auto place = silent_[silent_at_];
    auto& unit = units_[place];
    if (!unit.silent || unit.phase != Phase::open) continue;
    const auto is = status(place);
    if (is.standing == Standing::clean) {
      unit.silent = false;
      current_ = place;
      return clean_step(place);
    }
    if (!unit.asked && !probes_used_up_ && is.ready_at <= now) {
      next_silent_ = place + 1;
      return {LaneStep::Kind::identify, place, 0, {}};
    }
    unit.phase = Phase::given_up;
  }
  return {LaneStep::Kind::done, 0, 0, {}};
}

void LaneRound::fault(Unit& unit) {
  if (++unit.faults >= limits_.faults) unit.phase = Phase::given_up;
}

void LaneRound::restart(Unit& unit) {
  unit.opened = false;
  unit.at = 0;
  skip_unsupported(unit);
}

void LaneRound::skip_unsupported(Unit& unit) {
  while (unit.at < unit.wish.reads && unit.unsupported[unit.at]) ++unit.at;
  if (unit.at >= unit.wish.reads && !unit.wish.sealed && unit.phase == Phase::open)
    unit.phase = Phase::finished;
}

void LaneRound::identified(std::size_t place, LaneOutcome outcome, std::uint64_t episode, Ticks now) {
  auto& unit = units_[place];
  if (outcome == LaneOutcome::refused) {
    if (unit.silent) {
      unit.phase = Phase::given_up;  // the next round begins with it
      next_silent_ = place;
      probes_used_up_ = true;
    } else if (unit.was_clean) {
      unit.spacer = true;  // an identity read just went out: another one may not follow it directly
      fault(unit);
    } else {
      unit.hold = now + afford_pause;
    }
    return;
  }
  unit.asked = true;
  if (outcome != LaneOutcome::answered) {
    ++unit.probes;
    if (unit.silent || unit.probes >= limits_.probes) unit.phase = Phase::given_up;
    if (unit.wish.sealed) restart(unit);
    return;
  }
  unit.silent = false;
  unit.identity_first = false;
  unit.probes = 0;
  current_ = place;
  if (!unit.wish.sealed) return;
  if (!unit.opened || unit.episode != episode) {
    restart(unit);
    unit.opened = true;
    unit.episode = episode;
  } else if (unit.at >= unit.wish.reads) {
    unit.phase = Phase::finished;
  }
}

void LaneRound::was_read(std::size_t place, std::size_t read, LaneOutcome outcome, std::uint64_t episode) {
  auto& unit = units_[place];
  const bool was_spacer = std::exchange(unit.spacer, false) && unit.wish.sealed && !unit.opened;
  if (was_spacer && outcome == LaneOutcome::answered) return;
  switch (outcome) {
    case LaneOutcome::answered:
      if (unit.wish.sealed && unit.episode != episode) {
        restart(unit);
        break;
      }
      ++unit.at;
      skip_unsupported(unit);
      break;
    case LaneOutcome::unsupported:
      unit.unsupported[read] = true;
      if (unit.wish.sealed) restart(unit);
      skip_unsupported(unit);
      fault(unit);
      break;
    case LaneOutcome::failed:
      fault(unit);
      if (unit.wish.sealed) restart(unit);
      break;
    case LaneOutcome::refused:
      unit.identity_first = true;
      fault(unit);
      break;
  }
}

bool LaneRound::again(std::size_t place, std::size_t reads, Ticks now) {
  auto& unit = units_[place];
  if (unit.repeats >= most_repeats || now >= give_up_at_) return false;
  ++unit.repeats;
  unit.wish.reads = reads;
  unit.unsupported.resize(reads);
  unit.phase = Phase::open;
  unit.at = 0;  // the identity that ended the last attempt begins this one
  skip_unsupported(unit);
  return true;
}

}  // namespace steward
