// 200 SIGKILLs of the real programs at moments that a seed chooses: what the edge has committed is in the
// books, once, and is what the dials showed.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/chaos/chaos_site.hpp"

using namespace steward;

namespace {

constexpr std::uint64_t seed = 20'261'130;
constexpr int kills = 200;

std::size_t lines_of(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

/// A moment in the life of `victim`, by what it has done since its start and not by a clock: right after it
/// was started, in the middle of starting, or at work.
void wait_for_a_moment(ChaosSite& site, const std::string& victim) {
  auto& dice = site.dice();
  if (dice.rolls(100)) return;
  if (victim == "edge") {
    if (const auto rounds = dice.below(8); rounds > 0) {
      site.wait("the edge reads", [&] { return site.rounds() >= rounds; });
    } else {
      const auto lines = dice.below(4) + 1;
      site.wait("the edge starts", [&] { return lines_of(site.output("edge")) >= lines; });
    }
  } else if (victim == "cloud") {
    const auto lines = dice.below(3) + 1;  // started, connected, at work
    site.wait("the cloud starts", [&] { return lines_of(site.output("cloud")) >= lines; });
    if (dice.rolls(800)) return;  // what it lost comes again after seconds: waiting for it is not random
    const auto more = site.booked() + static_cast<std::int64_t>(dice.below(60)) + 1;
    site.wait("the cloud books", [&] { return site.booked() >= more; });
  } else {
    const auto carried = site.edge_link().carried() + site.cloud_link().carried() + dice.below(40'000) + 1;
    site.wait("the broker carries",
              [&] { return site.edge_link().carried() + site.cloud_link().carried() >= carried; });
  }
}

}  // namespace

TEST_SUITE("chaos/kills") {
  TEST_CASE("200 SIGKILLs of edge, cloud and broker at random moments: nothing is lost, doubled or changed") {
    MESSAGE("seed " << seed);
    ChaosSite site(seed);
    auto& dice = site.dice();
    site.start_broker();
    site.start_sim();
    site.start_cloud();
    site.start_edge();
    std::map<std::string, int> killed;
    for (int kill = 1; kill <= kills; ++kill) {
      CAPTURE(kill);
      const auto roll = dice.below(5);
      const std::string victim = roll < 2 ? "edge" : roll < 4 ? "cloud" : "broker";
      wait_for_a_moment(site, victim);
      site.kill(victim);
      ++killed[victim];
      if (victim == "edge") {
        site.start_edge();
      } else if (victim == "cloud") {
        site.start_cloud();
      } else {
        const auto memory = static_cast<BrokerMemory>(dice.below(3));
        site.start_broker(memory);
      }
    }
    MESSAGE("killed: edge " << killed["edge"] << ", cloud " << killed["cloud"] << ", broker "
                            << killed["broker"]);
    CHECK(killed.size() == 3);
    site.finish_and_judge();
    MESSAGE(site.ask_books("SELECT count(*) FROM reading")
            << " readings of " << site.ask_books("SELECT count(DISTINCT round_at_ms) FROM reading")
            << " rounds");
  }
}
