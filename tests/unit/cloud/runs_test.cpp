// A month's bills from draft to issued, and what corrects them: arguments in, text and an exit code out.
#include <doctest/doctest.h>

#include <sstream>

#include "cloud/app/verbs.hpp"
#include "cloud/billing/bill_json.hpp"
#include "cloud/billing/bill_note.hpp"
#include "cloud/store/sqlite_store.hpp"
#include "contract/text/json.hpp"
#include "kit/sqlite/database.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/unit/cloud/tiny_estate.hpp"

using namespace steward;

namespace {

const SiteId tiny{"tiny"};

struct Said {
  Exit exit = Exit::ok;
  std::string text;
  bool has(std::string_view part) const { return text.find(part) != std::string::npos; }
};

struct Desk {
  TemporaryFolder folder;

  Said run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"--data", (folder.path() / "books").string()});
    std::ostringstream out;
    std::ostringstream err;
    const auto exit = run_steward_cloud(arguments, {out, err});
    return {exit, out.str() + err.str()};
  }
  Said step(const std::string& verb, const std::string& who, std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments{"run", verb, "--month", "2026-06", "--by", who};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  }
  Said correct(std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments{"correct", "--month", "2026-06",     "--by",
                                       "Li",      "--why",   "dial misread"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  }
  /// The tiny estate; at the end of June flat 101's dial shows `dial` kWh, the estate's as much more.
  void import(int dial, const std::string& extra_occupancy = {}) const {
    auto files = tiny_estate(true);
    const auto put = [&](const std::string& was, const std::string& now) {
      auto& text = files["readings.csv"];
      text.replace(text.find(was), was.size(), now);
    };
    put(",110,", "," + std::to_string(dial) + ",");
    put(",1153,", "," + std::to_string(1153 + dial - 110) + ",");
    files["occupancies.csv"] += extra_occupancy;
    std::filesystem::remove_all(folder.path() / "estate");
    write_estate(folder.path() / "estate", files);
    REQUIRE(run({"import", (folder.path() / "estate").string()}).exit == Exit::ok);
  }
  std::unique_ptr<SqliteStore> store() const {
    auto opened = SqliteStore::open(folder.path() / "books" / "steward.db", Uuid{1});
    REQUIRE(opened);
    return std::move(*opened);
  }
  RunStatus status() const { return (*store()->bill_runs(tiny)).at(0).status; }
};

/// A month issued at one go.
void issue(const Desk& desk) {
  desk.import(110);
  REQUIRE(desk.run({"close", "--month", "2026-06", "--issue", "--by", "Li"}).exit == Exit::ok);
}

}  // namespace

TEST_SUITE("cloud/runs") {
  TEST_CASE("a month is checked by one, approved by another, then issued with numbers") {
    Desk desk;
    desk.import(110);
    CHECK(desk.step("check", "Li").exit == Exit::refused);  // nothing is drawn up
    desk.run({"close", "--month", "2026-06"});
    CHECK(desk.step("approve", "Wang").has("the next step is checked"));
    CHECK(desk.step("issue", "Wang").exit == Exit::refused);
    CHECK(desk.step("check", "Li").exit == Exit::ok);
    CHECK(desk.status() == RunStatus::checked);
    const auto alone = desk.step("approve", "Li");
    CHECK(alone.exit == Exit::refused);
    CHECK(alone.has("another person"));
    CHECK(desk.step("approve", "Wang").exit == Exit::ok);
    CHECK(desk.status() == RunStatus::approved);
    const auto issued = desk.step("issue", "Wang");
    CHECK(issued.has("issued 已开具"));
    CHECK(desk.step("check", "Li").has("issued bills never change"));
    CHECK(desk.run({"bills", "--month", "2026-06"}).has("numbers 编号 tiny-20"));
    const auto bills = *desk.store()->bills(tiny, "2026-06");
    CHECK(bills.at(0).number == 1);
    CHECK(bills.at(1).number == 2);
    const auto shown = desk.run({"run", "show", "--month", "2026-06"});
    for (const auto* part : {"checked", "approved", "Li", "Wang"}) CHECK(shown.has(part));
    CHECK(desk.run({"explain", "2026-06-wang"}).has("bill no. 账单编号 tiny-20"));
  }

  TEST_CASE("one person alone approves only by saying so, and it is kept") {
    Desk desk;
    desk.import(110);
    desk.run({"close", "--month", "2026-06"});
    desk.step("check", "Li");
    CHECK(desk.step("approve", "Li", {"--alone"}).has("alone"));
    CHECK((*desk.store()->run_steps(tiny, "2026-06")).at(1).note == "alone");
  }

  TEST_CASE(
      "other inputs after the check: nothing is approved or issued until it is drawn up and checked again") {
    Desk desk;
    desk.import(110);
    desk.run({"close", "--month", "2026-06"});
    desk.step("check", "Li");
    desk.import(111);
    const auto refused = desk.step("approve", "Wang");
    CHECK(refused.exit == Exit::refused);
    CHECK(refused.has("now give other bills ("));
    desk.run({"close", "--month", "2026-06"});
    CHECK(desk.status() == RunStatus::draft);
    CHECK(desk.run({"run", "show", "--month", "2026-06"}).has("of other bills"));
    CHECK(desk.step("approve", "Wang").has("the next step is checked"));
    // The first bytes again: what was said of them still holds.
    desk.import(110);
    desk.run({"close", "--month", "2026-06"});
    CHECK(desk.status() == RunStatus::checked);
    CHECK(desk.run({"close", "--month", "2026-06", "--issue", "--by", "Li"}).has("now issued"));
  }

  TEST_CASE("a dry run stores nothing and shows what changes since the month before") {
    Desk desk;
    desk.import(110);
    const auto first = desk.run({"close", "--month", "2026-06", "--dry-run"});
    CHECK(first.exit == Exit::ok);
    CHECK(first.has("2 new"));
    CHECK(first.has("nothing was stored"));
    CHECK(desk.store()->bill_runs(tiny)->empty());
    desk.run({"close", "--month", "2026-06"});
    auto files = tiny_estate(true);
    files["readings.csv"] +=
        "M0,energy_import,2026-08-01,1253,manual\nM1,energy_import,2026-08-01,190,manual\n"
        "M2,energy_import,2026-08-01,90,manual\n";
    write_estate(desk.folder.path() / "estate", files);
    desk.run({"import", (desk.folder.path() / "estate").string()});
    const auto july = desk.run({"close", "--month", "2026-07", "--dry-run"});
    CHECK(july.has("25.50"));
    CHECK(july.has("10.00"));   // 20 kWh
    CHECK(july.has("-15.50"));  // of li
    CHECK(july.has("-61 %"));
    const auto json = Json::parse(desk.run({"--json", "close", "--month", "2026-07", "--dry-run"}).text);
    REQUIRE(json);
    CHECK(json->find("was_fen")->integer() == 7650);
    CHECK(json->find("now_fen")->integer() == 5000);
    CHECK(json->find("accounts")->items().at(0).find("change_fen")->integer() == -1550);
    CHECK(desk.store()->bill_runs(tiny)->size() == 1);
  }

  TEST_CASE("no statement of the database changes what was issued, numbered, approved or noted") {
    Desk desk;
    issue(desk);
    desk.import(111);
    REQUIRE(desk.correct().exit == Exit::ok);
    desk.run({"close", "--month", "2026-06"});
    const auto before = desk.run({"--json", "bills", "--month", "2026-06"}).text;
    auto database = Database::open(desk.folder.path() / "books" / "steward.db");
    REQUIRE(database);
    for (const std::string sql :
         {"UPDATE bill SET total_fen = 0",
          "UPDATE bill SET json = '{}'",
          "DELETE FROM bill",
          "UPDATE bill SET month = '2026-07'",
          "REPLACE INTO bill SELECT site_no, month, place, bill, account,"
          " name, 0, json, page FROM bill",
          "UPDATE bill_run SET status = 0",
          "UPDATE bill_run SET total_fen = 0",
          "UPDATE bill_run SET month = '2026-07'",
          "DELETE FROM bill_run",
          "REPLACE INTO bill_run SELECT site_no, month, 0, inputs, bills, import_version, bill_count, 0,"
          " drawn_up_ms, NULL, json, proof FROM bill_run",
          "UPDATE document_number SET number = number + 1",
          "DELETE FROM document_number",
          "INSERT INTO document_number SELECT site_no, year, 0, 9, month, 'x', 0 FROM document_number LIMIT "
          "1",
          "REPLACE INTO document_number SELECT site_no, year, kind, number, month, 'x', 0 FROM "
          "document_number",
          "UPDATE run_step SET who = 'nobody'",
          "DELETE FROM run_step",
          "REPLACE INTO run_step SELECT site_no, month, place, step, bills, 'nobody', note, at_ms FROM "
          "run_step",
          "UPDATE bill_note SET total_fen = 0",
          "DELETE FROM bill_note",
          "REPLACE INTO bill_note SELECT site_no, month, bill, place, account, name, 0, who, why, made_ms, "
          "inputs,"
          " json, page FROM bill_note"}) {
      CAPTURE(sql);
      CHECK_FALSE(database->execute(sql));
    }
    CHECK(desk.run({"--json", "bills", "--month", "2026-06"}).text == before);
    // The control: a draft may be changed by the same statements.
    CHECK(
        database->execute("INSERT INTO bill_run SELECT site_no, '2026-07', 0, inputs, bills, import_version,"
                          " bill_count, 0, drawn_up_ms, NULL, json, proof FROM bill_run"));
    CHECK(database->execute("UPDATE bill_run SET total_fen = 1 WHERE month = '2026-07'"));
    CHECK_FALSE(
        database->execute("UPDATE bill_run SET status = 1 WHERE month = '2026-07'"));  // never approved
    CHECK(database->execute("DELETE FROM bill_run WHERE month = '2026-07'"));
  }

  TEST_CASE(
      "a correction is a note on the difference; the bill stays, and the next note stands on the last") {
    Desk desk;
    issue(desk);
    const auto kept = *desk.store()->bills(tiny, "2026-06");
    CHECK(desk.correct().has("0 notes"));
    desk.import(112);  // 2 kWh more of flat 101: 1.00 yuan
    CHECK(desk.correct({"--dry-run"}).has("Debit 1.00"));
    CHECK(desk.store()->notes(tiny, "2026-06")->empty());
    const auto debit = desk.correct();
    for (const auto* part :
         {"通知单编号 note no. tiny-20", "Debit note 1", "2026-06-wang", "51.00", "52.00", "dial misread"})
      CHECK(debit.has(part));
    CHECK(debit.has("-N000001"));
    CHECK(desk.correct().has("0 notes"));
    desk.import(108);
    CHECK(desk.correct({"--bill", "2026-06-li"}).has("0 notes"));
    const auto mistyped = desk.correct({"--bill", "2026-06-lo"});
    CHECK(mistyped.exit == Exit::bad_input);
    CHECK(mistyped.has("no bill \"2026-06-lo\" in 2026-06; `bills --month 2026-06` lists them"));
    const auto credit = desk.correct({"--bill", "2026-06-wang"});
    CHECK(credit.has("Credit note 2"));
    CHECK(credit.has("Credit 2.00"));
    const auto notes = *desk.store()->notes(tiny, "2026-06");
    REQUIRE(notes.size() == 2);
    CHECK(notes[0].total_fen == 100);
    CHECK(notes[1].total_fen == -200);
    CHECK(notes[1].number == 2);
    CHECK((*bill_after(notes[1].json))->total == Fen{5000});
    CHECK(*desk.store()->bills(tiny, "2026-06") == kept);
    CHECK(desk.run({"bills", "--month", "2026-06"}).has("on 2026-06-wang: -2.00 yuan"));
    CHECK(std::filesystem::exists(desk.folder.path() / "books/bills/tiny/2026-06/2026-06-wang.note-2.txt"));
  }

  TEST_CASE("an account that comes by a correction is asked by a note, and one that goes is given all back") {
    Desk desk;
    issue(desk);
    auto files = tiny_estate(true);
    auto& occupancies = files["occupancies.csv"];
    occupancies.replace(occupancies.find("102,li,李娜"), std::string("102,li,李娜").size(), "102,zhao,赵敏");
    write_estate(desk.folder.path() / "estate", files);
    desk.run({"import", (desk.folder.path() / "estate").string()});
    REQUIRE(desk.correct().exit == Exit::ok);
    const auto notes = *desk.store()->notes(tiny, "2026-06");
    REQUIRE(notes.size() == 2);
    CHECK(notes[0].bill == BillId{"2026-06-li"});
    CHECK(notes[0].total_fen == -2550);
    CHECK_FALSE(bill_after(notes[0].json)->has_value());
    CHECK(notes[1].bill == BillId{"2026-06-zhao"});
    CHECK(notes[1].total_fen == 2550);
    CHECK(desk.correct().has("0 notes"));
  }

  TEST_CASE("a draft is drawn up again, not corrected; names and reasons are asked for") {
    Desk desk;
    desk.import(110);
    desk.run({"close", "--month", "2026-06"});
    CHECK(desk.correct().has("is not issued"));
    CHECK(desk.step("check", "").exit == Exit::bad_input);
    CHECK(desk.run({"close", "--month", "2026-06", "--issue", "--dry-run"}).exit == Exit::bad_input);
    CHECK(desk.run({"correct", "--month", "2026-13", "--by", "Li", "--why", "x"}).exit == Exit::bad_input);
  }

  TEST_CASE(
      "a month with a meter nobody read is billed on the proposed estimate, once a person has taken it") {
    Desk desk;
    auto files = tiny_estate(true);
    auto& readings = files["readings.csv"];
    const std::string missing = "M1,energy_import,2026-07-01,110,manual\n";
    readings.erase(readings.find(missing), missing.size());
    readings += "M1,energy_import,2026-05-01,0,manual\n";  // 10 kWh in the 31 days of May
    const auto import = [&] {
      write_estate(desk.folder.path() / "estate", files);
      return desk.run({"import", (desk.folder.path() / "estate").string()}).exit;
    };
    REQUIRE(import() == Exit::ok);
    CHECK(desk.run({"close", "--month", "2026-06"}).exit == Exit::refused);
    const auto proposed = desk.run({"estimate", "--month", "2026-06"});
    CHECK(proposed.exit == Exit::ok);
    const std::string row = "M1,energy_import,2026-07-01,19.677,estimate-average\n";  // 10 + 10 × 30/31
    CHECK_MESSAGE(proposed.has(row), proposed.text);
    CHECK(proposed.has("1 estimated, 0 to be read"));
    CHECK(desk.run({"close", "--month", "2026-06"}).exit == Exit::refused);  // proposing stores nothing
    readings += row;
    readings.replace(readings.find(",1153,"), 6, ",1062.677,");
    REQUIRE(import() == Exit::ok);
    CHECK(desk.run({"close", "--month", "2026-06"}).exit == Exit::ok);
    CHECK(desk.run({"estimate", "--month", "2026-06"}).has("0 estimated, 0 to be read"));
    CHECK(desk.run({"explain", "2026-06-wang"}).has("estimated (estimate-average), nobody read it"));
    CHECK(desk.run({"estimate", "--month", "June"}).exit == Exit::bad_input);
    const auto bundle = (desk.folder.path() / "wang.bundle").string();
    CHECK(desk.run({"bundle", "2026-06-wang", "--out", bundle}).exit == Exit::ok);
  }
}
