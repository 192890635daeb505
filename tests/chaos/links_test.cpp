// 50 partitions, resets, half-open, slow and crumbling links between the real programs, while a relay doubles
// and reorders every block: what the edge has committed is in the books, once, and is what the dials showed.
#include <doctest/doctest.h>

#include <fstream>

#include "tests/chaos/chaos_site.hpp"
#include "tests/chaos/evil_relay.hpp"

using namespace steward;

namespace {

constexpr std::uint64_t seed = 20'261'201;
constexpr int faults = 50;

enum class Trouble : std::uint8_t { reset, refused, partition, lost, one_way, slow, pieces };
constexpr std::size_t fault_kinds = 7;
constexpr std::string_view name_of(Trouble fault) {
  constexpr std::string_view names[] = {"reset", "refused", "partition", "lost", "one way", "slow", "pieces"};
  return names[static_cast<std::size_t>(fault)];
}

/// Makes one fault on `link` and lets it last until it has bitten: something was held, lost or turned away,
/// or records came through in spite of it.
void strike(ChaosSite& site, ChaosProxy& link, Trouble fault) {
  auto& dice = site.dice();
  const auto until_swallowed = [&](Weather weather) {
    const auto before = link.swallowed();
    link.set(weather);
    site.wait("bytes are lost", [&] { return link.swallowed() > before; });
  };
  const auto until_booked = [&](Weather weather) {
    const auto before = site.booked();
    link.set(weather);
    site.wait("records come through", [&] { return site.booked() > before; });
  };
  switch (fault) {
    case Trouble::reset: link.reset(); break;
    case Trouble::refused: {
      const auto before = link.turned_away();
      link.set(Weather::refused);
      link.reset();
      site.wait("a connection is turned away", [&] { return link.turned_away() > before; });
      break;
    }
    case Trouble::partition: {
      const auto before = link.held();
      link.set(Weather::held);
      site.wait("something is held back", [&] { return link.held() > before; });
      const auto rounds = site.rounds() + 3;
      site.wait("the edge reads on", [&] { return site.rounds() >= rounds; });
      if (dice.rolls(500)) link.reset();  // the partition outlived the connection
      break;
    }
    case Trouble::lost: until_swallowed(Weather::swallowed); break;
    case Trouble::one_way: until_swallowed(Weather::one_way); break;
    case Trouble::slow: until_booked(Weather::slow); break;
    case Trouble::pieces: until_booked(Weather::pieces); break;
  }
  link.set(Weather::clear);
}

/// The observer's certificate, given every right: whoever could write under any name.
Broker evil_client(const ChaosSite& site, std::uint16_t port) {
  std::ofstream(site.in("broker/acl"), std::ios::app) << "\nuser observer\ntopic readwrite steward/v1/#\n";
  return {.host = "localhost",
          .port = port,
          .client_id = "observer",
          .ca_file = site.in("broker/ca.pem"),
          .cert_file = site.in("broker/observer.pem"),
          .key_file = site.in("broker/observer-key.pem")};
}

}  // namespace

TEST_SUITE("chaos/links") {
  TEST_CASE("50 bad links, blocks doubled and reordered: nothing is lost, doubled or changed") {
    MESSAGE("seed " << seed);
    ChaosSite site(seed);
    ChaosProxy relay_link(site.broker_port());
    const auto client = evil_client(site, relay_link.port());
    site.start_broker();
    site.start_sim();
    site.start_cloud();
    EvilRelay relay(client, seed);
    site.wait("the relay listens", [&] { return relay.is_up(); });
    site.start_edge();
    std::map<std::string_view, int> struck;
    for (int i = 0; i < faults; ++i) {
      const auto before = site.booked();
      site.wait("records arrive again", [&] { return site.booked() > before; });
      // Each kind at least seven times; the edge's link is the long one.
      const auto fault = static_cast<Trouble>(static_cast<std::size_t>(i) % fault_kinds);
      auto& link = site.dice().rolls(300) ? site.cloud_link() : site.edge_link();
      CAPTURE(i);
      CAPTURE(name_of(fault));
      strike(site, link, fault);
      ++struck[name_of(fault)];
    }
    CHECK(struck.size() == fault_kinds);
    MESSAGE("connections: edge " << site.edge_link().accepted() << ", cloud " << site.cloud_link().accepted()
                                 << "; blocks repeated " << relay.repeated() << ", out of order "
                                 << relay.overtook());
    site.finish_and_judge();
    CHECK(relay.repeated() > 100);
    CHECK(relay.overtook() > 20);
  }
}
