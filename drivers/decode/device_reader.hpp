#pragma once
#include <cstdint>

#include "drivers/decode/profile.hpp"
#include "drivers/decode/profile_fields.hpp"

namespace steward {

/// "bus": the line, what a request may ask for, and the probe. base: address_base.
/// profile: its protocol and items are there already.
void read_bus(ProfileFields& fields, const Json& root, std::int64_t base, Profile& profile);

/// "variant", "clock" and "frozen". The channels are there already: frozen blocks name them.
void read_device(ProfileFields& fields, const Json& root, std::int64_t base, Profile& profile);

}  // namespace steward
