#include "tests/fault/site.hpp"

#include <cassert>

namespace steward::fault {
namespace {

constexpr auto holding = RegisterKind::holding;
constexpr auto input = RegisterKind::input;

struct Lengths {
  RegisterSpan span;
  std::uint16_t other;  // the length it alternates with
};

void claim(UnitPlan& plan, const Lengths& block) {
  [[maybe_unused]] const bool claimed =
      plan.dictionary.claim(block.span) &&
      plan.dictionary.claim({block.span.kind, block.span.first, block.other});
  assert(claimed);
}

/// Where blocks end inside the next one they are padded: every length is a byte count of its own.
std::vector<Lengths> first_plan(Shape shape, std::size_t unit) {
  const std::vector<Lengths> four{
      {{holding, 0, 8}, 12}, {{holding, 8, 9}, 13}, {{holding, 16, 10}, 14}, {{holding, 24, 11}, 15}};
  switch (shape) {
    case Shape::one_unit_one_block:
    case Shape::eight_units_one_block: return {four[0]};
    case Shape::one_unit_four_blocks: return four;
    case Shape::eight_units_mixed: break;
  }
  if (unit % 3 == 0) return four;
  if (unit % 3 == 1) return {four[0]};
  return {four[0], {{input, 0, 7}, 8}};
}

const std::vector<Lengths> second_plan{{{holding, 4, 6}, 16}, {{holding, 20, 7}, 17}};
const std::vector<Lengths> clashing_plan{{{holding, 4, 8}, 12}, {{holding, 20, 9}, 13}};

/// Items keep their identifiers whatever the plan: there is nothing to clash.
UnitPlan item_plan(Shape shape, std::size_t unit, int version, Protocol protocol) {
  const auto item = [&](int key) {
    const auto place = static_cast<std::uint32_t>(key);
    if (protocol == Protocol::dlt645)
      return RegisterSpan{RegisterKind::dlt645_item, dlt645_item_base + place * 0x100, item_bytes(key)};
    return RegisterSpan{RegisterKind::cjt188_item, cjt188_item_base + place, item_bytes(key)};
  };
  const bool one = shape == Shape::one_unit_one_block || shape == Shape::eight_units_one_block ||
                   (shape == Shape::eight_units_mixed && unit % 3 == 1);
  std::vector<int> keys = version == 0 ? std::vector<int>{0, 8, 16, 24} : std::vector<int>{4, 20};
  if (one && version == 0) keys = {unit % 2 == 0 ? 0 : 16};
  UnitPlan plan;
  for (const auto& probe : probes_of(protocol)) (void)plan.dictionary.claim(probe);
  for (const int key : {0, 4, 8, 16, 20, 24}) {
    const RegisterSpan span = item(key);
    (void)plan.dictionary.claim(span);
    if (protocol == Protocol::cjt188)
      (void)plan.dictionary.claim({span.kind, 0x10000 + span.first, span.count});
  }
  for (const int key : keys) plan.blocks.push_back(item(key));
  return plan;
}

}  // namespace

const std::array<RegisterSpan, 2>& probes_of(Protocol protocol) {
  switch (protocol) {
    case Protocol::dlt645: return dlt645_probes;
    case Protocol::cjt188: return cjt188_probes;
    case Protocol::modbus: break;
  }
  return probes;
}

UnitAddress address_of(Tongue tongue, std::size_t unit) {
  constexpr std::uint64_t electric = 202'611'220'000;
  constexpr std::uint64_t cold_water = 16 * 100'000'000'000'000U + 20'261'122'000'000;
  switch (tongue) {
    case Tongue::dlt645: return {electric + 11 * unit, Protocol::dlt645};
    case Tongue::cjt188: return {cold_water + 13 * unit, Protocol::cjt188};
    case Tongue::mixed: {
      constexpr std::array<Tongue, 3> turns{Tongue::modbus, Tongue::dlt645, Tongue::cjt188};
      return address_of(turns[unit % 3], unit);
    }
    case Tongue::modbus: break;
  }
  return {unit + 1, Protocol::modbus};
}

std::size_t units_of(Shape shape) {
  return shape == Shape::one_unit_one_block || shape == Shape::one_unit_four_blocks ? 1 : 8;
}

std::vector<Device> devices_of(Shape shape, Twins twins, Tongue tongue) {
  std::vector<Device> devices;
  std::uint8_t number = 0;
  for (std::size_t unit = 0; unit < units_of(shape); ++unit) {
    devices.emplace_back(address_of(tongue, unit), number++, 100U * static_cast<std::uint32_t>(unit));
    if (unit == 0 && twins != Twins::none)
      devices.emplace_back(address_of(tongue, 0), std::uint8_t{13}, 2000U);
  }
  return devices;
}

UnitPlan plan_of(Shape shape, std::size_t unit, int version, bool clashing, Protocol protocol) {
  if (protocol != Protocol::modbus) return item_plan(shape, unit, version, protocol);
  UnitPlan plan;
  const auto first = first_plan(shape, unit);
  const auto& second = clashing ? clashing_plan : second_plan;
  for (const auto& probe : probes) (void)plan.dictionary.claim(probe);
  if (!clashing || version == 0) {
    for (const auto& block : first) claim(plan, block);
  }
  if (!clashing || version == 1) {
    for (const auto& block : second) claim(plan, block);
  }
  for (const auto& block : version == 0 ? first : second) plan.blocks.push_back(block.span);
  return plan;
}

}  // namespace steward::fault
