#pragma once
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "edge/app/backfill_messages.hpp"
#include "edge/app/record_writer.hpp"
#include "edge/backfill/backfill.hpp"
#include "edge/backfill/gap_book.hpp"
#include "edge/site/site_setup.hpp"

namespace steward {

/// Stands between the rounds and the record writer: passes everything on, and notes which billing
/// boundaries nobody closed. Between two rounds it asks the meters what they kept of those.
///
/// A meter is asked at most three times for one gap (each time it froze meanwhile, went silent or the next
/// round was due); then the event `backfill_failed` says why, and a person may look. That it was asked is
/// committed with what it gave, so a restart asks neither twice nor never.
/// Thread: loop.
class BackfillDesk : public RoundSink {
 public:
  /// writer, clock, setup and the profiles must outlive it.
  /// gaps: as the log tells them (edge/app/log_memory.hpp)
  BackfillDesk(RecordWriter& writer, const Clock& clock, const SiteSetup& setup, const Profiles& profiles,
               GapBook gaps);

  /// The meters of one bus. bus must outlive the desk.
  void add(RegisterBus& bus, const BusPlan& plan);

  void reading(Stream stream, Reading reading) override;
  void closing(Closing closing) override;
  void event(EdgeEvent event) override { writer_.event(std::move(event)); }
  void life(MeterEvent found, MeterNo meter, ChannelNo channel) override {
    writer_.life(std::move(found), meter, channel);
  }
  void latched(const BusId& bus, UnitAddress unit) override { writer_.latched(bus, unit); }

  /// Asks for what is missing, as long as there is time.
  Awaitable<void> run(std::function<bool()> go_on);

  /// A technician asks one meter, whether anything is missing or not. What it gives goes into the log as
  /// well; at most `most_told` values are in the answer, the newest ones.
  /// Faults: refused (no such meter, or its profile says of nothing that it keeps it; the message says
  /// which do), retry (the desk is at work; the meter gave nothing, why is said).
  Awaitable<Result<Json>> ask(BackfillRequest request, std::function<bool()> go_on);
  static constexpr std::size_t most_told = 100;

 private:
  struct Meter {
    RegisterBus* bus = nullptr;
    MeterPlan plan;
    std::set<RegisterSpan> unserved;
    unsigned tries = 0;
  };
  using Give = std::function<void(FrozenReading)>;
  /// nullptr after saying why in `wrong`.
  Meter* find(const MeterId& meter, Error& wrong);
  void say(const Meter& meter, std::string kind, std::string detail);
  Awaitable<void> fill(Meter& meter, BackfillWish wish, const std::function<bool()>& go_on);
  Awaitable<BackfillReport> fetch(Meter& meter, const BackfillWish& wish, const std::function<bool()>& go_on,
                                  const Give& also);
  Json told(const Meter& meter, const FrozenReading& reading) const;

  RecordWriter& writer_;
  const Clock& clock_;
  const SiteSetup& setup_;
  FrozenRules rules_;
  GapBook gaps_;
  std::vector<const Profile*> profile_of_;  // by meter_no
  std::map<std::string, MeterNo> number_of_;
  std::vector<Meter> meters_;  // those that keep anything
  bool at_work_ = false;
};

}  // namespace steward
