#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "contract/nouns/bytes.hpp"
#include "contract/nouns/field_setup.hpp"
#include "contract/nouns/ids.hpp"
#include "contract/nouns/problem.hpp"
#include "contract/nouns/result.hpp"
#include "contract/wire/seal.hpp"

namespace steward {

/// The part of a gateway's configuration that the cloud may set: when rounds
/// are, which buses there are, which meters hang on them. Desired by the cloud
/// (signed), applied by the edge as a whole or not at all.
/// Names of buses and meters are unique, and so is a serial device; every meter's
/// bus exists; no two meters share (bus, unit). What a profile says of its meters
/// (protocol, parity, pulses) is checked where the profiles are: on the gateway.
struct SiteConfigDocument {
  SiteId site;
  GatewayId gateway;
  std::uint64_t version = 0;  // from 1, raised by one with each change
  RoundSetup rounds;
  std::vector<BusSetup> buses;     // devices are absolute paths
  std::vector<MeterSetup> meters;  // file_line: where the text that was read says it

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
/// The document as JSON, keys in a fixed order, one line for each bus and each meter.
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
