-- A gateway's keys over its life. `gateway.block_key` signs now; `next_key` was registered by a rotation and
-- has not signed yet. A revoked gateway's blocks are evidence, not data.
ALTER TABLE gateway ADD COLUMN next_key BLOB CHECK (next_key IS NULL OR length(next_key) = 32);
ALTER TABLE gateway ADD COLUMN revoked_ms INTEGER;
ALTER TABLE gateway ADD COLUMN revoked_why TEXT NOT NULL DEFAULT '';

-- Up to `last`, this log was signed by `block_key`; by whom what comes after, the next row says, or the gateway's.
CREATE TABLE former_key (
  site_no INTEGER NOT NULL REFERENCES site,
  gateway TEXT NOT NULL,
  epoch BLOB NOT NULL CHECK (length(epoch) = 16),
  stream INTEGER NOT NULL,
  last INTEGER NOT NULL,
  block_key BLOB NOT NULL CHECK (length(block_key) = 32),
  PRIMARY KEY (site_no, gateway, epoch, stream, last)
) STRICT, WITHOUT ROWID;

-- Every certificate given out, for the broker's revocation list. The newest of a gateway is the one it is to use.
CREATE TABLE gateway_certificate (
  site_no INTEGER NOT NULL REFERENCES site,
  gateway TEXT NOT NULL,
  serial TEXT NOT NULL,        -- hex, lower case
  issued_ms INTEGER NOT NULL,
  ends_ms INTEGER NOT NULL,
  revoked INTEGER NOT NULL DEFAULT 0 CHECK (revoked IN (0, 1)),
  PRIMARY KEY (site_no, gateway, serial)
) STRICT, WITHOUT ROWID;
