#include "edge/poll/round.hpp"

#include <algorithm>
#include <cassert>

#include "contract/text/doubt_text.hpp"
#include "contract/text/unit_text.hpp"
#include "drivers/decode/identity.hpp"

namespace steward {
namespace {

/// The longest a lane sleeps in one piece.
constexpr std::chrono::hours longest_wait{1};
/// A closing is worth more probes than a plain round: a bill stands on it.
constexpr unsigned plain_probes = 2;
constexpr unsigned closing_probes = 4;

/// As an event may carry it.
std::string fit_serial(std::string_view text) {
  std::string out(text.substr(0, meter_event_limit::serial));
  for (auto& c : out) {
    if (c < 0x20 || c == 0x7f || c == '"' || c == '\\') c = '?';
  }
  return out;
}

LaneOutcome outcome_of(const Error& error) {
  switch (error.fault) {
    case Fault::unsupported: return LaneOutcome::unsupported;
    case Fault::refused:
    case Fault::full: return LaneOutcome::refused;
    default: return LaneOutcome::failed;
  }
}

}  // namespace

RoundRunner::RoundRunner(Loop& loop, const Clock& clock, std::vector<BusLane> lanes, RoundRules rules,
                         RoundSink& sink, Wait wait)
    : loop_(loop), clock_(clock), rules_(rules), sink_(sink), wait_(std::move(wait)), lane_done_(loop) {
  for (auto& given : lanes) {
    Lane lane;
    lane.bus = given.bus;
    lane.plan = std::move(given.plan);
    lane.serial_line = given.serial_line;
    lane.states.resize(lane.plan.meters.size());
    lane.wake = std::make_unique<Signal>(loop);
    lanes_.push_back(std::move(lane));
  }
}

Awaitable<RoundReport> RoundRunner::run(Instant round_at, RoundKind kind, Instant until) {
  cancelled_ = false;
  walls_.note(clock_.ticks(), clock_.now());
  Round round{{round_at, kind, rules_.skew_limit}, until, {round_at, 0, 0, false}, lanes_.size()};
  for (auto& lane : lanes_) loop_.spawn(run_lane(lane, round));
  while (round.running > 0) (void)co_await lane_done_.wait(longest_wait);
  round.report.cancelled = cancelled_;
  co_return round.report;
}

void RoundRunner::cancel() {
  cancelled_ = true;
  for (auto& lane : lanes_) lane.wake->set();
}

RoundRunner::Course RoundRunner::course_of(Lane& lane, Round& round) const {
  const bool closing = round.frame.kind == RoundKind::closing;
  std::vector<LaneWish> wishes;
  std::vector<MeterWork> works;
  works.reserve(lane.states.size());
  for (std::size_t meter = 0; meter < lane.states.size(); ++meter) {
    works.emplace_back(lane.plan.meters[meter], round.frame, lane.states[meter].history);
    wishes.push_back({works.back().asks(), closing, lane.states[meter].silent});
  }
  LaneLimits limits;
  limits.patience = round.frame.kind == RoundKind::live ? Milliseconds{0} : rules_.patience;
  limits.probes = closing ? closing_probes : plain_probes;
  std::vector<bool> settled(works.size());
  return {lane, round, LaneRound(std::move(wishes), limits, clock_.ticks(), lane.first_silent),
          std::move(works), std::move(settled)};
}

Awaitable<void> RoundRunner::run_lane(Lane& lane, Round& round) {
  lane.in_round = round.frame.kind != RoundKind::live;
  auto course = course_of(lane, round);
  const auto status = [&](std::size_t meter) { return lane.bus->status(lane.plan.meters[meter].unit); };
  while (!cancelled_ && clock_.now() < round.until) {
    ++steps_;
    const auto step = course.turns.next(clock_.ticks(), status);
    if (step.kind == LaneStep::Kind::done) break;
    if (step.kind == LaneStep::Kind::wait) {
      co_await wait(lane, step.until);
      continue;
    }
    if (step.kind == LaneStep::Kind::identify) {
      co_await identify(course, step.unit);
    } else {
      co_await read(course, step.unit, step.read);
    }
    hear(lane);
    settle(course, step.unit);
  }
  end(course);
  lane.in_round = false;
  --round.running;
  lane_done_.set();
}

Awaitable<void> RoundRunner::wait(Lane& lane, Ticks until) {
  if (wait_) {
    co_await wait_(until);
    co_return;
  }
  const auto left = std::chrono::ceil<Milliseconds>(until - clock_.ticks());
  (void)co_await lane.wake->wait(std::clamp<Milliseconds>(left, Milliseconds{1}, longest_wait));
}

Awaitable<void> RoundRunner::identify(Course& course, std::size_t at) {
  const auto& meter = course.lane.plan.meters[at];
  auto& state = course.lane.states[at];
  const auto identity = co_await course.lane.bus->identify(meter.unit);
  auto outcome = LaneOutcome::answered;
  if (!identity) {
    // An identity that is refused by the meter is no answer, whatever the exception.
    outcome =
        outcome_of(identity.error()) == LaneOutcome::refused ? LaneOutcome::refused : LaneOutcome::failed;
    if (outcome == LaneOutcome::failed) state.why = identity.error().message;
  } else {
    check_serial(course, at, *identity);
  }
  state.asked = state.asked || outcome != LaneOutcome::refused;
  course.turns.identified(at, outcome, course.lane.bus->status(meter.unit).episode, clock_.ticks());
}

Awaitable<void> RoundRunner::read(Course& course, std::size_t at, std::size_t ask) {
  const auto& meter = course.lane.plan.meters[at];
  auto& state = course.lane.states[at];
  auto& work = course.works[at];
  const auto span = work.span(ask);
  auto words = co_await course.lane.bus->read(meter.unit, span);
  const auto taken_at = clock_.now();
  const auto outcome = words ? LaneOutcome::answered : outcome_of(words.error());
  state.asked = state.asked || outcome != LaneOutcome::refused;
  if (words) {
    work.heard(ask, std::move(*words), taken_at);
    if (course.round.frame.kind != RoundKind::closing)
      course.round.report.readings += work.give(ask, now_of(course.lane, at), state.history, sink_);
  } else if (outcome == LaneOutcome::unsupported) {
    state.history.unsupported.insert(span);
    work.refused(ask);
    say("register_unsupported", meter.meter.text, words.error().message);
  } else {
    state.why = words.error().message;
  }
  course.turns.was_read(at, ask, outcome, course.lane.bus->status(meter.unit).episode);
}

void RoundRunner::settle(Course& course, std::size_t at) {
  if (course.settled[at] || !course.turns.finished(at)) return;
  auto& work = course.works[at];
  auto& state = course.lane.states[at];
  const auto now = now_of(course.lane, at);
  if (course.round.frame.kind == RoundKind::closing) {
    if (work.wants_again(true, now) && course.turns.again(at, work.asks(), clock_.ticks())) return;
    course.round.report.readings += work.give_all(true, now, state.history, sink_);
  }
  course.settled[at] = true;
  note_silence(course.lane, at, false);
}

void RoundRunner::end(Course& course) {
  auto& lane = course.lane;
  for (std::size_t at = 0; at < course.works.size(); ++at) {
    settle(course, at);
    if (course.settled[at]) continue;
    auto& state = lane.states[at];
    if (course.round.frame.kind == RoundKind::closing)
      course.round.report.readings +=
          course.works[at].give_all(false, now_of(lane, at), state.history, sink_);
    const bool wanted = course.round.frame.kind != RoundKind::live && course.turns.given_up(at);
    if (cancelled_ || !wanted) continue;
    ++course.round.report.silent;
    // Still in the quarantine of the start: nobody knows yet whether it is silent.
    if (state.asked) note_silence(lane, at, true);
  }
  lane.first_silent = course.turns.next_silent();
  hear(lane);
}

void RoundRunner::hear(Lane& lane) {
  for (const auto& notice : lane.bus->take_notices()) note(lane, notice);
  note_foreign(lane);
}

void RoundRunner::note(Lane& lane, const BusNotice& notice) {
  const auto since = walls_.at(notice.since);
  const auto now = clock_.now();
  if (notice.kind == BusNotice::Kind::foreign_master) {
    sink_.event(event_of(notice, lane.plan.bus.text, since, now));
    for (std::size_t at = 0; at < lane.states.size(); ++at) {
      // Only what a bill could stand on is taken back.
      if (lane.states[at].history.last_good_closing < since || lane.states[at].history.billed.empty())
        continue;
      sink_.event({now, "line_shared", lane.plan.meters[at].meter.text,
                   doubt_detail({since, now, "a second master was heard on the line"})});
    }
    return;
  }
  const auto meter = std::find_if(lane.plan.meters.begin(), lane.plan.meters.end(),
                                  [&](const MeterPlan& plan) { return plan.unit == notice.unit; });
  if (meter == lane.plan.meters.end()) return;
  sink_.event(event_of(notice, meter->meter.text, since, now));
  auto& state = lane.states[static_cast<std::size_t>(meter - lane.plan.meters.begin())];
  if (notice.kind == BusNotice::Kind::exchanged) {
    state.exchanged = true;
    serial_changed(lane, static_cast<std::size_t>(meter - lane.plan.meters.begin()), meter->serial, "",
                   since);
  }
  if (notice.kind == BusNotice::Kind::clash) state.exchanged = false;
  if (notice.kind == BusNotice::Kind::clash || notice.kind == BusNotice::Kind::exchanged)
    sink_.latched(lane.plan.bus, meter->unit);
}

void RoundRunner::note_foreign(Lane& lane) {
  if (lane.plan.meters.empty()) return;
  const bool foreign = lane.bus->status(lane.plan.meters.front().unit).foreign;
  if (lane.foreign && !foreign)
    say("line_alone", lane.plan.bus.text, "no second master was heard for 10 minutes");
  lane.foreign = foreign;
}

/// Another serial number behind our back: beside the doubt, an event of the meter's life, so that no bill
/// crosses it even after the doubt was cleared, until somebody says whether it was an exchange.
void RoundRunner::serial_changed(Lane& lane, std::size_t at, const std::string& old_serial,
                                 const std::string& new_serial, std::optional<Instant> since) {
  MeterEvent event{MeterEventKind::serial_changed, lane.plan.meters[at].meter, "", clock_.now()};
  auto& history = lane.states[at].history;
  for (const auto& [channel, mark] : history.life.marks) {
    if (!since || mark.round_at < *since) since = mark.round_at;
  }
  if (since && *since <= event.at && *since > Instant{}) event.since = since;
  event.old_serial = fit_serial(old_serial);
  event.new_serial = new_serial.empty() ? "?" : fit_serial(new_serial);
  if (wrong_with(event) != nullptr) return;  // the doubt has been said
  history.life.finding = event;
  sink_.event(edge_event_of(event));
}

void RoundRunner::check_serial(Course& course, std::size_t at, const Identity& identity) {
  const auto& meter = course.lane.plan.meters[at];
  auto& history = course.lane.states[at].history;
  if (!meter.serial.empty() && meter.probe.serial && !identity.serial.empty()) {
    const auto text = serial_text(*meter.probe.serial, identity.serial);
    const bool wrong = text != meter.serial;
    if (wrong && !history.wrong_serial) {
      say("unit_exchanged", meter.meter.text,
          doubt_detail({clock_.now(), std::nullopt,
                        "answers as " + text.value_or("nobody") + ", the meter list says " + meter.serial}));
      // Never read rightly in this run: the list is wrong, and there is nothing a bill could cross.
      if (!history.life.marks.empty())
        serial_changed(course.lane, at, meter.serial, text.value_or(""), std::nullopt);
    }
    history.wrong_serial = wrong;
  }
  course.works[at].identified(identity.expected);
}

UnitNow RoundRunner::now_of(const Lane& lane, std::size_t meter) const {
  const auto status = lane.bus->status(lane.plan.meters[meter].unit);
  return {status.latched, status.foreign, clock_.trust(), status.pulses_missed};
}

Advice RoundRunner::advice_of(const Lane& lane, std::size_t at) const {
  const auto unit = lane.plan.meters[at].unit;
  const auto status = lane.bus->status(unit);
  LineTrouble line{lane.serial_line, status.foreign, lane.plan.meters.size(), {}};
  std::vector<UnitCounters> others;
  for (const auto& meter : lane.plan.meters) {
    if (meter.unit != unit) others.push_back(lane.bus->counters(meter.unit));
  }
  line.others = added_up(others);
  const auto& state = lane.states[at];
  const bool wrong = state.history.wrong_serial;
  return advise(
      {lane.bus->counters(unit), status.latched || wrong, state.exchanged || wrong, status.pulses_missed},
      line);
}

void RoundRunner::say(std::string kind, const std::string& subject, std::string detail) {
  sink_.event({clock_.now(), std::move(kind), subject, std::move(detail)});
}

void RoundRunner::note_silence(Lane& lane, std::size_t at, bool silent) {
  auto& state = lane.states[at];
  if (state.silent == silent) return;
  state.silent = silent;
  const auto& meter = lane.plan.meters[at];
  const auto where = "unit " + unit_text(meter.unit) + " of bus " + lane.plan.bus.text;
  if (silent) {
    say("unit_silent", meter.meter.text,
        with_advice(where + " gives no value: " + state.why, advice_of(lane, at)));
  } else {
    say("unit_answers", meter.meter.text, where + " answers again");
  }
}

std::vector<MeterReport> RoundRunner::reports() const {
  std::vector<std::pair<MeterNo, MeterReport>> found;
  for (const auto& lane : lanes_) {
    for (std::size_t at = 0; at < lane.states.size(); ++at) {
      const auto& meter = lane.plan.meters[at];
      found.emplace_back(meter.meter_no, MeterReport{meter.meter,
                                                     lane.plan.bus,
                                                     meter.unit,
                                                     lane.states[at].silent,
                                                     lane.bus->status(meter.unit),
                                                     lane.bus->counters(meter.unit),
                                                     {}});
      const auto& counters = found.back().second.counters;
      // Adding up a whole bus for each of its meters is only for those that need it.
      if (counters.answered < counters.asked || found.back().second.status.latched ||
          found.back().second.status.pulses_missed || lane.states[at].history.wrong_serial)
        found.back().second.advice = advice_of(lane, at);
    }
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<MeterReport> reports;
  for (auto& [no, report] : found) reports.push_back(std::move(report));
  return reports;
}

std::vector<MeterId> RoundRunner::silent_meters() const {
  std::vector<MeterId> meters;
  for (auto& report : reports()) {
    if (report.silent) meters.push_back(std::move(report.meter));
  }
  return meters;
}

bool RoundRunner::unlatch(const MeterId& meter,
                          const std::function<void(const BusId&, UnitAddress)>& forget) {
  for (auto& lane : lanes_) {
    for (std::size_t at = 0; at < lane.states.size(); ++at) {
      if (lane.plan.meters[at].meter != meter) continue;
      lane.bus->unlatch(lane.plan.meters[at].unit);
      auto& history = lane.states[at].history;
      history.wrong_serial = false;
      history.billed.clear();  // the next closing is confirmed by a second read
      forget(lane.plan.bus, lane.plan.meters[at].unit);
      say(std::string(doubt_cleared), meter.text, "cleared at the gateway's control socket");
      return true;
    }
  }
  return false;
}

std::optional<RoundRunner::KnownLife> RoundRunner::known_life(const MeterId& meter) const {
  for (const auto& lane : lanes_) {
    for (std::size_t at = 0; at < lane.plan.meters.size(); ++at) {
      const auto& plan = lane.plan.meters[at];
      if (plan.meter != meter) continue;
      const auto& channels = plan.profile->channels;
      const auto billed = std::find_if(channels.begin(), channels.end(), is_billed);
      if (billed == channels.end()) return std::nullopt;
      const auto& state = lane.states[at];
      KnownLife known{&plan, &*billed, std::nullopt, state.history.life.finding,
                      state.asked && !state.silent};
      const auto mark = state.history.life.marks.find(billed->no);
      if (mark != state.history.life.marks.end()) known.mark = mark->second;
      return known;
    }
  }
  return std::nullopt;
}

void RoundRunner::remember(std::map<MeterNo, MeterHistory> known) {
  for (auto& lane : lanes_) {
    for (std::size_t at = 0; at < lane.states.size(); ++at) {
      const auto of = known.find(lane.plan.meters[at].meter_no);
      if (of != known.end()) lane.states[at].history = std::move(of->second);
    }
  }
}

void RoundRunner::explained(const MeterId& meter, std::optional<LifeMark> mark) {
  for (auto& lane : lanes_) {
    for (std::size_t at = 0; at < lane.plan.meters.size(); ++at) {
      const auto& plan = lane.plan.meters[at];
      if (plan.meter != meter) continue;
      auto& history = lane.states[at].history;
      explain_life(history.life, *plan.profile, mark);
      history.last.clear();
      history.billed.clear();
    }
  }
}

}  // namespace steward
