// steward-cloud as an operator meets it: arguments in, text and an exit code out.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <sstream>

#include "cloud/app/verbs.hpp"
#include "cloud/ingest/ingest_worker.hpp"
#include "cloud/store/sqlite_store.hpp"
#include "cloud/verify/verify_verbs.hpp"
#include "contract/text/doubt_text.hpp"
#include "contract/text/json.hpp"
#include "contract/text/meter_event_text.hpp"
#include "contract/wire/time_record_text.hpp"
#include "kit/crypto/certificate.hpp"
#include "kit/crypto/key_file.hpp"
#include "kit/sqlite/database.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/unit/cloud/edge_log.hpp"
#include "tests/unit/cloud/tiny_estate.hpp"

using namespace steward;

namespace {

struct Said {
  Exit exit = Exit::ok;
  std::string out;
  std::string err;
  bool has(std::string_view text) const {
    return out.find(text) != std::string::npos || err.find(text) != std::string::npos;
  }
};

struct Office {
  TemporaryFolder folder;

  std::filesystem::path path(const std::string& name) const { return folder.path() / name; }
  Said run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"--data", path("books").string()});
    return bare(arguments);
  }
  static Said bare(const std::vector<std::string>& arguments) {
    std::ostringstream out;
    std::ostringstream err;
    const auto exit = run_steward_cloud(arguments, {out, err});
    return {exit, out.str(), err.str()};
  }
  Said import(const std::map<std::string, std::string>& files) const {
    std::filesystem::remove_all(path("estate"));
    write_estate(path("estate"), files);
    return run({"import", path("estate").string()});
  }
  std::unique_ptr<SqliteStore> store() const {
    auto opened = SqliteStore::open(path("books") / "steward.db", Uuid{1});
    REQUIRE(opened);
    return std::move(*opened);
  }
  /// June's bill of flat 101, taken away as a bundle and recomputed: what steward-verify says.
  Said proven() const {
    const auto bundle = path("wang.bundle").string();
    const auto made = run({"bundle", "2026-06-wang", "--out", bundle});
    if (made.exit != Exit::ok) return made;
    std::ostringstream out;
    std::ostringstream err;
    const auto exit = run_steward_verify({"bill", bundle}, {out, err});
    return {exit == VerifyExit::holds ? Exit::ok : Exit::refused, out.str(), err.str()};
  }
  std::string file(const std::filesystem::path& name) const {
    auto text = read_key_file(name);
    REQUIRE_MESSAGE(text, (text ? "" : text.error().message));
    return std::move(*text);
  }
};

/// The tiny estate, flat 101 with a yearly tariff: 100 kWh at 0.50, the rest at 1.00.
std::map<std::string, std::string> yearly_estate() {
  auto files = tiny_estate(false);
  files["tariffs.csv"] =
      "tariff,medium,valid_from,period,tier,upto,price\n"
      "home,electricity,2026-01-01,year,1,100,0.50\n"
      "home,electricity,2026-01-01,year,2,,1.00\n"
      "one,electricity,2026-01-01,month,1,,0.50\n";
  files["points.csv"] =
      "point,parent,medium,use,unit,tariff,name\n"
      "e,,electricity,master,,,总表\n"
      "e-101,e,electricity,unit,101,home,101\n"
      "e-102,e,electricity,unit,102,one,102\n";
  files["pools.csv"] = "pool,point,node,basis,share,tariff,name\nloss,e,tiny,area,quantity,one,线损\n";
  return files;
}

struct Dial {
  std::string meter;
  int day = 0;  // from 1 June 2026
  std::int64_t value = 0;
  Milliseconds later{0};
  ClockTrust trust = ClockTrust::synced;
};

/// Closes June 2026 on what a gateway signed: `dials` and those of the master and flat 102.
Said close_june(const Office& office, const std::vector<Dial>& dials) {
  const auto store = office.store();
  EdgeLog edge({SiteId{"tiny"}, GatewayId{"gw1"}, Uuid{7}, Stream::readings}, 1);
  REQUIRE(store->transact([&] { return store->put_gateway(edge.row()); }));
  const auto june = instant_from_ms(1'780'243'200'000);  // 2026-05-31T16:00Z, midnight at UTC+8
  const auto july = june + std::chrono::hours(24 * 30);
  std::vector<Closing> closings{edge.closing("M0", june, 1'000'000), edge.closing("M0", july, 1'153'000),
                                edge.closing("M2", june, 20'000), edge.closing("M2", july, 70'000)};
  for (const auto& dial : dials) {
    closings.push_back(
        edge.closing(dial.meter, june + std::chrono::hours(24 * dial.day) + dial.later, dial.value));
    closings.back().trust = dial.trust;
  }
  const auto arrival = edge.arrival(edge.closings(std::move(closings), edge.key()));
  Admission admission(*store);
  REQUIRE(admission.admit(std::span(&arrival, 1))->front().fate == Fate::admitted);
  return office.run({"--json", "close", "--month", "2026-06"});
}

/// The gateway's events log, admitted like any other.
void say_events(const Office& office, std::vector<EdgeEvent> events) {
  const auto store = office.store();
  EdgeLog edge({SiteId{"tiny"}, GatewayId{"gw1"}, Uuid{7}, Stream::events}, 1);
  REQUIRE(store->transact([&] { return store->put_gateway(edge.row()); }));
  const auto arrival = edge.arrival(edge.append(std::move(events)));
  Admission admission(*store);
  REQUIRE(admission.admit(std::span(&arrival, 1))->front().fate == Fate::admitted);
}

constexpr Instant june_begins = instant_from_ms(1'780'243'200'000);

/// All three meters, from 1 June to 1 July.
const std::vector<Dial> whole_june{{"M1", 0, 10'000}, {"M1", 30, 110'000}};

unsigned mode_of(const std::filesystem::path& file) {
  struct stat status {};
  REQUIRE(::stat(file.c_str(), &status) == 0);
  return status.st_mode & 0777U;
}

}  // namespace

TEST_SUITE("cloud/import") {
  TEST_CASE("an estate is imported, and the same files again change nothing") {
    Office office;
    const auto first = office.import(tiny_estate(true));
    CHECK(first.exit == Exit::ok);
    CHECK(first.has("version 1, 2 units, 3 points"));
    const auto again = office.import(tiny_estate(true));
    CHECK(again.exit == Exit::ok);
    CHECK(again.has("no change, version 1"));
    CHECK(again.has("没有变化"));
    CHECK((*office.store()->latest_import(SiteId{"tiny"}))->version == 1);
  }

  TEST_CASE("a changed file is a new version that names it") {
    Office office;
    office.import(tiny_estate(false));
    const auto changed = office.import(tiny_estate(true));
    CHECK(changed.has("version 2"));
    CHECK(changed.has("changed / 变更: readings.csv\n"));
    CHECK(office.import(tiny_estate(false)).has("readings.csv (gone)"));
  }

  TEST_CASE("all problems are listed in both languages, and nothing is applied") {
    Office office;
    auto files = tiny_estate(true);
    files["units.csv"] = "unit,node,kind,area_m2\n101,nowhere,flat,60\n102,tiny,castle,30\n";
    files["tariffs.csv"] =
        "tariff,medium,valid_from,period,tier,upto,price\nhome,electricity,2026-01-01,month,1,,x\n";
    const auto said = office.import(files);
    CHECK(said.exit == Exit::bad_input);
    CHECK(said.has("units.csv:2:"));
    CHECK(said.has("units.csv:3:"));
    CHECK(said.has("tariffs.csv:2:"));
    CHECK(said.has("nothing was imported"));
    CHECK(said.has("没有导入任何内容"));
    CHECK_FALSE(std::filesystem::exists(office.path("books")));
  }

  TEST_CASE("problems come as JSON too") {
    Office office;
    auto files = tiny_estate(true);
    files.erase("units.csv");
    write_estate(office.path("estate"), files);
    const auto said = office.run({"--json", "import", office.path("estate").string()});
    CHECK(said.exit == Exit::bad_input);
    const auto json = Json::parse(said.out);
    REQUIRE(json);
    CHECK(json->find("problems")->items().at(0).find("file")->text() == "units.csv");
  }

  TEST_CASE("a folder that is not there, and an estate that is not the one asked for, are bad input") {
    Office office;
    CHECK(office.run({"import", office.path("nothing").string()}).exit == Exit::bad_input);
    write_estate(office.path("estate"), tiny_estate(true));
    const auto other = office.run({"--estate", "hillside", "import", office.path("estate").string()});
    CHECK(other.exit == Exit::bad_input);
    CHECK(other.has("of the estate tiny, not of hillside"));
  }

  TEST_CASE("a misspelt file is a problem; the gateway's meter list beside the estate is none") {
    Office office;
    auto files = tiny_estate(true);
    files["meters.csv"] = "meter,profile,bus,unit\n";
    files["ledger.csv"] = "anything";
    CHECK(office.import(files).exit == Exit::ok);
    files["unit.csv"] = "x\n";
    const auto said = office.import(files);
    CHECK(said.exit == Exit::bad_input);
    CHECK(said.has("unit.csv"));
  }
}

TEST_SUITE("cloud/doubts") {
  TEST_CASE("preview shows how the pools would be shared, and files nothing") {
    const Office office;
    REQUIRE(office.import(tiny_estate(true)).exit == Exit::ok);
    const auto preview = office.run({"preview", "--month", "2026-06"});
    CHECK(preview.exit == Exit::ok);
    CHECK(preview.has("应分 Share"));
    CHECK(office.run({"bills"}).has("no month has been closed yet"));
    const auto none = office.run({"preview", "--month", "2026-06", "--pool", "lift"});
    CHECK(none.exit == Exit::bad_input);
    CHECK(none.has("no pool \"lift\"; there are: "));
    CHECK(office.run({"preview", "--month", "June"}).exit == Exit::bad_input);
    CHECK(office.run({"preview", "--month", "2026-09"}).exit == Exit::refused);
  }

  TEST_CASE("two units at one address: good closings taken since the last clean check are not billed") {
    Office office;
    office.import(tiny_estate(false));
    const auto since = june_begins + std::chrono::hours(24 * 20);
    say_events(office, {{since + std::chrono::hours(300), "unit_clash", "M1",
                         doubt_detail({since, std::nullopt, "two devices at one address"})}});
    const auto said = close_june(office, whole_june);
    CHECK(said.exit == Exit::refused);
    CHECK(said.has("M1"));
    CHECK(said.has("since 2026-06-21T00:00:00+08:00"));
    CHECK(said.has("two devices at one address"));
    CHECK(said.has("steward-edge unlatch M1"));
    CHECK(said.has("存疑"));
    CHECK(office.store()->bill_runs(SiteId{"tiny"})->empty());
  }

  TEST_CASE("a doubt that begins after the month's last closing, or of another meter, changes nothing") {
    Office office;
    office.import(tiny_estate(false));
    const auto july = june_begins + std::chrono::hours(24 * 30 + 1);
    say_events(office,
               {{july + std::chrono::hours(1), "unit_clash", "M1", doubt_detail({july, std::nullopt, "x"})},
                {july, "unit_clash", "M9", doubt_detail({june_begins, std::nullopt, "x"})},
                {july, "unit_silent", "M1", doubt_detail({june_begins, std::nullopt, "x"})}});
    CHECK(close_june(office, whole_june).exit == Exit::ok);
  }

  TEST_CASE("what was taken after a technician cleared the address is billed again") {
    Office office;
    office.import(tiny_estate(false));
    const auto before = june_begins - std::chrono::hours(48);
    say_events(office,
               {{before, "unit_exchanged", "M1", doubt_detail({before, std::nullopt, "x"})},
                {june_begins - std::chrono::hours(1), "unit_cleared", "M1", "cleared by a technician"}});
    CHECK(close_june(office, whole_june).exit == Exit::ok);
  }

  TEST_CASE("the dial read by a person takes the place of a closing in doubt") {
    Office office;
    auto files = tiny_estate(false);
    files["readings.csv"] = "meter,channel,at,value,source\nM1,energy_import,2026-07-01,111,manual\n";
    office.import(files);
    const auto since = june_begins + std::chrono::hours(24);
    say_events(office, {{since, "unit_clash", "M1", doubt_detail({since, std::nullopt, "x"})}});
    CHECK(close_june(office, whole_june).exit == Exit::ok);
    const auto proof = office.proven();  // what was judged goes with it
    CHECK_MESSAGE(proof.has("every byte is the same"), proof.err);
    CHECK((*office.store()->bill_runs(SiteId{"tiny"})).at(0).total_fen == 7650);
  }
}

TEST_SUITE("cloud/true time") {
  // The log's blocks are closed at the beginning of June, when the machine's boot was.
  EdgeEvent time_word(Milliseconds since_boot, Milliseconds wrong) {
    const TimeRecord record{Uuid{1}, ms_of(june_begins + wrong), since_boot.count(), 10, TimeTeller::cloud};
    return edge_event_of(record, june_begins + since_boot);
  }
  const std::vector<Dial> unconfirmed{{"M1", 0, 10'000},
                                      {"M1", 30, 110'000, Milliseconds(0), ClockTrust::rtc}};
  constexpr Milliseconds month = std::chrono::hours(24 * 30);

  TEST_CASE("a closing by a clock nobody confirmed is not billed, and the bill run says why") {
    Office office;
    office.import(tiny_estate(false));
    const auto said = close_june(office, unconfirmed);
    CHECK(said.exit == Exit::refused);
    CHECK(said.has("M1"));
    CHECK(said.has("clock"));
  }

  TEST_CASE("once its gateway has learned the time the same closing is billed") {
    Office office;
    office.import(tiny_estate(false));
    say_events(office, {time_word(month, Milliseconds(0))});
    CHECK(close_june(office, unconfirmed).exit == Exit::ok);
    const auto proof = office.proven();  // what was judged goes with it
    CHECK_MESSAGE(proof.has("every byte is the same"), proof.err);
    CHECK((*office.store()->bill_runs(SiteId{"tiny"})).at(0).total_fen == 7650);
  }

  TEST_CASE(
      "a gateway that learns that it was an hour wrong is not billed for it, nor on a word too long ago") {
    for (const auto& word :
         {time_word(month, std::chrono::hours(1)), time_word(Milliseconds(0), Milliseconds(0))}) {
      Office office;
      office.import(tiny_estate(false));
      say_events(office, {word});
      CHECK(close_june(office, unconfirmed).exit == Exit::refused);
    }
  }

  TEST_CASE("words that contradict each other take back what was synced") {
    Office office;
    office.import(tiny_estate(false));
    say_events(office,
               {time_word(Milliseconds(0), Milliseconds(0)), time_word(month, std::chrono::hours(2))});
    CHECK(close_june(office, whole_june).exit == Exit::refused);
  }
}

TEST_SUITE("cloud/event") {
  MeterEvent in_june(MeterEventKind kind, std::int64_t old_register, std::int64_t new_register) {
    MeterEvent event{kind, MeterId("M1"), "energy_import", june_begins + std::chrono::hours(24 * 14 + 10)};
    event.old_register = old_register;
    event.new_register = new_register;
    return event;
  }

  TEST_CASE("a meter exchanged in the middle of the month is billed by both meters' registers") {
    Office office;
    office.import(tiny_estate(false));
    auto event = in_june(MeterEventKind::exchange, 60'000, 5);
    event.new_meter = MeterId("M9");
    event.by = "Li Wei";
    say_events(office, {edge_event_of(event)});
    const auto said = close_june(office, {{"M1", 0, 10'000}, {"M9", 30, 50'005}});
    CHECK_MESSAGE(said.exit == Exit::ok, said.err);
    CHECK((*office.store()->bill_runs(SiteId{"tiny"})).at(0).total_fen == 7650);
    const auto proof = office.proven();  // what was judged goes with it
    CHECK_MESSAGE(proof.has("every byte is the same"), proof.err);
    const auto list = office.run({"event", "list"});
    CHECK(list.has("1  applied 已计入  meter M1 (energy_import) at 2026-06-15T10:00:00+08:00: exchanged"));
    CHECK(list.has("by 由 Li Wei"));
    CHECK(office.run({"event", "list", "--open"}).has("none / 无"));
  }

  TEST_CASE("a reset nobody explained stops the month; confirmed it is billed, and who said so stays") {
    Office office;
    office.import(tiny_estate(false));
    auto event = in_june(MeterEventKind::reset, 60'000, 10);
    event.since = event.at - std::chrono::hours(1);
    say_events(office, {edge_event_of(event)});
    // From its ends alone the register rose by 40 kWh.
    const auto stopped = close_june(office, {{"M1", 0, 10'000}, {"M1", 30, 50'010}});
    CHECK(stopped.exit == Exit::refused);
    CHECK(stopped.has("steward-cloud event confirm 1"));
    CHECK(office.run({"event", "list", "--open"}).has("1  open 待说明"));
    CHECK(office.run({"event", "confirm", "1", "--by", "Li Wei", "--why", ""}).exit == Exit::bad_input);
    CHECK(office.run({"event", "confirm", "2", "--by", "Li Wei", "--why", "x"}).exit == Exit::refused);
    CHECK(office.run({"event", "reject", "1", "--by", "Wang", "--why", "not seen"}).exit == Exit::ok);
    CHECK(office.run({"event", "confirm", "1", "--by", "Li Wei", "--why", "seen on the dial"}).exit ==
          Exit::ok);
    CHECK(office.run({"close", "--month", "2026-06"}).exit == Exit::ok);
    CHECK((*office.store()->bill_runs(SiteId{"tiny"})).at(0).total_fen == 7650);
    const auto proof = office.proven();  // what was judged goes with it
    CHECK_MESSAGE(proof.has("every byte is the same"), proof.err);
    const auto lines = office.run({"--json", "event", "list"}).out;
    CHECK(lines.find(R"("verdict":"rejected","who":"Wang")") != std::string::npos);
    CHECK(lines.find(R"("verdict":"confirmed","who":"Li Wei","why":"seen on the dial")") !=
          std::string::npos);
    CHECK(lines.find(R"("state":"applied")") != std::string::npos);
  }

  TEST_CASE("frozen readings are listed with the meter's own date, and no bill stands on them") {
    Office office;
    office.import(tiny_estate(false));
    {
      const auto store = office.store();
      EdgeLog edge({SiteId{"tiny"}, GatewayId{"gw2"}, Uuid{9}, Stream::readings}, 1);
      REQUIRE(store->transact([&] { return store->put_gateway(edge.row()); }));
      const std::vector<CatalogueEntry> catalogue{
          {MeterNo{0},
           MeterId("M1"),
           ProfileId("x/1"),
           {},
           {{ChannelNo{0}, "energy_import", ChannelUnit::wh, true, 2, 0}}}};
      const std::vector<FrozenReading> frozen{{june_begins + std::chrono::hours(9),
                                               ms_of(june_begins) + 8 * 3'600'000, Freeze::day, MeterNo{0},
                                               ChannelNo{0}, 10'000}};
      const std::vector<Arrival> arrivals{edge.arrival(edge.append(catalogue)),
                                          edge.arrival(edge.append(frozen))};
      Admission admission(*store);
      const auto fates = admission.admit(arrivals);
      REQUIRE(fates);
      CHECK((*fates)[1].fate == Fate::admitted);
    }
    const auto said = office.run({"frozen"});
    CHECK(said.has("2026-06-01T00:00:00"));
    CHECK(said.has("M1"));
    CHECK(office.run({"readings"}).has("none / 无"));
    const auto closed = close_june(office, {{"M1", 30, 110'000}});
    CHECK(closed.exit == Exit::refused);
    CHECK(closed.has("no closing reading of meter M1 (energy_import) at 2026-06-01T00:00:00+08:00"));
  }
}

TEST_SUITE("cloud/close") {
  TEST_CASE("a month becomes a draft, the same draft again, and is then issued") {
    Office office;
    office.import(tiny_estate(true));
    const auto draft = office.run({"close", "--month", "2026-06"});
    CHECK(draft.exit == Exit::ok);
    CHECK(draft.has("51.00"));
    CHECK(draft.has("25.50"));
    CHECK(draft.has("draft drawn up"));
    CHECK(draft.has("2 bills, 76.50 yuan"));
    const auto again = office.run({"close", "--month", "2026-06"});
    CHECK(again.has("the same bytes as before"));
    CHECK(again.has("逐字节相同"));
    const auto issued = office.run({"close", "--month", "2026-06", "--issue", "--quiet"});
    CHECK(issued.has("now issued"));
    CHECK(office.run({"close", "--month", "2026-06", "--issue"}).has("issued already"));
    CHECK((*office.store()->bill_runs(SiteId{"tiny"})).at(0).status == RunStatus::issued);
  }

  TEST_CASE("two offices with the same files write the same bytes") {
    Office one;
    Office two;
    for (const auto* office : {&one, &two}) {
      office->import(tiny_estate(true));
      CHECK(office->run({"close", "--month", "2026-06"}).exit == Exit::ok);
    }
    for (const auto* name : {"2026-06-wang.json", "2026-06-wang.txt", "run.json", "pools.txt"}) {
      CAPTURE(name);
      const auto in = [&](const Office& office) {
        return office.file(office.path("books") / "bills" / "tiny" / "2026-06" / name);
      };
      CHECK(in(one) == in(two));
      CHECK_FALSE(in(one).empty());
    }
  }

  TEST_CASE("missing readings are all listed and no bill is made") {
    Office office;
    office.import(tiny_estate(false));
    const auto said = office.run({"close", "--month", "2026-06", "--issue"});
    CHECK(said.exit == Exit::refused);
    for (const auto* meter : {"M0", "M1", "M2"}) CHECK(said.has(meter));
    CHECK(said.has("no bill was drawn up"));
    CHECK(said.has("未生成任何账单"));
    CHECK(office.store()->bill_runs(SiteId{"tiny"})->empty());
    CHECK_FALSE(std::filesystem::exists(office.path("books") / "bills"));
  }

  TEST_CASE("a draft follows new readings; an issued month refuses them and stays as it is") {
    Office office;
    office.import(tiny_estate(true));
    office.run({"close", "--month", "2026-06"});
    auto files = tiny_estate(true);
    auto& readings = files["readings.csv"];
    readings.replace(readings.find(",110,"), 5, ",111,");
    office.import(files);
    CHECK(office.run({"close", "--month", "2026-06", "--issue"})
              .has("with other bytes than before, now issued"));
    const auto kept = *office.store()->bills(SiteId{"tiny"}, "2026-06");

    office.import(tiny_estate(true));
    const auto refused = office.run({"close", "--month", "2026-06"});
    CHECK(refused.exit == Exit::refused);
    CHECK(refused.has("issued bills never change"));
    CHECK(refused.has("已开具的账单不会改变"));
    CHECK(refused.has("2026-06-wang"));
    CHECK(*office.store()->bills(SiteId{"tiny"}, "2026-06") == kept);
  }

  TEST_CASE("signed closing records from a gateway are billed and explained to their registers") {
    Office office;
    office.import(tiny_estate(false));
    const auto store = office.store();
    EdgeLog edge({SiteId{"tiny"}, GatewayId{"gw1"}, Uuid{7}, Stream::readings}, 1);
    REQUIRE(store->transact([&] { return store->put_gateway(edge.row()); }));
    const auto june = instant_from_ms(1'780'243'200'000);  // 2026-05-31T16:00Z, midnight at UTC+8
    const auto july = june + std::chrono::hours(24 * 30);
    const auto block = edge.closings({edge.closing("M0", june, 1'000'000), edge.closing("M1", june, 10'000),
                                      edge.closing("M2", june, 20'000), edge.closing("M0", july, 1'153'000),
                                      edge.closing("M1", july, 110'000), edge.closing("M2", july, 70'000)},
                                     edge.key());
    Admission admission(*store);
    const auto arrival = edge.arrival(block);
    REQUIRE(admission.admit(std::span(&arrival, 1))->front().fate == Fate::admitted);

    const auto closed = office.run({"--json", "close", "--month", "2026-06"});
    CHECK(closed.exit == Exit::ok);
    const auto json = Json::parse(closed.out);
    REQUIRE(json);
    CHECK(json->find("total_fen")->integer() == 7650);
    CHECK(json->find("change")->text() == "new");
    const auto said = office.run({"explain", "2026-06-wang", "--lang", "en"});
    CHECK(said.exit == Exit::ok);
    CHECK(said.has("gw1"));
    CHECK(said.has("4A01"));
  }

  TEST_CASE("a register changed in the database is not billed: what gateways signed is held against it") {
    const auto change = [](const std::string& sql) {
      const Office office;
      office.import(tiny_estate(false));
      say_events(office, {{june_begins + std::chrono::hours(100 * 24), "unit_clash", "M1",
                           doubt_detail({june_begins + std::chrono::hours(99 * 24), std::nullopt, "x"})}});
      const auto whole = close_june(office, whole_june);
      REQUIRE_MESSAGE(whole.exit == Exit::ok, whole.err);
      {
        auto database = Database::open(office.path("books") / "steward.db");
        REQUIRE(database);
        REQUIRE(database->execute(sql));
      }
      return office.run({"close", "--month", "2026-06"});
    };
    CHECK(change("SELECT 1").exit == Exit::ok);  // the negative control: nothing changed, all billed
    const std::string one = " WHERE meter = 'M1' AND round_at_ms = 1780243200000";
    const auto value = change("UPDATE closing SET value = value - 64" + one);
    CHECK(value.exit == Exit::refused);
    CHECK_MESSAGE(value.has("the closing record of M1 energy_import 2026-05-31T16:00:00"), value.err);
    CHECK(value.has("steward-cloud restored"));
    CHECK(value.has("数据库已损坏"));
    CHECK(change("DELETE FROM closing" + one).has("the closing record of M1"));
    CHECK(change("UPDATE closing SET quality = 1" + one).has("the closing record of M1"));
    CHECK(change("UPDATE closing SET meter = 'M3'" + one).has("the closing record of M1"));
    CHECK(change("UPDATE closing SET sealed = x'00'" + one).has("the closing record of M1"));
    CHECK(change("UPDATE block_bytes SET bytes = x'00'").has("a block (gateway gw1"));
    CHECK(change("UPDATE block SET hash = zeroblob(32)").has("a block (gateway gw1"));
    CHECK(change("UPDATE edge_event SET kind = 'unit_flash'").has("an event (gateway gw1"));
    CHECK(change("DELETE FROM edge_event").has("an event (gateway gw1"));
    CHECK(change("UPDATE import_file SET text = replace(text, '0.50', '0.40')")
              .has("is not what was handed in"));
  }

  TEST_CASE("a year's tiers follow a meter exchanged in spring, from signed closing records alone") {
    Office office;
    auto files = yearly_estate();
    files["installs.csv"] =
        "point,meter,channel,from,to,multiplier,opening,closing\n"
        "e,M0,energy_import,2026-01-01,,1,,\n"
        "e-101,M1,energy_import,2026-01-01,2026-03-10,1,,\n"
        "e-101,M9,energy_import,2026-03-10,,1,,\n"
        "e-102,M2,energy_import,2026-01-01,,1,,\n";
    CHECK(office.import(files).exit == Exit::ok);
    // Before June 60 + 50 kWh, above the 100 of tier 1: all 100 of June cost 1.00.
    const auto closed = close_june(office, {{"M1", -151, 0},
                                            {"M1", -83, 60'000},
                                            {"M9", -85, 500},
                                            {"M9", -83, 1'000},
                                            {"M9", 0, 51'000},
                                            {"M9", 30, 151'000}});
    CHECK_MESSAGE(closed.exit == Exit::ok, closed.out);
    CHECK_MESSAGE(closed.has("\"total_fen\":12650"), closed.out);
  }

  TEST_CASE("a first closing record that is of no midnight does not make the year's usage smaller") {
    Office office;
    auto files = yearly_estate();
    files["installs.csv"] =
        "point,meter,channel,from,to,multiplier,opening,closing\n"
        "e,M0,energy_import,2020-01-01,,1,,\n"
        "e-101,M1,energy_import,2020-01-01,,1,,\n"
        "e-102,M2,energy_import,2020-01-01,,1,,\n";
    files["carried.csv"] = "point,year,used\ne-101,2026,30\n";
    CHECK(office.import(files).exit == Exit::ok);
    // 30 kWh carried and 90 read since 3 February, not 30 alone: all 100 of June cost 1.00.
    const auto closed = close_june(office, {{"M1", -120, 9'000, std::chrono::hours(8)},
                                            {"M1", -118, 10'000},
                                            {"M1", 0, 100'000},
                                            {"M1", 30, 200'000}});
    CHECK_MESSAGE(closed.exit == Exit::ok, closed.out);
    CHECK_MESSAGE(closed.has("\"total_fen\":12650"), closed.out);
  }

  TEST_CASE("what is not a month, and an estate that was never imported, are told so") {
    Office office;
    for (const auto* month : {"2026-13", "26-06", "June", "2026-6"}) {
      const auto said = office.run({"close", "--month", month});
      CHECK(said.exit == Exit::bad_input);
      CHECK(said.has("is not a month"));
    }
    const auto none = office.run({"close", "--month", "2026-06"});
    CHECK(none.exit == Exit::refused);
    CHECK(none.has("there is no estate yet"));
    CHECK(none.has("请先导入"));
  }

  TEST_CASE("a mistyped data folder is told, and not made") {
    Office office;
    const std::vector<std::vector<std::string>> asking{{"close", "--month", "2026-06"},
                                                       {"bills"},
                                                       {"explain", "2026-06-wang"},
                                                       {"gateway", "list"},
                                                       {"status"},
                                                       {"readings"},
                                                       {"doors"},
                                                       {"patrol"},
                                                       {"restored"}};
    for (const auto& line : asking) {
      const auto said = office.run(line);
      CHECK(said.exit == Exit::refused);
      CHECK(said.has("is --data right?"));
      CHECK(said.has("--data 是否写对"));
    }
    CHECK_FALSE(std::filesystem::exists(office.path("books")));
  }

  TEST_CASE("a word that is no verb is named, in both languages") {
    Office office;
    const auto said = office.run({"bils"});
    CHECK(said.exit == Exit::bad_input);
    CHECK(said.has("not known: bils"));
    CHECK(said.has("不认识：bils"));
  }
}

TEST_SUITE("cloud/bills") {
  TEST_CASE("months and bills are listed as tables and as JSON") {
    Office office;
    office.import(tiny_estate(true));
    CHECK(office.run({"bills"}).has("no month has been closed yet"));
    const auto elsewhere = office.run({"--estate", "hillside", "bills"});
    CHECK(elsewhere.exit == Exit::bad_input);
    CHECK(elsewhere.has("no estate \"hillside\" here; there are:"));
    office.run({"close", "--month", "2026-06"});
    CHECK(office.run({"bills"}).has("draft"));
    const auto table = office.run({"bills", "--month", "2026-06"});
    CHECK(table.has("王伟"));
    CHECK(table.has("76.50"));
    const auto json = Json::parse(office.run({"bills", "--month", "2026-06", "--json"}).out);
    REQUIRE(json);
    CHECK(json->find("total_fen")->integer() == 7650);
    REQUIRE(json->find("bills")->items().size() == 2);
    const auto missing = office.run({"bills", "--month", "2026-05"});
    CHECK(missing.exit == Exit::bad_input);
    CHECK(missing.has("no bills of 2026-05"));
  }

  TEST_CASE("a bill explains itself in the language asked for; a wrong name is helped on") {
    Office office;
    office.import(tiny_estate(true));
    office.run({"close", "--month", "2026-06"});
    const auto zh = office.run({"explain", "2026-06-wang", "--lang", "zh"});
    const auto en = office.run({"explain", "2026-06-wang", "--lang", "en"});
    CHECK(zh.exit == Exit::ok);
    CHECK(en.has("51.00"));
    CHECK(zh.out != en.out);
    CHECK(office.run({"explain", "2026-06-wang"}).out == zh.out + "\n" + en.out);
    const auto by_account = office.run({"explain", "wang"});
    CHECK(by_account.exit == Exit::bad_input);
    CHECK(by_account.has("did you mean 2026-06-wang?"));
    CHECK(office.run({"explain", "nobody"}).exit == Exit::bad_input);
    CHECK(office.run({"explain", "2026-06-wang", "--lang", "fr"}).exit == Exit::bad_input);
  }
}

TEST_SUITE("cloud/broker") {
  TEST_CASE("broker setup writes what mosquitto needs, for the one who runs it, and not twice") {
    Office office;
    const std::vector<std::string> line{"broker", "setup",     "--host", "localhost",
                                        "--host", "127.0.0.1", "--port", "12345",
                                        "--bind", "127.0.0.1", "--out",  office.path("broker").string()};
    CHECK(office.run(line).exit == Exit::ok);
    const auto conf = office.file(office.path("broker") / "mosquitto.conf");
    CHECK(conf.find("listener 12345 127.0.0.1\n") != std::string::npos);
    CHECK(conf.find("keyfile " + (office.path("broker") / "server-key.pem").string()) != std::string::npos);
    CHECK(conf.find("{") == conf.find("{site}"));
    CHECK(mode_of(office.path("broker") / "server-key.pem") == 0600);
    CHECK(office.file(office.path("broker") / "acl").find("pattern write steward/v1/%u/up/+") !=
          std::string::npos);
    CHECK(*common_name_of(office.file(office.path("broker") / "cloud.pem")) == "cloud");
    CHECK(office.run(line).exit == Exit::refused);
    const auto none = office.path("none");
    const auto nameless = office.run({"broker", "setup", "--host", "two words", "--out", none.string()});
    CHECK(nameless.exit == Exit::bad_input);
    CHECK(nameless.has("--host 应为"));
    CHECK_FALSE(std::filesystem::exists(none));
    auto renewed = line;
    renewed.emplace_back("--renew");
    CHECK(office.run(renewed).exit == Exit::ok);
    CHECK(office.run({"broker", "setup", "--host", "not a host", "--out", office.path("b2").string()}).exit !=
          Exit::ok);
    const auto blank = office.run({"broker", "setup", "--host", "h", "--out", office.path("a b").string()});
    CHECK(blank.exit == Exit::bad_input);
  }
}

TEST_SUITE("cloud/lists") {
  TEST_CASE("doors, patrol and readings come newest first in the estate's own time") {
    Office office;
    office.import(tiny_estate(false));
    const auto store = office.store();
    const LogId base{SiteId{"tiny"}, GatewayId{"gw1"}, Uuid{7}, Stream::readings};
    auto doors_id = base;
    doors_id.stream = Stream::doors;
    auto patrol_id = base;
    patrol_id.stream = Stream::patrol;
    EdgeLog readings(base, 1);
    EdgeLog doors(doors_id, 1);
    EdgeLog patrol(patrol_id, 1);
    REQUIRE(store->transact([&] { return store->put_gateway(readings.row()); }));
    const std::vector<CatalogueEntry> catalogue{
        {MeterNo{0},
         MeterId{"M1"},
         ProfileId{"eastron-sdm630/1"},
         {},
         {{ChannelNo{0}, "energy_import", ChannelUnit::wh, true, 2, 0}}},
        {MeterNo{1}, MeterId{"X9"}, ProfileId{"eastron-sdm630/1"}, {}, {}}};
    const std::vector arrivals{
        readings.arrival(readings.append(catalogue)), readings.arrival(readings.readings(2, 500)),
        doors.arrival(doors.append(std::vector{DoorEvent{.controller = "gate",
                                                         .received_at = test_instant(0),
                                                         .granted = true,
                                                         .door = 2,
                                                         .card = 8165538,
                                                         .reason = 1}})),
        patrol.arrival(
            patrol.append(std::vector{PatrolScan{ReaderId{"lobby"}, test_instant(60'000), "CP-07"}}))};
    Admission admission(*store);
    const auto outcomes = admission.admit(arrivals);
    REQUIRE(outcomes);
    for (const auto& outcome : *outcomes) REQUIRE_MESSAGE(outcome.fate == Fate::admitted, outcome.why);

    const auto door = office.run({"doors"});
    CHECK(door.has("2026-06-01T00:00:00+08:00"));
    CHECK(door.has("8165538"));
    CHECK(door.has("刷卡开门"));
    CHECK(office.run({"doors", "--from", "2026-06-02"}).has("none"));
    CHECK(office.run({"patrol"}).has("CP-07"));
    CHECK(office.run({"patrol", "--to", "2026-06-01"}).has("none"));
    const auto json = Json::parse(office.run({"readings", "--json"}).out);
    REQUIRE(json);
    REQUIRE(json->find("readings")->items().size() == 2);
    CHECK(json->find("readings")->items()[1].find("meter")->text() == "M1");
    CHECK(json->find("readings")->items()[1].find("value")->integer() == 500);
    const auto unassigned = office.run({"readings", "--unassigned"});
    CHECK(unassigned.has("X9"));
    CHECK_FALSE(unassigned.has("M1"));
    CHECK(office.run({"doors", "--from", "yesterday"}).exit == Exit::bad_input);
    CHECK(office.run({"doors", "--limit", "0"}).exit == Exit::bad_input);
  }

  TEST_CASE("exported blocks are the gateway's own bytes, and steward-verify says that they hold") {
    Office office;
    office.import(tiny_estate(false));
    const auto store = office.store();
    EdgeLog edge({SiteId{"tiny"}, GatewayId{"gw1"}, Uuid{7}, Stream::readings}, 1);
    REQUIRE(store->transact([&] { return store->put_gateway(edge.row()); }));
    const std::vector arrivals{edge.arrival(edge.readings(20, 1)), edge.arrival(edge.readings(30, 2))};
    REQUIRE(Admission(*store).admit(arrivals));
    const auto file = office.path("june.blocks").string();
    const auto verify = [&](const std::string& key) {
      std::ostringstream out;
      return run_steward_verify({"blocks", file, "--key", key}, {out, out});
    };
    const std::vector<std::string> ask{"blocks", "export", file, "--site", "tiny", "--gateway", "gw1"};
    CHECK(office.run(ask).has("2 blocks of tiny/gw1"));
    CHECK(verify(hex(test_key(1).public_key())) == VerifyExit::holds);
    CHECK(verify(hex(test_key(2).public_key())) == VerifyExit::differs);
    CHECK(std::filesystem::file_size(file) > arrivals[0].payload.size() + arrivals[1].payload.size());
    CHECK_FALSE(std::filesystem::exists(file + ".part"));

    auto bounded = ask;
    bounded.insert(bounded.end(), {"--stream", "readings", "--to", "2026-06-01T00:00:21+08:00", "--json"});
    const auto part = Json::parse(office.run(bounded).out);
    REQUIRE(part);
    CHECK(part->find("blocks")->integer() == 1);
    bounded.back() = "--stream=meters";
    CHECK(office.run(bounded).exit == Exit::bad_input);
    auto elsewhere = ask;
    elsewhere.back() = "gw9";
    CHECK(office.run(elsewhere).exit == Exit::bad_input);
    elsewhere = ask;
    elsewhere[2] = office.path("no/such/folder").string();
    CHECK(office.run(elsewhere).exit == Exit::failed);
  }

  TEST_CASE("status shows gateways, counts and alarms; a restored store gets a new name") {
    Office office;
    office.import(tiny_estate(true));
    const auto store = office.store();
    REQUIRE(store->transact([&] {
      return store->put_gateway({SiteId{"tiny"}, GatewayId{"gw1"}, PublicKey{1}, test_instant(0)});
    }));
    REQUIRE(store->transact([&] {
      return store->raise({SiteId{"tiny"}, "gw1", "fork", "two histories", test_instant(0), test_instant(0)});
    }));
    CHECK(office.run({"status"}).has("two histories"));
    const auto before = Json::parse(office.run({"status", "--json"}).out);
    REQUIRE(before);
    CHECK(before->find("gateways")->items().size() == 1);
    CHECK(before->find("alarms")->items().size() == 1);
    CHECK(office.run({"restored"}).exit == Exit::ok);
    const auto after = Json::parse(office.run({"status", "--json"}).out);
    CHECK(after->find("store")->text() != before->find("store")->text());
  }
}

TEST_SUITE("cloud/program") {
  TEST_CASE("help names every verb and the exit codes; each verb has an example") {
    const auto help = Office::bare({"--help"});
    CHECK(help.exit == Exit::ok);
    CHECK(help.has("Exit codes"));
    for (const auto* verb : {"serve", "import", "close", "bills", "explain", "doors", "patrol", "readings",
                             "status", "restored"}) {
      CAPTURE(verb);
      CHECK(help.has(verb));
      const auto own = Office::bare({verb, "--help"});
      CHECK(own.exit == Exit::ok);
      CHECK(own.has("steward-cloud --data books " + std::string(verb)));
    }
    CHECK(Office::bare({"gateway", "add", "--help"}).has("--request"));
    CHECK(Office::bare({"--version"}).has(STEWARD_VERSION));
  }

  TEST_CASE("what cannot be understood is bad input, in both languages") {
    for (const std::vector<std::string>& line : {std::vector<std::string>{},
                                                 {"bills"},
                                                 {"--data", "x"},
                                                 {"--data", "x", "dance"},
                                                 {"--data", "x", "close"},
                                                 {"--data", "x", "import"},
                                                 {"--data", "x", "gateway"},
                                                 {"--data", "x", "serve", "--broker-port", "many"}}) {
      const auto said = Office::bare(line);
      CHECK(said.exit == Exit::bad_input);
      CHECK(said.has("--help"));
      CHECK(said.has("用法有误"));
    }
  }

  TEST_CASE("a data folder that cannot be is a failure that names it") {
    Office office;
    write_estate(office.path("estate"), tiny_estate(true));
    std::ofstream(office.path("file")) << "in the way";
    const auto said =
        Office::bare({"--data", office.path("file").string(), "import", office.path("estate").string()});
    CHECK(said.exit != Exit::ok);
    CHECK(said.has(office.path("file").string()));
  }

  TEST_CASE("a database of another program, or a damaged one, is left alone") {
    Office office;
    std::filesystem::create_directories(office.path("books"));
    std::ofstream(office.path("books") / "steward.db")
        << "not a database, but somebody's text, longer than a header";
    const auto said = office.run({"status"});
    CHECK(said.exit == Exit::failed);
    CHECK(said.has("steward.db"));
    CHECK(office.file(office.path("books") / "steward.db").starts_with("not a database"));
  }
}
