//! Step 6: what a grant or refusal must leave behind, in one transaction, before any byte leaves.

use super::authorize::Effect;
use crate::db::{Db, Error, Touch, Tx, params};
use crate::devices::{Proof, RETRY_MS};
use crate::net::Mac;
use std::net::IpAddr;

/// Waiting unknown devices kept (T23): the oldest goes first.
const PENDING: i64 = 1_000;

pub struct Context {
    pub account_id: i64,
    pub mac: Mac,
    pub peer: IpAddr,
    pub vendor: Option<String>,
    pub model: Option<String>,
    pub now: i64,
}

pub async fn commit(db: &Db, effects: Vec<Effect>, context: Context) -> Result<(), Error> {
    db.write(move |tx| effects.iter().try_for_each(|effect| apply(tx, *effect, &context))).await
}

fn apply(tx: &mut Tx, effect: Effect, context: &Context) -> Result<(), Error> {
    let mac = context.mac.to_u64() as i64;
    let now = context.now;
    let statement = match effect {
        Effect::Queue => return queue(tx, context),
        Effect::WindowUsed => {
            let sql = "UPDATE device SET window_peer = $2 WHERE mac = $1 AND window_peer IS NULL";
            tx.prepare_cached(sql)?.execute(params![mac, context.peer.to_string()])?;
            tx.touch(Touch::Device(context.mac));
            return Ok(());
        }
        Effect::ProofSeen(proof) => {
            let word = match proof {
                Proof::Token => "token",
                Proof::Credentials => "credentials",
                Proof::Certificate => "certificate",
            };
            let sql = "UPDATE device SET proof = $3, proof_at = $2, window_until = 0, reset_at = NULL WHERE mac = $1";
            tx.prepare_cached(sql)?.execute(params![mac, now, word])?;
            close_alarm(tx, "reset-suspected", context)?;
            tx.touch(Touch::Device(context.mac));
            return Ok(());
        }
        Effect::SecretsSent => "UPDATE device SET secrets_at = $2 WHERE mac = $1",
        // Both change the URLs in the file: its Last-Modified moves.
        Effect::TlsSeen => "UPDATE device SET tls_at = $2, updated_at = $2 WHERE mac = $1",
        Effect::TlsLost => "UPDATE device SET tls_at = NULL, updated_at = $2 WHERE mac = $1",
        Effect::Conflict => {
            open_alarm(tx, "conflict", "Two addresses claim one MAC inside its first-contact window", context)?;
            "UPDATE device SET conflict_at = coalesce(conflict_at, $2) WHERE mac = $1"
        }
        Effect::ResetSuspected => {
            open_alarm(tx, "reset-suspected", "A device that had proved itself came without its proof", context)?;
            "UPDATE device SET reset_at = coalesce(reset_at, $2) WHERE mac = $1"
        }
    };
    tx.prepare_cached(statement)?.execute(params![mac, now])?;
    tx.touch(Touch::Device(context.mac));
    Ok(())
}

fn queue(tx: &mut Tx, context: &Context) -> Result<(), Error> {
    tx.prepare_cached(
        "INSERT INTO pending (mac, account_id, vendor, model, peer, first_at, last_at) VALUES ($1, $2, $3, $4, $5, $6, $6)
         ON CONFLICT (mac) DO UPDATE SET vendor = coalesce(excluded.vendor, vendor), model = coalesce(excluded.model, model),
            peer = excluded.peer, last_at = excluded.last_at",
    )?
    .execute(params![
        context.mac.to_u64() as i64,
        context.account_id,
        context.vendor,
        context.model,
        context.peer.to_string(),
        context.now
    ])?;
    tx.prepare_cached("DELETE FROM pending WHERE mac NOT IN (SELECT mac FROM pending ORDER BY last_at DESC LIMIT $1)")?
        .execute(params![PENDING])?;
    Ok(())
}

/// Told once: an open alarm of the same kind and object stays as it is.
pub fn open_alarm(tx: &mut Tx, kind: &str, text: &str, context: &Context) -> Result<(), Error> {
    alarm(tx, context.account_id, kind, &context.mac.to_string(), text, context.now)
}

pub fn alarm(tx: &mut Tx, account_id: i64, kind: &str, object: &str, text: &str, now: i64) -> Result<(), Error> {
    tx.prepare_cached(
        "INSERT INTO alarm (account_id, kind, object, text, at) SELECT $1, $2, $3, $4, $5
         WHERE NOT EXISTS (SELECT 1 FROM alarm WHERE kind = $2 AND object = $3 AND closed_at IS NULL)",
    )?
    .execute(params![account_id, kind, object, text, now])?;
    Ok(())
}

fn close_alarm(tx: &mut Tx, kind: &str, context: &Context) -> Result<(), Error> {
    tx.prepare_cached("UPDATE alarm SET closed_at = $3 WHERE kind = $1 AND object = $2 AND closed_at IS NULL")?
        .execute(params![kind, context.mac.to_string(), context.now])?;
    Ok(())
}

/// The last byte of a complete answer left: enrolled. After a redirection the window stays open for retries only.
pub async fn enrolled(db: &Db, mac: Mac, redirected: bool, now: i64) -> Result<(), Error> {
    db.write(move |tx| {
        tx.prepare_cached(
            "UPDATE device SET enrolled_at = $2, window_until = min(window_until, $3) WHERE mac = $1 AND enrolled_at IS NULL",
        )?
        .execute(params![mac.to_u64() as i64, now, if redirected { now + RETRY_MS } else { i64::MAX }])?;
        tx.touch(Touch::Device(mac));
        Ok(())
    })
    .await
}
