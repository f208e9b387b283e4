//! The log's one statement, with the conditions that are asked for.
//!
//! An account's log is what was done to its data, and what its own people did inside other accounts (AVA-285): of that
//! only that it was done, for the data is somebody else's.

use super::{Column, Filter, Found, Sort};
use crate::audit::store::{COLUMNS, entry};
use crate::db::{Connection, Query, Result, params};

/// What is written into the logs of both accounts when it happens.
const TOLD_TWICE: &str =
    "e.action NOT LIKE 'switch.%' AND e.action NOT LIKE 'link.%' AND e.action NOT LIKE 'channel.%'";

/// From behind the entry `after` on.
pub fn list(
    conn: &Connection,
    account_id: i64,
    filter: &Filter,
    sort: Sort,
    after: Option<i64>,
    rows: u32,
) -> Result<Vec<Found>> {
    let patterns = Patterns::of(conn, account_id, filter)?;
    let mut which = Query { sql: String::new(), values: vec![&account_id] };
    let key = key(sort.column);
    let select = format!("SELECT e.id AS id, {key} AS word FROM audit e WHERE");
    for (place, (log, other, is_own)) in patterns.accounts.parts().into_iter().enumerate() {
        let union = if place == 0 { "" } else { " UNION ALL " };
        which.sql.push_str(&format!("{union}{select} {log}"));
        match other {
            Some((column, Other::One(id))) => which.put(&format!(" AND {column} = ?"), id),
            Some((column, Other::Named(name))) => {
                which.put(&format!(" AND +{column} IN (SELECT id FROM account WHERE name LIKE ? ESCAPE '\\')"), name)
            }
            None => {}
        }
        if !is_own {
            which.sql.push_str(&format!(" AND {TOLD_TWICE}"));
        }
        conditions(&mut which, filter, &patterns, key, sort, &after, is_own);
    }
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

/// What the log has of a path: it stands there without what every path of the API begins with.
fn path(text: &str) -> String {
    let (star, rest) = text.strip_prefix('*').map_or(("", text), |rest| ("*", rest));
    match rest.strip_prefix("/api/v1") {
        Some(rest) if rest.is_empty() || rest.starts_with(['/', '*']) => format!("{star}{rest}"),
        _ => text.to_owned(),
    }
}

/// Of which accounts entries are wanted. An entry shows two: whose data, and of which account whoever did it is. One of
/// them is the account whose log it is, so that the other one, as an id, is found in its index.
enum Accounts {
    /// All of them: nothing was said, or the log's own account is meant.
    Any,
    Few(Vec<i64>),
    /// With names like this, too many to look for each.
    Named(String),
}

/// Looked for each by its index; more are looked for among all entries.
const FEW: usize = 50;

enum Other<'a> {
    One(&'a i64),
    Named(&'a String),
}

/// Whose log it is, read by its index or, where the other account's is better, by none; the other account; whether it is
/// the log of the account's own data.
type Part<'a> = (&'static str, Option<(&'static str, Other<'a>)>, bool);

impl Accounts {
    fn of(conn: &Connection, account_id: i64, filter: &Filter) -> Result<Accounts> {
        let Some(name) = &filter.account_name else {
            let other = filter.account.filter(|id| *id != account_id);
            return Ok(other.map_or(Accounts::Any, |id| Accounts::Few(vec![id])));
        };
        let sql = "SELECT id FROM account WHERE name LIKE $1 ESCAPE '\\' AND ($2 IS NULL OR id = $2)";
        let mut statement = conn.prepare_cached(sql)?;
        let name = literal(name).replace('*', "%");
        let ids = statement.query_map(params![&name, filter.account], |row| row.get(0))?;
        let ids = ids.collect::<std::result::Result<Vec<i64>, _>>()?;
        Ok(match ids.contains(&account_id) {
            true => Accounts::Any,
            false if ids.len() <= FEW => Accounts::Few(ids),
            false => Accounts::Named(name),
        })
    }

    fn parts(&self) -> Vec<Part<'_>> {
        const OWN: &str = "e.account_id = $1";
        const AWAY: &str = "e.home_id = $1 AND e.account_id <> $1";
        match self {
            Accounts::Any => vec![(OWN, None, true), (AWAY, None, false)],
            Accounts::Named(name) => vec![
                (OWN, Some(("e.home_id", Other::Named(name))), true),
                (AWAY, Some(("e.account_id", Other::Named(name))), false),
            ],
            Accounts::Few(ids) if ids.is_empty() => vec![("$1 IS NULL", None, true)],
            Accounts::Few(ids) => {
                let of = |id| {
                    let own: Part<'_> = ("+e.account_id = $1", Some(("e.home_id", Other::One(id))), true);
                    [own, ("+e.home_id = $1", Some(("e.account_id", Other::One(id))), false)]
                };
                ids.iter().flat_map(of).collect()
            }
        }
    }
}

struct Patterns {
    /// What the log has of a name that is asked for without a `*`: as it is spelled, each time.
    spelled: Option<Vec<String>>,
    actor: Option<String>,
    ip: Option<String>,
    process: Option<String>,
    action: Option<String>,
    kind: Option<String>,
    object: Option<String>,
    path: Option<String>,
    text: Option<String>,
    accounts: Accounts,
}

impl Patterns {
    fn of(conn: &Connection, account_id: i64, filter: &Filter) -> Result<Patterns> {
        let of = |text: &Option<String>| text.as_deref().map(pattern);
        let whole = filter.actor.as_deref().filter(|text| !text.contains('*'));
        Ok(Patterns {
            spelled: whole.map(|name| spelled(conn, account_id, name)).transpose()?,
            actor: of(&filter.actor),
            ip: of(&filter.ip),
            process: of(&filter.process.as_deref().map(str::to_ascii_lowercase)),
            action: of(&filter.action),
            kind: filter.action.as_deref().map(|action| format!("{}.%", pattern(action))),
            object: of(&filter.object),
            path: filter.path.as_deref().map(|text| pattern(&path(text))),
            text: filter.text.as_deref().map(|text| format!("%{}%", literal(text))),
            accounts: Accounts::of(conn, account_id, filter)?,
        })
    }
}

/// How the account's log spells a name, in capitals and small letters: found in its index, which minds them.
fn spelled(conn: &Connection, account_id: i64, name: &str) -> Result<Vec<String>> {
    let sql = "SELECT min(actor) FROM audit WHERE account_id = $1 AND actor >= $2";
    let mut statement = conn.prepare_cached(sql)?;
    let (mut all, mut next) = (Vec::new(), Some(name.to_ascii_uppercase()));
    while let Some(from) = next {
        let found: Option<String> = statement.query_row(params![account_id, from], |row| row.get(0))?;
        let Some(found) = found else { break };
        next = spelling_behind(name, &found);
        if found.eq_ignore_ascii_case(name) {
            all.push(found);
        }
    }
    Ok(all)
}

/// The first spelling of a name that stands behind `last`. Capitals come first.
fn spelling_behind(name: &str, last: &str) -> Option<String> {
    let (large, small, last) = (name.to_ascii_uppercase(), name.to_ascii_lowercase(), last.as_bytes());
    let (large, small) = (large.as_bytes(), small.as_bytes());
    let is_same = |place: &usize| last.get(*place).is_some_and(|byte| byte.to_ascii_lowercase() == small[*place]);
    let same = (0..small.len()).take_while(is_same).count();
    // As far as can be like the last one, then one step on, then the first there is.
    (0..=same.min(small.len().checked_sub(1)?)).rev().find_map(|place| {
        let is_behind = |byte: &u8| last.get(place).is_none_or(|last| byte > last);
        let byte = [large[place], small[place]].into_iter().find(is_behind)?;
        String::from_utf8([&last[..place], &[byte], &large[place + 1..]].concat()).ok()
    })
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
    match &patterns.spelled {
        Some(_) if !is_own => query.and("lower(e.actor) = lower(?)", &filter.actor),
        Some(spelled) => {
            query.sql.push_str(" AND (FALSE");
            for name in spelled {
                query.put(" OR e.actor = ?", name);
            }
            query.sql.push(')');
        }
        None => query.and("e.actor LIKE ? ESCAPE '\\'", &patterns.actor),
    }
    for (column, asked, word) in [
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

/// The words that the entries of the account's log have for what was done.
pub fn actions(conn: &Connection, account_id: i64) -> Result<Vec<String>> {
    const MOST: i64 = 1_000;
    let sql = format!(
        "SELECT DISTINCT e.action AS word FROM audit e WHERE e.account_id = $1
         UNION SELECT DISTINCT e.action FROM audit e WHERE e.home_id = $1 AND e.account_id <> $1 AND {TOLD_TWICE}
         ORDER BY word LIMIT $2"
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let rows = statement.query_map([account_id, MOST], |row| row.get(0))?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_passed_in_the_order_of_the_index() {
        let (mut last, mut all) = (String::new(), Vec::new());
        while let Some(next) = spelling_behind("a1b", &last) {
            assert!(next > last && all.len() < 9);
            all.push(next.clone());
            last = next;
        }
        assert_eq!(all, ["A1B", "A1b", "a1B", "a1b"]);
        assert_eq!(spelling_behind("ab", "AZ").as_deref(), Some("Ab"));
        assert_eq!(spelling_behind("ab", "Az").as_deref(), Some("aB"));
        assert_eq!(spelling_behind("ab", "ab and more"), None);
        assert_eq!(spelling_behind("", "a"), None);
        assert_eq!(spelling_behind("äb", "äBx").as_deref(), Some("äb"));
    }
}
