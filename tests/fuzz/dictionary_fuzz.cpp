// Any text as a stored dictionary: refused whole, or a table that writes the same text
// and in which no byte count means two starts. Any claims: the same.
#include <set>

#include "drivers/bus/dictionary.hpp"
#include "tests/fuzz/fuzz_input.hpp"

using namespace steward;

namespace {

void check_table(const Dictionary& table) {
  std::set<std::pair<RegisterKind, std::uint16_t>> tags;
  for (const auto& span : table.entries()) {
    test::must(tags.insert({span.kind, span.count}).second, "a byte count means one start");
    test::must(table.serves(span), "an entry is served");
    const auto other = table.alternate(span);
    if (!other) continue;
    test::must(other->first == span.first && other->count > span.count, "an alternate holds the registers");
    test::must(table.serves(*other), "an alternate is an entry");
  }
  test::must(table.entries().size() <= Dictionary::most, "bounded");
  const auto text = table.text();
  test::must(text.size() <= Dictionary::most_text, "bounded text");
  const auto back = Dictionary::read(text);
  test::must(back && *back == table, "the text gives the table back");
  test::must(table.changed_from(table).empty(), "nothing changed");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  test::FuzzInput input(data, size);
  if (input.octet() % 2 == 0) {
    const auto text = input.rest_text();
    const auto table = Dictionary::read(text);
    if (!table) {
      test::must(!table.error().message.empty(), "refused with a reason");
      return 0;
    }
    test::must(table->text() == text, "one text per table");
    check_table(*table);
    return 0;
  }
  Dictionary table;
  while (!input.empty())
    table.claim({static_cast<RegisterKind>(input.octet() % 8), static_cast<std::uint16_t>(input.number(2)),
                 static_cast<std::uint16_t>(input.octet() % 130)});
  check_table(table);
  return 0;
}
