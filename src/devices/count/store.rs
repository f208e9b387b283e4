//! Whether a device is there, and who waits to be one.

use crate::db::{Connection, Result};
use crate::net::Mac;

/// How many wait to be adopted.
pub fn waiting(conn: &Connection, account_id: i64) -> Result<i64> {
    let sql = "SELECT count(*) FROM pending WHERE account_id = $1";
    Ok(conn.prepare_cached(sql)?.query_row([account_id], |row| row.get(0))?)
}

/// Whose it is, and whether a profile says how it is provisioned: its own or its site's.
pub fn bound(conn: &Connection, mac: Mac) -> Result<Option<(i64, bool)>> {
    let mut statement = conn.prepare_cached(
        "SELECT d.account_id, d.profile_id IS NOT NULL OR s.profile_id IS NOT NULL
         FROM device d LEFT JOIN site s ON s.id = d.site_id WHERE d.mac = $1",
    )?;
    let mut rows = statement.query([mac.to_u64() as i64])?;
    Ok(rows.next()?.map(|row| Ok::<_, crate::db::RowError>((row.get(0)?, row.get(1)?))).transpose()?)
}
