//! The first run, and the way back for a lost administrator.

use crate::support::admin::{running, stopped};
use crate::support::people::{PASSWORD, log_in, send, set_up, try_login};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::process::{Command, Stdio};

/// YMC-006: nobody above makes the first account here; the first run does.
#[test]
fn threat_068_the_code_opens_the_first_run_once_and_then_the_door_is_shut() {
    let running = running();
    assert_eq!(send(&running, "GET", "/setup", "", None).json(200), json!({ "needed": true, "certificates": false }));
    // There is no default login.
    for (login, password) in [("admin", "admin"), ("admin", ""), ("", ""), ("root", "phonebox")] {
        assert_eq!(try_login(&running, login, password).refused(401).0, "wrong-login");
    }
    let body = |code: &str| {
        json!({
            "code": code, "account": { "name": "Example" },
            "user": { "login": "mallory", "name": "M", "email": "m@example.com", "password": PASSWORD },
        })
    };
    for code in ["", "23456-abcde-23456-abcde"] {
        assert_eq!(send(&running, "POST", "/setup", "", Some(body(code))).refused(403).0, "wrong-code");
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
    assert_eq!(send(&running, "GET", "/setup", "", None).json(200), json!({ "needed": false, "certificates": false }));
    assert_eq!(send(&running, "POST", "/setup", "", Some(body(&typed))).refused(403).0, "setup-done");
    assert!(!answer.text().contains(PASSWORD));
    // Who tried codes before is written down.
    let rows = running.get("/audit?action=setup").json(200);
    let told = |row: &Value| [&row["result"], &row["actor"], &row["ip"]].map(|word| word.as_str().unwrap().to_owned());
    let told: Vec<_> = rows["items"].as_array().unwrap().iter().map(told).collect();
    let tried = ["fail", "nobody", "127.0.0.1"].map(str::to_owned);
    assert_eq!(
        (&told[0][..2], &told[1..]),
        (&["success".to_owned(), "alice".to_owned()][..], &[tried.clone(), tried][..])
    );
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
    assert_eq!(try_login(&running, "alice", PASSWORD).refused(401).0, "wrong-login");
    let alice = log_in(&running, "alice", &password);
    assert_eq!((&alice.told["due"], &alice.told["user"]["must_change_password"]), (&json!("password"), &json!(true)));
    assert_eq!(alice.get("/devices").refused(403).0, "password-due");
    // It is the console's word only, and it is audited.
    assert_eq!(running.post("/users/reset-admin", json!({})).refused(403).0, "console-only");
    let audit = running.get("/audit").json(200);
    let rescues = audit["items"].as_array().unwrap().iter().filter(|row| row["action"] == "user.rescue");
    let who = rescues.map(|row| (row["actor"].as_str().unwrap(), row["result"].as_str().unwrap()));
    // The first time nobody had been set up yet.
    assert_eq!(who.collect::<Vec<_>>(), [("api-token", "fail"), ("console", "success"), ("console", "fail")]);
    assert!(audit["items"].as_array().unwrap().iter().any(|row| row["actor"] == "console" && row["object"] == "Alice"));
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

/// A person at a terminal, which `script` makes: what is typed, and all that the screen showed.
fn at_a_terminal(dir: &std::path::Path, command: &str, typed: &[(&str, &str)]) -> (String, i32) {
    let mut script = Command::new("script")
        .args(["-qec", command, "/dev/null"])
        .env("PHONEBOX_DATA", dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script of the package bsdutils is there");
    let (mut keys, mut screen) = (script.stdin.take().unwrap(), script.stdout.take().unwrap());
    let (mut shown, mut piece) = (String::new(), [0; 1024]);
    for (prompt, text) in typed {
        while !shown.contains(prompt) {
            let count = screen.read(&mut piece).unwrap();
            assert!(count > 0, "never asked {prompt:?}: {shown}");
            shown.push_str(&String::from_utf8_lossy(&piece[..count]));
        }
        keys.write_all(text.as_bytes()).unwrap();
    }
    screen.read_to_string(&mut shown).unwrap();
    (shown, script.wait().unwrap().code().unwrap())
}

/// ALE-016: typed twice, because nothing of it is seen.
#[test]
fn threat_068_ale_016_a_password_that_is_typed_is_not_shown() {
    let stopped = stopped();
    let program = env!("CARGO_BIN_EXE_phonebox");
    let command = format!("{program} setup --company Example --login alice --email alice@example.com; stty -a");
    let typed = |first: &str, second: &str| {
        let (first, second) = (format!("{first}\r"), format!("{second}\r"));
        at_a_terminal(stopped.path(), &command, &[("password (not shown)", &first), ("once more (not shown)", &second)])
            .0
    };
    let shown = typed(PASSWORD, "An0ther.Word");
    assert!(shown.contains("not the same") && !shown.contains(PASSWORD) && !shown.contains("An0ther"), "{shown}");
    // The terminal is as it was.
    assert!(shown.contains(" echo ") && shown.contains(" icanon") && shown.contains("isig "), "{shown}");
    // ^C leaves at once, and leaves the terminal as it was too.
    let (shown, _) = at_a_terminal(stopped.path(), &command, &[("password (not shown)", "Tr0ub\u{3}")]);
    assert!(!shown.contains("Tr0ub") && shown.contains(" echo ") && shown.contains(" icanon"), "{shown}");
    // With a slip taken back.
    let shown = typed(&format!("{PASSWORD}xü\u{7f}\u{7f}"), PASSWORD);
    assert!(shown.contains("Log in as alice") && !shown.contains("Tr0ub"), "{shown}");
    let running = stopped.start();
    log_in(&running, "alice", PASSWORD);
}
