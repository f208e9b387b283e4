//! The rows that codes are found in, and those of phones that gave wrong ones.

use super::{LOCKED, Lockout};
use crate::alarms;
use crate::db::{Connection, OptionalExtension, Result, Tx, params};
use crate::net::Mac;

/// Phones whose wrong codes are remembered. A scanner has as many MACs as it likes.
const KEPT: i64 = 4_096;
/// Room that is made at once.
const ROOM: i64 = 256;
/// Locked phones that are told of by name; of more, only that there are more.
const TOLD: i64 = 50;
/// What that alarm is about.
const MANY: &str = "many devices";

#[derive(Debug, Clone)]
pub struct Account {
    pub id: i64,
    pub enabled: bool,
}

pub fn account(conn: &Connection, number: i64) -> Result<Option<Account>> {
    let mut statement = conn.prepare_cached("SELECT id, enabled FROM account WHERE number = $1")?;
    Ok(statement.query_row([number], |row| Ok(Account { id: row.get(0)?, enabled: row.get(1)? })).optional()?)
}

/// The site that a code leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    pub id: i64,
    pub account_id: i64,
    pub name: String,
    pub profile_id: Option<i64>,
    pub pin: String,
}

/// More than one where two sites were given the same PIN before that was refused.
pub fn sites(conn: &Connection, account_id: i64, pin: &str) -> Result<Vec<Site>> {
    let sql =
        "SELECT id, account_id, name, profile_id, pid FROM site WHERE account_id = $1 AND pid = $2 ORDER BY id LIMIT 2";
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map(params![account_id, pin], |row| {
        let (id, account_id, name, profile_id) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        Ok(Site { id, account_id, name, profile_id, pin: row.get(4)? })
    })?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

/// Whether a code leads there still, and to that profile.
pub fn is_still(conn: &Connection, site: &Site) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM site s JOIN account a ON a.id = s.account_id
         WHERE s.id = $1 AND s.account_id = $2 AND s.pid = $3 AND s.profile_id IS $4 AND a.enabled = 1)";
    let values = params![site.id, site.account_id, site.pin, site.profile_id];
    Ok(conn.prepare_cached(sql)?.query_row(values, |row| row.get(0))?)
}

/// Ten thousand at most.
pub fn pins(conn: &Connection, account_id: i64) -> Result<Vec<String>> {
    let sql = "SELECT DISTINCT pid FROM site WHERE account_id = $1 AND pid IS NOT NULL ORDER BY pid";
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map([account_id], |row| row.get(0))?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

/// Whether this box gave the device a certificate that is in force, by whatever door.
pub fn holds_certificate(conn: &Connection, mac: Mac, now: i64) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM certificate WHERE holder = $1 AND revoked_at IS NULL AND not_after > $2)";
    Ok(conn.prepare_cached(sql)?.query_row(params![mac.to_string(), now], |row| row.get(0))?)
}

/// Until when no code is taken from this phone, where that is so now.
pub fn locked_until(conn: &Connection, mac: Mac, now: i64) -> Result<Option<i64>> {
    let mut statement =
        conn.prepare_cached("SELECT locked_until FROM code_attempt WHERE mac = $1 AND locked_until > $2")?;
    Ok(statement.query_row(params![mac.to_u64() as i64, now], |row| row.get(0)).optional()?)
}

/// What a wrong code led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    Wrong {
        count: u32,
        lockout: Lockout,
    },
    /// With this one, or before.
    Locked {
        until: i64,
    },
}

/// AVA-024: one more than the allowed number locks. After a lock that is over it begins anew.
pub fn count_wrong(tx: &Tx, account_id: i64, mac: Mac, peer: &str, now: i64) -> Result<Counted> {
    if let Some(until) = locked_until(tx, mac, now)? {
        return Ok(Counted::Locked { until });
    }
    let lockout = Lockout::load(tx)?;
    let sql = "INSERT INTO code_attempt (mac, wrong, last_at) VALUES ($1, 1, $2)
         ON CONFLICT (mac) DO UPDATE SET wrong = CASE WHEN locked_until IS NULL THEN wrong + 1 ELSE 1 END,
             locked_until = NULL, last_at = excluded.last_at
         RETURNING wrong";
    let number = mac.to_u64() as i64;
    let count: u32 = tx.prepare_cached(sql)?.query_row(params![number, now], |row| row.get(0))?;
    make_room(tx, mac, now)?;
    if count <= lockout.attempts {
        return Ok(Counted::Wrong { count, lockout });
    }
    let until = now + i64::from(lockout.minutes) * 60_000;
    tx.prepare_cached("UPDATE code_attempt SET locked_until = $2 WHERE mac = $1")?.execute(params![number, until])?;
    tell(tx, account_id, mac, peer, lockout, now)?;
    Ok(Counted::Locked { until })
}

fn make_room(tx: &Tx, but: Mac, now: i64) -> Result<()> {
    let count: i64 = tx.prepare_cached("SELECT count(*) FROM code_attempt")?.query_row([], |row| row.get(0))?;
    if count <= KEPT {
        return Ok(());
    }
    let sql = "DELETE FROM code_attempt WHERE mac IN (
           SELECT mac FROM code_attempt WHERE mac <> $1 ORDER BY coalesce(locked_until, 0) > $2, last_at LIMIT $3)";
    tx.prepare_cached(sql)?.execute(params![but.to_u64() as i64, now, ROOM])?;
    Ok(())
}

fn tell(tx: &Tx, account_id: i64, mac: Mac, peer: &str, lockout: Lockout, now: i64) -> Result<()> {
    let object = mac.to_string();
    // One of an earlier lock is over.
    alarms::store::close_kind(tx, LOCKED, &object, now)?;
    let open = "SELECT count(*) FROM alarm WHERE kind = $1 AND account_id = $2 AND closed_at IS NULL";
    let open: i64 = tx.prepare_cached(open)?.query_row(params![LOCKED, account_id], |row| row.get(0))?;
    let Lockout { minutes, attempts } = lockout;
    let (object, text) = match open >= TOLD {
        true => (MANY, "Many phones gave too many wrong enrollment codes: somebody may be trying codes".to_owned()),
        false => {
            let text = format!(
                "More than {attempts} wrong enrollment codes from {peer}: none is taken from this phone for {minutes} \
                 minutes. Adding or activating it ends that at once"
            );
            (object.as_str(), text)
        }
    };
    alarms::store::raise(tx, account_id, LOCKED, object, &text, now).map(drop)
}

/// It was let in by hand, or by a good code: the count begins anew (AVA-069).
pub fn forget(tx: &Tx, mac: Mac, now: i64) -> Result<()> {
    let rows = tx.prepare_cached("DELETE FROM code_attempt WHERE mac = $1")?.execute([mac.to_u64() as i64])?;
    if rows > 0 {
        alarms::store::close_kind(tx, LOCKED, &mac.to_string(), now)?;
    }
    Ok(())
}

/// Whether there is anything to forget.
pub fn any(conn: &Connection) -> Result<bool> {
    Ok(conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM code_attempt)")?.query_row([], |row| row.get(0))?)
}

/// Locks that are over go, and their alarms.
pub fn tidy(tx: &Tx, now: i64) -> Result<()> {
    tx.prepare_cached("DELETE FROM code_attempt WHERE locked_until <= $1")?.execute([now])?;
    let open = alarms::store::any_open(tx, LOCKED)?;
    if !open {
        return Ok(());
    }
    let mut statement = tx.prepare_cached("SELECT mac FROM code_attempt WHERE locked_until IS NOT NULL")?;
    let macs = statement.query_map([], |row| row.get::<_, i64>(0))?.collect::<std::result::Result<Vec<_>, _>>()?;
    let mut locked: Vec<String> =
        macs.iter().filter_map(|bits| Mac::from_u64(*bits as u64)).map(|mac| mac.to_string()).collect();
    if !locked.is_empty() {
        locked.push(MANY.to_owned());
    }
    let locked: Vec<&str> = locked.iter().map(String::as_str).collect();
    alarms::store::close_kind_but(tx, LOCKED, &locked, now)
}
