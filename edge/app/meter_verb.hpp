#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "contract/nouns/problem.hpp"
#include "edge/app/meter_messages.hpp"
#include "edge/poll/life_watch.hpp"

namespace steward {

/// What the daemon knows of the meter that is spoken of.
struct MeterFacts {
  bool listed = false;                      // the meter list has it
  const ProfileChannel* channel = nullptr;  // its billed one; nullptr: none is billed
  std::optional<LifeMark> mark;             // the last register that was believed
  std::optional<MeterEvent> finding;        // a change the gateway found and nobody has explained
  Instant now;
  std::optional<std::int64_t> fresh;  // the billed register, read now for this verb
  std::string unread;                 // why there is none
};

/// What one verb does: one event, and, where who hangs there changes, another meter list.
struct MeterChange {
  MeterEvent event;
  std::optional<std::string> list;  // the whole new text of the meter list's file
  std::optional<LifeMark> mark;     // reset, ratio: what the next reading is held against
  std::string compared_en;  // what the registers were held against: a read of now, or the last reading
  std::string compared_zh;
};

/// "1234.56" as Wh or litres; nothing for anything but digits, one point and at most 3 decimals.
std::optional<std::int64_t> read_register(std::string_view text);

/// Works a technician's word out against what is known. All that is wrong is listed at once, in English and
/// Chinese: a meter that is not listed, a register that is none, a final register below the last one read or
/// beyond what max_rate allows since (the message names both), a new meter that is listed already, who says
/// so. The final register of a meter whose register fell is held against the last one before the fall, and
/// the initial one against the first after it: the event then spans both readings.
///
/// A register that was read for this verb goes first. It went down since the last reading, or a change is
/// known: it is the new meter's, and --initial cannot be above it. Else, of an exchange or a reset, it is the
/// old one's if --final fits it, or the new one's if --initial does; fits neither: refused. Of the other
/// verbs it is the meter's own, and --final is held against it.
///
/// list: the meter list's text (CSV); only the row's own fields change, every other byte stays. Whether the
/// new text is a sound list, load_site says. Pure. Thread: any.
std::optional<MeterChange> plan_meter_change(const MeterRequest& request, const MeterFacts& facts,
                                             std::string_view list, Problems& problems);

}  // namespace steward
