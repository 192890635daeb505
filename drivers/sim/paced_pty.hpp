#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "contract/nouns/bytes.hpp"
#include "contract/nouns/reading.hpp"
#include "contract/nouns/result.hpp"
#include "drivers/decode/register_span.hpp"
#include "drivers/line/wire_time.hpp"
#include "drivers/sim/item_frame.hpp"
#include "drivers/sim/modbus_device.hpp"

namespace steward::sim {

/// A device on a line, with the speed and parity it is set to.
struct PacedDevice {
  LineFormat format;  // stop bits are not compared: a receiver looks at the first alone
  LineVoice voice;
  std::chrono::nanoseconds thinks{20'000'000};  // from the request's last byte to the reply's first
  std::size_t noise = 0;  // bytes it says to what came at another speed or parity; 0: it is silent
};

/// What went over a line so far.
struct PacedTally {
  std::atomic<std::uint64_t> bursts = 0;       // requests, understood or not
  std::atomic<std::uint64_t> answered = 0;     // of them
  std::atomic<std::uint64_t> clashes = 0;      // of them, by two devices at once
  std::atomic<std::uint64_t> talked_over = 0;  // bytes the master sent into a reply: lost
  std::atomic<std::uint64_t> asked_bytes = 0;
  std::atomic<std::uint64_t> given_bytes = 0;
};

/// A serial line at the MASTER's speed, with devices of any speed, parity and protocol on it.
///
///   master at 9600 8E1   |request|                      A (9600 8E1): |r|e|p|l|y|
///                                                       B (2400 8E1): silent, or noise
/// A device hears a request only when the speed and parity the master has set are its own;
/// anything else is garbage to it. Two that answer one request collide: their bytes are and-ed.
///
/// A pseudo-terminal keeps no parity bit (Linux, pty_set_termios clears PARENB), so the master's
/// parity is read from what is left of its wish: INPCK, which libmodbus sets with any parity, and
/// PARODD. Speed is termios's own. Read when a request comes, as it may change between two.
///
/// Bytes are given no earlier than a UART would, one character at a time below 4800 baud, else
/// in pieces of about 2 ms. Thread: any; voices are called on the line's own thread.
class PacedPty {
 public:
  /// Faults: broken (no pseudo-terminal to be had).
  static Result<std::unique_ptr<PacedPty>> open(std::vector<PacedDevice> devices);
  ~PacedPty();

  /// What a master opens, e.g. /dev/pts/5.
  const std::string& path() const;
  const PacedTally& tally() const;

 private:
  struct Parts;
  explicit PacedPty(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

/// The speed and parity that an open terminal is set to; nothing for a speed without a name.
std::optional<LineFormat> format_of(int descriptor);

/// A Modbus RTU slave as a voice: `read` gives the words of a span, and its faults mean what
/// RegisterSource's do. Broadcasts and bad CRCs are not answered.
LineVoice modbus_voice(std::uint8_t unit, std::function<Result<Words>(RegisterSpan)> read);

/// A DL/T 645 or CJ/T 188 meter as a voice: dlt645_answer or cjt188_answer.
LineVoice item_voice(ItemSpeech speech, const ItemManners& manners, ItemSource item);

}  // namespace steward::sim
