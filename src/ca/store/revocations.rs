//! What of it was taken back, and what that makes void.

use crate::ca::revoke::{Reason, Revocation};
use crate::ca::serial::Serial;
use crate::db::{Connection, OptionalExtension, Result, ToSql, Touch, Tx, named, params};
use crate::net::Mac;
use std::collections::HashMap;

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
