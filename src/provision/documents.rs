//! Finished files, kept while they are true: made from this state of the device and this epoch of the shared layers.
//!
//! Files of one family (the same vendor, model and firmware) differ in little. Each is kept as its difference to the first
//! one of its family, some hundred bytes instead of some thousand, so that the phones of a whole site find theirs.

use super::rounds;
use crate::net::Mac;
use crate::vendors::map::Base;
use bytes::Bytes;
use foldhash::fast::RandomState;
use foldhash::quality::FixedState;
use lz4_flex::block::{compress_into_with_dict, decompress_with_dict, get_maximum_output_size};
use quick_cache::sync::Cache;
use quick_cache::{Equivalent, UnitWeighter, Weighter};
use std::cell::RefCell;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// A finished file as every transport needs it.
#[derive(Debug)]
pub struct Rendered {
    pub content_type: &'static str,
    pub bytes: Bytes,
    pub etag: Etag,
    /// Milliseconds; last change of anything it was made from.
    pub modified: i64,
}

/// 128 bits that tell the versions of a file apart. Whoever writes a file may read it: nobody gains by two alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Etag([u64; 2]);

impl Etag {
    pub fn of(bytes: &[u8]) -> Etag {
        Etag([1, 2].map(|seed| FixedState::with_seed(seed).hash_one(bytes)))
    }
}

/// With its quotes, as headers carry it.
impl std::fmt::Display for Etag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Etag([first, second]) = self;
        write!(f, "\"{first:016x}{second:016x}\"")
    }
}

/// What the files of many devices have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Family<'a> {
    pub account: i64,
    pub vendor: &'static str,
    pub model: Option<&'a str>,
    pub version: Option<&'a str>,
    pub secrets: bool,
    /// To other files of the device, with its token.
    pub links: bool,
    pub next: Option<&'static str>,
    /// Of the daylight saving rules in it.
    pub year: i16,
    /// Of the address that the phone reached.
    pub origin: &'a str,
}

/// All that decides the bytes besides what `stamp` and `epoch` stand for.
#[derive(Debug, Clone, Copy)]
pub struct Key<'a> {
    pub family: Family<'a>,
    pub mac: Option<Mac>,
    pub name: &'a str,
}

/// A family of this epoch.
struct Known {
    number: u32,
    epoch: u64,
    /// What the others are told apart from.
    first: Bytes,
    /// What their devices are told alike.
    base: Arc<OnceLock<Option<Base>>>,
}

#[derive(PartialEq, Eq)]
struct OwnedFamily {
    account: i64,
    vendor: &'static str,
    model: Option<Box<str>>,
    version: Option<Box<str>>,
    secrets: bool,
    links: bool,
    next: Option<&'static str>,
    year: i16,
    origin: Box<str>,
}

impl OwnedFamily {
    fn of(family: &Family) -> OwnedFamily {
        OwnedFamily {
            account: family.account,
            vendor: family.vendor,
            model: family.model.map(Into::into),
            version: family.version.map(Into::into),
            secrets: family.secrets,
            links: family.links,
            next: family.next,
            year: family.year,
            origin: family.origin.into(),
        }
    }

    fn borrowed(&self) -> Family<'_> {
        Family {
            account: self.account,
            vendor: self.vendor,
            model: self.model.as_deref(),
            version: self.version.as_deref(),
            secrets: self.secrets,
            links: self.links,
            next: self.next,
            year: self.year,
            origin: &self.origin,
        }
    }
}

impl Hash for OwnedFamily {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.borrowed().hash(state);
    }
}

impl Equivalent<OwnedFamily> for Family<'_> {
    fn equivalent(&self, key: &OwnedFamily) -> bool {
        *self == key.borrowed()
    }
}

/// Family, MAC (0: nobody's) and name of a file.
#[derive(PartialEq, Eq, Hash)]
struct Place<N>(u32, u64, N);

impl Equivalent<Place<Box<str>>> for Place<&str> {
    fn equivalent(&self, key: &Place<Box<str>>) -> bool {
        self.0 == key.0 && self.1 == key.1 && *self.2 == *key.2
    }
}

struct Packed {
    stamp: u64,
    difference: Box<[u8]>,
    size: u32,
    content_type: &'static str,
    etag: Etag,
    modified: i64,
}

#[derive(Clone)]
struct Bytesize;

impl Weighter<Place<Box<str>>, Arc<Packed>> for Bytesize {
    fn weight(&self, _: &Place<Box<str>>, packed: &Arc<Packed>) -> u64 {
        packed.difference.len() as u64 + 256
    }
}

/// Bytes kept, as the weigher counts them, and room for as many files.
const KEPT: u64 = 16 << 20;
const FILES: usize = 36_864;
const FAMILIES: usize = 512;

pub struct Documents {
    families: Cache<OwnedFamily, Arc<Known>, UnitWeighter, RandomState>,
    numbers: AtomicU32,
    files: Cache<Place<Box<str>>, Arc<Packed>, Bytesize, RandomState>,
    /// Of the files: when it moves, all of them are old.
    epoch: AtomicU64,
}

impl Documents {
    pub fn new() -> Documents {
        Documents {
            families: Cache::with(FAMILIES, FAMILIES as u64, UnitWeighter, RandomState::default(), Default::default()),
            numbers: AtomicU32::new(0),
            files: Cache::with_options(
                rounds::options(FILES, KEPT),
                Bytesize,
                RandomState::default(),
                Default::default(),
            ),
            epoch: AtomicU64::new(0),
        }
    }

    pub fn get(&self, key: &Key, stamp: u64, epoch: u64) -> Option<Rendered> {
        let family = self.families.get(&key.family).filter(|family| family.epoch == epoch)?;
        let packed = self.files.get(&place(&family, key)).filter(|packed| packed.stamp == stamp)?;
        let bytes = decompress_with_dict(&packed.difference, packed.size as usize, &family.first).ok()?;
        let Packed { content_type, etag, modified, .. } = *packed;
        Some(Rendered { content_type, bytes: bytes.into(), etag, modified })
    }

    /// From the second file of a family on.
    pub fn base(&self, key: &Key, epoch: u64) -> Option<Arc<OnceLock<Option<Base>>>> {
        let family = self.families.get(&key.family).filter(|family| family.epoch == epoch)?;
        Some(family.base.clone())
    }

    pub fn put(&self, key: &Key, stamp: u64, epoch: u64, rendered: &Rendered) {
        if self.epoch.swap(epoch, Ordering::Relaxed) != epoch {
            self.files.clear();
        }
        let Ok(size) = u32::try_from(rendered.bytes.len()) else { return };
        let family = self.families.get(&key.family).filter(|family| family.epoch == epoch).unwrap_or_else(|| {
            let number = self.numbers.fetch_add(1, Ordering::Relaxed);
            let family = Arc::new(Known { number, epoch, first: rendered.bytes.clone(), base: Arc::default() });
            self.families.insert(OwnedFamily::of(&key.family), family.clone());
            family
        });
        let Some(difference) = difference(&rendered.bytes, &family.first) else { return };
        let packed = Packed {
            stamp,
            difference,
            size,
            content_type: rendered.content_type,
            etag: rendered.etag,
            modified: rendered.modified,
        };
        let Place(number, mac, name) = place(&family, key);
        self.files.insert(Place(number, mac, name.into()), Arc::new(packed));
    }
}

/// What `bytes` has that `first` has not, worked out in a buffer that stays: one of this size costs more than the work.
fn difference(bytes: &[u8], first: &[u8]) -> Option<Box<[u8]>> {
    thread_local!(static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) });
    BUFFER.with_borrow_mut(|buffer| {
        buffer.resize(get_maximum_output_size(bytes.len()).max(buffer.len()), 0);
        let length = compress_into_with_dict(bytes, buffer, first).ok()?;
        buffer.get(..length).map(Box::from)
    })
}

fn place<'a>(family: &Known, key: &Key<'a>) -> Place<&'a str> {
    Place(family.number, key.mac.map_or(0, Mac::to_u64), key.name)
}
