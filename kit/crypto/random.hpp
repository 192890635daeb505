#pragma once
#include <cstddef>

#include "contract/nouns/bytes.hpp"
#include "contract/nouns/ids.hpp"
#include "contract/wire/uuid_text.hpp"  // uuid_text(), uuid_from()

namespace steward {

/// From OpenSSL's generator, seeded by the kernel. A machine without randomness
/// cannot make keys or epochs, so failure ends the program. Thread: any.
Bytes random_bytes(std::size_t count);

/// RFC 4122 version 4: 122 random bits.
Uuid random_uuid();

}  // namespace steward
