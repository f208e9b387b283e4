//! Events, and who wants to hear of them.

use super::Kind;
use crate::db::{Connection, OptionalExtension, Result, Tx, params};
use serde_json::Value;

/// Events are kept this long once they were told: for the deliveries that are still tried, and for who asks again.
const KEPT_MS: i64 = 30 * 86_400_000;

#[derive(Debug, Clone)]
pub struct Event {
    pub id: i64,
    pub account_id: i64,
    pub kind: String,
    pub object: String,
    pub text: String,
    pub data: String,
    pub at: i64,
}

/// In the transaction of what happened. `text` is a sentence for people, `data` the same for programs; neither holds a
/// secret.
pub fn tell(tx: &Tx, account_id: i64, kind: Kind, object: &str, text: &str, data: &Value, now: i64) -> Result<()> {
    let sql = "INSERT INTO event (account_id, kind, object, text, data, at) VALUES ($1, $2, $3, $4, $5, $6)";
    tx.prepare_cached(sql)?.execute(params![account_id, kind.word(), object, text, data.to_string(), now])?;
    Ok(())
}

/// An event that only one webhook is sent. Answers its id.
pub fn test(tx: &Tx, account_id: i64, kind: Kind, text: &str, data: &Value, now: i64) -> Result<i64> {
    let id = tx.next_id("event")?;
    tell(tx, account_id, kind, "test", text, data, now)?;
    told(tx, id)?;
    Ok(id)
}

fn events(conn: &Connection, condition: &str, value: i64) -> Result<Vec<Event>> {
    let sql = format!("SELECT id, account_id, kind, object, text, data, at FROM event WHERE {condition}");
    let mut statement = conn.prepare_cached(&sql)?;
    let rows = statement.query_map([value], |row| {
        Ok(Event {
            id: row.get(0)?,
            account_id: row.get(1)?,
            kind: row.get(2)?,
            object: row.get(3)?,
            text: row.get(4)?,
            data: row.get(5)?,
            at: row.get(6)?,
        })
    })?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

/// The oldest first.
pub fn untold(conn: &Connection, rows: u32) -> Result<Vec<Event>> {
    events(conn, "told = 0 ORDER BY id LIMIT $1", rows.into())
}

pub fn event(conn: &Connection, id: i64) -> Result<Option<Event>> {
    Ok(events(conn, "id = $1", id)?.pop())
}

pub fn told(tx: &Tx, id: i64) -> Result<()> {
    tx.prepare_cached("UPDATE event SET told = 1 WHERE id = $1")?.execute([id])?;
    Ok(())
}

pub fn prune(tx: &Tx, now: i64) -> Result<()> {
    tx.prepare_cached("DELETE FROM event WHERE told = 1 AND at < $1")?.execute([now - KEPT_MS])?;
    Ok(())
}

/// Who gets an account's mails, and the kinds it does without. AVA-058: nothing said means every kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wishes {
    pub recipients: Vec<String>,
    pub off: Vec<String>,
}

pub fn wishes(conn: &Connection, account_id: i64) -> Result<Wishes> {
    let mut statement = conn.prepare_cached("SELECT recipients, off FROM notification WHERE account_id = $1")?;
    let found: Option<(String, String)> =
        statement.query_row([account_id], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
    Ok(found.map_or_else(Wishes::default, |(to, off)| Wishes { recipients: words(&to), off: words(&off) }))
}

pub fn set_wishes(tx: &Tx, account_id: i64, wishes: &Wishes) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO notification (account_id, recipients, off) VALUES ($1, $2, $3)
         ON CONFLICT (account_id) DO UPDATE SET recipients = excluded.recipients, off = excluded.off",
    )?
    .execute(params![account_id, wishes.recipients.join(" "), wishes.off.join(" ")])?;
    Ok(())
}

/// Whose mails of this kind an account's event becomes.
pub fn recipients(conn: &Connection, account_id: i64, kind: &str) -> Result<Vec<String>> {
    let wishes = wishes(conn, account_id)?;
    Ok(if wishes.off.iter().any(|off| off == kind) { Vec::new() } else { wishes.recipients })
}
