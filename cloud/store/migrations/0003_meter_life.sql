-- Events of meters' lives (contract/text/meter_event_text.hpp), numbered per site in the order they
-- came: the number is what a person confirms or rejects. The text stays the gateway's own; it is read again
-- for each bill run, so a newer program reads old events by its own rules.
CREATE TABLE meter_event (
  site_no INTEGER NOT NULL REFERENCES site,
  event_no INTEGER NOT NULL,
  log_no INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  kind TEXT NOT NULL,
  meter TEXT NOT NULL,
  detail TEXT NOT NULL,
  PRIMARY KEY (site_no, event_no),
  UNIQUE (site_no, log_no, seq)
) STRICT, WITHOUT ROWID;
-- Those that came while this program could not read them yet.
INSERT INTO meter_event
  SELECT site_no, row_number() OVER (PARTITION BY site_no ORDER BY log_no, seq), log_no, seq, at_ms, kind,
         subject, detail FROM edge_event
  WHERE kind IN ('meter_exchange', 'meter_rollover', 'meter_reset', 'meter_fell', 'meter_ratio_change',
                 'meter_serial_changed', 'meter_sealed', 'meter_removed');

-- Who said what of an event, and why. The newest counts; the others stay to be read.
CREATE TABLE meter_event_decision (
  site_no INTEGER NOT NULL,
  event_no INTEGER NOT NULL,
  place INTEGER NOT NULL,      -- 1, 2, ... per event
  verdict INTEGER NOT NULL CHECK (verdict IN (0, 1)),  -- rejected, confirmed
  who TEXT NOT NULL CHECK (who <> ''),
  why TEXT NOT NULL CHECK (why <> ''),
  decided_ms INTEGER NOT NULL,
  PRIMARY KEY (site_no, event_no, place),
  FOREIGN KEY (site_no, event_no) REFERENCES meter_event
) STRICT, WITHOUT ROWID;
CREATE TRIGGER decision_kept BEFORE UPDATE ON meter_event_decision
BEGIN SELECT RAISE(ABORT, 'a decision is never changed, only followed by another'); END;
CREATE TRIGGER decision_stays BEFORE DELETE ON meter_event_decision
BEGIN SELECT RAISE(ABORT, 'a decision is never changed, only followed by another'); END;

-- Registers that meters kept by themselves and gave later (back-fill). Apart from `reading` and
-- `closing`: no bill is drawn from here.
CREATE TABLE frozen_reading (
  site_no INTEGER NOT NULL,
  log_no INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  read_at_ms INTEGER NOT NULL,
  frozen_at_ms INTEGER NOT NULL,  -- the meter's own calendar read as if it were UTC
  freeze INTEGER NOT NULL,        -- 0 other, 1 day, 2 month, 3 hour
  meter_no INTEGER NOT NULL,
  channel_no INTEGER NOT NULL,
  value INTEGER NOT NULL,
  quality INTEGER NOT NULL,
  reason INTEGER NOT NULL,
  raw BLOB NOT NULL,              -- registers, two bytes each, high byte first
  PRIMARY KEY (site_no, log_no, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX frozen_by_time ON frozen_reading (site_no, read_at_ms);

-- Registers that went down (reason 2): a bill run asks for them, and there are few.
CREATE INDEX reading_fell ON reading (site_no, round_at_ms) WHERE reason = 2;
