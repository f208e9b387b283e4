//! The box under an operator's and the system's hand: what runs is finished, what was acknowledged stays.

use crate::support::phone::{PASSWORD, add, mac, phone};
use crate::support::raw;
use crate::support::server::Phonebox;
use std::io::{Read, Write};
use std::process::Command;

/// SIGTERM: a download that runs is finished, nothing new is taken, the box ends with 0.
#[test]
fn fault_24_a_running_download_is_finished_after_sigterm() {
    let mut phonebox = Phonebox::start();
    let size = 20 << 20;
    let file = phonebox.path().join("firmware.rom");
    std::fs::write(&file, vec![7u8; size]).unwrap();
    phonebox.cli(&["file", "add", file.to_str().unwrap(), "--kind", "firmware"]);
    let mut stream = raw::connect(phonebox.http());
    stream.write_all(b"GET /firmware.rom HTTP/1.1\r\nHost: box\r\nConnection: close\r\n\r\n").unwrap();
    let mut first = [0u8; 1024];
    stream.read_exact(&mut first).unwrap();
    phonebox.signal(libc::SIGTERM);
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    let head = first.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    assert_eq!(first.len() - head + rest.len(), size);
    assert!(phonebox.ended().success());
}

/// What a phone was told to remember survives kill -9: its proof, and what it asked for before the last flush.
#[test]
fn fault_01_kill_9_loses_nothing_that_was_acknowledged() {
    let mut phonebox = Phonebox::start();
    add(&phonebox, "T54W", &[]);
    let mut yealink = phone("T54W");
    yealink.boot(Some(&phonebox.url(false)));
    assert!(yealink.poll().configured);
    phonebox.kill();
    phonebox.restart();
    assert_eq!(phonebox.device(mac("T54W"))["proof"], "token", "acknowledged before the first byte left");
    assert!(yealink.poll().configured);
}

/// T42: over TFTP a file with secrets is refused like one that is not there, known MAC or not.
#[test]
fn threat_042_no_secret_goes_over_tftp_unless_the_profile_says_so() {
    let phonebox = Phonebox::start();
    add(&phonebox, "T54W", &[]);
    let fetch = |mac: &str| {
        let url = format!("tftp://{}/{mac}.cfg", phonebox.tftp());
        let output = Command::new("curl").args(["-s", "--max-time", "10", &url]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let plain = fetch(mac("T54W"));
    assert!(!plain.contains(PASSWORD) && !plain.contains("/p/"), "{plain}");
    phonebox.cli(&["profile", "set", "default", "--secrets-over-tftp", "true"]);
    assert!(fetch(mac("T54W")).contains(PASSWORD));
}
