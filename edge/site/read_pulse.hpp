#pragma once
#include "edge/site/object_reader.hpp"
#include "edge/site/site_setup.hpp"

namespace steward {

/// Reads "inputs" of a bus of pulse counters: a list of 1 to max_pulse_inputs objects. What is wrong
/// with one is reported and it is given all the same. Pure.
void read_pulse_inputs(std::string_view file, const std::string& where, ObjectReader& reader, BusSetup& bus,
                       Problems& problems);

/// Each meter of a pulse bus needs an input with its unit and a profile that is one of a pulse counter's
/// ("gpio-pulse-..."), and those belong nowhere else. Call when the meter list was read. Pure.
void check_pulse_meters(const SiteSetup& setup, Problems& problems);

}  // namespace steward
