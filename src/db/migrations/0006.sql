-- A company: a provider, its resellers, their customers. Every row it owns names it; account 1 is the box's own.
CREATE TABLE account_new (
  id              INTEGER PRIMARY KEY,
  number          INTEGER NOT NULL UNIQUE,               -- eight digits: what people call it by
  parent_id       INTEGER REFERENCES account (id),       -- none: the box's own
  path            TEXT    NOT NULL UNIQUE,               -- ids from the top, /1/7/: who stands below whom
  kind            TEXT    NOT NULL,                      -- provider reseller customer
  name            TEXT    NOT NULL,
  enabled         INTEGER NOT NULL DEFAULT 1,
  contact         TEXT,
  phone           TEXT,
  email           TEXT,
  address         TEXT,
  country         TEXT,
  remark          TEXT,
  reference       TEXT,                                  -- the number somebody else knows a customer by
  link_id         TEXT,                                  -- by which others ask to be linked
  two_factor      INTEGER NOT NULL DEFAULT 0,            -- all its users must show a code
  api_access      TEXT    NOT NULL DEFAULT 'off',        -- off requested on: its API keys work
  firmware_policy INTEGER NOT NULL DEFAULT 0,            -- its devices are kept at the firmware they need
  client_ca       TEXT,                                  -- PEM: certificates below it log its users in
  created_by      TEXT    NOT NULL,
  created_at      INTEGER NOT NULL,
  updated_at      INTEGER NOT NULL,
  UNIQUE (parent_id, name)
) STRICT;
INSERT INTO account_new (id, number, path, kind, name, api_access, created_by, created_at, updated_at)
  SELECT id, abs(random() % 90000000) + 10000000, '/' || id || '/', 'provider', name, 'on', 'upgrade', created_at, created_at FROM account;
DROP TABLE account;
ALTER TABLE account_new RENAME TO account;
CREATE UNIQUE INDEX account_link_id ON account (link_id) WHERE link_id IS NOT NULL;
CREATE INDEX account_client_ca ON account (id) WHERE client_ca IS NOT NULL;

CREATE INDEX check_in_account ON check_in (account_id, id) WHERE account_id <> 1;
ALTER TABLE device ADD COLUMN returns_to INTEGER REFERENCES account (id);

-- What users may do, by a name. The two without an account come with the box and cannot be changed.
CREATE TABLE role_group (
  id         INTEGER PRIMARY KEY,
  account_id INTEGER REFERENCES account (id),            -- none: the group of the roles that come with the box
  name       TEXT    NOT NULL,
  UNIQUE (account_id, name)
) STRICT;

CREATE TABLE role (
  id         INTEGER PRIMARY KEY,
  account_id INTEGER REFERENCES account (id),            -- none: it comes with the box
  group_id   INTEGER NOT NULL REFERENCES role_group (id),
  name       TEXT    NOT NULL,
  everything INTEGER NOT NULL DEFAULT 0,                 -- every permission there is, and every one to come
  only_sites INTEGER NOT NULL DEFAULT 0,                 -- its users see only the sites of role_site
  created_at INTEGER NOT NULL,
  UNIQUE (account_id, name)
) STRICT;
INSERT INTO role_group (id, name) VALUES (1, 'default');
INSERT INTO role (id, group_id, name, everything, created_at) VALUES (1, 1, 'Super manager', 1, 0), (2, 1, 'Empty manager', 0, 0);

CREATE TABLE role_permission (
  role_id    INTEGER NOT NULL REFERENCES role (id) ON DELETE CASCADE,
  permission TEXT    NOT NULL,                           -- of src/users/permissions.rs
  PRIMARY KEY (role_id, permission)
) STRICT, WITHOUT ROWID;

-- The sites a role is limited to, where it is.
CREATE TABLE role_site (
  role_id INTEGER NOT NULL REFERENCES role (id) ON DELETE CASCADE,
  site_id INTEGER NOT NULL REFERENCES site (id) ON DELETE CASCADE,
  PRIMARY KEY (role_id, site_id)
) STRICT, WITHOUT ROWID;

-- A person who logs in. ("user" is a word of SQL.)
CREATE TABLE users (
  id            INTEGER PRIMARY KEY,
  account_id    INTEGER NOT NULL REFERENCES account (id),
  login         TEXT    NOT NULL,
  login_key     TEXT    NOT NULL UNIQUE,                 -- in small letters
  name          TEXT    NOT NULL,
  email         TEXT    NOT NULL,
  email_key     TEXT    NOT NULL,
  phone         TEXT,
  country       TEXT,
  remark        TEXT,
  locale        TEXT    NOT NULL DEFAULT 'en',
  role_id       INTEGER NOT NULL REFERENCES role (id),
  only_profiles INTEGER NOT NULL DEFAULT 0,              -- sees only the profiles of profile_user
  frozen        INTEGER NOT NULL DEFAULT 0,
  password_hash TEXT,                                    -- none: its link was not used yet
  temporary     INTEGER NOT NULL DEFAULT 0,              -- somebody else chose the password
  two_factor    INTEGER NOT NULL DEFAULT 0,              -- must show a code
  totp_sealed   BLOB,
  totp_on       INTEGER NOT NULL DEFAULT 0,              -- its first code was shown
  totp_step     INTEGER NOT NULL DEFAULT 0,              -- the last code that was used
  created_by    TEXT    NOT NULL,
  created_at    INTEGER NOT NULL,
  updated_at    INTEGER NOT NULL,
  last_login_at INTEGER
) STRICT;
CREATE INDEX users_account ON users (account_id);
CREATE INDEX users_email ON users (email_key);
CREATE INDEX users_role ON users (role_id);

-- Permissions of one user, besides those of the role.
CREATE TABLE user_permission (
  user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  permission TEXT    NOT NULL,
  PRIMARY KEY (user_id, permission)
) STRICT, WITHOUT ROWID;

-- A profile belongs to one sub-account at most, for good if that one made it.
CREATE TABLE profile_user (
  profile_id INTEGER PRIMARY KEY REFERENCES profile (id) ON DELETE CASCADE,
  user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  made       INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE recovery_code (
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  hash    BLOB    NOT NULL,                              -- SHA-256 of 80 random bits
  PRIMARY KEY (user_id, hash)
) STRICT, WITHOUT ROWID;

-- A link that was handed out to choose a password with. Gone once it was used.
CREATE TABLE password_link (
  hash       BLOB    PRIMARY KEY,                        -- SHA-256 of what stands in the link
  user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX password_link_user ON password_link (user_id);

CREATE TABLE session (
  id         INTEGER PRIMARY KEY,
  hash       BLOB    NOT NULL UNIQUE,                    -- SHA-256 of the cookie
  user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  acting_id  INTEGER REFERENCES account (id) ON DELETE CASCADE, -- the account it acts in instead of its own
  peer       TEXT    NOT NULL,
  agent      TEXT    NOT NULL,
  by         TEXT    NOT NULL,                           -- password certificate setup switch
  created_at INTEGER NOT NULL,
  seen_at    INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX session_user ON session (user_id);

-- What a program shows. The secret itself is nowhere.
CREATE TABLE api_key (
  id             INTEGER PRIMARY KEY,
  account_id     INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  access_key     TEXT    NOT NULL UNIQUE,
  name           TEXT    NOT NULL,
  secret_hash    BLOB    NOT NULL UNIQUE,
  signing_sealed BLOB,                                   -- what signed requests are checked with
  everything     INTEGER NOT NULL DEFAULT 0,
  sources        TEXT    NOT NULL DEFAULT '',            -- networks it works from, blanks between; none: all
  callback       TEXT,                                   -- where events go
  created_by     TEXT    NOT NULL,
  created_at     INTEGER NOT NULL,
  expires_at     INTEGER,
  last_used_at   INTEGER,
  UNIQUE (account_id, name)
) STRICT;

CREATE TABLE api_key_permission (
  api_key_id INTEGER NOT NULL REFERENCES api_key (id) ON DELETE CASCADE,
  permission TEXT    NOT NULL,
  PRIMARY KEY (api_key_id, permission)
) STRICT, WITHOUT ROWID;

-- What signed requests have used once. Kept as long as their time is accepted.
CREATE TABLE nonce (
  api_key_id INTEGER NOT NULL REFERENCES api_key (id) ON DELETE CASCADE,
  nonce      TEXT    NOT NULL,
  at         INTEGER NOT NULL,
  PRIMARY KEY (api_key_id, nonce)
) STRICT, WITHOUT ROWID;
CREATE INDEX nonce_at ON nonce (at);

-- A provider and a reseller that know each other, once both have said so.
CREATE TABLE account_link (
  id          INTEGER PRIMARY KEY,
  provider_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  reseller_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  asked_by    INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  state       TEXT    NOT NULL,                          -- waiting linked declined
  created_at  INTEGER NOT NULL,
  decided_at  INTEGER,
  UNIQUE (provider_id, reseller_id)
) STRICT;

-- An account that lets another one act in it.
CREATE TABLE channel (
  id         INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  guest_id   INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  state      TEXT    NOT NULL,                           -- offered accepted
  created_by TEXT    NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (account_id, guest_id)
) STRICT;

-- Somebody who asks for an account of their own.
CREATE TABLE sign_up (
  id         INTEGER PRIMARY KEY,
  kind       TEXT    NOT NULL,
  company    TEXT    NOT NULL,
  contact    TEXT    NOT NULL,
  phone      TEXT,
  email      TEXT    NOT NULL,
  address    TEXT,
  country    TEXT,
  remark     TEXT,
  reference  TEXT,
  locale     TEXT    NOT NULL,
  peer       TEXT    NOT NULL,
  state      TEXT    NOT NULL,                           -- waiting approved declined
  account_id INTEGER REFERENCES account (id) ON DELETE SET NULL,
  created_at INTEGER NOT NULL,
  decided_by TEXT,
  decided_at INTEGER
) STRICT;
CREATE INDEX sign_up_state ON sign_up (state, id);

-- The one API token of before is a key now, with all it could do.
INSERT INTO api_key (account_id, access_key, name, secret_hash, everything, created_by, created_at)
  SELECT 1, 'PB' || upper(hex(randomblob(9))), 'api-token', value, 1, 'upgrade', (SELECT created_at FROM account WHERE id = 1)
  FROM instance WHERE name = 'api_token_sha256';
DELETE FROM instance WHERE name = 'api_token_sha256';
