#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "contract/nouns/clock.hpp"
#include "contract/nouns/result.hpp"

namespace steward {
class Loop;
}

namespace steward::sim {

/// A guard shows a code to the reader.
struct ScheduledScan {
  Instant at;
  std::string code;

  friend bool operator==(const ScheduledScan&, const ScheduledScan&) = default;
};

/// Rounds of a guard: the checkpoints' codes in order, one every `step`, one
/// round at each whole `every` of UTC, now and then a point left out. Same
/// arguments, same scans. from, to: half open.
std::vector<ScheduledScan> patrol_scans(std::uint64_t seed, const std::vector<std::string>& checkpoints,
                                        Instant from, Instant to, Milliseconds every, Milliseconds step);

/// A QR reader at the master side of a pseudo-terminal. Plays its schedule as
/// `clock` passes it. What does not fit into the terminal's buffer waits here, at
/// most 4,096 codes; more are dropped. The references must outlive it. Thread: loop.
class ReaderSim {
 public:
  /// schedule: in time order. line_end: what follows each code, "\r\n", "\r", "" ...
  /// Fault broken: the system has no pseudo-terminal left.
  static Result<std::unique_ptr<ReaderSim>> open(Loop& loop, const Clock& clock,
                                                 std::vector<ScheduledScan> schedule = {},
                                                 std::string line_end = "\r\n");
  ~ReaderSim();

  /// The path a SerialReader opens.
  const std::string& device() const;
  /// A code now, with the line end.
  void scan(std::string_view code);
  /// These bytes as they are.
  void write(std::string_view bytes);

 private:
  struct Parts;
  explicit ReaderSim(std::shared_ptr<Parts> parts);
  std::shared_ptr<Parts> parts_;
};

}  // namespace steward::sim
