#pragma once
#include <atomic>
#include <bitset>
#include <cstdint>
#include <memory>
#include <string>

#include "drivers/line/wire_time.hpp"
#include "tests/bench/measured_child.hpp"

namespace steward::bench {

/// What a strict slave saw of its master. Lives in memory that both processes share.
struct LineTally {
  std::atomic<std::uint64_t> requests = 0;    // whole, right CRC, any unit
  std::atomic<std::uint64_t> answered = 0;    // of them
  std::atomic<std::uint64_t> violations = 0;  // frames with less than T3.5 of silence before them: ignored
  std::atomic<std::uint64_t> garbage = 0;     // bytes that are no request
  std::atomic<std::uint64_t> collisions = 0;  // the master spoke into a reply
  std::atomic<std::uint64_t> excused =
      0;  // too little silence or a collision, after the line itself was late
  std::atomic<std::int64_t> least_gap_ns = 0;   // before a request; of all since `reset`
  std::atomic<std::int64_t> data_wire_ns = 0;   // requests below `first_identity`, replies, both silences
  std::atomic<std::int64_t> probe_wire_ns = 0;  // the same of the others
  std::atomic<std::int64_t> data_words = 0;     // registers asked for below `first_identity`
  std::atomic<std::int64_t> data_requests = 0;
};

/// A serial line at its real speed: a pseudo-terminal whose far end is a process that
/// takes 8 characters' time to hear a request, waits T3.5, and gives the reply one
/// character at a time, with the strictest slave the standard allows (MODBUS over
/// Serial Line V1.02, 2.5.1.1): a frame that comes with less than T3.5 of silence
/// before it is not heard.
///
///   master  |request|                            |request|
///   slave            ~~T3.5~~ |r|e|p|l|y| ~~T3.5~~
///                                        ^ at least T3.5, or the request is lost
///
/// On a machine that other work shares, even this process may be held up. A reply that
/// left more than 2 ms late is the line's fault, not the master's, and what the master
/// then says too early, having timed out, is counted apart.
///
/// Silence is taken from the wire's own clock (the last character's end) to the moment
/// the first byte of the request is seen. Runs at SCHED_RR where that is allowed, and
/// spins for the last 60 us before a reply's end and while a request is due: a UART
/// does not oversleep. Units 1..units answer reads of any registers, but for `dead`.
class PacedLine {
 public:
  static constexpr std::uint16_t first_identity = 2000;  // from here on registers are the same at every read

  /// turn_around: what a slave thinks between hearing a request (T3.5 after its end) and its reply.
  PacedLine(const LineFormat& format, std::uint8_t units, const std::bitset<248>& dead = {},
            std::chrono::nanoseconds turn_around = {});
  ~PacedLine();
  PacedLine(const PacedLine&) = delete;
  PacedLine& operator=(const PacedLine&) = delete;

  /// What a master opens.
  const std::string& device() const { return device_; }
  const LineTally& tally() const { return *tally_; }
  void reset();

 private:
  std::string device_;
  LineTally* tally_;
  std::unique_ptr<Helper> helper_;
  int slave_side_ = -1;
};

/// The word of `unit` at `address`, behind every PacedLine.
constexpr std::uint16_t line_word(std::uint8_t unit, std::uint32_t address) {
  return static_cast<std::uint16_t>(unit * 257U + address * 3U);
}

/// A read's time on an ideal wire: 8 characters, T3.5, 5 + 2n characters, T3.5; any turn-around comes on top.
std::chrono::nanoseconds ideal_cycle(const LineFormat& format, std::int64_t registers);

/// SCHED_RR for this process, if allowed: other work on the machine is not what is measured.
void be_punctual(int priority);

}  // namespace steward::bench
