#pragma once
#include <string>
#include <vector>

#include "cloud/metering/calendar.hpp"
#include "cloud/store/store.hpp"

namespace steward {

/// Brings closings to the instants they truly belong to (cloud/metering/true_time.hpp): adds to `rows` those
/// by clocks that were not known to be right and belong into [from, to), and settles those in `rows` whose
/// gateway's tellers of time contradict each other.
///
/// returns: what was changed, for the digest of a bill run's inputs. Faults: the store's.
Result<std::string> settle_times(Store& store, const SiteId& site, UtcOffset offset, Instant from, Instant to,
                                 std::vector<ClosingRow>& rows);

}  // namespace steward
