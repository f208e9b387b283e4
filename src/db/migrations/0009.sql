-- Enrollment codes: who gave wrong ones, and until when none is taken from there. Capped; the oldest that is not locked
-- goes first.
CREATE TABLE code_attempt (
  mac          INTEGER PRIMARY KEY,
  wrong        INTEGER NOT NULL,                         -- since the last good one, or since it was let in
  locked_until INTEGER,
  last_at      INTEGER NOT NULL
) STRICT;
CREATE INDEX site_pid ON site (account_id, pid) WHERE pid IS NOT NULL;
-- Firmware: the version of a release, and which one the policy of an account or site gives.
ALTER TABLE file ADD COLUMN version TEXT;
CREATE TABLE firmware_choice (
  id         INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES account (id),
  site_id    INTEGER REFERENCES site (id) ON DELETE CASCADE,
  vendor     TEXT    NOT NULL,
  family     TEXT    NOT NULL,
  model      TEXT    NOT NULL,
  choice     TEXT    NOT NULL,
  version    TEXT,
  author     TEXT    NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX firmware_choice_of
  ON firmware_choice (account_id, coalesce(site_id, 0), vendor, family, lower(model));
CREATE INDEX firmware_choice_site ON firmware_choice (site_id) WHERE site_id IS NOT NULL;
-- The files of a site's settings archive.
CREATE TABLE site_file (
  site_id     INTEGER NOT NULL REFERENCES site (id) ON DELETE CASCADE,
  name        TEXT    NOT NULL,
  account_id  INTEGER NOT NULL REFERENCES account (id),
  size        INTEGER NOT NULL,
  proof       INTEGER NOT NULL,                          -- 1: it may hold a secret
  body_sealed BLOB    NOT NULL,
  author      TEXT    NOT NULL,
  updated_at  INTEGER NOT NULL,
  PRIMARY KEY (site_id, name)
) STRICT;
CREATE UNIQUE INDEX site_file_name ON site_file (site_id, lower(name));
CREATE INDEX site_file_account ON site_file (account_id);
