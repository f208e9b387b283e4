//! Webhooks, and what is on its way to them.

use crate::db::{Connection, OptionalExtension, Result, Row, Tx, params};
use crate::notify::{self, store::Event};
use crate::seal::Keyring;
use crate::settings::Secret;

/// Between two tries. After the last one a delivery is given up.
pub const WAITS_MS: [i64; 8] =
    [10_000, 60_000, 300_000, 900_000, 3_600_000, 4 * 3_600_000, 8 * 3_600_000, 12 * 3_600_000];

#[derive(Debug, Clone)]
pub struct Webhook {
    pub id: i64,
    pub url: String,
    /// Empty: all.
    pub kinds: Vec<String>,
    pub enabled: bool,
    pub created_at: i64,
    pub updated_at: i64,
}

pub fn place(id: i64) -> String {
    format!("webhook.secret/{id}")
}

fn webhook(row: &Row) -> Result<Webhook> {
    Ok(Webhook {
        id: row.get(0)?,
        url: row.get(1)?,
        kinds: row.get::<_, String>(2)?.split_whitespace().map(str::to_owned).collect(),
        enabled: row.get(3)?,
        created_at: row.get(4)?,
        updated_at: row.get(5)?,
    })
}

pub fn all(conn: &Connection, account_id: i64) -> Result<Vec<Webhook>> {
    let sql = "SELECT id, url, kinds, enabled, created_at, updated_at FROM webhook WHERE account_id = $1 ORDER BY id";
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query([account_id])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(webhook(row)?);
    }
    Ok(found)
}

pub fn one(conn: &Connection, account_id: i64, id: i64) -> Result<Option<Webhook>> {
    Ok(all(conn, account_id)?.into_iter().find(|hook| hook.id == id))
}

pub fn add(tx: &Tx, keys: &Keyring, account_id: i64, hook: &Webhook, secret: &Secret) -> Result<()> {
    let sealed = keys.seal(&place(hook.id), secret.reveal().as_bytes())?;
    tx.prepare_cached(
        "INSERT INTO webhook (id, account_id, url, kinds, enabled, secret_sealed, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
    )?
    .execute(params![
        hook.id,
        account_id,
        hook.url,
        hook.kinds.join(" "),
        hook.enabled,
        sealed,
        hook.created_at
    ])?;
    Ok(())
}

pub fn change(tx: &Tx, account_id: i64, hook: &Webhook) -> Result<()> {
    let sql =
        "UPDATE webhook SET url = $3, kinds = $4, enabled = $5, updated_at = $6 WHERE id = $2 AND account_id = $1";
    tx.prepare_cached(sql)?.execute(params![
        account_id,
        hook.id,
        hook.url,
        hook.kinds.join(" "),
        hook.enabled,
        hook.updated_at
    ])?;
    // An API key shows where its events go.
    let sql = "UPDATE api_key SET callback = $3 WHERE account_id = $1 AND id = (SELECT api_key_id FROM webhook WHERE id = $2)";
    tx.prepare_cached(sql)?.execute(params![account_id, hook.id, hook.url])?;
    Ok(())
}

pub fn remove(tx: &Tx, account_id: i64, id: i64) -> Result<bool> {
    // An API key's callback address goes with it, so that the key does not show what is not there.
    let sql = "UPDATE api_key SET callback = NULL WHERE account_id = $1 AND id = (SELECT api_key_id FROM webhook WHERE id = $2)";
    tx.prepare_cached(sql)?.execute(params![account_id, id])?;
    let sql = "DELETE FROM webhook WHERE id = $2 AND account_id = $1";
    Ok(tx.prepare_cached(sql)?.execute(params![account_id, id])? > 0)
}

/// Whether an API key has its webhook already.
pub fn has_key(conn: &Connection, key_id: i64) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM webhook WHERE api_key_id = $1)";
    Ok(conn.prepare_cached(sql)?.query_row([key_id], |row| row.get(0))?)
}

/// The callback address of an API key: it has one, and everything goes there.
pub fn put_of_key(
    tx: &Tx,
    keys: &Keyring,
    account_id: i64,
    key_id: i64,
    url: &str,
    secret: &Secret,
    now: i64,
) -> Result<()> {
    let sql = "SELECT id FROM webhook WHERE api_key_id = $1";
    let known: Option<i64> = tx.prepare_cached(sql)?.query_row([key_id], |row| row.get(0)).optional()?;
    let id = known.map_or_else(|| tx.next_id("webhook"), Ok)?;
    let sealed = keys.seal(&place(id), secret.reveal().as_bytes())?;
    tx.prepare_cached(
        "INSERT INTO webhook (id, account_id, url, kinds, secret_sealed, created_at, updated_at, api_key_id)
         VALUES ($1, $2, $3, '', $4, $5, $5, $6)
         ON CONFLICT (id) DO UPDATE SET url = excluded.url, secret_sealed = excluded.secret_sealed, updated_at = excluded.updated_at",
    )?
    .execute(params![id, account_id, url, sealed, now, key_id])?;
    Ok(())
}

pub fn remove_of_key(tx: &Tx, key_id: i64) -> Result<()> {
    tx.prepare_cached("DELETE FROM webhook WHERE api_key_id = $1")?.execute([key_id])?;
    Ok(())
}

/// A delivery for each webhook of the event's account that wants its kind.
pub fn deliver(tx: &Tx, event: &Event, now: i64) -> Result<()> {
    for hook in all(tx, event.account_id)? {
        if !hook.enabled || !(hook.kinds.is_empty() || hook.kinds.contains(&event.kind)) {
            continue;
        }
        if waiting(tx, hook.id)? >= MOST_WAITING {
            notify::full(tx, event.account_id, "webhook", &named(hook.id), now)?;
            continue;
        }
        deliver_to(tx, event.account_id, hook.id, event.id, now)?;
    }
    Ok(())
}

/// No more deliveries than this wait for one webhook: a program that is away must not fill the disk (T99, F27).
pub const MOST_WAITING: i64 = 1_000;

fn waiting(conn: &Connection, hook: i64) -> Result<i64> {
    let sql = "SELECT count(*) FROM webhook_delivery WHERE state = 'waiting' AND webhook_id = $1";
    Ok(conn.prepare_cached(sql)?.query_row([hook], |row| row.get(0))?)
}

/// As alarms and people call one.
pub fn named(id: i64) -> String {
    format!("webhook {id}")
}

pub fn deliver_to(tx: &Tx, account_id: i64, webhook_id: i64, event_id: i64, now: i64) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO webhook_delivery (account_id, webhook_id, event_id, next_at, created_at)
         VALUES ($1, $2, $3, $4, $4)",
    )?
    .execute(params![account_id, webhook_id, event_id, now])?;
    Ok(())
}

#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct Delivery {
    pub id: i64,
    pub event_id: i64,
    pub kind: String,
    pub object: String,
    /// `waiting`, `sent` or `failed`.
    pub state: String,
    pub attempts: i64,
    /// The next try, while it waits.
    pub next_at: Option<i64>,
    /// HTTP status of the last answer.
    pub status: Option<i64>,
    pub error: Option<String>,
    pub created_at: i64,
    pub done_at: Option<i64>,
}

/// The newest first.
pub fn deliveries(conn: &Connection, account_id: i64, hook: i64, before: i64, rows: u32) -> Result<Vec<Delivery>> {
    let mut statement = conn.prepare_cached(
        "SELECT d.id, d.event_id, e.kind, e.object, d.state, d.attempts, d.next_at, d.status, d.error, d.created_at, d.done_at
         FROM webhook_delivery d JOIN event e ON e.id = d.event_id
         WHERE d.account_id = $1 AND d.webhook_id = $2 AND d.id < $3 ORDER BY d.id DESC LIMIT $4",
    )?;
    let rows = statement.query_map(params![account_id, hook, before, rows], |row| {
        let state: String = row.get(4)?;
        Ok(Delivery {
            id: row.get(0)?,
            event_id: row.get(1)?,
            kind: row.get(2)?,
            object: row.get(3)?,
            attempts: row.get(5)?,
            next_at: if state == "waiting" { row.get(6)? } else { None },
            state,
            status: row.get(7)?,
            error: row.get(8)?,
            created_at: row.get(9)?,
            done_at: row.get(10)?,
        })
    })?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

/// A delivery whose turn it is.
#[derive(Debug, Clone)]
pub struct Due {
    pub id: i64,
    pub account_id: i64,
    pub webhook_id: i64,
    pub event_id: i64,
    pub url: String,
    pub secret: Secret,
}

/// Those whose turn it is, one for each webhook: one that hangs keeps none of the others waiting.
pub fn due(conn: &Connection, keys: &Keyring, now: i64, rows: u32) -> Result<Vec<Due>> {
    let mut statement = conn.prepare_cached(
        "SELECT d.id, d.webhook_id, d.event_id, w.url, w.secret_sealed, d.account_id FROM webhook_delivery d
         JOIN webhook w ON w.id = d.webhook_id
         WHERE d.id IN (SELECT min(id) FROM webhook_delivery WHERE state = 'waiting' AND next_at <= $1 GROUP BY webhook_id)
         ORDER BY d.id LIMIT $2",
    )?;
    let mut rows = statement.query(params![now, rows])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let (webhook_id, sealed): (i64, Vec<u8>) = (row.get(1)?, row.get(4)?);
        let secret = keys.open_secret(&place(webhook_id), &sealed)?;
        let (id, account_id) = (row.get(0)?, row.get(5)?);
        found.push(Due { id, account_id, webhook_id, event_id: row.get(2)?, url: row.get(3)?, secret });
    }
    Ok(found)
}

pub fn sent(tx: &Tx, id: i64, status: u16, now: i64) -> Result<()> {
    tx.prepare_cached(
        "UPDATE webhook_delivery SET state = 'sent', attempts = attempts + 1, status = $2, error = NULL, done_at = $3
         WHERE id = $1",
    )?
    .execute(params![id, status, now])?;
    Ok(())
}

/// It comes again later, or never. True: this was the last try.
pub fn not_sent(tx: &Tx, id: i64, status: Option<u16>, error: &str, now: i64) -> Result<bool> {
    let tries: Option<i64> = tx
        .prepare_cached("SELECT attempts FROM webhook_delivery WHERE id = $1")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    let wait = tries.and_then(|tries| WAITS_MS.get(usize::try_from(tries).ok()?));
    let (state, next) = wait.map_or(("failed", now), |wait| ("waiting", now + wait));
    tx.prepare_cached(
        "UPDATE webhook_delivery SET state = $2, attempts = attempts + 1, status = $3, error = $4, next_at = $5,
             done_at = CASE WHEN $2 = 'failed' THEN $6 END WHERE id = $1",
    )?
    .execute(params![id, state, status, error, next, now])?;
    Ok(wait.is_none())
}

/// Tries one again now. False: there is none that did not arrive.
pub fn retry(tx: &Tx, account_id: i64, hook: i64, id: i64, now: i64) -> Result<bool> {
    let sql = "UPDATE webhook_delivery SET state = 'waiting', attempts = 0, next_at = $4, done_at = NULL
               WHERE id = $3 AND webhook_id = $2 AND account_id = $1 AND state <> 'sent'";
    Ok(tx.prepare_cached(sql)?.execute(params![account_id, hook, id, now])? > 0)
}
