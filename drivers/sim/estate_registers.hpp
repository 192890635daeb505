#pragma once
#include <map>
#include <set>
#include <string>

#include "contract/nouns/clock.hpp"
#include "drivers/sim/estate_model.hpp"
#include "drivers/sim/modbus_device.hpp"

namespace steward::sim {

/// The profiles simulated meters answer by, by id.
using ProfileShelf = std::map<ProfileId, Profile>;

/// What a channel of `meter` shows at `at`, in the channel's unit, as the meter's
/// own registers have it: before PT and CT. The billing channel is the model's
/// dial; the others follow from it plausibly (one power factor, three equal
/// phases), so that a whole meter can be read.
std::int64_t channel_value(const EstateModel& model, std::size_t meter, const ProfileChannel& channel,
                           Instant at);

/// All meters behind one Modbus endpoint, answering from the model at the clock's now.
///
/// model, profiles and clock must outlive it; every model the bus carries must
/// have its profile on the shelf (assert).
/// Thread: loop.
class EstateRegisters : public RegisterSource {
 public:
  /// dead: plates of meters that do not answer.
  EstateRegisters(const EstateModel& model, const ProfileShelf& profiles, const Clock& clock,
                  const BusId& bus, const std::set<std::string>& dead);

  /// Faults: retry (no such unit, or a dead one), full (the clock has not begun),
  /// and what meter_registers says.
  Result<Words> registers(UnitAddress unit, RegisterSpan span) override;

  std::uint64_t answered() const { return answered_; }

 private:
  struct Behind {
    std::size_t meter = 0;
    const Profile* profile = nullptr;
  };
  const EstateModel& model_;
  const Clock& clock_;
  std::map<UnitAddress, Behind> behind_;
  std::uint64_t answered_ = 0;
};

}  // namespace steward::sim
