// Bytes that claim to be a block, and good blocks with bytes changed: what is
// accepted would be written byte for byte the same.
#include "contract/wire/block_codec.hpp"
#include "contract/wire/closing_codec.hpp"
#include "contract/wire/envelope.hpp"
#include "tests/fuzz/fuzz_input.hpp"
#include "tests/support/cheap_signer.hpp"
#include "tests/unit/contract/random_messages.hpp"

using namespace steward;

namespace {

void decode(ByteView bytes) {
  const auto place = peek_block(bytes);
  const auto block = decode_block(bytes, test::Credulous());
  if (!block) return;
  test::must(bool(place), "what decodes can be peeked at");
  test::must(place->log == block->log && place->first == block->first, "peek and decode see one place");
  const auto again = encode_block(*block, test::ReplayedSignature(bytes));
  test::must(again && std::ranges::equal(*again, bytes), "a block has one encoding");
  static_cast<void>(open_closings(*block, test::Credulous()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  test::FuzzInput input(data, size);
  const test::CheapSigner signer;
  switch (input.octet() % 3) {
    case 0: decode(input.rest()); break;
    case 1: decode(seal(content_type::block, input.rest(), signer)); break;
    default: {
      const auto good = encode_block(test::RandomMessages(input.number(2)).block(), signer);
      if (!good) break;
      const auto envelope = unwrap(content_type::block, *good, max_block_bytes);
      const Bytes payload = test::edited({envelope->payload.begin(), envelope->payload.end()}, input);
      decode(seal(content_type::block, payload, signer));
    }
  }
  return 0;
}
