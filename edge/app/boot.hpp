#pragma once
#include "contract/nouns/ids.hpp"

namespace steward {

/// This boot's id as the kernel made it (/proc/sys/kernel/random/boot_id, random(4)):
/// the same for every start of the daemon until the machine starts anew. A fresh
/// one where the kernel has none.
Uuid boot_id();

}  // namespace steward
