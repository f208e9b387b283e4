//! Which devices match, in an order, from a place on.

use super::search::Search;
use super::sheet::{By, Entry, Sheet, small};
use super::store::Places;
use crate::db::{Awaited, Result};
use crate::devices::State;
use crate::devices::list::{Cursor, Filter, Place};
use crate::net::Mac;
use crate::users::data::Sight;
use std::ops::Range;

/// Entries looked at one by one in the asked order, before all are looked at in the order they lie: most pages are full
/// by then.
const LOOKS: usize = if cfg!(test) { 4 } else { 2_048 };
/// Entries between two looks at whether somebody still waits.
const STEP: usize = 4_096;

/// A device that matches, and its place in the order.
pub struct Found {
    pub id: i64,
    pub cursor: Cursor,
}

/// Whose devices are looked through.
pub struct Viewer<'a> {
    account: u32,
    sight: Option<&'a Sight>,
}

impl<'a> Viewer<'a> {
    pub fn new(account_id: i64, sight: Option<&'a Sight>) -> Result<Viewer<'a>> {
        Ok(Viewer { account: small(account_id)?, sight })
    }

    /// Whose it is comes first.
    pub fn sees(&self, entry: &Entry) -> bool {
        let id = |id: u32| Some(i64::from(id)).filter(|id| *id != 0);
        entry.account == self.account
            && self.sight.is_none_or(|sight| sight.sees_device(id(entry.site), id(entry.profile)))
    }
}

/// What must be so, with every word looked up once.
pub struct Asked<'a> {
    viewer: Viewer<'a>,
    places: &'a Places,
    kinds: Option<Vec<bool>>,
    state: Option<State>,
    is_reset: bool,
    /// With the kinds that have it.
    search: Option<(&'a Search, Vec<bool>)>,
}

impl<'a> Asked<'a> {
    pub fn new(
        sheet: &Sheet,
        filter: &Filter,
        viewer: Viewer<'a>,
        places: &'a Places,
        search: Option<&'a Search>,
    ) -> Asked<'a> {
        let kinds = &sheet.kinds.all;
        let alike = |asked: &Option<String>, word: &Option<Box<str>>| match (asked, word) {
            (None, _) => true,
            (Some(asked), word) => word.as_ref().is_some_and(|word| word.eq_ignore_ascii_case(asked)),
        };
        let same = |word: &Option<Box<str>>| filter.firmware.is_none() || filter.firmware.as_deref() == word.as_deref();
        let is_any = filter.vendor.is_none() && filter.model.is_none() && filter.firmware.is_none();
        let fits = kinds.iter().map(|kind| {
            alike(&filter.vendor, &kind.vendor) && alike(&filter.model, &kind.model) && same(&kind.firmware)
        });
        Asked {
            viewer,
            places,
            kinds: if is_any { None } else { Some(fits.collect()) },
            state: filter.state,
            is_reset: filter.reset_suspected,
            search: search.map(|search| (search, kinds.iter().map(|kind| search.is_in_kind(kind)).collect())),
        }
    }

    /// `is_in_words`: whether its name or serial number has what is searched for.
    fn matches(&self, entry: &Entry, is_in_words: impl FnOnce(&Search) -> bool) -> bool {
        let places = self.places;
        let is_there = |asked: Option<u32>, id: u32| asked.is_none_or(|asked| asked == id);
        let has = |kinds: &[bool]| kinds.get(entry.kind as usize).copied().unwrap_or_default();
        self.viewer.sees(entry)
            && is_there(places.site, entry.site)
            && is_there(places.profile, entry.profile)
            && is_there(places.group, entry.group)
            && self.kinds.as_deref().is_none_or(has)
            && self.state.is_none_or(|state| state == entry.state)
            && (entry.is_reset || !self.is_reset)
            && self
                .search
                .as_ref()
                .is_none_or(|(search, kinds)| has(kinds) || search.is_in_mac(entry.mac()) || is_in_words(search))
    }
}

impl Sheet {
    pub fn find(&self, asked: &Asked, place: &Place, count: usize, awaited: &Awaited) -> Result<Vec<Found>> {
        let order = self.order(if place.sort.is_by_name() { By::Name } else { By::Mac });
        let before = |is_before: fn(std::cmp::Ordering) -> bool, cursor: &Cursor| {
            order.partition_point(|slot| is_before(self.against(*slot, place, cursor)))
        };
        let walk: Box<dyn Iterator<Item = &u32>> = match (&place.after, place.sort.is_down()) {
            (None, false) => Box::new(order.iter()),
            (None, true) => Box::new(order.iter().rev()),
            (Some(cursor), false) => Box::new(order[before(|order| order.is_le(), cursor)..].iter()),
            (Some(cursor), true) => Box::new(order[..before(|order| order.is_lt(), cursor)].iter().rev()),
        };
        let (mut walk, mut found) = (walk.copied(), Vec::new());
        for slot in walk.by_ref().take(LOOKS) {
            let entry = self.entry(slot);
            if asked.matches(&entry, |search| search.is_in(self.words(&entry))) {
                found.push(slot);
            }
            if found.len() == count {
                break;
            }
        }
        if found.len() < count && walk.size_hint().0 > 0 {
            let fits = self.fits(asked, awaited)?;
            let is_set = |slot: &u32| fits[*slot as usize / 64] >> (slot % 64) & 1 == 1;
            let rest = count - found.len();
            found.extend(walk.filter(is_set).take(rest));
        }
        Ok(found.into_iter().filter_map(|slot| self.found(slot, place)).collect())
    }

    /// One bit for each entry, all of them in the order they lie.
    fn fits(&self, asked: &Asked, awaited: &Awaited) -> Result<Vec<u64>> {
        let mut fits = Vec::with_capacity(self.entries.len().div_ceil(64));
        for first in (0..self.entries.len()).step_by(STEP) {
            awaited.check()?;
            let slots = first..self.entries.len().min(first + STEP);
            let hits = asked.search.as_ref().map(|(search, _)| self.hits(slots.clone(), search)).unwrap_or_default();
            for first in slots.clone().step_by(64) {
                let bit = |slot: usize| {
                    let is_hit = |_: &Search| hits.get(slot - slots.start).copied().unwrap_or_default();
                    u64::from(asked.matches(&self.entries[slot], is_hit)) << (slot - first)
                };
                fits.push((first..slots.end.min(first + 64)).map(bit).sum::<u64>());
            }
        }
        Ok(fits)
    }

    /// Which of these have the words. All words are gone through at once: that takes a tenth of going through each.
    fn hits(&self, slots: Range<usize>, search: &Search) -> Vec<bool> {
        let (entries, words) = (&self.entries[slots.clone()], self.words_of(slots));
        let start = |slot: usize| entries.get(slot).map_or(words.end, |entry| entry.words());
        let (mut hits, mut slot, mut at) = (vec![false; entries.len()], 0, words.start);
        while at < words.end
            && let Some(place) = self.place_of(search, at..words.end)
        {
            while start(slot + 1) <= place {
                slot += 1;
            }
            hits[slot] = true;
            at = start(slot + 1);
        }
        hits
    }

    fn against(&self, slot: u32, place: &Place, cursor: &Cursor) -> std::cmp::Ordering {
        let entry = self.entry(slot);
        let by_mac = entry.mac().cmp(&cursor.mac.to_u64());
        match place.sort.is_by_name() {
            true => self.name(&entry).cmp(cursor.name.as_bytes()).then(by_mac),
            false => by_mac,
        }
    }

    fn found(&self, slot: u32, place: &Place) -> Option<Found> {
        let entry = self.entry(slot);
        let name = String::from_utf8_lossy(self.name(&entry));
        let cursor = place.sort.at(Mac::from_u64(entry.mac())?, &name);
        Some(Found { id: entry.id.into(), cursor })
    }
}
