// Adds up: a power cut at every step the books take while months are checked, approved, issued and corrected.
// The numbers of bills and notes never have a gap, and a month is issued whole or not at all.
#include <doctest/doctest.h>

#include <memory>
#include <set>

#include "cloud/store/sqlite_store.hpp"
#include "tests/fault/crash_disk.hpp"

using namespace steward;
using namespace steward::fault;

namespace {

constexpr int months = 6;
constexpr int accounts = 7;
const std::string path = "steward.db";
const SiteId site{"riverside"};

std::string month_of(int at) { return "2026-0" + std::to_string(at + 1); }
Instant at(int minute) { return instant_from_ms(1'780'243'200'000 + minute * 60'000); }

Digest digest_of(int tag) {
  Digest digest{};
  digest[0] = static_cast<std::uint8_t>(tag + 1);
  return digest;
}

BillRunRow run_of(int month) {
  return {.site = site,
          .month = month_of(month),
          .bills = digest_of(month),
          .bill_count = accounts,
          .total_fen = accounts,
          .drawn_up_at = at(month),
          .json = "{}",
          .proof = "adds up"};
}

std::vector<BillRow> bills_of(int month) {
  std::vector<BillRow> bills;
  for (int account = 0; account < accounts; ++account) {
    const auto name = "a" + std::to_string(account);
    bills.push_back({.site = site,
                     .month = month_of(month),
                     .bill = BillId{month_of(month) + "-" + name},
                     .account = AccountId{name},
                     .name = name,
                     .total_fen = 1,
                     .json = "{}",
                     .page = "bill\n"});
  }
  return bills;
}

BillNoteRow note_of(int month) {
  return {.site = site,
          .month = month_of(month),
          .bill = BillId{month_of(month) + "-a0"},
          .place = 1,
          .account = AccountId{"a0"},
          .name = "a0",
          .total_fen = -1,
          .who = "Li",
          .why = "misread",
          .made_at = at(month),
          .json = "{}",
          .page = "note\n",
          .year = 2026};
}

RunStep step_of(int month, RunStatus to) { return {to, digest_of(month), "Li", "", at(month)}; }

/// Draft, checked and approved by a transaction each; issued; then a note.
Result<void> work(Store& store, int month) {
  const auto step = [&](RunStatus to) {
    return store.transact([&] { return store.put_step(site, month_of(month), step_of(month, to)); });
  };
  const auto bills = bills_of(month);
  return store.transact([&] { return store.put_draft(run_of(month), bills); })
      .and_then([&] { return step(RunStatus::checked); })
      .and_then([&] { return step(RunStatus::approved); })
      .and_then([&] {
        return store.transact(
            [&] { return store.issue(site, month_of(month), step_of(month, RunStatus::issued), 2026); });
      })
      .and_then([&] { return store.transact([&] { return store.put_note(note_of(month)); }); });
}

/// What is wrong with the books as they stand; empty: nothing. `issued`: how many bills and notes there are.
std::string flaw_of(Store& store, std::size_t& issued) {
  std::set<std::int64_t> numbers;
  std::set<std::int64_t> note_numbers;
  const auto runs = store.bill_runs(site);
  if (!runs) return "the runs cannot be read: " + runs.error().message;
  for (const auto& run : *runs) {
    const auto bills = store.bills(site, run.month);
    if (!bills) return "bills cannot be read: " + bills.error().message;
    if (bills->size() != accounts) return run.month + " has not all its bills";
    for (const auto& bill : *bills) {
      if ((bill.number != 0) != (run.status == RunStatus::issued))
        return bill.bill.text +
               (bill.number == 0 ? " is issued without a number" : " has a number, not issued");
      if (bill.number != 0 && !numbers.insert(bill.number).second) return "a number was given twice";
    }
    const auto notes = store.notes(site, run.month);
    if (!notes) return "notes cannot be read: " + notes.error().message;
    for (const auto& note : *notes) {
      if (!note_numbers.insert(note.number).second) return "a note's number was given twice";
    }
  }
  const auto gap = [](const std::set<std::int64_t>& all) {
    return !all.empty() && *all.rbegin() != static_cast<std::int64_t>(all.size());
  };
  if (gap(numbers) || gap(note_numbers)) return "the numbers have a gap";
  issued = numbers.size() + note_numbers.size();
  return {};
}

}  // namespace

TEST_SUITE("fault/issue_power_cut") {
  TEST_CASE("a cut at any step of issuing six months leaves no gap in the numbers and no month half issued") {
    CrashDisk disk;
    disk.begin({});
    {
      auto store = SqliteStore::open(path, Uuid{1});
      REQUIRE(store);
      for (int month = 0; month < months; ++month) {
        const auto done = work(**store, month);
        REQUIRE_MESSAGE(done, (done ? "" : done.error().message));
      }
    }
    const auto steps = disk.steps();
    constexpr std::uint64_t seed = 20'260'608;
    std::mt19937_64 dice(seed);
    CutDisk cut({});
    std::set<std::size_t> seen;
    std::size_t states = 0;
    for (std::size_t step = 0; step <= steps.size(); ++step) {
      for (const auto loss : {Loss::everything, step % 2 == 0 ? Loss::some : Loss::torn}) {
        ++states;
        disk.begin(cut.after(loss, dice));
        auto store = SqliteStore::open(path, Uuid{1});
        INFO("seed ", seed, " step ", step, " loss ", static_cast<int>(loss));
        REQUIRE_MESSAGE(store, (store ? "" : store.error().message));
        std::size_t issued = 0;
        const auto flaw = flaw_of(**store, issued);
        REQUIRE_MESSAGE(flaw.empty(), flaw);
        seen.insert(issued);
        if (step % 40 != 0) continue;
        // After the cut the numbers go on where they were: another month gets the very next.
        const auto done = work(**store, months);
        REQUIRE_MESSAGE(done, (done ? "" : done.error().message));
        std::size_t after = 0;
        const auto later = flaw_of(**store, after);
        REQUIRE_MESSAGE(later.empty(), later);
        CHECK(after == issued + accounts + 1);
      }
      if (step < steps.size()) cut.apply(steps[step]);
    }
    MESSAGE("seed ", seed, ", ", steps.size(), " steps, ", states, " disks after a cut, ", seen.size(),
            " different states of the numbers");
    // A month's bills come at once: 0, 7, 8, 15, 16, ... and nothing between.
    for (const auto count : seen) CHECK((count % (accounts + 1) == 0 || count % (accounts + 1) == accounts));
    CHECK(seen.size() == 2 * months + 1);
  }
}
