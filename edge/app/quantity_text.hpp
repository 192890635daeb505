#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "contract/nouns/reading.hpp"

namespace steward {

/// What a display counts in: "kWh" for wh, "m3" for litre, "V" for millivolt.
std::string_view shown_unit(ChannelUnit unit);
/// The number a display would show: 1234560 wh -> "1234.560". Pure.
std::string shown(std::int64_t value, ChannelUnit unit);

}  // namespace steward
