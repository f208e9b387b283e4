//! Clocks that are wrong, and clocks that are set while the box runs.

use super::{add_site, settle};
use crate::support::eventually;
use crate::support::phone::{account, own_account};
use crate::support::server::Phonebox;

/// Four hundred days forward and back, and a start in 1970: phones with their token keep their access, nothing that was
/// closed opens again, and somebody is told.
#[test]
fn fault_12_a_clock_that_jumps_takes_no_phone_its_access() {
    let mut phonebox = Phonebox::start();
    let mut yealink = settle(&phonebox);
    for time in ["+400d", "-400d", "@1970-01-02 00:00:00"] {
        phonebox.restart_at(time);
        assert!(yealink.poll().configured, "{time}");
        assert_eq!(account(&yealink), own_account(), "{time}");
        assert_eq!(add_site(&phonebox, &format!("at {time}")), 201);
        if time != "+400d" {
            eventually("a clock that is behind is told", || phonebox.has_alarm("clock"));
        }
        assert!(!phonebox.said().contains("panicked"), "{time}");
    }
}

/// The same while it runs: the timers of the box run on a clock that nobody can set.
#[test]
fn fault_12_a_clock_that_is_set_while_the_box_runs_is_told() {
    let mut phonebox = Phonebox::start();
    let mut yealink = settle(&phonebox);
    let clock = phonebox.file("+0");
    phonebox.restart_with_clock(&clock);
    assert!(!phonebox.has_alarm("clock"));
    for (time, way) in [("+400d", "forward by 400 days"), ("-400d", "back by 800 days")] {
        // Whole at once: half a time would be another one.
        std::fs::rename(phonebox.file(time), &clock).unwrap();
        eventually("the jump is told", || {
            phonebox.alarms().iter().any(|alarm| alarm["text"].as_str().unwrap().contains(way))
        });
        assert!(yealink.poll().configured, "{time}");
        assert_eq!(account(&yealink), own_account());
        assert_eq!(add_site(&phonebox, &format!("at {time}")), 201);
        let id = phonebox.alarms().iter().find(|alarm| alarm["kind"] == "clock").unwrap()["id"].to_string();
        phonebox.cli(&["alarm", "close", &id]);
    }
    assert!(phonebox.is_alive() && !phonebox.said().contains("panicked"));
    assert!(phonebox.stop().unwrap().success());
}
