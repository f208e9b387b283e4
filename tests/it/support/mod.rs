//! What tests share: one file for each door.

pub mod admin;
pub mod console;
pub mod other;
pub mod people;
pub mod phone;
pub mod raw;
pub mod server;

use std::time::{Duration, Instant};

/// Until it is so. Looks often; fails when it takes longer than anything may.
#[track_caller]
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(30), "never came: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Mounts, other users and other limits are root's.
pub fn is_root() -> bool {
    // SAFETY: geteuid cannot fail and touches no memory.
    unsafe { libc::geteuid() == 0 }
}
