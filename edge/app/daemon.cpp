#include "edge/app/daemon.hpp"

#include <algorithm>
#include <cstdio>

#include "contract/text/instant_text.hpp"
#include "drivers/readers/serial_reader.hpp"
#include "edge/app/boot.hpp"
#include "edge/app/control_paths.hpp"
#include "edge/poll/schedule.hpp"
#include "edge/store/salvage.hpp"
#include "edge/store/steady_outbox.hpp"

namespace steward {
namespace {

/// --once waits so long for the cloud to sign; what it did not sign stays in the outbox.
constexpr Milliseconds once_patience{10'000};
constexpr Milliseconds forever = std::chrono::hours(24 * 365);
/// How often a wait for the wall clock looks again: it may have been set meanwhile.
constexpr Milliseconds clock_glance{60'000};
/// Live values come at most so often.
constexpr Milliseconds live_pace{1'000};

}  // namespace

Daemon::Daemon(Loop& loop, const Log& log, EdgeOptions options, DaemonParts parts)
    : loop_(loop),
      log_(log),
      options_(std::move(options)),
      parts_(std::move(parts)),
      clock_(*parts_.clock),
      boot_(boot_id()),
      every_(std::chrono::seconds(parts_.site.setup.rounds.every_s)),
      idle_(loop),
      stop_(loop),
      task_done_(loop),
      moved_at_(clock_.ticks()) {
  make_monitor();
}

Daemon::~Daemon() {
  if (store_) store_->stop();
}

int Daemon::run() {
  if (const auto started = start(); !started) {
    if (started.error().fault == Fault::implausible) {  // in what was read back of the outbox
      log_.error("outbox_damaged", {{"why", started.error().message}});
      damaged_ = restart_ = true;
      return exit_ok;
    }
    log_.error("start_failed", {{"why", started.error().message}});
    return exit_failed;
  }
  loop_.on_stop_signal([this] { stop_asked(); });
  loop_.spawn(work());
  loop_.run();
  return exit_code_;
}

Result<void> Daemon::start() {
  const ClockStamp starting{boot_, clock_.now(), 0, clock_.trust()};
  auto prepared = prepare_buses(parts_.site, *parts_.outbox, starting);
  if (!prepared) return prepared.error();
  auto kept_pulses = read_kept_pulses(*parts_.outbox, parts_.site.setup);
  if (!kept_pulses) return kept_pulses.error();
  const auto found_commands = read_found_commands(*parts_.outbox);
  if (!found_commands) return found_commands.error();
  auto memory = read_log_memory(*parts_.outbox, parts_.site, parts_.signer, clock_.now());
  if (!memory) return memory.error();
  const auto marks = parts_.outbox->marks();
  const auto cloud_store = parts_.outbox->store();
  const auto epoch = parts_.outbox->epoch();
  const auto old = parts_.outbox->old_logs();
  const bool left_open = parts_.outbox->was_left_open();
  const auto salvaged = parts_.outbox->mark(salvage_mark);
  if (!salvaged) return salvaged.error();
  auto steady =
      std::make_unique<SteadyOutbox>(parts_.outbox_setup, *parts_.block_key, std::move(parts_.outbox));
  store_ = std::make_unique<StoreThread>(loop_, std::move(steady), store_handlers());
  if (left_open)
    store_->check(
        [setup = parts_.outbox_setup, signer = parts_.block_key] { return check_outbox(setup, *signer); });
  writer_ = std::make_unique<RecordWriter>(loop_, clock_, log_, *store_, boot_, writer_handlers(),
                                           std::move(memory->tail));
  sinks_ = std::make_unique<OutboxSinks>(
      *store_, [this] { return writer_->stamp(); }, [this](const EdgeEvent& event) { writer_->note(event); });
  cloud_ = std::make_unique<CloudLink>(loop_, clock_, log_, parts_.site, epoch, marks, old, cloud_store,
                                       *store_, [this] { return state(); });
  pulses_ = std::make_unique<PulseDesk>(
      loop_, clock_, *store_, parts_.site, std::move(*kept_pulses), [this] { return writer_->stamp(); },
      [this](EdgeEvent event) { writer_->event(std::move(event)); });
  if (!salvaged->empty()) say_salvaged(*salvaged);
  make_buses(std::move(*prepared), std::move(*memory));
  doors_ = std::make_unique<DoorDesk>(loop_, clock_, std::move(parts_.doors), *sinks_,
                                      parts_.site.setup.door_pushes);
  if (auto made = make_readers(); !made) return made;
  auto commands = make_commands(*found_commands);
  if (!commands) return commands.error();
  commands_ = std::move(*commands);
  if (parts_.edge_clock != nullptr) {
    cloud_->on_proof([this](Ticks from, Ticks to, Instant at) { parts_.edge_clock->proven(from, to, at); });
  }
  make_configs();
  cloud_->on_command([this](const std::string& topic, Bytes payload) {
    if (!stopping_) commands_->received(topic, std::move(payload));
  });
  if (!options_.once) {
    auto control = ControlServer::open(loop_, control_socket_path(parts_.site.setup),
                                       [this](ControlRequest request, std::shared_ptr<ControlStream> back) {
                                         return answer(std::move(request), std::move(back));
                                       });
    if (!control) return control.error();
    control_ = std::move(*control);
    if (auto watched = start_monitor(); !watched) return watched;
  }
  cloud_->start();
  spawn(commands_->begin());
  if (configs_) spawn(configs_->begin(std::move(parts_.config)));
  spawn(cloud_->run());
  spawn(writer_->run());
  for (auto& watch : doors_->runs()) spawn(std::move(watch));
  for (auto& patrol : patrols_) spawn(patrol.watch->run());
  for (auto& counting : pulses_->runs()) spawn(std::move(counting));
  return {};
}

Result<void> Daemon::make_readers() {
  for (const auto& setup : parts_.site.setup.readers) {
    SerialReaderSetup serial;
    serial.device = setup.line.device;
    serial.baud = setup.line.baud;
    auto reader = SerialReader::make(loop_, clock_, std::move(serial));
    if (!reader)
      return Error{reader.error().fault, "reader " + setup.reader.text + ": " + reader.error().message};
    PatrolWatchSetup patrol;
    patrol.reader = setup.reader;
    auto watch = std::make_unique<PatrolWatch>(loop_, clock_, **reader, *sinks_, patrol);
    patrols_.push_back({std::move(*reader), std::move(watch)});
  }
  return {};
}

namespace {

Awaitable<void> and_then_call(Awaitable<void> task, std::function<void()> done) {
  co_await std::move(task);
  done();
}

}  // namespace

void Daemon::spawn(Awaitable<void> task) {
  ++tasks_;
  loop_.spawn(and_then_call(std::move(task), [this] {
    --tasks_;
    task_done_.set();
  }));
}

void Daemon::stop_asked() {
  log_.info("stop_asked");
  stopping_ = true;
  rounds_->cancel();
  stop_.set();
}

void Daemon::say(std::string kind, std::string detail) {
  writer_->event({clock_.now(), std::move(kind), parts_.site.setup.gateway.text, std::move(detail)});
}

void Daemon::write_catalogue() {
  auto catalogue = catalogue_of(parts_.site.setup, parts_.site.profiles);
  // A log explains itself, so telemetry has its own: also where only an unbilled meter gives any.
  if (telemetry_) writer_->catalogue(Stream::telemetry, catalogue);
  writer_->catalogue(Stream::readings, std::move(catalogue));
}

Awaitable<void> Daemon::work() {
  co_await mind_the_clock();
  say("started", "steward-edge " STEWARD_VERSION ", " + std::to_string(parts_.site.setup.meters.size()) +
                     " meters on " + std::to_string(buses_.size()) + " buses" +
                     (parts_.stepped != nullptr ? ", in STEPPED time: not real readings" : ""));
  if (const auto& fault = doors_->push_fault()) say("door_pushes_off", fault->message + "; doors are polled");
  for (auto& remark : remarks_) writer_->event(std::move(remark));
  remarks_.clear();
  write_catalogue();
  // A reading means what the catalogue before it says: none is taken while that may yet fail.
  co_await writer_->settled();
  beat();
  if (!stopping_) monitor_->ready();
  if (stopping_) {
    // asked to, or the catalogue could not be kept
  } else if (options_.once) {
    co_await round_now();
  } else if (parts_.stepped != nullptr) {
    co_await rounds_by_steps();
  } else {
    co_await rounds_by_clock();
  }
  co_await end();
}

Awaitable<void> Daemon::one_round(Instant round_at) {
  const auto closing = closes_at(round_at, parts_.site.setup.rounds.closing_minute_utc);
  in_round_ = true;
  const auto report = co_await rounds_->run(round_at, closing ? RoundKind::closing : RoundKind::plain);
  // Half an interval is the rounds' own; a simulation's clock stands still, and its meters keep nothing.
  if (parts_.stepped == nullptr) {
    const auto until = round_at + every_ / 2;
    co_await backfill_->run([this, until] {
      beat();
      return !stopping_ && clock_.now() < until;
    });
  }
  in_round_ = false;
  co_await writer_->settled();
  beat();
  last_round_ = report;
  ++rounds_done_;
  print_progress(report);
}

/// While a person's word about a meter goes to the disk no round begins: what it read would stand under a
/// name, or be held against a register, that is just being changed. After an exchange there is none at all.
Awaitable<bool> Daemon::held_back() {
  while ((explaining_ || restart_) && !stopping_) (void)co_await stop_.wait(Milliseconds(20));
  co_return !stopping_;
}

Awaitable<bool> Daemon::wait_until(Instant due) {
  while (!stopping_ && clock_.now() < due) {
    beat();
    const auto glance = std::min<Milliseconds>(clock_glance, monitor_->limit() / 4);
    (void)co_await stop_.wait(std::min<Milliseconds>(due - clock_.now(), glance));
    co_await mind_the_clock();
    co_await between_rounds(false);
    if (due != next_round_) break;  // the clock was set, and the next round is another
    // Set back by more than an interval: `due` was reckoned with a wrong clock.
    if (due - clock_.now() > every_ + std::chrono::hours(24)) break;
  }
  co_return !stopping_;
}

Awaitable<void> Daemon::rounds_by_clock() {
  next_round_ = round_at_or_after(clock_.now(), every_);
  while (true) {
    co_await live_until(next_round_);
    co_await mind_the_clock();
    const bool go_on = co_await wait_until(next_round_);
    if (!go_on) break;
    if (clock_.now() >= next_round_) {
      const bool free = co_await held_back();
      if (!free) break;
      co_await one_round(next_round_);
      const auto due = next_round(next_round_, clock_.now(), every_);
      const auto missed = (due - next_round_) / every_ - 1;
      if (missed > 0 && !stopping_) {
        rounds_missed_ += missed;
        say("round_missed", std::to_string(missed) + " rounds after " + instant_text(next_round_) +
                                " were not read: the one before took too long, or the clock was set");
      }
      next_round_ = due;
      co_await between_rounds(true);
    } else {
      next_round_ = round_at_or_after(clock_.now(), every_);
    }
  }
}

Awaitable<void> Daemon::live_until(Instant due) {
  while (parts_.site.setup.rounds.live && !stopping_ && clock_.now() < due) {
    beat();
    const auto next = clock_.ticks() + live_pace;
    (void)co_await rounds_->run(clock_.now(), RoundKind::live, due);
    const auto rest = std::chrono::ceil<Milliseconds>(next - clock_.ticks());
    if (rest > Milliseconds{0}) (void)co_await stop_.wait(std::min(rest, due - clock_.now()));
  }
}

Awaitable<void> Daemon::rounds_by_steps() {
  auto at = round_at_or_after(options_.stepped->from, every_);
  for (; at <= options_.stepped->to && !stopping_; at += every_) {
    next_round_ = at;
    parts_.stepped->step_to(at);
    co_await one_round(at);
    co_await doors_->sweep();
  }
  if (stopping_) co_return;
  say("stepped_run_done", "the last round was " + instant_text(at - every_));
  co_await writer_->settled();
  (void)co_await cloud_->everything_acked(forever, [this] {
    beat();
    return stopping_;
  });
}

Awaitable<void> Daemon::round_now() {
  co_await one_round(std::chrono::floor<std::chrono::seconds>(clock_.now()));
  co_await doors_->sweep();
  co_await writer_->settled();
  // A broker that does not answer will not do so sooner because we wait.
  (void)co_await cloud_->everything_acked(once_patience,
                                          [this] { return stopping_ || cloud_->is_known_down(); });
}

/// Everything that runs in the background ends, what was read is committed, the
/// state says offline, and only then does the loop stop.
Awaitable<void> Daemon::end() {
  monitor_->stop(!restart_);
  doors_->stop();
  pulses_->stop();
  for (auto& patrol : patrols_) patrol.watch->stop();
  keep_floor();
  say("stopped", exit_code_ == exit_ok ? "in order" : "the outbox cannot be written");
  co_await writer_->settled();
  writer_->stop();
  if (control_) control_->stop();
  const auto unacked = cloud_->unacked();
  co_await cloud_->say_goodbye();
  const auto until = clock_.ticks() + std::chrono::seconds(2);
  while (tasks_ > 0 && clock_.ticks() < until) (void)co_await task_done_.wait(Milliseconds(100));
  log_.info("stopped", {{"unacked", static_cast<std::int64_t>(unacked)}});
  store_->stop();
  if (!outbox_fault_.empty() && exit_code_ == exit_ok && !damaged_) {  // what waited in memory goes with it
    log_.error("outbox_failed", {{"why", outbox_fault_}});
    exit_code_ = exit_failed;
  }
  loop_.stop();
}

void Daemon::print_progress(const RoundReport& report) {
  if (options_.once && !options_.json && !options_.progress) {  // for the technician at the cabinet
    const auto readings = std::to_string(report.readings);
    const auto silent = std::to_string(report.silent);
    std::puts((readings + " readings, " + silent + " meters silent / 读数 " + readings + " 个，无应答的表 " +
               silent + " 块")
                  .c_str());
    std::fflush(stdout);
    return;
  }
  if (!options_.progress && !(options_.once && options_.json)) return;
  auto line = Json::object();
  line.set("round_at", instant_text(report.round_at)).set("readings", std::int64_t{report.readings});
  line.set("silent", std::int64_t{report.silent})
      .set("unacked", static_cast<std::int64_t>(cloud_->unacked()));
  std::puts(line.dump().c_str());
  std::fflush(stdout);
}

}  // namespace steward
