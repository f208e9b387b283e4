//! Links for passwords, by mail.

use super::sink::Mails;
use crate::support::people::PASSWORD;
use crate::support::server::{Phonebox, ask};
use serde_json::{Value, json};

fn value(reply: &phonebox::phone::Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap_or(Value::Null)
}

/// The code in a mail's link.
pub(super) fn code(mail: &Value) -> String {
    // As RFC 2045, 6.7 writes it: a long line ends with = where it goes on.
    let text = mail["text"].as_str().unwrap().replace("=\r\n", "").replace("=\n", "").replace("=3D", "=");
    text.split("#code=").nth(1).unwrap().chars().take(64).collect()
}

/// AVA-174, YMC-034: whoever is added without a password is mailed their login name and a link to choose one (without a
/// mail server it is shown to whoever adds them, people/users.rs). AVA-042: who forgot theirs says the login name alone,
/// and is mailed a link.
#[test]
fn ava_042_ava_174_ale_009_ale_027_ymc_034_links_go_by_mail_where_a_server_is_set() {
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
    assert!(text(&first).contains("Login name: bob@example.com"), "{first}");
    assert_eq!(open("/password/reset", json!({ "token": code(&first), "password": PASSWORD })).status, 204);
    assert_eq!(open("/session", json!({ "login": "bob@example.com", "password": PASSWORD })).status, 200);
    assert_eq!(open("/password/forgotten", json!({ "login": "bob@example.com" })).status, 202);
    let second = mails.at_least(2)[1].clone();
    assert_ne!(code(&second), code(&first));
    assert!(text(&second).contains("/reset#code=") && second["to"] == json!(["bob@example.com"]), "{second}");
    let other = json!({ "token": code(&second), "password": "An0ther.Word" });
    assert_eq!((open("/password/reset", other.clone()).status, open("/password/reset", other).status), (204, 403));
    // With a password that somebody else chose: what to log in with and where, and not the password.
    let body = json!({ "name": "Dan", "login": "dan", "email": "dan@example.com", "password": "T3mporary!Word" });
    let added = value(&post("/users", body));
    assert_eq!((&added["mailed"], &added["link"]), (&json!(true), &Value::Null), "{added}");
    let told = || mails.all().into_iter().find(|mail| mail["to"] == json!(["dan@example.com"]));
    crate::support::eventually("the new user is told", || told().is_some());
    let told = text(&told().unwrap());
    assert!(told.contains("Login name: dan\r\nAccount: "), "{told}");
    assert!(told.contains("Log in at") && !told.contains("T3mporary") && !told.contains("#code="), "{told}");
    // Nothing of it in the log, nor among the alarms.
    assert!(!phonebox.said().contains(&code(&second)) && !phonebox.has_alarm("password-forgotten"));
}

/// Whoever asks for links to somebody else's mailbox fills it no further than this, and ends no link that lies there.
#[test]
fn threat_051_a_strangers_requests_end_nobodys_link_and_fill_no_mailbox() {
    let phonebox = Phonebox::start();
    let mails = Mails::start();
    super::mails::set(&phonebox, &mails);
    let body = json!({ "name": "Bob", "email": "bob@example.com" }).to_string();
    assert_eq!(phonebox.admin_asks("POST", "/api/v1/users", &body).status, 201);
    let open = |path: &str, body: Value| {
        ask(phonebox.admin(), "none", "POST", &format!("/api/v1{path}"), &body.to_string()).unwrap().status
    };
    let use_ =
        |mail: &Value, password: &str| open("/password/reset", json!({ "token": code(mail), "password": password }));
    assert_eq!(use_(&mails.at_least(1)[0], PASSWORD), 204);
    for number in 1..=5 {
        assert_eq!(open("/password/forgotten", json!({ "login": "bob@example.com" })), 202);
        let sql = "SELECT count(*) FROM audit WHERE action = 'password.forgotten'";
        crate::support::eventually("it is noted", || phonebox.count(sql) == number);
    }
    assert_eq!(phonebox.count("SELECT count(*) FROM mail WHERE kind = 'reset'"), 3);
    assert!(!phonebox.has_alarm("password-forgotten"));
    let got = mails.at_least(4);
    assert_eq!(use_(&got[1], "An0ther.Word"), 204, "the first is good still");
    assert_eq!(use_(&got[2], "Th1rd.Word"), 403, "and ends the others");
}

/// ALE-017: somebody who only says that an address is theirs, and was there first, gives way to whoever reads its mail.
/// Nobody is told which of them there are.
#[test]
fn ale_017_whoever_reads_the_mail_logs_in_by_the_address() {
    let phonebox = Phonebox::start();
    let mails = Mails::start();
    super::mails::set(&phonebox, &mails);
    let post = |path: &str, body: Value| phonebox.admin_asks("POST", &format!("/api/v1{path}"), &body.to_string());
    let open = |path: &str, body: Value| {
        ask(phonebox.admin(), "none", "POST", &format!("/api/v1{path}"), &body.to_string()).unwrap()
    };
    let enters = |password: &str| {
        let reply = open("/session", json!({ "login": "bob@example.com", "password": password }));
        value(&reply)["user"]["login"].as_str().unwrap_or("nobody").to_owned()
    };
    let squat = json!({ "login": "carol", "name": "Carol", "email": "bob@example.com", "password": PASSWORD });
    assert_eq!(post("/users", squat).status, 201);
    assert_eq!(enters(PASSWORD), "carol");
    assert_eq!(post("/users", json!({ "login": "bob", "name": "Bob", "email": "bob@example.com" })).status, 201);
    assert_eq!(enters(PASSWORD), "carol", "the mail was not read yet");
    let token = code(&mails.at_least(2)[1]);
    assert_eq!(open("/password/reset", json!({ "token": token, "password": "An0ther.Word" })).status, 204);
    assert_eq!((enters("An0ther.Word"), enters(PASSWORD)), ("bob".into(), "nobody".into()));
    assert_eq!(open("/password/forgotten", json!({ "login": "bob@example.com" })).status, 202);
    assert!(
        text(&mails.at_least(3)[2]).contains("Login name: bob\r\n")
            || text(&mails.at_least(3)[2]).contains("Login name: bob\n")
    );
    // A link that an administrator hands over proves nothing of a mailbox.
    let id = phonebox.count("SELECT id FROM users WHERE login = 'carol'");
    phonebox.admin_asks("PATCH", &format!("/api/v1/users/{id}"), &json!({ "email": "dan@example.com" }).to_string());
    assert_eq!(phonebox.count("SELECT sum(email_read) FROM users"), 1);
}

/// The whole answer, head and body, of a request with these header lines.
fn curl(phonebox: &Phonebox, method: &str, path: &str, headers: &[&str], body: &str) -> String {
    let mut curl = std::process::Command::new("curl");
    curl.args(["-skiX", method, "-H", "Content-Type: application/json", "-d", body]);
    for header in headers {
        curl.args(["-H", header]);
    }
    let output = curl.arg(format!("https://{}/api/v1{path}", phonebox.admin())).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// The body of a mail without its line breaks for transport.
pub(super) fn text(mail: &Value) -> String {
    mail["text"].as_str().unwrap().replace("=\r\n", "").replace("=\n", "").replace("=3D", "=")
}

/// YMC-193, ALE-027: the link leads to this box, and only the configuration says where that is. A request that names
/// another host in its head, as a thief's would, changes nothing.
#[test]
fn threat_055_a_mailed_link_leads_where_the_configuration_says() {
    let link = |flags: &[&str]| {
        let (phonebox, mails) = (Phonebox::start_with(flags), Mails::start());
        super::mails::set(&phonebox, &mails);
        let user = json!({ "name": "Bob", "email": "bob@example.com" }).to_string();
        let bearer = format!("Authorization: Bearer {}", phonebox.token());
        let headers = ["Host: evil.example", "X-Forwarded-Host: evil.example", &bearer];
        let added = curl(&phonebox, "POST", "/users", &headers, &user);
        assert!(added.starts_with("HTTP/1.1 201"), "{added}");
        let mail = text(&mails.at_least(1)[0]);
        assert!(!mail.contains("evil"), "{mail}");
        (mail, phonebox.admin().port())
    };
    let (mail, _) = link(&["--public-admin", "https://phones.example:9443/"]);
    assert!(mail.contains("\r\nhttps://phones.example:9443/activate#code="), "{mail}");
    let (mail, port) = link(&["--names", "box.example, other.example"]);
    assert!(mail.contains(&format!("\r\nhttps://box.example:{port}/activate#code=")), "{mail}");
    // Nobody has said: where the start screen says, with a button. No machine of tests has only loopback but in a fence.
    let (phonebox, mails) = (Phonebox::start_with(&["--admin", "0.0.0.0:0"]), Mails::start());
    super::mails::set(&phonebox, &mails);
    let said = phonebox.said();
    let shown =
        said.lines().find_map(|line| line.trim().strip_prefix("Page ")).unwrap().split_whitespace().next().unwrap();
    let user = json!({ "name": "Bob", "email": "bob@example.com" }).to_string();
    let bearer = format!("Authorization: Bearer {}", phonebox.token());
    let added = curl(&phonebox, "POST", "/users", &["Host: evil.example", &bearer], &user);
    assert!(added.starts_with("HTTP/1.1 201"), "{added}");
    let mail = text(&mails.at_least(1)[0]);
    if shown.contains("//127.") {
        assert!(mail.contains("\r\n/activate#code="), "{mail}");
    } else {
        assert!(mail.contains(&format!("\r\n{shown}activate#code=")) && mail.contains("<a href="), "{mail}");
    }
    // Only this machine comes there: the mail says what to open, and where.
    let (mail, _) = link(&[]);
    assert!(mail.contains("\r\n/activate#code=") && mail.contains("does not know its own address"), "{mail}");
    assert!(!mail.contains("https://"), "{mail}");
}

/// ALE-023 asks for the password, YMC-025 leaves a new address to the superior: settled as the password, and a mail to
/// the old address.
#[test]
fn ale_023_ymc_025_a_new_address_is_told_to_the_old_one() {
    let (phonebox, mails) = (Phonebox::start(), Mails::start());
    super::mails::set(&phonebox, &mails);
    let password = phonebox.secret(PASSWORD);
    let words =
        ["setup", "--company", "Example", "--login", "alice", "--email", "old@example.com", "--password", &password];
    phonebox.cli(&words);
    let open = |method: &str, path: &str, headers: &[&str], body: Value| {
        curl(&phonebox, method, path, headers, &body.to_string())
    };
    let told = open("POST", "/session", &[], json!({ "login": "alice", "password": PASSWORD }));
    let cookie = told.split("__Host-phonebox=").nth(1).unwrap().split(';').next().unwrap();
    let csrf = told.split("\"csrf\":\"").nth(1).unwrap().split('"').next().unwrap();
    let headers = [format!("Cookie: __Host-phonebox={cookie}"), format!("X-CSRF-Token: {csrf}")];
    let headers = [headers[0].as_str(), headers[1].as_str()];
    let refused = open("PATCH", "/me", &headers, json!({ "email": "new@example.com", "password": "wrong" }));
    assert!(refused.starts_with("HTTP/1.1 403"), "{refused}");
    let changed = open("PATCH", "/me", &headers, json!({ "email": "new@example.com", "password": PASSWORD }));
    assert!(changed.starts_with("HTTP/1.1 200") && changed.contains("new@example.com"), "{changed}");
    // What the machine of the tests gives rise to may be mailed too.
    let told = || mails.at_least(1).into_iter().find(|mail| text(mail).contains("has another e-mail address"));
    crate::support::eventually("the old address is told", || told().is_some());
    let mail = told().unwrap();
    assert_eq!(mail["to"], json!(["old@example.com"]));
    assert!(text(&mail).contains("Login name: alice") && !text(&mail).contains("new@example.com"), "{mail}");
}
