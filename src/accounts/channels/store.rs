//! The rows of consent.

use crate::accounts::store::AccountBrief;
use crate::db::{Connection, OptionalExtension, Result, Tx, params};

#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct Channel {
    pub id: i64,
    /// Who lets somebody in.
    pub account: AccountBrief,
    /// Who may work inside, once accepted.
    pub guest: AccountBrief,
    /// `offered` or `accepted`.
    pub state: String,
    pub created_by: String,
    pub created_at: i64,
}

/// Those that an account has given and been given.
pub fn list(conn: &Connection, account_id: i64, id: Option<i64>) -> Result<Vec<Channel>> {
    let mut statement = conn.prepare_cached(
        "SELECT c.id, h.id, h.number, h.name, h.kind, g.id, g.number, g.name, g.kind, c.state, c.created_by, c.created_at
         FROM channel c JOIN account h ON h.id = c.account_id JOIN account g ON g.id = c.guest_id
         WHERE (c.account_id = $1 OR c.guest_id = $1) AND ($2 IS NULL OR c.id = $2) ORDER BY c.id",
    )?;
    let rows = statement.query_map(params![account_id, id], |row| {
        let brief = |at: usize| {
            Ok::<_, crate::db::RowError>(AccountBrief {
                id: row.get(at)?,
                number: row.get(at + 1)?,
                name: row.get(at + 2)?,
                kind: row.get(at + 3)?,
            })
        };
        Ok(Channel {
            id: row.get(0)?,
            account: brief(1)?,
            guest: brief(5)?,
            state: row.get(9)?,
            created_by: row.get(10)?,
            created_at: row.get(11)?,
        })
    })?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

/// The account with this number, where people can log in.
pub fn numbered(conn: &Connection, number: i64) -> Result<Option<i64>> {
    let sql = "SELECT id FROM account WHERE number = $1 AND enabled = 1";
    Ok(conn.prepare_cached(sql)?.query_row([number], |row| row.get(0)).optional()?)
}

pub fn offer(tx: &Tx, account_id: i64, guest_id: i64, by: &str, now: i64) -> Result<i64> {
    let id = tx.next_id("channel")?;
    tx.prepare_cached(
        "INSERT INTO channel (id, account_id, guest_id, state, created_by, created_at) VALUES ($1, $2, $3, 'offered', $4, $5)",
    )?
    .execute(params![id, account_id, guest_id, by, now])?;
    Ok(id)
}

pub fn exists(conn: &Connection, account_id: i64, guest_id: i64) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM channel WHERE account_id = $1 AND guest_id = $2)";
    Ok(conn.prepare_cached(sql)?.query_row(params![account_id, guest_id], |row| row.get(0))?)
}

pub fn accept(tx: &Tx, id: i64) -> Result<()> {
    tx.prepare_cached("UPDATE channel SET state = 'accepted' WHERE id = $1")?.execute([id])?;
    Ok(())
}

/// Whoever is inside by it is out.
pub fn remove(tx: &Tx, channel: &Channel) -> Result<()> {
    tx.prepare_cached("DELETE FROM channel WHERE id = $1")?.execute([channel.id])?;
    tx.prepare_cached(
        "DELETE FROM session WHERE acting_id = $1 AND user_id IN (SELECT id FROM users WHERE account_id = $2)",
    )?
    .execute(params![channel.account.id, channel.guest.id])?;
    Ok(())
}
