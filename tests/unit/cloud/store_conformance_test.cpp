// What every backend of Store must do. Written against the interface: a new
// backend adds its type to STORES and passes, or is not one.
#include <doctest/doctest.h>

#include <memory>
#include <thread>

#include "cloud/store/migrations.hpp"
#include "cloud/store/sqlite_store.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace steward;

namespace {

constexpr Uuid first_identity{1, 2, 3};

/// A backend under test: `store` is the open one; `reopen` is what a restart does.
struct SqliteBackend {
  TemporaryFolder folder;
  std::unique_ptr<Store> store = open(first_identity);

  std::unique_ptr<Store> open(const Uuid& fresh) const {
    auto opened = SqliteStore::open(folder.path() / "steward.db", fresh);
    REQUIRE_MESSAGE(opened, (opened ? "" : opened.error().message));
    return std::move(*opened);
  }
  /// What kept a program from opening or making it; empty: nothing.
  static std::string make(const std::filesystem::path& folder, const Uuid& fresh) {
    const auto opened = SqliteStore::open(folder / "steward.db", fresh);
    return opened ? std::string() : opened.error().message;
  }
  void reopen() {
    store.reset();
    store = open(Uuid{9, 9, 9});
  }
};

#define STORES SqliteBackend

const SiteId site{"riverside"};
const GatewayId gateway{"gw1"};
const LogId readings_log{site, gateway, Uuid{7}, Stream::readings};

Instant at_ms(std::int64_t ms) { return instant_from_ms(1'780'243'200'000 + ms); }

Digest digest_of(std::uint8_t tag) {
  Digest digest{};
  digest[0] = tag;
  return digest;
}

template <class Body>
void in_transaction(Store& store, Body body) {
  const auto done = store.transact([&]() -> Result<void> {
    body();
    return {};
  });
  REQUIRE_MESSAGE(done, (done ? "" : done.error().message));
}

/// Admits `records` behind what the log holds; gives the new mark.
AdmissionMark book(Store& store, const LogId& log, Records records, std::uint64_t count,
                   const std::vector<Closing>& closings = {}) {
  AdmissionMark after;
  in_transaction(store, [&] {
    const auto mark = store.lock_log(log);
    REQUIRE(mark);
    const auto first = mark->upto.value + 1;
    const Block block{.log = log,
                      .first = Seq{first},
                      .last = Seq{first + count - 1},
                      .previous = mark->last_hash,
                      .stamp = {.wall = at_ms(0)},
                      .records = std::move(records)};
    const Bytes bytes{static_cast<std::uint8_t>(first), 42};
    const auto hash = digest_of(static_cast<std::uint8_t>(first));
    const auto next = store.admit(*mark, {block, bytes, hash, at_ms(5), closings});
    REQUIRE_MESSAGE(next, (next ? "" : next.error().message));
    after = *next;
  });
  return after;
}

Reading reading(std::int64_t hour, std::uint16_t meter, std::int64_t value) {
  return {.round_at = at_ms(hour * 3'600'000),
          .taken_at = at_ms(hour * 3'600'000 + 250),
          .meter_no = MeterNo{meter},
          .channel_no = ChannelNo{0},
          .value = value};
}

Closing closing(std::string meter, std::int64_t day, std::int64_t value, Quality quality = Quality::good) {
  return {.site = site,
          .gateway = gateway,
          .epoch = readings_log.epoch,
          .meter = MeterId{std::move(meter)},
          .profile = ProfileId{"eastron-sdm630/1"},
          .profile_hash = digest_of(77),
          .channel = "energy_import",
          .unit = ChannelUnit::wh,
          .round_at = at_ms(day * 86'400'000),
          .taken_at = at_ms(day * 86'400'000 + 90),
          .value = value,
          .modulus = 100'000'000,
          .quality = quality,
          .reason = quality == Quality::good ? Reason::none : Reason::spike,
          .raw = {0x4A01, 0xFFFE},
          .trust = ClockTrust::synced};
}

void book_closings(Store& store, std::vector<Closing> closings) {
  SealedClosings sealed;
  const auto mark = [&] {
    AdmissionMark found;
    in_transaction(store, [&] { found = *store.lock_log(readings_log); });
    return found;
  }();
  for (std::size_t i = 0; i < closings.size(); ++i) {
    closings[i].seq = Seq{mark.upto.value + 1 + i};
    sealed.sealed.push_back({static_cast<std::uint8_t>(i), 0xEE});
  }
  const auto count = closings.size();
  book(store, readings_log, sealed, count, closings);
}

BillRunRow run_of(std::string month, std::int64_t total) {
  return {.site = site,
          .month = std::move(month),
          .inputs = digest_of(1),
          .bills = digest_of(2),
          .import_version = 1,
          .bill_count = 1,
          .total_fen = total,
          .drawn_up_at = at_ms(10),
          .json = "{}",
          .proof = "adds up"};
}
BillRow bill_of(std::string month, std::string account, std::int64_t total) {
  return {.site = site,
          .month = month,
          .bill = BillId{month + "-" + account},
          .account = AccountId{account},
          .name = "王 Wang",
          .total_fen = total,
          .json = R"({"total":1})",
          .page = "bill\n"};
}

/// A step of the run that run_of gives.
RunStep step_to(RunStatus to) { return {to, digest_of(2), "Li Wei", "looked through", at_ms(20)}; }

void approve(Store& store, std::string_view month) {
  in_transaction(store, [&] {
    CHECK(store.put_step(site, month, step_to(RunStatus::checked)));
    CHECK(store.put_step(site, month, step_to(RunStatus::approved)));
  });
}

Result<void> issue(Store& store, std::string_view month, int year = 2026) {
  return store.issue(site, month, step_to(RunStatus::issued), year);
}

}  // namespace

TEST_SUITE("cloud/store") {
  TEST_CASE_TEMPLATE("a database keeps the identity it was made with until it is renewed", Backend, STORES) {
    Backend backend;
    CHECK(*backend.store->identity() == first_identity);
    backend.reopen();
    CHECK(*backend.store->identity() == first_identity);
    in_transaction(*backend.store, [&] { CHECK(backend.store->renew_identity(Uuid{5})); });
    backend.reopen();
    CHECK(*backend.store->identity() == Uuid{5});
  }

  TEST_CASE_TEMPLATE("what a failed transaction wrote is gone", Backend, STORES) {
    Backend backend;
    const auto failed = backend.store->transact([&]() -> Result<void> {
      CHECK(backend.store->put_gateway({site, gateway, PublicKey{1}, at_ms(0)}));
      return {Fault::implausible, "changed my mind"};
    });
    REQUIRE_FALSE(failed);
    CHECK(failed.error().message == "changed my mind");
    CHECK(backend.store->gateways()->empty());
  }

  TEST_CASE_TEMPLATE("a write outside a transaction is refused, and so is one inside another", Backend,
                     STORES) {
    Backend backend;
    const auto outside = backend.store->put_gateway({site, gateway, PublicKey{1}, at_ms(0)});
    REQUIRE_FALSE(outside);
    CHECK(outside.error().fault == Fault::refused);
    in_transaction(*backend.store, [&] {
      const auto nested = backend.store->transact([]() -> Result<void> { return {}; });
      REQUIRE_FALSE(nested);
      CHECK(nested.error().fault == Fault::refused);
    });
  }

  TEST_CASE_TEMPLATE("a gateway is found by site and name, and gets a new key when enrolled again", Backend,
                     STORES) {
    Backend backend;
    in_transaction(*backend.store, [&] {
      CHECK(backend.store->put_gateway({site, gateway, PublicKey{1}, at_ms(0)}));
      CHECK(backend.store->put_gateway({SiteId{"hillside"}, gateway, PublicKey{2}, at_ms(1)}));
      CHECK(backend.store->put_gateway({site, gateway, PublicKey{3}, at_ms(2)}));
    });
    REQUIRE(backend.store->gateways()->size() == 2);
    CHECK((*backend.store->gateway(site, gateway))->block_key == PublicKey{3});
    CHECK((*backend.store->gateway(SiteId{"hillside"}, gateway))->block_key == PublicKey{2});
    CHECK_FALSE((*backend.store->gateway(site, GatewayId{"gw2"})).has_value());
  }

  TEST_CASE_TEMPLATE(
      "a gateway's keys of before, its next one and its certificates are kept as they were said", Backend,
      STORES) {
    Backend backend;
    GatewayRow row{site, gateway, PublicKey{1}, at_ms(0), PublicKey{2}, at_ms(7), "stolen"};
    const FormerKey first{Uuid{5}, Stream::readings, Seq{40}, PublicKey{8}};
    const FormerKey later{Uuid{5}, Stream::readings, Seq{90}, PublicKey{9}};
    const CertificateRow old_one{site, gateway, "0a", at_ms(1), at_ms(100), false};
    const CertificateRow new_one{site, gateway, "0b", at_ms(2), at_ms(200), false};
    in_transaction(*backend.store, [&] {
      CHECK(backend.store->put_gateway(row));
      CHECK(backend.store->add_former_key(site, gateway, later));
      CHECK(backend.store->add_former_key(site, gateway, first));
      auto second_word = first;
      second_word.block_key = PublicKey{66};
      CHECK(backend.store->add_former_key(site, gateway, second_word));  // the first word counts
      CHECK(backend.store->put_certificate(new_one));
      CHECK(backend.store->put_certificate(old_one));
    });
    CHECK(**backend.store->gateway(site, gateway) == row);
    CHECK(*backend.store->former_keys(site, gateway) == std::vector<FormerKey>{first, later});
    CHECK(backend.store->former_keys(SiteId{"hillside"}, gateway)->empty());
    CHECK(*backend.store->certificates() == std::vector<CertificateRow>{old_one, new_one});
    auto revoked = old_one;
    revoked.revoked = true;
    row.next_key.reset();
    row.revoked_at.reset();
    row.revoked_why.clear();
    in_transaction(*backend.store, [&] {
      CHECK(backend.store->put_certificate(revoked));
      CHECK(backend.store->put_gateway(row));
    });
    CHECK(*backend.store->certificates() == std::vector<CertificateRow>{revoked, new_one});
    CHECK(**backend.store->gateway(site, gateway) == row);
  }

  TEST_CASE_TEMPLATE("a gateway's state is its last one", Backend, STORES) {
    Backend backend;
    in_transaction(*backend.store, [&] {
      CHECK(backend.store->put_state({site, gateway, at_ms(0), R"({"online":true})"}));
      CHECK(backend.store->put_state({site, gateway, at_ms(9), R"({"online":false})"}));
    });
    REQUIRE(backend.store->states()->size() == 1);
    CHECK((*backend.store->states())[0] == GatewayStateRow{site, gateway, at_ms(9), R"({"online":false})"});
  }

  TEST_CASE_TEMPLATE("an auditor's range is every block between its bounds, log by log, none left out",
                     Backend, STORES) {
    Backend backend;
    auto events = readings_log;
    events.stream = Stream::events;
    book(*backend.store, readings_log, std::vector{reading(0, 1, 100)}, 1);
    book(*backend.store, readings_log, std::vector{reading(5, 1, 110)}, 1);
    book(*backend.store, readings_log, std::vector{reading(1, 1, 101)},
         1);  // late, and between two that are asked
    book(*backend.store, events, std::vector{EdgeEvent{at_ms(0), "started", "", ""}}, 1);
    book(*backend.store, readings_log, std::vector{reading(6, 1, 120)}, 1);
    const auto firsts = [&](std::optional<Stream> stream, std::int64_t from_hour, std::int64_t to_hour) {
      std::vector<int> found;
      const auto done = backend.store->each_block(
          {site, gateway, stream, at_ms(from_hour * 3'600'000), at_ms(to_hour * 3'600'000)},
          [&](const Bytes& bytes) -> Result<void> {
            found.push_back(bytes.front());
            return {};
          });
      REQUIRE(done);
      return found;
    };
    CHECK(firsts(std::nullopt, 0, 100) == std::vector{1, 2, 3, 4, 1});
    CHECK(firsts(Stream::readings, 0, 100) == std::vector{1, 2, 3, 4});
    CHECK(firsts(Stream::readings, 5, 7) == std::vector{2, 3, 4});
    CHECK(firsts(Stream::readings, 0, 1) == std::vector{1});
    CHECK(firsts(Stream::doors, 0, 100).empty());
    int taken = 0;
    const auto stopped = backend.store->each_block({site, gateway, std::nullopt, at_ms(0), at_ms(1)},
                                                   [&](const Bytes&) -> Result<void> {
                                                     ++taken;
                                                     return {Fault::full, "no room"};
                                                   });
    CHECK_FALSE(stopped);
    CHECK(taken == 1);
    book(*backend.store, readings_log, std::vector{reading(7, 1, 130)}, 1);  // nothing was left locked
  }

  TEST_CASE_TEMPLATE("a new log begins at nothing; admitted blocks move its mark and stay in the books",
                     Backend, STORES) {
    Backend backend;
    in_transaction(*backend.store, [&] {
      const auto mark = backend.store->lock_log(readings_log);
      REQUIRE(mark);
      CHECK(mark->upto == Seq{0});
      CHECK(mark->last_hash == Digest{});
      CHECK(mark->link_known);
    });
    const auto one = book(*backend.store, readings_log, std::vector{reading(0, 1, 100), reading(0, 2, 7)}, 2);
    const auto two = book(*backend.store, readings_log, std::vector{reading(1, 1, 105)}, 1);
    CHECK(one.upto == Seq{2});
    CHECK(two.upto == Seq{3});
    CHECK(two.last_hash == digest_of(3));
    backend.reopen();
    in_transaction(*backend.store, [&] {
      CHECK(*backend.store->lock_log(readings_log) == two);
      CHECK(**backend.store->block_at(two, Seq{2}) == BlockMark{Seq{1}, Seq{2}, digest_of(1)});
      CHECK(**backend.store->block_at(two, Seq{3}) == BlockMark{Seq{3}, Seq{3}, digest_of(3)});
      CHECK_FALSE((*backend.store->block_at(two, Seq{4})).has_value());
    });
    CHECK(*backend.store->block_bytes(readings_log, Seq{3}) == Bytes{3, 42});
    CHECK(backend.store->counts(site)->readings == 3);
    CHECK(backend.store->counts(site)->blocks == 2);
    CHECK(backend.store->counts(SiteId{"hillside"})->blocks == 0);
  }

  TEST_CASE_TEMPLATE("logs of one gateway differ by epoch and stream, newest first", Backend, STORES) {
    Backend backend;
    book(*backend.store, readings_log, std::vector{reading(0, 1, 1)}, 1);
    const LogId doors{site, gateway, Uuid{7}, Stream::doors};
    const LogId later{site, gateway, Uuid{8}, Stream::readings};
    book(*backend.store, doors, std::vector{DoorEvent{.controller = "gate"}}, 1);
    book(*backend.store, later, std::vector{reading(5, 1, 1), reading(5, 2, 1)}, 2);
    const auto logs = backend.store->logs(site, gateway, 10);
    REQUIRE(logs->size() == 3);
    CHECK((*logs)[0].first == later);
    CHECK((*logs)[0].second.upto == Seq{2});
    CHECK((*logs)[2].first == readings_log);
    CHECK(backend.store->logs(site, gateway, 2)->size() == 2);
    CHECK(backend.store->logs(site, GatewayId{"gw2"}, 10)->empty());
  }

  TEST_CASE_TEMPLATE("a hole moves the mark behind it and hands the last missing hash on", Backend, STORES) {
    Backend backend;
    const auto known = book(*backend.store, readings_log, Hole{Seq{1}, Seq{50}, "quota", digest_of(9)}, 50);
    CHECK(known.upto == Seq{50});
    CHECK(known.last_hash == digest_of(9));
    CHECK(known.link_known);
    const auto unknown = book(*backend.store, readings_log, Hole{Seq{51}, Seq{60}, "corrupt", {}}, 10);
    CHECK_FALSE(unknown.link_known);
    CHECK(backend.store->counts(site)->holes == 2);
    CHECK(backend.store->counts(site)->readings == 0);
  }

  TEST_CASE_TEMPLATE("a fork stays on the log", Backend, STORES) {
    Backend backend;
    const auto mark = book(*backend.store, readings_log, std::vector{reading(0, 1, 1)}, 1);
    in_transaction(*backend.store, [&] {
      CHECK(backend.store->mark_forked(mark));
      CHECK(backend.store->lock_log(readings_log)->forked);
    });
  }

  TEST_CASE_TEMPLATE("evidence is kept once per message and bounded per gateway", Backend, STORES) {
    Backend backend;
    SetAside evidence{.site = site,
                      .gateway = gateway,
                      .cause = "fork",
                      .detail = "another history",
                      .epoch = Uuid{7},
                      .first = Seq{4},
                      .last = Seq{9},
                      .hash = digest_of(1),
                      .received_at = at_ms(1),
                      .bytes = {1, 2, 3}};
    in_transaction(*backend.store, [&] {
      CHECK(*backend.store->set_aside(evidence));
      CHECK_FALSE(*backend.store->set_aside(evidence));
    });
    REQUIRE(backend.store->set_asides(site)->size() == 1);
    CHECK((*backend.store->set_asides(site))[0] == evidence);
    in_transaction(*backend.store, [&] {
      for (std::size_t i = 1; i < max_set_aside_per_gateway + 5; ++i) {
        evidence.hash[1] = static_cast<std::uint8_t>(i % 256);
        evidence.hash[2] = static_cast<std::uint8_t>(i / 256);
        CHECK(*backend.store->set_aside(evidence) == (i < max_set_aside_per_gateway));
      }
    });
    CHECK(backend.store->counts(site)->set_aside == static_cast<std::int64_t>(max_set_aside_per_gateway));
  }

  TEST_CASE_TEMPLATE("an alarm that comes again is counted, not listed twice", Backend, STORES) {
    Backend backend;
    in_transaction(*backend.store, [&] {
      CHECK(backend.store->raise({site, "gw1", "fork", "first", at_ms(1), at_ms(1)}));
      CHECK(backend.store->raise({site, "gw1", "fork", "second", at_ms(5), at_ms(5)}));
      CHECK(backend.store->raise({site, "gw2", "fork", "other", at_ms(2), at_ms(2)}));
    });
    const auto alarms = backend.store->alarms();
    REQUIRE(alarms->size() == 2);
    CHECK((*alarms)[0] == AlarmRow{site, "gw1", "fork", "second", at_ms(1), at_ms(5), 2});
  }

  TEST_CASE_TEMPLATE(
      "a command waits until it is answered or has expired, is answered once and never changed", Backend,
      STORES) {
    Backend backend;
    CommandRow row{.site = site, .gateway = gateway, .id = Uuid{5}};
    row.verb = "open-door";
    row.subject = "gate-1";
    row.asked_by = "Li Wei";
    row.issued = at_ms(1'000);
    row.expires = at_ms(31'000);
    row.sealed = {1, 2, 3};
    CHECK(backend.store->put_command(row).error().fault == Fault::refused);  // outside a transaction
    in_transaction(*backend.store, [&] { CHECK(backend.store->put_command(row)); });
    CHECK(backend.store->transact([&] { return backend.store->put_command(row); }).error().fault ==
          Fault::refused);
    CHECK(*backend.store->open_commands(at_ms(30'999)) == std::vector{row});
    CHECK(backend.store->open_commands(at_ms(31'000))->empty());
    auto answered = row;
    answered.outcome = "done";
    answered.answered = at_ms(2'000);
    answered.result = {9, 9};
    auto foreign = answered;
    foreign.gateway = GatewayId("gw2");
    in_transaction(*backend.store, [&] {
      CHECK_FALSE(*backend.store->answer_command(foreign));
      CHECK(*backend.store->answer_command(answered));
      CHECK_FALSE(*backend.store->answer_command(answered));
    });
    backend.reopen();
    CHECK(**backend.store->command(site, row.id) == answered);
    CHECK_FALSE((*backend.store->command(site, Uuid{6})).has_value());
    CHECK(backend.store->open_commands(at_ms(2'000))->empty());
    CHECK(*backend.store->commands({site, at_ms(0), at_ms(5'000), 10}) == std::vector{answered});
    CHECK(backend.store->commands({site, at_ms(1'001), at_ms(5'000), 10})->empty());
  }

  TEST_CASE_TEMPLATE(
      "each version of a config is kept, the newest one is what a gateway shall be, and its last report",
      Backend, STORES) {
    Backend backend;
    const DesiredRow first{site, gateway, 1, at_ms(1), "Li Wei", {1}};
    const DesiredRow second{site, gateway, 4, at_ms(2), "Li Wei", {2, 2}};
    const DesiredRow other{site, GatewayId("gw2"), 2, at_ms(3), "Wu", {3}};
    in_transaction(*backend.store, [&] {
      for (const auto& row : {first, second, other}) CHECK(backend.store->put_desired(row));
      for (const auto& row : {first, second})
        CHECK(backend.store->put_desired(row).error().fault == Fault::refused);
      CHECK(backend.store->put_reported({site, gateway, at_ms(4), "old"}));
      CHECK(backend.store->put_reported({site, gateway, at_ms(5), "new"}));
    });
    backend.reopen();
    CHECK(*backend.store->newest_desired() == std::vector{second, other});
    CHECK((*backend.store->reported(site, gateway))->json == "new");
    CHECK_FALSE(backend.store->reported(site, GatewayId("gw2"))->has_value());
  }

  TEST_CASE_TEMPLATE("every import is kept; the latest is what counts", Backend, STORES) {
    Backend backend;
    CHECK_FALSE((*backend.store->latest_import(site)).has_value());
    EstateImport import{.site = site,
                        .imported_at = at_ms(3),
                        .hash = digest_of(4),
                        .files = {{"estate.csv", "a,b\n", digest_of(5)}, {"units.csv", "c\n", digest_of(6)}}};
    in_transaction(*backend.store, [&] { CHECK(*backend.store->put_import(import) == 1); });
    in_transaction(*backend.store, [&] { CHECK(*backend.store->put_import(import) == 2); });
    import.version = 2;
    CHECK(**backend.store->latest_import(site) == import);
    CHECK(*backend.store->estates() == std::vector{site});
  }

  TEST_CASE_TEMPLATE("closing records come back whole, inside the asked span, by meter and time", Backend,
                     STORES) {
    Backend backend;
    book_closings(*backend.store,
                  {closing("M2", 0, 5), closing("M1", 1, 12), closing("M1", 0, 10), closing("M1", 2, 15)});
    const auto found = backend.store->closings(site, at_ms(0), at_ms(2 * 86'400'000));
    REQUIRE(found->size() == 3);
    auto expected = closing("M1", 0, 10);
    expected.seq = Seq{3};
    CHECK((*found)[0].closing == expected);
    CHECK((*found)[0].sealed == Bytes{2, 0xEE});
    CHECK((*found)[1].closing.value == 12);
    CHECK((*found)[2].closing.meter == MeterId{"M2"});
    CHECK(backend.store->closings(SiteId{"hillside"}, at_ms(0), at_ms(1))->empty());
  }

  TEST_CASE_TEMPLATE(
      "closings by clocks that were not known to be right are kept apart, with their blocks' stamps", Backend,
      STORES) {
    Backend backend;
    auto unset = closing("E-1", 0, 5);
    unset.trust = ClockTrust::unset;
    auto rtc = closing("E-1", 1, 6);
    rtc.trust = ClockTrust::rtc;
    auto stepped = closing("E-1", 3, 8);
    stepped.trust = ClockTrust::stepped;
    book_closings(*backend.store, {unset, rtc, closing("E-1", 2, 7), stepped});
    CHECK(backend.store->closings(site, at_ms(0), at_ms(10 * 86'400'000))->size() == 2);
    const auto earliest = backend.store->earliest_closings(site, at_ms(0), at_ms(10 * 86'400'000));
    REQUIRE(earliest->size() == 1);
    CHECK((*earliest)[0].closing.value == 7);
    const auto unsure = backend.store->unsure_closings(site);
    REQUIRE(unsure->size() == 2);
    CHECK((*unsure)[0].closing.value == 5);
    CHECK((*unsure)[1].closing.trust == ClockTrust::rtc);
    const auto stamp = backend.store->stamp_of(site, (*unsure)[1].log_no, (*unsure)[1].closing.seq);
    REQUIRE(stamp->has_value());
    CHECK((*stamp)->wall == at_ms(0));
    CHECK_FALSE(backend.store->stamp_of(site, (*unsure)[1].log_no, Seq{5})->has_value());
    const LogId events{site, gateway, Uuid{7}, Stream::events};
    book(*backend.store, events,
         std::vector<EdgeEvent>{{at_ms(1), "started", "", "x"}, {at_ms(2), "time_record", "", "{}"}}, 2);
    const auto words = backend.store->time_records(site);
    REQUIRE(words->size() == 1);
    CHECK((*words)[0].gateway == gateway);
    CHECK((*words)[0].event.detail == "{}");
  }

  TEST_CASE_TEMPLATE("the earliest good closing of a meter passes over doubtful ones", Backend, STORES) {
    Backend backend;
    book_closings(*backend.store, {closing("M1", 0, 10, Quality::suspect), closing("M1", 3, 30),
                                   closing("M1", 2, 20), closing("M2", 9, 1)});
    const auto found = backend.store->earliest_closings(site, at_ms(0), at_ms(5 * 86'400'000));
    REQUIRE(found->size() == 1);
    CHECK((*found)[0].closing.value == 20);
  }

  TEST_CASE_TEMPLATE("the year begins at a midnight of one value, not at noon or at a contradiction", Backend,
                     STORES) {
    Backend backend;
    auto noon = closing("M1", 1, 10);
    noon.round_at = noon.round_at + std::chrono::hours(12);
    book_closings(*backend.store, {noon, closing("M1", 2, 20), closing("M1", 2, 21), closing("M1", 3, 30),
                                   closing("M1", 4, 40)});
    const auto found = backend.store->earliest_closings(site, at_ms(0), at_ms(5 * 86'400'000));
    REQUIRE(found->size() == 1);
    CHECK((*found)[0].closing.value == 30);
  }

  TEST_CASE_TEMPLATE("a draft is replaced whole; an issued month refuses every change", Backend, STORES) {
    Backend backend;
    const std::vector bills{bill_of("2026-06", "a1", 6029), bill_of("2026-06", "a2", 10)};
    in_transaction(*backend.store, [&] { CHECK(backend.store->put_draft(run_of("2026-06", 1), bills)); });
    const std::vector fewer{bill_of("2026-06", "a1", 6030)};
    in_transaction(*backend.store, [&] { CHECK(backend.store->put_draft(run_of("2026-06", 2), fewer)); });
    CHECK(*backend.store->bills(site, "2026-06") == fewer);
    approve(*backend.store, "2026-06");
    in_transaction(*backend.store, [&] { CHECK(issue(*backend.store, "2026-06")); });

    auto issued = run_of("2026-06", 2);
    issued.status = RunStatus::issued;
    issued.issued_at = at_ms(20);
    auto numbered = fewer;
    numbered[0].year = 2026;
    numbered[0].number = 1;
    const auto refused =
        backend.store->transact([&] { return backend.store->put_draft(run_of("2026-06", 3), bills); });
    REQUIRE_FALSE(refused);
    CHECK(refused.error().fault == Fault::refused);
    CHECK_FALSE(backend.store->transact([&] { return issue(*backend.store, "2026-06"); }));
    backend.reopen();
    CHECK(*backend.store->bill_runs(site) == std::vector{issued});
    CHECK(*backend.store->bills(site, "2026-06") == numbered);
    const auto nothing = backend.store->transact([&] { return issue(*backend.store, "2026-07"); });
    REQUIRE_FALSE(nothing);
    CHECK(nothing.error().fault == Fault::refused);
  }

  TEST_CASE_TEMPLATE("bills go from draft to checked, approved and issued, and no step is left out", Backend,
                     STORES) {
    Backend backend;
    auto& store = *backend.store;
    in_transaction(store, [&] {
      CHECK(store.put_draft(run_of("2026-06", 1), std::vector{bill_of("2026-06", "a1", 1)}));
    });
    const auto status = [&] { return (*store.bill_runs(site)).at(0).status; };
    const auto take = [&](RunStep step) {
      return store.transact([&] { return store.put_step(site, "2026-06", step); });
    };
    CHECK(status() == RunStatus::draft);
    CHECK_FALSE(take(step_to(RunStatus::approved)));
    CHECK_FALSE(store.transact([&] { return issue(store, "2026-06"); }));
    CHECK(take(step_to(RunStatus::checked)));
    CHECK(status() == RunStatus::checked);
    CHECK_FALSE(take(step_to(RunStatus::checked)));
    CHECK_FALSE(store.transact([&] { return issue(store, "2026-06"); }));
    CHECK_FALSE(take(step_to(RunStatus::issued)));
    auto other = step_to(RunStatus::approved);
    other.bills = digest_of(9);
    CHECK_FALSE(take(other));
    CHECK(take(step_to(RunStatus::approved)));
    CHECK(status() == RunStatus::approved);
    CHECK(*store.run_steps(site, "2026-06") ==
          std::vector{step_to(RunStatus::checked), step_to(RunStatus::approved)});

    // Other bytes are another draft: what was said of the old ones is kept and counts for them alone.
    auto redrawn = run_of("2026-06", 2);
    redrawn.bills = digest_of(3);
    in_transaction(store, [&] { CHECK(store.put_draft(redrawn, std::vector{bill_of("2026-06", "a1", 2)})); });
    CHECK(status() == RunStatus::draft);
    CHECK_FALSE(store.transact([&] { return issue(store, "2026-06"); }));
    CHECK(store.run_steps(site, "2026-06")->size() == 2);
  }

  TEST_CASE_TEMPLATE("numbers follow one another over months, years and refused transactions", Backend,
                     STORES) {
    Backend backend;
    auto& store = *backend.store;
    const auto numbers = [&](const std::string& month) {
      std::vector<std::int64_t> all;
      const auto bills = store.bills(site, month);
      REQUIRE(bills);
      for (const auto& bill : *bills) all.push_back(bill.number);
      return all;
    };
    for (const auto* month : {"2026-05", "2026-06", "2026-07"}) {
      in_transaction(store, [&] {
        CHECK(
            store.put_draft(run_of(month, 1), std::vector{bill_of(month, "a2", 1), bill_of(month, "a1", 1)}));
      });
      approve(store, month);
    }
    const auto failed = store.transact([&]() -> Result<void> {
      CHECK(issue(store, "2026-06"));
      CHECK(numbers("2026-06") == std::vector<std::int64_t>{1, 2});
      return {Fault::full, "the disk"};
    });
    CHECK_FALSE(failed);
    in_transaction(store, [&] { CHECK(issue(store, "2026-07")); });
    in_transaction(store, [&] { CHECK(issue(store, "2026-06")); });
    in_transaction(store, [&] { CHECK(issue(store, "2026-05", 2027)); });
    CHECK(numbers("2026-07") == std::vector<std::int64_t>{1, 2});  // in the run's order
    CHECK(numbers("2026-06") == std::vector<std::int64_t>{3, 4});
    CHECK(numbers("2026-05") == std::vector<std::int64_t>{1, 2});
    CHECK((*store.bills(site, "2026-05"))[0].year == 2027);
  }

  TEST_CASE_TEMPLATE("a note stands on an issued bill, follows its last one and has a number of its own",
                     Backend, STORES) {
    Backend backend;
    auto& store = *backend.store;
    in_transaction(store, [&] {
      CHECK(store.put_draft(run_of("2026-06", 1), std::vector{bill_of("2026-06", "a1", 1)}));
    });
    BillNoteRow note{.site = site,
                     .month = "2026-06",
                     .bill = BillId{"2026-06-a1"},
                     .place = 1,
                     .account = AccountId{"a1"},
                     .name = "王 Wang",
                     .total_fen = -5,
                     .who = "Li Wei",
                     .why = "dial misread",
                     .made_at = at_ms(30),
                     .inputs = digest_of(4),
                     .json = "{}",
                     .page = "note\n",
                     .year = 2026};
    const auto put = [&] { return store.transact([&] { return store.put_note(note); }); };
    CHECK_FALSE(put());  // a draft is no bill yet
    approve(store, "2026-06");
    in_transaction(store, [&] { CHECK(issue(store, "2026-06")); });
    note.place = 2;
    CHECK_FALSE(put());
    note.place = 1;
    CHECK(put());
    CHECK_FALSE(put());
    auto second = note;
    second.place = 2;
    second.total_fen = 7;
    in_transaction(store, [&] { CHECK(store.put_note(second)); });
    note.number = 1;
    second.number = 2;
    CHECK(*store.notes(site, "2026-06") == std::vector{note, second});
    CHECK(store.notes(site, "2026-07")->empty());
    CHECK((*store.bills(site, "2026-06"))[0].number == 1);
  }

  TEST_CASE_TEMPLATE("a reading's meter is what the catalogue said before it", Backend, STORES) {
    Backend backend;
    const auto entry = [](std::string meter) {
      return CatalogueEntry{.meter_no = MeterNo{1},
                            .meter = MeterId{std::move(meter)},
                            .profile = ProfileId{"eastron-sdm630/1"},
                            .channels = {{ChannelNo{0}, "energy_import", ChannelUnit::wh, true, 2, 1000}}};
    };
    book(*backend.store, readings_log, std::vector{entry("OLD")}, 1);
    book(*backend.store, readings_log, std::vector{reading(0, 1, 100), reading(0, 3, 5)}, 2);
    book(*backend.store, readings_log, std::vector{entry("NEW")}, 1);
    book(*backend.store, readings_log, std::vector{reading(1, 1, 7)}, 1);

    const auto rows = backend.store->readings({site, at_ms(0), at_ms(86'400'000), 10});
    REQUIRE(rows->size() == 3);
    CHECK((*rows)[0].meter == MeterId{"NEW"});
    CHECK((*rows)[0].reading == reading(1, 1, 7));
    CHECK((*rows)[1].meter == MeterId{"OLD"});
    CHECK((*rows)[1].channel == "energy_import");
    CHECK((*rows)[1].unit == ChannelUnit::wh);
    CHECK((*rows)[2].meter == MeterId{});
    CHECK(backend.store->readings({site, at_ms(3'600'000), at_ms(86'400'000), 10})->size() == 1);
    CHECK(backend.store->readings({site, at_ms(0), at_ms(86'400'000), 2})->size() == 2);

    const auto catalogue = backend.store->catalogue(site);
    REQUIRE(catalogue->size() == 1);
    CHECK((*catalogue)[0].entry == entry("NEW"));
  }

  TEST_CASE_TEMPLATE("door events, patrol scans and gateway events are listed whole, newest first", Backend,
                     STORES) {
    Backend backend;
    const DoorEvent swipe{.controller = "gate",
                          .serial = 405419896,
                          .index = 12,
                          .generation = 1,
                          .received_at = at_ms(1000),
                          .controller_time_ms = 999,
                          .type = 1,
                          .granted = true,
                          .door = 2,
                          .direction = 1,
                          .card = 8165538,
                          .reason = 1,
                          .raw = {0x17, 0x20}};
    auto later = swipe;
    later.index = 13;
    later.received_at = at_ms(2000);
    book(*backend.store, {site, gateway, Uuid{7}, Stream::doors}, std::vector{swipe, later}, 2);
    book(*backend.store, {site, gateway, Uuid{7}, Stream::patrol},
         std::vector{PatrolScan{ReaderId{"lobby"}, at_ms(3000), "CP-01"}}, 1);
    book(*backend.store, {site, gateway, Uuid{7}, Stream::events},
         std::vector{EdgeEvent{at_ms(4000), "started", "gw1", "steward-edge 0.1.0"}}, 1);
    const ListQuery all{site, at_ms(0), at_ms(10'000), 10};
    const auto doors = backend.store->door_events(all);
    REQUIRE(doors->size() == 2);
    CHECK((*doors)[0].event == later);
    CHECK((*doors)[1].event == swipe);
    CHECK((*doors)[1].seq == Seq{1});
    REQUIRE(backend.store->patrol_scans(all)->size() == 1);
    CHECK((*backend.store->patrol_scans(all))[0].scan == PatrolScan{ReaderId{"lobby"}, at_ms(3000), "CP-01"});
    REQUIRE(backend.store->edge_events(all)->size() == 1);
    CHECK((*backend.store->edge_events(all))[0].event.kind == "started");
    CHECK(backend.store->door_events({site, at_ms(0), at_ms(1500), 10})->size() == 1);
  }

  TEST_CASE_TEMPLATE("a meter's life events are numbered as they come; decisions are added, never changed",
                     Backend, STORES) {
    Backend backend;
    const EdgeEvent rollover{at_ms(9000), "meter_rollover", "W-1", "{}"};
    const EdgeEvent exchange{at_ms(4000), "meter_exchange", "E-1", "{}"};
    book(*backend.store, {site, gateway, Uuid{7}, Stream::events},
         std::vector{EdgeEvent{at_ms(1), "started", "gw1", ""}, rollover}, 2);
    book(*backend.store, {site, gateway, Uuid{8}, Stream::events}, std::vector{exchange}, 1);
    auto events = backend.store->meter_events(site);
    REQUIRE_MESSAGE(events, (events ? "" : events.error().message));
    REQUIRE(events->size() == 2);  // by time, whichever came first
    CHECK((*events)[0].event == exchange);
    CHECK((*events)[0].event_no == 2);
    CHECK((*events)[1].event == rollover);
    CHECK((*events)[1].event_no == 1);
    CHECK((*events)[1].seq == Seq{2});

    const MeterDecision no{false, "wang", "a loose wire", at_ms(20)};
    const MeterDecision yes{true, "li", "seen on the dial", at_ms(30)};
    in_transaction(*backend.store, [&] {
      CHECK(backend.store->decide(site, 1, no));
      CHECK(backend.store->decide(site, 1, yes));
      CHECK(backend.store->decide(site, 3, yes).error().fault == Fault::refused);
    });
    CHECK(backend.store->decide(site, 1, no).error().fault == Fault::refused);  // outside a transaction
    backend.reopen();
    events = backend.store->meter_events(site);
    CHECK((*events)[0].decisions.empty());
    CHECK((*events)[1].decisions == std::vector{no, yes});
    in_transaction(*backend.store, [&] {
      for (std::size_t more = 2; more < max_decisions_per_event; ++more) {
        CHECK(backend.store->decide(site, 1, yes));
      }
      CHECK_FALSE(backend.store->decide(site, 1, yes));
    });
  }

  TEST_CASE_TEMPLATE("a frozen reading is listed whole and is neither a reading nor a closing", Backend,
                     STORES) {
    Backend backend;
    const std::vector<CatalogueEntry> catalogue{
        {MeterNo{3},
         MeterId{"E-1"},
         ProfileId{"x/1"},
         {},
         {{ChannelNo{0}, "energy_import", ChannelUnit::wh, true, 2, 0}}}};
    book(*backend.store, readings_log, catalogue, 1);
    const FrozenReading midnight{at_ms(5000), -86'400'000,   Freeze::day,  MeterNo{3},      ChannelNo{0},
                                 97'100,      Quality::good, Reason::none, {0x1000, 0x0097}};
    auto unknown = midnight;
    unknown.meter_no = MeterNo{4};
    unknown.read_at = at_ms(6000);
    book(*backend.store, readings_log, std::vector{midnight, unknown}, 2);
    const ListQuery all{site, at_ms(0), at_ms(10'000), 10};
    const auto rows = backend.store->frozen_readings(all);
    REQUIRE_MESSAGE(rows, (rows ? "" : rows.error().message));
    REQUIRE(rows->size() == 2);
    CHECK((*rows)[0].meter.text == "");
    CHECK((*rows)[1].meter.text == "E-1");
    CHECK((*rows)[1].channel == "energy_import");
    CHECK((*rows)[1].reading == midnight);
    CHECK((*rows)[1].seq == Seq{2});
    CHECK(backend.store->readings({site, at_ms(-100'000'000), at_ms(100'000'000), 10})->empty());
    CHECK(backend.store->closings(site, at_ms(-100'000'000), at_ms(100'000'000))->empty());
    CHECK(backend.store->counts(site)->readings == 0);
  }

  TEST_CASE_TEMPLATE("registers that went down are found by time, with the meter the log names", Backend,
                     STORES) {
    Backend backend;
    const std::vector<CatalogueEntry> catalogue{
        {MeterNo{3},
         MeterId{"E-1"},
         ProfileId{"x/1"},
         {},
         {{ChannelNo{0}, "energy_import", ChannelUnit::wh, true, 2, 0}}}};
    book(*backend.store, readings_log, catalogue, 1);
    auto fell = reading(2, 3, 40);
    fell.quality = Quality::suspect;
    fell.reason = Reason::backwards;
    auto late = reading(3, 3, 50);
    late.quality = Quality::suspect;
    late.reason = Reason::skew;
    book(*backend.store, readings_log, std::vector{reading(1, 3, 900), fell, late}, 3);
    const auto rows = backend.store->falls(site, at_ms(0), at_ms(86'400'000));
    REQUIRE_MESSAGE(rows, (rows ? "" : rows.error().message));
    CHECK(*rows == std::vector{FallRow{MeterId{"E-1"}, "energy_import", fell.round_at, fell.taken_at, 40}});
    CHECK(backend.store->falls(site, at_ms(0), fell.round_at)->empty());
  }

  TEST_CASE_TEMPLATE("programs that make the same database at the same moment all get it", Backend, STORES) {
    for (int round = 0; round < 20; ++round) {
      TemporaryFolder folder;
      std::vector<std::string> failures(4);
      {
        std::vector<std::jthread> programs;
        for (auto& failure : failures) {
          programs.emplace_back([&] { failure = Backend::make(folder.path(), first_identity); });
        }
      }
      for (const auto& failure : failures) CHECK(failure == "");
    }
  }

  TEST_CASE_TEMPLATE("two programs on one database see each other's commits", Backend, STORES) {
    Backend backend;
    const auto other = backend.open(Uuid{4});
    book(*backend.store, readings_log, std::vector{reading(0, 1, 1)}, 1);
    CHECK(other->counts(site)->readings == 1);
    book(*other, readings_log, std::vector{reading(1, 1, 1)}, 1);
    CHECK(backend.store->logs(site, gateway, 1)->front().second.upto == Seq{2});
  }

  TEST_CASE("events that came before this program could read them are found by the migration") {
    TemporaryFolder folder;
    const auto file = folder.path() / "steward.db";
    {
      auto older = Database::open(file, {});
      REQUIRE(older);
      REQUIRE(migrate(*older, store_migrations().first(2)));
      REQUIRE(older->execute(
          "INSERT INTO site VALUES (1, 'riverside');"
          "INSERT INTO log (site_no, log_no, gateway, epoch, stream, last_hash)"
          " VALUES (1, 1, 'gw1', zeroblob(16), 4, zeroblob(32));"
          "INSERT INTO edge_event VALUES (1, 1, 1, 5, 'started', '', ''),"
          " (1, 1, 2, 9, 'meter_reset', 'E-1', '{}'), (1, 1, 3, 7, 'meter_sealed', 'E-2', '{}')"));
    }
    const auto store = SqliteStore::open(file, first_identity);
    REQUIRE_MESSAGE(store, (store ? "" : store.error().message));
    const auto events = (*store)->meter_events(site);
    REQUIRE(events->size() == 2);
    CHECK((*events)[0].event.subject == "E-2");
    CHECK((*events)[0].event_no == 2);
    CHECK((*events)[1].event_no == 1);
  }
}
