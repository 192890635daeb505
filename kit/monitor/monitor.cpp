#include "kit/monitor/monitor.hpp"

#include <algorithm>

#include "contract/text/json.hpp"
#include "kit/loop/deadlines.hpp"

namespace steward {
namespace {

/// Longer than the longest wait that a round or a transaction makes (90 s: a read between two rounds).
constexpr Milliseconds usual_limit{150'000};
constexpr int looks_in_a_limit = 4;

constexpr std::string_view json_type = "application/json";
constexpr std::string_view text_type = "text/plain; charset=utf-8";

constexpr Metric build_info{"steward_build_info", Metric::Kind::gauge,
                            "Always 1; the labels say which program of which version this is."};
constexpr Metric uptime{"steward_uptime_seconds", Metric::Kind::gauge, "Since the program started."};
constexpr Metric idle_time{"steward_heart_idle_seconds", Metric::Kind::gauge,
                           "Since the work last moved; /healthz fails and the watchdog is not pinged beyond "
                           "steward_heart_limit_seconds."};
constexpr Metric heart_limit{"steward_heart_limit_seconds", Metric::Kind::gauge,
                             "Work that has not moved for so long hangs."};
constexpr Metric is_ready{"steward_ready", Metric::Kind::gauge, "1 while every condition of /readyz holds."};
constexpr Metric held_back{"steward_log_suppressed_lines_total", Metric::Kind::counter,
                           "Log lines held back by the pace of their kind."};

bool all_met(const std::vector<Condition>& conditions) {
  return std::all_of(conditions.begin(), conditions.end(), [](const Condition& each) { return each.met; });
}

}  // namespace

/// The look that is due next. The loop's timer holds it weakly: a monitor that is gone is not looked at.
struct Monitor::Watch {
  Deadlines::Limit next;
};

Monitor::Monitor(Loop& loop, const Clock& clock, const Log& log, const ServiceManager& manager,
                 std::string program, Probes probes)
    : loop_(loop),
      clock_(clock),
      log_(log),
      manager_(manager),
      program_(std::move(program)),
      probes_(std::move(probes)),
      limit_(manager.watchdog() ? std::max(*manager.watchdog() / 2, Milliseconds{1}) : usual_limit),
      started_(clock.ticks()) {}

Monitor::~Monitor() = default;

Result<void> Monitor::start(const std::optional<MonitorAt>& at) {
  if (at) {
    auto server = MonitorServer::open(loop_, *at, [this](std::string_view path) { return answer(path); });
    if (!server) return std::move(server.error());
    server_ = std::move(*server);
  }
  watch_ = std::make_shared<Watch>();
  look();
  return {};
}

void Monitor::ready() {
  ready_ = true;
  manager_.ready();
}

void Monitor::stop(bool stopping) {
  if (stopping) manager_.stopping();
  watch_.reset();
  server_.reset();
}

void Monitor::look() {
  const bool alive = is_alive();
  if (alive && ready_) manager_.alive();
  if (alive == hung_) {
    hung_ = !alive;
    const auto idle_s = std::chrono::floor<std::chrono::seconds>(probes_.idle()).count();
    if (alive) {
      log_.warning("work_moves_again");
    } else {
      log_.error("work_hangs", {{"idle_s", idle_s}});
    }
  }
  if (!watch_) return;
  watch_->next = loop_.deadlines().set(limit_ / looks_in_a_limit, [this, weak = std::weak_ptr(watch_)] {
    if (!weak.expired()) look();
  });
}

MonitorAnswer Monitor::answer(std::string_view path) const {
  if (path == "/metrics") return metrics();
  if (path == "/healthz") return health();
  if (path == "/readyz") return readiness();
  return {404, text_type, "there are /metrics, /healthz and /readyz\n"};
}

MonitorAnswer Monitor::health() const {
  const bool alive = is_alive();
  const auto json = Json::object()
                        .set("alive", alive)
                        .set("idle_ms", std::int64_t{probes_.idle().count()})
                        .set("limit_ms", std::int64_t{limit_.count()});
  return {alive ? 200 : 503, json_type, json.dump() + "\n"};
}

MonitorAnswer Monitor::readiness() const {
  const auto conditions = probes_.conditions();
  auto list = Json::object();
  for (const auto& each : conditions) list.set(each.name, each.met ? Json("ok") : Json(each.why));
  const bool ready = ready_ && all_met(conditions);
  const auto json = Json::object().set("ready", ready).set("conditions", std::move(list));
  return {ready ? 200 : 503, json_type, json.dump() + "\n"};
}

MonitorAnswer Monitor::metrics() const {
  MetricsPage page;
  page.family(build_info).sample({{"program", program_}, {"version", STEWARD_VERSION}}, std::int64_t{1});
  page.single(uptime, std::chrono::floor<Milliseconds>(clock_.ticks() - started_));
  page.single(idle_time, probes_.idle()).single(heart_limit, limit_);
  page.single(is_ready, std::int64_t{ready_ && all_met(probes_.conditions()) ? 1 : 0});
  page.single(held_back, log_.held_back());
  probes_.metrics(page);
  return {200, MetricsPage::content_type, page.text()};
}

}  // namespace steward
