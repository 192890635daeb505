#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cloud/metering/calendar.hpp"
#include "cloud/metering/decimal.hpp"
#include "cloud/metering/pool.hpp"
#include "contract/nouns/ids.hpp"

namespace steward {

// What things cost: tariffs for what is metered, fees and charges for what is
// not, and what is taken off by rule.

using FeeId = Id<struct FeeTag>;
using ChargeId = Id<struct ChargeTag>;
using ReductionId = Id<struct ReductionTag>;

enum class TierPeriod : std::uint8_t { year, month, two_months };  // two_months: January and February, ...
std::string_view word(TierPeriod period);

struct Tier {
  std::optional<Milli> upto;  // of the period's usage; empty: no limit (the last tier)
  MicroYuan price;            // per kWh or m³; with bands, added to the band's price
  Milli per_person{};         // put onto upto for each person above the version's persons_above
};

/// A time of day with its own register and price (峰谷): "peak", "valley".
struct BandPrice {
  std::string band;
  MicroYuan price;
};

struct TariffVersion {
  Day valid_from;
  TierPeriod period = TierPeriod::month;
  std::vector<Tier> tiers;         // at least one; bounds rise; the last has none
  std::int64_t persons_above = 0;  // where a tier has per_person
  bool by_months = false;          // a point hung in the year has months/12 of each bound
  std::vector<BandPrice> bands{};  // by band; empty: one price at all times

  bool by_persons() const;
};

struct Tariff {
  TariffId id;
  Medium medium = Medium::electricity;
  std::vector<TariffVersion> versions;  // by valid_from, at least one
};

enum class FeeBasis : std::uint8_t { area, household, persons, vehicles, unit };
enum class FeePeriod : std::uint8_t { month, quarter, year, move_in };
std::string_view word(FeeBasis basis);
std::string_view word(FeePeriod period);

/// The price of one fee for the units at and below a node, of one customer group
/// or of all, from a day on. Where several fit a unit, the deepest node wins, and
/// there a named group before all.
struct FeePlan {
  FeeId fee;
  NodeId node;
  std::string group;  // of units.csv; empty: all
  Day valid_from;
  FeeBasis basis = FeeBasis::area;
  FeePeriod period = FeePeriod::month;
  MicroYuan price;  // per m², household, person, vehicle or unit, and period
  std::string name;
  std::int64_t vacant_ppm = whole_ppm;  // as of a pool
  std::uint32_t line = 0;
};

/// Something asked for once: whoever answers for the unit on that day pays.
struct Charge {
  ChargeId id;
  UnitId unit;
  Day day;
  Fen amount;
  std::string name;
};

/// A reduction or a discount that somebody approved.
struct ReductionRule {
  ReductionId id;
  AccountId account;
  UnitId unit;       // empty: all of the account's
  std::string item;  // "all", "own", "share", "fee", "charge", or the id of a pool, a fee or a charge
  std::int64_t ppm = 0;
  Day from;
  std::optional<Day> to;
  std::string approved_by;
  Day approved_on;
  std::string why;
};

}  // namespace steward
