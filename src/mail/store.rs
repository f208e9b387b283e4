//! The queue.

use super::{Letter, line};
use crate::db::{Connection, OptionalExtension, Result, Row, Tx, params};
use crate::notify;
use crate::seal::Keyring;

/// Between two tries: a moment, then longer and longer. After the last one it has failed, and an alarm tells it.
pub const WAITS_MS: [i64; 7] = [60_000, 300_000, 900_000, 3_600_000, 4 * 3_600_000, 8 * 3_600_000, 12 * 3_600_000];
/// What was sent is shown this long.
const KEPT_MS: i64 = 30 * 86_400_000;

pub fn place(id: i64) -> String {
    format!("mail.body/{id}")
}

/// Sent as soon as the mail server takes it. False: too many of the account wait already; an alarm tells it (T99, F27).
pub fn queue(tx: &Tx, keys: &Keyring, letter: &Letter, now: i64) -> Result<bool> {
    if waiting(tx, letter.account_id)? >= MOST_WAITING {
        notify::full(tx, letter.account_id, "mail", &queue_of(letter.account_id), now)?;
        return Ok(false);
    }
    let id = tx.next_id("mail")?;
    let sealed = keys.seal(&place(id), letter.body.as_bytes())?;
    tx.prepare_cached(
        "INSERT INTO mail (id, account_id, kind, recipient, subject, body_sealed, next_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
    )?
    .execute(params![id, letter.account_id, letter.kind, letter.recipient, line(&letter.subject), sealed, now])?;
    Ok(true)
}

#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct Queued {
    pub id: i64,
    #[serde(skip)]
    pub account_id: i64,
    pub kind: String,
    pub recipient: String,
    pub subject: String,
    /// `waiting`, `sent` or `failed`.
    pub state: String,
    /// Tries so far.
    pub attempts: i64,
    /// The next try, while it waits.
    pub next_at: Option<i64>,
    /// What the mail server said the last time.
    pub error: Option<String>,
    pub created_at: i64,
    pub done_at: Option<i64>,
}

const COLUMNS: &str = "id, account_id, kind, recipient, subject, state, attempts, next_at, error, created_at, done_at";

fn queued(row: &Row) -> Result<Queued> {
    let state: String = row.get(5)?;
    Ok(Queued {
        id: row.get(0)?,
        account_id: row.get(1)?,
        kind: row.get(2)?,
        recipient: row.get(3)?,
        subject: row.get(4)?,
        attempts: row.get(6)?,
        next_at: if state == "waiting" { row.get(7)? } else { None },
        state,
        error: row.get(8)?,
        created_at: row.get(9)?,
        done_at: row.get(10)?,
    })
}

/// The newest first.
pub fn list(conn: &Connection, account_id: i64, before: i64, rows: u32) -> Result<Vec<Queued>> {
    let sql = format!("SELECT {COLUMNS} FROM mail WHERE account_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3");
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query(params![account_id, before, rows])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(queued(row)?);
    }
    Ok(found)
}

/// No more mails of one account than this wait: a mail server that is away must not fill the disk (T99, F27).
pub const MOST_WAITING: i64 = 1_000;

/// What the alarm is about when too many wait.
pub fn queue_of(account_id: i64) -> String {
    format!("mail queue {account_id}")
}

/// How many of an account's mails wait.
pub fn waiting(conn: &Connection, account_id: i64) -> Result<i64> {
    let sql = "SELECT count(*) FROM mail WHERE state = 'waiting' AND account_id = $1";
    Ok(conn.prepare_cached(sql)?.query_row([account_id], |row| row.get(0))?)
}

/// The mail whose turn it is, and its text.
pub fn due(conn: &Connection, keys: &Keyring, now: i64) -> Result<Option<(Queued, String)>> {
    let sql = format!(
        "SELECT {COLUMNS}, body_sealed FROM mail WHERE state = 'waiting' AND next_at <= $1 ORDER BY next_at, id LIMIT 1"
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query([now])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let (mail, sealed): (Queued, Vec<u8>) = (queued(row)?, row.get(11)?);
    let body = keys.open_bytes(&place(mail.id), &sealed)?;
    Ok(Some((mail, String::from_utf8_lossy(&body).into_owned())))
}

pub fn sent(tx: &Tx, id: i64, now: i64) -> Result<()> {
    let sql = "UPDATE mail SET state = 'sent', attempts = attempts + 1, error = NULL, done_at = $2 WHERE id = $1";
    tx.prepare_cached(sql)?.execute(params![id, now])?;
    Ok(())
}

/// It comes again later, or never. True: this was the last try.
pub fn not_sent(tx: &Tx, id: i64, error: &str, for_good: bool, now: i64) -> Result<bool> {
    let tries: Option<i64> =
        tx.prepare_cached("SELECT attempts FROM mail WHERE id = $1")?.query_row([id], |row| row.get(0)).optional()?;
    let wait = tries.and_then(|tries| WAITS_MS.get(usize::try_from(tries).ok()?)).filter(|_| !for_good);
    let (state, next) = wait.map_or(("failed", now), |wait| ("waiting", now + wait));
    tx.prepare_cached(
        "UPDATE mail SET state = $2, attempts = attempts + 1, error = $3, next_at = $4,
             done_at = CASE WHEN $2 = 'failed' THEN $5 END WHERE id = $1",
    )?
    .execute(params![id, state, line(error), next, now])?;
    Ok(wait.is_none())
}

/// Tries it again now. False: there is none that was not sent.
pub fn retry(tx: &Tx, account_id: i64, id: i64, now: i64) -> Result<bool> {
    let sql = "UPDATE mail SET state = 'waiting', attempts = 0, next_at = $3, done_at = NULL
               WHERE id = $2 AND account_id = $1 AND state <> 'sent'";
    Ok(tx.prepare_cached(sql)?.execute(params![account_id, id, now])? > 0)
}

/// Forgets one that was not sent.
pub fn remove(tx: &Tx, account_id: i64, id: i64) -> Result<bool> {
    let sql = "DELETE FROM mail WHERE id = $2 AND account_id = $1 AND state <> 'sent'";
    Ok(tx.prepare_cached(sql)?.execute(params![account_id, id])? > 0)
}

pub fn prune(tx: &Tx, now: i64) -> Result<()> {
    tx.prepare_cached("DELETE FROM mail WHERE done_at < $1")?.execute([now - KEPT_MS])?;
    Ok(())
}
