//! The instance rows.

use crate::db::{Connection, OptionalExtension, Result, Tx, params};

pub fn get(conn: &Connection, name: &str) -> Result<Option<Vec<u8>>> {
    let mut statement = conn.prepare_cached("SELECT value FROM instance WHERE name = $1")?;
    Ok(statement.query_row([name], |row| row.get(0)).optional()?)
}

pub fn put(tx: &Tx, name: &str, value: &[u8]) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO instance (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = $2",
    )?
    .execute(params![name, value])?;
    Ok(())
}
