#pragma once
#include <cstdint>

#include "contract/nouns/result.hpp"
#include "drivers/readers/scanned_code.hpp"
#include "kit/loop/awaitable.hpp"

namespace steward {

/// What became of the bytes a reader sent. They only rise.
struct ReaderCounters {
  std::uint64_t codes = 0;      // whole codes
  std::uint64_t dropped = 0;    // whole codes lost because nobody fetched them in time
  std::uint64_t discarded = 0;  // partial, overlong or unprintable lines thrown away
  std::uint64_t reopened = 0;   // times the device came back after it was lost

  friend bool operator==(const ReaderCounters&, const ReaderCounters&) = default;
};

/// A QR or NFC reader: gives codes, knows nothing of checkpoints or rounds.
/// Thread: loop.
class Reader {
 public:
  virtual ~Reader() = default;

  /// Waits for the next code, as long as it takes. Codes come in the order they
  /// were read; one that finds the queue full is dropped and counted.
  /// Faults: retry (device away: the reader keeps trying to reopen it, said once
  /// each time it is lost; call again), broken (closed: do not call again).
  /// One caller at a time.
  virtual Awaitable<Result<ScannedCode>> next() = 0;

  /// Ends a waiting next() with `broken`. Safe to call twice.
  virtual void close() = 0;

  /// The device is open. Silence of a reader says nothing, so this is all there is to know.
  virtual bool online() const = 0;
  virtual ReaderCounters counters() const = 0;
};

}  // namespace steward
