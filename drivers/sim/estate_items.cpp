#include "drivers/sim/estate_items.hpp"

#include "drivers/sim/item_dials.hpp"
#include "drivers/sim/item_frame.hpp"

namespace steward::sim {
namespace {

/// One phase at 230 V and a power factor of 0.95; the day's rates (尖峰平谷) add up to the total.
PowerDial power_dial(const EstateModel& model, std::size_t meter, Instant at) {
  const std::int64_t wh = model.dial_at(meter, at);
  const std::int64_t watt = model.rate_at(meter, at) / model.plan().meters[meter].multiplier;
  const auto part = [wh](std::int64_t percent) { return wh * percent / 100 / 10 * 10; };
  PowerDial dial;
  dial.forward_wh = wh;
  dial.forward_rates_wh = {part(8), part(30), part(35), wh - part(8) - part(30) - part(35)};
  dial.reactive_varh = wh * 312 / 1000;
  dial.millivolt = {230'000, 0, 0};
  dial.milliampere = {watt * 1'000'000 / 230 / 950, 0, 0};
  dial.watt = {watt, 0, 0};
  dial.power_factor_permille = 950;
  return dial;
}

}  // namespace

LineVoice estate_voice(const EstateModel& model, std::size_t meter, const Clock& clock,
                       std::uint64_t& answered) {
  const MeterPlan& plan = model.plan().meters[meter];
  const ItemManners manners{.number = plan.address.value};
  const bool power = plan.address.protocol == Protocol::dlt645;
  return [&model, meter, &clock, &answered, manners, power](ByteView heard) {
    const ItemSource item = [&](std::uint32_t identifier) -> Result<Bytes> {
      const Instant now = clock.now();
      if (now == Instant{}) return Error{Fault::retry, "the simulation's clock has not begun"};
      ++answered;
      if (power) {
        return dlt645_item([&](Instant at) { return power_dial(model, meter, at); }, manners.number, now,
                           identifier);
      }
      const WaterAt dial = [&](Instant at) {
        return WaterDial{.litres = model.dial_at(meter, at), .settled_litres = 0, .status = 0};
      };
      return cjt188_item(dial, now, identifier);
    };
    return power ? dlt645_answer(manners, heard, item) : cjt188_answer(manners, heard, item);
  };
}

}  // namespace steward::sim
