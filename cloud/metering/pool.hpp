#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cloud/metering/calendar.hpp"
#include "cloud/metering/formula.hpp"
#include "contract/nouns/ids.hpp"
#include "contract/nouns/quantity.hpp"

namespace steward {

enum class Medium : std::uint8_t { electricity, water, none };  // none: money alone, nothing is metered
enum class Basis : std::uint8_t { area, household, usage, persons, floor, coefficient, equal, formula };
enum class ShareOf : std::uint8_t { quantity, money };
/// Where what is shared comes from.
enum class PoolSource : std::uint8_t { residual, invoice, fixed };
/// What a residual is called on the bill: common use (公摊) or loss (损耗).
enum class PoolKind : std::uint8_t { common, loss };
/// What becomes of a residual below zero, within the pool's tolerance.
enum class Negative : std::uint8_t {
  clamp,   // taken as zero and noted
  credit,  // shared out as a credit, by the pool's own bases
  scale,   // shared out as a credit by usage: as if every meter below were scaled down to the point
  block,   // refuses the run
};

std::string_view word(Medium medium);
std::string_view word(Basis basis);
std::string_view word(ShareOf share);
std::string_view word(PoolSource source);
std::string_view word(PoolKind kind);
std::string_view word(Negative negative);

inline constexpr std::int64_t whole_ppm = 1'000'000;

/// One basis of a pool and its part of what is shared.
struct BasisPart {
  Basis basis = Basis::area;
  std::int64_t ppm = whole_ppm;

  friend bool operator==(const BasisPart&, const BasisPart&) = default;
};

/// A residual may be below zero by this many thousandths of the point's usage, unless its
/// pool says otherwise: meters of class 1 and 2 (IEC 62053-21) may differ by as much.
inline constexpr std::int64_t residual_tolerance_permille = 20;

/// Shares something among the units under `node` (公摊).
struct Pool {
  PoolId id;
  PointId point;  // source residual only
  NodeId node;
  std::vector<BasisPart> parts{
      BasisPart{}};                   // one, or a hybrid; their ppm add up to whole_ppm, no basis twice
  ShareOf share = ShareOf::quantity;  // money, unless the source is residual
  TariffId tariff;                    // source residual only; one tier
  std::string name;

  PoolSource source = PoolSource::residual;
  PoolKind kind = PoolKind::common;
  Medium medium = Medium::none;  // whose usage is a weight; source residual: the point's
  std::optional<Fen> amount;     // source fixed: of each month
  std::optional<Formula> formula;
  Negative negative = Negative::clamp;
  std::int64_t tolerance_permille = residual_tolerance_permille;
  std::int64_t vacant_ppm =
      whole_ppm;           // what the owner of a vacant unit pays of its share; the landlord pays the rest
  std::uint32_t line = 0;  // in pools.csv, for what is said about it later
};

/// A supplier's bill that a pool shares in one month.
struct Invoice {
  Fen amount;
  std::string reference;  // the supplier's number

  friend bool operator==(const Invoice&, const Invoice&) = default;
};

/// "area", or "area:700000+usage:300000": as pools.csv writes it.
std::string basis_text(const std::vector<BasisPart>& parts);
/// Reads what basis_text writes. Empty: not a basis, a basis named twice, or parts that do not add up to
/// whole_ppm.
std::optional<std::vector<BasisPart>> read_basis(std::string_view text);

}  // namespace steward
