//! The rows of invitations.

use crate::db::{Connection, OptionalExtension, Result, Tx, params};

#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct Invitation {
    pub id: i64,
    /// Was asked, if it is known here.
    pub email: String,
    pub created_by: String,
    pub created_at: i64,
    pub expires_at: i64,
}

pub fn list(conn: &Connection, account_id: i64, id: Option<i64>) -> Result<Vec<Invitation>> {
    let mut statement = conn.prepare_cached(
        "SELECT id, email, created_by, created_at, expires_at FROM invitation
         WHERE account_id = $1 AND ($2 IS NULL OR id = $2) ORDER BY id",
    )?;
    let rows = statement.query_map(params![account_id, id], |row| {
        Ok(Invitation {
            id: row.get(0)?,
            email: row.get(1)?,
            created_by: row.get(2)?,
            created_at: row.get(3)?,
            expires_at: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

/// In the place of one to the same address: the link before is worth nothing any more.
pub fn put(tx: &Tx, account_id: i64, email: &str, hash: &[u8; 32], by: &str, now: i64) -> Result<i64> {
    let id = tx.next_id("invitation")?;
    tx.prepare_cached("DELETE FROM invitation WHERE account_id = $1 AND email = $2")?
        .execute(params![account_id, email])?;
    tx.prepare_cached(
        "INSERT INTO invitation (id, account_id, email, hash, created_by, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )?
    .execute(params![id, account_id, email, hash, by, now, now + super::LIFE])?;
    Ok(id)
}

/// Besides one to this address, which makes room. Those that nobody opened in time go.
pub fn count(tx: &Tx, account_id: i64, email: &str, now: i64) -> Result<i64> {
    tx.prepare_cached("DELETE FROM invitation WHERE account_id = $1 AND expires_at <= $2")?
        .execute(params![account_id, now])?;
    let sql = "SELECT count(*) FROM invitation WHERE account_id = $1 AND email <> $2";
    Ok(tx.prepare_cached(sql)?.query_row(params![account_id, email], |row| row.get(0))?)
}

/// The account, enabled and another one than `but`, in which somebody with this address may do everything.
pub fn known(conn: &Connection, email: &str, but: i64) -> Result<Option<i64>> {
    let sql = "SELECT a.id FROM users u JOIN account a ON a.id = u.account_id
               WHERE u.email_key = $1 AND u.role_id = 1 AND u.frozen = 0 AND a.enabled = 1 AND a.id <> $2 LIMIT 1";
    Ok(conn.prepare_cached(sql)?.query_row(params![email.to_lowercase(), but], |row| row.get(0)).optional()?)
}

/// The account that a link of this hash opens.
pub fn open(conn: &Connection, hash: &[u8; 32], now: i64) -> Result<Option<(i64, i64)>> {
    let sql = "SELECT i.id, i.account_id FROM invitation i JOIN account a ON a.id = i.account_id
               WHERE i.hash = $1 AND i.expires_at > $2 AND a.enabled = 1";
    let found = conn.prepare_cached(sql)?.query_row(params![hash, now], |row| Ok((row.get(0)?, row.get(1)?)));
    Ok(found.optional()?)
}

pub fn remove(tx: &Tx, id: i64) -> Result<()> {
    tx.prepare_cached("DELETE FROM invitation WHERE id = $1")?.execute([id])?;
    Ok(())
}
