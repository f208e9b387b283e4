//! Users, roles and what one may do to another.

use crate::support::admin::running;
use crate::support::people::{Browser, PASSWORD, log_in, send, set_up, try_login};
use serde_json::{Value, json};

const OTHER: &str = "An0ther.Word";

fn add(by: &Browser, body: Value) -> Value {
    by.post("/users", body).json(201)
}

fn person(login: &str) -> Value {
    json!({ "login": login, "name": login, "email": format!("{login}@example.com") })
}

/// AVA-172: account, first name, last name, e-mail, login name, temporary password, locale (twice: the page asks for the
/// password once more, ui/tests/users.test.mjs). What is shown of a name is theirs to choose.
#[test]
fn ava_172_an_administrator_is_added_to_an_account_with_first_and_last_name() {
    let running = running();
    let alice = set_up(&running);
    let shop = alice.post("/accounts", json!({ "kind": "reseller", "name": "Shop" })).json(201);
    let body = json!({ "account_id": shop["id"], "first_name": " Bob ", "last_name": "Builder", "email": "bob@shop.example",
        "login": "bob", "password": PASSWORD, "locale": "de" });
    let bob = add(&alice, body);
    let word = |user: &Value, name: &str| user[name].as_str().unwrap_or("-").to_owned();
    let names = |user: &Value| ["first_name", "last_name", "name"].map(|name| word(user, name));
    assert_eq!(names(&bob), ["Bob", "Builder", "Bob Builder"]);
    assert_eq!(
        ["account", "login", "email", "locale"].map(|name| word(&bob, name)),
        ["Shop", "bob", "bob@shop.example", "de"]
    );
    assert_eq!(log_in(&running, "bob", PASSWORD).told["due"], "password");
    // The name that is shown follows, until another one was chosen.
    let path = format!("/users/{}", bob["id"]);
    let set = |body: Value| names(&alice.patch(&path, body).json(200));
    assert_eq!(set(json!({ "last_name": "Baker" })), ["Bob", "Baker", "Bob Baker"]);
    assert_eq!(set(json!({ "name": "Bobby" })), ["Bob", "Baker", "Bobby"]);
    assert_eq!(set(json!({ "first_name": null })), ["-", "Baker", "Bobby"]);
    assert_eq!(
        alice.get(&format!("/users?search=bake&account_id={}", shop["id"])).json(200)["items"][0]["id"],
        bob["id"]
    );
    let me = |body: Value| names(&alice.patch("/me", body).json(200));
    assert_eq!(me(json!({ "first_name": "Alice", "last_name": "Example" })), ["Alice", "Example", "Alice"]);
    assert_eq!(me(json!({ "name": "Alice Example" })), ["Alice", "Example", "Alice Example"]);
    assert_eq!(me(json!({ "last_name": "Other" })), ["Alice", "Other", "Alice Other"]);
    // None at all is no user, and no name holds a line break.
    alice.post("/users", json!({ "email": "x@example.com" })).refused(422);
    for (field, odd) in [("first_name", "A\nB"), ("last_name", "A\u{0}B")] {
        alice.post("/users", json!({ "email": "x@example.com", "name": "X", field: odd })).refused(422);
        alice.patch("/me", json!({ field: odd })).refused(422);
    }
    // Seen by the export of the log, too.
    let change = alice.get("/audit?action=user.set&object=alice").json(200)["items"][0].clone();
    assert_eq!((&change["before"]["last_name"], &change["after"]["last_name"]), (&json!("Example"), &json!("Other")));
}

#[test]
fn ava_172_to_ava_177_an_administrator_is_added_with_a_temporary_password_and_ends_at_once() {
    let running = running();
    let alice = set_up(&running);
    let mut body = person("bob");
    body["password"] = PASSWORD.into();
    body["locale"] = "de".into();
    let bob = add(&alice, body);
    assert_eq!((&bob["temporary"], &bob["link"], &bob["account"]), (&json!(true), &Value::Null, &json!("Example")));
    let browser = log_in(&running, "bob", PASSWORD);
    assert_eq!((&browser.told["user"]["locale"], &browser.told["due"]), (&json!("de"), &json!("password")));
    // AVA-173, YMC-008: nothing else goes before it is changed.
    assert_eq!(browser.get("/devices").refused(403).0, "password-due");
    assert_eq!(browser.patch("/me", json!({ "name": "B" })).refused(403).0, "password-due");
    // ALE-024, YMC-022: only with the present one.
    assert_eq!(browser.put("/me/password", json!({ "old": "x", "new": OTHER })).status, 403);
    let weak = browser.put("/me/password", json!({ "old": PASSWORD, "new": "Password1" }));
    assert_eq!(weak.refused(422).0, "bad-password");
    let same = browser.put("/me/password", json!({ "old": PASSWORD, "new": PASSWORD }));
    assert_eq!(same.refused(422).0, "bad-password");
    let changed = browser.put("/me/password", json!({ "old": PASSWORD, "new": OTHER }));
    let after = Browser::of(&running, &changed);
    browser.get("/session").refused(401);
    assert_eq!((&after.told["due"], after.get("/devices").status), (&Value::Null, 200));
    // AVA-176.
    let path = format!("/users/{}", bob["id"]);
    let body = json!({ "name": "Robert", "login": "robert", "email": "robert@example.com", "locale": "en-GB" });
    assert_eq!(alice.patch(&path, body).json(200)["login"], "robert");
    alice.patch(&path, json!({ "account_id": 2 })).refused(400);
    // AVA-177.
    assert_eq!(alice.delete(&path).status, 204);
    after.get("/session").refused(401);
    assert_eq!(try_login(&running, "robert", OTHER).refused(401).0, "wrong-login");
    assert_eq!(alice.get(&path).refused(404).0, "not-found");
}

/// Who is given a part is given no more than that: everything is for whoever says nothing of it, or names that role.
#[test]
fn a_user_who_is_added_with_permissions_or_profiles_alone_may_do_no_more() {
    let running = running();
    let alice = set_up(&running);
    alice.post("/profiles", json!({ "name": "Desks" })).json(201);
    for (login, field, value) in [
        ("one", "permissions", json!(["site.read"])),
        ("two", "permissions", json!([])),
        ("three", "profiles", json!(["Desks"])),
    ] {
        let mut body = person(login);
        body[field] = value;
        let made = add(&alice, body);
        assert_eq!(made["role"], "Empty manager", "{made}");
        let reset = json!({ "token": made["link"]["token"], "password": PASSWORD });
        assert_eq!(send(&running, "POST", "/password/reset", "", Some(reset)).status, 204);
        let browser = log_in(&running, login, PASSWORD);
        assert_eq!(browser.get("/sites").status, if login == "one" { 200 } else { 403 }, "{login}");
        browser.get("/users").refused(403);
    }
    assert_eq!(add(&alice, person("four"))["role"], "Super manager");
}

/// ALE-010, ALE-011: the link has a code that works once, for three days. AVA-174: without a mail server it is shown once, to
/// whoever adds the user.
#[test]
fn ale_011_ale_012_ale_013_ale_077_ava_174_an_invited_user_chooses_name_and_password_with_a_link_that_works_once() {
    let running = running();
    let alice = set_up(&running);
    let invited = add(&alice, json!({ "name": "Bob", "email": "bob@example.com" }));
    assert_eq!((&invited["state"], &invited["login"]), (&json!("invited"), &json!("bob@example.com")));
    let link = &invited["link"];
    assert!(link["path"].as_str().unwrap().starts_with("/activate#code="));
    let shown = alice.get(&format!("/users/{}", invited["id"])).text();
    assert!(!shown.contains(link["token"].as_str().unwrap()), "{shown}");
    let days = (link["expires_at"].as_i64().unwrap() - phonebox::clock::now()) as f64 / 86_400_000.0;
    assert!((2.99..=3.0).contains(&days), "ALE-010: three days, not {days}");
    assert_eq!(try_login(&running, "bob@example.com", "").refused(401).0, "wrong-login");
    let activate = |login: &str, password: &str| {
        let body = json!({ "token": link["token"], "password": password, "login": login });
        send(&running, "POST", "/password/reset", "", Some(body))
    };
    assert_eq!(activate("bob", "short").refused(422).0, "bad-password");
    assert_eq!(activate("alice", PASSWORD).refused(409).0, "exists");
    assert_eq!(activate("bob", PASSWORD).status, 204);
    // The link is used up.
    assert_eq!(activate("bob", OTHER).refused(403).0, "bad-link");
    log_in(&running, "bob", PASSWORD);
    log_in(&running, "bob@example.com", PASSWORD);
    alice.post("/users", person("BOB")).refused(409);
    // A login that is somebody else's address would catch whoever types it.
    let mut catcher = person("mallory");
    catcher["login"] = "alice@example.com".into();
    alice.post("/users", catcher).refused(422);
}

/// AVA-043, ALE-028: for as long as whoever runs the box says, here three days.
#[test]
fn ale_028_how_long_a_link_for_a_forgotten_password_lives_is_configured() {
    let running = crate::support::admin::running_with(&[("PHONEBOX_RESET_MINUTES", "4320")]);
    let alice = set_up(&running);
    let bob = add(&alice, {
        let mut body = person("bob");
        body["password"] = PASSWORD.into();
        body
    });
    let link = alice.post(&format!("/users/{}/password-link", bob["id"]), json!({})).json(200);
    let days = (link["expires_at"].as_i64().unwrap() - phonebox::clock::now()) as f64 / 86_400_000.0;
    assert!((2.99..=3.0).contains(&days), "{days}");
}

#[test]
fn ava_042_ava_043_ymc_194_a_forgotten_password_is_reset_once_within_ten_minutes() {
    let running = running();
    let alice = set_up(&running);
    let bob = add(&alice, {
        let mut body = person("bob");
        body["password"] = PASSWORD.into();
        body
    });
    let session = log_in(&running, "bob", PASSWORD);
    let ask = |login: &str| send(&running, "POST", "/password/forgotten", "", Some(json!({ "login": login })));
    let (known, unknown) = (ask("bob"), ask("nobody"));
    assert_eq!((known.status, known.text()), (unknown.status, unknown.text()));
    assert_eq!(known.status, 202);
    // Without a mail server the administrator is told, and makes the link.
    crate::support::eventually("the alarm", || {
        let alarms = alice.get("/alarms").json(200);
        alarms["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["kind"] == "password-forgotten" && one["object"] == "bob")
    });
    let make = || alice.post(&format!("/users/{}/password-link", bob["id"]), json!({})).json(200);
    let (first, link) = (make(), make());
    let minutes = (link["expires_at"].as_i64().unwrap() - phonebox::clock::now()) as f64 / 60_000.0;
    assert!((9.0..=10.0).contains(&minutes), "{minutes}");
    let reset = |token: &Value| {
        send(
            &running,
            "POST",
            "/password/reset",
            "",
            Some(json!({ "token": token, "password": OTHER, "login": "eve" })),
        )
    };
    assert_eq!(reset(&first["token"]).refused(403).0, "bad-link", "a newer one takes its place");
    assert_eq!(reset(&link["token"]).status, 204);
    assert_eq!(reset(&link["token"]).refused(403).0, "bad-link");
    session.get("/session").refused(401);
    assert_eq!(try_login(&running, "bob", PASSWORD).refused(401).0, "wrong-login");
    assert_eq!(log_in(&running, "bob", OTHER).told["user"]["login"], "bob", "only a first login may be renamed");
    assert_eq!(alice.get("/alarms").json(200)["items"], json!([]));
    // Late is too late.
    let late = make();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let sql = "UPDATE password_link SET expires_at = expires_at - 600000";
    runtime.block_on(running.db.write(move |tx| Ok::<_, phonebox::db::Error>(tx.execute(sql, [])?))).unwrap();
    assert_eq!(reset(&late["token"]).refused(403).0, "bad-link");
    // Neither the link nor the password lies readable in the database, nor in the log.
    let audit = running.get("/audit?limit=500").text();
    for secret in [late["token"].as_str().unwrap(), link["token"].as_str().unwrap(), OTHER, PASSWORD] {
        assert!(!audit.contains(secret));
    }
}

#[test]
fn ale_089_ale_090_a_frozen_user_is_out_until_unfrozen_and_nobody_freezes_oneself() {
    let running = running();
    let alice = set_up(&running);
    let mut body = person("bob");
    body["password"] = PASSWORD.into();
    let bob = add(&alice, body);
    let session = log_in(&running, "bob", PASSWORD);
    let path = format!("/users/{}", bob["id"]);
    assert_eq!(alice.post(&format!("{path}/freeze"), json!({})).json(200)["state"], "frozen");
    session.get("/session").refused(401);
    assert_eq!(try_login(&running, "bob", PASSWORD).refused(401).0, "wrong-login");
    assert_eq!(alice.post(&format!("{path}/unfreeze"), json!({})).json(200)["state"], "active");
    log_in(&running, "bob", PASSWORD);
    let own = format!("/users/{}", alice.told["user"]["id"]);
    assert!(alice.post(&format!("{own}/freeze"), json!({})).refused(403).1.contains("yourself"));
    assert!(alice.delete(&own).refused(403).1.contains("yourself"));
}

#[test]
fn ymc_026_to_ymc_035_roles_are_made_given_and_kept_apart_from_those_of_the_box() {
    let running = running();
    let alice = set_up(&running);
    let roles = alice.get("/roles").json(200);
    let names: Vec<_> = roles.as_array().unwrap().iter().map(|role| role["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Empty manager", "Super manager"]);
    assert_eq!((&roles[0]["permissions"], &roles[1]["everything"]), (&json!([]), &json!(true)));
    for id in [1, 2] {
        assert!(
            alice.patch(&format!("/roles/{id}"), json!({ "name": "x" })).refused(403).1.contains("came with the box")
        );
        alice.delete(&format!("/roles/{id}")).refused(403);
    }
    assert_eq!(alice.get("/role-groups").json(200)[0]["name"], "default");
    alice.patch("/role-groups/1", json!({ "name": "x" })).refused(403);
    alice.delete("/role-groups/1").refused(403);
    let group = alice.post("/role-groups", json!({ "name": "Support" })).json(201);
    let body = json!({ "name": "Installer", "group_id": group["id"], "permissions": ["device.write", "site.read"] });
    let role = alice.post("/roles", body).json(201);
    // ALE-082: reading comes along.
    assert_eq!(role["permissions"], json!(["device.read", "device.write", "site.read"]));
    alice.post("/roles", json!({ "name": "Installer" })).refused(409);
    alice.post("/roles", json!({ "name": "x", "permissions": ["device.fly"] })).refused(422);
    let mut body = person("bob");
    body["password"] = PASSWORD.into();
    body["role_id"] = role["id"].clone();
    body["permissions"] = json!(["file.read"]);
    let bob = add(&alice, body);
    let bob_id = bob["id"].clone();
    log_in(&running, "bob", PASSWORD).put("/me/password", json!({ "old": PASSWORD, "new": OTHER })).json(200);
    let browser = log_in(&running, "bob", OTHER);
    assert_eq!(browser.told["permissions"], json!(["device.read", "device.write", "site.read", "file.read"]));
    assert_eq!((browser.get("/devices").status, browser.get("/files").status), (200, 200));
    let (code, message) = browser.post("/devices", json!({ "mac": "805ec0aabb01" })).refused(403);
    assert!(code == "forbidden" && message.contains("device.add"), "{message}");
    browser.get("/users").refused(403);
    // T55: what changes what one may do ends what was open before.
    alice.patch(&format!("/roles/{}", role["id"]), json!({ "permissions": [] })).json(200);
    browser.get("/session").refused(401);
    assert_eq!(log_in(&running, "bob", OTHER).told["permissions"], json!(["file.read"]));
    assert_eq!(alice.delete(&format!("/roles/{}", role["id"])).refused(409).0, "in-use");
    assert_eq!(alice.delete(&format!("/role-groups/{}", group["id"])).refused(409).0, "in-use");
    // YMC-029: only to log in.
    alice.patch(&format!("/users/{bob_id}"), json!({ "role_id": 2, "permissions": [] })).json(200);
    let empty = log_in(&running, "bob", OTHER);
    assert_eq!((empty.get("/me").status, empty.get("/devices").status), (200, 403));
    assert_eq!(alice.delete(&format!("/roles/{}", role["id"])).status, 204);
    assert_eq!(alice.delete(&format!("/role-groups/{}", group["id"])).status, 204);
    // YMC-036.
    let found = alice.get("/users?search=empty").json(200);
    assert_eq!(found["items"][0]["login"], "bob");
}

#[test]
fn nobody_gives_more_than_they_have_nor_takes_over_who_may_more() {
    let running = running();
    let alice = set_up(&running);
    let role = json!({ "name": "Hr", "permissions": ["user.write", "user.delete", "role.write"] });
    let role = alice.post("/roles", role).json(201)["id"].clone();
    let mut body = person("hank");
    body["role_id"] = role;
    let made = add(&alice, body);
    let body = json!({ "token": made["link"]["token"], "password": PASSWORD });
    send(&running, "POST", "/password/reset", "", Some(body));
    let hank = log_in(&running, "hank", PASSWORD);
    let alice_path = format!("/users/{}", alice.told["user"]["id"]);
    for refused in [
        hank.post("/users", person("super")),
        hank.post("/roles", json!({ "name": "x", "permissions": ["box.write"] })),
        hank.patch(&alice_path, json!({ "password": OTHER })),
        hank.patch(&alice_path, json!({ "email": "hank@example.com" })),
        hank.post(&format!("{alice_path}/password-link"), json!({})),
        hank.post(&format!("{alice_path}/freeze"), json!({})),
        hank.delete(&alice_path),
        hank.patch(&format!("/users/{}", made["id"]), json!({ "role_id": 1 })),
        hank.patch(&format!("/users/{}", made["id"]), json!({ "permissions": ["box.write"] })),
    ] {
        assert!(refused.refused(403).1.contains("more than you may yourself"), "{}", refused.text());
    }
    assert_eq!(try_login(&running, "super", "").refused(401).0, "wrong-login");
    let mut clerk = person("clerk");
    clerk["role_id"] = json!(2);
    add(&hank, clerk);
}

#[test]
fn ale_020_to_ale_025_ymc_023_one_changes_what_is_ones_own_and_the_address_with_the_password_only() {
    let running = running();
    let alice = set_up(&running);
    let body = json!({ "name": "Alice B.", "phone": "+49 30 1", "country": "DE", "locale": "de" });
    let me = alice.patch("/me", body).json(200);
    assert_eq!((&me["name"], &me["phone"], &me["locale"]), (&json!("Alice B."), &json!("+49 30 1"), &json!("de")));
    assert_eq!(alice.patch("/me", json!({ "email": "new@example.com" })).status, 403);
    alice.patch("/me", json!({ "email": "new@example.com", "password": "wrong" })).refused(403);
    let me = alice.patch("/me", json!({ "email": "new@example.com", "password": PASSWORD })).json(200);
    assert_eq!(me["email"], "new@example.com");
    for field in ["login", "account", "role_id", "permissions", "two_factor"] {
        alice.patch("/me", json!({ field: "x" })).refused(400);
    }
    // T67: nothing that could end a header line.
    for odd in ["a@b\r\nBcc: c@d", "a b@c", "a@b,c@d", "@b", "a@", "Alice <a@b>"] {
        alice.patch("/me", json!({ "email": odd, "password": PASSWORD })).refused(422);
    }
}

/// A stolen session may not become a takeover: what opens the account is changed with the present password, or by another.
#[test]
fn nobody_changes_by_the_list_of_users_what_opens_their_own_account() {
    let running = running();
    let alice = set_up(&running);
    let id = &alice.told["user"]["id"];
    let own = format!("/users/{id}");
    for (field, value) in [
        ("password", json!(OTHER)),
        ("email", json!("thief@example.com")),
        ("login", json!("thief")),
        ("role_id", json!(2)),
        ("permissions", json!(["site.read"])),
        ("two_factor", json!(true)),
    ] {
        let refused = alice.patch(&own, json!({ field: value }));
        assert!(refused.refused(403).1.contains(field), "{}", refused.text());
        let next = refused.json(403)["error"]["next"].as_str().unwrap_or_default().to_owned();
        assert!(next.contains("PATCH /api/v1/me") && next.contains("PUT /api/v1/me/password"), "{}", refused.text());
    }
    let link = alice.post(&format!("{own}/password-link"), json!({}));
    assert!(link.refused(403).1.contains("yourself"), "{}", link.text());
    // The page says the unchanged ones again.
    let body = json!({ "name": "Alice B.", "remark": "me", "email": "alice@example.com", "login": "alice", "two_factor": false });
    let after = alice.patch(&own, body).json(200);
    assert_eq!(
        (&after["name"], &after["remark"], &after["email"]),
        (&json!("Alice B."), &json!("me"), &json!("alice@example.com"))
    );
    log_in(&running, "alice", PASSWORD);
}

#[test]
fn the_log_says_how_many_api_keys_of_a_removed_user_stay() {
    let running = running();
    let alice = set_up(&running);
    let mut ids = Vec::new();
    for (login, keys) in [("bob", 2), ("eve", 0)] {
        let made = add(&alice, person(login));
        let reset = json!({ "token": made["link"]["token"], "password": PASSWORD });
        assert_eq!(send(&running, "POST", "/password/reset", "", Some(reset)).status, 204);
        let browser = log_in(&running, login, PASSWORD);
        for number in 0..keys {
            browser.post("/api-keys", json!({ "name": format!("{login} {number}") })).json(201);
        }
        ids.push(made["id"].clone());
    }
    assert_eq!(alice.post("/users/remove", json!({ "ids": ids })).status, 204);
    let rows = alice.get("/audit?action=user.remove").json(200)["items"].clone();
    assert_eq!(
        (&rows[0]["detail"], &rows[1]["detail"]),
        (&json!("Example"), &json!("Example: 2 API keys of theirs stay"))
    );
}
