//! Firmware management of accounts over REST: whose releases are whose, who chooses, what is refused and written down.

use super::companies::{account, chief, path};
use super::matrix::run;
use crate::support::admin::{Running, running};
use crate::support::people::{Browser, set_up};
use serde_json::{Value, json};

const PHONE: &str = "c81fea83e85a";

fn store(browser: &Browser, name: &str, about: &str) -> u16 {
    let headers = format!("Cookie: {}\r\nX-CSRF-Token: {}\r\n", browser.cookie, browser.csrf);
    browser.box_.raw(&format!("PUT /api/v1/files/{name}?{about} HTTP/1.1"), &headers, name.as_bytes()).status
}

const J179: &str = "kind=firmware&vendor=avaya&model=J179";

/// The row of a model, or of all.
fn row(view: &Value, model: Option<&str>) -> Value {
    let rows = view["models"].as_array().unwrap();
    rows.iter().find(|row| row["model"].as_str() == model).unwrap_or_else(|| panic!("{view}")).clone()
}

fn told(browser: &Browser) -> Option<String> {
    let file = browser.get(&format!("/devices/{PHONE}/preview/J100Supgrade.txt")).json(200);
    let mut lines = file["lines"].as_array().unwrap().iter().filter(|line| line["setting"] == "firmware.file");
    Some(lines.next()?["value"].as_str().unwrap().to_owned())
}

/// A customer with a phone and its policy on, and who administers it.
fn shop<'a>(running: &'a Running, alice: &Browser) -> (Value, Browser<'a>) {
    let shop = account(alice, "customer", "Shop");
    let carl = chief(running, alice, &shop, "carl");
    carl.post("/profiles", json!({ "name": "all" })).json(201);
    carl.post("/sites", json!({ "name": "Hall", "profile": "all" })).json(201);
    let device = json!({ "mac": PHONE, "site": "Hall", "vendor": "Avaya", "model": "J179", "activate": true });
    carl.post("/devices", device).json(201);
    (shop, carl)
}

/// AVA-164: by the account above, for each account.
#[test]
fn ava_160_ava_164_an_account_has_its_own_releases_and_the_boxs_and_nobody_elses() {
    let running = running();
    let alice = set_up(&running);
    let (shop, carl) = shop(&running, &alice);
    let other = account(&alice, "customer", "Other");
    let olga = chief(&running, &alice, &other, "olga");
    assert_eq!(store(&olga, "FW_S_J179_R4_1_900.bin", J179), 200);
    assert_eq!(store(&alice, "FW_S_J179_R4_1_300.bin", J179), 200);
    assert_eq!(store(&carl, "FW_S_J179_R4_1_200.bin", J179), 200);
    // Without a model it is nobody's, without a version no release.
    assert_eq!(store(&carl, "R4_1_999.bin", "kind=firmware&vendor=avaya"), 200);
    assert_eq!(store(&carl, "newest.bin", J179), 200);
    let own = format!("{}/firmware", path(&shop));
    let view = carl.get(&own).json(200);
    assert_eq!(view["policy"], false);
    let versions = |view: &Value| -> Vec<String> {
        let row = row(view, Some("J179"));
        row["releases"].as_array().unwrap().iter().map(|one| one["version"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(versions(&view), ["4.1.300", "4.1.200"]);
    assert_eq!(
        (row(&view, Some("J179"))["choice"].clone(), row(&view, None)["choice"].clone()),
        ("latest".into(), "latest".into())
    );
    assert_eq!(told(&carl), None);
    carl.patch(&path(&shop), json!({ "firmware_policy": true })).refused(403);
    alice.patch(&path(&shop), json!({ "firmware_policy": true })).json(200);
    assert_eq!(told(&carl).as_deref(), Some("FW_S_J179_R4_1_300.bin"));
    // Under its own file's name the account's phones get that one: the box's is no release to it any more.
    assert_eq!(store(&carl, "fw_s_j179_r4_1_300.BIN", "kind=other"), 200);
    assert_eq!(told(&carl).as_deref(), Some("FW_S_J179_R4_1_200.bin"));
    assert_eq!(versions(&carl.get(&own).json(200)), ["4.1.200"]);
    // A version that the name does not say.
    assert_eq!(store(&carl, "newest.bin", &format!("{J179}&version=4.1.400")), 200);
    assert_eq!(carl.get("/files/newest.bin").json(200)["version"], "4.1.400");
    assert_eq!(told(&carl).as_deref(), Some("newest.bin"));
    assert_eq!(store(&carl, "x.bin", &format!("{J179}&version=none")), 422);
    alice.patch(&path(&shop), json!({ "firmware_policy": false })).json(200);
    assert_eq!(told(&carl), None);
}

#[test]
fn a_release_that_somebody_chose_stays_unless_another_file_is_the_same() {
    let running = running();
    let alice = set_up(&running);
    let (shop, carl) = shop(&running, &alice);
    let own = format!("{}/firmware", path(&shop));
    assert_eq!(store(&alice, "FW_S_J179_R4_1_200.bin", J179), 200);
    let choice = json!({ "vendor": "avaya", "model": "j179", "choice": "release", "version": "4.1.200" });
    let view = carl.put(&format!("{}/sites/Hall/firmware", path(&shop)), choice.clone()).json(200);
    assert_eq!(
        (&row(&view, Some("J179"))["choice"], &row(&view, Some("J179"))["author"]),
        (&json!("release"), &json!("carl"))
    );
    let (code, message) = alice.delete("/files/FW_S_J179_R4_1_200.bin").refused(409);
    assert!(
        code == "in-use" && message.contains("Shop") && message.contains("Hall") && message.contains("4.1.200"),
        "{message}"
    );
    // Nor does it become something else under its name, for everybody or for the account alone.
    assert_eq!(store(&alice, "FW_S_J179_R4_1_200.bin", "kind=other"), 409);
    assert_eq!(store(&carl, "FW_S_J179_R4_1_200.bin", "kind=other"), 409);
    assert_eq!(store(&carl, "FW_S_J179_R4_1_200.bin", J179), 200);
    alice.delete("/files/FW_S_J179_R4_1_200.bin").json(204);
    carl.delete("/files/FW_S_J179_R4_1_200.bin").refused(409);
    let none = json!({ "vendor": "avaya", "family": "j100", "choice": "account" });
    carl.put(&format!("{}/sites/Hall/firmware", path(&shop)), none).json(200);
    carl.delete("/files/FW_S_J179_R4_1_200.bin").json(204);
    carl.put(&own, choice).refused(422);
}

#[test]
fn what_no_choice_can_be_is_refused_with_its_name() {
    let running = running();
    let alice = set_up(&running);
    let (shop, carl) = shop(&running, &alice);
    let own = format!("{}/firmware", path(&shop));
    for (body, says) in [
        (json!({ "vendor": "Nokia", "model": "x", "choice": "off" }), "vendor"),
        (json!({ "vendor": "Yealink", "model": "T54W", "choice": "account" }), "only a site"),
        (json!({ "vendor": "Yealink", "model": "T54W", "choice": "release" }), "version"),
        (json!({ "vendor": "Yealink", "model": "T54W", "choice": "release", "version": "9.9" }), "9.9"),
        (json!({ "vendor": "Yealink", "model": "T54W", "choice": "off", "version": "9.9" }), "version"),
        (json!({ "vendor": "Avaya", "choice": "off" }), "family"),
        (json!({ "vendor": "Avaya", "family": "j200", "choice": "off" }), "j200"),
        (json!({ "vendor": "Avaya", "family": "j100", "model": "J179", "choice": "off" }), "family and model"),
        (json!({ "vendor": "Yealink", "model": "a/b", "choice": "off" }), "model"),
    ] {
        let (_, message) = carl.put(&own, body.clone()).refused(422);
        assert!(message.contains(says), "{body}: {message}");
    }
    carl.put(&own, json!({ "vendor": "Yealink", "choice": "newest" })).refused(400);
    carl.put(&format!("{}/sites/Nowhere/firmware", path(&shop)), json!({ "vendor": "Yealink", "choice": "off" }))
        .refused(404);
    // As many as there may be.
    let off = |number: usize| json!({ "vendor": "Yealink", "model": format!("X{number}"), "choice": "off" });
    run(
        &running,
        format!(
            "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 500)
             INSERT INTO firmware_choice (account_id, vendor, family, model, choice, author, updated_at)
             SELECT {}, 'yealink', '', 'X' || n, 'off', 'x', 1 FROM n",
            shop["id"]
        ),
    );
    assert!(carl.put(&own, off(501)).refused(422).1.contains("500"));
    carl.put(&own, off(7)).json(200);
    let view = carl.put(&own, json!({ "vendor": "Yealink", "choice": "latest" })).json(200);
    let left = view["models"].as_array().unwrap().iter().filter(|row| row["vendor"] == "Yealink").count();
    assert_eq!(left, 1, "one for all takes the place of each");
}

#[test]
fn a_choice_is_written_down_with_both_sides_and_needs_the_permission_of_settings() {
    let running = running();
    let alice = set_up(&running);
    let (shop, carl) = shop(&running, &alice);
    let own = format!("{}/firmware", path(&shop));
    let role =
        carl.post("/roles", json!({ "name": "readers", "permissions": ["setting.read", "account.read"] })).json(201);
    let made = json!({ "login": "rhea", "name": "rhea", "email": "rhea@x.example", "role_id": role["id"] });
    let made = carl.post("/users", made).json(201);
    let reset = json!({ "token": made["link"]["token"], "password": crate::support::people::PASSWORD });
    carl.post("/password/reset", reset);
    let rhea = crate::support::people::log_in(&running, "rhea", crate::support::people::PASSWORD);
    let off = json!({ "vendor": "Yealink", "model": "T54W", "choice": "off" });
    rhea.get(&own).json(200);
    assert!(rhea.put(&own, off.clone()).refused(403).1.contains("setting.write"));
    // From above, as by itself.
    alice.put(&own, off).json(200);
    carl.put(&own, json!({ "vendor": "Yealink", "choice": "latest" })).json(200);
    let log = carl.get("/audit?action=firmware.choose").json(200)["items"].clone();
    let newest = &log[0];
    assert_eq!((&newest["actor"], &newest["object"]), (&json!("carl"), &json!("Shop")), "{log}");
    assert_eq!(
        (&newest["before"], &newest["after"]),
        (&json!({ "Yealink T54W": "off" }), &json!({ "Yealink *": "latest" }))
    );
    assert_eq!((&log[1]["actor"], &log[1]["result"]), (&json!("alice"), &json!("success")), "{log}");
    assert_eq!((&log[2]["actor"], &log[2]["result"]), (&json!("rhea"), &json!("fail")), "{log}");
}
