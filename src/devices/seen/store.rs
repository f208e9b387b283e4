//! The columns of a device's row that requests write, and the rows of waiting unknown devices.

use crate::db::{Result, Touch, Tx, params};
use crate::devices::{Proof, RETRY_MS, TlsState};
use crate::net::Mac;

/// Waiting unknown devices kept (T23): the oldest goes first.
const PENDING: i64 = 1_000;

fn set(tx: &mut Tx, mac: Mac, sql: &'static str, now: i64) -> Result<()> {
    tx.prepare_cached(sql)?.execute(params![mac.to_u64() as i64, now])?;
    tx.touch(Touch::Device(mac));
    Ok(())
}

/// This peer was the first to get secrets inside the window.
pub fn window_used(tx: &mut Tx, mac: Mac, peer: &str) -> Result<()> {
    let sql = "UPDATE device SET window_peer = $2 WHERE mac = $1 AND window_peer IS NULL";
    tx.prepare_cached(sql)?.execute(params![mac.to_u64() as i64, peer])?;
    tx.touch(Touch::Device(mac));
    Ok(())
}

/// The configuration arrived: the window closes.
pub fn proof_seen(tx: &mut Tx, mac: Mac, proof: Proof, now: i64) -> Result<()> {
    let sql = "UPDATE device SET proof = $3, proof_at = $2, window_until = 0, reset_at = NULL WHERE mac = $1";
    tx.prepare_cached(sql)?.execute(params![mac.to_u64() as i64, now, proof.word()])?;
    tx.touch(Touch::Device(mac));
    Ok(())
}

pub fn secrets_sent(tx: &mut Tx, mac: Mac, now: i64) -> Result<()> {
    set(tx, mac, "UPDATE device SET secrets_at = $2 WHERE mac = $1", now)
}

/// Changes the URLs in the file: its Last-Modified moves.
pub fn tls_seen(tx: &mut Tx, mac: Mac, now: i64) -> Result<()> {
    set(tx, mac, "UPDATE device SET tls_at = $2, updated_at = $2 WHERE mac = $1", now)
}

pub fn tls_lost(tx: &mut Tx, mac: Mac, now: i64) -> Result<()> {
    set(tx, mac, "UPDATE device SET tls_at = NULL, updated_at = $2 WHERE mac = $1", now)
}

/// It has come further with TLS than ever before.
pub fn tls_state(tx: &mut Tx, mac: Mac, state: TlsState) -> Result<()> {
    let sql = "UPDATE device SET tls_state = $2 WHERE mac = $1 AND tls_state < $2";
    tx.prepare_cached(sql)?.execute(params![mac.to_u64() as i64, state.number()])?;
    tx.touch(Touch::Device(mac));
    Ok(())
}

/// Somebody says that it has not come so far. Without trust in our CA it is led to HTTP again.
pub fn tls_lowered(tx: &mut Tx, mac: Mac, state: TlsState, now: i64) -> Result<()> {
    let sql = "UPDATE device SET tls_state = $2, updated_at = $3, tls_at = CASE WHEN $2 < $4 THEN NULL ELSE tls_at END
        WHERE mac = $1 AND tls_state > $2";
    let trusts = TlsState::TrustsOurCa.number();
    tx.prepare_cached(sql)?.execute(params![mac.to_u64() as i64, state.number(), now, trusts])?;
    tx.touch(Touch::Device(mac));
    Ok(())
}

pub fn conflict(tx: &mut Tx, mac: Mac, now: i64) -> Result<()> {
    set(tx, mac, "UPDATE device SET conflict_at = coalesce(conflict_at, $2) WHERE mac = $1", now)
}

pub fn reset_suspected(tx: &mut Tx, mac: Mac, now: i64) -> Result<()> {
    set(tx, mac, "UPDATE device SET reset_at = coalesce(reset_at, $2) WHERE mac = $1", now)
}

/// What it says that it runs. Nothing its files are made of: whoever keeps them need not know.
pub fn firmware(tx: &Tx, mac: Mac, version: &str) -> Result<()> {
    let sql = "UPDATE device SET firmware = $2 WHERE mac = $1 AND firmware IS NOT $2";
    tx.prepare_cached(sql)?.execute(params![mac.to_u64() as i64, version])?;
    Ok(())
}

/// The last byte of a complete answer left. After a redirection the window stays open for retries only.
pub fn enrolled(tx: &mut Tx, mac: Mac, redirected: bool, now: i64) -> Result<()> {
    let until = if redirected { now + RETRY_MS } else { i64::MAX };
    let sql = "UPDATE device SET enrolled_at = $2, window_until = min(window_until, $3)
        WHERE mac = $1 AND enrolled_at IS NULL";
    tx.prepare_cached(sql)?.execute(params![mac.to_u64() as i64, now, until])?;
    tx.touch(Touch::Device(mac));
    Ok(())
}

/// An unknown device of a network that queues them.
pub fn queue(
    tx: &Tx,
    account_id: i64,
    mac: Mac,
    vendor: Option<&str>,
    model: Option<&str>,
    peer: &str,
    now: i64,
) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO pending (mac, account_id, vendor, model, peer, first_at, last_at) VALUES ($1, $2, $3, $4, $5, $6, $6)
         ON CONFLICT (mac) DO UPDATE SET vendor = coalesce(excluded.vendor, vendor), model = coalesce(excluded.model, model),
            peer = excluded.peer, last_at = excluded.last_at",
    )?
    .execute(params![mac.to_u64() as i64, account_id, vendor, model, peer, now])?;
    tx.prepare_cached("DELETE FROM pending WHERE mac NOT IN (SELECT mac FROM pending ORDER BY last_at DESC LIMIT $1)")?
        .execute(params![PENDING])?;
    Ok(())
}
