#include "edge/app/record_writer.hpp"

#include <doctest/doctest.h>

#include "contract/text/meter_event_text.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/unit/edge/store_helpers.hpp"

using namespace steward;

namespace {

struct Writing {
  Writing() {
    auto opened = Outbox::open(outbox_setup(folder), edge_key());
    REQUIRE(opened);
    thread.emplace(loop, std::move(*opened), [](const LogMarks&) {});
    writer.emplace(loop, clock, log, *thread, Uuid{1}, RecordWriter::Handlers{[](const Error&) {}, {}, {}});
  }
  void settle() {
    bool done = false;
    loop.spawn([](RecordWriter& records, bool& out) -> Awaitable<void> {
      co_await records.settled();
      out = true;
    }(*writer, done));
    REQUIRE(loop.run_until([&] { return done; }, std::chrono::seconds(20)));
  }
  /// The events on disk, once the store is closed.
  std::vector<EdgeEvent> events() {
    thread->stop();
    writer.reset();
    thread.reset();
    auto outbox = Outbox::open(outbox_setup(folder), edge_key());
    REQUIRE(outbox);
    std::vector<EdgeEvent> out;
    const auto blocks = (*outbox)->read_after(Stream::events, Seq{0}, 100, 1 << 20);
    for (const auto& stored : *blocks) {
      const auto block = decode_block(stored.bytes, VerifyingKey(edge_key().public_key()));
      REQUIRE(block);
      for (const auto& event : std::get<std::vector<EdgeEvent>>(block->records)) out.push_back(event);
    }
    return out;
  }

  TemporaryFolder folder;
  Loop loop;
  ManualClock clock;
  Log log{clock};
  std::optional<StoreThread> thread;
  std::optional<RecordWriter> writer;
};

Reading at_round(std::int64_t round, std::uint16_t meter, std::int64_t value) {
  auto reading = reading_of(meter, value);
  reading.round_at = instant_from_ms(1'780'272'000'000 + round * 3'600'000);
  reading.channel_no = ChannelNo{0};
  return reading;
}

}  // namespace

TEST_SUITE("edge/record_writer") {
  TEST_CASE("a life event names the places of both its readings, whatever lies between them in the log") {
    for (const int neighbours : {0, 700, 2'500}) {
      CAPTURE(neighbours);
      Writing writing;
      CatalogueEntry entry{MeterNo{1}, MeterId("E-1"), ProfileId("p/1"), {}, {}};
      writing.writer->catalogue(Stream::readings, {entry});            // place 1
      writing.writer->reading(Stream::readings, at_round(0, 1, 900));  // place 2
      writing.settle();
      for (int at = 0; at < neighbours; ++at) writing.writer->reading(Stream::readings, at_round(1, 7, at));
      const auto fallen = at_round(1, 1, 3);
      writing.writer->reading(Stream::readings, fallen);
      MeterEvent event{MeterEventKind::fell,
                       MeterId("E-1"),
                       "energy_import",
                       fallen.round_at,
                       fallen.round_at - std::chrono::hours(1),
                       900,
                       3};
      writing.writer->life(event, MeterNo{1}, ChannelNo{0});
      writing.settle();
      const auto events = writing.events();
      REQUIRE(events.size() == 1);
      const auto read = read_meter_event(events[0]);
      REQUIRE(read);
      const std::vector<Seq> places{Seq{2}, Seq{3 + static_cast<std::uint64_t>(neighbours)}};
      CHECK(read->evidence == places);
    }
  }
}
