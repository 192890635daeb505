#include <algorithm>

#include "drivers/sim/encode.hpp"
#include "drivers/sim/modbus_device.hpp"

namespace steward {
namespace {

/// Puts what lies of `words`, which begin at `first`, inside `span` into `reply`.
void lay(const Words& words, std::uint32_t first, const RegisterSpan& span, Words& reply) {
  for (std::size_t at = 0; at < words.size(); ++at) {
    const std::size_t place = first + at;
    if (place >= span.first && place < span.end()) reply[place - span.first] = words[at];
  }
}

bool meet(const RegisterSpan& a, const RegisterSpan& b, bool any_kind) {
  return (a.kind == b.kind || any_kind) && a.first < b.end() && b.first < a.end();
}

/// What the meter would have frozen: blocks it never filled (all FF), and a clock that was never set.
bool lay_history(const Profile& profile, const RegisterSpan& span, Words& words) {
  bool touched = profile.clock && meet(profile.clock->span, span, profile.bus.double_fc);
  for (const FrozenBlocks& blocks : profile.frozen) {
    for (std::size_t entry = 0; entry < blocks.entries; ++entry) {
      const auto block = blocks.entry(entry);
      if (!meet(block, span, profile.bus.double_fc)) continue;
      touched = true;
      lay(Words(block.count, 0xFFFF), block.first, span, words);
    }
  }
  return touched;
}

}  // namespace

Result<Words> meter_registers(const Profile& profile, const RegisterSpan& span,
                              const std::function<std::int64_t(const ProfileChannel&)>& value_of,
                              std::uint64_t serial) {
  const BusHints& bus = profile.bus;
  if (span.count == 0 || span.count > bus.max_span) return Error{Fault::malformed, "too many registers"};
  const bool probed = bus.probe && (span == bus.probe->span(0) || span == bus.probe->span(1));
  if (span.count % bus.count_step != 0 && !probed)
    return Error{Fault::malformed, "registers are served by " + std::to_string(bus.count_step)};
  for (const RegisterSpan& bad : bus.forbidden)
    if (meet(bad, span, bus.double_fc)) return Error{Fault::unsupported, "a forbidden register"};
  Words words(span.count);
  bool touched = lay_history(profile, span, words);
  if (bus.probe) {
    const auto& longer = bus.probe->span(bus.probe->span(0).count < bus.probe->span(1).count ? 1 : 0);
    const bool probes = meet(longer, span, bus.double_fc);
    touched = touched || probes;
    if (probes && bus.probe->serial)
      lay(encode_serial(*bus.probe->serial, serial), bus.probe->serial->span.first, span, words);
  }
  for (const ProfileChannel& channel : profile.channels) {
    if (!meet(channel.span, span, bus.double_fc)) continue;
    touched = true;
    lay(encode(channel, value_of(channel)), channel.span.first, span, words);
  }
  if (!touched) return Error{Fault::unsupported, "no such register"};
  return words;
}

}  // namespace steward
