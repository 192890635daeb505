#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "contract/nouns/events.hpp"
#include "contract/nouns/meter_event.hpp"
#include "contract/nouns/result.hpp"

namespace steward {

/// A meter's life event as an EdgeEvent of the `events` log: kind = word(kind), subject = meter, at = at,
/// detail = one JSON object without blanks, keys in this order, an absent one left out
/// (docs/formats/meter-events.md; contract/schema/meter-event.schema.json):
///
///   {"channel":"energy_import","since":"2026-06-12T03:00:00.044Z","old":98120,"new":0,"modulus":100000000,
///    "most":2000,"new_meter":"E-0177","old_serial":"1","new_serial":"2","old_ratio":"40","new_ratio":"3/2",
///    "by":"Li Wei","why":"glass broken","seq":[8,9]}
///
/// | kind           | must have                                 | may have                    |
/// |----------------|-------------------------------------------|-----------------------------|
/// | exchange       | channel old new new_meter by              | since serials ratios        |
/// | rollover       | channel old new modulus, new < old        | since most by               |
/// | reset          | channel old new                           | since by                    |
/// | fell           | channel since old new, new < old, no by   |                             |
/// | ratio_change   | old_ratio new_ratio                       | channel since old new by    |
/// | serial_changed | new_serial                                | channel since old new old_serial by |
/// | sealed removed | channel old by                            |                             |
///
/// All may have why and seq. Registers are 0 or more. An older cloud keeps such an event as it keeps any.

/// What is wrong with the event, or nothing: a field missing, out of its bounds, or not of its kind.
/// Texts are plain, without `"` and `\`, so that their length on the wire is their own.
const char* wrong_with(const MeterEvent& event);

/// The event as it goes into the log. `why` is cut to its bound. Asserts that nothing is wrong with it.
EdgeEvent edge_event_of(const MeterEvent& event);

/// Is this kind of event one of a meter's life?
bool is_meter_event(const EdgeEvent& event);

/// The other way. Faults: malformed (another kind, or not what edge_event_of writes; the message says why).
/// Bounded by the event's own bounds. Pure. Thread: any.
Result<MeterEvent> read_meter_event(const EdgeEvent& event);

/// "40" or "3/2"; nothing for anything else, or beyond 1 to 100000.
std::string ratio_text(Ratio ratio);
std::optional<Ratio> read_ratio(std::string_view text);

}  // namespace steward
