//! Links with which a user chooses a password: the first one, or a new one. Used once, kept as a hash. What somebody hands
//! over takes the place of those before; what anybody asks for at the door stands beside them, so that nobody's link ends
//! because a stranger asks too. The first that is used ends the others.

pub mod api;
pub mod store;
pub mod welcome;

use crate::db::Tx;
use crate::mail;
use crate::profiles::TargetUrl;
use crate::seal::{Keyring, hex, random, sha256};
use crate::web::Problem;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The first password (ALE-010: three days).
    Activate,
    /// Another one. AVA-043 says five minutes, YMC-194 ten, ALE-028 three days: `links.reset_minutes` says it here.
    Reset,
}

impl Purpose {
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
    /// The whole link: to where the configuration says that people reach this box (public.admin), else to its own address;
    /// null while that is reached from nowhere else.
    pub url: Option<String>,
    pub expires_at: i64,
}

/// How people reach the page. Never what a request says: its Host is anybody's word, and a link that leads elsewhere gives
/// its code away.
#[derive(Clone, Default)]
pub struct Address {
    pub page: mail::Page,
    reset_minutes: u32,
}

impl Address {
    /// The address that is configured; else the first name that is, for it stands in the box's certificate.
    pub fn new(url: Option<&TargetUrl>, names: &[String], port: Option<u16>, reset_minutes: u32) -> Address {
        let by_name = || Some((names.first()?.clone(), port?));
        let (host, port) = match url {
            Some(url) => (url.host.clone(), url.port.unwrap_or(443)),
            None => match by_name() {
                Some(known) => known,
                None => return Address { page: mail::Page::default(), reset_minutes },
            },
        };
        let port = if port == 443 { String::new() } else { format!(":{port}") };
        let url = format!("https://{host}{port}").to_ascii_lowercase();
        Address { page: mail::Page::at(Some(url)), reset_minutes }
    }

    fn life(&self, purpose: Purpose) -> i64 {
        match purpose {
            Purpose::Activate => 3 * 24 * 60 * 60_000,
            Purpose::Reset => i64::from(self.reset_minutes) * 60_000,
        }
    }

    pub fn link(&self, path: &str) -> Option<String> {
        self.page.link(path)
    }

    /// Whether a browser says that it asks from the one that is configured.
    pub fn is_origin(&self, origin: &str) -> bool {
        self.page.said().is_some_and(|address| address.eq_ignore_ascii_case(origin))
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

/// A new link in the place of those before: mailed where a mail server is set, else to be handed over.
pub fn hand_over(
    tx: &Tx,
    keys: &Keyring,
    address: &Address,
    user_id: i64,
    purpose: Purpose,
    now: i64,
) -> Result<Handed, Problem> {
    store::drop_all(tx, user_id)?;
    hand_another(tx, keys, address, user_id, purpose, now)
}

/// So many that were asked for lie in a mailbox at once; the next one is mailed when `links.reset_minutes` are over.
const AT_ONCE: i64 = 3;

/// Whether a user was mailed enough of them just now, whoever asked.
pub fn is_enough(tx: &Tx, address: &Address, user_id: i64, purpose: Purpose, now: i64) -> Result<bool, Problem> {
    let while_ago = now + address.life(purpose) - address.life(Purpose::Reset);
    Ok(store::mailed_until(tx, user_id, while_ago)? >= AT_ONCE)
}

/// The same, beside those before.
pub fn hand_another(
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
        Purpose::Activate => ("Your login to Phonebox", "Choose a password to log in"),
        Purpose::Reset => ("A new password for Phonebox", "Choose a new password"),
    };
    let within = match address.life(purpose) / 60_000 {
        minutes if minutes % (24 * 60) == 0 => format!("{} days", minutes / (24 * 60)),
        minutes => format!("{minutes} minutes"),
    };
    let words = format!("{words}. The link works once, within {within}");
    let place = match &link.url {
        Some(url) => format!(":\n\n{url}"),
        None => format!(
            ". This box does not know its own address: open it where you always do, and put this behind the name and port \
             in your browser's address bar:\n\n{}",
            link.path
        ),
    };
    let (login, account) = (mail::line(&to.login), mail::line(&to.account));
    let body = format!(
        "Login name: {login}\nAccount: {account}\n\n{words}{place}\n\nIf you did not ask for it, nothing happens without the link.\n"
    );
    let letter = mail::Letter {
        account_id: to.account_id,
        kind: purpose.page().to_owned(),
        recipient: to.email,
        subject: subject.to_owned(),
        body,
    };
    let mailed = mail::store::queue(tx, keys, &letter, now)?;
    if mailed {
        store::was_mailed(tx, user_id, &sha256(link.token.as_bytes()))?;
    }
    Ok(Handed { link: (!mailed).then_some(link), mailed })
}

fn make(tx: &Tx, address: &Address, user_id: i64, purpose: Purpose, now: i64) -> Result<PasswordLink, Problem> {
    let token = hex(&random::<32>()?);
    let expires_at = now + address.life(purpose);
    store::put(tx, user_id, &sha256(token.as_bytes()), expires_at, now)?;
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
        let given = Address::new(Some(&url("https://phones.example:9443/")), &names, Some(8443), 10);
        assert!(given.is_origin("https://Phones.example:9443") && !given.is_origin("https://box.example:8443"));
        assert_eq!(link(given).as_deref(), Some("https://phones.example:9443/reset#code=x"));
        let usual = Address::new(Some(&url("https://phones.example/")), &[], None, 10);
        assert_eq!(link(usual).as_deref(), Some("https://phones.example/reset#code=x"));
        let named = Address::new(None, &names, Some(8443), 10);
        assert_eq!(link(named).as_deref(), Some("https://box.example:8443/reset#code=x"));
        assert_eq!(link(Address::new(None, &[], Some(8443), 10)), None);
        assert!(!Address::default().is_origin("null"));
    }
}
