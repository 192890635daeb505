#pragma once
#include "contract/nouns/clock.hpp"

namespace steward {

/// Both clocks in a test's own hand.
class ManualClock : public Clock {
 public:
  explicit ManualClock(Instant start = instant_from_ms(1'780'243'200'000))
      : now_(start) {}  // 2026-05-31T16:00Z

  Instant now() const override { return now_; }
  Ticks ticks() const override { return ticks_; }
  ClockTrust trust() const override { return trust_; }

  /// Time passes: both clocks go on.
  void advance(Milliseconds length) {
    now_ += length;
    ticks_ += length;
  }
  /// The wall clock is set, as by NTP; the steady clock does not notice.
  void set(Instant instant) { now_ = instant; }
  void set_trust(ClockTrust trust) { trust_ = trust; }

 private:
  Instant now_;
  Ticks ticks_{std::chrono::hours(1)};
  ClockTrust trust_ = ClockTrust::synced;
};

}  // namespace steward
