//! The instance rows.

use super::SHARED_CHANGE;
use crate::db::{Connection, OptionalExtension, Result, Touch, Tx, params};

pub fn get(conn: &Connection, name: &str) -> Result<Option<Vec<u8>>> {
    let mut statement = conn.prepare_cached("SELECT value FROM instance WHERE name = $1")?;
    Ok(statement.query_row([name], |row| row.get(0)).optional()?)
}

pub fn put(tx: &Tx, name: &str, value: &[u8]) -> Result<()> {
    tx.prepare_cached("INSERT INTO instance (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = $2")?
        .execute(params![name, value])?;
    Ok(())
}

/// Every change of something that many devices' files are made of goes through here, so that Last-Modified moves.
pub fn shared_changed(tx: &mut Tx, now: i64) -> Result<()> {
    put(tx, SHARED_CHANGE, now.to_string().as_bytes())?;
    tx.touch(Touch::Shared);
    Ok(())
}

/// When [`shared_changed`] was called last; 0 on a fresh box.
pub fn last_shared_change(conn: &Connection) -> Result<i64> {
    let text = get(conn, SHARED_CHANGE)?.and_then(|bytes| String::from_utf8(bytes).ok());
    Ok(text.and_then(|text| text.parse().ok()).unwrap_or(0))
}
