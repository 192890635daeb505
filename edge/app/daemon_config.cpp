// How the daemon becomes what the cloud wants it to be, while it runs.
#include <algorithm>

#include "contract/wire/topics.hpp"
#include "edge/app/daemon.hpp"
#include "edge/poll/schedule.hpp"

namespace steward {
namespace {

/// A verb that has not ended by then is cut short: the program begins anew by the new config.
constexpr Milliseconds verb_patience{60'000};
/// Setups of before are kept while buses may point into them; then the program begins anew.
constexpr std::size_t most_retired = 16;
/// Beside the rounds a probation may take: for a round that waits for slow meters.
constexpr Milliseconds probation_reserve{300'000};

std::vector<BusSetup> pulse_buses(const SiteSetup& setup) {
  std::vector<BusSetup> buses;
  std::ranges::copy_if(setup.buses, std::back_inserter(buses),
                       [](const BusSetup& bus) { return bus.kind == BusKind::pulse; });
  return buses;
}

std::vector<MeterSetup> pulse_meters(const SiteSetup& setup) {
  std::vector<MeterSetup> meters;
  for (const auto& bus : pulse_buses(setup)) {
    std::ranges::copy_if(setup.meters, std::back_inserter(meters),
                         [&](const MeterSetup& meter) { return meter.bus == bus.bus; });
  }
  return meters;
}

}  // namespace

class Daemon::Configs final : public ConfigActs {
 public:
  explicit Configs(Daemon& daemon) : daemon_(daemon) {}

  bool check(const SiteConfigDocument& document, Problems& problems) override {
    return load_site(daemon_.options_.config, daemon_.options_.profiles, problems, {}, &document).has_value();
  }

  Awaitable<Result<void>> change_to(const SiteConfigDocument* document) override {
    Problems problems;
    auto next = load_site(daemon_.options_.config, daemon_.options_.profiles, problems, {}, document);
    if (!next) {
      co_return Error{Fault::malformed, problems.empty() ? "it cannot be loaded" : problems.front().en};
    }
    co_return co_await daemon_.change_site(std::move(*next));
  }

  Baseline health() const override {
    Baseline now;
    now.connected = daemon_.cloud_->is_connected();
    for (const auto& report : daemon_.rounds_->reports())
      if (!report.silent && !report.status.latched) now.well.insert(report.meter);
    return now;
  }

  Awaitable<Result<void>> keep(std::vector<SavedMark> marks, std::vector<EdgeEvent> events) override {
    return daemon_.command_book_->keep(std::move(marks), std::move(events));
  }

  void report(const std::string& text) override {
    const auto& setup = daemon_.parts_.site.setup;
    (void)daemon_.cloud_->publish(reported_topic(setup.site, setup.gateway), bytes_of(text), true);
  }

 private:
  Daemon& daemon_;
};

void Daemon::make_configs() {
  if (options_.once || parts_.stepped != nullptr) return;  // no rounds by which a change could be judged
  config_acts_ = std::make_unique<Configs>(*this);
  ConfigRules rules;
  rules.patience = rules.most_rounds * every_ + probation_reserve;
  configs_ = std::make_unique<ConfigDesk>(clock_, parts_.site.enrolment.cloud_key, parts_.site.setup.site,
                                          parts_.site.setup.gateway, rules, *config_acts_);
  cloud_->on_desired(
      [this](Bytes payload) {
        if (!stopping_) spawn(configs_->received(std::move(payload)));
      },
      [this] { configs_->connected(); });
}

Awaitable<void> Daemon::between_rounds(bool round_done) {
  if (configs_ && !stopping_) co_await configs_->between_rounds(round_done);
}

Awaitable<bool> Daemon::nobody_asks() {
  const auto until = clock_.ticks() + verb_patience;
  while (engaged_ > 0) {
    const auto left = std::chrono::ceil<Milliseconds>(until - clock_.ticks());
    if (left <= Milliseconds{0}) break;
    (void)co_await idle_.wait(left);
  }
  co_return engaged_ == 0;
}

/// Between two rounds: what is the same stays open, everything else is made anew.
Awaitable<Result<void>> Daemon::change_site(LoadedSite next) {
  changing_ = true;
  const bool alone = co_await nobody_asks();
  co_await writer_->settled();
  if (!alone || retired_.size() >= most_retired ||
      pulse_buses(next.setup) != pulse_buses(parts_.site.setup) ||
      pulse_meters(next.setup) != pulse_meters(parts_.site.setup)) {
    // Pulses are counted from the start of the program on: it begins anew, by what is on disk already.
    restart_ = true;
    stop_asked();
    co_return Result<void>{};
  }
  std::optional<Result<PreparedBuses>> prepared;
  std::optional<Result<LogMemory>> memory;  // by the numbers that the meters have from now on
  const auto stamp = writer_->stamp();
  const auto ran = co_await store_->with([&](Outbox& outbox) {
    prepared.emplace(prepare_buses(next, outbox, stamp));
    memory.emplace(read_log_memory(outbox, next, parts_.signer, stamp.wall));
  });
  if (!ran || !*prepared || !*memory) {
    changing_ = false;
    co_return !ran ? ran.error() : !*prepared ? prepared->error() : memory->error();
  }
  drop_changed(**prepared);
  // Containers move and their elements stay where they are: what points into them goes on doing so.
  retired_.emplace_back(std::move(parts_.site.setup), std::move(parts_.site.profiles));
  parts_.site.setup = std::move(next.setup);
  parts_.site.profiles = std::move(next.profiles);
  every_ = std::chrono::seconds(parts_.site.setup.rounds.every_s);
  next_round_ = round_at_or_after(clock_.now(), every_);
  writer_->renumbered(std::move((*memory)->tail.places));
  make_buses(std::move(**prepared), std::move(**memory));
  for (auto& remark : remarks_) writer_->event(std::move(remark));
  remarks_.clear();
  write_catalogue();
  co_await writer_->settled();
  changing_ = false;
  co_return Result<void>{};
}

}  // namespace steward
