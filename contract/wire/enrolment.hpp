#pragma once
#include <cstdint>
#include <string>

#include "contract/nouns/bytes.hpp"
#include "contract/nouns/clock.hpp"
#include "contract/nouns/ids.hpp"
#include "contract/nouns/result.hpp"
#include "contract/wire/seal.hpp"

namespace steward {

/// A gateway asks to be known, or to be known by new keys. Its private keys stay
/// where they were made: this carries the public halves, and proves that the
/// asker has the private ones. A file, carried by a person (docs/formats/enrolment.md).
struct EnrolmentRequest {
  SiteId site;
  GatewayId gateway;
  PublicKey block_key{};            // will sign, or signs, its blocks
  std::string certificate_request;  // PKCS#10 in PEM, by the TLS key, for the name {site}/{gateway}
  Instant at;                       // the gateway's clock, for people

  friend bool operator==(const EnrolmentRequest&, const EnrolmentRequest&) = default;
};

/// The cloud's answer: everything the gateway needs beside its own keys. No secret.
struct EnrolmentGrant {
  SiteId site;
  GatewayId gateway;
  PublicKey block_key{};    // whose request this answers
  PublicKey cloud_key{};    // signs acks, commands, and this
  std::string authority;    // PEM: who signed the broker's certificate
  std::string certificate;  // PEM: for the TLS key of the request
  std::string broker_host;  // where the gateways reach the broker
  std::uint16_t broker_port = 8883;
  Instant at;  // the cloud's clock

  friend bool operator==(const EnrolmentGrant&, const EnrolmentGrant&) = default;
};

/// COSE_Sign1 over JSON, signed by the block key it names: nobody can ask with
/// another's key. Faults: malformed (a field outside its limit).
Result<Bytes> encode_request(const EnrolmentRequest& request, const Signer& block_key);
/// The key a request says it is signed by. Nothing is proven yet. Faults: malformed.
Result<PublicKey> key_in_request(ByteView bytes);
/// Faults: malformed, refused (not signed by the key it names).
Result<EnrolmentRequest> decode_request(ByteView bytes, const Verifier& block_key);

/// A request with another block key, signed once more by the present one: whoever
/// only copied a name cannot take a gateway over.
Bytes seal_succession(ByteView request, const Signer& present_key);
bool is_succession(ByteView bytes);
/// The request inside, of whom nothing is proven yet. Faults: malformed.
Result<Bytes> inside_succession(ByteView bytes);
/// The request inside. Faults: malformed, refused (not signed by the present key).
Result<Bytes> open_succession(ByteView bytes, const Verifier& present_key);

/// COSE_Sign1 over JSON, signed by the cloud's key, which it names.
/// Faults: malformed (a field outside its limit).
Result<Bytes> encode_grant(const EnrolmentGrant& grant, const Signer& cloud);
/// The key a grant says it is signed by. A gateway that knows no cloud yet believes it after a
/// person has compared its fingerprint with what the cloud printed. Faults: malformed.
Result<PublicKey> key_in_grant(ByteView bytes);
/// Faults: malformed, refused (not signed by this cloud).
Result<EnrolmentGrant> decode_grant(ByteView bytes, const Verifier& cloud);

}  // namespace steward
