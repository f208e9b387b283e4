//! How often a key may ask: so many requests a minute, told with every answer (RateLimit-* headers) and with 429 beyond.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

const MINUTE: i64 = 60_000;
pub const PER_MINUTE: u32 = 1_200;

#[derive(Default)]
pub struct Rates(Mutex<HashMap<i64, (i64, u32)>>);

/// Where a key stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub limit: u32,
    pub remaining: u32,
    /// Milliseconds until the count starts anew.
    pub reset: i64,
    pub within: bool,
}

impl Rates {
    pub fn count(&self, key: i64, now: i64) -> Standing {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.retain(|_, (since, _)| now - *since < MINUTE);
        let (since, count) = counts.entry(key).or_insert((now, 0));
        *count = count.saturating_add(1);
        let remaining = PER_MINUTE.saturating_sub(*count);
        Standing { limit: PER_MINUTE, remaining, reset: *since + MINUTE - now, within: *count <= PER_MINUTE }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_has_so_many_requests_and_then_starts_anew() {
        let rates = Rates::default();
        let last = (0..PER_MINUTE).map(|_| rates.count(1, 0)).last().unwrap();
        assert_eq!((last.remaining, last.within, last.reset), (0, true, MINUTE));
        assert!(!rates.count(1, 59_999).within && rates.count(2, 59_999).within);
        assert!(rates.count(1, 60_000).within);
    }
}
