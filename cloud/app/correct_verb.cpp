#include <algorithm>
#include <map>
#include <set>

#include "cloud/app/month_books.hpp"
#include "cloud/app/run_words.hpp"
#include "cloud/app/site_books.hpp"
#include "cloud/billing/bill_json.hpp"
#include "cloud/billing/bill_note.hpp"
#include "cloud/metering/decimal.hpp"
#include "contract/wire/block_rules.hpp"
#include "kit/loop/clocks.hpp"

namespace steward {
namespace {

/// A bill as it stands now: issued, and with its notes.
struct Standing {
  std::optional<Bill> bill;
  std::int64_t notes = 0;
};
using StandingBills = std::map<BillId, Standing>;

Result<StandingBills> standing_bills(Store& store, const SiteId& site, const std::string& month) {
  StandingBills standing;
  const auto bills = store.bills(site, month);
  if (!bills) return bills.error();
  for (const auto& row : *bills) {
    auto bill = read_bill(row.json);
    if (!bill) return Error{Fault::broken, "bill " + row.bill.text + ": " + bill.error().message};
    standing[row.bill].bill = std::move(*bill);
  }
  const auto notes = store.notes(site, month);
  if (!notes) return notes.error();
  for (const auto& row : *notes) {  // by place: the last one says how the bill is
    auto after = bill_after(row.json);
    if (!after) return Error{Fault::broken, "a note on " + row.bill.text + ": " + after.error().message};
    standing[row.bill] = {std::move(*after), row.place};
  }
  return standing;
}

bool is_known(const BillId& id, const StandingBills& standing, const BillRun& run) {
  return standing.contains(id) ||
         std::ranges::any_of(run.bills, [&](const Bill& bill) { return bill.id == id; });
}

/// The notes that turn the bills as they stand into those drawn up now, by bill.
std::vector<BillNote> notes_to(StandingBills& standing, const BillRun& run, const CorrectOptions& options) {
  std::map<BillId, std::optional<Bill>> now;
  for (const auto& [id, bill] : standing) now[id];
  for (const auto& bill : run.bills) now[bill.id] = bill;
  std::vector<BillNote> notes;
  for (const auto& [id, bill] : now) {
    if (!options.bill.empty() && id.text != options.bill) continue;
    const auto& before = standing[id];
    if (!before.bill && !bill) continue;
    auto note = note_between(before.bill, bill);
    if (!note) continue;
    note->place = before.notes + 1;
    note->who = options.who;
    note->why = options.why;
    notes.push_back(std::move(*note));
  }
  return notes;
}

Exit say_notes(const Common& common, const Streams& streams, const std::vector<BillNote>& notes,
               const std::vector<BillNoteRow>& rows, bool dry_run) {
  Json list = Json::array();
  Fen sum;
  for (std::size_t i = 0; i < notes.size(); ++i) {
    sum = sum + notes[i].total();
    if (common.json) {
      Json one = Json::object();
      one.set("number", number_text(rows[i].site, rows[i].year, rows[i].number, "N"));
      one.set("document", note_json(notes[i]));
      list.push(std::move(one));
    } else {
      streams.out << (dry_run ? rows[i].page : numbered_page(rows[i])) << "\n";
    }
  }
  if (common.json) {
    Json out = Json::object();
    out.set("stored", !dry_run).set("total_fen", sum.count).set("notes", std::move(list));
    streams.out << out.dump() << "\n";
    return Exit::ok;
  }
  streams.out << notes.size() << " notes, " << yuan_text(sum) << " yuan"
              << (dry_run ? "; nothing was stored / 未保存任何内容" : "") << "\n";
  return Exit::ok;
}

Exit correct_in(const Common& common, const CorrectOptions& options, const Streams& streams,
                const DataFolder& folder, Store& store) {
  const auto site = choose_site(store, common.estate);
  if (!site) return say_fault(common, streams, site.error());
  const auto runs = store.bill_runs(*site);
  if (!runs) return say_fault(common, streams, runs.error());
  const auto run = std::find_if(runs->begin(), runs->end(),
                                [&](const BillRunRow& row) { return row.month == options.month; });
  if (run == runs->end() || run->status != RunStatus::issued) {
    return say_error(common, streams, Exit::refused,
                     options.month + " is not issued: a draft is drawn up again, not corrected",
                     options.month + " 尚未开具：草稿可直接重新生成，无需更正");
  }
  auto outcome = draw_month(common, streams, store, *site, *read_month(options.month));
  if (const auto* exit = std::get_if<Exit>(&outcome)) return *exit;
  const auto& drawn = std::get<MonthDrawn>(outcome);
  auto standing = standing_bills(store, *site, options.month);
  if (!standing) return say_fault(common, streams, standing.error());
  if (!options.bill.empty() && !is_known(BillId(options.bill), *standing, drawn.run)) {
    return say_error(
        common, streams, Exit::bad_input,
        "no bill \"" + options.bill + "\" in " + options.month + "; `bills --month " + options.month +
            "` lists them",
        options.month + " 没有账单“" + options.bill + "”；用 bills --month " + options.month + " 查看全部");
  }
  const auto notes = notes_to(*standing, drawn.run, options);
  std::vector<BillNoteRow> rows;
  const auto at = SystemClock().now();
  for (const auto& note : notes) {
    rows.push_back({.site = *site,
                    .month = options.month,
                    .bill = note.bill,
                    .place = note.place,
                    .account = note.account,
                    .name = note.account_name,
                    .total_fen = note.total().count,
                    .who = options.who,
                    .why = options.why,
                    .made_at = at,
                    .inputs = drawn.books.run.inputs,
                    .json = note_json(note).dump(),
                    .page = note_page(note),
                    .year = year_of(at, drawn.run.offset)});
  }
  if (options.dry_run || notes.empty()) return say_notes(common, streams, notes, rows, true);
  const auto done = store.transact([&]() -> Result<void> {
    for (const auto& row : rows) {
      if (auto put = store.put_note(row); !put) return put;
    }
    return {};
  });
  if (!done) return say_fault(common, streams, done.error());
  const auto stored = store.notes(*site, options.month);
  if (!stored) return say_fault(common, streams, stored.error());
  for (auto& row : rows) {
    const auto found = std::find_if(stored->begin(), stored->end(), [&](const BillNoteRow& one) {
      return one.bill == row.bill && one.place == row.place;
    });
    if (found != stored->end()) row.number = found->number;
  }
  const auto copies = write_copies(folder, store, *run);
  if (!copies) return say_fault(common, streams, copies.error());
  return say_notes(common, streams, notes, rows, false);
}

}  // namespace

Exit correct_bills(const Common& common, const CorrectOptions& options, const Streams& streams) {
  if (const auto month = asked_month(options.month); !month) return say_fault(common, streams, month.error());
  if (!is_plain_text(options.who, 1, 64) || !is_plain_text(options.why, 1, 256)) {
    return say_error(common, streams, Exit::bad_input,
                     "--by is a name of 1 to 64 bytes, --why a sentence of 1 to 256: both are kept for ever",
                     "--by 应为 1 至 64 字节的姓名，--why 应为 1 至 256 字节的说明；两者永久保存");
  }
  auto folder = DataFolder::open_existing(common.data);
  if (!folder) return say_fault(common, streams, folder.error());
  auto store = folder->open_store();
  if (!store) return say_fault(common, streams, store.error());
  return correct_in(common, options, streams, *folder, **store);
}

}  // namespace steward
