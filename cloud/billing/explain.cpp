#include "cloud/billing/explain.hpp"

#include <algorithm>

#include "cloud/billing/basis_words.hpp"
#include "cloud/billing/epoch_text.hpp"
#include "cloud/billing/unmetered_words.hpp"
#include "cloud/metering/life_cut.hpp"
#include "cloud/metering/life_words.hpp"
#include "contract/text/meter_event_text.hpp"

namespace steward {
namespace {

std::string hex_word(std::uint16_t word) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string text = "0x";
  for (const unsigned shift : {12U, 8U, 4U, 0U}) text += digits[(unsigned{word} >> shift) & 0xFU];
  return text;
}

/// The exact product of a line in yuan, before it is rounded: "66.4161".
std::string product_text(Milli quantity, MicroYuan price) {
  __extension__ using Wide = __int128;
  constexpr std::int64_t per_yuan = 1'000'000'000;  // 10^3 counts per unit · 10^6 micro-yuan per yuan
  Wide product = static_cast<Wide>(quantity.count) * price.count;
  const std::string sign = product < 0 ? "-" : "";
  product = product < 0 ? -product : product;
  auto text = sign + grouped_decimal_text(static_cast<std::int64_t>(product / per_yuan), 0);
  auto fraction = decimal_text(static_cast<std::int64_t>(product % per_yuan) + per_yuan, 0).substr(1);
  fraction.erase(std::max<std::size_t>(2, fraction.find_last_not_of('0') + 1));
  return text + "." + fraction;
}

/// Writes one bill in one language.
class Teller {
 public:
  Teller(const Bill& bill, Language language, std::span<const LifeEvent> events)
      : bill_(bill), zh_(language == Language::zh), events_(events) {}

  std::string tell() {
    say("账单 " + bill_.id.text + "：" + bill_.account_name + " 应付 " + yuan_text(bill_.total) + " 元，共 " +
            std::to_string(bill_.lines.size()) + " 行。",
        "Bill " + bill_.id.text + ": " + bill_.account_name + " owes " + yuan_text(bill_.total) +
            " yuan, in " + std::to_string(bill_.lines.size()) + " lines.");
    if (bill_.stepped) {
      say("读数来自模拟时间，这不是真实账单。",
          "It stands on readings of simulated time: this is not a real bill.");
    }
    Fen sum;
    for (std::size_t i = 0; i < bill_.lines.size(); ++i) {
      const auto& line = bill_.lines[i];
      number_ = std::to_string(i + 1);
      text_ += "\n";
      if (const auto* own = std::get_if<OwnUse>(&line.why)) {
        tell_own(line, *own);
      } else if (const auto* share = std::get_if<PoolShare>(&line.why)) {
        tell_share(line, *share);
      } else {
        tell_unmetered(line);
      }
      sum += line.amount;
    }
    text_ += "\n";
    say("各行相加 " + yuan_text(sum) + " 元，与账单一致。",
        "The lines add up to " + yuan_text(sum) + " yuan, the bill's total.");
    return std::move(text_);
  }

 private:
  void say(const std::string& zh, const std::string& en) { text_ += (zh_ ? zh : en) + "\n"; }

  static std::string quantity(Milli count, Medium medium) { return quantity_text(count.count, medium); }
  std::string instant(Instant at) const { return text_of(at, bill_.offset); }

  static std::string price_zh(const BillLine& line) {
    return price_text(line.price) + " 元/" + std::string(priced_unit(line.medium));
  }
  static std::string price_en(const BillLine& line) {
    return price_text(line.price) + " yuan/" + std::string(priced_unit(line.medium));
  }

  void tell_amount(const BillLine& line) {
    const auto tariff = line.tariff.text + " (" + text_of(line.tariff_from) + ")";
    const auto what = quantity(*line.quantity, line.medium);
    const auto exact = product_text(*line.quantity, line.price);
    say("   金额：" + what + " × " + price_zh(line) + " = " + exact + " 元，四舍五入为 " +
            yuan_text(line.amount) + " 元（价目 " + tariff + "）。",
        "   Amount: " + what + " × " + price_en(line) + " = " + exact + " yuan, rounded to " +
            yuan_text(line.amount) + " yuan (tariff " + tariff + ").");
  }

  void tell_own(const BillLine& line, const OwnUse& own) {
    const auto tier = std::to_string(own.tier);
    const bool tiered = own.tier > 1 || own.tier_upto;
    say(number_ + ". 房屋 " + line.unit.text + "，自用" + medium_zh(line.medium) +
            (own.band.empty() ? "" : "，时段 " + own.band) + (own.surcharge ? "，加价" : "") +
            (tiered ? "，第 " + tier + " 档" : "") + "：" + yuan_text(line.amount) + " 元。",
        number_ + ". Unit " + line.unit.text + ", own use of " + std::string(word(line.medium)) +
            (own.band.empty() ? "" : ", band " + own.band) + (own.surcharge ? ", surcharge" : "") +
            (tiered ? ", tier " + tier : "") + ": " + yuan_text(line.amount) + " yuan.");
    for (const auto& usage : bill_.usages) {
      if (usage.point == own.point && usage.from == line.from && usage.to == line.to) tell_usage(usage);
    }
    if (tiered) tell_tier(line, own);
    tell_amount(line);
  }

  void tell_tier(const BillLine& line, const OwnUse& own) {
    const auto before = quantity(own.used_before, line.medium);
    const auto part = quantity(*line.quantity, line.medium);
    constexpr std::string_view spans_zh[] = {"年", "月", "双月"};
    constexpr std::string_view spans_en[] = {"year", "month", "two months"};
    const auto span = static_cast<std::size_t>(own.period);
    const bool several = own.period == TierPeriod::two_months;
    const auto tier = std::to_string(own.tier);
    say("   阶梯：本" + std::string(spans_zh[span]) + "此前已用 " + before + "，其后的 " + part + " 属第 " +
            tier + " 档" +
            (own.tier_upto ? "（至 " + quantity(*own.tier_upto, line.medium) + "）" : "（无上限）") + "。",
        "   Tier: " + before + " of " + (several ? "these " : "this ") + std::string(spans_en[span]) +
            " were used before; the next " + part + " fall in tier " + tier +
            (own.tier_upto ? " (up to " + quantity(*own.tier_upto, line.medium) + ")." : " (no limit)."));
    if (own.bound) tell_bound(line.medium, own);
  }

  /// Why this unit's bound is not the one of tariffs.csv.
  void tell_bound(Medium medium, const OwnUse& own) {
    const auto& bound = *own.bound;
    std::string zh = quantity(bound.upto, medium);
    std::string en = zh;
    if (bound.persons > 0) {
      const auto more = std::to_string(bound.persons) + " × " + quantity(bound.per_person, medium);
      zh += " + 超出 " + std::to_string(bound.persons) + " 人：" + more;
      en += " + " + more + " for " + std::to_string(bound.persons) + " persons more";
    }
    if (bound.months < 12) {
      const auto months = std::to_string(bound.months) + " / 12";
      zh = "(" + zh + ") × " + months + "（年内新装，按月折算）";
      en = "(" + en + ") × " + months + " (its meter was hung in the year)";
    }
    say("   上限：" + zh + " = " + quantity(*own.tier_upto, medium) + "。",
        "   Bound: " + en + " = " + quantity(*own.tier_upto, medium) + ".");
  }

  /// The difference as it was formed; by a fraction, each register is rounded down by itself.
  static std::string difference_text(const std::string& begin, const std::string& end,
                                     const UsageSegment& segment) {
    const auto n = std::to_string(segment.multiplier_n);
    if (segment.multiplier_d != 1) {
      const auto times = " × " + n + "/" + std::to_string(segment.multiplier_d);
      return "⌊" + end + times + "⌋ − ⌊" + begin + times + "⌋";
    }
    const auto difference = end + " − " + begin;
    return segment.multiplier_n == 1 ? difference : "(" + difference + ") × " + n;
  }

  void tell_usage(const PointUsage& usage) {
    for (const auto& segment : usage.segments) {
      const auto begin = quantity(Milli{segment.begin.reading.value}, usage.medium);
      const auto end = quantity(Milli{segment.end.reading.value}, usage.medium);
      const auto sum = difference_text(begin, end, segment) + " = " + quantity(segment.usage, usage.medium);
      say("   计量点 " + usage.point.text + "，表 " + segment.meter.text + "：" + sum + "。",
          "   Point " + usage.point.text + ", meter " + segment.meter.text + ": " + sum + ".");
      tell_end(segment, segment.begin, usage.medium);
      tell_end(segment, segment.end, usage.medium);
    }
    if (usage.segments.size() > 1) {
      say("   期间换表，各段合计 " + quantity(usage.usage, usage.medium) + "。",
          "   The meter was exchanged; together " + quantity(usage.usage, usage.medium) + ".");
    }
  }

  /// Where an event cut the line: what happened, and whose word it is.
  bool tell_cut(const UsageSegment& segment, const RegisterEnd& end, Medium medium) {
    const auto* const event = cut_at(segment, end, events_, bill_.offset);
    if (event == nullptr) return false;
    const auto read = read_meter_event(event->said);
    const auto words = event_words(*read, medium, bill_.offset);
    const auto value = instant(end.reading.at) + "  " + quantity(Milli{end.reading.value}, medium);
    const auto no = std::to_string(event->no);
    const auto why = read->why.empty() ? std::string() : ", " + read->why;
    const auto who_zh = read->by.empty() ? std::string("网关发现") : "操作人 " + read->by;
    const auto who_en = read->by.empty() ? std::string("found by the gateway") : "said by " + read->by;
    const bool opening = end.kind == EndKind::opening;
    say("     " + value + "  " + (opening ? "起码" : "止码") + "，表计事件 " + no + "：" + words.zh + "；" +
            who_zh + why,
        "     " + value + "  " + (opening ? "first register" : "last register") + ", meter event " + no +
            ": " + words.en + "; " + who_en + why);
    return true;
  }

  void tell_end(const UsageSegment& segment, const RegisterEnd& end, Medium medium) {
    if (tell_cut(segment, end, medium)) return;
    const auto& reading = end.reading;
    const auto value = instant(reading.at) + "  " + quantity(Milli{reading.value}, medium);
    if (end.kind != EndKind::reading) {
      const bool opening = end.kind == EndKind::opening;
      say("     " + value + "  " + (opening ? "装表起码" : "拆表止码") + "，登记于 installs.csv",
          "     " + value + "  " + (opening ? "register at installation" : "register at removal") +
              ", written down in installs.csv");
      return;
    }
    if (is_estimate(reading.source)) {
      const auto method = std::string(word(reading.source));
      say("     " + value + "  估计 (" + method + ")，未抄表；登记于 readings.csv",
          "     " + value + "  estimated (" + method + "), nobody read it; readings.csv");
      return;
    }
    if (reading.source != ReadingSource::gateway) {
      say("     " + value + "  " + (reading.source == ReadingSource::manual ? "人工抄表" : "导入读数") +
              "，readings.csv",
          "     " + value + "  " +
              (reading.source == ReadingSource::manual ? "read by a person" : "imported") + ", readings.csv");
      return;
    }
    std::string raw;
    for (const auto word : reading.raw) raw += (raw.empty() ? "" : " ") + hex_word(word);
    const auto record = epoch_text(reading.epoch) + " / " + std::to_string(reading.seq.value);
    say("     " + value + "  网关 " + reading.gateway.text + "，日志 " + record + "，规约 " +
            reading.profile.text + "，寄存器 " + raw,
        "     " + value + "  gateway " + reading.gateway.text + ", log " + record + ", profile " +
            reading.profile.text + ", registers " + raw);
  }

  void tell_share(const BillLine& line, const PoolShare& share) {
    const auto found = std::find_if(bill_.pools.begin(), bill_.pools.end(),
                                    [&](const auto& pool) { return pool.id == share.pool; });
    if (found == bill_.pools.end()) return;  // read_bill and draw_up both give a bill its pools
    const auto& pool = *found;
    const auto name = pool.name.empty() ? pool.id.text : pool.id.text + " " + pool.name;
    const auto whose = line.unit.text.empty() ? std::string("-") : line.unit.text;
    say(number_ + ". 房屋 " + whose + "，" + kind_zh(pool.kind) + medium_zh(line.medium) + "（" + name +
            "）：" + yuan_text(line.amount) + " 元。",
        number_ + ". Unit " + whose + ", " + kind_en(pool.kind) +
            (line.medium == Medium::none ? "" : " of " + std::string(word(line.medium))) + " (" + name +
            "): " + yuan_text(line.amount) + " yuan.");
    tell_pool(pool);
    tell_weight(line, share, pool);
    if (line.quantity) tell_amount(line);
  }

  void tell_pool(const PoolStatement& pool) {
    if (pool.source == PoolSource::residual) {
      tell_metered(pool);
    } else if (pool.source == PoolSource::invoice) {
      const auto number = pool.reference.empty() ? std::string() : " " + pool.reference;
      say("   总费用：供应方账单" + number + " " + yuan_text(pool.cost) + " 元。",
          "   Cost to share: the supplier's invoice" + number + " of " + yuan_text(pool.cost) + " yuan.");
    } else {
      say("   总费用：每月固定 " + yuan_text(pool.cost) + " 元。",
          "   Cost to share: " + yuan_text(pool.cost) + " yuan fixed for the month.");
    }
  }

  void tell_metered(const PoolStatement& pool) {
    tell_usage(pool.usage);
    const auto left = quantity(pool.residual.residual, pool.medium);
    if (pool.children_count > 0) {
      const auto count = std::to_string(pool.children_count);
      const bool clamped = pool.residual.clamped.count > 0;
      const bool given_back = pool.residual.residual.count < 0;
      say("   总量：本级 " + quantity(pool.residual.usage, pool.medium) + " − 下级 " + count +
              " 个计量点合计 " + quantity(pool.residual.children, pool.medium) + " = " + left +
              (clamped      ? "（差值为负，在容差之内，按零处理）"
               : given_back ? "（差值为负，在容差之内，退还）"
                            : "") +
              "。",
          "   To share: " + quantity(pool.residual.usage, pool.medium) + " here − " +
              quantity(pool.residual.children, pool.medium) + " at the " + count + " points below = " + left +
              (clamped      ? " (below zero within the tolerance, taken as zero)."
               : given_back ? " (below zero within the tolerance, given back)."
                            : "."));
    }
    if (pool.share != ShareOf::money) return;
    const auto exact = product_text(pool.residual.residual, pool.price);
    const auto price = price_text(pool.price);
    const auto unit = std::string(priced_unit(pool.medium));
    say("   总费用：" + left + " × " + price + " 元/" + unit + " = " + exact + " 元，四舍五入为 " +
            yuan_text(pool.cost) + " 元。",
        "   Cost to share: " + left + " × " + price + " yuan/" + unit + " = " + exact + " yuan, rounded to " +
            yuan_text(pool.cost) + " yuan.");
  }

  void tell_weight(const BillLine& line, const PoolShare& share, const PoolStatement& pool) {
    for (std::size_t i = 0; i < pool.terms.size() && i < share.terms.size(); ++i) {
      const auto& term = pool.terms[i];
      // A line without a unit holds what no unit has weight for; any other line holds none of that.
      if ((term.units == 0) == line.unit.text.empty()) tell_term(pool, term, share.terms[i]);
    }
    if (!line.unit.text.empty() && pool.terms.size() > 1) {
      const auto all = share_text(pool, share.unit_share, "");
      say("   各项合计 " + all + (pool.share == ShareOf::money ? " 元。" : "。"),
          "   Together " + all + (pool.share == ShareOf::money ? " yuan." : "."));
    }
    if (share.part == share.whole) return;
    const bool by_usage = pool.terms.size() == 1 && pool.terms.front().basis == Basis::usage;
    const auto ratio = by_usage ? weight_text(Basis::usage, share.part, pool.medium) + " / " +
                                      weight_text(Basis::usage, share.whole, pool.medium)
                                : std::to_string(share.part) + " / " + std::to_string(share.whole);
    const auto part = line.quantity ? quantity(*line.quantity, line.medium) : yuan_text(line.amount);
    say("   月内换户：按" + std::string(by_usage ? "用量 " : "天数 ") + ratio + "，本账户 " + part + "。",
        "   The occupant changed: " + ratio + (by_usage ? "" : " days") + " are this account's, " + part +
            ".");
  }

  void tell_term(const PoolStatement& pool, const PoolTerm& term, const ShareTerm& mine) {
    const bool hybrid = pool.terms.size() > 1;
    const auto of_zh =
        hybrid ? share_text(pool, term.total, " 元") + "（" + percent_text(term.ppm) + "）" : "";
    const auto of_en =
        hybrid ? share_text(pool, term.total, " yuan") + " (" + percent_text(term.ppm) + ") " : "";
    if (term.units == 0) {
      say("   " + (hybrid ? of_zh + "按" + basis_zh(term.basis) + "：" : std::string()) +
              "没有房屋参与分摊，全部由空置账户承担。",
          "   " + (hybrid ? of_en + "by " + std::string(word(term.basis)) + ": no" : std::string("No")) +
              " unit has weight in it; the vacant account bears all of it.");
      return;
    }
    const bool formula = term.basis == Basis::formula;
    const auto weight = weight_text(term.basis, mine.weight, pool.medium);
    const auto all = weight_text(term.basis, term.weight_sum, pool.medium);
    const auto units = std::to_string(term.units);
    say("   分摊：" + of_zh + pool.node_name + " " + units + " 户按" + basis_zh(term.basis) +
            (formula ? " " + pool.formula : "") + "，本户 " + weight + " / " + all + "，应分 " +
            share_text(pool, mine.share, " 元") + "（最大余数法）。",
        "   Weight: " + of_en + "by " + std::string(word(term.basis)) + (formula ? " " + pool.formula : "") +
            " among " + units + " units of " + pool.node_name + "; " + weight + " of " + all + " gives " +
            share_text(pool, mine.share, " yuan") + " (largest remainder).");
  }

  void tell_unmetered(const BillLine& line) {
    auto before = number_ + ". ";
    for (const auto& [zh, en] : unmetered_words(line)) {
      say(before + zh, before + en);
      before.clear();
    }
  }

  const Bill& bill_;
  const bool zh_;
  const std::span<const LifeEvent> events_;
  std::string number_;
  std::string text_;
};

}  // namespace

std::string explain(const Bill& bill, Language language, std::span<const LifeEvent> events) {
  return Teller(bill, language, events).tell();
}

}  // namespace steward
