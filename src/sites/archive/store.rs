//! The rows of a site's files. All are sealed: a PKCS#12 file or a text may hold a secret.

use crate::db::{Connection, OptionalExtension, Result, Tx, params};
use crate::seal::Keyring;

pub fn place(site_id: i64, name: &str) -> String {
    format!("site_file.body/{site_id}/{name}")
}

/// A file as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct SiteFile {
    /// As phones ask for it.
    pub name: String,
    pub size: i64,
    /// It may hold a secret: only phones that have proved themselves get it.
    pub proof: bool,
    pub author: String,
    pub updated_at: i64,
}

pub fn list(conn: &Connection, site_id: i64) -> Result<Vec<SiteFile>> {
    let sql = "SELECT name, size, proof, author, updated_at FROM site_file WHERE site_id = $1 ORDER BY lower(name)";
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map([site_id], |row| {
        Ok(SiteFile {
            name: row.get(0)?,
            size: row.get(1)?,
            proof: row.get(2)?,
            author: row.get(3)?,
            updated_at: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

pub fn put(tx: &Tx, keys: &Keyring, account_id: i64, site_id: i64, file: &SiteFile, body: &[u8]) -> Result<()> {
    let sealed = keys.seal(&place(site_id, &file.name), body)?;
    tx.prepare_cached(
        "INSERT INTO site_file (site_id, name, account_id, size, proof, body_sealed, author, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )?
    .execute(params![
        site_id,
        file.name,
        account_id,
        file.size,
        file.proof,
        sealed,
        file.author,
        file.updated_at
    ])?;
    Ok(())
}

pub fn clear(tx: &Tx, site_id: i64) -> Result<()> {
    tx.prepare_cached("DELETE FROM site_file WHERE site_id = $1")?.execute([site_id])?;
    Ok(())
}

/// A file and its bytes; letter case does not matter to those who ask.
pub fn get(conn: &Connection, keys: &Keyring, site_id: i64, name: &str) -> Result<Option<(SiteFile, Vec<u8>)>> {
    let mut statement = conn.prepare_cached(
        "SELECT name, size, proof, author, updated_at, body_sealed FROM site_file WHERE site_id = $1 AND lower(name) = $2",
    )?;
    let found = statement.query_row(params![site_id, name.to_ascii_lowercase()], |row| {
        let file = SiteFile {
            name: row.get(0)?,
            size: row.get(1)?,
            proof: row.get(2)?,
            author: row.get(3)?,
            updated_at: row.get(4)?,
        };
        Ok((file, row.get::<_, Vec<u8>>(5)?))
    });
    let found = found.optional()?;
    found
        .map(|(file, sealed)| Ok((keys.open_bytes(&place(site_id, &file.name), &sealed)?, file)))
        .map(|opened: Result<_>| opened.map(|(body, file)| (file, body)))
        .transpose()
}

/// The sites that have files, and whether an upgrade file is among them.
pub fn sites(conn: &Connection) -> Result<Vec<(i64, bool)>> {
    let sql = "SELECT site_id, max(lower(name) LIKE '%upgrade.%') FROM site_file GROUP BY site_id";
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

/// The profile of a site, and whether its first target is this box. `None`: it has no profile.
pub fn profile(conn: &Connection, site_id: i64) -> Result<Option<(String, bool)>> {
    let mut statement = conn.prepare_cached(
        "SELECT p.name, t.url IS NULL FROM site s JOIN profile p ON p.id = s.profile_id
            JOIN target t ON t.profile_id = p.id
         WHERE s.id = $1 ORDER BY t.position LIMIT 1",
    )?;
    Ok(statement.query_row([site_id], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
}
