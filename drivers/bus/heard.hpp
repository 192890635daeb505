#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "contract/nouns/bytes.hpp"
#include "contract/nouns/clock.hpp"
#include "contract/nouns/ids.hpp"
#include "contract/nouns/reading.hpp"
#include "contract/nouns/result.hpp"
#include "drivers/decode/register_span.hpp"
#include "drivers/guard/unit_guard.hpp"

namespace steward {

/// One request on the wire: what a reply is held against.
struct Asked {
  UnitAddress unit;
  RegisterSpan span;          // as sent, padding included
  std::uint8_t sequence = 0;  // of a reply in several frames (DL/T 645): 0 asks for the first

  friend bool operator==(const Asked&, const Asked&) = default;
};

/// In place of a Chinese meter's digits: the wildcard, which every meter of the protocol hears.
inline constexpr std::uint64_t any_digits = ~std::uint64_t{0};

/// What a reply to a read says of itself under its checksum, and its unit aside. In a unit's
/// dictionary each tag means one place (docs/decisions/0021, 0022).
///   modbus  function, byte count             0x03 << 32 | bytes
///   dlt645  control, sequence, identifier    0x11 << 32 | identifier; what follows: 0x12 << 40 | sequence <<
///   32 | identifier cjt188  control, SER, identifier         0x01 << 32 | SER << 16 | identifier
constexpr Tag register_tag(std::uint8_t function, std::size_t words) {
  return Tag{(std::uint64_t{function} << 32) | (2 * words)};
}
constexpr Tag item_tag(std::uint8_t control, std::uint32_t first, std::uint8_t sequence = 0) {
  if (sequence == 0) return Tag{(std::uint64_t{control} << 32) | first};
  return Tag{(std::uint64_t{control} << 40) | (std::uint64_t{sequence} << 32) | first};
}
constexpr Tag tag_of(const RegisterSpan& span, std::uint8_t sequence = 0) {
  const auto function = static_cast<std::uint8_t>(span.kind);
  if (!span.is_item()) return register_tag(function, span.count);
  return item_tag(sequence == 0 ? function : static_cast<std::uint8_t>(function + 1), span.first, sequence);
}
/// The tag of the first frame of whatever this is part of: what a dictionary knows.
constexpr Tag first_tag(Tag tag) {
  const auto control = tag.value >> 40;
  return control == 0 ? tag : Tag{((control - 1) << 32) | (tag.value & 0xFFFFFFFF)};
}

/// A frame with a good checksum that somebody on the line sent.
struct HeardFrame {
  enum class Kind : std::uint8_t { reply, exception, request };
  Kind kind = Kind::reply;
  UnitAddress unit;              // whatever it says
  std::uint8_t function = 0;     // or control code, as a request has it
  Tag tag;                       // of a reply
  Words words;                   // of a reply; an item's bytes in pairs
  bool odd = false;              // the last word's low byte is filling
  bool more = false;             // the item goes on in another frame
  std::uint8_t exception = 0;    // its code
  Fault refusal = Fault::retry;  // what an exception means for the next try: retry or unsupported
  std::string why;               // and in words

  friend bool operator==(const HeardFrame&, const HeardFrame&) = default;
};

/// The data of an item, in pairs as if they were registers.
void put_pairs(HeardFrame& frame, ByteView data);

/// What bytes of a line turned out to be.
struct Burst {
  std::vector<HeardFrame> frames;  // whole ones, in order, from the first byte on
  bool echoed = false;             // our own request came back first
  std::size_t rest = 0;            // bytes behind the frames that make none: cut off, or garbled
  bool rest_is_short = false;      // the rest could still become a frame, had more come

  friend bool operator==(const Burst&, const Burst&) = default;
};

/// A frame that nothing open asked for, and when its first byte came.
struct StrayFrame {
  HeardFrame frame;
  Ticks at;
};

/// Everything heard around one request.
struct Heard {
  std::vector<StrayFrame> before;  // since the exchange before
  Burst after;
  bool went_out = false;      // else the path failed, or the line did not fall silent
  Ticks sent;                 // its last byte, if it went out; else when it was tried
  Ticks began;                // the reply's first byte, if any; where the line echoes, its last
  Ticks ended;                // when listening ended
  std::optional<Error> lost;  // the path itself failed: device unplugged, connection broken
};

}  // namespace steward
