#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cloud/metering/calendar.hpp"
#include "cloud/metering/closing.hpp"
#include "cloud/metering/decimal.hpp"
#include "cloud/metering/pool.hpp"
#include "cloud/metering/price_plan.hpp"
#include "contract/nouns/ids.hpp"

namespace steward {

// The typed estate: what `read_estate` gives and every bill run starts from. All
// collections are ordered by id, so the order of rows in a file is never seen.
// The files are described in docs/formats/estate.md.

enum class NodeKind : std::uint8_t { estate, building, entrance, floor };
enum class UnitKind : std::uint8_t { flat, shop, office, parking };
enum class PointUse : std::uint8_t { unit, common, master };

std::string_view word(NodeKind kind);
std::string_view word(UnitKind kind);
std::string_view word(PointUse use);
/// "kWh" or "m³": what one unit price is for. Not for Medium::none.
std::string_view priced_unit(Medium medium);
/// What a closing reading of this medium must count: wh or litre.
ChannelUnit channel_unit(Medium medium);

struct Node {
  NodeId id;
  NodeId parent;  // empty: the root
  NodeKind kind = NodeKind::estate;
  std::string name;
};

struct Unit {
  UnitId id;
  NodeId node;
  UnitKind kind = UnitKind::flat;
  std::int64_t area_cm2 = 0;
  std::optional<std::int64_t> persons;  // who live there; the next three: needed where a pool weighs by them
  std::optional<std::int64_t> floor;    // weight by storey, 0: exempt
  std::optional<std::int64_t> coefficient_ppm;  // agreed weight, in millionths
  std::optional<std::int64_t> vehicles;
  std::string group;  // customer group, for fees; empty: none
  AccountId owner;    // billed on days nobody occupies it; empty: the vacant account
};

/// A place in the metering tree. Its usage contains that of its children.
struct Point {
  PointId id;
  PointId parent;  // empty: root of its medium's tree
  Medium medium = Medium::electricity;
  PointUse use = PointUse::common;
  UnitId unit;      // use unit only
  TariffId tariff;  // use unit only
  std::string name;
};

/// A meter's stay at a point (倍率, 换表). Days are local; a stay begins at the
/// midnight that begins `from` and ends at the one that begins `to`. With a
/// register written down, the change happened at some moment of that day and the
/// register holds, whenever it was.
struct Install {
  PointId point;
  MeterId meter;
  std::string channel;
  Day from;
  std::optional<Day> to;          // empty: still there
  std::int64_t multiplier_n = 1;  // 1..100000, lowest terms not needed
  std::int64_t multiplier_d = 1;
  std::optional<std::int64_t> opening;  // register when installed, Wh or litre
  std::optional<std::int64_t> closing;  // register when removed
  std::string band;                     // time of use this register counts; empty: all
};

/// Something in a meter's life that nobody has explained: no usage of its point may pass it.
struct Unexplained {
  Instant since;  // the last register before (round_at); equal to `at` when the instant is known
  Instant at;     // the first register after
  bool boundary_only =
      false;  // explained, but not to the day: only a bill that begins or ends inside is stopped
  bool boundary_at_too = false;  // and so is one that begins or ends at `at`
  std::string en;
  std::string zh;
};

/// Who answers for a unit's bills, from the midnight that begins `from` up to
/// the one that begins `to`. A day nobody covers is the owner's, or else the vacant account's.
struct Occupancy {
  UnitId unit;
  AccountId account;
  std::string name;
  Day from;
  std::optional<Day> to;
};

struct Estate {
  SiteId id;
  std::string name;
  UtcOffset offset{480};
  AccountId vacant_account;

  NodeId root;
  std::map<NodeId, Node> nodes;
  std::map<UnitId, Unit> units;
  std::map<PointId, Point> points;
  std::map<PointId, std::vector<Install>> installs;  // by from; no two overlap
  std::map<PointId, std::vector<Unexplained>>
      unexplained;  // filled by lived() (meter_life.hpp); by since, at
  std::map<TariffId, Tariff> tariffs;
  std::map<PoolId, Pool> pools;
  std::map<std::pair<PoolId, Month>, Invoice> invoices;
  std::vector<FeePlan> fees;  // by fee, node, group, valid_from
  std::map<ChargeId, Charge> charges;
  std::map<ReductionId, ReductionRule> reductions;
  std::map<UnitId, std::vector<Occupancy>> occupancies;  // by from; no two overlap
  /// Quantity used in (point, calendar year) before the first closing reading in the system.
  std::map<std::pair<PointId, int>, Milli> carried;
  std::vector<ClosingReading> readings;  // readings.csv: manual or imported

  /// Points whose parent is `point`, in id order.
  std::vector<PointId> children(const PointId& point) const;
  /// Units at or below `node`, in id order.
  std::vector<UnitId> units_under(const NodeId& node) const;
  /// Who answers for `unit` on a day nobody occupies it.
  const AccountId& owner_of(const UnitId& unit) const;
  /// True when `node` is `above` or below it.
  bool is_under(const NodeId& node, const NodeId& above) const;
};

}  // namespace steward
