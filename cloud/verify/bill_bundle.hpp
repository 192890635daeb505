#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cloud/verify/month_record.hpp"
#include "contract/nouns/ids.hpp"
#include "contract/nouns/result.hpp"
#include "contract/wire/seal.hpp"

namespace steward {

/// A bundle begins with this line: docs/formats/bill-bundle.md.
inline constexpr std::string_view bill_bundle_magic = "steward bill 1\n";
inline constexpr std::size_t max_bundle_bytes = 1024UL * 1024 * 1024;  // a million closings and their estate
inline constexpr std::size_t max_section_bytes = 64UL * 1024 * 1024;   // as of an imported file
inline constexpr std::size_t max_bundled_closings = 4'000'000;

/// A signed closing record, and what the cloud made of it.
struct BundledClosing {
  Bytes sealed;  // the gateway's own bytes
  /// Where it belongs and how good it is, when that is not what it says of itself.
  std::optional<std::pair<Instant, Quality>> settled;
  std::optional<TakenBack> taken_back;
};

/// A bill with everything it was computed from.
struct BillBundle {
  std::string bill;  // its JSON, byte for byte
  Month month{};
  Digest inputs{};                                    // as its run names them
  std::vector<std::pair<GatewayId, PublicKey>> keys;  // of the gateways that signed
  std::vector<LifeEvent> events;                      // in the books' order; `no` is their place, from 1
  std::vector<RegisterFall> falls;
  std::string settled;  // the lines of closings that belong elsewhere
  EstateFiles files;
  std::vector<BundledClosing> closings;  // in the order of the hash
};

/// The bundle's bytes, signed by the issuer. The same bundle and key: the same bytes.
/// Faults: full (beyond the limits).
Result<std::string> write_bundle(const BillBundle& bundle, const Signer& issuer);

struct OpenedBundle {
  BillBundle bundle;
  PublicKey issuer{};   // as it says itself
  bool sealed = false;  // the signature behind it holds over every byte before
};
/// Takes a bundle apart; only what write_bundle writes is taken. Faults: refused (another kind of file),
/// malformed (cut off, out of order, outside a limit; names the byte).
Result<OpenedBundle> read_bundle(std::string_view bytes);

}  // namespace steward
