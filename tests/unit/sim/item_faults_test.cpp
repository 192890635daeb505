// What faults make of a Chinese meter's replies, and such meters beside Modbus on one pseudo-terminal.
#include <doctest/doctest.h>

#include "drivers/bus/line_wire.hpp"
#include "drivers/cjt188/codec.hpp"
#include "drivers/dlt645/codec.hpp"
#include "drivers/modbus/rtu_codec.hpp"
#include "drivers/modbus/rtu_port.hpp"
#include "drivers/sim/fault_plan.hpp"
#include "drivers/sim/item_dials.hpp"
#include "drivers/sim/item_frame.hpp"
#include "drivers/sim/scenario.hpp"
#include "kit/loop/loop.hpp"
#include "tests/unit/sim/fault_kit.hpp"

using namespace steward;
using namespace steward::sim;
using namespace std::chrono_literals;

namespace {

constexpr UnitAddress electric{1, Protocol::dlt645};
constexpr UnitAddress other_electric{2, Protocol::dlt645};
constexpr UnitAddress water{16 * 100'000'000'000'000U + 12, Protocol::cjt188};

Bytes ask_645() {
  return item_frame(Bytes{0x68, 1, 0, 0, 0, 0, 0, 0x68, 0x11, 4, 0x33, 0x33, 0x34, 0x33}, 4);
}
Bytes ask_188() { return item_frame(Bytes{0x68, 0x10, 0x12, 0, 0, 0, 0, 0, 0, 0x01, 3, 0x90, 0x1F, 7}, 4); }

LineVoice voice_of(UnitAddress unit, std::size_t preamble = 4) {
  const ItemManners manners{.number = unit.value, .preamble = preamble};
  const auto last = static_cast<std::uint8_t>(unit.value % 100);
  const ItemSource item = [last](std::uint32_t) { return Result<Bytes>(Bytes{last, 0x56, 0x34, 0x12}); };
  return [=](ByteView heard) {
    return unit.protocol == Protocol::dlt645 ? dlt645_answer(manners, heard, item)
                                             : cjt188_answer(manners, heard, item);
  };
}

/// What one request leads to under a rule: the bytes of its last departure.
std::vector<Departure> under(const FaultRule& rule, Speech speech, const Bytes& request) {
  FaultPlan plan(1, {rule});
  const auto honest = [&](UnitAddress as) -> std::optional<Bytes> {
    const auto unit = as.value == 0 ? electric : as;
    const ByteView asked = body_of(speech, request);
    Bytes body(asked.begin(), asked.end());
    readdress(speech, unit, body);
    const Bytes said = voice_of(unit)(wrapped(speech, {}, body));
    const ByteView reply = body_of(speech, said);
    return Bytes(reply.begin(), reply.end());
  };
  return plan.decide(speech, request, honest, Ticks{}).departures;
}

Bytes only(const FaultRule& rule, Speech speech, const Bytes& request) {
  const auto departures = under(rule, speech, request);
  REQUIRE(departures.size() == 1);
  return departures[0].bytes;
}

const Bytes right_645 = voice_of(electric)(ask_645());
const Bytes right_188 = voice_of(water)(ask_188());

/// A mixed line: Modbus units 1..9, a DL/T 645 and a CJ/T 188 meter, read through the guard.
struct MixedLine {
  struct NoBook : GuardBook {
    Awaitable<Result<void>> keep(UnitRecord) override { co_return Result<void>{}; }
  };
  static constexpr RegisterSpan energy{RegisterKind::dlt645_item, 0x00010000, 4};
  static constexpr RegisterSpan volume{RegisterKind::cjt188_item, 0x901F, 19};
  static constexpr RegisterSpan registers{RegisterKind::holding, 10, 4};

  MixedLine() {
    const Instant noon(std::chrono::sys_days(std::chrono::year{2026} / 6 / 22) + 4h);
    const PowerAt power = [](Instant) { return PowerDial{.forward_wh = 123'456'780}; };
    const WaterAt volume_at = [](Instant) { return WaterDial{1'000'100, 950'000, 0}; };
    auto opened = PtySlave::open(loop, source);
    REQUIRE(opened);
    slave = std::move(*opened);
    slave->add(electric, [=](ByteView heard) {
      return dlt645_answer({.number = electric.value}, heard, [&](std::uint32_t identifier) {
        return dlt645_item(power, electric.value, noon, identifier);
      });
    });
    slave->add(water, [=](ByteView heard) {
      return cjt188_answer({.number = water.value, .preamble = 0}, heard, [&](std::uint32_t identifier) {
        return cjt188_item(volume_at, noon, identifier);
      });
    });
    std::vector<GuardedUnit> units;
    units.push_back(unit(UnitAddress{1}, {{RegisterKind::holding, 0, 2}, {RegisterKind::holding, 0, 3}},
                         {registers, {RegisterKind::holding, 10, 5}}));
    units.push_back(unit(
        electric, {{RegisterKind::dlt645_item, 0x04000101, 4}, {RegisterKind::dlt645_item, 0x04000102, 3}},
        {energy}));
    units.push_back(unit(water,
                         {{RegisterKind::cjt188_item, 0x2901F, 19}, {RegisterKind::cjt188_item, 0x3901F, 19}},
                         {volume, {RegisterKind::cjt188_item, 0x1901F, 19}}));
    bus = make_line_bus(loop,
                        {.device = slave->path(),
                         .open = open_rtu(slave->path()),
                         .format = {115'200, Parity::even, 1},
                         .codec = &codec,
                         .units = std::move(units)},
                        book);
  }
  static GuardedUnit unit(UnitAddress address, const std::vector<RegisterSpan>& probes,
                          const std::vector<RegisterSpan>& reads) {
    GuardedUnit one{.unit = address, .probes = {probes[0], probes[1]}, .delay_floor = 20ms};
    for (const auto& span : probes) REQUIRE(one.dictionary.claim(span));
    for (const auto& span : reads) REQUIRE(one.dictionary.claim(span));
    return one;
  }

  /// Identifies the unit and reads; what went wrong, or the words.
  Result<Words> read(UnitAddress address, RegisterSpan span) {
    std::optional<Result<Words>> got;
    loop.spawn(ask(*bus, address, span, got));
    if (!loop.run_until([&] { return got.has_value(); }, 10s)) return Error{Fault::broken, "nothing came"};
    return *got;
  }
  static Awaitable<void> ask(RegisterBus& bus, UnitAddress address, RegisterSpan span,
                             std::optional<Result<Words>>& got) {
    while (bus.status(address).standing == Standing::quarantined) {
      const auto known = co_await bus.identify(address);
      if (!known) co_await pause(Milliseconds(5));
    }
    got = co_await bus.read(address, span);
  }

  Loop loop;
  TellingSource source;
  std::unique_ptr<PtySlave> slave;
  NoBook book;
  MixedCodec codec{{{Protocol::modbus, &rtu_codec()},
                    {Protocol::dlt645, &dlt645_codec()},
                    {Protocol::cjt188, &cjt188_codec()}}};
  std::unique_ptr<RegisterBus> bus;
};

}  // namespace

TEST_SUITE("sim/faults of Chinese meters") {
  TEST_CASE("without a rule that hits, the right reply comes at once") {
    const FaultRule elsewhere{.kind = FaultKind::lost, .unit = other_electric};
    CHECK(only(elsewhere, Speech::dlt645, ask_645()) == right_645);
    CHECK(only(elsewhere, Speech::cjt188, ask_188()) == right_188);
    CHECK(under({.kind = FaultKind::lost, .unit = electric}, Speech::dlt645, ask_645()).empty());
  }

  TEST_CASE("a twin and a wrong unit are another address under a right sum") {
    const auto twins = under({.kind = FaultKind::twin, .other = other_electric}, Speech::dlt645, ask_645());
    REQUIRE(twins.size() == 2);
    const auto twin = item_body(ItemSpeech::dlt645, twins[1].bytes);
    CHECK(number_in(ItemSpeech::dlt645, twin) == 1);
    CHECK(twin[14] == 2 + 0x33);
    const auto stranger = only({.kind = FaultKind::wrong_unit}, Speech::cjt188, ask_188());
    CHECK(number_in(ItemSpeech::cjt188, item_body(ItemSpeech::cjt188, stranger)) == water.value + 1);
  }

  TEST_CASE("refusals, garbled and cut frames are what a meter and its wire say") {
    const auto refused = only({.kind = FaultKind::exception, .code = 2}, Speech::dlt645, ask_645());
    const auto body = item_body(ItemSpeech::dlt645, refused);
    CHECK(Bytes(body.begin() + 8, body.end()) == Bytes{0xD1, 1, 2 + 0x33});
    CHECK(
        item_body(ItemSpeech::cjt188, only({.kind = FaultKind::bad_crc}, Speech::cjt188, ask_188())).empty());
    CHECK(only({.kind = FaultKind::truncated}, Speech::dlt645, ask_645()).size() < right_645.size());
  }

  TEST_CASE("the preamble is lost or grows, the frame behind it stays right") {
    const auto lost = only({.kind = FaultKind::preamble, .code = 0}, Speech::dlt645, ask_645());
    CHECK(lost == Bytes(right_645.begin() + 4, right_645.end()));
    const auto grown = only({.kind = FaultKind::preamble, .code = 9}, Speech::cjt188, ask_188());
    CHECK(grown.size() == right_188.size() + 5);
    CHECK_FALSE(item_body(ItemSpeech::cjt188, grown).empty());
  }

  TEST_CASE("a reset meter says zero, under its identifier") {
    const auto zeroed = only({.kind = FaultKind::value_reset}, Speech::cjt188, ask_188());
    const auto body = item_body(ItemSpeech::cjt188, zeroed);
    CHECK(Bytes(body.begin() + 11, body.end()) == Bytes{0x90, 0x1F, 7, 0, 0, 0, 0});
    const RegisterSpan elsewhere{RegisterKind::dlt645_item, 0x00020000, 4};
    CHECK(only({.kind = FaultKind::value_reset, .registers = elsewhere}, Speech::dlt645, ask_645()) ==
          right_645);
  }

  TEST_CASE("a scenario names Chinese meters by their addresses, and how many FE there are") {
    Problems problems;
    const auto read = read_scenario(
        "f.json",
        R"({"scenario":1,"faults":[{"fault":"preamble","bus":"line2","unit":"000000000001","count":0},
            {"fault":"late","bus":"line2","unit":"10:00000000000012","least_ms":1,"most_ms":2}]})",
        problems);
    REQUIRE(read);
    CHECK(read->faults[0].rule.unit == electric);
    CHECK(read->faults[0].rule.kind == FaultKind::preamble);
    CHECK(read->faults[0].rule.code == 0);
    CHECK(read->faults[1].rule.unit == water);
    CHECK_FALSE(read_scenario(
        "f.json", R"({"scenario":1,"faults":[{"fault":"dead","bus":"line2","unit":"12:34"}]})", problems));
    CHECK(problems.size() == 1);
  }
}

TEST_SUITE("sim/meters of three protocols on one line") {
  TEST_CASE("each is read through the guard, and its bytes are what its dial shows") {
    MixedLine line;
    const auto energy = line.read(electric, MixedLine::energy);
    REQUIRE(energy);
    CHECK(*energy == Words{0x7856, 0x3412});
    const auto volume = line.read(water, MixedLine::volume);
    REQUIRE(volume);
    CHECK(Words(volume->begin(), volume->begin() + 3) == Words{0x1000, 0x1000, 0x2C00});
    const auto words = line.read(UnitAddress{1}, MixedLine::registers);
    REQUIRE(words);
    CHECK(*words == Words{1010, 1011, 1012, 1013});
    const auto again = line.read(electric, MixedLine::energy);  // with an identity in between
    REQUIRE(again);
    CHECK(line.bus->counters(electric).asked == 4);
  }

  TEST_CASE("under faults a value is right or not there, whoever speaks") {
    MixedLine line;
    line.slave->play(std::make_shared<FaultPlan>(
        3,
        std::vector<FaultRule>{{.kind = FaultKind::preamble, .unit = electric, .per_mille = 500, .code = 0},
                               {.kind = FaultKind::bad_crc, .per_mille = 100},
                               {.kind = FaultKind::duplicate, .per_mille = 100, .most = 5ms},
                               {.kind = FaultKind::truncated, .per_mille = 50}}));
    int good = 0;
    for (int round = 0; round < 20; ++round) {
      const auto energy = line.read(electric, MixedLine::energy);
      if (energy) CHECK(*energy == Words{0x7856, 0x3412});
      const auto volume = line.read(water, MixedLine::volume);
      if (volume) CHECK((*volume)[0] == 0x1000);
      const auto words = line.read(UnitAddress{1}, MixedLine::registers);
      if (words) CHECK((*words)[3] == 1013);
      good += (energy ? 1 : 0) + (volume ? 1 : 0) + (words ? 1 : 0);
    }
    CHECK(good >= 30);
  }
}
