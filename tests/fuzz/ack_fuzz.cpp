// Any JSON the cloud's key might have signed: what is accepted is written again
// to something that reads as the same ack.
#include "contract/wire/ack.hpp"
#include "contract/wire/envelope.hpp"
#include "contract/wire/limits.hpp"
#include "tests/fuzz/fuzz_input.hpp"
#include "tests/support/cheap_signer.hpp"
#include "tests/unit/contract/random_messages.hpp"

using namespace steward;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  test::FuzzInput input(data, size);
  const test::CheapSigner signer;
  const auto good = encode_ack(test::RandomMessages(input.number(2)).ack(), signer);
  const auto envelope = unwrap(content_type::ack, *good, wire_limit::ack_bytes);
  const Bytes payload = test::raw_or_edited(input, chars_of(envelope->payload));
  const Bytes sealed = seal(content_type::ack, payload, signer);
  const auto ack = decode_ack(sealed, signer);
  static_cast<void>(decode_ack(payload, test::Credulous()));
  if (!ack) return 0;
  const auto again = encode_ack(*ack, signer);
  test::must(bool(again), "what was accepted can be written");
  test::must(*decode_ack(*again, signer) == *ack, "an ack reads as it was written");
  return 0;
}
