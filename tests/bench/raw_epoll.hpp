#pragma once
#include <cstdint>

#include "tests/bench/measured_child.hpp"

namespace steward::bench {

/// The least a single-threaded Modbus TCP client can be: one connection per unit, one
/// epoll set, a send when the reply is whole; transaction, length, unit, function and
/// byte count are looked at, nothing is decoded or kept.
///
/// outstanding: requests open on each connection at a time (distinct transactions)
Polled raw_epoll(std::uint16_t port, std::size_t units, std::uint16_t registers, std::size_t outstanding,
                 double seconds);

}  // namespace steward::bench
