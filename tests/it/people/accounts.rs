//! Companies: who makes whom, what is seen, what ends with what.

use crate::support::admin::{Running, running};
use crate::support::people::{Browser, PASSWORD, log_in, set_up, try_login};
use serde_json::{Value, json};

/// The first user of an account, logged in.
fn chief<'a>(above: &Browser<'a>, account: &Value, login: &str) -> Browser<'a> {
    let body =
        json!({ "account_id": account["id"], "login": login, "name": login, "email": format!("{login}@x.example") });
    let made = above.post("/users", body).json(201);
    let reset = json!({ "token": made["link"]["token"], "password": PASSWORD });
    assert_eq!(above.post("/password/reset", reset).status, 204);
    log_in(above.box_, login, PASSWORD)
}

fn add(browser: &Browser, kind: &str, name: &str) -> Value {
    browser.post("/accounts", json!({ "kind": kind, "name": name })).json(201)
}

fn actions(running: &Running) -> Vec<String> {
    let audit = running.get("/audit?limit=500").json(200);
    audit["items"].as_array().unwrap().iter().map(|row| row["action"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn ava_010_to_ava_020_each_kind_makes_what_it_may_and_nothing_else() {
    let running = running();
    let alice = set_up(&running);
    // AVA-011, AVA-012, AVA-145.
    let north = add(&alice, "reseller", "North");
    assert_eq!((&north["enabled"], &north["depth"], &north["api_access"]), (&json!(true), &json!(1), &json!("off")));
    assert_eq!(north["number"].to_string().len(), 8);
    add(&alice, "customer", "Direct");
    let reseller = chief(&alice, &north, "rita");
    // AVA-015, AVA-016, AVA-128, AVA-129.
    let shop = add(&reseller, "customer", "Shop");
    for kind in ["reseller", "provider"] {
        let refused = reseller.post("/accounts", json!({ "kind": kind, "name": "x" })).refused(403);
        assert!(refused.1.contains("below a reseller"), "{refused:?}");
    }
    alice.post("/accounts", json!({ "kind": "provider", "name": "x" })).refused(403);
    let customer = chief(&reseller, &shop, "carl");
    for kind in ["customer", "reseller", "provider"] {
        customer.post("/accounts", json!({ "kind": kind, "name": "x" })).refused(403);
    }
    // AVA-018: its own account only.
    let own = format!("/accounts/{}", shop["id"]);
    assert_eq!(customer.patch(&own, json!({ "phone": "+49 30 1" })).json(200)["phone"], "+49 30 1");
    customer.patch(&format!("/accounts/{}", north["id"]), json!({ "phone": "1" })).refused(404);
    customer.post(&format!("{own}/disable"), json!({})).refused(403);
    // AVA-019, AVA-020.
    customer.post("/profiles", json!({ "name": "Desks" })).json(201);
    customer.post("/sites", json!({ "name": "Berlin", "profile": "Desks" })).json(201);
    let phone = json!({ "mac": "805ec0aabb01", "site": "Berlin", "activate": true });
    customer.post("/devices", phone).json(201);
    assert_eq!(customer.get("/devices").json(200)["items"].as_array().unwrap().len(), 1);
    // AVA-026, AVA-093: all three make, change and remove profiles.
    for browser in [&alice, &reseller, &customer] {
        browser.post("/profiles", json!({ "name": "Halls" })).json(201);
        assert_eq!(browser.patch("/profiles/Halls", json!({ "name": "Doors" })).json(200)["name"], "Doors");
        assert_eq!(browser.delete("/profiles/Doors").status, 204);
    }
    // AVA-021: neither the one above nor the one beside sees it in its own lists.
    assert_eq!(reseller.get("/devices").json(200)["items"], json!([]));
    alice.get("/devices/805ec0aabb01").refused(404);
    alice.get("/devices/805ec0aabb01/explain").refused(404);
    // AVA-241: it is the customer's. T90: nor is anybody told whose it is.
    let (_, message) = alice.post("/devices", json!({ "mac": "805ec0aabb01" })).refused(409);
    assert!(message.contains("somebody else") && !message.contains("Shop"), "{message}");
}

#[test]
fn ava_150_ava_158_accounts_are_found_changed_and_shown_as_a_tree() {
    let running = running();
    let alice = set_up(&running);
    let north = add(&alice, "reseller", "North");
    let reseller = chief(&alice, &north, "rita");
    let shop = add(&reseller, "customer", "100%_Shop");
    add(&alice, "reseller", "South");
    let names = |answer: Value| {
        let items = answer["items"].as_array().unwrap().clone();
        items.iter().map(|one| format!("{}{}", one["depth"], one["name"].as_str().unwrap())).collect::<Vec<_>>()
    };
    assert_eq!(names(alice.get("/accounts?view=tree").json(200)), ["0Example", "1North", "2100%_Shop", "1South"]);
    assert_eq!(names(reseller.get("/accounts?view=tree").json(200)), ["0North", "1100%_Shop"]);
    assert_eq!(names(alice.get("/accounts?kind=reseller").json(200)), ["1North", "1South"]);
    assert_eq!(names(alice.get("/accounts?search=%25_s").json(200)), ["2100%_Shop"]);
    assert_eq!(names(alice.get(&format!("/accounts?search={}", shop["number"])).json(200)), ["2100%_Shop"]);
    let page = alice.get("/accounts?limit=3").json(200);
    let rest = alice.get(&format!("/accounts?limit=3&after={}", page["next"].as_str().unwrap())).json(200);
    assert_eq!([names(page), names(rest)].concat(), ["2100%_Shop", "0Example", "1North", "1South"]);
    // The parent of one's own account is nobody's business.
    assert_eq!(reseller.get(&format!("/accounts/{}", north["id"])).json(200)["parent_id"], Value::Null);
    // AVA-150: the name changes, the kind does not.
    let path = format!("/accounts/{}", north["id"]);
    assert_eq!(alice.patch(&path, json!({ "name": "Northern" })).json(200)["name"], "Northern");
    alice.patch(&path, json!({ "kind": "customer" })).refused(400);
    assert_eq!(alice.patch(&path, json!({ "name": "South" })).refused(409).0, "exists");
    // AVA-029: numbers only. AVA-168: what a superior grants is not one's own to take.
    let shop = alice.post("/accounts", json!({ "kind": "customer", "name": "Numbered" })).json(201);
    let of_shop = format!("/accounts/{}", shop["id"]);
    assert!(alice.patch(&of_shop, json!({ "reference": "12a" })).refused(422).1.contains("must be a number"));
    assert_eq!(alice.patch(&of_shop, json!({ "reference": "0042" })).json(200)["reference"], "0042");
    // AVA-029, AVA-130, AVA-134, AVA-151: each kind has its own of the two.
    assert!(alice.patch(&of_shop, json!({ "link_id": "BP-9" })).refused(422).1.contains("providers and resellers"));
    assert!(alice.patch(&path, json!({ "reference": "0042" })).refused(422).1.contains("only a customer"));
    for body in [
        json!({ "kind": "customer", "name": "x", "link_id": "BP-9" }),
        json!({ "kind": "reseller", "name": "x", "reference": "42" }),
    ] {
        alice.post("/accounts", body).refused(422);
    }
    assert_eq!(alice.delete(&of_shop).status, 204);
    for body in [json!({ "api_access": "on" }), json!({ "firmware_policy": true }), json!({ "reference": "1" })] {
        assert!(reseller.patch(&path, body).refused(403).1.contains("above yours"));
    }
    assert_eq!(reseller.patch(&path, json!({ "api_access": "requested" })).json(200)["api_access"], "requested");
    assert_eq!(alice.patch(&path, json!({ "api_access": "on" })).json(200)["api_access"], "on");
    // Two companies may have customers of one name, and learn nothing of it.
    add(&alice, "customer", "100%_Shop");
}

/// AVA-149: whoever is above shuts and opens an account, provider or reseller; a customer nobody, itself neither.
#[test]
fn ava_147_ava_148_ava_149_a_disabled_account_is_shut_and_apart() {
    let running = running();
    let alice = set_up(&running);
    let shop = add(&alice, "customer", "Shop");
    let carl = chief(&alice, &shop, "carl");
    carl.post("/profiles", json!({ "name": "Desks" })).json(201);
    carl.post("/sites", json!({ "name": "Berlin", "profile": "Desks" })).json(201);
    carl.post("/devices", json!({ "mac": "805ec0aabb01", "site": "Berlin", "profile": "Desks" })).json(201);
    let path = format!("/accounts/{}", shop["id"]);
    assert_eq!(alice.post(&format!("{path}/disable"), json!({})).json(200)["enabled"], false);
    carl.get("/session").refused(401);
    assert_eq!(try_login(&running, "carl", PASSWORD).refused(401).0, "wrong-login");
    assert_eq!(alice.post(&format!("{path}/enable"), json!({})).json(200)["enabled"], true);
    let carl = log_in(&running, "carl", PASSWORD);
    assert_eq!(carl.get("/sites/Berlin").json(200)["profile"], Value::Null);
    assert_eq!(carl.get("/devices/805ec0aabb01").json(200)["profile"], Value::Null);
    assert!(actions(&running).contains(&"account.disable".to_owned()));
    let rita = chief(&alice, &add(&alice, "reseller", "North"), "rita");
    let stall = add(&rita, "customer", "Stall");
    let stella = chief(&rita, &stall, "stella");
    let to = |word: &str| format!("/accounts/{}/{word}", stall["id"]);
    for word in ["disable", "enable"] {
        stella.post(&to(word), json!({})).refused(403);
    }
    assert_eq!(rita.post(&to("disable"), json!({})).json(200)["enabled"], false);
    stella.get("/session").refused(401);
    assert_eq!(rita.post(&to("enable"), json!({})).json(200)["enabled"], true);
}

#[test]
fn ava_155_ava_156_ava_157_threat_091_a_removed_account_takes_what_is_below_and_returns_devices() {
    let running = running();
    let alice = set_up(&running);
    let north = add(&alice, "reseller", "North");
    let rita = chief(&alice, &north, "rita");
    let shop = add(&rita, "customer", "Shop");
    let carl = chief(&rita, &shop, "carl");
    for mac in ["805ec0aabb01", "805ec0aabb02"] {
        let line = json!([{ "number": 1, "user": "201", "password": "prepared-by-alice" }]);
        alice.post("/devices", json!({ "mac": mac, "lines": line, "activate": true })).json(201);
    }
    let macs = |mac: &str| json!({ "macs": [mac] });
    let to = |account: &Value| format!("/accounts/{}/devices", account["id"]);
    alice.post(&to(&north), macs("805ec0aabb01")).json(200);
    alice.post(&to(&north), macs("805ec0aabb02")).json(200);
    rita.post(&to(&shop), macs("805ec0aabb01")).json(200);
    // With what was prepared; and only once.
    let seen = carl.get("/devices/805ec0aabb01").json(200);
    assert_eq!(seen["lines"][0]["sip_account"]["user"], "201");
    alice.post(&to(&north), macs("805ec0aabb01")).refused(404);
    alice.get("/devices/805ec0aabb01").refused(404);
    carl.patch(
        "/devices/805ec0aabb01",
        json!({ "lines": [{ "number": 2, "user": "9", "password": "secret-of-carl" }] }),
    );
    carl.post("/devices", json!({ "mac": "805ec0aabb0c" })).json(201);
    // Taken back it is bare.
    let back = format!("/accounts/{}/devices/take-back", north["id"]);
    assert_eq!(alice.post(&back, macs("805ec0aabb02")).json(200)["devices"], 1);
    let bare = alice.get("/devices/805ec0aabb02").json(200);
    assert_eq!((&bare["lines"], &bare["state"]), (&json!([]), &json!("known")));
    alice.post(&back, macs("805ec0aabb0c")).refused(404);
    let path = format!("/accounts/{}", north["id"]);
    let (code, message) = alice.delete(&path).refused(409);
    assert!(code == "in-use" && message.contains("1 accounts below") && message.contains("2 users"), "{message}");
    assert_eq!(alice.delete(&format!("{path}?with_below=true")).status, 204);
    for (browser, login) in [(&rita, "rita"), (&carl, "carl")] {
        browser.get("/session").refused(401);
        assert_eq!(try_login(&running, login, PASSWORD).refused(401).0, "wrong-login");
    }
    alice.get(&path).refused(404);
    assert_eq!(alice.get("/accounts").json(200)["items"].as_array().unwrap().len(), 1);
    // What was handed down is at the account that outlives; what the customer added is gone, with its secrets.
    assert_eq!(alice.get("/devices/805ec0aabb01").json(200)["lines"], json!([]));
    alice.get("/devices/805ec0aabb0c").refused(404);
    alice.post("/devices", json!({ "mac": "805ec0aabb0c" })).json(201);
    let left: i64 = running
        .db
        .read(|conn| {
            let sql = "SELECT (SELECT count(*) FROM sip_account WHERE account_id <> 1) + (SELECT count(*) FROM line WHERE account_id <> 1)
                + (SELECT count(*) FROM setting WHERE account_id <> 1) + (SELECT count(*) FROM users WHERE account_id <> 1)";
            Ok::<_, phonebox::db::Error>(conn.query_row(sql, [], |row| row.get(0))?)
        })
        .unwrap();
    assert_eq!(left, 0);
    // The name may be used again; the log still knows who it was.
    add(&alice, "reseller", "North");
}
