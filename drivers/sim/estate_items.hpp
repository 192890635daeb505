#pragma once
#include "contract/nouns/clock.hpp"
#include "drivers/sim/estate_model.hpp"
#include "drivers/sim/modbus_device.hpp"

namespace steward::sim {

/// What the estate's meter at `meter` says as a DL/T 645 or CJ/T 188 meter, by its address and the model's
/// dial at the clock's now; of the past, for what it froze. Silent before the clock has begun.
/// model, clock and answered must outlive it. Thread: loop.
LineVoice estate_voice(const EstateModel& model, std::size_t meter, const Clock& clock,
                       std::uint64_t& answered);

}  // namespace steward::sim
