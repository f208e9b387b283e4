//! What accounts are granted, hand over and keep apart: services, sites of customers, devices, first administrators.

use crate::support::admin::{Running, running};
use crate::support::people::{Browser, PASSWORD, log_in, send, set_up};
use serde_json::{Value, json};

pub fn account(above: &Browser, kind: &str, name: &str) -> Value {
    above.post("/accounts", json!({ "kind": kind, "name": name })).json(201)
}

pub fn chief<'a>(running: &'a Running, above: &Browser, account: &Value, login: &str) -> Browser<'a> {
    let body =
        json!({ "account_id": account["id"], "login": login, "name": login, "email": format!("{login}@x.example") });
    let made = above.post("/users", body).json(201);
    let reset = json!({ "token": made["link"]["token"], "password": PASSWORD });
    send(running, "POST", "/password/reset", "", Some(reset));
    log_in(running, login, PASSWORD)
}

pub fn enter<'a>(browser: &Browser<'a>, account: &Value) -> Browser<'a> {
    Browser::of(browser.box_, &browser.post("/switch", json!({ "account": account["id"] })))
}

pub fn path(account: &Value) -> String {
    format!("/accounts/{}", account["id"])
}

#[test]
fn ava_013_ava_127_ava_130_ava_131_ava_134_ava_146_accounts_are_made_changed_shut_and_opened_by_those_above() {
    let running = running();
    let alice = set_up(&running);
    // AVA-130, AVA-131: a reseller has a link id and may need a second factor from the start.
    let reseller = json!({ "kind": "reseller", "name": "North", "contact": "Rita R", "phone": "+49 30 1",
        "email": "rita@north.example", "address": "Quay 1", "link_id": "BP-7", "two_factor": true });
    let north = alice.post("/accounts", reseller).json(201);
    for (field, value) in [("contact", "Rita R"), ("phone", "+49 30 1"), ("address", "Quay 1"), ("link_id", "BP-7")] {
        assert_eq!(north[field], value, "{field}");
    }
    assert_eq!(north["two_factor"], true);
    // AVA-134: a customer has a number, which is a number.
    let customer = json!({ "kind": "customer", "name": "Shop", "reference": "0042", "address": "Street 2" });
    let shop = alice.post("/accounts", customer).json(201);
    assert_eq!(shop["reference"], "0042");
    alice.post("/accounts", json!({ "kind": "customer", "name": "x", "reference": "A1" })).refused(422);
    // AVA-145, AVA-146: open, and with nothing of anybody's.
    assert_eq!((&shop["enabled"], &shop["devices"], &shop["users"]), (&json!(true), &json!(0), &json!(0)));
    let carl = chief(&running, &alice, &shop, "carl");
    assert_eq!(carl.get("/profiles").json(200), json!([]));
    assert_eq!(carl.get("/devices").json(200)["items"], json!([]));
    // AVA-013, AVA-127: both kinds are changed, shut and opened again.
    for account in [&north, &shop] {
        assert_eq!(alice.patch(&path(account), json!({ "remark": "met" })).json(200)["remark"], "met");
        for (word, is) in [("disable", false), ("enable", true)] {
            let answer = alice.post(&format!("{}/{word}", path(account)), json!({})).json(200);
            assert_eq!(answer["enabled"], is, "{word}");
        }
    }
}

/// ALE-008: by the one above, with the fields of the sign-up.
#[test]
fn ava_035_ale_008_ale_013_ymc_006_an_account_is_made_with_its_first_administrator() {
    let running = running();
    let alice = set_up(&running);
    let north = account(&alice, "reseller", "North");
    let rita = chief(&running, &alice, &north, "rita");
    let shop = |name: &str, login: &str| {
        json!({ "kind": "customer", "name": name, "contact": "Carl C", "country": "DE", "email": "office@shop.example",
            "phone": "1", "remark": "new", "administrator": { "name": "Carl C", "email": "carl@shop.example", "login": login,
            "locale": "de" } })
    };
    let made = rita.post("/accounts", shop("Shop", "carl")).json(201);
    assert_eq!((&made["users"], &made["country"], &made["remark"]), (&json!(1), &json!("DE"), &json!("new")));
    for (field, value) in [("name", "Shop"), ("contact", "Carl C"), ("email", "office@shop.example"), ("phone", "1")] {
        assert_eq!(made[field], value, "{field}");
    }
    // Its address is no login: only the user is one, and chooses a password first.
    assert!(
        send(&running, "POST", "/session", "", Some(json!({ "login": "office@shop.example", "password": PASSWORD })))
            .status
            == 401
    );
    let reset = json!({ "token": made["link"]["token"], "password": PASSWORD });
    assert_eq!(send(&running, "POST", "/password/reset", "", Some(reset)).status, 204);
    let carl = log_in(&running, "carl", PASSWORD);
    assert_eq!((&carl.told["account"]["name"], &carl.told["user"]["locale"]), (&json!("Shop"), &json!("de")));
    // ALE-013: the login name is nobody else's; then nothing is made at all.
    let (code, message) = rita.post("/accounts", shop("Second", "CARL")).refused(409);
    assert!(code == "exists" && message.contains("CARL"), "{message}");
    // Nor somebody's address, by which that one logs in too.
    rita.post("/accounts", shop("Second", "alice@example.com")).refused(422);
    let names = rita.get("/accounts?search=Second").json(200);
    assert_eq!(names["items"], json!([]));
}

#[test]
fn ava_168_ava_279_services_are_asked_for_granted_and_declined_with_a_reason() {
    let running = running();
    let alice = set_up(&running);
    let north = account(&alice, "reseller", "North");
    let rita = chief(&running, &alice, &north, "rita");
    let own = path(&north);
    let is = |field: &str| alice.get(&own).json(200)[field].clone();
    assert_eq!((is("api_access"), is("switching"), is("firmware_policy")), (json!("off"), json!("on"), json!(false)));
    for body in [json!({ "api_access": "on" }), json!({ "firmware_policy": true })] {
        rita.patch(&own, body).refused(403);
    }
    rita.patch(&own, json!({ "api_access": "requested" })).json(200);
    let alarms = |browser: &Browser| {
        let list = browser.get("/alarms").json(200);
        list["items"].as_array().unwrap().iter().filter(|row| row["kind"] == "api-access").count()
    };
    assert_eq!((alarms(&alice), alarms(&rita)), (1, 0));
    // AVA-281: no without a reason.
    assert!(alice.patch(&own, json!({ "api_access": "off" })).refused(422).1.contains("reason"));
    assert_eq!(is("api_access"), "requested");
    alice.patch(&own, json!({ "api_access": "off", "reason": "Not yet" })).json(200);
    assert_eq!((is("api_access"), alarms(&alice)), (json!("off"), 0));
    // What was asked for is taken back without one.
    rita.patch(&own, json!({ "api_access": "requested" })).json(200);
    rita.patch(&own, json!({ "api_access": "off" })).json(200);
    alice.patch(&own, json!({ "api_access": "on", "firmware_policy": true })).json(200);
    assert_eq!((is("api_access"), is("firmware_policy")), (json!("on"), json!(true)));
    // A provider that came by itself works inside nobody until that is granted (AVA-279, AVA-282).
    let east = running.post("/accounts", json!({ "kind": "provider", "name": "East" }));
    assert_eq!(east.status, 403, "a program is not the operator");
    alice.put("/sign-up", json!({ "open": true })).json(200);
    let ask =
        json!({ "kind": "provider", "company": "East", "contact": "Eve", "email": "eve@east.example", "terms": true });
    assert_eq!(send(&running, "POST", "/sign-up", "", Some(ask)).status, 202);
    let id = alice.get("/sign-ups").json(200)["items"][0]["id"].clone();
    let made = alice.post(&format!("/sign-ups/{id}/approve"), json!({})).json(200);
    let reset = json!({ "token": made["link"]["token"], "password": PASSWORD });
    send(&running, "POST", "/password/reset", "", Some(reset));
    let eve = log_in(&running, "eve@east.example", PASSWORD);
    let below = account(&eve, "reseller", "Below East");
    eve.post("/switch", json!({ "account": below["id"] })).refused(404);
    let east = format!("/accounts/{}", made["account_id"]);
    eve.patch(&east, json!({ "switching": "on" })).refused(403);
    eve.patch(&east, json!({ "switching": "requested" })).json(200);
    eve.post("/switch", json!({ "account": below["id"] })).refused(404);
    alice.patch(&east, json!({ "switching": "on" })).json(200);
    let inside = enter(&eve, &below);
    inside.post("/sites", json!({ "name": "Berlin" })).json(201);
    // Taken away, whoever is inside is out at once.
    alice.patch(&east, json!({ "switching": "off" })).json(200);
    inside.get("/sites").refused(401);
}

/// AVA-165, AVA-167: what was required from above ends there; what an account wants of itself, it ends itself.
#[test]
fn ava_165_ava_167_a_second_factor_that_the_account_above_requires_is_not_lifted_below() {
    let running = running();
    let alice = set_up(&running);
    let north = account(&alice, "reseller", "North");
    let own = path(&north);
    let rita = chief(&running, &alice, &north, "rita");
    let set = |by: &Browser, on: bool| by.patch(&own, json!({ "two_factor": on }));
    let mut rita = rita;
    super::totp::set_totp(&mut rita);
    for (by, on, status) in [
        (&rita, true, 200),
        (&alice, true, 200), // It was on: nothing is said by that.
        (&rita, false, 200),
        (&alice, true, 200),
        (&rita, true, 200),
        (&rita, false, 403),
        (&alice, false, 200),
        (&rita, true, 200),
        (&rita, false, 200),
    ] {
        let answer = set(by, on);
        assert_eq!(answer.status, status, "{}", answer.text());
        assert!(status == 200 || answer.text().contains("the account above yours decides this"), "{}", answer.text());
    }
    // From the beginning, too; the box's own account has none above.
    let south = alice.post("/accounts", json!({ "kind": "reseller", "name": "South", "two_factor": true })).json(201);
    let mut sam = chief(&running, &alice, &south, "sam");
    super::totp::set_totp(&mut sam);
    sam.patch(&path(&south), json!({ "two_factor": false })).refused(403);
    alice.patch("/accounts/1", json!({ "two_factor": true })).json(200);
    let mut alice = alice;
    super::totp::set_totp(&mut alice);
    alice.patch("/accounts/1", json!({ "two_factor": false })).json(200);
    assert_eq!(alice.delete(&path(&south)).status, 204);
}

/// Novo A/S is a company: nothing builds an address from its name.
#[test]
fn companies_and_people_are_called_as_they_are_written() {
    let running = running();
    let alice = set_up(&running);
    let name = r"Novo A/S \ Süd";
    let body = json!({ "kind": "customer", "name": name, "contact": "Purchase/Stock", "administrator":
        { "name": "A/B", "email": "a@x.example" } });
    let made = alice.post("/accounts", body).json(201);
    assert_eq!(alice.get(&path(&made)).json(200)["name"], name);
    alice.put("/sign-up", json!({ "open": true })).json(200);
    let ask =
        json!({ "kind": "customer", "company": "Mads A/S", "contact": "M/N", "email": "m@x.example", "terms": true });
    assert_eq!(send(&running, "POST", "/sign-up", "", Some(ask)).status, 202);
    let id = alice.get("/sign-ups").json(200)["items"][0]["id"].clone();
    let approved = alice.post(&format!("/sign-ups/{id}/approve"), json!({})).json(200);
    // A form sends the name back as it is.
    alice.patch(&format!("/users/{}", approved["user_id"]), json!({ "name": "M/N", "phone": "1" })).json(200);
    for name in ["", " ", "a\nb", &"x".repeat(65)] {
        alice.post("/accounts", json!({ "kind": "customer", "name": name })).refused(422);
    }
    // What stands in addresses has no slash.
    alice.post("/sites", json!({ "name": "A/S" })).refused(422);
}

/// A guest, let in by consent, is no superior: what only the one above decides is not the guest's to say.
#[test]
fn threat_050_a_guest_grants_its_host_nothing() {
    let running = running();
    let alice = set_up(&running);
    let (north, south) = (account(&alice, "reseller", "North"), account(&alice, "reseller", "South"));
    let (rita, sam) = (chief(&running, &alice, &north, "rita"), chief(&running, &alice, &south, "sam"));
    let offer = rita.post("/channels", json!({ "number": south["number"] })).json(201);
    sam.post(&format!("/channels/{}/accept", offer["id"]), json!({})).json(200);
    let guest = enter(&sam, &north);
    for body in [json!({ "api_access": "on" }), json!({ "firmware_policy": true }), json!({ "reference": "1" })] {
        assert!(guest.patch(&path(&north), body).refused(403).1.contains("above yours"));
    }
    // Who is above may, also from inside.
    let above = enter(&alice, &north);
    assert_eq!(above.patch(&path(&north), json!({ "api_access": "on" })).json(200)["api_access"], "on");
    // Ids of others in the body of an account are refused or not there.
    for field in ["id", "account_id", "parent_id", "path", "number", "created_by", "enabled", "kind"] {
        rita.patch(&path(&north), json!({ field: south["id"] })).refused(400);
    }
    for field in ["id", "path", "number", "api_access", "switching", "enabled"] {
        rita.post("/accounts", json!({ "kind": "customer", "name": "x", field: 1 })).refused(400);
    }
    let administrator = json!({ "name": "x", "email": "x@x.example", "account_id": south["id"], "role_id": 1 });
    rita.post("/accounts", json!({ "kind": "customer", "name": "x", "administrator": administrator })).refused(400);
}

#[test]
fn ava_012_ava_014_ava_017_ava_019_ava_135_ava_136_ava_137_ava_143_ava_144_sites_of_a_customer() {
    let running = running();
    let alice = set_up(&running);
    let north = account(&alice, "reseller", "North");
    let rita = chief(&running, &alice, &north, "rita");
    let shop = account(&rita, "customer", "Shop");
    let carl = chief(&running, &rita, &shop, "carl");
    let sites = format!("{}/sites", path(&shop));
    // AVA-136: a profile is made in the same step. AVA-012, AVA-014, AVA-017: by provider and reseller from above.
    let berlin = rita.post(&sites, json!({ "name": "Berlin", "new_profile": "Desks", "pid": "0042" })).json(201);
    assert_eq!((&berlin["profile"], &berlin["pid"]), (&json!("Desks"), &json!("0042")));
    alice.post(&sites, json!({ "name": "Munich", "profile": "Desks" })).json(201);
    // AVA-019: by the customer itself, in the same place.
    carl.post(&sites, json!({ "name": "Hamburg", "new_profile": "Halls" })).json(201);
    assert_eq!(carl.get(&format!("{}/profiles", path(&shop))).json(200), json!(["Desks", "Halls"]));
    assert_eq!(carl.get("/sites/Berlin").json(200)["pid"], "0042");
    rita.post(&sites, json!({ "name": "x", "profile": "Desks", "new_profile": "More" })).refused(422);
    rita.post(&sites, json!({ "name": "x", "new_profile": "Desks" })).refused(409);
    rita.post(&sites, json!({ "name": "x", "profile": "of North" })).refused(404);
    // AVA-137: 0000 to 9999.
    for pid in ["0000", "9999"] {
        let changed = rita.put(&format!("{sites}/Munich"), json!({ "pid": pid })).json(200);
        assert_eq!(changed["pid"], pid);
    }
    for pid in ["1", "10000", "12a4", "\u{0661}234", "-123"] {
        assert!(
            rita.put(&format!("{sites}/Munich"), json!({ "pid": pid })).refused(422).1.contains("four digits"),
            "{pid}"
        );
    }
    assert_eq!(rita.put(&format!("{sites}/Munich"), json!({ "pid": null })).json(200)["pid"], Value::Null);
    // AVA-143: several at once, all or none.
    let bulk = format!("{}/site-profiles", path(&shop));
    rita.post(&bulk, json!({ "sites": ["Berlin", "Nowhere"], "profile": "Halls" })).refused(404);
    assert_eq!(carl.get("/sites/Berlin").json(200)["profile"], "Desks");
    rita.post(&bulk, json!({ "sites": ["Berlin", "Munich"], "profile": "Halls" })).json(200);
    let list = carl.get(&sites).json(200);
    let all: Vec<_> = list["items"].as_array().unwrap().iter().map(|site| site["profile"].as_str().unwrap()).collect();
    assert_eq!(all, ["Halls", "Halls", "Halls"]);
    assert_eq!(rita.delete(&format!("{sites}/Munich")).status, 204);
    // The customer's log tells who did it, and from where.
    let log = carl.get("/audit").json(200);
    let row =
        |action: &str| log["items"].as_array().unwrap().iter().find(|row| row["action"] == action).unwrap().clone();
    assert_eq!(
        (row("site.remove")["actor"].as_str(), row("profile.add")["actor"].as_str()),
        (Some("rita"), Some("carl"))
    );
    // AVA-144: customers only; and nobody beside.
    let own = format!("{}/sites", path(&north));
    assert!(alice.post(&own, json!({ "name": "x" })).refused(403).1.contains("reseller"));
    assert!(rita.post(&own, json!({ "name": "x" })).refused(403).1.contains("working in it"));
    let south = account(&alice, "reseller", "South");
    let sam = chief(&running, &alice, &south, "sam");
    sam.get(&sites).refused(404);
    sam.post(&sites, json!({ "name": "x" })).refused(404);
    sam.post(&bulk, json!({ "sites": ["Berlin"], "profile": "Halls" })).refused(404);
    sam.get(&format!("{}/profiles", path(&shop))).refused(404);
}

#[test]
fn ava_014_ava_017_ava_020_ava_215_devices_are_claimed_activated_released_handed_down_and_taken_back() {
    let running = running();
    let alice = set_up(&running);
    let (north, south) = (account(&alice, "reseller", "North"), account(&alice, "reseller", "South"));
    let (rita, sam) = (chief(&running, &alice, &north, "rita"), chief(&running, &alice, &south, "sam"));
    let shop = account(&rita, "customer", "Shop");
    let carl = chief(&running, &rita, &shop, "carl");
    // Each kind of account claims, activates, deactivates and releases.
    for (browser, mac) in [(&alice, "805ec0aabb01"), (&rita, "805ec0aabb02"), (&carl, "805ec0aabb03")] {
        let device = format!("/devices/{mac}");
        browser.post("/devices", json!({ "mac": mac })).json(201);
        assert_eq!(browser.post(&format!("{device}/activate"), json!({})).json(200)["state"], "active");
        assert_eq!(browser.post(&format!("{device}/deactivate"), json!({})).json(200)["state"], "blocked");
        assert_eq!(browser.delete(&device).status, 204);
        browser.post("/devices", json!({ "mac": mac, "serial": "77" })).json(201);
    }
    let devices = |account: &Value| format!("{}/devices", path(account));
    let macs = |mac: &str| json!({ "macs": [mac] });
    alice.post(&devices(&north), macs("805ec0aabb01")).json(200);
    rita.post(&devices(&shop), macs("805ec0aabb02")).json(200);
    let list = alice.get(&devices(&north)).json(200);
    assert_eq!((&list["items"][0]["mac"], &list["items"][0]["serial"]), (&json!("805ec0aabb01"), &json!("77")));
    // AVA-242: what was claimed goes to the reseller. Only what was handed down by whoever asks.
    assert_eq!(alice.get(&devices(&shop)).json(200)["items"], json!([]));
    assert_eq!(rita.get(&devices(&shop)).json(200)["items"].as_array().unwrap().len(), 1);
    // AVA-215: a reseller of another provider, once the two are linked.
    alice.put("/sign-up", json!({ "open": true })).json(200);
    let ask = json!({ "kind": "reseller", "company": "West", "contact": "Wim", "email": "wim@west.example", "terms": true,
        "link_id": "BP-W" });
    assert_eq!(send(&running, "POST", "/sign-up", "", Some(ask)).status, 202);
    let id = alice.get("/sign-ups").json(200)["items"][0]["id"].clone();
    // Approved and moved away from below: what counts is the link.
    let made = alice.post(&format!("/sign-ups/{id}/approve"), json!({})).json(200);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let west = made["account_id"].as_i64().unwrap();
    let apart = format!("UPDATE account SET parent_id = NULL, path = '/{west}/' WHERE id = {west}");
    runtime.block_on(running.db.write(move |tx| Ok::<_, phonebox::db::Error>(tx.execute(&apart, [])?))).unwrap();
    let reset = json!({ "token": made["link"]["token"], "password": PASSWORD });
    send(&running, "POST", "/password/reset", "", Some(reset));
    let wim = log_in(&running, "wim@west.example", PASSWORD);
    let west = json!({ "id": west });
    alice.post("/devices", json!({ "mac": "805ec0aabb09" })).json(201);
    alice.post(&devices(&west), macs("805ec0aabb09")).refused(404);
    let link = alice.post("/links", json!({ "link_id": "BP-W" })).json(201);
    alice.post(&devices(&west), macs("805ec0aabb09")).refused(404);
    wim.post(&format!("/links/{}/approve", link["id"]), json!({})).json(200);
    alice.post(&devices(&west), macs("805ec0aabb09")).json(200);
    assert_eq!(wim.get("/devices/805ec0aabb09").json(200)["mac"], "805ec0aabb09");
    alice.get("/devices/805ec0aabb09").refused(404);
    // The link opens nothing else, and goes one way.
    alice.get(&path(&west)).refused(404);
    wim.post(&format!("{}/devices", "/accounts/1"), macs("805ec0aabb09")).refused(404);
    let back = format!("{}/take-back", devices(&west));
    // AVA-244: taken back it is again whose it was.
    assert_eq!(alice.post(&back, macs("805ec0aabb09")).json(200)["devices"], 1);
    alice.get("/devices/805ec0aabb09").json(200);
    // ALE-036, YMC-185: whoever asks beside is told that it is taken, and whom to turn to, and not by whom.
    let answer = sam.post("/devices", macs_one("805ec0aabb03"));
    let (_, message) = answer.refused(409);
    assert!(answer.text().contains("Ask whoever runs this box."), "{}", answer.text());
    assert!(message.starts_with("Device has been bound by other enterprise"), "{message}");
    assert!(!message.contains("Shop") && !message.contains("North"), "{message}");
}

fn macs_one(mac: &str) -> Value {
    json!({ "mac": mac })
}

#[test]
fn ava_151_ava_157_what_goes_with_an_account_is_told_before() {
    let running = running();
    let alice = set_up(&running);
    let north = account(&alice, "reseller", "North");
    let rita = chief(&running, &alice, &north, "rita");
    let shop = account(&rita, "customer", "Shop");
    let carl = chief(&running, &rita, &shop, "carl");
    alice.post("/devices", json!({ "mac": "805ec0aabb01" })).json(201);
    alice.post(&format!("{}/devices", path(&north)), json!({ "macs": ["805ec0aabb01"] })).json(200);
    carl.post("/devices", json!({ "mac": "805ec0aabb02" })).json(201);
    let gone = alice.get(&format!("{}/removal", path(&north))).json(200);
    let told = json!({ "accounts": 2, "below": ["Shop"], "users": 2, "devices": 1, "returned": 1 });
    assert_eq!(gone, told);
    carl.get(&format!("{}/removal", path(&north))).refused(404);
    alice.delete(&format!("{}?with_below=true", path(&north))).json(204);
    alice.get("/devices/805ec0aabb01").json(200);
    // AVA-151: a customer has nobody below, a reseller has customers only, and each says so.
    let names: Vec<_> = alice.get("/accounts?parent_id=1").json(200)["items"].as_array().unwrap().clone();
    assert_eq!(names.len(), 0);
    account(&alice, "customer", "New");
    assert_eq!(alice.get("/accounts?parent_id=1").json(200)["items"][0]["name"], "New");
}
