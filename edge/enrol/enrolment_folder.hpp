#pragma once
#include <filesystem>
#include <string>
#include <string_view>

#include "contract/wire/enrolment.hpp"
#include "kit/crypto/certificate.hpp"

namespace steward {

/// Names of the files in an enrolment folder (docs/formats/enrolment.md). Those that a gateway at work
/// needs; pending ones begin with "next-".
namespace enrolment_file {
inline constexpr std::string_view authority = "ca.pem";
inline constexpr std::string_view identity = "gateway.pem";  // certificate and private key: replaced as one
inline constexpr std::string_view block_key = "block-key.pem";
inline constexpr std::string_view cloud_key = "cloud-key.pub.pem";
inline constexpr std::string_view about = "enrolment.json";
inline constexpr std::string_view next_tls_key = "next-gateway-key.pem";
inline constexpr std::string_view next_block_key = "next-block-key.pem";
}  // namespace enrolment_file

/// What an enrolment that was accepted has changed.
struct AcceptedEnrolment {
  SiteId site;
  GatewayId gateway;
  PublicKey cloud_key{};  // its fingerprint is for a person to compare
  Validity validity;      // of the new certificate
  bool new_certificate = false;
  bool new_block_key = false;
};

/// The folder in which a gateway makes and keeps its keys: 0700, private keys 0600.
/// Nothing private is ever in what `request` gives or `accept` takes.
///
/// Every file is replaced as a whole, and the order of the renames leaves a sound
/// folder behind a power cut at any of them. Thread: one at a time.
class EnrolmentFolder {
 public:
  explicit EnrolmentFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// Makes the keys that are missing, on disk before it returns, and asks for a certificate.
  /// Asked again before an answer came, it asks with the same keys.
  /// new_block_key: of an enrolled gateway, another key for its blocks too; then the present key signs
  /// the request as well.
  /// Faults: broken, refused (names too long; a private key others can read).
  Result<Bytes> request(const SiteId& site, const GatewayId& gateway, bool new_block_key, Instant now);

  /// Installs the answer if it fits the keys that asked. Given the same again, changes nothing.
  /// Faults: malformed, refused (for other keys, by another cloud, a certificate of another name or
  /// authority), broken; each says what to do.
  Result<AcceptedEnrolment> accept(ByteView grant);

 private:
  std::filesystem::path in(std::string_view name) const { return folder_ / name; }
  bool has(std::string_view name) const;
  Result<std::string> tls_key();
  Result<SigningKey> block_key(std::string_view name);
  Result<EnrolmentGrant> read(ByteView grant) const;
  Result<std::string> key_for(const std::string& certificate) const;
  Result<void> match_block_key(const EnrolmentGrant& grant, bool& is_next) const;

  std::filesystem::path folder_;
};

}  // namespace steward
