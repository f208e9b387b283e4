//! The audit rows.

use crate::db::{Connection, Result, Tx, params};
use crate::users::Actor;

/// Longest detail that is kept.
const LONGEST: usize = 2_000;

/// `action` is `device.add`; `object` its name for people; `detail` what about it, without secrets.
pub fn write(
    tx: &Tx,
    actor: &Actor,
    action: &str,
    object: impl ToString,
    detail: Option<String>,
    now: i64,
) -> Result<()> {
    note(tx, actor.account_id, actor.name, action, object, detail, now)
}

/// The same for who is no person: a device that was given a certificate.
pub fn note(
    tx: &Tx,
    account_id: i64,
    actor: &str,
    action: &str,
    object: impl ToString,
    detail: Option<String>,
    now: i64,
) -> Result<()> {
    let tame = |text: String| -> String {
        text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).take(LONGEST).collect()
    };
    tx.prepare_cached(
        "INSERT INTO audit (account_id, at, actor, action, object, detail) VALUES ($1, $2, $3, $4, $5, $6)",
    )?
    .execute(params![account_id, now, actor, action, tame(object.to_string()), detail.map(tame)])?;
    Ok(())
}

#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct Entry {
    pub id: i64,
    /// Milliseconds since 1970-01-01 UTC.
    pub at: i64,
    /// `console` or `api-token`.
    pub actor: String,
    pub action: String,
    pub object: String,
    pub detail: Option<String>,
}

/// When the last change was made, whatever the clock says now.
pub fn last_at(conn: &Connection) -> Result<i64> {
    let sql = "SELECT coalesce((SELECT at FROM audit ORDER BY id DESC LIMIT 1), 0)";
    Ok(conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

/// The newest first.
pub fn list(conn: &Connection, account_id: i64, object: Option<&str>, before: i64, rows: u32) -> Result<Vec<Entry>> {
    let mut statement = conn.prepare_cached(
        "SELECT id, at, actor, action, object, detail FROM audit
         WHERE account_id = $1 AND id < $2 AND ($3 IS NULL OR object = $3) ORDER BY id DESC LIMIT $4",
    )?;
    let entries = statement.query_map(params![account_id, before, object, rows], |row| {
        Ok(Entry {
            id: row.get(0)?,
            at: row.get(1)?,
            actor: row.get(2)?,
            action: row.get(3)?,
            object: row.get(4)?,
            detail: row.get(5)?,
        })
    })?;
    Ok(entries.collect::<std::result::Result<_, _>>()?)
}
