#pragma once
#include <vector>

#include "drivers/bus/line_guard.hpp"
#include "tests/fault/device.hpp"
#include "tests/fault/schedule.hpp"

namespace steward::fault {

/// What is read of one unit.
struct UnitPlan {
  std::vector<RegisterSpan> blocks;
  Dictionary dictionary;  // its blocks in both lengths, its probes, and what older plans gave away
};

inline constexpr std::array<RegisterSpan, 2> probes{RegisterSpan{RegisterKind::holding, serial_register, 4},
                                                    RegisterSpan{RegisterKind::holding, serial_register, 5}};
/// As profiles of Chinese meters have them: date and time; one item under SER 2 and 3.
inline constexpr std::array<RegisterSpan, 2> dlt645_probes{
    RegisterSpan{RegisterKind::dlt645_item, dlt645_date, item_bytes(50)},
    RegisterSpan{RegisterKind::dlt645_item, dlt645_time, item_bytes(53)}};
inline constexpr std::array<RegisterSpan, 2> cjt188_probes{
    RegisterSpan{RegisterKind::cjt188_item, 0x20000 + cjt188_item_base + 50, item_bytes(50)},
    RegisterSpan{RegisterKind::cjt188_item, 0x30000 + cjt188_item_base + 50, item_bytes(50)}};
const std::array<RegisterSpan, 2>& probes_of(Protocol protocol);
inline constexpr RegisterSpan serial{RegisterKind::holding, serial_register, serial_words};

/// Where unit 0, 1, ... of such a line is, and what it speaks.
UnitAddress address_of(Tongue tongue, std::size_t unit);

/// The meters of a shape, unit 1 first; where twins are asked for, the second device shares unit 1.
std::vector<Device> devices_of(Shape shape, Twins twins, Tongue tongue);
std::size_t units_of(Shape shape);

/// version: 0 or 1, which of two plans. The second reads other registers in byte counts of its own;
/// clashing: in those of the first, as a planner would that forgot the retire rule.
UnitPlan plan_of(Shape shape, std::size_t unit, int version, bool clashing, Protocol protocol);

}  // namespace steward::fault
