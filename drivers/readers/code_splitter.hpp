#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "contract/nouns/bytes.hpp"
#include "drivers/readers/scanned_code.hpp"

namespace steward {

/// How a reader says that a code is complete.
enum class CodeEnd : std::uint8_t {
  learn,   // both of the below until the first mark is seen, then `marked`
  marked,  // CR, LF, CRLF or ETX; a line that stops half way is thrown away
  idle,    // nothing at all: the silence after it (marks end it too)
};

/// Cuts the bytes of a serial reader into codes. Pure: silence is told to it.
///
///     02 5d 51 31 43 50 2d 37 03 0d 0a
///     STX ]  Q  1  C  P  -  7 ETX CR LF      -> "CP-7", once
///
/// STX begins a code and ends nothing: what came before it is thrown away. The
/// AIM prefix "]Q1" (QR, as readers may be set to send) is not part of the code.
/// A line with a byte outside 0x20..0x7E or of more than 512 bytes is thrown
/// away whole, up to its end: half a code could be another checkpoint's.
/// Memory: one line of at most 515 bytes (512 and the prefix). Thread: one.
class CodeSplitter {
 public:
  explicit CodeSplitter(CodeEnd end = CodeEnd::learn) : end_(end) {}

  /// The codes that `bytes` completed, in order; empty lines give none.
  std::vector<std::string> take(ByteView bytes);
  /// Whether silence completes a code (a short one will do) or only shows that
  /// the rest of a line will never come (a long one is needed).
  bool silence_ends_code() const { return end_ != CodeEnd::marked; }
  /// The line has been silent for that long: the code that this completed, if any.
  std::optional<std::string> idle();
  /// The device went away: what was collected will never be complete.
  void reset();

  /// Bytes of an unfinished line are held, so silence would mean something.
  bool pending() const { return !line_.empty() || spoilt_; }
  std::uint64_t discarded() const { return discarded_; }

 private:
  void add(std::uint8_t byte);
  void throw_away();
  /// The line is complete: its code, unless spoilt or empty.
  std::optional<std::string> finish();

  CodeEnd end_;
  std::string line_;
  bool spoilt_ = false;  // the rest of this line is passed over
  std::uint64_t discarded_ = 0;
};

}  // namespace steward
