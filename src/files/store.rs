//! The file rows.

use super::{StoredFile, version};
use crate::db::{Connection, OptionalExtension, Result, Tx, params};

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

/// A file as lists show it.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct FileSummary {
    /// As phones ask for it; letter case does not matter.
    pub name: String,
    pub kind: String,
    pub vendor: Option<String>,
    pub model: Option<String>,
    pub size: i64,
    pub sha256: String,
    pub created_at: i64,
    /// Of firmware: given when it was stored, or read from its name.
    pub version: Option<String>,
}

/// How many there are of each kind.
pub fn kinds(conn: &Connection, account_id: i64) -> Result<Vec<(String, i64)>> {
    let sql = "SELECT kind, count(*) FROM file WHERE account_id = $1 GROUP BY kind ORDER BY kind";
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map([account_id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

/// By name; `name` picks one, in any letter case.
pub fn list(
    conn: &Connection,
    account_id: i64,
    name: Option<&str>,
    after: &str,
    rows: u32,
) -> Result<Vec<FileSummary>> {
    let mut statement = conn.prepare_cached(
        "SELECT name, kind, vendor, model, size, sha256, created_at, version FROM file
         WHERE account_id = $1 AND ($2 IS NULL OR lower(name) = $2) AND lower(name) > $3 ORDER BY lower(name) LIMIT $4",
    )?;
    let name = name.map(str::to_ascii_lowercase);
    let files = statement.query_map(params![account_id, name, after.to_ascii_lowercase(), rows], |row| {
        let (name, kind, vendor): (String, String, Option<String>) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(FileSummary {
            version: version(&kind, vendor.as_deref(), &name, row.get(7)?),
            name,
            kind,
            vendor,
            model: row.get(3)?,
            size: row.get(4)?,
            sha256: row.get(5)?,
            created_at: row.get(6)?,
        })
    })?;
    Ok(files.collect::<std::result::Result<_, _>>()?)
}

/// Bytes of all files, those of sites among them, and of an account's; the account's file of this name does not count.
pub fn totals_without(conn: &Connection, account_id: i64, name: &str) -> Result<(i64, i64)> {
    let mut statement = conn.prepare_cached(
        "SELECT coalesce(sum(size), 0), coalesce(sum(CASE WHEN account_id = $1 THEN size ELSE 0 END), 0) FROM
            (SELECT account_id, size FROM file WHERE account_id <> $1 OR lower(name) <> $2
             UNION ALL SELECT account_id, size FROM site_file)",
    )?;
    Ok(statement.query_row(params![account_id, name.to_ascii_lowercase()], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

/// Makes the row, or replaces the one of this name.
pub fn put(tx: &Tx, account_id: i64, file: &FileSummary) -> Result<()> {
    remove(tx, account_id, &file.name)?;
    tx.prepare_cached(
        "INSERT INTO file (account_id, name, kind, vendor, model, size, sha256, created_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )?
    .execute(params![
        account_id,
        file.name,
        file.kind,
        file.vendor,
        file.model,
        file.size,
        file.sha256,
        file.created_at,
        file.version
    ])?;
    Ok(())
}

pub fn remove(tx: &Tx, account_id: i64, name: &str) -> Result<bool> {
    let rows = tx
        .prepare_cached("DELETE FROM file WHERE account_id = $1 AND lower(name) = $2")?
        .execute(params![account_id, name.to_ascii_lowercase()])?;
    Ok(rows > 0)
}

/// Whether any row still has these bytes.
pub fn is_used(conn: &Connection, sha256: &str) -> Result<bool> {
    let mut statement = conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM file WHERE sha256 = $1)")?;
    Ok(statement.query_row([sha256], |row| row.get(0))?)
}
