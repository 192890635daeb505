// Never lost: a gateway's disk that is full, or fails to sync, at every point, and comes back.
#include <doctest/doctest.h>

#include <algorithm>
#include <iterator>

#include "contract/wire/block_codec.hpp"
#include "edge/store/steady_outbox.hpp"
#include "tests/fault/crash_disk.hpp"
#include "tests/support/cheap_signer.hpp"

using namespace steward;
using namespace steward::fault;

namespace {

constexpr int transactions = 40;

OutboxSetup setup() {
  OutboxSetup setup;
  setup.path = "outbox.db";
  setup.site = SiteId("riverside");
  setup.gateway = GatewayId("gw1");
  return setup;
}

/// The at-th transaction: readings whose values say which they are, an event, a mark.
std::vector<Batch> batches_of(int at) {
  const auto wall = instant_from_ms(1'780'243'200'000) + std::chrono::seconds(at);
  const ClockStamp stamp{{}, wall, 1000, ClockTrust::synced};
  std::vector<Reading> readings;
  for (std::uint16_t meter = 0; meter < 30; ++meter) {
    readings.push_back({wall,
                        wall,
                        MeterNo{meter},
                        ChannelNo{0},
                        at * std::int64_t{100} + meter,
                        Quality::good,
                        Reason::none,
                        {1, static_cast<std::uint16_t>(at)}});
  }
  std::vector<Batch> batches{{Stream::readings, readings, stamp, {}}};
  if (at % 3 == 0)
    batches.push_back(
        {Stream::events, std::vector<EdgeEvent>{{wall, "said", "m", std::string(300, 'x')}}, stamp, {}});
  batches.back().marks = {{"door/gate", std::to_string(at + 1)}};
  return batches;
}

/// What is wrong with an outbox that was promised `count` transactions; empty: nothing.
std::string flaw_of(Outbox& outbox, int count) {
  const auto mark = outbox.mark("door/gate");
  if (!mark || *mark != std::to_string(count)) return "its mark is not that of the last promise";
  const auto blocks = outbox.read_after(Stream::readings, Seq{0}, 10'000, 100'000'000);
  if (!blocks) return blocks.error().message;
  if (blocks->size() != static_cast<std::size_t>(count))
    return std::to_string(blocks->size()) + " blocks of " + std::to_string(count);
  for (int at = 0; at < count; ++at) {
    const auto place = peek_block((*blocks)[static_cast<std::size_t>(at)].bytes);
    if (!place || place->first.value != static_cast<std::uint64_t>(at) * 30 + 1)
      return "a block is out of place";
  }
  return {};
}

/// Opens again for as long as the disk needs; a healthy disk, so once.
std::unique_ptr<Outbox> opened(const Signer& signer) {
  auto outbox = Outbox::open(setup(), signer);
  REQUIRE_MESSAGE(outbox, (outbox ? "" : outbox.error().message));
  return std::move(*outbox);
}

/// Runs the workload; where an append fails the disk is healed and the same is asked again. How often it
/// failed.
int run_steadily(CrashDisk& disk, const Signer& signer, int tries_before_healing) {
  SteadyOutbox outbox(setup(), signer, opened(signer));
  int failures = 0;
  for (int at = 0; at < transactions; ++at) {
    for (int tries = 0;; ++tries) {
      REQUIRE(tries < 10);
      if (tries >= tries_before_healing) disk.heal();
      const auto kept = outbox.append(batches_of(at));
      if (kept) break;
      INFO(kept.error().message);
      REQUIRE((kept.error().fault == Fault::full || kept.error().fault == Fault::broken));
      ++failures;
    }
  }
  const auto flaw = flaw_of(outbox, transactions);
  CHECK_MESSAGE(flaw.empty(), flaw);
  return failures;
}

/// The same, as the store's thread asks: after `broken` the same again, after `full` with what has come
/// since.
int run_with_more(CrashDisk& disk, const Signer& signer) {
  SteadyOutbox outbox(setup(), signer, opened(signer));
  int failures = 0;
  int kept_to = 0;
  int asked_to = 1;
  for (int tries = 0; kept_to < transactions; ++tries) {
    REQUIRE(tries < transactions + 20);
    if (failures >= 3) disk.heal();
    std::vector<Batch> batches;
    for (int at = kept_to; at < asked_to; ++at)
      std::ranges::move(batches_of(at), std::back_inserter(batches));
    const auto kept = outbox.append(batches);
    if (kept) {
      kept_to = asked_to;
    } else {
      ++failures;
      if (kept.error().fault == Fault::broken) continue;
      REQUIRE(kept.error().fault == Fault::full);
    }
    asked_to = std::min(asked_to + 1, transactions);
  }
  const auto flaw = flaw_of(outbox, transactions);
  CHECK_MESSAGE(flaw.empty(), flaw);
  return failures;
}

/// What a cut right now would leave, whatever was not synced being lost.
DiskFiles cut_now(const CrashDisk& disk) {
  CutDisk cut({});
  for (const auto& step : disk.steps()) cut.apply(step);
  std::mt19937_64 dice(1);
  return cut.after(Loss::everything, dice);
}

}  // namespace

TEST_SUITE("fault/edge_disk") {
  TEST_CASE(
      "no room at any allocation: nothing is promised that is not kept, and it goes on when there is room") {
    const test::CheapSigner signer;
    CrashDisk disk;
    disk.begin({});
    CHECK(run_steadily(disk, signer, 1) == 0);
    const auto growths = disk.growths();
    disk.begin({});
    opened(signer);
    const auto at_start = disk.growths();  // without room for an empty outbox a gateway does not start
    MESSAGE((growths - at_start), " allocations");
    int stopped = 0;
    for (auto growth = at_start; growth < growths; ++growth) {
      disk.begin({});
      opened(signer);
      disk.fill_at(growth);
      INFO("no room from allocation ", growth);
      const int failures = run_steadily(disk, signer, 2);
      if (failures > 0) ++stopped;
      disk.begin(cut_now(disk));
      const auto flaw = flaw_of(*opened(signer), transactions);
      CHECK_MESSAGE(flaw.empty(), flaw);
    }
    CHECK(stopped > 0);
  }

  TEST_CASE("a sync that fails, at any sync: what is promised afterwards is on the disk, once") {
    const test::CheapSigner signer;
    CrashDisk disk;
    disk.begin({});
    CHECK(run_steadily(disk, signer, 1) == 0);
    const auto syncs = disk.syncs();
    disk.begin({});
    opened(signer);
    const auto at_start = disk.syncs();
    MESSAGE((syncs - at_start), " syncs");
    for (auto sync = at_start; sync < syncs; ++sync) {
      for (const std::size_t times : {1U, 2U, 5U}) {
        disk.begin({});
        opened(signer);
        disk.fail_sync(sync, times);
        INFO("sync ", sync, " fails ", times, " times");
        (void)run_steadily(disk, signer, 6);
        // A failed sync has dropped what it was to write: only what was written and synced anew is there.
        disk.begin(cut_now(disk));
        const auto flaw = flaw_of(*opened(signer), transactions);
        CHECK_MESSAGE(flaw.empty(), flaw);
      }
    }
  }

  TEST_CASE(
      "a sync that fails, and no room while it is mended: nothing that was not kept is taken for kept") {
    const test::CheapSigner signer;
    CrashDisk disk;
    disk.begin({});
    opened(signer);
    std::vector<std::pair<std::size_t, std::size_t>> ends{{disk.syncs(), disk.growths()}};
    {
      SteadyOutbox outbox(setup(), signer, opened(signer));
      ends = {{disk.syncs(), disk.growths()}};
      for (int at = 0; at < transactions; ++at) {
        REQUIRE(outbox.append(batches_of(at)));
        ends.emplace_back(disk.syncs(), disk.growths());
      }
    }
    int stopped = 0;
    for (std::size_t at = 1; at < ends.size(); ++at) {
      for (auto sync = ends[at - 1].first; sync < ends[at].first; ++sync) {
        disk.begin({});
        opened(signer);
        disk.fail_sync(sync, 1);
        disk.fill_at(ends[at].second);
        INFO("sync ", sync, " fails, no room from allocation ", ends[at].second);
        stopped += run_with_more(disk, signer);
        disk.begin(cut_now(disk));
        const auto flaw = flaw_of(*opened(signer), transactions);
        CHECK_MESSAGE(flaw.empty(), flaw);
      }
    }
    CHECK(stopped > 0);
  }

  TEST_CASE("opened again without writing it through, the same fault does lose what looks kept") {
    const test::CheapSigner signer;
    CrashDisk disk;
    disk.begin({});
    opened(signer);
    const auto at_start = disk.syncs();
    int lost = 0;
    for (auto sync = at_start; sync < at_start + 20; ++sync) {
      disk.begin({});
      auto outbox = opened(signer);
      disk.fail_sync(sync, 100);
      int there = 0;
      while (there < transactions && outbox->append(batches_of(there))) ++there;
      outbox.reset();  // as the program ends; closing syncs too, and fails
      disk.heal();
      outbox = opened(signer);  // reads from the cache what the disk does not have
      const auto mark = outbox->mark("door/gate");
      if (!mark || *mark != std::to_string(there + 1)) continue;
      disk.begin(cut_now(disk));
      if (!flaw_of(*opened(signer), there + 1).empty()) ++lost;
    }
    CHECK(lost > 0);
  }

  TEST_CASE("a disk that stays broken is said again and again, and nothing is lost when it comes back") {
    const test::CheapSigner signer;
    CrashDisk disk;
    disk.begin({});
    SteadyOutbox outbox(setup(), signer, opened(signer));
    REQUIRE(outbox.append(batches_of(0)));
    disk.break_at(disk.steps().size() + 1);
    for (int tries = 0; tries < 5; ++tries) {
      const auto kept = outbox.append(batches_of(1));
      REQUIRE_FALSE(kept);
      CHECK(kept.error().fault == Fault::broken);
    }
    CHECK(outbox.marks()[0].last == Seq{30});  // what was promised is still known
    disk.heal();
    REQUIRE(outbox.append(batches_of(1)));
    const auto flaw = flaw_of(outbox, 2);
    CHECK_MESSAGE(flaw.empty(), flaw);
  }
}
