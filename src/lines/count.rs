//! How many SIP accounts an account has. To count a million takes a tenth of a second, and every look at the overview asks:
//! the number is kept until a commit writes one.

use super::store;
use crate::db::{Awaited, Db, Result};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

#[derive(Default)]
pub struct Count {
    /// Of an account: (the clock of SIP accounts before it was counted, how many).
    kept: Mutex<HashMap<i64, (u64, i64)>>,
}

impl Count {
    pub fn of(&self, db: &Db, awaited: &Awaited, account_id: i64) -> Result<i64> {
        // What is committed while it counts moves the clock behind this.
        let clock = db.changes().rows().sip_accounts();
        let kept = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept().get(&account_id).filter(|(at, _)| *at == clock).map(|(_, count)| *count);
        if let Some(count) = found {
            return Ok(count);
        }
        let count = db.read_while(awaited, |conn| store::count(conn, account_id))?;
        kept().insert(account_id, (clock, count));
        Ok(count)
    }
}
