#include "drivers/readers/code_splitter.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace steward;

namespace {

std::vector<std::string> take(CodeSplitter& splitter, std::string_view text) {
  const Bytes bytes(text.begin(), text.end());
  return splitter.take(bytes);
}

using Codes = std::vector<std::string>;

}  // namespace

TEST_SUITE("readers/code_splitter") {
  TEST_CASE("each way to end a line gives each code once") {
    for (const char* end : {"\r", "\n", "\r\n", "\x03", "\x03\r\n", "\r\n\r\n"}) {
      CAPTURE(end);
      CodeSplitter splitter;
      const std::string sent = std::string("CP-1") + end + "CP-2" + end;
      CHECK(take(splitter, sent) == Codes{"CP-1", "CP-2"});
      CHECK_FALSE(splitter.pending());
      CHECK(splitter.discarded() == 0);
    }
  }

  TEST_CASE("bytes may arrive one at a time") {
    CodeSplitter splitter;
    Codes codes;
    for (const char c : std::string("\x02]Q1CP-7\x03\r\nCP-8\r\n")) {
      for (auto& code : take(splitter, std::string(1, c))) codes.push_back(code);
    }
    CHECK(codes == Codes{"CP-7", "CP-8"});
  }

  TEST_CASE("the AIM prefix is taken off once, and only at the start") {
    CodeSplitter splitter;
    CHECK(take(splitter, "]Q1CP-7\r]Q1]Q1X\rA]Q1\r]C1CP\r") == Codes{"CP-7", "]Q1X", "A]Q1", "]C1CP"});
    CHECK(take(splitter, "]Q1\r").empty());
    CHECK(splitter.discarded() == 1);
  }

  TEST_CASE("a reader without line ends is cut by silence") {
    CodeSplitter splitter;
    CHECK(take(splitter, "CP-1").empty());
    CHECK(splitter.pending());
    CHECK(splitter.silence_ends_code());
    CHECK(splitter.idle() == "CP-1");
    CHECK_FALSE(splitter.pending());
    CHECK_FALSE(splitter.idle());
    CHECK(take(splitter, "CP-2").empty());
    CHECK(splitter.idle() == "CP-2");
  }

  TEST_CASE("once a line end was seen, silence in a line throws the line away") {
    CodeSplitter splitter;
    CHECK(take(splitter, "CP-1\r\nCP-").size() == 1);
    CHECK_FALSE(splitter.silence_ends_code());
    CHECK_FALSE(splitter.idle());
    CHECK(splitter.discarded() == 1);
    CHECK(take(splitter, "CP-2\r\n") == Codes{"CP-2"});
  }

  TEST_CASE("readers set to one way from the start") {
    CodeSplitter marked(CodeEnd::marked);
    CHECK(take(marked, "CP").empty());
    CHECK_FALSE(marked.idle());
    CodeSplitter idle(CodeEnd::idle);
    CHECK(take(idle, "CP-1\nCP-2") == Codes{"CP-1"});
    CHECK(idle.idle() == "CP-2");
  }

  TEST_CASE("512 bytes are a code, 513 are not, with or without prefix") {
    const std::string longest(512, 'x');
    CodeSplitter splitter;
    CHECK(take(splitter, longest + "\r") == Codes{longest});
    CHECK(take(splitter, "]Q1" + longest + "\r") == Codes{longest});
    CHECK(take(splitter, longest + "x\r").empty());
    CHECK(take(splitter, "]Q1" + longest + "x\r").empty());
    CHECK(take(splitter, std::string(100'000, 'x') + "\rCP-1\r") == Codes{"CP-1"});
    CHECK(splitter.discarded() == 3);
  }

  TEST_CASE("a line with bytes that are not printable ASCII is thrown away whole") {
    for (const std::string& bad : {std::string("CP\0-1", 5), std::string("CP\t1"), std::string("\x7f"),
                                   std::string("CP-\x1b[2J"), std::string("\xe5\xb7\xa1\xe6\x9b\xb4"),
                                   std::string("\xef\xbb\xbf"
                                               "CP-1"),
                                   std::string("\xd1\xb2")}) {
      CodeSplitter splitter;
      CHECK(take(splitter, bad + "tail\rCP-2\r") == Codes{"CP-2"});
      CHECK(splitter.discarded() == 1);
      CHECK(take(splitter, bad).empty());
      splitter.reset();
      CHECK(splitter.discarded() == 2);
    }
  }

  TEST_CASE("STX and a lost device end a partial line, which is thrown away") {
    CodeSplitter splitter;
    CHECK(take(splitter,
               "CP-\x02"
               "CP-1\x03") == Codes{"CP-1"});
    CHECK(splitter.discarded() == 1);
    CHECK(take(splitter, "CP-").empty());
    splitter.reset();
    CHECK(splitter.discarded() == 2);
    CHECK(take(splitter, "2\r") == Codes{"2"});
    splitter.reset();
    CHECK(splitter.discarded() == 2);
  }
}
