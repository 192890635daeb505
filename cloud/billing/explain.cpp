#include "cloud/billing/explain.hpp"

#include <algorithm>

#include "cloud/billing/epoch_text.hpp"

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
  const Wide product = static_cast<Wide>(quantity.count) * price.count;  // never below zero on a bill
  auto text = grouped_decimal_text(static_cast<std::int64_t>(product / per_yuan), 0);
  auto fraction = decimal_text(static_cast<std::int64_t>(product % per_yuan) + per_yuan, 0).substr(1);
  fraction.erase(std::max<std::size_t>(2, fraction.find_last_not_of('0') + 1));
  return text + "." + fraction;
}

/// Writes one bill in one language.
class Teller {
 public:
  Teller(const Bill& bill, Language language) : bill_(bill), zh_(language == Language::zh) {}

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
      } else {
        tell_share(line, std::get<PoolShare>(line.why));
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

  static std::string quantity(Milli count, Medium medium) {
    return grouped_decimal_text(count.count, 3) + " " + std::string(priced_unit(medium));
  }
  static std::string medium_zh(Medium medium) { return medium == Medium::electricity ? "电" : "水"; }
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
            (tiered ? "，第 " + tier + " 档" : "") + "：" + yuan_text(line.amount) + " 元。",
        number_ + ". Unit " + line.unit.text + ", own use of " + std::string(word(line.medium)) +
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
    const bool year = own.period == TierPeriod::year;
    const auto tier = std::to_string(own.tier);
    say("   阶梯：本" + std::string(year ? "年" : "月") + "此前已用 " + before + "，其后的 " + part +
            " 属第 " + tier + " 档" +
            (own.tier_upto ? "（至 " + quantity(*own.tier_upto, line.medium) + "）" : "（无上限）") + "。",
        "   Tier: " + before + " of this " + (year ? "year" : "month") + " were used before; the next " +
            part + " fall in tier " + tier +
            (own.tier_upto ? " (up to " + quantity(*own.tier_upto, line.medium) + ")." : " (no limit)."));
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
      tell_end(segment.begin, usage.medium);
      tell_end(segment.end, usage.medium);
    }
    if (usage.segments.size() > 1) {
      say("   期间换表，各段合计 " + quantity(usage.usage, usage.medium) + "。",
          "   The meter was exchanged; together " + quantity(usage.usage, usage.medium) + ".");
    }
  }

  void tell_end(const RegisterEnd& end, Medium medium) {
    const auto& reading = end.reading;
    const auto value = instant(reading.at) + "  " + quantity(Milli{reading.value}, medium);
    if (end.kind != EndKind::reading) {
      const bool opening = end.kind == EndKind::opening;
      say("     " + value + "  " + (opening ? "装表起码" : "拆表止码") + "，登记于 installs.csv",
          "     " + value + "  " + (opening ? "register at installation" : "register at removal") +
              ", written down in installs.csv");
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
    say(number_ + ". 房屋 " + whose + "，公摊" + medium_zh(line.medium) + "（" + name + "）：" +
            yuan_text(line.amount) + " 元。",
        number_ + ". Unit " + whose + ", share of " + std::string(word(line.medium)) + " (" + name +
            "): " + yuan_text(line.amount) + " yuan.");
    tell_pool(pool);
    tell_weight(line, share, pool);
    if (line.quantity) tell_amount(line);
  }

  void tell_pool(const PoolStatement& pool) {
    tell_usage(pool.usage);
    const auto medium = pool.usage.medium;
    const auto left = quantity(pool.residual.residual, medium);
    if (pool.children_count > 0) {
      const auto count = std::to_string(pool.children_count);
      say("   总量：本级 " + quantity(pool.residual.usage, medium) + " − 下级 " + count + " 个计量点合计 " +
              quantity(pool.residual.children, medium) + " = " + left +
              (pool.residual.clamped.count > 0 ? "（差值为负，在容差之内，按零处理）" : "") + "。",
          "   To share: " + quantity(pool.residual.usage, medium) + " here − " +
              quantity(pool.residual.children, medium) + " at the " + count + " points below = " + left +
              (pool.residual.clamped.count > 0 ? " (below zero within the tolerance, taken as zero)." : "."));
    }
    if (pool.share == ShareOf::money) {
      const auto exact = product_text(pool.residual.residual, pool.price);
      const auto price = price_text(pool.price);
      const auto unit = std::string(priced_unit(medium));
      say("   总费用：" + left + " × " + price + " 元/" + unit + " = " + exact + " 元，四舍五入为 " +
              yuan_text(pool.cost) + " 元。",
          "   Cost to share: " + left + " × " + price + " yuan/" + unit + " = " + exact +
              " yuan, rounded to " + yuan_text(pool.cost) + " yuan.");
    }
  }

  static std::string weight_text(const PoolStatement& pool, std::int64_t weight) {
    switch (pool.basis) {
      case Basis::area: return decimal_text(weight, 4) + " m²";
      case Basis::household: return std::to_string(weight);
      case Basis::usage: return quantity(Milli{weight}, pool.usage.medium);
    }
    return {};
  }

  void tell_weight(const BillLine& line, const PoolShare& share, const PoolStatement& pool) {
    const bool money = pool.share == ShareOf::money;
    const auto text = [&](std::int64_t count, const char* yuan) {
      return money ? yuan_text(Fen{count}) + yuan : quantity(Milli{count}, pool.usage.medium);
    };
    if (pool.weight_sum == 0) {
      say("   没有房屋参与分摊，全部由空置账户承担。",
          "   No unit has weight in it; the vacant account bears all of it.");
      return;
    }
    constexpr std::string_view basis_zh[] = {"面积", "户数", "用量"};
    const auto basis = static_cast<std::size_t>(pool.basis);
    const auto mine = weight_text(pool, share.weight);
    const auto all = weight_text(pool, pool.weight_sum);
    const auto units = std::to_string(pool.units);
    say("   分摊：" + pool.node_name + " " + units + " 户按" + std::string(basis_zh[basis]) + "，本户 " +
            mine + " / " + all + "，应分 " + text(share.unit_share, " 元") + "（最大余数法）。",
        "   Weight: by " + std::string(word(pool.basis)) + " among " + units + " units of " + pool.node_name +
            "; " + mine + " of " + all + " gives " + text(share.unit_share, " yuan") +
            " (largest remainder).");
    if (share.part == share.whole) return;
    const auto days = pool.basis == Basis::usage
                          ? weight_text(pool, share.part) + " / " + weight_text(pool, share.whole)
                          : std::to_string(share.part) + " / " + std::to_string(share.whole);
    const auto part = line.quantity ? text(line.quantity->count, "") : yuan_text(line.amount);
    say("   月内换户：按" + std::string(pool.basis == Basis::usage ? "用量 " : "天数 ") + days + "，本账户 " +
            part + "。",
        "   The occupant changed: " + days + (pool.basis == Basis::usage ? "" : " days") +
            " are this account's, " + part + ".");
  }

  const Bill& bill_;
  const bool zh_;
  std::string number_;
  std::string text_;
};

}  // namespace

std::string explain(const Bill& bill, Language language) { return Teller(bill, language).tell(); }

}  // namespace steward
