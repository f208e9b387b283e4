//! The rows of authorities, certificates and certificate profiles, and the box's own keys in table `instance`. A row
//! there whose name ends in `_sealed` is sealed for the place that [`sealed_place`] names; [`SEALED`] lists them for a
//! rotation of the key.

use super::authority::State;
use super::cert_profile::CertProfile;
use super::expiring::Expiring;
use super::revoke::{Reason, Revocation};
use super::serial::Serial;
use crate::db::{BOX_ACCOUNT, Connection, OptionalExtension, Result, Row, ToSql, Touch, Tx, named, params};
use crate::net::Mac;
use std::collections::{BTreeMap, HashMap};

/// The self-made CA of schema 1; it has become a row of table `authority`.
pub const CA: &str = "ca_certificate";
pub const CA_KEY: &str = "ca_key_sealed";
pub const RSA: &str = "server_rsa_certificate";
pub const RSA_KEY: &str = "server_rsa_key_sealed";
pub const ECDSA: &str = "server_ecdsa_certificate";
pub const ECDSA_KEY: &str = "server_ecdsa_key_sealed";
pub const SCEP: &str = "scep_certificate";
pub const SCEP_KEY: &str = "scep_key_sealed";
/// A server certificate that an administrator brought: PEM, with what stands above it.
pub const INSTALLED: &str = "installed_certificate";
pub const INSTALLED_KEY: &str = "installed_key_sealed";
/// The key of a CA that is being signed elsewhere.
pub const REQUEST_KEY: &str = "ca_request_key_sealed";
pub const CLOCK: &str = "clock_seen";

const ALL: [&str; 12] =
    [CA, CA_KEY, RSA, RSA_KEY, ECDSA, ECDSA_KEY, SCEP, SCEP_KEY, INSTALLED, INSTALLED_KEY, REQUEST_KEY, CLOCK];
pub const SEALED: [&str; 6] = [CA_KEY, RSA_KEY, ECDSA_KEY, SCEP_KEY, INSTALLED_KEY, REQUEST_KEY];

pub type Rows = BTreeMap<&'static str, Vec<u8>>;

pub fn sealed_place(row: &str) -> String {
    format!("instance.value/{row}")
}

pub fn authority_key_place(id: i64) -> String {
    format!("authority.key/{id}")
}

pub fn load(conn: &Connection) -> Result<Rows> {
    let mut statement = conn.prepare("SELECT name, value FROM instance")?;
    let mut rows = statement.query([])?;
    let mut found = Rows::new();
    while let Some(row) = rows.next()? {
        let name: String = row.get(0)?;
        if let Some(name) = ALL.iter().find(|known| **known == name) {
            found.insert(name, row.get(1)?);
        }
    }
    Ok(found)
}

pub fn save(tx: &Tx, rows: &Rows) -> Result<()> {
    let mut statement = tx.prepare(
        "INSERT INTO instance (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    )?;
    for (name, value) in rows {
        statement.execute(params![name, value])?;
    }
    Ok(())
}

pub fn forget(tx: &Tx, name: &str) -> Result<()> {
    tx.prepare_cached("DELETE FROM instance WHERE name = $1")?.execute([name])?;
    Ok(())
}

/// The latest time this box has seen, so that a clock that was set back is noticed.
pub fn clock_seen(conn: &Connection) -> Result<i64> {
    let mut statement = conn.prepare_cached(
        "SELECT max(coalesce((SELECT CAST(CAST(value AS TEXT) AS INTEGER) FROM instance WHERE name = $1), 0),
                    coalesce((SELECT max(created_at) FROM certificate WHERE id = (SELECT max(id) FROM certificate)), 0))",
    )?;
    Ok(statement.query_row(params![CLOCK], |row| row.get(0))?)
}

pub fn save_clock(tx: &Tx, now: i64) -> Result<()> {
    save(tx, &Rows::from([(CLOCK, now.to_string().into_bytes())]))
}

pub struct AuthorityRow {
    pub id: i64,
    pub parent_id: Option<i64>,
    pub issues: bool,
    pub state: State,
    pub origin: String,
    pub certificate: Vec<u8>,
    pub key_sealed: Option<Vec<u8>>,
    pub created_at: i64,
    /// A root's: its key, certified by the root before it.
    pub crossed: Option<Vec<u8>>,
}

pub fn authorities(conn: &Connection) -> Result<Vec<AuthorityRow>> {
    let mut statement = conn.prepare(
        "SELECT id, parent_id, issues, state, origin, certificate, key_sealed, created_at, crossed
         FROM authority ORDER BY id",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(AuthorityRow {
            id: row.get(0)?,
            parent_id: row.get(1)?,
            issues: row.get(2)?,
            state: State::of_word(&row.get::<_, String>(3)?),
            origin: row.get(4)?,
            certificate: row.get(5)?,
            key_sealed: row.get(6)?,
            created_at: row.get(7)?,
            crossed: row.get(8)?,
        })
    })?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

pub fn insert_authority(tx: &Tx, row: &AuthorityRow) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO authority (id, account_id, parent_id, issues, state, origin, certificate, key_sealed, created_at,
             crossed)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )?
    .execute(params![
        row.id,
        BOX_ACCOUNT,
        row.parent_id,
        row.issues,
        row.state.word(),
        row.origin,
        row.certificate,
        row.key_sealed,
        row.created_at,
        row.crossed
    ])?;
    Ok(())
}

/// No root is certified by another any more. Whether one was.
pub fn forget_crossings(tx: &Tx) -> Result<bool> {
    let sql = "UPDATE authority SET crossed = NULL WHERE crossed IS NOT NULL AND state = 'current'";
    Ok(tx.prepare_cached(sql)?.execute([])? > 0)
}

/// The next authorities become the current ones, those the old ones.
pub fn switch(tx: &Tx) -> Result<()> {
    tx.prepare_cached("UPDATE authority SET state = 'old' WHERE state = 'current'")?.execute([])?;
    tx.prepare_cached("UPDATE authority SET state = 'current' WHERE state = 'next'")?.execute([])?;
    // What stands above the current ones may have been current before.
    tx.prepare_cached(
        "WITH RECURSIVE above (id) AS (
             SELECT parent_id FROM authority WHERE state = 'current'
             UNION SELECT authority.parent_id FROM authority JOIN above ON authority.id = above.id)
         UPDATE authority SET state = 'current' WHERE id IN (SELECT id FROM above)",
    )?
    .execute([])?;
    Ok(())
}

/// The id of an authority that is here already. An old one is given to phones again.
pub fn bring_back(tx: &Tx, certificate: &[u8]) -> Result<Option<i64>> {
    let mut statement = tx.prepare_cached(
        "UPDATE authority SET state = CASE WHEN state = 'old' THEN 'next' ELSE state END WHERE certificate = $1 RETURNING id",
    )?;
    Ok(statement.query_row([certificate], |row| row.get(0)).optional()?)
}

/// Forgets authorities that have signed nothing yet, the lower ones first.
pub fn remove_next(tx: &Tx) -> Result<()> {
    let mut remove = tx.prepare_cached(
        "DELETE FROM authority WHERE state = 'next' AND id NOT IN
             (SELECT parent_id FROM authority WHERE parent_id IS NOT NULL)",
    )?;
    while remove.execute([])? > 0 {}
    tx.prepare_cached("UPDATE authority SET state = 'old' WHERE state = 'next'")?.execute([])?;
    Ok(())
}

pub fn set_key(tx: &Tx, id: i64, sealed: Option<&[u8]>) -> Result<()> {
    tx.prepare_cached("UPDATE authority SET key_sealed = $2 WHERE id = $1")?.execute(params![id, sealed])?;
    Ok(())
}

/// A device whose keys were all revoked: what it could still have asked for one with is void.
pub fn no_more_keys(tx: &mut Tx, mac: Mac, by: &str, now: i64) -> Result<()> {
    let number = mac.to_u64() as i64;
    tx.prepare_cached("UPDATE device SET keys_revoked_at = $2, updated_at = $2 WHERE mac = $1")?
        .execute(params![number, now])?;
    tx.prepare_cached(
        "DELETE FROM challenge WHERE used_for IS NULL AND device_id = (SELECT id FROM device WHERE mac = $1)",
    )?
    .execute([number])?;
    tx.prepare_cached(
        "UPDATE certificate_request SET state = 'declined', decided_by = $2, decided_at = $3
         WHERE mac = $1 AND state IN ('waiting', 'approved')",
    )?
    .execute(params![number, by, now])?;
    tx.touch(Touch::Device(mac));
    Ok(())
}

/// Whether "revoke all keys" came after this moment: what was asked for before it is void.
pub fn keys_revoked_since(conn: &Connection, mac: Mac, since: i64) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM device WHERE mac = $1 AND keys_revoked_at >= $2)";
    Ok(conn.prepare_cached(sql)?.query_row(params![mac.to_u64() as i64, since], |row| row.get(0))?)
}

/// A device completed a verified handshake below the root in force. While the root before it vouches for that one, it may
/// know no other than the old; and a server certificate that was installed says nothing of ours.
pub fn note_root_in_force(tx: &Tx, mac: Mac, now: i64) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO root_trust (mac, authority_id, at)
         SELECT $1, id, $2 FROM authority WHERE parent_id IS NULL AND state = 'current' AND crossed IS NULL
            AND NOT EXISTS (SELECT 1 FROM instance WHERE name = $3)
         ON CONFLICT (mac, authority_id) DO UPDATE SET at = excluded.at",
    )?
    .execute(params![mac.to_u64() as i64, now, INSTALLED])?;
    Ok(())
}

/// A device fetched a file that holds these roots. One that was forgotten meanwhile is not noted.
pub fn note_roots(tx: &Tx, mac: Mac, roots: &[i64], now: i64) -> Result<()> {
    let mut note = tx.prepare_cached(
        "INSERT INTO root_trust (mac, authority_id, at)
         SELECT $1, id, $2 FROM authority WHERE id = $3 AND state IN ('current', 'next')
         ON CONFLICT (mac, authority_id) DO UPDATE SET at = excluded.at",
    )?;
    for root in roots {
        note.execute(params![mac.to_u64() as i64, now, root])?;
    }
    Ok(())
}

/// Who is known to trust a root, and since when it was last seen.
pub fn trusting(conn: &Connection, authority: i64) -> Result<Vec<(Mac, i64)>> {
    let mut statement = conn.prepare_cached("SELECT mac, at FROM root_trust WHERE authority_id = $1 ORDER BY mac")?;
    let mut rows = statement.query([authority])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        if let Some(mac) = Mac::from_u64(row.get::<_, i64>(0)? as u64) {
            found.push((mac, row.get(1)?));
        }
    }
    Ok(found)
}

/// The number of an authority's next revocation list: higher than the last one, and than `floor`.
pub fn next_list_number(tx: &Tx, id: i64, floor: i64) -> Result<i64> {
    let sql = "UPDATE authority SET crl_number = CASE WHEN crl_number < $2 THEN $2 ELSE crl_number + 1 END
               WHERE id = $1 RETURNING crl_number";
    Ok(tx.prepare_cached(sql)?.query_row(params![id, floor], |row| row.get(0))?)
}

/// A profile's columns, in the order of [`profile`].
const PROFILE: &str =
    "id, name, key_types, rsa_least, rsa_most, validity_days, backdate_days, subject, san, updated_at";

fn profile(row: &Row) -> Result<CertProfile> {
    Ok(CertProfile {
        id: row.get(0)?,
        name: row.get(1)?,
        key_types: row.get::<_, String>(2)?.split_whitespace().map(str::to_owned).collect(),
        rsa_least: row.get(3)?,
        rsa_most: row.get(4)?,
        validity_days: row.get(5)?,
        backdate_days: row.get(6)?,
        subject: row.get(7)?,
        san: row.get(8)?,
        updated_at: row.get(9)?,
    })
}

fn profiles_where(conn: &Connection, condition: &str, value: &dyn ToSql) -> Result<Vec<CertProfile>> {
    let sql = format!("SELECT {PROFILE} FROM certificate_profile WHERE account_id = $1 AND {condition} ORDER BY name");
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query(params![BOX_ACCOUNT, value])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(profile(row)?);
    }
    Ok(found)
}

pub fn profile_by_id(conn: &Connection, id: i64) -> Result<Option<CertProfile>> {
    Ok(profiles_where(conn, "id = $2", &id)?.pop())
}

pub fn profile_by_name(conn: &Connection, name: &str) -> Result<Option<CertProfile>> {
    Ok(profiles_where(conn, "name = $2", &name)?.pop())
}

pub fn profiles(conn: &Connection) -> Result<Vec<CertProfile>> {
    profiles_where(conn, "$2", &true)
}

/// Adds a profile, or changes the one of that id.
pub fn put_profile(tx: &Tx, profile: &CertProfile) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO certificate_profile (id, account_id, name, key_types, rsa_least, rsa_most, validity_days,
             backdate_days, subject, san, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, key_types = excluded.key_types,
             rsa_least = excluded.rsa_least, rsa_most = excluded.rsa_most, validity_days = excluded.validity_days,
             backdate_days = excluded.backdate_days, subject = excluded.subject, san = excluded.san,
             updated_at = excluded.updated_at",
    )?
    .execute(params![
        profile.id,
        BOX_ACCOUNT,
        profile.name,
        profile.key_types.join(" "),
        profile.rsa_least,
        profile.rsa_most,
        profile.validity_days,
        profile.backdate_days,
        profile.subject,
        profile.san,
        profile.updated_at
    ])?;
    Ok(())
}

/// Whose certificate this is, by the word of an import.
pub fn known_certificate(conn: &Connection, sha256: &[u8]) -> Result<Option<Mac>> {
    let sql = "SELECT d.mac FROM known_certificate k JOIN device d ON d.id = k.device_id WHERE k.sha256 = $1";
    let mac: Option<i64> = conn.prepare_cached(sql)?.query_row([sha256], |row| row.get(0)).optional()?;
    Ok(mac.and_then(|mac| Mac::from_u64(mac as u64)))
}

/// Whether anything that was issued for a device is not revoked.
pub fn has_certificates(conn: &Connection, mac: Mac) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM certificate WHERE holder = $1 AND revoked_at IS NULL)";
    Ok(conn.prepare_cached(sql)?.query_row(params![mac.to_string()], |row| row.get(0))?)
}

/// The device that a certificate was issued for.
pub fn holder(conn: &Connection, serial: &Serial) -> Result<Option<Mac>> {
    let mut statement = conn.prepare_cached("SELECT mac FROM certificate WHERE serial = $1")?;
    let bits: Option<Option<i64>> = statement.query_row(params![serial.as_slice()], |row| row.get(0)).optional()?;
    Ok(bits.flatten().and_then(|bits| Mac::from_u64(bits as u64)))
}

/// A certificate that is about to be answered.
pub struct NewCertificate {
    pub authority_id: i64,
    pub profile_id: Option<i64>,
    pub serial: Serial,
    pub mac: Option<Mac>,
    pub holder: String,
    pub device_serial: Option<String>,
    pub model: Option<String>,
    pub subject: String,
    pub key_sha256: [u8; 32],
    pub once: Option<[u8; 32]>,
    pub door: &'static str,
    pub author: String,
    pub der: Vec<u8>,
    pub not_before: i64,
    pub not_after: i64,
    pub created_at: i64,
}

pub fn insert_certificate(tx: &Tx, new: &NewCertificate) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO certificate (account_id, authority_id, profile_id, serial, mac, holder, device_serial, model,
             subject, key_sha256, once, door, author, der, not_before, not_after, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
    )?
    .execute(params![
        BOX_ACCOUNT,
        new.authority_id,
        new.profile_id,
        new.serial.as_slice(),
        new.mac.map(|mac| mac.to_u64() as i64),
        new.holder,
        new.device_serial,
        new.model,
        new.subject,
        new.key_sha256.as_slice(),
        new.once.as_ref().map(<[u8; 32]>::as_slice),
        new.door,
        new.author,
        new.der,
        new.not_before,
        new.not_after,
        new.created_at
    ])?;
    Ok(())
}

/// A certificate as it was answered.
pub struct Answered {
    pub authority_id: i64,
    pub serial: Vec<u8>,
    pub der: Vec<u8>,
    pub is_revoked: bool,
}

/// The certificate that was given for a value that counts once.
pub fn by_once(conn: &Connection, once: &[u8; 32]) -> Result<Option<Answered>> {
    let mut statement = conn
        .prepare_cached("SELECT authority_id, serial, der, revoked_at IS NOT NULL FROM certificate WHERE once = $1")?;
    let found = statement.query_row(params![once.as_slice()], |row| {
        Ok(Answered { authority_id: row.get(0)?, serial: row.get(1)?, der: row.get(2)?, is_revoked: row.get(3)? })
    });
    Ok(found.optional()?)
}

/// Whether a key is in a certificate of somebody else.
pub fn key_of_another(conn: &Connection, key_sha256: &[u8; 32], holder: &str) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM certificate WHERE key_sha256 = $1 AND holder <> $2)";
    Ok(conn.prepare_cached(sql)?.query_row(params![key_sha256.as_slice(), holder], |row| row.get(0))?)
}

/// Every serial that was given out, and by whom.
pub fn serials(conn: &Connection) -> Result<HashMap<Serial, i64>> {
    let mut statement = conn.prepare("SELECT serial, authority_id FROM certificate")?;
    let mut rows = statement.query([])?;
    let mut found = HashMap::new();
    while let Some(row) = rows.next()? {
        if let Some(serial) = Serial::of(row.get_ref(0)?.as_blob().unwrap_or_default()) {
            found.insert(serial, row.get(1)?);
        }
    }
    Ok(found)
}

/// Whether and why a certificate is revoked, over or not.
pub fn revocation(conn: &Connection, serial: &Serial) -> Result<Option<Revocation>> {
    let mut statement = conn.prepare_cached(
        "SELECT authority_id, revoked_at, revoked_for FROM certificate WHERE serial = $1 AND revoked_at IS NOT NULL",
    )?;
    let found = statement.query_row(params![serial.as_slice()], |row| {
        let reason = row.get::<_, Option<String>>(2)?.and_then(|word| Reason::of_word(&word));
        Ok(Revocation { authority: row.get(0)?, at: row.get(1)?, reason: reason.unwrap_or(Reason::Unspecified) })
    });
    Ok(found.optional()?)
}

/// What is revoked and not over yet.
pub fn revocations(conn: &Connection, now: i64) -> Result<HashMap<Serial, Revocation>> {
    let mut statement = conn.prepare(
        "SELECT serial, authority_id, revoked_at, revoked_for FROM certificate
         WHERE revoked_at IS NOT NULL AND not_after > $1",
    )?;
    let mut rows = statement.query([now])?;
    let mut found = HashMap::new();
    while let Some(row) = rows.next()? {
        if let Some(serial) = Serial::of(row.get_ref(0)?.as_blob().unwrap_or_default()) {
            let reason = row.get::<_, Option<String>>(3)?.and_then(|word| Reason::of_word(&word));
            let revocation =
                Revocation { authority: row.get(1)?, at: row.get(2)?, reason: reason.unwrap_or(Reason::Unspecified) };
            found.insert(serial, revocation);
        }
    }
    Ok(found)
}

/// Revokes one certificate, or every certificate of a holder. What is revoked already stays as it is.
pub fn revoke(tx: &Tx, which: &Which, reason: Reason, by: &str, now: i64) -> Result<Vec<Serial>> {
    let (column, value): (&str, &dyn ToSql) = match which {
        Which::Serial(serial) => ("serial", &serial.as_slice().to_vec()),
        Which::Holder(holder) => ("holder", holder),
    };
    let sql = format!(
        "UPDATE certificate SET revoked_at = $2, revoked_for = $3, revoked_by = $4
         WHERE {column} = $1 AND revoked_at IS NULL RETURNING serial"
    );
    let mut statement = tx.prepare_cached(&sql)?;
    let mut rows = statement.query(&named([value, &now, &reason.word(), &by]))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.extend(Serial::of(row.get_ref(0)?.as_blob().unwrap_or_default()));
    }
    Ok(found)
}

pub enum Which {
    Serial(Serial),
    Holder(String),
}

/// Certificates of devices and of the box that end in a stretch of time, and have no younger one behind them.
pub fn expiring(conn: &Connection, from: i64, until: i64) -> Result<Vec<Expiring>> {
    let mut statement = conn.prepare_cached(
        "SELECT door, holder, serial, not_after FROM certificate AS this
         WHERE not_after >= $1 AND not_after < $2 AND revoked_at IS NULL AND NOT EXISTS (
             SELECT 1 FROM certificate AS other WHERE other.holder = this.holder AND other.revoked_at IS NULL
                 AND coalesce(other.profile_id, 0) = coalesce(this.profile_id, 0) AND other.not_after > this.not_after)",
    )?;
    let mut rows = statement.query(params![from, until])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let kind = if row.get::<_, String>(0)? == "box" { "server" } else { "device" };
        let serial = Serial::of(row.get_ref(2)?.as_blob().unwrap_or_default()).map(|serial| serial.to_string());
        found.push(Expiring { kind, holder: row.get(1)?, serial, not_after: row.get(3)?, days: 0 });
    }
    Ok(found)
}
