#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "drivers/modbus/plan.hpp"

namespace steward {

/// Channels that must come in one read: a group, or a channel alone.
struct Bundle {
  RegisterSpan span;  // from the first register of any to the last
  std::vector<ChannelNo> channels;
};

/// The selection's bundles in address order, holding registers first. Pure.
std::vector<Bundle> bundles_of(const Profile& profile, const ChannelSelection& selection);

/// The smallest run that holds both; of `a`'s kind.
RegisterSpan spanning(const RegisterSpan& a, const RegisterSpan& b);

/// Whether one request may ask for exactly this: max_span, forbidden registers, the address space.
bool readable(const Profile& profile, const RegisterSpan& span);

/// The request for bundles [from, to) that asks for `span`, which holds them all;
/// its kind may be the twin of theirs (double_fc).
PlannedRead planned(const Profile& profile, const RegisterSpan& span, const std::vector<Bundle>& bundles,
                    std::size_t from, std::size_t to);

/// The request of `count` registers that holds `span`: it grows at the end, and at the
/// front only where that stays among registers the profile names or where the end cannot
/// grow. nothing: none is readable. `unnamed` counts its registers outside the profile's map.
struct Padded {
  RegisterSpan span;
  std::int64_t unnamed = 0;
};
std::optional<Padded> padded(const Profile& profile, const RegisterSpan& span, std::uint16_t count);

/// `count` rounded up to what the device serves (count_step).
std::uint16_t stepped(const Profile& profile, std::uint16_t count);

/// The reads of a Chinese meter: one per data item, the selected channels of an item together, in
/// the order of the profile's "items". An item is always read whole. Pure.
std::vector<PlannedRead> item_reads(const Profile& profile, const ChannelSelection& selection);

}  // namespace steward
