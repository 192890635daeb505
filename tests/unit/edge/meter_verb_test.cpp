#include "edge/app/meter_verb.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "contract/text/meter_event_text.hpp"
#include "edge/app/meter_list_file.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace steward;
using namespace std::chrono_literals;

namespace {

constexpr Instant noon = instant_from_ms(1'780'272'000'000);
const std::string list =
    "# line 1\nmeter,profile,bus,unit,name,serial\nE-0,p/1,b1,1,,\nE-1,p/1,b1,2,\"flat, "
    "1\",4711\r\nE-2,p/1,b1,3,,\n";

const ProfileChannel& energy() {
  static const ProfileChannel channel = [] {
    ProfileChannel made;
    made.name = "energy_import";
    made.unit = ChannelUnit::wh;
    made.cumulative = true;
    made.step = 10;
    made.max_rate = 65'000;
    return made;
  }();
  return channel;
}
MeterFacts facts() { return {true, &energy(), LifeMark{1'234'000, noon - 1h}, std::nullopt, noon}; }
MeterRequest exchange() {
  MeterRequest request{MeterEventKind::exchange, MeterId("E-1"), "1234.56", "0.00", "E-9"};
  request.by = "Li Wei";
  return request;
}

struct Planned {
  std::optional<MeterChange> change;
  std::string problems;
};
Planned plan(const MeterRequest& request, const MeterFacts& known = facts()) {
  Problems problems;
  Planned planned{plan_meter_change(request, known, list, problems), {}};
  CHECK(planned.change.has_value() == problems.empty());
  for (const auto& problem : problems) {
    CHECK_FALSE(problem.zh.empty());
    planned.problems += problem.en + "\n";
  }
  return planned;
}
bool holds(const std::string& text, std::string_view piece) { return text.find(piece) != std::string::npos; }

std::string text_in(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

TEST_SUITE("edge/meter_verb") {
  TEST_CASE("a register is typed as the dial shows it; what would be lost or guessed is refused") {
    CHECK(read_register("1234.56") == 1'234'560);
    CHECK(read_register("0") == 0);
    CHECK(read_register("7.001") == 7'001);
    for (const char* wrong : {"", ".", "1.", ".5", "-1", "1,5", "1.2345", "12 ", "1e3", "9999999999999"}) {
      CAPTURE(wrong);
      CHECK_FALSE(read_register(wrong));
    }
  }

  TEST_CASE("an exchange is one event with both registers and one changed row of the list") {
    const auto planned = plan(exchange());
    REQUIRE_MESSAGE(planned.change, planned.problems);
    const auto& event = planned.change->event;
    CHECK(event.old_register == 1'234'560);
    CHECK(event.new_register == 0);
    CHECK(event.new_meter == MeterId("E-9"));
    CHECK_FALSE(event.since);
    CHECK(*planned.change->list ==
          "# line 1\nmeter,profile,bus,unit,name,serial\nE-0,p/1,b1,1,,\nE-9,p/1,b1,2,\"flat, "
          "1\",\nE-2,p/1,b1,3,,\n");
    auto other = exchange();
    other.profile = "q/2";
    other.unit = "17";
    other.serial = "12";
    CHECK(holds(*plan(other).change->list, "\nE-9,q/2,b1,17,\"flat, 1\",12\n"));
  }

  TEST_CASE("all that is wrong is said at once") {
    MeterRequest request{MeterEventKind::exchange, MeterId("E-1"), "12,5", "-", "E-2"};
    const auto planned = plan(request);
    CHECK(holds(planned.problems, "--final must be the register"));
    CHECK(holds(planned.problems, "--initial must be the register"));
    CHECK(holds(planned.problems, "--by must say who"));
    CHECK(holds(planned.problems, "\"E-2\" is in the meter list already"));
    MeterFacts none;
    none.now = noon;
    CHECK(holds(plan(exchange(), none).problems, "the meter list has no meter \"E-1\""));
  }

  TEST_CASE("a final register that the last reading contradicts is refused, and both are named") {
    auto request = exchange();
    request.final_register = "1233.98";
    CHECK(holds(plan(request).problems,
                "--final 1233.980 is below the register of 2026-05-31T23:00:00.000Z, 1234.000"));
    request.final_register = "1299.02";  // 65 kWh in an hour is the most
    CHECK(holds(plan(request).problems, "--final 1299.020 is more than 65.000 above"));
    request.final_register = "12345.6";
    CHECK(holds(plan(request).problems, "check the decimal point"));
    auto unread = facts();
    unread.mark.reset();
    CHECK(plan(request, unread).change);
  }

  TEST_CASE(
      "what the gateway found already is what the registers are held against, and where bills are cut") {
    auto known = facts();
    known.mark = LifeMark{90, noon - 1h};  // the new meter's, under the old one's name
    MeterEvent found{MeterEventKind::reset, MeterId("E-1"), "energy_import", noon - 2h, noon - 3h};
    found.old_register = 1'234'000;
    found.new_register = 40;
    known.finding = found;
    const auto planned = plan(exchange(), known);
    REQUIRE_MESSAGE(planned.change, planned.problems);
    CHECK(planned.change->event.since == noon - 3h);
    CHECK(planned.change->event.at == noon);
    auto request = exchange();
    request.initial_register = "0.10";
    CHECK(holds(plan(request, known).problems, "--initial 0.100 is above what the meter showed at"));
  }

  TEST_CASE("a register read for the verb says whose it is, and what does not go with it is refused") {
    auto known = facts();
    known.fresh = 1'234'560;  // the old meter still hangs there
    auto planned = plan(exchange(), known);
    REQUIRE_MESSAGE(planned.change, planned.problems);
    CHECK(planned.change->compared_en ==
          "with the register read now, 1234.560 (2026-06-01T00:00:00.000Z): still the old meter's");
    CHECK(holds(planned.change->compared_zh, "仍是旧表"));

    known.fresh = 40;  // the new one does: the register fell since the last reading
    planned = plan(exchange(), known);
    REQUIRE_MESSAGE(planned.change, planned.problems);
    CHECK(planned.change->event.since == noon - 1h);
    CHECK(holds(planned.change->compared_en, ": the new meter's"));
    auto request = exchange();
    request.initial_register = "0.90";
    CHECK(holds(plan(request, known).problems, "--initial 0.900 is above what the meter show"));

    known.fresh = 7'000'000;  // a new one that was used before: nothing fell
    request.initial_register = "7000.00";
    CHECK(plan(request, known).change);
    request.initial_register = "0.00";
    CHECK(holds(plan(request, known).problems, "goes with neither --final 1234.560 nor --initial 0.000"));

    request.kind = MeterEventKind::sealed;
    request.new_meter.clear();
    request.initial_register.clear();
    CHECK(holds(plan(request, known).problems, "which goes with no --final 1234.560"));
    known.fresh = 1'240'000;  // counted on since somebody looked
    CHECK(plan(request, known).change);
  }

  TEST_CASE("where the meter gives no value the last reading is compared with, and that is said") {
    auto known = facts();
    known.unread = "no reply in 1000 ms";
    const auto planned = plan(exchange(), known);
    REQUIRE_MESSAGE(planned.change, planned.problems);
    CHECK(planned.change->compared_en ==
          "with the last reading, 1234.000 of 2026-05-31T23:00:00.000Z; it gives no value now: no reply in "
          "1000 ms");
    known.mark.reset();
    CHECK(holds(plan(exchange(), known).change->compared_en, "with nothing: no reading of it is known"));
  }

  TEST_CASE("a reset, a ratio and a sealing leave the list alone; a removal takes the row out") {
    auto request = exchange();
    request.kind = MeterEventKind::reset;
    request.new_meter.clear();
    const auto reset = plan(request);
    REQUIRE_MESSAGE(reset.change, reset.problems);
    CHECK_FALSE(reset.change->list);
    CHECK(reset.change->mark == LifeMark{0, noon});
    request.kind = MeterEventKind::ratio_change;
    request.initial_register.clear();
    request.old_ratio = "40";
    request.new_ratio = "40";
    CHECK(holds(plan(request).problems, "two different numbers"));
    request.new_ratio = "3/2";
    CHECK(plan(request).change->event.new_ratio == Ratio{3, 2});
    request.old_ratio.clear();
    request.new_ratio.clear();
    request.kind = MeterEventKind::sealed;
    CHECK_FALSE(plan(request).change->list);
    request.kind = MeterEventKind::removed;
    CHECK(*plan(request).change->list ==
          "# line 1\nmeter,profile,bus,unit,name,serial\nE-0,p/1,b1,1,,\nE-2,p/1,b1,3,,\n");
  }

  TEST_CASE("what is asked goes over the socket and comes back as it was") {
    auto request = exchange();
    request.why = "glass broken";
    request.unit = "17";
    for (const auto kind : {MeterEventKind::exchange, MeterEventKind::reset, MeterEventKind::ratio_change,
                            MeterEventKind::removed, MeterEventKind::sealed}) {
      request.kind = kind;
      const auto json = print_meter_request(request);
      CHECK(is_meter_verb(json.find("verb")->text()));
      CHECK(*read_meter_request(json) == request);
    }
    CHECK_FALSE(read_meter_request(Json::object().set("verb", "meter-seal").set("by", 5)));
    CHECK_FALSE(is_meter_verb("meter-paint"));
  }
}

TEST_SUITE("edge/meter_list_file") {
  TEST_CASE("crashed at any step, the list and its event are both there or both not") {
    for (int crash = 0; crash <= 4; ++crash) {
      CAPTURE(crash);
      TemporaryFolder folder;
      const auto file = (folder.path() / "meters.csv").string();
      std::ofstream(file) << "old";
      std::string mark;  // what the outbox committed together with the event
      const auto steps = [&] {
        if (crash == 0) return;
        if (crash == 1) {  // half written
          std::ofstream(next_list(file)) << "ne";
          return;
        }
        REQUIRE(write_next_list(file, "new"));
        if (crash == 2) return;
        mark = list_mark_text("new");
        if (crash == 3) return;
        REQUIRE(put_next_list(file));
      };
      steps();
      const auto finished = finish_meter_list(file, mark);
      REQUIRE_MESSAGE(finished, finished.error().message);
      CHECK(*finished == (crash == 3));
      CHECK(text_in(file) == (mark.empty() ? "old" : "new"));
      CHECK_FALSE(std::filesystem::exists(next_list(file)));
      CHECK_FALSE(*finish_meter_list(file, mark));  // and once more changes nothing
      CHECK(text_in(file) == (mark.empty() ? "old" : "new"));
    }
  }

  TEST_CASE("a list mended by hand after the crash is not overwritten by another one's remains") {
    TemporaryFolder folder;
    const auto file = (folder.path() / "meters.csv").string();
    std::ofstream(file) << "mended";
    std::ofstream(next_list(file)) << "older";
    CHECK_FALSE(*finish_meter_list(file, list_mark_text("new")));
    CHECK(text_in(file) == "mended");
  }
}
