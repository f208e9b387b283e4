//! The vendor-neutral vocabulary: what can be set ([`mod@catalogue`]), of which type, and in which layer.
//!
//! Knows no vendor parameter, no device and no database. Values are checked at the edge and kept as canonical text.

pub mod catalogue;
mod check;
mod resolve;
pub mod store;
pub mod timezone;

pub use catalogue::{NO_SUCH, catalogue};
pub use check::{SettingError, check};
pub use resolve::{Set, Values, resolve};

use std::fmt;
use std::sync::Arc;

/// Where a value was set, weakest first. A stronger layer hides a weaker one, setting by setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    /// What the vendor's own table says when nobody set anything.
    Vendor,
    /// What the account's firmware policy gives: weaker than everything that somebody set. Nobody can set it.
    Policy,
    Global,
    Account,
    Site,
    Profile,
    Model,
    Group,
    Device,
    Line,
    /// Computed by the box itself: addresses, tokens, certificates. Nobody can set it.
    Box,
}

/// A catalogue entry, with the index of a repeated one: `key.3.label` is entry `key.*.label`, index 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SettingId {
    /// Position in the catalogue.
    pub entry: u16,
    /// 1-based for repeated entries, otherwise 0.
    pub index: u16,
}

/// Text that must not be seen: masked in every print, wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<zeroize::Zeroizing<String>>);

impl Secret {
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(Arc::new(zeroize::Zeroizing::new(text.into())))
    }

    /// The text itself. Call it only where a grant that includes secrets is at hand.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("******")
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Plain(Arc<str>),
    Secret(Secret),
}

impl Value {
    /// For a writer that was given this value on purpose: a grant without secrets has removed them before.
    pub fn text(&self) -> &str {
        match self {
            Value::Plain(text) => text,
            Value::Secret(secret) => secret.reveal(),
        }
    }

    pub fn is_secret(&self) -> bool {
        matches!(self, Value::Secret(_))
    }

    /// The very same, not only equal.
    pub fn is_same(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Plain(own), Value::Plain(other)) => Arc::ptr_eq(own, other),
            (Value::Secret(own), Value::Secret(other)) => Arc::ptr_eq(&own.0, &other.0),
            _ => false,
        }
    }

    /// What may be shown to anyone.
    pub fn masked(&self) -> &str {
        match self {
            Value::Plain(text) => text,
            Value::Secret(_) => "******",
        }
    }
}

/// Who set a value, where and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    pub layer: Layer,
    /// The site's, profile's, model's … name; empty where the layer has one scope only.
    pub scope: Arc<str>,
    pub author: Arc<str>,
    /// Milliseconds since the Unix epoch.
    pub at: i64,
}

/// One value that won its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    pub id: SettingId,
    /// Line number for per-line entries, otherwise 0.
    pub line: u8,
    pub value: Value,
    pub from: Arc<Provenance>,
}

impl Resolved {
    /// The very same value that was set once, for two devices.
    pub fn is_same(&self, other: &Resolved) -> bool {
        self.value.is_same(&other.value) && Arc::ptr_eq(&self.from, &other.from)
    }
}
