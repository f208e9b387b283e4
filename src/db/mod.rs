//! The database: one SQLite file, one writer thread, inline readers. The only module that names rusqlite.
//!
//! - Every change goes through [`Db::write`]: one thread owns the one write connection, commits many waiting jobs at
//!   once (each in its own savepoint, so that one failing job does not sink its neighbours) and answers after the
//!   commit is on disk. What it acknowledged survives a power cut (synchronous=FULL).
//! - Telemetry (check-ins) goes through [`Db::write_soon`] with synchronous=NORMAL: after a power cut the last second
//!   of it may be missing, never anything else.
//! - Point reads run inline on a read-only connection of the calling thread: a thread hop costs more than the read.
//! - [`Changes`] tells caches what a commit touched, before the writer answers.

mod awaited;
mod changes;
mod migrate;
mod origin;
mod params;
mod query;
mod rows;
mod storage;
mod writer;

pub use awaited::{Awaited, long};
pub use changes::{Changes, Touch};
pub use origin::{Origin, Who};
pub(crate) use params::params;
pub use params::{Params, named};
pub use query::Query;
pub use rows::Rows;
pub use rusqlite::types::{FromSql, ToSql, Value as Cell};
pub use rusqlite::{Connection, Error as RowError, OptionalExtension, Row, params_from_iter};
pub use storage::{Room, Storage, Trouble};
pub use writer::Tx;

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Once};

/// Steps of a statement between two looks at whether it is still wanted: well below a millisecond.
const STEPS: i32 = 10_000;

/// The account of the box itself, and of strangers.
pub const BOX_ACCOUNT: i64 = 1;

pub const SCHEMA: &str = include_str!("../../schema.sql");

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the database answered: {0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error("the database file {path} cannot be opened: {source}")]
    Open { path: String, source: rusqlite::Error },
    #[error(
        "the data directory was written by a newer Phonebox (schema {found}, this binary knows {known}). \
         Start that version again, or put back the copy taken before the upgrade: {copy}"
    )]
    Newer { found: i64, known: i64, copy: String },
    #[error("the database could not be brought to schema {to}: {reason}. Nothing was changed; a copy is at {copy}")]
    Migrate { to: i64, reason: String, copy: String },
    #[error("a row of the database cannot be read: {0}")]
    Damaged(String),
    #[error("{0}")]
    Corrupt(String),
    #[error("no change is taken: {0}")]
    Sealed(String),
    #[error(transparent)]
    Seal(#[from] crate::seal::SealError),
    #[error("the database writer has stopped")]
    Stopped,
}

impl Error {
    /// A unique or foreign key said no.
    pub fn is_constraint(&self) -> bool {
        matches!(self, Error::Sqlite(rusqlite::Error::SqliteFailure(code, _))
            if code.code == rusqlite::ErrorCode::ConstraintViolation)
    }

    /// No space is left.
    pub fn is_full(&self) -> bool {
        matches!(self, Error::Sqlite(rusqlite::Error::SqliteFailure(code, _))
            if code.code == rusqlite::ErrorCode::DiskFull)
    }

    /// Another program holds the database.
    pub fn is_busy(&self) -> bool {
        matches!(self, Error::Sqlite(rusqlite::Error::SqliteFailure(code, _))
            if code.code == rusqlite::ErrorCode::DatabaseBusy)
    }

    /// Nobody waited for it any more.
    pub fn is_interrupted(&self) -> bool {
        matches!(self, Error::Sqlite(rusqlite::Error::SqliteFailure(code, _))
            if code.code == rusqlite::ErrorCode::OperationInterrupted)
    }

    /// No space, a read-only disk, a failing disk, a damaged file: the box can still read.
    pub fn is_storage(&self) -> bool {
        use rusqlite::ErrorCode::{
            CannotOpen, DatabaseBusy, DatabaseCorrupt, DiskFull, NotADatabase, ReadOnly, SystemIoFailure,
        };
        match self {
            Error::Sqlite(rusqlite::Error::SqliteFailure(cause, _)) => matches!(
                cause.code,
                CannotOpen | DatabaseBusy | DatabaseCorrupt | DiskFull | NotADatabase | ReadOnly | SystemIoFailure
            ),
            Error::Sealed(_) | Error::Corrupt(_) => true,
            _ => false,
        }
    }
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    id: u64,
    path: PathBuf,
    writer: writer::Writer,
    changes: Arc<Changes>,
    storage: Arc<Storage>,
}

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

thread_local! {
    static READERS: RefCell<Vec<(u64, Connection)>> = const { RefCell::new(Vec::new()) };
}

impl Db {
    /// Opens `DIR/phonebox.db`, making or migrating it first. The caller holds the lock of the data directory.
    pub fn open(path: &Path, now: i64) -> Result<Db> {
        let mut conn = open(path, true)?;
        migrate::run(&mut conn, path, now)?;
        let changes = Arc::new(Changes::default());
        let storage = Arc::new(Storage::default());
        let writer = writer::Writer::start(conn, changes.clone(), storage.clone())?;
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        Ok(Db(Arc::new(Inner { id, path: path.into(), writer, changes, storage })))
    }

    /// Runs a change on the writer thread. When this returns, the change is on disk or nothing happened.
    pub async fn write<T, E>(&self, job: impl FnOnce(&mut Tx) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.0.writer.run(job, true).await
    }

    /// Like [`Db::write`] for telemetry: commits without waiting for the disk.
    pub async fn write_soon<T, E>(&self, job: impl FnOnce(&mut Tx) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.0.writer.run(job, false).await
    }

    /// Reads inline on this thread's own read-only connection.
    pub fn read<T, E: From<Error>>(&self, read: impl FnOnce(&Connection) -> Result<T, E>) -> Result<T, E> {
        self.with_reader(|conn| read(conn))
    }

    fn with_reader<T, E: From<Error>>(&self, read: impl FnOnce(&mut Connection) -> Result<T, E>) -> Result<T, E> {
        let conn = READERS.with_borrow_mut(|readers| {
            let place = readers.iter().position(|(id, _)| *id == self.0.id)?;
            Some(readers.swap_remove(place).1)
        });
        let mut conn = match conn {
            Some(conn) => conn,
            None => open(&self.0.path, false)?,
        };
        let outcome = read(&mut conn);
        READERS.with_borrow_mut(|readers| readers.push((self.0.id, conn)));
        outcome
    }

    /// Several reads of the same moment; one lock instead of one for each.
    pub fn read_at_once<T>(&self, read: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        self.read(|conn| {
            conn.prepare_cached("BEGIN")?.execute([])?;
            let outcome = read(conn);
            conn.prepare_cached("COMMIT")?.execute([])?;
            outcome
        })
    }

    /// A long read, as [`long`] does it: when nobody waits any more, the statement stops too.
    pub async fn read_long<T, E>(&self, read: impl FnOnce(&Connection) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let db = self.clone();
        long(move |awaited| db.read_while(awaited, read)).await
    }

    /// Reads inline as long as somebody waits for it; then it fails as interrupted.
    pub fn read_while<T, E: From<Error>>(
        &self,
        awaited: &Awaited,
        read: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        awaited.check()?;
        let awaited = awaited.clone();
        self.with_reader(|conn| {
            conn.progress_handler(STEPS, Some(move || !awaited.is_awaited())).map_err(Error::from)?;
            let outcome = read(conn);
            conn.progress_handler(0, None::<fn() -> bool>).map_err(Error::from)?;
            outcome
        })
    }

    /// Waits until the change that runs now has ended.
    pub fn settle(&self) {
        self.0.writer.settle();
    }

    pub fn changes(&self) -> &Arc<Changes> {
        &self.0.changes
    }

    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// How the disk does.
    pub fn storage(&self) -> &Storage {
        &self.0.storage
    }

    pub fn room(&self) -> Option<Room> {
        Room::of(&self.0.path)
    }

    /// Bytes of the log that no checkpoint has taken back.
    pub fn log_bytes(&self) -> u64 {
        std::fs::metadata(self.0.path.with_extension("db-wal")).map_or(0, |facts| facts.len())
    }

    /// Reads the whole file: what is damaged is not written to any more.
    pub async fn check(&self) {
        let path = self.0.path.clone();
        if let Err(Error::Corrupt(text)) = self.read_long(move |conn| storage::check(conn, &path)).await {
            self.0.storage.damaged(text);
        }
    }

    /// Finishes what is queued, checkpoints the log and ends the writer thread.
    pub fn close(&self) {
        self.0.writer.stop();
    }
}

/// When something shared last changed, in milliseconds: deletions count too, so no row can tell.
pub fn shared_changed_at(conn: &Connection) -> Result<i64> {
    let sql = "SELECT CAST(value AS INTEGER) FROM instance WHERE name = 'shared_changed_at'";
    Ok(conn.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()?.unwrap_or(0))
}

fn note_shared_change(conn: &Connection) -> Result<()> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_millis());
    conn.execute(
        "INSERT INTO instance (name, value) VALUES ('shared_changed_at', CAST(CAST($1 AS TEXT) AS BLOB))
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        [now as i64],
    )?;
    Ok(())
}

fn open(path: &Path, write: bool) -> Result<Connection> {
    use rusqlite::OpenFlags as Flags;
    use rusqlite::config::DbConfig;
    let access =
        if write { Flags::SQLITE_OPEN_READ_WRITE | Flags::SQLITE_OPEN_CREATE } else { Flags::SQLITE_OPEN_READ_ONLY };
    let fail = |source| match storage::is_damage(&source) {
        true => Error::Corrupt(storage::damage(path, &source.to_string())),
        false => Error::Open { path: path.display().to_string(), source },
    };
    // SQLite's count of its own memory is one lock for all threads, and nobody reads it.
    static UNCOUNTED: Once = Once::new();
    UNCOUNTED.call_once(|| {
        // SAFETY: the option takes one int, and no connection of this process is open yet.
        unsafe { rusqlite::ffi::sqlite3_config(rusqlite::ffi::SQLITE_CONFIG_MEMSTATUS, 0) };
    });
    let conn = Connection::open_with_flags(path, access | Flags::SQLITE_OPEN_NO_MUTEX).map_err(fail)?;
    conn.set_prepared_statement_cache_capacity(128);
    // One plan per statement, whatever is bound: else SQLite prepares a kept statement anew for every other value.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(fail)?;
    conn.execute_batch(
        "PRAGMA busy_timeout=5000; PRAGMA foreign_keys=ON; PRAGMA cache_size=-2000; PRAGMA temp_store=MEMORY;",
    )
    .map_err(fail)?;
    if write {
        conn.execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA journal_size_limit=67108864; PRAGMA secure_delete=ON;")
            .map_err(fail)?;
    } else {
        conn.execute_batch("PRAGMA query_only=1;").map_err(fail)?;
    }
    Ok(conn)
}
