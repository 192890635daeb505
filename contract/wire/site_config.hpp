#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "contract/nouns/bytes.hpp"
#include "contract/nouns/ids.hpp"
#include "contract/nouns/problem.hpp"
#include "contract/nouns/result.hpp"
#include "contract/wire/seal.hpp"

namespace steward {

/// The part of a gateway's configuration that the cloud may set: when rounds
/// are, which buses there are, which meters hang on them. Desired by the cloud
/// (signed), applied by the edge as a whole or not at all.
/// Names of buses and meters are unique; every meter's bus exists; no two
/// meters share (bus, unit).
struct SiteConfigDocument {
  enum class BusKind : std::uint8_t { modbus_tcp, modbus_rtu };
  enum class Parity : std::uint8_t { none, even, odd };

  struct Rounds {
    std::int32_t every_minutes = 60;        // 1..1440, divides a day
    std::int32_t skew_limit_s = 120;        // 1..3600
    std::int32_t closing_minute_utc = 960;  // 0..1439; 960 = midnight at UTC+8
    friend bool operator==(const Rounds&, const Rounds&) = default;
  };
  struct Bus {
    BusId bus;
    BusKind kind = BusKind::modbus_tcp;
    std::string host;              // modbus_tcp
    std::uint16_t port = 502;      // modbus_tcp (MODBUS Messaging on TCP/IP V1.0b, 4.1.3)
    std::string device;            // modbus_rtu
    std::uint32_t baud = 9600;     // modbus_rtu, 300..115200
    Parity parity = Parity::none;  // modbus_rtu
    std::uint8_t stop_bits = 1;    // modbus_rtu, 1 or 2
    friend bool operator==(const Bus&, const Bus&) = default;
  };
  struct Meter {
    MeterId meter;
    ProfileId profile;
    BusId bus;
    UnitAddress unit;  // 1..247
    std::string name;  // for people; may be empty
    friend bool operator==(const Meter&, const Meter&) = default;
  };

  SiteId site;
  GatewayId gateway;
  std::uint64_t version = 0;  // from 1, raised by one with each change
  Rounds rounds;
  std::vector<Bus> buses;
  std::vector<Meter> meters;

  friend bool operator==(const SiteConfigDocument&, const SiteConfigDocument&) = default;
};

/// What became of a desired document: applied, or refused with every reason.
struct ReportedConfig {
  SiteId site;
  GatewayId gateway;
  std::uint64_t version = 0;  // of the document that was judged; 0 = the gateway's own file
  bool applied = false;       // true exactly when there are no problems
  Problems problems;

  friend bool operator==(const ReportedConfig&, const ReportedConfig&) = default;
};

/// Reads a document, adding to `problems` everything that is wrong with it (line
/// numbers in `text`, both languages). No value unless `problems` stays empty.
Result<SiteConfigDocument> read_site_config(std::string_view file, std::string_view text, Problems& problems);
/// The document as JSON, keys in a fixed order, two spaces of indent.
std::string print_site_config(const SiteConfigDocument& document);

/// COSE_Sign1 over that JSON, by the cloud's key. Faults: malformed (longer
/// than 256 KiB, or a document that read_site_config would refuse).
Result<Bytes> encode_desired(const SiteConfigDocument& document, const Signer& cloud);
/// Faults: malformed (message is the first problem; `problems` has all), refused (wrong key).
Result<SiteConfigDocument> decode_desired(ByteView bytes, const Verifier& cloud, Problems& problems);

/// JSON on one line; not signed. Problems past the 500th are left out.
std::string encode_reported(const ReportedConfig& reported);
/// Faults: malformed.
Result<ReportedConfig> decode_reported(std::string_view text);

}  // namespace steward
