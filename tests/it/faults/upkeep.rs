//! What the box does now and then while phones ask, and what it must not do over time: grow.

use super::{is_whole, settle};
use crate::support::eventually;
use crate::support::phone::mac;
use crate::support::raw::{self, SOMEONE};
use crate::support::server::Phonebox;
use std::time::{Duration, Instant};

/// A hundred thousand old check-ins go in slices: meanwhile phones are answered and people can change things.
#[test]
fn fault_31_old_check_ins_go_in_slices() {
    const OLD: i64 = 100_000;
    let mut phonebox = Phonebox::start_with(&["--checkins-rows", "1000", "--upkeep-seconds", "1"]);
    let mut yealink = settle(&phonebox);
    phonebox.stop();
    let conn = phonebox::db::Connection::open(phonebox.path().join("phonebox.db")).unwrap();
    conn.execute_batch(&format!(
        "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {OLD})
         INSERT INTO check_in (account_id, at, last_at, transport, peer, method, file, evidence, decision, reason,
             status, bytes, micros)
         SELECT 1, 1000000 + n, 1000000 + n, 'http', '10.0.0.1', 'GET', '/x' || n, '', 'refused', 'no-file', 404, 0, 1
         FROM n"
    ))
    .unwrap();
    drop(conn);
    phonebox.run();
    let rows = || phonebox.count("SELECT count(*) FROM check_in");
    let (mut seen, mut slowest) = (vec![rows()], Duration::ZERO);
    let start = Instant::now();
    while rows() > 1_000 {
        assert!(start.elapsed() < Duration::from_secs(60), "{seen:?}");
        let asked = Instant::now();
        assert!(yealink.poll().configured);
        phonebox.cli(&["device", "set", mac("T54W"), "--name", "x"]);
        slowest = slowest.max(asked.elapsed());
        seen.push(rows());
    }
    assert!(slowest < Duration::from_secs(3), "somebody waited {slowest:?} for the clean-up");
    let partly = seen.iter().filter(|count| (1_000..OLD).contains(count)).count();
    assert!(partly > 1, "all at once: {seen:?}");
    is_whole(&phonebox);
}

/// Check-ins are kept by age and by number, whichever ends first.
#[test]
fn check_ins_go_by_age_and_by_number() {
    let fill = |rows: i64, days: i64, phonebox: &Phonebox| {
        let conn = phonebox::db::Connection::open(phonebox.path().join("phonebox.db")).unwrap();
        let at = phonebox::clock::now() - days * 86_400_000;
        conn.execute_batch(&format!(
            "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {rows})
             INSERT INTO check_in (account_id, at, last_at, transport, peer, method, file, evidence, decision, reason,
                 status, bytes, micros)
             SELECT 1, {at}, {at}, 'http', '10.0.0.1', 'GET', '/{days}-' || n, '', 'refused', 'no-file', 404, 0, 1 FROM n"
        ))
        .unwrap();
    };
    let mut phonebox =
        Phonebox::start_with(&["--checkins-rows", "1000", "--checkins-days", "7", "--upkeep-seconds", "1"]);
    phonebox.stop();
    fill(300, 8, &phonebox);
    fill(200, 6, &phonebox);
    phonebox.run();
    let of = |phonebox: &Phonebox, days: i64| {
        phonebox.count(&format!("SELECT count(*) FROM check_in WHERE file LIKE '/{days}-%'"))
    };
    eventually("what is eight days old is gone", || of(&phonebox, 8) == 0);
    assert_eq!(of(&phonebox, 6), 200, "six days are not seven");
    phonebox.stop();
    fill(950, 1, &phonebox);
    phonebox.run();
    eventually("a thousand are left, the newest", || of(&phonebox, 6) <= 50);
    assert_eq!((of(&phonebox, 6), of(&phonebox, 1)), (50, 950));
}

/// Behind something that hides their addresses all phones look like one: somebody is told, once, with the way out.
#[test]
fn phones_that_all_come_from_one_address_are_told() {
    let phonebox = Phonebox::start_with(&["--upkeep-seconds", "1"]);
    let ask = |last: usize| {
        let mac = format!("805ec0aacc{last:02x}");
        phonebox.cli(&["device", "add", &mac, "--model", "T54W", "--activate"]);
        assert_eq!(raw::get(phonebox.http(), &format!("/{mac}.cfg")).status, 200);
    };
    (0..4).for_each(ask);
    eventually("four are written", || phonebox.count("SELECT count(DISTINCT mac) FROM check_in") == 4);
    std::thread::sleep(Duration::from_millis(1_500)); // A round of the upkeep that must say nothing.
    assert!(!phonebox.has_alarm("one-address"), "four phones may share an address");
    ask(4);
    eventually("five are told", || phonebox.has_alarm("one-address"));
    let alarms = phonebox.alarms();
    let alarm = alarms.iter().find(|alarm| alarm["kind"] == "one-address").unwrap();
    assert_eq!(alarm["object"], "127.0.0.1");
    assert!(alarm["text"].as_str().unwrap().contains("trusted_proxies"), "{alarm}");
}

/// Also where nothing is served because of it: behind a proxy whose address is no private one. A scanner is no phone.
#[test]
fn phones_that_are_all_refused_at_one_address_are_told_too() {
    let phonebox = Phonebox::start_with(&["--upkeep-seconds", "1", "--misses-per-minute", "1000"]);
    phonebox.cli(&["network", "add", "127.0.0.0/8", "--settings", "false"]);
    let ask = |mac: &str| assert_eq!(raw::get(phonebox.http(), &format!("/{mac}.cfg")).status, 404);
    (0..9).for_each(|last| ask(&format!("805ec0aadd{last:02x}")));
    eventually("they are written", || phonebox.count("SELECT count(DISTINCT mac) FROM check_in") == 9);
    std::thread::sleep(Duration::from_millis(1_500)); // A round of the upkeep that must say nothing.
    assert!(!phonebox.has_alarm("one-address"));
    for last in 0..5 {
        let mac = format!("805ec0aacc{last:02x}");
        phonebox.cli(&["device", "add", &mac, "--model", "T54W", "--activate"]);
        ask(&mac);
    }
    eventually("five devices are told", || phonebox.has_alarm("one-address"));
}

/// And not when they do not.
#[test]
fn phones_with_addresses_of_their_own_are_not_told() {
    let phonebox = Phonebox::start_with(&["--upkeep-seconds", "1"]);
    for last in 0..6u8 {
        let mac = format!("805ec0aacc{last:02x}");
        phonebox.cli(&["device", "add", &mac, "--model", "T54W", "--activate"]);
        let from = Some(std::net::IpAddr::from([127, 0, 0, 10 + last % 2]));
        let answer = raw::send(phonebox.http(), from, "GET", &format!("/{mac}.cfg"), "", b"");
        assert_eq!(answer.status, 200);
    }
    eventually("they are written", || phonebox.count("SELECT count(DISTINCT mac) FROM check_in") == 6);
    std::thread::sleep(Duration::from_millis(2_500)); // Two rounds of the upkeep.
    assert!(!phonebox.has_alarm("one-address"));
}

/// A short soak: after it has warmed up, neither its memory nor its handles grow.
#[test]
fn fault_35_memory_and_handles_stay_where_they_are() {
    let phonebox = Phonebox::start_with(&["--misses-per-minute", "1000000"]);
    let mut yealink = settle(&phonebox);
    let mut round = || {
        for _ in 0..3 {
            // Known and unknown, new and repeated.
            raw::flood(phonebox.http(), None, 2_000, |n| format!("/805ec0{:06x}.cfg", n % 500));
            raw::flood(phonebox.http(), None, 1_000, |_| "/y000000000096.cfg".to_owned());
            for _ in 0..20 {
                assert!(raw::tftp(phonebox.tftp(), "y000000000096.cfg").is_ok());
                raw::ask(phonebox.http(), "GET", "/missing.cfg", SOMEONE);
                assert_eq!(phonebox.admin_asks("GET", "/api/v1/devices", "").status, 200);
            }
            assert!(yealink.poll().configured);
        }
        (phonebox.resident(), phonebox.handles())
    };
    round();
    let (warm, open) = round();
    let (later, still) = (0..3).map(|_| round()).last().unwrap();
    assert!(later.saturating_sub(warm) < 4 << 20, "{} KiB more", (later - warm) >> 10);
    assert!(still <= open + 4, "{open} handles became {still}");
    assert!(!phonebox.said().contains("ERROR"), "{}", phonebox.said());
}
