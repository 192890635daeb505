// Never lost: the outbox on a real, small disk that others have filled, to any page. In this process' own
// mount namespace, which root may make; nobody else may, and then it says so (tests/fault/edge_disk_test.cpp
// shows the same on a disk in memory, to everybody).
#include <doctest/doctest.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include "contract/wire/block_codec.hpp"
#include "edge/store/steady_outbox.hpp"
#include "kit/crypto/signing_key.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace steward;
namespace fs = std::filesystem;

namespace {

constexpr std::uintmax_t page = 4096;
constexpr std::uintmax_t disk_bytes = 1024 * 1024;
constexpr int transactions = 60;
constexpr std::size_t meters = 40;

/// A tmpfs of 1 MiB for as long as it lives; nothing in `why_not` when it could be mounted.
class SmallDisk {
 public:
  SmallDisk() {
    const auto size = "size=" + std::to_string(disk_bytes);
    if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("tmpfs", folder_.path().c_str(), "tmpfs", MS_NOSUID | MS_NODEV, size.c_str()) != 0) {
      why_not = std::strerror(errno);
    }
  }
  ~SmallDisk() {
    if (why_not.empty()) (void)::umount(folder_.path().c_str());
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  std::string why_not;
  fs::path path() const { return folder_.path(); }
  std::uintmax_t room() const { return fs::space(path()).available; }
  void clear() const {
    for (const auto& entry : fs::directory_iterator(path())) fs::remove(entry.path());
  }
  /// Others fill it, all but `left`.
  void fill(std::uintmax_t left) const {
    std::ofstream filler(path() / "others", std::ios::binary);
    const std::string bytes(page, 'x');
    for (auto free = room(); free > left; free -= page) filler << bytes << std::flush;
  }
  void make_room() const { fs::remove(path() / "others"); }

 private:
  TemporaryFolder folder_;
};

const SigningKey& key() {
  static const SigningKey key = SigningKey::from_seed({4});
  return key;
}

OutboxSetup setup_on(const SmallDisk& disk) {
  OutboxSetup setup;
  setup.path = (disk.path() / "outbox.db").string();
  setup.site = SiteId("riverside");
  setup.gateway = GatewayId("gw1");
  return setup;
}

Batch batch_of(int at) {
  const auto wall = instant_from_ms(1'780'243'200'000) + std::chrono::seconds(at);
  std::vector<Reading> readings(meters, {.round_at = wall, .taken_at = wall, .value = at});
  return {Stream::readings,
          std::move(readings),
          {{}, wall, 1000, ClockTrust::synced},
          {{"door/gate", std::to_string(at + 1)}}};
}

/// What is wrong with what was promised; empty: nothing.
std::string flaw_of(Outbox& outbox) {
  if (*outbox.mark("door/gate") != std::to_string(transactions)) return "its mark is not the last one's";
  const auto blocks = outbox.read_after(Stream::readings, Seq{0}, 10'000, 100'000'000);
  if (!blocks) return blocks.error().message;
  if (blocks->size() != transactions) return std::to_string(blocks->size()) + " blocks";
  for (std::size_t at = 0; at < blocks->size(); ++at) {
    if ((*blocks)[at].first.value != at * meters + 1) return "a block is out of place";
  }
  return {};
}

/// Runs the workload; when it finds no room, it does so twice before others make room. How often it found
/// none.
int run_on(const SmallDisk& disk, std::uintmax_t left) {
  auto opened = Outbox::open(setup_on(disk), key());
  REQUIRE_MESSAGE(opened, (opened ? "" : opened.error().message));
  SteadyOutbox outbox(setup_on(disk), key(), std::move(*opened));
  disk.fill(left);
  int refused = 0;
  for (int at = 0; at < transactions; ++at) {
    for (int tries = 0;; ++tries) {
      REQUIRE(tries < 10);
      if (tries == 2) disk.make_room();
      const auto kept = outbox.append({batch_of(at)});
      if (kept) break;
      CAPTURE(kept.error().message);
      REQUIRE((kept.error().fault == Fault::full || kept.error().fault == Fault::broken));
      ++refused;
    }
  }
  return refused;
}

}  // namespace

TEST_SUITE("process/small disk") {
  TEST_CASE(
      "a disk that others fill up to any page: what is promised is kept, and it goes on when there is room") {
    const SmallDisk disk;
    if (!disk.why_not.empty()) {
      MESSAGE("no tmpfs can be mounted here (", disk.why_not, "): only the disk in memory was looked at");
      return;
    }
    const auto all = disk.room();
    CHECK(run_on(disk, all) == 0);  // the control: with room nothing is refused
    int runs = 0;
    int refused = 0;
    for (std::uintmax_t left = 0; left < all; left += page) {
      CAPTURE(left);
      disk.clear();
      const bool stopped = run_on(disk, left) > 0;
      ++runs;
      refused += stopped ? 1 : 0;
      auto again = Outbox::open(setup_on(disk), key());
      REQUIRE(again);
      const auto flaw = flaw_of(**again);
      CHECK_MESSAGE(flaw.empty(), flaw);
      if (!stopped) break;  // enough for all of it
    }
    MESSAGE("a tmpfs of 1 MiB: ", runs, " places to stop at, ", refused, " did");
    CHECK(refused == runs - 1);
    CHECK(refused > 20);
  }
}
