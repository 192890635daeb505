#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "drivers/doors/door_controller.hpp"
#include "drivers/sim/door_board.hpp"
#include "edge/doors/door_watch.hpp"

namespace steward::test {

/// What happens to one question: the fault it ends with, or none.
using Weather = std::function<std::optional<Error>()>;

/// A simulated board without a network between: each question passes the codec
/// both ways and then the weather, all in no time.
class BoardController : public DoorController {
 public:
  BoardController(sim::DoorBoard& board, const Clock& clock) : board_(&board), clock_(clock) {}

  Weather weather;                // empty = always fine
  std::function<void()> between;  // runs before each question: the world goes on
  std::vector<ut0311::Request> asked;

  void replace(sim::DoorBoard& board) { board_ = &board; }

  std::uint32_t serial() const override { return board_->serial(); }
  std::uint8_t doors() const override { return *ut0311::doors_of(board_->serial()); }

  Awaitable<Result<ControllerStatus>> status() override {
    auto reply = ask(ut0311::StatusRequest{});
    if (!reply) co_return reply.error();
    co_return std::get<ut0311::StatusReply>(*reply).status;
  }
  Awaitable<Result<EventLookup>> event(std::uint32_t index) override {
    auto reply = ask(ut0311::EventRequest{index});
    if (!reply) co_return reply.error();
    co_return std::get<ut0311::EventReply>(*reply).event;
  }
  Awaitable<Result<void>> record_special_events(bool on) override {
    auto reply = ask(ut0311::SpecialEventsRequest{on});
    if (!reply) co_return reply.error();
    co_return Result<void>();
  }
  Awaitable<Result<void>> set_listener(EventListener listener) override {
    auto reply = ask(ut0311::SetListenerRequest{listener});
    if (!reply) co_return reply.error();
    co_return Result<void>();
  }

  // Not asked by a watch.
  Awaitable<Result<void>> put_card(DoorCard) override { co_return unasked(); }
  Awaitable<Result<bool>> delete_card(std::uint32_t) override { co_return unasked(); }
  Awaitable<Result<std::optional<DoorCard>>> card(std::uint32_t) override { co_return unasked(); }
  Awaitable<Result<OpenOutcome>> open_door(std::uint8_t) override { co_return unasked(); }
  Awaitable<Result<std::optional<ControllerTime>>> clock() override { co_return unasked(); }
  Awaitable<Result<void>> set_clock(ControllerTime) override { co_return unasked(); }
  Awaitable<Result<EventListener>> listener() override { co_return unasked(); }

 private:
  static Error unasked() { return {Fault::broken, "a watch does not ask this"}; }

  Result<ut0311::Reply> ask(ut0311::Request request) {
    if (between) between();
    asked.push_back(request);
    const auto packet = ut0311::encode_request(serial(), 1, request);
    if (!packet) return packet.error();
    const auto answer = board_->answer(*packet, clock_.now());
    if (weather) {
      if (auto fault = weather()) return *fault;
    }
    if (!answer) return Error{Fault::retry, "silence"};
    return ut0311::decode_reply(*answer, {.serial = serial(), .xid = 1, .request = std::move(request)});
  }

  sim::DoorBoard* board_;
  const Clock& clock_;
};

/// The outbox as a watch sees it: all of a harvest or nothing.
class MemorySink : public DoorSink {
 public:
  Weather weather;  // a fault: nothing of this harvest is stored

  std::vector<DoorEvent> events;
  std::vector<EdgeEvent> remarks;
  std::map<std::string, DoorCursor> cursors;
  std::size_t stores = 0;

  Awaitable<Result<std::optional<DoorCursor>>> cursor(std::string controller) override {
    if (auto fault = weather ? weather() : std::nullopt) co_return *fault;
    const auto found = cursors.find(controller);
    co_return found == cursors.end() ? std::nullopt : std::optional(found->second);
  }
  Awaitable<Result<void>> store(DoorHarvest harvest) override {
    if (auto fault = weather ? weather() : std::nullopt) co_return *fault;
    ++stores;
    events.insert(events.end(), harvest.events.begin(), harvest.events.end());
    remarks.insert(remarks.end(), harvest.remarks.begin(), harvest.remarks.end());
    cursors[harvest.controller] = harvest.cursor;
    co_return Result<void>();
  }

  std::vector<std::string> remark_kinds() const {
    std::vector<std::string> kinds;
    for (const auto& remark : remarks) kinds.push_back(remark.kind);
    return kinds;
  }
};

}  // namespace steward::test
