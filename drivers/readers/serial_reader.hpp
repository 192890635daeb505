#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "contract/nouns/clock.hpp"
#include "contract/nouns/result.hpp"
#include "drivers/readers/code_splitter.hpp"
#include "drivers/readers/reader.hpp"

namespace steward {

class Loop;

struct SerialReaderSetup {
  std::string device;         // a tty or a pty; a link in /dev/serial/by-id is best
  std::uint32_t baud = 9600;  // 8N1; 1200, 2400, 4800, 9600, 19200, 38400, 57600 or 115200
  CodeEnd end = CodeEnd::learn;
  Milliseconds idle{50};  // silence that ends a code without a mark (ticks)
  /// Silence after which the rest of a marked line will not come (ticks). Long,
  /// because USB adapters pause and a code thrown away is a scan lost.
  Milliseconds stale{1'000};
  Milliseconds reopen_every{1'000};  // ticks between tries when the device is away
  std::size_t queue = 64;            // codes waiting for next(); more are dropped and counted
};

/// A QR reader that writes its codes to a serial port. The device need not be
/// there when this is made, and may come and go. The references must outlive it.
/// Thread: loop.
class SerialReader : public Reader {
 public:
  /// Fault refused: a baud rate that no reader has.
  static Result<std::unique_ptr<SerialReader>> make(Loop& loop, const Clock& clock, SerialReaderSetup setup);
  ~SerialReader() override;

  Awaitable<Result<ScannedCode>> next() override;
  void close() override;
  bool online() const override;
  ReaderCounters counters() const override;

 private:
  struct Parts;
  explicit SerialReader(std::shared_ptr<Parts> parts);
  std::shared_ptr<Parts> parts_;
};

}  // namespace steward
