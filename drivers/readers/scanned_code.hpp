#pragma once
#include <cstddef>
#include <string>

#include "contract/nouns/clock.hpp"

namespace steward {

/// The longest code any reader passes on; longer ones are noise or an attack.
inline constexpr std::size_t max_code_bytes = 512;

/// One whole code, stamped when it was complete (not when it was fetched).
struct ScannedCode {
  std::string code;  // printable ASCII 0x20..0x7E, 1..512 bytes
  Instant at;

  friend bool operator==(const ScannedCode&, const ScannedCode&) = default;
};

}  // namespace steward
