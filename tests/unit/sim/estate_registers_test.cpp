#include "drivers/sim/estate_registers.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "drivers/decode/decode.hpp"
#include "drivers/modbus/plan.hpp"
#include "drivers/sim/awaited_clock.hpp"
#include "drivers/sim/encode.hpp"
#include "drivers/sim/profile_folder.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace steward;
using namespace steward::sim;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::sys_days june{std::chrono::year{2026} / 6 / 1};

ProfileShelf shipped_profiles() {
  Problems problems;
  ProfileShelf shelf = read_profile_folder(STEWARD_SOURCE_DIR "/drivers/profiles", problems);
  REQUIRE(problems.empty());
  return shelf;
}

const Profile& profile_for(const ProfileShelf& shelf, const MeterPlan& meter) {
  return shelf.at(ProfileId(std::string(profile_of(meter.model))));
}

}  // namespace

TEST_SUITE("sim/estate_registers") {
  TEST_CASE("every register of every meter decodes to what the model says, and is believed") {
    const EstateModel model({.seed = 9});
    const ProfileShelf shelf = shipped_profiles();
    ManualClock clock;
    clock.set(local_midnight(june) + 19h + 7min);
    std::size_t channels = 0;
    for (const BusPlan& bus : model.plan().buses) {
      EstateRegisters source(model, shelf, clock, bus.bus, {});
      for (std::size_t i = 0; i < model.plan().meters.size(); ++i) {
        const MeterPlan& meter = model.plan().meters[i];
        if (meter.bus != bus.bus) continue;
        const Profile& profile = profile_for(shelf, meter);
        for (const PlannedRead& read : plan_reads(profile, all_channels(profile))) {
          const auto words = source.registers(meter.address, read.span);
          REQUIRE_MESSAGE(words, words.error().message);
          for (const PlannedChannel& place : read.channels) {
            const ProfileChannel& channel = profile.channels[place.channel.value];
            const Decoded decoded =
                decode(channel, std::span(*words).subspan(place.offset, channel.span.count));
            CHECK_MESSAGE(decoded.quality == Quality::good, meter.meter.text, " ", channel.name);
            if (channel.name == billing_channel(meter.medium)) {
              REQUIRE_MESSAGE(decoded.value == model.dial_at(i, clock.now()), meter.meter.text);
            }
            ++channels;
          }
        }
      }
    }
    CHECK(channels > 73U * 8U);
  }

  TEST_CASE("a billed register decodes exactly at any minute of six years") {
    const EstateModel model({.seed = 10, .flats = 12});
    const ProfileShelf shelf = shipped_profiles();
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < model.plan().meters.size(); ++i) {
      const MeterPlan& meter = model.plan().meters[i];
      const ProfileChannel* channel = profile_for(shelf, meter).channel(billing_channel(meter.medium));
      REQUIRE(channel != nullptr);
      for (Instant at = local_midnight(first_day); at < local_midnight(last_day); at += 97h + 13min) {
        const std::int64_t dial = channel_value(model, i, *channel, at);
        if (decode(*channel, encode(*channel, dial)).value != dial) ++wrong;
      }
    }
    CHECK(wrong == 0);
  }

  TEST_CASE("the multiplier stands in the meter as its CT ratio, and tariff periods add up") {
    const EstateModel model({.seed = 9});
    const ProfileShelf shelf = shipped_profiles();
    const Profile& adl400 = shelf.at(ProfileId("acrel-adl400/1"));
    const Instant at = local_midnight(june);
    CHECK(channel_value(model, 0, *adl400.channel("ct_ratio"), at) == 80);
    CHECK(channel_value(model, 0, *adl400.channel("pt_ratio"), at) == 1);
    std::int64_t periods = 0;
    for (const char* name :
         {"energy_import_sharp", "energy_import_peak", "energy_import_flat", "energy_import_valley"}) {
      periods += channel_value(model, 0, *adl400.channel(name), at);
    }
    CHECK(periods == model.dial_at(0, at));
    CHECK(channel_value(model, 0, *adl400.channel("energy_export"), at) == 0);
  }

  TEST_CASE("a dead meter, an empty address and a clock that has not begun give no value") {
    const EstateModel model({.seed = 9});
    const ProfileShelf shelf = shipped_profiles();
    const MeterPlan& meter = model.plan().meters[0];
    const RegisterSpan span = profile_for(shelf, meter).channel("energy_import")->span;
    ManualClock clock;
    clock.set(local_midnight(june));

    EstateRegisters alive(model, shelf, clock, meter.bus, {});
    CHECK(alive.registers(meter.address, span));
    CHECK(alive.registers({200}, span).error().fault == Fault::retry);
    CHECK(alive.answered() == 1);

    EstateRegisters dead(model, shelf, clock, meter.bus, {meter.meter.text});
    CHECK(dead.registers(meter.address, span).error().fault == Fault::retry);

    const TemporaryFolder folder;
    AwaitedClock awaited(folder.path() / "clock");
    EstateRegisters early(model, shelf, awaited, meter.bus, {});
    CHECK(early.registers(meter.address, span).error().fault == Fault::full);
    CHECK(awaited.trust() == ClockTrust::unset);
    const auto owner = SteppedClock::create(folder.path() / "clock", local_midnight(june));
    REQUIRE(owner);
    CHECK(early.registers(meter.address, span));
    (*owner)->step_to(local_midnight(june) + 1h);
    CHECK(awaited.now() == local_midnight(june) + 1h);
    CHECK(awaited.trust() == ClockTrust::stepped);
  }

  TEST_CASE("a profile folder without the profiles the meters need is said so, one by one") {
    const TemporaryFolder folder;
    std::ofstream((folder.path() / "broken.json").string()) << "{";
    Problems problems;
    read_profile_folder(folder.path().string(), problems);
    REQUIRE(problems.size() == 4);
    CHECK(problems[0].file.ends_with("broken.json"));
    CHECK(problems[1].en == "has no profile \"eastron-sdm630/1\", which the simulated meters answer by");

    problems.clear();
    read_profile_folder((folder.path() / "nowhere").string(), problems);
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].en.find("give --profiles DIR") != std::string::npos);
  }
}
