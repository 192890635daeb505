#pragma once
#include <string>
#include <string_view>

#include "contract/nouns/ids.hpp"
#include "contract/nouns/result.hpp"

namespace steward {

/// "f81d4fae-7dec-11d0-a765-00a0c91e6bf6" (RFC 4122, 3), lower case.
std::string uuid_text(const Uuid& uuid);
/// Back from that form; upper case is malformed, so one UUID has one text.
Result<Uuid> uuid_from(std::string_view text);

}  // namespace steward
