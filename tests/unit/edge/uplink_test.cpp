#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>

#include "contract/wire/ack.hpp"
#include "contract/wire/envelope.hpp"
#include "contract/wire/limits.hpp"
#include "contract/wire/topics.hpp"
#include "edge/sync/uplink.hpp"
#include "kit/crypto/digest.hpp"
#include "kit/crypto/signing_key.hpp"
#include "tests/support/manual_clock.hpp"

using namespace steward;

namespace {

const SiteId site("riverside");
const GatewayId gateway("gw1");
const Uuid epoch{1};
const Uuid first_store{10};
const Uuid second_store{20};

const SigningKey& cloud_key() {
  static const SigningKey key = SigningKey::from_seed({9});
  return key;
}

/// Bytes that say which records they are: enough for a model of the cloud.
Bytes block_bytes(Seq first, Seq last, std::size_t size) {
  const auto text = std::to_string(first.value) + " " + std::to_string(last.value) + " ";
  Bytes bytes(std::max(size, text.size()), ' ');
  std::copy(text.begin(), text.end(), bytes.begin());
  return bytes;
}

struct Sent {
  Stream stream;
  std::uint64_t first;
  std::uint64_t last;
};

/// The outbox, the wire, the cloud and the clock, all in one hand. Answers of
/// the outbox and messages wait until `settle` or the test delivers them.
class World : public Transport, public BlockSource {
 public:
  explicit World(UplinkLimits limits = {}, LogMarks marks = {}, std::optional<CloudStore> store = {})
      : key_(cloud_key().public_key()),
        uplink(UplinkSetup{site, gateway, epoch, marks, store, limits}, *this, *this, key_, clock,
               [this](const UplinkNotice& notice) { notices.push_back(notice.kind); }) {}

  Result<void> publish(std::string_view topic, ByteView payload, bool) override {
    if (!wire_up) return Error{Fault::retry, "down"};
    if (wire.size() >= transport_window) return Error{Fault::full, "window"};
    const auto parsed = parse_topic(topic);
    REQUIRE(parsed);
    const std::string text(payload.begin(), payload.end());
    std::size_t used = 0;
    const auto first = std::stoull(text, &used);
    wire.push_back({parsed->stream, first, std::stoull(text.substr(used))});
    ++published;
    return {};
  }
  void read_after(Stream stream, Seq after, std::size_t blocks, std::size_t bytes, Done done) override {
    std::vector<StoredBlock> found;
    std::size_t sum = 0;
    for (const auto& block : stored[stream]) {
      if (block.last <= after || found.size() >= blocks || sum >= bytes) continue;
      found.push_back(block);
      sum += block.bytes.size();
    }
    answers.push_back([done = std::move(done), found = std::move(found)] { done(found); });
  }
  void acknowledge(Stream stream, Seq upto) override { acked[stream] = upto.value; }
  void note_store(const CloudStore& store) override { noted = store; }
  void note_fork(Stream stream, Seq first) override { forks.emplace_back(stream, first.value); }

  void append(Stream stream, std::uint64_t records, std::size_t size = 100) {
    const auto last = stored[stream].empty() ? 0 : stored[stream].back().last.value;
    stored[stream].push_back({stream, Seq{last + 1}, Seq{last + records},
                              block_bytes(Seq{last + 1}, Seq{last + records}, size), false});
    uplink.appended(stream, Seq{last + records});
  }
  /// Lets the outbox answer until it has nothing to say.
  void settle() {
    while (!answers.empty()) {
      const auto answer = std::move(answers.front());
      answers.pop_front();
      answer();
    }
  }
  void connect() {
    wire_up = true;
    uplink.connected();
    settle();
  }
  void disconnect() {
    wire_up = false;
    wire.clear();
    uplink.disconnected();
    settle();
  }
  /// An ack that names our own blocks, unless it says another hash.
  Bytes ack_of(const Uuid& store, std::vector<AckedLog> logs, Instant at,
               std::vector<AckedFork> parted = {}) {
    for (auto& log : logs) {
      for (const auto& block : stored[log.stream]) {
        if (block.last.value == log.upto && log.hash == Digest{}) log.hash = sha256(block.bytes);
      }
    }
    auto bytes = encode_ack({store, std::move(logs), at, std::move(parted)}, cloud_key());
    REQUIRE(bytes);
    return *bytes;
  }
  void ack(Stream stream, std::uint64_t upto, const Uuid& store = first_store) {
    clock.advance(Milliseconds(1));
    uplink.ack_received(ack_of(store, {{epoch, stream, upto}}, clock.now()));
    settle();
  }
  /// Time passes to `uplink.wake_at()`.
  void sleep_until_wake() {
    REQUIRE(uplink.wake_at() != Ticks::max());
    clock.advance(std::chrono::ceil<Milliseconds>(uplink.wake_at() - clock.ticks()));
    uplink.wake();
    settle();
  }
  const LogMark& mark(Stream stream) const { return uplink.marks()[static_cast<std::size_t>(stream)]; }

  ManualClock clock;
  std::map<Stream, std::vector<StoredBlock>> stored;
  std::deque<std::function<void()>> answers;
  std::deque<Sent> wire;
  std::map<Stream, std::uint64_t> acked;
  std::optional<CloudStore> noted;
  std::vector<std::pair<Stream, std::uint64_t>> forks;
  std::vector<std::string> notices;
  std::size_t transport_window = 1'000'000;
  std::uint64_t published = 0;
  bool wire_up = false;

 private:
  VerifyingKey key_;

 public:
  Uplink uplink;
};

/// Admission as the design has it: contiguous only; anything else repeats the ack.
class ModelCloud {
 public:
  /// True when the block was new.
  bool admit(const Sent& block) {
    auto& upto = upto_[block.stream];
    if (block.first != upto + 1) return false;
    upto = block.last;
    admitted_.push_back(block);
    return true;
  }
  std::vector<AckedLog> acks() const {
    std::vector<AckedLog> logs;
    for (const auto& [stream, upto] : upto_) logs.push_back({epoch, stream, upto});
    return logs;
  }
  std::uint64_t upto(Stream stream) { return upto_[stream]; }

 private:
  std::map<Stream, std::uint64_t> upto_;
  std::vector<Sent> admitted_;
};

}  // namespace

TEST_SUITE("edge/uplink") {
  TEST_CASE("nothing is sent before there is a connection, everything after") {
    World world;
    world.append(Stream::readings, 3);
    world.append(Stream::readings, 2);
    world.settle();
    CHECK(world.published == 0);
    world.connect();
    REQUIRE(world.wire.size() == 2);
    CHECK(world.wire[0].first == 1);
    CHECK(world.wire[1].first == 4);
    world.append(Stream::readings, 1);
    world.settle();
    CHECK(world.wire.back().first == 6);
    CHECK(world.uplink.unacked() == 6);
    world.ack(Stream::readings, 6);
    CHECK(world.uplink.unacked() == 0);
    CHECK(world.acked[Stream::readings] == 6);
    CHECK(world.uplink.wake_at() == Ticks::max());
  }

  TEST_CASE("a broker that took everything and delivered nothing costs a resend, not a record") {
    World world;
    world.append(Stream::readings, 1);
    world.connect();
    CHECK(world.wire.size() == 1);
    world.wire.clear();  // confirmed by the broker, and lost there
    world.sleep_until_wake();
    REQUIRE(world.wire.size() == 1);
    CHECK(world.wire[0].first == 1);
    CHECK(world.mark(Stream::readings).acked == Seq{0});
    CHECK(world.notices == std::vector<std::string>{"resend"});
  }

  TEST_CASE("a log asked for once more is sent from there on, acknowledged or not, and its mark stays") {
    UplinkLimits limits;
    limits.blocks = 4;
    limits.fetch_blocks = 3;
    World world(limits);
    for (int at = 0; at < 10; ++at) world.append(Stream::readings, 1);
    world.connect();
    while (world.mark(Stream::readings).acked < Seq{10}) world.ack(Stream::readings, world.wire.back().last);
    world.wire.clear();
    world.uplink.send_again(Stream::readings, Seq{3});
    world.settle();
    // The cloud has them: it repeats its ack for each that comes, and that makes room for the next.
    for (int at = 0; at < 10; ++at) world.ack(Stream::readings, 10);
    std::vector<std::uint64_t> sent;
    for (const auto& block : world.wire) sent.push_back(block.first);
    CHECK(sent == std::vector<std::uint64_t>{3, 4, 5, 6, 7, 8, 9, 10});
    CHECK(world.mark(Stream::readings).acked == Seq{10});
    CHECK(world.uplink.wake_at() == Ticks::max());
    world.wire.clear();
    world.append(Stream::readings, 1);  // and goes on as before
    world.settle();
    CHECK(world.wire.front().first == 11);
    world.uplink.send_again(Stream::readings, Seq{12});  // beyond what there is: nothing
    world.settle();
    CHECK(world.wire.back().first == 11);
  }

  TEST_CASE("without acks it asks ever more seldom, with one block, and opens up at the first ack") {
    World world;
    for (int at = 0; at < 10; ++at) world.append(Stream::readings, 1);
    world.connect();
    CHECK(world.published == 10);
    auto before = world.clock.ticks();
    for (const int seconds : {5, 10, 20, 40, 80, 160, 300, 300}) {
      world.wire.clear();
      world.sleep_until_wake();
      CHECK(world.wire.size() == 1);
      CHECK(world.clock.ticks() - before == std::chrono::seconds(seconds));
      before = world.clock.ticks();
    }
    world.wire.clear();
    world.ack(Stream::readings, 1);
    CHECK(world.wire.size() == 9);
  }

  TEST_CASE("at most 256 blocks are on their way, and at most 8 MiB") {
    World world;
    for (int at = 0; at < 300; ++at) world.append(Stream::readings, 1);
    world.connect();
    CHECK(world.wire.size() == 256);
    world.ack(Stream::readings, 10);
    CHECK(world.wire.size() == 266);

    World heavy;
    for (int at = 0; at < 200; ++at) heavy.append(Stream::readings, 1, 64 * 1024);
    heavy.connect();
    CHECK(heavy.wire.size() == 128);
  }

  TEST_CASE("a long log does not hold up a short one") {
    World world;
    for (int at = 0; at < 300; ++at) world.append(Stream::readings, 1);
    for (int at = 0; at < 3; ++at) world.append(Stream::doors, 1);
    world.transport_window = 8;
    world.connect();
    world.wire.clear();
    world.uplink.room();
    const auto doors = std::count_if(world.wire.begin(), world.wire.end(),
                                     [](const Sent& sent) { return sent.stream == Stream::doors; });
    CHECK(doors == 3);
  }

  TEST_CASE("when the transport is full it goes on as soon as there is room") {
    World world;
    world.transport_window = 4;
    for (int at = 0; at < 10; ++at) world.append(Stream::readings, 1);
    world.connect();
    CHECK(world.wire.size() == 4);
    world.wire.clear();
    world.uplink.room();
    world.settle();
    CHECK(world.wire.size() == 4);
    CHECK(world.wire.front().first == 5);
  }

  TEST_CASE("after a reconnect it goes on behind the last ack") {
    World world;
    for (int at = 0; at < 10; ++at) world.append(Stream::readings, 1);
    world.connect();
    world.ack(Stream::readings, 4);
    world.disconnect();
    CHECK(world.uplink.wake_at() == Ticks::max());
    world.append(Stream::readings, 1);
    world.connect();
    REQUIRE(world.wire.size() == 7);
    CHECK(world.wire.front().first == 5);
  }

  TEST_CASE("an answer of the outbox from before the disconnect is not sent twice") {
    World world;
    world.append(Stream::readings, 1);
    world.wire_up = true;
    world.uplink.connected();  // asks the outbox
    world.uplink.disconnected();
    world.uplink.connected();  // asks again
    world.settle();
    CHECK(world.published == 1);
  }

  TEST_CASE("an ack not signed by the cloud is ignored and said") {
    World world;
    world.append(Stream::readings, 5);
    world.connect();
    const auto stranger = SigningKey::from_seed({66});
    const auto forged =
        encode_ack({first_store, {{epoch, Stream::readings, 5}}, world.clock.now()}, stranger);
    REQUIRE(forged);
    world.uplink.ack_received(*forged);
    auto changed = world.ack_of(first_store, {{epoch, Stream::readings, 4}}, world.clock.now());
    changed[changed.size() / 2] ^= 1;
    world.uplink.ack_received(changed);
    world.uplink.ack_received(Bytes{});
    world.settle();
    CHECK(world.mark(Stream::readings).acked == Seq{0});
    CHECK(world.acked.empty());
    CHECK(world.notices == std::vector<std::string>{"ack_refused", "ack_refused", "ack_refused"});
  }

  TEST_CASE("an ack of another epoch moves nothing") {
    World world;
    world.append(Stream::readings, 5);
    world.connect();
    world.uplink.ack_received(
        world.ack_of(first_store, {{Uuid{99}, Stream::readings, 5}}, world.clock.now()));
    CHECK(world.mark(Stream::readings).acked == Seq{0});
  }

  TEST_CASE("an ack of records that do not exist is not believed") {
    World world;
    world.append(Stream::readings, 5);
    world.connect();
    world.ack(Stream::readings, 6);
    CHECK(world.mark(Stream::readings).acked == Seq{0});
    CHECK(world.notices == std::vector<std::string>{"ack_contradicts"});
  }

  TEST_CASE("late and repeated acks of the same store do not move the mark back") {
    World world;
    for (int at = 0; at < 5; ++at) world.append(Stream::readings, 1);
    world.connect();
    const auto early = world.ack_of(first_store, {{epoch, Stream::readings, 2}}, world.clock.now());
    world.ack(Stream::readings, 5);
    const auto published = world.published;
    world.uplink.ack_received(early);
    world.settle();
    CHECK(world.mark(Stream::readings).acked == Seq{5});
    CHECK(world.published == published);
  }

  TEST_CASE("a newer ack of the same store that is lower is believed, or its records would never come") {
    World world;
    for (int at = 0; at < 5; ++at) world.append(Stream::readings, 1);
    world.connect();
    world.ack(Stream::readings, 5);
    world.wire.clear();
    world.ack(Stream::readings, 2);
    CHECK(world.mark(Stream::readings).acked == Seq{2});
    CHECK(world.acked[Stream::readings] == 2);
    CHECK(world.wire.size() == 3);
  }

  TEST_CASE("a restored cloud lowers the mark and gets again what it lost") {
    World world;
    for (int at = 0; at < 5; ++at) world.append(Stream::readings, 1);
    world.append(Stream::doors, 1);
    world.connect();
    const auto old = world.ack_of(first_store, {{epoch, Stream::readings, 5}}, world.clock.now());
    world.ack(Stream::readings, 5);
    world.ack(Stream::doors, 1);
    world.wire.clear();
    world.ack(Stream::readings, 2, second_store);  // knows nothing of the doors
    CHECK(world.mark(Stream::readings).acked == Seq{2});
    CHECK(world.mark(Stream::doors).acked == Seq{0});
    CHECK(world.acked[Stream::readings] == 2);
    CHECK(world.wire.size() == 4);
    REQUIRE(world.noted);
    CHECK(world.noted->store == second_store);
    // What the lost database had signed is still valid as a signature, and must delete nothing.
    world.uplink.ack_received(old);
    world.settle();
    CHECK(world.mark(Stream::readings).acked == Seq{2});
    CHECK(world.notices == std::vector<std::string>{"store_changed", "ack_refused"});
  }

  TEST_CASE("whatever the broker loses, doubles, delays or reorders, the cloud gets each record once") {
    for (unsigned seed = 1; seed <= 12; ++seed) {
      CAPTURE(seed);
      std::mt19937 dice(seed);
      const auto chance = [&](unsigned percent) { return dice() % 100 < percent; };
      World world;
      ModelCloud cloud;
      std::deque<Bytes> acks;
      world.connect();
      int rounds = 0;
      const auto everything_acked = [&] { return world.uplink.unacked() == 0; };
      for (; rounds < 4'000 && (rounds < 200 || !everything_acked()); ++rounds) {
        const bool calm = rounds >= 400;  // faults stop, then it must come to an end
        if (rounds < 200) world.append(all_streams[dice() % 5], 1 + dice() % 5);
        world.settle();
        if (!calm && chance(3)) {
          world.disconnect();
          acks.clear();
        }
        if (!world.wire_up && (calm || chance(40))) world.connect();
        if (!calm && chance(20)) std::shuffle(world.wire.begin(), world.wire.end(), dice);
        while (!world.wire.empty() && (calm || !chance(30))) {
          const auto block = world.wire.front();
          if (calm || !chance(10)) world.wire.pop_front();  // else it comes again
          if (!calm && chance(15)) continue;                // lost after all
          cloud.admit(block);
          acks.push_back(world.ack_of(first_store, cloud.acks(), world.clock.now()));
        }
        if (!calm && chance(20)) std::shuffle(acks.begin(), acks.end(), dice);
        while (!acks.empty() && (calm || chance(70))) {
          if (calm || !chance(20)) world.uplink.ack_received(acks.front());
          if (calm || !chance(10)) acks.pop_front();
        }
        world.settle();
        world.clock.advance(Milliseconds(200));
        if (world.uplink.wake_at() <= world.clock.ticks()) world.uplink.wake();
        world.settle();
      }
      CHECK(everything_acked());
      for (const auto stream : all_streams) {
        const auto last = world.stored[stream].empty() ? 0 : world.stored[stream].back().last.value;
        CHECK(cloud.upto(stream) == last);
        CHECK(world.acked[stream] == last);
      }
    }
  }

  TEST_CASE("an ack of another history forgets nothing, however far this disk has come since") {
    // The disk is a copy of what it was at place 3; the cloud has 4..6 of the history that was lost with it.
    for (const std::uint64_t here : {3U, 4U, 6U, 9U}) {
      CAPTURE(here);
      World world;
      for (std::uint64_t at = 0; at < here; ++at) world.append(Stream::readings, 1);
      world.connect();
      world.uplink.ack_received(
          world.ack_of(first_store, {{epoch, Stream::readings, 6, Digest{1}}}, world.clock.now()));
      world.settle();
      CHECK(world.mark(Stream::readings).acked == Seq{0});
      CHECK(world.acked.empty());
      CHECK(world.notices == std::vector<std::string>{"ack_contradicts"});
    }
  }

  TEST_CASE("the hash is what tells: the same ack with our own block's hash is believed") {
    World world;
    for (int at = 0; at < 9; ++at) world.append(Stream::readings, 1);
    world.uplink.ack_received(world.ack_of(first_store, {{epoch, Stream::readings, 6}}, world.clock.now()));
    world.settle();
    CHECK(world.mark(Stream::readings).acked == Seq{6});
  }

  TEST_CASE("a contradicted log is sent once over without waiting, and the parting block ends it") {
    UplinkLimits limits;
    limits.blocks = 4;
    World world(limits);
    for (int at = 0; at < 9; ++at) world.append(Stream::readings, 1);
    world.append(Stream::doors, 1);
    world.connect();
    const AckedLog theirs{epoch, Stream::readings, 6, Digest{1}};
    world.wire.clear();
    world.uplink.ack_received(world.ack_of(first_store, {theirs}, world.clock.now()));
    world.settle();
    CHECK(world.wire.size() >= 9);  // more than may be un-acked: the cloud must see the one that parts

    const auto parting = [&](std::uint64_t first, const Digest& hash) {
      world.uplink.ack_received(
          world.ack_of(first_store, {theirs}, world.clock.now(), {{epoch, Stream::readings, first, hash}}));
      world.settle();
    };
    parting(4, Digest{2});  // of a twin, or of an earlier time
    CHECK(world.forks.empty());
    parting(4, sha256(world.stored[Stream::readings][3].bytes));
    CHECK(world.forks == std::vector<std::pair<Stream, std::uint64_t>>{{Stream::readings, 4}});
    parting(4, sha256(world.stored[Stream::readings][3].bytes));
    CHECK(world.forks.size() == 1);
    CHECK(world.notices.back() == "fork");
    world.wire.clear();
    world.append(Stream::readings, 1);
    world.append(Stream::doors, 1);
    world.settle();
    REQUIRE(world.wire.size() == 1);  // the log rests, its neighbours do not
    CHECK(world.wire.front().stream == Stream::doors);
  }

  TEST_CASE("of a log that forked before, what is common is sent again and the rest never") {
    World world;
    for (int at = 0; at < 9; ++at) world.append(Stream::readings, 1);
    UplinkSetup setup{site, gateway, epoch, world.uplink.marks(), {}, {}};
    setup.ends[static_cast<std::size_t>(Stream::readings)] = Seq{3};
    const VerifyingKey key(cloud_key().public_key());
    Uplink old(setup, world, world, key, world.clock, [](const UplinkNotice&) {});
    world.wire_up = true;
    old.connected();
    world.settle();
    CHECK(world.wire.size() == 3);
    old.ack_received(world.ack_of(first_store, {{epoch, Stream::readings, 6, Digest{1}}}, world.clock.now()));
    world.settle();
    CHECK(old.unacked() == 0);
    CHECK(world.acked[Stream::readings] == 3);
  }

  TEST_CASE("where a hole was made up the cloud may have the block itself, or another hole") {
    const AckedLog theirs{epoch, Stream::readings, 6, Digest{1}};
    for (const bool made_up : {true, false}) {
      CAPTURE(made_up);
      for (const bool is_flying : {true, false}) {
        CAPTURE(is_flying);
        World world;
        world.append(Stream::readings, 2);
        world.append(Stream::readings, 4);
        world.append(Stream::readings, 1);
        world.stored[Stream::readings][1].made_up = made_up;
        if (is_flying) world.connect();
        world.uplink.ack_received(world.ack_of(first_store, {theirs}, world.clock.now()));
        world.settle();
        CHECK(world.mark(Stream::readings).acked == Seq{made_up ? 6U : 0U});
        CHECK(world.notices.empty() == made_up);
      }
    }
  }

  TEST_CASE("of a hole that the cloud has a part of the rest is sent at once, as a hole of its own") {
    World world;
    world.append(Stream::readings, 6);
    world.append(Stream::readings, 1);
    world.stored[Stream::readings][0].made_up = true;
    world.connect();
    world.wire.clear();
    world.uplink.ack_received(
        world.ack_of(first_store, {{epoch, Stream::readings, 4, Digest{1}}}, world.clock.now()));
    auto& rest = world.stored[Stream::readings][0];
    rest.first = Seq{5};
    rest.bytes = block_bytes(Seq{5}, Seq{6}, 100);
    world.settle();
    CHECK(world.mark(Stream::readings).acked == Seq{4});
    REQUIRE(world.wire.size() == 2);  // without a time-out
    CHECK(world.wire[0].first == 5);
    CHECK(world.wire[1].first == 7);
    world.ack(Stream::readings, 7);
    CHECK(world.uplink.unacked() == 0);
  }

  TEST_CASE("with 30 days of backlog a door event goes out within one block of each log") {
    World world;
    for (int at = 0; at < 30 * 96; ++at) {
      world.append(Stream::readings, 200, 3'200);  // 200 meters, every 15 minutes
      world.append(Stream::telemetry, 1, 400);
    }
    world.transport_window = 32;  // kit/mqtt/mqtt_pipe.hpp
    world.connect();
    for (int rounds = 0; rounds < 20; ++rounds) {  // well inside the backlog, the window always full
      world.wire.pop_front();
      world.uplink.room();
      world.settle();
    }
    REQUIRE(world.wire.size() == 32);
    world.append(Stream::doors, 1);
    world.settle();
    std::size_t others = 0;
    for (bool seen = false; !seen && others < 100; ++others) {
      world.wire.pop_front();
      world.uplink.room();
      world.settle();
      seen = world.wire.back().stream == Stream::doors;
    }
    CHECK(others <= std::size(all_streams));
  }

  TEST_CASE("forged, replayed and foreign acks let nothing be forgotten") {
    const SigningKey other = SigningKey::from_seed({8});
    struct Forgery {
      const char* what;
      std::function<Bytes(World&, const Bytes& genuine)> bytes;
      bool history = false;
    };
    const auto later = [](World& world) { return world.clock.now() + Milliseconds(1); };
    const auto bit = [](Bytes bytes, std::size_t at) {
      bytes.at(at) ^= 1;
      return bytes;
    };
    const std::vector<Forgery> forgeries = {
        {"nothing", [](World&, const Bytes&) { return Bytes{}; }},
        {"text", [](World&, const Bytes&) { return Bytes(60, '{'); }},
        {"a megabyte", [](World&, const Bytes&) { return Bytes(1 << 20, 0xD2); }},
        {"a genuine one, cut off",
         [](World&, const Bytes& genuine) { return Bytes(genuine.begin(), genuine.end() - 1); }},
        {"a genuine one, one bit of its signature changed",
         [&](World&, const Bytes& genuine) { return bit(genuine, genuine.size() - 1); }},
        {"a genuine one, one bit of its content changed",
         [&](World&, const Bytes& genuine) { return bit(genuine, genuine.size() - 80); }},
        {"another's key",
         [&](World& world, const Bytes&) {
           return *encode_ack({first_store, {{epoch, Stream::readings, 9}}, later(world)}, other);
         }},
        {"another epoch: the ack of a neighbour, or of a log before a fork",
         [&](World& world, const Bytes&) {
           return world.ack_of(first_store, {{Uuid{2}, Stream::readings, 9}}, later(world));
         }},
        {"another stream only",
         [&](World& world, const Bytes&) {
           return world.ack_of(first_store, {{epoch, Stream::doors, 9}}, later(world));
         }},
        {"more than there is",
         [&](World& world, const Bytes&) {
           return world.ack_of(first_store, {{epoch, Stream::readings, 10}}, later(world));
         }},
        {"far more than there is",
         [&](World& world, const Bytes&) {
           return world.ack_of(first_store, {{epoch, Stream::readings, wire_limit::seq}}, later(world));
         }},
        {"no log at all",
         [&](World& world, const Bytes&) { return world.ack_of(first_store, {}, later(world)); }},
        {"the genuine one again", [](World&, const Bytes& genuine) { return genuine; }},
        {"the one from before the cloud was put back",
         [&](World& world, const Bytes&) {
           return world.ack_of(first_store, {{epoch, Stream::readings, 9}},
                               world.clock.now() - Milliseconds(5));
         }},
        {"one of a store that was replaced before",
         [&](World& world, const Bytes&) {
           return world.ack_of(second_store, {{epoch, Stream::readings, 9}},
                               world.clock.now() - Milliseconds(5));
         }},
        {"a genuine one, and a byte behind it",
         [](World&, const Bytes& genuine) {
           auto bytes = genuine;
           bytes.push_back(0);
           return bytes;
         }},
        {"a good one, sealed as a command",
         [&](World& world, const Bytes&) {
           const auto good = world.ack_of(first_store, {{epoch, Stream::readings, 9}}, later(world));
           return seal(content_type::command, unwrap(content_type::ack, good, good.size())->payload,
                       cloud_key());
         }},
        {"a good one, sealed as a config",
         [&](World& world, const Bytes&) {
           const auto good = world.ack_of(first_store, {{epoch, Stream::readings, 9}}, later(world));
           return seal(content_type::site_config, unwrap(content_type::ack, good, good.size())->payload,
                       cloud_key());
         }},
        {"a good one under another's signature, bytes and all",
         [&](World& world, const Bytes&) {
           const auto good = world.ack_of(first_store, {{epoch, Stream::readings, 9}}, later(world));
           return seal(content_type::ack, unwrap(content_type::ack, good, good.size())->payload, other);
         }},
        {"the place of a block of ours, with another history's hash",
         [&](World& world, const Bytes&) {
           return world.ack_of(first_store, {{epoch, Stream::readings, 9, Digest{1}}}, later(world));
         },
         true},
    };
    for (const auto& forgery : forgeries) {
      INFO(forgery.what);
      World world;
      world.append(Stream::readings, 3);
      world.append(Stream::readings, 6);
      world.connect();
      world.clock.advance(Milliseconds(10));
      // The cloud had all nine, was put back from a copy, and says so.
      world.ack(Stream::readings, 9);
      world.clock.advance(Milliseconds(10));
      const auto genuine = world.ack_of(first_store, {{epoch, Stream::readings, 3}}, world.clock.now());
      world.uplink.ack_received(genuine);
      world.settle();
      REQUIRE(world.mark(Stream::readings).acked == Seq{3});
      world.uplink.ack_received(forgery.bytes(world, genuine));
      world.settle();
      CHECK(world.mark(Stream::readings).acked == Seq{3});
      CHECK(world.acked[Stream::readings] == 3);
      if (forgery.history)
        continue;  // its log is contradicted: no ack moves it until the cloud says where it parts
      world.clock.advance(Milliseconds(10));
      world.ack(Stream::readings, 9);  // what they were made of is believed when the cloud says it
      CHECK(world.mark(Stream::readings).acked == Seq{9});
    }
    CHECK(forgeries.size() == 20);
  }
}
