//! A disk that fails, fills up, turns read-only or is held by somebody else: phones are served, people are told.

use super::{add_site, is_whole, settle, sites};
use crate::support::phone::mac;
use crate::support::server::Phonebox;
use crate::support::{eventually, is_root, raw};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Something mounted on a box's data directory; unmounted with the value.
struct Mount(PathBuf);

impl Mount {
    fn on(place: &Path, words: &[&str]) -> Option<Mount> {
        if !is_root() {
            eprintln!("not checked: only root can mount");
            return None;
        }
        let done = Command::new("mount").args(words).arg(place).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        Some(Mount(place.to_path_buf()))
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).output();
    }
}

/// After what a start writes, an fsync of the writer fails, and every one after it.
#[test]
fn fault_05_a_failed_fsync_is_no_success_and_ends_all_changes() {
    let mut phonebox = Phonebox::start();
    let mut yealink = settle(&phonebox);
    let strace = "strace -D -f -qqq -o /dev/null -e trace=fsync,fdatasync -e signal=none";
    let inject = "inject=fsync,fdatasync:error=EIO:when=15+";
    let words: Vec<&str> = strace.split(' ').chain(["-e", inject]).collect();
    phonebox.restart_behind(&words);
    let statuses: Vec<u16> = (0..30).map(|n| add_site(&phonebox, &format!("site-{n}"))).collect();
    let acknowledged = statuses.iter().take_while(|status| **status == 201).count();
    assert!(
        (1..30).contains(&acknowledged) && statuses[acknowledged..].iter().all(|status| *status == 503),
        "{statuses:?}"
    );
    let told = phonebox.admin_asks("POST", "/api/v1/sites", "{\"name\":\"one-more\"}");
    assert!(String::from_utf8_lossy(&told.body).contains("Nothing was changed"), "{told:?}");
    assert!(yealink.poll().configured, "phones are served all the same");
    assert_eq!(phonebox.health(), "degraded");
    let alarms = phonebox.alarms();
    let alarm = alarms.iter().find(|alarm| alarm["kind"] == "storage").unwrap_or_else(|| panic!("{alarms:?}"));
    assert!(alarm["text"].as_str().unwrap().contains("start Phonebox again"), "{alarm}");
    let told = phonebox.said().matches("changes are not taken").count();
    assert_eq!(told, 1, "once");
    // What the kernel lost of it nobody can know: the box is started again, on what is really there.
    phonebox.kill();
    phonebox.before.clear();
    phonebox.run();
    is_whole(&phonebox);
    let there = sites(&phonebox);
    assert!((0..acknowledged).all(|n| there.contains(&format!("site-{n}"))), "{there:?}");
    assert_eq!(phonebox.health(), "ok");
    assert_eq!(add_site(&phonebox, "after"), 201);
}

/// Fills what is left of the disk, but for `rest` bytes.
fn fill(place: &Path, rest: u64) {
    let free = || {
        let facts = nix::sys::statvfs::statvfs(place).unwrap();
        facts.blocks_available() * facts.fragment_size()
    };
    let file = place.join("filler");
    let mut file = std::fs::OpenOptions::new().append(true).create(true).open(file).unwrap();
    while free() > rest {
        let block = vec![b'x'; (free() - rest).min(1 << 20) as usize];
        if file.write_all(&block).is_err() {
            return;
        }
    }
}

#[test]
fn fault_06_a_full_disk_is_told_early_and_survived_without_a_restart() {
    let mut phonebox = Phonebox::new(&[]);
    let Some(_mount) = Mount::on(phonebox.path(), &["-t", "tmpfs", "-o", "size=64m,mode=0700", "none"]) else { return };
    phonebox.run();
    let mut yealink = settle(&phonebox);
    assert!(!phonebox.has_alarm("disk-low"));
    fill(phonebox.path(), 5 << 20);
    eventually("10 % are told", || phonebox.has_alarm("disk-low"));
    assert!(!phonebox.has_alarm("disk-very-low"));
    fill(phonebox.path(), 3 << 20);
    eventually("5 % are told", || phonebox.has_alarm("disk-very-low"));
    fill(phonebox.path(), 1 << 20);
    // What is left is for people: check-ins stop first.
    let kept = phonebox.count("SELECT count(*) FROM check_in");
    raw::get(phonebox.http(), "/805ec0ffffff.cfg");
    assert_eq!(add_site(&phonebox, "in-the-reserve"), 201);
    eventually("dropped check-ins are told", || phonebox.said().contains("check-ins were not kept"));
    assert_eq!(phonebox.count("SELECT count(*) FROM check_in"), kept);
    fill(phonebox.path(), 0);
    // The log has room left from before; then it is over.
    let text = "x".repeat(50_000);
    let mut acknowledged = Vec::new();
    let status = loop {
        let name = format!("site-{}", acknowledged.len());
        let body = format!("{{\"text\":\"account.2.label = {text}\"}}");
        let path = format!("/api/v1/raw-texts/yealink?layer=site&scope={name}");
        let status = match add_site(&phonebox, &name) {
            201 => {
                acknowledged.push(name);
                phonebox.admin_asks("PUT", &path, &body).status
            }
            status => status,
        };
        if status == 507 || acknowledged.len() > 500 {
            break status;
        }
    };
    assert_eq!(status, 507, "{}", phonebox.said());
    assert_eq!(phonebox.health(), "degraded");
    assert!(phonebox.alarms().iter().any(|alarm| alarm["text"] == "The disk is full"));
    assert!(yealink.poll().configured);
    let token = yealink.server().unwrap().to_owned();
    let upload = format!("{}{}-boot.log", token.trim_start_matches(&phonebox.url(false)), mac("T54W"));
    let put = raw::send(phonebox.http(), None, "PUT", &format!("/{upload}"), "", &[b'x'; 500_000]);
    assert_eq!(put.status, 507);
    assert!(phonebox.is_alive());
    // Room again: no restart.
    std::fs::remove_file(phonebox.path().join("filler")).unwrap();
    assert_eq!(add_site(&phonebox, "after"), 201);
    assert_eq!(phonebox.health(), "ok");
    let there = sites(&phonebox);
    assert!(acknowledged.iter().all(|name| there.contains(name)), "{there:?}");
    eventually("the alarms of the disk end", || {
        !phonebox.has_alarm("disk-low") && !phonebox.has_alarm("disk-very-low")
    });
    eventually("it is told afterwards", || phonebox.has_alarm("storage"));
    is_whole(&phonebox);
}

/// As ext4 does when it finds an error: the file system turns read-only under the open files.
#[test]
fn fault_07_a_disk_that_turns_read_only_still_serves_phones() {
    let mut phonebox = Phonebox::new(&[]);
    let image = phonebox.file("");
    std::fs::File::options().write(true).open(&image).unwrap().set_len(64 << 20).unwrap();
    let made = Command::new("mkfs.ext4").args(["-q", "-m", "0"]).arg(&image).output();
    if !made.is_ok_and(|made| made.status.success()) {
        eprintln!("not checked: mkfs.ext4 (package e2fsprogs) is missing");
        return;
    }
    let words = ["-o", "loop,errors=remount-ro", image.to_str().unwrap()];
    let Some(_mount) = Mount::on(phonebox.path(), &words) else { return };
    phonebox.run();
    let mut yealink = settle(&phonebox);
    assert_eq!(add_site(&phonebox, "before"), 201);
    let mounts = std::fs::read_to_string("/proc/mounts").unwrap();
    let line = mounts.lines().find(|line| line.split(' ').nth(1) == phonebox.path().to_str()).unwrap();
    let device = line.split(' ').next().unwrap().rsplit('/').next().unwrap();
    std::fs::write(format!("/sys/fs/ext4/{device}/trigger_fs_error"), "a test").unwrap();
    let told = phonebox.admin_asks("POST", "/api/v1/sites", "{\"name\":\"lost\"}");
    assert_eq!(told.status, 503, "{}", String::from_utf8_lossy(&told.body));
    assert!(yealink.poll().configured);
    assert_eq!(phonebox.health(), "degraded");
    assert!(phonebox.has_alarm("storage"));
    assert!(phonebox.is_alive());
    phonebox.stop();
}

/// Another program holds the database for a while: changes wait and are refused, phones are served, nothing hangs.
#[test]
fn fault_28_a_database_held_by_another_program() {
    let phonebox = Phonebox::start();
    let mut yealink = settle(&phonebox);
    for lock in ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"] {
        let other = phonebox::db::Connection::open(phonebox.path().join("phonebox.db")).unwrap();
        other.execute_batch(lock).unwrap();
        let told = phonebox.admin_asks("POST", "/api/v1/sites", "{\"name\":\"held\"}");
        assert_eq!(told.status, 503);
        assert!(String::from_utf8_lossy(&told.body).contains("Another program holds the database"), "{lock}");
        assert!(yealink.poll().configured, "{lock}");
        assert!(phonebox.alarms()[0]["text"].as_str().unwrap().contains("Another program"), "{:?}", phonebox.alarms());
        other.execute_batch("ROLLBACK").unwrap();
        assert_eq!(add_site(&phonebox, &format!("after {lock}")), 201);
        assert_eq!(phonebox.health(), "ok");
    }
    // A reader holds up nobody.
    let reader = phonebox::db::Connection::open(phonebox.path().join("phonebox.db")).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM device").unwrap();
    assert_eq!(add_site(&phonebox, "beside a reader"), 201);
}

/// A reader that never ends keeps the log from being written back. The log is made long without a quarter of an hour
/// of writing: SQLite does not look behind its last page.
#[test]
fn fault_29_a_log_that_only_grows_is_told() {
    let phonebox = Phonebox::start();
    settle(&phonebox);
    let log = phonebox.path().join("phonebox.db-wal");
    let size = || std::fs::metadata(&log).unwrap().len();
    let reader = phonebox::db::Connection::open(phonebox.path().join("phonebox.db")).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM device").unwrap();
    let csv: String = (0..20_000).map(|n| format!("805ec2{n:06x},T54W\n")).collect();
    let file = phonebox.file(&format!("mac,model\n{csv}"));
    phonebox.cli(&["device", "import", file.to_str().unwrap()]);
    let written = size();
    phonebox.cli(&["device", "set", mac("T54W"), "--name", "other"]);
    assert!(size() >= written, "nothing can be written back");
    std::fs::File::options().write(true).open(&log).unwrap().set_len(257 << 20).unwrap();
    eventually("it is told", || phonebox.has_alarm("log-grows"));
    assert_eq!(add_site(&phonebox, "still"), 201);
    drop(reader);
    let mut number = 0;
    eventually("the log is short again", || {
        number += 1;
        assert_eq!(add_site(&phonebox, &format!("site {number}")), 201);
        size() <= 64 << 20
    });
    eventually("the alarm ends", || !phonebox.has_alarm("log-grows"));
    is_whole(&phonebox);
}

/// Short reads and writes, everywhere and often: the bytes are right all the same, or the answer is an error.
#[test]
fn fault_33_short_reads_and_writes_do_not_change_a_byte() {
    let place = Path::new("/usr/lib/fiu/fiu_posix_preload.so");
    if !place.exists() {
        eprintln!("not checked: the package fiu-utils is missing");
        return;
    }
    let mut phonebox = Phonebox::start();
    let mut yealink = settle(&phonebox);
    // Those of files: a socket's or an event's short read means something else to the box.
    let points = ["pread", "pwrite"];
    let enable: Vec<String> = points
        .iter()
        .flat_map(|call| ["-c".to_owned(), format!("enable_random name=posix/io/rw/{call}/reduce,probability=0.2")])
        .collect();
    let words: Vec<&str> = ["fiu-run", "-x", "-f", ""].into_iter().chain(enable.iter().map(String::as_str)).collect();
    phonebox.restart_behind(&words);
    let token = yealink.server().unwrap().trim_start_matches(&phonebox.url(false)).to_owned();
    let path = format!("/{token}{}-boot.log", mac("T54W"));
    for round in 0..20u8 {
        let body: Vec<u8> = (0..60_000).map(|n| (n % 251) as u8 ^ round).collect();
        let status = raw::send(phonebox.http(), None, "PUT", &path, "", &body).status;
        match status {
            201 | 204 => assert_eq!(raw::get(phonebox.http(), &path).body, body),
            status => assert!(matches!(status, 400 | 408 | 503), "{status}"),
        }
        assert!(yealink.poll().configured);
    }
    assert!(phonebox.is_alive() && !phonebox.said().contains("panicked"));
    phonebox.stop();
    phonebox.before.clear();
    phonebox.run();
    is_whole(&phonebox);
}
