//! Many at once.

use super::clients::{MAC, site};
use crate::support::raw;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

#[test]
fn threat_089_a_flood_of_requests_is_capped_and_settings_are_served_on() {
    const SENDERS: usize = 150;
    let site = site(&[]);
    let (ra, phone) = (site.ra(), site.sender("phone"));
    let message = phone.message(b"19", b"1", &ra, &site.csr(&phone, "/CN=805ec0aabb01", "wrong", ""));
    let (over, answered, busy) = (AtomicBool::new(false), AtomicU32::new(0), AtomicU32::new(0));
    let path = format!("/{MAC}.cfg");
    let config = || {
        let since = Instant::now();
        assert_eq!(raw::get(site.phonebox.http(), &path).status, 200);
        since.elapsed()
    };
    let mut times = std::thread::scope(|scope| {
        for _ in 0..SENDERS {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    let answer = site.post(&message);
                    let count = match answer.status {
                        200 => &answered,
                        503 => &busy,
                        status => panic!("{status}"),
                    };
                    assert!(answer.status == 200 || answer.header("Retry-After").is_some());
                    count.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let mut times: Vec<Duration> = (0..300).map(|_| config()).collect();
        // Until the flood was one.
        while answered.load(Ordering::Relaxed) <= 50 || busy.load(Ordering::Relaxed) <= 50 {
            times.push(config());
        }
        over.store(true, Ordering::Relaxed);
        times
    });
    times.sort();
    let (answered, busy) = (answered.into_inner(), busy.into_inner());
    // Far below what a phone waits; the ratio to a quiet box is measured in tests/bench.
    let p99 = times[times.len() * 99 / 100];
    assert!(p99 < Duration::from_secs(1), "{p99:?} of {answered} and {busy}");
    assert_eq!(site.issued(), 0);
}
