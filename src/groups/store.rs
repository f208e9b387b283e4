//! The group rows.

use crate::db::{Connection, OptionalExtension, Result, Tx, params};
use crate::layers;
use crate::settings::Layer;

#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct Group {
    pub name: String,
    pub devices: i64,
    pub created_at: i64,
}

pub fn id(conn: &Connection, account_id: i64, name: &str) -> Result<Option<i64>> {
    let mut statement = conn.prepare_cached("SELECT id FROM device_group WHERE account_id = $1 AND name = $2")?;
    Ok(statement.query_row(params![account_id, name], |row| row.get(0)).optional()?)
}

/// By name; `name` picks one.
pub fn list(conn: &Connection, account_id: i64, name: Option<&str>, after: &str, rows: u32) -> Result<Vec<Group>> {
    let mut statement = conn.prepare_cached(
        "SELECT name, (SELECT count(*) FROM device WHERE group_id = g.id), created_at FROM device_group g
         WHERE account_id = $1 AND ($2 IS NULL OR name = $2) AND name > $3 ORDER BY name LIMIT $4",
    )?;
    let groups = statement.query_map(params![account_id, name, after, rows], |row| {
        Ok(Group { name: row.get(0)?, devices: row.get(1)?, created_at: row.get(2)? })
    })?;
    Ok(groups.collect::<std::result::Result<_, _>>()?)
}

pub fn insert(tx: &Tx, account_id: i64, name: &str, now: i64) -> Result<()> {
    tx.prepare_cached("INSERT INTO device_group (account_id, name, created_at) VALUES ($1, $2, $3)")?
        .execute(params![account_id, name, now])?;
    Ok(())
}

pub fn rename(tx: &Tx, id: i64, name: &str) -> Result<()> {
    tx.prepare_cached("UPDATE device_group SET name = $2 WHERE id = $1")?.execute(params![id, name])?;
    Ok(())
}

/// With its settings. The caller has seen that no device is in it.
pub fn remove(tx: &Tx, id: i64) -> Result<()> {
    layers::store::clear(tx, Layer::Group, id)?;
    tx.prepare_cached("DELETE FROM device_group WHERE id = $1")?.execute([id])?;
    Ok(())
}

/// Every group's id, account and name.
pub fn names(conn: &Connection) -> Result<Vec<(i64, i64, String)>> {
    let mut statement = conn.prepare_cached("SELECT id, account_id, name FROM device_group")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}
