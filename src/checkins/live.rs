//! The live log: check-ins as events, while they happen.
//!
//! The rows are the truth: after every batch a log reads what came, so that a slow reader costs no memory and a reader
//! that comes back misses nothing. It ends after a while, because whoever reads it must be asked anew who he is.

use super::recorder::Recorder;
use super::store::{self, Stored};
use crate::db::{Db, Result};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit, watch};
use tokio::time::Instant;

const LIFE: Duration = Duration::from_secs(60);
/// A sign of life while nothing happens, so that a reader that is gone is noticed.
const QUIET: Duration = Duration::from_secs(15);
/// Rows of a new log, and the most that are told at once: in a flood the oldest are left out.
const ROWS: u32 = 100;
static LOGS: Semaphore = Semaphore::const_new(64);

pub struct Live {
    db: Db,
    account_id: i64,
    written: watch::Receiver<bool>,
    /// The newest row told, and the newest time.
    row: i64,
    at: i64,
    begun: bool,
    ends: Instant,
    /// Where phones reach the box.
    http: Option<String>,
    _place: SemaphorePermit<'static>,
}

impl Live {
    /// `None`: too many are open.
    pub fn open(
        db: &Db,
        recorder: &Recorder,
        account_id: i64,
        last: Option<i64>,
        http: Option<String>,
    ) -> Option<Live> {
        let _place = LOGS.try_acquire().ok()?;
        let (db, written) = (db.clone(), recorder.written());
        Some(Live {
            db,
            account_id,
            written,
            row: last.unwrap_or(0),
            at: 0,
            begun: false,
            ends: Instant::now() + LIFE,
            http,
            _place,
        })
    }

    /// The next piece of the stream; `None` at its end.
    pub async fn next(&mut self) -> Option<Result<String>> {
        if self.begun {
            let until = self.ends.min(Instant::now() + QUIET);
            match tokio::time::timeout_at(until, self.written.changed()).await {
                Ok(Ok(())) if *self.written.borrow() => {}
                Ok(_) => return None,
                Err(_) if Instant::now() >= self.ends => return None,
                Err(_) => return Some(Ok(":\n\n".into())),
            }
        }
        let rows = self.read().await;
        let head = if self.begun { "" } else { "retry: 1000\n\n" };
        self.begun = true;
        Some(rows.map(|rows| head.to_owned() + &rows))
    }

    async fn read(&mut self) -> Result<String> {
        let (account_id, row, at) = (self.account_id, self.row, self.at);
        let (mut repeated, mut newer) = self
            .db
            .read_long(move |conn| {
                let newer = store::newer(conn, account_id, row, ROWS)?;
                // A new log's rows have their counts already.
                let repeated = if at == 0 { Vec::new() } else { store::repeated(conn, account_id, row, at, ROWS)? };
                Ok::<_, crate::db::Error>((repeated, newer))
            })
            .await?;
        repeated.iter_mut().chain(&mut newer).for_each(|one| one.name_box(self.http.as_deref()));
        self.row = newer.last().map_or(row, |last| last.id);
        self.at = newer.iter().chain(&repeated).map(|one| one.last_at).max().unwrap_or(at);
        let mut text: String = repeated.iter().map(|one| event(one, "")).collect();
        text.extend(newer.iter().map(|one| event(one, &format!("id: {}\n", one.id))));
        Ok(text)
    }
}

/// JSON has no line break of its own: one line of data is one row.
fn event(row: &Stored, id: &str) -> String {
    let data = serde_json::to_string(row).unwrap_or_default();
    format!("{id}event: checkin\ndata: {data}\n\n")
}
