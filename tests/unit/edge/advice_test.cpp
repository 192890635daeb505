#include <doctest/doctest.h>

#include <array>
#include <set>

#include "edge/poll/advice.hpp"

using namespace steward;

namespace {

UnitCounters counted(std::uint64_t asked, std::uint64_t answered) {
  UnitCounters counters;
  counters.asked = asked;
  counters.answered = answered;
  return counters;
}

UnitCounters all_silent(std::uint64_t asked) {
  auto counters = counted(asked, 0);
  counters.silent = asked;
  return counters;
}

/// Ten units; the others answer.
LineTrouble healthy() {
  LineTrouble line;
  line.units = 10;
  line.others = counted(900, 900);
  return line;
}

LineTrouble with_others(const UnitCounters& others) {
  auto line = healthy();
  line.others = others;
  return line;
}

Trouble trouble(const UnitCounters& counters, const LineTrouble& line) {
  return advise({counters}, line).trouble;
}

}  // namespace

TEST_SUITE("edge/advice") {
  TEST_CASE("a unit that answers needs no advice, one lost reply in fifty included") {
    CHECK(advise({counted(100, 100)}, healthy()) == Advice{});
    CHECK(trouble(counted(0, 0), healthy()) == Trouble::none);
    auto nearly = counted(100, 99);
    nearly.silent = 1;
    CHECK(trouble(nearly, healthy()) == Trouble::none);
    nearly = counted(100, 90);
    nearly.silent = 10;
    CHECK(trouble(nearly, healthy()) == Trouble::unit_silent);
  }

  TEST_CASE("what the guard has proven comes before what counters suggest") {
    auto line = healthy();
    CHECK(advise({all_silent(9), true, false}, line).trouble == Trouble::address_clash);
    CHECK(word(advise({{}, false, false, true}, {}).trouble) == "pulses_missed");
    CHECK(advise({all_silent(9), true, true}, line).trouble == Trouble::exchanged);
    line.foreign = true;
    CHECK(trouble(all_silent(9), line) == Trouble::second_master);
  }

  TEST_CASE("silence of one unit is its own, silence of all is the line's") {
    CHECK(trouble(all_silent(9), healthy()) == Trouble::unit_silent);
    CHECK(trouble(all_silent(9), with_others(all_silent(81))) == Trouble::line_dead);
    auto alone = healthy();
    alone.units = 1;
    alone.others = {};
    CHECK(trouble(all_silent(9), alone) == Trouble::unit_silent);
  }

  TEST_CASE("garbled from all is wiring, cut off from all is baud rate or parity, from one its cable") {
    auto garbled = counted(9, 0);
    garbled.garbled = 9;
    auto cut = counted(9, 0);
    cut.cut = 5;
    cut.garbled = 4;
    auto all_garbled = counted(81, 0);
    all_garbled.garbled = 81;
    auto all_cut = counted(81, 0);
    all_cut.cut = 40;
    all_cut.garbled = 41;
    CHECK(trouble(garbled, with_others(all_garbled)) == Trouble::wiring);
    CHECK(trouble(cut, with_others(all_cut)) == Trouble::line_settings);
    CHECK(trouble(garbled, healthy()) == Trouble::unit_garbled);
    auto tcp = with_others(all_garbled);
    tcp.serial_line = false;
    CHECK(trouble(garbled, tcp) == Trouble::unit_garbled);
  }

  TEST_CASE("replies after the time-out are a slow unit, not a silent one") {
    auto slow = counted(10, 2);
    slow.silent = 5;
    slow.late = 3;
    CHECK(trouble(slow, healthy()) == Trouble::too_slow);
    CHECK(advise({slow}, healthy()).en.find("timeout_ms") != std::string::npos);
  }

  TEST_CASE("an exception is advised on by its code") {
    auto refuses = counted(10, 0);
    refuses.exceptions = 10;
    for (const auto& [code, next] :
         {std::pair{0x02, "profile"}, std::pair{0x04, "exchange it"}, std::pair{0x06, "busy"},
          std::pair{0x0A, "port settings"}, std::pair{0x0B, "Behind"}, std::pair{0x05, "manual"}}) {
      CAPTURE(code);
      refuses.last_exception = static_cast<std::uint8_t>(code);
      const auto advice = advise({refuses}, healthy());
      CHECK(advice.trouble == Trouble::exception);
      CHECK(advice.en.find(code == 0x0B ? "behind the gateway" : next) != std::string::npos);
      CHECK(advice.zh.find("异常码") != std::string::npos);
    }
  }

  TEST_CASE("an adapter that hears only itself, and another unit's answers, are told apart from silence") {
    auto echo = all_silent(9);
    echo.echoes = 9;
    CHECK(trouble(echo, with_others(all_silent(81))) == Trouble::echo);
    auto stranger = counted(9, 0);
    stranger.strangers = 9;
    CHECK(trouble(stranger, healthy()) == Trouble::wrong_unit);
  }

  TEST_CASE("every trouble has a word of its own and says what to do in both languages") {
    std::set<std::string_view> words;
    for (int i = 0; i <= static_cast<int>(Trouble::exception); ++i)
      words.insert(word(static_cast<Trouble>(i)));
    CHECK(words.size() == static_cast<std::size_t>(Trouble::exception) + 1);
    CHECK(advise({all_silent(9)}, healthy()).zh.find("供电") != std::string::npos);
  }

  TEST_CASE("the others of a bus are added up") {
    auto a = all_silent(3);
    a.late = 2;
    const auto sum = added_up(std::array{a, all_silent(4), counted(5, 5)});
    CHECK(sum.asked == 12);
    CHECK(sum.silent == 7);
    CHECK(sum.answered == 5);
    CHECK(sum.late == 2);
  }
}
