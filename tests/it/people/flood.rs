//! Many logins at once: each hash takes 19 MiB, and the box must not take them all at the same time.

use crate::support::server::{Phonebox, ask};
use serde_json::json;

#[test]
fn threat_052_a_flood_of_logins_takes_little_memory_and_leaves_phones_alone() {
    let phonebox = Phonebox::start();
    phonebox.cli(&["device", "add", "805ec0aabb01", "--vendor", "Yealink", "--model", "T54W", "--activate"]);
    let before = phonebox.resident();
    let admin = phonebox.admin();
    let flood: Vec<_> = (0..100)
        .map(|number| {
            std::thread::spawn(move || {
                let body = json!({ "login": format!("user{number}"), "password": "Wrong-pass-1" }).to_string();
                ask(admin, "none", "POST", "/api/v1/session", &body).map(|reply| reply.status)
            })
        })
        .collect();
    let mut most = 0;
    while flood.iter().any(|one| !one.is_finished()) {
        most = most.max(phonebox.resident());
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let statuses: Vec<u16> = flood.into_iter().filter_map(|one| one.join().unwrap().ok()).collect();
    assert!(statuses.len() >= 90, "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 401 | 429)), "{statuses:?}");
    assert!(statuses.contains(&429), "a source that tries many logins is slowed: {statuses:?}");
    let more = most.saturating_sub(before) >> 20;
    assert!(more < 100, "{more} MiB more");
    assert_eq!(phonebox.health(), "ok");
}
