//! The upload rows.

use crate::db::{Connection, OptionalExtension, Result, Tx, params};
use crate::devices::Device;
use crate::seal::Keyring;

pub fn place(device_id: i64, name: &str) -> String {
    format!("upload.body/{device_id}/{name}")
}

/// `Ok(None)`: over the device's quota. Otherwise whether the name is new.
pub fn put(
    tx: &mut Tx,
    keys: &Keyring,
    device: &Device,
    name: &str,
    body: &[u8],
    quota: u64,
    now: i64,
) -> Result<Option<bool>> {
    let name = name.to_ascii_lowercase();
    let others: i64 = tx
        .prepare_cached("SELECT coalesce(sum(size), 0) FROM upload WHERE device_id = $1 AND name <> $2")?
        .query_row(params![device.id, name], |row| row.get(0))?;
    if others as u64 + body.len() as u64 > quota {
        return Ok(None);
    }
    let known: bool = tx
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM upload WHERE device_id = $1 AND name = $2)")?
        .query_row(params![device.id, name], |row| row.get(0))?;
    let sealed = keys.seal(&place(device.id, &name), body)?;
    tx.prepare_cached(
        "INSERT INTO upload (device_id, name, account_id, size, body_sealed, received_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (device_id, name) DO UPDATE SET size = excluded.size, body_sealed = excluded.body_sealed,
            received_at = excluded.received_at",
    )?
    .execute(params![device.id, name, device.account_id, body.len() as i64, sealed, now])?;
    Ok(Some(!known))
}

pub fn get(conn: &Connection, keys: &Keyring, device: &Device, name: &str) -> Result<Option<(Vec<u8>, i64)>> {
    let name = name.to_ascii_lowercase();
    let found: Option<(Vec<u8>, i64)> = conn
        .prepare_cached("SELECT body_sealed, received_at FROM upload WHERE device_id = $1 AND name = $2")?
        .query_row(params![device.id, name], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    found.map(|(sealed, at)| Ok((keys.open_bytes(&place(device.id, &name), &sealed)?, at))).transpose()
}
