#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "contract/nouns/quantity.hpp"

namespace steward {

/// Thousandths of what a unit price is for: Wh of electricity (priced per kWh),
/// litres of water (priced per m³). Which of the two, the metering point says.
/// Billing is the same arithmetic for both, so it is written once over this.
using Milli = Quantity<struct MilliUnit>;

/// Reads decimal text exactly: "12.5" with 3 decimals is 12500. No exponent, no
/// thousands separator, no sign but a leading '-', no more than `decimals`
/// fraction digits (a digit that would be dropped is refused, not rounded),
/// nothing beyond 10^15 counts. Empty when it is anything else.
std::optional<std::int64_t> read_decimal(std::string_view text, int decimals);

/// Writes `count` 10^-decimals, all decimals: (12500, 3) is "12.500".
std::string decimal_text(std::int64_t count, int decimals);

/// The same with a separator for people: (1234500, 3) is "1,234.500".
std::string grouped_decimal_text(std::int64_t count, int decimals);

/// Fen as yuan: 6029 is "60.29", grouped for people.
std::string yuan_text(Fen amount);
/// Micro-yuan as yuan per unit, at least two decimals: 488300 is "0.4883".
std::string price_text(MicroYuan price);

}  // namespace steward
