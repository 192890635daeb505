#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "contract/nouns/clock.hpp"
#include "contract/nouns/ids.hpp"
#include "contract/nouns/reading.hpp"

namespace steward {

/// How a closing reading came to us.
enum class ReadingSource : std::uint8_t {
  gateway = 0,           // a signed closing record of a log
  manual = 1,            // a person read the dial (readings.csv)
  imported = 2,          // from another system (readings.csv)
  estimate_season = 3,   // nobody read it: by the same days of the year before (readings.csv)
  estimate_average = 4,  // by the average day of the months before
  estimate_peers = 5,    // by comparable units; a person has reckoned it
};
constexpr std::string_view word(ReadingSource source) {
  constexpr std::string_view words[] = {"gateway",         "manual",           "import",
                                        "estimate-season", "estimate-average", "estimate-peers"};
  return words[static_cast<std::size_t>(source)];
}

constexpr bool is_estimate(ReadingSource source) { return source >= ReadingSource::estimate_season; }

/// The register of one channel at one billing boundary, with where it is from.
/// Everything a bill line quotes about it stands here, so that a stored bill
/// explains itself without the database.
struct ClosingReading {
  MeterId meter;
  std::string channel;     // "energy_import", "volume"
  Instant at;              // the boundary: the closing record's round_at
  std::int64_t value = 0;  // the dial, before the multiplier; Wh or litre
  ChannelUnit unit = ChannelUnit::none;
  std::int64_t modulus = 0;  // the register wraps here; 0 = not known
  Quality quality = Quality::good;
  Reason reason = Reason::none;
  ReadingSource source = ReadingSource::gateway;
  GatewayId gateway;  // the following six: source gateway only
  Uuid epoch{};
  Seq seq;
  ProfileId profile;
  Words raw;  // the registers as they came over the wire
  ClockTrust trust = ClockTrust::synced;
  std::string doubt;      // the gateway took it back later: why; then quality is not good
  Instant doubt_since{};  // and since when

  friend bool operator==(const ClosingReading&, const ClosingReading&) = default;
};

/// What is known of one register at one boundary.
struct ClosingAt {
  const ClosingReading* reading = nullptr;  // nullptr: nothing
  bool conflict = false;                    // two equally good sources name different values
};

/// The closing readings a bill run may stand on. The caller fills it; the order
/// of `add` does not matter.
///
/// Fill it with, for every meter of the estate: the readings at local midnight
/// of the month's first day and of the next month's, of each day inside the
/// month on which an occupancy, a tariff version or an installation changes,
/// and of 1 January, or else the first one of the calendar year (annual tiers).
/// More does no harm; handing over a whole year of daily closings is fine.
///
/// For one (meter, channel, instant) the best wins: a good signed reading, then
/// a good typed one, then an estimate, then whatever there is (which no bill will stand on). So a
/// typed reading fills a hole but never overrules a good signed one. Several of
/// one rank with the same value are one reading (the lowest gateway, epoch, seq
/// is named); with different values they are a conflict, which blocks the run.
/// Thread: any; a value.
class ClosingReadings {
 public:
  void add(ClosingReading reading);

  ClosingAt find(const MeterId& meter, std::string_view channel, Instant at) const;

  /// The earliest good, unconflicted one with from <= at < before, or nullptr.
  const ClosingReading* first_good(const MeterId& meter, std::string_view channel, Instant from,
                                   Instant before) const;

  std::size_t size() const { return best_.size(); }

 private:
  struct Best {
    ClosingReading reading;
    bool conflict = false;
  };
  using Key = std::tuple<MeterId, std::string, Instant>;
  std::map<Key, Best> best_;
};

}  // namespace steward
