#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "contract/nouns/bytes.hpp"

namespace steward {

/// How frames lie in what was heard.
enum class TraceFraming : std::uint8_t {
  line,  // RTU, DL/T 645 and CJ/T 188, one behind the other
  mbap,  // Modbus TCP
};

/// One frame as a person would say it.
struct FrameWords {
  enum class Kind : std::uint8_t { request, reply, exception };
  Kind kind = Kind::reply;
  std::string unit;       // "7", "000000000001", "10:00000000000012"; wildcards as **
  std::string en;         // "read holding registers 0x0048, 2"
  std::string zh;         // "读保持寄存器 0x0048，2 个"
  std::size_t bytes = 0;  // how many of the burst it takes, wake-up bytes included

  friend bool operator==(const FrameWords&, const FrameWords&) = default;
};

/// Puts the frame at the front of `bytes` into words; nothing where none with a right checksum
/// begins there. A frame is never searched for at an offset. Of what the guard never asks (writes,
/// other functions) the code alone is named. What begins like a Chinese meter's frame and has its
/// sum is one; else an RTU reply is tried before an RTU request, as the guard does.
/// sent: these are our own bytes, a request. Pure. Thread: any.
std::optional<FrameWords> frame_words(TraceFraming framing, bool sent, ByteView bytes);

/// "01 04 00 48": at most `most` bytes, then " ..".
std::string hex_text(ByteView bytes, std::size_t most = 64);

}  // namespace steward
