//! Mail servers and programs that are away, hang, drip, lie, or are not what they should be.

use crate::support::server::Phonebox;
use crate::support::{eventually, phone, raw};
use serde_json::json;
use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Takes every connection, says this, and then nothing more for as long as the test lasts.
fn silent(says: &'static str) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, count) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let counted = count.clone();
    std::thread::spawn(move || {
        let mut open = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.write_all(says.as_bytes());
            counted.fetch_add(1, Ordering::Relaxed);
            open.push(stream);
        }
    });
    (address, count)
}

fn set_mail(phonebox: &Phonebox, address: SocketAddr) {
    let port = address.port().to_string();
    let words =
        ["mail", "set", "--host", "127.0.0.1", "--port", &port, "--security", "none", "--from", "box@x.example"];
    phonebox.cli(&words);
}

/// F27: a mail server and a program that take connections and never answer. Phones notice nothing, changes are made, and
/// what waits is bounded and told.
#[test]
fn fault_27_what_hangs_keeps_no_phone_waiting_and_fills_no_disk() {
    let phonebox = Phonebox::start_with(&["--webhook-networks", "127.0.0.0/8"]);
    let ((mail, mails), (program, asked)) = (silent(""), silent(""));
    set_mail(&phonebox, mail);
    phonebox.cli(&["notification", "set", "--to", "admin@x.example", "--off", "alarm"]);
    phonebox.cli(&["webhook", "add", &format!("http://{program}/"), "--kind", "device-claimed"]);
    phone::add(&phonebox, "T54W", &["--site", "default"]);
    eventually("both hang", || mails.load(Ordering::Relaxed) > 0 && asked.load(Ordering::Relaxed) > 0);
    let mut phone = phone::phone("T54W");
    let start = Instant::now();
    phone.boot(Some(&phonebox.url(false)));
    for _ in 0..50 {
        assert_eq!(raw::get(phonebox.http(), "/phonebox-ca.pem").status, 200);
    }
    for number in 0..10 {
        phonebox.cli(&["site", "add", &format!("Site {number}")]);
    }
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
    // More events than anybody can be told of.
    let conn = phonebox::db::Connection::open(phonebox.path().join("phonebox.db")).unwrap();
    conn.busy_timeout(Duration::from_secs(20)).unwrap();
    conn.execute_batch(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200)
         INSERT INTO event (account_id, kind, object, text, data, at) SELECT 1, 'device-claimed', 'x', 'x', '{}', 1 FROM n",
    )
    .unwrap();
    drop(conn);
    eventually("all were passed on", || phonebox.count("SELECT count(*) FROM event WHERE told = 0") == 0);
    assert_eq!(phonebox.count("SELECT count(*) FROM mail WHERE state = 'waiting'"), 1_000);
    assert_eq!(phonebox.count("SELECT count(*) FROM webhook_delivery WHERE state = 'waiting'"), 1_000);
    let alarms = phonebox.alarms();
    for kind in ["mail", "webhook"] {
        let alarm = alarms.iter().find(|alarm| alarm["kind"] == kind).unwrap_or_else(|| panic!("{kind}: {alarms:?}"));
        assert!(alarm["text"].as_str().unwrap().starts_with("Too much waits"), "{alarm}");
    }
    assert_eq!(mails.load(Ordering::Relaxed), 1, "one at a time");
    assert!(asked.load(Ordering::Relaxed) <= 2);
}

/// What gives up after its last try is told to whom it belongs, once, and settled by the next one that arrives.
#[test]
fn a_webhook_that_is_given_up_is_an_alarm_until_one_arrives() {
    let phonebox = Phonebox::start_with(&["--webhook-networks", "127.0.0.0/8"]);
    let hook = super::sink::Hook::start();
    hook.answer_with(500);
    phonebox.cli(&["webhook", "add", &hook.url(), "--kind", "account-linked"]);
    phonebox.cli(&["webhook", "test", "1"]);
    let rows = || phonebox.json(&["webhook", "deliveries", "1"]).as_array().unwrap().clone();
    eventually("it was tried", || rows()[0]["attempts"] == 1);
    let conn = phonebox::db::Connection::open(phonebox.path().join("phonebox.db")).unwrap();
    conn.busy_timeout(Duration::from_secs(20)).unwrap();
    conn.execute_batch("UPDATE webhook_delivery SET attempts = 8, next_at = 0").unwrap();
    eventually("it is given up", || rows()[0]["state"] == "failed");
    let alarms = phonebox.alarms();
    let alarm = alarms.iter().find(|alarm| alarm["kind"] == "webhook").unwrap();
    assert!(alarm["object"] == "webhook 1" && alarm["text"].as_str().unwrap().contains("500"), "{alarm}");
    hook.answer_with(200);
    phonebox.cli(&["webhook", "retry", "1", &rows()[0]["id"].to_string()]);
    eventually("it arrived", || rows()[0]["state"] == "sent");
    assert!(!phonebox.has_alarm("webhook"));
}

/// T66: the test button is no way to look around: addresses that are no mail server's are not asked, in whatever words,
/// and what something else answers is not passed on.
#[test]
fn threat_066_the_mail_test_tells_nothing_of_what_is_no_mail_server() {
    let phonebox = Phonebox::start();
    let put = |host: &str, port: u16| {
        let body = json!({ "host": host, "port": port, "security": "none", "from": "box@x.example" }).to_string();
        phonebox.admin_asks("PUT", "/api/v1/mail", &body).status
    };
    for host in
        ["169.254.169.254", "0.0.0.0", "224.0.0.1", "::ffff:169.254.169.254", "fe80::1", "::", "file:///etc/passwd"]
    {
        assert_eq!(put(host, 25), 422, "{host}");
    }
    for host in ["2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518"] {
        if put(host, 25) == 200 {
            let start = Instant::now();
            let said = phonebox.try_cli(&["mail", "test", "a@x.example"]).refused();
            assert!(said.contains("can be no mail server") || said.contains("not found"), "{host}: {said}");
            assert!(start.elapsed() < Duration::from_secs(10), "it was not asked");
        }
    }
    for says in
        ["SECRET-BANNER of something else\r\n", "HTTP/1.1 400 SECRET-BANNER\r\n\r\n", "\u{0}\u{1}SECRET-BANNER\r\n"]
    {
        let (address, asked) = silent(says);
        assert_eq!(put("127.0.0.1", address.port()), 200);
        let said = phonebox.try_cli(&["mail", "test", "a@x.example"]).refused();
        assert!(said.contains("does not answer like a mail server"), "{said}");
        assert!(!said.contains("SECRET") && asked.load(Ordering::Relaxed) == 1, "{said}");
    }
    let told = phonebox.cli(&["audit", "--json"]) + &phonebox.said();
    assert!(!told.contains("SECRET-BANNER"));
}
