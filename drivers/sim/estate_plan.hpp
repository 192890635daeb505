#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "contract/nouns/ids.hpp"
#include "drivers/sim/consumption.hpp"

namespace steward::sim {

/// What the operator chooses. One setup is one estate, on any machine.
struct EstateSetup {
  std::uint64_t seed = 1;
  int flats = 24;        // least_flats .. most_flats; the shops come on top
  bool chinese = false;  // the first floor's units have DL/T 645 and CJ/T 188 meters, on a line of their own

  friend bool operator==(const EstateSetup&, const EstateSetup&) = default;
};
inline constexpr int least_flats = 4;
inline constexpr int most_flats = 5000;

enum class Medium : std::uint8_t { electricity, water };
enum class Use : std::uint8_t { unit, common, master };
enum class MeterModel : std::uint8_t { sdm630, adl400, tuf2000, dlt645, cjt188 };
enum class UnitKind : std::uint8_t { flat, shop };
enum class Basis : std::uint8_t { area, household, usage };
enum class Share : std::uint8_t { quantity, money };

/// Estate, building or floor: what a pool is shared below.
struct NodePlan {
  NodeId node;
  NodeId parent;     // empty for the estate
  std::string kind;  // "estate", "building", "floor"
  std::string name;
};

struct UnitPlan {
  UnitId unit;
  NodeId node;  // its floor
  UnitKind kind = UnitKind::flat;
  std::int64_t area_cm2 = 0;
  AccountId account;  // empty: vacant
  std::string account_name;
  std::chrono::sys_days moved_in{};
};

/// What is lost between a master and the meters below it: part of what they
/// carry and a standing draw (exit signs, transformers, a dripping joint). The
/// standing draw alone outweighs a month's quantisation, so a month's residual
/// is never negative.
struct Loss {
  std::int64_t per_mille = 0;
  std::int64_t per_hour = 0;  // Wh or litres
};

/// One metering point with the meter that hangs there.
struct MeterPlan {
  PointId point;
  std::optional<std::size_t> parent;  // place of the master above, in EstatePlan::meters
  Medium medium = Medium::electricity;
  Use use = Use::unit;
  UnitId unit;      // use unit
  TariffId tariff;  // use unit
  std::string name;

  MeterId meter;  // serial plate
  MeterModel model = MeterModel::sdm630;
  std::int64_t multiplier = 1;  // CT ratio (倍率): register times this is what flowed
  std::int64_t opening = 0;     // register at installation, Wh or litres

  Load load;  // use unit and common
  Loss loss;  // use master

  BusId bus;
  UnitAddress address;
};

/// The residual of `point`, shared among the units below `node` (公摊).
struct PoolPlan {
  PoolId pool;
  PointId point;
  NodeId node;
  Basis basis = Basis::area;
  Share share = Share::quantity;
  TariffId tariff;
  std::string name;
};

/// An endpoint: one Modbus TCP gateway per building and medium, or a serial line. line1 is Modbus,
/// line2 has the DL/T 645 and CJ/T 188 meters of an estate with `chinese`.
struct BusPlan {
  BusId bus;
  bool serial = false;
};

/// The whole estate, laid out: parents stand before children in `nodes` and `meters`.
struct EstatePlan {
  std::vector<NodePlan> nodes;
  std::vector<UnitPlan> units;
  std::vector<MeterPlan> meters;
  std::vector<PoolPlan> pools;
  std::vector<BusPlan> buses;
};

inline constexpr char site_code[] = "riverside";
inline constexpr char gateway_code[] = "gw1";
inline constexpr char vacant_account[] = "landlord";

/// Lays out the estate: 2 buildings up to 200 flats, else one per 100; four flats
/// a floor; one shop a building, on the ground floor.
///
/// The demo's month is June 2026: some flats cross a yearly tier in the middle of
/// it. One flat in 24 (at least one) is vacant. Four meters sit on the serial
/// line, every other behind Modbus TCP with at most 247 addresses an endpoint.
/// setup.flats must be within its limits (assert).
EstatePlan lay_out(const EstateSetup& setup);

/// The channel a meter of this medium is billed by, as profiles name it.
std::string_view billing_channel(Medium medium);

/// The profile a simulated meter answers by.
std::string_view profile_of(MeterModel model);

/// The smallest step of the meter's register, in Wh or litres:
/// TUF-2000 shows 0.001 m³, all others 0.01 kWh or 0.01 m³.
std::int64_t register_step(MeterModel model);

}  // namespace steward::sim
