//! The columns and their orders.
//!
//! An entry's keys never change: a device that gets another name gets another entry, and the old one is struck out. So
//! the orders stay sorted while many are written, and are mended once at the end.

use super::kinds::Kinds;
use super::order;
use super::search::Search;
use crate::db::{Error, Result};
use crate::devices::State;
use std::cmp::Ordering;
use std::ops::Range;

/// What the database says of a device.
pub struct Facts<'a> {
    pub id: i64,
    pub account_id: i64,
    pub mac: i64,
    pub site_id: Option<i64>,
    pub profile_id: Option<i64>,
    pub group_id: Option<i64>,
    pub state: State,
    pub is_reset: bool,
    pub kind: [Option<&'a str>; 3],
    pub name: &'a str,
    pub serial: &'a str,
}

/// What lists find a device by: 36 bytes, a million times. Ids: 0 is none.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    mac: [u8; 6],
    pub state: State,
    pub is_reset: bool,
    pub id: u32,
    /// 0: struck out.
    pub account: u32,
    pub site: u32,
    pub profile: u32,
    pub group: u32,
    pub kind: u32,
    /// Where its words begin. They lie in the order of the entries.
    words: u32,
}

impl Entry {
    pub fn words(&self) -> usize {
        self.words as usize
    }

    pub fn mac(&self) -> u64 {
        self.mac.iter().fold(0, |bits, byte| bits << 8 | u64::from(*byte))
    }
}

/// No UTF-8 has this byte: it ends each word.
const END: u8 = 0xff;

#[derive(Debug, Clone, Copy)]
pub enum By {
    Id,
    Mac,
    Name,
}

#[derive(Default)]
pub struct Sheet {
    pub entries: Vec<Entry>,
    pub kinds: Kinds,
    /// Names and serial numbers in small letters, as far as these are ASCII, like SQL's `lower` and `LIKE`.
    words: Vec<u8>,
    orders: [Vec<u32>; 3],
    /// Entries that the orders do not have yet, and those that they still have.
    fresh: Vec<u32>,
    struck: Vec<u32>,
}

pub fn small(id: i64) -> Result<u32> {
    u32::try_from(id).map_err(|_| Error::Damaged(format!("id {id} is beyond all ids")))
}

impl Sheet {
    pub fn put(&mut self, facts: &Facts) -> Result<()> {
        let of = |id: Option<i64>| small(id.unwrap_or(0));
        let entry = Entry {
            mac: std::array::from_fn(|place| (facts.mac >> (40 - 8 * place)) as u8),
            state: facts.state,
            is_reset: facts.is_reset,
            id: small(facts.id)?,
            account: small(facts.account_id)?,
            site: of(facts.site_id)?,
            profile: of(facts.profile_id)?,
            group: of(facts.group_id)?,
            kind: self.kinds.number(facts.kind),
            words: u32::try_from(self.words.len()).map_err(|_| Error::Damaged("names without end".into()))?,
        };
        for word in [facts.name, facts.serial] {
            self.words.extend(word.bytes().map(|byte| byte.to_ascii_lowercase()));
            self.words.push(END);
        }
        if let Some(slot) = self.slot(entry.id) {
            let old = self.entry(slot);
            if old.mac == entry.mac && self.words(&old) == self.words(&entry) {
                self.words.truncate(entry.words as usize);
                self.entries[slot as usize] = Entry { words: old.words, ..entry };
                return Ok(());
            }
            self.strike(slot);
        }
        self.fresh.push(small(self.entries.len() as i64)?);
        self.entries.push(entry);
        Ok(())
    }

    /// It is gone.
    pub fn remove(&mut self, id: i64) -> Result<()> {
        if let Some(slot) = self.slot(small(id)?) {
            self.strike(slot);
        }
        Ok(())
    }

    fn strike(&mut self, slot: u32) {
        self.entries[slot as usize].account = 0;
        self.struck.push(slot);
    }

    /// After the last of some: the orders say again what the entries say.
    pub fn mend(&mut self) {
        for by in [By::Id, By::Mac, By::Name] {
            let mut order = std::mem::take(&mut self.orders[by as usize]);
            let place = |slot: &u32| order.binary_search_by(|other| self.compare(by, *other, *slot)).ok();
            let gone = self.struck.iter().filter_map(place).collect();
            order::take_out(&mut order, gone);
            order::put_in(&mut order, self.sorted(by), |one, other| self.compare(by, one, other));
            self.orders[by as usize] = order;
        }
        self.fresh = Vec::new();
        self.struck = Vec::new();
    }

    /// Too much of it is struck out; or somebody invents one kind after the other.
    pub fn is_worn(&self) -> bool {
        const FEW: usize = 1_024;
        let count = self.order(By::Id).len();
        self.entries.len() > count + count / 4 + FEW || self.kinds.all.len() > count + FEW
    }

    pub fn order(&self, by: By) -> &[u32] {
        &self.orders[by as usize]
    }

    pub fn entry(&self, slot: u32) -> Entry {
        self.entries[slot as usize]
    }

    /// Its name, its serial number, and the ends of both.
    pub fn words(&self, entry: &Entry) -> &[u8] {
        let rest = &self.words[entry.words as usize..];
        let end = memchr::memchr_iter(END, rest).nth(1);
        &rest[..end.unwrap_or(rest.len())]
    }

    /// Where the words of these lie.
    pub fn words_of(&self, slots: Range<usize>) -> Range<usize> {
        let start = |slot: usize| self.entries.get(slot).map_or(self.words.len(), Entry::words);
        start(slots.start)..start(slots.end)
    }

    /// Where in these words something is found first.
    pub fn place_of(&self, search: &Search, words: Range<usize>) -> Option<usize> {
        search.place(&self.words[words.clone()]).map(|place| words.start + place)
    }

    pub fn name(&self, entry: &Entry) -> &[u8] {
        let rest = &self.words[entry.words as usize..];
        &rest[..memchr::memchr(END, rest).unwrap_or(rest.len())]
    }

    fn slot(&self, id: u32) -> Option<u32> {
        let order = self.order(By::Id);
        order.binary_search_by_key(&id, |slot| self.entry(*slot).id).ok().map(|place| order[place])
    }

    /// No two are the same: between two readings a MAC may have two devices.
    fn compare(&self, by: By, one: u32, other: u32) -> Ordering {
        let (entry, next) = (self.entry(one), self.entry(other));
        let order = match by {
            By::Id => entry.id.cmp(&next.id),
            By::Mac => entry.mac.cmp(&next.mac),
            By::Name => self.name(&entry).cmp(self.name(&next)).then(entry.mac.cmp(&next.mac)),
        };
        order.then(one.cmp(&other))
    }

    /// The fresh ones. Most pairs are told apart by their first letters, which lie side by side.
    fn sorted(&self, by: By) -> Vec<u32> {
        let first = |slot: u32| {
            let entry = self.entry(slot);
            match by {
                By::Id => u128::from(entry.id),
                By::Mac => u128::from(entry.mac()),
                By::Name => {
                    let letters = self.name(&entry).iter().chain(std::iter::repeat(&0)).take(16);
                    letters.fold(0, |bits, letter| bits << 8 | u128::from(*letter))
                }
            }
        };
        let mut fresh: Vec<(u128, u32)> = self.fresh.iter().map(|slot| (first(*slot), *slot)).collect();
        fresh.sort_unstable_by(|one, other| one.0.cmp(&other.0).then_with(|| self.compare(by, one.1, other.1)));
        fresh.into_iter().map(|(_, slot)| slot).collect()
    }
}
