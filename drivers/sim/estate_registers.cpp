#include "drivers/sim/estate_registers.hpp"

#include <cassert>

#include "drivers/sim/seeded.hpp"

namespace steward::sim {
namespace {

constexpr std::int64_t volts = 230;
constexpr std::int64_t power_factor_permille = 950;
constexpr std::int64_t reactive_per_mille = 312;  // sin/cos at that power factor

/// How many parts of the whole a channel shows: 3 for one phase of three. Profiles
/// name phases "..._l1", "..._l2", "..._l3".
std::int64_t phases_of(std::string_view name) {
  return name.ends_with("_l1") || name.ends_with("_l2") || name.ends_with("_l3") ? 3 : 1;
}

/// A little unrest around the nominal value, new each minute.
std::int64_t around(std::int64_t nominal, std::int64_t per_mille, std::uint64_t key, Instant at) {
  const auto minute = static_cast<std::uint64_t>(ms_of(at) / 60'000);
  const auto spread = static_cast<std::uint64_t>(nominal * per_mille / 1000);
  return nominal - static_cast<std::int64_t>(spread) +
         static_cast<std::int64_t>(drawn_at(key, minute) % (2 * spread + 1));
}

/// A counting register beside the billed one. Nothing is exported here; totals and
/// nets equal the import; the day's tariff periods (尖峰平谷) add up to it exactly.
std::int64_t other_register(std::int64_t dial, std::string_view name) {
  const auto part = [dial](std::int64_t percent) { return dial * percent / 100 / 10 * 10; };
  if (name.ends_with("_export") || name.ends_with("_reverse")) return 0;
  if (name.ends_with("_sharp")) return part(8);
  if (name.ends_with("_peak")) return part(30);
  if (name.ends_with("_flat")) return part(35);
  if (name.ends_with("_valley")) return dial - part(8) - part(30) - part(35);
  return dial;
}

/// What a register without a unit says: a healthy TUF-2000 that counts litres.
std::int64_t setting_of(const MeterPlan& plan, std::string_view name) {
  if (name == "total_multiplier") return 3;             // 10^(3-3): the LONG counts whole m3
  if (name == "step_and_quality") return 3 * 256 + 85;  // measuring, signal 85 of 99
  if (name == "serial") return std::stoll(plan.meter.text.substr(plan.meter.text.size() - 6));
  return 0;
}

}  // namespace

std::int64_t channel_value(const EstateModel& model, std::size_t meter, const ProfileChannel& channel,
                           Instant at) {
  const MeterPlan& plan = model.plan().meters[meter];
  if (channel.name == billing_channel(plan.medium)) return model.dial_at(meter, at);

  switch (channel.unit) {
    case ChannelUnit::wh:
    case ChannelUnit::litre: return other_register(model.dial_at(meter, at), channel.name);
    case ChannelUnit::varh:
      return other_register(model.dial_at(meter, at) * reactive_per_mille / 1000, channel.name);
    case ChannelUnit::watt: return model.rate_at(meter, at) / plan.multiplier / phases_of(channel.name);
    case ChannelUnit::milliampere:
      return model.rate_at(meter, at) / plan.multiplier * 1'000'000 / 3 / volts / power_factor_permille;
    case ChannelUnit::millivolt:
      return around(volts * 1000, 15, plan.load.key ^ static_cast<std::uint64_t>(channel.no.value), at);
    case ChannelUnit::millihertz: return around(50'000, 1, 0, at);  // one grid, one frequency
    case ChannelUnit::permille: return power_factor_permille;
    case ChannelUnit::litre_per_hour: return model.rate_at(meter, at);
    case ChannelUnit::ratio: return channel.name == "ct_ratio" ? plan.multiplier : 1;
    case ChannelUnit::none: return setting_of(plan, channel.name);
  }
  return 0;
}

EstateRegisters::EstateRegisters(const EstateModel& model, const ProfileShelf& profiles, const Clock& clock,
                                 const BusId& bus, const std::set<std::string>& dead)
    : model_(model), clock_(clock) {
  for (std::size_t meter = 0; meter < model.plan().meters.size(); ++meter) {
    const MeterPlan& plan = model.plan().meters[meter];
    if (plan.bus != bus || dead.contains(plan.meter.text)) continue;
    const auto profile = profiles.find(ProfileId(std::string(profile_of(plan.model))));
    assert(profile != profiles.end());
    behind_.emplace(plan.address, Behind{meter, &profile->second});
  }
}

Result<Words> EstateRegisters::registers(UnitAddress unit, RegisterSpan span) {
  const auto found = behind_.find(unit);
  if (found == behind_.end()) return {Fault::retry, "no meter answers at unit " + std::to_string(unit.value)};
  const Instant now = clock_.now();
  if (now == Instant{}) return {Fault::full, "the simulation's clock has not begun"};
  ++answered_;
  const auto dial = [&](const ProfileChannel& channel) {
    return channel_value(model_, found->second.meter, channel, now);
  };
  return meter_registers(*found->second.profile, span, dial, 100'000 + found->second.meter);
}

}  // namespace steward::sim
