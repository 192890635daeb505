#include "cloud/billing/basis_words.hpp"

namespace steward {

std::string quantity_text(std::int64_t milli, Medium medium) {
  return grouped_decimal_text(milli, 3) + " " + std::string(priced_unit(medium));
}

std::string medium_zh(Medium medium) {
  constexpr std::string_view words[] = {"电", "水", ""};
  return std::string(words[static_cast<std::size_t>(medium)]);
}

std::string basis_zh(Basis basis) {
  constexpr std::string_view words[] = {"面积", "户数", "用量", "人数", "楼层", "系数", "均摊", "公式"};
  return std::string(words[static_cast<std::size_t>(basis)]);
}

std::string weight_text(Basis basis, std::int64_t weight, Medium medium) {
  switch (basis) {
    case Basis::area: return decimal_text(weight, 4) + " m²";
    case Basis::usage: return medium == Medium::none ? std::to_string(weight) : quantity_text(weight, medium);
    case Basis::coefficient: return decimal_text(weight, 6);
    case Basis::household:
    case Basis::persons:
    case Basis::floor:
    case Basis::equal:
    case Basis::formula: return std::to_string(weight);
  }
  return {};
}

std::string share_text(const PoolStatement& pool, std::int64_t count, const std::string& yuan) {
  return pool.share == ShareOf::money ? yuan_text(Fen{count}) + yuan : quantity_text(count, pool.medium);
}

std::string fee_count_text(const FeeShare& fee) {
  return fee.basis == FeeBasis::area ? decimal_text(fee.count, 4) + " m²" : std::to_string(fee.count);
}

std::string percent_text(std::int64_t ppm) {
  auto text = decimal_text(ppm, 4);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text + " %";
}

std::string kind_zh(PoolKind kind) { return kind == PoolKind::loss ? "损耗" : "公摊"; }
std::string kind_en(PoolKind kind) { return kind == PoolKind::loss ? "loss" : "share"; }

}  // namespace steward
