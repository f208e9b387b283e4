ALTER TABLE profile ADD COLUMN certificates INTEGER NOT NULL DEFAULT 0;
ALTER TABLE device ADD COLUMN tls_state INTEGER NOT NULL DEFAULT 0;
UPDATE device SET tls_state = CASE WHEN tls_at IS NOT NULL THEN 2 WHEN secrets_at IS NOT NULL THEN 1 ELSE 0 END;

CREATE TABLE authority (
  id          INTEGER PRIMARY KEY,
  account_id  INTEGER NOT NULL REFERENCES account (id),
  parent_id   INTEGER REFERENCES authority (id),
  issues      INTEGER NOT NULL,
  state       TEXT    NOT NULL,
  origin      TEXT    NOT NULL,
  certificate BLOB    NOT NULL UNIQUE,
  key_sealed  BLOB,
  crl_number  INTEGER NOT NULL DEFAULT 0,
  created_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE certificate_profile (
  id            INTEGER PRIMARY KEY,
  account_id    INTEGER NOT NULL REFERENCES account (id),
  name          TEXT    NOT NULL,
  key_types     TEXT    NOT NULL,
  rsa_least     INTEGER NOT NULL,
  rsa_most      INTEGER NOT NULL,
  validity_days INTEGER NOT NULL,
  backdate_days INTEGER NOT NULL,
  subject       TEXT    NOT NULL,
  san           TEXT    NOT NULL,
  created_at    INTEGER NOT NULL,
  updated_at    INTEGER NOT NULL,
  UNIQUE (account_id, name)
) STRICT;

CREATE TABLE certificate (
  id            INTEGER PRIMARY KEY,
  account_id    INTEGER NOT NULL REFERENCES account (id),
  authority_id  INTEGER NOT NULL REFERENCES authority (id),
  profile_id    INTEGER REFERENCES certificate_profile (id),
  serial        BLOB    NOT NULL UNIQUE,
  mac           INTEGER,
  holder        TEXT    NOT NULL,
  device_serial TEXT,
  model         TEXT,
  subject       TEXT    NOT NULL,
  key_sha256    BLOB    NOT NULL,
  once          BLOB    UNIQUE,
  door          TEXT    NOT NULL,
  author        TEXT    NOT NULL,
  der           BLOB    NOT NULL,
  not_before    INTEGER NOT NULL,
  not_after     INTEGER NOT NULL,
  created_at    INTEGER NOT NULL,
  revoked_at    INTEGER,
  revoked_for   TEXT,
  revoked_by    TEXT
) STRICT;
CREATE INDEX certificate_holder ON certificate (holder);
CREATE INDEX certificate_key ON certificate (key_sha256);
CREATE INDEX certificate_end ON certificate (not_after);
CREATE INDEX certificate_revoked ON certificate (revoked_at) WHERE revoked_at IS NOT NULL;

CREATE TABLE device_ca (
  id          INTEGER PRIMARY KEY,
  account_id  INTEGER NOT NULL REFERENCES account (id),
  name        TEXT    NOT NULL,
  certificate BLOB    NOT NULL,
  weak        INTEGER NOT NULL,
  list        BLOB,
  created_at  INTEGER NOT NULL,
  UNIQUE (account_id, name)
) STRICT;

CREATE TABLE root_trust (
  mac          INTEGER NOT NULL,
  authority_id INTEGER NOT NULL REFERENCES authority (id) ON DELETE CASCADE,
  at           INTEGER NOT NULL,
  PRIMARY KEY (mac, authority_id)
) STRICT, WITHOUT ROWID;
