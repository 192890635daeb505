#pragma once
#include <string>

#include "cloud/billing/bill.hpp"

namespace steward {

/// "12.500 kWh", "3.000 m³".
std::string quantity_text(std::int64_t milli, Medium medium);
/// 电 or 水; empty for none.
std::string medium_zh(Medium medium);
std::string basis_zh(Basis basis);
/// A weight as a person reads it: "60.0000 m²", "2", "310.500 kWh".
std::string weight_text(Basis basis, std::int64_t weight, Medium medium);
/// What a pool shares, or a part of it: a quantity, or yuan followed by `yuan`.
std::string share_text(const PoolStatement& pool, std::int64_t count, const std::string& yuan);
/// "89.4300 m²", "2".
std::string fee_count_text(const FeeShare& fee);
/// "70 %", "12.5 %".
std::string percent_text(std::int64_t ppm);
/// 公摊 share or 损耗 loss.
std::string kind_zh(PoolKind kind);
std::string kind_en(PoolKind kind);

}  // namespace steward
