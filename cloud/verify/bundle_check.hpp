#pragma once
#include <string>
#include <vector>

#include "cloud/verify/bill_bundle.hpp"
#include "contract/wire/seal.hpp"

namespace steward {

/// One sentence in each language.
struct BundleWord {
  std::string en;
  std::string zh;
};

/// What a bundle is worth.
struct BundleVerdict {
  std::vector<BundleWord> agrees;   // what was found to hold
  std::vector<BundleWord> differs;  // what does not; at most 100
  std::string bill;                 // its id
  Digest inputs{};                  // recomputed: must stand on the printed bill
  PublicKey issuer{};
  std::uint64_t signed_closings = 0;
  std::uint64_t typed_readings = 0;  // of readings.csv: nobody's signature stands under them

  bool holds() const { return differs.empty(); }
};

/// Whose signatures count, when they came another way than in the file. Empty: those of the file.
struct TrustedKeys {
  std::vector<PublicKey> gateways;
  std::vector<PublicKey> issuers;
};

/// Recomputes the bill of a bundle from nothing but the bundle: the issuer's and the gateways' signatures,
/// the hash of all inputs, then the whole month, and compares the bill byte for byte. Where a line differs,
/// says what it says and what it would be. Thread: any; no clock, no disk, no network.
BundleVerdict check_bundle(const OpenedBundle& opened, const TrustedKeys& trusted);

}  // namespace steward
