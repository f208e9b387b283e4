//! The check-in rows.

use super::recorder::Waiting;
use super::{CheckIn, Decision, Reason};
use crate::db::{Connection, Result, Row, Tx, params};
use crate::devices::{Token, seen::store as seen};
use crate::net::Mac;

/// A new check-in, copied.
pub struct Facts {
    transport: &'static str,
    peer: String,
    mac: Option<Mac>,
    vendor: Option<String>,
    model: Option<String>,
    version: Option<String>,
    method: String,
    file: String,
    evidence: String,
    decision: &'static str,
    reason: &'static str,
    detail: Option<String>,
    status: u16,
    bytes: u64,
    micros: u64,
}

const LONGEST: usize = 512;

/// Served to whoever asks: what such a request says of a phone is nobody's word.
const OF_ANYBODY: [Reason; 10] = [
    Reason::TrustCertificate,
    Reason::ScepCapabilities,
    Reason::RequestAttributes,
    Reason::CertificateCopy,
    Reason::RevocationList,
    Reason::StaticFile,
    Reason::SiteFile,
    Reason::ModelFile,
    Reason::SafeDefault,
    Reason::RequestWaits,
];

/// Cut, without control characters and without tokens: what was sent must be harmless wherever it is shown (T12, T20, T98).
fn tame(text: &str) -> String {
    let is_odd = |c: char| c.is_control() || is_unseen(c);
    Token::hide(text).chars().map(|c| if is_odd(c) { '\u{fffd}' } else { c }).take(LONGEST).collect()
}

/// Format characters (Unicode's Cf) and line ends: they turn a line around, join or break what is beside them.
fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    )
}

impl From<&CheckIn<'_>> for Facts {
    fn from(c: &CheckIn) -> Facts {
        Facts {
            transport: c.transport.word(),
            peer: c.peer.to_string(),
            mac: c.mac,
            vendor: c.vendor.map(tame),
            model: c.model.map(tame),
            version: c.version.map(tame),
            method: tame(c.method),
            file: tame(c.file),
            evidence: tame(&c.evidence.to_string()),
            decision: c.decision.word(),
            reason: c.reason.code(),
            detail: c.detail.map(tame),
            status: c.status,
            bytes: c.bytes,
            micros: c.micros,
        }
    }
}

/// What one flush writes of one waiting check-in.
pub struct Batch {
    row: Option<i64>,
    pub number: u64,
    at: i64,
    last_at: i64,
    pub count: u64,
    facts: Option<Box<Facts>>,
}

impl Batch {
    pub fn is_new(&self) -> bool {
        self.facts.is_some()
    }

    pub fn take(waiting: &mut Waiting) -> Batch {
        Batch {
            row: waiting.row,
            number: waiting.number,
            at: waiting.at,
            last_at: waiting.last_at,
            count: std::mem::take(&mut waiting.count),
            facts: waiting.facts.take(),
        }
    }
}

pub fn write(tx: &mut Tx, batch: Vec<(u128, Batch)>) -> Result<Vec<(u128, i64)>> {
    let mut rows = Vec::new();
    let mut again = tx.prepare_cached("UPDATE check_in SET count = count + $2, last_at = $3 WHERE id = $1")?;
    let mut first = tx.prepare_cached(
        "INSERT INTO check_in (account_id, at, last_at, count, transport, peer, mac, vendor, model, version, method,
            file, evidence, decision, reason, detail, status, bytes, micros)
         VALUES (coalesce((SELECT account_id FROM device WHERE mac = $6), 1), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
    )?;
    for (key, one) in batch {
        match (one.row, one.facts) {
            (Some(row), _) => {
                again.execute(params![row, one.count as i64, one.last_at])?;
            }
            (None, Some(f)) => {
                // What a stranger says of somebody else's phone is no fact.
                let is_its_own =
                    f.decision != Decision::Refused.word() && OF_ANYBODY.iter().all(|reason| reason.code() != f.reason);
                if let (Some(mac), Some(version), true) = (f.mac, &f.version, is_its_own) {
                    seen::firmware(tx, mac, version)?;
                }
                first.execute(params![
                    one.at,
                    one.last_at,
                    one.count as i64,
                    f.transport,
                    f.peer,
                    f.mac.map(|mac| mac.to_u64() as i64),
                    f.vendor,
                    f.model,
                    f.version,
                    f.method,
                    f.file,
                    f.evidence,
                    f.decision,
                    f.reason,
                    f.detail,
                    f.status,
                    f.bytes as i64,
                    f.micros as i64
                ])?;
                rows.push((key, tx.last_insert_rowid()));
            }
            (None, None) => {}
        }
    }
    Ok(rows)
}

/// A stored check-in, as people see it.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct Stored {
    pub id: i64,
    /// First time, milliseconds since 1970-01-01 UTC.
    pub at: i64,
    /// Last time of an identical repeat.
    pub last_at: i64,
    pub count: i64,
    pub transport: String,
    pub peer: String,
    pub mac: Option<String>,
    pub vendor: Option<String>,
    pub model: Option<String>,
    pub version: Option<String>,
    pub method: String,
    pub file: String,
    pub evidence: String,
    pub decision: String,
    /// Code of the reason.
    pub reason: String,
    /// The reason in words.
    pub text: String,
    /// What to do; empty where nothing is to be done.
    pub next: String,
    pub detail: Option<String>,
    pub status: i64,
    pub bytes: i64,
    pub micros: i64,
}

/// Stands in `reasons.toml` for the address at which phones reach the box by HTTP.
const BOX: &str = "http://BOX";

impl Stored {
    /// It was given less than a file: that tells nothing of what it has.
    pub fn is_part(&self) -> bool {
        self.method == "HEAD" || self.status == 206
    }

    /// Writes the box's own address into what is to be done.
    pub fn name_box(&mut self, http: Option<&str>) {
        if let Some(http) = http.filter(|_| self.next.contains(BOX)) {
            self.next = self.next.replace(BOX, http);
        }
    }
}

/// Which check-ins are asked for; `None` is any.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub account_id: i64,
    pub mac: Option<Mac>,
    pub decision: Option<Decision>,
}

const COLUMNS: &str = "id, at, last_at, count, transport, peer, mac, vendor, model, version, method, file, evidence, \
    decision, reason, detail, status, bytes, micros";

/// The newest first. `before` pages on: the id of the last one seen.
pub fn list(conn: &Connection, filter: &Filter, before: Option<i64>, limit: u32) -> Result<Vec<Stored>> {
    // The index of those few that are not the box's own.
    let account = if filter.account_id == 1 { "account_id = $1" } else { "account_id = $1 AND account_id <> 1" };
    // Not asked for is left out, so that the index of the MAC is used where there is one.
    let mac = if filter.mac.is_some() { "mac = $2" } else { "$2 IS NULL" };
    let decision = match filter.decision {
        None => "$3 IS NULL",
        Some(Decision::Served | Decision::Unchanged) => "decision = $3",
        // One phone's are few.
        Some(_) if filter.mac.is_some() => "decision = $3",
        // The index of those few that are neither.
        Some(_) => "decision = $3 AND decision <> 'served' AND decision <> 'unchanged'",
    };
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM check_in WHERE {account} AND {mac} AND {decision} AND id < $4
         ORDER BY id DESC LIMIT $5"
    ))?;
    let mac = filter.mac.map(|mac| mac.to_u64() as i64);
    let decision = filter.decision.map(Decision::word);
    let rows =
        statement.query_map(params![filter.account_id, mac, decision, before.unwrap_or(i64::MAX), limit], stored)?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

/// Plain deliveries to a phone for one of these reasons, each once, whole or in part: file, transport and peer in words.
pub fn plain(conn: &Connection, account_id: i64, mac: Mac, reasons: &[Reason]) -> Result<Vec<String>> {
    let codes = reasons.iter().map(|reason| format!("'{}'", reason.code())).collect::<Vec<_>>().join(", ");
    let mut statement = conn.prepare_cached(&format!(
        "SELECT DISTINCT file || ' over ' || transport || ' to ' || peer FROM check_in
         WHERE account_id = $1 AND mac = $2 AND transport <> 'https' AND status IN (200, 206) AND bytes > 0
            AND reason IN ({codes}) ORDER BY 1"
    ))?;
    let rows = statement.query_map(params![account_id, mac.to_u64() as i64], |row| row.get(0))?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

/// What is newer than a row, the oldest first; of too many the newest.
pub fn newer(conn: &Connection, account_id: i64, than: i64, limit: u32) -> Result<Vec<Stored>> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM check_in WHERE account_id = $1 AND id > $2 ORDER BY id DESC LIMIT $3"
    ))?;
    let rows = statement.query_map(params![account_id, than, limit], stored)?;
    let mut rows: Vec<Stored> = rows.collect::<std::result::Result<_, _>>()?;
    rows.reverse();
    Ok(rows)
}

/// Rows up to one that were repeated after a time.
pub fn repeated(conn: &Connection, account_id: i64, up_to: i64, after: i64, limit: u32) -> Result<Vec<Stored>> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM check_in WHERE last_at > $3 AND account_id = $1 AND id <= $2 ORDER BY last_at LIMIT $4"
    ))?;
    let rows = statement.query_map(params![account_id, up_to, after, limit], stored)?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

/// A reason speaks of the whole file that it gives. Not each time all of it was asked for.
fn told(text: String, method: &str, status: i64) -> String {
    let less = match (method, status) {
        ("HEAD", 200) => "only its head was asked for",
        (_, 206) => "a part of it was sent",
        (_, 304) => "it had that one already",
        _ => return text,
    };
    text.replace("the whole file was sent", &format!("it may have the whole file: {less}"))
}

fn stored(row: &Row) -> std::result::Result<Stored, crate::db::RowError> {
    let bits: Option<i64> = row.get(6)?;
    let mac = bits.and_then(|bits| Mac::from_u64(bits as u64));
    let (peer, reason): (String, String) = (row.get(5)?, row.get(14)?);
    let (text, next) = super::words(&reason, mac, &peer);
    let (method, status): (String, i64) = (row.get(10)?, row.get(16)?);
    Ok(Stored {
        id: row.get(0)?,
        at: row.get(1)?,
        last_at: row.get(2)?,
        count: row.get(3)?,
        transport: row.get(4)?,
        peer,
        mac: mac.map(|mac| mac.to_string()),
        vendor: row.get(7)?,
        model: row.get(8)?,
        version: row.get(9)?,
        text: told(text, &method, status),
        method,
        file: row.get(11)?,
        evidence: row.get(12)?,
        decision: row.get(13)?,
        reason,
        next,
        detail: row.get(15)?,
        status,
        bytes: row.get(17)?,
        micros: row.get(18)?,
    })
}

/// From how many addresses how many different devices came since then, and one of the addresses. Who was refused counts where
/// it is a device of this box: behind a proxy with a public address all of them are.
pub fn sources(conn: &Connection, since: i64) -> Result<(i64, i64, Option<String>)> {
    let sql = "SELECT count(DISTINCT peer), count(DISTINCT mac), min(peer) FROM check_in
        WHERE last_at >= $1 AND mac IS NOT NULL AND (status < 400 OR mac IN (SELECT mac FROM device))";
    Ok(conn.prepare_cached(sql)?.query_row(params![since], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?)
}

/// When the last of them came, whatever the clock says now.
pub fn last_at(conn: &Connection) -> Result<i64> {
    let sql = "SELECT coalesce(max(last_at), 0) FROM check_in";
    Ok(conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

/// Deletes a slice of what is too old or too much; true while there is more to do.
pub fn prune(tx: &mut Tx, older_than: i64, keep: i64) -> Result<bool> {
    const SLICE: i64 = 5_000;
    let newest: i64 = tx.query_row("SELECT coalesce(max(id), 0) FROM check_in", [], |row| row.get(0))?;
    let deleted = tx
        .prepare_cached(
            "DELETE FROM check_in WHERE id IN (SELECT id FROM check_in WHERE last_at < $1 OR id <= $2 LIMIT $3)",
        )?
        .execute(params![older_than, newest - keep, SLICE])?;
    Ok(deleted as i64 == SLICE)
}
