//! The rows of device CAs.

use super::DeviceCa;
use crate::db::{Connection, Result, Tx, params};

pub fn all(conn: &Connection, account_id: i64) -> Result<Vec<DeviceCa>> {
    let mut statement = conn.prepare_cached(
        "SELECT name, certificate, weak, list, created_at FROM device_ca WHERE account_id = $1 ORDER BY name",
    )?;
    let rows = statement.query_map(params![account_id], |row| {
        Ok(DeviceCa {
            name: row.get(0)?,
            certificate: row.get(1)?,
            weak: row.get(2)?,
            list: row.get(3)?,
            created_at: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

/// Adds a device CA, or takes the place of the one of that name. Without a new list the present one stays.
pub fn put(tx: &Tx, account_id: i64, ca: &DeviceCa) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO device_ca (account_id, name, certificate, weak, list, created_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (account_id, name) DO UPDATE SET certificate = excluded.certificate, weak = excluded.weak,
             list = CASE WHEN excluded.list IS NULL AND certificate = excluded.certificate THEN list
                         ELSE excluded.list END",
    )?
    .execute(params![account_id, ca.name, ca.certificate, ca.weak, ca.list, ca.created_at])?;
    Ok(())
}

pub fn remove(tx: &Tx, account_id: i64, name: &str) -> Result<bool> {
    let sql = "DELETE FROM device_ca WHERE account_id = $1 AND name = $2";
    Ok(tx.prepare_cached(sql)?.execute(params![account_id, name])? > 0)
}
