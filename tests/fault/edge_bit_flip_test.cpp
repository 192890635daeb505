// Never wrong: one bit of a gateway's outbox turned over, in each of its pages.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>

#include "contract/wire/block_codec.hpp"
#include "edge/store/salvage.hpp"
#include "kit/crypto/digest.hpp"
#include "kit/crypto/signing_key.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace steward;

namespace {

constexpr std::size_t page = 1024;
constexpr int flips_per_page = 2;
constexpr std::uint64_t seed = 20'260'604;
constexpr int transactions = 60;
constexpr std::uint64_t acked = 91;  // of the readings log: thirteen blocks

const SigningKey& key() {
  static const SigningKey key = SigningKey::from_seed({1, 2, 3});
  return key;
}

/// By log and first place: what was written.
using Written = std::map<std::pair<Stream, std::uint64_t>, Bytes>;

Written fill(const OutboxSetup& setup, Uuid& epoch) {
  auto outbox = Outbox::open(setup, key());
  REQUIRE(outbox);
  epoch = (*outbox)->epoch();
  Written written;
  for (int at = 0; at < transactions; ++at) {
    const auto wall = instant_from_ms(1'780'243'200'000) + std::chrono::seconds(at);
    const ClockStamp stamp{{}, wall, 1000, ClockTrust::synced};
    std::vector<Reading> readings;
    for (std::uint16_t meter = 0; meter <= at % 30; ++meter) {
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
    if (at % 3 == 0) batches.push_back({Stream::telemetry, readings, stamp, {}});
    if (at % 5 == 0)
      batches.push_back({Stream::events, std::vector<EdgeEvent>{{wall, "said", "m", "x"}}, stamp, {}});
    batches.back().marks = {{"pulse/p" + std::to_string(at % 20), std::to_string(at)}};
    auto blocks = (*outbox)->append(batches);
    REQUIRE(blocks);
    for (auto& block : *blocks) written[{block.stream, block.first.value}] = std::move(block.bytes);
  }
  (*outbox)->acknowledge(Stream::readings, Seq{acked});
  REQUIRE((*outbox)->flush_acks());
  return written;
}

struct Outcome {
  std::string flaw;      // what would be wrong in the cloud; empty: nothing
  std::size_t lost = 0;  // un-acknowledged blocks that come as a hole, or not at all
  bool salvaged = false;
};

/// Sends a log of the first epoch as the cloud would take it: in order, each place once, each block linked.
void deliver(Outbox& outbox, const Uuid& epoch, Stream stream, Seq upto, const Written& written,
             Outcome& out) {
  const VerifyingKey verifier(key().public_key());
  const auto name = std::string(word(stream)) + " ";
  std::optional<Digest> link;
  while (true) {
    const auto blocks = outbox.read_to_send(epoch, stream, upto, 7, 1'000'000);
    if (!blocks) {
      out.flaw = name + blocks.error().message;
      return;
    }
    if (blocks->empty()) break;
    for (const auto& stored : *blocks) {
      const auto block = decode_block(stored.bytes, verifier);
      const auto said = name + std::to_string(stored.first.value);
      if (!block) out.flaw = said + " is not signed";
      if (!block) return;
      const auto* hole = std::get_if<Hole>(&block->records);
      const auto was = written.find({stream, block->first.value});
      if (block->first.value != upto.value + 1) out.flaw = said + " is out of order";
      if (link && block->previous != *link && (hole == nullptr || block->previous != Digest{}))
        out.flaw = said + " does not link";
      if (hole == nullptr && (was == written.end() || was->second != stored.bytes))
        out.flaw = said + " is not what was written";
      upto = block->last;
      link = hole == nullptr ? sha256(stored.bytes) : hole->last_missing;
    }
  }
}

/// The gateway opens the file, checks it as after an unclean stop, and sends what it has.
Outcome outcome_of(OutboxSetup setup, const Uuid& epoch, const Written& written) {
  Outcome out;
  auto outbox = Outbox::open(setup, key());
  if (!outbox) return out;  // refused: said, and nothing is sent
  const auto flaw = check_outbox(setup, key());
  setup.suspect = (*outbox)->epoch() == epoch && (!flaw || !flaw->empty());
  if (setup.suspect) {
    outbox = Error{Fault::broken, "closed"};
    outbox = Outbox::open(setup, key());
    if (!outbox) return out;
  }
  out.salvaged = (*outbox)->epoch() != epoch;
  LogMarks marks = (*outbox)->marks();
  if (out.salvaged) {
    marks = {};
    for (const auto& old : (*outbox)->old_logs()) {
      if (old.epoch == epoch) marks = old.marks;
    }
  }
  for (const auto stream : all_streams) {
    const auto& mark = marks.at(static_cast<std::size_t>(stream));
    if (mark.acked.value > (stream == Stream::readings ? acked : 0)) out.flaw = "an ack nobody gave";
    deliver(**outbox, epoch, stream, mark.acked, written, out);
    if (!out.flaw.empty()) return out;
    for (const auto& [place, bytes] : written) {
      if (place.first != stream || place.second <= mark.acked.value) continue;
      const auto sent = (*outbox)->read_after(epoch, stream, Seq{place.second - 1}, 1, 1);
      if (!sent || sent->empty() || sent->front().bytes != bytes) ++out.lost;
    }
  }
  for (int pulse = 0; pulse < 20; ++pulse) {
    const auto text = (*outbox)->mark("pulse/p" + std::to_string(pulse));
    const bool as_written = text && *text == std::to_string(transactions - 20 + pulse);
    if (!as_written && !(out.salvaged && text && text->empty()))
      out.flaw = "a mark that is not what was kept";
  }
  return out;
}

void write_file(const std::string& path, const std::string& bytes) {
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(path).parent_path()))
    std::filesystem::remove(entry);
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

struct Sound {
  OutboxSetup setup;
  Uuid epoch{};
  Written written;
  std::string whole;  // the file's bytes
};

Sound sound_outbox(const TemporaryFolder& folder) {
  Sound sound;
  sound.setup.path = (folder.path() / "outbox.db").string();
  sound.setup.site = SiteId("riverside");
  sound.setup.gateway = GatewayId("gw1");
  sound.written = fill(sound.setup, sound.epoch);
  std::ifstream stream(sound.setup.path, std::ios::binary);
  sound.whole = {std::istreambuf_iterator<char>(stream), {}};
  return sound;
}

}  // namespace

TEST_SUITE("fault/edge_bit_flip") {
  TEST_CASE("one bit turned over in any page: what is sent is what was written, a hole for the rest") {
    const TemporaryFolder folder;
    const auto [setup, epoch, written, whole] = sound_outbox(folder);
    const auto untouched = outcome_of(setup, epoch, written);
    REQUIRE(untouched.flaw == "");
    REQUIRE_FALSE(untouched.salvaged);
    REQUIRE(untouched.lost == 0);
    MESSAGE("seed ", seed, ", ", whole.size() / page, " pages, ", written.size(), " blocks");
    std::mt19937_64 dice(seed);
    int salvages = 0;
    int harmless = 0;
    std::size_t lost = 0;
    std::size_t most_lost = 0;
    for (std::size_t at = 0; at < whole.size() / page; ++at) {
      for (int flip = 0; flip < flips_per_page; ++flip) {
        auto damaged = whole;
        const auto byte = at * page + static_cast<std::size_t>(dice() % page);
        const auto bit = dice() % 8;
        damaged[byte] = static_cast<char>(damaged[byte] ^ (1 << bit));
        write_file(setup.path, damaged);
        INFO("seed ", seed, " page ", at + 1, " byte ", byte % page, " bit ", bit);
        const auto out = outcome_of(setup, epoch, written);
        CHECK_MESSAGE(out.flaw.empty(), out.flaw);
        if (!out.salvaged) CHECK(out.lost == 0);
        ++(out.salvaged ? salvages : harmless);
        lost += out.lost;
        most_lost = std::max(most_lost, out.lost);
      }
    }
    MESSAGE(salvages, " flips were salvaged, ", harmless, " were refused or without effect; ", lost,
            " blocks lost to holes, at most ", most_lost, " by one flip");
    CHECK(salvages > 0);
    CHECK(harmless > 0);
  }

  TEST_CASE("a page lost altogether, any page, and all pages behind it: what is sent is what was written") {
    const TemporaryFolder folder;
    const auto [setup, epoch, written, whole] = sound_outbox(folder);
    int salvages = 0;
    for (std::size_t at = 0; at < whole.size() / page; ++at) {
      for (const bool to_the_end : {false, true}) {
        for (const char filler : {'\0', '\xA5'}) {
          auto damaged = whole;
          const auto bytes = to_the_end ? damaged.size() - at * page : page;
          damaged.replace(at * page, bytes, bytes, filler);
          write_file(setup.path, damaged);
          INFO("page ", at + 1, to_the_end ? " and all behind it" : "", " filled with ", int{filler});
          const auto out = outcome_of(setup, epoch, written);
          CHECK_MESSAGE(out.flaw.empty(), out.flaw);
          if (!out.salvaged) CHECK(out.lost == 0);
          if (out.salvaged) ++salvages;
        }
      }
    }
    CHECK(salvages > 0);
  }
}
