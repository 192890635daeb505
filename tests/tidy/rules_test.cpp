#include "tests/tidy/rules.hpp"

#include <doctest/doctest.h>

#include "tests/tidy/tree_fixture.hpp"

using namespace steward::tidy;

namespace {
using Tree = std::vector<SourceFile>;
}

TEST_SUITE("tidy/rules hold in this tree") {
  TEST_CASE("the whole tree was read") {
    CHECK(whole_tree().size() > 100);
    CHECK(whole_tree().front().path.find("build/") == std::string::npos);
  }
  TEST_CASE("every .cpp is built by someone") { check_nothing_found(unbuilt_findings(whole_tree())); }
  TEST_CASE("no source file has outgrown its noun") { check_nothing_found(length_findings(whole_tree())); }
  TEST_CASE("text is clean and holds no leftovers") { check_nothing_found(text_findings(whole_tree())); }
  TEST_CASE("no binary float on the way to a bill") { check_nothing_found(float_findings(whole_tree())); }
  TEST_CASE("no two headers define one name") { check_nothing_found(twice_named_findings(whole_tree())); }
  TEST_CASE("no test sleeps, is skipped or checks nothing") {
    check_nothing_found(test_findings(whole_tree()));
  }
  TEST_CASE("every link in the documents leads somewhere") {
    check_nothing_found(link_findings(whole_tree()));
  }
  TEST_CASE("the documented budgets are the ones that are held") {
    check_nothing_found(budget_findings(whole_tree()));
  }
  TEST_CASE("every promise names a test that exists") { check_nothing_found(promise_findings(whole_tree())); }
  TEST_CASE("every limit of the page is in the code, and every bounded queue is on the page") {
    check_nothing_found(limit_findings(whole_tree()));
  }
  TEST_CASE("the glossary has one word for one thing") {
    check_nothing_found(glossary_findings(whole_tree()));
  }
}

TEST_SUITE("tidy/each rule can fail") {
  TEST_CASE("a test file that nobody builds is found") {
    const Tree tree{{"tests/unit/kit/CMakeLists.txt", "steward_test(a SUITE unit SOURCES a_test.cpp)\n"},
                    {"tests/unit/kit/a_test.cpp", ""},
                    {"tests/unit/kit/b_test.cpp", ""}};
    const auto findings = unbuilt_findings(tree);
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].starts_with("tests/unit/kit/b_test.cpp"));
  }

  TEST_CASE("a file named from a folder above is built") {
    const Tree tree{{"tests/CMakeLists.txt", "add_library(x support/doctest_main.cpp)\n"},
                    {"tests/support/doctest_main.cpp", ""}};
    CHECK(unbuilt_findings(tree).empty());
  }

  TEST_CASE("a source of 401 lines is found, a test of 401 lines is not") {
    std::string text;
    for (int i = 0; i < 401; ++i) text += "int x;\n";
    CHECK(length_findings(Tree{{"edge/poll/round.cpp", text}}).size() == 1);
    CHECK(length_findings(Tree{{"tests/unit/edge/round_test.cpp", text}}).empty());
  }

  TEST_CASE("a type of one name in two headers is found, in two namespaces it is not") {
    const Tree tree{
        {"edge/a.hpp", "namespace steward {\nstruct Facts {\n};\nclass Later;\n}\n"},
        {"edge/b.hpp", "namespace steward {\nclass Facts final : X {\n};\nclass Later {\n};\n}\n"},
        {"edge/c.hpp", "namespace steward::sim {\nstruct Facts {\n};\nclass Later::Parts {\n};\n}\n"}};
    const auto findings = twice_named_findings(tree);
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].starts_with("edge/b.hpp:2: Facts is defined in edge/a.hpp as well"));
  }

  TEST_CASE("tabs, trailing spaces, a missing last newline and leftovers are found") {
    CHECK(text_findings(Tree{{"a.md", "x\ty\n"}}).size() == 1);
    CHECK(text_findings(Tree{{"a.md", "x \n"}}).size() == 1);
    CHECK(text_findings(Tree{{"a.md", "x"}}).size() == 1);
    CHECK(text_findings(Tree{{"a.md", "x\n\n"}}).size() == 1);
    CHECK(text_findings(Tree{{"a.md", std::string("TO") + "DO: later\n"}}).size() == 1);
    CHECK(text_findings(Tree{{"a.md", std::string("see /ho") + "me/me/x\n"}}).size() == 1);
    CHECK(text_findings(Tree{{"a.md", "a clean line\n"}}).empty());
  }

  TEST_CASE("a float in billing is found, the word in a comment or a name is not") {
    CHECK(float_findings(Tree{{"cloud/billing/price.cpp", "double price;\n"}}).size() == 1);
    CHECK(float_findings(Tree{{"drivers/decode/decode.cpp", "float value;\n"}}).size() == 1);
    CHECK(
        float_findings(Tree{{"cloud/billing/price.cpp", "// never a double\nint float32_bits;\n"}}).empty());
    CHECK(float_findings(Tree{{"cloud/billing/price.cpp", "auto s = \"float\";\n"}}).empty());
  }

  TEST_CASE("a sleeping, a skipped and an empty test are found") {
    const std::string good = "TEST_CASE(\"a\") { CHECK(true); }\n";
    CHECK(test_findings(Tree{{"tests/a_test.cpp", good}}).empty());
    CHECK(test_findings(Tree{{"tests/a_test.cpp", good + "void f() { sleep_for(1s); }\n"}}).size() == 1);
    CHECK(test_findings(Tree{{"tests/a_test.cpp", "TEST_CASE(\"a\" * doctest::skip()) { CHECK(true); }\n"}})
              .size() == 1);
    CHECK(test_findings(Tree{{"tests/a_test.cpp", "TEST_CASE(\"a CHECK in its name\") { run(); }\n" + good}})
              .size() == 1);
  }

  TEST_CASE("a link to a missing file or heading is found") {
    const SourceFile guide{"docs/guide.md", "# One meter, two readings\n"};
    CHECK(link_findings(Tree{{"README.md", "[x](docs/guide.md#one-meter-two-readings)\n"}, guide}).empty());
    CHECK(
        link_findings(Tree{{"docs/a.md", "[x](guide.md) [y](../docs/) [z](https://example.org/a)\n"}, guide})
            .empty());
    CHECK(link_findings(Tree{{"README.md", "[x](docs/gone.md)\n"}, guide}).size() == 1);
    CHECK(link_findings(Tree{{"README.md", "[x](docs/guide.md#gone)\n"}, guide}).size() == 1);
    CHECK(link_findings(Tree{{"README.md", "[x](../outside.md)\n"}, guide}).size() == 1);
  }

  TEST_CASE("a budget that is documented wrongly is found") {
    const SourceFile held{"tests/budgets.txt", "# suite seconds\nunit   60  pure code\n"};
    CHECK(budget_findings(Tree{held, {"docs/testing.md", "| unit | 60 | pure code |\n"}}).empty());
    CHECK(budget_findings(Tree{held, {"docs/testing.md", "| unit | 90 | pure code |\n"}}).size() == 1);
    CHECK(budget_findings(Tree{held, {"docs/testing.md", "| unit | 60 | x |\n| more | 5 | y |\n"}}).size() ==
          1);
  }

  TEST_CASE("a promise without its test is found") {
    const SourceFile test{"tests/unit/a_test.cpp", "TEST_CASE(\"shares add up\") { CHECK(true); }\n"};
    CHECK(promise_findings(
              Tree{test, {"docs/promises.md", "| adds up | tests/unit/a_test.cpp | shares add up |\n"}})
              .empty());
    CHECK(promise_findings(Tree{test, {"docs/promises.md", "| adds up | tests/unit/a_test.cpp | gone |\n"}})
              .size() == 1);
    CHECK(promise_findings(Tree{test, {"docs/promises.md", "| adds up | tests/unit/b_test.cpp | x |\n"}})
              .size() == 1);
    CHECK(promise_findings(Tree{test, {"docs/promises.md", "nothing promised\n"}}).size() == 1);
  }

  TEST_CASE("a limit that is another in the code, and a queue without its row, are found") {
    const SourceFile code{"edge/a.hpp", "constexpr int most = 5;\n"};
    const SourceFile queue{"edge/b.hpp", "BoundedQueue<int> queue_{most};\n"};
    const std::string row = "| things | `most = 5` | edge/a.hpp | memory |\n";
    CHECK(limit_findings(Tree{code, {"docs/limits.md", row}}).empty());
    CHECK(limit_findings(Tree{code, {"docs/limits.md", "| things | `most = 6` | edge/a.hpp | memory |\n"}})
              .size() == 1);
    CHECK(limit_findings(Tree{code, {"docs/limits.md", "| things | `most = 5` | edge/c.hpp | memory |\n"}})
              .size() == 1);
    CHECK(limit_findings(Tree{code, queue, {"docs/limits.md", row}}).size() == 1);
    CHECK(limit_findings(
              Tree{code, queue, {"docs/limits.md", row + "| more | `queue_` | edge/b.hpp | memory |\n"}})
              .empty());
    CHECK(limit_findings(Tree{code, {"docs/limits.md", "no limits\n"}}).size() == 1);
  }

  TEST_CASE("two words for one thing are found") {
    const std::string one = "| 公摊 | apportionment | sharing |\n";
    CHECK(glossary_findings(Tree{{"docs/glossary.md", one}}).empty());
    CHECK(glossary_findings(Tree{{"docs/glossary.md", one + "| 公摊 | sharing | x |\n"}}).size() == 1);
    CHECK(glossary_findings(Tree{{"docs/glossary.md", one + "| 分摊 | apportionment | x |\n"}}).size() == 1);
  }

  TEST_CASE("code is told from comments, strings, raw strings and digit separators") {
    CHECK(code_only("int a = 1'000; // x\n") == "int a = 1'000;     \n");
    CHECK(code_only("f(\"a\\\"b\", 'c');") == "f(\"    \", ' ');");
    CHECK(code_only("R\"(a \"quoted\" b)\" + x") == std::string(18, ' ') + "+ x");
    CHECK(code_only("/* a\nb */ c") == "    \n     c");
  }
}
