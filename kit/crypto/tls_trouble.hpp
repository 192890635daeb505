#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "contract/nouns/clock.hpp"

namespace steward {

/// Why two ends of a TLS connection do not come together.
enum class TlsTrouble : std::uint8_t {
  none,
  // Our own files, seen without a network.
  file_missing,
  file_open,    // others may read the private key
  file_broken,  // cut short, or not PEM
  key_differs,  // the private key is not the certificate's
  own_nameless,
  own_name,     // made out to somebody else
  own_purpose,  // not for a client
  own_expired,
  own_not_yet,
  clock,  // this machine's clock cannot be right
  // The way there.
  no_such_host,
  nobody_listens,
  no_answer,
  not_tls,
  old_tls,
  // The server, as we see it.
  server_expired,
  server_not_yet,
  server_unknown,      // by an authority we do not trust
  server_self_signed,  // by nobody but itself
  server_name,
  server_purpose,
  server_weak,
  server_chain,  // an intermediate is missing or may not sign
  // We, as the server sees us.
  refused_unknown,
  refused_expired,
  refused_revoked,
  refused_bad,
  refused_missing,
  other,
};
/// Stable, for logs and JSON: "server_expired".
std::string_view word(TlsTrouble trouble);

/// One trouble in words a person can act on.
struct TlsVerdict {
  TlsTrouble trouble = TlsTrouble::none;
  std::string en;  // what is so, and what to do next
  std::string zh;

  friend bool operator==(const TlsVerdict&, const TlsVerdict&) = default;
};

/// What the words need to name things.
struct TlsScene {
  std::string peer;    // "broker.example:8883"
  std::string file;    // ours that is meant
  std::string detail;  // names, dates, what a library said
  Instant now;         // by this machine's clock
};
/// Pure. Thread: any.
TlsVerdict verdict_of(TlsTrouble trouble, const TlsScene& scene);

/// Before this no certificate of ours was ever valid: a clock that says so is unset.
inline constexpr Instant first_possible_now = Instant(std::chrono::sys_days(std::chrono::year(2020) / 1 / 1));

}  // namespace steward
