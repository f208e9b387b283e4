//! Companies beside each other on one box: nothing of one is seen, counted, hinted at or used up by another.

use crate::support::admin::{Running, running, running_with};
use crate::support::people::{Browser, company, set_up};
use phonebox::checkins::{CheckIn, Decision, Reason, Transport};
use phonebox::clock;
use phonebox::users::routes::ROUTES;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

const WORD: &str = "zanzibar";
const MAC: &str = "805ec0aabb01";

fn upload(browser: &Browser, name: &str, body: &[u8]) -> crate::support::admin::Answer {
    let headers = format!("Cookie: {}\r\nX-CSRF-Token: {}\r\n", browser.cookie, browser.csrf);
    browser.box_.raw(&format!("PUT /api/v1/files/{name} HTTP/1.1"), &headers, body)
}

/// One of everything, all of it named with one word.
fn furnish(browser: &Browser) {
    browser.post("/groups", json!({ "name": WORD })).json(201);
    browser.post("/profiles", json!({ "name": WORD })).json(201);
    browser.post("/sites", json!({ "name": WORD, "profile": WORD })).json(201);
    let device = json!({ "mac": MAC, "site": WORD, "vendor": "Yealink", "model": "T54W", "name": WORD, "serial": WORD,
        "activate": true });
    browser.post("/devices", device).json(201);
    browser.post("/sip-accounts", json!({ "user": WORD, "display_name": WORD })).json(201);
    browser.post("/roles", json!({ "name": WORD, "permissions": ["site.read"] })).json(201);
    browser.post("/role-groups", json!({ "name": WORD })).json(201);
    browser.post("/api-keys", json!({ "name": WORD, "permissions": ["site.read"] })).json(201);
    browser.post("/webhooks", json!({ "url": format!("https://{WORD}.example/x") })).json(201);
    browser.post("/users", json!({ "login": WORD, "name": WORD, "email": format!("{WORD}@x.example") })).json(201);
    browser.post("/accounts", json!({ "kind": "customer", "name": WORD })).json(201);
    browser
        .patch("/settings?layer=profile&scope=zanzibar", json!({ "set": { "sip.server": format!("{WORD}.example") } }))
        .json(200);
    browser
        .put("/raw-texts/yealink?layer=profile&scope=zanzibar", json!({ "text": format!("a.b = {WORD}\n") }))
        .json(200);
    assert_eq!(upload(browser, &format!("{WORD}.txt"), WORD.as_bytes()).status, 200);
}

/// All that an account can read without naming anything.
fn everything(browser: &Browser) -> Vec<(String, u16, String)> {
    let lists = ROUTES.iter().filter(|row| row.0 == "GET" && !row.1.contains('{') && !row.1.ends_with("/live"));
    let mut answers = Vec::new();
    for (_, path, _) in lists {
        for more in ["", "?search=zanzibar", "?text=zanzibar", "?format=csv", "?format=json"] {
            let answer = browser.get(&format!("{path}{more}"));
            answers.push((format!("{path}{more}"), answer.status, crate::support::people::words_of(&answer)));
        }
    }
    answers
}

#[test]
fn threat_090_nothing_of_another_account_shows_in_a_list_a_search_a_count_an_export_or_a_refusal() {
    let running = running();
    let alice = set_up(&running);
    let (_, nora) = company(&alice, "reseller", "North", "nora");
    let (south, sven) = company(&alice, "reseller", "South", "sven");
    let before = everything(&nora);
    alice.patch(&format!("/accounts/{}", south["id"]), json!({ "api_access": "on" })).json(200);
    furnish(&sven);
    run(
        &running,
        format!(
            "INSERT INTO alarm (account_id, kind, object, text, at) VALUES ({}, 'x', '{WORD}', '{WORD}', 1)",
            south["id"]
        ),
    );
    let at = clock::now();
    note(&running, MAC, at);
    for ((path, status, then), (_, _, now)) in before.iter().zip(everything(&nora)) {
        // Its examples are nobody's.
        if path.starts_with("/openapi.json") {
            continue;
        }
        assert!(!now.contains(WORD) && !now.contains(MAC), "{path} {now}");
        // When a session was last seen is all that may change.
        if *status == 200 && !path.starts_with("/session") {
            assert_eq!(*then, now, "{path}");
        }
    }
    // Its owner does see it.
    assert!(sven.get("/devices?search=zanzibar").text().contains(MAC));
    assert!(sven.get("/check-ins").text().contains(MAC));
    assert!(sven.get("/devices/export").text().contains(WORD));
    // Names are everybody's own.
    nora.post("/groups", json!({ "name": WORD })).json(201);
    nora.post("/profiles", json!({ "name": WORD })).json(201);
    nora.post("/sites", json!({ "name": WORD, "profile": WORD })).json(201);
    nora.post("/roles", json!({ "name": WORD, "permissions": ["site.read"] })).json(201);
    nora.post("/sip-accounts", json!({ "user": WORD })).json(201);
    assert_eq!(upload(&nora, &format!("{WORD}.txt"), b"north").status, 200);
    assert_eq!(sven.get(&format!("/files/{WORD}.txt")).json(200)["size"], WORD.len());
    // What is one for the whole box is refused without a word about whose it is.
    let (_, added) = nora.post("/devices", json!({ "mac": "80-5E-C0-AA-BB-01" })).refused(409);
    let headers = format!("Cookie: {}\r\nX-CSRF-Token: {}\r\n", nora.cookie, nora.csrf);
    let csv = format!("mac,name\n{MAC},x\n");
    let imported = running.raw("POST /api/v1/devices/import HTTP/1.1", &headers, csv.as_bytes()).text();
    let user = json!({ "login": WORD, "name": "N", "email": "n@x.example" });
    let (_, taken) = nora.post("/users", user).refused(409);
    for said in [added, imported, taken] {
        assert!(!said.contains("South") && !said.contains("sven"), "{said}");
    }
}

fn run(running: &Running, sql: String) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(running.db.write(move |tx| Ok::<_, phonebox::db::Error>(tx.execute(&sql, [])?))).unwrap();
}

/// A phone has asked.
fn note(running: &Running, mac: &str, at: i64) {
    running.recorder.record(CheckIn {
        at,
        transport: Transport::Http,
        peer: [127, 0, 0, 1].into(),
        mac: Some(mac.parse().unwrap()),
        vendor: Some("Yealink"),
        model: None,
        version: None,
        method: "GET",
        file: "x.cfg",
        evidence: &"path",
        decision: Decision::Refused,
        reason: Reason::UnknownDevice,
        detail: None,
        status: 404,
        bytes: 0,
        micros: 1,
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(running.recorder.flush());
}

/// Rows of a live log as they come.
struct Log(BufReader<TcpStream>);

impl Log {
    fn open(browser: &Browser) -> Log {
        let mut stream = TcpStream::connect(browser.box_.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        write!(stream, "GET /api/v1/check-ins/live HTTP/1.1\r\nHost: box\r\nCookie: {}\r\n\r\n", browser.cookie)
            .unwrap();
        let mut log = Log(BufReader::new(stream));
        while !log.line().starts_with("retry:") {}
        log
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        assert!(self.0.read_line(&mut line).unwrap() > 0, "the log ended");
        line
    }

    fn next(&mut self) -> Value {
        loop {
            if let Some(row) = self.line().strip_prefix("data: ") {
                return serde_json::from_str(row).unwrap();
            }
        }
    }
}

#[test]
fn threat_065_a_live_log_tells_of_the_accounts_own_phones_only() {
    let running = running();
    let alice = set_up(&running);
    let people = [company(&alice, "reseller", "North", "nora").1, company(&alice, "reseller", "South", "sven").1];
    let macs = ["805ec0aabb01", "805ec0aabb02"];
    for (person, mac) in people.iter().zip(macs) {
        person.post("/devices", json!({ "mac": mac, "activate": true })).json(201);
    }
    alice.post("/devices", json!({ "mac": "805ec0aabb03" })).json(201);
    let at = clock::now();
    // Some before anybody listens, some after, and some again.
    let everybody = ["805ec0aabb03", "805ec0aabb02", "805ec0aabb01", "805ec0ffffff"];
    everybody.iter().for_each(|mac| note(&running, mac, at));
    let mut logs = [Log::open(&people[0]), Log::open(&people[1])];
    for round in 1..4 {
        everybody.iter().for_each(|mac| note(&running, mac, at + round * 1_000));
        for (log, mac) in logs.iter_mut().zip(macs) {
            assert_eq!(log.next()["mac"], mac, "{round}");
        }
    }
}

#[test]
fn threat_099_one_account_cannot_fill_the_disk_for_the_others() {
    let running = running_with(&[("PHONEBOX_FILES_ACCOUNT_BYTES", "64 KiB")]);
    let alice = set_up(&running);
    let (_, nora) = company(&alice, "reseller", "North", "nora");
    let (_, sven) = company(&alice, "reseller", "South", "sven");
    let half = [b'x'; 40 << 10];
    assert_eq!(upload(&nora, "one.bin", &half).status, 200);
    let (code, message) = upload(&nora, "two.bin", &half).refused(413);
    assert!(code == "too-large" && message.contains("24 KiB"), "{message}");
    // In place of the first there is room; and for the others as well.
    assert_eq!(upload(&nora, "ONE.bin", &half).status, 200);
    assert_eq!(upload(&sven, "one.bin", &half).status, 200);
    assert_eq!(upload(&alice, "one.bin", &[b'x'; 100 << 10]).status, 200);
    assert_eq!(nora.get("/files").json(200)["items"].as_array().unwrap().len(), 1);
}
