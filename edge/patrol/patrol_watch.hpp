#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "contract/nouns/clock.hpp"
#include "contract/nouns/events.hpp"
#include "contract/nouns/result.hpp"
#include "drivers/readers/reader.hpp"
#include "kit/loop/awaitable.hpp"

namespace steward {

class Loop;

/// What one store() makes durable, all of it or nothing.
struct PatrolHarvest {
  std::vector<PatrolScan> scans;   // at most one;          -> stream patrol
  std::vector<EdgeEvent> remarks;  // reader lost, codes dropped; -> stream events

  friend bool operator==(const PatrolHarvest&, const PatrolHarvest&) = default;
};

/// Where scans go: the edge's outbox. Implemented by edge/store.
class PatrolSink {
 public:
  virtual ~PatrolSink() = default;
  /// Puts the harvest on disk in one transaction and resumes when it is
  /// committed. After a fault nothing was stored and the same harvest comes
  /// again. Faults: full, retry, broken. Thread: loop.
  virtual Awaitable<Result<void>> store(PatrolHarvest harvest) = 0;
};

struct PatrolWatchSetup {
  ReaderId reader;
  Milliseconds dedupe{60'000};      // the same code again within this counts as a repeat
  Milliseconds store_again{1'000};  // ticks between tries when the sink is in trouble
};

struct PatrolHealth {
  bool online = false;        // the reader's device is there
  std::string last_error;     // empty when all is well
  std::uint64_t stored = 0;   // scans since start
  std::uint64_t repeats = 0;  // of these, the same code within `dedupe`
  std::optional<PatrolScan> last;
};

/// Carries one reader's codes to the sink. Every code is stored, a repeated one
/// too: what a repeat means is for the cloud to judge, which sees the route and
/// the person; here it is only counted. While the sink is in trouble one scan
/// is held and offered again; the reader's bounded queue takes the next ones and
/// counts what does not fit (remark "scans_dropped").
/// Remarks: reader_lost, reader_back, scans_dropped.
/// The references must outlive it. Thread: loop.
class PatrolWatch {
 public:
  PatrolWatch(Loop& loop, const Clock& clock, Reader& reader, PatrolSink& sink, PatrolWatchSetup setup);
  ~PatrolWatch();
  PatrolWatch(const PatrolWatch&) = delete;
  PatrolWatch& operator=(const PatrolWatch&) = delete;

  /// Runs until stop(), which also closes the reader. A scan that the sink still
  /// refuses then is given up: there is nowhere left to keep it.
  Awaitable<void> run();
  void stop();

  const PatrolHealth& health() const;

 private:
  class Body;
  std::unique_ptr<Body> body_;
};

}  // namespace steward
