//! The mail server of the box: one for all accounts, two rows of table `instance`.

use crate::db::{Connection, Error, Result, Tx};
use crate::instance;
use crate::seal::Keyring;
use crate::settings::Secret;
use serde::{Deserialize, Serialize};

const SETTINGS: &str = "mail_settings";
const PASSWORD: &str = "mail_password_sealed";

/// How the connection to the mail server is kept from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// TLS begins after STARTTLS, and without it nothing is sent (RFC 3207).
    Starttls,
    /// TLS from the first byte (RFC 8314).
    Tls,
    /// Everybody on the way reads it: for a server on this machine.
    None,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Settings {
    pub host: String,
    pub port: u16,
    pub security: Security,
    pub user: Option<String>,
    /// Whose mails they are.
    pub from: String,
    #[serde(skip)]
    pub password: Option<Secret>,
}

fn place() -> String {
    format!("instance.value/{PASSWORD}")
}

/// `None`: no mail server is set.
pub fn load(conn: &Connection, keys: &Keyring) -> Result<Option<Settings>> {
    let Some(text) = instance::store::get(conn, SETTINGS)? else { return Ok(None) };
    let settings: Settings =
        serde_json::from_slice(&text).map_err(|error| Error::Damaged(format!("the mail settings: {error}")))?;
    let sealed = instance::store::get(conn, PASSWORD)?;
    let password = sealed.map(|sealed| keys.open_secret(&place(), &sealed)).transpose()?;
    Ok(Some(Settings { password, ..settings }))
}

/// Whether a mail server is set.
pub fn is_set(conn: &Connection) -> Result<bool> {
    Ok(instance::store::get(conn, SETTINGS)?.is_some())
}

pub fn save(tx: &Tx, keys: &Keyring, settings: &Settings) -> Result<()> {
    let text = serde_json::to_vec(settings).map_err(|error| Error::Damaged(error.to_string()))?;
    instance::store::put(tx, SETTINGS, &text)?;
    match &settings.password {
        Some(password) => {
            let sealed = keys.seal(&place(), password.reveal().as_bytes())?;
            instance::store::put(tx, PASSWORD, &sealed)
        }
        None => instance::store::remove(tx, PASSWORD),
    }
}

pub fn remove(tx: &Tx) -> Result<()> {
    instance::store::remove(tx, SETTINGS)?;
    instance::store::remove(tx, PASSWORD)
}
