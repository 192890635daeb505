#pragma once
#include <cstdint>
#include <optional>

#include "contract/nouns/result.hpp"
#include "drivers/doors/door_records.hpp"
#include "kit/loop/awaitable.hpp"

namespace steward {

/// One door controller, the only place in the edge where a question to it waits.
///
/// Retry classes. Reads (status, event, card, clock, listener) and writes that
/// give the same state when done twice (put_card, delete_card, set_clock,
/// set_listener, record_special_events) are asked again by the driver until its
/// tries are used up; then the fault is `retry` and nothing is known to have
/// changed or not. open_door is sent exactly ONCE.
///
/// Faults of every call: retry (silence, network away), refused (the argument
/// can never be right for this board: door 3 of 2, card 0, PIN 1000000; nothing
/// was sent), malformed (replies came and none could be believed).
/// Calls may overlap. Thread: loop.
class DoorController {
 public:
  virtual ~DoorController() = default;

  virtual std::uint32_t serial() const = 0;
  virtual std::uint8_t doors() const = 0;  // 1..4

  virtual Awaitable<Result<ControllerStatus>> status() = 0;
  /// The event at `index` (1.., oldest_event, newest_event). A found event
  /// carries the index asked for, or its own for oldest and newest.
  virtual Awaitable<Result<EventLookup>> event(std::uint32_t index) = 0;

  /// Adds the card or replaces all that the board knew of it.
  /// Fault refused also when the board itself says no.
  virtual Awaitable<Result<void>> put_card(DoorCard card) = 0;
  /// True: it was there. False: it was not, or an earlier try whose reply was
  /// lost has removed it. Either way it is gone.
  virtual Awaitable<Result<bool>> delete_card(std::uint32_t number) = 0;
  /// What the board knows of a card; none = unknown to it.
  virtual Awaitable<Result<std::optional<DoorCard>>> card(std::uint32_t number) = 0;

  /// Fault retry here means that nothing left this machine.
  virtual Awaitable<Result<OpenOutcome>> open_door(std::uint8_t door) = 0;

  virtual Awaitable<Result<std::optional<ControllerTime>>> clock() = 0;
  virtual Awaitable<Result<void>> set_clock(ControllerTime time) = 0;
  virtual Awaitable<Result<EventListener>> listener() = 0;
  virtual Awaitable<Result<void>> set_listener(EventListener listener) = 0;
  /// Without this a board keeps no door, button or alarm events, only swipes.
  virtual Awaitable<Result<void>> record_special_events(bool on) = 0;
};

}  // namespace steward
