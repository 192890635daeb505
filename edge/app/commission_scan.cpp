// The runner of a scan: when its reads may go out, and what is said meanwhile.
#include <algorithm>

#include "contract/text/unit_text.hpp"
#include "edge/app/commission_desk.hpp"

namespace steward {
namespace {

constexpr Milliseconds glance{20};
constexpr Milliseconds progress_pace{500};
/// What a device server adds: both frames on its line, and the gap after which it sends what it has.
constexpr Milliseconds server_delay{500};
constexpr std::size_t most_told = 64;  // an answer has 64 KiB; every device was a progress line too
constexpr unsigned most_path_failures = 5;

std::string shown_format(const LineFormat& format, bool server) {
  return server ? "as the server is set" : format_text(format);
}

/// server: the line's speed is set in a device server, which alone knows it.
Json found_json(const ScanFound& found, bool server) {
  auto json = Json::object().set("protocol", protocol_word(found.protocol)).set("unit", found.unit);
  json.set("baud", server ? 0 : std::int64_t{found.format.baud});
  json.set("format", shown_format(found.format, server));
  json.set("delay_ms", std::int64_t{found.delay.count()}).set("refuses", found.refuses);
  auto fits = Json::array();
  for (const auto& fit : found.fits) {
    if (fits.items().size() == 4) break;
    auto one = Json::object().set("profile", fit.profile).set("proven", fit.proven);
    if (!fit.serial.empty()) one.set("serial", fit.serial);
    fits.push(std::move(one));
  }
  return json.set("fits", std::move(fits));
}

/// Marks a line as being searched for as long as it lives.
class Searching {
 public:
  Searching(std::set<BusId>& lines, BusId line) : lines_(lines), line_(std::move(line)) {
    lines_.insert(line_);
  }
  ~Searching() { lines_.erase(line_); }
  Searching(const Searching&) = delete;
  Searching& operator=(const Searching&) = delete;

 private:
  std::set<BusId>& lines_;
  BusId line_;
};

Json progress_json(const ScanPlan& plan, const ScanAsk& ask, bool server) {
  const auto progress = plan.progress();
  auto json = Json::object().set("progress", "scan").set("asked", static_cast<std::int64_t>(progress.asked));
  json.set("left", static_cast<std::int64_t>(progress.left))
      .set("eta_ms", std::int64_t{progress.eta.count()});
  json.set("found", static_cast<std::int64_t>(progress.found)).set("at", shown_format(ask.format, server));
  return json;
}

/// Its line has one speed, which is set in the server.
bool is_server(const DeskBus& bus) { return bus.setup->kind == BusKind::modbus_rtu_over_tcp; }

LineFormat own_format(const BusSetup& setup) {
  return {setup.line.baud, static_cast<Parity>(setup.line.parity), setup.line.stop_bits};
}

}  // namespace

Result<DeskBus*> CommissionDesk::searched(BusId& line) {
  if (line.text.empty()) {
    std::vector<BusId> lines;
    for (const auto& [name, bus] : buses_)
      if (bus.setup->kind == BusKind::modbus_rtu) lines.push_back(name);
    if (lines.empty())
      for (const auto& [name, bus] : buses_)
        if (is_server(bus)) lines.push_back(name);
    if (lines.size() != 1)
      return Error{Fault::refused, "the config has " + std::to_string(lines.size()) +
                                       " serial lines; say which with --line / 配置中有 " +
                                       std::to_string(lines.size()) + " 条串行总线；请用 --line 指定"};
    line = lines.front();
  }
  const auto found = find(line);
  if (found && ((*found)->setup->kind == BusKind::modbus_rtu || is_server(**found))) return found;
  if (!found) return found.error();
  return Error{Fault::refused,
               "only a serial line, of this gateway or behind a device server, can be searched; \"" +
                   line.text + "\" is none / 只能搜索本网关或串口服务器后的串行总线；\"" + line.text +
                   "\" 不是"};
}

ScanScope CommissionDesk::scope_of(const ScanRequest& request, const DeskBus& bus) const {
  ScanScope scope;
  const auto own = own_format(*bus.setup);
  const auto bauds = request.bauds.empty() ? std::vector{own.baud} : request.bauds;
  const auto parities = request.parities.empty() ? std::vector{own.parity} : request.parities;
  for (const auto baud : bauds) {
    for (const auto parity : parities) {
      const bool same = baud == own.baud && parity == own.parity;
      const LineFormat format = same ? own : LineFormat{baud, parity, 1};
      scope.formats.insert(same ? scope.formats.begin() : scope.formats.end(), format);
    }
  }
  scope.protocols = request.protocols;
  if (scope.protocols.empty()) scope.protocols = {Protocol::modbus, Protocol::dlt645, Protocol::cjt188};
  scope.from = request.from;
  scope.to = request.to;
  scope.planned = bus.planned;
  scope.service = own;
  for (const auto& [id, profile] : profiles_) {
    const auto& probe = profile.bus.probe;
    if (!probe) continue;
    const auto which = probe->span(0).count < probe->span(1).count ? 0U : 1U;
    ScanGuess guess{id.text, probe->span(which), probe->serial, profile.variant};
    if (guess.variant && guess.variant->values.empty()) guess.variant.reset();
    if (!guess.span.is_item()) scope.guesses.push_back(std::move(guess));
  }
  return scope;
}

ScanGap CommissionDesk::gap_of(const BusId& line, const DeskBus& bus, const ScanAsk& ask,
                               std::chrono::nanoseconds wait) const {
  return {bus.in_service,
          rounds_.is_due(line),
          next_round_() - clock_.now(),
          every_,
          bus.planned.size(),
          ask.format == own_format(*bus.setup),
          wait};
}

CommissionDesk::Answer CommissionDesk::scan(ScanRequest request, Back back) {
  const auto found = searched(request.line);
  if (!found) co_return found.error();
  const auto& bus = **found;
  if (searching_.contains(request.line))
    co_return Error{Fault::refused, "this line is being searched already / 该总线正在被搜索"};
  if (is_server(bus) && !(request.bauds.empty() && request.parities.empty()))
    co_return Error{Fault::refused,
                    "line \"" + request.line.text +
                        "\" has the speed and parity its device server is set to; leave --baud and --parity "
                        "out / 该总线的波特率和校验由串口服务器决定；请去掉 --baud 和 --parity"};
  const Searching searching(searching_, request.line);
  ScanPlan plan(scope_of(request, bus));
  const auto began = clock_.ticks();
  auto said = began - progress_pace;
  std::size_t told = 0;
  unsigned failures = 0;
  while (!back->cancelled()) {
    const auto ask = plan.next();
    for (; told < plan.found().size() &&
           (told + 1 < plan.found().size() || !ask || ask->kind != ScanAsk::Kind::identity);
         ++told)
      back->say(found_json(plan.found()[told], is_server(bus)).set("progress", "found"));
    if (!ask) break;
    if (clock_.ticks() - said >= progress_pace) {
      back->say(progress_json(plan, *ask, is_server(bus)));
      said = clock_.ticks();
    }
    const auto wait = ask->wait + (is_server(bus) ? server_delay : Milliseconds{0});
    if (const auto turn = turn_of(gap_of(request.line, bus, *ask, wait)); turn != ScanTurn::ask) {
      if (turn == ScanTurn::never) plan.skip(ask->format);
      co_await back->rest(glance);
      continue;
    }
    Survey survey{ask->request, ask->format,
                  [ask = *ask](ByteView so_far) { return scan_whole(ask, so_far); }, wait};
    auto surveyed = co_await bus.bus->survey(std::move(survey));
    if (!surveyed) {
      if (++failures >= most_path_failures) co_return surveyed.error();
      co_await back->rest(progress_pace);
      continue;
    }
    failures = 0;
    plan.heard({surveyed->went_out, std::move(surveyed->burst), surveyed->delay});
  }
  auto json = Json::object().set("line", request.line.text).set("cancelled", back->cancelled());
  json.set("asked", static_cast<std::int64_t>(plan.progress().asked));
  json.set("took_ms", std::chrono::duration_cast<Milliseconds>(clock_.ticks() - began).count());
  auto devices = Json::array();
  for (const auto& one : plan.found())
    if (devices.items().size() < most_told) devices.push(found_json(one, is_server(bus)));
  json.set("found_count", static_cast<std::int64_t>(plan.found().size())).set("found", std::move(devices));
  auto service = Json::array();
  for (const auto& report : rounds_.reports())
    if (report.bus == request.line && service.items().size() < most_told)
      service.push(Json::object()
                       .set("meter", report.meter.text)
                       .set("unit", unit_text(report.unit))
                       .set("answers", !report.silent && report.counters.answered > 0));
  json.set("in_service", std::move(service));
  auto suspicions = Json::array();
  if (!back->cancelled())
    for (const auto& one : plan.suspicions())
      suspicions.push(Json::object()
                          .set("kind", word(one.kind))
                          .set("unit", one.unit)
                          .set("en", one.en)
                          .set("zh", one.zh));
  co_return json.set("suspicions", std::move(suspicions));
}

}  // namespace steward
