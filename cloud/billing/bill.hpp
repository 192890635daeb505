#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cloud/metering/estate.hpp"
#include "cloud/metering/residual.hpp"
#include "cloud/metering/usage.hpp"
#include "contract/nouns/ids.hpp"
#include "contract/nouns/quantity.hpp"

namespace steward {

// What a bill says. A Bill is complete in itself: with it alone every line can
// be recomputed except the sum over the neighbours' meters in a pool, which it
// quotes but does not itemise (no resident sees another's readings).

/// How a tier's bound came about, where heads or a part of a year change it:
/// upto' = ⌊(upto + persons × per_person) × months / 12⌋.
struct BoundRule {
  Milli upto;  // as tariffs.csv has it
  Milli per_person;
  std::int64_t persons = 0;  // above the version's persons_above
  std::int64_t months = 12;

  friend bool operator==(const BoundRule&, const BoundRule&) = default;
};

/// Why a line is what it is: the unit's own meter.
struct OwnUse {
  PointId point;  // its readings: the entry of Bill::usages with this point and the line's days
  TierPeriod period = TierPeriod::month;
  std::uint32_t tier = 1;
  std::optional<Milli> tier_upto;
  Milli used_before;                 // in the tariff's period, before this line
  std::optional<BoundRule> bound{};  // of tier_upto; empty: as tariffs.csv has it
  std::string band{};                // time of use (峰谷); empty: all
  bool surcharge = false;            // a tier's price put onto what the bands' lines ask already

  friend bool operator==(const OwnUse&, const OwnUse&) = default;
};

/// A unit's weight under one basis of a pool, and what it gives.
struct ShareTerm {
  std::int64_t weight = 0;  // cm², persons, Wh or litre, ..., as the basis says
  std::int64_t share = 0;   // of the term's total: Wh, litre or fen

  friend bool operator==(const ShareTerm&, const ShareTerm&) = default;
};

/// Why a line is what it is: a share of a pool (公摊).
struct PoolShare {
  PoolId pool;                   // described in Bill::pools
  std::vector<ShareTerm> terms;  // one per term of the pool; their shares add up to unit_share
  std::int64_t unit_share = 0;   // of the unit, for the whole month: Wh, litre, or fen when money is shared
  /// The line's part of unit_share when the occupant changed inside the month:
  /// days, or the unit's usage where the basis is usage. Equal: the whole.
  std::int64_t part = 1;
  std::int64_t whole = 1;

  friend bool operator==(const PoolShare&, const PoolShare&) = default;
};

/// Why a line is what it is: a fee that nothing meters.
struct FeeShare {
  FeeId fee;
  std::string name;
  FeeBasis basis = FeeBasis::area;
  FeePeriod period = FeePeriod::month;
  Day period_from;  // what the price is for, [period_from, period_to)
  Day period_to;
  std::int64_t count = 0;  // cm², heads, vehicles or 1
  Fen unit_fee;            // of the unit for the whole period: count × price, rounded once
  std::int64_t part = 1;   // days of the period that are this account's
  std::int64_t whole = 1;

  friend bool operator==(const FeeShare&, const FeeShare&) = default;
};

/// Why a line is what it is: asked for once.
struct Charged {
  ChargeId charge;
  std::string name;
  Day day;

  friend bool operator==(const Charged&, const Charged&) = default;
};

/// Why a line is what it is: taken off what other lines ask. By a vacancy, it is
/// `borne` by the landlord in a line that is its mirror image; by a rule, somebody
/// approved it and nobody pays it.
struct Reduction {
  std::string of;        // the pool or fee whose line is reduced; by a rule, its item
  Fen base;              // the lines it is taken off
  std::int64_t ppm = 0;  // of base
  bool borne = false;
  ReductionId rule{};  // empty: a vacancy
  std::string approved_by{};
  Day approved_on{};
  std::string reason{};

  friend bool operator==(const Reduction&, const Reduction&) = default;
};

/// One line of a bill, rounded to fen once.
struct BillLine {
  UnitId unit;  // empty: what no unit has weight for, carried by the vacant account
  Medium medium = Medium::electricity;
  Day from;  // the days it covers, [from, to)
  Day to;
  TariffId tariff;                // empty: money alone, with no price
  Day tariff_from;                // the tariff version, by the day it came into force
  MicroYuan price;                // per kWh or m³; of a fee, per m², head, ...
  std::optional<Milli> quantity;  // empty: a share of money
  Fen amount;
  std::variant<OwnUse, PoolShare, FeeShare, Charged, Reduction> why;

  friend bool operator==(const BillLine&, const BillLine&) = default;
};

/// One basis of a pool, its part of what is shared, and the sum of the weights.
struct PoolTerm {
  Basis basis = Basis::area;
  std::int64_t ppm = whole_ppm;
  std::int64_t total = 0;  // Wh, litre or fen; the terms' totals add up to the pool
  std::int64_t weight_sum = 0;
  std::uint32_t units = 0;  // with weight above zero; none: the vacant account bears this term

  friend bool operator==(const PoolTerm&, const PoolTerm&) = default;
};

/// What is shared in a pool, without naming who else has a share.
struct PoolStatement {
  PoolId id;
  std::string name;
  NodeId node;
  std::string node_name;
  PoolSource source = PoolSource::residual;
  PoolKind kind = PoolKind::common;
  ShareOf share = ShareOf::quantity;
  Negative negative = Negative::clamp;
  Medium medium = Medium::electricity;  // none: an invoice or a fixed sum that no usage weighs
  std::string formula;                  // where a basis is formula
  std::string reference;                // source invoice: the supplier's number
  std::vector<PoolTerm> terms;          // one per basis, in the order of pools.csv
  PointUsage usage;  // of the pool's point, with its readings; this and the next six: source residual only
  std::uint32_t children_count = 0;
  Residual residual;  // usage - children
  TariffId tariff;
  Day tariff_from;
  MicroYuan price;
  Fen cost;  // round_to_fen(residual, price), the invoice or the fixed sum: what is shared when money is

  /// What the terms share out: Wh, litre or fen.
  std::int64_t total() const { return share == ShareOf::money ? cost.count : residual.residual.count; }

  friend bool operator==(const PoolStatement&, const PoolStatement&) = default;
};

struct Bill {
  BillId id;  // "2026-06-<account>"
  SiteId estate;
  std::string estate_name;
  UtcOffset offset{480};
  Month month{};
  AccountId account;
  std::string account_name;
  bool vacant_account = false;
  bool stepped = false;              // stands on readings of simulated time: never a real bill
  std::vector<BillLine> lines;       // by unit, own use before shares, point or pool, day, tier
  std::vector<PointUsage> usages;    // evidence of the own-use lines
  std::vector<PoolStatement> pools;  // evidence of the share lines, by id
  Fen total;

  friend bool operator==(const Bill&, const Bill&) = default;
};

}  // namespace steward
