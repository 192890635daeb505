#pragma once
#include <string>

#include "contract/nouns/result.hpp"
#include "kit/crypto/signing_key.hpp"

namespace steward {

/// A key as a person hands it over: a PEM file, or the hex that `gateway list` shows. Faults: malformed,
/// broken.
Result<VerifyingKey> read_given_key(const std::string& given);

}  // namespace steward
