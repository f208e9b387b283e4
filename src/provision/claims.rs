//! A phone that says to be another model than its row says (T21): it gets what the row says, and that is told once.

use super::subject::Subject;
use crate::net::Mac;
use crate::vendors::{self, Identity, Vendor};
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// Devices remembered as told.
const TOLD: usize = 16_384;

#[derive(Default)]
pub struct Claims(Mutex<HashSet<Mac>>);

impl Claims {
    /// What to tell. Nothing the second time.
    pub fn contradiction(
        &self,
        subject: Option<&Subject>,
        vendor: Option<&'static Vendor>,
        identity: &Identity,
    ) -> Option<String> {
        let device = &subject?.device;
        let (row, said, vendor) = (device.model.as_deref()?, identity.model.as_deref()?, vendor?);
        if row.eq_ignore_ascii_case(said) || is_same(vendor, row, said) {
            return None;
        }
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() >= TOLD {
            told.clear();
        }
        let text = || {
            format!(
                "It says to be a {said}, its row says {row}: somebody uses its MAC, or the row is wrong. If it is, correct \
                 it: phonebox device set {} --model {said}",
                device.mac
            )
        };
        told.insert(device.mac).then(text)
    }
}

/// Spellings of one model, and variants that only add letters to its name.
fn is_same(vendor: &'static Vendor, row: &str, said: &str) -> bool {
    let name = |model: &str| vendors::model(vendor, model).map_or_else(|| model.to_owned(), |model| model.name.clone());
    let (row, said) = (name(row).to_ascii_lowercase(), name(said).to_ascii_lowercase());
    row.starts_with(&said) || said.starts_with(&row)
}
