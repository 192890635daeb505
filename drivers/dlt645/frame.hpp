#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contract/nouns/bytes.hpp"
#include "contract/nouns/result.hpp"

namespace steward::dlt645 {

/// A meter's address: 12 decimal digits, as printed under the bar code (DL/T 645-2007, 5.2.2).
/// Kept as on the wire: BCD, the two lowest digits first. 0xAA stands for any digits.
struct Address {
  std::array<std::uint8_t, 6> wire{};

  friend auto operator<=>(const Address&, const Address&) = default;
};
/// Whoever hears it answers: for a line with one meter, and for the search.
inline constexpr Address any_meter{{0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA}};

/// "000000000001": 12 digits, highest first; nothing for anything else.
std::optional<Address> address_of(std::string_view digits);
/// The digits; a wildcard byte prints as "**".
std::string text(const Address& address);
/// Whether a meter at `meter` has to answer a request to `asked`: equal but for wildcard bytes.
bool matches(const Address& asked, const Address& meter);

/// Control codes of requests (DL/T 645-2007, 5.2.3 and 7). A reply has bit 7 set, a refusal
/// bit 6 too, and bit 5 says that more follows.
enum class Control : std::uint8_t {
  read = 0x11,
  read_more = 0x12,
  read_address = 0x13,
};
inline constexpr std::uint8_t reply_bit = 0x80;
inline constexpr std::uint8_t refusal_bit = 0x40;
inline constexpr std::uint8_t more_bit = 0x20;

/// Longest data field of a read reply (7.1: L <= 200).
inline constexpr std::size_t most_data = 200;

/// One frame as it is meant: the 0x33 of every data byte taken off.
struct Frame {
  Address address;
  std::uint8_t control = 0;
  Bytes data;

  friend bool operator==(const Frame&, const Frame&) = default;
};

/// The frame on the wire.
///
///   FE FE FE FE | 68 | 01 00 00 00 00 00 | 68 | 11 | 04 | 33 33 34 33 | B3 | 16
///   wakes up      start  address, low first  start C    L    DI + 33 each  sum  end
/// The sum is of all bytes from the first 68 on, modulo 256 (5.2.6).
/// preamble: how many FE go before it; 4 wakes every meter (5.2.1). data: at most 200 bytes (asserted).
Bytes encode(const Frame& frame, std::size_t preamble = 4);

/// A read of one data identifier. sequence 0: the first frame; n: the n-th that follows.
struct Asked {
  Address address;
  std::uint32_t di = 0;  // as printed: 0x00010000 is the forward active total
  std::uint8_t sequence = 0;

  friend bool operator==(const Asked&, const Asked&) = default;
};
Frame request(const Asked& asked);

/// What bytes of a line turned out to be.
struct Burst {
  std::vector<Frame> frames;  // whole ones with a right sum, in order, from the first byte on
  std::size_t rest = 0;       // bytes behind them that make none

  friend bool operator==(const Burst&, const Burst&) = default;
};
/// Takes a burst apart. FE before a frame belongs to it (none to eight); else a frame begins where
/// the one before ended and is never searched for at an offset. Pure.
Burst read_burst(ByteView bytes);
/// Takes the one frame at the front, with the FE before it; nothing, and `bytes` stays, where none is.
std::optional<Frame> take_frame(ByteView& bytes);
/// How many bytes a burst must have before it can be judged; `bytes.size()` when it can.
std::size_t burst_length(ByteView so_far);

/// The data of a reply, the identifier taken off.
struct Reply {
  Address from;
  Bytes data;
  bool more = false;  // ask for sequence + 1

  friend bool operator==(const Reply&, const Reply&) = default;
};

/// Decides whether a frame answers a read: (address, control, identifier, sequence) are its tag.
/// A reply to a wildcard comes from the meter's own address.
/// Faults: unsupported (the meter has no such data), retry (other refusals), malformed
/// (everything else; the message says what differs).
/// Pure. Thread: any.
Result<Reply> accept(const Asked& asked, const Frame& frame);

/// What the error word of a refusal means (7.1.3). Faults: unsupported (no such data), retry
/// (all others), malformed (not one byte).
Error refusal(const Frame& frame);

/// The address a meter gave to `read_address` (7.4). Faults: malformed.
Result<Address> accept_address(const Frame& frame);

/// Decimal digits of BCD bytes, lowest byte first; nothing when one is no digit. At most 9 bytes.
std::optional<std::int64_t> decimal(ByteView low_first);

}  // namespace steward::dlt645
