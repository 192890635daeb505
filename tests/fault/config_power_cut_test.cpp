// A power cut at every step a gateway's disk takes while configs are put in force, accepted and taken back:
// what is found afterwards is the one before or the new one, whole, with the highest version ever judged.
#include <doctest/doctest.h>

#include "edge/config/config_book.hpp"
#include "kit/crypto/digest.hpp"
#include "tests/fault/crash_disk.hpp"
#include "tests/support/cheap_signer.hpp"

using namespace steward;
using namespace steward::fault;

namespace {

constexpr std::uint64_t changes = 12;

OutboxSetup setup() {
  OutboxSetup setup;
  setup.path = "outbox.db";
  setup.site = SiteId("riverside");
  setup.gateway = GatewayId("gw1");
  return setup;
}

/// Of several marks; each version another length, so that a longer one lies below a shorter one.
std::string text_of(std::uint64_t version) {
  std::string text = "config " + std::to_string(version) + " ";
  while (text.size() < 9'000 + (version % 3) * 9'000) text += std::to_string(version) + ",";
  return text;
}

struct Step {
  ConfigState state;
  std::string text;
};

/// One change of what is in force, as edge/config/config_desk.cpp makes it.
Batch batch_of(const Step& step, bool activates) {
  Batch batch;
  batch.stream = Stream::events;
  batch.records =
      std::vector<EdgeEvent>{{instant_from_ms(1), "config_changed", "", std::to_string(step.state.highest)}};
  batch.stamp = {{}, instant_from_ms(1), 1, ClockTrust::synced};
  if (activates) {
    batch.marks = activation_marks(step.state, step.text, {true, {MeterId("E-1"), MeterId("E-2")}});
  } else {
    batch.marks = {config_state_mark(step.state), config_report_mark("{}")};
  }
  return batch;
}

/// Activate, then accept or take back, in turn.
std::vector<std::pair<Step, bool>> plan() {
  std::vector<std::pair<Step, bool>> steps;
  ConfigState state;
  std::string text;
  for (std::uint64_t version = 1; version <= changes; ++version) {
    const auto before = state;
    const auto text_before = text;
    text = text_of(version);
    state.highest = version;
    state.previous = before.active;
    state.active = {version, before.active.slot == 'a' ? 'b' : 'a', text.size(), sha256(bytes_of(text))};
    state.probation = true;
    steps.push_back({{state, text}, true});
    state.probation = false;
    if (version % 3 == 0) {
      state.active = state.previous;
      text = text_before;
    }
    steps.push_back({{state, text}, false});
  }
  return steps;
}

}  // namespace

TEST_SUITE("fault/config_power_cut") {
  TEST_CASE("a cut at any step of a change leaves the old config or the new one, never half") {
    const test::CheapSigner signer;
    const auto steps = plan();
    CrashDisk disk;
    disk.begin({});
    std::vector<std::size_t> promised_at;
    {
      auto outbox = Outbox::open(setup(), signer);
      REQUIRE(outbox);
      for (const auto& [step, activates] : steps) {
        REQUIRE((*outbox)->append({batch_of(step, activates)}));
        promised_at.push_back(disk.steps().size());
      }
    }
    const auto written = disk.steps();
    constexpr std::uint64_t seed = 20'261'130;
    MESSAGE("seed " << seed << ", " << written.size() << " steps");
    std::mt19937_64 dice(seed);
    CutDisk cut({});
    std::size_t promised = 0;
    std::size_t in_flight = 0;  // found, though nobody had promised it yet
    for (std::size_t at = 0; at <= written.size(); ++at) {
      while (promised < promised_at.size() && promised_at[promised] <= at) ++promised;
      for (const auto loss : {Loss::everything, at % 3 == 0   ? Loss::nothing
                                                : at % 3 == 1 ? Loss::some
                                                              : Loss::torn}) {
        disk.begin(cut.after(loss, dice));
        auto outbox = Outbox::open(setup(), signer);
        INFO("seed ", seed, " step ", at, " loss ", static_cast<int>(loss), " promised ", promised);
        REQUIRE_MESSAGE(outbox, (outbox ? "" : outbox.error().message));
        const auto kept = read_kept_config([&](const std::string& name) { return (*outbox)->mark(name); });
        REQUIRE_MESSAGE(kept, (kept ? "" : kept.error().message));
        CHECK(kept->trouble.empty());
        const auto is = [&](std::size_t number) {
          if (number == 0) return kept->state == ConfigState{} && kept->text.empty();
          const auto& step = steps[number - 1].first;
          return kept->state == step.state && kept->text == step.text;
        };
        const bool next = promised < steps.size() && is(promised + 1);
        REQUIRE((is(promised) || next));
        if (next) ++in_flight;
      }
      if (at < written.size()) cut.apply(written[at]);
    }
    CHECK(in_flight > 0);  // both ends of the promise were seen
  }
}
