#include <algorithm>

#include "cloud/app/month_books.hpp"
#include "cloud/app/run_words.hpp"
#include "cloud/app/site_books.hpp"
#include "cloud/billing/text_table.hpp"
#include "cloud/metering/decimal.hpp"
#include "contract/text/hex_text.hpp"
#include "contract/wire/block_rules.hpp"
#include "kit/loop/clocks.hpp"

namespace steward {
namespace {

struct Opened {
  SiteBooks books;
  BillRunRow run;
  std::vector<BillRow> bills;
  std::vector<RunStep> steps;
  UtcOffset offset = default_offset;
};

Result<Opened> open_run(const Common& common, const std::string& month) {
  auto books = open_site(common);
  if (!books) return std::move(books.error());
  auto runs = books->store->bill_runs(books->site);
  if (!runs) return std::move(runs.error());
  const auto run =
      std::find_if(runs->begin(), runs->end(), [&](const BillRunRow& row) { return row.month == month; });
  if (run == runs->end()) {
    return error_of(Fault::refused, "no bills of " + month + "; `close --month " + month + "` draws them up",
                    "没有 " + month + " 的账单；请先运行 close --month " + month);
  }
  auto bills = books->store->bills(books->site, month);
  if (!bills) return std::move(bills.error());
  auto steps = books->store->run_steps(books->site, month);
  if (!steps) return std::move(steps.error());
  const auto estate = latest_estate(*books->store, books->site);
  const auto offset = estate ? estate->estate.offset : default_offset;
  return Opened{std::move(*books), *run, std::move(*bills), std::move(*steps), offset};
}

Exit say_steps(const Common& common, const Streams& streams, const Opened& opened) {
  Json list = Json::array();
  TextTable table({Align::left, Align::left, Align::left, Align::left, Align::left});
  table.row({"step 步骤", "by 经办人", "at 时间", "bills 账单摘要", "note 备注"});
  table.rule();
  for (const auto& step : opened.steps) {
    const bool counts = step.bills == opened.run.bills;
    const auto digest = hex(step.bills);
    const auto at = text_of(step.at, opened.offset);
    Json one = Json::object();
    one.set("step", status_en(step.to)).set("by", step.who).set("at", at).set("digest", digest);
    one.set("counts", counts).set("note", step.note);
    list.push(std::move(one));
    table.row({std::string(status_en(step.to)) + " " + std::string(status_zh(step.to)), step.who, at,
               digest.substr(0, 12) + (counts ? "" : " (of other bills 旧草稿)"), step.note});
  }
  const auto& run = opened.run;
  if (common.json) {
    Json out = Json::object();
    out.set("month", run.month).set("status", status_en(run.status)).set("inputs", hex(run.inputs));
    out.set("digest", hex(run.bills)).set("bills", run.bill_count).set("total_fen", run.total_fen);
    out.set("steps", std::move(list));
    streams.out << out.dump() << "\n";
    return Exit::ok;
  }
  streams.out << run.month << ": " << status_en(run.status) << " " << status_zh(run.status) << ", "
              << run.bill_count << " bills, " << yuan_text(Fen{run.total_fen}) << " yuan, inputs "
              << hex(run.inputs).substr(0, 12) << "\n"
              << (opened.steps.empty() ? "" : table.text());
  return Exit::ok;
}

/// The stored bills are the bytes their run names, and what the inputs give today. Says what is not.
Exit still_the_same(const Common& common, const Streams& streams, Opened& opened) {
  const auto& run = opened.run;
  if (digest_of_bills(run.json, opened.bills) != run.bills) {
    return say_error(common, streams, Exit::failed,
                     "the stored bills of " + run.month + " are not the bytes they were drawn up as",
                     run.month + " 的账单与生成时的内容不一致，数据库可能已损坏");
  }
  auto outcome = draw_month(common, streams, *opened.books.store, run.site, *read_month(run.month));
  if (const auto* exit = std::get_if<Exit>(&outcome)) return *exit;
  const auto& drawn = std::get<MonthDrawn>(outcome);
  if (drawn.books.run.bills == run.bills) return Exit::ok;
  const auto names = differing(*opened.books.store, drawn.books);
  return say_error(common, streams, Exit::refused,
                   "the inputs of " + run.month + " now give other bills (" + names + "); `close --month " +
                       run.month + "` draws them up again, to be checked anew",
                   run.month + " 的数据已变化，账单会不同（" + names + "）；请重新运行 close 并再次复核");
}

Exit say_wrong_step(const Common& common, const Streams& streams, const BillRunRow& run, RunStatus to) {
  const auto now = std::string(status_en(run.status));
  if (run.status == RunStatus::issued) {
    return say_error(common, streams, Exit::refused, run.month + " is issued; issued bills never change",
                     run.month + " 已开具；已开具的账单不会改变");
  }
  return say_error(common, streams, Exit::refused,
                   run.month + " is " + now + ": the next step is " +
                       std::string(status_en(next_status(run.status))) + ", not " +
                       std::string(status_en(to)),
                   run.month + " 目前是" + std::string(status_zh(run.status)) + "：下一步应为" +
                       std::string(status_zh(next_status(run.status))));
}

/// Who checked these very bills; empty: nobody.
std::string checker_of(const Opened& opened) {
  std::string who;
  for (const auto& step : opened.steps) {
    if (step.to == RunStatus::checked && step.bills == opened.run.bills) who = step.who;
  }
  return who;
}

Exit take_step(const Common& common, const RunOptions& options, RunStatus to, const Streams& streams,
               Opened& opened) {
  auto& run = opened.run;
  if (run.status == RunStatus::issued || next_status(run.status) != to)
    return say_wrong_step(common, streams, run, to);
  const bool alone = to == RunStatus::approved && checker_of(opened) == options.who;
  if (alone && !options.alone) {
    return say_error(common, streams, Exit::refused,
                     options.who +
                         " has checked these bills: another person approves them (--alone says that "
                         "there is none, and is kept)",
                     options.who + " 已复核本期账单，应由他人批准（确无他人时加 --alone，将留存记录）");
  }
  if (const auto same = still_the_same(common, streams, opened); same != Exit::ok) return same;
  const RunStep step{to, run.bills, options.who, alone ? "alone" : "", SystemClock().now()};
  const auto done = opened.books.store->transact([&] {
    return to == RunStatus::issued
               ? opened.books.store->issue(run.site, run.month, step, year_of(step.at, opened.offset))
               : opened.books.store->put_step(run.site, run.month, step);
  });
  if (!done) return say_fault(common, streams, done.error());
  run.status = to;
  opened.steps.push_back(step);
  if (to == RunStatus::issued) {
    const auto copies = write_copies(opened.books.folder, *opened.books.store, run);
    if (!copies) return say_fault(common, streams, copies.error());
  }
  return say_steps(common, streams, opened);
}

}  // namespace

Exit step_run(const Common& common, const RunOptions& options, RunVerb verb, const Streams& streams) {
  if (const auto month = asked_month(options.month); !month) return say_fault(common, streams, month.error());
  if (verb != RunVerb::show && !is_plain_text(options.who, 1, 64)) {
    return say_error(common, streams, Exit::bad_input, "--by is a name of 1 to 64 bytes, kept for ever",
                     "--by 应为 1 至 64 字节的姓名，永久保存");
  }
  auto opened = open_run(common, options.month);
  if (!opened) return say_fault(common, streams, opened.error());
  switch (verb) {
    case RunVerb::show: return say_steps(common, streams, *opened);
    case RunVerb::check: return take_step(common, options, RunStatus::checked, streams, *opened);
    case RunVerb::approve: return take_step(common, options, RunStatus::approved, streams, *opened);
    case RunVerb::issue: return take_step(common, options, RunStatus::issued, streams, *opened);
  }
  return Exit::failed;
}

}  // namespace steward
