-- Names of people in two parts; what is shown stays. What stands behind the last space is taken for the last name.
ALTER TABLE users ADD COLUMN first_name TEXT;
ALTER TABLE users ADD COLUMN last_name TEXT;
UPDATE users SET first_name = nullif(trim(rtrim(name, replace(name, ' ', ''))), ''),
  last_name = substr(name, length(rtrim(name, replace(name, ' ', ''))) + 1);
-- Whose login an address is: its first holder's, and before that of whoever has read mail there. An address that more
-- than one user had was nobody's; it is again when one of them reads mail there.
ALTER TABLE users ADD COLUMN email_since INTEGER;
ALTER TABLE users ADD COLUMN email_read INTEGER NOT NULL DEFAULT 0;
UPDATE users SET email_since = created_at
  WHERE (SELECT count(*) FROM users other WHERE other.email_key = users.email_key) = 1;
ALTER TABLE password_link ADD COLUMN email_key TEXT;
-- Where a change was asked for.
ALTER TABLE audit ADD COLUMN path TEXT;
CREATE INDEX audit_path ON audit (account_id, path, id) WHERE path IS NOT NULL;
