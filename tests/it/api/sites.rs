//! Sites, groups and networks.

use crate::support::admin::running;
use phonebox::devices::store;
use serde_json::{Value, json};

#[test]
fn a_site_in_use_stays_and_an_empty_one_goes_with_its_settings() {
    let phonebox = running();
    phonebox.post("/sites", json!({"name": "Berlin Mitte"})).json(201);
    phonebox
        .patch("/settings?layer=site&scope=Berlin%20Mitte", json!({"set": {"time.zone": "europe/berlin"}}))
        .json(200);
    phonebox.post("/devices", json!({"mac": "805ec0aabb01", "site": "Berlin Mitte"})).json(201);
    let (code, message) = phonebox.delete("/sites/Berlin%20Mitte").refused(409);
    assert!(code == "in-use" && message.contains("1 devices"), "{message}");
    phonebox.patch("/devices/805ec0aabb01", json!({"site": "default"})).json(200);
    let site = phonebox.patch("/sites/Berlin%20Mitte", json!({"name": "Hamburg", "profile": null})).json(200);
    assert_eq!((&site["name"], &site["profile"]), (&json!("Hamburg"), &Value::Null));
    phonebox.delete("/sites/Hamburg").json(204);
    phonebox.post("/sites", json!({"name": "Hamburg"})).json(201);
    assert_eq!(
        phonebox.get("/settings?layer=site&scope=Hamburg").json(200),
        json!([]),
        "a new site inherits nothing of an old one"
    );
}

#[test]
fn letting_a_site_in_gives_its_active_phones_new_windows_and_tokens_and_nobody_else() {
    let phonebox = running();
    phonebox.post("/sites", json!({"name": "Berlin"})).json(201);
    let add = |mac: &str, site: &str, active: bool| {
        phonebox.post("/devices", json!({"mac": mac, "site": site, "activate": active})).json(201)
    };
    add("805ec0aabb01", "Berlin", true);
    add("805ec0aabb02", "Berlin", false);
    add("805ec0aabb03", "default", true);
    let token = |mac: &str| {
        let device =
            phonebox.db.read(|conn| store::by_mac(conn, &phonebox.keys, mac.parse().unwrap())).unwrap().unwrap();
        device.token.reveal().to_owned()
    };
    let before: Vec<String> = ["805ec0aabb01", "805ec0aabb02", "805ec0aabb03"].map(token).into();
    assert_eq!(phonebox.request("POST", "/sites/Berlin/let-in", None).json(200)["devices"], 1);
    let after: Vec<String> = ["805ec0aabb01", "805ec0aabb02", "805ec0aabb03"].map(token).into();
    assert_ne!(before[0], after[0]);
    assert_eq!(before[1..], after[1..]);
}

#[test]
fn networks_are_kept_without_host_bits_and_replaced_by_name() {
    let phonebox = running();
    let network = phonebox.put("/networks/10.1.2.3/8", json!({"unknown": "queue"})).json(200);
    assert_eq!(network, json!({"network": "10.0.0.0/8", "settings": true, "unknown": "queue", "ask": false}));
    phonebox.put("/networks/10.0.0.0/8", json!({"settings": false, "ask": true})).json(200);
    phonebox.put("/networks/fd00::1/8", json!({})).json(200);
    let networks = phonebox.get("/networks").json(200);
    assert_eq!(networks.as_array().unwrap().len(), 2, "{networks}");
    assert_eq!((&networks[0]["ask"], &networks[1]["network"]), (&json!(true), &json!("fd00::/8")));
    phonebox.put("/networks/10.0.0.0/33", json!({})).refused(422);
    phonebox.put("/networks/10.0.0.0/8", json!({"unknown": "everything"})).refused(400);
    phonebox.delete("/networks/10.9.9.9/8").json(204);
}

#[test]
fn changes_of_shared_things_and_of_one_device_are_announced_to_the_caches() {
    let phonebox = running();
    phonebox.post("/devices", json!({"mac": "805ec0aabb01"})).json(201);
    let shared = || phonebox.db.changes().shared();
    let clock = || phonebox.db.changes().clock();
    for (method, path, body) in [
        ("PATCH", "/settings?layer=global", json!({"set": {"sip.port": 5061}})),
        ("PATCH", "/sites/default", json!({"profile": "default"})),
        ("PATCH", "/profiles/default", json!({"options": {"https": true}})),
        ("PUT", "/networks/10.0.0.0/8", json!({})),
        ("PUT", "/raw-texts/yealink?layer=global", json!({"text": "a.b = 1\n"})),
    ] {
        let before = shared();
        let answer = phonebox.request(method, path, Some(body));
        assert_eq!(answer.status, 200, "{path} {}", answer.text());
        assert!(shared() > before, "{path}");
    }
    for (method, path, body) in [
        ("PATCH", "/devices/805ec0aabb01", json!({"name": "x"})),
        ("PATCH", "/devices/805ec0aabb01/lines/1", json!({"user": "201"})),
        ("PATCH", "/settings?layer=device&scope=805ec0aabb01", json!({"set": {"sip.port": 5061}})),
        ("PATCH", "/sip-accounts/1", json!({"display_name": "x"})),
        ("POST", "/devices/805ec0aabb01/bindings", json!({"network": "10.0.0.0/8"})),
    ] {
        let (before, of_all) = (clock(), shared());
        let answer = phonebox.request(method, path, Some(body));
        assert_eq!(answer.status, 200, "{path} {}", answer.text());
        assert!(clock() > before && shared() == of_all, "{path}");
    }
}
