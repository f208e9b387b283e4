//! The one API token: 256 random bits, shown once, kept as a hash.

use crate::db::{Connection, Db, Result, Tx};
use crate::instance::{API_TOKEN, store};
use crate::seal::{hex, random, sha256};
use aws_lc_rs::constant_time::verify_slices_are_equal;

/// Makes the token of a fresh box. `None`: it has one already, and nobody can show it again.
pub async fn ensure(db: &Db) -> Result<Option<String>> {
    let token = generate()?;
    db.write(move |tx| match store::get(tx, API_TOKEN)? {
        Some(_) => Ok(None),
        None => keep(tx, &token).map(|()| Some(token)),
    })
    .await
}

/// A new token; the old one is worth nothing from now on.
pub fn rotate(tx: &Tx) -> Result<String> {
    let token = generate()?;
    keep(tx, &token)?;
    Ok(token)
}

pub fn is_valid(conn: &Connection, token: &str) -> Result<bool> {
    let stored = store::get(conn, API_TOKEN)?;
    Ok(stored.is_some_and(|hash| verify_slices_are_equal(&hash, &sha256(token.as_bytes())).is_ok()))
}

fn generate() -> Result<String> {
    Ok(format!("pb_{}", hex(&random::<32>()?)))
}

fn keep(tx: &Tx, token: &str) -> Result<()> {
    store::put(tx, API_TOKEN, &sha256(token.as_bytes()))
}
