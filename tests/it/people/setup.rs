//! The first run, and the way back for a lost administrator.

use crate::support::admin::{running, stopped};
use crate::support::people::{PASSWORD, log_in, send, set_up, try_login};
use serde_json::json;

#[test]
fn threat_068_the_code_opens_the_first_run_once_and_then_the_door_is_shut() {
    let running = running();
    assert_eq!(send(&running, "GET", "/setup", "", None).json(200), json!({ "needed": true }));
    // There is no default login.
    for (login, password) in [("admin", "admin"), ("admin", ""), ("", ""), ("root", "phonebox")] {
        assert_eq!(try_login(&running, login, password).refused(401).0, "wrong_login");
    }
    let body = |code: &str| {
        json!({
            "code": code, "account": { "name": "Example" },
            "user": { "login": "mallory", "name": "M", "email": "m@example.com", "password": PASSWORD },
        })
    };
    for code in ["", "23456-abcde-23456-abcde"] {
        assert_eq!(send(&running, "POST", "/setup", "", Some(body(code))).refused(403).0, "wrong_code");
    }
    // As a person types it.
    let typed = running.setup_code.clone().unwrap().to_uppercase().replace('-', " ");
    let mut first = body(&typed);
    first["user"]["login"] = "alice".into();
    let answer = send(&running, "POST", "/setup", "", Some(first));
    let told = answer.json(200);
    assert_eq!(told["user"]["login"], "alice");
    assert_eq!(told["account"]["name"], "Example");
    assert_eq!(told["account"]["number"].to_string().len(), 8);
    assert!(told["permissions"].as_array().unwrap().len() > 40);
    assert_eq!(send(&running, "GET", "/setup", "", None).json(200), json!({ "needed": false }));
    assert_eq!(send(&running, "POST", "/setup", "", Some(body(&typed))).refused(403).0, "setup_done");
    assert!(!answer.text().contains(PASSWORD));
}

#[test]
fn threat_068_guessing_the_code_is_slowed() {
    let running = running();
    let guess = || {
        let body = json!({ "code": "x", "account": { "name": "E" },
            "user": { "login": "m", "name": "M", "email": "m@example.com", "password": PASSWORD } });
        send(&running, "POST", "/setup", "", Some(body))
    };
    let statuses: Vec<u16> = (0..8).map(|_| guess().status).collect();
    assert_eq!(statuses[..5], [403; 5]);
    let slowed = guess();
    assert_eq!(slowed.status, 429);
    assert!(slowed.head.to_ascii_lowercase().contains("retry-after:"), "{}", slowed.head);
}

#[test]
fn the_console_needs_no_code_and_brings_a_lost_administrator_back() {
    let stopped = stopped();
    assert!(stopped.cli(&["reset-admin"]).refused().contains("phonebox setup"));
    let words = ["setup", "--company", "Example", "--login", "Alice", "--email", "alice@example.com"];
    assert!(stopped.cli_with_input(&words, "password\n").refused().contains("three of these"));
    assert!(stopped.cli_with_input(&words, &format!("{PASSWORD}\n")).ok().contains("Log in as Alice"));
    assert!(stopped.cli_with_input(&words, &format!("{PASSWORD}\n")).refused().contains("has been set up"));
    let said = stopped.cli(&["reset-admin", "--json"]).json();
    let password = said["password"].as_str().unwrap().to_owned();
    assert_eq!(said["login"], "Alice");
    let running = stopped.start();
    assert!(running.setup_code.is_none());
    assert_eq!(try_login(&running, "alice", PASSWORD).refused(401).0, "wrong_login");
    let alice = log_in(&running, "alice", &password);
    assert_eq!((&alice.told["due"], &alice.told["user"]["must_change_password"]), (&json!("password"), &json!(true)));
    assert_eq!(alice.get("/devices").refused(403).0, "password_due");
    // It is the console's word only, and it is audited.
    assert_eq!(running.post("/users/reset-admin", json!({})).refused(403).0, "console-only");
    let audit = running.get("/audit").json(200);
    let rescued = audit["items"].as_array().unwrap().iter().find(|row| row["action"] == "user.rescue").unwrap().clone();
    assert_eq!((&rescued["actor"], &rescued["object"]), (&json!("console"), &json!("Alice")));
    assert!(!audit.to_string().contains(&password));
}

#[test]
fn a_set_up_box_shows_its_first_user_what_there_is() {
    let running = running();
    let alice = set_up(&running);
    assert_eq!(alice.get("/session").json(200)["csrf"], alice.csrf.as_str());
    let rows = alice.get("/permissions").json(200);
    let write = rows.as_array().unwrap().iter().find(|row| row["name"] == "device.write").unwrap();
    assert_eq!((&write["group"], &write["implies"]), (&json!("devices"), &json!(["device.read"])));
    assert_eq!(alice.get("/devices").json(200)["items"], json!([]));
    assert_eq!(alice.post("/sites", json!({ "name": "Berlin" })).json(201)["name"], "Berlin");
    assert_eq!(running.get("/audit").json(200)["items"][0]["actor"], "alice");
}
