//! The model rows: made when a setting needs them.

use crate::db::{Connection, OptionalExtension, Result, Tx, params};

pub fn id(conn: &Connection, account_id: i64, vendor: &str, name: &str) -> Result<Option<i64>> {
    let mut statement = conn.prepare_cached(
        "SELECT id FROM model WHERE account_id = $1 AND lower(vendor) = lower($2) AND lower(name) = lower($3)",
    )?;
    Ok(statement.query_row(params![account_id, vendor, name], |row| row.get(0)).optional()?)
}

/// The model's id, making its row when there is none.
pub fn ensure(tx: &Tx, account_id: i64, vendor: &str, name: &str) -> Result<i64> {
    if let Some(id) = id(tx, account_id, vendor, name)? {
        return Ok(id);
    }
    tx.prepare_cached("INSERT INTO model (account_id, vendor, name) VALUES ($1, $2, $3)")?
        .execute(params![account_id, vendor, name])?;
    Ok(tx.last_insert_rowid())
}

/// Vendor and name of every model that has a row.
pub fn all(conn: &Connection, account_id: i64) -> Result<Vec<(String, String)>> {
    let mut statement =
        conn.prepare_cached("SELECT vendor, name FROM model WHERE account_id = $1 ORDER BY vendor, name")?;
    let rows = statement.query_map([account_id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

/// Every model that has settings of its own: id, account, vendor, name.
pub fn names(conn: &Connection) -> Result<Vec<(i64, i64, String, String)>> {
    let mut statement = conn.prepare_cached("SELECT id, account_id, vendor, name FROM model")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}
