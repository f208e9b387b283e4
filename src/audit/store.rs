//! The audit rows. They are added, read, and taken away from the old end; nothing else.

use super::{chain, mask};
use crate::db::{Connection, OptionalExtension, Result, Row, Tx, Who, params};
use crate::users::Actor;
use serde::Serialize;
use serde_json::{Map, Value};

/// Longest text that is kept of an object or a detail, and of each side of a change.
const LONGEST: usize = 2_000;
const LONGEST_SIDE: usize = 16_000;
/// Rows that go at once.
const SLICE: i64 = 1_000;

pub const SUCCESS: &str = "success";
pub const FAIL: &str = "fail";

/// `action` is `device.add`; `object` its name for people; `detail` what about it, without secrets.
pub fn write(
    tx: &Tx,
    actor: &Actor,
    action: &str,
    object: impl ToString,
    detail: Option<String>,
    now: i64,
) -> Result<()> {
    note(tx, actor.account_id, &actor.name, action, object, detail, now)
}

/// With what people saw of the object before and see of it now: what is equal is left out.
pub fn write_change(
    tx: &Tx,
    actor: &Actor,
    action: &str,
    object: impl ToString,
    sides: (Option<&impl Serialize>, Option<&impl Serialize>),
    detail: Option<String>,
    now: i64,
) -> Result<()> {
    let (before, after) = differing(side(sides.0), side(sides.1));
    let entry = Entry { before, after, ..of(actor.account_id, &actor.name, action, object, detail, now) };
    append(tx, entry)
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
    append(tx, of(account_id, actor, action, object, detail, now))
}

/// What somebody wanted and was not given.
pub fn refused(tx: &Tx, who: &Who, action: &str, object: impl ToString, detail: String, now: i64) -> Result<()> {
    let entry = of(who.account_id, &who.name, action, object, Some(detail), now);
    append(tx, Entry { result: FAIL.into(), ..entry })
}

fn of(account_id: i64, actor: &str, action: &str, object: impl ToString, detail: Option<String>, now: i64) -> Entry {
    Entry {
        account_id,
        at: now,
        actor: actor.to_owned(),
        action: action.to_owned(),
        object: tame(&object.to_string()),
        detail: detail.map(|detail| tame(&detail)),
        result: SUCCESS.into(),
        ..Entry::default()
    }
}

fn tame(text: &str) -> String {
    mask::logins(text).chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).take(LONGEST).collect()
}

fn side(view: Option<&impl Serialize>) -> Option<Value> {
    view.and_then(|view| serde_json::to_value(view).ok())
}

/// Of two views only the fields that differ.
fn differing(before: Option<Value>, after: Option<Value>) -> (Option<Value>, Option<Value>) {
    let (mut before, mut after) = (before, after);
    if let (Some(Value::Object(old)), Some(Value::Object(new))) = (&mut before, &mut after) {
        let same: Vec<String> =
            old.iter().filter(|(name, value)| new.get(*name) == Some(value)).map(|(n, _)| n.clone()).collect();
        for name in same {
            old.remove(&name);
            new.remove(&name);
        }
        // When it was changed stands in the entry.
        for map in [old, new] {
            map.remove("updated_at");
        }
    }
    (before.and_then(said), after.and_then(said))
}

/// Nothing is no change; what is too long says how long it was.
fn said(value: Value) -> Option<Value> {
    if value.is_null() || value == Value::Object(Map::new()) {
        return None;
    }
    let bytes = value.to_string().len();
    Some(if bytes > LONGEST_SIDE { serde_json::json!({ "too long to keep, bytes": bytes }) } else { value })
}

fn append(tx: &Tx, entry: Entry) -> Result<()> {
    let (id, before) = chain::end(tx)?;
    let origin = tx.origin();
    let who = origin.and_then(|origin| origin.who());
    let entry = Entry {
        id,
        home_id: who.map(|who| who.home_id).filter(|home| *home != entry.account_id),
        ip: origin.and_then(|origin| origin.ip).map(|ip| ip.to_string()),
        process: origin.map_or("box", |origin| origin.process()).to_owned(),
        request: origin.map(|origin| origin.request.clone()),
        path: origin.and_then(|origin| origin.path.as_deref()).map(tame),
        ..entry
    };
    let hash = chain::link(&before, &entry);
    let json = |side: &Option<Value>| side.as_ref().map(ToString::to_string);
    tx.prepare_cached(
        "INSERT INTO audit (id, account_id, home_id, at, actor, ip, process, action, object, result, detail, before,
             after, request, hash, path)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
    )?
    .execute(params![
        entry.id,
        entry.account_id,
        entry.home_id,
        entry.at,
        entry.actor,
        entry.ip,
        entry.process,
        entry.action,
        entry.object,
        entry.result,
        entry.detail,
        json(&entry.before),
        json(&entry.after),
        entry.request,
        &hash[..],
        entry.path
    ])?;
    chain::ends_at(tx, id, &hash)
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Entry {
    pub id: i64,
    /// Whose data.
    pub account_id: i64,
    /// The account of who did it, where it is another one.
    pub home_id: Option<i64>,
    /// Milliseconds since 1970-01-01 UTC.
    pub at: i64,
    /// Who: a login name, a key's name, `console`, `this box`.
    pub actor: String,
    /// From where. None: the console, or the box itself.
    pub ip: Option<String>,
    /// By which door: `api`, `console`, `scep`, `est`, `box`; `key` where an API key asks.
    pub process: String,
    pub action: String,
    pub object: String,
    /// `success` or `fail`.
    pub result: String,
    pub detail: Option<String>,
    /// The fields that changed, as they were. Secrets are masked.
    pub before: Option<Value>,
    /// The same fields as they are now.
    pub after: Option<Value>,
    /// The request's id, as its answer and the log have it.
    pub request: Option<String>,
    /// Which place of the API was asked: `/devices/805ec0aabb01`.
    pub path: Option<String>,
}

pub const COLUMNS: &str =
    "id, account_id, home_id, at, actor, ip, process, action, object, result, detail, before, after, request, path";

/// Of a row that begins with [`COLUMNS`].
pub fn entry(row: &Row) -> Result<Entry> {
    // What does not parse is shown as the text it is: a changed row must be seen, and verified, as it stands.
    let side = |text: Option<String>| text.map(|text| serde_json::from_str(&text).unwrap_or(Value::String(text)));
    Ok(Entry {
        id: row.get(0)?,
        account_id: row.get(1)?,
        home_id: row.get(2)?,
        at: row.get(3)?,
        actor: row.get(4)?,
        ip: row.get(5)?,
        process: row.get(6)?,
        action: row.get(7)?,
        object: row.get(8)?,
        result: row.get(9)?,
        detail: row.get(10)?,
        before: side(row.get(11)?),
        after: side(row.get(12)?),
        request: row.get(13)?,
        path: row.get(14)?,
    })
}

/// The next entry of all accounts, with its hash.
pub fn next(conn: &Connection, after: i64) -> Result<Option<(Entry, Option<Vec<u8>>)>> {
    let sql = format!("SELECT {COLUMNS}, hash FROM audit WHERE id > $1 ORDER BY id LIMIT 1");
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query([after])?;
    rows.next()?.map(|row| Ok((entry(row)?, row.get(15)?))).transpose()
}

/// Id and hash of the newest entry.
pub fn newest(conn: &Connection) -> Result<Option<(i64, Option<Vec<u8>>)>> {
    let mut statement = conn.prepare_cached("SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1")?;
    Ok(statement.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
}

/// Id of the oldest entry.
pub fn oldest(conn: &Connection) -> Result<Option<i64>> {
    Ok(conn.prepare_cached("SELECT min(id) FROM audit")?.query_row([], |row| row.get(0))?)
}

/// Only for an entry that has none: of before there was a chain.
pub fn set_hash(tx: &Tx, id: i64, hash: &[u8]) -> Result<()> {
    let sql = "UPDATE audit SET hash = $2 WHERE id = $1 AND hash IS NULL";
    tx.prepare_cached(sql)?.execute(params![id, hash])?;
    Ok(())
}

/// Takes the oldest entries away, a slice of those that are older than `oldest`. The newest of all stays. True: there are
/// more.
pub fn prune(tx: &Tx, oldest: i64) -> Result<bool> {
    let sql = "SELECT id, at, hash FROM audit WHERE id < (SELECT max(id) FROM audit) ORDER BY id LIMIT $1";
    let mut statement = tx.prepare_cached(sql)?;
    let mut rows = statement.query([SLICE])?;
    let mut last: Option<(i64, Vec<u8>)> = None;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        let (id, at, hash): (i64, i64, Option<Vec<u8>>) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let Some(hash) = hash.filter(|_| at < oldest) else { break };
        (last, count) = (Some((id, hash)), count + 1);
    }
    drop(rows);
    if let Some((id, hash)) = last {
        tx.prepare_cached("DELETE FROM audit WHERE id <= $1")?.execute([id])?;
        chain::anchor_at(tx, id, &hash)?;
    }
    Ok(count == SLICE)
}

/// When the last change was made, whatever the clock says now.
pub fn last_at(conn: &Connection) -> Result<i64> {
    let sql = "SELECT coalesce((SELECT at FROM audit ORDER BY id DESC LIMIT 1), 0)";
    Ok(conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}
