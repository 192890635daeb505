#include "drivers/sim/door_board.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "drivers/doors/match.hpp"
#include "drivers/sim/seeded.hpp"

namespace steward::sim {
namespace {

constexpr std::uint8_t type_swipe = 1;
constexpr std::uint8_t type_door = 2;
constexpr std::uint8_t reason_opened_by_swipe = 1;
constexpr std::uint8_t reason_no_privilege = 6;
constexpr std::uint8_t reason_expired = 15;
constexpr std::uint8_t reason_unknown_card = 18;
constexpr std::uint8_t reason_remote = 44;
constexpr std::uint8_t reason_door_opened = 23;
constexpr std::uint32_t opened_code = 8;           // stands in the card field of "door opened"
constexpr std::uint32_t remote_code = 0xE9CDACEA;  // stands in the card field of a remote open

bool answers_with_bool(std::uint8_t function) {
  using ut0311::Function;
  constexpr Function all[] = {Function::put_card, Function::delete_card, Function::open_door,
                              Function::set_listener, Function::special_events};
  return std::find(std::begin(all), std::end(all), static_cast<Function>(function)) != std::end(all);
}

}  // namespace

std::vector<Swipe> commuter_swipes(std::uint64_t seed, const std::vector<std::uint32_t>& cards,
                                   std::uint8_t doors, Instant from, Instant to) {
  assert(!cards.empty() && doors >= 1);
  Draws draws(seed);
  std::vector<Swipe> swipes;
  const auto add = [&](Instant at, std::uint8_t direction, std::uint32_t card) {
    const auto door = static_cast<std::uint8_t>(1 + draws.below(doors));
    if (at >= from && at < to) swipes.push_back({at, door, direction, card});
  };
  for (auto day = std::chrono::floor<std::chrono::days>(from); day < to; day += std::chrono::days{1}) {
    const Instant midnight{day};
    for (const std::uint32_t card : cards) {
      if (draws.below(7) == 0) continue;  // stays in
      // 22:30..02:00 UTC is 06:30..10:00 at UTC+8; the way back 8 to 11 hours later.
      const Instant out =
          midnight - std::chrono::minutes{90} + std::chrono::seconds{draws.below(3 * 3600 + 1800)};
      add(out, 2, card);
      add(out + std::chrono::hours{8} + std::chrono::seconds{draws.below(3 * 3600)}, 1, card);
    }
    if (draws.below(3) == 0) {
      add(midnight + std::chrono::seconds{draws.below(86400)}, 1,
          static_cast<std::uint32_t>(9'000'000 + draws.below(1'000'000)));
    }
  }
  std::stable_sort(swipes.begin(), swipes.end(), [](const Swipe& a, const Swipe& b) { return a.at < b.at; });
  return swipes;
}

DoorBoard::DoorBoard(DoorBoardSetup setup, std::vector<Swipe> schedule)
    : setup_(setup), schedule_(std::move(schedule)) {
  assert(ut0311::doors_of(setup_.serial) && setup_.chunk >= 1 && setup_.memory >= setup_.chunk);
}

ControllerTime DoorBoard::local(Instant now) const {
  return ControllerTime{
      std::chrono::floor<std::chrono::seconds>(now.time_since_epoch() + setup_.utc_offset + set_by_)};
}

void DoorBoard::record(ControllerEvent event) {
  if (events_.size() == setup_.memory) {
    events_.erase(events_.begin(), events_.begin() + static_cast<std::ptrdiff_t>(setup_.chunk));
    first_ += static_cast<std::uint32_t>(setup_.chunk);
  }
  event.index = first_ + static_cast<std::uint32_t>(events_.size());
  events_.push_back(std::move(event));
}

void DoorBoard::restart_memory() {
  events_.clear();
  first_ = 1;
}

std::uint8_t DoorBoard::judge(const Swipe& swipe, CardDate today) const {
  const auto card = cards_.find(swipe.card);
  if (card == cards_.end()) return reason_unknown_card;
  if (today < card->second.from || today > card->second.to) return reason_expired;
  const bool permitted = swipe.door >= 1 && swipe.door <= 4 && card->second.permission[swipe.door - 1U] != 0;
  return permitted ? reason_opened_by_swipe : reason_no_privilege;
}

void DoorBoard::swipe(const Swipe& swipe) {
  const ControllerTime time = local(swipe.at);
  const std::uint8_t reason = judge(swipe, CardDate{std::chrono::floor<std::chrono::days>(time)});
  const bool granted = reason == reason_opened_by_swipe;
  record({.type = type_swipe,
          .granted = granted,
          .door = swipe.door,
          .direction = swipe.direction,
          .card = swipe.card,
          .time = time,
          .reason = reason});
  if (granted) door_moves(swipe.door, time);
}

void DoorBoard::door_moves(std::uint8_t door, ControllerTime time) {
  if (!special_events_) return;
  record({.type = type_door,
          .granted = true,
          .door = door,
          .card = opened_code,
          .time = time,
          .reason = reason_door_opened});
}

std::size_t DoorBoard::advance(Instant now) {
  const std::size_t before = played_;
  while (played_ < schedule_.size() && schedule_[played_].at <= now) swipe(schedule_[played_++]);
  return played_ - before;
}

EventLookup DoorBoard::event(std::uint32_t index) const {
  if (events_.empty() || (index > newest() && index != newest_event)) return NoEvent{};
  if (index == newest_event) return events_.back();
  if (index == oldest_event) return events_.front();
  if (index < first_) return OverwrittenEvent{};
  return events_[index - first_];
}

ut0311::StatusReply DoorBoard::status(Instant now) const {
  ut0311::StatusReply reply;
  reply.status.newest_index = newest();
  reply.status.clock = local(now);
  reply.newest = event(newest_event);
  return reply;
}

bool DoorBoard::put(const DoorCard& card) {
  if (!cards_.contains(card.number) && cards_.size() >= setup_.cards) return false;
  cards_[card.number] = card;
  return true;
}

bool DoorBoard::open(std::uint8_t door, Instant now) {
  ++opened_;
  record({.type = type_door,
          .granted = true,
          .door = door,
          .direction = 1,
          .card = remote_code,
          .time = local(now),
          .reason = reason_remote});
  door_moves(door, local(now));
  return true;
}

ut0311::Reply DoorBoard::obey(const ut0311::Request& request, Instant now) {
  using namespace ut0311;
  return std::visit(
      Match{[](const FindRequest&) -> Reply {
              return FoundController{.address = {127, 0, 0, 1},
                                     .mask = {255, 0, 0, 0},
                                     .gateway = {},
                                     .mac = {0x02, 0, 0, 0, 0, 0x01},
                                     .version = 0x0892,
                                     .released = std::chrono::year{2018} / 11 / 5};
            },
            [&](const StatusRequest&) -> Reply { return status(now); },
            [&](const EventRequest& asked) -> Reply {
              EventLookup found = event(asked.index);
              const auto* kept = std::get_if<ControllerEvent>(&found);
              const bool none = std::holds_alternative<NoEvent>(found);
              return EventReply{kept ? kept->index : none ? 0 : asked.index, std::move(found)};
            },
            [&](const PutCardRequest& asked) -> Reply { return DoneReply{put(asked.card)}; },
            [&](const DeleteCardRequest& asked) -> Reply { return DoneReply{cards_.erase(asked.card) == 1}; },
            [&](const CardRequest& asked) -> Reply {
              const auto card = cards_.find(asked.card);
              return card == cards_.end() ? CardReply{} : CardReply{card->second};
            },
            [&](const OpenDoorRequest& asked) -> Reply { return DoneReply{open(asked.door, now)}; },
            [&](const SetTimeRequest& asked) -> Reply {
              set_by_ += std::chrono::milliseconds(asked.time - local(now));
              return TimeReply{local(now)};
            },
            [&](const TimeRequest&) -> Reply { return TimeReply{local(now)}; },
            [&](const SetListenerRequest& asked) -> Reply {
              listener_ = asked.listener;
              return DoneReply{true};
            },
            [&](const ListenerRequest&) -> Reply { return ListenerReply{listener_}; },
            [&](const SpecialEventsRequest& asked) -> Reply {
              special_events_ = asked.on;
              return DoneReply{true};
            }},
      request);
}

std::optional<ut0311::Packet> DoorBoard::answer(ByteView bytes, Instant now) {
  advance(now);
  const auto asked = ut0311::decode_request(bytes);
  if (asked) {
    if (asked->serial != setup_.serial && asked->serial != 0) return std::nullopt;
    const std::uint32_t xid = setup_.echo_xid ? asked->xid : 0;
    return ut0311::encode_reply(setup_.serial, xid, ut0311::function_of(asked->request),
                                obey(asked->request, now));
  }
  // A packet to this board that asks the impossible is answered with "no".
  if (bytes.size() != ut0311::packet_bytes || bytes[0] != 0x17 || !answers_with_bool(bytes[1]))
    return std::nullopt;
  ut0311::Packet packet{};
  std::copy(bytes.begin(), bytes.end(), packet.begin());
  const ut0311::FieldReader fields(packet);
  if (fields.u32(4) != setup_.serial) return std::nullopt;
  return ut0311::encode_reply(setup_.serial, setup_.echo_xid ? fields.u32(40) : 0,
                              static_cast<ut0311::Function>(bytes[1]), ut0311::DoneReply{false});
}

}  // namespace steward::sim
