//! Links for passwords, by mail.

use super::sink::Mails;
use crate::support::people::PASSWORD;
use crate::support::server::{Phonebox, ask};
use serde_json::{Value, json};

fn value(reply: &phonebox::phone::Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap_or(Value::Null)
}

/// The code in a mail's link.
fn code(mail: &Value) -> String {
    // As RFC 2045, 6.7 writes it: a long line ends with = where it goes on.
    let text = mail["text"].as_str().unwrap().replace("=\r\n", "").replace("=\n", "").replace("=3D", "=");
    text.split("#code=").nth(1).unwrap().chars().take(64).collect()
}

#[test]
fn ava_174_ale_009_ale_027_ymc_034_links_go_by_mail_where_a_server_is_set() {
    let phonebox = Phonebox::start();
    let mails = Mails::start();
    super::mails::set(&phonebox, &mails);
    let post = |path: &str, body: Value| phonebox.admin_asks("POST", &format!("/api/v1{path}"), &body.to_string());
    let added = value(&post("/users", json!({ "name": "Bob", "email": "bob@example.com" })));
    assert_eq!((&added["state"], &added["link"]), (&json!("invited"), &Value::Null), "{added}");
    let open = |path: &str, body: Value| {
        ask(phonebox.admin(), "none", "POST", &format!("/api/v1{path}"), &body.to_string()).unwrap()
    };
    let first = mails.at_least(1)[0].clone();
    assert!(first["to"].to_string().contains("bob@example.com"));
    assert_eq!(open("/password/reset", json!({ "token": code(&first), "password": PASSWORD })).status, 204);
    assert_eq!(open("/session", json!({ "login": "bob@example.com", "password": PASSWORD })).status, 200);
    assert_eq!(open("/password/forgotten", json!({ "login": "bob@example.com" })).status, 202);
    let second = mails.at_least(2)[1].clone();
    assert_ne!(code(&second), code(&first));
    let other = json!({ "token": code(&second), "password": "An0ther.Word" });
    assert_eq!((open("/password/reset", other.clone()).status, open("/password/reset", other).status), (204, 403));
    // Nothing of it in the log, nor among the alarms.
    assert!(!phonebox.said().contains(&code(&second)) && !phonebox.has_alarm("password-forgotten"));
}
