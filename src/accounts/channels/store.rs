//! The rows of consent.

use crate::accounts::store::AccountBrief;
use crate::db::{Connection, OptionalExtension, Result, Tx, params};

#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct Channel {
    pub id: i64,
    /// Who lets somebody in.
    pub account: AccountBrief,
    /// Who may work inside, once accepted. Before that, who offers it is told only the number.
    pub guest: AccountBrief,
    /// `offered`, `accepted` or `declined`.
    pub state: String,
    /// Why it was declined.
    pub reason: Option<String>,
    pub created_by: String,
    pub created_at: i64,
}

/// Those that an account has given and been given.
pub fn list(conn: &Connection, account_id: i64, id: Option<i64>) -> Result<Vec<Channel>> {
    let mut statement = conn.prepare_cached(
        "SELECT c.id, h.id, h.number, h.name, h.kind, g.id, g.number, g.name, g.kind, c.state, c.created_by, c.created_at,
                c.reason
         FROM channel c JOIN account h ON h.id = c.account_id JOIN account g ON g.id = c.guest_id
         WHERE (c.account_id = $1 OR c.guest_id = $1) AND ($2 IS NULL OR c.id = $2) ORDER BY c.id",
    )?;
    let rows = statement.query_map(params![account_id, id], |row| {
        let (host, state): (i64, String) = (row.get(1)?, row.get(9)?);
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
            guest: match brief(5)? {
                guest if host != account_id || state == "accepted" => guest,
                guest => AccountBrief { id: 0, name: String::new(), kind: String::new(), ..guest },
            },
            state,
            reason: row.get(12)?,
            created_by: row.get(10)?,
            created_at: row.get(11)?,
        })
    })?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

/// The account that is let in, or would be.
pub fn guest(conn: &Connection, id: i64) -> Result<i64> {
    Ok(conn.prepare_cached("SELECT guest_id FROM channel WHERE id = $1")?.query_row([id], |row| row.get(0))?)
}

/// The account with this number, where people can log in.
pub fn numbered(conn: &Connection, number: i64) -> Result<Option<i64>> {
    let sql = "SELECT id FROM account WHERE number = $1 AND enabled = 1";
    Ok(conn.prepare_cached(sql)?.query_row([number], |row| row.get(0)).optional()?)
}

/// Offers it, or again after it was declined. Answers the id.
pub fn offer(tx: &Tx, account_id: i64, guest_id: i64, by: &str, now: i64) -> Result<i64> {
    let id = tx.next_id("channel")?;
    let mut statement = tx.prepare_cached(
        "INSERT INTO channel (id, account_id, guest_id, state, created_by, created_at) VALUES ($1, $2, $3, 'offered', $4, $5)
         ON CONFLICT (account_id, guest_id) DO UPDATE SET state = 'offered', reason = NULL, created_by = excluded.created_by,
           created_at = excluded.created_at RETURNING id",
    )?;
    Ok(statement.query_row(params![id, account_id, guest_id, by, now], |row| row.get(0))?)
}

/// Whether it is offered or accepted.
pub fn exists(conn: &Connection, account_id: i64, guest_id: i64) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM channel WHERE account_id = $1 AND guest_id = $2 AND state <> 'declined')";
    Ok(conn.prepare_cached(sql)?.query_row(params![account_id, guest_id], |row| row.get(0))?)
}

pub fn decide(tx: &Tx, id: i64, state: &str, reason: Option<&str>) -> Result<()> {
    tx.prepare_cached("UPDATE channel SET state = $2, reason = $3 WHERE id = $1")?
        .execute(params![id, state, reason])?;
    Ok(())
}

/// Whoever is inside by it is out.
pub fn remove(tx: &Tx, channel: &Channel) -> Result<()> {
    let guest_id = guest(tx, channel.id)?;
    tx.prepare_cached("DELETE FROM channel WHERE id = $1")?.execute([channel.id])?;
    tx.prepare_cached(
        "DELETE FROM session WHERE acting_id = $1 AND user_id IN (SELECT id FROM users WHERE account_id = $2)",
    )?
    .execute(params![channel.account.id, guest_id])?;
    Ok(())
}
