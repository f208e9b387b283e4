//! Import of devices: CSV, JSON (array or lines) or a ZIP of those.
//!
//! One transaction for the whole file: all good rows go in or, after a crash or a file that cannot be read to its end,
//! none. Bad and duplicate rows are rejected one by one, with their row and the reason. One thread reads, checks and
//! seals while the writer's inserts. Everything a file can grow in is bounded (threats T69, T70).

pub mod api;
mod archive;
mod columns;
mod csv;
mod json;
mod meter;
mod rows;
mod store;

use super::Window;
use crate::db::{Connection, Db, Tx};
use crate::net::Mac;
use crate::notify::{self, Kind};
use crate::seal::Keyring;
use crate::users::Actor;
use crate::web::{Code, Problem};
use crate::{audit, clock};
use meter::Meter;
use rows::{Checker, Names, Prepared};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;

/// Rows of one import.
const MAX_ROWS: u64 = 1_000_000;
/// Rejections that are told one by one; more are only counted.
const TOLD: usize = 10_000;
/// Rows that go to the writer at once.
const CHUNK: usize = 256;

/// How far an import is; read while it runs.
#[derive(Default)]
pub struct Progress {
    pub total: AtomicU64,
    pub done: AtomicU64,
    pub rows: AtomicU64,
}

#[derive(Debug, Default, serde::Serialize, utoipa::ToSchema)]
pub struct Report {
    /// Nothing was changed: this is what an import would say.
    pub dry_run: bool,
    pub rows: u64,
    pub added: u64,
    pub rejected: u64,
    /// The first 10,000 of them.
    pub problems: Vec<Rejection>,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Rejection {
    /// File inside a ZIP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// As editors and spreadsheets number them: the header of a CSV is row 1. In a JSON array the first object is 1.
    /// 0: the whole file of a ZIP.
    pub row: u64,
    pub mac: Option<String>,
    pub reason: String,
}

/// Where a row stands.
#[derive(Debug, Clone)]
pub struct Place {
    pub file: Option<Arc<str>>,
    pub row: u64,
}

/// The whole file cannot be read: nothing of it is taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FileError(pub String);

impl From<FileError> for Problem {
    fn from(error: FileError) -> Problem {
        let message = format!("The file is not imported: {error}. Nothing was changed.");
        Problem::new(Code::BadFile, message, "Correct it, and try it with dry run first.")
    }
}

enum Item {
    Good(Box<Prepared>, Place),
    Bad(Rejection),
}

impl Report {
    fn reject(&mut self, rejection: Rejection) {
        self.rejected += 1;
        if self.problems.len() < TOLD {
            self.problems.push(rejection);
        }
    }

    /// `insert` answers whether the MAC was new.
    fn take<E>(&mut self, item: Item, insert: impl FnOnce(&Prepared) -> Result<bool, E>) -> Result<(), E> {
        self.rows += 1;
        match item {
            Item::Bad(rejection) => self.reject(rejection),
            Item::Good(row, place) => {
                if insert(&row)? {
                    self.added += 1;
                } else {
                    let mac = row.mac;
                    self.reject(place.reject(Some(mac), format!("there is a device {mac} already")));
                }
            }
        }
        Ok(())
    }
}

impl Place {
    fn reject(&self, mac: Option<Mac>, reason: String) -> Rejection {
        let file = self.file.as_deref().map(str::to_owned);
        Rejection { file, row: self.row, mac: mac.map(|mac| mac.to_string()), reason }
    }
}

/// Everything an import needs.
pub struct Import {
    pub keys: Keyring,
    pub actor: Actor,
    pub window: Window,
    pub file: File,
    pub progress: Arc<Progress>,
}

impl Import {
    pub async fn run(self, db: &Db) -> Result<Report, Problem> {
        db.write(move |tx| self.write(tx)).await
    }

    /// The same reading and the same checks; nothing is changed.
    pub async fn dry_run(self, db: &Db) -> Result<Report, Problem> {
        db.read_long(move |conn| self.check(conn)).await
    }

    fn write(self, tx: &mut Tx) -> Result<Report, Problem> {
        let now = clock::now();
        let names = Names::load(tx, self.actor.account_id)?;
        let checker = Checker::new(names, self.keys, tx.next_id("device")?, tx.next_id("sip_account")?);
        let (progress, mut file) = (self.progress, self.file);
        let mut report = Report::default();
        let mut placed = 0_u64;
        let mut inserter = store::Inserter::new(tx, &self.actor, self.window, now)?;
        let (send, receive) = sync_channel::<Vec<Item>>(16);
        let read = std::thread::scope(|scope| {
            let reading = scope.spawn(|| {
                let mut chunk = Vec::with_capacity(CHUNK);
                let read = read(&mut file, checker, &progress, &mut |item| {
                    chunk.push(item);
                    chunk.len() < CHUNK || send.send(std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK))).is_ok()
                });
                let _ = send.send(chunk);
                // Closed here and not with the thread: the writer waits for it.
                drop(send);
                read
            });
            for item in receive.into_iter().flatten() {
                report.take(item, |row| {
                    let is_new = inserter.insert(row)?;
                    placed += u64::from(is_new && row.fields.site_id.is_some());
                    Ok::<_, crate::db::Error>(is_new)
                })?;
            }
            Ok::<_, crate::db::Error>(reading.join())
        })?;
        read.map_err(|_| Problem::internal("an import's reader panicked"))??;
        inserter.finish()?;
        let detail = format!("{} rows, {} added, {} rejected", report.rows, report.added, report.rejected);
        if report.added > 0 {
            let by = &*self.actor.name;
            let (text, data) =
                (format!("{by} imported devices: {detail}."), serde_json::json!({ "added": report.added, "by": by }));
            notify::tell(tx, self.actor.account_id, Kind::DeviceClaimed, "import", &text, &data, now)?;
        }
        // AVA-062: as of one that is added by itself.
        if placed > 0 {
            let by = &*self.actor.name;
            let text = format!("{by} imported devices and gave {placed} of them to a site.");
            let data = serde_json::json!({ "associated": placed, "by": by });
            notify::tell(tx, self.actor.account_id, Kind::DeviceAssociated, "import", &text, &data, now)?;
        }
        audit::store::write(tx, &self.actor, "device.import", "devices", Some(detail), now)?;
        // One word for all of them: a list of a hundred thousand would cost more than it saves.
        tx.touch(crate::db::Touch::Shared);
        Ok(report)
    }

    fn check(mut self, conn: &Connection) -> Result<Report, Problem> {
        let names = Names::load(conn, self.actor.account_id)?;
        let mut report = Report { dry_run: true, ..Report::default() };
        let mut failed = None;
        read(&mut self.file, Checker::new(names, self.keys, 1, 1), &self.progress, &mut |item| {
            let taken = report.take(item, |row| store::is_new(conn, row.mac));
            failed = taken.err();
            failed.is_none()
        })?;
        match failed {
            Some(error) => Err(error.into()),
            None => Ok(report),
        }
    }
}

type Sink<'a> = &'a mut dyn FnMut(Item) -> bool;

/// What rows are given to, whatever they were written in.
struct Rows<'a> {
    checker: Checker,
    sink: Sink<'a>,
    progress: &'a Progress,
    count: u64,
}

impl Rows<'_> {
    /// A file that is not read at all. False when nobody wants more.
    fn leave_out(&mut self, place: &Place, why: &str) -> bool {
        (self.sink)(Item::Bad(place.reject(None, why.into())))
    }

    /// False when nobody wants more.
    fn take(
        &mut self,
        place: Place,
        cells: Result<&[(columns::Column, std::borrow::Cow<str>)], String>,
    ) -> Result<bool, FileError> {
        self.count += 1;
        if self.count > MAX_ROWS {
            return Err(FileError(format!("it has more than {MAX_ROWS} rows")));
        }
        self.progress.rows.store(self.count, Ordering::Relaxed);
        let (mac, checked) = match cells {
            Ok(cells) => self.checker.check(cells, &place),
            Err(reason) => (None, Err(reason)),
        };
        Ok((self.sink)(match checked {
            Ok(row) => Item::Good(Box::new(row), place),
            Err(reason) => Item::Bad(place.reject(mac, reason)),
        }))
    }
}

fn read(file: &mut File, checker: Checker, progress: &Progress, sink: Sink) -> Result<(), FileError> {
    let mut rows = Rows { checker, sink, progress, count: 0 };
    let size = file.metadata().map_or(0, |facts| facts.len());
    progress.total.store(size, Ordering::Relaxed);
    if archive::is_zip(file)? {
        return archive::read(file, &mut rows);
    }
    let meter = Meter::new(progress);
    read_plain(meter.reader(file), &meter, None, &mut rows)
}

/// CSV or JSON, by how it starts.
fn read_plain(
    inner: impl std::io::Read,
    meter: &Meter,
    name: Option<Arc<str>>,
    rows: &mut Rows,
) -> Result<(), FileError> {
    let mut text = BufReader::with_capacity(meter::BUFFER, inner);
    let start = text.fill_buf().map_err(|error| unreadable(&error))?;
    if start.starts_with(&[0xfe, 0xff])
        || start.starts_with(&[0xff, 0xfe])
        || start.iter().take(4).any(|byte| *byte == 0)
    {
        return Err(FileError("it is UTF-16 or no text. Save it as UTF-8".into()));
    }
    if start.starts_with(b"PK\x03\x04") {
        return Err(FileError("it holds a ZIP inside a ZIP".into()));
    }
    if start.starts_with(b"\xef\xbb\xbf") {
        text.consume(3);
    }
    let start = text.fill_buf().map_err(|error| unreadable(&error))?;
    match start.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => Err(FileError("it is empty".into())),
        Some(b'[') => json::read_array(text, meter, name, rows),
        Some(b'{') => json::read_lines(text, meter, name, rows),
        Some(_) => csv::read(text, meter, name, rows),
    }
}

fn unreadable(error: &std::io::Error) -> FileError {
    FileError(error.to_string())
}
