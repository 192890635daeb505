#include "cloud/billing/bill_note.hpp"

#include <algorithm>
#include <cassert>

#include "cloud/billing/bill_json.hpp"
#include "cloud/billing/bill_page.hpp"
#include "cloud/metering/decimal.hpp"

namespace steward {
namespace {

/// Lines of `of` that are not in `beside`, each as often as it is missing there, in the order of `of`.
std::vector<BillLine> lines_without(const std::vector<BillLine>& of, std::vector<BillLine> beside) {
  std::vector<BillLine> left;
  for (const auto& line : of) {
    const auto same = std::find(beside.begin(), beside.end(), line);
    if (same == beside.end()) {
      left.push_back(line);
    } else {
      beside.erase(same);
    }
  }
  return left;
}

Fen sum_of(const std::vector<BillLine>& lines) {
  Fen sum;
  for (const auto& line : lines) sum = sum + line.amount;
  return sum;
}

Json lines_json(const std::vector<BillLine>& lines) {
  auto list = Json::array();
  for (const auto& line : lines) list.push(line_json(line));
  return list;
}

std::string_view kind_word(const BillNote& note) { return note.total().count > 0 ? "debit" : "credit"; }

/// The lines as a bill shows them; a pool's name is taken from the bill it is still in.
std::string table_of(const BillNote& note, const std::vector<BillLine>& lines) {
  Bill shown;
  shown.month = note.month;
  shown.lines = lines;
  if (note.after) shown.pools = note.after->pools;
  shown.total = sum_of(lines);
  return lines_table(shown);
}

}  // namespace

std::optional<BillNote> note_between(const std::optional<Bill>& was, const std::optional<Bill>& now) {
  assert(was || now);
  const static std::vector<BillLine> none;
  const auto& before = was ? was->lines : none;
  const auto& after = now ? now->lines : none;
  BillNote note;
  note.taken_back = lines_without(before, after);
  note.asked = lines_without(after, before);
  if (note.taken_back.empty() && note.asked.empty()) return std::nullopt;
  const auto& head = now ? *now : *was;
  note.bill = head.id;
  note.estate = head.estate;
  note.estate_name = head.estate_name;
  note.month = head.month;
  note.account = head.account;
  note.account_name = head.account_name;
  note.was = was ? was->total : Fen{};
  note.now = now ? now->total : Fen{};
  note.after = now;
  assert(sum_of(note.asked) - sum_of(note.taken_back) == note.total());
  return note;
}

Json note_json(const BillNote& note) {
  auto json = Json::object();
  json.set("schema", 1).set("estate", note.estate.text).set("estate_name", note.estate_name);
  json.set("month", text_of(note.month)).set("bill", note.bill.text).set("note", note.place);
  json.set("kind", kind_word(note)).set("account", note.account.text);
  json.set("account_name", note.account_name).set("by", note.who).set("why", note.why);
  json.set("was_fen", note.was.count).set("now_fen", note.now.count).set("total_fen", note.total().count);
  json.set("taken_back", lines_json(note.taken_back)).set("asked", lines_json(note.asked));
  json.set("after", note.after ? bill_json(*note.after) : Json());
  return json;
}

Result<std::optional<Bill>> bill_after(std::string_view note_json) {
  const JsonLimits limits{.bytes = 16 * 1024 * 1024, .nodes = 4'000'000};  // as of a bill
  const auto json = Json::parse(note_json, limits);
  if (!json) return json.error();
  const auto* after = json->is(Json::Kind::object) ? json->find("after") : nullptr;
  if (after == nullptr) return Error{Fault::malformed, "a note's \"after\" is not as it was written"};
  if (after->is(Json::Kind::null)) return std::optional<Bill>();
  auto bill = read_bill(after->dump());
  if (!bill) return std::move(bill.error());
  return std::optional<Bill>(std::move(*bill));
}

std::string note_page(const BillNote& note) {
  const bool debit = note.total().count > 0;
  std::string page = note.estate_name + " " + note.estate.text + "\n" +
                     (debit ? "补收通知单 Debit note " : "退减通知单 Credit note ") +
                     std::to_string(note.place) + "  对账单 on bill " + note.bill.text + "\n";
  page += "户名 Account  " + note.account_name + " (" + note.account.text + ")\n";
  page += "原因 Why      " + note.why + "\n经办 By       " + note.who + "\n";
  if (!note.taken_back.empty()) page += "\n不再收取 Taken back\n" + table_of(note, note.taken_back);
  if (!note.asked.empty()) page += "\n改为收取 Asked instead\n" + table_of(note, note.asked);
  page += "\n原应收 Was " + yuan_text(note.was) + "   现应收 Now " + yuan_text(note.now) +
          (debit ? "   补收 Debit " : "   退减 Credit ") +
          yuan_text(debit ? note.total() : Fen{} - note.total()) + " 元 yuan\n";
  return page;
}

}  // namespace steward
