// What the cloud wants a gateway to be, among the real programs: put in force while it reads on, and taken
// back by itself when it is worse than before.
#include <algorithm>

#include "contract/text/instant_text.hpp"
#include "edge/app/load_site.hpp"
#include "tests/process/site_processes.hpp"

using namespace steward;

namespace {

/// What the gateway is by its own file, as the cloud would say it.
SiteConfigDocument own_config(const SiteProcesses& site) {
  Problems problems;
  auto loaded = load_site(site.in("estate/edge.json"), "", problems);
  REQUIRE_MESSAGE(loaded, (problems.empty() ? "" : problems.front().en));
  SiteConfigDocument document;
  document.site = loaded->setup.site;
  document.gateway = loaded->setup.gateway;
  document.version = 1;
  document.rounds = loaded->setup.rounds;
  document.buses = loaded->setup.buses;
  document.meters = loaded->setup.meters;
  return document;
}

std::pair<int, std::string> push(SiteProcesses& site, const SiteConfigDocument& document) {
  std::ofstream(site.in("wanted.json")) << print_site_config(document);
  return site.run({"steward-cloud", "--data", site.in("books"), "config", "push", "gw1",
                   site.in("wanted.json"), "--by", "Li Wei"});
}

/// What the gateway said last: "1 1" for version 1 in force.
std::string reported(const SiteProcesses& site) {
  auto books = site.books();
  auto query = books.prepare("SELECT json FROM reported_config");
  REQUIRE(query);
  REQUIRE(query->bind());
  const auto more = query->step();
  if (!more || !*more) return "";
  const auto report = decode_reported(query->column_text(0));
  REQUIRE_MESSAGE(report, report.error().message);
  return std::to_string(report->version) + (report->applied ? " in force" : " not in force");
}

/// No round is missing between the first and the last that this start of the gateway read.
void check_no_round_missed(const SiteProcesses& site) {
  std::optional<Instant> last;
  for (const auto& round : site.rounds()) {
    const auto at = read_instant(round.find("round_at")->text());
    REQUIRE(at);
    if (last) CHECK((*at - *last) <= std::chrono::seconds(2));  // a slow machine may be late for one
    last = at;
  }
}

}  // namespace

TEST_SUITE("process/config") {
  TEST_CASE(
      "a config is put in force while the gateway reads on; one that breaks a bus is taken back by itself") {
    SiteProcesses site;
    site.start_broker();
    site.start_cloud();
    site.start_estate();
    site.start_edge();
    site.wait_for_rounds(2);
    auto document = own_config(site);
    const auto all = static_cast<std::int64_t>(document.meters.size());

    document.meters[0].name = "renamed";
    const auto [pushed, said] = push(site, document);
    CHECK_MESSAGE(pushed == 0, said);
    site.wait("version 1 has proven itself", [&] { return reported(site) == "1 in force"; });

    // Its bus leads nowhere: the meters on it fall silent, and nothing else does.
    auto broken = document;
    const auto bus = broken.meters.back().bus;
    const auto lost = std::ranges::count(broken.meters, bus, &MeterSetup::bus);
    for (auto& one : broken.buses)
      if (one.bus == bus) {
        one.tcp.host = "127.0.0.1";
        one.tcp.port = 9;  // discard: nobody listens
        one.kind = BusKind::modbus_tcp;
      }
    REQUIRE(push(site, broken).first == 0);
    site.wait("version 2 is taken back", [&] { return reported(site) == "2 not in force"; });
    const auto rounds = site.rounds().size();
    site.wait("all its meters answer again", [&] {
      return site.rounds().size() > rounds + 2 && site.rounds().back().find("silent")->integer() == 0;
    });
    bool was_broken = false;
    for (const auto& round : site.rounds()) {
      const auto silent = round.find("silent")->integer();
      was_broken = was_broken || silent == lost;
      CHECK(silent <= lost);
    }
    CHECK(was_broken);
    CHECK(lost < all);
    const auto [shown, show] =
        site.run({"steward-cloud", "--data", site.in("books"), "config", "show", "gw1"});
    CHECK(shown == 0);
    CHECK_MESSAGE(show.find("taken back: ") != std::string::npos, show);

    site.kill("edge");  // what is in force outlives it
    site.start_edge();
    site.wait_for_rounds(2);
    CHECK(reported(site) == "2 not in force");
    check_no_round_missed(site);
    CHECK(site.stop("edge") == 0);
    CHECK(site.stop("cloud") == 0);
  }
}
