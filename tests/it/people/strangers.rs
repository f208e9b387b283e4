//! Whoever guesses numbers, link ids, addresses and ids of others learns nothing and is slowed.

use super::companies::{account, chief, enter, path};
use crate::support::admin::running;
use crate::support::people::{send, set_up, words_of};
use serde_json::{Value, json};

#[test]
fn threat_090_ava_214_ava_216_link_ids_are_not_read_through() {
    let running = running();
    let alice = set_up(&running);
    let north = alice.post("/accounts", json!({ "kind": "reseller", "name": "North", "link_id": "BP-7" })).json(201);
    let rita = chief(&running, &alice, &north, "rita");
    alice.patch("/accounts/1", json!({ "link_id": "BP-1" })).json(200);
    // Who asks sees the id that was typed, and no name, until the other one approves.
    let link = rita.post("/links", json!({ "link_id": "BP-1" })).json(201);
    assert_eq!((&link["provider"]["name"], &link["provider"]["number"]), (&json!(""), &json!(0)));
    assert_eq!((&link["link_id"], &link["reseller"]["name"]), (&json!("BP-1"), &json!("North")));
    // Who decides sees who asks.
    let seen = alice.get("/links").json(200)[0].clone();
    assert_eq!((&seen["reseller"]["name"], &seen["link_id"]), (&json!("North"), &json!("BP-7")));
    alice.post(&format!("/links/{}/decline", link["id"]), json!({})).json(200);
    assert_eq!(rita.get("/links").json(200)[0]["provider"]["name"], "");
    rita.delete(&format!("/links/{}", link["id"])).json(204);
    // Misses are counted for the account, whoever of it asks.
    let statuses: Vec<u16> =
        (0..8).map(|number| rita.post("/links", json!({ "link_id": format!("BP-X{number}") })).status).collect();
    assert!(statuses[0] == 404 && statuses.contains(&429), "{statuses:?}");
    // What is taken is no way around.
    let own = path(&north);
    let statuses: Vec<u16> = (0..8).map(|_| rita.patch(&own, json!({ "link_id": "BP-1" })).status).collect();
    assert!(statuses[0] == 409 && statuses.contains(&429), "{statuses:?}");
    // Others are not slowed by it.
    alice.post("/links", json!({ "link_id": "BP-7" })).json(201);
}

#[test]
fn threat_090_ymc_176_account_numbers_are_not_read_through() {
    let running = running();
    let alice = set_up(&running);
    let (north, south) = (account(&alice, "reseller", "North"), account(&alice, "reseller", "South"));
    let (rita, sam) = (chief(&running, &alice, &north, "rita"), chief(&running, &alice, &south, "sam"));
    let offer = rita.post("/channels", json!({ "number": south["number"] })).json(201);
    assert_eq!((&offer["guest"]["name"], &offer["guest"]["number"]), (&json!(""), &south["number"]));
    let asked = sam.get("/channels").json(200)[0].clone();
    assert_eq!((&asked["account"]["name"], &asked["state"]), (&json!("North"), &json!("offered")));
    // Declined, with a reason; and offered anew.
    let decline = format!("/channels/{}/decline", offer["id"]);
    rita.post(&decline, json!({})).refused(403);
    assert_eq!(sam.post(&decline, json!({ "reason": "No time" })).json(200)["state"], "declined");
    let seen = rita.get("/channels").json(200)[0].clone();
    assert_eq!((&seen["reason"], &seen["guest"]["name"]), (&json!("No time"), &json!("")));
    sam.post(&format!("/channels/{}/accept", offer["id"]), json!({})).refused(409);
    sam.post("/switch", json!({ "account": north["id"] })).refused(404);
    let again = rita.post("/channels", json!({ "number": south["number"] })).json(201);
    assert_eq!((&again["id"], &again["reason"]), (&offer["id"], &Value::Null));
    sam.post(&format!("/channels/{}/accept", offer["id"]), json!({})).json(200);
    assert_eq!(rita.get("/channels").json(200)[0]["guest"]["name"], "South");
    let statuses: Vec<u16> =
        (0..8).map(|number| rita.post("/channels", json!({ "number": 99_999_990 + number })).status).collect();
    assert!(statuses[0] == 404 && statuses.contains(&429), "{statuses:?}");
}

/// Without a mail server nobody is asked by mail, known here or not.
#[test]
fn ymc_176_an_invitation_needs_mail_and_a_guessed_code_opens_nothing() {
    let running = running();
    let alice = set_up(&running);
    let north = account(&alice, "reseller", "North");
    let rita = chief(&running, &alice, &north, "rita");
    let ask = |email: &str| rita.post("/invitations", json!({ "email": email }));
    assert_eq!(words_of(&ask("alice@example.com")), words_of(&ask("nobody@example.com")));
    assert!(ask("alice@example.com").refused(409).1.contains("sends no mail"));
    assert_eq!(rita.get("/invitations").json(200), json!([]));
    let statuses: Vec<u16> = (0..8)
        .map(|number| rita.post("/invitations/accept", json!({ "code": format!("{number:064}") })).status)
        .collect();
    assert!(statuses[0] == 403 && statuses.contains(&429), "{statuses:?}");
}

/// AVA-036, and no asker learns from the answer what is there already.
#[test]
fn threat_051_ava_029_ava_030_ava_033_ava_034_ava_036_who_asks_for_an_account_is_told_the_same() {
    let running = running();
    let alice = set_up(&running);
    alice.put("/sign-up", json!({ "open": true })).json(200);
    let whole = |company: &str, email: &str| {
        json!({ "kind": "customer", "company": company, "contact": "Nora Newcomer", "phone": "+49 30 7", "email": email,
            "address": "Street 7", "country": "DE", "remark": "soon", "reference": "4711", "locale": "de", "terms": true })
    };
    let ask = |body: Value| send(&running, "POST", "/sign-up", "", Some(body));
    // AVA-033, AVA-029: without the terms, without a number where one is asked, without a name: nothing is kept.
    for (field, value) in
        [("terms", json!(false)), ("reference", json!("47a1")), ("company", json!("")), ("email", json!("x"))]
    {
        let mut body = whole("Newcomer", "nora@example.com");
        body[field] = value;
        ask(body).refused(422);
    }
    assert_eq!(alice.get("/sign-ups").json(200)["items"], json!([]));
}

/// AVA-029: each kind is asked for its own id. One that somebody else has by the time of the decision is not lost in silence.
#[test]
fn ava_029_a_link_id_that_is_taken_by_then_is_told() {
    let running = running();
    let alice = set_up(&running);
    alice.put("/sign-up", json!({ "open": true })).json(200);
    let ask = |kind: &str, field: &str| {
        let mut body =
            json!({ "kind": kind, "company": "West", "contact": "Wim", "email": "wim@west.example", "terms": true });
        body[field] = json!("77");
        send(&running, "POST", "/sign-up", "", Some(body))
    };
    ask("customer", "link_id").refused(422);
    ask("reseller", "reference").refused(422);
    assert_eq!(ask("reseller", "link_id").status, 202);
    alice.post("/accounts", json!({ "kind": "reseller", "name": "North", "link_id": "77" })).json(201);
    let id = alice.get("/sign-ups").json(200)["items"][0]["id"].clone();
    let made = alice.post(&format!("/sign-ups/{id}/approve"), json!({})).json(200);
    assert_eq!(made["link_id_taken"], "77");
    assert_eq!(alice.get(&format!("/accounts/{}", made["account_id"])).json(200)["link_id"], Value::Null);
    assert!(alice.get("/audit?action=sign-up.approve").text().contains("without the link id 77"));
}

/// AVA-030: company, contact, telephone, mail and address are asked for and kept.
#[test]
fn ava_030_ava_034_ava_036_a_request_is_kept_whole_and_makes_an_account_of_its_own() {
    let running = running();
    let alice = set_up(&running);
    alice.put("/sign-up", json!({ "open": true })).json(200);
    let company = "Newcomer";
    let there = account(&alice, "customer", company);
    let body = json!({ "kind": "customer", "company": company, "contact": "Nora Newcomer", "phone": "+49 30 7",
        "email": "alice@example.com", "address": "Street 7", "reference": "4711", "terms": true });
    let ask = |body: &Value| send(&running, "POST", "/sign-up", "", Some(body.clone()));
    // A login that is taken, a company that is there: the answer is the same.
    let first = ask(&body);
    let mut other = body.clone();
    other["email"] = json!("nora@example.com");
    let second = ask(&other);
    assert_eq!((first.status, words_of(&first)), (second.status, words_of(&second)));
    let list = alice.get("/sign-ups?state=waiting").json(200);
    let (nora, taken) = (list["items"][0].clone(), list["items"][1].clone());
    for (field, value) in [
        ("company", company),
        ("contact", "Nora Newcomer"),
        ("phone", "+49 30 7"),
        ("email", "nora@example.com"),
        ("address", "Street 7"),
        ("reference", "4711"),
    ] {
        assert_eq!(nora[field], value, "{field}");
    }
    // AVA-034: until it is decided, nobody of it logs in.
    send(&running, "POST", "/session", "", Some(json!({ "login": "nora@example.com", "password": "x" }))).refused(401);
    alice.post(&format!("/sign-ups/{}/approve", taken["id"]), json!({})).refused(409);
    alice.post(&format!("/sign-ups/{}/decline", taken["id"]), json!({ "reason": "Known" })).json(204);
    let made = alice.post(&format!("/sign-ups/{}/approve", nora["id"]), json!({})).json(200);
    let new = alice.get(&format!("/accounts/{}", made["account_id"])).json(200);
    assert_eq!((&new["name"], &new["users"]), (&json!("Newcomer (2)"), &json!(1)));
    assert_eq!(alice.get(&path(&there)).json(200)["users"], 0, "it is nobody else's");
    let told = alice.get("/sign-ups").json(200)["items"][1].clone();
    assert_eq!((&told["state"], &told["reason"]), (&json!("declined"), &json!("Known")));
    // Only the box's own account decides.
    let rita = chief(&running, &alice, &account(&alice, "reseller", "North"), "rita");
    rita.get("/sign-ups").refused(403);
    rita.put("/sign-up", json!({ "open": false })).refused(403);
}

#[test]
fn ava_282_ava_284_ava_285_whoever_works_inside_is_named_there_and_comes_back() {
    let running = running();
    let alice = set_up(&running);
    let north = account(&alice, "reseller", "North");
    let rita = chief(&running, &alice, &north, "rita");
    let inside = enter(&alice, &north);
    // AVA-282: all its data and tasks.
    inside.post("/profiles", json!({ "name": "Desks" })).json(201);
    account(&inside, "customer", "Shop");
    // AVA-285: under the acting user, in the account's own log, with where that one comes from.
    let log = rita.get("/audit").json(200);
    let row = log["items"].as_array().unwrap().iter().find(|row| row["action"] == "profile.add").unwrap().clone();
    assert_eq!(row["actor"], "alice");
    // AVA-284.
    let back = crate::support::people::Browser::of(&running, &inside.delete("/switch"));
    assert_eq!(back.get("/profiles").json(200).as_array().unwrap().len(), 1, "its own one again");
    assert_eq!(back.told["acting_in"], Value::Null);
}
