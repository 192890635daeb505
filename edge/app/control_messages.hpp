#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "contract/nouns/ids.hpp"
#include "contract/nouns/result.hpp"
#include "contract/text/json.hpp"
#include "drivers/doors/door_records.hpp"
#include "edge/app/backfill_messages.hpp"
#include "edge/app/commission_messages.hpp"
#include "edge/app/meter_messages.hpp"
#include "edge/app/pulse_messages.hpp"

namespace steward {

/// What the gateway's own verbs ask the running daemon, one JSON line each:
///   {"verb":"status"}
///   {"verb":"open-door","controller":"gate","door":1}
///   {"verb":"card-put","controller":"gate","card":8165537,"from":"2026-01-01","to":"2026-12-31","doors":[1,2]}
///   {"verb":"card-delete","controller":"gate","card":8165537}
///   {"verb":"unlatch","meter":"SDM630-000001"}
struct StatusRequest {
  friend bool operator==(const StatusRequest&, const StatusRequest&) = default;
};
struct OpenDoorRequest {
  std::string controller;
  std::uint8_t door = 0;  // 1..4
  friend bool operator==(const OpenDoorRequest&, const OpenDoorRequest&) = default;
};
struct PutCardRequest {
  std::string controller;
  DoorCard card;  // the doors named may always be opened with it, the others never
  friend bool operator==(const PutCardRequest&, const PutCardRequest&) = default;
};
struct DeleteCardRequest {
  std::string controller;
  std::uint32_t card = 0;
  friend bool operator==(const DeleteCardRequest&, const DeleteCardRequest&) = default;
};
/// {"verb":"take-keys"}: the enrolment folder has other keys or another certificate
struct TakeKeysRequest {
  friend bool operator==(const TakeKeysRequest&, const TakeKeysRequest&) = default;
};
struct UnlatchRequest {
  MeterId meter;
  friend bool operator==(const UnlatchRequest&, const UnlatchRequest&) = default;
};
using ControlRequest =
    std::variant<StatusRequest, OpenDoorRequest, PutCardRequest, DeleteCardRequest, UnlatchRequest,
                 TraceRequest, VerifyRequest, ScanRequest, DoctorRequest, CancelRequest, MeterRequest,
                 PulseBaseRequest, BackfillRequest, TakeKeysRequest>;

/// Longest request line, and longest progress or answer line.
inline constexpr std::size_t max_control_request = 4 * 1024;
inline constexpr std::size_t max_control_answer = 64 * 1024;

/// Faults: malformed (the message says which field and what it must be).
Result<ControlRequest> read_control_request(std::string_view line);
std::string print_control_request(const ControlRequest& request);

/// Whether this line ends what was asked; all before it are progress lines, which have no "ok".
bool is_control_answer(const Json& line);
/// {"ok":true,...fields} or {"ok":false,"fault":"retry","message":"..."}; one line without its end.
std::string print_control_answer(const Result<Json>& answer);
/// Back from that line. Faults: what the daemon said, or malformed.
Result<Json> read_control_answer(std::string_view line);

}  // namespace steward
