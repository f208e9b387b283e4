//! What breaks around the box: power, disks, files, clocks, handles, memory. What must hold is the line of the fault
//! list whose number the test's name starts with. Faults are made for one process or one small file system of its own,
//! never for the machine.

mod crash;
mod crowd;
mod damage;
mod disk;
mod time;
mod upkeep;

use crate::support::phone::{Phone, add, phone};
use crate::support::server::Phonebox;

/// A phone that has its settings and has proved itself: its polls change nothing in the database.
fn settle(phonebox: &Phonebox) -> Phone {
    // Made while the box can still write.
    phonebox.token();
    add(phonebox, "T54W", &[]);
    let mut yealink = phone("T54W");
    yealink.boot(Some(&phonebox.url(false)));
    assert!(yealink.poll().configured);
    yealink
}

/// A new site by the REST API: its status.
fn add_site(phonebox: &Phonebox, name: &str) -> u16 {
    phonebox.admin_asks("POST", "/api/v1/sites", &format!("{{\"name\":\"{name}\"}}")).status
}

fn sites(phonebox: &Phonebox) -> Vec<String> {
    let all = phonebox.json(&["site", "list"]);
    let items = all.as_array().or_else(|| all["items"].as_array()).unwrap();
    items.iter().map(|site| site["name"].as_str().unwrap().to_owned()).collect()
}

#[track_caller]
fn is_whole(phonebox: &Phonebox) {
    assert_eq!(phonebox.count("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"), 0);
}
