-- What became of a month's bills: checked, approved, issued, and by whom. A step counts for the bills whose digest it
-- names and for no others, so bills drawn up again with other bytes are a draft again.
CREATE TABLE run_step (
  site_no INTEGER NOT NULL REFERENCES site,
  month TEXT NOT NULL,
  place INTEGER NOT NULL,      -- 1, 2, ... per month
  step INTEGER NOT NULL CHECK (step BETWEEN 1 AND 3),  -- checked, approved, issued
  bills BLOB NOT NULL CHECK (length(bills) = 32),
  who TEXT NOT NULL CHECK (who <> ''),
  note TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (site_no, month, place)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER run_step_once BEFORE INSERT ON run_step
WHEN EXISTS (SELECT 1 FROM run_step s WHERE s.site_no = new.site_no AND s.month = new.month AND s.place = new.place)
BEGIN SELECT RAISE(ABORT, 'a step of a run is never changed, only followed by another'); END;
CREATE TRIGGER run_step_kept BEFORE UPDATE ON run_step
BEGIN SELECT RAISE(ABORT, 'a step of a run is never changed, only followed by another'); END;
CREATE TRIGGER run_step_stays BEFORE DELETE ON run_step
BEGIN SELECT RAISE(ABORT, 'a step of a run is never changed, only followed by another'); END;

-- Credit and debit notes: the only way an issued bill is corrected. Each stands on the bill and the notes before it.
CREATE TABLE bill_note (
  site_no INTEGER NOT NULL REFERENCES site,
  month TEXT NOT NULL,
  bill TEXT NOT NULL,
  place INTEGER NOT NULL,      -- 1, 2, ... per bill
  account TEXT NOT NULL,
  name TEXT NOT NULL,
  total_fen INTEGER NOT NULL,  -- above zero: debit, else credit
  who TEXT NOT NULL CHECK (who <> ''),
  why TEXT NOT NULL CHECK (why <> ''),
  made_ms INTEGER NOT NULL,
  inputs BLOB NOT NULL CHECK (length(inputs) = 32),
  json TEXT NOT NULL,
  page TEXT NOT NULL,
  PRIMARY KEY (site_no, month, bill, place)
) STRICT;
CREATE TRIGGER note_follows BEFORE INSERT ON bill_note
WHEN new.place <> 1 + (SELECT count(*) FROM bill_note n
                       WHERE n.site_no = new.site_no AND n.month = new.month AND n.bill = new.bill)
  OR NOT EXISTS (SELECT 1 FROM bill_run r WHERE r.site_no = new.site_no AND r.month = new.month AND r.status = 1)
BEGIN SELECT RAISE(ABORT, 'a note follows an issued bill or its last note'); END;
CREATE TRIGGER note_kept BEFORE UPDATE ON bill_note
BEGIN SELECT RAISE(ABORT, 'issued notes never change'); END;
CREATE TRIGGER note_stays BEFORE DELETE ON bill_note
BEGIN SELECT RAISE(ABORT, 'issued notes never change'); END;

-- Numbers of what was issued, per site, year and kind, from 1 without a gap. A row is written in the transaction
-- that issues; it is no counter that a rollback could leave ahead.
CREATE TABLE document_number (
  site_no INTEGER NOT NULL REFERENCES site,
  year INTEGER NOT NULL,
  kind INTEGER NOT NULL CHECK (kind IN (0, 1)),  -- bill, note
  number INTEGER NOT NULL,
  month TEXT NOT NULL,
  bill TEXT NOT NULL,
  place INTEGER NOT NULL,      -- of the note; a bill: 0
  PRIMARY KEY (site_no, year, kind, number),
  UNIQUE (site_no, month, bill, place)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER number_follows BEFORE INSERT ON document_number
WHEN new.number <> 1 + (SELECT coalesce(max(n.number), 0) FROM document_number n
                        WHERE n.site_no = new.site_no AND n.year = new.year AND n.kind = new.kind)
BEGIN SELECT RAISE(ABORT, 'numbers follow one another without a gap'); END;
CREATE TRIGGER number_kept BEFORE UPDATE ON document_number
BEGIN SELECT RAISE(ABORT, 'a number is never given twice or taken back'); END;
CREATE TRIGGER number_stays BEFORE DELETE ON document_number
BEGIN SELECT RAISE(ABORT, 'a number is never given twice or taken back'); END;

-- Issuing is one step from approved, of these very bytes, and every bill has its number by then.
CREATE TRIGGER issue_needs_approval BEFORE UPDATE ON bill_run WHEN new.status = 1 AND old.status = 0
  AND NOT EXISTS (SELECT 1 FROM run_step s WHERE s.site_no = old.site_no AND s.month = old.month AND s.step = 2
                  AND s.bills = old.bills AND new.bills = old.bills)
BEGIN SELECT RAISE(ABORT, 'only approved bills are issued'); END;
CREATE TRIGGER issue_needs_numbers BEFORE UPDATE ON bill_run WHEN new.status = 1 AND old.status = 0
  AND EXISTS (SELECT 1 FROM bill b WHERE b.site_no = old.site_no AND b.month = old.month AND NOT EXISTS
              (SELECT 1 FROM document_number n WHERE n.site_no = b.site_no AND n.month = b.month AND n.bill = b.bill
               AND n.place = 0))
BEGIN SELECT RAISE(ABORT, 'every issued bill has a number'); END;
-- Two ways round the triggers of 0001: REPLACE deletes without asking them, and a row can move into a month.
CREATE TRIGGER issued_run_once BEFORE INSERT ON bill_run WHEN new.status <> 0
  OR EXISTS (SELECT 1 FROM bill_run r WHERE r.site_no = new.site_no AND r.month = new.month AND r.status = 1)
BEGIN SELECT RAISE(ABORT, 'issued bills never change'); END;
CREATE TRIGGER issued_bill_moved BEFORE UPDATE ON bill
WHEN EXISTS (SELECT 1 FROM bill_run r WHERE r.site_no = new.site_no AND r.month = new.month AND r.status = 1)
BEGIN SELECT RAISE(ABORT, 'issued bills never change'); END;
CREATE TRIGGER issued_run_moved BEFORE UPDATE ON bill_run
WHEN (new.site_no <> old.site_no OR new.month <> old.month)
BEGIN SELECT RAISE(ABORT, 'issued bills never change'); END;
