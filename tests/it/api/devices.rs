//! Devices over REST.

use crate::support::admin::{Running, running};
use phonebox::devices::{Device, store};
use serde_json::{Value, json};

const MAC: &str = "805ec0aabb01";

fn stored(phonebox: &Running) -> Device {
    let mac = MAC.parse().unwrap();
    phonebox.db.read(|conn| store::by_mac(conn, &phonebox.keys, mac)).unwrap().unwrap()
}

fn http_password(phonebox: &Running) -> String {
    let found = phonebox.db.read(|conn| store::http_password(conn, &phonebox.keys, &stored(phonebox)));
    found.unwrap().reveal().to_owned()
}

fn run(phonebox: &Running, sql: &'static str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let work = phonebox.db.write(move |tx| Ok::<_, phonebox::db::Error>(tx.execute_batch(sql)?));
    runtime.block_on(work).unwrap();
}

/// ALE-004: a program adds and reads devices by REST, in JSON.
#[test]
fn threat_064_a_device_is_added_with_lines_and_settings_and_shown_without_its_secrets() {
    let phonebox = running();
    let added = phonebox.post(
        "/devices",
        json!({
            "mac": "80:5E:C0:AA:BB:01", "vendor": "yealink", "model": "t54w", "name": "Front desk", "activate": true,
            "url": "https://alice:hunter4@pbx.example/dir",
            "settings": {"sip.server": "PBX.example", "sip.port": 5061, "access.admin_password": "hunter3"},
            "lines": [{"number": 1, "user": "201", "password": "hunter2", "display_name": "Desk 201"}],
        }),
    );
    let device = added.json(201);
    assert_eq!(device["mac"], MAC);
    assert_eq!((&device["vendor"], &device["model"]), (&json!("Yealink"), &json!("T54W")));
    assert_eq!(device["state"], "active");
    assert_eq!(device["site"], "default");
    let shown = phonebox.get("/devices/805e.c0aa.bb01");
    assert_eq!(shown.json(200), device);
    let line = &device["lines"][0];
    assert_eq!((&line["sip_account"]["user"], &line["sip_account"]["password_set"]), (&json!("201"), &json!(true)));
    let settings = device["settings"].as_array().unwrap();
    let of = |name: &str| settings.iter().find(|one| one["name"] == name).unwrap();
    assert_eq!((&of("sip.server")["value"], &of("sip.port")["value"]), (&json!("pbx.example"), &json!("5061")));
    assert_eq!(
        (&of("access.admin_password")["secret"], &of("access.admin_password")["value"]),
        (&json!(true), &Value::Null)
    );
    for path in [
        "/devices",
        "/devices/805ec0aabb01",
        "/audit",
        "/sip-accounts",
        "/devices/export",
        "/devices/export?format=json",
    ] {
        let text = phonebox.get(path).text();
        assert!(text.contains("805ec0aabb01") || text.contains("201"), "{path} {text}");
        assert!(!text.contains("hunter"), "{path} {text}");
    }
    // It is there all the same, sealed.
    let device = stored(&phonebox);
    let lines = phonebox.db.read(|conn| store::lines(conn, &phonebox.keys, device.id)).unwrap();
    assert_eq!(lines[0].account.as_ref().unwrap().password.as_ref().unwrap().reveal(), "hunter2");
    assert_eq!(device.url.unwrap().reveal(), "https://alice:hunter4@pbx.example/dir");
}

#[test]
fn a_mac_is_one_device_in_every_notation() {
    let phonebox = running();
    phonebox.post("/devices", json!({"mac": MAC})).json(201);
    for mac in [MAC, "80:5E:C0:AA:BB:01", "80-5e-c0-aa-bb-01", "805E.C0AA.BB01"] {
        let (code, message) = phonebox.post("/devices", json!({ "mac": mac })).refused(409);
        assert!(code == "exists" && message.contains(MAC), "{message}");
    }
    for (mac, rule) in [
        ("805ec0aabb0", "12 hex digits"),
        ("000000000000", "no phone's address"),
        ("ffffffffffff", "no phone's address"),
        ("x", "12 hex digits"),
        ("", "12 hex digits"),
    ] {
        let (code, message) = phonebox.post("/devices", json!({ "mac": mac })).refused(422);
        assert!(code == "bad-value" && message.contains(rule), "{message}");
    }
    phonebox.delete("/devices/80-5E-C0-AA-BB-01").json(204);
    phonebox.get("/devices/805ec0aabb01").refused(404);
}

#[test]
fn a_refused_device_leaves_nothing_behind_and_names_thing_value_and_rule() {
    let phonebox = running();
    for (body, words) in [
        (json!({"mac": MAC, "settings": {"sip.port": 70000}}), ["sip.port", "70000", "65535"]),
        (json!({"mac": MAC, "settings": {"sip.sever": "x"}}), ["sip.sever", "no such setting", ""]),
        (json!({"mac": MAC, "site": "Nowhere"}), ["site", "Nowhere", ""]),
        (json!({"mac": MAC, "group": "Nobody"}), ["group", "Nobody", ""]),
        (json!({"mac": MAC, "vendor": "Nokia3310"}), ["vendor", "Nokia3310", "knows no such"]),
        (json!({"mac": MAC, "lines": [{"number": 0, "user": "1"}]}), ["line", "0", "1 to 255"]),
        (json!({"mac": MAC, "lines": [{"number": 1, "password": "hunter2"}]}), ["line 1", "user", ""]),
        (
            json!({"mac": MAC, "lines": [{"number": 1, "user": "1", "settings": {"time.zone": "Europe/Berlin"}}]}),
            ["time.zone", "whole phone", ""],
        ),
        (json!({"mac": MAC, "url": "ftp://x/"}), ["ftp://x/", "http", ""]),
        (json!({"mac": MAC, "name": "x".repeat(65)}), ["name", "64", ""]),
    ] {
        let answer = phonebox.post("/devices", body.clone());
        assert!([404, 422].contains(&answer.status), "{body} {}", answer.text());
        let (_, message) = answer.refused(answer.status);
        assert!(words.iter().all(|word| message.contains(word)), "{body}: {message}");
        assert!(!message.contains("hunter2"));
        phonebox.get("/devices/805ec0aabb01").refused(404);
    }
    let done = phonebox.get("/audit?result=success").json(200);
    assert_eq!(done["items"], json!([]), "what did not happen is not in the audit log as if it had");
    let failed = phonebox.get("/audit?result=fail").text();
    assert!(failed.contains("device.add") && !failed.contains("hunter2"), "{failed}");
}

/// ALE-055, YMC-070, YMC-187: name, site, profile, URL and SIP account are changed; the MAC is not.
#[test]
fn a_change_touches_only_what_it_names_and_null_empties() {
    let phonebox = running();
    phonebox.post("/groups", json!({"name": "Sales"})).json(201);
    phonebox.post("/devices", json!({"mac": MAC, "name": "Desk", "serial": "S1", "group": "Sales",
        "settings": {"sip.server": "a.example", "time.ntp": "ntp.example"}, "lines": [{"number": 1, "user": "201"}, {"number": 2, "user": "202"}]})).json(201);
    let device = phonebox
        .patch(
            "/devices/805ec0aabb01",
            json!({"name": null, "settings": {"sip.server": "b.example"},
        "unset": ["time.ntp"], "remove_lines": [2], "lines": [{"number": 1, "display_name": "New"}]}),
        )
        .json(200);
    assert_eq!((&device["name"], &device["serial"], &device["group"]), (&Value::Null, &json!("S1"), &json!("Sales")));
    assert_eq!(device["settings"].as_array().unwrap().len(), 1);
    assert_eq!(device["settings"][0]["value"], "b.example");
    assert_eq!(device["lines"].as_array().unwrap().len(), 1);
    let account = &device["lines"][0]["sip_account"];
    assert_eq!((&account["user"], &account["display_name"]), (&json!("201"), &json!("New")));
    let accounts = phonebox.get("/sip-accounts").json(200);
    assert_eq!(accounts["items"].as_array().unwrap().len(), 1, "an account that no line has goes with its line");
    phonebox.post("/sites", json!({"name": "Berlin"})).json(201);
    let other = phonebox.post("/sip-accounts", json!({"user": "301"})).json(201)["id"].clone();
    let body = json!({"name": "Door", "site": "Berlin", "profile": "default", "url": "https://own.example/",
        "lines": [{"number": 1, "sip_account": other}]});
    let device = phonebox.patch("/devices/805ec0aabb01", body).json(200);
    for (field, value) in
        [("name", "Door"), ("site", "Berlin"), ("profile", "default"), ("url", "https://own.example/"), ("mac", MAC)]
    {
        assert_eq!(device[field], value, "{field}");
    }
    assert_eq!(device["lines"][0]["sip_account"]["user"], "301");
    phonebox.patch("/devices/805ec0aabb01", json!({"mac": "805ec0aabb02"})).refused(400);
}

#[test]
fn a_sip_account_can_serve_several_lines_and_goes_only_when_it_is_free() {
    let phonebox = running();
    let account = phonebox.post("/sip-accounts", json!({"user": "201", "password": "hunter2"})).json(201);
    let id = account["id"].as_i64().unwrap();
    for mac in ["805ec0aabb01", "805ec0aabb02"] {
        phonebox.post("/devices", json!({"mac": mac, "lines": [{"number": 1, "sip_account": id}]})).json(201);
    }
    phonebox.delete(&format!("/sip-accounts/{id}")).refused(409);
    let clock = phonebox.db.changes().clock();
    let account = phonebox.patch(&format!("/sip-accounts/{id}"), json!({"display_name": "Shared"})).json(200);
    assert_eq!((&account["lines"], &account["display_name"]), (&json!(2), &json!("Shared")));
    assert!(phonebox.db.changes().clock() > clock);
    phonebox.patch(&format!("/sip-accounts/{id}"), json!({"settings": {"line.label": "x"}})).refused(422);
    phonebox.post("/sip-accounts", json!({"password": "hunter2"})).refused(422);
    phonebox.patch("/devices/805ec0aabb01/lines/1", json!({"sip_account": id, "user": "7"})).refused(422);
    phonebox.patch("/devices/805ec0aabb01/lines/1", json!({"sip_account": 99})).refused(404);
    for mac in ["805ec0aabb01", "805ec0aabb02"] {
        phonebox.delete(&format!("/devices/{mac}")).json(204);
    }
    phonebox.get(&format!("/sip-accounts/{id}")).refused(404);
}

/// Architecture §3: a device that proved itself is not opened to whoever comes next by pressing "activate" again.
#[test]
fn activating_opens_a_window_once_and_let_in_opens_it_again_with_new_secrets() {
    let phonebox = running();
    phonebox.post("/devices", json!({"mac": MAC})).json(201);
    assert_eq!(stored(&phonebox).window_until, 0);
    phonebox.request("POST", "/devices/805ec0aabb01/activate", None).json(200);
    assert!(stored(&phonebox).window_open(phonebox::clock::now()));
    run(
        &phonebox,
        "UPDATE device SET proof = 'token', proof_at = 1, window_until = 0, secrets_at = 1;
        INSERT INTO alarm (account_id, kind, object, text, at) VALUES (1, 'reset-suspected', '805ec0aabb01', 'x', 1);",
    );
    phonebox.request("POST", "/devices/805ec0aabb01/activate", None).json(200);
    assert_eq!(stored(&phonebox).window_until, 0, "active already: nothing opens");
    phonebox.request("POST", "/devices/805ec0aabb01/deactivate", None).json(200);
    phonebox.request("POST", "/devices/805ec0aabb01/let-in", None).refused(409);
    phonebox.request("POST", "/devices/805ec0aabb01/activate", None).json(200);
    let (before, password) = (stored(&phonebox), http_password(&phonebox));
    assert_eq!((before.window_until, before.proof.is_some()), (0, true), "unblocked with its proof, without a window");
    assert_eq!(phonebox.get("/alarms").json(200)["items"][0]["kind"], "reset-suspected");
    phonebox.request("POST", "/devices/805ec0aabb01/let-in", None).json(200);
    let after = stored(&phonebox);
    assert!(after.window_open(phonebox::clock::now()) && after.proof.is_none() && after.secrets_at.is_none());
    assert_ne!(before.token.reveal(), after.token.reveal());
    assert_ne!(password, http_password(&phonebox));
    assert_eq!(phonebox.get("/alarms").json(200)["items"], json!([]), "what was told is settled");
    let actions: Vec<Value> = phonebox.get("/audit?object=805ec0aabb01").json(200)["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["action"].clone())
        .collect();
    // The one in the middle was refused: the device was blocked.
    assert_eq!(
        actions,
        ["device.let-in", "device.activate", "device.let-in", "device.deactivate", "device.activate", "device.add"]
    );
}

#[test]
fn a_binding_is_a_network_and_an_audited_word() {
    let phonebox = running();
    phonebox.post("/devices", json!({"mac": MAC})).json(201);
    let device = phonebox.post("/devices/805ec0aabb01/bindings", json!({"network": "192.168.10.7/24"})).json(200);
    assert_eq!(device["bindings"], json!(["192.168.10.0/24"]));
    phonebox.post("/devices/805ec0aabb01/bindings", json!({"network": "192.168.10.0/33"})).refused(422);
    let device = phonebox.delete("/devices/805ec0aabb01/bindings/192.168.10.0/24").json(200);
    assert_eq!(device["bindings"], json!([]));
    phonebox.delete("/devices/805ec0aabb01/bindings/192.168.10.0/24").refused(404);
}

/// ALE-044: the search finds MAC, model and name, which is where a remark stands.
#[test]
fn threat_062_lists_come_in_pages_and_filters_are_literal() {
    let phonebox = running();
    for number in 1..=7 {
        phonebox
            .post("/devices", json!({"mac": format!("805ec0aabb0{number}"), "name": format!("a%b_{number}")}))
            .json(201);
    }
    let mut seen = Vec::new();
    let mut path = "/devices?limit=3".to_owned();
    loop {
        let page = phonebox.get(&path).json(200);
        seen.extend(page["items"].as_array().unwrap().iter().map(|device| device["mac"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/devices?limit=3&after={next}");
    }
    assert_eq!(seen.len(), 7);
    assert!(seen.is_sorted());
    let count = |query: &str| phonebox.get(&format!("/devices?{query}")).json(200)["items"].as_array().unwrap().len();
    assert_eq!(count("search=a%25b"), 7, "a percent sign is a percent sign");
    assert_eq!(count("search=a_b"), 0, "and an underscore an underscore");
    assert_eq!(count("search="), 7, "nothing asked for is everything");
    assert_eq!(count("search=805EC0"), 7, "first digits of the MAC");
    assert_eq!(count("search=bb:03"), 1, "last digits of the MAC");
    assert_eq!(count("search=%27%20OR%201%3D1%20--"), 0);
    phonebox.patch("/devices/805ec0aabb04", json!({"vendor": "Yealink", "model": "T54W"})).json(200);
    assert_eq!(count("search=t54"), 1, "the model");
    assert_eq!(count("state=active"), 0);
    assert_eq!(count("site=default"), 7);
    for query in [
        "limit=1000000000",
        "limit=-1",
        "limit=0",
        "limit=501",
        "after=x",
        "sort=colour",
        "state=any",
        "limit=1&limit=2",
    ] {
        phonebox.get(&format!("/devices?{query}")).refused(400);
    }
}

#[test]
fn a_waiting_device_leaves_the_list_when_it_is_added_or_dismissed() {
    let phonebox = running();
    run(&phonebox, "INSERT INTO pending (mac, account_id, vendor, model, peer, first_at, last_at)
        VALUES (141071361587969, 1, 'Yealink', 'T54W', '10.0.0.9', 1, 2), (141071361587970, 1, NULL, NULL, '10.0.0.9', 1, 2);");
    let waiting = phonebox.get("/pending").json(200);
    assert_eq!(waiting["items"].as_array().unwrap().len(), 2);
    for device in waiting["items"].as_array().unwrap() {
        let mac = device["mac"].as_str().unwrap();
        if device["vendor"] == "Yealink" {
            phonebox.post("/devices", json!({ "mac": mac })).json(201);
        } else {
            phonebox.delete(&format!("/pending/{mac}")).json(204);
        }
    }
    assert_eq!(phonebox.get("/pending").json(200)["items"], json!([]));
}
