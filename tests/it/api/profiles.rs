//! Profiles and targets: AVA-105 … AVA-125.

use crate::support::admin::{running, stopped};
use serde_json::{Value, json};

/// AVA-105, AVA-106, AVA-107: HTTPS by name. AVA-108: HTTP by name. AVA-109, AVA-110: by address. AVA-098: no certificate
/// is needed for HTTP. AVA-111, AVA-112, AVA-113: macros (expanded in provisioning/redirect.rs). AVA-114: credentials.
/// AVA-096: an HTTPS URL needs no root certificate beside it. ALE-057: a profile has the URL.
#[test]
fn ava_105_to_114_every_url_form_is_taken_and_its_password_is_taken_out_and_masked() {
    let phonebox = running();
    for (number, url) in [
        "https://provisioning.example.com",
        "https://provisioning.example.com:411",
        "https://provisioning.example.com/avaya",
        "https://provisioning.example.com:411/avaya",
        "http://provisioning.example.com",
        "http://provisioning.example.com:8080",
        "http://provisioning.example.com/sub",
        "http://provisioning.example.com:8080/sub",
        "https://192.168.10.87",
        "https://192.168.10.87:411",
        "https://192.168.10.87/sub",
        "https://192.168.10.87:411/sub",
        "http://192.168.10.87",
        "http://192.168.10.87:8080",
        "http://192.168.10.87/sub",
        "http://provisioning.avaya.com",
        "http://192.168.10.87:8080/sub",
        "http://provisioning.example.com/Family/$MODEL4",
        "http://provisioning.example.com/$MODEL4/$MACADDR",
        "http://provisioning.example.com/$MODEL4/$SERIALNO",
    ]
    .iter()
    .enumerate()
    {
        let profile =
            phonebox.post("/profiles", json!({"name": format!("p{number}"), "targets": [{"url": url}]})).json(201);
        assert_eq!(profile["targets"][0]["url"].as_str().unwrap().trim_end_matches('/'), *url);
    }
    let answer = phonebox.post(
        "/profiles",
        json!({"name": "secret", "targets": [{"url": "https://alice:hunter%402@provisioning.example.com/directory"}]}),
    );
    let target = &answer.json(201)["targets"][0];
    assert_eq!(target["url"], "https://provisioning.example.com/directory/");
    assert_eq!((&target["username"], &target["password_set"]), (&json!("alice"), &json!(true)));
    for path in ["/profiles", "/profiles/secret", "/audit"] {
        assert!(!phonebox.get(path).text().contains("hunter"), "{path}");
    }
    let profiles = phonebox.db.read(|conn| phonebox::profiles::store::all(conn, &phonebox.keys)).unwrap();
    let stored = profiles.iter().find(|profile| profile.name == "secret").unwrap();
    assert_eq!(stored.targets[0].password.as_ref().unwrap().reveal(), "hunter@2");
}

#[test]
fn threat_025_what_is_no_url_of_a_server_is_refused_on_save() {
    let phonebox = running();
    for url in [
        "//evil.example",
        "javascript:alert(1)",
        "http://a.example\\@evil.example/",
        "ftp://a.example/",
        "http://a.example:99999/",
        "http://u:hunter2@a b/",
    ] {
        let (code, message) = phonebox.post("/profiles", json!({"name": "x", "targets": [{"url": url}]})).refused(422);
        assert!(code == "bad-url" && !message.contains("hunter2"), "{message}");
        phonebox.get("/profiles/x").refused(404);
    }
}

/// AVA-119: 0 to 999, 0 when nothing is said. AVA-121: several URLs.
#[test]
fn ava_119_and_121_a_profile_holds_several_targets_with_groups_from_0_to_999() {
    let phonebox = running();
    let profile = phonebox.post("/profiles", json!({"name": "Avaya"})).json(201);
    assert_eq!(
        profile["targets"],
        json!([{"position": 0, "url": null, "username": null, "password_set": false, "root_ca": null, "phone_group": 0,
            "instruction": null}])
    );
    let profile =
        phonebox.post("/profiles/Avaya/targets", json!({"url": "https://b.example", "phone_group": 17})).json(201);
    assert_eq!((&profile["targets"][1]["position"], &profile["targets"][1]["phone_group"]), (&json!(1), &json!(17)));
    for group in [-1, 1000, 65535, 65536] {
        let (_, message) = phonebox.post("/profiles/Avaya/targets", json!({ "phone_group": group })).refused(422);
        assert!(message.contains("0 to 999"), "{message}");
    }
    let profile = phonebox.patch("/profiles/Avaya/targets/1", json!({"phone_group": 999})).json(200);
    assert_eq!(
        (&profile["targets"][1]["url"], &profile["targets"][1]["phone_group"]),
        (&json!("https://b.example/"), &json!(999))
    );
    phonebox.delete("/profiles/Avaya/targets/0").json(200);
    phonebox.delete("/profiles/Avaya/targets/1").refused(409);
    phonebox.post("/profiles/Avaya/targets", json!({"username": "alice"})).refused(422);
    phonebox.post("/profiles/Avaya/targets", json!({"url": "https://c.example", "root_ca": "not a PEM"})).refused(422);
}

/// AVA-115: a profile needs a name (its rows are targets, above).
#[test]
fn ava_115_a_profile_needs_a_name_of_its_own_and_trust_is_never_below_the_floor() {
    let phonebox = running();
    phonebox.post("/profiles", json!({"name": ""})).refused(422);
    phonebox.post("/profiles", json!({})).refused(400);
    phonebox.post("/profiles", json!({"name": "default"})).refused(409);
    phonebox.patch("/profiles/default", json!({"options": {"secrets_trust": "network"}})).refused(422);
    phonebox.patch("/profiles/default", json!({"options": {"settings_trust": "anonymous"}})).refused(422);
    let profile = phonebox
        .patch("/profiles/default", json!({"name": "Main", "options": {"secrets_trust": "token", "https": true}}))
        .json(200);
    assert_eq!(
        (&profile["name"], &profile["secrets_trust"], &profile["https"]),
        (&json!("Main"), &json!("token"), &json!(true))
    );
    assert_eq!(phonebox.get("/sites/default").json(200)["profile"], "Main");
}

#[test]
fn ava_125_removing_a_profile_is_asked_back_and_one_in_use_stays() {
    let phonebox = stopped();
    let refused = phonebox.cli(&["profile", "remove", "default", "--yes"]).refused();
    assert!(refused.contains("1 sites") && refused.contains("site set"), "{refused}");
    phonebox.cli(&["profile", "add", "Other", "--url", "https://b.example", "--phone-group", "17"]).ok();
    let refused = phonebox.cli(&["profile", "remove", "Other"]).refused();
    assert!(refused.contains("--yes"), "{refused}");
    phonebox.cli(&["profile", "remove", "Other", "--yes"]).ok();
    let profiles: Value = phonebox.cli(&["profile", "list", "--json"]).json();
    assert_eq!(profiles.as_array().unwrap().len(), 1);
}
