//! Data permission: a user who sees some sites or profiles of the account only.

use crate::support::admin::{Running, running};
use crate::support::people::{Browser, PASSWORD, log_in, send, set_up};
use serde_json::{Value, json};

fn join<'a>(running: &'a Running, alice: &Browser, body: Value) -> Browser<'a> {
    let made = alice.post("/users", body).json(201);
    let reset = json!({ "token": made["link"]["token"], "password": PASSWORD });
    send(running, "POST", "/password/reset", "", Some(reset));
    log_in(running, made["login"].as_str().unwrap(), PASSWORD)
}

fn names(answer: &Value, field: &str) -> Vec<String> {
    let items = answer["items"].as_array().or_else(|| answer.as_array()).unwrap();
    items.iter().map(|one| one[field].as_str().unwrap().to_owned()).collect()
}

#[test]
fn ymc_032_a_role_of_some_sites_sees_these_sites_and_their_phones_only() {
    let running = running();
    let alice = set_up(&running);
    for (site, mac) in [("Berlin", "805ec0aabb01"), ("Munich", "805ec0aabb02")] {
        alice.post("/sites", json!({ "name": site })).json(201);
        alice.post("/devices", json!({ "mac": mac, "site": site })).json(201);
    }
    let role = json!({ "name": "Berlin", "permissions": ["device.add", "device.write", "device.delete", "site.write", "setting.write",
        "audit.read", "check-in.read", "user.write", "certificate.write", "network.read"], "sites": ["Berlin"] });
    let role = alice.post("/roles", role).json(201)["id"].clone();
    let bob =
        join(&running, &alice, json!({ "login": "bob", "name": "Bob", "email": "bob@example.com", "role_id": role }));
    assert_eq!(names(&bob.get("/sites").json(200), "name"), ["Berlin"]);
    assert_eq!(names(&bob.get("/devices").json(200), "mac"), ["805ec0aabb01"]);
    bob.patch("/devices/805ec0aabb01", json!({ "name": "Desk" })).json(200);
    for refused in [
        bob.get("/devices/805ec0aabb02"),
        bob.get("/devices/805ec0aabb02/explain"),
        bob.patch("/devices/805ec0aabb02", json!({ "name": "x" })),
        bob.delete("/devices/805ec0aabb02"),
        bob.get("/sites/Munich"),
        bob.patch("/devices/805ec0aabb01", json!({ "site": "Munich" })),
        bob.post("/devices", json!({ "mac": "805ec0aabb03", "site": "Munich" })),
        bob.get("/settings?layer=site&scope=Munich"),
        bob.patch("/settings?layer=global", json!({ "set": { "sip.server": "x.example" } })),
        bob.patch("/settings?layer=device&scope=805ec0aabb02", json!({ "set": { "sip.server": "x.example" } })),
    ] {
        refused.refused(404);
    }
    // ALE-034 to ALE-036: what this company added is not somebody else's because another site has it. More of it is not told.
    for (mac, standing) in [("805ec0aabb01", "bound"), ("805ec0aabb02", "bound"), ("805ec0aabb99", "missing")] {
        let told = bob.get(&format!("/devices/check?mac={mac}")).json(200);
        assert_eq!(told, json!({ "mac": mac, "standing": standing }));
    }
    // A site that is not there and one that is not theirs are the same.
    for path in ["/devices/805ec0aabb01", "/devices"] {
        let method = if path == "/devices" { "POST" } else { "PATCH" };
        let said = |site: &str| {
            let mut body = json!({ "site": site });
            if method == "POST" {
                body["mac"] = "805ec0aabb03".into();
            }
            bob.ask(method, path, Some(body)).refused(404).1.replace(site, "SITE")
        };
        assert_eq!(said("Munich"), "There is no site \"SITE\" within your data permission.");
        assert_eq!(said("Munich"), said("Nowhere"));
    }
    // The account's first site is not theirs.
    let (code, message) = bob.post("/devices", json!({ "mac": "805ec0aabb04" })).refused(403);
    assert!(code == "forbidden" && message.contains("site") && message.contains("data permission"), "{message}");
    alice.get("/devices/805ec0aabb04").refused(404);
    bob.post("/devices", json!({ "mac": "805ec0aabb05", "site": "Berlin" })).json(201);
    bob.get("/settings?layer=site&scope=Berlin").json(200);
    // What is about the whole account has no part in it.
    for path in [
        "/audit",
        "/check-ins",
        "/users",
        "/devices/export",
        "/sip-accounts",
        "/alarms",
        "/layers",
        "/certificates",
        "/pending",
        "/networks",
    ] {
        assert_eq!(bob.get(path).refused(403).0, "forbidden", "{path}");
    }
}

#[test]
fn ale_078_ale_079_ale_080_a_profile_is_one_users_and_brings_its_phones() {
    let running = running();
    let alice = set_up(&running);
    for name in ["Desks", "Doors"] {
        alice.post("/profiles", json!({ "name": name })).json(201);
    }
    alice.post("/sites", json!({ "name": "Berlin", "profile": "Desks" })).json(201);
    alice.post("/devices", json!({ "mac": "805ec0aabb01", "site": "Berlin" })).json(201);
    alice.post("/devices", json!({ "mac": "805ec0aabb02", "site": "Berlin", "profile": "Doors" })).json(201);
    let may = ["device.write", "profile.add", "profile.write", "profile.delete", "site.write"];
    let role = json!({ "name": "Part", "permissions": may });
    let role = alice.post("/roles", role).json(201)["id"].clone();
    let person = |login: &str, profiles: Value| json!({ "login": login, "name": login, "email": format!("{login}@x.example"), "role_id": role, "profiles": profiles });
    let bob = join(&running, &alice, person("bob", json!(["Doors"])));
    assert_eq!(names(&bob.get("/profiles").json(200), "name"), ["Doors"]);
    assert_eq!(names(&bob.get("/devices").json(200), "mac"), ["805ec0aabb02"]);
    bob.get("/profiles/Desks").refused(404);
    // Nor does a site of theirs take another profile because none was named.
    assert_eq!(bob.post("/sites", json!({ "name": "Yard" })).json(201)["profile"], "Doors");
    bob.patch("/profiles/Desks", json!({ "name": "x" })).refused(404);
    bob.get("/devices/805ec0aabb01").refused(404);
    // A site with another profile would take a device out of sight, and so would no profile of its own: it says so.
    alice.post("/sites", json!({ "name": "Hall", "profile": "Doors" })).json(201);
    alice.post("/devices", json!({ "mac": "805ec0aabb03", "site": "Hall" })).json(201);
    for (mac, change, word) in [
        ("805ec0aabb03", json!({ "site": "Berlin" }), "site: \"Berlin\""),
        ("805ec0aabb02", json!({ "profile": null }), "profile: none"),
    ] {
        let (code, message) = bob.patch(&format!("/devices/{mac}"), change).refused(403);
        assert!(message.contains(word) && message.contains(mac), "{message}");
        assert!(code == "forbidden" && message.contains("outside your data permission"), "{message}");
    }
    bob.patch("/devices/805ec0aabb03", json!({ "site": "Berlin", "profile": "Doors" })).json(200);
    alice.delete("/devices/805ec0aabb03");
    // ALE-079.
    assert!(alice.post("/users", person("carol", json!(["Doors"]))).refused(409).1.contains("another user"));
    let carol = join(&running, &alice, person("carol", json!([])));
    assert_eq!(carol.get("/devices").json(200)["items"], json!([]));
    // ALE-080: what one makes is one's own.
    bob.post("/profiles", json!({ "name": "Mine" })).json(201);
    assert_eq!(names(&bob.get("/profiles").json(200), "name"), ["Doors", "Mine"]);
    carol.get("/profiles/Mine").refused(404);
    let carol_id = carol.told["user"]["id"].clone();
    alice.patch(&format!("/users/{carol_id}"), json!({ "profiles": ["Mine"] })).refused(409);
}

#[test]
fn a_role_whose_last_site_is_gone_sees_none_and_not_all() {
    let running = running();
    let alice = set_up(&running);
    alice.post("/sites", json!({ "name": "Berlin" })).json(201);
    alice.post("/devices", json!({ "mac": "805ec0aabb01", "site": "default" })).json(201);
    let role = json!({ "name": "Berlin", "permissions": ["device.read", "site.read"], "sites": ["Berlin"] });
    let role = alice.post("/roles", role).json(201)["id"].clone();
    let bob =
        join(&running, &alice, json!({ "login": "bob", "name": "Bob", "email": "bob@example.com", "role_id": role }));
    assert_eq!(alice.delete("/sites/Berlin").status, 204);
    assert_eq!(bob.get("/sites").json(200)["items"], json!([]));
    assert_eq!(bob.get("/devices").json(200)["items"], json!([]));
    assert_eq!(alice.get(&format!("/roles/{role}")).json(200)["sites"], json!([]));
}

/// Alice's account with a phone each at two sites, the second with a password and a group, and a user with this role or
/// these profiles.
fn two_sites(alice: &Browser) {
    for (site, profile) in [("Berlin", "Desks"), ("Munich", "Doors")] {
        alice.post("/sites", json!({ "name": site, "new_profile": profile })).json(201);
    }
    for (site, mac, user) in [("Berlin", "805ec0aabb01", "201"), ("Munich", "805ec0aabb02", "202")] {
        let line = json!({ "number": 1, "user": user, "password": "sekret" });
        alice.post("/devices", json!({ "mac": mac, "site": site, "lines": [line], "activate": true })).json(201);
    }
    alice.post("/groups", json!({ "name": "Halls" })).json(201);
}

const MAY: [&str; 4] = ["device.write", "site.write", "profile.write", "setting.write"];

/// T49: an id that is counted up opens nothing.
#[test]
fn ymc_032_threat_049_lines_and_groups_of_other_sites_are_out_of_reach() {
    let running = running();
    let alice = set_up(&running);
    two_sites(&alice);
    let role = json!({ "name": "Berlin", "permissions": MAY, "sites": ["Berlin"] });
    let role = alice.post("/roles", role).json(201)["id"].clone();
    let bob =
        join(&running, &alice, json!({ "login": "bob", "name": "Bob", "email": "b@example.com", "role_id": role }));
    let (line, own) = ("/devices/805ec0aabb01/lines/2", "/devices/805ec0aabb01");
    let id =
        |mac: &str| alice.get(&format!("/devices/{mac}")).json(200)["lines"][0]["sip_account"]["id"].as_i64().unwrap();
    let (mine, other) = (id("805ec0aabb01"), id("805ec0aabb02"));
    let said = |id: i64| bob.patch(line, json!({ "sip_account": id })).refused(404).1.replace(&id.to_string(), "ID");
    assert_eq!(said(other), said(99));
    bob.patch(line, json!({ "sip_account": mine })).json(200);
    bob.patch(line, json!({ "password": "another" })).json(200);
    // One that a phone out of sight registers, too, stays as it is; taking it off the line does not.
    alice.patch(line, json!({ "sip_account": other })).json(200);
    let (code, message) = bob.patch(line, json!({ "password": "owned" })).refused(403);
    assert!(code == "forbidden" && message.contains("outside your data permission"), "{message}");
    assert_eq!(bob.delete(line).status, 200);
    let group = |name: &str| bob.patch(own, json!({ "group": name })).refused(404).1.replace(name, "NAME");
    assert_eq!(group("Halls"), group("Nowhere"));
    alice.patch(own, json!({ "group": "Halls" })).json(200);
    assert_eq!(bob.patch(own, json!({ "group": "Halls", "name": "x" })).json(200)["group"], "Halls");
    // A profile that phones of the other site have.
    bob.patch("/profiles/Desks", json!({ "name": "Tables" })).json(200);
    for refused in [
        bob.patch("/profiles/Doors", json!({ "name": "Gates" })),
        bob.post("/profiles/Doors/targets", json!({ "url": "https://x.example/" })),
        bob.patch("/settings?layer=profile&scope=Doors", json!({ "set": { "sip.server": "x.example" } })),
        bob.put("/raw-texts/yealink?layer=profile&scope=Doors", json!({ "text": "a = 1" })),
    ] {
        assert!(refused.refused(403).1.contains("outside your data permission"));
    }
}

#[test]
fn ale_078_a_site_that_has_phones_of_others_is_not_changed_for_them() {
    let running = running();
    let alice = set_up(&running);
    two_sites(&alice);
    alice
        .post("/devices", json!({ "mac": "805ec0aabb03", "site": "Munich", "profile": "Desks", "activate": true }))
        .json(201);
    let role = alice.post("/roles", json!({ "name": "Part", "permissions": MAY })).json(201)["id"].clone();
    let person =
        json!({ "login": "bob", "name": "Bob", "email": "b@example.com", "role_id": role, "profiles": ["Desks"] });
    let bob = join(&running, &alice, person);
    let window = |mac: &str| alice.get(&format!("/devices/{mac}")).json(200)["window_until"].clone();
    let before = window("805ec0aabb02");
    assert_eq!(bob.get("/sites/Munich").json(200)["devices"], 1);
    assert_eq!(bob.post("/sites/Munich/let-in", json!({})).json(200)["devices"], 1, "the one that bob sees");
    assert_eq!(window("805ec0aabb02"), before);
    for refused in [
        bob.patch("/sites/Munich", json!({ "profile": "Desks" })),
        bob.patch("/sites/Munich", json!({ "pid": "1234" })),
        bob.patch("/settings?layer=site&scope=Munich", json!({ "set": { "sip.server": "x.example" } })),
        bob.put("/raw-texts/yealink?layer=site&scope=Munich", json!({ "text": "a = 1" })),
    ] {
        assert!(refused.refused(403).1.contains("outside your data permission"));
    }
    bob.get("/devices/805ec0aabb02").refused(404);
    bob.patch("/settings?layer=site&scope=Berlin", json!({ "set": { "sip.server": "x.example" } })).json(200);
    bob.patch("/sites/Berlin", json!({ "pid": "1234" })).json(200);
}
