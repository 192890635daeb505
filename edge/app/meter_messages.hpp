#pragma once
#include <optional>
#include <string>

#include "contract/nouns/ids.hpp"
#include "contract/nouns/meter_event.hpp"
#include "contract/nouns/result.hpp"
#include "contract/text/json.hpp"

namespace steward {

/// What a technician says of a meter's life, one JSON line each:
///   {"verb":"meter-exchange","meter":"E-1","new_meter":"E-9","final":"1234.56","initial":"0.00","by":"Li"}
///   {"verb":"meter-reset","meter":"E-1","final":"1234.56","initial":"0","by":"Li"}
///   {"verb":"meter-ratio","meter":"E-1","old_ratio":"40","new_ratio":"60","final":"1234.56","by":"Li"}
///   {"verb":"meter-remove" or "meter-seal","meter":"E-1","final":"1234.56","by":"Li"}
/// Texts as they were typed: the daemon names all that is wrong with them at once. kind: exchange, reset,
/// ratio_change, removed or sealed.
struct MeterRequest {
  MeterEventKind kind = MeterEventKind::exchange;
  MeterId meter;
  std::string final_register;    // kWh or m³ as the dial shows it
  std::string initial_register;  // exchange, reset
  std::string new_meter;         // exchange: serial plate
  std::string old_ratio;         // ratio: "40" or "3/2"
  std::string new_ratio;
  std::string profile;  // exchange: of the new meter; empty: as the old one's
  std::string unit;     // the new meter's address; empty: as the old one's
  std::string serial;   // as the new one reports it; empty: learned
  std::string by;
  std::string why;

  friend bool operator==(const MeterRequest&, const MeterRequest&) = default;
};

/// Is it one of these verbs?
bool is_meter_verb(std::string_view verb);
/// Faults: malformed (a field that is no text of at most 256 bytes; the message names it).
Result<MeterRequest> read_meter_request(const Json& json);
Json print_meter_request(const MeterRequest& request);

}  // namespace steward
