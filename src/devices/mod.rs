//! Devices: phones, bases and adapters, their lines and SIP accounts, and what they have proved so far.
//!
//! Owns the rows and their rules. Knows no vendor file and no listener.

pub mod api;
pub mod count;
pub mod export;
pub mod import;
pub mod list;
pub mod roll;
pub mod seen;
pub mod store;

use crate::net::Mac;
use crate::seal::{self, Keyring, SealError, sha256};
use crate::settings::Secret;
use std::borrow::Cow;

/// First-contact window after activation, unless the steady token closes it earlier.
pub const WINDOW_MS: i64 = 24 * 3_600_000;

/// The configured first-contact window, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct Window(pub i64);

/// After a complete delivery the window stays open this long for retries.
pub const RETRY_MS: i64 = 3_600_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Added, not yet allowed to fetch anything.
    Known,
    Active,
    /// Switched off by an administrator.
    Blocked,
}

impl State {
    /// As it is stored.
    pub fn word(self) -> &'static str {
        match self {
            State::Known => "known",
            State::Active => "active",
            State::Blocked => "blocked",
        }
    }

    /// What no device was ever in serves nobody.
    pub fn of_word(word: &str) -> State {
        match word {
            "active" => State::Active,
            "known" => State::Known,
            _ => State::Blocked,
        }
    }
}

/// How a device proves itself on day two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Proof {
    Token,
    Credentials,
    Certificate,
}

impl Proof {
    pub fn word(self) -> &'static str {
        match self {
            Proof::Token => "token",
            Proof::Credentials => "credentials",
            Proof::Certificate => "certificate",
        }
    }
}

/// How far a device has come with TLS. It only moves up, unless somebody moves it down.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum TlsState {
    NeverSeen,
    PlainOnly,
    /// It completed an HTTPS request here.
    TrustsOurCa,
    /// It showed a certificate that this box issued for it.
    HoldsOurCertificate,
}

impl TlsState {
    pub const ALL: [TlsState; 4] =
        [TlsState::NeverSeen, TlsState::PlainOnly, TlsState::TrustsOurCa, TlsState::HoldsOurCertificate];

    /// As it is stored.
    pub fn number(self) -> i64 {
        self as i64
    }

    /// As it is shown.
    pub fn word(self) -> &'static str {
        match self {
            TlsState::NeverSeen => "never-seen",
            TlsState::PlainOnly => "plain-only",
            TlsState::TrustsOurCa => "trusts-our-ca",
            TlsState::HoldsOurCertificate => "holds-our-certificate",
        }
    }

    pub fn of_number(number: i64) -> TlsState {
        Self::ALL.into_iter().find(|state| state.number() == number).unwrap_or(TlsState::NeverSeen)
    }
}

#[derive(Debug, Clone)]
pub struct Device {
    pub id: i64,
    pub account_id: i64,
    pub mac: Mac,
    pub vendor: Option<Cow<'static, str>>,
    pub model: Option<Cow<'static, str>>,
    pub serial: Option<String>,
    pub name: Option<String>,
    pub site_id: Option<i64>,
    pub profile_id: Option<i64>,
    pub group_id: Option<i64>,
    pub url: Option<Secret>,
    pub state: State,
    pub activated_at: Option<i64>,
    pub window_until: i64,
    pub window_peer: Option<String>,
    pub token: Secret,
    pub proof: Option<Proof>,
    pub proof_at: Option<i64>,
    pub secrets_at: Option<i64>,
    pub tls_at: Option<i64>,
    pub tls_state: TlsState,
    pub enrolled_at: Option<i64>,
    pub reset_at: Option<i64>,
    pub conflict_at: Option<i64>,
    /// All its keys were revoked: none is issued before it is let in again.
    pub keys_revoked_at: Option<i64>,
    pub created_at: i64,
    pub updated_at: i64,
}

impl Device {
    /// User name of its HTTP credentials: the MAC, which is no secret.
    pub fn http_user(&self) -> String {
        self.mac.to_string()
    }

    pub fn window_open(&self, now: i64) -> bool {
        self.state == State::Active && now < self.window_until && self.conflict_at.is_none()
    }
}

/// One line of a device, with the SIP account it registers.
#[derive(Debug, Clone)]
pub struct Line {
    pub number: u8,
    pub account: Option<SipAccount>,
}

#[derive(Debug, Clone)]
pub struct SipAccount {
    pub id: i64,
    pub user: String,
    pub auth_id: Option<String>,
    pub password: Option<Secret>,
    pub display_name: Option<String>,
    pub author: String,
    pub updated_at: i64,
}

/// The steady token of a URL: 130 random bits as 26 characters that survive every phone's URL handling.
#[derive(Clone)]
pub struct Token(Secret);

const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
pub const TOKEN_LEN: usize = 26;

impl Token {
    pub fn generate() -> Result<Token, SealError> {
        let bytes = seal::random::<TOKEN_LEN>()?;
        Ok(Token(Secret::new(bytes.iter().map(|byte| ALPHABET[usize::from(byte & 31)] as char).collect::<String>())))
    }

    /// What the database finds a token by: the token itself is never compared.
    pub fn hash(text: &str) -> [u8; 16] {
        let mut short = [0u8; 16];
        short.copy_from_slice(&sha256(text.as_bytes())[..16]);
        short
    }

    /// Whether a path segment has the form of a token.
    pub fn is_one(segment: &[u8]) -> bool {
        segment.len() == TOKEN_LEN && segment.iter().all(|byte| ALPHABET.contains(byte))
    }

    /// The text with a mask for all that could be a token: in either case, percent-encoded or not, whatever stands around it.
    pub fn hide(text: &str) -> Cow<'_, str> {
        let (mut out, mut copied, mut start, mut letters, mut at) = (String::new(), 0, 0, 0, 0);
        loop {
            let rest = text.as_bytes().get(at..).unwrap_or_default();
            let (width, is_letter) = step(rest);
            if is_letter {
                start = if letters == 0 { at } else { start };
                letters += 1;
            } else if std::mem::take(&mut letters) >= TOKEN_LEN {
                out.push_str(text.get(copied..start).unwrap_or_default());
                out.push_str("******");
                copied = at;
            }
            if rest.is_empty() {
                break;
            }
            at += width;
        }
        match copied {
            0 => text.into(),
            _ => (out + text.get(copied..).unwrap_or_default()).into(),
        }
    }

    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }

    /// What stands in the address at which a device fetches the roots, over plain HTTP: only whoever had its file knows it,
    /// and it opens nothing.
    pub fn mark(token: &Secret) -> String {
        let hash = sha256(format!("phonebox roots {}", token.reveal()).as_bytes());
        hash.iter().take(TOKEN_LEN).map(|byte| ALPHABET[usize::from(byte & 31)] as char).collect()
    }
}

/// How long the first character of a path is, and whether it could be one of a token.
fn step(text: &[u8]) -> (usize, bool) {
    let is_letter = |byte: u8| ALPHABET.contains(&byte.to_ascii_lowercase());
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    match *text {
        [b'%', high, low, ..] => match digit(high).zip(digit(low)) {
            Some((high, low)) => (3, is_letter(high << 4 | low)),
            None => (1, false),
        },
        [byte, ..] => (1, is_letter(byte)),
        [] => (0, false),
    }
}

/// The secrets a device is born with: its token and its HTTP password.
pub struct Birth {
    pub token_sealed: Vec<u8>,
    pub token_hash: [u8; 16],
    pub http_password_sealed: Vec<u8>,
}

impl Birth {
    pub fn new(keys: &Keyring, mac: Mac) -> Result<Birth, SealError> {
        let token = Token::generate()?;
        let password = Token::generate()?;
        Ok(Birth {
            token_sealed: keys.seal(&place("token", mac), token.reveal().as_bytes())?,
            token_hash: Token::hash(token.reveal()),
            http_password_sealed: keys.seal(&place("http_password", mac), password.reveal().as_bytes())?,
        })
    }
}

/// Where a device's sealed value belongs.
pub fn place(column: &str, mac: Mac) -> String {
    format!("device.{column}/{mac}")
}
