#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "contract/nouns/bytes.hpp"
#include "contract/nouns/result.hpp"

namespace steward {

/// Major types of RFC 8949, 3.1. Floats, simple values other than true and
/// false, and indefinite lengths are not in any Steward message.
enum class CborKind : std::uint8_t {
  number = 0,
  negative = 1,
  bytes = 2,
  text = 3,
  array = 4,
  map = 5,
  tag = 6,
  simple = 7
};

/// Appends deterministic CBOR (RFC 8949, 4.2.1): shortest heads, definite
/// lengths. The caller writes map keys in ascending order.
///
/// No tree is built: a value goes straight to its bytes, so 1,000 readings cost
/// one allocation (docs/formats/blocks.md has the figures).
/// Thread: one at a time.
class CborWriter {
 public:
  explicit CborWriter(std::size_t expected_bytes = 256) { bytes_.reserve(expected_bytes); }

  void number(std::uint64_t value) { head(CborKind::number, value); }
  void integer(std::int64_t value) {
    if (value >= 0) {
      head(CborKind::number, static_cast<std::uint64_t>(value));
    } else {
      head(CborKind::negative, ~static_cast<std::uint64_t>(value));  // -1 - value
    }
  }
  void bytes(ByteView value);
  void text(std::string_view value);
  void boolean(bool value) { bytes_.push_back(value ? 0xf5 : 0xf4); }
  void array(std::size_t items) { head(CborKind::array, items); }
  void map(std::size_t pairs) { head(CborKind::map, pairs); }
  void tag(std::uint64_t number) { head(CborKind::tag, number); }

  std::size_t size() const { return bytes_.size(); }
  Bytes take() && { return std::move(bytes_); }

 private:
  void head(CborKind kind, std::uint64_t value);

  Bytes bytes_;
};

/// Reads deterministic CBOR item by item, straight into the caller's fields.
///
/// The caller says what must come next and how large it may be. The first thing
/// that is otherwise (another type, a length above its limit or above what is
/// left, a head that is not the shortest, bytes that are not UTF-8) stops the
/// reader for good: `ok()` is false and every later call gives zero or nothing.
/// So a decoder is a straight list of fields with one check at its end, and
/// nothing is allocated for a length that was not checked first. Nesting is as
/// deep as the calls, never as deep as the input.
/// Lifetime: views point into the input. Thread: one at a time.
class CborReader {
 public:
  explicit CborReader(ByteView input) : input_(input) {}

  std::uint64_t number(std::uint64_t most);
  /// The same for how many of something there are.
  std::size_t count(std::size_t most) { return static_cast<std::size_t>(number(most)); }
  std::int64_t integer(std::int64_t least, std::int64_t most);
  ByteView bytes(std::size_t most);
  std::string_view text(std::size_t most);
  bool boolean();
  /// How many items or pairs follow; at most `most`, and never more than the bytes left.
  std::size_t array(std::size_t most);
  std::size_t map(std::size_t most);
  void array_of(std::size_t exactly);
  void map_of(std::size_t exactly);
  void tag(std::uint64_t expected);
  /// An integer key of a map, known beforehand: maps have a fixed set of keys.
  void key(std::uint64_t expected);
  template <std::size_t N>
  std::array<std::uint8_t, N> fixed() {
    std::array<std::uint8_t, N> out{};
    const ByteView view = bytes(N);
    if (ok() && view.size() != N) fail("a byte string of another length");
    if (ok()) std::copy(view.begin(), view.end(), out.begin());
    return out;
  }
  /// Nothing may follow.
  void end();

  /// Stops the reader; the first reason stands. `why` must outlive the reader.
  void fail(const char* why);
  bool ok() const { return why_ == nullptr; }
  std::size_t offset() const { return at_; }
  std::size_t left() const { return input_.size() - at_; }
  /// Malformed: "byte 17: a length above its limit". Only when not ok().
  Error error() const;

 private:
  std::uint64_t head(CborKind expected);
  ByteView run(std::uint64_t length, std::size_t most);

  ByteView input_;
  std::size_t at_ = 0;
  std::size_t item_ = 0;  // where the item being read begins
  const char* why_ = nullptr;
};

}  // namespace steward
