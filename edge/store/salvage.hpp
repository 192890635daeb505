#pragma once
#include <string>

#include "contract/nouns/result.hpp"
#include "edge/store/outbox.hpp"

namespace steward {

/// Damaged files kept beside the outbox as `outbox.db.damaged-1`, `-2`, ...: a technician's evidence. The
/// oldest go: each may be as large as the outbox.
inline constexpr int max_damaged_files = 2;

/// What a salvage says of itself until an event has said it: a mark of the new outbox.
inline constexpr std::string_view salvage_mark = "outbox/salvaged";

/// Makes a new outbox of what is sound in a damaged one: its kept rows and every block the cloud has not
/// acknowledged that this gateway sealed, or whose hash such a block names; bytes, places and epoch as they
/// were. A new epoch begins. The damaged file stays beside it.
///
/// Whatever ends it midway, a power cut too, the damaged file or the finished new one is found again.
/// Faults: refused (another gateway's), full, broken.
Result<void> salvage(const OutboxSetup& setup, const Signer& signer, const std::string& why);

/// Puts the new file in place when a power cut came between the two renames of a salvage.
Result<void> finish_salvage(const std::string& path);

/// Reads the whole file beside the running outbox: SQLite's own check, every kept row, every block in its
/// place and named by the one behind it, the newest by its seal. Empty: sound. Faults: broken, retry.
/// Thread: any; takes as long as reading the file does.
Result<std::string> check_outbox(const OutboxSetup& setup, const Signer& signer);

}  // namespace steward
