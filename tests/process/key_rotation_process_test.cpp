// Keys and certificates change while the real programs run, and a gateway is shut out at the broker.
#include "contract/text/key_change_text.hpp"
#include "tests/process/site_processes.hpp"

using namespace steward;

namespace {

std::int64_t number(Database database, const std::string& sql) {
  const auto value = database.query_int(sql);
  REQUIRE_MESSAGE(value, sql);
  return *value;
}

/// What of a log is on both sides: the same first and last place of every block, in the books once.
void wait_for_all(SiteProcesses& site) {
  site.wait("everything the gateway kept is in the books", [&] {
    for (const auto* stream : {"readings", "events"}) {
      const auto kept =
          number(site.outbox(), std::string("SELECT coalesce(max(last), 0) FROM block_") + stream);
      const auto at = std::string(stream) == "readings" ? "0" : "4";
      const auto booked =
          number(site.books(), std::string("SELECT coalesce(max(upto), 0) FROM log WHERE stream = ") + at);
      if (booked < kept || kept == 0) return false;
    }
    return true;
  });
}

}  // namespace

TEST_SUITE("process/key rotation") {
  TEST_CASE("certificate and block key change while the gateway works, and not a record is lost or doubled") {
    SiteProcesses site;
    site.start_broker();
    site.start_cloud();
    site.start_estate();
    site.start_edge();
    site.wait_for_rounds(2);
    const auto config = site.in("estate/edge.json");
    for (int turn = 0; turn < 2; ++turn) {
      auto [asked, asks] = site.run({"steward-edge", "--config", config, "enrol", "request",
                                     "--new-block-key", "--out", site.in("gw1.request")});
      REQUIRE_MESSAGE(asked == 0, asks);
      auto [rotated, rotates] =
          site.run({"steward-cloud", "--data", site.in("books"), "gateway", "rotate", "--request",
                    site.in("gw1.request"), "--out", site.in("gw1.enrolment")});
      REQUIRE_MESSAGE(rotated == 0, rotates);
      auto [accepted, accepts] =
          site.run({"steward-edge", "--config", config, "enrol", "accept", site.in("gw1.enrolment")});
      REQUIRE_MESSAGE(accepted == 0, accepts);
      CHECK((accepts.find("begins anew with it") != std::string::npos ||
             accepts.find("已改用新资料") != std::string::npos));
      site.wait("the cloud has taken the new key over", [&] {
        return number(site.books(), "SELECT count(*) FROM gateway WHERE next_key IS NULL") == 1 &&
               number(site.books(), "SELECT count(*) FROM edge_event WHERE kind = 'block_key_changed'") ==
                   turn + 1;
      });
      site.wait_for_rounds(site.rounds().size() + 2);
    }
    CHECK(site.stop("edge") == 0);
    wait_for_all(site);
    CHECK(number(site.books(), "SELECT count(*) FROM alarm") == 0);
    CHECK(number(site.books(), "SELECT count(*) FROM log WHERE forked = 1") == 0);
    CHECK(number(site.books(), "SELECT count(*) FROM gateway_certificate") == 3);
    CHECK(number(site.books(), "SELECT count(*) FROM reading") ==
          number(site.books(), "SELECT sum(last - first + 1) FROM block WHERE kind = 0"));
    CHECK(number(site.books(), "SELECT count(DISTINCT block_key) FROM former_key") == 2);
    CHECK(number(site.books(), "SELECT count(DISTINCT epoch) FROM log") == 1);  // the same logs all the time
  }

  TEST_CASE("a revoked gateway is refused by the broker after its restart, and says so; another is not") {
    SiteProcesses site;
    enrol_gateway(site.in("books"), site.in("gw2"), "gw2");
    site.start_broker();
    site.start_cloud();
    site.start_estate();
    site.start_edge();
    site.wait_for_rounds(1);
    wait_for_all(site);
    auto [revoked, says] =
        site.run({"steward-cloud", "--data", site.in("books"), "gateway", "revoke", "--site", "riverside",
                  "--gateway", "gw1", "--why", "stolen", "--broker", site.in("broker")});
    REQUIRE_MESSAGE(revoked == 0, says);
    // At once, whatever the broker does: nothing more is booked.
    site.wait("the books refuse what it sends",
              [&] { return number(site.books(), "SELECT count(*) FROM alarm WHERE kind = 'revoked'") == 1; });
    site.kill("broker");
    site.start_broker();
    site.wait("the gateway says why it is refused", [&] {
      return site.output("edge").find("\"trouble\":\"refused_revoked\"") != std::string::npos;
    });
    const auto last = number(site.books(), "SELECT max(upto) FROM log WHERE gateway = 'gw1' AND stream = 0");
    const auto rounds = site.rounds().size();
    site.wait_for_rounds(rounds + 2);  // it reads on and keeps what it read
    CHECK(number(site.books(), "SELECT max(upto) FROM log WHERE gateway = 'gw1' AND stream = 0") == last);

    Loop loop;
    bool up = false;
    const auto keys = site.in("gw2/gateway.pem");
    MqttPipe other(loop,
                   {"localhost", site.broker_port(), "riverside/gw2", site.in("gw2/ca.pem"), keys, keys},
                   std::nullopt, {}, {.up = [&] { up = true; }, .down = {}, .message = {}, .room = {}});
    other.start();
    CHECK(loop.run_until([&] { return up; }, process_patience));
    CHECK(site.stop("edge") == 0);
  }
}
