#include "tests/fault/a_million.hpp"

using namespace steward::fault;

TEST_SUITE("fault/never wrong, Chinese meters") {
  TEST_CASE("a million exchanges of DL/T 645: no value of another item, meter or protocol, none too old") {
    const auto sum = a_million(Tongue::dlt645, "DL/T 645", 30'000);
    CHECK(sum.wrong_register == 0);
  }
  TEST_CASE("a million exchanges of CJ/T 188: no value of another item, meter or protocol, none too old") {
    const auto sum = a_million(Tongue::cjt188, "CJ/T 188", 40'000);
    CHECK(sum.wrong_register == 0);
  }
}
