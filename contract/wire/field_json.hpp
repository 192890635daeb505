#pragma once
#include <string>
#include <string_view>

#include "contract/nouns/field_setup.hpp"
#include "contract/nouns/problem.hpp"
#include "contract/text/json.hpp"

namespace steward {

// Rounds, buses and meters as the site config writes them (docs/formats/messages.md): every
// key that a bus of its kind has is there, in a fixed order. Thread: any; pure.

Json json_of(const RoundSetup& rounds);
/// A serial bus is written with kind "serial", by which an edge config calls it too.
Json json_of(const BusSetup& bus);
/// The unit as contract/text/unit_text.hpp writes it, whatever its protocol.
Json json_of(const MeterSetup& meter);

/// Each adds what is wrong to `problems` (at most wire_limit::config_problems) with its line in
/// the text, and gives what it could read all the same.
/// where: the object in words: "buses[3]"
RoundSetup read_rounds(std::string_view file, const Json& json, Problems& problems);
BusSetup read_bus(std::string_view file, const std::string& where, const Json& json, Problems& problems);
MeterSetup read_meter(std::string_view file, const std::string& where, const Json& json, Problems& problems);

}  // namespace steward
