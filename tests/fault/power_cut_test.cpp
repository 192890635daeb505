// Never lost: a power cut at every step an outbox takes on its disk.
#include <doctest/doctest.h>

#include <algorithm>

#include "contract/wire/block_codec.hpp"
#include "edge/store/outbox.hpp"
#include "tests/fault/crash_disk.hpp"
#include "tests/support/cheap_signer.hpp"

using namespace steward;
using namespace steward::fault;

namespace {

constexpr int transactions = 200;
const std::string mark_name = "door/gate";

OutboxSetup setup() {
  OutboxSetup setup;
  setup.path = "outbox.db";
  setup.site = SiteId("riverside");
  setup.gateway = GatewayId("gw1");
  setup.keep_acked_blocks = 20;  // so that the workload deletes as well
  return setup;
}

Instant wall(int at) { return instant_from_ms(1'780'243'200'000) + std::chrono::seconds(at); }

/// The at-th transaction: readings, now and then telemetry and events, and a mark that says which it was.
std::vector<Batch> batches_of(int at) {
  std::vector<Batch> batches;
  const auto add = [&](Stream stream, PendingRecords records) {
    batches.push_back({stream, std::move(records), {{}, wall(at), 1000, ClockTrust::synced}, {}});
  };
  std::vector<Reading> readings;
  for (int meter = 0; meter <= at % 12; ++meter) {
    readings.push_back({wall(at),
                        wall(at),
                        MeterNo{static_cast<std::uint16_t>(meter)},
                        ChannelNo{0},
                        at * std::int64_t{100} + meter,
                        Quality::good,
                        Reason::none,
                        {1, static_cast<std::uint16_t>(at)}});
  }
  add(Stream::readings, readings);
  if (at % 3 == 0) add(Stream::telemetry, readings);
  if (at % 5 == 0)
    add(Stream::events, std::vector<EdgeEvent>{{wall(at), "said", "m", std::string(400, 'x')}});
  batches.back().marks = {{mark_name, std::to_string(at + 1)}};
  return batches;
}

/// What the program knows: from which step on each transaction was promised, and what it held.
struct Ledger {
  std::vector<DiskStep> steps;
  std::vector<std::size_t> promised;         // steps done when the at-th append returned
  std::vector<LogMarks> marks;               // then; acks as noted
  std::vector<StoredBlock> blocks;           // of all
  std::vector<std::size_t> blocks_promised;  // how many there were then
  Uuid epoch{};
};

Ledger run_workload(CrashDisk& disk, const Signer& signer) {
  disk.begin({});
  Ledger ledger;
  auto outbox = Outbox::open(setup(), signer);
  REQUIRE(outbox);
  ledger.epoch = (*outbox)->epoch();
  for (int at = 0; at < transactions; ++at) {
    if (at % 7 == 6) {
      for (const auto stream : all_streams) {
        const auto last = (*outbox)->marks()[static_cast<std::size_t>(stream)].last.value;
        if (last > 10) (*outbox)->acknowledge(stream, Seq{last - 10});
      }
    }
    if (at % 40 == 39) REQUIRE((*outbox)->flush_acks());
    auto blocks = (*outbox)->append(batches_of(at));
    REQUIRE(blocks);
    for (auto& block : *blocks) ledger.blocks.push_back(std::move(block));
    ledger.promised.push_back(disk.steps().size());
    ledger.marks.push_back((*outbox)->marks());
    ledger.blocks_promised.push_back(ledger.blocks.size());
  }
  ledger.steps = disk.steps();
  return ledger;
}

/// What is wrong with the outbox found after a cut when `promised` appends had returned; empty: nothing.
std::string flaw_of(Outbox& outbox, const Ledger& ledger, std::size_t promised) {
  const auto text = outbox.mark(mark_name);
  if (!text) return "its mark cannot be read: " + text.error().message;
  const std::size_t there = text->empty() ? 0 : static_cast<std::size_t>(std::stoul(*text));
  if (there != promised && there != promised + 1)
    return "holds " + std::to_string(there) + " transactions of " + std::to_string(promised);
  if (there > 0 && outbox.epoch() != ledger.epoch) return "another epoch";
  const std::size_t held = there == 0 ? 0 : ledger.blocks_promised[there - 1];
  for (const auto stream : all_streams) {
    const auto& mark = outbox.marks()[static_cast<std::size_t>(stream)];
    const LogMark noted = there == 0 ? LogMark{} : ledger.marks[there - 1][static_cast<std::size_t>(stream)];
    if (mark.last != noted.last || mark.tail != noted.tail) return "a log ends elsewhere";
    if (mark.acked > noted.acked) return "acknowledged what nobody acknowledged";
    const auto found = outbox.read_after(stream, Seq{0}, 10'000, 100'000'000);
    if (!found) return "blocks cannot be read: " + found.error().message;
    // What is there is the end of what was written, and reaches back to what the cloud has.
    auto block = found->rbegin();
    for (std::size_t at = held; at-- > 0;) {
      const auto& written = ledger.blocks[at];
      if (written.stream != stream) continue;
      if (block == found->rend()) {
        if (written.last > noted.acked) return "lost block " + std::to_string(written.first.value);
        break;
      }
      if (block->bytes != written.bytes || block->first != written.first)
        return "a block is not the one written";
      ++block;
    }
    if (block != found->rend()) return "holds a block that was never promised";
  }
  return {};
}

}  // namespace

TEST_SUITE("fault/power_cut") {
  TEST_CASE("a cut at any step of 200 transactions loses nothing promised and keeps nothing half") {
    const test::CheapSigner signer;
    CrashDisk disk;
    const Ledger ledger = run_workload(disk, signer);
    constexpr std::uint64_t seed = 20'260'601;
    MESSAGE("seed ", seed, ", ", ledger.steps.size(), " steps, ", ledger.blocks.size(), " blocks");
    std::mt19937_64 dice(seed);
    CutDisk cut({});
    std::size_t promised = 0;
    std::size_t states = 0;
    std::size_t undone = 0;  // transactions in flight that did not make it
    for (std::size_t step = 0; step <= ledger.steps.size(); ++step) {
      while (promised < ledger.promised.size() && ledger.promised[promised] <= step) ++promised;
      const auto check = [&](Loss loss) {
        ++states;
        disk.begin(cut.after(loss, dice));
        auto outbox = Outbox::open(setup(), signer);
        INFO("seed ", seed, " step ", step, " loss ", static_cast<int>(loss), " promised ", promised);
        REQUIRE_MESSAGE(outbox, (outbox ? "" : outbox.error().message));
        const auto flaw = flaw_of(**outbox, ledger, promised);
        REQUIRE_MESSAGE(flaw.empty(), flaw);
        const auto held = (*outbox)->mark(mark_name);
        if (held && *held == std::to_string(promised)) ++undone;
        // What goes on from here names what was there.
        const auto more = (*outbox)->append(batches_of(static_cast<int>(promised)));
        REQUIRE(more);
      };
      check(Loss::everything);
      check(step % 3 == 0 ? Loss::nothing : step % 3 == 1 ? Loss::some : Loss::torn);
      if (step < ledger.steps.size()) cut.apply(ledger.steps[step]);
    }
    MESSAGE(states, " disks after a cut, ", undone, " without the transaction in flight");
    CHECK(states > 2 * ledger.steps.size());
    CHECK(undone < states);  // and some had it: both ends of the promise were seen
  }

  TEST_CASE("without its syncs the same outbox does lose what it promised") {
    const test::CheapSigner signer;
    CrashDisk disk;
    Ledger ledger = run_workload(disk, signer);
    std::mt19937_64 dice(7);
    CutDisk cut({});
    std::size_t lost = 0;
    for (std::size_t step = 0, promised = 0; step < ledger.steps.size(); ++step) {
      // The file is made durable once; from then on no sync reaches the disk.
      if (ledger.steps[step].kind != DiskStep::Kind::sync || step < ledger.promised.front())
        cut.apply(ledger.steps[step]);
      while (promised < ledger.promised.size() && ledger.promised[promised] <= step + 1) ++promised;
      if (step % 50 != 0 || promised < 2) continue;
      disk.begin(cut.after(Loss::everything, dice));
      auto outbox = Outbox::open(setup(), signer);
      if (!outbox || !flaw_of(**outbox, ledger, promised).empty()) ++lost;
    }
    CHECK(lost > 0);
  }

  TEST_CASE("a disk that fails at any step fails the append whole, and what was promised stays") {
    const test::CheapSigner signer;
    CrashDisk disk;
    const Ledger ledger = run_workload(disk, signer);
    for (std::size_t broken = 1; broken < ledger.steps.size(); broken += 97) {
      disk.begin({});
      disk.break_at(broken);
      std::size_t promised = 0;
      auto outbox = Outbox::open(setup(), signer);
      for (int at = 0; outbox && at < transactions; ++at) {
        if (!(*outbox)->append(batches_of(at))) break;
        ++promised;
      }
      INFO("broken at step ", broken);
      outbox = Error{Fault::broken, "closed"};
      auto files = disk.files();
      disk.begin(std::move(files));
      auto again = Outbox::open(setup(), signer);
      REQUIRE(again);
      const auto text = (*again)->mark(mark_name);
      REQUIRE(text);
      const std::size_t there = text->empty() ? 0 : static_cast<std::size_t>(std::stoul(*text));
      // What failed may still be found whole: its bytes were written, only their sync was refused.
      CHECK((there == promised || there == promised + 1));
    }
  }
}
