//! The session rows.

use super::{IDLE, LONGEST, New};
use crate::accounts::store::REACHES;
use crate::db::{Connection, OptionalExtension, Result, Tx, params};

/// Longest User-Agent that is kept.
const AGENT: usize = 200;

pub struct Found {
    pub id: i64,
    pub user_id: i64,
    pub login: String,
    pub home_id: i64,
    pub acting_id: Option<i64>,
    pub seen_at: i64,
    pub temporary: bool,
    pub totp_required: bool,
    pub totp_on: bool,
}

pub fn insert(tx: &Tx, hash: &[u8; 32], new: &New, now: i64) -> Result<()> {
    let agent: String = new.agent.chars().filter(|c| !c.is_control()).take(AGENT).collect();
    let (dead, idle) = (now, now - IDLE);
    tx.prepare_cached("DELETE FROM session WHERE expires_at <= $1 OR seen_at <= $2")?.execute(params![dead, idle])?;
    tx.prepare_cached(
        "INSERT INTO session (hash, user_id, acting_id, peer, agent, by, created_at, seen_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)",
    )?
    .execute(params![hash, new.user_id, new.acting_id, new.peer, agent, new.by, now, now + LONGEST])?;
    Ok(())
}

/// The session with this hash, while it and its user, their account and the way into the other account are good.
pub fn by_hash(conn: &Connection, hash: &[u8; 32], now: i64) -> Result<Option<Found>> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT s.id, u.id, u.login, u.account_id, s.acting_id, s.seen_at, u.temporary,
                u.two_factor OR home.two_factor, u.totp_on
         FROM session s JOIN users u ON u.id = s.user_id JOIN account home ON home.id = u.account_id
         WHERE s.hash = $1 AND s.expires_at > $2 AND s.seen_at > $3 AND u.frozen = 0 AND home.enabled = 1
           AND (s.acting_id IS NULL OR EXISTS (SELECT 1 FROM account other WHERE other.id = s.acting_id AND {REACHES}))"
    ))?;
    let found = statement.query_row(params![hash, now, now - IDLE], |row| {
        Ok(Found {
            id: row.get(0)?,
            user_id: row.get(1)?,
            login: row.get(2)?,
            home_id: row.get(3)?,
            acting_id: row.get(4)?,
            seen_at: row.get(5)?,
            temporary: row.get(6)?,
            totp_required: row.get(7)?,
            totp_on: row.get(8)?,
        })
    });
    Ok(found.optional()?)
}

pub fn touch(tx: &Tx, id: i64, now: i64) -> Result<()> {
    tx.prepare_cached("UPDATE session SET seen_at = $2 WHERE id = $1")?.execute(params![id, now])?;
    Ok(())
}

/// One of somebody's.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct Session {
    pub id: i64,
    /// The one that asks.
    pub current: bool,
    pub peer: String,
    /// What the browser calls itself.
    pub agent: String,
    /// How it began: `password`, `certificate`, `setup`.
    pub by: String,
    pub created_at: i64,
    pub seen_at: i64,
    pub expires_at: i64,
}

pub fn of_user(conn: &Connection, user_id: i64, current: i64, now: i64) -> Result<Vec<Session>> {
    let mut statement = conn.prepare_cached(
        "SELECT id, peer, agent, by, created_at, seen_at, expires_at FROM session
         WHERE user_id = $1 AND expires_at > $2 AND seen_at > $3 ORDER BY id DESC LIMIT 500",
    )?;
    let rows = statement.query_map(params![user_id, now, now - IDLE], |row| {
        let id = row.get(0)?;
        Ok(Session {
            id,
            current: id == current,
            peer: row.get(1)?,
            agent: row.get(2)?,
            by: row.get(3)?,
            created_at: row.get(4)?,
            seen_at: row.get(5)?,
            expires_at: row.get(6)?,
        })
    })?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

/// Whether there was one.
pub fn end(tx: &Tx, user_id: i64, id: i64) -> Result<bool> {
    let sql = "DELETE FROM session WHERE id = $1 AND user_id = $2";
    Ok(tx.prepare_cached(sql)?.execute(params![id, user_id])? > 0)
}

/// Logout everywhere; `but` stays.
pub fn end_all(tx: &Tx, user_id: i64, but: Option<i64>) -> Result<()> {
    tx.prepare_cached("DELETE FROM session WHERE user_id = $1 AND ($2 IS NULL OR id <> $2)")?
        .execute(params![user_id, but])?;
    Ok(())
}

pub fn end_by_hash(tx: &Tx, hash: &[u8; 32]) -> Result<()> {
    tx.prepare_cached("DELETE FROM session WHERE hash = $1")?.execute(params![hash])?;
    Ok(())
}

pub fn expires_at(conn: &Connection, id: i64) -> Result<i64> {
    let sql = "SELECT expires_at FROM session WHERE id = $1";
    Ok(conn.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()?.unwrap_or(0))
}

pub fn expire(tx: &Tx, hash: &[u8; 32], at: i64) -> Result<()> {
    tx.prepare_cached("UPDATE session SET expires_at = $2 WHERE hash = $1")?.execute(params![hash, at])?;
    Ok(())
}

/// As [`by_hash`] would find it.
pub fn is_there(conn: &Connection, id: i64, now: i64) -> Result<bool> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT EXISTS (SELECT 1 FROM session s JOIN users u ON u.id = s.user_id JOIN account home ON home.id = u.account_id
         WHERE s.id = $1 AND s.expires_at > $2 AND s.seen_at > $3 AND u.frozen = 0 AND home.enabled = 1
           AND (s.acting_id IS NULL OR EXISTS (SELECT 1 FROM account other WHERE other.id = s.acting_id AND {REACHES})))"
    ))?;
    Ok(statement.query_row(params![id, now, now - IDLE], |row| row.get(0))?)
}
