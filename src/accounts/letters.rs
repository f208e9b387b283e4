//! What an account's administrators are told by mail: requests that wait for them, and decisions about theirs. Where no mail
//! server is set, the page and the alarms tell it.

use crate::db::Tx;
use crate::seal::Keyring;
use crate::{mail, notify};

/// To the account's own address, or to those who may do everything in it. `but`: of a kind of which the account's
/// recipients hear anyway.
pub fn tell(
    tx: &Tx,
    keys: &Keyring,
    account_id: i64,
    letter: &Words,
    but: Option<&str>,
    now: i64,
) -> crate::db::Result<()> {
    let heard = but.map(|kind| notify::store::recipients(tx, account_id, kind, "")).transpose()?.unwrap_or_default();
    for recipient in notify::store::administrators(tx, account_id)? {
        if !heard.contains(&recipient) {
            tell_one(tx, keys, account_id, recipient, letter, now)?;
        }
    }
    Ok(())
}

pub fn tell_one(
    tx: &Tx,
    keys: &Keyring,
    account_id: i64,
    to: String,
    words: &Words,
    now: i64,
) -> crate::db::Result<()> {
    if mail::settings::load(tx, keys)?.is_none() {
        return Ok(());
    }
    let letter = mail::Letter {
        account_id,
        kind: words.kind.to_owned(),
        recipient: to,
        subject: words.subject.to_owned(),
        body: format!("{}\n", words.body),
    };
    mail::store::queue(tx, keys, &letter, now).map(drop)
}

pub struct Words {
    pub kind: &'static str,
    pub subject: &'static str,
    pub body: String,
}

/// In the middle of a sentence.
pub fn because(reason: Option<&str>) -> String {
    reason.map(|reason| format!(" The reason: {}", mail::line(reason))).unwrap_or_default()
}
