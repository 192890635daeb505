// What is kept of a pulse counter over a restart.
#include <doctest/doctest.h>

#include "drivers/pulse/pulse_record_text.hpp"

using namespace steward;

namespace {

PulseRecord kept_of(std::string_view text) {
  const auto record = read_pulse_record(text);
  REQUIRE(record);
  return *record;
}

}  // namespace

TEST_SUITE("drivers/pulse/record") {
  TEST_CASE("a record is read back as it was written, with and without missed pulses") {
    PulseRecord record{1234567, instant_from_ms(1780272000000), "li", 17, instant_from_ms(1780272060000), {}};
    const auto text = pulse_record_text(record);
    CHECK(
        text ==
        R"({"v":1,"base":1234567,"base_at_ms":1780272000000,"by":"li","pulses":17,"saved_at_ms":1780272060000})");
    CHECK(kept_of(text) == record);
    record.missed_since = instant_from_ms(1780272030000);
    CHECK(kept_of(pulse_record_text(record)) == record);
    record.by = std::string(64, 'x');
    record.base = 9'000'000'000'000'000'000;
    record.pulses = 9'000'000'000'000'000'000;
    CHECK(pulse_record_text(record).size() <= 300);
  }

  TEST_CASE("anything else is refused, never read as a smaller count") {
    const auto good = pulse_record_text({1, instant_from_ms(2), "li", 3, instant_from_ms(4), {}});
    for (std::size_t length = 0; length < good.size(); ++length)
      CHECK_FALSE(read_pulse_record(std::string_view(good).substr(0, length)));
    for (const auto* wrong :
         {"", "[]", "17", R"({"v":2,"base":1,"base_at_ms":2,"by":"li","pulses":3,"saved_at_ms":4})",
          R"({"v":1,"base":1,"base_at_ms":2,"by":"li","pulses":-3,"saved_at_ms":4})",
          R"({"v":1,"base":1,"base_at_ms":2,"by":"li","pulses":3,"saved_at_ms":4,"more":5})",
          R"({"v":1,"base":1,"base_at_ms":2,"by":"li","pulses":"3","saved_at_ms":4})"})
      CHECK_FALSE(read_pulse_record(wrong));
  }
}
