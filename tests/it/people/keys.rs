//! API keys: what they open, from where, how long, and what is signed with them.

use crate::support::admin::{Answer, Running, running};
use crate::support::people::{Browser, PASSWORD, log_in, set_up};
use phonebox::users::keys::signed::{SCHEME, sign, signing_key};
use serde_json::{Value, json};

fn bearer(running: &Running, method: &str, path: &str, secret: &str, body: &str) -> Answer {
    let kind = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
    let headers = format!("Authorization: Bearer {secret}\r\n{kind}");
    running.raw(&format!("{method} /api/v1{path} HTTP/1.1"), &headers, body.as_bytes())
}

fn make(browser: &Browser, body: Value) -> (Value, String) {
    let made = browser.post("/api-keys", body).json(201);
    let secret = made["secret"].as_str().unwrap().to_owned();
    (made, secret)
}

#[test]
fn ale_091_ale_092_ale_093_ymc_173_threat_063_a_key_is_shown_once_limited_reset_and_removed() {
    let running = running();
    let alice = set_up(&running);
    let (key, secret) =
        make(&alice, json!({ "name": "pbx", "permissions": ["site.write"], "callback": "https://pbx.example/hook" }));
    assert_eq!(key["permissions"], json!(["site.read", "site.write"]));
    assert!(secret.len() >= 64 && key["access_key"].as_str().unwrap().starts_with("PB"));
    let list = alice.get("/api-keys").text();
    assert!(list.contains("pbx") && !list.contains(&secret), "{list}");
    // Scope.
    assert_eq!(bearer(&running, "GET", "/sites", &secret, "").status, 200);
    assert_eq!(bearer(&running, "POST", "/sites", &secret, r#"{"name":"Berlin"}"#).status, 201);
    assert_eq!(bearer(&running, "GET", "/devices", &secret, "").refused(403).0, "forbidden");
    bearer(&running, "GET", "/me", &secret, "").refused(401);
    bearer(&running, "GET", "/sessions", &secret, "").refused(401);
    assert_eq!(running.get("/audit").json(200)["items"][0]["actor"], "pbx");
    // Reset: the same id, another secret. Then gone.
    let path = format!("/api-keys/{}", key["id"]);
    let reset = alice.post(&format!("{path}/reset"), json!({})).json(200);
    assert_eq!(reset["access_key"], key["access_key"]);
    let newer = reset["secret"].as_str().unwrap();
    bearer(&running, "GET", "/sites", &secret, "").refused(401);
    assert_eq!(bearer(&running, "GET", "/sites", newer, "").status, 200);
    // Source and expiry.
    alice.patch(&path, json!({ "sources": ["192.0.2.0/24"] })).json(200);
    bearer(&running, "GET", "/sites", newer, "").refused(401);
    alice.patch(&path, json!({ "sources": ["192.0.2.0/24", "127.0.0.0/8"] })).json(200);
    assert_eq!(bearer(&running, "GET", "/sites", newer, "").status, 200);
    let past = phonebox::clock::now() - 1;
    for at in [5, -1, past] {
        let said = [
            alice.patch(&path, json!({ "expires_at": at })),
            alice.post("/api-keys", json!({ "name": "y", "expires_at": at })),
        ];
        said.iter().for_each(|answer| assert!(answer.refused(422).1.contains("expires_at"), "{at}"));
    }
    let expires = |at: i64| {
        let id = key["id"].as_i64().unwrap();
        let set = running.db.write(move |tx| {
            tx.execute("UPDATE api_key SET expires_at = $1 WHERE id = $2", [at, id])
                .map(drop)
                .map_err(phonebox::db::Error::from)
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(set).unwrap();
    };
    expires(past);
    // A form sends it back as it is.
    alice.patch(&path, json!({ "expires_at": past, "name": "pbx 2" })).json(200);
    bearer(&running, "GET", "/sites", newer, "").refused(401);
    alice.patch(&path, json!({ "expires_at": null })).json(200);
    assert_eq!(alice.delete(&path).status, 204);
    bearer(&running, "GET", "/sites", newer, "").refused(401);
    alice.post("/api-keys", json!({ "name": "x", "sources": ["everywhere"] })).refused(422);
    alice.post("/api-keys", json!({ "name": "x", "callback": "javascript:1" })).refused(422);
    // T64: a login in what is refused and quoted is not kept.
    let callback = "https://user:sekretword@pbx.example/hook";
    alice.post("/api-keys", json!({ "name": "x", "callback": callback })).refused(422);
    alice
        .put("/mail", json!({ "host": "user:sekretword@mail.example", "security": "starttls", "from": "a@x.example" }))
        .refused(422);
    let log = alice.get("/audit").text();
    assert!(log.contains("******@pbx.example") && log.contains("******@mail.example"), "{log}");
    assert!(!log.contains("sekretword"), "{log}");
    assert!(!running.get("/audit?limit=500").text().contains(newer));
}

#[test]
fn ava_168_a_key_of_an_account_opens_nothing_of_another_and_needs_its_api_access() {
    let running = running();
    let alice = set_up(&running);
    let shop = alice.post("/accounts", json!({ "kind": "customer", "name": "Shop" })).json(201)["id"].clone();
    let body = json!({ "account_id": shop, "login": "carl", "name": "Carl", "email": "carl@example.com" });
    let made = alice.post("/users", body).json(201);
    alice.post("/password/reset", json!({ "token": made["link"]["token"], "password": PASSWORD }));
    let carl = log_in(&running, "carl", PASSWORD);
    // Without the service no key works: none is made, and it is said what to do.
    let said = carl.post("/api-keys", json!({ "name": "crm" })).refused(403).1;
    assert!(said.contains("the service API access"), "{said}");
    let set = |access: &str| {
        alice.patch(&format!("/accounts/{shop}"), json!({ "api_access": access, "reason": "later" })).json(200)
    };
    carl.patch(&format!("/accounts/{shop}"), json!({ "api_access": "requested" })).json(200);
    let said = carl.post("/api-keys", json!({ "name": "crm" })).text();
    assert!(said.contains("asked for already"), "{said}");
    set("on");
    let (_, secret) = make(&carl, json!({ "name": "crm" }));
    set("off");
    bearer(&running, "GET", "/sites", &secret, "").refused(401);
    set("on");
    alice.post("/sites", json!({ "name": "Secret place" })).json(201);
    assert_eq!(bearer(&running, "GET", "/sites", &secret, "").json(200)["items"], json!([]));
    // Everything, and still not what is the box's.
    bearer(&running, "GET", "/networks", &secret, "").refused(403);
    bearer(&running, "POST", "/key/rotate", &secret, "").refused(403);
    // Nobody makes a key that may more than they.
    let role =
        alice.post("/roles", json!({ "name": "keys", "permissions": ["api-key.write"] })).json(201)["id"].clone();
    let body = json!({ "login": "kim", "name": "Kim", "email": "kim@example.com", "role_id": role });
    let made = alice.post("/users", body).json(201);
    alice.post("/password/reset", json!({ "token": made["link"]["token"], "password": PASSWORD }));
    let kim = log_in(&running, "kim", PASSWORD);
    kim.post("/api-keys", json!({ "name": "x" })).refused(403);
    kim.post("/api-keys", json!({ "name": "x", "permissions": ["device.read"] })).refused(403);
    let (own, _) = make(&kim, json!({ "name": "x", "permissions": ["api-key.read"] }));
    // All events go to a callback, whatever the key may read: saying where needs what webhooks need.
    let key = json!({ "name": "y", "permissions": ["api-key.read"], "callback": "https://hooks.example/" });
    assert!(kim.post("/api-keys", key).refused(403).1.contains("webhook.write"));
    let path = format!("/api-keys/{}", own["id"]);
    kim.patch(&path, json!({ "callback": "https://hooks.example/" })).refused(403);
    alice.patch(&path, json!({ "callback": "https://hooks.example/" })).json(200);
    kim.patch(&path, json!({ "name": "z", "callback": "https://hooks.example/" })).json(200);
    kim.patch(&path, json!({ "callback": null })).json(200);
    // What is the box's counts in its account only.
    for (method, path, body) in [
        ("POST", "/api-keys".to_owned(), json!({ "name": "b", "permissions": ["box.write"] })),
        ("POST", "/roles".to_owned(), json!({ "name": "b", "permissions": ["site.read", "mail.write"] })),
        ("POST", "/users".to_owned(), json!({ "name": "B", "email": "b@x.example", "permissions": ["box.write"] })),
    ] {
        let said = carl.ask(method, &path, Some(body)).refused(422).1;
        assert!(said.contains("the box's own account only"), "{path}: {said}");
    }
    let role = carl.post("/roles", json!({ "name": "b", "permissions": ["site.read"] })).json(201)["id"].clone();
    carl.patch(&format!("/roles/{role}"), json!({ "permissions": ["network.read"] })).refused(422);
    let (all, _) = make(&alice, json!({ "name": "all" }));
    kim.post(&format!("/api-keys/{}/reset", all["id"]), json!({})).refused(403);
}

#[test]
fn threat_063_a_signed_request_counts_once_at_its_time_for_its_body() {
    let running = running();
    let alice = set_up(&running);
    let (key, secret) = make(&alice, json!({ "name": "pbx", "permissions": ["site.write"] }));
    let access = key["access_key"].as_str().unwrap();
    let now = phonebox::clock::now() / 1_000;
    let header = |time: i64, nonce: &str, signature: &str| {
        format!("Authorization: {SCHEME} key={access}, time={time}, nonce={nonce}, signature={signature}\r\n")
    };
    let send = |method: &str, path: &str, body: &str, header: &str| {
        let headers = format!("Content-Type: application/json\r\n{header}");
        running.raw(&format!("{method} /api/v1{path} HTTP/1.1"), &headers, body.as_bytes())
    };
    let signed = |method: &str, path: &str, body: &str, time: i64, nonce: &str| {
        let signature = sign(&signing_key(&secret), method, &format!("/api/v1{path}"), time, nonce, body.as_bytes());
        header(time, nonce, &signature)
    };
    let body = r#"{"name":"Berlin"}"#;
    let first = signed("POST", "/sites", body, now, "nonce-0001");
    assert_eq!(send("POST", "/sites", body, &first).status, 201);
    // Replayed, and everything else that is not that request.
    let (code, message) = send("POST", "/sites", body, &first).refused(401);
    assert_eq!(code, "replayed-nonce");
    assert!(message.contains("\"nonce-0001\""), "{message}");
    let fresh = |nonce: &str| signed("POST", "/sites", body, now, nonce);
    send("POST", "/sites", r#"{"name":"Munich"}"#, &fresh("nonce-0002")).refused(401);
    send("POST", "/groups", body, &fresh("nonce-0003")).refused(401);
    send("GET", "/sites", "", &fresh("nonce-0004")).refused(401);
    send("POST", "/sites?x=1", body, &fresh("nonce-0005")).refused(401);
    // Which of both it was hears who signed it: with the box's time and what may be between them.
    for time in [now - 400, now + 400] {
        let answer = send("GET", "/sites", "", &signed("GET", "/sites", "", time, "nonce-0006"));
        let (code, message) = answer.refused(401);
        assert!(answer.head.to_ascii_lowercase().contains("www-authenticate:"), "{}", answer.head);
        assert_eq!(code, "stale-signature");
        assert!(message.starts_with(&format!("time: {time} is not accepted: the box's time is ")), "{message}");
        assert!(message.contains("at most 300 seconds"), "{message}");
    }
    // Who has not shown the secret hears one and the same, of a key that is there and of one that is not.
    let unknown = format!("PB{}", "0".repeat(18));
    let strangers = [now, now - 400, i64::MIN, i64::MAX].map(|time| header(time, "nonce-0001", &"0".repeat(64)));
    let told = |header: &str| send("GET", "/sites", "", header).refused(401);
    for stranger in strangers.iter().flat_map(|known| [known.clone(), known.replace(access, &unknown)]) {
        assert_eq!(told(&stranger), told(&header(now, "nonce-0007", &"0".repeat(64))), "{stranger}");
        assert_eq!(told(&stranger).0, "unauthorized");
    }
    send("GET", "/sites", "", &signed("GET", "/sites", "", now, "short")).refused(401);
    assert_eq!(send("GET", "/sites", "", &signed("GET", "/sites", "", now, "nonce-0008")).status, 200);
    assert_eq!(send("GET", "/sites?limit=1", "", &signed("GET", "/sites?limit=1", "", now, "nonce-0009")).status, 200);
    // HEAD is signed as what it is.
    assert_eq!(send("HEAD", "/sites", "", &signed("HEAD", "/sites", "", now, "nonce-0012")).status, 200);
    assert_eq!(send("HEAD", "/sites", "", &signed("GET", "/sites", "", now, "nonce-0013")).status, 401);
    // Its permissions are the key's, and it ends with it.
    send("GET", "/devices", "", &signed("GET", "/devices", "", now, "nonce-0010")).refused(403);
    alice.delete(&format!("/api-keys/{}", key["id"]));
    send("GET", "/sites", "", &signed("GET", "/sites", "", now, "nonce-0011")).refused(401);
}

#[test]
fn every_answer_to_a_key_says_how_often_it_may_ask() {
    let running = running();
    let head = |answer: &Answer, name: &str| -> i64 {
        let line = answer.head.lines().find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}:")));
        line.unwrap_or_else(|| panic!("{}", answer.head)).split(':').nth(1).unwrap().trim().parse().unwrap()
    };
    let (first, second) = (running.get("/sites"), running.get("/nowhere"));
    assert_eq!(head(&first, "ratelimit-limit"), 1_200);
    assert_eq!(head(&first, "ratelimit-remaining"), head(&second, "ratelimit-remaining") + 1);
    assert!((1..=60).contains(&head(&first, "ratelimit-reset")));
    let answers: Vec<Answer> = (0..1_200).map(|_| running.get("/models?x")).collect();
    let last = answers.last().unwrap();
    assert_eq!((last.status, head(last, "ratelimit-remaining")), (429, 0));
    assert!(head(last, "retry-after") <= 60);
}

/// A key may have anybody's name: the log tells it from the person all the same, in what was done and what was refused.
#[test]
fn a_key_with_a_persons_name_is_told_from_the_person_in_the_log() {
    let running = running();
    let alice = set_up(&running);
    for name in ["alice", "console"] {
        let (_, secret) = make(&alice, json!({ "name": name, "permissions": ["site.write"] }));
        let body = json!({ "name": format!("of key {name}") }).to_string();
        assert_eq!(bearer(&running, "POST", "/sites", &secret, &body).status, 201);
        bearer(&running, "POST", "/sites", &secret, &body).refused(409);
    }
    alice.post("/sites", json!({ "name": "of alice" })).json(201);
    let sites = |query: &str| {
        let page = alice.get(&format!("/audit?limit=500{query}")).json(200);
        let rows = page["items"].as_array().unwrap().iter();
        let word = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
        rows.filter(|row| row["action"] == "site.add")
            .map(|row| (word(row, "actor"), word(row, "process"), word(row, "result")))
            .collect::<Vec<_>>()
    };
    let row = |actor: &str, process: &str, result: &str| (actor.to_owned(), process.to_owned(), result.to_owned());
    assert_eq!(sites("&process=api"), [row("alice", "api", "success")]);
    let of_keys = [("console", "fail"), ("console", "success"), ("alice", "fail"), ("alice", "success")];
    assert_eq!(sites("&process=key"), of_keys.map(|(name, result)| row(name, "key", result)));
    assert_eq!(sites("&process=console"), []);
}

/// T63: the limits of a key are those of what it makes and changes, too.
#[test]
fn threat_063_a_key_gives_no_key_more_time_or_networks_than_it_has() {
    let running = running();
    let alice = set_up(&running);
    let end = phonebox::clock::now() + 3_600_000;
    let may = ["api-key.write", "device.read"];
    let limits = json!({ "name": "own", "permissions": may, "expires_at": end, "sources": ["127.0.0.0/16"] });
    let (own, secret) = make(&alice, limits);
    let (wide, _) = make(&alice, json!({ "name": "wide", "permissions": ["device.read"] }));
    let ask = |method: &str, path: &str, body: Value| bearer(&running, method, path, &secret, &body.to_string());
    let child = |end: Value, sources: Value| {
        let body = json!({ "name": "child", "permissions": ["device.read"], "expires_at": end, "sources": sources });
        ask("POST", "/api-keys", body)
    };
    let (path, other) = (format!("/api-keys/{}", own["id"]), format!("/api-keys/{}", wide["id"]));
    let near = json!(["127.0.0.0/24"]);
    for (answer, field) in [
        (ask("PATCH", &path, json!({ "expires_at": null })), "expires_at"),
        (ask("PATCH", &path, json!({ "expires_at": end + 1 })), "expires_at"),
        (ask("PATCH", &path, json!({ "sources": [] })), "sources"),
        (ask("PATCH", &path, json!({ "sources": ["127.0.0.0/24", "192.0.2.0/24"] })), "sources"),
        (ask("PATCH", &other, json!({ "name": "mine" })), "expires_at"),
        (ask("POST", &format!("{other}/reset"), json!({})), "expires_at"),
        (child(json!(null), near.clone()), "expires_at"),
        (child(json!(end), json!([])), "sources"),
        (child(json!(end), json!(["127.0.0.0/8"])), "sources"),
    ] {
        let (code, message) = answer.refused(403);
        assert!(code == "forbidden" && message.starts_with(field), "{message}");
    }
    child(json!(end - 1), near.clone()).json(201);
    ask("PATCH", &path, json!({ "sources": near })).json(200);
}
