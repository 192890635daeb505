#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "contract/nouns/bytes.hpp"
#include "contract/nouns/clock.hpp"
#include "drivers/doors/ut0311_codec.hpp"

namespace steward::sim {

/// Someone holds a card to a door's reader.
struct Swipe {
  Instant at;
  std::uint8_t door = 1;       // from 1
  std::uint8_t direction = 1;  // 1 in, 2 out
  std::uint32_t card = 0;

  friend bool operator==(const Swipe&, const Swipe&) = default;
};

/// A working population: every card goes out and comes back on most days, a few
/// swipes are by cards nobody has registered. Same arguments, same swipes, on any
/// machine. In time order.
/// from, to: UTC, half open; cards and doors: at least one each.
std::vector<Swipe> commuter_swipes(std::uint64_t seed, const std::vector<std::uint32_t>& cards,
                                   std::uint8_t doors, Instant from, Instant to);

struct DoorBoardSetup {
  std::uint32_t serial = 0;
  std::chrono::minutes utc_offset{480};  // the board's clock shows local time
  /// Boards keep about 204,800 events and make room by dropping the oldest 2,048.
  std::size_t memory = 204'800;
  std::size_t chunk = 2'048;
  std::size_t cards = 20'000;
  bool echo_xid = true;  // false: answers transaction 0 to everything, as another simulator does
};

/// A UT0311-L0x board without its network: cards, clock, event memory, and the
/// packet that answers a packet. Unlike other simulators it honours a card's
/// first and last day, and refuses what a board cannot keep (card 0, reversed
/// dates, a time that is none). Pure: time is an argument. Thread: one.
class DoorBoard {
 public:
  /// schedule: in time order; played as `advance` passes it.
  explicit DoorBoard(DoorBoardSetup setup, std::vector<Swipe> schedule = {});

  /// Plays all swipes up to `now`, included. Returns how many swipes that were.
  std::size_t advance(Instant now);
  /// The reply to `bytes`; nothing when a board would stay silent.
  std::optional<ut0311::Packet> answer(ByteView bytes, Instant now);

  void swipe(const Swipe& swipe);
  /// Factory reset of the event memory: indices begin at 1 anew.
  void restart_memory();

  std::uint32_t serial() const { return setup_.serial; }
  std::uint32_t oldest() const { return events_.empty() ? 0 : first_; }
  std::uint32_t newest() const { return events_.empty() ? 0 : first_ + std::uint32_t(events_.size()) - 1; }
  /// What is kept at `index`, for comparing with what was fetched.
  EventLookup event(std::uint32_t index) const;
  const std::map<std::uint32_t, DoorCard>& cards() const { return cards_; }
  const EventListener& listener() const { return listener_; }
  std::uint64_t opened() const { return opened_; }  // remote opens obeyed
  ut0311::StatusReply status(Instant now) const;

 private:
  ControllerTime local(Instant now) const;
  void record(ControllerEvent event);
  /// What the door's sensor adds, when special events are recorded.
  void door_moves(std::uint8_t door, ControllerTime time);
  /// How a swipe ends: the reason of the event.
  std::uint8_t judge(const Swipe& swipe, CardDate today) const;
  ut0311::Reply obey(const ut0311::Request& request, Instant now);
  bool put(const DoorCard& card);
  bool open(std::uint8_t door, Instant now);

  DoorBoardSetup setup_;
  std::vector<Swipe> schedule_;
  std::size_t played_ = 0;
  std::uint32_t first_ = 1;  // index of events_.front()
  std::deque<ControllerEvent> events_;
  std::map<std::uint32_t, DoorCard> cards_;
  EventListener listener_;
  bool special_events_ = false;
  std::chrono::milliseconds set_by_{0};  // what set_time added to the clock
  std::uint64_t opened_ = 0;
};

}  // namespace steward::sim
