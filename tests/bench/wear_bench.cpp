// What a gateway's flash is made to write: the outbox beside a bare append of the same blocks.
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <memory>

#include "edge/store/outbox.hpp"
#include "kit/crypto/signing_key.hpp"
#include "tests/bench/goal.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace steward;
using namespace steward::bench;

namespace {

constexpr int seconds_run = 900;  // a quarter of an hour of blocks, one a second
constexpr int per_second = 100;
constexpr int meters_in_rounds = 500;
constexpr int rounds_a_day = 24 * 60;

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "wear: %s\n", why.c_str());
  std::exit(2);
}

/// Bytes this process caused to be sent to the storage layer: proc(5), /proc/pid/io, write_bytes.
double written() {
  ::sync();
  std::ifstream io("/proc/self/io");
  std::string word;
  for (double value = 0; io >> word >> value;) {
    if (word == "write_bytes:") return value;
  }
  give_up("/proc/self/io has no write_bytes");
}

Instant wall(int second) { return instant_from_ms(1'780'243'200'000) + std::chrono::seconds(second); }

Batch batch_of(int second, int count) {
  std::vector<Reading> readings;
  for (int meter = 0; meter < count; ++meter) {
    const auto counted = static_cast<std::uint16_t>(second + meter);
    readings.push_back({wall(second),
                        wall(second) + Milliseconds(7 * meter % 1000),
                        MeterNo{static_cast<std::uint16_t>(meter)},
                        ChannelNo{0},
                        1'234'560 + 10 * std::int64_t{second} + meter,
                        Quality::good,
                        Reason::none,
                        {0x0012, counted}});
  }
  return {Stream::readings, std::move(readings), {{}, wall(second), 1000, ClockTrust::synced}, {}};
}

const SigningKey& key() {
  static const SigningKey key = SigningKey::from_seed({1, 2, 3});
  return key;
}

std::unique_ptr<Outbox> outbox_in(const TemporaryFolder& folder) {
  OutboxSetup setup;
  setup.path = (folder.path() / "outbox.db").string();
  setup.site = SiteId("riverside");
  setup.gateway = GatewayId("gw1");
  setup.keep_acked_blocks = 120;  // so that deleting what was acknowledged is counted
  auto outbox = Outbox::open(setup, key());
  if (!outbox) give_up(outbox.error().message);
  return std::move(*outbox);
}

/// Bytes per reading of `blocks` appends, deletion of acknowledged blocks included; the blocks' own bytes in
/// `made`.
double outbox_bytes(int blocks, int readings, std::vector<Bytes>* made) {
  const TemporaryFolder folder;
  auto outbox = outbox_in(folder);
  const double before = written();
  for (int second = 0; second < blocks; ++second) {
    auto stored = outbox->append({batch_of(second, readings)});
    if (!stored) give_up(stored.error().message);
    if (made != nullptr) made->push_back(stored->front().bytes);
    const auto last = outbox->marks()[static_cast<std::size_t>(Stream::readings)].last;
    if (second > 2)
      outbox->acknowledge(Stream::readings, Seq{last.value - static_cast<std::uint64_t>(readings)});
  }
  return (written() - before) / (static_cast<double>(blocks) * readings);
}

/// The floor: the same bytes at the end of a file, and fdatasync.
double raw_bytes(const std::vector<Bytes>& blocks, int readings) {
  const TemporaryFolder folder;
  const auto path = (folder.path() / "raw").string();
  const int file = ::open(path.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) give_up("cannot make " + path);
  const double before = written();
  for (const auto& block : blocks) {
    if (::write(file, block.data(), block.size()) != static_cast<ssize_t>(block.size()) ||
        ::fdatasync(file) != 0)
      give_up("cannot write " + path);
  }
  const double bytes = (written() - before) / (static_cast<double>(blocks.size()) * readings);
  ::close(file);
  return bytes;
}

}  // namespace

int main() {
  Report report("wear");
  report.note("write_bytes of this process; " + std::to_string(seconds_run) + " blocks of " +
              std::to_string(per_second) +
              " readings, one transaction and one fsync each, acked blocks deleted");
  std::vector<Bytes> blocks;
  (void)outbox_bytes(seconds_run, per_second, &blocks);
  const auto rows = interleaved(3, "B/reading",
                                {{"outbox", [&] { return outbox_bytes(seconds_run, per_second, nullptr); }},
                                 {"raw append + fdatasync", [&] { return raw_bytes(blocks, per_second); }}});
  for (const auto& row : rows) report.row(row);
  const double ours = spread_of(rows[0].samples).median;
  const double floor = spread_of(rows[1].samples).median;
  if (floor <= 0) give_up("nothing reached the disk: the temporary folder is in memory; set TMPDIR");
  report.at_most("bytes_per_reading", ours, "B", 130);
  report.at_most("of_raw", ours / floor, "x", 2.5);
  const double day = outbox_bytes(rounds_a_day, meters_in_rounds, nullptr) * meters_in_rounds * rounds_a_day;
  report.at_most("rounds_500_meters", day / 1e6, "MB/day", 200);
  return report.finish();
}
