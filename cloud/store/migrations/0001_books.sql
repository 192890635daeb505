-- The cloud's books on SQLite. Rules of every table:
--   * site_no comes first in every key: estates can be split over servers later;
--   * times are UTC milliseconds, energy Wh, volume litres, money fen; all INTEGER;
--   * facts (blocks, readings, closing records, evidence) are only ever added.

-- Who this database is. Made with it; carried in every ack.
CREATE TABLE store_identity (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  identity BLOB NOT NULL CHECK (length(identity) = 16)
) STRICT;

CREATE TABLE site (
  site_no INTEGER PRIMARY KEY,
  site TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE gateway (
  site_no INTEGER NOT NULL REFERENCES site,
  gateway TEXT NOT NULL,
  block_key BLOB NOT NULL CHECK (length(block_key) = 32),
  enrolled_ms INTEGER NOT NULL,
  PRIMARY KEY (site_no, gateway)
) STRICT, WITHOUT ROWID;

CREATE TABLE gateway_state (
  site_no INTEGER NOT NULL REFERENCES site,
  gateway TEXT NOT NULL,
  received_ms INTEGER NOT NULL,
  json TEXT NOT NULL,
  PRIMARY KEY (site_no, gateway)
) STRICT, WITHOUT ROWID;

-- One row per log; this row is what admission locks.
CREATE TABLE log (
  site_no INTEGER NOT NULL REFERENCES site,
  log_no INTEGER NOT NULL UNIQUE,
  gateway TEXT NOT NULL,
  epoch BLOB NOT NULL CHECK (length(epoch) = 16),
  stream INTEGER NOT NULL,
  upto INTEGER NOT NULL DEFAULT 0,
  last_hash BLOB NOT NULL CHECK (length(last_hash) = 32),
  link_known INTEGER NOT NULL DEFAULT 1,
  forked INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (site_no, log_no),
  UNIQUE (site_no, gateway, epoch, stream)
) STRICT, WITHOUT ROWID;

-- Admitted blocks: their place here, their bytes apart, so that this table stays
-- small enough to be searched by time.
CREATE TABLE block (
  site_no INTEGER NOT NULL,
  log_no INTEGER NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  block_no INTEGER NOT NULL,
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  received_ms INTEGER NOT NULL,
  kind INTEGER NOT NULL,       -- place in the variant `Records`
  begins_ms INTEGER NOT NULL,  -- least and greatest time among its records
  ends_ms INTEGER NOT NULL,
  boot BLOB NOT NULL,
  wall_ms INTEGER NOT NULL,
  monotonic_ms INTEGER NOT NULL,
  trust INTEGER NOT NULL,
  PRIMARY KEY (site_no, log_no, first),
  CHECK (first BETWEEN 1 AND last)
) STRICT, WITHOUT ROWID;

CREATE TABLE block_bytes (
  block_no INTEGER PRIMARY KEY,
  bytes BLOB NOT NULL
) STRICT;

-- The large table. Its only key is the place in the log: rows of one block lie
-- side by side, and nothing is scattered by meter or time.
CREATE TABLE reading (
  site_no INTEGER NOT NULL,
  log_no INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  round_at_ms INTEGER NOT NULL,
  taken_at_ms INTEGER NOT NULL,
  meter_no INTEGER NOT NULL,
  channel_no INTEGER NOT NULL,
  value INTEGER NOT NULL,
  quality INTEGER NOT NULL,
  reason INTEGER NOT NULL,
  PRIMARY KEY (site_no, log_no, seq)
) STRICT, WITHOUT ROWID;

-- What a meter_no means from `seq` on.
CREATE TABLE catalogue (
  site_no INTEGER NOT NULL,
  log_no INTEGER NOT NULL,
  meter_no INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  meter TEXT NOT NULL,
  profile TEXT NOT NULL,
  profile_hash BLOB NOT NULL,
  PRIMARY KEY (site_no, log_no, meter_no, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE catalogue_channel (
  site_no INTEGER NOT NULL,
  log_no INTEGER NOT NULL,
  meter_no INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  channel_no INTEGER NOT NULL,
  name TEXT NOT NULL,
  unit INTEGER NOT NULL,
  cumulative INTEGER NOT NULL,
  words INTEGER NOT NULL,
  modulus INTEGER NOT NULL,
  PRIMARY KEY (site_no, log_no, meter_no, seq, channel_no)
) STRICT, WITHOUT ROWID;

-- What billing reads: small (one per meter and day), keyed the way it asks.
CREATE TABLE closing (
  site_no INTEGER NOT NULL,
  meter TEXT NOT NULL,
  channel TEXT NOT NULL,
  round_at_ms INTEGER NOT NULL,
  log_no INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  profile TEXT NOT NULL,
  profile_hash BLOB NOT NULL,
  unit INTEGER NOT NULL,
  taken_at_ms INTEGER NOT NULL,
  value INTEGER NOT NULL,
  modulus INTEGER NOT NULL,
  quality INTEGER NOT NULL,
  reason INTEGER NOT NULL,
  trust INTEGER NOT NULL,
  raw BLOB NOT NULL,           -- registers, two bytes each, high byte first
  sealed BLOB NOT NULL,        -- COSE_Sign1 of the gateway: the evidence a bill stands on
  PRIMARY KEY (site_no, meter, channel, round_at_ms, log_no, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX closing_by_time ON closing (site_no, round_at_ms);
CREATE VIEW closing_record AS
  SELECT s.site, l.gateway, l.epoch, c.seq, c.meter, c.profile, c.profile_hash, c.channel, c.unit,
         c.round_at_ms, c.taken_at_ms, c.value, c.modulus, c.quality, c.reason, c.raw, c.trust, c.log_no, c.sealed
  FROM closing c JOIN site s USING (site_no) JOIN log l USING (site_no, log_no);

CREATE TABLE door_event (
  site_no INTEGER NOT NULL,
  log_no INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  controller TEXT NOT NULL,
  serial INTEGER NOT NULL,
  event_index INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  received_at_ms INTEGER NOT NULL,
  controller_time_ms INTEGER NOT NULL,
  type INTEGER NOT NULL,
  granted INTEGER NOT NULL,
  door INTEGER NOT NULL,
  direction INTEGER NOT NULL,
  card INTEGER NOT NULL,
  reason INTEGER NOT NULL,
  raw BLOB NOT NULL,
  PRIMARY KEY (site_no, log_no, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE patrol_scan (
  site_no INTEGER NOT NULL,
  log_no INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  reader TEXT NOT NULL,
  scanned_at_ms INTEGER NOT NULL,
  code TEXT NOT NULL,
  PRIMARY KEY (site_no, log_no, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE edge_event (
  site_no INTEGER NOT NULL,
  log_no INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  detail TEXT NOT NULL,
  PRIMARY KEY (site_no, log_no, seq)
) STRICT, WITHOUT ROWID;

-- Ranges that will never come (signed by the gateway) or were refused here.
CREATE TABLE hole (
  site_no INTEGER NOT NULL,
  log_no INTEGER NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  reason TEXT NOT NULL,
  last_missing BLOB NOT NULL,
  PRIMARY KEY (site_no, log_no, first)
) STRICT, WITHOUT ROWID;

CREATE TABLE set_aside (
  site_no INTEGER NOT NULL REFERENCES site,
  gateway TEXT NOT NULL,
  hash BLOB NOT NULL,
  cause TEXT NOT NULL,
  detail TEXT NOT NULL,
  epoch BLOB NOT NULL,
  stream INTEGER NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  received_ms INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  PRIMARY KEY (site_no, gateway, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE alarm (
  site TEXT NOT NULL,          -- as claimed; may be a site that is not ours
  subject TEXT NOT NULL,
  kind TEXT NOT NULL,
  detail TEXT NOT NULL,
  first_ms INTEGER NOT NULL,
  last_ms INTEGER NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (site, subject, kind)
) STRICT, WITHOUT ROWID;

-- Estate imports: the files as handed in, every version kept.
CREATE TABLE estate_import (
  site_no INTEGER NOT NULL REFERENCES site,
  version INTEGER NOT NULL,
  imported_ms INTEGER NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (site_no, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE import_file (
  site_no INTEGER NOT NULL,
  version INTEGER NOT NULL,
  name TEXT NOT NULL,
  hash BLOB NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (site_no, version, name)
) STRICT;

CREATE TABLE bill_run (
  site_no INTEGER NOT NULL REFERENCES site,
  month TEXT NOT NULL,         -- 2026-06
  status INTEGER NOT NULL CHECK (status IN (0, 1)),
  inputs BLOB NOT NULL,
  bills BLOB NOT NULL,
  import_version INTEGER NOT NULL,
  bill_count INTEGER NOT NULL,
  total_fen INTEGER NOT NULL,
  drawn_up_ms INTEGER NOT NULL,
  issued_ms INTEGER,
  json TEXT NOT NULL,
  proof TEXT NOT NULL,
  PRIMARY KEY (site_no, month)
) STRICT;

CREATE TABLE bill (
  site_no INTEGER NOT NULL,
  month TEXT NOT NULL,
  place INTEGER NOT NULL,
  bill TEXT NOT NULL,
  account TEXT NOT NULL,
  name TEXT NOT NULL,
  total_fen INTEGER NOT NULL,
  json TEXT NOT NULL,
  page TEXT NOT NULL,
  PRIMARY KEY (site_no, month, place),
  UNIQUE (site_no, month, bill)
) STRICT;

-- An issued bill is a promise to its payer: not even a mistake of ours may change it.
CREATE TRIGGER issued_run_kept BEFORE UPDATE ON bill_run WHEN old.status = 1
BEGIN SELECT RAISE(ABORT, 'issued bills never change'); END;
CREATE TRIGGER issued_run_stays BEFORE DELETE ON bill_run WHEN old.status = 1
BEGIN SELECT RAISE(ABORT, 'issued bills never change'); END;
CREATE TRIGGER issued_bill_added BEFORE INSERT ON bill
WHEN EXISTS (SELECT 1 FROM bill_run r WHERE r.site_no = new.site_no AND r.month = new.month AND r.status = 1)
BEGIN SELECT RAISE(ABORT, 'issued bills never change'); END;
CREATE TRIGGER issued_bill_kept BEFORE UPDATE ON bill
WHEN EXISTS (SELECT 1 FROM bill_run r WHERE r.site_no = old.site_no AND r.month = old.month AND r.status = 1)
BEGIN SELECT RAISE(ABORT, 'issued bills never change'); END;
CREATE TRIGGER issued_bill_stays BEFORE DELETE ON bill
WHEN EXISTS (SELECT 1 FROM bill_run r WHERE r.site_no = old.site_no AND r.month = old.month AND r.status = 1)
BEGIN SELECT RAISE(ABORT, 'issued bills never change'); END;
