#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "drivers/line/wire_time.hpp"
#include "tests/bench/measured_child.hpp"

namespace steward::bench {

/// One unit per thread, one connection each, modbus_read_registers over and over: how
/// libmodbus is used for Modbus TCP. Below 1,000 units: from descriptor 1024 on its
/// select() writes beyond its set, and glibc's _FORTIFY_SOURCE ends the process.
Polled libmodbus_tcp_threads(std::uint16_t port, std::size_t units, std::uint16_t registers, double seconds);

/// One read of a plan.
struct LineRead {
  std::uint8_t unit = 1;
  std::uint16_t first = 0;
  std::uint16_t count = 0;
};

/// modbus_read_registers of one read after the other on one serial line, for
/// `seconds`; silence: what the loop sleeps before each request (0: nothing, as the
/// library's users do). Its response time-out stays at libmodbus's 500 ms.
Polled libmodbus_rtu_loop(const std::string& device, const LineFormat& format,
                          const std::vector<LineRead>& plan, std::chrono::nanoseconds silence,
                          double seconds);

}  // namespace steward::bench
