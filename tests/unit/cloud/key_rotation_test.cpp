// A gateway's real outbox against the cloud's real admission, while the key that signs changes: nothing in
// flight is lost, and a copy of a key that was replaced signs nothing more.
#include <doctest/doctest.h>

#include <array>
#include <random>

#include "cloud/ingest/admission.hpp"
#include "cloud/store/sqlite_store.hpp"
#include "contract/text/key_change_text.hpp"
#include "contract/wire/block_codec.hpp"
#include "contract/wire/topics.hpp"
#include "edge/enrol/block_key_mark.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/unit/cloud/edge_log.hpp"

using namespace steward;

namespace {

const SiteId site{"riverside"};
const GatewayId gateway{"gw1"};
constexpr std::array used_streams{Stream::readings, Stream::patrol, Stream::events};

ClockStamp stamp() { return {Uuid{1}, test_instant(0), 1000, ClockTrust::synced}; }

PatrolScan scan() { return {ReaderId{"gate"}, test_instant(0), "C-1"}; }
Reading reading() { return {.round_at = test_instant(0), .taken_at = test_instant(7), .value = 1}; }

Batch batch_for(Stream stream, std::size_t count) {
  if (stream == Stream::readings) {
    return {stream, std::vector<Reading>(count, reading()), stamp(), {}};
  }
  if (stream == Stream::patrol) return {stream, std::vector<PatrolScan>(count, scan()), stamp(), {}};
  return {stream, std::vector<EdgeEvent>(count, {test_instant(0), "unit_silent", "m", "said"}), stamp(), {}};
}

struct Chain {
  TemporaryFolder folder;
  std::unique_ptr<SqliteStore> store = std::move(*SqliteStore::open(folder.path() / "steward.db", Uuid{1}));
  Admission admission{*store};
  std::vector<std::unique_ptr<SigningKey>> keys;  // the last one signs
  std::unique_ptr<Outbox> outbox;

  Chain() {
    keys.push_back(std::make_unique<SigningKey>(test_key(1)));
    put({site, gateway, keys.back()->public_key(), test_instant(0)});
    open();
  }
  void put(const GatewayRow& row) {
    REQUIRE(store->transact([&] { return store->put_gateway(row); }));
  }
  GatewayRow row() const { return **store->gateway(site, gateway); }
  /// Starts the gateway, as after `enrol accept`: with the key that is in its folder now.
  void open() {
    outbox.reset();
    auto opened = Outbox::open(
        {.path = (folder.path() / "outbox.db").string(), .site = site, .gateway = gateway}, *keys.back());
    REQUIRE(opened);
    outbox = std::move(*opened);
    REQUIRE(note_block_key(*outbox, keys.back()->public_key(), gateway, stamp()));
  }
  /// What `gateway rotate` and `enrol accept` do.
  void rotate() {
    keys.push_back(std::make_unique<SigningKey>(test_key(static_cast<std::uint8_t>(keys.size() + 1))));
    auto known = row();
    known.next_key = keys.back()->public_key();
    put(known);
    open();
  }
  void write(Stream stream, std::size_t count) { REQUIRE(outbox->append({batch_for(stream, count)})); }

  AdmissionOutcome admit(Stream stream, Bytes bytes) {
    const Arrival arrival{up_topic(site, gateway, stream), std::move(bytes), test_instant(99)};
    auto outcomes = admission.admit(std::span(&arrival, 1));
    REQUIRE_MESSAGE(outcomes, (outcomes ? "" : outcomes.error().message));
    return outcomes->front();
  }
  AdmissionMark mark(Stream stream) const {
    const auto logs = store->logs(site, gateway, 10);
    REQUIRE(logs);
    for (const auto& [log, mark] : *logs) {
      if (log.stream == stream && log.epoch == outbox->epoch()) return mark;
    }
    return {};
  }
  /// Delivers at most `blocks` of one log, in order; true while the gateway has more.
  bool deliver(Stream stream, std::size_t blocks) {
    const auto next = outbox->read_after(stream, mark(stream).upto, blocks, 1'000'000);
    REQUIRE(next);
    for (const auto& block : *next) CHECK(admit(stream, block.bytes).fate == Fate::admitted);
    return !next->empty();
  }
  void deliver_all() {
    for (const auto stream : used_streams) {
      while (deliver(stream, 100)) {
      }
    }
  }
  /// The block a holder of `key` would put next into a log: well-formed, linked, in its turn.
  Bytes forged(Stream stream, const SigningKey& key) const {
    const auto at = mark(stream);
    const Block block{.log = {site, gateway, outbox->epoch(), stream},
                      .first = Seq{at.upto.value + 1},
                      .last = Seq{at.upto.value + 1},
                      .previous = at.last_hash,
                      .stamp = stamp(),
                      .records = stream == Stream::readings ? Records(std::vector<Reading>{reading()})
                                 : stream == Stream::patrol
                                     ? Records(std::vector<PatrolScan>{scan()})
                                     : Records(std::vector<EdgeEvent>{{test_instant(0), "k", "s", "d"}})};
    auto bytes = encode_block(block, key);
    REQUIRE_MESSAGE(bytes, (bytes ? "" : bytes.error().message));
    return std::move(*bytes);
  }
};

}  // namespace

TEST_SUITE("cloud/key rotation") {
  TEST_CASE("what the old key signed and the cloud does not have yet still gets in, byte for byte") {
    Chain chain;
    chain.write(Stream::readings, 5);
    chain.write(Stream::patrol, 2);
    chain.write(Stream::events, 1);
    CHECK(chain.deliver(Stream::readings, 1));
    chain.write(Stream::readings, 7);  // under way when the key changes
    const auto under_way = chain.outbox->read_after(Stream::readings, Seq{5}, 10, 1'000'000);
    chain.rotate();
    chain.write(Stream::readings, 3);
    const auto after = chain.outbox->read_after(Stream::readings, Seq{5}, 10, 1'000'000);
    CHECK(after->front().bytes == under_way->front().bytes);  // nothing is signed twice
    chain.deliver_all();
    for (const auto stream : used_streams) {
      CHECK(chain.mark(stream).upto == chain.outbox->marks()[static_cast<std::size_t>(stream)].last);
    }
    CHECK(chain.store->alarms()->empty());
    CHECK(chain.row().block_key == chain.keys.back()->public_key());
    CHECK_FALSE(chain.row().next_key);
  }

  TEST_CASE("a copy of the old key is good for nothing once the gateway has spoken under the new one") {
    Chain chain;
    for (const auto stream : used_streams) chain.write(stream, 2);
    chain.deliver_all();
    const auto forged_before = chain.forged(Stream::patrol, *chain.keys.front());
    chain.rotate();
    chain.write(Stream::readings, 1);
    SUBCASE("in the log it spoke in, before it has said where the others stand") {
      CHECK(chain.deliver(Stream::readings, 1));
      CHECK(chain.row().next_key);
      CHECK(chain.admit(Stream::readings, chain.forged(Stream::readings, *chain.keys.front())).fate ==
            Fate::unproven);
    }
    SUBCASE("in every log, also those that are silent, and in a log it makes up") {
      CHECK(chain.deliver(Stream::events, 1));
      CHECK_FALSE(chain.row().next_key);
      for (const auto stream : used_streams) {
        CAPTURE(word(stream));
        CHECK(chain.admit(stream, chain.forged(stream, *chain.keys.front())).fate == Fate::unproven);
      }
      CHECK(chain.admit(Stream::patrol, forged_before).fate == Fate::unproven);
      EdgeLog made_up({site, gateway, Uuid{66}, Stream::readings}, 1);  // the old key's, an epoch of its own
      CHECK(chain.admit(Stream::readings, made_up.readings(3, 1)).fate == Fate::unproven);
      const auto alarms = chain.store->alarms();
      REQUIRE(alarms->size() == 1);
      CHECK(alarms->front().kind == "signature");
    }
    // The same forgery under the key whose turn it is would have been taken: it is the key that stops it.
    CHECK(chain.admit(Stream::patrol, chain.forged(Stream::patrol, *chain.keys.back())).fate ==
          Fate::admitted);
  }

  TEST_CASE("a hole in the old key's time is signed by the new one, and hands nothing over") {
    Chain chain;
    chain.write(Stream::readings, 2);
    chain.write(Stream::readings, 3);
    const auto written = chain.outbox->read_after(Stream::readings, Seq{0}, 10, 1'000'000);
    chain.rotate();
    const auto hole = [&](const Signer& key, Records records) {
      const Block block{.log = {site, gateway, chain.outbox->epoch(), Stream::readings},
                        .first = Seq{1},
                        .last = Seq{2},
                        .previous = {},
                        .stamp = stamp(),
                        .records = std::move(records)};
      return *encode_block(block, key);
    };
    const Records gap = Hole{Seq{1}, Seq{2}, std::string(hole_reason::corrupt), {}};
    SUBCASE("before the change was told") {
      CHECK(chain.admit(Stream::readings, hole(*chain.keys.back(), gap)).fate == Fate::admitted);
      CHECK(chain.row().next_key);
    }
    SUBCASE("after it") {
      CHECK(chain.deliver(Stream::events, 10));
      const Records forged = std::vector<Reading>(2, reading());
      CHECK(chain.admit(Stream::readings, hole(*chain.keys.back(), forged)).fate == Fate::unproven);
      CHECK(chain.admit(Stream::readings, hole(test_key(9), gap)).fate == Fate::unproven);
      CHECK(chain.admit(Stream::readings, hole(*chain.keys.back(), gap)).fate == Fate::admitted);
    }
    CHECK(chain.admit(Stream::readings, written->back().bytes).fate == Fate::admitted);  // by the old key
  }

  TEST_CASE("the change of key names the epochs that ended and are still being sent, and their ends") {
    Chain chain;
    EdgeLog ended({site, gateway, Uuid{66}, Stream::readings}, 1);  // the old key's
    const auto sent = ended.readings(3, 1);
    const auto waiting = ended.readings(2, 1);
    const auto made_up = ended.readings(1, 1);  // a thief's
    chain.admit(Stream::readings, sent);
    auto row = chain.row();
    row.next_key = test_key(2).public_key();
    chain.put(row);
    KeyChange change{*row.next_key, std::nullopt, {}};
    std::vector<EdgeEvent> events{edge_event_of(change, gateway, test_instant(0))};
    EdgeLog now({site, gateway, Uuid{67}, Stream::events}, 2);
    SUBCASE("told") {
      change.epoch = Uuid{66};
      change.upto[static_cast<std::size_t>(Stream::readings)] = Seq{5};
      events.push_back(edge_event_of(change, gateway, test_instant(0)));
      chain.admit(Stream::events, now.append(events));
      CHECK(chain.admit(Stream::readings, waiting).fate == Fate::admitted);
    }
    SUBCASE("not told") {
      chain.admit(Stream::events, now.append(events));
      CHECK(chain.admit(Stream::readings, waiting).fate == Fate::unproven);
    }
    CHECK(chain.row().block_key == *row.next_key);
    CHECK(chain.admit(Stream::readings, made_up).fate != Fate::admitted);
  }

  TEST_CASE("a key nobody registered signs nothing, however often the gateway says so") {
    Chain chain;
    chain.write(Stream::events, 1);
    chain.deliver_all();
    chain.keys.push_back(std::make_unique<SigningKey>(test_key(9)));  // no `gateway rotate`
    chain.open();
    const auto change = chain.outbox->read_after(Stream::events, Seq{1}, 1, 1'000'000);
    REQUIRE(change->size() == 1);
    CHECK(chain.admit(Stream::events, change->front().bytes).fate == Fate::unproven);
    CHECK(chain.row().block_key == chain.keys.front()->public_key());
  }

  TEST_CASE("started again and again, a gateway tells a change of key once, whatever was cut off when") {
    Chain chain;
    chain.write(Stream::events, 4);
    chain.rotate();
    for (int start = 0; start < 3; ++start) chain.open();
    chain.deliver_all();
    const auto events = chain.store->edge_events(
        {.site = site, .from = test_instant(-1), .to = test_instant(1), .limit = 100});
    REQUIRE(events);
    const auto changes = std::count_if(events->begin(), events->end(), [](const EdgeEventRow& row) {
      return row.event.kind == key_change_kind;
    });
    CHECK(changes == 1);
  }

  TEST_CASE("through any number of rotations in any order of delivery every record is booked once") {
    for (unsigned seed = 1; seed <= 4; ++seed) {
      CAPTURE(seed);
      std::mt19937 dice(seed);
      const auto roll = [&](unsigned sides) { return dice() % sides; };
      Chain chain;
      for (int step = 0; step < 40; ++step) {
        const auto stream = used_streams[roll(3)];
        if (roll(8) == 0 && !chain.row().next_key) {
          chain.rotate();
        } else if (roll(2) == 0) {
          chain.write(stream, 1 + roll(4));
        } else {
          chain.deliver(stream, 1 + roll(3));
        }
      }
      chain.deliver_all();
      for (const auto stream : used_streams) {
        CHECK(chain.mark(stream).upto == chain.outbox->marks()[static_cast<std::size_t>(stream)].last);
        for (std::size_t old = 0; old + 1 < chain.keys.size(); ++old) {
          CHECK(chain.admit(stream, chain.forged(stream, *chain.keys[old])).fate == Fate::unproven);
        }
      }
      CHECK(chain.keys.size() > 2);
      CHECK(chain.store->counts(site)->readings ==
            static_cast<std::int64_t>(
                chain.outbox->marks()[static_cast<std::size_t>(Stream::readings)].last.value));
    }
  }

  TEST_CASE("what a revoked gateway sends is kept as evidence, alarmed and not acknowledged") {
    Chain chain;
    chain.write(Stream::readings, 2);
    chain.deliver_all();
    auto row = chain.row();
    row.revoked_at = test_instant(50);
    row.revoked_why = "stolen from the cabinet";
    chain.put(row);
    chain.write(Stream::readings, 2);
    const auto sent = chain.outbox->read_after(Stream::readings, Seq{2}, 1, 1'000'000);
    const auto outcome = chain.admit(Stream::readings, sent->front().bytes);
    CHECK(outcome.fate == Fate::unproven);
    CHECK(outcome.why.find("stolen from the cabinet") != std::string::npos);
    CHECK(chain.mark(Stream::readings).upto == Seq{2});
    CHECK(chain.store->alarms()->front().kind == "revoked");
    CHECK(chain.store->set_asides(site)->front().bytes == sent->front().bytes);
  }
}

TEST_SUITE("contract/key change") {
  TEST_CASE("a change of key says the key and where each log stands, and only that is read back") {
    KeyChange change;
    change.key = test_key(3).public_key();
    change.upto = {Seq{120}, Seq{0}, Seq{4}, Seq{0}, Seq{77}};
    const auto event = edge_event_of(change, gateway, test_instant(0));
    CHECK(event.detail ==
          "key " + hex(change.key) + "; before it: readings 120, telemetry 0, doors 4, patrol 0, events 77");
    CHECK(read_key_change(event) == change);
    const std::vector<std::string> others{"", "key", "key 00", event.detail + " ", event.detail + ", more 1"};
    for (const auto& bad : others) {
      auto other = event;
      other.detail = bad;
      CHECK_FALSE(read_key_change(other));
    }
    auto padded = event;
    padded.detail.replace(padded.detail.find("120"), 3, "0120");
    CHECK_FALSE(read_key_change(padded));
    change.epoch = Uuid{0xAB, 1};
    const auto ended = edge_event_of(change, gateway, test_instant(0));
    CHECK(ended.detail == "key " + hex(change.key) + "; of epoch " + hex(*change.epoch) +
                              " before it: readings 120, telemetry 0, doors 4, patrol 0, events 77");
    CHECK(read_key_change(ended) == change);
    auto cut = ended;
    cut.detail.erase(cut.detail.find("of epoch") + 12, 1);
    CHECK_FALSE(read_key_change(cut));
    auto other_kind = event;
    other_kind.kind = "started";
    CHECK_FALSE(read_key_change(other_kind));
  }
}
