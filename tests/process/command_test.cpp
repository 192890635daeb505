// What an operator asks of a gateway, among the real programs: by the books, the broker and back.
#include "drivers/sim/estate_model.hpp"
#include "tests/process/site_processes.hpp"

using namespace steward;

TEST_SUITE("process/commands") {
  TEST_CASE("a meter is read now and a log is sent again; what cannot be is refused, and all of it is kept") {
    const sim::EstateModel model({.seed = SiteProcesses::seed, .flats = SiteProcesses::flats});
    const auto& meter = model.plan().meters.front();
    SiteProcesses site;
    site.start_broker();
    site.start_cloud();
    site.start_estate();
    site.start_edge();
    site.wait_for_rounds(2);
    const auto ask = [&](std::vector<std::string> words) {
      words.insert(words.begin(), {"steward-cloud", "--data", site.in("books"), "--json", "command", "gw1"});
      words.insert(words.end(), {"--by", "Li Wei"});
      return site.run(std::move(words));
    };
    const auto [read, said] = ask({"read-now", meter.meter.text});
    CHECK_MESSAGE(read == 0, said);
    for (const char* words : {"\"outcome\":\"done\"", "\"quality\":\"good\"", "\"taken_at\""})
      CHECK_MESSAGE(said.find(words) != std::string::npos, said);
    CHECK(ask({"resend", "readings", "1"}).first == 0);
    const auto [none, nothing] = ask({"read-now", "nobody"});
    CHECK(none == 3);
    CHECK_MESSAGE(nothing.find("the meter list has no meter") != std::string::npos, nothing);
    CHECK(ask({"open-door", "gate"}).first == 2);
    CHECK(ask({"paint", "gate-1"}).first == 2);

    const auto rounds = site.rounds().size();
    site.wait_for_rounds(rounds + 2);  // it goes on
    CHECK(site.stop("edge") == 0);
    const auto [listed, list] = site.run({"steward-cloud", "--data", site.in("books"), "--json", "commands"});
    CHECK(listed == 0);
    const auto json = Json::parse(list);
    REQUIRE_MESSAGE(json, list);
    CHECK(json->find("commands")->items().size() == 3);
    site.start_edge();
    site.wait_for_rounds(1);
    site.wait("the gateway's own words are in the books", [&] {
      return *site.books().query_int(
                 "SELECT count(*) FROM edge_event WHERE kind IN ('command', 'command_refused')") == 3;
    });
    CHECK(site.stop("edge") == 0);
    CHECK(site.stop("cloud") == 0);
  }
}
