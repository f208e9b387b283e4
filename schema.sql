-- Phonebox: the whole current schema. A migration in src/db/migrations changes this file too; a test proves both equal.
-- Times are integer milliseconds since the Unix epoch, booleans 0 or 1, MAC addresses their 48 bits as an integer.
-- Columns that end in _sealed hold AES-256-GCM ciphertext (src/seal.rs) and nothing readable.

-- A company: a provider, its resellers, their customers. Every row it owns names it; account 1 is the box's own.
CREATE TABLE account (
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
  client_ca_list  TEXT,                                  -- PEM: the newest revocation list of client_ca
  switching       TEXT    NOT NULL DEFAULT 'on',         -- off requested on: its users work inside accounts below
  public_ca       INTEGER NOT NULL DEFAULT 0,            -- certificates below the machine's public CAs log its users in
  UNIQUE (parent_id, name)
) STRICT;
CREATE UNIQUE INDEX account_link_id ON account (link_id) WHERE link_id IS NOT NULL;
CREATE INDEX account_client_ca ON account (id) WHERE client_ca IS NOT NULL;

-- Facts of this box itself: certificates, hashes of tokens, the time of the last shared change.
CREATE TABLE instance (
  name  TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- How the devices of a site are provisioned, and what they must prove.
CREATE TABLE profile (
  id                INTEGER PRIMARY KEY,
  account_id        INTEGER NOT NULL REFERENCES account (id),
  name              TEXT    NOT NULL,
  settings_trust    TEXT    NOT NULL DEFAULT 'network', -- least trust for settings: network window token certificate
  secrets_trust     TEXT    NOT NULL DEFAULT 'window',  -- least trust for secrets: window token certificate
  secrets_tls_only  INTEGER NOT NULL DEFAULT 0,
  secrets_over_tftp INTEGER NOT NULL DEFAULT 0,
  https             INTEGER NOT NULL DEFAULT 0,         -- give HTTPS URLs once a device has completed HTTPS here
  keep_discovery    INTEGER NOT NULL DEFAULT 0,         -- do not switch DHCP and PnP discovery off on the phone
  redirect_302      INTEGER NOT NULL DEFAULT 0,         -- experimental: answer with HTTP 302 instead of a small file
  created_at        INTEGER NOT NULL,
  updated_at        INTEGER NOT NULL,
  certificates      INTEGER NOT NULL DEFAULT 0,         -- give devices that can use one an identity certificate
  certificate_profile TEXT  NOT NULL DEFAULT 'device',  -- the name of its certificate_profile
  UNIQUE (account_id, name)
) STRICT;

-- Where a profile sends its devices, in order. No url: this box itself.
CREATE TABLE target (
  id              INTEGER PRIMARY KEY,
  account_id      INTEGER NOT NULL REFERENCES account (id),
  profile_id      INTEGER NOT NULL REFERENCES profile (id) ON DELETE CASCADE,
  position        INTEGER NOT NULL,
  url             TEXT,             -- without user and password
  username        TEXT,
  password_sealed BLOB,
  root_ca         TEXT,             -- PEM
  phone_group     INTEGER NOT NULL DEFAULT 0,
  UNIQUE (profile_id, position)
) STRICT;

CREATE TABLE site (
  id         INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES account (id),
  name       TEXT    NOT NULL,
  profile_id INTEGER REFERENCES profile (id),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  pid        TEXT,                                       -- four digits that make the provisioning code longer
  UNIQUE (account_id, name)
) STRICT;

CREATE TABLE device_group (
  id         INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES account (id),
  name       TEXT    NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (account_id, name)
) STRICT;

-- A model that has settings of its own here. The models a phone can be are data of the program, not rows.
CREATE TABLE model (
  id         INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES account (id),
  vendor     TEXT    NOT NULL,
  name       TEXT    NOT NULL,
  UNIQUE (account_id, vendor, name)
) STRICT;

-- A phone, base or adapter.
CREATE TABLE device (
  id                   INTEGER PRIMARY KEY,
  account_id           INTEGER NOT NULL REFERENCES account (id),
  mac                  INTEGER NOT NULL UNIQUE,
  vendor               TEXT,
  model                TEXT,
  serial               TEXT,
  name                 TEXT,
  site_id              INTEGER REFERENCES site (id),
  profile_id           INTEGER REFERENCES profile (id),      -- instead of its site's
  group_id             INTEGER REFERENCES device_group (id),
  url_sealed           BLOB,                                  -- this device's own target, overrides the profile's
  state                TEXT    NOT NULL DEFAULT 'known',      -- known active blocked
  activated_at         INTEGER,
  window_until         INTEGER NOT NULL DEFAULT 0,            -- first-contact window
  window_peer          TEXT,                                  -- who used the window first
  token_sealed         BLOB    NOT NULL,
  token_hash           BLOB    NOT NULL UNIQUE,
  http_password_sealed BLOB    NOT NULL,
  proof                TEXT,                                  -- steady proof on record: token credentials certificate
  proof_at             INTEGER,
  secrets_at           INTEGER,                               -- last delivery that held secrets
  tls_at               INTEGER,                               -- last completed HTTPS request
  enrolled_at          INTEGER,
  reset_at             INTEGER,                               -- came without its proof: reset suspected
  conflict_at          INTEGER,                               -- two peers claimed it inside the window
  created_at           INTEGER NOT NULL,
  updated_at           INTEGER NOT NULL,                      -- last change of anything its files are made of
  tls_state            INTEGER NOT NULL DEFAULT 0,            -- 0 never seen, 1 plain only, 2 trusts our CA, 3 holds our certificate
  returns_to           INTEGER REFERENCES account (id),       -- whose it was before it was handed down
  keys_revoked_at      INTEGER,                               -- "revoke all keys": none is issued before it is let in again
  firmware             TEXT                                   -- what it said last that it runs
) STRICT;
CREATE INDEX device_site ON device (site_id, mac);
CREATE INDEX device_profile ON device (profile_id, mac) WHERE profile_id IS NOT NULL;
CREATE INDEX device_group_id ON device (group_id, mac) WHERE group_id IS NOT NULL;
-- Lists of a million are filtered and sorted in memory (src/devices/roll): every index is paid for at every import.
CREATE INDEX device_account ON device (account_id, mac);

-- Whom a device returns to after device.returns_to, where it was handed on: the last step first.
CREATE TABLE handed_on (
  device_id  INTEGER NOT NULL REFERENCES device (id) ON DELETE CASCADE,
  step       INTEGER NOT NULL,
  account_id INTEGER NOT NULL REFERENCES account (id),
  PRIMARY KEY (device_id, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE sip_account (
  id              INTEGER PRIMARY KEY,
  account_id      INTEGER NOT NULL REFERENCES account (id),
  user            TEXT    NOT NULL,
  auth_id         TEXT,
  password_sealed BLOB,
  display_name    TEXT,
  author          TEXT    NOT NULL,
  updated_at      INTEGER NOT NULL
) STRICT;
CREATE INDEX sip_account_user ON sip_account (account_id, user);

CREATE TABLE line (
  id             INTEGER PRIMARY KEY,
  account_id     INTEGER NOT NULL REFERENCES account (id),
  device_id      INTEGER NOT NULL REFERENCES device (id) ON DELETE CASCADE,
  number         INTEGER NOT NULL,
  sip_account_id INTEGER REFERENCES sip_account (id),
  UNIQUE (device_id, number)
) STRICT;
CREATE INDEX line_sip_account ON line (sip_account_id);

-- One value of one setting in one layer. scope is the id of the site, profile, model, group or device; 0 for global.
CREATE TABLE setting (
  layer        TEXT    NOT NULL,
  scope        INTEGER NOT NULL,
  line         INTEGER NOT NULL DEFAULT 0,
  name         TEXT    NOT NULL,
  account_id   INTEGER NOT NULL REFERENCES account (id),
  value        TEXT,
  value_sealed BLOB,
  author       TEXT    NOT NULL,
  updated_at   INTEGER NOT NULL,
  PRIMARY KEY (layer, scope, line, name)
) STRICT, WITHOUT ROWID;

-- A vendor's own text in a layer, for what the catalogue does not know. Sealed whole: it may hold secrets.
CREATE TABLE raw_text (
  layer       TEXT    NOT NULL,
  scope       INTEGER NOT NULL,
  vendor      TEXT    NOT NULL,
  account_id  INTEGER NOT NULL REFERENCES account (id),
  text_sealed BLOB    NOT NULL,
  author      TEXT    NOT NULL,
  updated_at  INTEGER NOT NULL,
  PRIMARY KEY (layer, scope, vendor)
) STRICT, WITHOUT ROWID;

-- What a network's phones may do. Networks not listed: private ones get settings, others nothing.
CREATE TABLE network (
  id         INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES account (id),
  cidr       TEXT    NOT NULL,
  settings   INTEGER NOT NULL DEFAULT 1,         -- known, active devices get settings here
  unknown    TEXT    NOT NULL DEFAULT 'refuse',  -- devices nobody added: refuse queue default
  ask        INTEGER NOT NULL DEFAULT 0,         -- every request needs credentials
  UNIQUE (account_id, cidr)
) STRICT;

-- An administrator's explicit word: this MAC in this network is this device.
CREATE TABLE binding (
  device_id  INTEGER NOT NULL REFERENCES device (id) ON DELETE CASCADE,
  cidr       TEXT    NOT NULL,
  account_id INTEGER NOT NULL REFERENCES account (id),
  author     TEXT    NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (device_id, cidr)
) STRICT, WITHOUT ROWID;

-- Devices that asked in a network that queues unknown ones. Capped; the oldest goes first.
CREATE TABLE pending (
  mac        INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES account (id),
  vendor     TEXT,
  model      TEXT,
  peer       TEXT    NOT NULL,
  first_at   INTEGER NOT NULL,
  last_at    INTEGER NOT NULL
) STRICT;

-- Enrollment codes: who gave wrong ones, and until when none is taken from there. Capped; the oldest that is not locked
-- goes first.
CREATE TABLE code_attempt (
  mac          INTEGER PRIMARY KEY,
  wrong        INTEGER NOT NULL,                         -- since the last good one, or since it was let in
  locked_until INTEGER,
  last_at      INTEGER NOT NULL
) STRICT;
CREATE INDEX site_pid ON site (account_id, pid) WHERE pid IS NOT NULL;

-- Firmware, languages, images, certificates, ringtones. The bytes lie in files/<sha256>.
CREATE TABLE file (
  id         INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES account (id),
  name       TEXT    NOT NULL,                   -- as phones ask for it, compared without case
  kind       TEXT    NOT NULL,                   -- firmware language image certificate ringtone other
  vendor     TEXT,
  model      TEXT,
  size       INTEGER NOT NULL,
  sha256     TEXT    NOT NULL,
  created_at INTEGER NOT NULL,
  version    TEXT                                -- of firmware; files of schema 8 and before: read from the name
) STRICT;
CREATE UNIQUE INDEX file_name ON file (account_id, lower(name));

-- What the firmware policy of an account, or of one of its sites, gives to phones. No row: the latest; at a site, what
-- its account gives. One model's row counts before its family's.
CREATE TABLE firmware_choice (
  id         INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES account (id),
  site_id    INTEGER REFERENCES site (id) ON DELETE CASCADE,
  vendor     TEXT    NOT NULL,                   -- id of src/vendors
  family     TEXT    NOT NULL,                   -- the vendor's models that this is for; empty: those without a family
  model      TEXT    NOT NULL,                   -- empty: every model of the family
  choice     TEXT    NOT NULL,                   -- latest off release account
  version    TEXT,                               -- of a release
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

-- What a phone stored here and may fetch again.
CREATE TABLE upload (
  device_id   INTEGER NOT NULL REFERENCES device (id) ON DELETE CASCADE,
  name        TEXT    NOT NULL,
  account_id  INTEGER NOT NULL REFERENCES account (id),
  size        INTEGER NOT NULL,
  body_sealed BLOB    NOT NULL,
  received_at INTEGER NOT NULL,
  PRIMARY KEY (device_id, name)
) STRICT;

-- Every request of a phone, answered or not. Identical repeats are folded: count, first (at) and last time.
CREATE TABLE check_in (
  id         INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES account (id),
  at         INTEGER NOT NULL,
  last_at    INTEGER NOT NULL,
  count      INTEGER NOT NULL DEFAULT 1,
  transport  TEXT    NOT NULL,                   -- http https tftp
  peer       TEXT    NOT NULL,
  mac        INTEGER,
  vendor     TEXT,
  model      TEXT,
  version    TEXT,
  method     TEXT    NOT NULL,
  file       TEXT    NOT NULL,                   -- tokens masked
  evidence   TEXT    NOT NULL,                   -- what the identity was read from
  decision   TEXT    NOT NULL,                   -- served unchanged redirected stored refused
  reason     TEXT    NOT NULL,                   -- code of src/checkins/reasons.toml
  detail     TEXT,
  status     INTEGER NOT NULL,
  bytes      INTEGER NOT NULL,                   -- of one answer
  micros     INTEGER NOT NULL                    -- of the first answer
) STRICT;
CREATE INDEX check_in_mac ON check_in (mac, id);
CREATE INDEX check_in_last ON check_in (last_at);
CREATE INDEX check_in_account ON check_in (account_id, id) WHERE account_id <> 1;
-- What is seldom among many: refusals, redirections, uploads.
CREATE INDEX check_in_seldom ON check_in (decision, id) WHERE decision <> 'served' AND decision <> 'unchanged';

-- What needs a hand, told once per object until somebody closes it.
CREATE TABLE alarm (
  id         INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES account (id),
  kind       TEXT    NOT NULL,
  object     TEXT    NOT NULL,
  text       TEXT    NOT NULL,
  at         INTEGER NOT NULL,
  closed_at  INTEGER
) STRICT;
CREATE UNIQUE INDEX alarm_open ON alarm (kind, object, account_id) WHERE closed_at IS NULL;
CREATE INDEX alarm_account ON alarm (account_id, id);

-- Which open alarms a user has seen.
CREATE TABLE alarm_read (
  user_id  INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  alarm_id INTEGER NOT NULL REFERENCES alarm (id) ON DELETE CASCADE,
  PRIMARY KEY (user_id, alarm_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX alarm_read_alarm ON alarm_read (alarm_id);

-- Who did what. Rows are only added; each holds a hash over itself and the one before (src/audit/chain.rs).
CREATE TABLE audit (
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
  hash       BLOB,                                       -- none: from before there was a chain, until the next row
  path       TEXT                                        -- of the request, without what is asked behind it
) STRICT;
CREATE INDEX audit_account ON audit (account_id, id);
-- Found by who, what and when without reading all of it.
CREATE INDEX audit_actor ON audit (account_id, actor, id);
CREATE INDEX audit_object ON audit (account_id, object, id);
CREATE INDEX audit_ip ON audit (account_id, ip, id) WHERE ip IS NOT NULL;
CREATE INDEX audit_action ON audit (account_id, action, id);
CREATE INDEX audit_kind ON audit (account_id, substr(action, 1, instr(action || '.', '.') - 1), id);
CREATE INDEX audit_fail ON audit (account_id, id) WHERE result = 'fail';
CREATE INDEX audit_at ON audit (account_id, at, id);
CREATE INDEX audit_path ON audit (account_id, path, id) WHERE path IS NOT NULL;
CREATE INDEX audit_home ON audit (home_id, id) WHERE home_id IS NOT NULL;

-- A CA of this box, a root or one below it. One that is replaced stays: what it signed is still answered for.
CREATE TABLE authority (
  id          INTEGER PRIMARY KEY,
  account_id  INTEGER NOT NULL REFERENCES account (id),
  parent_id   INTEGER REFERENCES authority (id),         -- none: a root
  issues      INTEGER NOT NULL,                          -- signs for devices and servers
  state       TEXT    NOT NULL,                          -- next current old
  origin      TEXT    NOT NULL,                          -- made imported
  certificate BLOB    NOT NULL UNIQUE,
  key_sealed  BLOB,                                      -- none: taken offline, or never here
  crl_number  INTEGER NOT NULL DEFAULT 0,
  created_at  INTEGER NOT NULL,
  crossed     BLOB                                       -- a root's: its key, certified by the root before it, DER
) STRICT;

-- What a certificate may be: its keys, its time, its names.
CREATE TABLE certificate_profile (
  id            INTEGER PRIMARY KEY,
  account_id    INTEGER NOT NULL REFERENCES account (id),
  name          TEXT    NOT NULL,
  key_types     TEXT    NOT NULL,                        -- of rsa p256 p384 p521, blanks between
  rsa_least     INTEGER NOT NULL,
  rsa_most      INTEGER NOT NULL,
  validity_days INTEGER NOT NULL,
  backdate_days INTEGER NOT NULL,
  subject       TEXT    NOT NULL,                        -- templates: {mac} {mac-colon} {serial} {model}
  san           TEXT    NOT NULL,
  created_at    INTEGER NOT NULL,
  updated_at    INTEGER NOT NULL,
  UNIQUE (account_id, name)
) STRICT;

-- Everything that was ever signed for a device, for the box's own listeners or for an administrator.
CREATE TABLE certificate (
  id            INTEGER PRIMARY KEY,
  account_id    INTEGER NOT NULL REFERENCES account (id),
  authority_id  INTEGER NOT NULL REFERENCES authority (id),
  profile_id    INTEGER REFERENCES certificate_profile (id), -- none: the box's own
  serial        BLOB    NOT NULL UNIQUE,
  mac           INTEGER,
  holder        TEXT    NOT NULL,                        -- the MAC, or what stands for it
  device_serial TEXT,
  model         TEXT,
  subject       TEXT    NOT NULL,
  key_sha256    BLOB    NOT NULL,
  once          BLOB    UNIQUE,                          -- SHA-256 of what may be used once only
  door          TEXT    NOT NULL,                        -- scep est file administrator box
  author        TEXT    NOT NULL,
  der           BLOB    NOT NULL,
  not_before    INTEGER NOT NULL,
  not_after     INTEGER NOT NULL,
  created_at    INTEGER NOT NULL,
  revoked_at    INTEGER,
  revoked_for   TEXT,                                    -- reason of RFC 5280, 5.3.1
  revoked_by    TEXT
) STRICT;
CREATE INDEX certificate_holder ON certificate (holder);
CREATE INDEX certificate_key ON certificate (key_sha256);
CREATE INDEX certificate_end ON certificate (not_after);
CREATE INDEX certificate_revoked ON certificate (revoked_at) WHERE revoked_at IS NOT NULL;

-- Whose certificates of devices are accepted besides our own: a vendor's root or issuing CA.
CREATE TABLE device_ca (
  id          INTEGER PRIMARY KEY,
  account_id  INTEGER NOT NULL REFERENCES account (id),
  name        TEXT    NOT NULL,
  certificate BLOB    NOT NULL,                          -- DER
  weak        INTEGER NOT NULL,                          -- SHA-1, MD5 and short keys count below it
  list        BLOB,                                      -- its newest CRL, DER
  created_at  INTEGER NOT NULL,
  UNIQUE (account_id, name)
) STRICT;

-- Which roots a device is known to trust: it completed a verified handshake below them.
CREATE TABLE root_trust (
  mac          INTEGER NOT NULL,
  authority_id INTEGER NOT NULL REFERENCES authority (id) ON DELETE CASCADE,
  at           INTEGER NOT NULL,
  PRIMARY KEY (mac, authority_id)
) STRICT, WITHOUT ROWID;

-- A device's one-time secret for a certificate: SCEP's challenge password.
CREATE TABLE challenge (
  device_id     INTEGER NOT NULL REFERENCES device (id) ON DELETE CASCADE,
  profile_id    INTEGER NOT NULL REFERENCES certificate_profile (id) ON DELETE CASCADE,
  account_id    INTEGER NOT NULL REFERENCES account (id),
  secret_sealed BLOB    NOT NULL,
  secret_hash   BLOB    NOT NULL UNIQUE,
  created_at    INTEGER NOT NULL,
  expires_at    INTEGER NOT NULL,
  used_for      BLOB,                                    -- SHA-256 of the key it was used for; no other key may
  used_at       INTEGER,
  PRIMARY KEY (device_id, profile_id)
) STRICT;

-- A device's request for a certificate that a person must allow.
CREATE TABLE certificate_request (
  id             INTEGER PRIMARY KEY,
  account_id     INTEGER NOT NULL REFERENCES account (id),
  mac            INTEGER NOT NULL,
  profile_id     INTEGER NOT NULL REFERENCES certificate_profile (id) ON DELETE CASCADE,
  transaction_id BLOB    NOT NULL UNIQUE,
  spki           BLOB    NOT NULL,
  peer           TEXT    NOT NULL,
  state          TEXT    NOT NULL,                       -- waiting approved declined
  created_at     INTEGER NOT NULL,
  decided_by     TEXT,
  decided_at     INTEGER
) STRICT;
CREATE INDEX certificate_request_state ON certificate_request (state, mac);

-- A device's certificate with a key made in the box, as the files a phone fetches.
CREATE TABLE certificate_file (
  device_id       INTEGER PRIMARY KEY REFERENCES device (id) ON DELETE CASCADE,
  account_id      INTEGER NOT NULL REFERENCES account (id),
  pkcs12_sealed   BLOB    NOT NULL,
  pem_sealed      BLOB    NOT NULL,
  password_sealed BLOB    NOT NULL,                      -- of the PKCS#12 file
  created_at      INTEGER NOT NULL
) STRICT;

-- Certificates that devices left the factory with, named by an import.
CREATE TABLE known_certificate (
  sha256     BLOB    PRIMARY KEY,
  device_id  INTEGER NOT NULL REFERENCES device (id) ON DELETE CASCADE,
  account_id INTEGER NOT NULL REFERENCES account (id)
) STRICT, WITHOUT ROWID;
CREATE INDEX known_certificate_device ON known_certificate (device_id);

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
  updated_at    INTEGER NOT NULL,
  api_key_id    INTEGER REFERENCES api_key (id) ON DELETE CASCADE -- it is that key's callback address
) STRICT;
CREATE UNIQUE INDEX webhook_api_key ON webhook (api_key_id) WHERE api_key_id IS NOT NULL;

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
  last_login_at INTEGER,
  first_name    TEXT,
  last_name     TEXT,
  email_since   INTEGER,                                 -- since when the address can log in; none: only if email_read
  email_read    INTEGER NOT NULL DEFAULT 0               -- a link that was mailed there was used
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
  expires_at INTEGER NOT NULL,
  email_key  TEXT                                        -- the address it was mailed to
) STRICT, WITHOUT ROWID;
CREATE INDEX password_link_user ON password_link (user_id);

CREATE TABLE session (
  id         INTEGER PRIMARY KEY,
  hash       BLOB    NOT NULL UNIQUE,                    -- SHA-256 of the cookie
  user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  acting_id  INTEGER REFERENCES account (id) ON DELETE CASCADE, -- the account it acts in instead of its own
  peer       TEXT    NOT NULL,
  agent      TEXT    NOT NULL,
  by         TEXT    NOT NULL,                           -- password certificate setup switch totp
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
  state      TEXT    NOT NULL,                           -- offered accepted declined
  created_by TEXT    NOT NULL,
  created_at INTEGER NOT NULL,
  reason     TEXT,                                       -- why it was declined
  UNIQUE (account_id, guest_id)
) STRICT;

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
  decided_at INTEGER,
  link_id    TEXT,
  reason     TEXT                                        -- why it was declined
) STRICT;
CREATE INDEX sign_up_state ON sign_up (state, id);
