#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "drivers/decode/profile.hpp"
#include "drivers/decode/profile_fields.hpp"

namespace steward {

/// Whether `name` is 1 to 32 of a-z 0-9 and `others`.
bool plain_name(std::string_view name, std::string_view others);

/// How a channel is named in problems.
Sentence called(const std::string& name);

/// "kind" and "first" of a channel, capture or forbidden range.
/// base: what the manual calls the first register, 0 or 1 (address_base).
std::optional<RegisterSpan> read_span(ProfileFields& fields, const Json& object, const Sentence& what,
                                      std::int64_t base, std::int64_t count);

/// One entry of "channels", the next of `profile`. Always gives a channel, so that what
/// names it later finds it; whether it can be used, the problems say.
/// base: address_base. profile: its protocol, items and source are read.
ProfileChannel read_channel(ProfileFields& fields, const Json& item, const Profile& profile,
                            std::int64_t base);

}  // namespace steward
