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
    /// Of the other account; null once that has declined.
    pub link_id: Option<String>,
    pub created_at: i64,
    pub decided_at: Option<i64>,
}

pub fn list(conn: &Connection, account_id: i64, id: Option<i64>) -> Result<Vec<AccountLink>> {
    let mut statement = conn.prepare_cached(
        "SELECT l.id, p.id, p.number, p.name, p.kind, r.id, r.number, r.name, r.kind, l.asked_by, l.state, l.created_at,
                l.decided_at, CASE WHEN l.state = 'declined' AND l.asked_by = $1 THEN NULL WHEN p.id = $1 THEN r.link_id ELSE p.link_id END
         FROM account_link l JOIN account p ON p.id = l.provider_id JOIN account r ON r.id = l.reseller_id
         WHERE (l.provider_id = $1 OR l.reseller_id = $1) AND ($2 IS NULL OR l.id = $2) ORDER BY l.id",
    )?;
    let rows = statement.query_map(params![account_id, id], |row| {
        let (asked_by, state): (i64, String) = (row.get(9)?, row.get(10)?);
        let brief = |at: usize| {
            let brief = AccountBrief {
                id: row.get(at)?,
                number: row.get(at + 1)?,
                name: row.get(at + 2)?,
                kind: row.get(at + 3)?,
            };
            // Who only guessed a link id learns nothing by it.
            let hidden = brief.id != account_id && asked_by == account_id && state != "linked";
            let nobody = AccountBrief { id: 0, number: 0, name: String::new(), kind: brief.kind.clone() };
            Ok::<_, crate::db::RowError>(if hidden { nobody } else { brief })
        };
        Ok(AccountLink {
            id: row.get(0)?,
            provider: brief(1)?,
            reseller: brief(5)?,
            asked_by,
            state: state.clone(),
            link_id: row.get(13)?,
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

/// The accounts of a link: the provider's, the reseller's.
pub fn sides(conn: &Connection, id: i64) -> Result<(i64, i64)> {
    let sql = "SELECT provider_id, reseller_id FROM account_link WHERE id = $1";
    Ok(conn.prepare_cached(sql)?.query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

/// Whether a provider and a reseller are linked.
pub fn are_linked(conn: &Connection, provider_id: i64, reseller_id: i64) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM account_link
                 WHERE provider_id = $1 AND reseller_id = $2 AND state = 'linked')";
    Ok(conn.prepare_cached(sql)?.query_row(params![provider_id, reseller_id], |row| row.get(0))?)
}

pub fn remove(tx: &Tx, id: i64) -> Result<()> {
    tx.prepare_cached("DELETE FROM account_link WHERE id = $1")?.execute([id])?;
    Ok(())
}
