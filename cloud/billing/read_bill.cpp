#include <array>
#include <limits>
#include <type_traits>
#include <utility>

#include "cloud/billing/bill_json.hpp"
#include "cloud/billing/epoch_text.hpp"

namespace steward {
namespace {

constexpr JsonLimits bill_limits{.bytes = 16 * 1024 * 1024, .depth = 12, .nodes = 4'000'000};

/// Takes a bill's JSON apart. The first thing that is not as bill_json writes it
/// is remembered in `fault`; every getter then still gives a value, so that the
/// code below reads straight on and the fault is asked for once, at the end.
class BillReader {
 public:
  std::string fault;

  Bill bill(const Json& json) {
    Bill bill;
    within(json, "schema", 1, 2);
    bill.id = BillId(text(json, "bill"));
    bill.estate = SiteId(text(json, "estate"));
    bill.estate_name = text(json, "estate_name");
    bill.offset = UtcOffset{within(json, "utc_offset_minutes", -720, 840)};
    bill.month = parsed(json, "month", read_month).value_or(Month{});
    bill.account = AccountId(text(json, "account"));
    bill.account_name = text(json, "account_name");
    bill.vacant_account = boolean(json, "vacant_account");
    bill.stepped = boolean(json, "stepped");
    for (const auto& item : items(json, "lines")) bill.lines.push_back(line(item));
    for (const auto& item : items(json, "usages")) bill.usages.push_back(usage(item));
    for (const auto& item : items(json, "pools")) bill.pools.push_back(statement(item));
    bill.total = Fen{signed_amount(json, "total_fen")};
    __extension__ using Wide = __int128;
    Wide sum = 0;
    for (const auto& one : bill.lines) sum += one.amount.count;
    if (sum != bill.total.count) refuse("total_fen (the lines do not add up to it)");
    return bill;
  }

 private:
  void refuse(std::string_view key) {
    if (fault.empty()) fault = key;
  }

  const Json* member(const Json& json, std::string_view key, Json::Kind kind) {
    const auto* found = json.is(Json::Kind::object) ? json.find(key) : nullptr;
    if (found != nullptr && found->is(kind)) return found;
    refuse(key);
    return nullptr;
  }
  std::string text(const Json& json, std::string_view key) {
    const auto* found = member(json, key, Json::Kind::text);
    return found == nullptr ? std::string() : found->text();
  }
  std::int64_t integer(const Json& json, std::string_view key) {
    const auto* found = member(json, key, Json::Kind::integer);
    return found == nullptr ? 0 : found->integer();
  }
  std::int64_t within(const Json& json, std::string_view key, std::int64_t least, std::int64_t most) {
    const auto value = integer(json, key);
    if (value >= least && value <= most) return value;
    refuse(key);
    return least;
  }
  /// A quantity or an amount; the bound keeps every later sum and product inside 63 bits.
  std::int64_t amount(const Json& json, std::string_view key) {
    return within(json, key, 0, 10'000'000'000'000'000);
  }
  /// The same for what can be given back.
  std::int64_t signed_amount(const Json& json, std::string_view key) {
    return within(json, key, -10'000'000'000'000'000, 10'000'000'000'000'000);
  }
  bool has(const Json& json, std::string_view key) {
    return json.is(Json::Kind::object) && json.find(key) != nullptr;
  }
  bool boolean(const Json& json, std::string_view key) {
    const auto* found = member(json, key, Json::Kind::boolean);
    return found != nullptr && found->boolean();
  }
  const std::vector<Json>& items(const Json& json, std::string_view key) {
    static const std::vector<Json> none;
    const auto* found = member(json, key, Json::Kind::array);
    return found == nullptr ? none : found->items();
  }
  std::optional<Milli> milli_or_null(const Json& json, std::string_view key) {
    const auto* found = json.is(Json::Kind::object) ? json.find(key) : nullptr;
    if (found != nullptr && found->is(Json::Kind::null)) return std::nullopt;
    return Milli{signed_amount(json, key)};
  }
  template <class Parse>
  std::invoke_result_t<Parse, std::string_view> parsed(const Json& json, std::string_view key, Parse parse) {
    auto value = parse(text(json, key));
    if (!value) refuse(key);
    return value;
  }
  Day day(const Json& json, std::string_view key) {
    return parsed(json, key, [](std::string_view value) { return read_day(value); }).value_or(Day{});
  }
  /// The place of the member's word among `words`.
  template <class Enum, std::size_t n>
  Enum choice(const Json& json, std::string_view key, const std::array<std::string_view, n>& words) {
    const auto value = text(json, key);
    for (std::size_t i = 0; i < n; ++i) {
      if (words[i] == value) return static_cast<Enum>(i);
    }
    refuse(key);
    return Enum{};
  }
  Medium medium(const Json& json) {
    return choice<Medium>(json, "medium", std::array<std::string_view, 3>{"electricity", "water", "none"});
  }

  RegisterEnd end(const Json& json, const UsageSegment& segment) {
    using Words3 = std::array<std::string_view, 3>;
    RegisterEnd end;
    end.kind = choice<EndKind>(json, "kind", Words3{"reading", "opening", "removal"});
    auto& reading = end.reading;
    reading.meter = segment.meter;
    reading.channel = segment.channel;
    reading.at = instant_from_ms(within(json, "at_ms", 0, 7'258'118'400'000));  // 2200-01-01
    reading.value = within(json, "value", 0, std::numeric_limits<std::int64_t>::max());
    reading.unit = text(json, "unit") == "litre" ? ChannelUnit::litre : ChannelUnit::wh;
    reading.source = choice<ReadingSource>(
        json, "source",
        std::array<std::string_view, 6>{"gateway", "manual", "import", "estimate-season", "estimate-average",
                                        "estimate-peers"});
    if (reading.source != ReadingSource::gateway) return end;
    reading.gateway = GatewayId(text(json, "gateway"));
    reading.epoch = parsed(json, "epoch", epoch_of).value_or(Uuid{});
    reading.seq =
        Seq{static_cast<std::uint64_t>(within(json, "seq", 0, std::numeric_limits<std::int64_t>::max()))};
    reading.profile = ProfileId(text(json, "profile"));
    reading.modulus = amount(json, "modulus");
    reading.trust = choice<ClockTrust>(json, "trust",
                                       std::array<std::string_view, 4>{"unset", "rtc", "synced", "stepped"});
    for (const auto& item : items(json, "raw")) {
      const bool word16 = item.is(Json::Kind::integer) && item.integer() >= 0 && item.integer() <= 0xFFFF;
      if (!word16) refuse("raw");
      reading.raw.push_back(word16 ? static_cast<std::uint16_t>(item.integer()) : std::uint16_t{0});
    }
    return end;
  }

  PointUsage usage(const Json& json) {
    PointUsage usage{PointId(text(json, "point")), medium(json), day(json, "from"), day(json, "to"), {}, {}};
    for (const auto& item : items(json, "segments")) {
      UsageSegment segment;
      segment.meter = MeterId(text(item, "meter"));
      segment.channel = text(item, "channel");
      segment.multiplier_n = within(item, "multiplier_n", 1, 100'000);
      segment.multiplier_d = within(item, "multiplier_d", 1, 100'000);
      if (const auto* begin = member(item, "begin", Json::Kind::object)) segment.begin = end(*begin, segment);
      if (const auto* last = member(item, "end", Json::Kind::object)) segment.end = end(*last, segment);
      segment.usage = Milli{amount(item, "usage_milli")};
      if (has(item, "band")) segment.band = text(item, "band");
      usage.segments.push_back(std::move(segment));
    }
    usage.usage = Milli{amount(json, "usage_milli")};
    return usage;
  }

  BillLine line(const Json& json) {
    BillLine line;
    line.unit = UnitId(text(json, "unit"));
    line.medium = medium(json);
    line.from = day(json, "from");
    line.to = day(json, "to");
    const auto kind = text(json, "kind");
    if (kind == "own") {
      line.why = own(json);
    } else if (kind == "share") {
      line.why = PoolShare{PoolId(text(json, "pool")), share_terms(json), signed_amount(json, "unit_share"),
                           amount(json, "part"), amount(json, "whole")};
    } else if (kind == "fee") {
      line.why = fee(json);
    } else if (kind == "charge") {
      line.why = Charged{ChargeId(text(json, "charge")), text(json, "name"), day(json, "day")};
    } else if (kind == "reduction") {
      line.why = reduction(json);
    } else {
      refuse("kind");
    }
    line.tariff = TariffId(text(json, "tariff"));
    line.tariff_from = day(json, "tariff_from");
    line.price = MicroYuan{within(json, "price_micro_yuan", 0, 1'000'000'000'000)};
    line.quantity = milli_or_null(json, "quantity_milli");
    line.amount = Fen{signed_amount(json, "amount_fen")};
    return line;
  }

  OwnUse own(const Json& json) {
    OwnUse own{
        PointId(text(json, "point")),
        choice<TierPeriod>(json, "period", std::array<std::string_view, 3>{"year", "month", "two_months"}),
        static_cast<std::uint32_t>(within(json, "tier", 1, 20)), milli_or_null(json, "tier_upto_milli"),
        Milli{amount(json, "used_before_milli")}};
    if (has(json, "band")) own.band = text(json, "band");
    own.surcharge = has(json, "surcharge") && boolean(json, "surcharge");
    if (has(json, "bound")) {
      if (const auto* bound = member(json, "bound", Json::Kind::object))
        own.bound = BoundRule{Milli{amount(*bound, "upto_milli")}, Milli{amount(*bound, "per_person_milli")},
                              within(*bound, "persons", 0, 1000), within(*bound, "months", 1, 12)};
    }
    return own;
  }

  FeeShare fee(const Json& json) {
    using Words = std::array<std::string_view, 5>;
    return {FeeId(text(json, "fee")),
            text(json, "name"),
            choice<FeeBasis>(json, "basis", Words{"area", "household", "persons", "vehicles", "unit"}),
            choice<FeePeriod>(json, "period",
                              std::array<std::string_view, 4>{"month", "quarter", "year", "move_in"}),
            day(json, "period_from"),
            day(json, "period_to"),
            amount(json, "count"),
            Fen{amount(json, "unit_fee_fen")},
            amount(json, "part"),
            amount(json, "whole")};
  }

  Reduction reduction(const Json& json) {
    Reduction reduction{text(json, "of"), Fen{signed_amount(json, "base_fen")},
                        within(json, "ppm", 0, whole_ppm), boolean(json, "borne")};
    if (!has(json, "rule")) return reduction;
    reduction.rule = ReductionId(text(json, "rule"));
    reduction.approved_by = text(json, "approved_by");
    reduction.approved_on = day(json, "approved_on");
    reduction.reason = text(json, "reason");
    return reduction;
  }

  PoolStatement statement(const Json& json) {
    PoolStatement pool;
    pool.id = PoolId(text(json, "pool"));
    pool.name = text(json, "name");
    pool.node = NodeId(text(json, "node"));
    pool.node_name = text(json, "node_name");
    pool.share = choice<ShareOf>(json, "share", std::array<std::string_view, 2>{"quantity", "money"});
    const bool schema_1 = !has(json, "terms");
    if (!schema_1) describe(json, pool);
    if (pool.source == PoolSource::residual) meter(json, pool);
    if (schema_1) pool.medium = pool.usage.medium;
    pool.cost = Fen{signed_amount(json, "cost_fen")};
    if (schema_1) {
      pool.terms.push_back({basis(json), whole_ppm, pool.total(), weight(json, "weight_sum"), units(json)});
      return pool;
    }
    for (const auto& item : items(json, "terms")) {
      pool.terms.push_back({basis(item), within(item, "ppm", 1, whole_ppm), signed_amount(item, "total"),
                            weight(item, "weight_sum"), units(item)});
    }
    return pool;
  }

  void meter(const Json& json, PoolStatement& pool) {
    if (const auto* found = member(json, "usage", Json::Kind::object)) pool.usage = usage(*found);
    pool.children_count = static_cast<std::uint32_t>(within(json, "children", 0, 2'000'000));
    if (const auto* found = member(json, "residual", Json::Kind::object)) {
      pool.residual = {PointId(text(*found, "point")), Milli{amount(*found, "usage_milli")},
                       Milli{amount(*found, "children_milli")},
                       Milli{signed_amount(*found, "residual_milli")},
                       Milli{amount(*found, "clamped_milli")}};
    }
    pool.tariff = TariffId(text(json, "tariff"));
    pool.tariff_from = day(json, "tariff_from");
    pool.price = MicroYuan{within(json, "price_micro_yuan", 0, 1'000'000'000)};
  }

  void describe(const Json& json, PoolStatement& pool) {
    pool.source =
        choice<PoolSource>(json, "source", std::array<std::string_view, 3>{"residual", "invoice", "fixed"});
    pool.kind = choice<PoolKind>(json, "kind", std::array<std::string_view, 2>{"common", "loss"});
    pool.negative = choice<Negative>(json, "negative",
                                     std::array<std::string_view, 4>{"clamp", "credit", "scale", "block"});
    pool.medium = medium(json);
    pool.formula = text(json, "formula");
    pool.reference = text(json, "reference");
  }

  Basis basis(const Json& json) {
    return choice<Basis>(json, "basis",
                         std::array<std::string_view, 8>{"area", "household", "usage", "persons", "floor",
                                                         "coefficient", "equal", "formula"});
  }
  std::uint32_t units(const Json& json) {
    return static_cast<std::uint32_t>(within(json, "units", 0, 2'000'000));
  }
  std::vector<ShareTerm> share_terms(const Json& json) {
    if (!has(json, "terms")) return {{weight(json), signed_amount(json, "unit_share")}};
    std::vector<ShareTerm> terms;
    for (const auto& item : items(json, "terms"))
      terms.push_back({weight(item), signed_amount(item, "share")});
    return terms;
  }
  std::int64_t weight(const Json& json, std::string_view key = "weight") {
    return within(json, key, 0, std::numeric_limits<std::int64_t>::max());  // never summed here
  }
};

}  // namespace

Result<Bill> read_bill(std::string_view text) {
  auto json = Json::parse(text, bill_limits);
  if (!json) return std::move(json.error());
  BillReader reader;
  auto bill = reader.bill(*json);
  if (!reader.fault.empty())
    return {Fault::malformed, "a bill's \"" + reader.fault + "\" is not as it was written"};
  return bill;
}

}  // namespace steward
