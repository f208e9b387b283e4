-- Certificates that devices left the factory with, named by an import.
CREATE TABLE known_certificate (
  sha256     BLOB    PRIMARY KEY,
  device_id  INTEGER NOT NULL REFERENCES device (id) ON DELETE CASCADE,
  account_id INTEGER NOT NULL REFERENCES account (id)
) STRICT, WITHOUT ROWID;
CREATE INDEX known_certificate_device ON known_certificate (device_id);

-- Who did what. Rows are only added; each holds a hash over itself and the one before (src/audit/chain.rs).
CREATE TABLE audit_new (
  id         INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL,                           -- whose data; the row outlives the account
  home_id    INTEGER,                                    -- the account of who did it, where it is another one
  at         INTEGER NOT NULL,
  actor      TEXT    NOT NULL,
  ip         TEXT,
  process    TEXT    NOT NULL,                           -- by which door: api console scep est box
  action     TEXT    NOT NULL,
  object     TEXT    NOT NULL,
  result     TEXT    NOT NULL,                           -- success fail
  detail     TEXT,
  before     TEXT,                                       -- JSON of what changed, secrets masked
  after      TEXT,
  request    TEXT,
  hash       BLOB                                        -- none: from before there was a chain, until the next row
) STRICT;
INSERT INTO audit_new (id, account_id, at, actor, process, action, object, result, detail)
  SELECT id, account_id, at, actor, 'api', action, object, 'success', detail FROM audit;
DROP TABLE audit;
ALTER TABLE audit_new RENAME TO audit;
CREATE INDEX audit_account ON audit (account_id, id);

-- What happened that people or programs want to be told of. From here it goes to mails and webhooks.
CREATE TABLE event (
  id         INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  kind       TEXT    NOT NULL,                           -- of src/notify/kinds.rs
  object     TEXT    NOT NULL,
  text       TEXT    NOT NULL,
  data       TEXT    NOT NULL,                           -- JSON
  at         INTEGER NOT NULL,
  told       INTEGER NOT NULL DEFAULT 0                  -- mails and deliveries were made of it
) STRICT;
CREATE INDEX event_new ON event (id) WHERE told = 0;

-- Who gets an account's mails, and which of them it does without.
CREATE TABLE notification (
  account_id INTEGER PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
  recipients TEXT    NOT NULL,                           -- addresses, blanks between
  off        TEXT    NOT NULL                            -- kinds, blanks between
) STRICT;

-- Mails on their way. A mail may hold a link that opens something.
CREATE TABLE mail (
  id          INTEGER PRIMARY KEY,
  account_id  INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  kind        TEXT    NOT NULL,
  recipient   TEXT    NOT NULL,
  subject     TEXT    NOT NULL,
  body_sealed BLOB    NOT NULL,
  state       TEXT    NOT NULL DEFAULT 'waiting',        -- waiting sent failed
  attempts    INTEGER NOT NULL DEFAULT 0,
  next_at     INTEGER NOT NULL,
  error       TEXT,
  created_at  INTEGER NOT NULL,
  done_at     INTEGER
) STRICT;
CREATE INDEX mail_due ON mail (next_at) WHERE state = 'waiting';

-- A program's address that events are sent to.
CREATE TABLE webhook (
  id            INTEGER PRIMARY KEY,
  account_id    INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  url           TEXT    NOT NULL,
  kinds         TEXT    NOT NULL,                        -- blanks between; empty: all
  enabled       INTEGER NOT NULL DEFAULT 1,
  secret_sealed BLOB    NOT NULL,
  created_at    INTEGER NOT NULL,
  updated_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE webhook_delivery (
  id         INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  webhook_id INTEGER NOT NULL REFERENCES webhook (id) ON DELETE CASCADE,
  event_id   INTEGER NOT NULL REFERENCES event (id) ON DELETE CASCADE,
  state      TEXT    NOT NULL DEFAULT 'waiting',         -- waiting sent failed
  attempts   INTEGER NOT NULL DEFAULT 0,
  next_at    INTEGER NOT NULL,
  status     INTEGER,
  error      TEXT,
  created_at INTEGER NOT NULL,
  done_at    INTEGER
) STRICT;
CREATE INDEX webhook_delivery_due ON webhook_delivery (next_at) WHERE state = 'waiting';
CREATE INDEX webhook_delivery_event ON webhook_delivery (event_id);
