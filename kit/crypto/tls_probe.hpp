#pragma once
#include <cstdint>
#include <string>

#include "contract/nouns/clock.hpp"
#include "kit/crypto/tls_trouble.hpp"

namespace steward {

/// Where a TLS server is, and our files for it.
struct TlsSide {
  std::string host;
  std::uint16_t port = 0;
  std::string ca_file;
  std::string cert_file;
  std::string key_file;       // may be the same file
  std::string expected_name;  // the certificate's common name; empty: any
};

/// Judges our own files as they lie on disk; no network. `none` when there is nothing to say.
TlsVerdict judge_tls_files(const TlsSide& side, Instant now);

/// Asks why a connection fails, by making one: the files first, then TCP and a TLS handshake with the same
/// rules as the MQTT client's (TLS 1.2 at least, security level 2, both sides show a certificate, the
/// server's name is checked), closed again before a word of MQTT. In TLS 1.3 a server judges our certificate
/// after the handshake; its verdict is waited for.
///
/// MQTT libraries say "code -1"; this says what is wrong and what to do.
/// now: what the certificates are held against.
/// patience: for connecting, and again for the handshake. A name server can take longer.
/// Thread: any; blocks.
TlsVerdict probe_tls(const TlsSide& side, Instant now, Milliseconds patience);

}  // namespace steward
