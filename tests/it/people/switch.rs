//! Working inside another account, by being above it or by its consent; links; who asks for an account.

use crate::support::admin::{Running, running};
use crate::support::people::{Browser, PASSWORD, log_in, send, set_up};
use serde_json::{Value, json};

fn account(above: &Browser, kind: &str, name: &str) -> Value {
    above.post("/accounts", json!({ "kind": kind, "name": name })).json(201)
}

fn chief<'a>(running: &'a Running, above: &Browser, account: &Value, login: &str) -> Browser<'a> {
    let body =
        json!({ "account_id": account["id"], "login": login, "name": login, "email": format!("{login}@x.example") });
    let made = above.post("/users", body).json(201);
    let reset = json!({ "token": made["link"]["token"], "password": PASSWORD });
    send(running, "POST", "/password/reset", "", Some(reset));
    log_in(running, login, PASSWORD)
}

fn enter<'a>(browser: &Browser<'a>, account: &Value) -> Browser<'a> {
    Browser::of(browser.box_, &browser.post("/switch", json!({ "account": account["id"] })))
}

#[test]
fn ava_021_ymc_174_a_superior_works_inside_is_seen_there_and_leaves() {
    let running = running();
    let alice = set_up(&running);
    let north = account(&alice, "reseller", "North");
    let rita = chief(&running, &alice, &north, "rita");
    let shop = account(&rita, "customer", "Shop");
    let carl = chief(&running, &rita, &shop, "carl");
    let inside = enter(&alice, &shop);
    assert_eq!(
        (&inside.told["acting_in"]["name"], &inside.told["account"]["name"]),
        (&json!("Shop"), &json!("Example"))
    );
    // T55: another cookie; the one before is worth nothing.
    alice.get("/session").refused(401);
    inside.post("/sites", json!({ "name": "Berlin" })).json(201);
    assert_eq!(carl.get("/sites").json(200)["items"][0]["name"], "Berlin");
    // What is the box's is not the account's.
    inside.get("/networks").refused(403);
    // YMC-174: both logs tell it, by name.
    let seen = carl.get("/audit").json(200);
    let rows: Vec<(String, String)> = seen["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["actor"].as_str().unwrap().to_owned(), row["action"].as_str().unwrap().to_owned()))
        .collect();
    assert!(
        rows.contains(&("alice".into(), "switch.enter".into())) && rows.contains(&("alice".into(), "site.add".into()))
    );
    let back = Browser::of(&running, &inside.delete("/switch"));
    inside.get("/session").refused(401);
    assert_eq!((&back.told["acting_in"], back.get("/networks").status), (&Value::Null, 200));
    back.delete("/switch").refused(400);
    // Neither up nor sideways, and what is not there sounds the same.
    for id in [json!(1), north["id"].clone(), json!(987_654)] {
        let (code, message) = carl.post("/switch", json!({ "account": id })).refused(404);
        assert_eq!((code.as_str(), message.as_str()), ("not-found", "There is no such account."), "{id}");
    }
    carl.post("/switch", json!({ "account": shop["id"] })).refused(404);
}

#[test]
fn ymc_176_ymc_177_a_guest_comes_in_by_consent_and_is_out_when_it_ends() {
    let running = running();
    let alice = set_up(&running);
    let (north, south) = (account(&alice, "reseller", "North"), account(&alice, "reseller", "South"));
    let (rita, sam) = (chief(&running, &alice, &north, "rita"), chief(&running, &alice, &south, "sam"));
    sam.post("/switch", json!({ "account": north["id"] })).refused(404);
    rita.post("/channels", json!({ "number": 1 })).refused(404);
    let offer = rita.post("/channels", json!({ "number": south["number"] })).json(201);
    rita.post("/channels", json!({ "number": south["number"] })).refused(409);
    // Offered is not accepted, and nobody accepts for another.
    sam.post("/switch", json!({ "account": north["id"] })).refused(404);
    let path = format!("/channels/{}", offer["id"]);
    rita.post(&format!("{path}/accept"), json!({})).refused(403);
    assert_eq!(sam.post(&format!("{path}/accept"), json!({})).json(200)["state"], "accepted");
    let inside = enter(&sam, &north);
    inside.post("/sites", json!({ "name": "Berlin" })).json(201);
    // YMC-177: nothing that would be a way in when it has ended. Seen it may be.
    let own = json!({ "login": "spy", "name": "Spy", "email": "spy@x.example" });
    let hook = json!({ "url": "https://hooks.example/", "callback": "https://hooks.example/" });
    for (method, path, body) in [
        ("POST", "/channels", json!({ "number": 1 })),
        ("POST", "/invitations", json!({ "email": "spy@x.example" })),
        ("POST", "/links", json!({ "link_id": south["link_id"] })),
        ("POST", "/links/1/approve", json!({})),
        ("POST", &format!("/accounts/{}/devices", south["id"]), json!({ "macs": ["805ec0aabb01"] })),
        ("POST", "/users", own.clone()),
        ("POST", "/roles", json!({ "name": "Spies" })),
        ("POST", "/api-keys", json!({ "name": "spy" })),
        ("POST", "/webhooks", json!({ "url": hook["url"] })),
        ("PUT", "/notifications", json!({ "recipients": ["spy@x.example"], "off": [] })),
        ("POST", "/accounts", json!({ "kind": "customer", "name": "x", "administrator": own })),
    ] {
        let (code, message) = inside.ask(method, path, Some(body)).refused(403);
        assert!(code == "forbidden" && message.contains("guest in this account"), "{method} {path}: {message}");
    }
    for body in [
        json!({ "public_ca": true }),
        json!({ "two_factor": false, "public_ca": true }),
        // Else nobody of the host could end it before each has an app.
        json!({ "two_factor": true }),
    ] {
        inside.patch(&format!("/accounts/{}", north["id"]), body).refused(403);
    }
    // Nor where the mails of the account, or of a new one below it, go.
    let at = format!("/accounts/{}", north["id"]);
    rita.patch(&at, json!({ "email": "north@x.example" })).json(200);
    let below = json!({ "kind": "customer", "name": "x", "email": "spy@x.example" });
    for answer in [
        inside.patch(&at, json!({ "email": "spy@x.example" })),
        inside.patch(&at, json!({ "phone": "1", "email": null })),
        inside.post("/accounts", below),
    ] {
        let (code, message) = answer.refused(403);
        assert!(code == "forbidden" && message.contains("guest in this account"), "{message}");
    }
    let email = json!("north@x.example");
    assert_eq!(inside.patch(&at, json!({ "phone": "1", "email": email })).json(200)["email"], email);
    inside.get("/users").json(200);
    // Who is above may all of it.
    alice.patch(&format!("/accounts/{}", north["id"]), json!({ "api_access": "on" })).json(200);
    enter(&alice, &north).post("/api-keys", json!({ "name": "ours" })).json(201);
    // From inside it does not go on to what the host may.
    let shop = account(&rita, "customer", "Shop");
    inside.post("/switch", json!({ "account": shop["id"] })).refused(404);
    assert_eq!(rita.delete(&path).status, 204);
    inside.get("/session").refused(401);
    let sam = log_in(&running, "sam", PASSWORD);
    sam.post("/switch", json!({ "account": north["id"] })).refused(404);
    assert_eq!(rita.get("/channels").json(200), json!([]));
}

#[test]
fn ava_065_ava_132_provider_and_reseller_are_linked_by_id_once_the_other_approves() {
    let running = running();
    let alice = set_up(&running);
    let (north, shop) = (account(&alice, "reseller", "North"), account(&alice, "customer", "Shop"));
    let (rita, carl) = (chief(&running, &alice, &north, "rita"), chief(&running, &alice, &shop, "carl"));
    alice.patch("/accounts/1", json!({ "link_id": "BP-1" })).json(200);
    rita.patch(&format!("/accounts/{}", north["id"]), json!({ "link_id": "BP-1" })).refused(409);
    rita.patch(&format!("/accounts/{}", north["id"]), json!({ "link_id": "BP-2" })).json(200);
    carl.post("/links", json!({ "link_id": "BP-1" })).refused(403);
    alice.post("/links", json!({ "link_id": "BP-9" })).refused(404);
    let link = alice.post("/links", json!({ "link_id": "BP-2" })).json(201);
    assert_eq!(link["state"], "waiting");
    rita.post("/links", json!({ "link_id": "BP-1" })).refused(409);
    let path = format!("/links/{}", link["id"]);
    alice.post(&format!("{path}/approve"), json!({})).refused(403);
    carl.post(&format!("{path}/approve"), json!({})).refused(404);
    assert_eq!(rita.post(&format!("{path}/approve"), json!({})).json(200)["state"], "linked");
    rita.post(&format!("{path}/decline"), json!({})).refused(409);
    assert_eq!(alice.get("/links").json(200)[0]["reseller"]["name"], "North");
    assert_eq!(rita.delete(&path).status, 204);
    let again = rita.post("/links", json!({ "link_id": "BP-1" })).json(201);
    assert_eq!(alice.post(&format!("/links/{}/decline", again["id"]), json!({})).json(200)["state"], "declined");
    rita.post("/links", json!({ "link_id": "BP-1" })).json(201);
}

#[test]
fn ava_027_to_ava_036_ale_005_to_ale_011_strangers_ask_for_an_account_and_one_is_made_when_approved() {
    let running = running();
    let alice = set_up(&running);
    let asked = |email: &str, terms: bool| {
        let body = json!({ "kind": "reseller", "company": "Newcomer", "contact": "Nora N", "email": email, "terms": terms,
            "locale": "de-AT", "link_id": "42" });
        send(&running, "POST", "/sign-up", "", Some(body))
    };
    // Closed until somebody opens it: a box of one company never shows it.
    assert_eq!(send(&running, "GET", "/sign-up", "", None).json(200), json!({ "open": false }));
    assert_eq!(asked("nora@example.com", true).refused(404).0, "no-route");
    alice.put("/sign-up", json!({ "open": true })).json(200);
    // Whoever corrects a form is not slowed for it.
    (0..30).for_each(|_| drop(asked("nora@example.com", false).refused(422)));
    assert_eq!(asked("nora@example.com", true).status, 202);
    assert_eq!(asked("eve@example.com", true).status, 202);
    let waiting = alice.get("/sign-ups?state=waiting").json(200);
    assert_eq!(waiting["items"].as_array().unwrap().len(), 2);
    let id = |place: usize| waiting["items"][place]["id"].clone();
    assert_eq!(alice.post(&format!("/sign-ups/{}/decline", id(0)), json!({})).status, 204);
    let made = alice.post(&format!("/sign-ups/{}/approve", id(1)), json!({})).json(200);
    alice.post(&format!("/sign-ups/{}/approve", id(1)), json!({})).refused(404);
    let reset = json!({ "token": made["link"]["token"], "password": PASSWORD });
    assert_eq!(send(&running, "POST", "/password/reset", "", Some(reset)).status, 204);
    // AVA-031, AVA-032: the address is the login, the language is theirs.
    let nora = log_in(&running, "nora@example.com", PASSWORD);
    assert_eq!((&nora.told["user"]["locale"], &nora.told["account"]["kind"]), (&json!("de-AT"), &json!("reseller")));
    // Whoever floods it is slowed.
    let statuses: Vec<u16> = (0..26).map(|number| asked(&format!("{number}@example.com"), true).status).collect();
    assert!(statuses[..18].iter().all(|status| *status == 202) && statuses.contains(&429), "{statuses:?}");
    log_in(&running, "alice", PASSWORD);
}

/// Somebody's address and telephone number are nothing for the log of the account that they work in.
#[test]
fn what_one_changes_of_oneself_inside_another_account_is_told_at_home_only() {
    let running = running();
    let alice = set_up(&running);
    let shop = account(&alice, "customer", "Shop");
    let carl = chief(&running, &alice, &shop, "carl");
    let inside = enter(&alice, &shop);
    let body = json!({ "phone": "+49 30 1234567", "email": "private@example.com", "password": PASSWORD });
    assert_eq!(inside.patch("/me", body).json(200)["email"], "private@example.com");
    let seen = carl.get("/audit?limit=500").text();
    assert!(!seen.contains("1234567") && !seen.contains("private@example.com"), "{seen}");
    let back = Browser::of(&running, &inside.delete("/switch"));
    let row = back.get("/audit?action=user.set").json(200)["items"][0].clone();
    assert_eq!((&row["account_id"], &row["home_id"], &row["object"]), (&json!(1), &Value::Null, &json!("alice")));
    assert_eq!(row["after"]["phone"], "+49 30 1234567", "{row}");
}
