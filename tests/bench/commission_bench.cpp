// A technician's search on a paced line: 32 addresses at two speeds and two parities.
#include <cstdlib>
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

Awaitable<void> search(RegisterBus& bus, Searched& searched) {
  ScanScope scope;
  scope.formats.assign(std::begin(speeds), std::end(speeds));
  scope.protocols = {Protocol::modbus};
  scope.from = 1;
  scope.to = addresses;
  ScanPlan plan(scope);
  while (const auto ask = plan.next()) {
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

Searched run(std::uint8_t count) {
  auto pty = sim::PacedPty::open(devices(count));
  if (!pty) give_up(pty.error().message);
  Loop loop;
  NoBook book;
  LineBusSetup setup;
  setup.device = (*pty)->path();
  setup.format = speeds[0];
  auto bus = make_rtu_bus(loop, std::move(setup), book);
  Searched searched;
  searched.seconds = seconds_of([&] {
    loop.spawn(search(*bus, searched));
    if (!loop.run_until([&] { return searched.done; }, Milliseconds(600'000)))
      searched.why = "it does not end";
  });
  if (!searched.why.empty()) give_up(searched.why);
  return searched;
}

}  // namespace

int main() {
  Report report("commission");
  double slowest = 0;
  double longest = 0;
  for (const std::uint8_t count : {addresses, std::uint8_t{8}, std::uint8_t{0}}) {
    const auto searched = run(count);
    report.note(std::to_string(count) + " devices: found " + std::to_string(searched.found) + " with " +
                std::to_string(searched.asked) + " reads in " + std::to_string(searched.seconds) +
                " s; the longest read took " + std::to_string(searched.longest) + " s");
    if (searched.found != count) give_up("not all were found");
    slowest = std::max(slowest, searched.seconds);
    longest = std::max(longest, searched.longest);
  }
  report.at_most("scan_32_addresses_4_settings", slowest, "s", 90);
  report.at_most("cancel", longest, "s", 1);
  return report.finish();
}
