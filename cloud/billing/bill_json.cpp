#include "cloud/billing/bill_json.hpp"

#include <algorithm>

#include "cloud/billing/epoch_text.hpp"

namespace steward {
namespace {

Json json_of(std::string_view text) { return Json(std::string(text)); }
Json json_of(std::uint32_t number) { return Json(static_cast<std::int64_t>(number)); }

std::string_view unit_word(ChannelUnit unit) { return unit == ChannelUnit::litre ? "litre" : "wh"; }

std::string_view trust_word(ClockTrust trust) {
  constexpr std::string_view words[] = {"unset", "rtc", "synced", "stepped"};
  return words[static_cast<std::size_t>(trust)];
}

Json end_json(const RegisterEnd& end) {
  constexpr std::string_view kinds[] = {"reading", "opening", "removal"};
  const auto& reading = end.reading;
  auto json = Json::object();
  json.set("kind", json_of(kinds[static_cast<std::size_t>(end.kind)]));
  json.set("at_ms", ms_of(reading.at));
  json.set("value", reading.value);
  json.set("unit", json_of(unit_word(reading.unit)));
  json.set("source", json_of(word(reading.source)));
  if (reading.source != ReadingSource::gateway) return json;
  auto raw = Json::array();
  for (const auto one : reading.raw) raw.push(Json(static_cast<std::int64_t>(one)));
  json.set("gateway", reading.gateway.text);
  json.set("epoch", epoch_text(reading.epoch));
  json.set("seq", static_cast<std::int64_t>(reading.seq.value));
  json.set("profile", reading.profile.text);
  json.set("modulus", reading.modulus);
  json.set("trust", json_of(trust_word(reading.trust)));
  json.set("raw", std::move(raw));
  return json;
}

Json usage_json(const PointUsage& usage) {
  auto segments = Json::array();
  for (const auto& segment : usage.segments) {
    auto json = Json::object();
    json.set("meter", segment.meter.text);
    json.set("channel", segment.channel);
    json.set("multiplier_n", segment.multiplier_n);
    json.set("multiplier_d", segment.multiplier_d);
    json.set("begin", end_json(segment.begin));
    json.set("end", end_json(segment.end));
    json.set("usage_milli", segment.usage.count);
    if (!segment.band.empty()) json.set("band", segment.band);
    segments.push(std::move(json));
  }
  auto json = Json::object();
  json.set("point", usage.point.text);
  json.set("medium", json_of(word(usage.medium)));
  json.set("from", text_of(usage.from));
  json.set("to", text_of(usage.to));
  json.set("segments", std::move(segments));
  json.set("usage_milli", usage.usage.count);
  return json;
}

/// One weight where there is one basis, else one entry per basis.
void set_terms(Json& json, const std::vector<ShareTerm>& terms) {
  if (terms.size() == 1) {
    json.set("weight", terms.front().weight);
    return;
  }
  auto list = Json::array();
  for (const auto& term : terms) {
    auto one = Json::object();
    one.set("weight", term.weight);
    one.set("share", term.share);
    list.push(std::move(one));
  }
  json.set("terms", std::move(list));
}

/// Why a line is what it is where nothing was measured; all of it schema 2.
void set_unmetered(Json& json, const BillLine& line) {
  if (const auto* fee = std::get_if<FeeShare>(&line.why)) {
    json.set("kind", "fee");
    json.set("fee", fee->fee.text);
    json.set("name", fee->name);
    json.set("basis", json_of(word(fee->basis)));
    json.set("period", json_of(word(fee->period)));
    json.set("period_from", text_of(fee->period_from));
    json.set("period_to", text_of(fee->period_to));
    json.set("count", fee->count);
    json.set("unit_fee_fen", fee->unit_fee.count);
    json.set("part", fee->part);
    json.set("whole", fee->whole);
  } else if (const auto* charged = std::get_if<Charged>(&line.why)) {
    json.set("kind", "charge");
    json.set("charge", charged->charge.text);
    json.set("name", charged->name);
    json.set("day", text_of(charged->day));
  } else if (const auto* reduction = std::get_if<Reduction>(&line.why)) {
    json.set("kind", "reduction");
    json.set("of", reduction->of);
    json.set("base_fen", reduction->base.count);
    json.set("ppm", reduction->ppm);
    json.set("borne", reduction->borne);
    if (reduction->rule.text.empty()) return;
    json.set("rule", reduction->rule.text);
    json.set("approved_by", reduction->approved_by);
    json.set("approved_on", text_of(reduction->approved_on));
    json.set("reason", reduction->reason);
  }
}

/// What schema 1 has no word for in a metered line.
void set_special(Json& json, const OwnUse& own) {
  if (!own.band.empty()) json.set("band", own.band);
  if (own.surcharge) json.set("surcharge", true);
  if (!own.bound) return;
  auto bound = Json::object();
  bound.set("upto_milli", own.bound->upto.count);
  bound.set("per_person_milli", own.bound->per_person.count);
  bound.set("persons", own.bound->persons);
  bound.set("months", own.bound->months);
  json.set("bound", std::move(bound));
}

Json residual_json(const Residual& residual) {
  auto json = Json::object();
  json.set("point", residual.point.text);
  json.set("usage_milli", residual.usage.count);
  json.set("children_milli", residual.children.count);
  json.set("residual_milli", residual.residual.count);
  json.set("clamped_milli", residual.clamped.count);
  return json;
}

/// Can schema 1 say it?
bool plain(const PointUsage& usage) {
  return std::all_of(usage.segments.begin(), usage.segments.end(), [](const auto& segment) {
    return segment.band.empty() && !is_estimate(segment.begin.reading.source) &&
           !is_estimate(segment.end.reading.source);
  });
}
bool plain(const PoolStatement& pool) {
  return plain(pool.usage) && pool.source == PoolSource::residual && pool.kind == PoolKind::common &&
         pool.negative == Negative::clamp && pool.terms.size() == 1 &&
         pool.terms.front().basis <= Basis::usage;
}
bool plain(const BillLine& line) {
  const auto* own = std::get_if<OwnUse>(&line.why);
  if (own != nullptr)
    return own->band.empty() && !own->surcharge && !own->bound && own->period != TierPeriod::two_months;
  return std::holds_alternative<PoolShare>(line.why) && line.medium != Medium::none && line.amount.count >= 0;
}
bool plain(const Bill& bill) {
  return std::all_of(bill.lines.begin(), bill.lines.end(), [](const auto& line) { return plain(line); }) &&
         std::all_of(bill.usages.begin(), bill.usages.end(),
                     [](const auto& usage) { return plain(usage); }) &&
         std::all_of(bill.pools.begin(), bill.pools.end(), [](const auto& pool) { return plain(pool); });
}
bool plain(const BillRun& run) {
  return std::all_of(run.bills.begin(), run.bills.end(), [](const auto& bill) { return plain(bill); }) &&
         std::all_of(run.usages.begin(), run.usages.end(), [](const auto& usage) { return plain(usage); }) &&
         std::all_of(run.pools.begin(), run.pools.end(),
                     [](const auto& pool) { return plain(pool.statement); });
}
/// The lowest schema that can say it, so that a bill drawn up again stays the same bytes.
template <class T>
std::int64_t schema_of(const T& what) {
  return plain(what) ? 1 : 2;
}

void set_metered(Json& json, const PoolStatement& pool) {
  json.set("usage", usage_json(pool.usage));
  json.set("children", json_of(pool.children_count));
  json.set("residual", residual_json(pool.residual));
  json.set("tariff", pool.tariff.text);
  json.set("tariff_from", text_of(pool.tariff_from));
  json.set("price_micro_yuan", pool.price.count);
}

Json statement_json(const PoolStatement& pool) {
  auto json = Json::object();
  json.set("pool", pool.id.text);
  json.set("name", pool.name);
  json.set("node", pool.node.text);
  json.set("node_name", pool.node_name);
  if (plain(pool)) {
    json.set("basis", json_of(word(pool.terms.front().basis)));
    json.set("share", json_of(word(pool.share)));
    set_metered(json, pool);
    json.set("cost_fen", pool.cost.count);
    json.set("weight_sum", pool.terms.front().weight_sum);
    json.set("units", json_of(pool.terms.front().units));
    return json;
  }
  auto terms = Json::array();
  for (const auto& term : pool.terms) {
    auto one = Json::object();
    one.set("basis", json_of(word(term.basis)));
    one.set("ppm", term.ppm);
    one.set("total", term.total);
    one.set("weight_sum", term.weight_sum);
    one.set("units", json_of(term.units));
    terms.push(std::move(one));
  }
  json.set("source", json_of(word(pool.source)));
  json.set("kind", json_of(word(pool.kind)));
  json.set("share", json_of(word(pool.share)));
  json.set("negative", json_of(word(pool.negative)));
  json.set("medium", json_of(word(pool.medium)));
  json.set("formula", pool.formula);
  json.set("reference", pool.reference);
  json.set("terms", std::move(terms));
  if (pool.source == PoolSource::residual) set_metered(json, pool);
  json.set("cost_fen", pool.cost.count);
  return json;
}

Json pool_json(const PoolRun& pool) {
  auto shares = Json::array();
  for (const auto& share : pool.shares) {
    auto json = Json::object();
    json.set("unit", share.unit.text);
    set_terms(json, share.terms);
    json.set("share", share.share);
    json.set("left_over", share.left_over);
    shares.push(std::move(json));
  }
  auto json = statement_json(pool.statement);
  if (pool.statement.terms.size() > 1) json.set("unshared", pool.unshared);
  json.set("shares", std::move(shares));
  return json;
}

Json head_json(std::int64_t schema, const SiteId& estate, const std::string& name, UtcOffset offset,
               Month month) {
  auto json = Json::object();
  json.set("schema", schema);
  json.set("estate", estate.text);
  json.set("estate_name", name);
  json.set("utc_offset_minutes", static_cast<std::int64_t>(offset.count()));
  json.set("month", text_of(month));
  return json;
}

Json run_record(const BillRun& run, Json bills) {
  auto usages = Json::array();
  for (const auto& usage : run.usages) usages.push(usage_json(usage));
  auto residuals = Json::array();
  for (const auto& residual : run.residuals) residuals.push(residual_json(residual));
  auto pools = Json::array();
  for (const auto& pool : run.pools) pools.push(pool_json(pool));
  auto notices = Json::array();
  for (const auto& notice : run.notices) {
    auto json = Json::object();
    json.set("en", notice.en);
    json.set("zh", notice.zh);
    notices.push(std::move(json));
  }
  auto json = head_json(schema_of(run), run.estate, run.estate_name, run.offset, run.month);
  json.set("stepped", run.stepped);
  json.set("usages", std::move(usages));
  json.set("residuals", std::move(residuals));
  json.set("pools", std::move(pools));
  json.set("notices", std::move(notices));
  json.set("bills", std::move(bills));
  json.set("total_fen", run.total.count);
  return json;
}

}  // namespace

Json line_json(const BillLine& line) {
  auto json = Json::object();
  json.set("unit", line.unit.text);
  json.set("medium", json_of(word(line.medium)));
  json.set("from", text_of(line.from));
  json.set("to", text_of(line.to));
  if (const auto* own = std::get_if<OwnUse>(&line.why)) {
    json.set("kind", "own");
    json.set("point", own->point.text);
    json.set("period", json_of(word(own->period)));
    json.set("tier", json_of(own->tier));
    json.set("tier_upto_milli", own->tier_upto ? Json(own->tier_upto->count) : Json());
    json.set("used_before_milli", own->used_before.count);
    set_special(json, *own);
  } else if (const auto* share = std::get_if<PoolShare>(&line.why)) {
    json.set("kind", "share");
    json.set("pool", share->pool.text);
    set_terms(json, share->terms);
    json.set("unit_share", share->unit_share);
    json.set("part", share->part);
    json.set("whole", share->whole);
  } else {
    set_unmetered(json, line);
  }
  json.set("tariff", line.tariff.text);
  json.set("tariff_from", text_of(line.tariff_from));
  json.set("price_micro_yuan", line.price.count);
  json.set("quantity_milli", line.quantity ? Json(line.quantity->count) : Json());
  json.set("amount_fen", line.amount.count);
  return json;
}

Json bill_json(const Bill& bill) {
  auto lines = Json::array();
  for (const auto& line : bill.lines) lines.push(line_json(line));
  auto usages = Json::array();
  for (const auto& usage : bill.usages) usages.push(usage_json(usage));
  auto pools = Json::array();
  for (const auto& pool : bill.pools) pools.push(statement_json(pool));
  auto json = head_json(schema_of(bill), bill.estate, bill.estate_name, bill.offset, bill.month);
  json.set("bill", bill.id.text);
  json.set("account", bill.account.text);
  json.set("account_name", bill.account_name);
  json.set("vacant_account", bill.vacant_account);
  json.set("stepped", bill.stepped);
  json.set("lines", std::move(lines));
  json.set("usages", std::move(usages));
  json.set("pools", std::move(pools));
  json.set("total_fen", bill.total.count);
  return json;
}

Json run_json(const BillRun& run) {
  auto bills = Json::array();
  for (const auto& bill : run.bills) {
    auto json = Json::object();
    json.set("bill", bill.id.text);
    json.set("account", bill.account.text);
    json.set("total_fen", bill.total.count);
    bills.push(std::move(json));
  }
  return run_record(run, std::move(bills));
}

Json whole_run_json(const BillRun& run) {
  auto bills = Json::array();
  for (const auto& bill : run.bills) bills.push(bill_json(bill));
  return run_record(run, std::move(bills));
}

}  // namespace steward
