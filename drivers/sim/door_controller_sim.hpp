#pragma once
#include <cstdint>
#include <functional>
#include <memory>

#include "contract/nouns/clock.hpp"
#include "contract/nouns/result.hpp"
#include "drivers/sim/door_board.hpp"

namespace steward {
class Loop;
}

namespace steward::sim {

/// What happens to one question and its reply on a bad network.
enum class ReplyFate : std::uint8_t {
  send,          // all is well
  lose_request,  // the board never sees it
  lose_reply,    // the board obeys, nobody hears
  twice,         // the reply comes two times
  late,          // the reply comes after `late_by`
};

struct DoorNetwork {
  /// Asked for every packet in turn (nth from 1, its function code); empty = all is well.
  std::function<ReplyFate(std::uint64_t nth, std::uint8_t function)> fate;
  Milliseconds late_by{60};       // ticks
  bool push_as_old_type = false;  // firmware 6.62: pushed packets begin with 0x19
};

/// A UDP port of 127.0.0.1 that nobody has at this moment: for the listener of a
/// gateway that starts later. Never 60000. 0: there is none.
std::uint16_t unused_udp_port(Loop& loop);

/// A DoorBoard behind a UDP port of 127.0.0.1. Plays its schedule as `clock`
/// passes it and pushes each newest event to the board's listener, if one is
/// set. The references must outlive it. Thread: loop.
class DoorControllerSim {
 public:
  /// port 0 = any that is free. Fault broken: the port is taken.
  static Result<std::unique_ptr<DoorControllerSim>> open(Loop& loop, const Clock& clock, DoorBoard board,
                                                         std::uint16_t port, DoorNetwork network = {});
  ~DoorControllerSim();

  std::uint16_t port() const;
  std::uint64_t asked() const;  // packets received
  DoorBoard& board();

 private:
  struct Parts;
  explicit DoorControllerSim(std::shared_ptr<Parts> parts);
  std::shared_ptr<Parts> parts_;
};

}  // namespace steward::sim
