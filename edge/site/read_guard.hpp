#pragma once
#include "edge/site/object_reader.hpp"
#include "edge/site/site_setup.hpp"

namespace steward {

/// Reads the keys of a bus that say how it is guarded, time-out included: the same for every
/// kind. `bus.kind` is known; its default floor depends on it. Pure.
void read_guard(ObjectReader& reader, BusSetup& bus);

}  // namespace steward
