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

/// Whose mails an event becomes. Where nobody was named, the account's own administrators (AVA-059); what is about a
/// user's password goes to that user as well (AVA-064).
pub fn recipients(conn: &Connection, account_id: i64, kind: &str, object: &str) -> Result<Vec<String>> {
    let wishes = wishes(conn, account_id)?;
    if wishes.off.iter().any(|off| off == kind) {
        return Ok(Vec::new());
    }
    let mut to = wishes.recipients;
    if to.is_empty() {
        to = administrators(conn, account_id)?;
    }
    if kind == Kind::PasswordChanged.word() {
        to.extend(user(conn, object)?);
    }
    let mut seen = std::collections::HashSet::new();
    to.retain(|address| seen.insert(address.to_lowercase()));
    Ok(to)
}

/// Who hears of an account's events while nobody was named: its own address, else its users who may do everything.
pub fn administrators(conn: &Connection, account_id: i64) -> Result<Vec<String>> {
    const MOST: i64 = 20;
    let mut own = conn.prepare_cached("SELECT email FROM account WHERE id = $1 AND email <> ''")?;
    if let Some(address) = own.query_row([account_id], |row| row.get(0)).optional()? {
        return Ok(vec![address]);
    }
    let mut statement = conn.prepare_cached(
        "SELECT u.email FROM users u JOIN role r ON r.id = u.role_id
         WHERE u.account_id = $1 AND r.everything = 1 AND u.frozen = 0 AND u.password_hash IS NOT NULL AND u.email <> ''
         ORDER BY u.id LIMIT $2",
    )?;
    let found = statement.query_map([account_id, MOST], |row| row.get(0))?;
    Ok(found.collect::<std::result::Result<_, _>>()?)
}

fn user(conn: &Connection, login: &str) -> Result<Option<String>> {
    let mut statement = conn.prepare_cached("SELECT email FROM users WHERE login_key = $1 AND email <> ''")?;
    Ok(statement.query_row([login.to_lowercase()], |row| row.get(0)).optional()?)
}
