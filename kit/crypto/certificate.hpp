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
/// intermediate.
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
  /// The same for a key that was made elsewhere and stays there: a PKCS#10 request in PEM gives its
  /// public half. Faults: refused (not signed by its key, not EC P-256, or for another name).
  Result<std::string> sign_client(std::string_view request_pem, std::string_view common_name,
                                  const Validity& validity) const;
  /// For a TLS server that is reached under these DNS names and IP addresses
  /// (subjectAltName; the first is the common name too). Faults: refused (none,
  /// more than 32, or one that is neither a host name nor an address).
  Result<Credentials> issue_server(std::span<const std::string> hosts, const Validity& validity) const;

  /// Which of its certificates count no more: an X.509 v2 revocation list in PEM (RFC 5280, 5), newer than
  /// `previous` (PEM; empty: there is none), since a server that has both believes the newer. It ends with
  /// the authority: a list that ended before would shut every client out.
  /// serials: hex. Faults: malformed (a serial or `previous` is none), broken.
  Result<std::string> revocation_list(std::span<const std::string> serials, Instant now,
                                      std::string_view previous) const;

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

/// What a person or a program asks of a certificate.
struct CertificateFacts {
  std::string common_name;  // empty: it has none
  Validity validity;
  std::string serial;  // hex, lower case
};
/// Faults: malformed (not a certificate in PEM).
Result<CertificateFacts> certificate_facts(std::string_view certificate_pem);
/// Whether the certificate is for this private key (both PEM).
bool is_pair(std::string_view certificate_pem, std::string_view key_pem);

/// Whether it is signed by this authority (both PEM). Dates are not looked at.
bool is_issued_by(std::string_view certificate_pem, std::string_view authority_pem);
/// The private key in a PEM text that may hold certificates too, as PKCS#8 PEM. Faults: malformed.
Result<std::string> private_key_in(std::string_view pem);

/// A new EC P-256 private key, PEM (PKCS#8).
std::string new_tls_key();
/// PKCS#10 (RFC 2986) in PEM, signed by the key: asks for a certificate with this common name.
/// Faults: malformed (not a private key).
Result<std::string> request_certificate(std::string_view key_pem, std::string_view common_name);

}  // namespace steward
