#include "cloud/app/month_books.hpp"

#include <algorithm>
#include <fstream>

#include "cloud/app/books_check.hpp"
#include "cloud/app/month_inputs.hpp"
#include "cloud/billing/bill_json.hpp"
#include "cloud/billing/bill_page.hpp"
#include "contract/text/hex_text.hpp"
#include "kit/loop/clocks.hpp"

namespace steward {
namespace {

Digest digest_of(std::string_view text) {
  return sha256({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

/// What of the year up to the month's end is not as the gateways signed it.
Result<Problems> damage_of(Store& store, const Estate& estate, Month month) {
  const auto year = midnight(first_day_of_year(first_day(month)), estate.offset);
  const auto end = midnight(first_day(month + std::chrono::months(1)), estate.offset) + Milliseconds(1);
  return check_books(store, estate.id, year, end);
}

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
  for (const auto& bill : run.bills) {
    books.bills.push_back({.site = run.estate,
                           .month = books.run.month,
                           .bill = bill.id,
                           .account = bill.account,
                           .name = bill.account_name,
                           .total_fen = bill.total.count,
                           .json = bill_json(bill).dump(),
                           .page = bill_page(bill)});
  }
  books.run.bills = digest_of_bills(books.run.json, books.bills);
  return books;
}

Result<void> write_file(const std::filesystem::path& file, std::string_view text) {
  std::ofstream stream(file, std::ios::binary | std::ios::trunc);
  stream.write(text.data(), static_cast<std::streamsize>(text.size()));
  stream.close();
  if (!stream) return {Fault::broken, "cannot write " + file.string()};
  return {};
}

}  // namespace

std::string number_text(const SiteId& site, int year, std::int64_t number, std::string_view kind) {
  if (number == 0) return {};
  auto digits = std::to_string(number);
  if (digits.size() < 6) digits.insert(0, 6 - digits.size(), '0');
  return site.text + "-" + std::to_string(year) + "-" + std::string(kind) + digits;
}

std::string numbered_page(const BillRow& bill, const Digest& inputs) {
  const auto number = number_text(bill.site, bill.year, bill.number, "");
  return number.empty()
             ? bill.page
             : "账单编号 bill no. " + number + "\n核验摘要 inputs " + hex(inputs) + "\n" + bill.page;
}

std::string numbered_page(const BillNoteRow& note) {
  return "通知单编号 note no. " + number_text(note.site, note.year, note.number, "N") + "\n" + note.page;
}

Digest digest_of_bills(const std::string& run_json, std::span<const BillRow> bills) {
  std::string all = run_json + "\n";
  for (const auto& bill : bills) all += bill.json + "\n";
  return digest_of(all);
}

std::variant<MonthDrawn, Exit> draw_month(const Common& common, const Streams& streams, Store& store,
                                          const SiteId& site, Month month) {
  Progress progress(streams.err);
  progress.tell("reading closing records / 正在读取结算读数");
  const auto inputs = month_inputs(store, site, month);
  if (!inputs) return say_fault(common, streams, inputs.error());
  const auto flaws = damage_of(store, inputs->estate.estate, month);
  if (!flaws) return say_fault(common, streams, flaws.error());
  if (!flaws->empty()) {
    say_problems(common, streams, *flaws);
    return Exit::refused;
  }
  progress.tell("drawing up bills / 正在计算账单");
  auto drawn = draw_up(inputs->estate.estate, inputs->readings, month);
  if (!drawn.run) {
    say_problems(common, streams, drawn.problems);
    streams.err << text_of(month) << ": " << drawn.problems.size()
                << " problems stand in the way; no bill was drawn up / 共 " << drawn.problems.size()
                << " 个问题，未生成任何账单\n";
    return Exit::refused;
  }
  auto books = books_of(*drawn.run, *inputs);
  return MonthDrawn{std::move(*drawn.run), std::move(books)};
}

std::string differing(Store& store, const Books& books) {
  const auto stored = store.bills(books.run.site, books.run.month);
  if (!stored) return {};
  constexpr std::size_t most_named = 10;  // a sentence, not a list
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

Result<std::filesystem::path> write_copies(const DataFolder& folder, Store& store, const BillRunRow& run) {
  namespace fs = std::filesystem;
  const auto bills = store.bills(run.site, run.month);
  if (!bills) return bills.error();
  const auto notes = store.notes(run.site, run.month);
  if (!notes) return notes.error();
  const auto target = folder.bills() / run.site.text / run.month;
  auto making = target;
  making += ".new";
  std::error_code error;
  fs::remove_all(making, error);
  fs::create_directories(making, error);
  if (error) return Error{Fault::broken, "cannot make " + making.string() + ": " + error.message()};
  Result<void> done = write_file(making / "run.json", run.json + "\n").and_then([&] {
    return write_file(making / "pools.txt", run.proof);
  });
  for (const auto& bill : *bills) {
    if (!done) return std::move(done.error());
    done = write_file(making / (bill.bill.text + ".json"), bill.json + "\n").and_then([&] {
      return write_file(making / (bill.bill.text + ".txt"), numbered_page(bill, run.inputs));
    });
  }
  for (const auto& note : *notes) {
    if (!done) return std::move(done.error());
    const auto name = note.bill.text + ".note-" + std::to_string(note.place);
    done = write_file(making / (name + ".json"), note.json + "\n").and_then([&] {
      return write_file(making / (name + ".txt"), numbered_page(note));
    });
  }
  if (!done) return std::move(done.error());
  fs::remove_all(target, error);
  fs::rename(making, target, error);
  if (error) return Error{Fault::broken, "cannot put " + target.string() + " in place: " + error.message()};
  return target;
}

}  // namespace steward
