//! Which devices' rows the commits changed: for who keeps what lists find them by in memory. And whether they changed SIP
//! accounts: for who keeps their number.
//!
//! SQLite tells of every row as it is written, whoever writes it; told on is only what has been committed. A change that
//! was taken back may be told all the same: to read a row again does no harm.

use std::mem::take;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

const TABLE: &str = "device";
const COUNTED: &str = "sip_account";
/// More than anybody reads one by one, and enough memory spent on remembering them.
const MOST: usize = 1 << 16;

#[derive(Default)]
pub struct Rows {
    /// While nobody does, nothing is remembered.
    is_watched: AtomicBool,
    /// Of the change that runs.
    running: Mutex<Vec<i64>>,
    committed: Mutex<Vec<i64>>,
    /// The change that runs wrote a counted row.
    is_counting: AtomicBool,
    counted: AtomicU64,
}

fn lock(ids: &Mutex<Vec<i64>>) -> MutexGuard<'_, Vec<i64>> {
    ids.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One more than the most stands for all of them.
fn add(ids: &mut Vec<i64>, more: impl IntoIterator<Item = i64>) {
    let room = (MOST + 1).saturating_sub(ids.len());
    ids.extend(more.into_iter().take(room));
}

impl Rows {
    /// From the next change on. What was remembered is forgotten.
    pub fn watch(&self) {
        self.is_watched.store(true, Ordering::SeqCst);
        lock(&self.committed).clear();
    }

    pub fn leave(&self) {
        self.is_watched.store(false, Ordering::SeqCst);
        *lock(&self.running) = Vec::new();
        *lock(&self.committed) = Vec::new();
    }

    /// Nothing was committed since the last [`Rows::take`].
    pub fn is_quiet(&self) -> bool {
        lock(&self.committed).is_empty()
    }

    /// What was committed since, in the order of the ids. `None`: too much to tell.
    pub fn take(&self) -> Option<Vec<i64>> {
        let mut ids = take(&mut *lock(&self.committed));
        if ids.len() > MOST {
            return None;
        }
        ids.sort_unstable();
        ids.dedup();
        Some(ids)
    }

    /// Moves with every commit that wrote a SIP account.
    pub fn sip_accounts(&self) -> u64 {
        self.counted.load(Ordering::SeqCst)
    }

    pub(super) fn written(&self, table: &str, id: i64) {
        if table == COUNTED {
            self.is_counting.store(true, Ordering::SeqCst);
        }
        if self.is_watched.load(Ordering::SeqCst) && table == TABLE {
            add(&mut lock(&self.running), [id]);
        }
    }

    /// What was written is on disk.
    pub(super) fn publish(&self) {
        if self.is_counting.swap(false, Ordering::SeqCst) {
            self.counted.fetch_add(1, Ordering::SeqCst);
        }
        if self.is_watched.load(Ordering::SeqCst) {
            let ids = take(&mut *lock(&self.running));
            add(&mut lock(&self.committed), ids);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn watched() -> (Arc<Rows>, rusqlite::Connection) {
        let rows = Arc::new(Rows::default());
        let mut conn = rusqlite::Connection::open_in_memory().unwrap();
        let told = rows.clone();
        conn.update_hook(Some(move |_, _: &str, table: &str, id| told.written(table, id))).unwrap();
        conn.execute_batch(
            "PRAGMA foreign_keys=ON; CREATE TABLE site (id INTEGER PRIMARY KEY);
             CREATE TABLE device (id INTEGER PRIMARY KEY, site_id INTEGER REFERENCES site (id) ON DELETE SET NULL);
             INSERT INTO site VALUES (1); INSERT INTO device VALUES (5, 1), (6, NULL), (7, 1);",
        )
        .unwrap();
        (rows, conn)
    }

    #[test]
    fn what_a_foreign_key_writes_is_told_too_and_only_after_the_commit() {
        let (rows, conn) = watched();
        rows.publish();
        assert!(rows.is_quiet(), "nobody watched");
        rows.watch();
        conn.execute_batch("DELETE FROM site; DELETE FROM device WHERE id = 6; UPDATE device SET id = 7 WHERE id = 7")
            .unwrap();
        assert!(rows.is_quiet());
        rows.publish();
        assert_eq!(rows.take(), Some(vec![5, 6, 7]));
        assert!(rows.is_quiet());
        conn.execute_batch("DELETE FROM device").unwrap();
        rows.publish();
        assert_eq!(rows.take(), Some(vec![5, 7]), "all at once is no short cut");
        rows.leave();
        conn.execute_batch("INSERT INTO device VALUES (5, NULL)").unwrap();
        rows.publish();
        assert!(rows.is_quiet());
    }

    #[test]
    fn too_many_are_all() {
        let rows = Rows::default();
        rows.watch();
        (0..MOST as i64 * 2).for_each(|id| rows.written(TABLE, id));
        rows.publish();
        rows.written(TABLE, 1);
        rows.publish();
        assert!(!rows.is_quiet() && rows.take().is_none());
        assert_eq!(rows.take(), Some(vec![]));
    }
}
