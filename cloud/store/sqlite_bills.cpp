// SqliteStore: bill runs, what became of them, numbers and notes.
#include <algorithm>

#include "cloud/store/sqlite_store_calls.hpp"

namespace steward {

Result<void> SqliteStore::put_draft(const BillRunRow& run, std::span<const BillRow> bills) {
  auto no = site_no(run.site);
  if (!no) return std::move(no.error());
  // The schema's triggers refuse all of this once the run is issued.
  auto done =
      write("DELETE FROM bill WHERE site_no = ?1 AND month = ?2", *no, run.month)
          .and_then(
              [&] { return write("DELETE FROM bill_run WHERE site_no = ?1 AND month = ?2", *no, run.month); })
          .and_then([&] {
            return write("INSERT INTO bill_run VALUES (?1, ?2, 0, ?3, ?4, ?5, ?6, ?7, ?8, NULL, ?9, ?10)",
                         *no, run.month, run.inputs, run.bills, run.import_version, run.bill_count,
                         run.total_fen, ms_of(run.drawn_up_at), run.json, run.proof);
          });
  std::int64_t place = 0;
  for (const auto& bill : bills) {
    if (!done) break;
    done = write("INSERT INTO bill VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)", *no, run.month, ++place,
                 bill.bill.text, bill.account.text, bill.name, bill.total_fen, bill.json, bill.page);
  }
  return std::move(done).with_context("bills of " + run.month);
}

Result<void> SqliteStore::add_step(const SiteId& site, std::string_view month, const RunStep& step) {
  auto no = site_no(site);
  if (!no) return std::move(no.error());
  auto runs = bill_runs(site);
  if (!runs) return std::move(runs.error());
  const auto run =
      std::find_if(runs->begin(), runs->end(), [&](const BillRunRow& row) { return row.month == month; });
  if (run == runs->end()) return {Fault::refused, "no bill run of " + std::string(month)};
  if (run->bills != step.bills) return {Fault::refused, "other bills are stored"};
  if (static_cast<int>(step.to) != static_cast<int>(run->status) + 1)
    return {Fault::refused, "not the step after the one the bills have come to"};
  auto steps = run_steps(site, month);
  if (!steps) return std::move(steps.error());
  if (steps->size() >= max_run_steps) return {Fault::refused, "too many steps"};
  return write("INSERT INTO run_step VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)", *no, month, steps->size() + 1,
               static_cast<int>(step.to), step.bills, step.who, step.note, ms_of(step.at));
}

Result<void> SqliteStore::put_step(const SiteId& site, std::string_view month, const RunStep& step) {
  if (step.to == RunStatus::issued) return {Fault::refused, "issuing is a verb of its own"};
  return add_step(site, month, step).with_context("bills of " + std::string(month));
}

Result<std::vector<RunStep>> SqliteStore::run_steps(const SiteId& site, std::string_view month) {
  std::vector<RunStep> steps;
  auto read = each(
      "SELECT r.step, r.bills, r.who, r.note, r.at_ms FROM run_step r JOIN site s USING (site_no)"
      " WHERE s.site = ?1 AND r.month = ?2 ORDER BY r.place",
      [&](const Statement& row) {
        steps.push_back({column_enum<RunStatus>(row, 0), fixed_bytes<Digest>(row, 1), row.column_text(2),
                         row.column_text(3), column_instant(row, 4)});
      },
      site.text, month);
  if (!read) return std::move(read.error());
  return steps;
}

Result<void> SqliteStore::issue(const SiteId& site, std::string_view month, const RunStep& step, int year) {
  auto no = site_no(site);
  if (!no) return std::move(no.error());
  if (step.to != RunStatus::issued) return {Fault::refused, "not a step that issues"};
  auto done =
      add_step(site, month, step)
          .and_then([&] {
            return write(
                "INSERT INTO document_number SELECT b.site_no, ?3, 0,"
                " (SELECT coalesce(max(n.number), 0) FROM document_number n"
                "  WHERE n.site_no = ?1 AND n.year = ?3 AND n.kind = 0)"
                " + row_number() OVER (ORDER BY b.place), b.month, b.bill, 0"
                " FROM bill b WHERE b.site_no = ?1 AND b.month = ?2 ORDER BY b.place",
                *no, month, year);
          })
          .and_then([&] {
            return write("UPDATE bill_run SET status = 1, issued_ms = ?3 WHERE site_no = ?1 AND month = ?2",
                         *no, month, ms_of(step.at));
          });
  return std::move(done).with_context("bills of " + std::string(month));
}

Result<void> SqliteStore::put_note(const BillNoteRow& row) {
  auto no = site_no(row.site);
  if (!no) return std::move(no.error());
  auto done =
      write("INSERT INTO bill_note VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)", *no,
            row.month, row.bill.text, row.place, row.account.text, row.name, row.total_fen, row.who, row.why,
            ms_of(row.made_at), row.inputs, row.json, row.page)
          .and_then([&] {
            return write(
                "INSERT INTO document_number SELECT ?1, ?2, 1, 1 + coalesce(max(number), 0), ?3, ?4, ?5"
                " FROM document_number WHERE site_no = ?1 AND year = ?2 AND kind = 1",
                *no, row.year, row.month, row.bill.text, row.place);
          });
  return std::move(done).with_context("note on " + row.bill.text);
}

Result<std::vector<BillNoteRow>> SqliteStore::notes(const SiteId& site, std::string_view month) {
  std::vector<BillNoteRow> rows;
  auto read = each(
      "SELECT b.bill, b.place, b.account, b.name, b.total_fen, b.who, b.why, b.made_ms, b.inputs, b.json, "
      "b.page,"
      " n.year, n.number FROM bill_note b JOIN site s USING (site_no)"
      " JOIN document_number n USING (site_no, month, bill, place)"
      " WHERE s.site = ?1 AND b.month = ?2 ORDER BY b.bill, b.place",
      [&](const Statement& row) {
        rows.push_back({.site = site,
                        .month = std::string(month),
                        .bill = BillId{row.column_text(0)},
                        .place = row.column_int(1),
                        .account = AccountId{row.column_text(2)},
                        .name = row.column_text(3),
                        .total_fen = row.column_int(4),
                        .who = row.column_text(5),
                        .why = row.column_text(6),
                        .made_at = column_instant(row, 7),
                        .inputs = fixed_bytes<Digest>(row, 8),
                        .json = row.column_text(9),
                        .page = row.column_text(10),
                        .year = static_cast<int>(row.column_int(11)),
                        .number = row.column_int(12)});
      },
      site.text, month);
  if (!read) return std::move(read.error());
  return rows;
}

Result<std::vector<BillRunRow>> SqliteStore::bill_runs(const SiteId& site) {
  std::vector<BillRunRow> rows;
  auto read = each(
      "SELECT r.month, CASE r.status WHEN 1 THEN 3 ELSE coalesce((SELECT max(t.step) FROM run_step t"
      " WHERE t.site_no = r.site_no AND t.month = r.month AND t.bills = r.bills), 0) END, r.inputs, r.bills, "
      "r.import_version, r.bill_count, r.total_fen, "
      "r.drawn_up_ms,"
      " r.issued_ms, r.json, r.proof FROM bill_run r JOIN site s USING (site_no) WHERE s.site = ?1 ORDER BY "
      "r.month",
      [&](const Statement& row) {
        BillRunRow run{.site = site,
                       .month = row.column_text(0),
                       .status = column_enum<RunStatus>(row, 1),
                       .inputs = fixed_bytes<Digest>(row, 2),
                       .bills = fixed_bytes<Digest>(row, 3),
                       .import_version = row.column_int(4),
                       .bill_count = row.column_int(5),
                       .total_fen = row.column_int(6),
                       .drawn_up_at = column_instant(row, 7),
                       .json = row.column_text(9),
                       .proof = row.column_text(10)};
        if (!row.column_is_null(8)) run.issued_at = column_instant(row, 8);
        rows.push_back(std::move(run));
      },
      site.text);
  if (!read) return std::move(read.error());
  return rows;
}

Result<std::vector<BillRow>> SqliteStore::bills(const SiteId& site, std::string_view month) {
  std::vector<BillRow> rows;
  auto read = each(
      "SELECT b.month, b.bill, b.account, b.name, b.total_fen, b.json, b.page, coalesce(n.year, 0),"
      " coalesce(n.number, 0) FROM bill b JOIN site s USING (site_no) LEFT JOIN document_number n"
      " ON n.site_no = b.site_no AND n.month = b.month AND n.bill = b.bill AND n.place = 0 WHERE s.site = ?1 "
      "AND b.month = ?2 ORDER BY b.place",
      [&](const Statement& row) {
        rows.push_back({.site = site,
                        .month = row.column_text(0),
                        .bill = BillId{row.column_text(1)},
                        .account = AccountId{row.column_text(2)},
                        .name = row.column_text(3),
                        .total_fen = row.column_int(4),
                        .json = row.column_text(5),
                        .page = row.column_text(6),
                        .year = static_cast<int>(row.column_int(7)),
                        .number = row.column_int(8)});
      },
      site.text, month);
  if (!read) return std::move(read.error());
  return rows;
}

}  // namespace steward
