-- PEM: the newest revocation list of client_ca.
ALTER TABLE account ADD COLUMN client_ca_list TEXT;
-- The next root, signed by the one before it.
ALTER TABLE authority ADD COLUMN crossed BLOB;
-- "Revoke all keys" of a device.
ALTER TABLE device ADD COLUMN keys_revoked_at INTEGER;
-- The callback address of an API key is a webhook of its own.
ALTER TABLE webhook ADD COLUMN api_key_id INTEGER REFERENCES api_key (id) ON DELETE CASCADE;
CREATE UNIQUE INDEX webhook_api_key ON webhook (api_key_id) WHERE api_key_id IS NOT NULL;
