#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "contract/nouns/clock.hpp"
#include "contract/nouns/events.hpp"
#include "contract/nouns/result.hpp"
#include "drivers/doors/door_controller.hpp"
#include "kit/loop/awaitable.hpp"

namespace steward {

class Loop;

/// How far one controller's event memory has been stored. All a restart needs.
struct DoorCursor {
  std::uint32_t serial = 0;      // another serial under the same name = another memory
  std::uint32_t generation = 0;  // +1 each time that memory began anew
  std::uint32_t index = 0;       // the last one stored or given up as overwritten; 0 = none yet
  /// FNV-1a of the event at `index`, 0 = unknown. Tells a memory that began anew
  /// and has already grown past `index` from the one we know.
  std::uint64_t fingerprint = 0;  // keep as the int64 of the same bits

  friend bool operator==(const DoorCursor&, const DoorCursor&) = default;
};

/// What one store() makes durable, all of it or nothing.
struct DoorHarvest {
  std::string controller;          // its name in the site config
  std::vector<DoorEvent> events;   // index order, at most DoorWatchSetup::batch; -> stream doors
  std::vector<EdgeEvent> remarks;  // gaps, restarts, silence; at most 4;        -> stream events
  DoorCursor cursor;               // valid once the above is stored

  friend bool operator==(const DoorHarvest&, const DoorHarvest&) = default;
};

/// Where door events go: the edge's outbox. Implemented by edge/store.
class DoorSink {
 public:
  virtual ~DoorSink() = default;

  /// The cursor last stored for `controller`; none = first contact.
  /// Faults: retry, broken. Thread: loop.
  virtual Awaitable<Result<std::optional<DoorCursor>>> cursor(std::string controller) = 0;

  /// Puts events, remarks and cursor on disk in ONE transaction and resumes
  /// when it is committed, so that a power cut leaves all three or none: an
  /// event is then neither lost nor doubled. After a fault nothing was stored
  /// and the same harvest may come again. Faults: full, retry, broken. Thread: loop.
  virtual Awaitable<Result<void>> store(DoorHarvest harvest) = 0;
};

struct DoorWatchSetup {
  std::string controller;                 // its name in the site config
  Milliseconds poll_every{5'000};         // ticks; a lost push is found within this
  std::size_t batch = 64;                 // events per transaction; bounds memory too
  std::uint32_t silent_after = 3;         // failed sweeps in a row before it is called silent
  bool special_events = true;             // ask for door, button and alarm events (0x8E)
  std::optional<EventListener> listener;  // where the board shall push to; none = leave as it is
};

/// What the state message and the alarms need to know of one controller.
struct DoorHealth {
  bool online = false;         // the last sweep reached it
  std::uint32_t failures = 0;  // failed sweeps in a row
  std::string last_error;      // of the last failed sweep, or what the board refused to be told
  std::uint64_t stored = 0;    // events since start
  std::uint64_t gaps = 0;      // indices lost to overwriting since start
  std::uint64_t restarts = 0;  // memories begun anew since start
  DoorCursor cursor;
};

/// Follows one controller's event memory: the memory is the truth, pushed
/// packets only wake it. Events are fetched by index, one after the other; an
/// index is passed only when it is stored, or when the board itself says that it
/// was overwritten (remark "door_gap"). A lost reply stops the sweep and the
/// same index is asked for again at the next one.
///
/// A memory that began anew (newest < cursor, another event under the cursor's
/// index, another serial) raises the generation and is read from its oldest
/// event (remark "door_restarted"). First contact reads from the oldest as well.
/// Remarks: door_gap, door_restarted, door_hole, door_unreadable, door_silent, door_back.
/// The references must outlive it. Thread: loop.
class DoorWatch {
 public:
  DoorWatch(Loop& loop, const Clock& clock, DoorController& controller, DoorSink& sink, DoorWatchSetup setup);
  ~DoorWatch();
  DoorWatch(const DoorWatch&) = delete;
  DoorWatch& operator=(const DoorWatch&) = delete;

  /// Sweeps at once, then every poll_every, and sooner when woken. Ends after stop().
  Awaitable<void> run();

  /// One pass: status, then every event that is not stored yet. Waits its turn
  /// if a pass is under way. Returns how many events it stored.
  /// Faults: those of DoorController and DoorSink; what was stored stays stored.
  Awaitable<Result<std::size_t>> sweep();

  /// A pushed packet named this controller: sweep now. Many wakes make one sweep.
  void wake();
  void stop();

  const DoorHealth& health() const;

 private:
  class Body;
  std::unique_ptr<Body> body_;
};

}  // namespace steward
