#include "edge/app/log_memory.hpp"

#include <doctest/doctest.h>

#include <filesystem>

#include "edge/app/log_marks.hpp"
#include "edge/poll/poll_plan.hpp"
#include "tests/support/test_keys.hpp"
#include "tests/unit/edge/store_helpers.hpp"

using namespace steward;
using namespace std::chrono_literals;

namespace {

constexpr ChannelNo total{0};

Profile one_channel() {
  Profile profile;
  profile.id = ProfileId("eastron-sdm630/1");
  ProfileChannel channel;
  channel.name = "energy_import";
  channel.unit = ChannelUnit::wh;
  channel.cumulative = true;
  channel.step = 10;
  channel.max_rate = 65'000;
  profile.channels = {channel};
  return profile;
}

/// A gateway with these meters; closings at hour 0 of `round_instant`, which is midnight at UTC+8.
LoadedSite site_of(const std::vector<std::string>& plates) {
  LoadedSite site{
      {}, {}, {SigningKey::from_seed({1, 2, 3}), VerifyingKey(test::cloud_key().public_key()), "", ""}};
  site.setup.rounds.closing_minute_utc = 960;
  site.profiles.emplace(ProfileId("eastron-sdm630/1"), one_channel());
  for (std::size_t at = 0; at < plates.size(); ++at)
    site.setup.meters.push_back(
        {MeterId(plates[at]), ProfileId("eastron-sdm630/1"), BusId("b1"), UnitAddress{at + 1}, ""});
  return site;
}

/// A log on disk, written as the record writer does, and read back as the next run does.
struct Kept {
  Kept() { reopen(); }
  void reopen() {
    outbox.reset();
    auto opened = Outbox::open(outbox_setup(folder), edge_key());
    REQUIRE(opened);
    outbox = std::move(*opened);
  }
  void start(const std::vector<std::string>& plates) {
    site = site_of(plates);
    const auto last = outbox->marks()[static_cast<std::size_t>(Stream::readings)].last;
    auto entries = catalogue_of(site.setup, site.profiles);
    const auto mark = numbering_mark({Seq{last.value + 1}, digest_of(entries)});
    commit({Stream::readings, std::move(entries), stamp, {mark}});
  }
  void commit(Batch batch) { REQUIRE(outbox->append({std::move(batch)})); }
  void read(std::uint16_t meter, std::int64_t value, int hour) {
    commit(batch_of({reading_of(meter, value, hour)}));
  }
  void close(const std::string& plate, std::int64_t value, int hour) {
    auto closing = closing_of(plate, value);
    closing.round_at = closing.taken_at = round_instant(hour);
    commit({Stream::readings, std::vector<Closing>{closing}, stamp, {}});
  }
  void say(WordKind kind, int hour, std::optional<std::int64_t> value = {}) {
    commit(
        {Stream::events,
         std::vector<EdgeEvent>{},
         stamp,
         {word_mark(kind, site.setup.meters[0], {site.setup.meters[0].meter, round_instant(hour), value})}});
  }
  LogMemory memory(int hour = 1000, std::uint64_t most = most_remembered) {
    auto told = read_log_memory(*outbox, site, edge_key().public_key(), round_instant(hour), most);
    REQUIRE_MESSAGE(told, told.error().message);
    return std::move(*told);
  }

  TemporaryFolder folder;
  const ClockStamp stamp{{}, round_instant(0), 1000, ClockTrust::synced};
  std::unique_ptr<Outbox> outbox;
  LoadedSite site = site_of({});
};

std::optional<MeterEvent> next_reading(LogMemory memory, std::int64_t value, int hour) {
  const auto profile = one_channel();
  return note_life(memory.histories[MeterNo{0}].life, MeterId("E-1"), profile, profile.channels[0],
                   {value, round_instant(hour)}, Quality::good, Reason::none);
}

/// What a back-fill is asked for when the next value comes.
std::optional<BackfillWish> gap_after(LogMemory memory, std::int64_t value, int hour) {
  memory.gaps.read(MeterNo{0}, total, {value, round_instant(hour)});
  return memory.gaps.wish(MeterNo{0});
}

}  // namespace

TEST_SUITE("edge/log_memory") {
  TEST_CASE("what was committed is what the next run knows: registers, and where they stand in the log") {
    Kept log;
    log.start({"E-1", "E-2"});  // places 1 and 2
    for (int hour = 1; hour <= 5; ++hour) log.read(0, 1000 + hour, hour);
    log.reopen();
    const auto memory = log.memory();
    CHECK(memory.tail.last == Seq{7});
    CHECK(memory.tail.places.at({MeterNo{0}, total}) == LogPlaces{Seq{6}, Seq{7}, round_instant(5)});
    const auto& history = memory.histories.at(MeterNo{0});
    CHECK(history.life.marks.at(total) == LifeMark{1005, round_instant(5)});
    CHECK(history.last.at(total).value == 1005);
    CHECK_FALSE(memory.histories.contains(MeterNo{1}));
  }

  TEST_CASE("a register that fell while the gateway was off is found by the first reading after") {
    Kept log;
    log.start({"E-1"});
    log.read(0, 900'000, 3);
    log.reopen();
    const auto found = next_reading(log.memory(), 30, 9);
    REQUIRE(found);
    CHECK(found->kind == MeterEventKind::reset);
    CHECK(found->since == round_instant(3));
    CHECK(found->old_register == 900'000);
    CHECK_FALSE(next_reading({{}, GapBook(960), {}}, 30, 9));  // without memory it is a first reading
  }

  TEST_CASE("after a power cut the midnight nobody read is a gap, with the last register before it") {
    Kept log;
    log.start({"E-1"});
    log.read(0, 5'000, 22);
    // The power goes: what is on disk now is all there is.
    const TemporaryFolder other;
    std::filesystem::copy(log.folder.path(), other.path(), std::filesystem::copy_options::recursive);
    auto opened = Outbox::open(outbox_setup(other), edge_key());
    REQUIRE(opened);
    log.outbox = std::move(*opened);
    const auto wish = gap_after(log.memory(), 9'000, 30);
    REQUIRE(wish);
    CHECK(wish->from == round_instant(22) + 40ms);
    CHECK(wish->live.at(total).size() == 2);
    CHECK_FALSE(gap_after({{}, GapBook(960), {}}, 9'000, 30));  // what a restart made of it before
  }

  TEST_CASE("a midnight that was closed is no gap, though its closings stand behind its readings") {
    Kept log;
    log.start({"E-1"});
    log.read(0, 4'000, 23);
    log.read(0, 5'000, 24);
    log.close("E-1", 5'000, 24);
    log.read(0, 6'000, 25);
    log.reopen();
    CHECK_FALSE(gap_after(log.memory(), 7'000, 26));
    log.read(0, 9'000, 49);  // the next midnight has none
    log.reopen();
    CHECK(gap_after(log.memory(), 9'500, 50));
  }

  TEST_CASE("what a meter was asked for before the restart is not asked for again, a later gap is") {
    Kept log;
    log.start({"E-1"});
    log.read(0, 4'000, 23);
    log.read(0, 5'000, 25);
    REQUIRE(gap_after(log.memory(), 5'100, 26));
    log.say(WordKind::backfilled, 26);
    log.reopen();
    CHECK_FALSE(gap_after(log.memory(), 5'100, 26));
    log.read(0, 5'100, 27);
    log.reopen();
    CHECK(gap_after(log.memory(), 9'000, 49));
  }

  TEST_CASE("a change nobody explained is still one after a restart; one that a person explained is not") {
    Kept log;
    log.start({"E-1"});
    log.read(0, 900'000, 1);
    log.read(0, 10, 2);
    log.reopen();
    const auto finding = log.memory().histories.at(MeterNo{0}).life.finding;
    REQUIRE(finding);
    CHECK(finding->kind == MeterEventKind::reset);
    log.say(WordKind::explained, 3, 5);
    log.reopen();
    const auto life = log.memory().histories.at(MeterNo{0}).life;
    CHECK_FALSE(life.finding);
    CHECK(life.marks.at(total) == LifeMark{5, round_instant(3)});
  }

  TEST_CASE("a word about another plate at the same address is not this meter's") {
    Kept log;
    log.start({"E-0"});
    log.say(WordKind::explained, 3, 5);
    log.start({"E-1"});
    log.read(0, 900, 1);
    log.reopen();
    CHECK(log.memory().histories.at(MeterNo{0}).life.marks.at(total).value == 900);
  }

  TEST_CASE("meters are found again by their plates when the list was changed") {
    Kept log;
    log.start({"E-1", "E-2"});
    log.read(0, 100, 1);
    log.read(1, 200, 1);
    log.site = site_of({"E-9", "E-2", "E-1"});  // the next run's list; its catalogue is not written yet
    log.reopen();
    const auto memory = log.memory();
    CHECK_FALSE(memory.histories.contains(MeterNo{0}));
    CHECK(memory.histories.at(MeterNo{1}).last.at(total).value == 200);
    CHECK(memory.histories.at(MeterNo{2}).last.at(total).value == 100);
  }

  TEST_CASE("where the catalogue stands further back than memory goes, its mark finds it") {
    Kept log;
    log.start({"E-1", "E-2"});
    for (int hour = 1; hour <= 9; ++hour) log.read(1, 200 + hour, hour);
    log.reopen();
    CHECK(log.memory(1000, 3).histories.at(MeterNo{1}).last.at(total).value == 209);  // the same list
    log.site = site_of({"E-2"});
    CHECK(log.memory(1000, 3).histories.at(MeterNo{0}).last.at(total).value == 209);  // another one
  }

  TEST_CASE("a reading of a clock that ran ahead is passed over") {
    Kept log;
    log.start({"E-1"});
    log.read(0, 100, 1);
    log.read(0, 999, 50);
    log.reopen();
    CHECK(log.memory(2).histories.at(MeterNo{0}).last.at(total).value == 100);
  }

  TEST_CASE("a mark that cannot be read is damage, not an empty memory") {
    Kept log;
    log.start({"E-1"});
    log.commit({Stream::events, std::vector<EdgeEvent>{}, log.stamp, {{"numbering", "x"}}});
    const auto told = read_log_memory(*log.outbox, log.site, edge_key().public_key(), round_instant(1));
    REQUIRE_FALSE(told);
    CHECK(told.error().fault == Fault::broken);
  }
}
