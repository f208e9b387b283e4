//! Finished files, kept while they are true: made from this load of the device and this epoch of the shared layers.

use crate::net::Mac;
use crate::vendors::format::WriteWarning;
use bytes::Bytes;
use foldhash::fast::RandomState;
use quick_cache::sync::Cache;
use quick_cache::{Equivalent, Weighter};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A finished file as every transport needs it.
#[derive(Debug)]
pub struct Rendered {
    pub content_type: &'static str,
    pub bytes: Bytes,
    /// With its quotes.
    pub etag: Box<str>,
    /// Milliseconds; last change of anything it was made from.
    pub modified: i64,
    pub warnings: Vec<WriteWarning>,
}

/// All that decides the bytes besides what `stamp` and `epoch` stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key<'a> {
    pub mac: Option<Mac>,
    pub account: i64,
    pub name: &'a str,
    pub secrets: bool,
    pub vendor: &'static str,
    pub model: Option<&'a str>,
    pub version: Option<&'a str>,
    pub next: Option<&'static str>,
    /// Of the daylight saving rules in it.
    pub year: i16,
    /// Of the address that the phone reached.
    pub origin: &'a str,
}

#[derive(PartialEq, Eq)]
struct Owned {
    mac: Option<Mac>,
    account: i64,
    name: Box<str>,
    secrets: bool,
    vendor: &'static str,
    model: Option<Box<str>>,
    version: Option<Box<str>>,
    next: Option<&'static str>,
    year: i16,
    origin: Box<str>,
}

impl Owned {
    fn borrowed(&self) -> Key<'_> {
        Key {
            mac: self.mac,
            account: self.account,
            name: &self.name,
            secrets: self.secrets,
            vendor: self.vendor,
            model: self.model.as_deref(),
            version: self.version.as_deref(),
            next: self.next,
            year: self.year,
            origin: &self.origin,
        }
    }
}

impl Hash for Owned {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.borrowed().hash(state);
    }
}

impl Equivalent<Owned> for Key<'_> {
    fn equivalent(&self, key: &Owned) -> bool {
        *self == key.borrowed()
    }
}

#[derive(Clone)]
struct Entry {
    stamp: u64,
    epoch: u64,
    rendered: Arc<Rendered>,
}

#[derive(Clone)]
struct Bytesize;

impl Weighter<Owned, Entry> for Bytesize {
    fn weight(&self, _: &Owned, entry: &Entry) -> u64 {
        entry.rendered.bytes.len() as u64 + 320
    }
}

/// Bytes kept: what some thousand phones ask for again and again.
const KEPT: u64 = 24 << 20;

pub struct Documents(Cache<Owned, Entry, Bytesize, RandomState>);

impl Documents {
    pub fn new() -> Documents {
        Documents(Cache::with(4_096, KEPT, Bytesize, RandomState::default(), Default::default()))
    }

    pub fn get(&self, key: &Key, stamp: u64, epoch: u64) -> Option<Arc<Rendered>> {
        let entry = self.0.get(key)?;
        (entry.stamp == stamp && entry.epoch == epoch).then_some(entry.rendered)
    }

    pub fn put(&self, key: &Key, stamp: u64, epoch: u64, rendered: Arc<Rendered>) {
        let owned = Owned {
            mac: key.mac,
            account: key.account,
            name: key.name.into(),
            secrets: key.secrets,
            vendor: key.vendor,
            model: key.model.map(Into::into),
            version: key.version.map(Into::into),
            next: key.next,
            year: key.year,
            origin: key.origin.into(),
        };
        self.0.insert(owned, Entry { stamp, epoch, rendered });
    }
}
