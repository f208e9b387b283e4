//! The rows of certificates: what was given out, and to whom.

use crate::ca::expiring::Expiring;
use crate::ca::serial::Serial;
use crate::db::{BOX_ACCOUNT, Connection, OptionalExtension, Result, Tx, params};
use crate::net::Mac;
use std::collections::HashMap;

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

/// The next certificate for it is another one.
pub fn forget_once(tx: &Tx, once: &[u8; 32]) -> Result<()> {
    tx.prepare_cached("UPDATE certificate SET once = NULL WHERE once = $1")?.execute(params![once.as_slice()])?;
    Ok(())
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

/// Certificates of devices and of the box that end in a stretch of time, and have no younger one behind them, whenever that
/// one ends: the youngest is what the holder uses.
pub fn expiring(conn: &Connection, from: i64, until: i64) -> Result<Vec<Expiring>> {
    let mut statement = conn.prepare_cached(
        "SELECT door, holder, serial, not_after FROM certificate AS this
         WHERE not_after >= $1 AND not_after < $2 AND revoked_at IS NULL AND NOT EXISTS (
             SELECT 1 FROM certificate AS other WHERE other.holder = this.holder AND other.revoked_at IS NULL
                 AND coalesce(other.profile_id, 0) = coalesce(this.profile_id, 0) AND other.id > this.id)",
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
