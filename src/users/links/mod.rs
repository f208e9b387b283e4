//! Links with which a user chooses a password: the first one, or a new one. One for each user, used once, kept as a hash.

pub mod api;
pub mod store;

use crate::db::Tx;
use crate::mail;
use crate::seal::{Keyring, hex, random, sha256};
use crate::web::Problem;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The first password (ALE-010: three days).
    Activate,
    /// Another one (YMC-194: ten minutes; AVA says five, ALE three days).
    Reset,
}

impl Purpose {
    fn life(self) -> i64 {
        match self {
            Purpose::Activate => 3 * 24 * 60 * 60_000,
            Purpose::Reset => 10 * 60_000,
        }
    }

    fn page(self) -> &'static str {
        match self {
            Purpose::Activate => "activate",
            Purpose::Reset => "reset",
        }
    }
}

#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct PasswordLink {
    /// Goes with the new password. Shown this once.
    pub token: String,
    /// Below the address of this box. What follows the # is sent to no server.
    #[schema(example = "/reset#code=…")]
    pub path: String,
    pub expires_at: i64,
}

/// What became of a link.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct Handed {
    /// To hand over, where no mail server is set.
    #[serde(flatten)]
    pub link: Option<PasswordLink>,
    /// It was mailed to the user.
    pub mailed: bool,
}

/// A new link: mailed where a mail server is set, else to be handed over.
pub fn hand_over(tx: &Tx, keys: &Keyring, user_id: i64, purpose: Purpose, now: i64) -> Result<Handed, Problem> {
    let link = make(tx, user_id, purpose, now)?;
    if mail::settings::load(tx, keys)?.is_none() {
        return Ok(Handed { link: Some(link), mailed: false });
    }
    let Some(to) = store::addressee(tx, user_id)? else { return Ok(Handed { link: Some(link), mailed: false }) };
    let (subject, words) = match purpose {
        Purpose::Activate => {
            ("Your login to Phonebox", "Choose a password to log in. The link works once, within three days")
        }
        Purpose::Reset => {
            ("A new password for Phonebox", "Choose a new password. The link works once, within ten minutes")
        }
    };
    let body = format!(
        "Login name: {}\n\n{words}: open this at the address of your Phonebox.\n\n{}\n\nIf you did not ask for it, nothing happens without the link.\n",
        mail::line(&to.login),
        link.path
    );
    let letter = mail::Letter {
        account_id: to.account_id,
        kind: purpose.page().to_owned(),
        recipient: to.email,
        subject: subject.to_owned(),
        body,
    };
    mail::store::queue(tx, keys, &letter, now)?;
    Ok(Handed { link: None, mailed: true })
}

/// In the place of the one before.
fn make(tx: &Tx, user_id: i64, purpose: Purpose, now: i64) -> Result<PasswordLink, Problem> {
    let token = hex(&random::<32>()?);
    let expires_at = now + purpose.life();
    store::put(tx, user_id, &sha256(token.as_bytes()), expires_at)?;
    Ok(PasswordLink { path: format!("/{}#code={token}", purpose.page()), token, expires_at })
}
