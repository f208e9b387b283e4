//! The log's one statement, with the conditions that are asked for.
//!
//! An account's log is what was done to its data, and what its own people did inside other accounts (AVA-285): of that
//! only that it was done, for the data is somebody else's.

use super::{Column, Filter, Found, Sort};
use crate::audit::store::{COLUMNS, entry};
use crate::db::{Connection, Query, Result};

/// What is written into the logs of both accounts when it happens.
const TOLD_TWICE: &str =
    "e.action NOT LIKE 'switch.%' AND e.action NOT LIKE 'link.%' AND e.action NOT LIKE 'channel.%'";
/// Of whom an account's own members are.
const HOME: &str = "coalesce(e.home_id, e.account_id)";

/// From behind the entry `after` on.
pub fn list(
    conn: &Connection,
    account_id: i64,
    filter: &Filter,
    sort: Sort,
    after: Option<i64>,
    rows: u32,
) -> Result<Vec<Found>> {
    let patterns = Patterns::of(filter);
    let mut which = Query { sql: String::new(), values: vec![&account_id] };
    let key = key(sort.column);
    let select = format!("SELECT e.id AS id, {key} AS word FROM audit e WHERE");
    which.sql.push_str(&format!("{select} e.account_id = $1"));
    conditions(&mut which, filter, &patterns, key, sort, &after, true);
    which.sql.push_str(&format!(" UNION ALL {select} e.home_id = $1 AND e.account_id <> $1 AND {TOLD_TWICE}"));
    conditions(&mut which, filter, &patterns, key, sort, &after, false);
    let down = if sort.is_down { " DESC" } else { "" };
    let order = match sort.column {
        Column::At => format!("id{down}"),
        _ => format!("word{down}, id DESC"),
    };
    which.put(&format!(" ORDER BY {order} LIMIT ?"), &rows);
    let order = order.replace("word", "w.word").replace("id", "w.id");
    let sql = format!(
        "SELECT {}, a.name, h.name FROM ({}) w JOIN audit e ON e.id = w.id
         LEFT JOIN account a ON a.id = e.account_id LEFT JOIN account h ON h.id = e.home_id ORDER BY {order}",
        shown(),
        which.sql
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let mut found = statement.query(which.values.as_slice())?;
    let mut entries = Vec::new();
    while let Some(row) = found.next()? {
        entries.push(Found { entry: entry(row)?, account: row.get(15)?, home: row.get(16)? });
    }
    Ok(entries)
}

/// The columns of an entry; what somebody else's data was and is stays there.
fn shown() -> String {
    let mut words: Vec<String> = COLUMNS.split(", ").map(|column| format!("e.{}", column.trim())).collect();
    for word in &mut words {
        if word == "e.before" || word == "e.after" {
            *word = format!("CASE WHEN e.account_id = $1 THEN {word} END");
        }
    }
    words.join(", ")
}

fn key(column: Column) -> &'static str {
    match column {
        Column::At => "''",
        Column::Account => {
            "lower(coalesce((SELECT name FROM account WHERE id = coalesce(e.home_id, e.account_id)), ''))"
        }
        Column::Actor => "lower(e.actor)",
        Column::Ip => "coalesce(e.ip, '')",
        Column::Process => "e.process",
        Column::Action => "e.action",
        Column::Object => "lower(e.object)",
        Column::Result => "e.result",
    }
}

/// What has words. One by one: to make one text of them takes longer than to look through it.
const WORDS: [&str; 7] = ["e.action", "e.object", "e.actor", "e.detail", "e.ip", "e.before", "e.after"];
/// So many of them are open to the account of who did it too.
const OPEN_WORDS: usize = 5;

/// `device` of `device.add`, as its index has it, word by word.
const KIND: &str = "substr(e.action, 1, instr(e.action || '.', '.') - 1)";

/// `*` stands for anything. A word without one is found by its index, as it is written.
fn pattern(text: &str) -> String {
    if text.contains('*') { literal(text).replace('*', "%") } else { text.to_owned() }
}

fn is(asked: &Option<String>) -> &'static str {
    let has_star = asked.as_deref().is_some_and(|text| text.contains('*'));
    if has_star { "LIKE ? ESCAPE '\\'" } else { "= ?" }
}

fn literal(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

#[derive(Default)]
struct Patterns {
    actor: Option<String>,
    ip: Option<String>,
    process: Option<String>,
    action: Option<String>,
    kind: Option<String>,
    object: Option<String>,
    path: Option<String>,
    text: Option<String>,
    account_name: Option<String>,
}

impl Patterns {
    fn of(filter: &Filter) -> Patterns {
        let of = |text: &Option<String>| text.as_deref().map(pattern);
        let name = |text: &str| literal(text).replace('*', "%");
        Patterns {
            actor: of(&filter.actor),
            ip: of(&filter.ip),
            process: of(&filter.process),
            action: of(&filter.action),
            kind: filter.action.as_deref().map(|action| format!("{}.%", pattern(action))),
            object: of(&filter.object),
            path: of(&filter.path),
            text: filter.text.as_deref().map(|text| format!("%{}%", literal(text))),
            account_name: filter.account_name.as_deref().map(name),
        }
    }
}

/// The conditions behind `WHERE e.account_id = $1` or its like.
fn conditions<'a>(
    query: &mut Query<'a>,
    filter: &'a Filter,
    patterns: &'a Patterns,
    key: &str,
    sort: Sort,
    after: &'a Option<i64>,
    is_own: bool,
) {
    query.and("e.at >= ?", &filter.from);
    query.and("e.at < ?", &filter.to);
    query.and("e.result = ?", &filter.result);
    query.and(&format!("{HOME} = ?"), &filter.account);
    query.and(&format!("{HOME} IN (SELECT id FROM account WHERE name LIKE ? ESCAPE '\\')"), &patterns.account_name);
    for (column, asked, word) in [
        ("e.actor", &filter.actor, &patterns.actor),
        ("e.ip", &filter.ip, &patterns.ip),
        ("e.process", &filter.process, &patterns.process),
        ("e.object", &filter.object, &patterns.object),
        ("e.path", &filter.path, &patterns.path),
    ] {
        query.and(&format!("{column} {}", is(asked)), word);
    }
    match (&filter.action, &patterns.action, &patterns.kind) {
        (Some(asked), Some(action), Some(kind)) if asked.contains('*') => {
            query.put(" AND (e.action LIKE ? ESCAPE '\\'", action);
            query.put(" OR e.action LIKE ? ESCAPE '\\')", kind);
        }
        (Some(asked), Some(_), _) if !asked.contains('.') => query.and(&format!("{KIND} = ?"), &patterns.action),
        _ => query.and("e.action = ?", &patterns.action),
    }
    if let Some(text) = &patterns.text {
        query.sql.push_str(" AND (FALSE");
        for column in &WORDS[..if is_own { WORDS.len() } else { OPEN_WORDS }] {
            query.put(&format!(" OR {column} LIKE ? ESCAPE '\\'"), text);
        }
        query.sql.push(')');
    }
    let Some(id) = after else { return };
    let past = if sort.is_down { "<" } else { ">" };
    if sort.column == Column::At {
        return query.put(&format!(" AND e.id {past} ?"), id);
    }
    // Entries do not change: the word of the last one that was seen is still there. Another account's entry is none.
    let last = format!(
        "(SELECT {} FROM audit l WHERE l.id = ? AND (l.account_id = $1 OR l.home_id = $1))",
        key.replace("e.", "l.")
    );
    query.put(&format!(" AND ({key} {past} {last}"), id);
    query.put(&format!(" OR ({key} = {last}"), id);
    query.put(" AND e.id < ?))", id);
}

/// The words that the account's entries have for what was done.
pub fn actions(conn: &Connection, account_id: i64) -> Result<Vec<String>> {
    const MOST: i64 = 1_000;
    let sql = "SELECT DISTINCT action FROM audit WHERE account_id = $1 ORDER BY action LIMIT $2";
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map([account_id, MOST], |row| row.get(0))?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}
