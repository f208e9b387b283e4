-- PEM: the newest revocation list of client_ca.
ALTER TABLE account ADD COLUMN client_ca_list TEXT;
-- The next root, signed by the one before it.
ALTER TABLE authority ADD COLUMN crossed BLOB;
-- "Revoke all keys" of a device.
ALTER TABLE device ADD COLUMN keys_revoked_at INTEGER;
