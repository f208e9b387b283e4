//! The chain: each row's hash is SHA-256 over the hash before it and all that the row says. Whoever changes a row must
//! change every later one too, and whoever noted a hash elsewhere notices that.
//!
//! The oldest rows go when they are old enough; the hash of the last one that went stays as the [`ANCHOR`], so that what
//! is left still verifies. Id and hash of the newest row stand in [`END`] too, so that it shows when rows go from that
//! end; the chain goes on behind it, and the gap stays. Both are in the file that they speak of: against whoever writes
//! all of it anew, only a hash that was noted elsewhere helps.

use super::store::{self, Entry};
use crate::db::{Connection, Result, Tx};
use crate::instance;
use crate::seal::{hex, sha256};

/// Row of table `instance`: the id and hash of the last row that was taken away for its age.
const ANCHOR: &str = "audit_anchor";
/// Row of table `instance`: the id and hash of the newest row.
const END: &str = "audit_end";
/// Before the first row of all.
const NOTHING: [u8; 32] = [0; 32];

/// The hash of a row that stands behind another.
pub fn link(before: &[u8], entry: &Entry) -> [u8; 32] {
    let number = |number: i64| number.to_string();
    let fields = [
        Some(number(entry.id)),
        Some(number(entry.account_id)),
        entry.home_id.map(number),
        Some(number(entry.at)),
        Some(entry.actor.clone()),
        entry.ip.clone(),
        Some(entry.process.clone()),
        Some(entry.action.clone()),
        Some(entry.object.clone()),
        Some(entry.result.clone()),
        entry.detail.clone(),
        entry.before.as_ref().map(ToString::to_string),
        entry.after.as_ref().map(ToString::to_string),
        entry.request.clone(),
    ];
    // Entries of before the log had paths have the hash of then.
    let path = entry.path.clone().map(Some);
    let mut text = before.to_vec();
    for field in fields.into_iter().chain(path) {
        // With its length in front, no field can pass for the end of one and the start of the next.
        match field {
            None => text.push(0),
            Some(field) => {
                text.push(1);
                text.extend((field.len() as u64).to_be_bytes());
                text.extend(field.as_bytes());
            }
        }
    }
    sha256(&text)
}

/// What a new row stands behind: its id, and the hash before it.
pub fn end(tx: &Tx) -> Result<(i64, Vec<u8>)> {
    let newest = store::newest(tx)?;
    let last = newest.as_ref().map_or(0, |(id, _)| *id);
    // What was taken from the end is not written over: its ids stay missing.
    if let Some((id, hash)) = noted(tx, END)?.filter(|(id, _)| *id >= last) {
        return Ok((id + 1, hash));
    }
    match newest {
        Some((id, Some(hash))) => Ok((id + 1, hash)),
        Some((id, None)) => Ok((id + 1, adopt(tx)?)),
        None => Ok(noted(tx, ANCHOR)?.map_or((1, NOTHING.to_vec()), |(id, hash)| (id + 1, hash))),
    }
}

/// Notes the newest row, in the transaction that writes it.
pub fn ends_at(tx: &Tx, id: i64, hash: &[u8]) -> Result<()> {
    note(tx, END, id, hash)
}

/// Takes the rows of before there was a chain into it. Answers the last hash.
fn adopt(tx: &Tx) -> Result<Vec<u8>> {
    let mut hash = NOTHING.to_vec();
    let mut after = 0;
    while let Some((entry, _)) = store::next(tx, after)? {
        hash = link(&hash, &entry).to_vec();
        after = entry.id;
        store::set_hash(tx, after, &hash)?;
    }
    Ok(hash)
}

fn noted(conn: &Connection, row: &str) -> Result<Option<(i64, Vec<u8>)>> {
    let row = instance::store::get(conn, row)?;
    Ok(row.and_then(|row| {
        let (id, hash) = row.split_at_checked(8)?;
        Some((i64::from_be_bytes(id.try_into().ok()?), hash.to_vec()))
    }))
}

/// Notes the last row that goes for its age.
pub fn anchor_at(tx: &Tx, id: i64, hash: &[u8]) -> Result<()> {
    note(tx, ANCHOR, id, hash)
}

fn note(tx: &Tx, row: &str, id: i64, hash: &[u8]) -> Result<()> {
    instance::store::put(tx, row, &[&id.to_be_bytes()[..], hash].concat())
}

/// What came of looking at every row.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Verdict {
    /// The entries agree with each other and with what the box notes of the newest: nothing was changed, put in or taken
    /// out, at the end neither. Whoever writes the whole file anew can make them agree; a `head` noted elsewhere shows it.
    pub intact: bool,
    /// Rows that were looked at.
    pub entries: i64,
    pub first_id: Option<i64>,
    pub last_id: Option<i64>,
    /// The newest hash. Noted elsewhere, it proves later that nothing before it was changed.
    pub head: String,
    /// Whether the hash that was asked for stands in the chain.
    pub found: Option<bool>,
    /// The first row that is not what it was.
    pub broken_id: Option<i64>,
    pub reason: Option<String>,
}

/// Looks at every row. `head`: a hash that somebody wrote down.
pub fn verify(conn: &Connection, head: Option<&str>) -> Result<Verdict> {
    // One transaction: what goes for its age in the middle of this is not missing.
    let conn = &conn.unchecked_transaction()?;
    let anchor = noted(conn, ANCHOR)?;
    // None: nothing was written since the box began to note it.
    let end = noted(conn, END)?;
    let (mut after, mut hash) = anchor.clone().unwrap_or((0, NOTHING.to_vec()));
    let head = head.map(str::to_ascii_lowercase);
    let is_noted = |hash: &[u8]| head.as_ref().map(|head| *head == hex(hash));
    let mut verdict = Verdict {
        intact: true,
        entries: 0,
        first_id: None,
        last_id: None,
        head: String::new(),
        found: is_noted(&hash),
        broken_id: None,
        reason: None,
    };
    // The chain begins behind its start: nothing was ever written there, or it went for its age.
    if let Some(id) = store::oldest(conn)?.filter(|id| *id <= after) {
        (verdict.intact, verdict.broken_id, verdict.head) = (false, Some(id), hex(&hash));
        verdict.reason = Some(format!("it was put in: the log begins with entry {}", after + 1));
        return Ok(verdict);
    }
    let mut chained = false;
    while let Some((entry, stored)) = store::next(conn, after)? {
        let expected = link(&hash, &entry);
        let reason = match &stored {
            _ if entry.id != after + 1 => Some(format!("entries {} to {} are missing", after + 1, entry.id - 1)),
            // As an upgrade left them: the next change takes them in.
            None if !chained && anchor.is_none() && end.is_none() => None,
            None => Some("it has no hash".to_owned()),
            Some(stored) if **stored != expected => Some("it is not what was written".to_owned()),
            Some(_) => match &end {
                Some((id, noted)) if *id == entry.id && **noted != expected => {
                    Some("it is not the one that the box noted as its newest".to_owned())
                }
                _ => None,
            },
        };
        chained |= stored.is_some();
        verdict.entries += 1;
        verdict.first_id = verdict.first_id.or(Some(entry.id));
        verdict.last_id = Some(entry.id);
        if let Some(reason) = reason {
            (verdict.intact, verdict.broken_id, verdict.reason) = (false, Some(entry.id), Some(reason));
            break;
        }
        (after, hash) = (entry.id, expected.to_vec());
        verdict.found = verdict.found.zip(is_noted(&hash)).map(|(before, here)| before || here);
    }
    if let Some((last, _)) = end.filter(|(last, _)| verdict.intact && *last > after) {
        (verdict.intact, verdict.broken_id) = (false, Some(after + 1));
        verdict.reason = Some(format!("entries {} to {last}, the newest, are missing", after + 1));
    }
    verdict.head = hex(&hash);
    Ok(verdict)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        Entry { id: 7, account_id: 1, at: 5, actor: "a".into(), process: "api".into(), ..Entry::default() }
    }

    #[test]
    fn every_field_is_part_of_the_hash_and_none_flows_into_the_next() {
        let base = link(&NOTHING, &entry());
        let changes: [fn(&mut Entry); 15] = [
            |e| e.id = 8,
            |e| e.account_id = 2,
            |e| e.home_id = Some(1),
            |e| e.at = 6,
            |e| e.actor = "b".into(),
            |e| e.ip = Some(String::new()),
            |e| e.process = "scep".into(),
            |e| e.action = "x".into(),
            |e| e.object = "x".into(),
            |e| e.result = "fail".into(),
            |e| e.detail = Some(String::new()),
            |e| e.before = Some(serde_json::Value::Null),
            |e| e.after = Some(serde_json::json!({})),
            |e| e.request = Some("r".into()),
            |e| e.path = Some(String::new()),
        ];
        let mut seen = vec![base, link(&[1; 32], &entry())];
        for change in changes {
            let mut other = entry();
            change(&mut other);
            seen.push(link(&NOTHING, &other));
        }
        let (mut one, mut two) = (entry(), entry());
        (one.action, one.object) = ("ab".into(), "c".into());
        (two.action, two.object) = ("a".into(), "bc".into());
        seen.extend([link(&NOTHING, &one), link(&NOTHING, &two)]);
        let count = seen.len();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), count);
    }
}
