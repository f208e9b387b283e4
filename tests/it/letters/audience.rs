//! Who is told what: the kinds of notifications, their switches, and whose mails they become.

use crate::support::admin::{Running, running};
use crate::support::people::{Browser, PASSWORD, log_in, send, set_up};
use phonebox::{clock, mail, notify};
use serde_json::{Value, json};

/// As the box's own task does it, until nothing is left to tell.
fn tell(running: &Running) {
    let page = mail::Page::at(Some("https://box.example".into()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    while runtime.block_on(notify::pass_on(&running.db, &running.keys, &page, clock::now())).unwrap() {}
}

/// Address and subject of what waits, the oldest first.
fn queue(running: &Running, browser: &Browser) -> Vec<(String, String)> {
    tell(running);
    let page = browser.get("/mail/queue?limit=500").json(200);
    let mut rows: Vec<_> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|mail| (mail["recipient"].as_str().unwrap().to_owned(), mail["subject"].as_str().unwrap().to_owned()))
        .collect();
    rows.reverse();
    rows
}

fn with_mail(running: &Running) -> Browser<'_> {
    let alice = set_up(running);
    let server = json!({ "host": "127.0.0.1", "port": 1, "security": "none", "from": "box@example.com" });
    alice.put("/mail", server).json(200);
    alice
}

fn chief<'a>(running: &'a Running, above: &Browser, account: &Value, login: &str) -> Browser<'a> {
    let user = json!({ "account_id": account["id"], "login": login, "name": login, "email": format!("{login}@x.example"),
            "password": PASSWORD });
    above.post("/users", user).json(201);
    let first = log_in(running, login, PASSWORD);
    let own = format!("{PASSWORD}!");
    first.put("/me/password", json!({ "old": PASSWORD, "new": own })).json(200);
    log_in(running, login, &own)
}

fn count(rows: &[(String, String)], to: &str, subject: &str) -> usize {
    rows.iter().filter(|row| row.0 == to && row.1.starts_with(subject)).count()
}

/// AVA-057, AVA-058: a switch for each kind, all on.
#[test]
fn ava_057_ava_058_each_kind_has_a_switch_that_is_on() {
    let running = running();
    let alice = with_mail(&running);
    let shown = alice.get("/notifications").json(200);
    let rows = shown["notifications"].as_array().unwrap();
    let kinds: Vec<&str> = rows.iter().map(|row| row["kind"].as_str().unwrap()).collect();
    assert_eq!(
        kinds,
        [
            "enrollment-code-used",
            "provisioning-changed",
            "device-claimed",
            "device-associated",
            "enrollment-failed",
            "password-changed",
            "account-linked",
            "alarm",
        ]
    );
    for row in rows {
        assert_eq!(row["on"], true, "{row}");
    }
    // Nobody was named: the administrators, until the account has an address of its own.
    assert_eq!((&shown["recipients"], &shown["instead"]), (&json!([]), &json!(["alice@example.com"])));
    alice.patch("/accounts/1", json!({ "email": "office@example.com" })).json(200);
    assert_eq!(alice.get("/notifications").json(200)["instead"], json!(["office@example.com"]));
    for kind in kinds.iter().filter(|kind| **kind != "device-claimed") {
        alice.put("/notifications", json!({ "recipients": [], "off": [kind] })).json(200);
        let off = alice.get("/notifications").json(200);
        let off: Vec<_> = off["notifications"].as_array().unwrap().iter().filter(|row| row["on"] == false).collect();
        assert!(off.len() == 1 && off[0]["kind"] == *kind, "{off:?}");
    }
    alice.put("/notifications", json!({ "recipients": [], "off": ["device-claimed"] })).json(200);
    alice.post("/devices", json!({ "mac": "805ec0aabb01" })).json(201);
    alice.put("/notifications", json!({ "recipients": [], "off": [] })).json(200);
    // What is off when it is told is not told later either.
    let before = queue(&running, &alice);
    alice.post("/devices", json!({ "mac": "805ec0aabb02" })).json(201);
    let after = queue(&running, &alice);
    assert_eq!(count(&after, "office@example.com", "Device added: 805ec0aabb02"), 1, "{before:?} {after:?}");
}

/// AVA-064: the user hears of it, besides the account; whoever changed it. A switch ends both. YMC-024: alarms go to the
/// account's mailbox too, and not to the user. YMC-146: and are in the list of alarms.
#[test]
fn ava_064_ymc_024_a_user_is_mailed_that_the_password_changed() {
    let running = running();
    let alice = with_mail(&running);
    alice.put("/notifications", json!({ "recipients": ["mailbox@example.com"], "off": [] })).json(200);
    let user = json!({ "login": "bob", "name": "Bob", "email": "bob@example.com", "password": PASSWORD });
    alice.post("/users", user).json(201);
    let bob = log_in(&running, "bob", PASSWORD);
    let second = format!("{PASSWORD}2");
    bob.put("/me/password", json!({ "old": PASSWORD, "new": second })).json(200);
    let rows = queue(&running, &alice);
    for to in ["bob@example.com", "mailbox@example.com"] {
        assert_eq!(count(&rows, to, "Password changed: bob"), 1, "{to}: {rows:?}");
    }
    let alarm = running.db.write(|tx| phonebox::alarms::store::raise(tx, 1, "clock", "box", "It jumped", clock::now()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    assert!(runtime.block_on(alarm).unwrap());
    let rows = queue(&running, &alice);
    assert_eq!(count(&rows, "mailbox@example.com", "Alarm: box"), 1, "{rows:?}");
    assert_eq!(alice.get("/alarms?kind=clock").json(200)["items"][0]["object"], "box");
    let id = alice.get("/users?search=bob").json(200)["items"][0]["id"].to_string();
    alice.patch(&format!("/users/{id}"), json!({ "password": format!("{PASSWORD}9") })).json(200);
    let rows = queue(&running, &alice);
    assert_eq!(count(&rows, "bob@example.com", "Password changed: bob"), 2, "by an administrator too: {rows:?}");
    let second = format!("{PASSWORD}9");
    // Alarms and words about users go to the same mailbox.
    assert_eq!(count(&rows, "bob@example.com", "Alarm"), 0);
    alice.put("/notifications", json!({ "recipients": [], "off": ["password-changed"] })).json(200);
    let bob = log_in(&running, "bob", &second);
    bob.put("/me/password", json!({ "old": second, "new": format!("{PASSWORD}3") })).json(200);
    assert_eq!(queue(&running, &alice), rows);
}

/// AVA-065: provider and reseller both hear of a link. AVA-062: an account hears of devices that it was given. Each sees
/// its own mails only.
#[test]
fn ava_065_ava_062_both_sides_of_a_link_and_whoever_gets_devices_are_mailed() {
    let running = running();
    let alice = with_mail(&running);
    let north = alice.post("/accounts", json!({ "kind": "reseller", "name": "North" })).json(201);
    let rita = chief(&running, &alice, &north, "rita");
    alice.patch("/accounts/1", json!({ "link_id": "BP-1", "email": "provider@example.com" })).json(200);
    rita.patch(&format!("/accounts/{}", north["id"]), json!({ "link_id": "BP-2" })).json(200);
    rita.put("/notifications", json!({ "recipients": ["north@example.com"], "off": [] })).json(200);
    let link = alice.post("/links", json!({ "link_id": "BP-2" })).json(201);
    rita.post(&format!("/links/{}/approve", link["id"]), json!({})).json(200);
    let (of_alice, of_rita) = (queue(&running, &alice), queue(&running, &rita));
    assert_eq!(count(&of_alice, "provider@example.com", "Accounts linked"), 1, "{of_alice:?}");
    assert_eq!(count(&of_rita, "north@example.com", "Accounts linked"), 1, "{of_rita:?}");
    assert_eq!(count(&of_rita, "provider@example.com", "") + count(&of_alice, "north@example.com", ""), 0);
    alice.post("/devices", json!({ "mac": "805ec0aabb01" })).json(201);
    let path = format!("/accounts/{}/devices", north["id"]);
    alice.post(&path, json!({ "macs": ["805ec0aabb01"] })).json(200);
    let of_rita = queue(&running, &rita);
    assert_eq!(count(&of_rita, "north@example.com", "Device given to a site: 805ec0aabb01"), 1, "{of_rita:?}");
}

/// AVA-061, AVA-062: an import tells what adding its devices one by one would, once for all of them.
#[test]
fn ava_061_ava_062_an_import_tells_of_devices_added_and_given_to_sites() {
    let running = running();
    let alice = with_mail(&running);
    let file = b"mac,site\n805ec0aabb01,default\n805ec0aabb02,default\n";
    let told = |added: u64| {
        assert_eq!(running.upload("POST", "/devices/import", file).json(200)["added"], added);
        let rows = queue(&running, &alice);
        let of = |subject: &str| count(&rows, "alice@example.com", subject);
        (of("Device added: import"), of("Device given to a site: import"))
    };
    assert_eq!(told(2), (1, 1));
    // They are there already.
    assert_eq!(told(0), (1, 1));
}

/// ALE-007: whoever decides hears that somebody asks for an account.
#[test]
fn ale_007_the_administrator_is_mailed_who_asks_for_an_account() {
    let running = running();
    let alice = with_mail(&running);
    alice.put("/sign-up", json!({ "open": true })).json(200);
    let body = json!({ "kind": "customer", "company": "Corner Shop", "contact": "Carl", "email": "carl@shop.example",
        "terms": true });
    assert_eq!(send(&running, "POST", "/sign-up", "", Some(body)).status, 202);
    let rows = queue(&running, &alice);
    assert_eq!(count(&rows, "alice@example.com", "Somebody asks for an account: carl@shop.example"), 1, "{rows:?}");
}

/// YMC-010: how many alarms of which type nobody has looked at yet; for each person by itself. YMC-016: with its words.
#[test]
fn ymc_010_ymc_016_unread_alarms_are_counted_by_type_for_each_person() {
    let running = running();
    let alice = set_up(&running);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let raise = |account: i64, kind: &'static str, object: &'static str| {
        let work = running.db.write(move |tx| {
            phonebox::alarms::store::raise(tx, account, kind, object, "Somebody should look", clock::now())
        });
        runtime.block_on(work).unwrap();
    };
    let user = json!({ "login": "bob", "name": "Bob", "email": "bob@example.com", "password": PASSWORD });
    alice.post("/users", user).json(201);
    let bob = log_in(&running, "bob", PASSWORD);
    bob.put("/me/password", json!({ "old": PASSWORD, "new": format!("{PASSWORD}2") })).json(200);
    let bob = log_in(&running, "bob", &format!("{PASSWORD}2"));
    let shop = alice.post("/accounts", json!({ "kind": "customer", "name": "Shop" })).json(201);
    raise(1, "conflict", "805ec0aabb01");
    raise(1, "conflict", "805ec0aabb02");
    raise(1, "clock", "box");
    raise(shop["id"].as_i64().unwrap(), "conflict", "805ec0aabb09");
    let unread = |browser: &Browser| {
        let rows = browser.get("/alarms/unread").json(200);
        let rows = rows.as_array().unwrap().clone();
        let told: Vec<_> = rows
            .iter()
            .map(|row| (row["kind"].as_str().unwrap().to_owned(), row["count"].as_i64().unwrap()))
            .filter(|row| row.0 == "conflict" || row.0 == "clock")
            .collect();
        (told, rows)
    };
    let (told, rows) = unread(&alice);
    assert_eq!(told, [("clock".to_owned(), 1), ("conflict".to_owned(), 2)], "the newest type first");
    let newest = &rows.iter().find(|row| row["kind"] == "conflict").unwrap()["newest"];
    assert_eq!(
        (&newest["object"], &newest["text"], &newest["read"]),
        (&json!("805ec0aabb02"), &json!("Somebody should look"), &json!(false))
    );
    let alarms = alice.get("/alarms?kind=conflict&unread=true").json(200)["items"].as_array().unwrap().clone();
    assert_eq!(alarms.len(), 2);
    assert_eq!(alice.post("/alarms/read", json!({ "ids": [alarms[0]["id"]] })).status, 204);
    assert_eq!(unread(&alice).0, [("clock".to_owned(), 1), ("conflict".to_owned(), 1)]);
    assert_eq!(unread(&bob).0, [("clock".to_owned(), 1), ("conflict".to_owned(), 2)], "another one's eyes");
    let all = alice.get("/alarms?kind=conflict").json(200)["items"].as_array().unwrap().clone();
    assert_eq!((&all[0]["read"], &all[1]["read"]), (&json!(true), &json!(false)));
    assert_eq!(alice.post("/alarms/read", json!({})).status, 204);
    assert_eq!(unread(&alice).0, []);
    // Closed and told again it is unread anew; and of the shop nobody here was ever told.
    assert_eq!(alice.post(&format!("/alarms/{}/close", all[0]["id"]), json!({})).status, 204);
    raise(1, "conflict", "805ec0aabb02");
    assert_eq!(unread(&alice).0, [("conflict".to_owned(), 1)]);
    assert_eq!(unread(&bob).0, [("conflict".to_owned(), 2), ("clock".to_owned(), 1)]);
}
