#pragma once
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "edge/app/alarm_book.hpp"
#include "edge/poll/round.hpp"
#include "edge/store/block_builder.hpp"
#include "edge/store/store_thread.hpp"
#include "kit/log/log.hpp"

namespace steward {

/// A register of the readings log.
using LogRegister = std::pair<MeterNo, ChannelNo>;
/// Where the last two readings of a register went.
struct LogPlaces {
  Seq before;
  Seq last;
  Instant round_at;  // of the last

  friend bool operator==(const LogPlaces&, const LogPlaces&) = default;
};
/// How the readings log ends, as the outbox has it.
struct LogTail {
  Seq last;
  std::map<LogRegister, LogPlaces> places;  // by the meters' places in today's list
};

/// Carries what the rounds read into the outbox: collects, closes blocks at
/// their limits and hands them to the store thread.
///
/// While the disk cannot be written what is read waits in the store's memory (`stuck`): rounds go on, an
/// alarm says it. A record the format refuses ends the daemon (`failed`): a gateway that cannot
/// keep what it reads must not look as if it could. Thread: loop.
class RecordWriter : public RoundSink {
 public:
  struct Handlers {
    std::function<void(const Error&)> failed;
    std::function<void()> alarms_changed;
    std::function<void(const BusId&, UnitAddress)> latched = {};
  };

  RecordWriter(Loop& loop, const Clock& clock, const Log& log, StoreThread& store, Uuid boot,
               Handlers handlers, LogTail readings = {});

  void reading(Stream stream, Reading reading) override;
  void closing(Closing closing) override;
  /// What a meter kept by itself (back-fill): a record kind of its own in the readings log, behind the
  /// catalogue that names its meter; never a reading.
  void frozen(FrozenReading reading);
  /// To the journal and into the outbox at once.
  void event(EdgeEvent event) override;
  /// The same, in one transaction with all that was given before and with `marks`.
  void event(EdgeEvent event, std::vector<SavedMark> marks);
  /// In one transaction with the reading it was found in, and with the places of that and of the one before.
  void life(MeterEvent found, MeterNo meter, ChannelNo channel) override;
  void latched(const BusId& bus, UnitAddress unit) override;
  /// An event that is in the outbox already (doors, readers): journal and alarms only.
  void note(const EdgeEvent& event);

  /// The catalogue in a block of its own, before any reading that needs it; of the readings log with the
  /// mark by which a later run finds it (edge/app/log_memory.hpp).
  void catalogue(Stream stream, std::vector<CatalogueEntry> entries);

  /// Meters have other numbers from here on, and `places` is where their readings went. After `settled`.
  void renumbered(std::map<LogRegister, LogPlaces> places) { readings_.places = std::move(places); }
  /// Closes what is open and waits until all that was handed over is committed, or the disk is stuck.
  Awaitable<void> settled();
  /// The disk cannot be written: says so, as an alarm and an event that waits with the rest.
  void stuck(const Error& why, const std::string& gateway);
  /// It can again; `lost` is what memory could not hold.
  void runs_again(const LostSpan& lost, const std::string& gateway);
  /// Closes blocks when they have been open for a second; ends after `stop`.
  Awaitable<void> run();
  void stop();

  ClockStamp stamp() const;
  std::vector<Alarm> alarms() const { return alarms_.alarms(); }

 private:
  struct FoundLife {
    MeterEvent event;
    LogRegister of;
  };
  void append(std::vector<Batch> batches);
  void note_places(const Batch& batch);
  std::vector<EdgeEvent> take_placed();
  void added(bool was_empty);

  const Clock& clock_;
  const Log& log_;
  StoreThread& store_;
  Uuid boot_;
  Handlers handlers_;
  BlockBuilder builder_;
  AlarmBook alarms_;
  LogTail readings_;              // places handed out, those of earlier runs among them
  std::vector<FoundLife> found_;  // whose reading is not in a batch yet
  Signal opened_;                 // a block was opened: `run` has something to wait for
  Signal committed_;              // a commit came back
  std::size_t outstanding_ = 0;
  bool stuck_ = false;
  bool stopped_ = false;
};

}  // namespace steward
