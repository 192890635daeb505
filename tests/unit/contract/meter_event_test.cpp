#include <doctest/doctest.h>

#include "contract/text/instant_text.hpp"
#include "contract/text/meter_event_text.hpp"
#include "tests/unit/contract/random_messages.hpp"

using namespace steward;

namespace {

Instant at(std::string_view text) { return *read_instant(text); }

MeterEvent exchange() {
  MeterEvent event{MeterEventKind::exchange, MeterId("E-0102"), "energy_import", at("2026-06-12T03:00:00Z")};
  event.old_register = 98'120;
  event.new_register = 0;
  event.new_meter = MeterId("E-0177");
  event.by = "李伟";
  return event;
}

}  // namespace

TEST_SUITE("contract/meter_event") {
  TEST_CASE("an exchange is one event with both registers, and reads as it was written") {
    const auto event = exchange();
    const auto sent = edge_event_of(event);
    CHECK(sent.kind == "meter_exchange");
    CHECK(sent.subject == "E-0102");
    CHECK(sent.detail ==
          R"({"channel":"energy_import","old":98120,"new":0,"new_meter":"E-0177","by":"李伟"})");
    const auto read = read_meter_event(sent);
    REQUIRE_MESSAGE(read, read.error().message);
    CHECK(*read == event);
  }

  TEST_CASE("an exchange without either register, the new meter or a person is none") {
    for (const int missing : {0, 1, 2, 3, 4}) {
      auto event = exchange();
      if (missing == 0) event.old_register.reset();
      if (missing == 1) event.new_register.reset();
      if (missing == 2) event.new_meter = {};
      if (missing == 3) event.by.clear();
      if (missing == 4) event.channel.clear();
      CAPTURE(missing);
      CHECK(wrong_with(event) != nullptr);
    }
  }

  TEST_CASE("a rollover goes down and below its modulus; a field of another kind is refused") {
    MeterEvent event{MeterEventKind::rollover, MeterId("W"), "volume", at("2026-06-12T03:00:00Z")};
    event.old_register = 99'990;
    event.new_register = 20;
    event.modulus = 100'000;
    CHECK(wrong_with(event) == nullptr);
    event.modulus = 99'990;
    CHECK(wrong_with(event) != nullptr);
    event.modulus = 100'000;
    event.new_register = 99'990;
    CHECK(wrong_with(event) != nullptr);
    event.new_register = 20;
    event.new_meter = MeterId("X");
    CHECK(wrong_with(event) != nullptr);
  }

  TEST_CASE("at every bound an event fits an edge event's 512 bytes") {
    auto event = exchange();
    event.meter = MeterId(std::string(64, 'm'));
    event.channel = std::string(48, 'c');
    event.old_register = event.new_register = (std::int64_t{1} << 53U) - 1;
    event.new_meter = MeterId(std::string(64, 'n'));
    event.old_serial = event.new_serial = std::string(32, 's');
    event.old_ratio = event.new_ratio = Ratio{99'991, 99'989};
    event.by = std::string(32, 'b');
    event.why = std::string(500, 'w');
    event.evidence = {Seq{(std::uint64_t{1} << 53U) - 1}, Seq{(std::uint64_t{1} << 53U) - 1}};
    const auto sent = edge_event_of(event);
    CHECK(sent.detail.size() <= 512);
    CHECK(read_meter_event(sent));
  }

  TEST_CASE("every kind of event reads as it was written, whatever its texts") {
    test::RandomMessages random(7);
    for (int i = 0; i < 2000; ++i) {
      const auto event = random.meter_event();
      REQUIRE_MESSAGE(wrong_with(event) == nullptr, wrong_with(event));
      const auto read = read_meter_event(edge_event_of(event));
      REQUIRE_MESSAGE(read, read.error().message);
      CHECK(*read == event);
    }
  }

  TEST_CASE("another spelling, a key twice, a fraction or an unknown key is refused") {
    for (const char* detail :
         {"", "{}", "[]", R"({"channel":"volume","old":5,"new":1,"since":"2026-06-12T03:00:00.000Z"})",
          R"({"channel":"volume","since":"2026-06-12T03:00:00Z","old":5,"new":1})",
          R"({"channel":"volume","since":"2026-06-12T03:00:00.000Z","old":5,"new":1.0})",
          R"({"channel":"volume","since":"2026-06-12T03:00:00.000Z","old":5,"new":1,"new":1})",
          R"({"channel":"volume","since":"2026-06-12T03:00:00.000Z","old":5,"new":1,"colour":1})",
          R"({"channel":"volume", "since":"2026-06-12T03:00:00.000Z","old":5,"new":1})"}) {
      CAPTURE(detail);
      CHECK_FALSE(read_meter_event({at("2026-06-12T04:00:00Z"), "meter_fell", "W", detail}));
    }
    CHECK(read_meter_event({at("2026-06-12T04:00:00Z"), "meter_fell", "W",
                            R"({"channel":"volume","since":"2026-06-12T03:00:00.000Z","old":5,"new":1})"}));
    CHECK_FALSE(read_meter_event({at("2026-06-12T04:00:00Z"), "unit_silent", "W", "{}"}));
  }

  TEST_CASE("a ratio has one spelling") {
    CHECK(read_ratio("40") == Ratio{40, 1});
    CHECK(read_ratio("3/2") == Ratio{3, 2});
    for (const char* text : {"", "0", "040", "40/1", "-1", "1/0", "100001", "1/2/3", "4 0"}) {
      CAPTURE(text);
      CHECK_FALSE(read_ratio(text));
    }
  }
}
