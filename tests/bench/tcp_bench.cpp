// Modbus TCP units, 40 registers each, as fast as one client can: our whole bus layer
// beside a raw epoll loop and a libmodbus thread per unit, against one server process.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include "drivers/modbus/buses.hpp"
#include "kit/loop/loop.hpp"
#include "tests/bench/goal.hpp"
#include "tests/bench/libmodbus_loops.hpp"
#include "tests/bench/process_usage.hpp"
#include "tests/bench/raw_epoll.hpp"
#include "tests/bench/register_server.hpp"

using namespace steward;
using bench::Polled;

namespace {

constexpr std::uint16_t registers = 40;
constexpr double seconds = 1.2;
constexpr int turns = 5;
// A raw loop looks at five fields; ours decodes, guards, times out and resumes a
// coroutine per request. Asio alone was measured at 1.3 times raw epoll.
constexpr double most_of_raw = 1.8;

struct Counts {
  std::uint64_t good = 0;
  std::uint64_t failed = 0;
  std::string why;
  bool stop = false;
};

Awaitable<void> poll_unit(RegisterBus& bus, Counts& counts) {
  while (!counts.stop) {
    const auto words = co_await bus.read(UnitAddress{1}, {RegisterKind::holding, 0, registers});
    const bool right = words && words->size() == registers && (*words)[39] == bench::served_word(39);
    (right ? counts.good : counts.failed) += 1;
    if (!words) counts.why = words.error().message;
  }
}

Awaitable<void> identify_and_poll(Loop& loop, RegisterBus& bus, Counts& counts, std::size_t pipeline) {
  const auto known = co_await bus.identify(UnitAddress{1});
  if (!known) {
    counts.failed += 1;
    counts.why = known.error().message;
    co_return;
  }
  for (std::size_t i = 0; i < pipeline; ++i) loop.spawn(poll_unit(bus, counts));
}

/// As a profile describes such a meter: one block, an identity, checked on each connection.
GuardedUnit meter() {
  GuardedUnit unit{.unit = UnitAddress{1},
                   .probes = {RegisterSpan{RegisterKind::holding, 2000, 2}, {RegisterKind::holding, 2000, 3}},
                   .serial = RegisterSpan{RegisterKind::holding, 2000, 2}};
  for (const auto& probe : unit.probes) unit.dictionary.claim(probe);
  unit.dictionary.claim({RegisterKind::holding, 0, registers});
  return unit;
}

/// A bus per unit, all on one loop, as the gateway has them; `pipeline` reads open on each.
Polled through_the_bus(std::uint16_t port, std::size_t units, std::size_t pipeline) {
  Polled polled{.rss_kb = -bench::own_rss_kb(), .virtual_kb = -bench::own_virtual_kb()};
  Loop loop;
  Counts counts;
  std::vector<std::unique_ptr<RegisterBus>> buses;
  for (std::size_t i = 0; i < units; ++i) {
    buses.push_back(
        make_tcp_bus(loop, {.host = "127.0.0.1", .port = port, .pipeline = pipeline, .units = {meter()}}));
    loop.spawn(identify_and_poll(loop, *buses.back(), counts, pipeline));
  }
  const bool warm = loop.run_until([&] { return counts.good >= 2 * units; }, Milliseconds(20'000));
  if (!warm) throw std::runtime_error("the bus layer does not get going: " + counts.why);
  const double cpu = bench::own_cpu_s();
  const auto before = counts.good;
  const auto begun = std::chrono::steady_clock::now();
  loop.run_until([] { return false; }, Milliseconds(static_cast<std::int64_t>(seconds * 1000)));
  polled.requests = static_cast<double>(counts.good - before);
  polled.failed = static_cast<double>(counts.failed);
  polled.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  polled.cpu_s = bench::own_cpu_s() - cpu;
  polled.rss_kb += bench::own_rss_kb();
  polled.virtual_kb += bench::own_virtual_kb();
  counts.stop = true;
  loop.run_until([] { return false; }, Milliseconds(200));
  return polled;
}

/// One way of polling so many units, and what its turns came to.
struct Way {
  std::string name;
  std::size_t units;
  std::function<Polled()> poll;
  std::vector<Polled> turns = {};

  double median(const std::function<double(const Polled&)>& of) const {
    std::vector<double> all;
    for (const auto& one : turns) all.push_back(of(one));
    return bench::spread_of(all).median;
  }
  double cpu_us() const {
    return median([](const Polled& one) { return one.cpu_s * 1e6 / one.requests; });
  }
  void report(bench::Report& report) const {
    bench::Row cpu{name, "us CPU/request", {}};
    for (const auto& one : turns) cpu.samples.push_back(one.cpu_s * 1e6 / one.requests);
    report.row(cpu);
    const double rate = median([](const Polled& one) { return one.requests / one.seconds; });
    const double rss = median([](const Polled& one) { return one.rss_kb; });
    const double size = median([](const Polled& one) { return one.virtual_kb; });
    char line[160];
    std::snprintf(line, sizeof line, "  %.0f requests/s; %.1f kB resident a unit, %.0f MB address space",
                  rate, rss / static_cast<double>(units), size / 1000);
    report.note(line);
  }
};

double failures(const std::vector<Way>& ways) {
  double sum = 0;
  for (const auto& way : ways) {
    for (const auto& one : way.turns) sum += one.failed;
  }
  return sum;
}

/// libmodbus beyond its descriptors: how it ends.
void over_the_limit(std::uint16_t port, bench::Report& report) {
  int died_of = 0;
  const auto polled =
      bench::in_child([port] { return bench::libmodbus_tcp_threads(port, 1100, registers, 0.5); }, &died_of);
  report.note(died_of != 0 ? "libmodbus, 1,100 units: the process dies of signal " + std::to_string(died_of) +
                                 " (select() and descriptor 1024)"
                           : "libmodbus, 1,100 units: " + std::to_string(static_cast<int>(polled.failed)) +
                                 " units failed");
}

}  // namespace

int main(int count, char** words) {
  try {
    const bench::RegisterServer server;
    const auto port = server.port();
    bench::Report report("tcp");
    std::vector<Way> ways{
        {"raw epoll, 256", 256, [&] { return bench::raw_epoll(port, 256, registers, 1, seconds); }},
        {"our bus layer, 256", 256, [&] { return through_the_bus(port, 256, 1); }},
        {"libmodbus, thread a unit, 256", 256,
         [&] { return bench::libmodbus_tcp_threads(port, 256, registers, seconds); }},
        {"raw epoll, 8 outstanding, 256", 256,
         [&] { return bench::raw_epoll(port, 256, registers, 8, seconds); }},
        {"our bus layer, 8 outstanding, 256", 256, [&] { return through_the_bus(port, 256, 8); }},
        {"raw epoll, 2,000", 2000, [&] { return bench::raw_epoll(port, 2000, registers, 1, seconds); }},
        {"our bus layer, 2,000", 2000, [&] { return through_the_bus(port, 2000, 1); }},
    };
    if (count > 1) {  // one way alone, for a profiler: its place in the list
      const auto polled = ways.at(static_cast<std::size_t>(std::atoi(words[1]))).poll();
      std::printf("%.3f us CPU/request\n", polled.cpu_s * 1e6 / polled.requests);
      return 0;
    }
    for (int turn = 0; turn <= turns; ++turn) {
      for (auto& way : ways) {
        const auto polled = bench::in_child(way.poll);
        if (turn > 0) way.turns.push_back(polled);
      }
    }
    for (const auto& way : ways) way.report(report);
    over_the_limit(port, report);
    report.at_most("cpu_to_raw_256", ways[1].cpu_us() / ways[0].cpu_us(), "x", most_of_raw);
    report.at_most("cpu_to_raw_2000", ways[6].cpu_us() / ways[5].cpu_us(), "x", most_of_raw);
    report.at_most("failed", failures(ways), "requests", 0);
    return report.finish();
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "tcp: %s\n", failure.what());
    return 1;
  }
}
