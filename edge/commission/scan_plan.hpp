#pragma once
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "contract/nouns/bytes.hpp"
#include "contract/nouns/ids.hpp"
#include "drivers/cjt188/address_search.hpp"
#include "drivers/decode/profile.hpp"
#include "drivers/dlt645/address_search.hpp"
#include "drivers/line/wire_time.hpp"
#include "edge/commission/scan_report.hpp"

namespace steward {

/// What a scan asks to find out which profiles fit.
struct ScanGuess {
  std::string profile;
  RegisterSpan span;  // its probe with the lower count
  std::optional<SerialField> serial;
  std::optional<Variant> variant;  // with a span of its own
};

/// Where a scan looks.
struct ScanScope {
  std::vector<LineFormat> formats;  // the line's own first
  std::vector<Protocol> protocols;
  std::uint8_t from = 1;  // Modbus addresses
  std::uint8_t to = 247;
  /// Units of the plan, and the only read each may be asked with at whatever speed: its probe.
  std::map<std::uint8_t, RegisterSpan> planned;
  /// The speed at which they are in service: there the guard asks them, not the scan.
  std::optional<LineFormat> service;
  std::vector<ScanGuess> guesses;  // the first most_guesses spans are asked
};

/// One read to be put on the line. There is no other kind of request.
struct ScanAsk {
  enum class Kind : std::uint8_t {
    presence,  // is anybody at this address
    doubt,     // once more, since the reply was garbled
    identity,  // which profile fits
    search,    // a Chinese meter by a pattern of digits
  };
  Kind kind = Kind::presence;
  Protocol protocol = Protocol::modbus;
  std::uint8_t unit = 0;  // modbus
  RegisterSpan span;      // modbus
  LineFormat format;
  Bytes request;                     // the whole frame
  std::chrono::nanoseconds wait{0};  // from its last byte to the reply's first

  friend bool operator==(const ScanAsk&, const ScanAsk&) = default;
};
/// How many bytes the reply must have before it can be judged. Pure.
std::size_t scan_whole(const ScanAsk& ask, ByteView so_far);

/// What came of it.
struct ScanHeard {
  bool went_out = true;  // false: the line does not fall silent
  Bytes burst;
  std::chrono::nanoseconds delay{0};  // from the request's last byte to the burst's first
};

/// Finds who is on a line: presence first, then identity, speed by speed.
///
/// Modbus: each address gets one short read (holding register 0, count 1), which any device answers
/// or refuses, and a refusal is an answer too. It is waited for `short_wait`. Only where a speed
/// proved alive (or, when none did, everywhere) the silent addresses are asked once more, for input
/// register 0 and with `long_wait`. Chinese meters: the wildcard, then bisection; a search that
/// meets nothing but collisions is given up as noise.
/// Bounded by addresses x speeds; a search by its own limits. Every request is a read.
/// Pure: says what to ask, is told what came. Thread: any, one at a time.
class ScanPlan {
 public:
  /// Meters answer in 5 to 150 ms (their manuals; DL/T 645-2007, 5.2.1 allows 500).
  static constexpr std::chrono::milliseconds short_wait{200};
  static constexpr std::chrono::milliseconds long_wait{400};
  static constexpr std::chrono::milliseconds item_wait{600};
  static constexpr std::size_t most_guesses = 24;

  explicit ScanPlan(ScanScope scope);

  /// The next read; nothing: the scan is over. The same until `heard` is called.
  std::optional<ScanAsk> next();
  void heard(const ScanHeard& heard);
  /// This speed cannot be asked at: the rounds leave no gap for it.
  void skip(const LineFormat& format);

  ScanProgress progress() const;
  const std::vector<ScanFound>& found() const { return found_; }
  /// What the replies as a whole look like; complete when the scan is over.
  std::vector<ScanSuspicion> suspicions() const;

 private:
  enum class Stage : std::uint8_t { presence, doubt, identity, dlt645, cjt188, again, again_identity };
  struct Course {  // of one speed
    LineFormat format;
    std::vector<std::uint8_t> silent;
    std::map<std::uint8_t, unsigned> garbled;  // how often
    std::vector<std::uint8_t> asked;
    std::chrono::nanoseconds slowest{0};
    bool noise = false;  // a search met nothing but collisions
    bool skipped = false;
    std::size_t fresh = 0;  // found_ from here on has not been asked who it is
  };
  struct Step {
    Stage stage;
    std::size_t course;
  };

  Course& course() { return courses_[steps_[at_].course]; }
  void load();
  void load_presence(const std::vector<std::uint8_t>& units, bool again);
  void load_identity();
  void load_search();
  void plan_again();
  ScanAsk modbus_ask(ScanAsk::Kind kind, std::uint8_t unit, const RegisterSpan& span,
                     std::chrono::nanoseconds wait) const;
  bool wants(Protocol protocol) const;
  bool alive(const Course& course) const;
  void heard_modbus(const ScanAsk& ask, ByteView burst, const ScanHeard& heard);
  void heard_identity(ScanFound& found, const ScanAsk& ask, ByteView burst) const;
  void heard_search(const ScanAsk& ask, ByteView burst);
  ScanFound& note(const ScanAsk& ask, std::string unit, std::chrono::nanoseconds delay);
  std::chrono::nanoseconds cost(const LineFormat& format, std::chrono::nanoseconds wait) const;

  ScanScope scope_;
  std::vector<Course> courses_;
  std::vector<Step> steps_;
  std::size_t at_ = 0;
  bool again_planned_ = false;
  std::deque<ScanAsk> todo_;
  std::optional<dlt645::AddressSearch> dlt645_;
  std::optional<cjt188::AddressSearch> cjt188_;
  unsigned collisions_ = 0;  // of the search, in a row
  std::vector<ScanFound> found_;
  std::size_t asked_ = 0;
};

}  // namespace steward
