//! Sessions of people: 256 random bits in a cookie, their hash in a row, an end by idleness and one by age.
//!
//! The word against forged requests is derived from the cookie: whoever can read it has the session anyway.

pub mod api;
pub mod store;

use super::{Actor, Due, Permission, Permissions, Who};
use crate::accounts::store::is_within;
use crate::db::{BOX_ACCOUNT, Connection, Db, Tx};
use crate::seal::{SealError, hex, random, sha256};
use std::sync::Arc;

pub const COOKIE: &str = "__Host-phonebox";
/// Without a request it ends after this.
pub const IDLE: i64 = 60 * 60_000;
/// And after this in any case.
pub const LONGEST: i64 = 12 * 60 * 60_000;
/// A row is not written for every request.
const TOUCH: i64 = 60_000;

/// What the browser keeps.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    fn new() -> Result<Token, SealError> {
        Ok(Token(hex(&random::<32>()?)))
    }

    /// Of a Cookie header.
    pub fn of_cookies(header: &str) -> Option<Token> {
        let mut pairs = header.split(';').filter_map(|pair| pair.trim().split_once('='));
        let (_, value) = pairs.find(|(name, _)| *name == COOKIE)?;
        (value.len() == 64).then(|| Token(value.to_owned()))
    }

    pub fn hash(&self) -> [u8; 32] {
        sha256(self.0.as_bytes())
    }

    /// Shown to the page, sent back by it with every change.
    pub fn csrf(&self) -> String {
        hex(&sha256(format!("csrf {}", self.0).as_bytes()))
    }

    /// Set-Cookie.
    pub fn cookie(&self) -> String {
        format!("{COOKIE}={}; Path=/; Secure; HttpOnly; SameSite=Strict", self.0)
    }
}

/// Set-Cookie that takes it away.
pub fn no_cookie() -> String {
    format!("{COOKIE}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict")
}

/// What a new session is made of.
pub struct New<'a> {
    pub user_id: i64,
    pub acting_id: Option<i64>,
    pub peer: &'a str,
    pub agent: &'a str,
    /// `password`, `certificate`, `setup`.
    pub by: &'a str,
}

pub fn begin(tx: &Tx, new: &New, now: i64) -> crate::db::Result<Token> {
    let token = Token::new()?;
    store::insert(tx, &token.hash(), new, now)?;
    Ok(token)
}

/// Who has this session, if it is still one. Notes that it was used.
pub fn actor(db: &Db, token: &Token, peer: &str, now: i64) -> crate::db::Result<Option<Actor>> {
    let found = db.read(|conn| look_up(conn, token, peer, now))?;
    let Some((actor, seen_at)) = found else { return Ok(None) };
    if let Who::Person { session_id, .. } = actor.who
        && now - seen_at > TOUCH
    {
        let db = db.clone();
        tokio::spawn(async move {
            // A box that cannot write lets people look.
            let _ = db.write_soon(move |tx| store::touch(tx, session_id, now)).await;
        });
    }
    Ok(Some(actor))
}

fn look_up(conn: &Connection, token: &Token, peer: &str, now: i64) -> crate::db::Result<Option<(Actor, i64)>> {
    let Some(found) = store::by_hash(conn, &token.hash(), now)? else { return Ok(None) };
    let permissions = super::store::permissions(conn, found.user_id)?;
    let limited = super::data::store::is_limited(conn, found.user_id)?;
    let account_id = found.acting_id.unwrap_or(found.home_id);
    let permissions = within(permissions, found.home_id, account_id);
    let guest = account_id != found.home_id && !is_within(conn, found.home_id, account_id)?;
    let permissions = if guest { permissions.of_a_guest() } else { permissions };
    let limited = Some(found.user_id).filter(|_| limited);
    if account_id != found.home_id && (!permissions.has(Permission::AccountSwitch) || limited.is_some()) {
        return Ok(None);
    }
    let due = match () {
        () if found.temporary => Some(Due::Password),
        () if found.totp_required && !found.totp_on => Some(Due::Totp),
        () => None,
    };
    let actor = Actor {
        name: Arc::from(found.login),
        account_id,
        home_id: found.home_id,
        who: Who::Person { user_id: found.user_id, session_id: found.id, due },
        from: peer.into(),
        permissions,
        limited,
        guest,
    };
    Ok(Some((actor, found.seen_at)))
}

/// What is the box's counts in the box's account, for those who belong to it.
pub fn within(permissions: Permissions, home_id: i64, account_id: i64) -> Permissions {
    let is_box = home_id == BOX_ACCOUNT && account_id == BOX_ACCOUNT;
    if is_box { permissions } else { permissions.without_box() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threat_055_the_cookie_is_the_hosts_own_and_no_script_reads_it() {
        let token = Token::new().unwrap();
        let cookie = token.cookie();
        for word in ["__Host-phonebox=", "Path=/", "Secure", "HttpOnly", "SameSite=Strict"] {
            assert!(cookie.contains(word) && no_cookie().contains(word), "{cookie}");
        }
        assert!(!cookie.contains("Domain"));
        let header = format!("a=b; {}; c=d", cookie.split(';').next().unwrap());
        let read = Token::of_cookies(&header).unwrap();
        assert_eq!((read.hash(), read.csrf()), (token.hash(), token.csrf()));
        assert!(!token.csrf().contains(&token.0) && token.csrf().len() == 64);
        assert!(Token::of_cookies("a=b").is_none() && Token::of_cookies("__Host-phonebox=short").is_none());
    }
}
