//! What the disk did to the last change, and what to say of a damaged file.
//!
//! A failed fsync is final: the kernel may have dropped what it could not write and call the next fsync good, so that
//! nothing later can be promised. From then on, as with a damaged file, the box only reads, until it is started again.

use super::{Error, Result};
use nix::sys::statvfs::statvfs;
use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// Why changes are not taken.
#[derive(Debug, Clone)]
pub struct Trouble {
    /// Since when, in milliseconds.
    pub at: i64,
    pub text: String,
    /// Only a new start ends it.
    pub is_final: bool,
}

#[derive(Default)]
pub struct Storage {
    trouble: Mutex<Option<Trouble>>,
    /// The last one that passed, until it was told.
    past: Mutex<Option<Trouble>>,
}

impl Storage {
    pub fn trouble(&self) -> Option<Trouble> {
        lock(&self.trouble).clone()
    }

    pub fn take_past(&self) -> Option<Trouble> {
        lock(&self.past).take()
    }

    /// Why nothing is written any more.
    pub(super) fn refusal(&self) -> Option<String> {
        lock(&self.trouble).as_ref().filter(|trouble| trouble.is_final).map(|trouble| trouble.text.clone())
    }

    pub(super) fn failed(&self, error: &rusqlite::Error, path: &Path) {
        let rusqlite::Error::SqliteFailure(cause, _) = error else { return };
        let (text, is_final) = match cause.code {
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => (damage(path, &error.to_string()), true),
            ErrorCode::DiskFull => ("The disk is full".to_owned(), false),
            ErrorCode::DatabaseBusy => ("Another program holds the database".to_owned(), false),
            ErrorCode::SystemIoFailure if is_sync(cause.extended_code) => {
                ("The disk did not keep what was written. Look at the disk, then start Phonebox again".to_owned(), true)
            }
            _ => (format!("The disk cannot be written: {error}"), false),
        };
        self.set(text, is_final);
    }

    pub(super) fn damaged(&self, text: String) {
        self.set(text, true);
    }

    /// Told once; the first cause stays unless a final one comes.
    fn set(&self, text: String, is_final: bool) {
        let mut trouble = lock(&self.trouble);
        if trouble.as_ref().is_some_and(|known| known.is_final || known.text == text) {
            return;
        }
        tracing::error!("changes are not taken: {text}");
        let at = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64);
        *trouble = Some(Trouble { at, text, is_final });
    }

    pub(super) fn worked(&self) {
        let mut trouble = lock(&self.trouble);
        if let Some(passed) = trouble.take_if(|trouble| !trouble.is_final) {
            tracing::info!("changes are taken again");
            *lock(&self.past) = Some(passed);
        }
    }
}

/// Room on the disk of a file.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    pub free: u64,
    pub total: u64,
}

impl Room {
    /// Kept for what people change: check-ins stop first (F6).
    const RESERVE: u64 = 64 << 20;

    pub fn of(path: &Path) -> Option<Room> {
        let facts = statvfs(path).ok()?;
        let bytes = |blocks: u64| blocks.saturating_mul(facts.fragment_size());
        Some(Room { free: bytes(facts.blocks_available()), total: bytes(facts.blocks()) })
    }

    pub fn is_reserve(self) -> bool {
        self.free < Room::RESERVE.min(self.total / 50)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_sync(extended: i32) -> bool {
    matches!(extended, ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC)
}

/// `Ok`: the file is whole.
pub fn check(conn: &Connection, path: &Path) -> Result<()> {
    let damaged = |found: &str| Error::Corrupt(damage(path, found));
    match conn.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0)) {
        Ok(verdict) if verdict == "ok" => Ok(()),
        Ok(verdict) => Err(damaged(&verdict)),
        Err(error) if is_damage(&error) => Err(damaged(&error.to_string())),
        Err(error) => Err(error.into()),
    }
}

pub fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error, rusqlite::Error::SqliteFailure(cause, _)
        if matches!(cause.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// Names the file and the newest good copy beside it.
pub fn damage(path: &Path, found: &str) -> String {
    let next = match newest_good_copy(path) {
        Some(copy) => format!("Stop Phonebox, move the file away and put this copy in its place: {copy}"),
        None => "No good copy lies beside it: put back one of your own".to_owned(),
    };
    let found = found.lines().next().unwrap_or_default();
    format!("The database file {} is damaged ({found}) and was left as it is. {next}", path.display())
}

/// A copy is good when SQLite finds nothing wrong in it.
fn newest_good_copy(path: &Path) -> Option<String> {
    let entries = std::fs::read_dir(path.parent()?).ok()?.flatten().map(|entry| entry.path());
    let copies = entries.filter(|copy| copy != path && copy.extension().is_some_and(|end| end == "db"));
    let mut dated: Vec<_> = copies.filter_map(|copy| Some((copy.metadata().ok()?.modified().ok()?, copy))).collect();
    dated.sort();
    let good = dated.into_iter().rev().find(|(_, copy)| {
        let opened = Connection::open_with_flags(copy, OpenFlags::SQLITE_OPEN_READ_ONLY);
        opened.is_ok_and(|conn| {
            conn.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0))
                .is_ok_and(|verdict| verdict == "ok")
        })
    });
    good.map(|(_, copy)| copy.display().to_string())
}
