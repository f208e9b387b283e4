//! The alarm rows.

use crate::db::{Connection, Result, Trouble, Tx, params};
use crate::notify::{self, Kind};

/// The kind of those that come from the disk itself.
pub const STORAGE: &str = "storage";

/// AVA-063: alarms that say why a device was not enrolled.
const FAILED: [&str; 3] = ["reset-suspected", "conflict", "certificate-of-other"];

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
}

impl Alarm {
    /// What cannot be stored, because nothing can. It ends by itself.
    pub fn of(trouble: Trouble) -> Alarm {
        let (kind, object) = (STORAGE.to_owned(), "database".to_owned());
        Alarm { id: 0, kind, object, text: trouble.text, at: trouble.at, closed_at: None }
    }
}

/// Tells once: while an alarm of this kind and object is open, nothing is added. True when it is new.
pub fn raise(tx: &Tx, account_id: i64, kind: &str, object: &str, text: &str, now: i64) -> Result<bool> {
    let rows = tx
        .prepare_cached(
            "INSERT INTO alarm (account_id, kind, object, text, at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (kind, object) WHERE closed_at IS NULL DO NOTHING",
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

/// The newest first.
pub fn list(
    conn: &Connection,
    account_id: i64,
    closed: bool,
    kind: Option<&str>,
    before: i64,
    rows: u32,
) -> Result<Vec<Alarm>> {
    let mut statement = conn.prepare_cached(
        "SELECT id, kind, object, text, at, closed_at FROM alarm
         WHERE account_id = $1 AND id < $2 AND ($3 OR closed_at IS NULL) AND ($5 IS NULL OR kind = $5)
         ORDER BY id DESC LIMIT $4",
    )?;
    let alarms = statement.query_map(params![account_id, before, closed, rows, kind], |row| {
        Ok(Alarm {
            id: row.get(0)?,
            kind: row.get(1)?,
            object: row.get(2)?,
            text: row.get(3)?,
            at: row.get(4)?,
            closed_at: row.get(5)?,
        })
    })?;
    Ok(alarms.collect::<std::result::Result<_, _>>()?)
}
