// Any text as a site config: refused with a problem to show, or accepted and
// the same after being written again.
#include "contract/wire/limits.hpp"
#include "contract/wire/site_config.hpp"
#include "tests/fuzz/fuzz_input.hpp"
#include "tests/support/cheap_signer.hpp"
#include "tests/unit/contract/random_messages.hpp"

using namespace steward;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  test::FuzzInput input(data, size);
  const auto good = print_site_config(test::RandomMessages(input.number(2)).site_config());
  const Bytes bytes = test::raw_or_edited(input, good);
  Problems problems;
  const auto document = read_site_config("fuzz", chars_of(bytes), problems);
  test::must(bool(document) == problems.empty(), "refused with a problem, or accepted without");
  test::must(problems.size() <= wire_limit::config_problems + 1, "the list of problems is bounded");
  if (!document) return 0;
  const auto sealed = encode_desired(*document, test::CheapSigner());
  if (!sealed) return 0;  // indented, it may pass 256 KiB
  const auto again = decode_desired(*sealed, test::CheapSigner(), problems);
  test::must(again && *again == *document, "a document reads as it was written");
  return 0;
}
