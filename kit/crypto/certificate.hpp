#pragma once
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "contract/nouns/clock.hpp"
#include "contract/nouns/ids.hpp"
#include "contract/nouns/result.hpp"
#include "kit/crypto/signing_key.hpp"

namespace steward {

/// From when to when a certificate holds. TLS libraries compare it with the
/// real wall clock, so give real time even where the rest is stepped.
struct Validity {
  Instant from;
  Instant until;
};
/// A day back (clocks differ) and `days` ahead of `now`.
Validity valid_for_days(Instant now, int days);

/// A certificate and its private key, both PEM.
struct Credentials {
  std::string certificate;
  std::string private_key;
};
/// Writes <dir>/<name>.pem (0644) and <dir>/<name>-key.pem (0600), making <dir>.
Result<void> save_identity(const Credentials& identity, const std::filesystem::path& dir,
                           std::string_view name);

/// A tiny certificate authority: one EC P-256 key that signs the broker's and
/// the gateways' certificates (X.509 v3, RFC 5280; ECDSA with SHA-256). No
/// intermediate, no revocation list: a gateway is shut out at the broker's ACL.
/// Serial numbers are 127 random bits (RFC 5280, 4.1.2.2), so none is stored.
/// Thread: one at a time.
class Authority {
 public:
  /// A new authority. `name` (1..64 bytes) becomes its common name.
  static Result<Authority> make(std::string_view name, const Validity& validity);
  /// From <dir>/ca.pem and <dir>/ca-key.pem. Faults: broken, malformed (not an
  /// authority, or key and certificate are not a pair).
  static Result<Authority> load(const std::filesystem::path& dir);
  /// To the same two files; the key with mode 0600. Makes `dir`.
  Result<void> save(const std::filesystem::path& dir) const;

  /// For TLS clients (extendedKeyUsage clientAuth). The broker takes the common
  /// name as the user name. Faults: refused (empty or above 64 bytes, the upper
  /// bound of RFC 5280, A.1).
  Result<Credentials> issue_client(std::string_view common_name, const Validity& validity) const;
  /// For a TLS server that is reached under these DNS names and IP addresses
  /// (subjectAltName; the first is the common name too). Faults: refused (none,
  /// more than 32, or one that is neither a host name nor an address).
  Result<Credentials> issue_server(std::span<const std::string> hosts, const Validity& validity) const;

  /// What clients and servers must trust: ca.pem.
  const std::string& certificate() const { return identity_.certificate; }

 private:
  explicit Authority(Credentials identity) : identity_(std::move(identity)) {}
  Credentials identity_;
};

/// "{site}/{gateway}": a gateway's common name and MQTT user name, which the
/// broker's ACL pattern puts into its topics. Faults: refused (not codes, or
/// longer than 64 bytes together: with both at 32 it would be 65).
Result<std::string> gateway_common_name(const SiteId& site, const GatewayId& gateway);

/// The common name in a PEM certificate. Faults: malformed.
Result<std::string> common_name_of(std::string_view certificate_pem);
/// When a PEM certificate ends. Faults: malformed.
Result<Instant> certificate_ends(std::string_view certificate_pem);

}  // namespace steward
