#pragma once
#include <deque>
#include <vector>

#include "drivers/line/line_port.hpp"
#include "drivers/line/wire_time.hpp"
#include "tests/fault/device.hpp"

namespace steward::fault {

/// Who else plays with the replies, beside chance.
enum class Adversary : std::uint8_t {
  none,
  holds_back,  // keeps a queue of each unit's replies and lets none, one or all go, always in order
  shuffles,    // the same out of order
};

/// How two devices of one address answer.
enum class Twins : std::uint8_t {
  none,
  in_turn,         // one behind the other
  collide,         // at once: three times in four what arrives is neither, else the second comes behind
  collide_always,  // what arrives is neither
  one_at_random,   // now this one, now that one, never both
  each_at_random,  // each hears three requests in four; both at once collide
  rarely,          // the second hears one request in ten, and answers behind the first
};

/// What a line does to its traffic. Chances are per mille of requests or replies; times are added
/// to the device's own 5 to 15 ms.
struct Faults {
  int late = 0;
  std::chrono::nanoseconds late_least{0};
  std::chrono::nanoseconds late_most{0};
  int lost = 0;             // the reply
  int request_lost = 0;     // the device never heard it
  int request_garbled = 0;  // the device hears it garbled
  int garbled = 0;
  int forged = 0;  // garbled so that the CRC fits: 2^-16 of what is garbled, here as often as wanted
  int truncated = 0;
  int doubled = 0;  // one or two copies, within double_most
  std::chrono::nanoseconds double_most{0};
  int exceptions = 0;
  int pieces = 0;  // the frame arrives in two pieces, up to 20 ms apart
  int stalls = 0;  // the converter keeps everything back, then hands it over in one piece
  std::chrono::nanoseconds stall_most{0};
  int reboots =
      0;  // silent for up to 5 s; then the last reply's buffer leaves before or instead of the first
  int foreign = 0;  // a second master asks, too
  bool echo = false;
  bool in_order = true;  // replies of one unit, copies included, arrive in the order of its requests
  std::chrono::nanoseconds never_after{
      0};  // replies that would be later after their request are lost; 0: never
  Adversary adversary = Adversary::none;
  Twins twins = Twins::none;
};

/// One half-duplex line in virtual time: what is sent reaches the devices, what they say comes
/// back through the faults. Time passes only where the master waits.
/// Thread: one.
class VirtualLine : public LinePort {
 public:
  static constexpr LineFormat format{19200, Parity::none, 1};
  static constexpr std::uint8_t all = 255;

  /// parity: a character garbled in an odd number of bits arrives as 0, as a terminal gives it
  /// (termios, INPCK without IGNPAR and PARMRK).
  VirtualLine(std::vector<Device>& devices, const Faults& faults, std::uint64_t seed, bool parity = false);

  Ticks ticks() const override { return now_; }
  Result<void> send(ByteView bytes) override;
  Result<bool> receive(Bytes& into, Ticks deadline) override;

  /// Nobody listens for so long; what arrives meanwhile is lost only if `deaf`.
  void pass(std::chrono::nanoseconds time, bool deaf);
  /// When this device last refused a request.
  Ticks last_refusal(std::size_t device) const { return states_[device].last_refusal; }
  /// Requests or replies that something happened to.
  std::uint64_t faults_done() const { return faults_done_; }

 private:
  struct Flight {
    Ticks start;
    std::uint64_t order;
    std::uint8_t device;
    Bytes bytes;
  };
  bool strikes(int per_mille);
  void deliver_request(Bytes bytes, Ticks at);
  void reply(std::size_t device, Bytes frame, Ticks asked, Ticks at);
  void release(std::size_t device, Ticks at);
  void fly(std::size_t device, Bytes frame, Ticks asked, Ticks start);
  void launch(std::uint8_t device, Bytes bytes, Ticks start);
  void garble(Bytes& bytes);
  void meet_foreign_master(Ticks until);
  std::chrono::nanoseconds delay(std::chrono::nanoseconds least, std::chrono::nanoseconds most);
  void twins_answer(ByteView request, Ticks asked, bool garbled);
  Flight take();

  std::vector<Device>& devices_;
  const Faults faults_;
  const bool parity_;
  Dice dice_;
  Ticks now_{std::chrono::hours(1)};
  Ticks wire_free_ = now_;
  Ticks stalled_until_ = now_;
  Ticks foreign_at_;
  std::uint64_t faults_done_ = 0;
  std::uint64_t launched_ = 0;
  std::vector<Flight> flights_;  // a heap, earliest first
  struct State {
    Ticks last_start;  // of its latest frame
    Ticks dead_until;
    Bytes buffer;        // its latest reply
    bool stale = false;  // the buffer leaves with the next request it hears
    std::deque<Bytes> held;
    Ticks last_refusal;
  };
  std::vector<State> states_;
};

}  // namespace steward::fault
