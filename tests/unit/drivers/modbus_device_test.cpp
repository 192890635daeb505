#include "drivers/sim/modbus_device.hpp"

#include <doctest/doctest.h>

#include "drivers/decode/decode.hpp"
#include "drivers/decode/identity.hpp"
#include "drivers/modbus/frame.hpp"
#include "drivers/modbus/plan.hpp"
#include "drivers/modbus/unit_plan.hpp"
#include "drivers/sim/encode.hpp"
#include "drivers/sim/modbus_answer.hpp"
#include "tests/unit/drivers/bus_fixture.hpp"
#include "tests/unit/drivers/channels.hpp"

using namespace steward;

namespace {

/// A dial per channel that differs from every other and fits it.
std::int64_t dial(const ProfileChannel& channel) {
  const std::int64_t most = channel.max.value_or(60'000);
  const std::int64_t least = channel.min.value_or(0);
  return std::max(least,
                  (least + (most - least) * (channel.no.value + 1) / 70) / channel.step * channel.step);
}

struct Meter : RegisterSource {
  explicit Meter(const Profile& shown) : profile(shown) {}
  Result<Words> registers(UnitAddress unit, RegisterSpan span) override {
    if (unit.value != 1) return Error{Fault::retry, "nobody"};
    return meter_registers(profile, span, dial);
  }
  const Profile& profile;
};

struct Faulty : RegisterSource {
  explicit Faulty(Fault with) : fault(with) {}
  Result<Words> registers(UnitAddress, RegisterSpan) override { return Error{fault, ""}; }
  Fault fault;
};

}  // namespace

TEST_SUITE("drivers/sim/modbus") {
  TEST_CASE("what a simulated meter shows is what the plan reads and decode says") {
    for (const char* name : {"eastron-sdm630", "acrel-adl400", "tuf-2000"}) {
      const Profile profile = shipped(name);
      Loop loop;
      Meter meter(profile);
      auto slave = TcpSlave::listen(loop, meter);
      REQUIRE(slave);
      auto bus = make_tcp_bus(loop, {.host = "127.0.0.1", .port = (*slave)->port()});
      std::size_t seen = 0;
      for (const auto& read : plan_reads(profile, all_channels(profile))) {
        const auto words = read_now(loop, *bus, 1, read.span);
        REQUIRE(words);
        for (const auto& place : read.channels) {
          const ProfileChannel& channel = profile.channels[place.channel.value];
          INFO(name, " ", channel.name);
          CHECK(decode(channel, std::span(*words).subspan(place.offset, channel.span.count)) ==
                Decoded{dial(channel)});
          ++seen;
        }
      }
      CHECK(seen == profile.channels.size());
    }
  }

  TEST_CASE("a simulated meter refuses what the real one would") {
    Profile profile = shipped("eastron-sdm630");
    CHECK(meter_registers(profile, {RegisterKind::input, 0, 81}, dial).error().fault == Fault::malformed);
    CHECK(meter_registers(profile, {RegisterKind::holding, 0, 2}, dial).error().fault == Fault::unsupported);
    CHECK(meter_registers(profile, {RegisterKind::input, 0x200, 2}, dial).error().fault ==
          Fault::unsupported);
    profile.bus.forbidden = {{RegisterKind::input, 0x12, 1}};
    CHECK(meter_registers(profile, {RegisterKind::input, 0x10, 4}, dial).error().fault == Fault::unsupported);
    CHECK(meter_registers(profile, {RegisterKind::input, 0x10, 2}, dial));
    CHECK(meter_registers(profile, {RegisterKind::input, 0x00, 3}, dial).error().fault == Fault::malformed);
    profile.bus.double_fc = true;
    CHECK(meter_registers(profile, {RegisterKind::holding, 0x00, 2}, dial));
  }

  TEST_CASE("every shipped meter, simulated, answers what its plan asks, and its probe by name") {
    std::size_t named = 0;
    for (const auto& file : std::filesystem::directory_iterator(source_path("drivers/profiles"))) {
      const Profile profile = shipped(file.path().stem().string());
      INFO(profile.id.text);
      if (profile.protocol != Protocol::modbus) continue;
      const auto plan = plan_unit(profile, {all_channels(profile), {ChannelNo{0}}}, {27'500, 2'083});
      CHECK(plan.weak.empty());
      CHECK(plan.probe.from_profile);
      CHECK(plan.probe.distinct);
      for (const auto& read : plan.reads[0]) {
        const auto words = meter_registers(profile, read.span, dial, 1234567);
        REQUIRE(words);
        for (const auto& place : read.channels) {
          const auto& channel = profile.channels[place.channel.value];
          // TUF-2000: a channel of its own shows the serial number's registers.
          if (channel.name == "serial") continue;
          CHECK(decode(channel, std::span(*words).subspan(place.offset, channel.span.count)).value ==
                decode(channel, encode(channel, dial(channel))).value);
        }
      }
      for (const auto& span : plan.dictionary.entries()) CHECK(meter_registers(profile, span, dial));
      if (!plan.probe.serial) continue;
      ++named;
      for (const auto& span : plan.probe.spans) {
        const auto words = meter_registers(profile, span, dial, 1234567);
        REQUIRE(words);
        const auto& serial = *plan.probe.serial;
        const auto text =
            serial_text(serial, std::span(*words).subspan(serial.span.first - span.first, serial.span.count));
        REQUIRE(text);
        if (profile.channel("serial") == nullptr) CHECK(text->ends_with("1234567"));
      }
    }
    CHECK(named >= 5);
  }

  TEST_CASE("a request that begins in the middle of a number gets that part of it") {
    Profile profile = shipped("eastron-sdm630");
    profile.bus.count_step = 1;
    const auto whole = meter_registers(profile, {RegisterKind::input, 0x48, 2}, dial);
    const auto second = meter_registers(profile, {RegisterKind::input, 0x49, 1}, dial);
    REQUIRE(whole);
    REQUIRE(second);
    CHECK((*whole)[1] == (*second)[0]);
  }

  TEST_CASE("a device answers a fault with its exception, or not at all") {
    const auto code = [](Fault fault) {
      Faulty faulty(fault);
      const auto answer = modbus_answer(faulty, Bytes{1, 3, 0, 0, 0, 1});
      return answer ? (*answer)[2] : 0;
    };
    CHECK(code(Fault::retry) == 0);
    CHECK(code(Fault::unsupported) == 2);
    CHECK(code(Fault::malformed) == 3);
    CHECK(code(Fault::broken) == 4);
    CHECK(code(Fault::full) == 6);
  }

  TEST_CASE("a request the protocol does not allow gets the protocol's exception") {
    TellingRegisters registers;
    using Answer = std::optional<Bytes>;
    CHECK(modbus_answer(registers, Bytes{1, 6, 0, 0, 0, 1}) == Answer(Bytes{1, 0x86, 1}));    // no writing
    CHECK(modbus_answer(registers, Bytes{1, 3, 0, 0, 0, 0}) == Answer(Bytes{1, 0x83, 3}));    // no registers
    CHECK(modbus_answer(registers, Bytes{1, 3, 0, 0, 0, 126}) == Answer(Bytes{1, 0x83, 3}));  // too many
    CHECK(modbus_answer(registers, Bytes{1, 3, 0xFF, 0xFF, 0, 2}) ==
          Answer(Bytes{1, 0x83, 2}));  // past the end
    CHECK(modbus_answer(registers, Bytes{1, 3, 0}) == Answer(Bytes{1, 0x83, 3}));
    CHECK_FALSE(modbus_answer(registers, Bytes{77, 6, 0, 0, 0, 1}));
    CHECK_FALSE(modbus_answer(registers, Bytes{0, 3, 0, 0, 0, 1}));
    CHECK_FALSE(modbus_answer(registers, Bytes{1}));
    CHECK_FALSE(modbus_answer(registers, {}));
  }
}
