#pragma once
#include <optional>

#include "contract/nouns/clock.hpp"
#include "contract/nouns/ids.hpp"
#include "contract/nouns/result.hpp"
#include "contract/text/json.hpp"

namespace steward {

/// {"verb":"backfill","meter":"E-1","from":"2026-05-01"}: what the meter kept by itself since that day's
/// midnight at the estate; of no day, since what is missing, else of the last week.
struct BackfillRequest {
  MeterId meter;
  std::optional<std::chrono::year_month_day> from;
  friend bool operator==(const BackfillRequest&, const BackfillRequest&) = default;
};

/// The fields behind the verb. Faults: malformed (the message says which field and what it must be).
Result<BackfillRequest> read_backfill(const Json& json);
Json print_backfill(const BackfillRequest& request);

}  // namespace steward
