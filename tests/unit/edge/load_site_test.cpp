#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>

#include "edge/app/alarm_book.hpp"
#include "edge/app/load_site.hpp"
#include "kit/crypto/key_file.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace steward;

namespace {

/// A gateway's folder on disk, sound until a test spoils it.
struct GatewayFolder {
  GatewayFolder() {
    std::filesystem::create_directory(folder.path() / "keys");
    write("edge.json", R"({ "schema": 1, "site": "riverside", "gateway": "gw1", "data": "data",
      "enrolment": "keys", "meters": "meters.csv", "profiles": ")" STEWARD_SOURCE_DIR R"(/drivers/profiles",
      "broker": { "host": "localhost" },
      "buses": [ { "bus": "b1", "kind": "modbus_tcp", "host": "127.0.0.1" } ] })");
    write("meters.csv", "meter,profile,bus,unit\nE-1,eastron-sdm630/1,b1,1\n");
    write("keys/ca.pem", "pem");
    REQUIRE(write_secret_file(folder.path() / "keys/gateway.pem", "pem"));
    write("keys/enrolment.json", R"({"site":"riverside","gateway":"gw1"})");
    const auto key = SigningKey::from_seed({1});
    REQUIRE(key.save(folder.path() / "keys/block-key.pem"));
    REQUIRE(VerifyingKey(key.public_key()).save(folder.path() / "keys/cloud-key.pub.pem"));
  }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder.path() / name, std::ios::binary) << text;
  }
  std::string config() const { return (folder.path() / "edge.json").string(); }
  Problems problems() const {
    Problems found;
    const auto site = load_site(config(), "", found);
    CHECK(site.has_value() == found.empty());
    return found;
  }

  TemporaryFolder folder;
};

bool mentions(const Problems& problems, std::string_view text) {
  return std::any_of(problems.begin(), problems.end(),
                     [&](const Problem& problem) { return problem.en.find(text) != std::string::npos; });
}

}  // namespace

TEST_SUITE("edge/load_site") {
  TEST_CASE("a sound folder gives setup, profiles and keys") {
    const GatewayFolder gateway;
    Problems problems;
    const auto site = load_site(gateway.config(), "", problems);
    CHECK(problems == Problems{});
    REQUIRE(site);
    CHECK(site->setup.meters.size() == 1);
    CHECK(site->profiles.contains(ProfileId("eastron-sdm630/1")));
    CHECK(site->enrolment.block_key.public_key() == SigningKey::from_seed({1}).public_key());
  }

  TEST_CASE("mistakes in config, meter list and enrolment are all listed in one go") {
    const GatewayFolder gateway;
    gateway.write("meters.csv", "meter,profile,bus,unit\nE-1,eastron-sdm360/1,b1,300\n");
    gateway.write("keys/enrolment.json", R"({"site":"riverside","gateway":"gw7"})");
    gateway.write("keys/cloud-key.pub.pem", "not a key");
    std::filesystem::remove(gateway.folder.path() / "keys/ca.pem");
    const auto problems = gateway.problems();
    CHECK(mentions(problems, "did you mean \"eastron-sdm630/1\"?"));
    CHECK(mentions(problems, "unit \"300\" is not a Modbus address"));
    CHECK(mentions(problems, "this enrolment is for riverside/gw7, the config is for riverside/gw1"));
    CHECK(mentions(problems, "cloud-key.pub.pem"));
    CHECK(mentions(problems, "ca.pem; finish with"));
    CHECK(problems.size() == 5);
  }

  TEST_CASE("a serial number that this model can never report is refused with its line") {
    const GatewayFolder gateway;
    gateway.write("meters.csv",
                  "meter,profile,bus,unit,serial\n"
                  "E-1,eastron-sdm630/1,b1,1,20481202\n"    // a number: fits
                  "E-2,eastron-sdm630/1,b1,2,12AB\n"        // a number has no letters
                  "E-3,eastron-sdm120/1,b1,3,20481202\n"    // its profile knows no serial register
                  "E-4,eastron-sdm630/1,b1,4,0020481202\n"  // nor leading zeros
                  "E-5,eastron-sdm120/1,b1,5,\n");
    const auto problems = gateway.problems();
    REQUIRE(problems.size() == 3);
    CHECK(problems[0].line == 3);
    CHECK(problems[0].en.find("\"12AB\": this model reports a decimal number") != std::string::npos);
    CHECK(problems[1].line == 4);
    CHECK(problems[1].en.find("it cannot be compared; leave \"serial\" empty") != std::string::npos);
    CHECK(problems[2].line == 5);
    for (const auto& problem : problems) CHECK(problem.zh.starts_with("序列号"));
  }

  TEST_CASE("a profile that is broken or there twice is named by its file") {
    const GatewayFolder gateway;
    const auto profiles = gateway.folder.path() / "profiles";
    std::filesystem::create_directory(profiles);
    const auto original =
        read_text_file(STEWARD_SOURCE_DIR "/drivers/profiles/eastron-sdm630.json", 64 * 1024);
    REQUIRE(original);
    gateway.write("profiles/a.json", *original);
    gateway.write("profiles/b.json", *original);
    gateway.write("profiles/c.json", "{");
    Problems problems;
    CHECK_FALSE(load_site(gateway.config(), profiles.string(), problems));
    CHECK(mentions(problems, "the profile eastron-sdm630/1 is in another file too; keep one"));
    CHECK(std::any_of(problems.begin(), problems.end(),
                      [](const Problem& problem) { return problem.file.ends_with("c.json"); }));
  }

  TEST_CASE("a config that is not there is one clear sentence") {
    Problems problems;
    CHECK_FALSE(load_site("/nowhere/edge.json", "", problems));
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].en == "cannot read /nowhere/edge.json: No such file or directory");
  }

  TEST_CASE("a data folder too deep for a socket is said before the daemon starts") {
    const GatewayFolder gateway;
    const auto text = read_text_file(gateway.config(), 10'000);
    REQUIRE(text);
    auto deep = *text;
    deep.replace(deep.find("\"data\": \"data\""), 14, "\"data\": \"" + std::string(100, 'd') + "\"");
    gateway.write("edge.json", deep);
    CHECK(mentions(gateway.problems(), "bytes, a socket's may have 107; choose a shorter folder"));
  }
}

TEST_SUITE("edge/alarm_book") {
  TEST_CASE("an alarm lasts from the event that begins it to the one that ends it") {
    AlarmBook book;
    const EdgeEvent silent{instant_from_ms(5), "unit_silent", "E-1", "unit 1 gives no value"};
    CHECK(book.note(silent));
    auto again = silent;
    again.at = instant_from_ms(9);
    CHECK_FALSE(book.note(again));
    CHECK(book.note({instant_from_ms(6), "door_silent", "gate", "no reply"}));
    CHECK_FALSE(book.note({instant_from_ms(6), "started", "gw1", ""}));
    REQUIRE(book.alarms().size() == 2);
    CHECK(book.alarms()[1].since == instant_from_ms(5));
    CHECK_FALSE(book.note({instant_from_ms(7), "unit_answers", "E-2", ""}));
    CHECK(book.note({instant_from_ms(7), "unit_answers", "E-1", ""}));
    CHECK(book.alarms().size() == 1);
  }

  TEST_CASE("a technician's clearing ends both latches of a meter, and no other's") {
    AlarmBook book;
    for (const auto* kind : {"unit_clash", "unit_exchanged"}) CHECK(book.note({{}, kind, "E-1", "since"}));
    CHECK(book.note({{}, "unit_clash", "E-2", "since"}));
    CHECK(book.note({{}, "unit_cleared", "E-1", ""}));
    REQUIRE(book.alarms().size() == 1);
    CHECK(book.alarms()[0].subject == "E-2");
    CHECK(book.note({{}, "second_master", "line1", ""}));
    CHECK(book.note({{}, "line_alone", "line1", ""}));
    CHECK(book.alarms().size() == 1);
  }
}
