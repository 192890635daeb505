#include "drivers/sim/estate_model.hpp"

#include <algorithm>
#include <cassert>

namespace steward::sim {

EstateModel::EstateModel(const EstateSetup& setup) : plan_(lay_out(setup)), children_(plan_.meters.size()) {
  for (std::size_t meter = 0; meter < plan_.meters.size(); ++meter) {
    const MeterPlan& plan = plan_.meters[meter];
    if (plan.parent) children_[*plan.parent].push_back(meter);
    by_plate_.emplace(plan.meter.text, meter);
  }
  assert(by_plate_.size() == plan_.meters.size());
}

std::ptrdiff_t EstateModel::find(std::string_view plate) const {
  const auto found = by_plate_.find(plate);
  return found == by_plate_.end() ? -1 : static_cast<std::ptrdiff_t>(found->second);
}

std::int64_t EstateModel::flowed_through(std::size_t meter, Instant at) const {
  const MeterPlan& plan = plan_.meters[meter];
  if (plan.use != Use::master) return flowed(plan.load, at);

  std::int64_t below = 0;
  for (const std::size_t child : children_[meter]) below += flowed_through(child, at);
  const Instant begin = local_midnight(first_day);
  const Instant end = local_midnight(last_day);
  const std::int64_t since_ms = (std::clamp(at, begin, end) - begin).count();
  return below + below * plan.loss.per_mille / 1000 + plan.loss.per_hour * since_ms / 3'600'000;
}

std::int64_t EstateModel::dial_at(std::size_t meter, Instant at) const {
  const MeterPlan& plan = plan_.meters[meter];
  const std::int64_t step = register_step(plan.model);
  return plan.opening + flowed_through(meter, at) / (step * plan.multiplier) * step;
}

std::int64_t EstateModel::usage_between(std::size_t meter, Instant from, Instant to) const {
  return (dial_at(meter, to) - dial_at(meter, from)) * plan_.meters[meter].multiplier;
}

std::int64_t EstateModel::rate_at(std::size_t meter, Instant at) const {
  return flowed_through(meter, at) - flowed_through(meter, at - std::chrono::hours{1});
}

}  // namespace steward::sim
