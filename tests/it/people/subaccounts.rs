//! Sub-accounts as their administrator keeps them: the form, the list, several at once, profiles, the mail of a new address.

use crate::support::admin::running;
use crate::support::people::{PASSWORD, log_in, send, set_up, try_login};
use serde_json::{Value, json};

fn person(login: &str) -> Value {
    json!({ "login": login, "name": login, "email": format!("{login}@example.com"), "password": PASSWORD })
}

fn logins(answer: &Value) -> Vec<&str> {
    answer["items"].as_array().unwrap().iter().map(|user| user["login"].as_str().unwrap()).collect()
}

/// ALE-077: with its words and permissions. ALE-088: both are changed.
#[test]
fn ale_077_ale_081_ale_084_ale_088_ymc_030_ymc_031_ymc_033_a_sub_account_has_words_data_and_operations() {
    let running = running();
    let alice = set_up(&running);
    alice.post("/profiles", json!({ "name": "Desks" })).json(201);
    // YMC-031: seeing alone, or operations one by one. ALE-081, ALE-084: phones, and the logs apart from everything else.
    let viewer = alice.post("/roles", json!({ "name": "Viewer", "permissions": ["device.read"] })).json(201);
    let mut body = person("bob");
    body["phone"] = "+49 30 1234".into();
    body["country"] = "Austria".into();
    body["remark"] = "night shift".into();
    body["role_id"] = viewer["id"].clone();
    body["permissions"] = json!(["device.delete"]);
    body["profiles"] = json!(["Desks"]);
    let bob = alice.post("/users", body).json(201);
    for (field, value) in [
        ("account", "Example"),
        ("name", "bob"),
        ("email", "bob@example.com"),
        ("phone", "+49 30 1234"),
        ("country", "Austria"),
        ("remark", "night shift"),
        ("role", "Viewer"),
    ] {
        assert_eq!(bob[field], value, "{field}");
    }
    assert_eq!((&bob["profiles"], &bob["permissions"]), (&json!(["Desks"]), &json!(["device.delete", "device.read"])));
    let path = format!("/users/{}", bob["id"]);
    let changed = json!({ "remark": null, "phone": "+49 30 9", "permissions": ["audit.read"], "profiles": null });
    let changed = alice.patch(&path, changed).json(200);
    assert_eq!((&changed["remark"], &changed["profiles"]), (&Value::Null, &Value::Null));
    log_in(&running, "bob", PASSWORD).put("/me/password", json!({ "old": PASSWORD, "new": "An0ther.Word" })).json(200);
    let browser = log_in(&running, "bob", "An0ther.Word");
    assert_eq!(browser.told["permissions"], json!(["device.read", "audit.read"]));
    assert_eq!(browser.get("/audit").status, 200);
    assert_eq!((browser.get("/devices").status, browser.delete("/devices/805ec0aabb01").status), (200, 403));
    browser.get("/check-ins").refused(403);
    // What was changed is written down, on both sides.
    let rows = alice.get("/audit?action=user.set").json(200);
    assert_eq!(
        (&rows["items"][0]["before"]["phone"], &rows["items"][0]["after"]["phone"]),
        (&json!("+49 30 1234"), &json!("+49 30 9"))
    );
}

/// What a role permits of the whole account opens nothing to a user of one profile, and the page is not told to offer it.
#[test]
fn ymc_032_a_user_of_one_profile_is_told_what_opens_something() {
    let running = running();
    let alice = set_up(&running);
    alice.post("/profiles", json!({ "name": "Desks" })).json(201);
    let granted = json!(["device.read", "setting.read", "audit.read"]);
    for (login, profiles, told) in
        [("bob", json!(null), granted.clone()), ("carol", json!(["Desks"]), json!(["device.read", "setting.read"]))]
    {
        let mut body = person(login);
        body["permissions"] = granted.clone();
        body["profiles"] = profiles.clone();
        alice.post("/users", body).json(201);
        log_in(&running, login, PASSWORD)
            .put("/me/password", json!({ "old": PASSWORD, "new": "An0ther.Word" }))
            .json(200);
        let browser = log_in(&running, login, "An0ther.Word");
        assert_eq!((&browser.told["limited"], &browser.told["permissions"]), (&json!(!profiles.is_null()), &told));
        let whole = if profiles.is_null() { 200 } else { 403 };
        for path in ["/audit", "/accounts/1/sites/default/firmware", "/accounts/1/sites/default/archive"] {
            assert_eq!(browser.get(path).status, whole, "{login} {path}");
        }
        assert_eq!(browser.get("/settings?layer=profile&scope=Desks").status, 200, "{login}");
    }
}

#[test]
fn ale_086_ymc_036_the_list_is_searched_by_name_address_and_role() {
    let running = running();
    let alice = set_up(&running);
    let role = alice.post("/roles", json!({ "name": "Night watch" })).json(201)["id"].clone();
    for (login, name, email) in
        [("bob", "Robert Stone", "r.stone@shop.example"), ("carol", "Carol", "carol@example.com")]
    {
        let role = if login == "carol" { role.clone() } else { json!(2) };
        let body = json!({ "login": login, "name": name, "email": email, "role_id": role, "country": "Austria" });
        alice.post("/users", body).json(201);
    }
    let found = |search: &str| {
        let answer = alice.get(&format!("/users?search={search}")).json(200);
        logins(&answer).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    for (search, expected) in [
        ("bob", vec!["bob"]),
        ("STONE", vec!["bob"]),
        ("shop.example", vec!["bob"]),
        ("night%20watch", vec!["carol"]),
        ("%25", vec![]),
        ("o", vec!["alice", "bob", "carol"]),
    ] {
        assert_eq!(found(search), expected, "{search}");
    }
    assert_eq!(logins(&alice.get(&format!("/users?role_id={role}")).json(200)), ["carol"]);
    let all = alice.get("/users").json(200);
    let carol = &all["items"][2];
    assert_eq!((&carol["state"], &carol["country"]), (&json!("invited"), &json!("Austria")));
    assert!(carol["created_at"].as_i64().unwrap() > 1_700_000_000_000);
}

#[test]
fn ale_087_ymc_035_several_are_removed_together_or_none() {
    let running = running();
    let alice = set_up(&running);
    let ids: Vec<Value> =
        ["bob", "carol", "dave"].map(|login| alice.post("/users", person(login)).json(201)["id"].clone()).to_vec();
    let bob = log_in(&running, "bob", PASSWORD);
    assert!(alice.post("/users/remove", json!({ "ids": [] })).refused(422).1.contains("0 users"));
    alice.post("/users/remove", json!({ "ids": (1..=501).collect::<Vec<_>>() })).refused(422);
    // One that may not go keeps the others: oneself, and who is not there.
    for other in [alice.told["user"]["id"].clone(), json!(999)] {
        let answer = alice.post("/users/remove", json!({ "ids": [ids[0], ids[1], other] }));
        assert!(matches!(answer.status, 403 | 404), "{answer:?}");
    }
    bob.get("/session").json(200);
    assert_eq!(alice.post("/users/remove", json!({ "ids": [ids[0], ids[1], ids[0]] })).status, 204);
    bob.get("/session").refused(401);
    assert_eq!(logins(&alice.get("/users").json(200)), ["alice", "dave"]);
    let removed = alice.get("/audit?action=user.remove").json(200);
    assert_eq!(removed["items"].as_array().unwrap().iter().filter(|row| row["result"] == "success").count(), 2);
    // Nobody removes who may do more.
    let role = json!({ "name": "Hr", "permissions": ["user.write", "user.delete"] });
    let role = alice.post("/roles", role).json(201)["id"].clone();
    alice.patch(&format!("/users/{}", ids[2]), json!({ "role_id": role })).json(200);
    log_in(&running, "dave", PASSWORD).put("/me/password", json!({ "old": PASSWORD, "new": "An0ther.Word" })).json(200);
    let dave = log_in(&running, "dave", "An0ther.Word");
    assert!(
        dave.post("/users/remove", json!({ "ids": [alice.told["user"]["id"]] }))
            .refused(403)
            .1
            .contains("more than you")
    );
}

#[test]
fn ale_079_ale_080_profiles_show_whose_they_are_and_what_somebody_made_stays_theirs() {
    let running = running();
    let alice = set_up(&running);
    for name in ["Desks", "Doors"] {
        alice.post("/profiles", json!({ "name": name })).json(201);
    }
    let role = json!({ "name": "Part", "permissions": ["device.write", "profile.add"] });
    let role = alice.post("/roles", role).json(201)["id"].clone();
    let body =
        json!({ "login": "bob", "name": "Bob", "email": "bob@example.com", "role_id": role, "profiles": ["Doors"] });
    let made = alice.post("/users", body).json(201);
    send(
        &running,
        "POST",
        "/password/reset",
        "",
        Some(json!({ "token": made["link"]["token"], "password": PASSWORD })),
    );
    log_in(&running, "bob", PASSWORD).post("/profiles", json!({ "name": "Mine" })).json(201);
    let bob = made["id"].clone();
    let shown = alice.get("/users/profiles").json(200);
    let expected = [
        ("Desks", Value::Null, false),
        ("Doors", bob.clone(), false),
        ("Mine", bob.clone(), true),
        ("default", Value::Null, false),
    ];
    for (place, (profile, user_id, made)) in expected.into_iter().enumerate() {
        let row = &shown[place];
        assert_eq!(
            (&row["profile"], &row["user_id"], &row["made"]),
            (&json!(profile), &user_id, &json!(made)),
            "{row}"
        );
    }
    // It cannot be taken from who made it, by naming it elsewhere or leaving it out.
    let path = format!("/users/{bob}");
    assert_eq!(alice.patch(&path, json!({ "profiles": [] })).json(200)["profiles"], json!(["Mine"]));
    alice
        .post("/users", json!({ "login": "c", "name": "C", "email": "c@example.com", "profiles": ["Mine"] }))
        .refused(409);
    assert_eq!(
        alice.patch(&path, json!({ "profiles": ["Desks", "Mine"] })).json(200)["profiles"],
        json!(["Desks", "Mine"])
    );
}

/// AVA-170, AVA-171, AVA-167: one's own administrators, and those of the resellers below; nobody else's.
#[test]
fn ava_167_ava_170_ava_171_a_provider_keeps_the_administrators_of_its_resellers() {
    let running = running();
    let alice = set_up(&running);
    let north = alice.post("/accounts", json!({ "kind": "reseller", "name": "North" })).json(201)["id"].clone();
    let south = alice.post("/accounts", json!({ "kind": "reseller", "name": "South" })).json(201)["id"].clone();
    let mut of_north = person("nora");
    of_north["account_id"] = north.clone();
    let nora = alice.post("/users", of_north).json(201);
    assert_eq!(nora["account"], "North");
    let mut of_south = person("sam");
    of_south["account_id"] = south.clone();
    let sam = alice.post("/users", of_south).json(201);
    assert_eq!(logins(&alice.get(&format!("/users?account_id={north}")).json(200)), ["nora"]);
    assert_eq!(logins(&alice.get("/users").json(200)), ["alice"]);
    let path = format!("/users/{}", nora["id"]);
    assert_eq!(alice.patch(&path, json!({ "name": "Nora North" })).json(200)["name"], "Nora North");
    // AVA-167: for all of a reseller's administrators.
    log_in(&running, "nora", PASSWORD).put("/me/password", json!({ "old": PASSWORD, "new": "An0ther.Word" })).json(200);
    let browser = log_in(&running, "nora", "An0ther.Word");
    assert_eq!(browser.get("/devices").status, 200);
    browser.get(&format!("/users/{}", sam["id"])).refused(404);
    browser.get(&format!("/users?account_id={south}")).refused(404);
    browser.get("/users?account_id=1").refused(404);
    alice.patch(&format!("/accounts/{north}"), json!({ "two_factor": true })).json(200);
    assert_eq!(browser.get("/devices").refused(403).0, "totp-due");
    assert_eq!(log_in(&running, "nora", "An0ther.Word").told["due"], "totp");
    assert_eq!(alice.get("/devices").status, 200, "nobody above is meant");
    assert_eq!(alice.delete(&path).status, 204);
    assert_eq!(try_login(&running, "nora", "An0ther.Word").status, 401);
}

/// AVA-175: the login says it, the page speaks it (ui/tests).
#[test]
fn ava_175_ale_021_ale_022_language_country_and_telephone_are_ones_own() {
    let running = running();
    let alice = set_up(&running);
    let change = |body: Value| alice.patch("/me", body).json(200);
    assert_eq!(change(json!({ "country": "Austria" }))["country"], "Austria");
    assert_eq!(change(json!({ "phone": "+43 1 2" }))["phone"], "+43 1 2");
    assert_eq!(change(json!({ "phone": null }))["phone"], Value::Null);
    change(json!({ "locale": "de" }));
    assert_eq!(log_in(&running, "alice", PASSWORD).told["user"]["locale"], "de");
    change(json!({ "locale": "de-AT" }));
    assert_eq!(log_in(&running, "alice", PASSWORD).told["user"]["locale"], "de-AT");
    // What the page does not speak is said by field, value and rule, at every door.
    for odd in ["x", "fr", "de_AT_x!", "../../etc"] {
        let user = json!({ "name": "N", "login": "n", "email": "n@example.com", "locale": odd });
        let account = json!({ "kind": "customer", "name": "N", "administrator": user });
        for told in [
            alice.patch("/me", json!({ "locale": odd })).refused(422),
            alice.post("/users", user).refused(422),
            alice.post("/accounts", account).refused(422),
        ] {
            let wanted = format!("locale: {odd:?} is not accepted: the page speaks en, de,");
            assert!(told.0 == "bad-value" && told.1.starts_with(&wanted), "{told:?}");
        }
    }
    // ALE-025.
    let me = alice.get("/me").json(200);
    assert_eq!((&me["login"], &me["account"]), (&json!("alice"), &json!("Example")));
}
