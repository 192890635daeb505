#pragma once
#include <string_view>

#include "cloud/billing/bill.hpp"
#include "cloud/billing/bill_run.hpp"
#include "contract/nouns/result.hpp"
#include "contract/text/json.hpp"

namespace steward {

/// A bill as canonical JSON: fixed key order, integers only, so that the same
/// bill is the same bytes on every machine (`dump()` without indent).
/// Format: docs/formats/bill.md.
Json bill_json(const Bill& bill);

/// One line of a bill, as it stands in bill_json.
Json line_json(const BillLine& line);

/// The auditor's record of a run: usages and residuals of every point, pools with
/// every share, notices, and the ids and totals of its bills (the bills themselves
/// are kept one by one, see bill_json).
Json run_json(const BillRun& run);

/// Everything in one text: run_json with the whole bills in it. What two machines compare.
Json whole_run_json(const BillRun& run);

/// Reads back what bill_json wrote; at most 16 MiB. Faults: malformed, naming the
/// key. Also checks that the lines add up to the total.
Result<Bill> read_bill(std::string_view text);

}  // namespace steward
