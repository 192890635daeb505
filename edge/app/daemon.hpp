#pragma once
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "edge/app/backfill_desk.hpp"
#include "edge/app/bus_setup.hpp"
#include "edge/app/cloud_link.hpp"
#include "edge/app/commission_desk.hpp"
#include "edge/app/control_server.hpp"
#include "edge/app/door_desk.hpp"
#include "edge/app/edge_metrics.hpp"
#include "edge/app/line_report.hpp"
#include "edge/app/load_site.hpp"
#include "edge/app/log_memory.hpp"
#include "edge/app/options.hpp"
#include "edge/app/outbox_sinks.hpp"
#include "edge/app/pulse_desk.hpp"
#include "edge/app/record_writer.hpp"
#include "edge/app/swap_bus.hpp"
#include "edge/clock/edge_clock.hpp"
#include "edge/commands/command_desk.hpp"
#include "edge/config/config_desk.hpp"
#include "edge/patrol/patrol_watch.hpp"
#include "edge/poll/round.hpp"
#include "kit/log/log.hpp"
#include "kit/loop/clocks.hpp"
#include "kit/monitor/monitor.hpp"

namespace steward {

/// What a daemon is made of, opened and checked before it begins.
struct DaemonParts {
  LoadedSite site;
  std::vector<WatchedDoor> doors;
  std::unique_ptr<Outbox> outbox;
  OutboxSetup outbox_setup;  // to open it again when its disk has failed
  const Clock* clock = nullptr;
  SteppedClock* stepped = nullptr;    // the same clock, when this program moves it
  EdgeClock* edge_clock = nullptr;    // the same clock, when it follows the world's
  KeptConfig config;                  // what the cloud wanted; `site` is by it already
  const Signer* block_key = nullptr;  // the outbox signs with it; results of commands too
  ServiceManager manager = {};        // whom to tell that the rounds go on
  PublicKey signer{};                 // of the blocks in the outbox, which has the key
};

/// Nothing is to be said of this meter: it answers and is believed.
bool is_well(const MeterReport& report);

/// The commands of before, as found on disk.
struct FoundCommands {
  std::string floor;
  std::vector<std::string> places;
};
/// Thread: the one that has the outbox, before the store thread does.
Result<FoundCommands> read_found_commands(Outbox& outbox);

/// The gateway at work: rounds, doors, readers, outbox, cloud and control
/// socket on one loop, from start to a graceful end.
///
/// `run` gives the exit code. It ends after --once, after a stepped run, at SIGTERM
/// or SIGINT (the round in hand is cut short, what was read is committed, the
/// state says offline), or when a record cannot be kept for what it is (exit 1). A disk that is full or fails
/// ends nothing: what is read waits in memory. A damaged outbox ends it so that it begins again and salvages.
/// Thread: the one that calls run.
class Daemon {
 public:
  Daemon(Loop& loop, const Log& log, EdgeOptions options, DaemonParts parts);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  int run();
  /// Did it end because the meter list or a key changed, so that it should begin again with the new one?
  bool restart_asked() const { return restart_; }
  /// Did it end because the outbox was found damaged?
  bool found_outbox_damaged() const { return damaged_; }

 private:
  class Configs;
  /// Somebody holds on to the rounds or a bus: a control verb, a command.
  class Engaged {
   public:
    explicit Engaged(Daemon& daemon) : daemon_(daemon) { ++daemon_.engaged_; }
    ~Engaged() {
      if (--daemon_.engaged_ == 0) daemon_.idle_.set();
    }
    Engaged(const Engaged&) = delete;
    Engaged& operator=(const Engaged&) = delete;

   private:
    Daemon& daemon_;
  };
  struct MadeBus {
    PreparedBus ready;  // as it was made
    std::unique_ptr<RegisterBus> bus;
  };
  struct Patrol {
    std::unique_ptr<Reader> reader;
    std::unique_ptr<PatrolWatch> watch;
  };

  Result<void> start();
  void make_buses(PreparedBuses prepared, LogMemory memory);
  RegisterBus& make_bus_of(PreparedBus& ready);
  void drop_changed(const PreparedBuses& prepared);
  void make_configs();
  Awaitable<Result<void>> change_site(LoadedSite next);
  Awaitable<bool> nobody_asks();
  Awaitable<void> between_rounds(bool round_done);
  std::unique_ptr<RegisterBus> make_swap_bus(const PreparedBus& ready, DiskGuardBook& book);
  Result<std::unique_ptr<CommandDesk>> make_commands(const FoundCommands& found);
  Result<void> make_readers();
  void spawn(Awaitable<void> task);
  void stop_asked();
  void broken(const Error& error);
  void damaged(const std::string& why);
  StoreHandlers store_handlers();
  RecordWriter::Handlers writer_handlers();
  void say_salvaged(const std::string& text);

  Awaitable<void> work();
  Awaitable<void> rounds_by_clock();
  Awaitable<void> rounds_by_steps();
  Awaitable<void> round_now();
  Awaitable<void> one_round(Instant round_at);
  Awaitable<void> live_until(Instant due);
  Awaitable<void> mind_the_clock();
  void note_clock(const ClockNews& news);
  void keep_floor();
  Awaitable<bool> wait_until(Instant due);
  Awaitable<void> end();
  void write_catalogue();
  void make_monitor();
  Result<void> start_monitor();
  /// The rounds go on.
  void beat() { moved_at_ = clock_.ticks(); }
  Milliseconds idle();
  void say(std::string kind, std::string detail);

  EdgeState state() const;
  Json status() const;
  Json unit_status() const;
  Json health() const;
  EdgeFigures figures() const;
  Result<Json> unlatch(const MeterId& meter);
  Awaitable<Result<Json>> meter_life(MeterRequest request);
  Awaitable<Result<CommandValues>> perform(CommandVerb verb);
  Awaitable<Result<CommandValues>> read_now(MeterId meter);
  Awaitable<Result<CommandValues>> restart_bus(BusId bus);
  Awaitable<bool> held_back();
  Result<Json> take_keys();
  Awaitable<void> stop_soon();
  Awaitable<Result<Json>> answer(ControlRequest request, std::shared_ptr<ControlStream> back);
  void print_progress(const RoundReport& report);

  Loop& loop_;
  const Log& log_;
  EdgeOptions options_;
  DaemonParts parts_;
  const Clock& clock_;
  Uuid boot_;
  Milliseconds every_;
  bool telemetry_ = false;  // a round gives that log readings
  std::unique_ptr<StoreThread> store_;
  std::unique_ptr<RecordWriter> writer_;
  std::unique_ptr<BackfillDesk> backfill_;  // between the rounds and the writer
  std::unique_ptr<OutboxSinks> sinks_;
  std::unique_ptr<CloudLink> cloud_;
  std::unique_ptr<DoorDesk> doors_;
  std::unique_ptr<ControlServer> control_;
  std::map<BusId, std::unique_ptr<DiskGuardBook>> books_;  // before the buses, which use them
  std::unique_ptr<PulseDesk> pulses_;                      // the same
  std::list<std::pair<SiteSetup, Profiles>> retired_;  // setups of before, which buses in service point into
  std::map<BusId, MadeBus> buses_;
  std::map<BusId, SwapBus*> swaps_;  // those of them that can be restarted
  std::vector<EdgeEvent> remarks_;   // of the start, said when events can be
  std::unique_ptr<RoundRunner> rounds_;
  std::unique_ptr<CommissionDesk> desk_;
  std::vector<Patrol> patrols_;
  std::unique_ptr<CommandBook> command_book_;
  std::unique_ptr<CommandDesk> commands_;
  std::unique_ptr<ConfigActs> config_acts_;
  std::unique_ptr<ConfigDesk> configs_;
  Signal idle_;  // nobody is engaged any more
  std::size_t engaged_ = 0;
  bool changing_ = false;  // buses are being changed
  Signal stop_;            // whoever waits for a round hears of the stop
  Signal task_done_;       // a background coroutine has ended
  std::size_t tasks_ = 0;
  std::unique_ptr<Monitor> monitor_;
  Ticks moved_at_;           // when the rounds last did something
  std::uint64_t steps_ = 0;  // of the rounds, as last seen
  std::int64_t rounds_done_ = 0;
  std::int64_t rounds_missed_ = 0;
  std::string outbox_fault_;  // why nothing can be committed any more
  std::optional<RoundReport> last_round_;
  Instant next_round_{};
  Ticks floor_kept_ = Ticks::min();
  bool stopping_ = false;
  bool restart_ = false;  // the meter list or a key was replaced, or the outbox is damaged
  bool damaged_ = false;  // the outbox is
  bool explaining_ =
      false;               // a meter's event is on its way to the disk: no round reads under the old meaning
  bool in_round_ = false;  // what is read now still belongs to the meters of before
  int exit_code_ = exit_ok;
};

}  // namespace steward
