//! What opens nothing any more, what no answer may do, and where the API is described.

use crate::support::admin::{Answer, Running, running};
use crate::support::people::{Browser, PASSWORD, log_in, send, set_up};
use crate::support::raw;
use serde_json::{Value, json};

const OTHER: &str = "An0ther.Word";

fn join<'a>(running: &'a Running, alice: &Browser, login: &str, role: Value) -> (Value, Browser<'a>) {
    let body = json!({ "login": login, "name": login, "email": format!("{login}@example.com"), "role_id": role });
    let made = alice.post("/users", body).json(201);
    let reset = json!({ "token": made["link"]["token"], "password": PASSWORD });
    assert_eq!(send(running, "POST", "/password/reset", "", Some(reset)).status, 204);
    (made, log_in(running, login, PASSWORD))
}

/// AVA-177, ALE-089: whatever ends or changes what somebody may do ends the cookies that were given before.
#[test]
fn threat_055_a_stolen_cookie_is_worth_nothing_after_what_its_owner_or_superior_did() {
    let running = running();
    let alice = set_up(&running);
    let role = json!({ "name": "Viewer", "permissions": ["device.read"] });
    let role = alice.post("/roles", role).json(201)["id"].clone();
    type Act = fn(&Browser, &Browser, &str, &Value) -> Answer;
    let acts: [(&str, Act); 11] = [
        ("logout", |_, own, _, _| own.delete("/session")),
        ("logout everywhere", |_, own, _, _| own.delete("/sessions")),
        ("own password", |_, own, _, _| own.put("/me/password", json!({ "old": PASSWORD, "new": OTHER }))),
        ("a password by another", |alice, _, path, _| alice.patch(path, json!({ "password": OTHER }))),
        ("another role", |alice, _, path, _| alice.patch(path, json!({ "role_id": 2 }))),
        ("more permissions", |alice, _, path, _| alice.patch(path, json!({ "permissions": ["file.read"] }))),
        ("other profiles", |alice, _, path, _| alice.patch(path, json!({ "profiles": [] }))),
        ("the role changes", |alice, _, _, role| {
            alice.patch(&format!("/roles/{role}"), json!({ "permissions": ["site.read"] }))
        }),
        ("the role's sites", |alice, _, _, role| {
            alice.patch(&format!("/roles/{role}"), json!({ "sites": ["default"] }))
        }),
        ("freezing", |alice, _, path, _| alice.post(&format!("{path}/freeze"), json!({}))),
        ("removal", |alice, _, path, _| alice.delete(path)),
    ];
    for (number, (name, act)) in acts.into_iter().enumerate() {
        let (bob, own) = join(&running, &alice, &format!("bob{number}"), role.clone());
        let stolen = own.clone();
        stolen.get("/session").json(200);
        let answer = act(&alice, &own, &format!("/users/{}", bob["id"]), &role);
        assert!(matches!(answer.status, 200 | 204), "{name}: {answer:?}");
        assert_eq!(stolen.get("/session").refused(401).0, "unauthorized", "{name}");
        assert_eq!(stolen.patch("/me", json!({ "name": "x" })).refused(401).0, "unauthorized", "{name}");
    }
    alice.get("/session").json(200);
}

#[test]
fn threat_056_only_the_page_of_this_box_changes_anything() {
    let running = running();
    let alice = set_up(&running);
    let cookie = format!("Cookie: {}\r\n", alice.cookie);
    let word = format!("X-CSRF-Token: {}\r\n", alice.csrf);
    let kinds = ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"];
    // What a form or a link of another page can send: the cookie, and bodies of these kinds.
    for kind in kinds {
        let headers = format!("{cookie}Content-Type: {kind}\r\nOrigin: https://evil.example\r\n");
        for (method, path) in [
            ("POST", "/sites"),
            ("DELETE", "/sites/default"),
            ("PUT", "/me/password"),
            ("PATCH", "/me"),
            ("DELETE", "/session"),
        ] {
            let answer = running.raw(&format!("{method} /api/v1{path} HTTP/1.1"), &headers, b"{\"name\":\"Berlin\"}");
            assert_eq!(answer.refused(403).0, "csrf", "{method} {path} {kind}");
        }
        // Even the page itself sends JSON as JSON.
        running
            .raw(
                "POST /api/v1/sites HTTP/1.1",
                &format!("{cookie}{word}Content-Type: {kind}\r\n"),
                b"{\"name\":\"Berlin\"}",
            )
            .refused(415);
    }
    // A GET changes nothing, whatever stands in it.
    for path in ["/session?_method=DELETE", "/sites?name=Berlin", "/me?name=x"] {
        send(&running, "GET", path, &format!("{cookie}X-HTTP-Method-Override: DELETE\r\n"), None);
    }
    alice.get("/session").json(200);
    assert_eq!(alice.get("/sites/Berlin").status, 404);
}

#[test]
fn threat_057_every_answer_keeps_frames_scripts_guesses_and_copies_away() {
    let running = running();
    let alice = set_up(&running);
    let key = alice.post("/api-keys", json!({ "name": "x" }));
    let cookie = format!("Cookie: {}\r\n", alice.cookie);
    let asked = |line: &str, headers: &str| {
        let (method, path) = line.split_once(' ').unwrap();
        raw::ask(running.address, method, path, headers)
    };
    for (line, status) in [
        ("GET /", 200),
        ("GET /users", 200),
        ("GET /apidocs/", 200),
        ("GET /reset", 200),
        ("GET /healthz", 200),
        ("GET /api/v1/setup", 200),
        ("GET /api/v1/me", 200),
        ("GET /gone.js", 404),
        ("GET /api/v1/nothing", 404),
        ("GET /api/v1/users/999999", 404),
        ("PUT /api/v1/session", 403),
        ("POST /api/v1/session", 415),
        ("DELETE /api/v1/session", 403),
        ("POST /", 404),
    ] {
        let answer = asked(line, &cookie);
        let has =
            |name: &str| answer.header(name).unwrap_or_else(|| panic!("{line} has no {name}: {answer:?}")).to_owned();
        let alike = |one: u16| if matches!(one, 400 | 404 | 405 | 415) { 400 } else { one };
        assert_eq!(alike(answer.status), alike(status), "{line}: {}", answer.status);
        assert_eq!(
            (has("x-content-type-options"), has("x-frame-options")),
            ("nosniff".into(), "DENY".into()),
            "{line}"
        );
        let policy = has("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{line}: {policy}"
        );
        assert!(!policy.contains("unsafe") && !policy.contains('*') && !policy.contains("http"), "{line}: {policy}");
        assert_eq!((has("referrer-policy"), has("cache-control")), ("no-referrer".into(), "no-store".into()), "{line}");
        assert!(answer.header("access-control-allow-origin").is_none(), "{line}");
    }
    // Nobody else may read it, asked or not.
    let preflight =
        asked("OPTIONS /api/v1/users", "Origin: https://evil.example\r\nAccess-Control-Request-Method: GET\r\n");
    assert!(preflight.status >= 400 && preflight.header("access-control-allow-origin").is_none());
    // An answer with a secret is kept nowhere.
    assert!(key.json(201)["secret"].is_string() && key.head.to_ascii_lowercase().contains("cache-control: no-store"));
}

#[test]
fn threat_059_no_address_leads_elsewhere() {
    let running = running();
    set_up(&running);
    for target in [
        "/?next=https://evil.example/",
        "/login?next=//evil.example",
        "/login?return_to=%2F%2Fevil.example&redirect=https:evil.example&url=javascript:alert(1)",
        "//evil.example/",
        "///evil.example/%2e%2e",
        "/\\evil.example/",
        "/api/v1/session?next=https://evil.example",
        "/reset?next=https://evil.example",
        "/apidocs?next=https://evil.example",
    ] {
        for method in ["GET", "POST"] {
            let answer = raw::ask(running.address, method, target, "");
            assert!(!(300..400).contains(&answer.status), "{method} {target}: {}", answer.status);
            assert!(
                answer.header("location").is_none() && answer.header("refresh").is_none(),
                "{method} {target}: {answer:?}"
            );
            assert!(!answer.text().contains("evil.example"), "{method} {target}: {}", answer.text());
        }
    }
}

#[test]
fn threat_055_a_link_opens_once_and_a_newer_one_or_another_address_takes_its_place() {
    let running = running();
    let alice = set_up(&running);
    let (bob, _) = join(&running, &alice, "bob", json!(1));
    let path = format!("/users/{}", bob["id"]);
    let link = || alice.post(&format!("{path}/password-link"), json!({})).json(200)["token"].clone();
    let open = |token: &Value, password: &str| {
        send(&running, "POST", "/password/reset", "", Some(json!({ "token": token, "password": password }))).status
    };
    let used = link();
    assert_eq!((open(&used, OTHER), open(&used, "Thi3f.Was.Here")), (204, 403), "replayed");
    let (older, newer) = (link(), link());
    assert_eq!((open(&older, OTHER), open(&newer, OTHER)), (403, 204));
    // Whoever reads the old mailbox has no part in what comes after.
    let mailed = link();
    alice.patch(&path, json!({ "email": "bob@new.example" })).json(200);
    assert_eq!(open(&mailed, OTHER), 403);
    let own = link();
    let browser = log_in(&running, "bob", OTHER);
    assert!(
        browser.patch("/me", json!({ "email": "bob@other.example" })).refused(403).1.contains("password: it is needed")
    );
    browser.patch("/me", json!({ "email": "bob@other.example", "password": OTHER })).json(200);
    assert_eq!(open(&own, OTHER), 403);
    // And a link of a frozen user waits with them.
    let frozen = link();
    alice.post(&format!("{path}/freeze"), json!({})).json(200);
    assert_eq!(open(&frozen, PASSWORD), 403);
}

/// AVA-169: at /apidocs/ (the page; see ui/tests), made of this document. It says what each operation needs.
#[test]
fn ava_169_the_document_of_the_api_has_an_address_and_says_what_each_operation_needs() {
    let running = running();
    let alice = set_up(&running);
    for path in ["/apidocs", "/apidocs/"] {
        let page = raw::get(running.address, path);
        assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")), "{path}");
    }
    let document = alice.get("/openapi.json").json(200);
    for (method, path, words) in [
        ("get", "/api/v1/devices", "Needs the permission `device.read`."),
        ("post", "/api/v1/users/remove", "Needs the permission `user.delete`."),
        ("post", "/api/v1/session", "Needs no login."),
        ("get", "/api/v1/me", "Needs a session: it is about whoever is logged in."),
        ("get", "/api/v1/permissions", "Needs a session or an API key."),
        ("post", "/api/v1/users/reset-admin", "At the box itself only."),
    ] {
        let told = document["paths"][path][method]["description"].as_str().unwrap_or_default();
        assert!(told.ends_with(words), "{method} {path}: {told:?}");
    }
}
