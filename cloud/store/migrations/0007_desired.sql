-- What the cloud wants gateways to be: every version, as it was signed. The newest one is published, retained.
CREATE TABLE desired_config (
  site_no INTEGER NOT NULL REFERENCES site,
  gateway TEXT NOT NULL,
  version INTEGER NOT NULL CHECK (version >= 1),
  pushed_ms INTEGER NOT NULL,
  pushed_by TEXT NOT NULL CHECK (pushed_by <> ''),
  sealed BLOB NOT NULL,
  PRIMARY KEY (site_no, gateway, version)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER desired_kept BEFORE UPDATE ON desired_config
BEGIN SELECT RAISE(ABORT, 'a config is never changed, only followed by another'); END;
CREATE TRIGGER desired_stays BEFORE DELETE ON desired_config
BEGIN SELECT RAISE(ABORT, 'a config is never forgotten'); END;

-- What each gateway said last of its config.
CREATE TABLE reported_config (
  site_no INTEGER NOT NULL REFERENCES site,
  gateway TEXT NOT NULL,
  received_ms INTEGER NOT NULL,
  json TEXT NOT NULL,
  PRIMARY KEY (site_no, gateway)
) STRICT, WITHOUT ROWID;
