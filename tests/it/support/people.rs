//! People at the administrators' door: a browser that keeps its cookie and sends back the word it was told.

use super::admin::{Answer, Running};
use serde_json::{Value, json};

/// Fit for anybody.
pub const PASSWORD: &str = "Tr0ub4dor&3";

/// Somebody who is logged in.
#[derive(Clone)]
pub struct Browser<'a> {
    pub box_: &'a Running,
    pub cookie: String,
    pub csrf: String,
    /// What the login said.
    pub told: Value,
}

/// The Set-Cookie of an answer, as a Cookie header sends it back.
pub fn cookie_of(answer: &Answer) -> Option<String> {
    let line = answer.head.lines().find(|line| line.to_ascii_lowercase().starts_with("set-cookie:"))?;
    Some(line.split_once(':')?.1.trim().split(';').next()?.to_owned())
}

/// What an answer says, without the id that every request has of its own.
pub fn words_of(answer: &Answer) -> String {
    let text = answer.text();
    let Some((before, rest)) = text.split_once(",\"request\":\"") else { return text };
    let after = rest.split_once('"').map_or("", |(_, after)| after);
    format!("{before}{after}")
}

/// Without any login.
pub fn send(running: &Running, method: &str, path: &str, headers: &str, body: Option<Value>) -> Answer {
    let body = body.map(|body| body.to_string()).unwrap_or_default();
    let kind = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
    running.raw(&format!("{method} /api/v1{path} HTTP/1.1"), &format!("{kind}{headers}"), body.as_bytes())
}

/// The first run: alice of Example.
pub fn set_up(running: &Running) -> Browser<'_> {
    let body = json!({
        "code": running.setup_code, "account": { "name": "Example" },
        "user": { "login": "alice", "name": "Alice", "email": "alice@example.com", "password": PASSWORD },
    });
    Browser::of(running, &send(running, "POST", "/setup", "", Some(body)))
}

pub fn try_login(running: &Running, login: &str, password: &str) -> Answer {
    send(running, "POST", "/session", "", Some(json!({ "login": login, "password": password })))
}

#[track_caller]
pub fn log_in<'a>(running: &'a Running, login: &str, password: &str) -> Browser<'a> {
    Browser::of(running, &try_login(running, login, password))
}

/// An account below somebody's, and its first user, logged in.
pub fn company<'a>(above: &Browser<'a>, kind: &str, name: &str, login: &str) -> (Value, Browser<'a>) {
    let account = above.post("/accounts", json!({ "kind": kind, "name": name })).json(201);
    let user =
        json!({ "account_id": account["id"], "login": login, "name": login, "email": format!("{login}@x.example") });
    let made = above.post("/users", user).json(201);
    let reset = json!({ "token": made["link"]["token"], "password": PASSWORD });
    assert_eq!(send(above.box_, "POST", "/password/reset", "", Some(reset)).status, 204);
    (account, log_in(above.box_, login, PASSWORD))
}

impl<'a> Browser<'a> {
    #[track_caller]
    pub fn of(running: &'a Running, answer: &Answer) -> Browser<'a> {
        let told = answer.json(200);
        let csrf = told["csrf"].as_str().unwrap().to_owned();
        Browser { box_: running, cookie: cookie_of(answer).unwrap(), csrf, told }
    }

    pub fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let headers = format!("Cookie: {}\r\nX-CSRF-Token: {}\r\n", self.cookie, self.csrf);
        send(self.box_, method, path, &headers, body)
    }

    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, None)
    }

    pub fn post(&self, path: &str, body: Value) -> Answer {
        self.ask("POST", path, Some(body))
    }

    pub fn put(&self, path: &str, body: Value) -> Answer {
        self.ask("PUT", path, Some(body))
    }

    pub fn patch(&self, path: &str, body: Value) -> Answer {
        self.ask("PATCH", path, Some(body))
    }

    pub fn delete(&self, path: &str) -> Answer {
        self.ask("DELETE", path, None)
    }
}
