// A file that claims to hold blocks, and a good one with bytes changed: it is read to its end or to
// the sentence that says why not, never past its bytes; what is read whole is written the same.
#include <sstream>

#include "cloud/verify/block_chain.hpp"
#include "cloud/verify/block_file.hpp"
#include "tests/fuzz/fuzz_input.hpp"
#include "tests/support/cheap_signer.hpp"
#include "tests/unit/contract/random_messages.hpp"

using namespace steward;

namespace {

std::string good_file(std::uint64_t seed) {
  const test::CheapSigner signer;
  std::ostringstream out;
  BlockFileWriter writer(out);
  for (std::uint64_t i = 0; i < 3; ++i) {
    if (const auto block = encode_block(test::RandomMessages(seed + i).block(), signer)) writer.add(*block);
  }
  test::must(bool(writer.finish()), "a file in memory can be written");
  return out.str();
}

void read(const std::string& text) {
  std::istringstream in(text);
  BlockFileReader reader(in);
  const test::Credulous everyone;
  BlockChain chain({&everyone});
  std::ostringstream again;
  BlockFileWriter writer(again);
  for (;;) {
    const auto next = reader.next();
    if (!next) return;
    if (!*next) break;
    test::must((*next)->offset + (*next)->bytes.size() <= text.size(), "a block lies inside its file");
    chain.take((*next)->offset, (*next)->bytes);
    writer.add((*next)->bytes);
  }
  test::must(bool(writer.finish()) && again.str() == text, "what is read whole is written the same");
  test::must(chain.findings().size() <= BlockChain::max_listed, "findings are listed up to a limit");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  test::FuzzInput input(data, size);
  const auto file = good_file(input.number(2));
  const auto bytes = test::raw_or_edited(input, file);
  read(std::string(chars_of(bytes)));
  return 0;
}
