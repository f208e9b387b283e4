//! What many devices are told alike is mapped once: values of shared layers, each with the parameters that it became.
//!
//! A piece counts for another device where its own value and everything that was looked at while it was made are the
//! same there. Values are compared by their place in memory, which the base keeps alive: it can be missed, never mistaken.

use super::{Dialect, Job, Mapped, Unsaid};
use crate::settings::{Layer, Resolved};
use crate::vendors::Item;
use std::cell::RefCell;
use std::ops::Range;

/// A set of catalogue entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entries(Vec<u64>);

impl Entries {
    pub fn insert(&mut self, entry: u16) {
        let (word, bit) = (usize::from(entry / 64), entry % 64);
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        if let Some(word) = self.0.get_mut(word) {
            *word |= 1 << bit;
        }
    }

    fn meets(&self, other: &Entries) -> bool {
        self.0.iter().zip(&other.0).any(|(a, b)| a & b != 0)
    }
}

#[derive(Debug)]
struct Piece {
    one: Resolved,
    /// Entries whose values were looked at.
    read: Entries,
    items: Range<usize>,
    unsaid: Range<usize>,
}

/// Shared values as they are told in one dialect, sorted as [`crate::settings::resolve`] sorts.
#[derive(Debug)]
pub struct Base {
    vendor: String,
    which: u32,
    firmware: Option<String>,
    year: i16,
    pieces: Vec<Piece>,
    mapped: Mapped,
}

impl Base {
    /// Of what this device shares with others. `None`: nothing can be said in its dialect at all.
    pub fn of(dialect: &Dialect<'_>, resolved: &[Resolved]) -> Option<Base> {
        let read = RefCell::new(Entries::default());
        let (named, table, which) = super::named(dialect)?;
        let job =
            Job { table, dialect: &named, which, version: table.version(named.firmware), resolved, read: Some(&read) };
        let is_shared = |one: &Resolved| one.from.layer < Layer::Device;
        let mut own = Entries::default();
        resolved.iter().filter(|one| !is_shared(one)).for_each(|one| own.insert(one.id.entry));
        let (mut pieces, mut mapped) = (Vec::new(), Mapped::default());
        for one in resolved.iter().filter(|one| is_shared(one)) {
            let (items, unsaid) = (mapped.items.len(), mapped.unsaid.len());
            job.one(one, &mut mapped);
            let read = read.take();
            if read.meets(&own) {
                mapped.items.truncate(items);
                mapped.unsaid.truncate(unsaid);
            } else {
                let (items, unsaid) = (items..mapped.items.len(), unsaid..mapped.unsaid.len());
                pieces.push(Piece { one: one.clone(), read, items, unsaid });
            }
        }
        let firmware = dialect.firmware.map(str::to_owned);
        Some(Base { vendor: dialect.vendor.to_owned(), which, firmware, year: dialect.year, pieces, mapped })
    }

    /// What of it holds for a device with these values.
    pub(super) fn known<'a>(&'a self, job: &Job<'_>) -> Option<Known<'a>> {
        let Dialect { vendor, firmware, year, .. } = *job.dialect;
        let same = self.which == job.which && self.firmware.as_deref() == firmware && self.year == year;
        if !same || self.vendor != vendor {
            return None;
        }
        let (mut places, mut changed) = (vec![None; job.resolved.len()], Entries::default());
        let mut pieces = self.pieces.iter().enumerate().peekable();
        for (one, place) in job.resolved.iter().zip(&mut places) {
            let key = (one.id, one.line);
            while let Some((_, gone)) = pieces.next_if(|(_, piece)| (piece.one.id, piece.one.line) < key) {
                changed.insert(gone.one.id.entry);
            }
            match pieces.next_if(|(_, piece)| (piece.one.id, piece.one.line) == key) {
                Some((index, piece)) if piece.one.is_same(one) => *place = Some(index),
                _ => changed.insert(one.id.entry),
            }
        }
        pieces.for_each(|(_, gone)| changed.insert(gone.one.id.entry));
        Some(Known { base: self, places, changed })
    }
}

/// A base beside the values of one device.
pub(super) struct Known<'a> {
    base: &'a Base,
    /// Per resolved value: its piece.
    places: Vec<Option<usize>>,
    /// Entries that stand otherwise than in the base.
    changed: Entries,
}

impl<'a> Known<'a> {
    /// What this value became, where that is known.
    pub fn told(&self, index: usize) -> Option<(&'a [Item], &'a [Unsaid])> {
        let piece = self.base.pieces.get((*self.places.get(index)?)?)?;
        if piece.read.meets(&self.changed) {
            return None;
        }
        let Mapped { items, unsaid } = &self.base.mapped;
        Some((items.get(piece.items.clone())?, unsaid.get(piece.unsaid.clone())?))
    }
}
