//! The challenge: a secret of one device for one certificate. SCEP calls it the challenge password (RFC 8894 §2.4).
//!
//! The box writes it into the phone's own settings, the same every time until it is used or over, and knows it again
//! when it comes back. It is used for one key: the same request twice is one certificate, another key is refused.

use super::store;
use crate::db::{self, Tx};
use crate::devices::{Device, Token};
use crate::net::Mac;
use crate::seal::{Keyring, sha256};
use crate::settings::Secret;

/// A phone that was given it and does not come within this time gets a new one with its next settings.
pub const LIFE_MS: i64 = 30 * 86_400_000;

/// What the database knows a challenge by.
pub type Hash = [u8; 32];

pub fn hash(secret: &str) -> Hash {
    sha256(format!("challenge {secret}").as_bytes())
}

pub fn place(device_id: i64, profile_id: i64) -> String {
    format!("challenge.secret/{device_id}/{profile_id}")
}

#[derive(Debug, Clone)]
pub struct Challenge {
    pub mac: Mac,
    /// The certificate profile it is good for.
    pub profile_id: i64,
    pub expires_at: i64,
    /// SHA-256 of the key that it was used for.
    pub used_for: Option<[u8; 32]>,
}

/// Why a challenge is worth nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Void {
    Unknown,
    Expired,
    /// For another key.
    Used,
}

impl Challenge {
    pub fn made_at(&self) -> i64 {
        self.expires_at - LIFE_MS
    }

    /// Whether it may be used for this key now.
    pub fn check(&self, key: &[u8; 32], now: i64) -> Result<(), Void> {
        match &self.used_for {
            // Whoever comes again with the same key has lost the answer: late is early enough for that.
            Some(used) if used == key => Ok(()),
            Some(_) => Err(Void::Used),
            None if now >= self.expires_at => Err(Void::Expired),
            None => Ok(()),
        }
    }
}

/// The secret in force, if there is one: what a preview shows.
pub fn current(
    conn: &db::Connection,
    keys: &Keyring,
    device: &Device,
    profile_id: i64,
    now: i64,
) -> db::Result<Option<Secret>> {
    let sealed = store::challenge_in_force(conn, device.id, profile_id, now)?;
    sealed.map(|sealed| Ok(keys.open_secret(&place(device.id, profile_id), &sealed)?)).transpose()
}

/// The newest secret in force, whatever certificate it is for: what the phone's settings hold.
pub fn newest(conn: &db::Connection, keys: &Keyring, device: &Device, now: i64) -> db::Result<Option<Secret>> {
    let found = store::newest_challenge(conn, device.id, now)?;
    found.map(|(profile, sealed)| Ok(keys.open_secret(&place(device.id, profile), &sealed)?)).transpose()
}

/// Every secret that the device was given last, for each certificate profile; used and over, too: who comes with one again
/// is told so. For logins that prove a secret without sending it.
pub fn all(conn: &db::Connection, keys: &Keyring, mac: Mac) -> db::Result<Vec<Secret>> {
    let found = store::challenges(conn, mac)?.into_iter();
    found.map(|(device, profile, sealed)| Ok(keys.open_secret(&place(device, profile), &sealed)?)).collect()
}

/// The secret in force; made when there is none, or when the last one was used or is over.
pub fn current_or_new(tx: &Tx, keys: &Keyring, device: &Device, profile_id: i64, now: i64) -> db::Result<Secret> {
    if let Some(secret) = current(tx, keys, device, profile_id, now)? {
        return Ok(secret);
    }
    // 26 characters, 130 bits: no phone's field is shorter than 32.
    let token = Token::generate()?;
    let sealed = keys.seal(&place(device.id, profile_id), token.reveal().as_bytes())?;
    store::put_challenge(tx, device, profile_id, &sealed, &hash(token.reveal()), now, now + LIFE_MS)?;
    Ok(Secret::new(token.reveal().to_owned()))
}

/// Uses a challenge for a key. What it stands for, or why it is void.
pub fn take(tx: &Tx, hash: &Hash, key: &[u8; 32], now: i64) -> db::Result<Result<Challenge, Void>> {
    let Some(challenge) = store::challenge(tx, hash)? else { return Ok(Err(Void::Unknown)) };
    Ok(match challenge.check(key, now) {
        Ok(()) => {
            store::use_challenge(tx, hash, key, now)?;
            Ok(challenge)
        }
        Err(void) => Err(void),
    })
}
