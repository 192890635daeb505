#include "cloud/billing/unmetered_words.hpp"

#include "cloud/billing/basis_words.hpp"

namespace steward {
namespace {

std::string named(const std::string& id, const std::string& name) {
  return name.empty() ? id : id + " " + name;
}
std::string last_day(Day to) { return text_of(to - std::chrono::days{1}); }

std::string per_zh(FeeBasis basis) {
  constexpr std::string_view words[] = {"m²", "户", "人", "车", "套"};
  return std::string(words[static_cast<std::size_t>(basis)]);
}
std::string per_en(FeeBasis basis) { return basis == FeeBasis::area ? "m²" : std::string(word(basis)); }

std::vector<Said> fee_words(const BillLine& line, const FeeShare& fee) {
  const auto name = named(fee.fee.text, fee.name);
  const auto amount = yuan_text(line.amount);
  const auto count = fee_count_text(fee);
  const auto price = price_text(line.price);
  const auto whole = yuan_text(fee.unit_fee);
  std::vector<Said> said{{"房屋 " + line.unit.text + "，收费（" + name + "）：" + amount + " 元。",
                          "Unit " + line.unit.text + ", fee (" + name + "): " + amount + " yuan."}};
  const auto span_zh = text_of(fee.period_from) + " 至 " + last_day(fee.period_to);
  const auto span_en = text_of(fee.period_from) + " to " + last_day(fee.period_to);
  said.push_back({"   " + span_zh + "：" + count + " × " + price + " 元/" + per_zh(fee.basis) +
                      "，四舍五入为 " + whole + " 元。",
                  "   " + span_en + ": " + count + " × " + price + " yuan/" + per_en(fee.basis) +
                      ", rounded to " + whole + " yuan."});
  if (fee.part == fee.whole) return said;
  const auto days = std::to_string(fee.part) + " / " + std::to_string(fee.whole);
  said.push_back({"   期间换户：按天数 " + days + "，本账户 " + amount + " 元（最大余数法）。",
                  "   The occupant changed: " + days + " days are this account's, " + amount +
                      " yuan (largest remainder)."});
  return said;
}

std::vector<Said> rule_words(const BillLine& line, const Reduction& reduction) {
  const auto amount = yuan_text(line.amount);
  const auto base = yuan_text(reduction.base);
  const auto part = percent_text(reduction.ppm);
  const auto day = text_of(reduction.approved_on);
  const auto unit_zh = line.unit.text.empty() ? std::string() : "房屋 " + line.unit.text + "，";
  const auto unit_en = line.unit.text.empty() ? std::string() : "Unit " + line.unit.text + ", reduction ";
  return {{unit_zh + "减免 " + reduction.rule.text + "（" + reduction.of + "）：" + amount + " 元。",
           (unit_en.empty() ? "Reduction " : unit_en) + reduction.rule.text + " (" + reduction.of +
               "): " + amount + " yuan."},
          {"   " + base + " 元的 " + part + "，四舍五入到分；" + reduction.approved_by + " 于 " + day +
               " 批准：" + reduction.reason,
           "   " + part + " of " + base + " yuan, rounded to fen; approved by " + reduction.approved_by +
               " on " + day + ": " + reduction.reason}};
}

std::vector<Said> vacancy_words(const BillLine& line, const Reduction& reduction) {
  const auto amount = yuan_text(line.amount);
  const auto base = yuan_text(reduction.base);
  const auto part = percent_text(reduction.ppm);
  const Said how{"   " + base + " 元的 " + part + "，四舍五入到分；另一方的一行与此数相等、正负相反。",
                 "   " + part + " of " + base +
                     " yuan, rounded to fen; the other side's line is the same amount with the other sign."};
  if (reduction.borne) {
    return {{"房屋 " + line.unit.text + " 空置，承担其 " + reduction.of + " 的减免：" + amount + " 元。",
             "Unit " + line.unit.text + " is vacant; what its owner is spared of " + reduction.of +
                 " is paid here: " + amount + " yuan."},
            how};
  }
  return {{"房屋 " + line.unit.text + " 空置，" + reduction.of + " 减免：" + amount + " 元。",
           "Unit " + line.unit.text + " is vacant and spared a part of " + reduction.of + ": " + amount +
               " yuan."},
          how};
}

}  // namespace

std::vector<Said> unmetered_words(const BillLine& line) {
  if (const auto* fee = std::get_if<FeeShare>(&line.why)) return fee_words(line, *fee);
  if (const auto* charged = std::get_if<Charged>(&line.why)) {
    const auto name = named(charged->charge.text, charged->name);
    const auto amount = yuan_text(line.amount);
    const auto day = text_of(charged->day);
    return {
        {"房屋 " + line.unit.text + "，一次性收费（" + name + "），" + day + "：" + amount + " 元。",
         "Unit " + line.unit.text + ", charged once (" + name + ") on " + day + ": " + amount + " yuan."}};
  }
  const auto& reduction = std::get<Reduction>(line.why);
  return reduction.rule.text.empty() ? vacancy_words(line, reduction) : rule_words(line, reduction);
}

}  // namespace steward
