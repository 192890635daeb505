#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contract/nouns/bytes.hpp"
#include "contract/nouns/result.hpp"

namespace steward::cjt188 {

/// Who is asked: the kind of meter and its number of 14 decimal digits. On the wire BCD, the two
/// lowest digits first; 0xAA stands for any (CJ/T 188, address field).
struct Address {
  std::uint8_t type =
      0x10;  // 0x10 cold water, 0x11 hot, 0x12 drinking, 0x13 reclaimed, 0x20.. heat, 0x30 gas
  std::array<std::uint8_t, 7> wire{};

  friend auto operator<=>(const Address&, const Address&) = default;
};
inline constexpr Address any_meter{0xAA, {0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA}};

/// "00000000000012": 14 digits, highest first; nothing for anything else.
std::optional<Address> address_of(std::uint8_t type, std::string_view digits);
std::string text(const Address& address);
/// Whether a meter at `meter` has to answer a request to `asked`: equal but for wildcards.
bool matches(const Address& asked, const Address& meter);

/// Which byte of a data identifier goes first: the standard of 2004 has the high one (90 1F),
/// that of 2018 and many makers' meters the low one (1F 90). A profile says which.
enum class IdentifierOrder : std::uint8_t { high_first, low_first };

/// Control codes of requests; a reply has bit 7 set, a refusal bit 6 too.
enum class Control : std::uint8_t { read = 0x01, read_address = 0x03 };
inline constexpr std::uint8_t reply_bit = 0x80;
inline constexpr std::uint8_t refusal_bit = 0x40;

/// Longest data field: the length byte of a read reply (L <= 0x64 for reads in the standard; makers
/// send up to this).
inline constexpr std::size_t most_data = 200;

/// One frame as it is meant.
struct Frame {
  Address address;
  std::uint8_t control = 0;
  Bytes data;

  friend bool operator==(const Frame&, const Frame&) = default;
};

/// The frame on the wire. Unlike DL/T 645 nothing is added to the data.
///
///   FE FE | 68 | 10 | 12 00 00 00 00 00 00 | 01 | 03 | 90 1F 00 | 3D | 16
///   wakes   start type address, low first    C    L    DI, SER   sum  end
/// The sum is of all bytes from the 68 on, modulo 256.
/// preamble: how many FE go before it; data: at most 200 bytes (asserted).
Bytes encode(const Frame& frame, std::size_t preamble = 2);

/// A read of one data identifier. serial: SER, which the reply repeats: a new one for each request.
struct Asked {
  Address address;
  std::uint16_t di = 0;  // as printed: 0x901F is the present volume
  std::uint8_t serial = 0;
  IdentifierOrder order = IdentifierOrder::high_first;

  friend bool operator==(const Asked&, const Asked&) = default;
};
Frame request(const Asked& asked);

/// What bytes of a line turned out to be.
struct Burst {
  std::vector<Frame> frames;  // whole ones with a right sum, in order, from the first byte on
  std::size_t rest = 0;       // bytes behind them that make none

  friend bool operator==(const Burst&, const Burst&) = default;
};
/// Takes a burst apart. FE before a frame belongs to it (none to eight); a frame is never
/// searched for at an offset. Pure.
Burst read_burst(ByteView bytes);
/// Takes the one frame at the front, with the FE before it; nothing, and `bytes` stays, where none is.
std::optional<Frame> take_frame(ByteView& bytes);
/// How many bytes a burst must have before it can be judged; `bytes.size()` when it can.
std::size_t burst_length(ByteView so_far);

/// The data of a reply, identifier and SER taken off.
struct Reply {
  Address from;
  Bytes data;

  friend bool operator==(const Reply&, const Reply&) = default;
};

/// Decides whether a frame answers a read: (address, identifier, SER) are its tag.
/// Faults: retry (the meter refuses), malformed (everything else; the message says what differs).
/// Pure. Thread: any.
Result<Reply> accept(const Asked& asked, const Frame& frame);

/// The address a meter gave to `read_address`. Faults: malformed.
Result<Address> accept_address(const Frame& frame);

}  // namespace steward::cjt188
