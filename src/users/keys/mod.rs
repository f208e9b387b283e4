//! API keys: what programs show. 256 random bits, shown once, kept as a hash.

pub mod api;
mod limits;
pub mod rate;
pub mod signed;
pub mod store;

use super::session::within;
use super::{Actor, Who};
use crate::db::{Db, Result, Tx};
use crate::net::Cidr;
use crate::seal::{hex, random, sha256};
use crate::settings::Secret;
use std::net::IpAddr;
use std::sync::Arc;

/// The key that `phonebox token rotate` makes, and that a box had before there were others.
pub const BOX_KEY: &str = "api-token";

/// A row is not written for every request.
const TOUCH: i64 = 60_000;

/// A new key of the box with all it can do; the one before is worth nothing from now on.
pub fn rotate(tx: &Tx, by: &str, now: i64) -> Result<Secret> {
    let secret = generate()?;
    store::put_box_key(tx, &access_key()?, &hash(&secret), by, now)?;
    Ok(secret)
}

fn generate() -> Result<Secret> {
    Ok(Secret::new(format!("pb_{}", hex(&random::<32>()?))))
}

fn hash(secret: &Secret) -> [u8; 32] {
    sha256(secret.reveal().as_bytes())
}

fn access_key() -> Result<String> {
    Ok(format!("PB{}", hex(&random::<9>()?).to_uppercase()))
}

/// Whose key it is, while it works.
pub fn bearer(db: &Db, secret: &str, from: IpAddr, now: i64) -> Result<Option<Actor>> {
    // The index looks the hash of 256 random bits up: how long that takes tells nothing about any key.
    let hash = sha256(secret.as_bytes());
    let found = db.read(|conn| store::by_hash(conn, &hash, now))?;
    Ok(found.and_then(|key| actor(db, key, from, now)))
}

pub fn works_from(key: &store::Found, from: IpAddr) -> bool {
    let mut sources = key.sources.split_whitespace().filter_map(|word| word.parse::<Cidr>().ok()).peekable();
    sources.peek().is_none() || sources.any(|network| network.contains(from))
}

/// Who asks with a key, if it works from there. Notes that it was used.
pub fn actor(db: &Db, key: store::Found, from: IpAddr, now: i64) -> Option<Actor> {
    if !works_from(&key, from) {
        return None;
    }
    if now - key.last_used_at > TOUCH {
        let (db, id) = (db.clone(), key.id);
        tokio::spawn(async move {
            // A box that cannot write still answers.
            let _ = db.write_soon(move |tx| store::touch(tx, id, now)).await;
        });
    }
    Some(Actor {
        name: Arc::from(key.name),
        account_id: key.account_id,
        home_id: key.account_id,
        who: Who::Key(key.id),
        from: from.to_string().into(),
        permissions: within(key.permissions, key.account_id, key.account_id),
        limited: None,
        guest: false,
    })
}

/// Where a key's signing half belongs.
pub fn place(id: i64) -> String {
    format!("api_key.signing/{id}")
}
