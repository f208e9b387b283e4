//! T99: nobody fills the disk for the others.

use crate::support::phone::{add, mac, phone};
use crate::support::raw;
use crate::support::server::Phonebox;

/// A phone that stores without end is stopped at its own quota; another one still stores, and both are served.
#[test]
fn threat_099_one_phone_cannot_fill_the_disk() {
    let phonebox = Phonebox::start();
    let directory = |model: &str| {
        add(&phonebox, model, &[]);
        let mut phone = phone(model);
        phone.boot(Some(&phonebox.url(false)));
        format!("/{}", phone.server().unwrap().trim_start_matches(&phonebox.url(false)))
    };
    let (greedy, modest) = (directory("T54W"), directory("T53W"));
    let put = |path: &str, size: usize| raw::send(phonebox.http(), None, "PUT", path, "", &vec![b'x'; size]).status;
    let stored = |number: usize| put(&format!("{greedy}backup-{number}.bin"), 200_000);
    let statuses: Vec<u16> = (0..12).map(stored).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 5, "{statuses:?}");
    assert!(statuses[5..].iter().all(|status| *status == 507), "{statuses:?}");
    assert_eq!(put(&format!("{greedy}large.bin"), (1 << 20) + 1), 413);
    assert_eq!(put(&format!("{modest}backup.bin"), 200_000), 201, "for that one only");
    assert_eq!(raw::get(phonebox.http(), &format!("{greedy}{}.cfg", mac("T54W"))).status, 200);
    assert!(phonebox.count("SELECT sum(size) FROM upload WHERE device_id = 1") <= 1 << 20);
    let verdict = phonebox.explain(mac("T54W"))["timeline"].to_string();
    assert!(verdict.contains("more room than allowed"), "{verdict}");
}
