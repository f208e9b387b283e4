//! The site rows.

use crate::db::{Connection, OptionalExtension, Result, Tx, params};
use crate::layers;
use crate::settings::Layer;
use crate::users::data;

#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct Site {
    pub name: String,
    /// Null: its devices cannot be provisioned until it has one.
    pub profile: Option<String>,
    /// The PIN: four digits that go behind the account's number and make it the site's provisioning code.
    pub pid: Option<String>,
    /// Of those that you see.
    pub devices: i64,
    pub created_at: i64,
    pub updated_at: i64,
}

pub fn id(conn: &Connection, account_id: i64, name: &str) -> Result<Option<i64>> {
    let mut statement = conn.prepare_cached("SELECT id FROM site WHERE account_id = $1 AND name = $2")?;
    Ok(statement.query_row(params![account_id, name], |row| row.get(0)).optional()?)
}

/// Where a device belongs when nobody says so: the account's first site.
pub fn first(conn: &Connection, account_id: i64) -> Result<Option<i64>> {
    let mut statement = conn.prepare_cached("SELECT min(id) FROM site WHERE account_id = $1")?;
    Ok(statement.query_row([account_id], |row| row.get(0))?)
}

pub fn count(conn: &Connection, account_id: i64, limited: Option<i64>) -> Result<i64> {
    let seen = limited.map_or("1 = 1".to_owned(), data::store::site);
    let sql = format!("SELECT count(*) FROM site s WHERE s.account_id = $1 AND {seen}");
    Ok(conn.prepare_cached(&sql)?.query_row([account_id], |row| row.get(0))?)
}

/// By name; `name` picks one.
pub fn list(
    conn: &Connection,
    account_id: i64,
    limited: Option<i64>,
    name: Option<&str>,
    after: &str,
    rows: u32,
) -> Result<Vec<Site>> {
    let seen = limited.map_or("1 = 1".to_owned(), data::store::site);
    let device = limited.map_or("1 = 1".to_owned(), data::store::device);
    let mut statement = conn.prepare_cached(&format!(
        "SELECT s.name, p.name, (SELECT count(*) FROM device d WHERE d.site_id = s.id AND {device}), s.created_at, s.updated_at, s.pid
         FROM site s LEFT JOIN profile p ON p.id = s.profile_id
         WHERE s.account_id = $1 AND ($2 IS NULL OR s.name = $2) AND s.name > $3 AND {seen} ORDER BY s.name LIMIT $4"
    ))?;
    let sites = statement.query_map(params![account_id, name, after, rows], |row| {
        Ok(Site {
            name: row.get(0)?,
            profile: row.get(1)?,
            devices: row.get(2)?,
            created_at: row.get(3)?,
            updated_at: row.get(4)?,
            pid: row.get(5)?,
        })
    })?;
    Ok(sites.collect::<std::result::Result<_, _>>()?)
}

pub fn insert(
    tx: &Tx,
    account_id: i64,
    name: &str,
    profile_id: Option<i64>,
    pid: Option<&str>,
    now: i64,
) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO site (account_id, name, profile_id, pid, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5)",
    )?
    .execute(params![account_id, name, profile_id, pid, now])?;
    Ok(())
}

pub fn set_pid(tx: &Tx, id: i64, pid: Option<&str>, now: i64) -> Result<()> {
    tx.prepare_cached("UPDATE site SET pid = $2, updated_at = $3 WHERE id = $1")?.execute(params![id, pid, now])?;
    Ok(())
}

/// Whether another site of the account has this PIN: a code leads to one.
pub fn pid_is_taken(conn: &Connection, account_id: i64, pid: &str, but: Option<i64>) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM site WHERE account_id = $1 AND pid = $2 AND id IS NOT $3)";
    Ok(conn.prepare_cached(sql)?.query_row(params![account_id, pid, but], |row| row.get(0))?)
}

pub fn rename(tx: &Tx, id: i64, name: &str, now: i64) -> Result<()> {
    tx.prepare_cached("UPDATE site SET name = $2, updated_at = $3 WHERE id = $1")?.execute(params![id, name, now])?;
    Ok(())
}

pub fn set_profile(tx: &Tx, id: i64, profile_id: Option<i64>, now: i64) -> Result<()> {
    tx.prepare_cached("UPDATE site SET profile_id = $2, updated_at = $3 WHERE id = $1")?
        .execute(params![id, profile_id, now])?;
    Ok(())
}

/// With its settings. The caller has seen that no device is in it.
pub fn remove(tx: &Tx, id: i64) -> Result<()> {
    layers::store::clear(tx, Layer::Site, id)?;
    tx.prepare_cached("DELETE FROM site WHERE id = $1")?.execute([id])?;
    Ok(())
}

/// Every site's id, name and profile.
pub fn profiles(conn: &Connection) -> Result<Vec<(i64, String, Option<i64>)>> {
    let mut statement = conn.prepare_cached("SELECT id, name, profile_id FROM site")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}
