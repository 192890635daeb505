#pragma once
#include "contract/nouns/clock.hpp"
#include "contract/nouns/log.hpp"
#include "edge/store/outbox.hpp"

namespace steward {

/// The outbox remembers by which key it signed last. Opened with another, it says so before anything else
/// is signed: one event (and one for each older epoch with blocks here) and the new memory in one
/// transaction, so that the change is told exactly once, whatever is cut off when. An outbox from before this
/// memory existed is taken as signed by this key. `key` must be the signer the outbox was opened with.
/// Faults: those of Outbox::append.
Result<void> note_block_key(Outbox& outbox, const PublicKey& key, const GatewayId& gateway,
                            const ClockStamp& stamp);

/// The mark's name.
inline constexpr std::string_view block_key_mark = "block_key";

}  // namespace steward
