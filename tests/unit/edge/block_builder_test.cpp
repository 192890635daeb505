#include <doctest/doctest.h>

#include "edge/store/block_builder.hpp"
#include "tests/unit/edge/store_helpers.hpp"

using namespace steward;

namespace {

constexpr Ticks start{std::chrono::hours(1)};

std::size_t records_in(const Batch& batch) {
  return std::visit([](const auto& records) { return records.size(); }, batch.records);
}

}  // namespace

TEST_SUITE("edge/block_builder") {
  TEST_CASE("a block stays open for one second after its first record, then closes") {
    BlockBuilder builder;
    CHECK(builder.due_at() == Ticks::max());
    builder.add(Stream::readings, reading_of(1, 100), start);
    builder.add(Stream::readings, reading_of(2, 200), start + Milliseconds(900));
    CHECK(builder.due_at() == start + Milliseconds(1000));
    CHECK(builder.take_due(start + Milliseconds(999)).empty());
    const auto closed = builder.take_due(start + Milliseconds(1000));
    REQUIRE(closed.size() == 1);
    CHECK(records_in(closed[0]) == 2);
    CHECK(builder.empty());
  }

  TEST_CASE("frozen readings never share a block with live ones, and fit whatever they hold") {
    BlockBuilder builder;
    const TemporaryFolder folder;
    auto outbox = Outbox::open(outbox_setup(folder), edge_key());
    REQUIRE(outbox);
    const auto most = std::numeric_limits<std::int64_t>::max();
    const FrozenReading frozen{instant_from_ms(253'402'300'799'999),
                               -253'402'300'799'999,
                               Freeze::month,
                               MeterNo{65'535},
                               ChannelNo{255},
                               most,
                               Quality::invalid,
                               Reason::weak,
                               Words(8, 0xFFFF)};
    builder.add(Stream::readings, reading_of(1, 100), start);
    for (int at = 0; at < 1'500; ++at) builder.add(Stream::readings, frozen, start);
    const auto batches = builder.take_all();
    std::size_t live = 0;
    std::size_t kept = 0;
    for (const auto& batch : batches) {
      if (const auto* held = std::get_if<std::vector<FrozenReading>>(&batch.records)) kept += held->size();
      if (const auto* held = std::get_if<std::vector<Reading>>(&batch.records)) live += held->size();
    }
    CHECK(live == 1);
    CHECK(kept == 1'500);
    const auto blocks = (*outbox)->append(batches);
    REQUIRE_MESSAGE(blocks, (blocks ? "" : blocks.error().message));
    CHECK(blocks->size() == batches.size());
  }

  TEST_CASE("a block closes at 1,000 records") {
    BlockBuilder builder;
    for (int at = 0; at < 2'500; ++at) builder.add(Stream::readings, reading_of(1, at), start);
    CHECK(builder.due_at() == Ticks::min());
    const auto full = builder.take_due(start);
    REQUIRE(full.size() == 2);
    CHECK(records_in(full[0]) == 1'000);
    CHECK(records_in(full[1]) == 1'000);
    const auto rest = builder.take_all();
    REQUIRE(rest.size() == 1);
    CHECK(records_in(rest[0]) == 500);
  }

  TEST_CASE("a block closes before it could pass 64 KiB, whatever the records hold") {
    BlockBuilder builder;
    const TemporaryFolder folder;
    auto outbox = Outbox::open(outbox_setup(folder), edge_key());
    REQUIRE(outbox);
    auto wide = closing_of(std::string(64, 'm'), std::numeric_limits<std::int64_t>::max());
    wide.profile = ProfileId(std::string(64, 'p'));
    wide.channel = std::string(48, 'c');
    wide.modulus = wide.value;
    wide.raw = Words(8, 0xFFFF);
    for (int at = 0; at < 500; ++at) builder.add(Stream::readings, wide, start);
    CatalogueEntry entry{MeterNo{1}, MeterId(std::string(64, 'm')), ProfileId("p/1"), {}, {}};
    for (std::uint8_t no = 0; no < 64; ++no) {
      entry.channels.push_back(
          {ChannelNo{no}, std::string(32, 'c'), ChannelUnit::wh, true, 4, 1'000'000'000});
    }
    for (std::uint16_t no = 0; no < 100; ++no) builder.add(Stream::readings, entry, start);
    const auto batches = builder.take_all();
    CHECK(batches.size() > 2);
    const auto blocks = (*outbox)->append(batches);  // `full` if one were too long
    REQUIRE(blocks);
    for (const auto& block : *blocks) CHECK(block.bytes.size() <= max_block_bytes);
    CHECK(flaw_of(**outbox, Stream::readings) == "");
  }

  TEST_CASE("kinds and logs do not mix in one block") {
    BlockBuilder builder;
    builder.add(Stream::readings, reading_of(1, 1), start);
    builder.add(Stream::telemetry, reading_of(1, 2), start);
    builder.add(Stream::readings, closing_of("E-1", 3), start);
    builder.add(Stream::readings, CatalogueEntry{}, start);
    CHECK(builder.take_all().size() == 4);
  }
}
