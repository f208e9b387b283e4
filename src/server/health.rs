//! Looks after the box itself: is its database whole, is there room, does its log shrink, is its clock sane, and what
//! did the disk do to changes. Each is told by an alarm that ends with its cause.

use crate::db::{BOX_ACCOUNT, Db, Error, Room};
use crate::{alarms, audit, checkins, clock};
use std::time::{Duration, Instant};
use tokio::sync::watch;

const EVERY: Duration = Duration::from_secs(2);
/// A log beyond this is one that somebody keeps from being written back (F29).
const LOG: u64 = 256 << 20;
/// Beyond it a clock was set, not corrected.
const JUMP_MS: i64 = 3_600_000;
/// Percent of the disk, but never more than so many GiB: large disks are not short at 5 %.
const LOW: [(&str, u64); 2] = [("disk-low", 10), ("disk-very-low", 5)];

/// The clock counts from this call on, not from the first look.
pub fn run(db: Db, stop: watch::Receiver<bool>) -> impl Future<Output = ()> {
    let clock = Clock { at: clock::now(), since: Instant::now() };
    watch(db, clock, stop)
}

async fn watch(db: Db, mut clock: Clock, mut stop: watch::Receiver<bool>) {
    tokio::select! {
        () = db.check() => {}
        _ = stop.wait_for(|stop| *stop) => return,
    }
    if let Err(error) = clock.starts(&db).await {
        tracing::warn!(%error, "the clock could not be compared with what is stored");
    }
    loop {
        if let Err(error) = look(&db, &mut clock).await
            && !error.is_storage()
        {
            tracing::warn!(%error, "the box could not look after itself");
        }
        tokio::select! {
            _ = tokio::time::sleep(EVERY) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

async fn look(db: &Db, clock: &mut Clock) -> Result<(), Error> {
    let log = db.log_bytes();
    let text = format!(
        "The database's log has grown to {} MiB: another program keeps phonebox.db open. Close that program",
        log >> 20
    );
    settle(db, "log-grows", log > LOG, text).await?;
    if let Some(room) = db.room() {
        for (kind, percent) in LOW {
            let text = format!("Less than {percent} % of the disk is free: {} MiB. Make room", room.free >> 20);
            settle(db, kind, is_below(room, percent), text).await?;
        }
    }
    if let Some(past) = db.storage().take_past() {
        tell(db, "storage", format!("For a while no change was taken. {}", past.text)).await?;
    }
    clock.look(db).await
}

fn is_below(room: Room, percent: u64) -> bool {
    room.free < (room.total / 100 * percent).min(percent << 30)
}

/// Opens the alarm while it holds, and closes it after.
async fn settle(db: &Db, kind: &'static str, holds: bool, text: String) -> Result<(), Error> {
    if !holds {
        return alarms::settle(db, kind, BOX).await;
    }
    match db.read(|conn| alarms::store::is_open(conn, kind, BOX))? {
        true => Ok(()),
        false => tell(db, kind, text).await,
    }
}

/// What these alarms are about.
const BOX: &str = "box";

async fn tell(db: &Db, kind: &'static str, text: String) -> Result<(), Error> {
    tracing::warn!(kind, "{text}");
    db.write(move |tx| alarms::store::raise(tx, BOX_ACCOUNT, kind, BOX, &text, clock::now())).await.map(drop)
}

/// The clock of the machine beside one that only runs forward (F12).
struct Clock {
    at: i64,
    since: Instant,
}

impl Clock {
    /// A box without a battery starts in 1970.
    async fn starts(&self, db: &Db) -> Result<(), Error> {
        let last = db.read(|conn| Ok::<_, Error>(checkins::store::last_at(conn)?.max(audit::store::last_at(conn)?)))?;
        let behind = last - self.at;
        if behind < JUMP_MS {
            return Ok(());
        }
        tell(db, "clock", format!("The clock of the box is {} behind what it has seen. Set it", words(behind))).await
    }

    async fn look(&mut self, db: &Db) -> Result<(), Error> {
        let jump = clock::now() - self.at - self.since.elapsed().as_millis() as i64;
        if jump.abs() < JUMP_MS {
            return Ok(());
        }
        (self.at, self.since) = (clock::now(), Instant::now());
        let way = if jump > 0 { "forward" } else { "back" };
        let text =
            format!("The clock of the box jumped {way} by {}. Windows and times of this day are off", words(jump));
        tell(db, "clock", text).await
    }
}

fn words(milliseconds: i64) -> String {
    let hours = (milliseconds.abs() + 1_800_000) / 3_600_000;
    if hours < 48 { format!("{hours} hours") } else { format!("{} days", hours / 24) }
}
