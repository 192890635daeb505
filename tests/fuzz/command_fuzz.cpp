// Any JSON that the cloud's key might have signed as a command, or a gateway's as a result: what is
// accepted is written again to something that reads as the same.
#include "contract/wire/command.hpp"
#include "contract/wire/envelope.hpp"
#include "contract/wire/limits.hpp"
#include "tests/fuzz/fuzz_input.hpp"
#include "tests/support/cheap_signer.hpp"
#include "tests/unit/contract/random_messages.hpp"

using namespace steward;

namespace {

void try_command(test::FuzzInput& input, const test::CheapSigner& signer) {
  const auto good = encode_command(test::RandomMessages(input.number(2)).command(), signer);
  const auto envelope = unwrap(content_type::command, *good, wire_limit::command_bytes);
  const Bytes payload = test::raw_or_edited(input, chars_of(envelope->payload));
  static_cast<void>(decode_command(payload, test::Credulous()));
  const auto command = decode_command(seal(content_type::command, payload, signer), signer);
  if (!command) return;
  const auto again = encode_command(*command, signer);
  test::must(bool(again), "what was accepted can be written");
  test::must(*decode_command(*again, signer) == *command, "a command reads as it was written");
}

void try_result(test::FuzzInput& input, const test::CheapSigner& signer) {
  const auto good = encode_command_result(test::RandomMessages(input.number(2)).command_result(), signer);
  const auto envelope = unwrap(content_type::command_result, good, wire_limit::command_result_bytes);
  const Bytes payload = test::raw_or_edited(input, chars_of(envelope->payload));
  static_cast<void>(decode_command_result(payload, test::Credulous()));
  const auto result = decode_command_result(seal(content_type::command_result, payload, signer), signer);
  if (!result) return;
  const auto again = encode_command_result(*result, signer);
  test::must(again.size() <= wire_limit::command_result_bytes, "a result fits");
  test::must(bool(decode_command_result(again, signer)), "what was accepted can be written");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  test::FuzzInput input(data, size);
  const test::CheapSigner signer;
  if (input.octet() % 2 == 0) {
    try_command(input, signer);
  } else {
    try_result(input, signer);
  }
  return 0;
}
