#include <doctest/doctest.h>

#include "contract/wire/ack.hpp"
#include "contract/wire/envelope.hpp"
#include "contract/wire/limits.hpp"
#include "contract/wire/site_config.hpp"
#include "contract/wire/state.hpp"
#include "contract/wire/topics.hpp"
#include "tests/support/cheap_signer.hpp"
#include "tests/support/test_keys.hpp"
#include "tests/unit/contract/examples.hpp"

using namespace steward;

namespace {

const test::CheapSigner cheap;

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  const auto at = text.find(what);
  REQUIRE_MESSAGE(at != std::string::npos, "no " << what);
  return text.replace(at, what.size(), by);
}

Result<Ack> ack_of_text(std::string_view json) {
  return decode_ack(seal(content_type::ack, bytes_of(json), cheap), cheap);
}

constexpr std::string_view ack_text =
    R"({"schema":1,"store":"99999999-8888-4777-8666-555555555555","at_ms":5,"logs":[)"
    R"({"epoch":"11111111-2222-4333-8444-555555555555","stream":"readings","upto":11,"hash":)"
    R"("da00000000000000000000000000000000000000000000000000000000000000"},)"
    R"({"epoch":"11111111-2222-4333-8444-555555555555","stream":"doors","upto":1,"hash":)"
    R"("db00000000000000000000000000000000000000000000000000000000000000"}],"forks":[]})";

Problems problems_of(std::string_view text) {
  Problems problems;
  const auto read = read_site_config("desired", text, problems);
  CHECK(bool(read) == problems.empty());
  return problems;
}

}  // namespace

TEST_SUITE("contract/ack") {
  TEST_CASE("only the cloud's key can make a gateway forget") {
    const auto bytes = encode_ack(test::make_examples().ack, test::cloud_key());
    REQUIRE(bytes);
    CHECK(decode_ack(*bytes, VerifyingKey(test::cloud_key().public_key())));
    const auto forged = decode_ack(*bytes, VerifyingKey(test::gateway_key().public_key()));
    REQUIRE_FALSE(forged);
    CHECK(forged.error().fault == Fault::refused);
  }

  TEST_CASE("an ack's logs are written in one order, whatever order they came in") {
    Ack ack = test::make_examples().ack;
    const auto bytes = encode_ack(ack, cheap);
    std::swap(ack.logs[0], ack.logs[1]);
    CHECK(*encode_ack(ack, cheap) == *bytes);
  }

  TEST_CASE("an ack that names a log twice, or too many, is neither written nor read") {
    Ack ack = test::make_examples().ack;
    ack.logs[1] = ack.logs[0];
    CHECK(encode_ack(ack, cheap).error().message == "an ack that names a log twice");
    ack.logs.assign(wire_limit::acked_logs + 1, {});
    CHECK(encode_ack(ack, cheap).error().message == "an ack of more than 64 logs");
    REQUIRE(ack_of_text(ack_text));
    const auto twice = ack_of_text(replaced(std::string(ack_text), "doors", "readings"));
    REQUIRE_FALSE(twice);
    CHECK(twice.error().message == "logs are not in order, or one is named twice");
  }

  TEST_CASE("an ack of a later version, with a key more or a key less, is refused whole") {
    const std::string good(ack_text);
    CHECK(ack_of_text(replaced(good, "\"schema\":1", "\"schema\":2")).error().message ==
          "line 1: not an object with \"schema\": 1, the only version known here");
    CHECK(ack_of_text(replaced(good, "\"at_ms\":5", "\"at_ms\":5,\"all\":true")).error().message ==
          "line 1: unknown key \"all\"; known here: schema, store, at_ms, logs, forks");
    CHECK(ack_of_text(replaced(good, "\"at_ms\":5,", "")).error().message == "line 1: \"at_ms\" is missing");
    CHECK(ack_of_text(replaced(good, "\"upto\":11", "\"upto\":-1")).error().message ==
          "line 1: \"logs[0].upto\" must be 0 to 9007199254740991");
    CHECK(ack_of_text(replaced(good, "\"upto\":11", "\"upto\":1.5")).error().fault == Fault::malformed);
    CHECK(ack_of_text(replaced(good, "doors", "floors")).error().fault == Fault::malformed);
    CHECK(ack_of_text(replaced(good, "99999999-", "9999999-9")).error().message ==
          "line 1: \"store\" must be a UUID in lower case");
    CHECK_FALSE(ack_of_text("[]"));
    CHECK_FALSE(ack_of_text(""));
  }
}

TEST_SUITE("contract/state") {
  TEST_CASE("the last will says offline and claims nothing else") {
    const auto will = decode_state(last_will(test::make_examples().state));
    REQUIRE(will);
    CHECK_FALSE(will->online);
    CHECK(will->alarms.empty());
    CHECK(will->backlog[1] == 0);
    CHECK(will->site == SiteId("riverside"));
  }

  TEST_CASE("a gateway with a thousand endless alarms still says how it is") {
    EdgeState state = test::make_examples().state;
    state.alarms.assign(1000, {"", std::string(500, '"'), state.at, std::string(5'000, '"')});
    state.version = "\x1b[31m";
    const std::string text = encode_state(state);
    CHECK(text.size() <= wire_limit::state_bytes);
    const auto read = decode_state(text);
    REQUIRE_MESSAGE(read, read.error().message);
    CHECK(read->alarms.size() > 40);
    CHECK(read->alarms.front().kind == "unknown");
    CHECK(read->version == "?[31m");
  }

  TEST_CASE("a state with a backlog of no known stream is refused") {
    const std::string good = encode_state(test::make_examples().state);
    REQUIRE(decode_state(good));
    CHECK_FALSE(decode_state(replaced(good, "\"telemetry\"", "\"videos\"")));
    CHECK_FALSE(decode_state(replaced(good, "\"riverside\"", "\"../x\"")));
    CHECK_FALSE(decode_state(replaced(good, "\"synced\"", "\"perfect\"")));
  }
}

TEST_SUITE("contract/site_config") {
  TEST_CASE("everything wrong with a document is listed at once, in both languages, with its line") {
    std::string text = print_site_config(test::make_examples().site_config);
    REQUIRE(problems_of(text).empty());
    text = replaced(text, "\"every_s\":3600", "\"every_s\":7");
    text = replaced(text, "\"port\":502", "\"port\":70000");
    text = replaced(text, "\"unit\":\"2\"", "\"unit\":\"1\"");
    text = replaced(text, "\"bus\":\"pulses\",\"unit\"", "\"bus\":\"line9\",\"unit\"");
    const Problems problems = problems_of(text);
    REQUIRE(problems.size() == 4);
    CHECK(problems[0].en == "\"rounds.every_s\" must divide a day, as 900, 1800 and 3600 do");
    CHECK(problems[0].line == 6);
    CHECK(problems[1].en == "\"buses[0].port\" must be 1 to 65535");
    CHECK(problems[2].en == "two meters have unit 1 on the bus \"b1\"");
    CHECK(problems[3].en == "the meter \"W-0001\" hangs on the bus \"line9\", which is not in \"buses\"");
    for (const auto& problem : problems) {
      CHECK(problem.file == "desired");
      CHECK_FALSE(problem.zh.empty());
    }
  }

  TEST_CASE(
      "every kind of bus and of address that an edge config knows can be said and is held to its rules") {
    const std::string text = print_site_config(test::make_examples().site_config);
    REQUIRE(problems_of(text).empty());
    struct Mistake {
      std::string_view what, by, problem;
    };
    const Mistake mistakes[] = {
        {"\"/dev/ttyS1\"", "\"ttyS1\"", "\"buses[1].device\" must be an absolute path, as /dev/ttyS1"},
        {"\"baud\":2400", "\"baud\":2401",
         "\"buses[1].baud\" must be 1200, 2400, 4800, 9600, 19200, 38400, 57600 or 115200"},
        {"\"rts_after_ms\":0", "\"rts_after_ms\":2",
         "\"buses[1].rts_before_ms\" and rts_after_ms must be 0 where the converter turns by itself"},
        {"\"port\":4001", "\"path\":\"native\"",
         "unknown key \"buses[2].path\"; known here: bus, kind, host, port, timeout_ms, delay_floor_ms, "
         "probe_permille, retire_hours"},
        {"\"line\":17", "\"line\":1024", "\"buses[3].inputs[0].line\" must be 0 to 1023"},
        {"[10,1]", "[10,0]",
         "\"buses[3].inputs[0].per_pulse\" must be two whole numbers, litres or Wh a pulse as a fraction"},
        {"\"unit\":\"10:00000000000012\"", "\"unit\":\"00000000000012\"",
         "\"meters[3].unit\" must be an address: \"1\" to \"247\" (Modbus), 12 digits (DL/T 645), or the "
         "type and 14 digits like \"10:00000000000012\" (CJ/T 188)"},
        {"\"unit\":\"2\"", "\"unit\":\"248\"",
         "\"meters[1].unit\" must be an address: \"1\" to \"247\" (Modbus), 12 digits (DL/T 645), or the "
         "type and 14 digits like \"10:00000000000012\" (CJ/T 188)"},
    };
    for (const auto& mistake : mistakes) {
      CAPTURE(mistake.by);
      const Problems problems = problems_of(replaced(text, mistake.what, mistake.by));
      REQUIRE_FALSE(problems.empty());
      CHECK(problems.front().en == mistake.problem);
      CHECK_FALSE(problems.front().zh.empty());
    }

    auto twice = test::make_examples().site_config;
    twice.buses.push_back(twice.buses[1]);
    twice.buses.back().bus = BusId("line2");
    CHECK(problems_of(print_site_config(twice)).front().en == "two buses have the device \"/dev/ttyS1\"");
  }

  TEST_CASE("a bus or meter named twice is a problem") {
    auto document = test::make_examples().site_config;
    document.buses.push_back(document.buses[0]);
    CHECK(problems_of(print_site_config(document)).front().en == "the bus \"b1\" is there twice");
    document = test::make_examples().site_config;
    document.meters[1].meter = document.meters[0].meter;
    CHECK(problems_of(print_site_config(document)).front().en == "the meter \"E-0101\" is there twice");
    CHECK_FALSE(encode_desired(document, cheap));
  }

  TEST_CASE("a document not signed by the cloud is refused with a problem that can be shown") {
    const auto bytes = encode_desired(test::make_examples().site_config, test::cloud_key());
    REQUIRE(bytes);
    Problems problems;
    CHECK(decode_desired(*bytes, VerifyingKey(test::gateway_key().public_key()), problems).error().fault ==
          Fault::refused);
    REQUIRE(problems.size() == 1);
    CHECK_FALSE(problems[0].zh.empty());
  }

  TEST_CASE("as many meters as one gateway may have are taken, one more refused") {
    auto document = test::make_examples().site_config;
    document.meters.clear();
    const auto add = [&](std::size_t i) {
      const BusId bus("b" + std::to_string(i / 200));
      if (i % 200 == 0) document.buses.push_back({.bus = bus, .tcp = {.host = "h"}});
      document.meters.push_back({MeterId("m" + std::to_string(i)),
                                 ProfileId("p/1"),
                                 bus,
                                 {static_cast<std::uint8_t>(1 + i % 200)},
                                 ""});
    };
    document.buses.clear();
    for (std::size_t i = 0; i < wire_limit::config_meters; ++i) add(i);
    CHECK(encode_desired(document, cheap));
    add(wire_limit::config_meters);
    CHECK_FALSE(encode_desired(document, cheap));
  }

  TEST_CASE("a report reads back; one that applied in spite of problems is refused") {
    const auto reported = test::make_examples().reported;
    const std::string text = encode_reported(reported);
    const auto read = decode_reported(text);
    REQUIRE_MESSAGE(read, read.error().message);
    CHECK(*read == reported);
    CHECK_FALSE(decode_reported(replaced(text, "\"applied\":false", "\"applied\":true")));

    auto endless = reported;
    endless.problems.assign(5'000, {std::string(900, '"'), 1, std::string(900, '\\'), std::string(900, '"')});
    const std::string cut = encode_reported(endless);
    CHECK(cut.size() <= wire_limit::site_config_bytes);
    REQUIRE(decode_reported(cut));
    CHECK(decode_reported(cut)->problems.size() > 50);
  }
}

TEST_SUITE("contract/topics") {
  TEST_CASE("topics are those of the published table") {
    const SiteId site("riverside");
    const GatewayId gateway("gw1");
    CHECK(up_topic(site, gateway, Stream::readings) == "steward/v1/riverside/gw1/up/readings");
    CHECK(up_topic(site, gateway, Stream::patrol) == "steward/v1/riverside/gw1/up/patrol");
    CHECK(ack_topic(site, gateway) == "steward/v1/riverside/gw1/ack");
    CHECK(state_topic(site, gateway) == "steward/v1/riverside/gw1/state");
    CHECK(desired_topic(site, gateway) == "steward/v1/riverside/gw1/desired");
    CHECK(reported_topic(site, gateway) == "steward/v1/riverside/gw1/reported");
  }

  TEST_CASE("what is not one of our topics is refused") {
    REQUIRE(parse_topic("steward/v1/riverside/gw1/ack"));
    for (const std::string topic :
         {"", "steward/v1/riverside/gw1", "steward/v1/riverside/gw1/", "steward/v1/riverside/gw1/ack/",
          "steward/v1//gw1/ack", "steward/v1/riverside//ack", "steward/v2/riverside/gw1/ack",
          "/steward/v1/riverside/gw1/ack", "steward/v1/+/gw1/ack", "steward/v1/riverside/gw1/up",
          "steward/v1/riverside/gw1/up/", "steward/v1/riverside/gw1/up/floors",
          "steward/v1/riverside/gw1/up/readings/x", "steward/v1/RIVERSIDE/gw1/ack",
          "steward/v1/riverside/gw1/cmd"}) {
      CAPTURE(topic);
      CHECK(parse_topic(topic).error().fault == Fault::malformed);
    }
    CHECK_FALSE(parse_topic("steward/v1/" + std::string(33, 'a') + "/gw1/ack"));
    CHECK(parse_topic(std::string(60'000, '/')).error().message.size() < 200);
  }
}
