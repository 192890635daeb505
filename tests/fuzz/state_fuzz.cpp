// Any text as a gateway's state or its report on a config: what is accepted
// reads the same after being written again.
#include "contract/wire/site_config.hpp"
#include "contract/wire/state.hpp"
#include "tests/fuzz/fuzz_input.hpp"
#include "tests/unit/contract/random_messages.hpp"

using namespace steward;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  test::FuzzInput input(data, size);
  const EdgeState good = test::RandomMessages(input.number(2)).state();
  const Bytes bytes = test::raw_or_edited(input, encode_state(good));
  if (const auto state = decode_state(chars_of(bytes))) {
    const auto again = decode_state(encode_state(*state));
    test::must(again && *again == *state, "a state reads as it was written");
    test::must(bool(decode_state(last_will(*state))), "a last will is a state");
  }
  if (const auto reported = decode_reported(chars_of(bytes))) {
    const auto again = decode_reported(encode_reported(*reported));
    test::must(again && *again == *reported, "a report reads as it was written");
  }
  return 0;
}
