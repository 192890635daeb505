#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "contract/nouns/clock.hpp"
#include "contract/nouns/ids.hpp"
#include "contract/nouns/reading.hpp"
#include "drivers/guard/unit_guard.hpp"

namespace steward {

/// What a unit says it is.
struct Identity {
  Words serial;          // the profile's serial registers; empty where it has none
  bool expected = true;  // as known before; the first one ever seen is learned
};

/// How a unit stands at this moment.
struct UnitStatus {
  Standing standing = Standing::quarantined;
  Ticks ready_at;              // quarantined: when `identify` may go out; else in the past
  std::uint64_t episode = 0;   // counts faults: values and identities of one episode belong together
  bool latched = false;        // another device than expected, or two, answer at this address
  bool foreign = false;        // a second master was heard on the line not long ago
  bool pulses_missed = false;  // of a pulse counter: it may show too little until its base is set again
};

/// Something the guard found out about a unit or its line; each is said once.
struct BusNotice {
  enum class Kind : std::uint8_t {
    slow,            // a reply came later than ever: the quarantine grew
    beyond,          // a reply came later than the quarantine: values since `since` are time_unsure
    clash,           // two devices answer at this address: values since `since` are suspect
    exchanged,       // another serial number than before: values since `since` are suspect
    foreign_master,  // somebody else asks on this line: nothing on it is billing grade for 10 minutes
    refuses_probe,   // exceptions to the identity read: the profile does not fit the meter
  };
  Kind kind = Kind::slow;
  UnitAddress unit;    // 0 for foreign_master
  Ticks since;         // the last clean check before, see kind
  std::string detail;  // one sentence, for a technician
};

/// Why exchanges failed, counted: what a technician's next step is judged from.
struct UnitCounters {
  std::uint64_t asked = 0;      // requests that went out, probes included
  std::uint64_t answered = 0;   // of these, rightly
  std::uint64_t silent = 0;     // nothing came in time
  std::uint64_t garbled = 0;    // bytes that make no frame
  std::uint64_t cut = 0;        // a frame that ended early
  std::uint64_t surplus = 0;    // right, and then more
  std::uint64_t late = 0;       // a reply to an earlier request
  std::uint64_t strangers = 0;  // another unit answered
  std::uint64_t exceptions = 0;
  std::uint8_t last_exception = 0;
  std::uint64_t echoes = 0;          // our own request came back: the adapter hears itself
  std::chrono::microseconds p99{0};  // of reply delays

  friend bool operator==(const UnitCounters&, const UnitCounters&) = default;
};

/// What of a unit outlives a restart.
struct UnitRecord {
  UnitAddress unit;
  UnitMemory memory;
  std::optional<Words> serial;  // registers that say which device this is; nothing: never seen
  bool latched = false;

  friend bool operator==(const UnitRecord&, const UnitRecord&) = default;
};

}  // namespace steward
