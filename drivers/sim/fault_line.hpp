#pragma once
#include <vector>

#include "drivers/sim/fault_plan.hpp"

namespace steward::sim {

/// One line with its faults, as bytes that come at times: requests go in, what is
/// heard comes out. Waits for nothing, so that it runs in virtual time as well as
/// behind a pseudo-terminal or a socket.
///
///   line.ask(request, honest, now);
///   while (auto at = line.next()) hear(line.take(*at));
///
/// At most `most_waiting` departures wait; more are lost, as in a converter's buffer.
/// Thread: any one; the plan is borrowed and may serve several lines of one device.
class FaultLine {
 public:
  static constexpr std::size_t most_waiting = 1024;

  explicit FaultLine(FaultPlan& plan) : plan_(plan) {}

  /// request: a whole right frame whose last byte came at `now`.
  void ask(Speech speech, ByteView request, const HonestAnswer& honest, Ticks now);
  /// When the next bytes come; nothing: no more without another request.
  std::optional<Ticks> next() const;
  /// All bytes due by `now`, merged; empty when none are.
  Bytes take(Ticks now);

 private:
  struct Waiting {
    Ticks at;
    UnitAddress unit;
    Bytes bytes;
  };
  FaultPlan& plan_;
  std::vector<Waiting> waiting_;  // by time, then by arrival
  Ticks stalled_{};               // nothing leaves before
};

}  // namespace steward::sim
