#pragma once
#include <string>

#include "cloud/verify/verify_verbs.hpp"

namespace steward {

/// What went wrong, in both languages on `err`; with --json also {"ok":false,"error":{...}} on `out`. Gives
/// `exit` back.
VerifyExit say(bool json, const VerifyStreams& streams, VerifyExit exit, const std::string& en,
               const std::string& zh);

}  // namespace steward
