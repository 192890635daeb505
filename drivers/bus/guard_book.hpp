#pragma once
#include "contract/nouns/result.hpp"
#include "drivers/bus/unit_status.hpp"
#include "kit/loop/awaitable.hpp"

namespace steward {

/// Where what a guard must remember is kept. One per bus. Thread: loop.
class GuardBook {
 public:
  virtual ~GuardBook() = default;

  /// Resumes when the record is on disk, so that a crash from now on finds it: the
  /// unit's next data request waits for this. Faults: broken (it cannot be kept: no data goes out).
  virtual Awaitable<Result<void>> keep(UnitRecord record) = 0;
};

}  // namespace steward
