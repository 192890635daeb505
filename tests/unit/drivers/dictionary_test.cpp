#include "drivers/bus/dictionary.hpp"

#include <doctest/doctest.h>

#include <map>
#include <random>

using namespace steward;

namespace {

RegisterSpan holding(std::uint16_t first, std::uint16_t count) {
  return {RegisterKind::holding, first, count};
}
RegisterSpan input(std::uint16_t first, std::uint16_t count) { return {RegisterKind::input, first, count}; }

}  // namespace

TEST_SUITE("drivers/bus/dictionary") {
  TEST_CASE("a byte count belongs to the first block that claims it, and to no other") {
    Dictionary table;
    CHECK(table.claim(holding(0x48, 2)));
    CHECK(table.claim(holding(0x48, 2)));        // the same again
    CHECK_FALSE(table.claim(holding(0x4A, 2)));  // would make a reply of 4 bytes mean two things
    CHECK(table.claim(holding(0x4A, 3)));
    CHECK(table.serves(holding(0x48, 2)));
    CHECK_FALSE(table.serves(holding(0x4A, 2)));
    CHECK(table.entries() == std::vector{holding(0x48, 2), holding(0x4A, 3)});
  }

  TEST_CASE("the two functions have byte counts of their own") {
    Dictionary table;
    CHECK(table.claim(holding(0, 2)));
    CHECK(table.claim(input(8, 2)));
    CHECK(table.meaning(tag_of(input(8, 2))) == input(8, 2));
    CHECK(table.meaning(tag_of(holding(0, 2))) == holding(0, 2));
    CHECK_FALSE(table.meaning(tag_of(holding(0, 3))));
  }

  TEST_CASE("one block may have two counts, which consecutive requests alternate") {
    Dictionary table;
    REQUIRE(table.claim(holding(10, 4)));
    CHECK_FALSE(table.alternate(holding(10, 4)));
    REQUIRE(table.claim(holding(20, 5)));
    CHECK_FALSE(table.alternate(holding(10, 4)));  // that one is another block's
    REQUIRE(table.claim(holding(10, 6)));
    REQUIRE(table.claim(holding(10, 8)));
    CHECK(table.alternate(holding(10, 4)) == holding(10, 6));
    CHECK(table.alternate(holding(10, 6)) == holding(10, 8));
    CHECK_FALSE(table.alternate(holding(10, 8)));  // shorter would not hold the registers
    CHECK_FALSE(table.alternate(input(10, 4)));
  }

  TEST_CASE("what is no request is not claimed, and the table is bounded") {
    Dictionary table;
    CHECK_FALSE(table.claim(holding(0, 0)));
    CHECK_FALSE(table.claim(holding(0, 126)));
    CHECK_FALSE(table.claim(holding(0xFFFF, 2)));
    CHECK(table.claim(holding(0xFFFF, 1)));
    for (std::uint16_t count = 2; count <= Dictionary::most; ++count) CHECK(table.claim(holding(0, count)));
    CHECK_FALSE(table.claim(holding(0, Dictionary::most + 1)));
    CHECK(table.claim(holding(0, Dictionary::most)));  // is there already
    CHECK(table.entries().size() == Dictionary::most);
    CHECK(table.text().size() <= Dictionary::most_text);
    CHECK(Dictionary::read(table.text()));
  }

  TEST_CASE("the text is the same for the same table and gives it back") {
    Dictionary table;
    for (const auto span : {input(0, 2), holding(0x48, 4), holding(0xFC00, 2)}) REQUIRE(table.claim(span));
    CHECK(table.text() == "3:2@0xFC00 3:4@0x0048 4:2@0x0000");
    const auto back = Dictionary::read(table.text());
    REQUIRE(back);
    CHECK(*back == table);
    CHECK(*Dictionary::read("") == Dictionary{});
  }

  TEST_CASE("a text that says one byte count twice, or anything else, is refused whole") {
    for (const char* text :
         {"3:2@0xFC00 3:2@0x0048", "4:2@0x0000 3:2@0x0048", "3:2@0x0048 ", " 3:2@0x0048", "3:2@0x48",
          "3:2@0x004a", "5:2@0x0000", "1:2@0x0000", "3:0@0x0000", "3:126@0x0000", "3:02@0x0000", "3:2@0xFFFF",
          "3:2", "3", "3:2@0x0048  4:2@0x0000", "3:2@0x0048\n", "3:2@0x00048"}) {
      INFO(text);
      const auto read = Dictionary::read(text);
      REQUIRE_FALSE(read);
      CHECK(read.error().fault == Fault::malformed);
    }
    CHECK_FALSE(Dictionary::read(std::string(Dictionary::most_text + 1, '3')));
  }

  TEST_CASE("a changed plan names the byte counts that mean something else now") {
    Dictionary before;
    REQUIRE((before.claim(holding(0, 2)) && before.claim(holding(8, 3)) && before.claim(holding(9, 4))));
    Dictionary now;
    REQUIRE((now.claim(holding(0, 2)) && now.claim(holding(9, 3)) && now.claim(holding(20, 5))));
    CHECK(now.changed_from(before) == std::vector{holding(9, 3)});
    CHECK(before.changed_from(before).empty());
  }

  TEST_CASE("however it is claimed, a byte count never means two starts") {
    std::mt19937 pick(7);
    for (int round = 0; round < 200; ++round) {
      Dictionary table;
      std::map<std::pair<RegisterKind, std::uint16_t>, std::uint16_t> meant;
      for (int at = 0; at < 80; ++at) {
        const RegisterSpan span{pick() % 2 == 0 ? RegisterKind::holding : RegisterKind::input,
                                static_cast<std::uint16_t>(pick() % 6),
                                static_cast<std::uint16_t>(pick() % 40)};
        if (!table.claim(span)) continue;
        const auto known = meant.emplace(std::pair(span.kind, span.count), span.first).first;
        CHECK(known->second == span.first);
        CHECK(table.serves(span));
      }
      CHECK(table.entries().size() == meant.size());
      const auto back = Dictionary::read(table.text());
      REQUIRE(back);
      CHECK(*back == table);
    }
  }
}
