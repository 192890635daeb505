#include "tests/tidy/layers.hpp"

#include <doctest/doctest.h>

#include "tests/tidy/tree_fixture.hpp"

using namespace steward::tidy;

namespace {
Findings of_one(std::string path, std::string text) {
  return layer_findings(std::vector<SourceFile>{{std::move(path), std::move(text)}});
}
}  // namespace

TEST_SUITE("tidy/layers") {
  TEST_CASE("no folder of this tree sees what it may not see") {
    check_nothing_found(layer_findings(whole_tree()));
  }

  TEST_CASE("edge and cloud never see each other") {
    CHECK(of_one("edge/app/main.cpp", "#include \"cloud/store/store.hpp\"\n").size() == 1);
    CHECK(of_one("cloud/app/main.cpp", "#include \"edge/store/outbox.hpp\"\n").size() == 1);
    CHECK(of_one("cloud/app/main.cpp", "#include \"drivers/decode/decode.hpp\"\n").size() == 1);
    CHECK(of_one("edge/app/main.cpp", "#include \"contract/nouns/log.hpp\"\n").empty());
  }

  TEST_CASE("lower folders do not look up") {
    CHECK(of_one("contract/wire/ack.cpp", "#include \"kit/crypto/digest.hpp\"\n").size() == 1);
    CHECK(of_one("kit/mqtt/pipe.cpp", "#include \"drivers/line/line.hpp\"\n").size() == 1);
    CHECK(of_one("drivers/line/line.cpp", "#include \"edge/store/outbox.hpp\"\n").size() == 1);
    CHECK(of_one("contract/nouns/log.hpp", "#include \"contract/wire/ack.hpp\"\n").size() == 1);
  }

  TEST_CASE("programs do not see the simulated side or the tests") {
    CHECK(of_one("edge/app/main.cpp", "#include \"drivers/sim/estate_model.hpp\"\n").size() == 1);
    CHECK(of_one("drivers/modbus/bus.cpp", "#include \"drivers/sim/modbus_device.hpp\"\n").size() == 1);
    CHECK(of_one("kit/log/log.cpp", "#include \"tests/support/manual_clock.hpp\"\n").size() == 1);
  }

  TEST_CASE("pure folders have no clock, thread, file or socket") {
    CHECK(of_one("cloud/billing/price.cpp", "#include <fstream>\n").size() == 1);
    CHECK(of_one("cloud/metering/usage.cpp", "#include <sys/stat.h>\n").size() == 1);
    CHECK(of_one("drivers/decode/decode.cpp", "#include <thread>\n").size() == 1);
    CHECK(of_one("drivers/modbus/plan.cpp", "#include \"kit/loop/loop.hpp\"\n").size() == 1);
    CHECK(of_one("cloud/billing/price.cpp", "#include <vector>\n").empty());
    CHECK(of_one("cloud/store/store.cpp", "#include <fstream>\n").empty());
  }

  TEST_CASE("each library has one home") {
    CHECK(of_one("edge/store/outbox.cpp", "#include <sqlite3.h>\n").size() == 1);
    CHECK(of_one("kit/sqlite/database.cpp", "#include <sqlite3.h>\n").empty());
    CHECK(of_one("cloud/app/main.cpp", "#include <nlohmann/json.hpp>\n").size() == 1);
    CHECK(of_one("edge/app/main.cpp", "#include <CLI/CLI.hpp>\n").size() == 1);
    CHECK(of_one("edge/app/edge_cli.cpp", "#include <CLI/CLI.hpp>\n").empty());
    CHECK(of_one("drivers/doors/uhppote.cpp", "#include <boost/asio/ip/udp.hpp>\n").size() == 1);
  }

  TEST_CASE("who checks bills and blocks sees no database and no network") {
    CHECK(of_one("cloud/verify/blocks_verb.cpp", "#include \"cloud/store/store.hpp\"\n").size() == 1);
    CHECK(of_one("cloud/verify/blocks_verb.cpp", "#include \"kit/sqlite/database.hpp\"\n").size() == 1);
    CHECK(of_one("cloud/verify/blocks_verb.cpp", "#include \"kit/mqtt/mqtt_pipe.hpp\"\n").size() == 1);
    CHECK(of_one("cloud/verify/blocks_verb.cpp", "#include \"kit/crypto/digest.hpp\"\n").empty());
    CHECK(of_one("cloud/verify/block_chain.cpp", "#include <fstream>\n").size() == 1);
  }

  TEST_CASE("a new folder must first have a line in the table") {
    CHECK(of_one("shortcuts/all.cpp", "").size() == 1);
    CHECK(of_one("edge/app/main.cpp", "#include \"outbox.hpp\"\n").size() == 1);
  }
}
