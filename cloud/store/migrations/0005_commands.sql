-- What operators asked of gateways, and what became of it: the audit of every command. A row is the
-- command's own signed bytes; `serve` sends it until it is answered or has expired.
CREATE TABLE command (
  site_no INTEGER NOT NULL REFERENCES site,
  id BLOB NOT NULL CHECK (length(id) = 16),
  gateway TEXT NOT NULL,
  verb TEXT NOT NULL,
  subject TEXT NOT NULL,
  asked_by TEXT NOT NULL CHECK (asked_by <> ''),
  issued_ms INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  sealed BLOB NOT NULL,
  outcome TEXT,                -- of the result: done, refused, failed, unknown; NULL: no answer yet
  answered_ms INTEGER,
  result BLOB,                 -- the gateway's own signed bytes
  PRIMARY KEY (site_no, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX command_open ON command (expires_ms) WHERE result IS NULL;
CREATE INDEX command_by_time ON command (site_no, issued_ms);
CREATE TRIGGER command_kept BEFORE UPDATE ON command
WHEN old.result IS NOT NULL OR new.sealed <> old.sealed OR new.asked_by <> old.asked_by
BEGIN SELECT RAISE(ABORT, 'a command is never changed, and answered once'); END;
CREATE TRIGGER command_stays BEFORE DELETE ON command
BEGIN SELECT RAISE(ABORT, 'a command is never forgotten'); END;
