//! Devices in numbers, of one account, as far as somebody sees them.

use super::Roll;
use super::find::Viewer;
use super::sheet::{Entry, Sheet};
use crate::db::{Awaited, Result};
use crate::devices::State;
use crate::devices::count::{Alike, Counts};
use std::collections::HashMap;

/// More kinds than anybody reads; the rarest are left out.
const KINDS: usize = 2_000;

impl Roll {
    /// Who waits to be adopted is no device yet: that is not said here.
    pub fn counts(&self, awaited: &Awaited, account_id: i64, limited: Option<i64>) -> Result<Counts> {
        let mut counts = Counts::default();
        self.each(awaited, account_id, limited, |_, entry| {
            match entry.state {
                State::Known => counts.known += 1,
                State::Active => counts.active += 1,
                State::Blocked => counts.blocked += 1,
            }
            counts.reset_suspected += i64::from(entry.is_reset);
        })?;
        Ok(counts)
    }

    /// The most first.
    pub fn kinds(&self, awaited: &Awaited, account_id: i64, limited: Option<i64>) -> Result<Vec<Alike>> {
        const STATES: [State; 3] = [State::Known, State::Active, State::Blocked];
        let mut counts: HashMap<u32, ([Option<String>; 3], [i64; 3])> = HashMap::new();
        self.each(awaited, account_id, limited, |sheet, entry| {
            let words = || sheet.kinds.words(entry.kind).map(|word| word.map(str::to_owned));
            let (_, of_states) = counts.entry(entry.kind).or_insert_with(|| (words(), [0; 3]));
            of_states[entry.state as usize] += 1;
        })?;
        let mut kinds = Vec::new();
        for ([vendor, model, firmware], of_states) in counts.into_values() {
            for (state, count) in STATES.into_iter().zip(of_states).filter(|(_, count)| *count > 0) {
                let (vendor, model, firmware) = (vendor.clone(), model.clone(), firmware.clone());
                kinds.push(Alike { vendor, model, firmware, state, count });
            }
        }
        kinds.sort_unstable_by_key(|one| std::cmp::Reverse(one.count));
        kinds.truncate(KINDS);
        Ok(kinds)
    }

    fn each(
        &self,
        awaited: &Awaited,
        account_id: i64,
        limited: Option<i64>,
        mut see: impl FnMut(&Sheet, &Entry),
    ) -> Result<()> {
        let sight = self.sight(awaited, limited)?;
        let viewer = Viewer::new(account_id, sight.as_ref())?;
        self.read(|sheet| {
            sheet.entries.iter().filter(|entry| viewer.sees(entry)).for_each(|entry| see(sheet, entry));
            Ok(())
        })
    }
}
