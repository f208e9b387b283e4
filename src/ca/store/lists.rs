//! The numbers of revocation lists, and the last list of an authority whose key has left the box: a row of table
//! `instance`.

use super::own::forget;
use crate::db::{Connection, OptionalExtension, Result, Tx, params};

/// The number of an authority's next revocation list: higher than the last one, and than `floor`. `None`: its key is not
/// here, so the last one was the last.
pub fn next_list_number(tx: &Tx, id: i64, floor: i64) -> Result<Option<i64>> {
    let sql = "UPDATE authority SET crl_number = CASE WHEN crl_number < $2 THEN $2 ELSE crl_number + 1 END
               WHERE id = $1 AND key_sealed IS NOT NULL RETURNING crl_number";
    Ok(tx.prepare_cached(sql)?.query_row(params![id, floor], |row| row.get(0)).optional()?)
}

/// Where the last list of an authority stands whose key has left the box.
fn list_row(id: i64) -> String {
    format!("ca_list_{id}")
}

pub fn kept_list(conn: &Connection, id: i64) -> Result<Option<Vec<u8>>> {
    let mut statement = conn.prepare_cached("SELECT value FROM instance WHERE name = $1")?;
    Ok(statement.query_row([list_row(id)], |row| row.get(0)).optional()?)
}

pub fn keep_list(tx: &Tx, id: i64, list: &[u8]) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO instance (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    )?
    .execute(params![list_row(id), list])?;
    Ok(())
}

pub fn forget_list(tx: &Tx, id: i64) -> Result<()> {
    forget(tx, &list_row(id))
}
