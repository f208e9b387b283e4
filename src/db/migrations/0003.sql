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
