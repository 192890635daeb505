#pragma once
#include <string>
#include <string_view>

#include "contract/nouns/bytes.hpp"
#include "contract/nouns/result.hpp"

namespace steward {

/// Lower-case hex, two digits a byte.
std::string hex(ByteView bytes);
/// Back from hex, either case. Faults: malformed (odd length, another character).
Result<Bytes> from_hex(std::string_view text);

}  // namespace steward
