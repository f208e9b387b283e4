//! The rows of authorities: what there is, and what a roll-over makes of it.

use crate::ca::authority::State;
use crate::db::{BOX_ACCOUNT, Connection, OptionalExtension, Result, Tx, params};

pub fn authority_key_place(id: i64) -> String {
    format!("authority.key/{id}")
}

pub struct AuthorityRow {
    pub id: i64,
    pub parent_id: Option<i64>,
    pub issues: bool,
    pub state: State,
    pub origin: String,
    pub certificate: Vec<u8>,
    pub key_sealed: Option<Vec<u8>>,
    pub created_at: i64,
    /// A root's: its key, certified by the root before it.
    pub crossed: Option<Vec<u8>>,
}

pub fn authorities(conn: &Connection) -> Result<Vec<AuthorityRow>> {
    let mut statement = conn.prepare(
        "SELECT id, parent_id, issues, state, origin, certificate, key_sealed, created_at, crossed
         FROM authority ORDER BY id",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(AuthorityRow {
            id: row.get(0)?,
            parent_id: row.get(1)?,
            issues: row.get(2)?,
            state: State::of_word(&row.get::<_, String>(3)?),
            origin: row.get(4)?,
            certificate: row.get(5)?,
            key_sealed: row.get(6)?,
            created_at: row.get(7)?,
            crossed: row.get(8)?,
        })
    })?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

pub fn insert_authority(tx: &Tx, row: &AuthorityRow) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO authority (id, account_id, parent_id, issues, state, origin, certificate, key_sealed, created_at,
             crossed)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )?
    .execute(params![
        row.id,
        BOX_ACCOUNT,
        row.parent_id,
        row.issues,
        row.state.word(),
        row.origin,
        row.certificate,
        row.key_sealed,
        row.created_at,
        row.crossed
    ])?;
    Ok(())
}

/// No root is certified by another any more. Whether one was.
pub fn forget_crossings(tx: &Tx) -> Result<bool> {
    let sql = "UPDATE authority SET crossed = NULL WHERE crossed IS NOT NULL AND state = 'current'";
    Ok(tx.prepare_cached(sql)?.execute([])? > 0)
}

/// The next authorities become the current ones, those the old ones.
pub fn switch(tx: &Tx) -> Result<()> {
    tx.prepare_cached("UPDATE authority SET state = 'old' WHERE state = 'current'")?.execute([])?;
    tx.prepare_cached("UPDATE authority SET state = 'current' WHERE state = 'next'")?.execute([])?;
    // What stands above the current ones may have been current before.
    tx.prepare_cached(
        "WITH RECURSIVE above (id) AS (
             SELECT parent_id FROM authority WHERE state = 'current'
             UNION SELECT authority.parent_id FROM authority JOIN above ON authority.id = above.id)
         UPDATE authority SET state = 'current' WHERE id IN (SELECT id FROM above)",
    )?
    .execute([])?;
    Ok(())
}

/// The id of an authority that is here already. An old one is given to phones again.
pub fn bring_back(tx: &Tx, certificate: &[u8]) -> Result<Option<i64>> {
    let mut statement = tx.prepare_cached(
        "UPDATE authority SET state = CASE WHEN state = 'old' THEN 'next' ELSE state END WHERE certificate = $1 RETURNING id",
    )?;
    Ok(statement.query_row([certificate], |row| row.get(0)).optional()?)
}

/// Forgets authorities that have signed nothing yet, the lower ones first.
pub fn remove_next(tx: &Tx) -> Result<()> {
    let mut remove = tx.prepare_cached(
        "DELETE FROM authority WHERE state = 'next' AND id NOT IN
             (SELECT parent_id FROM authority WHERE parent_id IS NOT NULL)",
    )?;
    while remove.execute([])? > 0 {}
    tx.prepare_cached("UPDATE authority SET state = 'old' WHERE state = 'next'")?.execute([])?;
    Ok(())
}

pub fn set_key(tx: &Tx, id: i64, sealed: Option<&[u8]>) -> Result<()> {
    tx.prepare_cached("UPDATE authority SET key_sealed = $2 WHERE id = $1")?.execute(params![id, sealed])?;
    Ok(())
}
