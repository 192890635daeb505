#pragma once
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "contract/nouns/clock.hpp"
#include "contract/nouns/log.hpp"
#include "contract/nouns/result.hpp"

namespace steward {

/// Something a person should look at, for as long as it lasts.
struct Alarm {
  std::string kind;     // stable word: "unit_silent", "clock_unset", "disk_full"
  std::string subject;  // meter, bus, door it is about; may be empty
  Instant since;
  std::string detail;  // one sentence

  friend bool operator==(const Alarm&, const Alarm&) = default;
};

/// What a gateway says of itself: retained, replaced as a whole. Not signed: it
/// informs, and nothing is billed or deleted because of it.
struct EdgeState {
  SiteId site;
  GatewayId gateway;
  bool online = false;
  std::string version;  // of steward-edge, e.g. "0.1.0"
  Uuid boot{};
  ClockTrust trust = ClockTrust::unset;
  Instant at;                                                   // when it was written, gateway's clock
  std::array<std::uint64_t, std::size(all_streams)> backlog{};  // records not yet acknowledged, by Stream
  std::vector<Alarm> alarms;                                    // at most 64

  friend bool operator==(const EdgeState&, const EdgeState&) = default;
};

/// JSON on one line, keys in a fixed order (docs/formats/messages.md, State).
/// Text past its limit is cut, alarms past the 64th or past 64 KiB are left out:
/// the state of a gateway in trouble must still go out. Site and gateway must be codes (assert).
std::string encode_state(const EdgeState& state);

/// Faults: malformed (the message says where and what).
Result<EdgeState> decode_state(std::string_view text);

/// What the broker publishes when the gateway vanishes: the same message with
/// online false, no backlog and no alarms, since nobody knows them then.
std::string last_will(const EdgeState& state);

}  // namespace steward
