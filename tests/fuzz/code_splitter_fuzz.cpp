// Any bytes from a reader: the codes do not depend on how the bytes were cut,
// are printable and within their limit, and nothing piles up.
#include <cstdlib>
#include <string>
#include <vector>

#include "drivers/readers/code_splitter.hpp"

using namespace steward;

namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto end = static_cast<CodeEnd>(data[0] % 3);
  const ByteView bytes(data + 1, size - 1);
  CodeSplitter at_once(end);
  CodeSplitter one_by_one(end);
  std::vector<std::string> codes = at_once.take(bytes);
  std::vector<std::string> slowly;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (auto& code : one_by_one.take(bytes.subspan(i, 1))) slowly.push_back(std::move(code));
  }
  if (auto last = at_once.idle()) codes.push_back(*std::move(last));
  if (auto last = one_by_one.idle()) slowly.push_back(*std::move(last));
  must(codes == slowly);
  must(at_once.discarded() == one_by_one.discarded());
  must(!at_once.pending());
  for (const auto& code : codes) {
    must(!code.empty() && code.size() <= max_code_bytes);
    for (const char c : code) must(c >= 0x20 && c <= 0x7E);
  }
  return 0;
}
