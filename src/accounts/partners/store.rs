//! The rows of links.

use crate::accounts::Kind;
use crate::accounts::store::AccountBrief;
use crate::db::{Connection, OptionalExtension, Result, Tx, params};

#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct AccountLink {
    pub id: i64,
    pub provider: AccountBrief,
    pub reseller: AccountBrief,
    /// The id of the account that asked.
    pub asked_by: i64,
    /// `waiting`, `linked`, `declined`.
    pub state: String,
    pub created_at: i64,
    pub decided_at: Option<i64>,
}

pub fn list(conn: &Connection, account_id: i64, id: Option<i64>) -> Result<Vec<AccountLink>> {
    let mut statement = conn.prepare_cached(
        "SELECT l.id, p.id, p.number, p.name, p.kind, r.id, r.number, r.name, r.kind, l.asked_by, l.state, l.created_at,
                l.decided_at
         FROM account_link l JOIN account p ON p.id = l.provider_id JOIN account r ON r.id = l.reseller_id
         WHERE (l.provider_id = $1 OR l.reseller_id = $1) AND ($2 IS NULL OR l.id = $2) ORDER BY l.id",
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
        Ok(AccountLink {
            id: row.get(0)?,
            provider: brief(1)?,
            reseller: brief(5)?,
            asked_by: row.get(9)?,
            state: row.get(10)?,
            created_at: row.get(11)?,
            decided_at: row.get(12)?,
        })
    })?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

/// The account of this kind with this link id.
pub fn with_link_id(conn: &Connection, link_id: &str, kind: Kind) -> Result<Option<i64>> {
    let sql = "SELECT id FROM account WHERE link_id = $1 AND kind = $2 AND enabled = 1";
    Ok(conn.prepare_cached(sql)?.query_row(params![link_id, kind.word()], |row| row.get(0)).optional()?)
}

/// Asks, or asks again after it was declined. Answers the id, unless it waits or is linked already.
pub fn ask(tx: &Tx, provider_id: i64, reseller_id: i64, asked_by: i64, now: i64) -> Result<Option<i64>> {
    let id = tx.next_id("account_link")?;
    let mut statement = tx.prepare_cached(
        "INSERT INTO account_link (id, provider_id, reseller_id, asked_by, state, created_at)
         VALUES ($1, $2, $3, $4, 'waiting', $5)
         ON CONFLICT (provider_id, reseller_id) DO UPDATE SET asked_by = excluded.asked_by, state = 'waiting',
           created_at = excluded.created_at, decided_at = NULL WHERE account_link.state = 'declined' RETURNING id",
    )?;
    Ok(statement.query_row(params![id, provider_id, reseller_id, asked_by, now], |row| row.get(0)).optional()?)
}

pub fn decide(tx: &Tx, id: i64, state: &str, now: i64) -> Result<()> {
    tx.prepare_cached("UPDATE account_link SET state = $2, decided_at = $3 WHERE id = $1")?
        .execute(params![id, state, now])?;
    Ok(())
}

pub fn remove(tx: &Tx, id: i64) -> Result<()> {
    tx.prepare_cached("DELETE FROM account_link WHERE id = $1")?.execute([id])?;
    Ok(())
}
