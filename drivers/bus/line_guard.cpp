#include "drivers/bus/line_guard.hpp"

#include <algorithm>
#include <cassert>
#include <string>

#include "contract/text/unit_text.hpp"
#include "drivers/bus/line_guard_unit.hpp"

namespace steward {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_notices = 256;
/// So many exchanges of a unit are looked at for copies of its replies (line_guard_identity.cpp).
constexpr std::uint32_t twin_window = 100;
/// How long a second master's words spoil the line.
constexpr std::chrono::nanoseconds foreign_for = 10min;
constexpr std::uint32_t refusals_to_report = 3;
/// How long a device that a scan has asked may take to answer.
constexpr std::chrono::nanoseconds strangers_for = 60s;
/// A device that cannot be opened, or a line that babbles, is tried again after this, doubled up to 32 s.
constexpr std::chrono::nanoseconds path_backoff = 1s;

std::string in_ms(std::chrono::nanoseconds time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count()) + " ms";
}

/// Whether a second master asked this unit: the reply can have our byte count and other registers.
bool others_asked(UnitAddress unit, const Heard& heard) {
  const auto asks = [&](const HeardFrame& frame) {
    const bool hears = frame.unit == unit || frame.unit == UnitAddress{any_digits, unit.protocol};
    return frame.kind == HeardFrame::Kind::request && hears;
  };
  return std::any_of(heard.before.begin(), heard.before.end(),
                     [&](const StrayFrame& stray) { return asks(stray.frame); }) ||
         std::any_of(heard.after.frames.begin(), heard.after.frames.end(), asks);
}

/// The function or control code that asks for it.
std::uint8_t control_of(const Asked& asked) {
  const auto first = static_cast<std::uint8_t>(asked.span.kind);
  return asked.sequence == 0 ? first : static_cast<std::uint8_t>(first + 1);
}

}  // namespace

LineGuard::LineGuard(std::vector<GuardedUnit> units, const LineRules& rules, Ticks now)
    : rules_(rules),
      budget_(rules.probe_permille, static_cast<std::int64_t>(units.size()) * rules.reply_timeout, now),
      last_heard_(now),
      path_retry_at_(now) {
  for (auto& unit : units) {
    const auto address = unit.unit;
    assert(!units_.contains(address));
    assert(unit.dictionary.serves(unit.probes[0]) && unit.dictionary.serves(unit.probes[1]));
    units_[address] = std::make_unique<Unit>(std::move(unit), now);
  }
}
LineGuard::~LineGuard() = default;
LineGuard::LineGuard(LineGuard&&) noexcept = default;

LineGuard::Unit* LineGuard::find(UnitAddress unit) const {
  const auto at = units_.find(unit);
  return at == units_.end() ? nullptr : at->second.get();
}

Result<Sending> LineGuard::open(UnitAddress address, RegisterSpan span, Ticks now) {
  Unit* unit = find(address);
  if (unit == nullptr) return Error{Fault::refused, "the plan has no such unit"};
  if (unit->guard.standing() != Standing::clean)
    return Error{Fault::refused, "quarantined until its identity is read"};
  if (!unit->setup.dictionary.serves(span))
    return Error{Fault::refused, span.is_item() ? "the dictionary has no such item"
                                                : "the dictionary gives this byte count to another register"};
  if (identity_due(address)) return Error{Fault::refused, "its identity is to be read first"};
  if (follows_itself(address, span, now))
    return Error{Fault::refused, "this read follows itself and has nothing to alternate with"};
  unit->gathered.clear();
  Sending sending{{address, span},
                  span.words(),
                  false,
                  unit->delays.timeout(rules_.reply_timeout),
                  unit->guard.episode()};
  // Twice the same tag in a row: a copy of the first reply would answer the second request.
  if (!unit->guard.may_send(tag_of(span), now)) sending.asked.span = *unit->setup.dictionary.alternate(span);
  return sending;
}

Result<Sending> LineGuard::open_more(const Sending& before, Ticks now) {
  Unit& unit = *find(before.asked.unit);
  Sending sending = before;
  ++sending.asked.sequence;
  const Tag tag = tag_of(sending.asked.span, sending.asked.sequence);
  if (sending.asked.sequence == 0 || unit.guard.episode() != before.episode ||
      !unit.guard.may_send(tag, now)) {
    unit.guard.failed();
    return Error{Fault::malformed, "the rest of the item can no longer be asked for"};
  }
  return sending;
}

Result<Sending> LineGuard::open_identity(UnitAddress address, Ticks now) {
  Unit* unit = find(address);
  if (unit == nullptr) return Error{Fault::refused, "the plan has no such unit"};
  const RegisterSpan span = unit->probe_span();
  if (!unit->guard.may_send(tag_of(span), now)) return Error{Fault::refused, "it is too early for its probe"};
  if (now < path_retry_at_) return Error{Fault::refused, "the line failed a moment ago"};
  if (unit->guard.standing() == Standing::quarantined && !budget_.affordable(now))
    return Error{Fault::refused, "this line's share for probes is used up"};
  unit->gathered.clear();  // of an item whose rest never came
  // A device that has become slower than it ever was would never answer in the time it used to take.
  const auto timeout =
      unit->guard.unanswered_probes() > 0 ? rules_.reply_timeout : unit->delays.timeout(rules_.reply_timeout);
  return Sending{{address, span}, span.words(), true, timeout, unit->guard.episode()};
}

Result<Words> LineGuard::close(const Sending& sending, const Heard& heard) {
  Unit& unit = *find(sending.asked.unit);
  const bool probing = unit.guard.standing() == Standing::quarantined;
  const auto foreign_before = foreign_until_;
  for (const auto& stray : heard.before) unasked(stray.frame, stray.at);
  if (heard.went_out) {
    unit.guard.sent(tag_of(sending.asked.span, sending.asked.sequence), heard.sent);
    ++unit.counters.asked;
    if (heard.after.echoed) ++unit.counters.echoes;
    ++unit.since_identity;
    if (++unit.in_window >= twin_window) unit.in_window = unit.copies = 0;
  }
  if (probing) budget_.spend(heard.ended - heard.sent, heard.ended);
  last_heard_ = heard.ended;
  if (heard.lost) {
    path_lost(heard.ended);
    return *heard.lost;
  }
  if (!heard.went_out) {
    path_failed(heard.ended);
    return fail(unit, {Fault::retry, "the line does not fall silent: wrong baud rate or a babbling device"});
  }
  path_failures_ = 0;
  if (others_asked(sending.asked.unit, heard)) {
    for (const auto& frame : heard.after.frames) unasked(frame, heard.began);
    ++unit.counters.strangers;
    return fail(unit, {Fault::malformed, "somebody else asked this unit: its reply may be to them"});
  }
  if (unit.guard.episode() != sending.episode) {
    // A probe expects them: strays of its unit are what the quarantine is for. A technician who
    // cleared the unit meanwhile began an episode as well: no data may pass for its probe.
    return fail(unit, {Fault::malformed, "a reply to an earlier request came first"});
  }
  auto words = judge(unit, sending, heard);
  if (foreign_until_ == foreign_before) last_quiet_ = heard.ended;
  return words;
}

Result<Words> LineGuard::judge(Unit& unit, const Sending& sending, const Heard& heard) {
  const Tag tag = tag_of(sending.asked.span, sending.asked.sequence);
  const auto& frames = heard.after.frames;
  bool strangers = false;
  for (std::size_t at = 0; at < frames.size(); ++at) {
    const auto& frame = frames[at];
    if (frame.unit != sending.asked.unit || frame.kind == HeardFrame::Kind::request) {
      strangers = strangers || frame.kind != HeardFrame::Kind::request;
      unasked(frame, heard.began);
      continue;
    }
    const bool exception = frame.kind == HeardFrame::Kind::exception;
    const bool fits = exception ? frame.function == control_of(sending.asked) : frame.tag == tag;
    if (!fits) {
      unasked(frame, heard.began);
      return fail(unit, {Fault::malformed, "the reply is to another request: it came late"});
    }
    if (at + 1 != frames.size() || heard.after.rest != 0) {
      ++unit.counters.surplus;
      for (std::size_t more = at + 1; more < frames.size(); ++more) {
        if (frames[more].unit == frame.unit && frames[more].kind == frame.kind &&
            frames[more].tag == frame.tag) {
          count_copy(unit);
        } else {
          unasked(frames[more], heard.began);
        }
      }
      return fail(unit, {Fault::malformed, "more followed the reply"});
    }
    return exception ? refused(unit, sending, frame, heard.ended) : answered(unit, sending, frame, heard);
  }
  if (heard.after.rest != 0) {
    ++(heard.after.rest_is_short ? unit.counters.cut : unit.counters.garbled);
    return fail(unit, {Fault::malformed,
                       heard.after.rest_is_short ? "the reply is cut off" : "the reply is garbled"});
  }
  if (strangers) {
    ++unit.counters.strangers;
    return fail(unit, {Fault::malformed, "another unit answered"});
  }
  ++unit.counters.silent;
  return fail(unit, {Fault::retry, "no reply in " + in_ms(sending.reply_timeout)});
}

Result<Words> LineGuard::refused(Unit& unit, const Sending& sending, const HeardFrame& frame, Ticks at) {
  ++unit.counters.exceptions;
  unit.counters.last_exception = frame.exception;
  if (sending.identity && ++unit.refusals == refusals_to_report)
    note(BusNotice::Kind::refuses_probe, unit.setup.unit, at, "answers its identity read with " + frame.why);
  // What was refused is what was sent: a longer read says nothing of the one wished for.
  const bool as_wished = sending.asked.span.words() == sending.wanted;
  const bool ours = as_wished && unit.guard.refusals_are_ours();
  return fail(unit, {ours ? frame.refusal : Fault::retry, frame.why});
}

Result<Words> LineGuard::answered(Unit& unit, const Sending& sending, const HeardFrame& frame,
                                  const Heard& heard) {
  const auto& span = sending.asked.span;
  unit.gathered.insert(unit.gathered.end(), frame.words.begin(), frame.words.end());
  const std::size_t units = span.is_item() ? 2 * unit.gathered.size() - (frame.odd ? 1 : 0) : span.count;
  const bool torn = frame.more && frame.odd;  // what follows could not be joined to half a word
  if (torn || (frame.more ? units >= span.count : units != span.count))
    return fail(unit, {Fault::malformed, "the item has another length than the profile says"});
  unit.guard.answered(frame.tag, heard.began);
  unit.delays.add(heard.began - heard.sent);
  unit.answered.insert(frame.tag);
  ++unit.counters.answered;
  if (frame.more) return Words{};
  Words words = std::exchange(unit.gathered, {});
  if (sending.identity) check_identity(unit, span, words, heard.began);
  words.resize(sending.wanted);
  return words;
}

Result<Words> LineGuard::fail(Unit& unit, Error why) {
  unit.guard.failed();
  return why;
}

void LineGuard::unasked(const HeardFrame& frame, Ticks at) {
  Unit* unit = find(frame.unit);
  const bool known =
      unit != nullptr && frame.kind != HeardFrame::Kind::request &&
      (frame.kind == HeardFrame::Kind::exception || unit->setup.dictionary.meaning(first_tag(frame.tag)));
  if (!known && frame.kind != HeardFrame::Kind::request && at < strangers_until_) {
    if (unit != nullptr) unit->guard.failed();
    return;
  }
  if (!known) {
    // Only another master asks, or gets an answer that none of our requests could get.
    const bool fresh = !foreign_until_ || at >= *foreign_until_;
    foreign_until_ = at + foreign_for;
    if (fresh)
      note(BusNotice::Kind::foreign_master, UnitAddress{0}, last_quiet_.value_or(at),
           "somebody else asks on this line: unit " + unit_text(frame.unit) + ", function " +
               std::to_string(frame.function));
    if (unit != nullptr && frame.kind == HeardFrame::Kind::request) unit->guard.asked_by_others(at);
    if (unit != nullptr) unit->guard.failed();
    return;
  }
  hear_late(*unit, frame, at);
}

void LineGuard::hear_late(Unit& unit, const HeardFrame& frame, Ticks at) {
  ++unit.counters.late;
  if (frame.kind == HeardFrame::Kind::exception) {
    unit.guard.failed();
    return;
  }
  const Tag tag = frame.tag;
  const auto quarantine = unit.guard.quarantine();
  const auto since = unit.guard.clean_since().value_or(unit.checked);
  const auto late = unit.guard.unasked(tag, at);
  if (!late) {
    if (unit.answered.contains(tag)) count_copy(unit);
    return;
  }
  unit.delays.add(*late);  // the time-out was too short for it
  if (*late > quarantine) {
    note(BusNotice::Kind::beyond, unit.setup.unit, since,
         "a reply came after " + in_ms(*late) + ", later than the quarantine of " + in_ms(quarantine));
  } else if (unit.guard.quarantine() > quarantine) {
    note(BusNotice::Kind::slow, unit.setup.unit, since,
         "a reply came after " + in_ms(*late) + "; the quarantine is now " + in_ms(unit.guard.quarantine()));
  }
}

void LineGuard::note(BusNotice::Kind kind, UnitAddress unit, Ticks since, std::string detail) {
  if (notices_.size() < most_notices) notices_.push_back({kind, unit, since, std::move(detail)});
}

void LineGuard::path_failed(Ticks at) {
  const auto doublings = std::min<std::uint32_t>(path_failures_++, 5);
  path_retry_at_ = at + path_backoff * (std::int64_t{1} << doublings);
}

void LineGuard::path_lost(Ticks at) {
  path_failed(at);
  for (const auto& [address, unit] : units_) unit->guard.failed();
}

void LineGuard::surveyed(const Surveyed& surveyed, Ticks at) {
  strangers_until_ = std::max(strangers_until_, at + strangers_for);
  last_heard_ = std::max(last_heard_, at);
  if (surveyed.lost && surveyed.lost->fault != Fault::unsupported) path_lost(at);
  for (const auto& frame : surveyed.overheard) unasked(frame, at);
  if (!surveyed.other_speed) return;
  for (const auto& [address, unit] : units_) unit->guard.asked_by_others(at);
}

UnitStatus LineGuard::status(UnitAddress address) const {
  const Unit* unit = find(address);
  if (unit == nullptr) return {};
  UnitStatus status{unit->guard.standing(), unit->guard.probe_at(), unit->guard.episode(),
                    unit->setup.latched, foreign_until_ && last_heard_ < *foreign_until_};
  if (status.standing == Standing::quarantined) {
    status.ready_at = std::max({status.ready_at, path_retry_at_, budget_.affordable_at(last_heard_)});
  } else {
    status.ready_at = last_heard_;
  }
  return status;
}

bool LineGuard::identity_due(UnitAddress address) const {
  const Unit* unit = find(address);
  return unit != nullptr && unit->guard.standing() == Standing::clean &&
         unit->since_identity >= rules_.identity_every;
}

bool LineGuard::follows_itself(UnitAddress address, RegisterSpan span, Ticks now) const {
  const Unit* unit = find(address);
  if (unit == nullptr || unit->guard.standing() != Standing::clean || unit->guard.may_send(tag_of(span), now))
    return false;
  const auto other = unit->setup.dictionary.alternate(span);
  return !other || !unit->guard.may_send(tag_of(*other), now);
}

Ticks LineGuard::probes_affordable_at(Ticks now) const { return budget_.affordable_at(now); }

UnitCounters LineGuard::counters(UnitAddress address) const {
  const Unit* unit = find(address);
  if (unit == nullptr) return {};
  UnitCounters counters = unit->counters;
  counters.p99 = unit->delays.p99();
  return counters;
}

std::vector<BusNotice> LineGuard::take_notices() { return std::exchange(notices_, {}); }

}  // namespace steward
