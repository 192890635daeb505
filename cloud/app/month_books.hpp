#pragma once
#include <filesystem>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "cloud/app/data_folder.hpp"
#include "cloud/app/say.hpp"
#include "cloud/app/verbs.hpp"
#include "cloud/billing/bill_run.hpp"
#include "cloud/store/store.hpp"

/// A month between the pure run and the database: what `close`, `run` and `correct` share.
namespace steward {

/// A run as rows, as it would be stored.
struct Books {
  BillRunRow run;
  std::vector<BillRow> bills;
};

struct MonthDrawn {
  BillRun run;
  Books books;
};

/// Draws a month up from what is in the books now: closing records held against the signed blocks, then
/// the run. What stands in the way is said on `streams`, and the exit code is given instead.
std::variant<MonthDrawn, Exit> draw_month(const Common& common, const Streams& streams, Store& store,
                                          const SiteId& site, Month month);

/// SHA-256 over the run's record and all bills, in order: what a step of a run names.
Digest digest_of_bills(const std::string& run_json, std::span<const BillRow> bills);

/// "riverside-2026-000017"; with a kind "riverside-2026-N000017". Empty for 0.
std::string number_text(const SiteId& site, int year, std::int64_t number, std::string_view kind);

/// The page for people, under its number once it has one, with the hash a proof of it comes to.
std::string numbered_page(const BillRow& bill, const Digest& inputs);
std::string numbered_page(const BillNoteRow& note);

/// Which stored bills differ from the new ones, at most ten names, for the sentence that refuses.
std::string differing(Store& store, const Books& books);

/// Copies for people: bills/<month>/<bill>.json and .txt, beside them run.json, pools.txt and notes. Written
/// into a new folder that then takes the old one's place. The database is what counts; these can be
/// made again by closing again.
Result<std::filesystem::path> write_copies(const DataFolder& folder, Store& store, const BillRunRow& run);

}  // namespace steward
