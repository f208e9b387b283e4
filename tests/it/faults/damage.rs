//! Files of the data directory that are not what they were.

use super::{add_site, is_whole, settle};
use crate::support::eventually;
use crate::support::raw;
use crate::support::server::Phonebox;
use phonebox::db::Connection;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Noise over pages of a stopped box's database.
fn damage(path: &Path, pages: std::ops::Range<u64>) {
    let file = std::fs::File::options().write(true).open(path.join("phonebox.db")).unwrap();
    for page in pages {
        let noise: Vec<u8> = (0..4096u64).map(|n| (n.wrapping_mul(2_654_435_761) >> 7) as u8).collect();
        file.write_all_at(&noise, page * 4096).unwrap();
    }
}

/// A copy as the box makes it before an upgrade.
fn copy(path: &Path, name: &str) -> String {
    let copy = path.join(name);
    let conn = Connection::open(path.join("phonebox.db")).unwrap();
    conn.execute("VACUUM INTO ?1", [copy.to_str().unwrap()]).unwrap();
    copy.display().to_string()
}

/// The first page is gone: nothing can be read, so nothing is started. The line says what to do.
#[test]
fn fault_09_a_destroyed_database_is_refused_naming_the_newest_good_copy() {
    let mut phonebox = Phonebox::start();
    phonebox.stop();
    let good = copy(phonebox.path(), "phonebox.schema-1.db");
    let broken = phonebox.path().join("phonebox.schema-2.db");
    damage(phonebox.path(), 0..1);
    std::fs::copy(phonebox.path().join("phonebox.db"), &broken).unwrap();
    let bytes = std::fs::read(phonebox.path().join("phonebox.db")).unwrap();
    let said = phonebox.refused();
    let line = said.trim();
    assert_eq!(line.lines().count(), 1, "{line}");
    assert!(line.contains(phonebox.path().join("phonebox.db").to_str().unwrap()), "{line}");
    assert!(line.contains(&good) && !line.contains("schema-2"), "the newest is not a good one: {line}");
    assert!(std::fs::read(phonebox.path().join("phonebox.db")).unwrap() == bytes, "it is left as it is");
    std::fs::remove_file(&good).unwrap();
    assert!(phonebox.refused().contains("No good copy lies beside it"));
}

/// Something inside is gone: phones are served from what can be read, no change is taken, no copy is overwritten.
#[test]
fn fault_09_a_damaged_page_is_found_and_nothing_is_written_any_more() {
    let mut phonebox = Phonebox::start();
    let mut yealink = settle(&phonebox);
    let csv: String = (0..3000).map(|n| format!("805ec2{n:06x},T54W\n")).collect();
    let file = phonebox.file(&format!("mac,model\n{csv}"));
    phonebox.cli(&["device", "import", file.to_str().unwrap()]);
    phonebox.stop();
    let good = copy(phonebox.path(), "phonebox.schema-1.db");
    let kept = std::fs::read(&good).unwrap();
    let pages = std::fs::metadata(phonebox.path().join("phonebox.db")).unwrap().len() / 4096;
    damage(phonebox.path(), pages - 8..pages - 4);
    phonebox.run();
    eventually("the check finds it", || phonebox.health() == "degraded");
    let alarms = phonebox.alarms();
    let text = alarms[0]["text"].as_str().unwrap();
    assert!(text.contains("phonebox.db is damaged") && text.contains(&good), "{text}");
    assert_eq!(add_site(&phonebox, "refused"), 503);
    assert!(yealink.poll().configured);
    assert!(phonebox.said().contains(&good), "the log says it too");
    phonebox.stop();
    assert!(std::fs::read(&good).unwrap() == kept);
}

/// The log of a killed box is missing, empty, cut, of something else, or its index is stale: it opens whole or says no.
#[test]
fn fault_10_a_log_that_is_not_its_own_does_no_harm() {
    let noise: Vec<u8> = (0..100_000u64).map(|n| (n.wrapping_mul(2_654_435_761) >> 9) as u8).collect();
    let other = Phonebox::start();
    let foreign = std::fs::read(other.path().join("phonebox.db-wal")).unwrap();
    let mut phonebox = Phonebox::start();
    let mut yealink = settle(&phonebox);
    for (what, log, index) in [
        ("missing", None, None),
        ("empty", Some(&[][..]), None),
        ("noise", Some(&noise[..]), None),
        ("half a header", Some(&foreign[..16]), None),
        ("a stale index", None, Some(&noise[..32_768])),
        ("noise and a stale index", Some(&noise[..]), Some(&noise[..32_768])),
    ] {
        assert_eq!(add_site(&phonebox, &format!("before {what}")), 201);
        // Everything is in the file before its log is lost: what only the log held is gone with it.
        phonebox.stop();
        phonebox.run();
        phonebox.kill();
        for (name, bytes) in [("phonebox.db-wal", log), ("phonebox.db-shm", index)] {
            let place = phonebox.path().join(name);
            let _ = std::fs::remove_file(&place);
            if let Some(bytes) = bytes {
                std::fs::write(&place, bytes).unwrap();
            }
        }
        phonebox.run();
        is_whole(&phonebox);
        assert!(yealink.poll().configured, "{what}");
        assert_eq!(add_site(&phonebox, &format!("after {what}")), 201, "{what}");
    }
}

/// The server's key does not open: phones' HTTP and the console work, the alarm says why, and the box does not run in
/// circles. A certificate that is not this box's is made anew.
#[test]
fn fault_20_without_a_usable_server_key_phones_are_still_served() {
    let mut phonebox = Phonebox::start();
    let mut yealink = settle(&phonebox);
    let foreign = instance(&Phonebox::start(), "server_rsa_certificate");
    for (row, value) in [("server_rsa_key_sealed", vec![7; 64]), ("server_ecdsa_key_sealed", vec![])] {
        let own = put(&mut phonebox, row, &value);
        assert!(yealink.poll().configured, "{row}");
        assert!(raw::tftp(phonebox.tftp(), "y000000000096.cfg").is_ok(), "{row}");
        let alarms = phonebox.alarms();
        let alarm = alarms.iter().find(|alarm| alarm["kind"] == "no-tls").unwrap_or_else(|| panic!("{row} {alarms:?}"));
        assert!(alarm["text"].as_str().unwrap().contains("HTTPS and the admin listener are closed"), "{alarm}");
        assert!(phonebox.is_alive());
        put(&mut phonebox, row, &own);
        assert!(!phonebox.has_alarm("no-tls"), "the alarm ends with its cause");
        assert_eq!(phonebox.health(), "ok");
    }
    put(&mut phonebox, "server_rsa_certificate", &foreign);
    assert!(yealink.poll().configured);
    assert_eq!(phonebox.health(), "ok", "HTTPS is open");
    assert_ne!(instance(&phonebox, "server_rsa_certificate"), foreign);
}

/// Another value in a row of a stopped box, which is then started again. What was there before.
fn put(phonebox: &mut Phonebox, row: &str, value: &[u8]) -> Vec<u8> {
    let own = instance(phonebox, row);
    phonebox.stop();
    let conn = Connection::open(phonebox.path().join("phonebox.db")).unwrap();
    conn.execute("UPDATE instance SET value = ?2 WHERE name = ?1", (row, value)).unwrap();
    drop(conn);
    phonebox.run();
    own
}

fn instance(phonebox: &Phonebox, row: &str) -> Vec<u8> {
    let conn = Connection::open(phonebox.path().join("phonebox.db")).unwrap();
    conn.query_row("SELECT value FROM instance WHERE name = ?1", [row], |row| row.get(0)).unwrap()
}

/// A sealing key that is not this box's: refused in one line that names it, before anything is changed.
#[test]
fn fault_20_another_sealing_key_is_refused_by_name() {
    let mut phonebox = Phonebox::start();
    settle(&phonebox);
    phonebox.stop();
    let other = Phonebox::start();
    let key = phonebox.path().join("seal.key");
    let own = std::fs::read(&key).unwrap();
    std::fs::copy(other.path().join("seal.key"), &key).unwrap();
    let line = phonebox.refused();
    assert!(line.contains("seal.key"), "{line}");
    std::fs::write(&key, own).unwrap();
    phonebox.run();
    assert!(phonebox.is_alive());
}
