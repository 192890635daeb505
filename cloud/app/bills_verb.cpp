#include <algorithm>

#include "cloud/app/lives.hpp"
#include "cloud/app/month_books.hpp"
#include "cloud/app/run_words.hpp"
#include "cloud/app/say.hpp"
#include "cloud/app/site_books.hpp"
#include "cloud/billing/bill_json.hpp"
#include "cloud/billing/bill_page.hpp"
#include "cloud/billing/explain.hpp"
#include "cloud/billing/text_table.hpp"

namespace steward {
namespace {

Exit list_months(const Common& common, const Streams& streams, const std::vector<BillRunRow>& runs) {
  if (common.json) {
    Json list = Json::array();
    for (const auto& run : runs) {
      Json one = Json::object();
      one.set("month", run.month).set("status", status_en(run.status));
      one.set("bills", run.bill_count).set("total_fen", run.total_fen);
      list.push(std::move(one));
    }
    streams.out << Json::object().set("months", std::move(list)).dump() << "\n";
    return Exit::ok;
  }
  if (runs.empty()) {
    streams.out << "no month has been closed yet; do: steward-cloud --data DIR close --month 2026-06\n"
                   "还没有结算过任何月份。\n";
    return Exit::ok;
  }
  TextTable table({Align::left, Align::left, Align::right, Align::right});
  table.row({"month 月份", "status 状态", "bills 账单数", "yuan 元"});
  table.rule();
  for (const auto& run : runs) {
    table.row({run.month, std::string(status_en(run.status)) + " " + std::string(status_zh(run.status)),
               std::to_string(run.bill_count), yuan_text(Fen{run.total_fen})});
  }
  streams.out << table.text();
  return Exit::ok;
}

/// The bills as stored, byte for byte, in one JSON object.
void print_json(const Streams& streams, const BillRunRow& run, const std::vector<BillRow>& bills,
                const std::vector<BillNoteRow>& notes) {
  streams.out << R"({"month":")" << run.month << R"(","status":")" << status_en(run.status)
              << R"(","total_fen":)" << run.total_fen << R"(,"bills":[)";
  for (std::size_t i = 0; i < bills.size(); ++i) streams.out << (i == 0 ? "" : ",") << bills[i].json;
  streams.out << "]";
  if (run.status == RunStatus::issued) {
    auto numbers = Json::object();
    for (const auto& bill : bills)
      numbers.set(bill.bill.text, number_text(bill.site, bill.year, bill.number, ""));
    streams.out << R"(,"numbers":)" << numbers.dump() << R"(,"notes":[)";
    for (std::size_t i = 0; i < notes.size(); ++i) streams.out << (i == 0 ? "" : ",") << notes[i].json;
    streams.out << "]";
  }
  streams.out << "}\n";
}

Result<std::vector<Bill>> read_all(const std::vector<BillRow>& rows) {
  std::vector<Bill> bills;
  for (const auto& row : rows) {
    auto bill = read_bill(row.json);
    if (!bill) return Error{Fault::broken, "bill " + row.bill.text + ": " + bill.error().message};
    bills.push_back(std::move(*bill));
  }
  return bills;
}

struct Opened {
  std::unique_ptr<Store> store;
  SiteId site;
  std::vector<BillRunRow> runs;
};

Result<Opened> open_runs(const Common& common) {
  auto books = open_site(common);
  if (!books) return std::move(books.error());
  auto runs = books->store->bill_runs(books->site);
  if (!runs) return std::move(runs.error());
  return Opened{std::move(books->store), std::move(books->site), std::move(*runs)};
}

/// What has become of an explained bill: its number, and the notes that correct it.
Exit say_notes_of(const Common& common, const Streams& streams, Store& store, const BillRow& bill) {
  const auto number = number_text(bill.site, bill.year, bill.number, "");
  if (!number.empty()) streams.out << "\nbill no. 账单编号 " << number << "\n";
  const auto notes = store.notes(bill.site, bill.month);
  if (!notes) return say_fault(common, streams, notes.error());
  for (const auto& note : *notes) {
    if (note.bill == bill.bill) streams.out << "\n" << numbered_page(note);
  }
  return Exit::ok;
}

}  // namespace

Exit list_bills(const Common& common, const BillsOptions& options, const Streams& streams) {
  auto opened = open_runs(common);
  if (!opened) return say_fault(common, streams, opened.error());
  if (options.month.empty()) return list_months(common, streams, opened->runs);

  const auto run = std::find_if(opened->runs.begin(), opened->runs.end(),
                                [&](const BillRunRow& row) { return row.month == options.month; });
  if (run == opened->runs.end()) {
    return say_error(common, streams, Exit::bad_input,
                     "no bills of " + options.month + "; `bills` without --month lists the months there are",
                     "没有 " + options.month + " 的账单；不带 --month 的 bills 会列出已有月份");
  }
  const auto rows = opened->store->bills(opened->site, options.month);
  if (!rows) return say_fault(common, streams, rows.error());
  const auto notes = opened->store->notes(opened->site, options.month);
  if (!notes) return say_fault(common, streams, notes.error());
  if (common.json) {
    print_json(streams, *run, *rows, *notes);
    return Exit::ok;
  }
  const auto bills = read_all(*rows);
  if (!bills) return say_fault(common, streams, bills.error());
  streams.out << bill_table(*bills) << "\n"
              << run->proof << "\n"
              << run->month << ": " << status_en(run->status) << " " << status_zh(run->status);
  if (run->status == RunStatus::issued && !rows->empty()) {
    const auto number = [](const BillRow& bill) {
      return number_text(bill.site, bill.year, bill.number, "");
    };
    streams.out << ", numbers 编号 " << number(rows->front()) << " .. " << number(rows->back());
  }
  streams.out << "\n";
  for (const auto& note : *notes) {
    streams.out << "note 通知单 " << number_text(note.site, note.year, note.number, "N") << " on "
                << note.bill.text << ": " << yuan_text(Fen{note.total_fen}) << " yuan, " << note.why << "\n";
  }
  return Exit::ok;
}

Exit explain_bill(const Common& common, const ExplainOptions& options, const Streams& streams) {
  if (options.language != "zh" && options.language != "en" && options.language != "both") {
    return say_error(common, streams, Exit::bad_input, "--lang is zh, en or both",
                     "--lang 只能是 zh、en 或 both");
  }
  auto opened = open_runs(common);
  if (!opened) return say_fault(common, streams, opened.error());
  std::string some;
  for (const auto& run : opened->runs) {
    const auto rows = opened->store->bills(opened->site, run.month);
    if (!rows) return say_fault(common, streams, rows.error());
    for (const auto& row : *rows) {
      if (row.bill.text == options.bill) {
        if (common.json) {
          streams.out << row.json << "\n";
          return Exit::ok;
        }
        const auto bill = read_bill(row.json);
        if (!bill) return say_fault(common, streams, bill.error());
        const auto lives = opened->store->meter_events(opened->site);
        if (!lives) return say_fault(common, streams, lives.error());
        std::vector<LifeEvent> events;
        for (const auto& life : *lives) events.push_back(life_event_of(life));
        if (options.language != "en") streams.out << explain(*bill, Language::zh, events);
        if (options.language == "both") streams.out << "\n";
        if (options.language != "zh") streams.out << explain(*bill, Language::en, events);
        return say_notes_of(common, streams, *opened->store, row);
      }
      // The payer's account or name alone is what people type first.
      if (row.account.text == options.bill || row.name == options.bill) some += " " + row.bill.text;
    }
  }
  return say_error(common, streams, Exit::bad_input,
                   "no bill \"" + options.bill + "\"; " +
                       (some.empty() ? "`bills --month 2026-06` lists them" : "did you mean" + some + "?"),
                   "没有账单“" + options.bill + "”；" +
                       (some.empty() ? "用 bills --month 2026-06 查看全部" : "是否指" + some + "？"));
}

}  // namespace steward
