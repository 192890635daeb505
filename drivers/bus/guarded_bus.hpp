#pragma once
#include <memory>
#include <string>
#include <vector>

#include "drivers/bus/guard_book.hpp"
#include "drivers/bus/register_bus.hpp"
#include "drivers/bus/wire.hpp"

namespace steward {

class Loop;

/// A wire with a guard before it: one request at a time, callers in the order they came.
///
/// name: for messages, "/dev/ttyS1" or "10.0.0.7:502".
/// book: keeps what must outlive a restart; must outlive the bus, as must the loop.
/// Thread: loop.
std::unique_ptr<RegisterBus> make_guarded_bus(Loop& loop, std::string name, std::unique_ptr<BusWire> wire,
                                              std::vector<GuardedUnit> units, const LineRules& rules,
                                              GuardBook& book);

}  // namespace steward
