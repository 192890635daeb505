#pragma once
#include "contract/nouns/bytes.hpp"
#include "contract/nouns/clock.hpp"
#include "contract/nouns/result.hpp"

namespace steward {

/// select() writes beyond its set from this descriptor on, and libmodbus uses it
/// (modbus-rtu.c, 3.1.6): a line must be opened before a gateway has this many files.
inline constexpr int first_unusable_descriptor = 1024;

/// Claims an open serial device for this process: another open of it fails (TIOCEXCL,
/// which does not bind root) and another claim is refused (flock, which binds all).
/// Faults: retry (another process has it), broken (not a serial device).
Result<void> claim_line(int descriptor);

/// Gives the claim back before the device is closed.
void release_line(int descriptor);

/// Ends another thread's wait in `receive_until`. Thread: any.
class Wake {
 public:
  Wake();
  ~Wake();
  Wake(const Wake&) = delete;
  Wake& operator=(const Wake&) = delete;

  void wake();
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

/// Appends what can be read, waiting until `deadline` of the steady clock or a wake.
/// False when nothing came. At most 512 bytes at a time.
/// Faults: retry (hang-up or error: the device is gone).
Result<bool> receive_until(int descriptor, Bytes& into, Ticks deadline, const Wake* wake = nullptr);

/// Hands all bytes to the device; waits at most 1 s for room. Faults: retry (the device is gone).
Result<void> send_all(int descriptor, ByteView bytes);

/// Lets the calling thread's waits end on time: the kernel may add 50 us to each by default
/// (prctl(2), PR_SET_TIMERSLACK), 3 % of T3.5 above 19200 baud.
void wait_to_the_microsecond();

/// The real steady clock.
Ticks steady_ticks();

}  // namespace steward
