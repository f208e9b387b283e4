//! Slows those who guess MAC addresses: every source has a budget of failed look-ups a minute.
//!
//! Only failures count, only requests without proof are slowed, and each source is told of once.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

const MINUTE: i64 = 60_000;
/// A boot, firmware included.
const VOUCHED: i64 = 10 * MINUTE;
/// Sources remembered at once; beyond it half of them are forgotten, the older ones first.
const SOURCES: usize = 65_536;

#[derive(Clone, Copy)]
struct Window {
    since: i64,
    failed: u32,
    told: bool,
    /// When a phone last proved itself from there.
    proved: Option<i64>,
}

pub struct Budget {
    per_minute: u32,
    windows: Mutex<HashMap<IpAddr, Window>>,
    /// So that a quiet box never takes the lock.
    known: AtomicUsize,
}

/// What a failed look-up led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Within,
    /// The budget was used up just now: tell it once.
    Exhausted,
    Beyond,
}

impl Budget {
    pub fn new(per_minute: u32) -> Budget {
        Budget { per_minute, windows: Mutex::default(), known: AtomicUsize::new(0) }
    }

    /// `names`: a device is named, which may be a guess. What names none is a phone's own where one proved itself just now
    /// (its firmware, its model's file), whoever else guesses behind the same address.
    pub fn is_exhausted(&self, source: IpAddr, names: bool, now: i64) -> bool {
        if self.known.load(Ordering::Relaxed) == 0 {
            return false;
        }
        let windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        windows.get(&key(source)).is_some_and(|w| {
            let is_vouched = !names && w.proved.is_some_and(|at| now - at < VOUCHED);
            now - w.since < MINUTE && w.failed >= self.per_minute && !is_vouched
        })
    }

    pub fn proved(&self, source: IpAddr, now: i64) {
        if self.known.load(Ordering::Relaxed) == 0 {
            return;
        }
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(window) = windows.get_mut(&key(source)) {
            window.proved = Some(now);
        }
    }

    pub fn failed(&self, source: IpAddr, now: i64) -> Verdict {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= SOURCES {
            // Room for many at once: a flood of sources must not make every failure walk the table.
            let oldest_kept = now - MINUTE / 2;
            windows.retain(|_, window| window.since > oldest_kept);
            if windows.len() >= SOURCES {
                let mut place = 0;
                windows.retain(|_, _| {
                    place += 1;
                    place % 2 == 0
                });
            }
        }
        let window = windows.entry(key(source)).or_insert(Window { since: now, failed: 0, told: false, proved: None });
        if now - window.since >= MINUTE || now < window.since {
            let told = window.told && now - window.since < 2 * MINUTE;
            *window = Window { since: now, failed: 0, told, proved: window.proved };
        }
        window.failed = window.failed.saturating_add(1);
        let verdict = match window.failed >= self.per_minute {
            false => Verdict::Within,
            true if window.told => Verdict::Beyond,
            true => {
                window.told = true;
                Verdict::Exhausted
            }
        };
        self.known.store(windows.len(), Ordering::Relaxed);
        verdict
    }
}

/// An IPv6 host has a whole /64 to choose from.
fn key(source: IpAddr) -> IpAddr {
    match source {
        IpAddr::V4(_) => source,
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from(u128::from(v6) & !0u128 << 64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threat_005_a_source_is_slowed_after_its_budget_and_told_of_once() {
        let budget = Budget::new(30);
        let (scanner, phone): (IpAddr, IpAddr) = ("10.0.0.66".parse().unwrap(), "10.0.0.7".parse().unwrap());
        let verdicts: Vec<_> = (0..10_000).map(|n| budget.failed(scanner, n)).collect();
        assert_eq!(verdicts.iter().filter(|v| **v == Verdict::Exhausted).count(), 1);
        assert!(budget.is_exhausted(scanner, true, 10_000) && !budget.is_exhausted(phone, true, 10_000));
        assert!(budget.is_exhausted(scanner, false, 10_000), "nobody proved himself there");
        budget.proved(scanner, 10_000);
        assert!(budget.is_exhausted(scanner, true, 10_001), "a guess stays one");
        assert!(!budget.is_exhausted(scanner, false, 10_001), "the firmware of a phone there");
        assert!(!budget.is_exhausted(scanner, true, 70_000), "a minute later it may try again");
    }

    #[test]
    fn threat_006_ten_thousand_sources_and_more_stay_bounded() {
        let budget = Budget::new(30);
        for n in 0..70_000u32 {
            budget.failed(IpAddr::V4((0x7f00_0000 + n).into()), i64::from(n) / 100);
        }
        assert!(budget.windows.lock().unwrap().len() <= SOURCES);
    }
}
