#include "cloud/metering/pool.hpp"

#include <algorithm>
#include <array>

#include "cloud/metering/decimal.hpp"

namespace steward {
namespace {

constexpr std::array bases{Basis::area,  Basis::household,   Basis::usage, Basis::persons,
                           Basis::floor, Basis::coefficient, Basis::equal, Basis::formula};

std::optional<Basis> basis_of(std::string_view text) {
  const auto* found =
      std::find_if(bases.begin(), bases.end(), [&](Basis basis) { return word(basis) == text; });
  return found == bases.end() ? std::nullopt : std::optional(*found);
}

}  // namespace

std::string_view word(Medium medium) {
  constexpr std::string_view words[] = {"electricity", "water", "none"};
  return words[static_cast<std::size_t>(medium)];
}
std::string_view word(Basis basis) {
  constexpr std::string_view words[] = {"area",  "household",   "usage", "persons",
                                        "floor", "coefficient", "equal", "formula"};
  return words[static_cast<std::size_t>(basis)];
}
std::string_view word(ShareOf share) { return share == ShareOf::quantity ? "quantity" : "money"; }
std::string_view word(PoolSource source) {
  constexpr std::string_view words[] = {"residual", "invoice", "fixed"};
  return words[static_cast<std::size_t>(source)];
}
std::string_view word(PoolKind kind) { return kind == PoolKind::loss ? "loss" : "common"; }
std::string_view word(Negative negative) {
  constexpr std::string_view words[] = {"clamp", "credit", "scale", "block"};
  return words[static_cast<std::size_t>(negative)];
}

std::string basis_text(const std::vector<BasisPart>& parts) {
  if (parts.size() == 1) return std::string(word(parts.front().basis));
  std::string text;
  for (const auto& part : parts)
    text += (text.empty() ? "" : "+") + std::string(word(part.basis)) + ":" + std::to_string(part.ppm);
  return text;
}

std::optional<std::vector<BasisPart>> read_basis(std::string_view text) {
  if (const auto alone = basis_of(text)) return std::vector{BasisPart{*alone, whole_ppm}};
  std::vector<BasisPart> parts;
  std::int64_t sum = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find('+'), text.size());
    const auto part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto colon = part.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const auto basis = basis_of(part.substr(0, colon));
    const auto ppm = read_decimal(part.substr(colon + 1), 0);
    if (!basis || !ppm || *ppm < 1 || *ppm > whole_ppm) return std::nullopt;
    if (std::any_of(parts.begin(), parts.end(), [&](const auto& other) { return other.basis == *basis; }))
      return std::nullopt;
    parts.push_back({*basis, *ppm});
    sum += *ppm;
  }
  if (sum != whole_ppm) return std::nullopt;
  return parts;
}

}  // namespace steward
