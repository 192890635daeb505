#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "contract/nouns/events.hpp"
#include "contract/wire/state.hpp"

namespace steward {

/// What is wrong at present, worked out from the events that say when it began
/// and when it ended: unit_silent/unit_answers, door_silent/door_back,
/// reader_lost/reader_back, unit_clash and unit_exchanged/unit_cleared, second_master/line_alone,
/// pulses_missed/pulse_base, disk_full and disk_fault/disk_back. Pure.
/// Thread: one at a time.
class AlarmBook {
 public:
  /// True when the event began or ended an alarm.
  bool note(const EdgeEvent& event);
  /// By kind, then subject. May be more than a state message takes; it cuts.
  std::vector<Alarm> alarms() const;

 private:
  std::map<std::pair<std::string, std::string>, Alarm> open_;  // by kind and subject
};

}  // namespace steward
