// The oracle of the simulation notices: each protection is taken out once, by a wrapper that lies to the
// product.
#include <doctest/doctest.h>

#include "tests/simulation/life.hpp"
#include "tests/simulation/real_keys.hpp"

using namespace steward;
using namespace steward::simulation;

namespace {

constexpr std::uint64_t tries = 5;
constexpr auto false_broker = "broker that answers in the cloud's name";
constexpr auto cut_cloud = "cloud's power cut at a step of its disk";

/// The first life in which the lie showed, in words; empty: it never did. In these lives nothing but the ack
/// stands between a record and oblivion.
std::string noticed(LifeSetup setup) {
  const RealKeys real;
  for (setup.seed = 1; setup.seed <= tries; ++setup.seed) {
    const auto report = live(setup, real.keys());
    if (!report.is_clean()) return report.words();
  }
  return {};
}

void must_notice(const LifeSetup& setup) {
  const auto words = noticed(setup);
  CHECK_MESSAGE(!words.empty(), "the oracle saw nothing");
  MESSAGE(words);
}

}  // namespace

TEST_SUITE("simulation/lies") {
  TEST_CASE("with every protection in its place the same lives are clean") {
    CHECK(noticed({.days = 8, .restores = false, .first = false_broker, .forgets = true}) == "");
    CHECK(noticed({.days = 8, .first = "cloud restored"}) == "");
  }
  TEST_CASE("a gateway's disk that does not sync loses what was promised") {
    must_notice({.days = 8, .lie = Lie::edge_disk, .first = "gateway's power cut"});
  }
  TEST_CASE("an ack before the commit lets a gateway forget what a power cut takes") {
    must_notice(
        {.days = 8, .lie = Lie::ack_before_commit, .restores = false, .first = cut_cloud, .forgets = true});
  }
  TEST_CASE("without going back a lost block is lost") { must_notice({.days = 8, .lie = Lie::no_go_back}); }
  TEST_CASE("a gateway that never hears that the cloud has less leaves a restored cloud without it") {
    must_notice({.days = 20, .lie = Lie::no_lowering, .first = "cloud backed up"});
  }
  TEST_CASE("acks believed whoever signed them lose records") {
    must_notice(
        {.days = 8, .lie = Lie::any_signer, .restores = false, .first = false_broker, .forgets = true});
  }
  TEST_CASE("without the comparison behind the mark a repeat is booked twice") {
    must_notice({.days = 2, .lie = Lie::no_dedupe});
  }
}
