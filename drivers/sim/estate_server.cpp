#include "drivers/sim/estate_server.hpp"

#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "drivers/sim/awaited_clock.hpp"
#include "drivers/sim/door_controller_sim.hpp"
#include "drivers/sim/edge_config.hpp"
#include "drivers/sim/estate_csv.hpp"
#include "drivers/sim/estate_items.hpp"
#include "drivers/sim/estate_people.hpp"
#include "drivers/sim/fault_plan.hpp"
#include "drivers/sim/profile_folder.hpp"
#include "drivers/sim/reader_sim.hpp"
#include "drivers/sim/scenario_rules.hpp"
#include "drivers/sim/seeded.hpp"
#include "drivers/sim/sim_commands.hpp"
#include "kit/loop/clocks.hpp"
#include "kit/loop/loop.hpp"

namespace steward::sim {
namespace {

constexpr std::uint32_t controller_serial = 405'419'896;
constexpr std::uint8_t controller_doors = 2;
constexpr std::chrono::hours people_for{24 * 400};  // how far ahead comings and goings are drawn
constexpr std::chrono::hours guard_every{6};
constexpr std::chrono::minutes guard_step{7};
constexpr Milliseconds look_at_clock_every{20};

Problem cannot_open(const std::string& what, const Error& error) {
  return {what, 0, "cannot be opened: " + error.message, "无法打开：" + error.message};
}

Problem no_such_meter(const std::string& plate) {
  return {"--dead", 0,
          "no meter of this estate has the plate \"" + plate + "\"; the plates are in meters.csv",
          "本小区没有编号为“" + plate + "”的表；编号见 meters.csv"};
}

/// Points `link` at `target`, replacing an older link and nothing else.
Result<void> link_to(const std::filesystem::path& link, const std::string& target) {
  std::error_code error;
  if (std::filesystem::is_symlink(std::filesystem::symlink_status(link, error))) {
    std::filesystem::remove(link, error);
  }
  std::filesystem::create_symlink(target, link, error);
  if (error) return {Fault::broken, link.string() + ": " + error.message()};
  return {};
}

}  // namespace

/// Outlives the server until the coroutine that follows the clock has come back.
struct EstateServer::Parts {
  Parts(const ServeRequest& request_in, ProfileShelf profiles_in)
      : request(request_in), model(request.estate), profiles(std::move(profiles_in)) {
    if (request.clock.empty()) {
      clock = std::make_unique<SystemClock>();
    } else {
      clock = std::make_unique<AwaitedClock>(request.clock);
    }
  }

  std::string inside(const char* name) const {
    return (std::filesystem::path(request.folder) / name).string();
  }

  /// The faults of one bus; nothing when its replies are to leave as they are.
  std::shared_ptr<FaultPlan> plan_of(const BusId& bus) const {
    const auto found = faults.by_bus.find(bus);
    if (found == faults.by_bus.end()) return nullptr;
    std::vector<FaultRule> rules = found->second;
    if (request.slow_ms > 0) {
      const Milliseconds slow{request.slow_ms};
      rules.push_back({.kind = FaultKind::late, .least = slow, .most = slow, .keep_order = true});
    }
    return std::make_shared<FaultPlan>(faults.seed, std::move(rules));
  }

  void open_meters(Loop& loop, Problems& problems) {
    for (const BusPlan& bus : model.plan().buses) {
      const BusId modbus = bus.bus == BusId("line2") ? BusId() : bus.bus;  // its meters have no registers
      sources.push_back(std::make_unique<EstateRegisters>(model, profiles, *clock, modbus, request.dead));
      if (bus.serial) {
        auto opened = PtySlave::open(loop, *sources.back());
        if (!opened) {
          problems.push_back(cannot_open(bus.bus.text, opened.error()));
          continue;
        }
        lines.push_back(std::move(*opened));
        PtySlave& line = *lines.back();
        add_items(bus.bus, line);
        line.delay_replies(Milliseconds{request.slow_ms});
        if (auto plan = plan_of(bus.bus)) line.play(std::move(plan));
        if (const auto linked = link_to(inside((bus.bus.text + ".tty").c_str()), line.path()); !linked) {
          problems.push_back(cannot_open(bus.bus.text, linked.error()));
        }
      } else {
        auto opened = TcpSlave::listen(loop, *sources.back());
        if (!opened) {
          problems.push_back(cannot_open(bus.bus.text, opened.error()));
          continue;
        }
        (*opened)->delay_replies(Milliseconds{request.slow_ms});
        if (auto plan = plan_of(bus.bus)) (*opened)->play(std::move(plan));
        facts.tcp.emplace_back(bus.bus, (*opened)->port());
        endpoints.push_back(std::move(*opened));
      }
    }
    facts.line_device = "line1.tty";
    if (request.estate.chinese) facts.items_device = "line2.tty";
  }

  /// The bus's meters that speak no Modbus.
  void add_items(const BusId& bus, PtySlave& line) {
    for (std::size_t meter = 0; meter < model.plan().meters.size(); ++meter) {
      const MeterPlan& plan = model.plan().meters[meter];
      const bool items = plan.bus == bus && plan.address.protocol != Protocol::modbus;
      if (items && !request.dead.contains(plan.meter.text))
        line.add(plan.address, estate_voice(model, meter, *clock, items_answered));
    }
  }

  void open_door_controller(Loop& loop, Problems& problems) {
    DoorBoard board({.serial = controller_serial, .utc_offset = std::chrono::minutes{utc_offset_minutes}});
    for (const std::uint32_t number : cards) {
      const DoorCard card{.number = number,
                          .from = std::chrono::year_month_day{first_day},
                          .to = std::chrono::year_month_day{last_day},
                          .permission = {1, 1, 1, 1}};
      const auto asked = ut0311::encode_request(controller_serial, 1, ut0311::PutCardRequest{card});
      if (!asked || !board.answer(*asked, clock->now()))
        problems.push_back(cannot_open("gate", {Fault::broken, "card"}));
    }
    auto opened = DoorControllerSim::open(loop, *clock, std::move(board), 0);
    if (!opened) {
      problems.push_back(cannot_open("gate", opened.error()));
      return;
    }
    controller = std::move(*opened);
    facts.controller = "gate";
    facts.controller_serial = controller_serial;
    facts.controller_port = controller->port();
    facts.push_port = unused_udp_port(loop);
  }

  void open_reader(Loop& loop, Problems& problems) {
    auto opened = ReaderSim::open(loop, *clock);
    if (!opened) {
      problems.push_back(cannot_open("lobby", opened.error()));
      return;
    }
    reader = std::move(*opened);
    facts.reader = "lobby";
    facts.reader_device = "reader1.tty";
    if (const auto linked = link_to(inside("reader1.tty"), reader->device()); !linked) {
      problems.push_back(cannot_open("lobby", linked.error()));
    }
  }

  /// Plays what people did up to the clock's now.
  void live() {
    const Instant now = clock->now();
    if (now == Instant{}) return;                // the clock has not begun
    if (!people_since || now < *people_since) {  // a file left by an earlier run may be ahead
      people_since = now;
      const std::uint64_t key = scramble(request.estate.seed);
      swipes = commuter_swipes(key, cards, controller_doors, now, now + people_for);
      swiped = shown = 0;
      codes = patrol_scans(key, {checkpoint_code()}, now, now + people_for, guard_every, guard_step);
    }
    for (; swiped < swipes.size() && swipes[swiped].at <= now; ++swiped)
      controller->board().swipe(swipes[swiped]);
    for (; shown < codes.size() && codes[shown].at <= now; ++shown) reader->scan(codes[shown].code);
  }

  void close() {
    closed = true;
    std::error_code ignored;
    std::filesystem::remove(inside("line1.tty"), ignored);
    std::filesystem::remove(inside("line2.tty"), ignored);
    std::filesystem::remove(inside("reader1.tty"), ignored);
    endpoints.clear();
    lines.clear();
    controller.reset();
    reader.reset();
  }

  ServeRequest request;
  EstateModel model;
  ProfileShelf profiles;
  std::unique_ptr<Clock> clock;
  std::vector<std::unique_ptr<EstateRegisters>> sources;
  std::vector<std::unique_ptr<TcpSlave>> endpoints;
  std::vector<std::unique_ptr<PtySlave>> lines;
  std::uint64_t items_answered = 0;
  std::unique_ptr<DoorControllerSim> controller;
  std::unique_ptr<ReaderSim> reader;
  EdgeFacts facts;
  EstateFaults faults;

  std::vector<std::uint32_t> cards;
  std::optional<Instant> people_since;
  std::vector<Swipe> swipes;
  std::size_t swiped = 0;
  std::vector<ScheduledScan> codes;
  std::size_t shown = 0;
  bool closed = false;
};

namespace {

Awaitable<void> follow_clock(std::shared_ptr<EstateServer::Parts> parts) {
  while (!parts->closed) {
    parts->live();
    co_await pause(look_at_clock_every);
  }
}

std::string absolute(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::absolute(path, ignored).lexically_normal().string();
}

}  // namespace

EstateServer::EstateServer(std::shared_ptr<Parts> parts) : parts_(std::move(parts)) {}

EstateServer::~EstateServer() { parts_->close(); }

std::unique_ptr<EstateServer> EstateServer::start(Loop& loop, const ServeRequest& request,
                                                  Problems& problems) {
  const std::size_t before = problems.size();
  check_flats(request.estate.flats, problems);
  ProfileShelf profiles = read_profile_folder(request.profiles, problems);
  std::error_code error;
  std::filesystem::create_directories(request.folder, error);
  if (error) problems.push_back(cannot_open(request.folder, {Fault::broken, error.message()}));
  if (problems.size() != before) return nullptr;

  auto parts = std::make_shared<Parts>(request, std::move(profiles));
  std::unique_ptr<EstateServer> server(new EstateServer(parts));  // closes all again when it goes
  for (const std::string& plate : request.dead) {
    if (parts->model.find(plate) < 0) problems.push_back(no_such_meter(plate));
  }
  if (!request.scenario.empty()) {
    if (const auto scenario = read_scenario_file(request.scenario, problems))
      parts->faults = rules_of(*scenario, request.scenario, parts->model, parts->profiles, problems);
  }
  parts->cards = resident_cards(parts->model.plan());
  parts->open_meters(loop, problems);
  parts->open_door_controller(loop, problems);
  parts->open_reader(loop, problems);
  if (problems.size() != before) return nullptr;

  parts->facts.enrolment = absolute(request.enrolment);
  parts->facts.profiles = absolute(request.profiles);
  parts->facts.broker_host = request.broker_host;
  parts->facts.broker_port = request.broker_port;
  const auto written =
      write_files(request.folder, {meters_file(parts->model), {"edge.json", edge_config(parts->facts)}});
  if (!written) {
    problems.push_back(cannot_open(request.folder, written.error()));
    return nullptr;
  }
  loop.spawn(follow_clock(parts));
  return server;
}

std::string EstateServer::config() const { return parts_->inside("edge.json"); }
std::size_t EstateServer::meters() const { return parts_->model.plan().meters.size(); }
bool EstateServer::begun() const { return parts_->people_since.has_value(); }
std::uint64_t EstateServer::answered() const {
  std::uint64_t sum = parts_->items_answered;
  for (const auto& source : parts_->sources) sum += source->answered();
  return sum;
}

}  // namespace steward::sim
