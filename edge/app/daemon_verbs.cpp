// What the daemon says of itself, and how it answers its control socket.
#include "contract/text/instant_text.hpp"
#include "contract/text/unit_text.hpp"
#include "edge/app/daemon.hpp"

namespace steward {

EdgeState Daemon::state() const {
  EdgeState state;
  state.site = parts_.site.setup.site;
  state.gateway = parts_.site.setup.gateway;
  state.version = STEWARD_VERSION;
  state.boot = boot_;
  state.trust = clock_.trust();
  state.at = clock_.now();
  state.alarms = writer_->alarms();
  return state;
}

Json Daemon::status() const {
  constexpr std::size_t most_alarms = 40;  // an answer has 64 KiB
  auto json = Json::object();
  json.set("site", parts_.site.setup.site.text).set("gateway", parts_.site.setup.gateway.text);
  json.set("version", STEWARD_VERSION).set("now", instant_text(clock_.now()));
  json.set("stepped", parts_.stepped != nullptr);
  json.set("meters", static_cast<std::int64_t>(parts_.site.setup.meters.size()));
  if (last_round_) {
    auto round = Json::object();
    round.set("round_at", instant_text(last_round_->round_at));
    round.set("readings", std::int64_t{last_round_->readings})
        .set("silent", std::int64_t{last_round_->silent});
    json.set("last_round", std::move(round));
  }
  json.set("next_round", instant_text(next_round_)).set("broker_connected", cloud_->is_connected());
  if (const auto& trouble = cloud_->trouble()) {
    json.set(
        "broker_trouble",
        Json::object().set("trouble", word(trouble->trouble)).set("en", trouble->en).set("zh", trouble->zh));
  }
  auto logs = Json::array();
  for (const auto stream : all_streams) {
    const auto& mark = cloud_->marks()[static_cast<std::size_t>(stream)];
    auto entry = Json::object();
    entry.set("stream", word(stream)).set("last", static_cast<std::int64_t>(mark.last.value));
    entry.set("acked", static_cast<std::int64_t>(mark.acked.value));
    entry.set("backlog", static_cast<std::int64_t>(mark.backlog()));
    logs.push(std::move(entry));
  }
  json.set("logs", std::move(logs)).set("doors", doors_->status());
  json.set("door_pushes", doors_->push_status()).set("units", unit_status());
  json.set("lines", line_status(parts_.site.setup));
  auto alarms = Json::array();
  for (const auto& alarm : writer_->alarms()) {
    if (alarms.items().size() == most_alarms) break;
    auto entry = Json::object();
    entry.set("kind", alarm.kind).set("subject", alarm.subject).set("since", instant_text(alarm.since));
    entry.set("detail", alarm.detail);
    alarms.push(std::move(entry));
  }
  return json.set("alarms", std::move(alarms));
}

bool is_well(const MeterReport& report) {
  return report.status.standing == Standing::clean && !report.silent && !report.status.latched &&
         report.advice.trouble == Trouble::none;
}

Json Daemon::unit_status() const {
  constexpr std::size_t most_units = 40;
  auto units = Json::array();
  for (const auto& report : rounds_->reports()) {
    if (is_well(report) || units.items().size() == most_units) continue;
    const auto& counters = report.counters;
    auto entry = Json::object();
    entry.set("meter", report.meter.text).set("bus", report.bus.text).set("unit", unit_text(report.unit));
    entry.set("standing", report.status.standing == Standing::clean ? "clean" : "quarantined");
    entry.set("silent", report.silent).set("latched", report.status.latched);
    entry.set("asked", static_cast<std::int64_t>(counters.asked));
    entry.set("answered", static_cast<std::int64_t>(counters.answered));
    entry.set("garbled", static_cast<std::int64_t>(counters.garbled + counters.cut));
    entry.set("late", static_cast<std::int64_t>(counters.late));
    entry.set("reply_p99_us", std::int64_t{counters.p99.count()});
    const bool no_cause = report.advice.trouble == Trouble::none;
    entry.set("reason", word(report.advice.trouble));
    entry.set("next_en",
              no_cause ? "nothing to do yet: too little has failed to name a cause; it is probed by itself"
                       : report.advice.en);
    entry.set("next_zh",
              no_cause ? "暂时无需处理：失败太少，尚不能判断原因；网关会自动再次探询" : report.advice.zh);
    units.push(std::move(entry));
  }
  return units;
}

Json Daemon::health() const {
  std::int64_t well = 0;
  for (const auto& report : rounds_->reports())
    if (is_well(report)) ++well;
  return status().set("clock_trust", static_cast<int>(clock_.trust())).set("meters_well", well);
}

Result<Json> Daemon::unlatch(const MeterId& meter) {
  if (pulses_->has(meter))
    return Error{Fault::refused,
                 "a look does not tell what a pulse counter missed; read the dial, then "
                 "`pulse base " +
                     meter.text +
                     " --display VALUE` / 脉冲表请读取表盘示数后执行 "
                     "pulse base"};
  const bool known = rounds_->unlatch(
      meter, [this](const BusId& bus, UnitAddress unit) { books_.at(bus)->note_latch(unit, false); });
  if (!known)
    return Error{Fault::refused, "the meter list has no meter \"" + meter.text +
                                     "\"; `status` names those that are latched / 表清单中没有表 \"" +
                                     meter.text + "\"；被锁定的表见 status"};
  return Json::object().set("outcome", "unlatched");
}

/// Begins anew between two rounds, with the keys that are there now; the process and the data folder's lock
/// stay.
Result<Json> Daemon::take_keys() {
  if (in_round_ || restart_) {
    return Error{Fault::retry, "a round is under way; ask again in a moment / 正在抄表，请稍后再试"};
  }
  if (parts_.stepped != nullptr) {
    return Error{Fault::refused, "keys cannot change in stepped time / 步进时间下不能更换密钥"};
  }
  Problems problems;
  if (!load_site(options_.config, options_.profiles, problems)) {
    std::string all;
    for (const auto& problem : problems)
      all += (all.empty() ? "" : "\n") + problem.file + ": " + problem.en + " / " + problem.zh;
    return Error{Fault::refused, std::move(all)};
  }
  log_.info("keys_changed");
  restart_ = true;
  spawn(stop_soon());
  return Json::object().set("outcome", "taking up the new keys").set("restarting", true);
}

Awaitable<Result<Json>> Daemon::answer(ControlRequest request, std::shared_ptr<ControlStream> back) {
  if (changing_)
    co_return Error{Fault::retry,
                    "the config is being changed; ask again in a moment / 正在更改配置，请稍后再试"};
  const Engaged engaged(*this);
  if (auto* trace = std::get_if<TraceRequest>(&request))
    co_return co_await desk_->trace(std::move(*trace), std::move(back));
  if (auto* verify = std::get_if<VerifyRequest>(&request))
    co_return co_await desk_->verify(std::move(*verify));
  // Each of its reads takes its turn, in a round as between two: a bus has one question at a time.
  if (auto* ask = std::get_if<BackfillRequest>(&request))
    co_return co_await backfill_->ask(std::move(*ask), [this] { return !stopping_ && !restart_; });
  if (auto* scan = std::get_if<ScanRequest>(&request))
    co_return co_await desk_->scan(std::move(*scan), std::move(back));
  if (std::holds_alternative<DoctorRequest>(request)) co_return health();
  if (std::holds_alternative<CancelRequest>(request))
    co_return Error{Fault::refused,
                    "there is nothing to cancel on this connection / 此连接上没有可取消的操作"};
  if (auto* open = std::get_if<OpenDoorRequest>(&request)) {
    log_.info("open_door_asked", {{"controller", open->controller}, {"door", std::int64_t{open->door}}});
    co_return co_await doors_->open_door(std::move(*open));
  }
  if (auto* put = std::get_if<PutCardRequest>(&request)) co_return co_await doors_->put_card(std::move(*put));
  if (auto* remove = std::get_if<DeleteCardRequest>(&request)) {
    co_return co_await doors_->delete_card(std::move(*remove));
  }
  if (const auto* asked = std::get_if<UnlatchRequest>(&request)) co_return unlatch(asked->meter);
  if (auto* meter = std::get_if<MeterRequest>(&request)) co_return co_await meter_life(std::move(*meter));
  if (const auto* base = std::get_if<PulseBaseRequest>(&request)) co_return pulses_->set_base(*base);
  if (std::holds_alternative<TakeKeysRequest>(request)) co_return take_keys();
  co_return status();
}

}  // namespace steward
