//! The rows of an import. Statements are prepared once: there may be a million rows.

use super::rows::{Prepared, Print};
use crate::db::{Connection, Result, Tx, params};
use crate::devices::Window;
use crate::enrollment::codes::store as codes;
use crate::net::Mac;
use crate::users::Actor;
use std::collections::{HashMap, HashSet};

/// Id by name of every row of a small table.
pub fn names(conn: &Connection, table: &'static str, account_id: i64) -> Result<HashMap<String, i64>> {
    let mut statement = conn.prepare(&format!("SELECT name, id FROM {table} WHERE account_id = $1"))?;
    let rows = statement.query_map([account_id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

/// Certificates that are some device's already.
pub fn certificates(conn: &Connection) -> Result<HashSet<Print>> {
    let mut statement = conn.prepare("SELECT sha256 FROM known_certificate")?;
    let mut rows = statement.query([])?;
    let mut found = HashSet::new();
    while let Some(row) = rows.next()? {
        found.extend(Print::try_from(row.get::<_, Vec<u8>>(0)?).ok());
    }
    Ok(found)
}

pub fn is_new(conn: &Connection, mac: Mac) -> Result<bool> {
    let mut statement = conn.prepare_cached("SELECT NOT EXISTS (SELECT 1 FROM device WHERE mac = $1)")?;
    Ok(statement.query_row([mac.to_u64() as i64], |row| row.get(0))?)
}

/// Pages that the indexes of a big import want at hand; a busy box has fewer.
const CACHE: &str = "PRAGMA cache_size=-65536";
const CACHE_BEFORE: &str = "PRAGMA cache_size=-2000; PRAGMA shrink_memory";

pub struct Inserter<'a> {
    conn: &'a Connection,
    actor: &'a Actor,
    window: Window,
    now: i64,
    waiting: bool,
    /// Some gave wrong enrollment codes.
    tried: bool,
}

impl<'a> Inserter<'a> {
    pub fn new(tx: &'a Tx, actor: &'a Actor, window: Window, now: i64) -> Result<Inserter<'a>> {
        tx.execute_batch(CACHE)?;
        let waiting = tx.query_row("SELECT EXISTS (SELECT 1 FROM pending)", [], |row| row.get(0))?;
        let tried = codes::any(tx)?;
        Ok(Inserter { conn: tx, actor, window, now, waiting, tried })
    }

    /// False: the MAC is there already, nothing was inserted.
    pub fn insert(&mut self, row: &Prepared) -> Result<bool> {
        let (conn, now, account) = (self.conn, self.now, self.actor.account_id);
        let mac = row.mac.to_u64() as i64;
        let activated = row.active.then_some(now);
        let inserted = conn
            .prepare_cached(
                "INSERT INTO device (id, account_id, mac, vendor, model, serial, name, site_id, profile_id, group_id, state,
                    activated_at, window_until, token_sealed, token_hash, http_password_sealed, created_at, updated_at, url_sealed)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $17, $18)
                 ON CONFLICT (mac) DO NOTHING",
            )?
            .execute(params![
                row.id,
                account,
                mac,
                row.fields.vendor,
                row.fields.model,
                row.fields.serial,
                row.fields.name,
                row.fields.site_id,
                row.fields.profile_id,
                row.fields.group_id,
                if row.active { "active" } else { "known" },
                activated,
                activated.map_or(0, |at| at + self.window.0),
                row.birth.token_sealed,
                row.birth.token_hash.as_slice(),
                row.birth.http_password_sealed,
                now,
                row.url_sealed
            ])?;
        if inserted == 0 {
            return Ok(false);
        }
        if let Some(print) = &row.certificate {
            conn.prepare_cached("INSERT INTO known_certificate (sha256, device_id, account_id) VALUES ($1, $2, $3)")?
                .execute(params![&print[..], row.id, account])?;
        }
        for line in &row.lines {
            if let Some(one) = &line.account {
                conn.prepare_cached(
                    "INSERT INTO sip_account (id, account_id, user, auth_id, password_sealed, display_name, author, updated_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                )?
                .execute(params![
                    one.id,
                    account,
                    one.user,
                    one.auth_id,
                    one.password_sealed,
                    one.display_name,
                    self.actor.name,
                    now
                ])?;
            }
            conn.prepare_cached(
                "INSERT INTO line (account_id, device_id, number, sip_account_id) VALUES ($1, $2, $3, $4)",
            )?
            .execute(params![
                account,
                row.id,
                line.number,
                line.account.as_ref().map(|account| account.id)
            ])?;
        }
        for setting in &row.settings {
            conn.prepare_cached(
                "INSERT INTO setting (layer, scope, line, name, account_id, value, value_sealed, author, updated_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            )?
            .execute(params![
                if setting.line > 0 { "line" } else { "device" },
                row.id,
                setting.line,
                setting.name,
                account,
                setting.plain,
                setting.sealed,
                self.actor.name,
                now
            ])?;
        }
        if self.waiting {
            conn.prepare_cached("DELETE FROM pending WHERE mac = $1")?.execute([mac])?;
        }
        if self.tried {
            // The alarm of a lock is closed at the next upkeep.
            conn.prepare_cached("DELETE FROM code_attempt WHERE mac = $1")?.execute([mac])?;
        }
        Ok(true)
    }

    pub fn finish(self) -> Result<()> {
        Ok(self.conn.execute_batch(CACHE_BEFORE)?)
    }
}
