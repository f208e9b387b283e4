//! Counts what is read: for the progress, and so that no single row can fill the memory.

use super::{Progress, Rows};
use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes of one row.
const MAX_ROW: u64 = 1024 * 1024;
/// Readers fetch this much at once, which may belong to the rows that follow.
pub const BUFFER: usize = 64 * 1024;

pub struct Meter<'a> {
    progress: &'a Progress,
    of_row: AtomicU64,
}

impl<'a> Meter<'a> {
    pub fn new(progress: &'a Progress) -> Meter<'a> {
        Meter { progress, of_row: AtomicU64::new(0) }
    }

    pub fn of(rows: &Rows<'a>) -> Meter<'a> {
        Meter::new(rows.progress)
    }

    pub fn reader<R: Read>(&'a self, inner: R) -> Metered<'a, R> {
        Metered { inner, meter: self }
    }

    /// A row is finished; the next one may be as long again.
    pub fn next_row(&self) {
        self.of_row.store(0, Ordering::Relaxed);
    }
}

pub struct Metered<'a, R> {
    inner: R,
    meter: &'a Meter<'a>,
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.meter.progress.done.fetch_add(count as u64, Ordering::Relaxed);
        let of_row = self.meter.of_row.fetch_add(count as u64, Ordering::Relaxed) + count as u64;
        if of_row > MAX_ROW + 2 * BUFFER as u64 {
            return Err(io::Error::other("a row is longer than 1 MiB. Is a quotation mark left open?"));
        }
        Ok(count)
    }
}
