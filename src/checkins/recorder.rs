//! Remembers check-ins without ever slowing an answer: folds repeats in memory, writes them in batches.
//!
//! Identical repeats become one row with a count, first and last time. A new check-in is written within [`FLUSH`], the
//! count of its repeats within [`REPEATS`]; after a power cut that much may be missing. When more different check-ins
//! arrive than the disk takes, strangers wait ([`Recorder::is_crowded`]); what comes in excess even so is counted as
//! dropped and told. A known phone never waits for this.

use super::{CheckIn, store};
use crate::db::{Db, Room};
use foldhash::quality::RandomState;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, watch};

pub const FLUSH: Duration = Duration::from_millis(250);
/// A busy row is not written anew at every flush.
const REPEATS: Duration = Duration::from_secs(5);
/// A repeat later than this is a row of its own, so that a timeline stays a timeline.
const FOLD_MS: i64 = 60_000;
/// Between two warnings of check-ins that were not kept.
const TOLD: Duration = Duration::from_secs(60);
const SHARDS: usize = 16;
/// Check-ins in one shard, most of them written and kept to fold their repeats: what a table of 4,096 places holds before
/// it doubles.
const REMEMBERED: usize = 3_584;
/// New check-ins that may wait for the disk, and from how many on strangers wait too.
const WAITING: usize = 49_152;
const CROWD: usize = 16_384;

/// A check-in on its way to its row.
pub struct Waiting {
    pub row: Option<i64>,
    /// Which of all since the start: many happen within one millisecond.
    pub number: u64,
    pub at: i64,
    pub last_at: i64,
    /// Not yet written.
    pub count: u64,
    /// `None` once the row exists.
    pub facts: Option<Box<store::Facts>>,
}

#[derive(Clone)]
pub struct Recorder(Arc<Inner>);

struct Inner {
    db: Db,
    hash: [RandomState; 2],
    shards: [Mutex<HashMap<u128, Waiting>>; SHARDS],
    /// New ones that are not written yet.
    fresh: AtomicUsize,
    recorded: AtomicU64,
    dropped: AtomicU64,
    stop: Notify,
    /// Moves with every batch; false from the end on.
    written: watch::Sender<bool>,
    /// One batch at a time: who asks for a flush waits for the one that is being written.
    writing: tokio::sync::Mutex<()>,
    stopped: std::sync::atomic::AtomicBool,
}

impl Recorder {
    pub fn new(db: Db) -> Recorder {
        Recorder(Arc::new(Inner {
            db,
            hash: Default::default(),
            shards: std::array::from_fn(|_| Mutex::default()),
            fresh: AtomicUsize::new(0),
            recorded: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            stop: Notify::new(),
            written: watch::Sender::new(true),
            writing: tokio::sync::Mutex::new(()),
            stopped: std::sync::atomic::AtomicBool::new(false),
        }))
    }

    pub fn record(&self, checkin: CheckIn) {
        let key = self.key(&checkin);
        let mut waiting = self.shard(key).lock().unwrap_or_else(PoisonError::into_inner);
        let number = self.0.recorded.fetch_add(1, Ordering::Relaxed);
        // One that still waits takes a late repeat too: putting a new one in its place would lose it.
        let repeats = |known: &&mut Waiting| known.count > 0 || checkin.at - known.last_at < FOLD_MS;
        if let Some(known) = waiting.get_mut(&key).filter(repeats) {
            known.last_at = known.last_at.max(checkin.at);
            known.count += 1;
            return;
        }
        if self.0.fresh.load(Ordering::Relaxed) >= WAITING {
            self.0.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        self.0.fresh.fetch_add(1, Ordering::Relaxed);
        if waiting.len() >= REMEMBERED {
            waiting.retain(|_, one| one.count > 0);
        }
        let facts = Some(Box::new(store::Facts::from(&checkin)));
        waiting.insert(key, Waiting { row: None, number, at: checkin.at, last_at: checkin.at, count: 1, facts });
    }

    /// The disk is behind: whoever has no claim to be answered quickly may wait.
    pub fn is_crowded(&self) -> bool {
        self.0.fresh.load(Ordering::Relaxed) >= CROWD
    }

    /// Two independent 64-bit hashes: equal by chance once in 2^128.
    fn key(&self, c: &CheckIn) -> u128 {
        let half = |state: &RandomState| {
            let mut hasher = state.build_hasher();
            (c.transport, c.peer, c.mac, c.vendor, c.model, c.version).hash(&mut hasher);
            (c.method, c.file, c.decision, c.reason, c.detail, c.status, c.bytes).hash(&mut hasher);
            hasher.finish()
        };
        u128::from(half(&self.0.hash[0])) << 64 | u128::from(half(&self.0.hash[1]))
    }

    /// Recorded and dropped since the start.
    pub fn counts(&self) -> (u64, u64) {
        (self.0.recorded.load(Ordering::Relaxed), self.0.dropped.load(Ordering::Relaxed))
    }

    /// Writes batches until [`Recorder::stop`], then once more.
    pub async fn run(&self) {
        let (mut told, mut last, mut repeats) = (0, Instant::now(), Instant::now());
        while !self.0.stopped.load(Ordering::Acquire) {
            let _ = tokio::time::timeout(FLUSH, self.0.stop.notified()).await;
            let due = repeats.elapsed() >= REPEATS;
            if due {
                repeats = Instant::now();
            }
            self.write(due).await;
            let dropped = self.0.dropped.load(Ordering::Relaxed);
            if dropped > told && (told == 0 || last.elapsed() > TOLD) {
                last = Instant::now();
                tracing::warn!(
                    dropped,
                    "some check-ins were not kept: they came faster than the disk takes them, or it takes none"
                );
                told = dropped;
            }
        }
        self.flush().await;
    }

    /// Tells of every batch that is on the disk, until it says false.
    pub fn written(&self) -> watch::Receiver<bool> {
        self.0.written.subscribe()
    }

    /// Ends the live logs: who reads one must not hold up the stop.
    pub fn end_live(&self) {
        self.0.written.send_replace(false);
    }

    pub fn stop(&self) {
        self.0.stopped.store(true, Ordering::Release);
        self.0.stop.notify_one();
    }

    /// Writes all that waits: to its end, also when whoever asked for it has gone.
    pub async fn flush(&self) {
        let this = self.clone();
        let _ = tokio::spawn(async move { this.write(true).await }).await;
    }

    /// Writes what is new, and with `repeats` the counts of what has its row, oldest first, in one transaction.
    async fn write(&self, repeats: bool) {
        let _one_at_a_time = self.0.writing.lock().await;
        let mut batch: Vec<(u128, store::Batch)> = Vec::new();
        for shard in &self.0.shards {
            let mut waiting = shard.lock().unwrap_or_else(PoisonError::into_inner);
            if repeats {
                let newest = waiting.values().map(|one| one.last_at).max().unwrap_or(0);
                waiting.retain(|_, one| one.count > 0 || newest - one.last_at < FOLD_MS);
            }
            let changed = waiting.iter_mut().filter(|(_, one)| one.count > 0 && (repeats || one.row.is_none()));
            batch.extend(changed.map(|(key, one)| (*key, store::Batch::take(one))));
        }
        if batch.is_empty() {
            return;
        }
        batch.sort_unstable_by_key(|(_, one)| one.number);
        let answers: u64 = batch.iter().map(|(_, one)| one.count).sum();
        let fresh = batch.iter().filter(|(_, one)| one.is_new()).count();
        self.put(batch, answers).await;
        self.0.fresh.fetch_sub(fresh, Ordering::Relaxed);
    }

    async fn put(&self, batch: Vec<(u128, store::Batch)>, answers: u64) {
        // What is left of the disk is for what people change.
        if self.0.db.room().is_some_and(Room::is_reserve) {
            return self.lose(answers);
        }
        match self.0.db.write_soon(move |tx| store::write(tx, batch)).await {
            Ok(rows) => {
                for (key, row) in rows {
                    let mut waiting = self.shard(key).lock().unwrap_or_else(PoisonError::into_inner);
                    if let Some(one) = waiting.get_mut(&key) {
                        one.row = Some(row);
                    }
                }
                self.0.written.send_modify(|_| {});
            }
            Err(error) => {
                if !error.is_storage() {
                    tracing::warn!(%error, "check-ins could not be written");
                }
                self.lose(answers);
            }
        }
    }

    /// The facts went with the batch: later repeats must bring their own.
    fn lose(&self, answers: u64) {
        let mut answers = answers;
        for shard in &self.0.shards {
            let mut waiting = shard.lock().unwrap_or_else(PoisonError::into_inner);
            // New ones that came meanwhile have theirs.
            waiting.retain(|_, one| {
                let stays = one.facts.is_some();
                answers += if stays { 0 } else { one.count };
                stays
            });
        }
        self.0.dropped.fetch_add(answers, Ordering::Relaxed);
    }

    fn shard(&self, key: u128) -> &Mutex<HashMap<u128, Waiting>> {
        &self.0.shards[(key as usize) % SHARDS]
    }
}
