//! Lists are found in memory: whatever changes a device, by whichever door, the next list knows it.

use crate::support::admin::{Running, running};
use crate::support::people::{Browser, company, set_up};
use phonebox::checkins::{CheckIn, Decision, Reason, Transport};
use phonebox::clock;
use serde_json::{Value, json};

const MAC: &str = "805ec0aabb01";

fn macs(answer: &Value) -> Vec<&str> {
    answer["items"].as_array().unwrap().iter().map(|device| device["mac"].as_str().unwrap()).collect()
}

/// A query that finds the device, and one that does not, before and after a change.
#[track_caller]
fn moves(browser: &Browser, from: &str, to: &str, change: impl FnOnce()) {
    let is_in = |query: &str| macs(&browser.get(&format!("/devices?{query}")).json(200)).contains(&MAC);
    assert_eq!((is_in(from), is_in(to)), (true, false), "before: {from} {to}");
    change();
    assert_eq!((is_in(from), is_in(to)), (false, true), "after: {from} {to}");
}

fn seen(running: &Running, version: &str, decision: Decision) {
    running.recorder.record(CheckIn {
        at: clock::now(),
        transport: Transport::Http,
        peer: [127, 0, 0, 1].into(),
        mac: Some(MAC.parse().unwrap()),
        vendor: Some("Yealink"),
        model: None,
        version: Some(version),
        method: "GET",
        file: "x.cfg",
        evidence: &"path",
        decision,
        reason: Reason::Token,
        detail: None,
        status: 200,
        bytes: 0,
        micros: 1,
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(running.recorder.flush());
}

#[test]
fn every_change_of_a_device_is_in_the_next_list() {
    let running = running();
    let alice = &set_up(&running);
    for name in ["Hall", "Attic"] {
        alice.post("/sites", json!({ "name": name })).json(201);
        alice.post("/groups", json!({ "name": name })).json(201);
    }
    alice.post("/profiles", json!({ "name": "Own" })).json(201);
    let device = format!("/devices/{MAC}");
    let patch = |body: Value| move || drop(alice.patch(&format!("/devices/{MAC}"), body).json(200));
    let none = |query: &str| assert_eq!(macs(&alice.get(&format!("/devices?{query}")).json(200)), [""; 0], "{query}");
    none("");
    alice
        .post("/devices", json!({ "mac": MAC, "name": "One", "site": "Hall", "vendor": "Yealink", "model": "T54W" }))
        .json(201);
    moves(alice, "search=one", "search=TWO", patch(json!({ "name": "Two" })));
    moves(alice, "site=Hall", "site=Attic", patch(json!({ "site": "Attic" })));
    moves(
        alice,
        "search=two",
        "group=Hall&search=12-34",
        patch(json!({ "name": null, "serial": "12-34", "group": "Hall" })),
    );
    moves(alice, "group=Hall", "group=Attic", patch(json!({ "group": "Attic" })));
    moves(alice, "group=Attic", "profile=Own", patch(json!({ "group": null, "profile": "Own" })));
    moves(alice, "model=t54w", "model=T53W", patch(json!({ "model": "T53W" })));
    let ask = |what: &str| drop(alice.post(&format!("{device}/{what}"), json!({})).json(200));
    moves(alice, "state=known", "state=active", || ask("activate"));
    moves(alice, "state=active", "state=blocked", || ask("deactivate"));
    seen(&running, "96.86.0.1", Decision::Served);
    moves(alice, "firmware=96.86.0.1", "firmware=96.86.0.2", || seen(&running, "96.86.0.2", Decision::Served));
    let counted = |query: &str| alice.get(query).json(200);
    let kind =
        json!([{ "vendor": "Yealink", "model": "T53W", "firmware": "96.86.0.2", "state": "blocked", "count": 1 }]);
    assert_eq!(counted("/devices/count"), kind);
    // A site's new name is the site's; the devices that are left go with it.
    alice.patch("/sites/Attic", json!({ "name": "Loft" })).json(200);
    moves(alice, "site=Loft", "site=default", patch(json!({ "site": "default" })));
    assert_eq!(alice.delete("/sites/Loft").status, 204);
    none("site=Loft");
    assert_eq!(alice.delete(&device).status, 204);
    none("");
    none("search=805ec0");
    assert_eq!(counted("/devices/count"), json!([]));
    // Many at once, and one of them by hand again.
    let csv: String = (1..=300).map(|number| format!("805ec0bb{number:04x},Desk {number}\n")).collect();
    let headers = format!("Cookie: {}\r\nX-CSRF-Token: {}\r\n", alice.cookie, alice.csrf);
    let line = "POST /api/v1/devices/import HTTP/1.1";
    assert_eq!(running.raw(line, &headers, format!("mac,name\n{csv}").as_bytes()).status, 200);
    let page = alice.get("/devices?limit=2&sort=-name&search=desk%2029").json(200);
    assert_eq!(macs(&page), ["805ec0bb012b", "805ec0bb012a"]);
    assert_eq!(counted("/overview")["devices"]["known"], 300);
    // What was refused as a whole has changed nothing.
    let refused = alice.patch("/devices/805ec0bb012b", json!({ "name": "Other", "settings": { "sip.port": 70000 } }));
    refused.refused(422);
    none("search=Other");
    assert_eq!(macs(&alice.get("/devices?search=Desk%20299").json(200)), ["805ec0bb012b"]);
}

/// THREAT-090: a device is in the lists of the account that has it, from the moment on that it has it.
#[test]
fn threat_090_a_device_that_changes_hands_leaves_one_account_s_lists_and_is_in_the_other_s() {
    let running = running();
    let alice = set_up(&running);
    let (north, nora) = company(&alice, "reseller", "North", "nora");
    let (_, sven) = company(&alice, "reseller", "South", "sven");
    for browser in [&alice, &nora, &sven] {
        browser.post("/groups", json!({ "name": "Hall" })).json(201);
    }
    alice.post("/devices", json!({ "mac": MAC, "name": "Hall", "group": "Hall", "serial": "77" })).json(201);
    let lists = [
        "",
        "?sort=name",
        "?sort=-mac",
        "?search=hall",
        "?search=805ec0",
        "?search=77",
        "?state=known",
        "?site=default",
    ];
    let has = |browser: &Browser| {
        let in_list = |query: &&str| browser.get(&format!("/devices{query}")).text().contains(MAC);
        let found = lists.iter().filter(|query| in_list(query)).count();
        let counted = browser.get("/devices/count").json(200).as_array().unwrap().len();
        let known = browser.get("/overview").json(200)["devices"]["known"].as_i64().unwrap();
        (found, counted, known, browser.get("/devices/export").text().contains(MAC))
    };
    let (none, all) = ((0, 0, 0, false), (lists.len(), 1, 1, true));
    assert_eq!((has(&alice), has(&nora), has(&sven)), (all, none, none));
    let devices = format!("/accounts/{}/devices", north["id"]);
    alice.post(&devices, json!({ "macs": [MAC] })).json(200);
    let (found, ..) = has(&nora);
    assert!(found >= lists.len() - 1, "its site is its old account's: {found}");
    assert_eq!((has(&alice), has(&sven)), (none, none));
    // The group was the old account's.
    for browser in [&alice, &nora, &sven] {
        assert!(!browser.get("/devices?group=Hall").text().contains(MAC));
    }
    alice.post(&format!("{devices}/take-back"), json!({ "macs": [MAC] })).json(200);
    assert_eq!((has(&nora), has(&sven)), (none, none));
    assert_eq!(has(&alice).1, 1);
    // The account goes, with what it has.
    nora.post("/devices", json!({ "mac": "805ec0aabb02", "name": "Hall" })).json(201);
    assert!(nora.get("/devices?search=hall").text().contains("805ec0aabb02"));
    assert_eq!(alice.delete(&format!("/accounts/{}", north["id"])).status / 100, 2);
    assert!(!alice.get("/devices?search=hall").text().contains("805ec0aabb02"));
}

/// ALE-031, YMC-013: the overview's number of SIP accounts is kept until one comes, goes or changes hands.
#[test]
fn the_number_of_sip_accounts_follows_whatever_is_done_to_them() {
    let running = running();
    let alice = set_up(&running);
    let (north, nora) = company(&alice, "reseller", "North", "nora");
    let count = |browser: &Browser| browser.get("/overview").json(200)["sip_accounts"].as_i64().unwrap();
    let are = |here: i64, there: i64| assert_eq!((count(&alice), count(&nora), count(&alice)), (here, there, here));
    are(0, 0);
    let line = json!([{ "number": 1, "user": "201", "password": "hunter2" }]);
    alice.post("/devices", json!({ "mac": MAC, "vendor": "Yealink", "model": "T54W", "lines": line })).json(201);
    are(1, 0);
    let other = alice.post("/sip-accounts", json!({ "user": "301" })).json(201);
    nora.post("/sip-accounts", json!({ "user": "301" })).json(201);
    are(2, 1);
    alice.post("/sip-accounts", json!({ "user": "" })).refused(422);
    are(2, 1);
    alice.post(&format!("/accounts/{}/devices", north["id"]), json!({ "macs": [MAC] })).json(200);
    are(1, 2);
    assert_eq!(alice.delete(&format!("/sip-accounts/{}", other["id"])).status, 204);
    assert_eq!(nora.delete(&format!("/devices/{MAC}/lines/1")).status, 200);
    are(0, 1);
}
