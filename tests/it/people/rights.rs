//! Detours: what gives more than its permission says, tells what is another account's, or shuts a door for others.

use super::companies::{account, chief, path};
use super::proxy::behind_a_proxy;
use crate::support::admin::{Answer, Running, running};
use crate::support::eventually;
use crate::support::people::{Browser, PASSWORD, company, log_in, send, set_up};
use serde_json::{Value, json};

/// Somebody of the box's account with these permissions alone.
fn with<'a>(running: &'a Running, alice: &Browser, login: &str, permissions: &[&str]) -> Browser<'a> {
    let role = alice.post("/roles", json!({ "name": login, "permissions": permissions })).json(201)["id"].clone();
    let user = json!({ "login": login, "name": login, "email": format!("{login}@x.example"), "role_id": role });
    let made = alice.post("/users", user).json(201);
    let reset = json!({ "token": made["link"]["token"], "password": PASSWORD });
    assert_eq!(send(running, "POST", "/password/reset", "", Some(reset)).status, 204);
    log_in(running, login, PASSWORD)
}

fn is_more(answer: &Answer) {
    assert!(answer.refused(403).1.contains("more than you may yourself"), "{}", answer.text());
}

#[test]
fn nobody_opens_the_logins_of_an_account_by_its_certificates_who_may_not_do_all_that_its_users_may() {
    let running = running();
    let alice = set_up(&running);
    let clerk = with(&running, &alice, "clerk", &["account.write"]);
    let new =
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=Mine -keyout mine.key -out mine.pem";
    super::certificate::openssl(running.dir.path(), new);
    let ca = std::fs::read_to_string(running.dir.path().join("mine.pem")).unwrap();
    let shop = account(&alice, "customer", "Shop");
    alice.patch("/accounts/1", json!({ "two_factor": false })).json(200);
    for of in ["/accounts/1", &path(&shop)] {
        is_more(&clerk.patch(of, json!({ "client_ca": ca })));
        is_more(&clerk.patch(of, json!({ "public_ca": true })));
        // As a form sends it that changes something else.
        clerk.patch(of, json!({ "remark": "x", "client_ca": null, "public_ca": false, "two_factor": false })).json(200);
        assert_eq!(alice.patch(of, json!({ "public_ca": true })).json(200)["public_ca"], true);
    }
}

#[test]
fn the_key_that_may_do_everything_is_made_by_whoever_may_do_everything() {
    let running = running();
    let alice = set_up(&running);
    is_more(&with(&running, &alice, "keeper", &["box.write"]).post("/token/rotate", json!({})));
    let keys = alice.get("/api-keys").json(200);
    let key = keys.as_array().unwrap().iter().find(|key| key["name"] == "api-token").unwrap()["id"].clone();
    // Under another name it would outlive the next one.
    assert!(
        alice.patch(&format!("/api-keys/{key}"), json!({ "name": "mine" })).refused(422).1.contains("keeps its name")
    );
    alice.post("/token/rotate", json!({})).json(200);
}

#[test]
fn whoever_makes_an_account_gives_its_administrator_no_more_than_their_own() {
    let running = running();
    let alice = set_up(&running);
    let maker = with(&running, &alice, "maker", &["account.add", "user.write"]);
    let body = |name: &str| json!({ "kind": "customer", "name": name, "administrator": { "name": "A", "email": format!("{name}@x.example") } });
    is_more(&maker.post("/accounts", body("one")));
    assert!(!alice.get("/accounts").text().contains("\"one\""), "nothing of it stays");
    alice.post("/accounts", body("two")).json(201);
    maker.post("/accounts", json!({ "kind": "customer", "name": "three" })).json(201);
}

#[test]
fn threat_049_a_page_begins_after_no_entry_of_another_account() {
    let running = running();
    let alice = set_up(&running);
    let (north, nora) = company(&alice, "reseller", "North", "nora");
    let (_, sven) = company(&alice, "reseller", "South", "sven");
    nora.post("/groups", json!({ "name": "Mmm" })).json(201);
    sven.post("/groups", json!({ "name": "Zzz" })).json(201);
    sven.post("/groups", json!({ "name": "Aaa" })).json(201);
    // South stands after North and before the end: an order would tell where.
    assert_eq!(sven.get(&format!("/accounts?after={}", north["id"])).json(200)["items"], json!([]));
    assert_eq!(sven.get(&format!("/accounts?view=tree&after={}", north["id"])).json(200)["items"], json!([]));
    // Nor does a list of those below an account tell which it is that stands above one's own.
    assert_eq!(sven.get("/accounts?parent_id=1").json(200)["items"], json!([]));
    assert_eq!(alice.get("/accounts?parent_id=1").json(200)["items"].as_array().unwrap().len(), 2);
    let of_nora = nora.get("/audit").json(200)["items"][0]["id"].as_i64().unwrap();
    for column in ["object", "actor", "ip", "action", "account"] {
        for way in ["", "-"] {
            let found = sven.get(&format!("/audit?sort={way}{column}&after={of_nora}")).json(200);
            assert_eq!(found["items"], json!([]), "{way}{column}");
        }
    }
    let own = sven.get("/audit?sort=object&limit=1").json(200);
    let next = own["next"].as_str().unwrap();
    assert!(!sven.get(&format!("/audit?sort=object&after={next}")).json(200)["items"].as_array().unwrap().is_empty());
}

#[test]
fn threat_090_login_names_that_are_taken_are_no_list_to_read_through() {
    let running = running();
    let alice = set_up(&running);
    let (_, nora) = company(&alice, "reseller", "North", "nora");
    let guess = |n: usize| json!({ "login": "alice", "name": "x", "email": format!("x{n}@x.example") });
    let statuses: Vec<u16> = (0..8).map(|n| nora.post("/users", guess(n)).status).collect();
    assert_eq!((&statuses[..5], statuses[7]), (&[409; 5][..], 429));
    let own = nora.told["user"]["id"].clone();
    assert_eq!(nora.patch(&format!("/users/{own}"), json!({ "login": "alice" })).status, 429);
    // Nobody else waits for it, nor does who changes something else.
    nora.patch(&format!("/users/{own}"), json!({ "name": "Nora" })).json(200);
    alice.post("/users", json!({ "login": "new", "name": "x", "email": "new@x.example" })).json(201);
}

#[test]
fn a_stranger_who_asks_for_a_password_leaves_the_link_alone_that_was_handed_over() {
    let running = running();
    let alice = set_up(&running);
    let user = json!({ "login": "bob", "name": "Bob", "email": "bob@x.example" });
    let made = alice.post("/users", user).json(201);
    let asked = send(&running, "POST", "/password/forgotten", "", Some(json!({ "login": "bob" })));
    assert_eq!(asked.status, 202);
    eventually("the alarm", || alice.get("/alarms").text().contains("password-forgotten"));
    // AVA-268, ALE-075, YMC-175: from where is its own column.
    let rows = alice.get("/audit?action=password.forgotten&ip=127.0.0.1").json(200);
    assert_eq!((&rows["items"][0]["object"], &rows["items"][0]["process"]), (&json!("bob"), &json!("api")));
    let reset = json!({ "token": made["link"]["token"], "password": PASSWORD });
    assert_eq!(send(&running, "POST", "/password/reset", "", Some(reset)).status, 204);
}

#[test]
fn threat_051_wrong_links_from_everywhere_keep_nobody_from_using_a_right_one() {
    let running = behind_a_proxy();
    let alice = set_up(&running);
    let user = json!({ "login": "bob", "name": "Bob", "email": "bob@x.example" });
    let made = alice.post("/users", user).json(201);
    let reset = |host: usize, token: &Value| {
        let body = json!({ "token": token, "password": PASSWORD });
        send(&running, "POST", "/password/reset", &format!("X-Forwarded-For: 198.51.100.{host}\r\n"), Some(body)).status
    };
    for host in 1..=20 {
        for _ in 0..4 {
            assert_eq!(reset(host, &json!("wrong")), 403);
        }
    }
    let again: Vec<u16> = (0..3).map(|_| reset(1, &json!("wrong"))).collect();
    assert_eq!(again[2], 429, "one who guesses waits: {again:?}");
    assert_eq!(reset(200, &made["link"]["token"]), 204);
}

#[test]
fn callback_addresses_of_keys_count_as_webhooks() {
    let running = running();
    let alice = set_up(&running);
    for number in 0..20 {
        alice.post("/webhooks", json!({ "url": format!("https://hooks.example/{number}") })).json(201);
    }
    let key = |callback: Value| json!({ "name": "program", "permissions": ["site.read"], "callback": callback });
    assert!(alice.post("/api-keys", key(json!("https://hooks.example/key"))).refused(422).1.contains("20 webhooks"));
    let made = alice.post("/api-keys", key(Value::Null)).json(201);
    let first = alice.get("/webhooks").json(200)[0]["id"].clone();
    assert_eq!(alice.delete(&format!("/webhooks/{first}")).status, 204);
    let of_key = format!("/api-keys/{}", made["id"]);
    alice.patch(&of_key, json!({ "callback": "https://hooks.example/key" })).json(200);
    // Changed among the webhooks, it is changed on the key.
    let hooks = alice.get("/webhooks").json(200);
    let hook = hooks.as_array().unwrap().iter().find(|hook| hook["url"] == "https://hooks.example/key").unwrap();
    alice.patch(&format!("/webhooks/{}", hook["id"]), json!({ "url": "https://hooks.example/other" })).json(200);
    let keys = alice.get("/api-keys").json(200);
    let shown = keys.as_array().unwrap().iter().find(|key| key["id"] == made["id"]).unwrap();
    assert_eq!(shown["callback"], "https://hooks.example/other");
}

/// AVA-156: step by step, to whose it was before, whatever was unlinked or removed on the way.
#[test]
fn ava_156_a_device_that_was_handed_on_returns_the_way_it_came() {
    let running = running();
    let alice = set_up(&running);
    let north = account(&alice, "reseller", "North");
    let rita = chief(&running, &alice, &north, "rita");
    let shop = account(&rita, "customer", "Shop");
    let macs = |mac: &str| json!({ "macs": [mac] });
    let to = |account: &Value, back: &str| format!("{}/devices{back}", path(account));
    for mac in ["805ec0aabb01", "805ec0aabb02", "805ec0aabb03"] {
        alice.post("/devices", json!({ "mac": mac })).json(201);
        alice.post(&to(&north, ""), macs(mac)).json(200);
        rita.post(&to(&shop, ""), macs(mac)).json(200);
    }
    rita.post(&to(&shop, "/take-back"), macs("805ec0aabb01")).json(200);
    assert_eq!(alice.post(&to(&north, "/take-back"), macs("805ec0aabb01")).json(200)["devices"], 1);
    alice.get("/devices/805ec0aabb01").json(200);
    // The customer goes: to the reseller. The reseller goes with all it has: to whose they were.
    rita.post(&to(&shop, "/take-back"), macs("805ec0aabb02")).json(200);
    let token = || {
        let sql = "SELECT token_hash FROM device WHERE mac = 0x805ec0aabb03";
        running.db.read(|conn| Ok::<Vec<u8>, phonebox::db::Error>(conn.query_row(sql, [], |row| row.get(0))?)).unwrap()
    };
    let before = token();
    let gone = alice.delete(&format!("{}?with_below=true", path(&north)));
    assert_eq!(gone.status, 204, "{}", gone.text());
    for mac in ["805ec0aabb02", "805ec0aabb03"] {
        assert_eq!(alice.get(&format!("/devices/{mac}")).json(200)["state"], "known", "{mac}");
    }
    assert_ne!(token(), before, "what the account below knew opens nothing");
    let own = alice.post("/accounts/1/devices", macs("805ec0aabb01")).refused(403);
    assert!(own.1.contains("these are in yours"), "{own:?}");
}
