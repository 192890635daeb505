#include "contract/wire/envelope.hpp"

#include <algorithm>

#include "contract/wire/cbor.hpp"

namespace steward {
namespace {

constexpr std::uint64_t tag_cose_sign1 = 18;     // RFC 9052, 2
constexpr std::uint64_t label_algorithm = 1;     // RFC 9052, 3.1
constexpr std::uint64_t label_content_type = 3;  // RFC 9052, 3.1
constexpr std::int64_t algorithm_eddsa = -8;     // RFC 9053, 2.2
constexpr std::size_t most_header_bytes = 64;

Bytes protected_header(std::string_view type) {
  CborWriter out(most_header_bytes);
  out.map(2);
  out.number(label_algorithm);
  out.integer(algorithm_eddsa);
  out.number(label_content_type);
  out.text(type);
  return std::move(out).take();
}

/// What is signed: Sig_structure, RFC 9052, 4.4.
Bytes to_be_signed(ByteView header, ByteView payload) {
  CborWriter out(payload.size() + header.size() + 32);
  out.array(4);
  out.text("Signature1");
  out.bytes(header);
  out.bytes({});
  out.bytes(payload);
  return std::move(out).take();
}

}  // namespace

Bytes seal(std::string_view type, ByteView payload, const Signer& signer) {
  const Bytes header = protected_header(type);
  const Signature signature = signer.sign(to_be_signed(header, payload));
  CborWriter out(payload.size() + header.size() + 80);
  out.tag(tag_cose_sign1);
  out.array(4);
  out.bytes(header);
  out.map(0);
  out.bytes(payload);
  out.bytes(signature);
  return std::move(out).take();
}

Result<Envelope> unwrap(std::string_view type, ByteView sealed, std::size_t most) {
  if (sealed.size() > most) {
    return Error{Fault::malformed, "longer than " + std::to_string(most) + " bytes"};
  }
  CborReader in(sealed);
  Envelope envelope;
  in.tag(tag_cose_sign1);
  in.array_of(4);
  envelope.protected_header = in.bytes(most_header_bytes);
  in.map_of(0);
  envelope.payload = in.bytes(most);
  envelope.signature = in.fixed<64>();
  in.end();
  if (!in.ok()) return in.error();
  if (!std::ranges::equal(envelope.protected_header, protected_header(type))) {
    return Error{Fault::malformed, "the header is not that of " + std::string(type)};
  }
  return envelope;
}

Result<ByteView> unseal(std::string_view type, ByteView sealed, std::size_t most, const Verifier& verifier) {
  auto envelope = unwrap(type, sealed, most);
  if (!envelope) return envelope.error();
  if (!verifier.verify(to_be_signed(envelope->protected_header, envelope->payload), envelope->signature)) {
    return Error{Fault::refused, "the signature is not by the expected key, or the message was changed"};
  }
  return envelope->payload;
}

}  // namespace steward
