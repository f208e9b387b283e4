//! The alarm rows.

use crate::db::{Connection, OptionalExtension, Result, Row, Trouble, Tx, params};
use crate::notify::{self, Kind};

/// The kind of those that come from the disk itself.
pub const STORAGE: &str = "storage";

/// AVA-063: alarms that say why a device was not enrolled.
const FAILED: [&str; 5] = ["reset-suspected", "conflict", "certificate-of-other", "code-locked", "code-no-profile"];

#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct Alarm {
    pub id: i64,
    /// What kind of thing needs a hand, for example `reset-suspected`.
    pub kind: String,
    /// What it is about: a MAC, an address, a file.
    pub object: String,
    pub text: String,
    pub at: i64,
    pub closed_at: Option<i64>,
    /// Whoever asks has seen it. For programs none is.
    pub read: bool,
}

impl Alarm {
    /// What cannot be stored, because nothing can. It ends by itself.
    pub fn of(trouble: Trouble) -> Alarm {
        let (kind, object) = (STORAGE.to_owned(), "database".to_owned());
        Alarm { id: 0, kind, object, text: trouble.text, at: trouble.at, closed_at: None, read: false }
    }
}

/// Tells once: while an alarm of this kind and object is open, nothing is added. True when it is new.
pub fn raise(tx: &Tx, account_id: i64, kind: &str, object: &str, text: &str, now: i64) -> Result<bool> {
    let rows = tx
        .prepare_cached(
            "INSERT INTO alarm (account_id, kind, object, text, at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (kind, object, account_id) WHERE closed_at IS NULL DO NOTHING",
        )?
        .execute(params![account_id, kind, object, text, now])?;
    if rows > 0 {
        let data = serde_json::json!({ "alarm": kind, "object": object });
        let of = if FAILED.contains(&kind) { Kind::EnrollmentFailed } else { Kind::Alarm };
        notify::tell(tx, account_id, of, object, text, &data, now)?;
    }
    Ok(rows > 0)
}

pub fn is_open(conn: &Connection, kind: &str, object: &str) -> Result<bool> {
    let sql = "SELECT count(*) FROM alarm WHERE kind = $1 AND object = $2 AND closed_at IS NULL";
    Ok(conn.prepare_cached(sql)?.query_row(params![kind, object], |row| row.get::<_, i64>(0))? > 0)
}

/// Whether any of this kind is open.
pub fn any_open(conn: &Connection, kind: &str) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM alarm WHERE kind = $1 AND closed_at IS NULL)";
    Ok(conn.prepare_cached(sql)?.query_row([kind], |row| row.get(0))?)
}

/// How many are open of each kind, the most first.
pub fn open_kinds(conn: &Connection, account_id: i64) -> Result<Vec<(String, i64)>> {
    let sql = "SELECT kind, count(*) AS many FROM alarm WHERE account_id = $1 AND closed_at IS NULL
        GROUP BY kind ORDER BY many DESC, kind";
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map([account_id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

/// Settles every open alarm of an object.
pub fn close_of(tx: &Tx, object: &str, now: i64) -> Result<()> {
    tx.prepare_cached("UPDATE alarm SET closed_at = $2 WHERE object = $1 AND closed_at IS NULL")?
        .execute(params![object, now])?;
    Ok(())
}

/// Settles the open alarm of one kind and object.
pub fn close_kind(tx: &Tx, kind: &str, object: &str, now: i64) -> Result<()> {
    tx.prepare_cached("UPDATE alarm SET closed_at = $3 WHERE kind = $1 AND object = $2 AND closed_at IS NULL")?
        .execute(params![kind, object, now])?;
    Ok(())
}

/// Settles one account's alarm: others may have one of the same object.
pub fn close_in(tx: &Tx, account_id: i64, kind: &str, object: &str, now: i64) -> Result<()> {
    tx.prepare_cached(
        "UPDATE alarm SET closed_at = $4 WHERE kind = $2 AND object = $3 AND account_id = $1 AND closed_at IS NULL",
    )?
    .execute(params![account_id, kind, object, now])?;
    Ok(())
}

/// Settles the open alarms of one kind, but not those of the objects that are named.
pub fn close_kind_but(tx: &Tx, kind: &str, objects: &[&str], now: i64) -> Result<()> {
    let mut open = tx.prepare_cached("SELECT object FROM alarm WHERE kind = $1 AND closed_at IS NULL")?;
    let found: Vec<String> = open.query_map([kind], |row| row.get(0))?.collect::<std::result::Result<_, _>>()?;
    found
        .iter()
        .filter(|object| !objects.contains(&object.as_str()))
        .try_for_each(|object| close_kind(tx, kind, object, now))
}

/// Closes one. `None`: there is no open alarm of that id. Answers its kind and object.
pub fn close(tx: &Tx, account_id: i64, id: i64, now: i64) -> Result<Option<(String, String)>> {
    let mut statement = tx.prepare_cached(
        "UPDATE alarm SET closed_at = $3 WHERE id = $2 AND account_id = $1 AND closed_at IS NULL RETURNING kind, object",
    )?;
    let mut rows = statement.query(params![account_id, id, now])?;
    let closed = rows.next()?.map(|row| Ok::<_, crate::db::Error>((row.get(0)?, row.get(1)?))).transpose()?;
    Ok(closed)
}

/// What an alarm is about, open or not.
pub fn object(conn: &Connection, account_id: i64, id: i64) -> Result<Option<String>> {
    let sql = "SELECT object FROM alarm WHERE id = $2 AND account_id = $1";
    Ok(conn.prepare_cached(sql)?.query_row([account_id, id], |row| row.get(0)).optional()?)
}

fn alarm(row: &Row) -> Result<Alarm> {
    Ok(Alarm {
        id: row.get(0)?,
        kind: row.get(1)?,
        object: row.get(2)?,
        text: row.get(3)?,
        at: row.get(4)?,
        closed_at: row.get(5)?,
        read: row.get(6)?,
    })
}

const COLUMNS: &str = "a.id, a.kind, a.object, a.text, a.at, a.closed_at,
    EXISTS (SELECT 1 FROM alarm_read r WHERE r.alarm_id = a.id AND r.user_id = $2)";

/// Which alarms: what is not said does not count.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Closed ones too.
    pub closed: bool,
    /// Only those that the user has not seen.
    pub unread: bool,
    pub kind: Option<String>,
}

/// The newest first, as this user sees them.
pub fn list(
    conn: &Connection,
    account_id: i64,
    user_id: Option<i64>,
    filter: &Filter,
    before: i64,
    rows: u32,
) -> Result<Vec<Alarm>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM alarm a WHERE a.account_id = $1 AND a.id < $3 AND ($4 OR a.closed_at IS NULL)
           AND ($5 IS NULL OR a.kind = $5)
           AND (NOT $6 OR NOT EXISTS (SELECT 1 FROM alarm_read r WHERE r.alarm_id = a.id AND r.user_id = $2))
         ORDER BY a.id DESC LIMIT $7"
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let values = params![account_id, user_id, before, filter.closed, filter.kind, filter.unread, rows];
    let mut found = statement.query(values)?;
    let mut alarms = Vec::new();
    while let Some(row) = found.next()? {
        alarms.push(alarm(row)?);
    }
    Ok(alarms)
}

/// Open alarms of one kind that a user has not seen.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct Unread {
    pub kind: String,
    pub count: i64,
    /// The newest of them.
    pub newest: Alarm,
}

/// The kinds with the newest alarms first (YMC-010).
pub fn unread(conn: &Connection, account_id: i64, user_id: Option<i64>) -> Result<Vec<Unread>> {
    let sql = format!(
        "SELECT {COLUMNS}, n.count FROM (
             SELECT max(o.id) AS id, count(*) AS count FROM alarm o WHERE o.account_id = $1 AND o.closed_at IS NULL
               AND NOT EXISTS (SELECT 1 FROM alarm_read r WHERE r.alarm_id = o.id AND r.user_id = $2)
             GROUP BY o.kind) n
         JOIN alarm a ON a.id = n.id ORDER BY a.id DESC"
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query(params![account_id, user_id])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let newest = alarm(row)?;
        found.push(Unread { kind: newest.kind.clone(), count: row.get(7)?, newest });
    }
    Ok(found)
}

/// A user has seen these open alarms of the account, or all of them. What was closed since is forgotten.
pub fn mark_read(tx: &Tx, account_id: i64, user_id: i64, ids: Option<&[i64]>) -> Result<()> {
    tx.prepare_cached(
        "DELETE FROM alarm_read WHERE user_id = $1
         AND alarm_id IN (SELECT r.alarm_id FROM alarm_read r JOIN alarm a ON a.id = r.alarm_id
                          WHERE r.user_id = $1 AND a.closed_at IS NOT NULL)",
    )?
    .execute([user_id])?;
    let mark = "INSERT INTO alarm_read (user_id, alarm_id)
         SELECT $1, id FROM alarm WHERE account_id = $2 AND closed_at IS NULL AND ($3 IS NULL OR id = $3)
         ON CONFLICT DO NOTHING";
    let mut statement = tx.prepare_cached(mark)?;
    match ids {
        None => statement.execute(params![user_id, account_id, None::<i64>]).map(drop)?,
        Some(ids) => {
            for id in ids {
                statement.execute(params![user_id, account_id, id])?;
            }
        }
    }
    Ok(())
}
