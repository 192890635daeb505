#pragma once
#include <array>
#include <cstdint>
#include <optional>

#include "contract/nouns/bytes.hpp"
#include "contract/nouns/clock.hpp"
#include "contract/nouns/ids.hpp"
#include "contract/nouns/reading.hpp"
#include "drivers/decode/register_span.hpp"
#include "tests/fault/dice.hpp"

namespace steward::fault {

/// Registers of a simulated meter by one number, holding and input together:
/// holding 0x00..0x27 -> 0..39 · input 0x00..0x07 -> 40..47 · holding 0x30..0x3F -> 48..63.
/// Holding 0x30 and 0x31 are its serial number.
inline constexpr std::uint16_t serial_register = 0x30;
inline constexpr std::uint16_t serial_words = 2;
std::optional<int> key_of(RegisterKind kind, std::uint32_t address);

/// Items of a simulated Chinese meter: which registers they hold, one behind the other.
///   dlt645  0x0001kk00: from register kk on; 0x04000101 from 50, 0x04000102 from 53
///   cjt188  0x9000 + k as on the wire: from register k on; SER changes nothing
inline constexpr std::uint32_t dlt645_item_base = 0x00010000;
inline constexpr std::uint32_t cjt188_item_base = 0x9000;
inline constexpr std::uint32_t dlt645_date = 0x04000101;
inline constexpr std::uint32_t dlt645_time = 0x04000102;
/// How many bytes the item from that register on has; 0: there is none. One is odd, and one of the
/// probes is: half a register at its end.
constexpr std::uint16_t item_bytes(int first_key) {
  switch (first_key) {
    case 0: return 16;
    case 4: return 12;
    case 8: return 19;
    case 16: return 20;
    case 20: return 14;
    case 24: return 24;
    case 50: return 4;
    case 53: return 5;
    default: return 0;
  }
}
/// A DL/T 645 meter gives items of 20 bytes and more in two frames.
inline constexpr std::size_t first_frame_bytes = 12;
constexpr bool in_two_frames(std::size_t bytes) { return bytes >= 20; }

/// When a device read its registers for a reply.
struct Sample {
  Ticks at;
  bool asked_by_chance = false;  // the request had been garbled and its CRC fitted all the same
};

/// A meter whose every register says whose it is, which it is and when it was read, so that
/// whoever gets a word knows what he got:
///
///   15..12 device · 11..6 register key · 5..0 half of the sample number: low at even keys, high at odd
///
/// The sample number counts its readings of itself and goes round after 4096. Speaks Modbus RTU, DL/T 645 or
/// CJ/T 188 by a codec of its own, checksums included: nothing of the code under test is in it. What follows
/// the first frame of an item is of the same sample.
/// Thread: one.
class Device {
 public:
  static constexpr std::uint32_t samples_kept = 4096;

  /// unit: its address, and what it speaks. number: 0..13, which meter it is. dial: its first sample number.
  Device(UnitAddress unit, std::uint8_t number, std::uint32_t dial)
      : unit_(unit), number_(number), dial_(dial) {}

  UnitAddress unit() const { return unit_; }
  std::uint8_t number() const { return number_; }

  /// Whether it would answer these bytes at all: its address, a good CRC, a read request.
  bool hears(ByteView request) const;
  /// The frame it answers with, its registers read at `at`. request: one that it hears.
  Bytes answer(ByteView request, Ticks at, bool garbled);
  /// The frame it refuses with.
  Bytes refuse(ByteView request, std::uint8_t code) const;
  /// Somebody's request to it for what begins at `first_key`, with its checksum; count: registers.
  Bytes asked_for(std::uint8_t first_key, std::uint8_t count) const;
  /// Fills a reply's data with noise, so that the checksum fits.
  void forge(Bytes& frame, Dice& dice) const;

  std::uint16_t word(int key, std::uint32_t sample) const;
  std::uint32_t latest() const { return dial_; }
  /// sample: its low 12 bits, as found in words.
  const Sample& sample(std::uint32_t sample) const { return samples_[sample % samples_kept]; }

 private:
  bool speaks(Protocol protocol) const { return unit_.protocol == protocol; }
  Bytes item_answer(ByteView request, Ticks at, bool garbled);
  Bytes item_frame(std::uint8_t control, const Bytes& data) const;
  Bytes item_refuse(ByteView request, std::uint8_t code) const;
  Bytes item_data(int first_key, std::size_t from, std::size_t to, std::uint32_t sample) const;

  UnitAddress unit_;
  std::uint8_t number_;
  std::uint32_t dial_;
  std::array<Sample, samples_kept> samples_{};
  int latched_key_ = -1;  // of the item whose rest may be asked for
  std::uint32_t latched_ = 0;
};

/// The address bytes of a Chinese meter, as on the wire: CJ/T 188 with its type before them.
Bytes item_address(UnitAddress unit);
/// Whether these bytes are a read request to this address with a right sum.
bool item_hears(UnitAddress unit, ByteView request);

/// CRC-16 of serial lines, computed bit by bit (MODBUS over Serial Line V1.02, 6.2.2).
std::uint16_t plain_crc(ByteView bytes);
/// Puts the CRC behind the bytes.
void seal(Bytes& bytes);

}  // namespace steward::fault
