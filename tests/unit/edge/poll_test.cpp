#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "edge/poll/judge.hpp"
#include "edge/poll/poll_plan.hpp"
#include "edge/poll/schedule.hpp"

using namespace steward;

namespace {

constexpr Instant midnight = instant_from_ms(1'780'272'000'000);  // 2026-06-01T00:00Z
constexpr Milliseconds hour = std::chrono::hours(1);

ProfileChannel energy(std::int64_t modulus = 0) {
  ProfileChannel channel;
  channel.no = ChannelNo{0};
  channel.name = "energy_import";
  channel.span = {RegisterKind::holding, 0, 2};
  channel.as = NumberType::u32;
  channel.unit = ChannelUnit::wh;
  channel.cumulative = true;
  channel.modulus = modulus;
  return channel;
}

Sampling prompt() {
  return {midnight, midnight + Milliseconds(800), Milliseconds(120'000), ClockTrust::synced};
}

constexpr Decoded good(std::int64_t value) { return {value, Quality::good, Reason::none}; }
constexpr Decoded suspect(std::int64_t value, Reason reason) { return {value, Quality::suspect, reason}; }

}  // namespace

TEST_SUITE("edge/judge") {
  TEST_CASE("a value taken in time that did not fall is good") {
    CHECK(judge(energy(), good(100), std::nullopt, prompt()) == good(100));
    CHECK(judge(energy(), good(100), 100, prompt()) == good(100));
    CHECK(judge(energy(), good(101), 100, prompt()) == good(101));
  }

  TEST_CASE("a cumulative register that fell is suspect, an instantaneous one may fall") {
    CHECK(judge(energy(), good(99), 100, prompt()) == suspect(99, Reason::backwards));
    auto voltage = energy();
    voltage.cumulative = false;
    CHECK(judge(voltage, good(99), 100, prompt()) == good(99));
  }

  TEST_CASE("a register that wrapped at its modulus did not fall") {
    CHECK(judge(energy(1'000'000), good(5), 999'990, prompt()) == good(5));
    CHECK(judge(energy(1'000'000), good(5), 500'000, prompt()) == suspect(5, Reason::backwards));
    CHECK(judge(energy(1'000'000), good(900'000), 999'990, prompt()) == suspect(900'000, Reason::backwards));
  }

  TEST_CASE("a value taken too far from the round's instant is suspect, exactly beyond the limit") {
    auto sampling = prompt();
    sampling.taken_at = midnight + Milliseconds(120'000);
    CHECK(judge(energy(), good(1), std::nullopt, sampling) == good(1));
    sampling.taken_at += Milliseconds(1);
    CHECK(judge(energy(), good(1), std::nullopt, sampling) == suspect(1, Reason::skew));
    sampling.taken_at = midnight - Milliseconds(120'001);
    CHECK(judge(energy(), good(1), std::nullopt, sampling) == suspect(1, Reason::skew));
  }

  TEST_CASE("without a clock nothing is good, since nobody knows when it was") {
    auto sampling = prompt();
    sampling.trust = ClockTrust::unset;
    CHECK(judge(energy(), good(1), std::nullopt, sampling) == suspect(1, Reason::clock));
  }

  TEST_CASE("what decoding said stands") {
    const Decoded sentinel{0, Quality::invalid, Reason::sentinel};
    CHECK(judge(energy(), sentinel, 100, prompt()) == sentinel);
    CHECK(judge(energy(), suspect(5, Reason::out_of_range), 100, prompt()) ==
          suspect(5, Reason::out_of_range));
  }
}

TEST_SUITE("edge/schedule") {
  TEST_CASE("rounds stand on multiples of the interval from 00:00 UTC") {
    CHECK(round_at_or_before(midnight, hour) == midnight);
    CHECK(round_at_or_before(midnight + hour - Milliseconds(1), hour) == midnight);
    CHECK(round_at_or_before(midnight - Milliseconds(1), hour) == midnight - hour);
    CHECK(round_at_or_after(midnight, hour) == midnight);
    CHECK(round_at_or_after(midnight + Milliseconds(1), hour) == midnight + hour);
  }

  TEST_CASE("no round comes twice when the clock is set back a little") {
    CHECK(next_round(midnight, midnight + Milliseconds(5), hour) == midnight + hour);
    CHECK(next_round(midnight, midnight - std::chrono::minutes(50), hour) == midnight + hour);
    CHECK(next_round(midnight, midnight, hour) == midnight + hour);
  }

  TEST_CASE("rounds missed while one took too long are not made up") {
    CHECK(next_round(midnight, midnight + hour * 3 + Milliseconds(1), hour) == midnight + hour * 4);
  }

  TEST_CASE("a clock that was years ahead does not stop the rounds when it is set right") {
    const auto wrong = midnight + std::chrono::hours(24 * 365);
    CHECK(next_round(wrong, midnight + Milliseconds(1), hour) == midnight + hour);
  }

  TEST_CASE("only the round at the closing minute closes") {
    CHECK(closes_at(midnight + std::chrono::minutes(960), 960));
    CHECK_FALSE(closes_at(midnight + std::chrono::minutes(960) + std::chrono::seconds(1), 960));
    CHECK_FALSE(closes_at(midnight + std::chrono::minutes(900), 960));
    CHECK(closes_at(midnight, 0));
  }
}

TEST_SUITE("edge/poll_plan") {
  SiteSetup two_buses() {
    SiteSetup setup;
    BusSetup tcp;
    tcp.bus = BusId("b1");
    BusSetup rtu;
    rtu.bus = BusId("line1");
    rtu.kind = BusKind::modbus_rtu;
    BusSetup idle;
    idle.bus = BusId("spare");
    setup.buses = {tcp, rtu, idle};
    setup.meters = {{MeterId("E-1"), ProfileId("p/1"), BusId("b1"), UnitAddress{1}, "", {2}},
                    {MeterId("E-2"), ProfileId("p/1"), BusId("line1"), UnitAddress{1}, "", {3}},
                    {MeterId("E-3"), ProfileId("p/1"), BusId("b1"), UnitAddress{2}, "", {4}}};
    return setup;
  }

  Profiles one_profile() {
    Profile profile;
    profile.id = ProfileId("p/1");
    profile.hash = {7};
    auto volts = energy();
    volts.no = ChannelNo{1};
    volts.name = "voltage";
    volts.unit = ChannelUnit::millivolt;
    volts.cumulative = false;
    volts.span.first = 2;
    auto ratio = energy();
    ratio.no = ChannelNo{2};
    ratio.name = "ct_ratio";
    ratio.unit = ChannelUnit::ratio;
    ratio.cumulative = false;
    ratio.span.first = 1000;
    auto billed = energy();
    billed.times = {"ct_ratio"};
    profile.channels = {billed, volts, ratio};
    Profiles profiles;
    profiles.emplace(profile.id, profile);
    return profiles;
  }

  std::vector<ChannelNo> channels_in(const std::vector<PlannedRead>& reads) {
    std::vector<ChannelNo> found;
    for (const auto& read : reads) {
      for (const auto& channel : read.channels) found.push_back(channel.channel);
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  TEST_CASE("each bus with meters gets a plan, meter_no is the place in the list") {
    const auto profiles = one_profile();
    const auto plans = plan_polls(two_buses(), profiles);
    REQUIRE(plans.size() == 2);
    CHECK(plans[0].bus == BusId("b1"));
    REQUIRE(plans[0].meters.size() == 2);
    CHECK(plans[0].meters[1].meter_no == MeterNo{2});
    CHECK(plans[1].meters[0].meter_no == MeterNo{1});
  }

  TEST_CASE("a round reads what is billed, a closing also the ratio that scales it") {
    const auto profiles = one_profile();
    const auto plans = plan_polls(two_buses(), profiles);
    const auto& meter = plans[0].meters[0];
    CHECK(channels_in(meter.round_reads) == std::vector{ChannelNo{0}});
    CHECK(channels_in(meter.closing_reads) == std::vector{ChannelNo{0}, ChannelNo{2}});
    auto setup = two_buses();
    setup.rounds.channels = RoundChannels::all;
    const auto all = plan_polls(setup, profiles);
    CHECK(channels_in(all[0].meters[0].round_reads) == std::vector{ChannelNo{0}, ChannelNo{1}, ChannelNo{2}});
  }

  TEST_CASE("what is billed or scales a bill goes to readings, the rest to telemetry") {
    const auto profiles = one_profile();
    const auto& channels = profiles.begin()->second.channels;
    CHECK(stream_of(channels[0]) == Stream::readings);
    CHECK(stream_of(channels[1]) == Stream::telemetry);
    CHECK(stream_of(channels[2]) == Stream::readings);
  }

  TEST_CASE("telemetry needs its catalogue also where only an unbilled meter gives any") {
    auto profiles = one_profile();
    CHECK_FALSE(polls_telemetry(plan_polls(two_buses(), profiles)));
    Profile mains;
    mains.id = ProfileId("mains/1");
    mains.channels = {profiles.begin()->second.channels[1]};
    mains.channels[0].no = ChannelNo{0};
    profiles.emplace(mains.id, mains);
    auto setup = two_buses();
    setup.meters[1].profile = mains.id;
    CHECK(polls_telemetry(plan_polls(setup, profiles)));
    setup = two_buses();
    setup.rounds.channels = RoundChannels::all;
    CHECK(polls_telemetry(plan_polls(setup, profiles)));
  }

  TEST_CASE("the catalogue names every meter's profile and channels in list order") {
    const auto profiles = one_profile();
    const auto catalogue = catalogue_of(two_buses(), profiles);
    REQUIRE(catalogue.size() == 3);
    CHECK(catalogue[1].meter == MeterId("E-2"));
    CHECK(catalogue[1].meter_no == MeterNo{1});
    CHECK(catalogue[1].profile_hash == Digest{7});
    CHECK(catalogue[1].channels.size() == 3);
  }
}
