#pragma once
#include <map>

#include "edge/app/load_site.hpp"
#include "edge/app/record_writer.hpp"
#include "edge/backfill/gap_book.hpp"
#include "edge/poll/meter_work.hpp"

namespace steward {

/// What a run knew of its meters, as its own log tells it to the next.
struct LogMemory {
  std::map<MeterNo, MeterHistory> histories;  // `life` and `last`
  GapBook gaps;
  LogTail tail;
};

/// At most so many records are read back: a month of 250 meters each hour, a day of 8,000; half a second on
/// a desktop.
inline constexpr std::uint64_t most_remembered = 200'000;

/// Reads the end of the readings log back: last registers and where they stand in the log, changes nobody
/// explained, boundaries nobody closed. Nothing is written while running that is not written anyway, and
/// what was committed is exactly what is remembered, however the run before ended.
///
/// Meters are found again by plate and channel name, whatever their numbers were then. What a person
/// explained, and what a meter was asked for since (log_marks.hpp), is taken off. Readings taken after
/// `now` are passed over: one of the two clocks was wrong. Behind a hole, or a block that cannot be read,
/// memory begins anew.
/// signer: whose blocks the outbox holds; site's own key may be with the outbox already
/// most: records read back
/// Faults: broken (a mark or the database is damaged). Thread: the one that has the outbox.
Result<LogMemory> read_log_memory(Outbox& outbox, const LoadedSite& site, const PublicKey& signer,
                                  Instant now, std::uint64_t most = most_remembered);

}  // namespace steward
