#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "contract/nouns/ids.hpp"
#include "contract/nouns/result.hpp"
#include "contract/text/json.hpp"
#include "drivers/line/wire_time.hpp"

namespace steward {

// What a technician's verbs ask the running daemon; docs/formats/control-socket.md has the lines.

/// {"verb":"trace","line":"b1","seconds":60}: what is said on a line, as it is said. Streams.
struct TraceRequest {
  BusId line;
  std::uint32_t seconds = 600;  // 1..86400; then it ends by itself
  friend bool operator==(const TraceRequest&, const TraceRequest&) = default;
};

/// {"verb":"verify","meter":"E-1","display":"1234.56","channel":"energy_import"}
struct VerifyRequest {
  MeterId meter;
  std::string display;  // as the technician reads it
  std::string channel;  // empty: the billed one
  friend bool operator==(const VerifyRequest&, const VerifyRequest&) = default;
};

/// {"verb":"scan","line":"b1","baud":[9600],"parity":["none"],"protocol":["modbus"],"from":1,"to":32}:
/// who is there. Streams. Empty lists: the line's own, and every protocol.
struct ScanRequest {
  BusId line;  // empty: the site's only serial line
  std::vector<std::uint32_t> bauds;
  std::vector<Parity> parities;
  std::vector<Protocol> protocols;
  std::uint8_t from = 1;  // Modbus addresses
  std::uint8_t to = 247;
  friend bool operator==(const ScanRequest&, const ScanRequest&) = default;
};

/// {"verb":"doctor"}: what the daemon knows of its health.
struct DoctorRequest {
  friend bool operator==(const DoctorRequest&, const DoctorRequest&) = default;
};

/// {"verb":"cancel"}: ends what this connection asked for before; it then gives its answer.
struct CancelRequest {
  friend bool operator==(const CancelRequest&, const CancelRequest&) = default;
};

/// Baud rates a scan may try: what drivers and meters know.
inline constexpr std::uint32_t scan_bauds[] = {300,   600,   1200,  2400,  4800,  9600,
                                               14400, 19200, 38400, 57600, 115200};

/// The fields behind the verb. Faults: malformed (the message says which field and what it must be).
Result<TraceRequest> read_trace(const Json& json);
Result<VerifyRequest> read_verify(const Json& json);
Result<ScanRequest> read_scan(const Json& json);

Json print_trace(const TraceRequest& request);
Json print_verify(const VerifyRequest& request);
Json print_scan(const ScanRequest& request);

}  // namespace steward
