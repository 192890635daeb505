#pragma once
#include <string>

#include "contract/nouns/ids.hpp"
#include "contract/nouns/result.hpp"
#include "contract/text/json.hpp"

namespace steward {

/// {"verb":"pulse-base","meter":"W-1","display":"1234.567","by":"li"}: what the meter's own dial shows
/// now; the counter goes on from there.
struct PulseBaseRequest {
  MeterId meter;
  std::string display;  // as the technician reads it: m3 or kWh
  std::string by;       // who read it
  friend bool operator==(const PulseBaseRequest&, const PulseBaseRequest&) = default;
};

/// The fields behind the verb. Faults: malformed (the message says which field and what it must be).
Result<PulseBaseRequest> read_pulse_base(const Json& json);
Json print_pulse_base(const PulseBaseRequest& request);

}  // namespace steward
