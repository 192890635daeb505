#include <doctest/doctest.h>

#include <deque>
#include <map>
#include <random>

#include "drivers/guard/unit_guard.hpp"
#include "edge/guard/disk_guard_book.hpp"
#include "edge/guard/tag_book.hpp"
#include "edge/guard/unit_record_text.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/unit/edge/store_helpers.hpp"

using namespace steward;
using namespace std::chrono_literals;

namespace {

constexpr auto holding = RegisterKind::holding;
constexpr Instant noon = instant_from_ms(1'780'315'200'000);
constexpr Milliseconds day = 24h;

RegisterSpan span(std::uint16_t first, std::uint16_t count) { return {holding, first, count}; }

/// A plan of single reads, with the probe at 0x0100 (20 and 21 registers).
UnitPlan plan_of(std::vector<RegisterSpan> reads) {
  UnitPlan plan;
  plan.probe.spans = {span(0x0100, 20), span(0x0100, 21)};
  for (const auto& probe : plan.probe.spans) REQUIRE(plan.dictionary.claim(probe));
  plan.reads.emplace_back();
  for (const auto& read : reads) {
    REQUIRE(plan.dictionary.claim(read));
    plan.reads[0].push_back({read, {{ChannelNo{0}, 0}}});
  }
  return plan;
}

TagBook book_of(std::vector<RegisterSpan> reads) { return {plan_of(std::move(reads)).dictionary, {}}; }

UnitRecord record_of(std::uint8_t probe, std::optional<Words> serial) {
  return {UnitAddress{3}, {probe, 120ms}, std::move(serial), false};
}

std::unique_ptr<Outbox> open_outbox(const TemporaryFolder& folder) {
  auto outbox = Outbox::open(outbox_setup(folder), edge_key());
  REQUIRE(outbox);
  return std::move(*outbox);
}

template <class T>
bool gives(const Result<T>& result, const T& value) {
  return result && *result == value;
}

/// One meter behind a converter that keeps its replies in order and delivers each whenever it
/// likes, and a gateway that crashes at any step with only its disk left.
class CrashModel {
 public:
  explicit CrashModel(unsigned seed, bool keeps) : random_(seed), keeps_(keeps) { restart(); }

  /// returns: values taken that were sampled before they were asked for
  std::size_t run() {
    for (int step = 0; step < 400; ++step) {
      now_ += 40s;  // beyond every quarantine here: waiting is not what this proves
      switch (roll(8)) {
        case 0: restart(); break;
        case 1:
        case 2: deliver(); break;
        default: ask(); break;
      }
    }
    return stale_;
  }

 private:
  struct Reply {
    Tag tag;
    std::uint64_t request = 0;
  };
  unsigned roll(unsigned sides) { return static_cast<unsigned>(random_() % sides); }

  void restart() {
    const auto kept = read_unit_record(UnitAddress{3}, disk_);
    REQUIRE(kept);
    GuardRules rules;
    rules.probes = {Tag{100}, Tag{101}};
    rules.delay_cap = 10s;
    guard_.emplace(rules, kept->memory, now_);
    now_ += 40s;
    first_of_.clear();
  }

  void ask() {
    const bool clean = guard_->standing() == Standing::clean;
    Tag tag = guard_->identity_tag();
    if (clean) {
      tag = last_data_ == Tag{1} ? Tag{2} : Tag{1};
      last_data_ = tag;
    }
    if (!guard_->may_send(tag, now_)) return;
    guard_->sent(tag, now_);
    const auto request = ++requests_;
    if (clean) first_of_.clear();
    first_of_.emplace(tag, request);
    if (roll(10) != 0) pipe_.push_back({tag, request});
    if (roll(12) == 0 && !pipe_.empty()) pipe_.push_back(pipe_.back());  // doubled on the way
    if (roll(4) == 0 || pipe_.empty()) return guard_->failed();
    const auto reply = pipe_.front();
    pipe_.pop_front();
    if (reply.tag != tag) {
      guard_->unasked(reply.tag, now_);
      return guard_->failed();
    }
    guard_->answered(tag, now_);
    if (clean && reply.request < first_of_.at(tag)) ++stale_;
    if (guard_->standing() != Standing::answered) return;
    first_of_.clear();
    if (roll(4) == 0) return restart();  // before it is on disk
    if (keeps_) disk_ = unit_record_text({UnitAddress{3}, guard_->to_keep(), std::nullopt, false});
    if (roll(4) == 0) return restart();  // on disk, and nobody was told
    guard_->kept();
  }

  void deliver() {
    if (pipe_.empty()) return;
    guard_->unasked(pipe_.front().tag, now_);
    pipe_.pop_front();
  }

  std::mt19937 random_;
  bool keeps_;
  std::string disk_ = unit_record_text({UnitAddress{3}, {}, std::nullopt, false});
  std::optional<UnitGuard> guard_;
  std::deque<Reply> pipe_;
  std::map<Tag, std::uint64_t> first_of_;
  Tag last_data_{2};
  std::uint64_t requests_ = 0;
  std::size_t stale_ = 0;
  Ticks now_{1h};
};

}  // namespace

TEST_SUITE("edge/guard_book") {
  TEST_CASE("a unit of which nothing is known takes its plan as it is") {
    const auto fitted = fit_plan(plan_of({span(0, 2)}), std::nullopt, {}, noon, day);
    CHECK(fitted.plan.reads[0][0].span == span(0, 2));
    CHECK(fitted.book == book_of({span(0, 2)}));
    CHECK(fitted.usable);
  }

  TEST_CASE("the same plan again changes nothing") {
    const auto fitted = fit_plan(plan_of({span(0, 2)}), book_of({span(0, 2)}), {}, noon, day);
    CHECK(fitted.book == book_of({span(0, 2)}));
    CHECK_FALSE(fitted.until);
  }

  TEST_CASE(
      "a byte count that meant another register yesterday is not asked for; the block gets a longer one") {
    const auto fitted = fit_plan(plan_of({span(0x40, 2)}), book_of({span(0, 2)}), {}, noon, day);
    CHECK(fitted.plan.reads[0][0].span == span(0x40, 3));
    CHECK(fitted.plan.dictionary.serves(span(0x40, 3)));
    CHECK_FALSE(fitted.plan.dictionary.meaning(tag_of(span(0, 2))));
    CHECK(fitted.until == noon + day);
    CHECK(fitted.withheld.empty());
    REQUIRE(fitted.book.past.size() == 1);
    CHECK(fitted.book.past[0].retired_at == noon);
  }

  TEST_CASE("after the retire time the plan is taken as it is, and not a moment before") {
    const auto changed = fit_plan(plan_of({span(0x40, 2)}), book_of({span(0, 2)}), {}, noon, day).book;
    const auto early = fit_plan(plan_of({span(0x40, 2)}), changed, {}, noon + day - 1ms, day);
    CHECK(early.plan.reads[0][0].span == span(0x40, 3));
    CHECK(early.until == noon + day);
    const auto late = fit_plan(plan_of({span(0x40, 2)}), early.book, {}, noon + day, day);
    CHECK(late.plan.reads[0][0].span == span(0x40, 2));
  }

  TEST_CASE("a clock that was set back only makes the wait longer") {
    const auto changed = fit_plan(plan_of({span(0x40, 2)}), book_of({span(0, 2)}), {}, noon, day).book;
    const auto back = fit_plan(plan_of({span(0x40, 2)}), changed, {}, noon - 100h, day);
    CHECK(back.plan.reads[0][0].span == span(0x40, 3));
  }

  TEST_CASE("what was retired before the gateway knew the time waits its whole time from then on") {
    const Instant no_clock = instant_from_ms(3'600'000);
    const auto changed = fit_plan(plan_of({span(0x40, 2)}), book_of({span(0, 2)}), {}, no_clock, day).book;
    const auto synced = fit_plan(plan_of({span(0x40, 2)}), changed, {}, noon, day);
    CHECK(synced.plan.reads[0][0].span == span(0x40, 3));
    CHECK(synced.until == noon + day);
    const auto later = fit_plan(plan_of({span(0x40, 2)}), synced.book, {}, noon + day, day);
    CHECK(later.plan.reads[0][0].span == span(0x40, 2));
  }

  TEST_CASE("what moves goes round the profile's limits, and is left out when no count is free") {
    BusHints hints;
    hints.count_step = 2;
    CHECK(fit_plan(plan_of({span(0x40, 2), span(0x80, 4)}), book_of({span(0, 2)}), hints, noon, day)
              .plan.reads[0][0]
              .span == span(0x40, 6));
    hints.forbidden = {span(0x43, 1)};
    const auto left_out = fit_plan(plan_of({span(0x40, 2)}), book_of({span(0, 2)}), hints, noon, day);
    CHECK(left_out.plan.reads[0].empty());
    CHECK(left_out.withheld == std::vector{span(0x40, 2)});
    CHECK(left_out.usable);
  }

  TEST_CASE("a block's second count moves with it, so that a bill can still be confirmed") {
    auto plan = plan_of({span(0x40, 2)});
    REQUIRE(plan.dictionary.claim(span(0x40, 3)));
    const auto fitted = fit_plan(plan, book_of({span(0, 2), span(0x10, 3)}), {}, noon, day);
    CHECK(fitted.plan.reads[0][0].span == span(0x40, 4));
    CHECK(fitted.plan.dictionary.alternate(span(0x40, 4)) == span(0x40, 5));
  }

  TEST_CASE("a probe moves too; where it cannot, nothing is asked at all") {
    BusHints hints;
    const auto stored = book_of({});
    auto plan = plan_of({});
    plan.dictionary = {};
    plan.probe.spans = {span(0x0200, 20), span(0x0200, 21)};
    for (const auto& probe : plan.probe.spans) REQUIRE(plan.dictionary.claim(probe));
    const auto fitted = fit_plan(plan, stored, hints, noon, day);
    CHECK(fitted.plan.probe.spans == std::array{span(0x0200, 22), span(0x0200, 23)});
    hints.max_span = 21;
    CHECK_FALSE(fit_plan(plan, stored, hints, noon, day).usable);
  }

  TEST_CASE("more changes of plan in a day than are remembered ask nothing, rather than forget one") {
    std::optional<TagBook> stored;
    for (std::uint16_t change = 0; change <= most_past; ++change) {
      auto fitted =
          fit_plan(plan_of({span(change, static_cast<std::uint16_t>(2 + change))}), stored, {}, noon, day);
      CHECK(fitted.usable);
      stored = fitted.book;
    }
    const auto fitted = fit_plan(plan_of({span(0x90, 9)}), stored, {}, noon, day);
    CHECK_FALSE(fitted.usable);
    CHECK(fitted.book == *stored);
  }

  TEST_CASE("no reply within the retire time can mean another register, whatever plans and crashes come") {
    // Without the wait the same course does it, so the check can fail.
    std::size_t wrong_without = 0;
    for (const bool waits : {true, false}) {
      for (unsigned seed = 1; seed <= 200; ++seed) {
        std::mt19937 random(seed);
        const auto roll = [&](unsigned sides) { return static_cast<unsigned>(random() % sides); };
        const auto retire = waits ? day : Milliseconds(0);
        std::map<std::pair<std::uint16_t, std::uint16_t>, Instant> asked;  // count, first -> last asked
        std::optional<std::string> disk;
        Instant now = noon;
        for (int start = 0; start < 12; ++start) {
          now += Milliseconds(roll(20) * 1h);
          std::optional<TagBook> stored;
          if (disk) {
            auto read = read_tag_book(*disk);
            REQUIRE(read);
            stored = *read;
          }
          std::vector<RegisterSpan> reads;
          for (std::uint16_t block = 0; block < 3; ++block)
            reads.push_back(span(static_cast<std::uint16_t>(roll(4) * 0x10),
                                 static_cast<std::uint16_t>(2U + 3U * block + roll(3))));
          const auto fitted = fit_plan(plan_of(reads), stored, {}, now, retire);
          if (roll(4) == 0) continue;  // crash before it is on disk: nothing of it was asked
          disk = tag_book_text(fitted.book);
          if (!fitted.usable || roll(6) == 0) continue;  // crash after it
          for (const auto& entry : fitted.plan.dictionary.entries()) {
            for (const auto& [was, at] : asked) {
              const bool may_come = now - at < day;
              const bool same_tag = was.first == entry.count && was.second != entry.first;
              if (waits) CHECK_FALSE((may_come && same_tag));
              if (!waits && may_come && same_tag) ++wrong_without;
            }
          }
          now += Milliseconds(roll(30) * 1h);
          for (const auto& entry : fitted.plan.dictionary.entries()) asked[{entry.count, entry.first}] = now;
        }
      }
    }
    CHECK(wrong_without > 100);
  }

  TEST_CASE("crashed at any step, no value is taken that was sampled before it was asked for") {
    std::size_t without_disk = 0;
    for (unsigned seed = 1; seed <= 400; ++seed) {
      CAPTURE(seed);
      CHECK(CrashModel(seed, true).run() == 0);
      without_disk += CrashModel(seed, false).run();
    }
    CHECK(without_disk > 0);  // without what is kept the same crashes do it
  }

  TEST_CASE("a table's text is its worked example and comes back byte for byte; other bytes are refused") {
    TagBook book{book_of({span(0x48, 2)}).now, {{book_of({span(0, 2)}).now, noon}}};
    const auto text = tag_book_text(book);
    CHECK(text ==
          "v1\n3:2@0x0048 3:20@0x0100 3:21@0x0100\n"
          "1780315200000 3:2@0x0000 3:20@0x0100 3:21@0x0100\n");
    CHECK(gives(read_tag_book(text), book));
    for (std::size_t at = 0; at < text.size(); ++at) {
      auto changed = text;
      changed[at] = static_cast<char>(changed[at] ^ 1);
      const auto read = read_tag_book(changed);
      CHECK((!read || tag_book_text(*read) == changed));
      CHECK_FALSE(gives(read_tag_book(text.substr(0, at)), book));
    }
  }

  TEST_CASE("a unit's record is its worked example and comes back byte for byte") {
    const auto record = record_of(1, Words{0x000A, 0x2AB4});
    CHECK(unit_record_text(record) == "v1 probe=1 delay_ns=120000000 latched=0 serial=000A2AB4");
    for (const auto& one : {record, record_of(0, std::nullopt), record_of(0, Words{})}) {
      CHECK(gives(read_unit_record(UnitAddress{3}, unit_record_text(one)), one));
    }
    for (const auto* wrong :
         {"", "v2 probe=1 delay_ns=1 latched=0 serial=-", "v1 probe=2 delay_ns=1 latched=0 serial=-",
          "v1 probe=1 delay_ns=-1 latched=0 serial=-", "v1 probe=1 delay_ns=1 latched=0 serial=00a",
          "v1 probe=1 delay_ns=1 latched=0 serial=- "}) {
      CAPTURE(wrong);
      CHECK_FALSE(read_unit_record(UnitAddress{3}, wrong));
    }
  }

  TEST_CASE("what is kept is there when the gateway starts again; a damaged row is said, not guessed") {
    TemporaryFolder folder;
    const BusId bus("line1");
    Loop loop;
    {
      StoreThread store(loop, open_outbox(folder), StoreHandlers{});
      DiskGuardBook book(store, bus, [] { return ClockStamp{}; });
      std::optional<Result<void>> kept;
      loop.spawn(
          [](DiskGuardBook& b, UnitRecord record, std::optional<Result<void>>& out) -> Awaitable<void> {
            out = co_await b.keep(record);
          }(book, record_of(1, Words{7}), kept));
      REQUIRE(loop.run_until([&] { return kept.has_value(); }, 5s));
      CHECK(*kept);
      book.note_latch(UnitAddress{3}, true);
      store.stop();
    }
    const auto outbox = open_outbox(folder);
    const auto found = read_kept_unit(*outbox, bus, UnitAddress{3});
    REQUIRE(found);
    auto expected = record_of(1, Words{7});
    expected.latched = true;
    CHECK(found->record == expected);
    CHECK_FALSE(found->tags);
    Batch batch;
    batch.records = std::vector<EdgeEvent>{};
    batch.marks = {tags_mark(bus, UnitAddress{4}, book_of({span(0, 2)})), {"tags/line1/5", "v1 nonsense"}};
    REQUIRE(outbox->append({batch}));
    CHECK(read_kept_unit(*outbox, bus, UnitAddress{4})->tags == book_of({span(0, 2)}));
    const auto damaged = read_kept_unit(*outbox, bus, UnitAddress{5});
    REQUIRE_FALSE(damaged);
    CHECK(damaged.error().fault == Fault::broken);
  }
}
