#include "drivers/bus/line_codec.hpp"

#include <algorithm>
#include <cassert>

namespace steward {
namespace {

constexpr std::uint8_t wakes = 0xFE;  // what goes before the frame of a Chinese meter

ByteView without_preamble(ByteView bytes) {
  const auto frame =
      std::find_if(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte != wakes; });
  return bytes.subspan(static_cast<std::size_t>(frame - bytes.begin()));
}

/// What is behind our own request, where an adapter hears itself. It may have missed some of the
/// FE before the frame; no Modbus frame begins with one (unit 254 is reserved).
ByteView without_echo(ByteView request, ByteView bytes) {
  if (request.empty()) return bytes;
  const bool wakeful = request.front() == wakes;
  const ByteView frame = wakeful ? without_preamble(request) : request;
  const ByteView heard = wakeful ? without_preamble(bytes) : bytes;
  const bool echoed = heard.size() >= frame.size() && std::equal(frame.begin(), frame.end(), heard.begin());
  return echoed ? heard.subspan(frame.size()) : bytes;
}

}  // namespace

void put_pairs(HeardFrame& frame, ByteView data) {
  frame.odd = data.size() % 2 != 0;
  frame.words.clear();
  for (std::size_t at = 0; at < data.size(); at += 2) {
    const unsigned low = at + 1 < data.size() ? data[at + 1] : 0U;
    frame.words.push_back(static_cast<std::uint16_t>((unsigned{data[at]} << 8) | low));
  }
}

Burst LineCodec::read_burst(ByteView request, ByteView bytes) const {
  Burst burst;
  const std::size_t all = bytes.size();
  bytes = without_echo(request, bytes);
  burst.echoed = bytes.size() != all;
  while (!bytes.empty()) {
    auto frame = take(bytes);
    if (!frame) break;
    burst.frames.push_back(std::move(*frame));
  }
  burst.rest = bytes.size();
  burst.rest_is_short = burst.rest != 0 && burst.rest < length(bytes);
  return burst;
}

std::size_t LineCodec::burst_length(const Asked& asked, ByteView request, ByteView so_far) const {
  ByteView bytes = without_echo(request, so_far);
  while (true) {
    const std::size_t passed = so_far.size() - bytes.size();
    ByteView left = bytes;
    const auto frame = take(left);
    if (!frame) {
      const std::size_t whole = length(bytes);
      return whole <= bytes.size() ? so_far.size() : passed + whole;  // garbled: nothing more is waited for
    }
    if (frame->kind != HeardFrame::Kind::request && frame->unit == asked.unit)
      return so_far.size() - left.size();
    bytes = left;
  }
}

Bytes MixedCodec::encode(const Asked& asked) const {
  const auto at = std::find_if(members_.begin(), members_.end(),
                               [&](const Member& member) { return member.protocol == asked.unit.protocol; });
  assert(at != members_.end());
  return at->codec->encode(asked);
}

std::optional<HeardFrame> MixedCodec::take(ByteView& bytes) const {
  std::optional<HeardFrame> found;
  ByteView behind;
  for (const auto& member : members_) {
    ByteView left = bytes;
    auto frame = member.codec->take(left);
    if (!frame) continue;
    if (found) return std::nullopt;
    found = std::move(frame);
    behind = left;
  }
  if (found) bytes = behind;
  return found;
}

std::size_t MixedCodec::length(ByteView bytes) const {
  // The shortest that is still to come: a longer wish of another protocol must not hold up a whole frame.
  std::size_t shortest = 0;
  for (const auto& member : members_) {
    const std::size_t length = member.codec->length(bytes);
    if (length > bytes.size() && (shortest == 0 || length < shortest)) shortest = length;
  }
  return shortest;
}

}  // namespace steward
