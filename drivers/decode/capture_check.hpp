#pragma once
#include <cstdint>
#include <vector>

#include "drivers/decode/profile.hpp"
#include "drivers/decode/profile_fields.hpp"

namespace steward {

/// Runs a profile's captures through `decode`: each expectation that is not met,
/// or lies outside its capture's registers, becomes a problem at the capture's line.
/// lines: one per capture. Pure.
void check_captures(const Profile& profile, const std::vector<std::uint32_t>& lines, ProfileFields& fields);

}  // namespace steward
