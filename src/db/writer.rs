//! The one writer: a thread that owns the write connection and commits waiting jobs in groups.

use super::{Changes, Error, Origin, Result, Storage, Touch};
use rusqlite::{Connection, ffi};
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

const GROUP: usize = 256;
const QUEUE: usize = 4096;
const IDLE_CHECKPOINT: Duration = Duration::from_secs(30);

/// A running change: the connection inside its savepoint, what it touched, and on whose behalf.
pub struct Tx<'a> {
    conn: &'a Connection,
    touched: Vec<Touch>,
    origin: Option<Arc<Origin>>,
}

impl Tx<'_> {
    /// `None`: the box does it by itself.
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_deref()
    }

    pub fn touch(&mut self, touch: Touch) {
        if !self.touched.contains(&Touch::Shared) || touch != Touch::Shared {
            self.touched.push(touch);
        }
    }

    /// The id the next row of a table will get: there is one writer, so nobody else takes it.
    pub fn next_id(&self, table: &'static str) -> Result<i64> {
        let sql = format!("SELECT coalesce(max(id), 0) + 1 FROM {table}");
        Ok(self.conn.prepare_cached(&sql)?.query_row([], |row| row.get(0))?)
    }
}

impl Deref for Tx<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.conn
    }
}

/// A finished job: whether its savepoint stays, what it touched, and how to tell its caller.
type Done = (bool, Vec<Touch>, Box<dyn FnOnce(Option<Error>) + Send>);
/// Called with the connection inside the job's savepoint, or with the reason why there is none.
type Job = Box<dyn FnOnce(Result<&Connection>) -> Option<Done> + Send>;

enum Message {
    Job(Job, bool),
    Stop,
}

pub struct Writer {
    queue: SyncSender<Message>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    pub fn start(mut conn: Connection, changes: Arc<Changes>, storage: Arc<Storage>) -> Result<Writer> {
        let told = changes.clone();
        conn.update_hook(Some(move |_, _: &str, table: &str, id| told.rows().written(table, id)))?;
        let (queue, jobs) = sync_channel(QUEUE);
        let thread =
            std::thread::Builder::new().name("db-writer".into()).spawn(move || run(conn, &jobs, &changes, &storage));
        Ok(Writer { queue, thread: Mutex::new(thread.ok()) })
    }

    pub async fn run<T, E>(
        &self,
        job: impl FnOnce(&mut Tx) -> Result<T, E> + Send + 'static,
        durable: bool,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let span = tracing::Span::current();
        let origin = Origin::current();
        let job: Job = Box::new(move |conn| {
            let conn = match conn {
                Ok(conn) => conn,
                Err(error) => {
                    let _ = reply.send(Err(error.into()));
                    return None;
                }
            };
            let mut tx = Tx { conn, touched: Vec::new(), origin };
            let outcome = span.in_scope(|| job(&mut tx));
            let keep = outcome.is_ok();
            let tell = Box::new(move |failed: Option<Error>| {
                let outcome = match failed {
                    Some(error) if keep => Err(error.into()),
                    _ => outcome,
                };
                let _ = reply.send(outcome);
            });
            Some((keep, tx.touched, tell as Box<dyn FnOnce(Option<Error>) + Send>))
        });
        let mut message = Message::Job(job, durable);
        // The queue is long; waiting for a place is rare and short, and must not block an executor thread.
        loop {
            match self.queue.try_send(message) {
                Ok(()) => break,
                Err(std::sync::mpsc::TrySendError::Disconnected(_)) => return Err(Error::Stopped.into()),
                Err(std::sync::mpsc::TrySendError::Full(back)) => message = back,
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        answer.await.unwrap_or_else(|_| Err(Error::Stopped.into()))
    }

    /// Waits until the group that is committed now has ended, well or not.
    pub fn settle(&self) {
        let (reply, answer) = sync_channel(1);
        let job: Job = Box::new(move |_| {
            let _ = reply.send(());
            None
        });
        if self.queue.send(Message::Job(job, true)).is_ok() {
            let _ = answer.recv();
        }
    }

    pub fn stop(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = self.queue.send(Message::Stop);
            let _ = thread.join();
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.stop();
    }
}

fn run(conn: Connection, jobs: &Receiver<Message>, changes: &Changes, storage: &Storage) {
    let mut held: Option<Message> = None;
    let mut durable_now = true;
    loop {
        let first = match held.take() {
            Some(message) => message,
            None => match jobs.recv_timeout(IDLE_CHECKPOINT) {
                Ok(message) => message,
                Err(RecvTimeoutError::Timeout) => {
                    let _ = conn.execute_batch("PRAGMA wal_checkpoint(PASSIVE)");
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => break,
            },
        };
        let Message::Job(job, durable) = first else { break };
        if durable != durable_now {
            let mode = if durable { "PRAGMA synchronous=FULL" } else { "PRAGMA synchronous=NORMAL" };
            durable_now = if conn.execute_batch(mode).is_ok() { durable } else { durable_now };
        }
        let mut group = vec![job];
        while group.len() < GROUP && held.is_none() {
            match jobs.try_recv() {
                Ok(Message::Job(job, same)) if same == durable => group.push(job),
                Ok(other) => held = Some(other),
                Err(_) => break,
            }
        }
        commit(&conn, group, changes, storage);
    }
    let _ = conn.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
}

fn commit(conn: &Connection, group: Vec<Job>, changes: &Changes, storage: &Storage) {
    let refuse = |group: Vec<Job>, why: &dyn Fn() -> Error| group.into_iter().for_each(|job| drop(job(Err(why()))));
    if let Some(refusal) = storage.refusal() {
        return refuse(group, &|| Error::Sealed(refusal.clone()));
    }
    let path = || conn.path().map(PathBuf::from).unwrap_or_default();
    if let Err(error) = conn.execute_batch("BEGIN IMMEDIATE") {
        storage.failed(&error, &path());
        return refuse(group, &|| Error::Sqlite(copy(&error)));
    }
    let mut replies = Vec::with_capacity(group.len());
    let mut touched = Vec::new();
    let mut group = group.into_iter();
    let mut broken = None;
    for job in group.by_ref() {
        let _ = conn.execute_batch("SAVEPOINT job");
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| job(Ok(conn))));
        let keep = match panicked {
            Ok(Some((keep, touch, tell))) => {
                if keep {
                    touched.extend(touch);
                }
                replies.push(tell);
                keep
            }
            Ok(None) | Err(_) => false,
        };
        // A full or failing disk takes the whole transaction back at once: what came before is gone too.
        if conn.is_autocommit() {
            broken = Some(last_error(conn));
            break;
        }
        let _ = conn.execute_batch(if keep { "RELEASE job" } else { "ROLLBACK TO job; RELEASE job" });
    }
    if broken.is_none() && touched.contains(&Touch::Shared) {
        let _ = super::note_shared_change(conn);
    }
    match broken.map_or_else(|| conn.execute_batch("COMMIT"), Err) {
        Ok(()) => {
            storage.worked();
            changes.publish(&touched);
            replies.into_iter().for_each(|tell| tell(None));
        }
        Err(error) => {
            let _ = conn.execute_batch("ROLLBACK");
            storage.failed(&error, &path());
            for tell in replies {
                tell(Some(Error::Sqlite(copy(&error))));
            }
            refuse(group.collect(), &|| Error::Sqlite(copy(&error)));
        }
    }
}

/// Why SQLite ended a transaction by itself.
fn last_error(conn: &Connection) -> rusqlite::Error {
    // SAFETY: the handle belongs to `conn`, which lives; the call only reads a number.
    let code = match unsafe { ffi::sqlite3_extended_errcode(conn.handle()) } {
        ffi::SQLITE_OK | ffi::SQLITE_ROW | ffi::SQLITE_DONE => ffi::SQLITE_IOERR,
        code => code,
    };
    rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)
}

/// rusqlite's errors cannot be cloned; every waiter of a group hears the same one.
fn copy(error: &rusqlite::Error) -> rusqlite::Error {
    match error {
        rusqlite::Error::SqliteFailure(code, text) => rusqlite::Error::SqliteFailure(*code, text.clone()),
        other => rusqlite::Error::ToSqlConversionFailure(other.to_string().into()),
    }
}
