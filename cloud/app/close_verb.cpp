#include <algorithm>
#include <fstream>

#include "cloud/app/books_check.hpp"
#include "cloud/app/data_folder.hpp"
#include "cloud/app/month_inputs.hpp"
#include "cloud/app/say.hpp"
#include "cloud/billing/bill_json.hpp"
#include "cloud/billing/bill_page.hpp"
#include "cloud/billing/bill_run.hpp"
#include "kit/loop/clocks.hpp"

namespace steward {
namespace {

Digest digest_of(std::string_view text) {
  return sha256({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

/// What a month was, is, and what has become of it now.
enum class Change : std::uint8_t { fresh, replaced, same, conflict };

struct Filed {
  Change change = Change::fresh;
  bool issued_now = false;
};

/// What of the year up to the month's end is not as the gateways signed it.
Result<Problems> damage_of(Store& store, const Estate& estate, Month month) {
  const auto year = midnight(first_day_of_year(first_day(month)), estate.offset);
  const auto end = midnight(first_day(month + std::chrono::months(1)), estate.offset) + Milliseconds(1);
  return check_books(store, estate.id, year, end);
}

struct Books {
  BillRunRow run;
  std::vector<BillRow> bills;
};

Books books_of(const BillRun& run, const MonthInputs& inputs) {
  Books books{.run = {.site = run.estate,
                      .month = text_of(run.month),
                      .inputs = inputs.digest,
                      .import_version = inputs.estate.import.version,
                      .bill_count = static_cast<std::int64_t>(run.bills.size()),
                      .total_fen = run.total.count,
                      .drawn_up_at = SystemClock().now(),
                      .json = run_json(run).dump(),
                      .proof = pool_proof(run)},
              .bills = {}};
  std::string all = books.run.json + "\n";
  for (const auto& bill : run.bills) {
    books.bills.push_back({.site = run.estate,
                           .month = books.run.month,
                           .bill = bill.id,
                           .account = bill.account,
                           .name = bill.account_name,
                           .total_fen = bill.total.count,
                           .json = bill_json(bill).dump(),
                           .page = bill_page(bill)});
    all += books.bills.back().json + "\n";
  }
  books.run.bills = digest_of(all);
  return books;
}

/// Puts the run beside what is stored: new, the same bytes, a new draft, or a
/// contradiction to what has been issued. Inside a transaction.
Result<Filed> file_run(Store& store, Books& books, bool issue) {
  auto runs = store.bill_runs(books.run.site);
  if (!runs) return std::move(runs.error());
  const auto stored = std::find_if(runs->begin(), runs->end(),
                                   [&](const BillRunRow& run) { return run.month == books.run.month; });
  Change change = Change::fresh;
  if (stored != runs->end()) {
    change = stored->bills == books.run.bills ? Change::same : Change::replaced;
    if (stored->status == RunStatus::issued) {
      if (change == Change::replaced) return Filed{Change::conflict};
      books.run = *stored;
      return Filed{change};
    }
  }
  if (change != Change::same) {
    if (auto put = store.put_draft(books.run, books.bills); !put) return std::move(put.error());
  }
  if (issue) {
    const auto at = SystemClock().now();
    if (auto issued = store.issue(books.run.site, books.run.month, at); !issued) {
      return std::move(issued.error());
    }
    books.run.status = RunStatus::issued;
    books.run.issued_at = at;
  }
  return Filed{change, issue};
}

constexpr std::size_t most_named = 10;  // a sentence, not a list

/// Which stored bills differ from the new ones, for the sentence that refuses.
std::string differing(Store& store, const Books& books) {
  const auto stored = store.bills(books.run.site, books.run.month);
  if (!stored) return {};
  std::string names;
  std::size_t count = 0;
  for (const auto& bill : books.bills) {
    const bool same = std::any_of(stored->begin(), stored->end(), [&](const BillRow& other) {
      return other.bill == bill.bill && other.json == bill.json;
    });
    if (same) continue;
    if (++count <= most_named) names += (names.empty() ? "" : ", ") + bill.bill.text;
  }
  if (count > most_named) names += ", ... " + std::to_string(count) + " bills";
  return names;
}

Result<void> write_file(const std::filesystem::path& file, std::string_view text) {
  std::ofstream stream(file, std::ios::binary | std::ios::trunc);
  stream.write(text.data(), static_cast<std::streamsize>(text.size()));
  stream.close();
  if (!stream) return {Fault::broken, "cannot write " + file.string()};
  return {};
}

/// Copies for people: bills/<month>/<bill>.json and .txt, beside them run.json
/// and pools.txt. Written into a new folder that then takes the old one's place.
/// The database is what counts; these can be made again by closing again.
Result<std::filesystem::path> write_copies(const DataFolder& folder, const Books& books) {
  namespace fs = std::filesystem;
  const auto target = folder.bills() / books.run.site.text / books.run.month;
  auto making = target;
  making += ".new";
  std::error_code error;
  fs::remove_all(making, error);
  fs::create_directories(making, error);
  if (error) return Error{Fault::broken, "cannot make " + making.string() + ": " + error.message()};
  Result<void> done = write_file(making / "run.json", books.run.json + "\n").and_then([&] {
    return write_file(making / "pools.txt", books.run.proof);
  });
  for (const auto& bill : books.bills) {
    if (!done) return std::move(done.error());
    done = write_file(making / (bill.bill.text + ".json"), bill.json + "\n").and_then([&] {
      return write_file(making / (bill.bill.text + ".txt"), bill.page);
    });
  }
  if (!done) return std::move(done.error());
  fs::remove_all(target, error);
  fs::rename(making, target, error);
  if (error) return Error{Fault::broken, "cannot put " + target.string() + " in place: " + error.message()};
  return target;
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
    out.set("status", row.status == RunStatus::issued ? "issued" : "draft");
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

Exit close_in(const Common& common, const CloseOptions& options, const Streams& streams, Month month,
              const DataFolder& folder, Store& store) {
  Progress progress(streams.err);
  auto site = choose_site(store, common.estate);
  if (!site) return say_fault(common, streams, site.error());
  progress.tell("reading closing records / 正在读取结算读数");
  const auto inputs = month_inputs(store, *site, month);
  if (!inputs) return say_fault(common, streams, inputs.error());
  const auto flaws = damage_of(store, inputs->estate.estate, month);
  if (!flaws) return say_fault(common, streams, flaws.error());
  if (!flaws->empty()) {
    say_problems(common, streams, *flaws);
    return Exit::refused;
  }
  progress.tell("drawing up bills / 正在计算账单");
  const auto drawn = draw_up(inputs->estate.estate, inputs->readings, month);
  if (!drawn.run) {
    say_problems(common, streams, drawn.problems);
    streams.err << options.month << ": " << drawn.problems.size()
                << " problems stand in the way; no bill was drawn up / 共 " << drawn.problems.size()
                << " 个问题，未生成任何账单\n";
    return Exit::refused;
  }
  auto books = books_of(*drawn.run, *inputs);
  progress.tell("writing bills / 正在写入账单");
  Filed filed;
  const auto done = store.transact([&]() -> Result<void> {
    auto result = file_run(store, books, options.issue);
    if (!result) return std::move(result.error());
    filed = *result;
    return {};
  });
  if (!done) return say_fault(common, streams, done.error());
  if (filed.change == Change::conflict) {
    const auto names = differing(store, books);
    return say_error(
        common, streams, Exit::refused,
        options.month + " is issued, and the inputs now give other bills (" + names +
            "); issued bills never change",
        options.month + " 已开具，而现有数据会得出不同的账单（" + names + "）；已开具的账单不会改变");
  }
  auto copies = write_copies(folder, books);
  if (!copies) return say_fault(common, streams, copies.error());
  say_closed(common, options, streams, books, *drawn.run, filed, *copies);
  return Exit::ok;
}

}  // namespace

Exit close_month(const Common& common, const CloseOptions& options, const Streams& streams) {
  const auto month = read_month(options.month);
  if (!month) {
    return say_error(common, streams, Exit::bad_input,
                     "\"" + options.month + "\" is not a month; write it as 2026-06",
                     "“" + options.month + "”不是月份；请写成 2026-06");
  }
  auto folder = DataFolder::open_existing(common.data);
  if (!folder) return say_fault(common, streams, folder.error());
  auto store = folder->open_store();
  if (!store) return say_fault(common, streams, store.error());
  return close_in(common, options, streams, *month, *folder, **store);
}

}  // namespace steward
