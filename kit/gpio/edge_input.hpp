#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "contract/nouns/clock.hpp"
#include "contract/nouns/result.hpp"
#include "kit/loop/awaitable.hpp"

namespace steward {

class Loop;

/// A change of an input's level, as the kernel saw it.
struct InputEdge {
  bool active = false;  // what it changed to
  Ticks at;             // of the interrupt, on the steady clock

  friend bool operator==(const InputEdge&, const InputEdge&) = default;
};

/// Edges that came together.
struct InputEdges {
  std::vector<InputEdge> edges;  // in order
  bool full = false;             // the kernel's queue was full: later ones may have been lost

  friend bool operator==(const InputEdges&, const InputEdges&) = default;
};

/// One input whose level changes are told: a pulse contact. Tests have their own.
/// Thread: loop.
class EdgeInput {
 public:
  virtual ~EdgeInput() = default;

  /// Resumes when edges came, at the latest after `limit` (then without any).
  /// Faults: retry (the chip is gone). One caller at a time; the input outlives it.
  virtual Awaitable<Result<InputEdges>> next(Milliseconds limit) = 0;
  /// Its level now. Faults: retry (the chip is gone).
  virtual Result<bool> is_active() = 0;
};

/// How the input is biased where nothing drives it.
enum class InputBias : std::uint8_t { as_is, pull_up, pull_down, none };

/// A line of a GPIO chip.
struct GpioLine {
  std::string chip = "/dev/gpiochip0";
  std::uint32_t line = 0;  // its offset on the chip: `gpioinfo` lists them
  bool active_low = true;  // a contact to ground, as pulse outputs are wired
  InputBias bias = InputBias::as_is;

  friend bool operator==(const GpioLine&, const GpioLine&) = default;
};

/// What the kernel keeps of a line's edges until they are read: fixed in the interface that libgpiod
/// 1.6 uses (Linux, gpio-lineevent-data-read: 16 events, later ones are dropped without a trace).
inline constexpr std::size_t max_queued_edges = 16;

/// Opens it through libgpiod, for this program alone. Edges carry the kernel's monotonic time (since Linux
/// 5.7; an older kernel's wall time would be far from ours and is refused when the first edge comes).
/// Faults: retry (no such chip or line, in use; message says which), unsupported (the chip cannot tell
/// edges, or not with this bias). Thread: loop.
Result<std::unique_ptr<EdgeInput>> open_gpio(Loop& loop, const GpioLine& line);

}  // namespace steward
