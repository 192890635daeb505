#pragma once
#include <string_view>

#include "contract/nouns/clock.hpp"

namespace steward {

/// The mark that keeps the last instant of a clock that knew the time, UTC milliseconds.
inline constexpr std::string_view clock_floor_mark = "clock/floor";

/// Before it no time can be true: when this program was built, or what the mark says, whichever is later. A
/// damaged mark is none.
Instant clock_floor(std::string_view mark);

}  // namespace steward
