#include "edge/app/clock_floor.hpp"

#include <algorithm>
#include <charconv>

#include "contract/wire/limits.hpp"

namespace steward {

Instant clock_floor(std::string_view mark) {
  // Of the configuring, or SOURCE_DATE_EPOCH where that is set, so that a build can be repeated.
  constexpr std::int64_t built_ms = std::int64_t{STEWARD_BUILT_AT_S} * 1000;
  std::int64_t kept_ms = 0;
  const auto [end, error] = std::from_chars(mark.data(), mark.data() + mark.size(), kept_ms);
  const bool sound = error == std::errc() && end == mark.data() + mark.size() && kept_ms >= 0 &&
                     kept_ms <= wire_limit::instant_ms;
  return instant_from_ms(sound ? std::max(built_ms, kept_ms) : built_ms);
}

}  // namespace steward
