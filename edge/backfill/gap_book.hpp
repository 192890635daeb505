#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "edge/backfill/backfill.hpp"

namespace steward {

/// Which meters have a billing boundary behind them at which no good closing was written, and the
/// live values on both sides of it: what a back-fill is to be asked for. One gap per meter is
/// kept: the union of those not asked for yet; of what was not missed, the values around the last 32
/// boundaries. Pure. Thread: any, one at a time.
class GapBook {
 public:
  /// closing_minute_utc: of the day, as the config says it
  explicit GapBook(std::uint32_t closing_minute_utc) : minute_(closing_minute_utc) {}

  /// A good closing was written for the boundary at `round_at`.
  void closed(MeterNo meter, ChannelNo channel, Instant round_at);
  /// A good reading of a billed channel came; closings of its round were told before.
  void read(MeterNo meter, ChannelNo channel, LiveValue value);

  /// What is missing of this meter and complete on both sides; nothing: no boundary was missed.
  std::optional<BackfillWish> wish(MeterNo meter) const;
  /// Everything since `from`, whether it is missing or not, beside the live values on both sides of
  /// each boundary since the last before it: what a person asks for.
  BackfillWish wish_from(MeterNo meter, Instant from) const;
  /// It was asked for: whatever came, it is not asked for again.
  void asked(MeterNo meter) { gaps_.erase(meter); }

 private:
  struct Known {
    std::optional<LiveValue> last;
    std::optional<Instant> closed;  // the last boundary with a good closing
    std::vector<LiveValue> around;  // last before and first after each of the last boundaries, in order
  };
  /// The last boundary at or before `at`.
  Instant boundary_before(Instant at) const;

  static constexpr std::size_t most_around = 64;  // 1 KiB a register

  std::uint32_t minute_;
  std::map<MeterNo, std::map<ChannelNo, Known>> known_;
  std::map<MeterNo, BackfillWish> gaps_;
};

}  // namespace steward
