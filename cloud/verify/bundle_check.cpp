#include "cloud/verify/bundle_check.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "cloud/billing/bill_json.hpp"
#include "cloud/billing/bill_run.hpp"
#include "cloud/metering/decimal.hpp"
#include "contract/text/hex_text.hpp"
#include "contract/wire/closing_codec.hpp"
#include "kit/crypto/signing_key.hpp"

namespace steward {
namespace {

constexpr std::size_t most_said = 100;  // a page

struct Check {
  const OpenedBundle& opened;
  const TrustedKeys& trusted;
  BundleVerdict verdict{};
  std::string closings_text{};
  ClosingReadings readings{};

  const BillBundle& bundle() const { return opened.bundle; }

  void agree(const std::string& en, const std::string& zh) { verdict.agrees.push_back({en, zh}); }
  void differ(const std::string& en, const std::string& zh) {
    if (verdict.differs.size() < most_said) verdict.differs.push_back({en, zh});
  }

  void issuer() {
    verdict.issuer = opened.issuer;
    if (!opened.sealed) {
      differ("the issuer's signature does not hold: something in the file is not what was issued",
             "出具方签名不成立：文件内容已被改动");
      return;
    }
    const auto& known = trusted.issuers;
    if (!known.empty() && std::find(known.begin(), known.end(), opened.issuer) == known.end()) {
      differ("the file is signed by " + hex(opened.issuer) + ", which is not the issuer you named",
             "文件由 " + hex(opened.issuer) + " 签名，并非指定的出具方");
      return;
    }
    agree("the issuer's signature holds over the whole file", "出具方签名对全文成立");
  }

  /// Who may have signed for a gateway.
  std::map<GatewayId, std::vector<VerifyingKey>> keys() const {
    std::map<GatewayId, std::vector<VerifyingKey>> all;
    for (const auto& [gateway, key] : bundle().keys) {
      const auto& known = trusted.gateways;
      if (known.empty() || std::find(known.begin(), known.end(), key) != known.end())
        all[gateway].emplace_back(key);
    }
    return all;
  }

  /// The record, by whichever key of its gateway. The gateway is what the record itself names.
  static std::optional<Closing> opened_by(const std::map<GatewayId, std::vector<VerifyingKey>>& keys,
                                          const Bytes& sealed) {
    for (const auto& [gateway, own] : keys) {
      for (const auto& key : own) {
        auto closing = open_closing(sealed, key);
        if (closing && closing->gateway == gateway) return std::move(*closing);
      }
    }
    return std::nullopt;
  }

  void closings() {
    const auto all = keys();
    std::set<std::string> gateways;
    std::size_t place = 0;
    for (const auto& one : bundle().closings) {
      ++place;
      closings_text += closing_text(one.sealed, one.taken_back);
      auto closing = opened_by(all, one.sealed);
      if (!closing) {
        differ("closing record " + std::to_string(place) + " is not signed by any key of its gateway",
               "第 " + std::to_string(place) + " 条结算读数的签名不属于其网关的任何密钥");
        continue;
      }
      if (one.settled) {
        closing->round_at = one.settled->first;
        closing->quality = one.settled->second;
        if (bundle().settled.find(settled_line(*closing)) == std::string::npos)
          differ("closing record " + std::to_string(place) + " was moved without a word about it",
                 "第 " + std::to_string(place) + " 条结算读数被无故改动时刻或质量");
      }
      gateways.insert(closing->gateway.text);
      readings.add(billed_reading(std::move(*closing), one.taken_back));
      ++verdict.signed_closings;
    }
    std::string names;
    for (const auto& name : gateways) names += (names.empty() ? "" : ", ") + name;
    if (verdict.signed_closings == bundle().closings.size() && !bundle().closings.empty())
      agree(std::to_string(place) + " closing records are signed by their gateways (" + names + ")",
            std::to_string(place) + " 条结算读数均由其网关签名（" + names + "）");
  }

  void inputs(UtcOffset offset) {
    const auto to = midnight(first_day(bundle().month + std::chrono::months(1)), offset) + Milliseconds(1);
    const auto text = inputs_head(bundle().month, import_hash(bundle().files),
                                  lives_text(bundle().events, bundle().falls, to), bundle().settled) +
                      closings_text;
    verdict.inputs = sha256(bytes_of(text));
    if (verdict.inputs == bundle().inputs) {
      agree("the inputs are those the bill names: " + hex(verdict.inputs), "计算数据与账单所载摘要一致");
    } else {
      differ("the inputs in the file hash to " + hex(verdict.inputs) + ", the bill names " +
                 hex(bundle().inputs),
             "文件中的计算数据与账单所载摘要不一致");
    }
  }

  /// Line by line, so that a person sees where: only when the bytes differ.
  void compare_lines(const Bill& said, const Bill& now) {
    const auto lines = std::max(said.lines.size(), now.lines.size());
    const auto before = verdict.differs.size();
    for (std::size_t i = 0; i < lines; ++i) {
      if (i < said.lines.size() && i < now.lines.size() && said.lines[i] == now.lines[i]) continue;
      const auto yuan = [&](const Bill& bill) {
        return i < bill.lines.size() ? yuan_text(bill.lines[i].amount) : std::string("-");
      };
      const auto no = std::to_string(i + 1);
      differ("line " + no + " asks " + yuan(said) + " yuan; recomputed, it is " + yuan(now),
             "第 " + no + " 行收取 " + yuan(said) + " 元；重新计算为 " + yuan(now) + " 元");
    }
    if (verdict.differs.size() == before)
      differ("the bill's lines are the same, but the readings, pools or names under them are not",
             "账单各行金额一致，但其依据的读数、公摊或名称不一致");
  }

  void recompute() {
    Problems problems;
    auto estate = read_estate(bundle().files, problems);
    if (!estate) {
      differ("the estate in the file cannot be read: " + problems.front().file + ": " + problems.front().en,
             "文件中的小区资料无法读取：" + problems.front().file + "：" + problems.front().zh);
      return;
    }
    verdict.typed_readings = estate->readings.size();
    inputs(estate->offset);
    auto alive = lived(std::move(*estate), bundle().events, bundle().falls);
    const auto drawn = draw_up(alive.estate, readings, bundle().month);
    if (!drawn.run) {
      differ("no bill can be drawn up from the file: " + drawn.problems.front().en,
             "无法用文件中的数据重新计算账单：" + drawn.problems.front().zh);
      return;
    }
    const auto said = read_bill(bundle().bill);
    if (!said) {
      differ("the bill itself is not one: " + said.error().message, "账单本身无法读取");
      return;
    }
    verdict.bill = said->id.text;
    const auto now = std::find_if(drawn.run->bills.begin(), drawn.run->bills.end(),
                                  [&](const Bill& bill) { return bill.id == said->id; });
    if (now == drawn.run->bills.end()) {
      differ("recomputed, the month has no bill " + said->id.text,
             "重新计算的月份中没有账单 " + said->id.text);
      return;
    }
    if (bill_json(*now).dump() != bundle().bill) {
      compare_lines(*said, *now);
      return;
    }
    agree("bill " + said->id.text + " was recomputed with all " + std::to_string(drawn.run->bills.size()) +
              " bills of its month: every byte is the same, " + std::to_string(said->lines.size()) +
              " lines, " + yuan_text(said->total) + " yuan",
          "账单 " + said->id.text + " 已与当月全部 " + std::to_string(drawn.run->bills.size()) +
              " 张账单一同重新计算：逐字节一致，" + std::to_string(said->lines.size()) + " 行，" +
              yuan_text(said->total) + " 元");
  }
};

}  // namespace

BundleVerdict check_bundle(const OpenedBundle& opened, const TrustedKeys& trusted) {
  Check check{opened, trusted};
  check.issuer();
  check.closings();
  check.recompute();
  return std::move(check.verdict);
}

}  // namespace steward
