//! The configuration: one table of keys ([`keys`]), read from a TOML file, the environment and flags, in that order of
//! strength, checked once and handed out as one small struct per area.
//!
//! Owns where a value may come from and how a wrong one is reported. Opens nothing but the file itself.
//!
//! - A key `listen.http` is `http` in `[listen]` of the file, `PHONEBOX_HTTP` in the environment, `--http` as a flag.
//! - The file is the one of `--config` or `PHONEBOX_CONFIG`; else `phonebox.toml` in the data directory; else, for the
//!   installed service, `/etc/phonebox/phonebox.toml`.
//! - The data directory is, first match: what is configured; systemd's `StateDirectory`; `/var/lib/phonebox` where this
//!   user may use it; `$XDG_DATA_HOME/phonebox`; `~/.local/share/phonebox`; `./phonebox-data`. It does not depend on
//!   the working directory while the user has a home, so that every command finds the same box.
//! - The configuration holds no secret: secrets live in the database, the key in a file of its own.

mod file;
mod flags;
mod keys;
mod load;
mod value;

pub use crate::net::is_dns_name;
pub use flags::{Flags, PlaceFlags};
pub use keys::{KEYS, Key, Kind};
pub use load::{Environment, Given, Loaded, Source, load};
pub use value::masked;

use crate::net::Cidr;
use crate::profiles::url::TargetUrl;
use std::net::SocketAddr;
use std::path::PathBuf;

#[derive(Debug, Clone, Default)]
pub struct Config {
    pub data: PathBuf,
    /// Where the sealing key lies; `None`: `seal.key` in the data directory.
    pub key_file: Option<PathBuf>,
    pub listen: Listen,
    pub public: Public,
    /// Only these peers are believed when they name another one (PROXY protocol, `Forwarded`, `X-Forwarded-For`).
    pub trusted_proxies: Vec<Cidr>,
    /// What CAs are made like.
    pub ca: crate::ca::Options,
    pub provision: Provision,
    pub checkins: CheckIns,
    pub uploads: Uploads,
    pub files: Files,
    pub limits: Limits,
    pub audit: Audit,
    pub links: Links,
    pub webhooks: Webhooks,
    pub scep: Scep,
    pub log: Log,
}

#[derive(Debug, Clone, Default)]
pub struct Listen {
    pub admin: Bind,
    pub http: Bind,
    pub https: Bind,
    pub tftp: Bind,
}

/// Where a listener listens. `[::]` stands for every address of both families.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Bind {
    #[default]
    Off,
    On(Vec<SocketAddr>),
}

impl Bind {
    pub fn addresses(&self) -> &[SocketAddr] {
        match self {
            Bind::Off => &[],
            Bind::On(addresses) => addresses,
        }
    }
}

/// How phones and people reach the box, where that is not what the box sees itself.
#[derive(Debug, Clone, Default)]
pub struct Public {
    /// DNS names of the box, besides its host name: they go into the server certificate.
    pub names: Vec<String>,
    /// The page and its API.
    pub admin: Option<TargetUrl>,
    pub http: Option<TargetUrl>,
    pub https: Option<TargetUrl>,
    /// Host and port.
    pub tftp: Option<(String, u16)>,
    /// Whom people write to: an e-mail address, or a page.
    pub feedback: Option<String>,
    /// The privacy policy, where it is not the one in the help.
    pub privacy: Option<String>,
}

#[derive(Debug, Clone, Default)]
pub struct Provision {
    /// How long the first-contact window stays open after activation.
    pub window_hours: u32,
}

/// How long check-ins are kept; the first limit that is reached counts.
#[derive(Debug, Clone, Default)]
pub struct CheckIns {
    pub days: u32,
    pub rows: u64,
}

/// What phones may store here.
#[derive(Debug, Clone, Default)]
pub struct Uploads {
    pub file_bytes: u64,
    pub device_bytes: u64,
}

/// Firmware, languages, images …
#[derive(Debug, Clone, Default)]
pub struct Files {
    pub file_bytes: u64,
    pub total_bytes: u64,
    pub account_bytes: u64,
}

#[derive(Debug, Clone, Default)]
pub struct Limits {
    /// Failed look-ups one source may make in a minute before it is slowed.
    pub misses_per_minute: u32,
    /// Open connections per listener.
    pub connections: u32,
    /// For a whole upload of a phone.
    pub upload_seconds: u32,
    /// For an answer that a phone hardly reads.
    pub stalled_seconds: u32,
    /// Between two looks at what is old, and at what needs a hand.
    pub upkeep_seconds: u32,
}

/// How long what was done is kept.
#[derive(Debug, Clone, Default)]
pub struct Audit {
    pub days: u32,
}

#[derive(Debug, Clone, Default)]
pub struct Links {
    /// Of a forgotten password.
    pub reset_minutes: u32,
}

#[derive(Debug, Clone, Default)]
pub struct Webhooks {
    /// Not public, and may be reached all the same.
    pub networks: Vec<Cidr>,
}

/// How phones may ask for certificates.
#[derive(Debug, Clone, Default)]
pub struct Scep {
    /// Without a challenge, when a person says yes.
    pub approve: bool,
    /// A listener of its own, where MD5 signatures and messages for the issuing CA itself are taken.
    pub old_phones: Bind,
}

#[derive(Debug, Clone, Default)]
pub struct Log {
    pub format: LogFormat,
    /// As in `info,phonebox::provision=debug`.
    pub filter: String,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

/// Everything that is wrong, at once. Exit with [`EXIT`]: starting again would not help.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct ConfigError(pub Vec<String>);

/// Exit status for a wrong configuration (`EX_CONFIG`); the service is not restarted after it.
pub const EXIT: u8 = 78;
