#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "contract/nouns/ids.hpp"
#include "drivers/line/wire_time.hpp"

namespace steward {

/// A profile whose probe this device answers.
struct ScanFit {
  std::string profile;
  std::string serial;   // as its label shows it; empty: the profile has none, or it is not programmed
  bool proven = false;  // the registers that tell models apart say so, or the serial number is plausible

  friend bool operator==(const ScanFit&, const ScanFit&) = default;
};

/// Somebody who answered.
struct ScanFound {
  Protocol protocol = Protocol::modbus;
  std::string unit;  // as a meter list writes it
  LineFormat format;
  std::chrono::milliseconds delay{0};  // of its first reply
  bool refuses = false;                // with an exception: alive, and has no such register
  unsigned garbled = 0;                // replies that made no frame, or were followed by more
  std::vector<ScanFit> fits;           // proven ones first

  friend bool operator==(const ScanFound&, const ScanFound&) = default;
};

/// What the replies as a whole look like.
struct ScanSuspicion {
  enum class Kind : std::uint8_t {
    duplicate,  // two devices at one address
    swapped,    // garbage from everybody at every speed
    speed,      // garbage from everybody at some: another speed, not tried
    skipped,    // a speed was not tried
  };
  Kind kind = Kind::duplicate;
  std::string unit;  // duplicate
  std::string en;    // what is wrong and what to do, one sentence
  std::string zh;

  friend bool operator==(const ScanSuspicion&, const ScanSuspicion&) = default;
};
std::string_view word(ScanSuspicion::Kind kind);

struct ScanProgress {
  std::size_t asked = 0;
  std::size_t left = 0;              // as far as is known
  std::chrono::milliseconds eta{0};  // if nobody else answers
  std::size_t found = 0;
};

/// "9600 8N1"
std::string format_text(const LineFormat& format);

}  // namespace steward
