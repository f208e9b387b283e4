//! What commits touched: the clock that caches compare against.
//!
//! A cache notes [`Changes::clock`] before it reads and keeps what it read only if no commit came between. Commits
//! that touch one device name it; those that touch many (a layer, a profile) move the shared epoch.

use super::Rows;
use crate::net::Mac;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Touch {
    /// One device, its lines, its own settings, its files.
    Device(Mac),
    /// Something that many devices' answers are made of.
    Shared,
}

type Listener = Box<dyn Fn(Mac) + Send + Sync>;

/// Devices share this many counters: one that moves for a neighbour costs a file made again, nothing else.
const COUNTERS: usize = 1 << 15;

pub struct Changes {
    clock: AtomicU64,
    shared: AtomicU64,
    devices: Box<[AtomicU64]>,
    listeners: Mutex<Vec<Listener>>,
    rows: Rows,
}

impl Default for Changes {
    fn default() -> Changes {
        let devices = std::iter::repeat_with(AtomicU64::default).take(COUNTERS).collect();
        let (clock, shared) = (AtomicU64::new(0), AtomicU64::new(0));
        Changes { clock, shared, devices, listeners: Mutex::default(), rows: Rows::default() }
    }
}

impl Changes {
    /// Moves with every commit that touched anything.
    pub fn clock(&self) -> u64 {
        self.clock.load(Ordering::Acquire)
    }

    /// Moves with every commit that touched something shared.
    pub fn shared(&self) -> u64 {
        self.shared.load(Ordering::Acquire)
    }

    /// Moves with every commit that touched this device, and now and then with another's.
    pub fn of_device(&self, mac: Mac) -> u64 {
        self.counter(mac).map_or(0, |counter| counter.load(Ordering::Acquire))
    }

    /// MACs are dealt in runs: their low bits spread well.
    fn counter(&self, mac: Mac) -> Option<&AtomicU64> {
        self.devices.get(mac.to_u64() as usize % COUNTERS)
    }

    /// Calls back for every device that a commit touched, on the writer thread, before the writer answers.
    pub fn on_device(&self, listener: impl Fn(Mac) + Send + Sync + 'static) {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(listener));
    }

    /// The devices' rows that were written.
    pub fn rows(&self) -> &Rows {
        &self.rows
    }

    pub(super) fn publish(&self, touched: &[Touch]) {
        self.rows.publish();
        if touched.is_empty() {
            return;
        }
        self.clock.fetch_add(1, Ordering::AcqRel);
        if touched.contains(&Touch::Shared) {
            self.shared.fetch_add(1, Ordering::AcqRel);
        }
        let listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        for touch in touched {
            if let Touch::Device(mac) = touch {
                if let Some(counter) = self.counter(*mac) {
                    counter.fetch_add(1, Ordering::AcqRel);
                }
                listeners.iter().for_each(|listener| listener(*mac));
            }
        }
    }
}
