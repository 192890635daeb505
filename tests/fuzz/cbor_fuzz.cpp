// Any order of questions over any bytes: the reader stays inside them, stops at
// the first thing wrong, and a whole number has one form only.
#include <limits>

#include "contract/wire/cbor.hpp"
#include "tests/fuzz/fuzz_input.hpp"

using namespace steward;

namespace {

void ask(CborReader& in, std::uint8_t question) {
  switch (question % 9) {
    case 0: in.number(std::numeric_limits<std::uint64_t>::max()); break;
    case 1:
      in.integer(std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max());
      break;
    case 2: test::must(in.bytes(64).size() <= 64, "octets stay within their limit"); break;
    case 3: test::must(in.text(64).size() <= 64, "texts stay within their limit"); break;
    case 4: test::must(in.array(1000) <= 1000, "lists stay within their limit"); break;
    case 5: test::must(in.map(14) <= 14, "maps stay within their limit"); break;
    case 6: in.boolean(); break;
    case 7: in.fixed<16>(); break;
    default: in.tag(18); break;
  }
}

void one_form_only(ByteView bytes) {
  CborReader in(bytes);
  const std::int64_t value =
      in.integer(std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max());
  if (!in.ok()) return;
  CborWriter out;
  out.integer(value);
  const Bytes again = std::move(out).take();
  test::must(std::equal(again.begin(), again.end(), bytes.begin()), "a number is written as it was read");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  test::FuzzInput input(data, size);
  std::array<std::uint8_t, 16> questions{};
  for (auto& question : questions) question = input.octet();
  CborReader in(input.rest());
  for (const std::uint8_t question : questions) {
    const bool was_ok = in.ok();
    ask(in, question);
    test::must(was_ok || !in.ok(), "a reader that has stopped stays stopped");
    test::must(in.offset() <= input.rest().size(), "the reader stays inside");
  }
  if (!in.ok()) static_cast<void>(in.error());
  one_form_only(input.rest());
  return 0;
}
