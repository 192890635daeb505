#pragma once
#include <string_view>

#include "contract/nouns/bytes.hpp"
#include "contract/nouns/result.hpp"
#include "contract/wire/seal.hpp"

namespace steward {

/// What a sealed message is about. It is signed with the message, so one kind
/// can never be passed off as another signed by the same key.
namespace content_type {
inline constexpr std::string_view block = "application/vnd.steward.block+cbor";
inline constexpr std::string_view closing = "application/vnd.steward.closing+cbor";
inline constexpr std::string_view ack = "application/vnd.steward.ack+json";
inline constexpr std::string_view site_config = "application/vnd.steward.site-config+json";
inline constexpr std::string_view command = "application/vnd.steward.command+json";
inline constexpr std::string_view command_result = "application/vnd.steward.command-result+json";
inline constexpr std::string_view enrolment_request = "application/vnd.steward.enrolment-request+json";
inline constexpr std::string_view key_succession = "application/vnd.steward.key-succession";
inline constexpr std::string_view enrolment = "application/vnd.steward.enrolment+json";
}  // namespace content_type

/// A COSE_Sign1 message taken apart, its signature not yet looked at.
/// Lifetime: the views point into the message.
struct Envelope {
  ByteView protected_header;  // {1: -8 (EdDSA), 3: content type}
  ByteView payload;
  Signature signature{};
};

/// Seals `payload`: COSE_Sign1 (RFC 9052, 4.2), tag 18, Ed25519 (RFC 9053, 2.2),
/// empty unprotected header, no external data. Same input, same bytes.
Bytes seal(std::string_view type, ByteView payload, const Signer& signer);

/// Takes a sealed message of kind `type` apart without verifying it.
/// Faults: malformed (not this envelope, another content type, longer than `most` bytes).
Result<Envelope> unwrap(std::string_view type, ByteView sealed, std::size_t most);

/// The payload of a sealed message of kind `type`, its signature verified.
/// Faults: malformed (as unwrap), refused (not signed by this key).
Result<ByteView> unseal(std::string_view type, ByteView sealed, std::size_t most, const Verifier& verifier);

}  // namespace steward
