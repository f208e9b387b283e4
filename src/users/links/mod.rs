//! Links with which a user chooses a password: the first one, or a new one. One for each user, used once, kept as a hash.

pub mod api;
pub mod store;

use crate::db::Tx;
use crate::mail;
use crate::profiles::TargetUrl;
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
    /// The whole link; null while the configuration does not say how people reach this box (public.admin).
    pub url: Option<String>,
    pub expires_at: i64,
}

/// How people reach the page, where somebody has said so. Never what a request says: its Host is anybody's word, and
/// a link that leads elsewhere gives its code away.
#[derive(Debug, Clone, Default)]
pub struct Address(Option<String>);

impl Address {
    /// The address that is configured; else the first name that is, for it stands in the box's certificate.
    pub fn new(url: Option<&TargetUrl>, names: &[String], port: Option<u16>) -> Address {
        let by_name = || Some((names.first()?.clone(), port?));
        let (host, port) = match url {
            Some(url) => (url.host.clone(), url.port.unwrap_or(443)),
            None => match by_name() {
                Some(known) => known,
                None => return Address(None),
            },
        };
        let port = if port == 443 { String::new() } else { format!(":{port}") };
        Address(Some(format!("https://{host}{port}").to_ascii_lowercase()))
    }

    pub fn link(&self, path: &str) -> Option<String> {
        self.0.as_ref().map(|address| format!("{address}{path}"))
    }

    /// Whether a browser says that it asks from there.
    pub fn is_origin(&self, origin: &str) -> bool {
        self.0.as_ref().is_some_and(|address| address.eq_ignore_ascii_case(origin))
    }
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
pub fn hand_over(
    tx: &Tx,
    keys: &Keyring,
    address: &Address,
    user_id: i64,
    purpose: Purpose,
    now: i64,
) -> Result<Handed, Problem> {
    let link = make(tx, address, user_id, purpose, now)?;
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
    let place = match &link.url {
        Some(url) => format!(":\n\n{url}"),
        None => format!(
            ". This box does not know its own address: open it where you always do, and put this behind the name and port \
             in your browser's address bar:\n\n{}",
            link.path
        ),
    };
    let login = mail::line(&to.login);
    let body = format!(
        "Login name: {login}\n\n{words}{place}\n\nIf you did not ask for it, nothing happens without the link.\n"
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
fn make(tx: &Tx, address: &Address, user_id: i64, purpose: Purpose, now: i64) -> Result<PasswordLink, Problem> {
    let token = hex(&random::<32>()?);
    let expires_at = now + purpose.life();
    store::put(tx, user_id, &sha256(token.as_bytes()), expires_at)?;
    let path = format!("/{}#code={token}", purpose.page());
    Ok(PasswordLink { url: address.link(&path), path, token, expires_at })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_where_the_configuration_says_and_nowhere_else() {
        let url = |text: &str| crate::profiles::url::parse(text).unwrap().url;
        let names = ["Box.example".to_owned(), "other.example".to_owned()];
        let link = |address: Address| address.link("/reset#code=x");
        let given = Address::new(Some(&url("https://phones.example:9443/")), &names, Some(8443));
        assert!(given.is_origin("https://Phones.example:9443") && !given.is_origin("https://box.example:8443"));
        assert_eq!(link(given).as_deref(), Some("https://phones.example:9443/reset#code=x"));
        let usual = Address::new(Some(&url("https://phones.example/")), &[], None);
        assert_eq!(link(usual).as_deref(), Some("https://phones.example/reset#code=x"));
        let named = Address::new(None, &names, Some(8443));
        assert_eq!(link(named).as_deref(), Some("https://box.example:8443/reset#code=x"));
        assert_eq!(link(Address::new(None, &[], Some(8443))), None);
        assert!(!Address::default().is_origin("null"));
    }
}
