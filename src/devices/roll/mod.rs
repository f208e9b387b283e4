//! The roll: what lists find devices by, of every device, in memory.
//!
//! Any filter in any order would need an index for each pair of them, and every import would pay for all of these. The
//! roll is made from the rows when a list is first asked for (a second at a million devices), kept current by what
//! the commits wrote ([`crate::db::Rows`]), and put away when nobody has asked for some minutes. It only says which
//! devices and in which order: what is shown of them, and whose they are, is read from the database.

mod count;
mod find;
mod kinds;
mod order;
mod search;
mod sheet;
mod store;
#[cfg(test)]
mod tests;

pub use find::Found;

use super::list::{Filter, Place};
use crate::clock;
use crate::db::{Awaited, Db, Result};
use crate::users::data::Sight;
use find::{Asked, Viewer};
use search::Search;
use sheet::Sheet;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{PoisonError, RwLock};

/// Not asked for this long, it is put away.
const IDLE_MS: i64 = 300_000;

pub struct Roll {
    db: Db,
    sheet: RwLock<Option<Sheet>>,
    asked_at: AtomicI64,
}

impl Roll {
    pub fn new(db: Db) -> Roll {
        Roll { db, sheet: RwLock::new(None), asked_at: AtomicI64::new(0) }
    }

    pub fn db(&self) -> &Db {
        &self.db
    }

    /// The first devices behind the place that match, in its order.
    pub fn find(
        &self,
        awaited: &Awaited,
        account_id: i64,
        filter: &Filter,
        place: &Place,
        count: usize,
    ) -> Result<Vec<Found>> {
        let Some(places) = self.db.read_while(awaited, |conn| store::places(conn, account_id, filter))? else {
            return Ok(Vec::new());
        };
        let sight = self.sight(awaited, filter.limited)?;
        let search = filter.search.as_deref().filter(|text| !text.is_empty()).map(Search::new);
        self.read(|sheet| {
            let viewer = Viewer::new(account_id, sight.as_ref())?;
            let asked = Asked::new(sheet, filter, viewer, &places, search.as_ref());
            sheet.find(&asked, place, count, awaited)
        })
    }

    pub(super) fn sight(&self, awaited: &Awaited, limited: Option<i64>) -> Result<Option<Sight>> {
        let of = |user_id| self.db.read_while(awaited, |conn| Sight::of(conn, user_id));
        limited.map(of).transpose()
    }

    /// Looks into it as it is now. One makes it, or brings it up to date; others wait for that.
    fn read<T>(&self, look: impl FnOnce(&Sheet) -> Result<T>) -> Result<T> {
        self.asked_at.store(clock::now(), Ordering::Relaxed);
        let mut is_fresh = false;
        loop {
            {
                let kept = self.sheet.read().unwrap_or_else(PoisonError::into_inner);
                if let Some(sheet) = kept.as_ref().filter(|_| is_fresh || self.db.changes().rows().is_quiet()) {
                    return look(sheet);
                }
            }
            let mut kept = self.sheet.write().unwrap_or_else(PoisonError::into_inner);
            *kept = Some(self.current(kept.take())?);
            is_fresh = true;
        }
    }

    /// With what was committed since. The readings are nobody's to give up: the next one who asks needs them too.
    fn current(&self, kept: Option<Sheet>) -> Result<Sheet> {
        let rows = self.db.changes().rows();
        if let Some(mut sheet) = kept
            && let Some(ids) = rows.take()
        {
            self.db.read_at_once(|conn| store::some(conn, &mut sheet, &ids))?;
            if !sheet.is_worn() {
                return Ok(sheet);
            }
        }
        rows.watch();
        // A change that runs already may have written rows that nobody watched.
        self.db.settle();
        self.db.read(store::all)
    }

    /// Puts it away when nobody has asked for long.
    pub fn rest(&self, now: i64) {
        // Somebody who holds it asks.
        let Ok(mut kept) = self.sheet.try_write() else { return };
        if kept.is_some() && now - self.asked_at.load(Ordering::Relaxed) >= IDLE_MS {
            *kept = None;
            self.db.changes().rows().leave();
        }
    }
}
