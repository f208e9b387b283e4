//! The file rows.

use super::StoredFile;
use crate::db::{Connection, OptionalExtension, Result, params};

/// Phones spell names as they like: compared without case.
pub fn by_name(conn: &Connection, account_id: i64, name: &str) -> Result<Option<StoredFile>> {
    let mut statement = conn.prepare_cached(
        "SELECT id, name, kind, vendor, model, size, sha256, created_at FROM file WHERE account_id = $1 AND lower(name) = $2",
    )?;
    let found = statement.query_row(params![account_id, name.to_ascii_lowercase()], |row| {
        Ok(StoredFile {
            id: row.get(0)?,
            name: row.get(1)?,
            kind: row.get(2)?,
            vendor: row.get(3)?,
            model: row.get(4)?,
            size: row.get::<_, i64>(5)? as u64,
            sha256: row.get(6)?,
            created_at: row.get(7)?,
        })
    });
    Ok(found.optional()?)
}
