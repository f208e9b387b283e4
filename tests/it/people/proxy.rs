//! Who asks when a proxy stands in front: what is counted, written down and shown is the client, not the proxy.

use crate::support::admin::{Running, running, stopped};
use crate::support::people::{PASSWORD, send, set_up};
use serde_json::{Value, json};

pub fn behind_a_proxy() -> Running {
    stopped().start_with(&[("trusted-proxies", "127.0.0.0/8, 10.0.0.1/32")])
}

fn log_in(running: &Running, headers: &str, password: &str) -> crate::support::admin::Answer {
    send(running, "POST", "/session", headers, Some(json!({ "login": "alice", "password": password })))
}

fn peers(running: &Running) -> Vec<String> {
    let read = |conn: &phonebox::db::Connection| {
        let mut statement = conn.prepare("SELECT peer FROM session ORDER BY id")?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok::<_, phonebox::db::Error>(rows.collect::<Result<_, _>>()?)
    };
    running.db.read(read).unwrap()
}

#[test]
fn threat_051_behind_a_trusted_proxy_the_client_it_names_counts() {
    let running = behind_a_proxy();
    let alice = set_up(&running);
    let from = |address: &str| format!("X-Forwarded-For: {address}\r\n");
    for _ in 0..5 {
        assert_eq!(log_in(&running, &from("203.0.113.7"), "wrong").status, 401);
    }
    assert_eq!(log_in(&running, &from("203.0.113.7"), PASSWORD).status, 429);
    // What a client writes itself stands to the left of what its proxy adds, and changes nothing.
    assert_eq!(log_in(&running, &from("203.0.113.8, 203.0.113.7"), PASSWORD).status, 429);
    assert_eq!(log_in(&running, "Forwarded: for=203.0.113.7\r\n", PASSWORD).status, 429);
    assert_eq!(log_in(&running, &from("203.0.113.8"), PASSWORD).status, 200);
    assert_eq!(log_in(&running, "Forwarded: for=\"[2001:db8::9]:443\"\r\n", PASSWORD).status, 200);
    assert_eq!(log_in(&running, &from("203.0.113.10, 10.0.0.1"), PASSWORD).status, 200);
    assert_eq!(peers(&running), ["127.0.0.1", "203.0.113.8", "2001:db8::9", "203.0.113.10"]);
    let rows = alice.get("/audit?limit=100").json(200)["items"].clone();
    let ips = |result: &str| -> Vec<Value> {
        let rows = rows.as_array().unwrap().iter();
        rows.filter(|row| row["action"] == "session.begin" && row["result"] == result)
            .map(|row| row["ip"].clone())
            .collect()
    };
    assert_eq!(ips("fail"), vec![json!("203.0.113.7"); 5]);
    assert_eq!(ips("success"), [json!("203.0.113.10"), json!("2001:db8::9"), json!("203.0.113.8")]);
}

#[test]
fn threat_051_nobody_else_is_believed_when_they_name_another() {
    let running = running();
    set_up(&running);
    for number in 0..5 {
        assert_eq!(log_in(&running, &format!("X-Forwarded-For: 203.0.113.{number}\r\n"), "wrong").status, 401);
    }
    assert_eq!(log_in(&running, "X-Forwarded-For: 203.0.113.9\r\n", PASSWORD).status, 429);
    assert_eq!(peers(&running), ["127.0.0.1"]);
}

#[test]
fn threat_063_a_keys_networks_are_those_of_the_client() {
    let running = behind_a_proxy();
    let alice = set_up(&running);
    let body = json!({ "name": "crm", "permissions": ["site.read"], "sources": ["203.0.113.7/32"] });
    let secret = alice.post("/api-keys", body).json(201)["secret"].as_str().unwrap().to_owned();
    let ask =
        |more: &str| send(&running, "GET", "/sites", &format!("Authorization: Bearer {secret}\r\n{more}"), None).status;
    assert_eq!(ask("X-Forwarded-For: 203.0.113.7\r\n"), 200);
    for more in ["", "X-Forwarded-For: 203.0.113.8\r\n", "X-Forwarded-For: 203.0.113.7, 203.0.113.8\r\n"] {
        assert_eq!(ask(more), 401, "{more}");
    }
    // Both headers, and they disagree: nobody can be believed.
    assert_eq!(ask("X-Forwarded-For: 203.0.113.7\r\nForwarded: for=203.0.113.8\r\n"), 401);
}

#[test]
fn threat_056_a_proxy_that_puts_its_own_name_into_host_needs_the_configured_address() {
    let running = stopped().start_with(&[("public-admin", "https://phones.example/")]);
    let alice = set_up(&running);
    let change = |origin: &str| {
        let headers = format!("Cookie: {}\r\nX-CSRF-Token: {}\r\nOrigin: {origin}\r\n", alice.cookie, alice.csrf);
        send(&running, "POST", "/sites", &headers, Some(json!({ "name": "Berlin" }))).status
    };
    for origin in ["https://evil.example", "https://phones.example.evil.example", "https://phones.example:1", "null"] {
        assert_eq!(change(origin), 403, "{origin}");
    }
    assert_eq!(change("https://phones.example"), 201);
}
