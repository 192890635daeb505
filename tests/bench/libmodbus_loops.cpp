#include "tests/bench/libmodbus_loops.hpp"

#include <modbus.h>

#include <array>
#include <atomic>
#include <barrier>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "tests/bench/process_usage.hpp"

namespace steward::bench {
namespace {

using Clock = std::chrono::steady_clock;

Clock::duration whole(double seconds) {
  return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

}  // namespace

Polled libmodbus_tcp_threads(std::uint16_t port, std::size_t units, std::uint16_t registers, double seconds) {
  Polled polled{.rss_kb = -own_rss_kb(), .virtual_kb = -own_virtual_kb()};
  std::atomic<bool> stop = false;
  std::atomic<std::uint64_t> count = 0;
  std::atomic<std::uint64_t> failed = 0;
  std::barrier warm(static_cast<std::ptrdiff_t>(units) + 1);
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < units; ++i) {
    threads.emplace_back([&] {
      modbus_t* modbus = modbus_new_tcp("127.0.0.1", port);
      modbus_set_slave(modbus, 1);
      bool good = modbus_connect(modbus) == 0;
      std::array<std::uint16_t, MODBUS_MAX_READ_REGISTERS> words;
      const auto read = [&] {
        return modbus_read_registers(modbus, 0, registers, words.data()) == registers;
      };
      good = good && read();
      warm.arrive_and_wait();
      std::uint64_t mine = 0;
      while (good && !stop.load(std::memory_order_relaxed)) {
        good = read();
        mine += good ? 1 : 0;
      }
      count += mine;
      failed += good ? 0 : 1;
      modbus_close(modbus);
      modbus_free(modbus);
    });
  }
  warm.arrive_and_wait();
  const auto begun = Clock::now();
  const double cpu = own_cpu_s();
  while (Clock::now() - begun < whole(seconds)) idle_ms(10);
  polled.rss_kb += own_rss_kb();
  polled.virtual_kb += own_virtual_kb();
  stop = true;
  threads.clear();
  polled.seconds = std::chrono::duration<double>(Clock::now() - begun).count();
  polled.cpu_s = own_cpu_s() - cpu;
  polled.requests = static_cast<double>(count);
  polled.failed = static_cast<double>(failed);
  return polled;
}

Polled libmodbus_rtu_loop(const std::string& device, const LineFormat& format,
                          const std::vector<LineRead>& plan, std::chrono::nanoseconds silence,
                          double seconds) {
  const char parity = format.parity == Parity::none ? 'N' : format.parity == Parity::even ? 'E' : 'O';
  modbus_t* modbus =
      modbus_new_rtu(device.c_str(), static_cast<int>(format.baud), parity, 8, format.stop_bits);
  if (modbus == nullptr || modbus_connect(modbus) != 0) throw std::runtime_error("libmodbus: no " + device);
  Polled polled;
  std::array<std::uint16_t, MODBUS_MAX_READ_REGISTERS> words;
  const double cpu = own_cpu_s();
  const auto begun = Clock::now();
  const auto end = begun + whole(seconds);
  for (std::size_t at = 0; Clock::now() < end; at = (at + 1) % plan.size()) {
    if (silence.count() > 0) idle_ns(silence.count());
    modbus_set_slave(modbus, plan[at].unit);
    const int got = modbus_read_registers(modbus, plan[at].first, plan[at].count, words.data());
    (got == plan[at].count ? polled.requests : polled.failed) += 1;
  }
  polled.seconds = std::chrono::duration<double>(Clock::now() - begun).count();
  polled.cpu_s = own_cpu_s() - cpu;
  modbus_close(modbus);
  modbus_free(modbus);
  return polled;
}

}  // namespace steward::bench
