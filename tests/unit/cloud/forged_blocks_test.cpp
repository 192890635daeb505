// Whoever can publish cannot put a reading into the books: forged, replayed and foreign blocks.
#include <functional>
#include <memory>

#include "cloud/store/sqlite_store.hpp"
#include "contract/wire/envelope.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/unit/cloud/edge_log.hpp"

using namespace steward;

namespace {

const SiteId riverside{"riverside"};
LogId log_of(const std::string& gateway, std::uint8_t epoch, Stream stream = Stream::readings) {
  return {riverside, GatewayId{gateway}, Uuid{epoch}, stream};
}

/// A cloud with three blocks of gw1 in its books; gw2 is enrolled as well, gw3 is not.
struct Attacked {
  TemporaryFolder folder;
  std::unique_ptr<SqliteStore> store = std::move(*SqliteStore::open(folder.path() / "steward.db", Uuid{1}));
  Admission admission{*store};
  EdgeLog victim{log_of("gw1", 7), 1};
  EdgeLog neighbour{log_of("gw2", 8), 2};
  EdgeLog stranger{log_of("gw3", 9), 3};
  std::vector<Bytes> admitted;

  Attacked() {
    for (const auto* const edge : {&victim, &neighbour})
      REQUIRE(store->transact([&] { return store->put_gateway(edge->row()); }));
    for (int block = 0; block < 3; ++block) {
      admitted.push_back(victim.readings(4, 100 * block));
      REQUIRE(admit(victim.arrival(admitted.back())).fate == Fate::admitted);
    }
  }
  AdmissionOutcome admit(const Arrival& arrival) {
    auto outcomes = admission.admit(std::span(&arrival, 1));
    REQUIRE_MESSAGE(outcomes, (outcomes ? "" : outcomes.error().message));
    return outcomes->front();
  }
  std::uint64_t upto() {
    const auto logs = store->logs(riverside, GatewayId{"gw1"}, 8);
    REQUIRE(logs);
    for (const auto& [log, mark] : *logs)
      if (log == victim.log()) return mark.upto.value;
    return 0;
  }
  std::int64_t readings() { return store->counts(riverside)->readings; }
};

Bytes changed(Bytes bytes, std::size_t at, std::uint8_t mask) {
  bytes.at(at) = static_cast<std::uint8_t>(bytes.at(at) ^ mask);
  return bytes;
}
Arrival on(const std::string& topic, Bytes bytes) { return {topic, std::move(bytes), test_instant(99)}; }
std::string up(const std::string& gateway, Stream stream = Stream::readings) {
  return up_topic(riverside, GatewayId{gateway}, stream);
}

struct Attack {
  const char* what;
  std::function<Arrival(Attacked&)> arrival;
  Fate fate;
};

/// What the attacker can make without the gateway's key, and what it can do with what it overheard.
const Attack attacks[] = {
    {"nothing", [](Attacked&) { return on(up("gw1"), {}); }, Fate::stranger},
    {"one byte", [](Attacked&) { return on(up("gw1"), {0xD2}); }, Fate::stranger},
    {"text", [](Attacked&) { return on(up("gw1"), Bytes(40, 'x')); }, Fate::stranger},
    {"a megabyte", [](Attacked&) { return on(up("gw1"), Bytes(1 << 20, 0xD2)); }, Fate::stranger},
    {"the next block, cut off",
     [](Attacked& all) {
       auto bytes = all.victim.readings(2, 900);
       bytes.pop_back();
       return on(up("gw1"), bytes);
     },
     Fate::stranger},
    {"the next block, and a byte behind it",
     [](Attacked& all) {
       auto bytes = all.victim.readings(2, 900);
       bytes.push_back(0);
       return on(up("gw1"), bytes);
     },
     Fate::stranger},
    {"the next block, the last bit of its signature changed",
     [](Attacked& all) {
       auto bytes = all.victim.readings(2, 900);
       const auto last = bytes.size() - 1;
       return on(up("gw1"), changed(std::move(bytes), last, 1));
     },
     Fate::unproven},
    {"the next block, a value changed",
     [](Attacked& all) {
       auto bytes = all.victim.readings(2, 900);
       const auto inside = bytes.size() - 80;  // before the signature: in the columns
       return on(up("gw1"), changed(std::move(bytes), inside, 1));
     },
     Fate::unproven},
    {"the next block, signed by an enrolled neighbour",
     [](Attacked& all) {
       EdgeLog forged(all.victim.log(), 2);
       forged.pretend(all.victim.last() + 1, sha256(all.admitted.back()));
       return on(up("gw1"), forged.readings(2, 900));
     },
     Fate::unproven},
    {"the next block, signed by nobody's key",
     [](Attacked& all) {
       EdgeLog forged(all.victim.log(), 77);
       forged.pretend(all.victim.last() + 1, sha256(all.admitted.back()));
       return on(up("gw1"), forged.readings(2, 900));
     },
     Fate::unproven},
    {"the first block again", [](Attacked& all) { return all.victim.arrival(all.admitted[0]); }, Fate::again},
    {"the last block again", [](Attacked& all) { return all.victim.arrival(all.admitted[2]); }, Fate::again},
    {"an old block on another gateway's topic", [](Attacked& all) { return on(up("gw2"), all.admitted[0]); },
     Fate::stranger},
    {"the next block on another gateway's topic",
     [](Attacked& all) { return on(up("gw2"), all.victim.readings(2, 900)); }, Fate::stranger},
    {"the next block on another stream's topic",
     [](Attacked& all) { return on(up("gw1", Stream::telemetry), all.victim.readings(2, 900)); },
     Fate::stranger},
    {"the next block on another site's topic",
     [](Attacked& all) {
       return on(up_topic(SiteId{"hillside"}, GatewayId{"gw1"}, Stream::readings),
                 all.victim.readings(2, 900));
     },
     Fate::stranger},
    {"the next block on an ack topic",
     [](Attacked& all) { return on("steward/v1/riverside/gw1/ack", all.victim.readings(2, 900)); },
     Fate::stranger},
    {"the next block on no topic of ours",
     [](Attacked& all) { return on("up/readings", all.victim.readings(2, 900)); }, Fate::stranger},
    {"a neighbour's own block that names the victim's log, on the victim's topic",
     [](Attacked& all) {
       EdgeLog forged(all.victim.log(), 2);
       return on(up("gw1"), forged.readings(2, 900));
     },
     Fate::unproven},
    {"a gateway that is not enrolled",
     [](Attacked& all) { return all.stranger.arrival(all.stranger.readings(1, 1)); }, Fate::stranger},
    {"a block from the future of the log",
     [](Attacked& all) {
       (void)all.victim.readings(2, 800);
       return all.victim.arrival(all.victim.readings(2, 900));
     },
     Fate::early},
    {"another history behind the mark, with the gateway's own key",
     [](Attacked& all) {
       all.victim.pretend(1, {});
       return all.victim.arrival(all.victim.readings(4, 999));
     },
     Fate::fork},
    {"another history that begins inside the books and ends beyond them",
     [](Attacked& all) {
       all.victim.pretend(11, sha256(all.admitted[1]));
       return all.victim.arrival(all.victim.readings(9, 999));
     },
     Fate::fork},
    {"the next place, linked to nothing",
     [](Attacked& all) {
       all.victim.pretend(all.victim.last() + 1, {});
       return all.victim.arrival(all.victim.readings(2, 900));
     },
     Fate::fork},
    {"the next place, linked to a block before the last",
     [](Attacked& all) {
       all.victim.pretend(all.victim.last() + 1, sha256(all.admitted[0]));
       return all.victim.arrival(all.victim.readings(2, 900));
     },
     Fate::fork},
    {"a closing record in place of a block",
     [](Attacked& all) {
       const auto closing = all.victim.closing("E-0101", test_instant(0), 5);
       auto sealed = seal_closing(closing, all.victim.key());
       REQUIRE(sealed);
       return on(up("gw1"), *sealed);
     },
     Fate::stranger},
    {"a block's bytes sealed as another kind of message",
     [](Attacked& all) {
       const auto bytes = all.victim.readings(2, 900);
       const auto block = unwrap(content_type::block, bytes, bytes.size());
       REQUIRE(block);
       return on(up("gw1"), seal(content_type::site_config, block->payload, all.victim.key()));
     },
     Fate::stranger},
};

}  // namespace

TEST_SUITE("cloud/forged_blocks") {
  TEST_CASE("forged, replayed and foreign blocks change nothing in the books") {
    for (const auto& attack : attacks) {
      Attacked all;
      INFO(attack.what);
      const auto before = all.readings();
      const auto outcome = all.admit(attack.arrival(all));
      CHECK(word(outcome.fate) == word(attack.fate));
      CHECK(all.upto() == 12);
      CHECK(all.readings() == before);
      CHECK_MESSAGE((outcome.fate == Fate::again || !outcome.why.empty()), "it says why");
    }
    CHECK(std::size(attacks) >= 25);
  }

  TEST_CASE("after every attack the gateway's own next block is admitted, or its fork is known") {
    for (const auto& attack : attacks) {
      Attacked all;
      EdgeLog honest(all.victim.log(), 1);  // goes on where the books end, whatever the attacker does
      honest.pretend(all.victim.last() + 1, sha256(all.admitted.back()));
      const auto outcome = all.admit(attack.arrival(all));
      INFO(attack.what);
      const auto next = all.admit(honest.arrival(honest.readings(2, 1000)));
      const bool went_on = next.fate == Fate::admitted && all.upto() == 14;
      CHECK((went_on || outcome.fate == Fate::fork));
    }
  }

  TEST_CASE("a neighbour's closing inside a gateway's block is not billed as the gateway's") {
    Attacked all;
    const auto closing = all.victim.closing("E-0101", test_instant(0), 5);
    const auto outcome = all.admit(all.victim.arrival(all.victim.closings({closing}, all.neighbour.key())));
    CHECK(word(outcome.fate) == word(Fate::aside));
    CHECK(all.store->counts(riverside)->closings == 0);
  }
}
