#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "contract/nouns/bytes.hpp"
#include "contract/nouns/clock.hpp"
#include "contract/nouns/ids.hpp"
#include "contract/nouns/reading.hpp"
#include "contract/nouns/result.hpp"
#include "drivers/decode/profile.hpp"
#include "drivers/decode/register_span.hpp"

namespace steward {

class Loop;
namespace sim {
class FaultPlan;
}

/// Where simulated slaves get their registers from: the estate model, a table,
/// a profile with a value per channel.
class RegisterSource {
 public:
  virtual ~RegisterSource() = default;

  /// The words of `span` at `unit` now: exactly span.count of them.
  /// A fault chooses what the wire sees:
  ///   retry        nobody lives at this unit: silence on RTU, exception 0x0B on TCP
  ///   unsupported  exception 0x02 (no such register)
  ///   malformed    exception 0x03 (too many registers)
  ///   full         exception 0x06 (busy)
  ///   others       exception 0x04 (device failure)
  /// Thread: loop.
  virtual Result<Words> registers(UnitAddress unit, RegisterSpan span) = 0;
};

/// The registers a meter of `profile` shows, `value_of(channel)` being its dial.
/// The probe's registers spell `serial`; where the profile has no probe nothing does.
/// Registers between channels read 0; a span that touches neither a channel nor the
/// probe, or a forbidden register, is `unsupported`; one longer than max_span, or no
/// multiple of count_step, `malformed`. With double_fc both functions read the same.
Result<Words> meter_registers(const Profile& profile, const RegisterSpan& span,
                              const std::function<std::int64_t(const ProfileChannel&)>& value_of,
                              std::uint64_t serial = 1);

/// Changes a reply just before it leaves: faults on demand. Gets the whole frame
/// as it would be on the wire (RTU with CRC, TCP with MBAP header), returns what
/// is sent instead; empty = stay silent.
using ReplyChange = std::function<Bytes(Bytes reply)>;

/// A Modbus TCP server on loopback, any number of connections and units behind it.
/// Not hardened: for simulation and tests only, never on a gateway's network.
/// Thread: loop; destroy before the loop.
class TcpSlave {
 public:
  /// port: 0 = any free one. Faults: broken (cannot listen; detail says why).
  static Result<std::unique_ptr<TcpSlave>> listen(Loop& loop, RegisterSource& source, std::uint16_t port = 0);
  ~TcpSlave();

  std::uint16_t port() const;
  void change_replies(ReplyChange change);
  /// Each reply leaves that much later (ticks). Only its own connection or line waits.
  void delay_replies(Milliseconds delay);
  /// From now on `plan` decides what becomes of each reply, and the two above do nothing.
  void play(std::shared_ptr<sim::FaultPlan> plan);
  /// Closes every connection and the listener, as a peer that loses power.
  void stop();

 private:
  struct Parts;
  explicit TcpSlave(std::shared_ptr<Parts> parts);
  std::shared_ptr<Parts> parts_;
};

/// What a device says to the bytes it heard between two silences; empty: nothing.
using LineVoice = std::function<Bytes(ByteView heard)>;

/// Modbus RTU slaves, and Chinese meters beside them, on one pseudo-terminal line, made raw (no
/// echo, no line editing). Requests are framed by length, a bad checksum is not answered.
/// Thread: loop; destroy before the loop.
class PtySlave {
 public:
  /// Faults: broken (no pseudo-terminal to be had).
  static Result<std::unique_ptr<PtySlave>> open(Loop& loop, RegisterSource& source);
  ~PtySlave();

  /// Puts a DL/T 645 or CJ/T 188 meter on the line: `voice` gets whole right frames of its protocol.
  void add(UnitAddress unit, LineVoice voice);
  /// The device a master opens, e.g. /dev/pts/5.
  const std::string& path() const;
  void change_replies(ReplyChange change);
  /// Each reply leaves that much later (ticks). Only its own connection or line waits.
  void delay_replies(Milliseconds delay);
  /// From now on `plan` decides what becomes of each reply, and the two above do nothing.
  void play(std::shared_ptr<sim::FaultPlan> plan);

 private:
  struct Parts;
  explicit PtySlave(std::shared_ptr<Parts> parts);
  std::shared_ptr<Parts> parts_;
};

}  // namespace steward
