// As block_fuzz, for closing records.
#include "contract/wire/closing_codec.hpp"
#include "contract/wire/envelope.hpp"
#include "contract/wire/limits.hpp"
#include "tests/fuzz/fuzz_input.hpp"
#include "tests/support/cheap_signer.hpp"
#include "tests/unit/contract/random_messages.hpp"

using namespace steward;

namespace {

void decode(ByteView bytes) {
  const auto closing = open_closing(bytes, test::Credulous());
  if (!closing) return;
  const auto again = seal_closing(*closing, test::ReplayedSignature(bytes));
  test::must(again && std::ranges::equal(*again, bytes), "a closing has one encoding");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  test::FuzzInput input(data, size);
  const test::CheapSigner signer;
  if (input.octet() % 2 == 0) {
    decode(input.rest());
    return 0;
  }
  const auto good = seal_closing(test::RandomMessages(input.number(2)).closing(), signer);
  const auto envelope = unwrap(content_type::closing, *good, wire_limit::closing_bytes);
  decode(seal(content_type::closing,
              test::edited({envelope->payload.begin(), envelope->payload.end()}, input), signer));
  return 0;
}
