// A technician's search on a paced line: 32 addresses at two speeds and two parities, while another bus of
// the same gateway is read all the time.
#include <algorithm>
#include <cstdlib>
#include <functional>
#include <memory>
#include <set>

#include "drivers/modbus/buses.hpp"
#include "drivers/sim/paced_pty.hpp"
#include "edge/commission/scan_plan.hpp"
#include "kit/loop/loop.hpp"
#include "tests/bench/goal.hpp"

using namespace steward;
using namespace steward::bench;

namespace {

constexpr std::uint8_t addresses = 32;
constexpr LineFormat speeds[] = {
    {9600, Parity::none, 1}, {9600, Parity::even, 1}, {2400, Parity::none, 1}, {2400, Parity::even, 1}};

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "commission: %s\n", why.c_str());
  std::exit(2);
}

class NoBook final : public GuardBook {
 public:
  Awaitable<Result<void>> keep(UnitRecord) override { co_return Result<void>{}; }
};

/// The first `count` addresses are taken, in turn at each of the speeds.
std::vector<sim::PacedDevice> devices(std::uint8_t count) {
  std::vector<sim::PacedDevice> all;
  for (std::uint8_t unit = 1; unit <= count; ++unit) {
    auto voice =
        sim::modbus_voice(unit, [](RegisterSpan span) -> Result<Words> { return Words(span.count, 1); });
    all.push_back({speeds[unit % std::size(speeds)], std::move(voice), std::chrono::milliseconds(30), 0});
  }
  return all;
}

struct Searched {
  std::size_t found = 0;
  std::size_t asked = 0;
  double seconds = 0;
  double longest = 0;  // of one read: what a cancel waits for at most
  std::string why;
  bool done = false;
};

Awaitable<void> search(RegisterBus& bus, const bool& cancelled, Searched& searched) {
  ScanScope scope;
  scope.formats.assign(std::begin(speeds), std::end(speeds));
  scope.protocols = {Protocol::modbus};
  scope.from = 1;
  scope.to = addresses;
  ScanPlan plan(scope);
  while (const auto ask = cancelled ? std::nullopt : plan.next()) {
    Survey survey{ask->request, ask->format,
                  [ask = *ask](ByteView so_far) { return scan_whole(ask, so_far); }, ask->wait};
    const auto from = std::chrono::steady_clock::now();
    auto heard = co_await bus.survey(std::move(survey));
    searched.longest = std::max(
        searched.longest, std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count());
    if (!heard) {
      searched.why = heard.error().message;
      break;
    }
    plan.heard({heard->went_out, std::move(heard->burst), heard->delay});
  }
  std::set<std::string> units;
  for (const auto& one : plan.found()) units.insert(one.unit);
  searched.found = units.size();
  searched.asked = plan.progress().asked;
  searched.done = true;
}

/// The other bus: one meter, read on and on.
struct Neighbour {
  std::vector<double> reads;  // s
  std::size_t failed = 0;
  bool stop = false;
  bool done = false;
};

Awaitable<void> read_on(RegisterBus& bus, Neighbour& neighbour) {
  constexpr UnitAddress unit{1};
  while (bus.status(unit).standing != Standing::clean && !neighbour.stop) {
    (void)co_await bus.identify(unit);
    co_await pause(Milliseconds(5));
  }
  bool other = false;
  while (!neighbour.stop) {
    const auto from = std::chrono::steady_clock::now();
    const auto words =
        co_await bus.read(unit, {RegisterKind::holding, 7, static_cast<std::uint16_t>(other ? 6 : 5)});
    neighbour.reads.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count());
    if (!words) ++neighbour.failed;
    other = !other;
  }
  neighbour.done = true;
}

std::unique_ptr<RegisterBus> neighbour_bus(Loop& loop, const sim::PacedPty& pty, GuardBook& book) {
  GuardedUnit unit{.unit = UnitAddress{1}, .delay_floor = std::chrono::milliseconds(1)};
  unit.probes = {RegisterSpan{RegisterKind::holding, 100, 2}, RegisterSpan{RegisterKind::holding, 100, 3}};
  for (const auto& span : {unit.probes[0], unit.probes[1], RegisterSpan{RegisterKind::holding, 7, 5},
                           RegisterSpan{RegisterKind::holding, 7, 6}})
    if (!unit.dictionary.claim(span)) give_up("the neighbour has no plan");
  LineBusSetup setup;
  setup.device = pty.path();
  setup.format = speeds[0];
  setup.units.push_back(std::move(unit));
  return make_rtu_bus(loop, std::move(setup), book);
}

double median(std::vector<double> values) {
  if (values.empty()) give_up("the other bus gave nothing");
  return spread_of(std::move(values)).median;
}

/// Two buses of one gateway, each with its line.
struct Site {
  explicit Site(std::uint8_t count) {
    auto searched_line = sim::PacedPty::open(devices(count));
    auto other_line = sim::PacedPty::open(
        {{speeds[0],
          sim::modbus_voice(1, [](RegisterSpan span) -> Result<Words> { return Words(span.count, 1); }),
          std::chrono::milliseconds(30), 0}});
    if (!searched_line || !other_line) give_up("no pseudo-terminal is to be had");
    line = std::move(*searched_line);
    other = std::move(*other_line);
    LineBusSetup setup;
    setup.device = line->path();
    setup.format = speeds[0];
    bus = make_rtu_bus(loop, std::move(setup), book);
    beside = neighbour_bus(loop, *other, book);
    loop.spawn(read_on(*beside, neighbour));
  }
  void wait_for(const std::function<bool()>& what) {
    if (!loop.run_until(what, Milliseconds(600'000))) give_up("it does not end");
  }
  void end() {
    neighbour.stop = true;
    wait_for([&] { return neighbour.done; });
  }

  std::unique_ptr<sim::PacedPty> line;
  std::unique_ptr<sim::PacedPty> other;
  Loop loop;
  NoBook book;
  Neighbour neighbour;
  std::unique_ptr<RegisterBus> bus;
  std::unique_ptr<RegisterBus> beside;
};

struct Run {
  Searched searched;
  double alone = 0;   // the other bus's median read before the scan, s
  double beside = 0;  // and during it
  std::size_t failed = 0;
};

Run run(std::uint8_t count) {
  Run out;
  Site site(count);
  site.wait_for([&] { return site.neighbour.reads.size() >= 40; });
  out.alone = median(site.neighbour.reads);
  site.neighbour.reads.clear();
  bool never = false;
  out.searched.seconds = seconds_of([&] {
    site.loop.spawn(search(*site.bus, never, out.searched));
    site.wait_for([&] { return out.searched.done; });
  });
  site.end();
  if (!out.searched.why.empty()) give_up(out.searched.why);
  out.beside = median(site.neighbour.reads);
  out.failed = site.neighbour.failed;
  return out;
}

/// From Ctrl-C to the end, of a scan of a dead line: each of its reads waits as long as any.
double cancel_seconds() {
  Site site(0);
  Searched searched;
  bool cancelled = false;
  site.loop.spawn(search(*site.bus, cancelled, searched));
  site.wait_for([&] { return site.neighbour.reads.size() >= 20; });
  cancelled = true;
  const auto seconds = seconds_of([&] { site.wait_for([&] { return searched.done; }); });
  site.end();
  return seconds;
}

}  // namespace

int main() {
  Report report("commission");
  double slowest = 0;
  double longest = 0;
  double beside = 0;
  std::size_t failed = 0;
  for (const std::uint8_t count : {addresses, std::uint8_t{8}, std::uint8_t{0}}) {
    const auto one = run(count);
    const auto& searched = one.searched;
    report.note(std::to_string(count) + " devices: found " + std::to_string(searched.found) + " with " +
                std::to_string(searched.asked) + " reads in " + std::to_string(searched.seconds) +
                " s; the longest read took " + std::to_string(searched.longest) +
                " s; a read of the other bus " + std::to_string(one.beside) + " s, alone " +
                std::to_string(one.alone) + " s, " + std::to_string(one.failed) + " failed");
    if (searched.found != count) give_up("not all were found");
    slowest = std::max(slowest, searched.seconds);
    longest = std::max(longest, searched.longest);
    beside = std::max(beside, one.beside / one.alone);
    failed += one.failed;
  }
  double cancel = longest;
  for (int time = 0; time < 5; ++time) cancel = std::max(cancel, cancel_seconds());
  report.at_most("scan_32_addresses_4_settings", slowest, "s", 90);
  report.at_most("cancel", cancel, "s", 1);
  report.at_most("other_bus_read", beside, "x", 1.1);
  report.at_most("other_bus_failed", static_cast<double>(failed), "reads", 0);
  return report.finish();
}
