#pragma once
#include <span>
#include <string>

#include "cloud/billing/bill.hpp"
#include "cloud/billing/bill_run.hpp"

namespace steward {

/// One bill as a text page for a resident: Chinese with English beside it, UTF-8,
/// aligned for a fixed-width font in which a Chinese character is two columns wide.
std::string bill_page(const Bill& bill);

/// The lines of a bill with their total, as on its page.
std::string lines_table(const Bill& bill);

/// One row per bill: account, name, units, own use, shares, total; a sum below.
std::string bill_table(std::span<const Bill> bills);

/// One row per pool: what was to be shared, the sum of the shares and how many
/// counts were left over and who holds them. Ends with a line that says whether
/// every pool adds up.
std::string pool_proof(const BillRun& run);

/// The run's notices, one per line, both languages; empty when there are none.
std::string notice_list(const BillRun& run);

}  // namespace steward
