#include "edge/doors/door_watch.hpp"

#include <deque>
#include <utility>

#include "edge/doors/door_facts.hpp"
#include "kit/loop/loop.hpp"

namespace steward {
namespace {

constexpr Milliseconds own_turn_limit{3'600'000};
/// Between two sweeps: a flood of forged pushes must not become a flood of questions.
constexpr Milliseconds rest_after_sweep{20};
constexpr std::size_t max_remarks = 4;

const std::vector<std::uint8_t>* raw_of(const EventLookup& found) {
  if (const auto* event = std::get_if<ControllerEvent>(&found)) return &event->raw;
  if (const auto* event = std::get_if<UnreadableEvent>(&found)) return &event->raw;
  return nullptr;
}

std::uint32_t index_of(const EventLookup& found) {
  if (const auto* event = std::get_if<ControllerEvent>(&found)) return event->index;
  if (const auto* event = std::get_if<UnreadableEvent>(&found)) return event->index;
  return 0;
}

}  // namespace

class DoorWatch::Body {
 public:
  Body(Loop& loop, const Clock& clock, DoorController& controller, DoorSink& sink, DoorWatchSetup setup)
      : loop_(loop),
        clock_(clock),
        controller_(controller),
        sink_(sink),
        setup_(std::move(setup)),
        wake_(loop) {}

  Awaitable<void> run() {
    while (!stopped_) {
      static_cast<void>(co_await sweep());  // its outcome is in health()
      if (stopped_) break;
      co_await pause(rest_after_sweep);
      if (!stopped_) co_await wake_.wait(setup_.poll_every);
    }
  }

  Awaitable<Result<std::size_t>> sweep() {
    co_await own_turn();
    const std::uint64_t before = health_.stored;
    const Result<void> done = co_await pass();
    co_await judge(done);
    next_turn();
    if (!done) co_return done.error();
    co_return static_cast<std::size_t>(health_.stored - before);
  }

  void wake() { wake_.set(); }
  void stop() {
    stopped_ = true;
    wake_.set();
  }
  const DoorHealth& health() const { return health_; }

 private:
  /// Sweeps come one after the other: two would fetch the same events.
  Awaitable<void> own_turn() {
    if (!std::exchange(sweeping_, true)) co_return;
    Signal mine(loop_);
    waiting_.push_back(&mine);
    while (!co_await mine.wait(own_turn_limit)) continue;
  }
  void next_turn() {
    if (waiting_.empty()) {
      sweeping_ = false;
      return;
    }
    waiting_.front()->set();
    waiting_.pop_front();
  }

  door_facts::Origin origin() const {
    return {setup_.controller, controller_.serial(), cursor_.generation, clock_.now()};
  }

  Awaitable<Result<void>> pass() {
    Result<void> ready = co_await load_cursor();
    if (!ready) co_return ready;
    if (!prepared_) {
      ready = co_await prepare();
      if (!ready) co_return ready;
    }
    const Result<ControllerStatus> status = co_await controller_.status();
    if (!status) co_return status.error();
    reached_ = true;
    Result<void> known = co_await recognise(status->newest_index);
    if (!known) co_return known;
    co_return co_await fetch(status->newest_index);
  }

  Awaitable<Result<void>> load_cursor() {
    if (loaded_) co_return Result<void>();
    const Result<std::optional<DoorCursor>> found = co_await sink_.cursor(setup_.controller);
    if (!found) co_return found.error();
    cursor_ = found->value_or(DoorCursor{.serial = controller_.serial()});
    health_.cursor = cursor_;
    loaded_ = true;
    co_return Result<void>();
  }

  /// What the board must be told once each time it comes into reach: repeatable.
  /// A board that will not is watched all the same; the health says what it refused.
  Awaitable<Result<void>> prepare() {
    refused_.clear();
    if (setup_.special_events) {
      const Result<void> told = co_await controller_.record_special_events(true);
      if (!told && told.error().fault != Fault::refused) co_return told;
      if (!told) refused_ = told.error().message;
    }
    if (setup_.listener) {
      const Result<void> told = co_await controller_.set_listener(*setup_.listener);
      if (!told && told.error().fault != Fault::refused) co_return told;
      if (!told) refused_ = told.error().message;
    }
    prepared_ = true;
    co_return Result<void>();
  }

  /// Is it still the memory our cursor is in? If not, a new generation begins.
  Awaitable<Result<void>> recognise(std::uint32_t newest) {
    if (cursor_.serial != controller_.serial()) {
      co_return co_await begin_anew("controller " + std::to_string(controller_.serial()) +
                                    " stands where controller " + std::to_string(cursor_.serial) + " was");
    }
    if (newest < cursor_.index) {
      co_return co_await begin_anew("its newest event is " + std::to_string(newest) + ", " +
                                    std::to_string(cursor_.index) + " had been fetched");
    }
    if (newest == cursor_.index || cursor_.fingerprint == 0) co_return Result<void>();
    const Result<EventLookup> last = co_await controller_.event(cursor_.index);
    if (!last) co_return last.error();
    const auto* raw = raw_of(*last);
    if (raw == nullptr || door_facts::fingerprint(*raw) == cursor_.fingerprint) co_return Result<void>();
    co_return co_await begin_anew("event " + std::to_string(cursor_.index) +
                                  " is not the one that was fetched");
  }

  Awaitable<Result<void>> begin_anew(std::string why) {
    DoorHarvest harvest{.controller = setup_.controller};
    harvest.remarks.push_back(door_facts::restarted(origin(), why));
    harvest.cursor = {.serial = controller_.serial(), .generation = cursor_.generation + 1};
    Result<void> stored = co_await store(std::move(harvest));
    if (stored) ++health_.restarts;
    co_return stored;
  }

  /// Everything after the cursor up to `newest`, in batches.
  Awaitable<Result<void>> fetch(std::uint32_t newest) {
    Result<void> outcome;
    while (outcome && cursor_.index < newest && !stopped_) {
      DoorHarvest harvest{.controller = setup_.controller, .cursor = cursor_};
      std::uint64_t lost = 0;
      while (outcome && harvest.cursor.index < newest && harvest.events.size() < setup_.batch &&
             harvest.remarks.size() + 1 < max_remarks && !stopped_) {
        outcome = co_await fetch_next(harvest, lost);
      }
      // Also after a fault: what came before it need not be fetched again.
      if (harvest.cursor == cursor_) break;
      Result<void> stored = co_await store(std::move(harvest));
      if (!stored) co_return stored;
      health_.gaps += lost;
    }
    co_return outcome;
  }

  /// Adds what follows the harvest's cursor and moves it there. After a fault
  /// neither has changed, so no index is ever passed for want of a reply.
  Awaitable<Result<void>> fetch_next(DoorHarvest& harvest, std::uint64_t& lost) {
    const bool first_contact = harvest.cursor.generation == 0 && harvest.cursor.index == 0;
    const std::uint32_t index = harvest.cursor.index + 1;
    Result<EventLookup> found = co_await controller_.event(first_contact ? oldest_event : index);
    if (!found) co_return found.error();
    if (std::holds_alternative<OverwrittenEvent>(*found)) {
      found = co_await controller_.event(oldest_event);
      if (!found) co_return found.error();
      const std::uint32_t oldest = index_of(*found);
      if (oldest <= index) co_return Error{Fault::retry, changed_meanwhile(index)};
      harvest.remarks.push_back(door_facts::gap(origin(), index, oldest - 1));
      lost += oldest - index;
    }
    if (std::holds_alternative<NoEvent>(*found)) {
      Result<void> sure = co_await confirm_hole(index);
      if (!sure) co_return sure;
      harvest.remarks.push_back(door_facts::hole(origin(), index));
      harvest.cursor.index = index;
      harvest.cursor.fingerprint = 0;
      co_return Result<void>();
    }
    keep(*found, harvest);
    co_return Result<void>();
  }

  void keep(const EventLookup& found, DoorHarvest& harvest) {
    if (const auto* event = std::get_if<ControllerEvent>(&found)) {
      harvest.events.push_back(door_facts::stored(*event, origin()));
    } else if (const auto* bytes = std::get_if<UnreadableEvent>(&found)) {
      harvest.events.push_back(door_facts::stored(*bytes, origin()));
      harvest.remarks.push_back(door_facts::unreadable(origin(), *bytes));
    }
    harvest.cursor.index = index_of(found);
    harvest.cursor.fingerprint = door_facts::fingerprint(*raw_of(found));
  }

  /// A board that has newer events said it has not this one. Believed only when
  /// it says both again: between the two it may have been reset.
  Awaitable<Result<void>> confirm_hole(std::uint32_t index) {
    const Result<ControllerStatus> status = co_await controller_.status();
    if (!status) co_return status.error();
    const Result<EventLookup> again = co_await controller_.event(index);
    if (!again) co_return again.error();
    const bool same = status->newest_index >= index && std::holds_alternative<NoEvent>(*again);
    if (!same) co_return Error{Fault::retry, changed_meanwhile(index)};
    co_return Result<void>();
  }

  static std::string changed_meanwhile(std::uint32_t index) {
    return "the memory changed while event " + std::to_string(index) + " was asked for";
  }

  Awaitable<Result<void>> store(DoorHarvest harvest) {
    const DoorCursor reached = harvest.cursor;
    const std::size_t events = harvest.events.size();
    Result<void> stored = co_await sink_.store(std::move(harvest));
    if (!stored) {
      sink_failed_ = true;
      co_return stored;
    }
    cursor_ = reached;
    health_.cursor = reached;
    health_.stored += events;
    co_return stored;
  }

  /// Keeps the health, and says once when the board falls silent or is back.
  Awaitable<void> judge(const Result<void>& done) {
    health_.last_error = done ? refused_ : done.error().message;
    const bool reached = std::exchange(reached_, false) && (done || sink_failed_);
    sink_failed_ = false;
    if (!loaded_) co_return;  // the store is not ready: nothing is known of the board
    health_.online = reached;
    health_.failures = reached ? 0 : health_.failures + 1;
    if (!reached) prepared_ = false;
    const bool fell_silent = !reached && !said_silent_ && health_.failures >= setup_.silent_after;
    const bool came_back = reached && said_silent_;
    if (!fell_silent && !came_back) co_return;
    DoorHarvest harvest{.controller = setup_.controller, .cursor = cursor_};
    harvest.remarks.push_back(came_back ? door_facts::back(origin())
                                        : door_facts::silent(origin(), health_.last_error));
    const Result<void> stored = co_await store(std::move(harvest));
    sink_failed_ = false;
    if (stored) said_silent_ = fell_silent;
  }

  Loop& loop_;
  const Clock& clock_;
  DoorController& controller_;
  DoorSink& sink_;
  DoorWatchSetup setup_;
  Signal wake_;
  std::deque<Signal*> waiting_;
  DoorCursor cursor_;  // what the sink has stored
  DoorHealth health_;
  std::string refused_;  // what the board would not be told
  bool loaded_ = false;
  bool prepared_ = false;
  bool sweeping_ = false;
  bool reached_ = false;      // in this pass the board answered
  bool sink_failed_ = false;  // in this pass the store, not the board, was in trouble
  bool said_silent_ = false;
  bool stopped_ = false;
};

DoorWatch::DoorWatch(Loop& loop, const Clock& clock, DoorController& controller, DoorSink& sink,
                     DoorWatchSetup setup)
    : body_(std::make_unique<Body>(loop, clock, controller, sink, std::move(setup))) {}
DoorWatch::~DoorWatch() = default;

Awaitable<void> DoorWatch::run() { return body_->run(); }
Awaitable<Result<std::size_t>> DoorWatch::sweep() { return body_->sweep(); }
void DoorWatch::wake() { body_->wake(); }
void DoorWatch::stop() { body_->stop(); }
const DoorHealth& DoorWatch::health() const { return body_->health(); }

}  // namespace steward
