#include <optional>

#include "cloud/app/month_books.hpp"
#include "cloud/app/run_words.hpp"
#include "cloud/app/site_books.hpp"
#include "cloud/billing/bill_page.hpp"
#include "cloud/billing/run_diff.hpp"
#include "contract/text/hex_text.hpp"
#include "contract/wire/block_rules.hpp"
#include "kit/loop/clocks.hpp"

namespace steward {
namespace {

/// What a month was, is, and what has become of it now.
enum class Change : std::uint8_t { fresh, replaced, same, conflict };

struct Filed {
  Change change = Change::fresh;
  bool issued_now = false;
};

/// The steps that are left, all by one person, who says so.
Result<void> issue_at_once(Store& store, BillRunRow& row, const BillRun& run, const std::string& by) {
  const auto at = SystemClock().now();
  while (row.status != RunStatus::issued) {
    const RunStep step{next_status(row.status), row.bills, by, "all at once, by close --issue", at};
    auto done = step.to == RunStatus::issued ? store.issue(row.site, row.month, step, year_of(at, run.offset))
                                             : store.put_step(row.site, row.month, step);
    if (!done) return done;
    row.status = step.to;
  }
  row.issued_at = at;
  return {};
}

/// The run of that month as it is stored.
Result<std::optional<BillRunRow>> stored_run(Store& store, const BillRunRow& like) {
  auto runs = store.bill_runs(like.site);
  if (!runs) return std::move(runs.error());
  for (auto& row : *runs) {
    if (row.month == like.month) return std::optional(std::move(row));
  }
  return std::optional<BillRunRow>();
}

/// Puts the run beside what is stored: new, the same bytes, a new draft, or a
/// contradiction to what has been issued. `by`: who issues it at once; empty: nobody. Inside a transaction.
Result<Filed> file_run(Store& store, Books& books, const BillRun& run, const std::string& by) {
  const auto before = stored_run(store, books.run);
  if (!before) return before.error();
  const bool same = *before && (*before)->bills == books.run.bills;
  const auto change = !*before ? Change::fresh : same ? Change::same : Change::replaced;
  if (*before && (*before)->status == RunStatus::issued) {
    if (!same) return Filed{Change::conflict};
    books.run = **before;
    return Filed{change};
  }
  if (!same) {
    if (auto put = store.put_draft(books.run, books.bills); !put) return std::move(put.error());
  }
  const auto now = stored_run(store, books.run);  // steps of these very bytes count, whenever they were taken
  if (!now) return now.error();
  books.run.status = (*now)->status;
  if (!by.empty()) {
    if (auto issued = issue_at_once(store, books.run, run, by); !issued) return std::move(issued.error());
  }
  return Filed{change, !by.empty()};
}

std::string sentence(const Filed& filed, RunStatus status, std::string_view month, bool chinese) {
  const auto [change, issued_now] = filed;
  const std::string name(month);
  if (status == RunStatus::issued && !issued_now) {
    return chinese ? name + "：已开具；重新计算结果逐字节相同"
                   : name + ": issued already; drawn up again, the same bytes";
  }
  std::string text;
  if (chinese) {
    text = change == Change::fresh      ? "已生成草稿"
           : change == Change::replaced ? "草稿已更新，与上次不同"
                                        : "草稿与上次逐字节相同";
    return name + "：" + text + (issued_now ? "，现已开具" : "");
  }
  text = change == Change::fresh      ? "draft drawn up"
         : change == Change::replaced ? "draft drawn up again, with other bytes than before"
                                      : "drawn up again, the same bytes as before";
  return name + ": " + text + (issued_now ? ", now issued" : "");
}

std::string_view word(Change change) {
  switch (change) {
    case Change::fresh: return "new";
    case Change::replaced: return "replaced";
    case Change::same: return "same";
    case Change::conflict: return "conflict";
  }
  return "conflict";
}

void say_closed(const Common& common, const CloseOptions& options, const Streams& streams, const Books& books,
                const BillRun& run, const Filed& filed, const std::filesystem::path& copies) {
  const auto& row = books.run;
  if (common.json) {
    Json out = Json::object();
    out.set("estate", row.site.text).set("month", row.month);
    out.set("status", status_en(row.status));
    out.set("change", word(filed.change)).set("bills", row.bill_count).set("total_fen", row.total_fen);
    out.set("inputs", hex(row.inputs)).set("digest", hex(row.bills)).set("stepped", run.stepped);
    out.set("folder", copies.string());
    streams.out << out.dump() << "\n";
    return;
  }
  if (!options.quiet) {
    streams.out << bill_table(run.bills) << "\n" << pool_proof(run);
    if (const auto notices = notice_list(run); !notices.empty()) streams.out << "\n" << notices;
    streams.out << "\n";
  }
  if (run.stepped) {
    streams.out << "These bills stand on simulated time: they are never real ones.\n"
                   "本期账单基于模拟时间，不是真实账单。\n";
  }
  streams.out << sentence(filed, row.status, row.month, false) << "\n"
              << sentence(filed, row.status, row.month, true) << "\n"
              << row.bill_count << " bills, " << yuan_text(run.total) << " yuan; copies in "
              << copies.string() << "\n";
}

/// What the month would be, beside the month before it as it is stored. Stores nothing.
Exit say_change(const Common& common, const Streams& streams, Store& store, const MonthDrawn& drawn,
                Month month) {
  auto change = change_since(store, drawn.books, month - std::chrono::months(1));
  if (!change) return say_fault(common, streams, change.error());
  if (common.json) {
    streams.out << run_diff_json(*change).dump() << "\n";
    return Exit::ok;
  }
  streams.out << bill_table(drawn.run.bills) << "\n" << pool_proof(drawn.run);
  if (const auto notices = notice_list(drawn.run); !notices.empty()) streams.out << "\n" << notices;
  streams.out << "\n" << run_diff_page(*change) << "nothing was stored / 未保存任何内容\n";
  return Exit::ok;
}

Exit close_in(const Common& common, const CloseOptions& options, const Streams& streams, Month month,
              const DataFolder& folder, Store& store) {
  auto site = choose_site(store, common.estate);
  if (!site) return say_fault(common, streams, site.error());
  auto outcome = draw_month(common, streams, store, *site, month);
  if (const auto* exit = std::get_if<Exit>(&outcome)) return *exit;
  auto& drawn = std::get<MonthDrawn>(outcome);
  if (options.dry_run) return say_change(common, streams, store, drawn, month);
  auto& books = drawn.books;
  Progress progress(streams.err);
  progress.tell("writing bills / 正在写入账单");
  Filed filed;
  const auto done = store.transact([&]() -> Result<void> {
    auto result = file_run(store, books, drawn.run, options.issue ? options.by : std::string());
    if (!result) return std::move(result.error());
    filed = *result;
    return {};
  });
  if (!done) return say_fault(common, streams, done.error());
  if (filed.change == Change::conflict) {
    const auto names = differing(store, books);
    return say_error(common, streams, Exit::refused,
                     options.month + " is issued, and the inputs now give other bills (" + names +
                         "); issued bills never change. `steward-cloud correct` makes the notes",
                     options.month + " 已开具，而现有数据会得出不同的账单（" + names +
                         "）；已开具的账单不会改变，更正请用 steward-cloud correct");
  }
  auto copies = write_copies(folder, store, books.run);
  if (!copies) return say_fault(common, streams, copies.error());
  say_closed(common, options, streams, books, drawn.run, filed, *copies);
  return Exit::ok;
}

}  // namespace

Exit close_month(const Common& common, const CloseOptions& options, const Streams& streams) {
  const auto month = asked_month(options.month);
  if (!month) return say_fault(common, streams, month.error());
  if (options.issue && (options.dry_run || !is_plain_text(options.by, 1, 64))) {
    return say_error(common, streams, Exit::bad_input,
                     "--issue takes --by, a name of 1 to 64 bytes, and no --dry-run",
                     "--issue 需要 --by（1 至 64 字节的姓名），且不能与 --dry-run 同用");
  }
  auto folder = DataFolder::open_existing(common.data);
  if (!folder) return say_fault(common, streams, folder.error());
  auto store = folder->open_store();
  if (!store) return say_fault(common, streams, store.error());
  return close_in(common, options, streams, *month, *folder, **store);
}

}  // namespace steward
