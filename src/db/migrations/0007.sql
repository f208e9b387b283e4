-- PEM: the newest revocation list of client_ca.
ALTER TABLE account ADD COLUMN client_ca_list TEXT;
-- The next root, signed by the one before it.
ALTER TABLE authority ADD COLUMN crossed BLOB;
-- "Revoke all keys" of a device.
ALTER TABLE device ADD COLUMN keys_revoked_at INTEGER;
-- The callback address of an API key is a webhook of its own.
ALTER TABLE webhook ADD COLUMN api_key_id INTEGER REFERENCES api_key (id) ON DELETE CASCADE;
CREATE UNIQUE INDEX webhook_api_key ON webhook (api_key_id) WHERE api_key_id IS NOT NULL;
-- The audit log of a busy box is found by who, what and when without reading all of it.
CREATE INDEX audit_actor ON audit (account_id, actor, id);
CREATE INDEX audit_object ON audit (account_id, object, id);
CREATE INDEX audit_ip ON audit (account_id, ip, id) WHERE ip IS NOT NULL;
CREATE INDEX audit_action ON audit (account_id, action, id);
CREATE INDEX audit_kind ON audit (account_id, substr(action, 1, instr(action || '.', '.') - 1), id);
CREATE INDEX audit_fail ON audit (account_id, id) WHERE result = 'fail';
CREATE INDEX audit_at ON audit (account_id, at, id);
-- What is seldom among many: refusals, redirections, uploads.
CREATE INDEX check_in_seldom ON check_in (decision, id) WHERE decision <> 'served' AND decision <> 'unchanged';
-- What a device said last that it runs, so that devices can be counted and found by it.
ALTER TABLE device ADD COLUMN firmware TEXT;              -- what it said last that it runs
-- Lists of a million are filtered and sorted in memory.
DROP INDEX device_search;
DROP INDEX device_name;
DROP INDEX device_state;
DROP INDEX device_reset;
CREATE INDEX device_account ON device (account_id, mac);
CREATE INDEX alarm_account ON alarm (account_id, id);
DROP INDEX alarm_open;
CREATE UNIQUE INDEX alarm_open ON alarm (kind, object, account_id) WHERE closed_at IS NULL;
CREATE TABLE alarm_read (
  user_id  INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  alarm_id INTEGER NOT NULL REFERENCES alarm (id) ON DELETE CASCADE,
  PRIMARY KEY (user_id, alarm_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX alarm_read_alarm ON alarm_read (alarm_id);
CREATE INDEX audit_home ON audit (home_id, id) WHERE home_id IS NOT NULL;
-- Accounts: working inside those below is a service; certificates of public CAs; sites with a PID; invitations by mail.
ALTER TABLE account ADD COLUMN switching TEXT NOT NULL DEFAULT 'on';
ALTER TABLE account ADD COLUMN public_ca INTEGER NOT NULL DEFAULT 0;
ALTER TABLE site ADD COLUMN pid TEXT;
ALTER TABLE channel ADD COLUMN reason TEXT;
ALTER TABLE sign_up ADD COLUMN link_id TEXT;
ALTER TABLE sign_up ADD COLUMN reason TEXT;

-- A channel that is offered by mail: whoever has the mail's link accepts it, if anybody was sent one.
CREATE TABLE invitation (
  id         INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  email      TEXT    NOT NULL,
  hash       BLOB    NOT NULL UNIQUE,                    -- SHA-256 of the link's code
  created_by TEXT    NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  UNIQUE (account_id, email)
) STRICT;

-- Whom a device returns to after device.returns_to, where it was handed on: the last step first.
CREATE TABLE handed_on (
  device_id  INTEGER NOT NULL REFERENCES device (id) ON DELETE CASCADE,
  step       INTEGER NOT NULL,
  account_id INTEGER NOT NULL REFERENCES account (id),
  PRIMARY KEY (device_id, step)
) STRICT, WITHOUT ROWID;
-- Which certificate profile a profile's devices get their certificates by.
ALTER TABLE profile ADD COLUMN certificate_profile TEXT NOT NULL DEFAULT 'device';
