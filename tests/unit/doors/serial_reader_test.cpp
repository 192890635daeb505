// The serial reader on a real pseudo-terminal.
#include "drivers/readers/serial_reader.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "drivers/sim/reader_sim.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/unit/doors/on_loop.hpp"

using namespace steward;
using test::on_loop;

namespace {

struct Desk {
  explicit Desk(std::vector<sim::ScheduledScan> schedule = {}, std::string line_end = "\r\n",
                SerialReaderSetup setup = {}) {
    auto opened = sim::ReaderSim::open(loop, clock, std::move(schedule), std::move(line_end));
    REQUIRE(opened);
    simulated = std::move(*opened);
    setup.device = simulated->device();
    auto made = SerialReader::make(loop, clock, setup);
    REQUIRE(made);
    reader = std::move(*made);
  }

  Loop loop;
  ManualClock clock;
  std::unique_ptr<sim::ReaderSim> simulated;
  std::unique_ptr<SerialReader> reader;
};

}  // namespace

TEST_SUITE("readers/serial_reader") {
  TEST_CASE("codes arrive in order, stamped by the clock, whatever ends them") {
    for (const char* end : {"\r\n", "\r", "\n", ""}) {
      CAPTURE(end);
      Desk desk({}, end);
      for (const char* code : {"CP-1", "CP-2"}) {
        desk.simulated->scan(code);
        CHECK(*on_loop(desk.loop, desk.reader->next()) == ScannedCode{code, desk.clock.now()});
      }
      CHECK(desk.reader->counters() == ReaderCounters{.codes = 2});
    }
  }

  TEST_CASE("a schedule is played when its time has come, not before") {
    ManualClock clock;
    const Instant start = clock.now();
    Desk desk({{start + Milliseconds{1'000}, "CP-1"}, {start + Milliseconds{2'000}, "CP-2"}});
    desk.simulated->scan("NOW");
    CHECK(on_loop(desk.loop, desk.reader->next())->code == "NOW");
    desk.clock.advance(Milliseconds{1'500});
    const auto first = on_loop(desk.loop, desk.reader->next());
    CHECK(*first == ScannedCode{"CP-1", start + Milliseconds{1'500}});
    desk.clock.advance(Milliseconds{500});
    CHECK(on_loop(desk.loop, desk.reader->next())->code == "CP-2");
  }

  TEST_CASE("half a line is thrown away, the next code is whole") {
    Desk desk({}, "\r\n", {.stale = Milliseconds{20}});
    desk.simulated->scan("CP-1");
    CHECK(on_loop(desk.loop, desk.reader->next())->code == "CP-1");
    desk.simulated->write("CP-");
    CHECK(desk.loop.run_until([&] { return desk.reader->counters().discarded == 1; }, test::patience));
    desk.simulated->scan("CP-2");
    CHECK(on_loop(desk.loop, desk.reader->next())->code == "CP-2");
  }

  TEST_CASE("a flood fills the queue and is counted, memory stays bounded") {
    Desk desk({}, "\r\n", {.queue = 8});
    for (int i = 0; i < 1'000; ++i) desk.simulated->scan("CODE-" + std::to_string(i));
    CHECK(desk.loop.run_until([&] { return desk.reader->counters().codes == 1'000; }, test::patience));
    CHECK(desk.reader->counters().dropped == 992);
    for (int i = 0; i < 8; ++i) {
      CHECK(on_loop(desk.loop, desk.reader->next())->code == "CODE-" + std::to_string(i));
    }
  }

  TEST_CASE("a reader that is unplugged is said so once, and read again when it is back") {
    Desk first;
    const TemporaryFolder folder;
    const auto link = folder.path() / "reader1.tty";
    auto made = SerialReader::make(first.loop, first.clock,
                                   {.device = link.string(), .reopen_every = Milliseconds{5}});
    REQUIRE(made);
    auto& reader = **made;
    const auto missing = on_loop(first.loop, reader.next());
    REQUIRE_FALSE(missing);
    CHECK(missing.error().fault == Fault::retry);
    CHECK(missing.error().message.find("reader1.tty") != std::string::npos);

    for (int plugged = 1; plugged <= 2; ++plugged) {
      auto device = sim::ReaderSim::open(first.loop, first.clock);
      REQUIRE(device);
      std::filesystem::remove(link);
      std::filesystem::create_symlink((*device)->device(), link);
      (*device)->scan("CP-1");
      CHECK(on_loop(first.loop, reader.next())->code == "CP-1");
      device->reset();
      CHECK(on_loop(first.loop, reader.next()).error().fault == Fault::retry);
    }
    CHECK(reader.counters().reopened == 2);
  }

  TEST_CASE("one device, one program; a file is no device") {
    Desk desk;
    auto second = SerialReader::make(desk.loop, desk.clock, {.device = desk.simulated->device()});
    REQUIRE(second);
    CHECK(on_loop(desk.loop, (*second)->next()).error().message.find("another program") != std::string::npos);
    const TemporaryFolder folder;
    const auto file = folder.path() / "plain";
    std::ofstream(file) << "CP-1\n";
    auto plain = SerialReader::make(desk.loop, desk.clock, {.device = file.string()});
    REQUIRE(plain);
    CHECK(on_loop(desk.loop, (*plain)->next()).error().message.find("not a serial port") !=
          std::string::npos);
    CHECK(SerialReader::make(desk.loop, desk.clock, {.device = "x", .baud = 9601}).error().fault ==
          Fault::refused);
  }

  TEST_CASE("closing ends a wait") {
    Desk desk;
    desk.loop.post([&] { desk.reader->close(); });
    const auto ended = on_loop(desk.loop, desk.reader->next());
    REQUIRE_FALSE(ended);
    CHECK(ended.error().fault == Fault::broken);
    desk.reader->close();
  }

  TEST_CASE("guard rounds are the same for one seed and in time order") {
    const Instant from = ManualClock().now();
    const Instant to = from + std::chrono::hours{24};
    const std::vector<std::string> points{"PT1.riverside.cp1", "PT1.riverside.cp2", "PT1.riverside.cp3"};
    const auto scans = sim::patrol_scans(3, points, from, to, std::chrono::hours{2}, std::chrono::minutes{5});
    CHECK(scans == sim::patrol_scans(3, points, from, to, std::chrono::hours{2}, std::chrono::minutes{5}));
    CHECK(scans.size() > 30);
    CHECK(scans.size() <= 36);
    for (std::size_t i = 1; i < scans.size(); ++i) CHECK(scans[i - 1].at < scans[i].at);
  }
}
