//! Who did what, from where, with what result (AVA-264 to AVA-269, ALE-074 to ALE-076, YMC-174, YMC-175); and that nobody
//! changes it unseen.

use crate::support::admin::{Running, Stopped, running, stopped};
use crate::support::eventually;
use crate::support::people::{Browser, PASSWORD, log_in, send, set_up, try_login};
use crate::support::server::{Phonebox, ask};
use phonebox::db::Connection;
use phonebox::users::actions::ACTIONS;
use serde_json::{Value, json};

const MAC: &str = "805ec0aabb01";

fn entries(running: &Running, query: &str) -> Vec<Value> {
    let page = running.get(&format!("/audit?limit=500{query}")).json(200);
    page["items"].as_array().unwrap().clone()
}

fn actions(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["action"].as_str().unwrap()).collect()
}

/// AVA-268: the address. AVA-269: a dump of what changed. Secrets are masked on both sides, in every view of the log.
#[test]
fn a_change_says_who_from_where_and_what_was_before_and_after() {
    let running = running();
    let device = json!({ "mac": MAC, "vendor": "Yealink", "name": "Desk", "settings": { "access.admin_password": "hunter2" },
        "lines": [{ "number": 1, "user": "201", "password": "hunter3" }] });
    running.post("/devices", device).json(201);
    let change = json!({ "name": "Front desk", "settings": { "access.admin_password": "hunter4" } });
    let answer = running.patch(&format!("/devices/{MAC}"), change);
    answer.json(200);
    let rows = entries(&running, &format!("&object={MAC}"));
    assert_eq!(actions(&rows), ["device.set", "device.add"]);
    let row = &rows[0];
    let word = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
    assert_eq!(
        [word("actor"), word("ip"), word("process"), word("object"), word("result")],
        ["api-token", "127.0.0.1", "key", MAC, "success"]
    );
    assert_eq!((&row["before"]["name"], &row["after"]["name"]), (&json!("Desk"), &json!("Front desk")));
    assert!(row["before"].get("mac").is_none(), "what is equal is left out: {row}");
    assert!(word("detail").contains("access.admin_password"), "{row}");
    let id = answer
        .head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("x-request-id: ").map(str::to_owned));
    assert_eq!(id.as_deref(), Some(word("request").as_str()));
    assert!(rows[1]["before"].is_null() && rows[1]["after"]["mac"] == MAC, "{}", rows[1]);
    for query in ["", "?format=csv", "?format=json"] {
        let text = running.get(&format!("/audit{query}")).text();
        assert!(text.contains("Front desk") && !text.contains("hunter"), "{text}");
    }
    let removed = running.delete(&format!("/devices/{MAC}"));
    assert_eq!(removed.status, 204);
    let row = &entries(&running, "&action=device.remove")[0];
    assert!(row["after"].is_null() && row["before"]["name"] == "Front desk", "{row}");
}

/// The command line is the console; it has no address.
#[test]
fn the_console_is_told_from_programs() {
    let stopped = stopped();
    stopped.cli(&["site", "add", "Berlin"]).ok();
    let rows = stopped.cli(&["audit", "--json"]).json();
    let row = &rows["items"][0];
    assert_eq!((&row["actor"], &row["process"], &row["ip"]), (&json!("console"), &json!("console"), &Value::Null));
    let shown = stopped.cli(&["audit"]).ok();
    assert!(shown.contains("site.add") && shown.contains("success"), "{shown}");
    let with = |path: &str| stopped.cli(&["audit", "--path", path, "--json"]).json()["items"].as_array().unwrap().len();
    assert_eq!((with("/sites*"), with("/devices*")), (1, 0));
}

/// AVA-266, ALE-076: success and failure. What nobody may do is written down too, a stranger's knocking is not.
#[test]
fn what_was_refused_is_written_down_with_its_reason() {
    let running = running();
    running.post("/sites", json!({ "name": "Berlin" })).json(201);
    running.post("/sites", json!({ "name": "Berlin" })).refused(409);
    running.delete("/sites/Nowhere").refused(404);
    running.get("/sites/Nowhere").refused(404);
    running.raw("POST /api/v1/sites HTTP/1.1", "Content-Type: application/json\r\n", b"{}").refused(401);
    let failed = entries(&running, "&result=fail");
    assert_eq!(actions(&failed), ["site.remove", "site.add"]);
    assert_eq!((&failed[0]["object"], &failed[1]["object"]), (&json!("Nowhere"), &json!("Berlin")));
    assert_eq!(failed[0]["path"], "/sites/Nowhere");
    assert!(failed[1]["detail"].as_str().unwrap().starts_with("exists: "), "{}", failed[1]);
    assert_eq!((&failed[0]["actor"], &failed[0]["ip"]), (&json!("api-token"), &json!("127.0.0.1")));
    assert_eq!(entries(&running, "").len(), 3);
    assert!(running.get("/sites/Nowhere").json(404)["error"]["request"].is_string());
}

/// ALE-076: what fails has the name that it has when it succeeds, and is about the same.
#[test]
fn ale_076_what_fails_is_found_under_the_name_of_what_succeeds() {
    let running = running();
    let last = |result: &str| {
        let row = entries(&running, &format!("&result={result}"))[0].clone();
        (row["action"].as_str().unwrap().to_owned(), row["object"].as_str().unwrap().to_owned())
    };
    let device = json!({ "mac": "80:5E:C0:AA:BB:01", "vendor": "Yealink" });
    let at = format!("/devices/{MAC}");
    for (method, path, pattern, body, wrong) in [
        ("POST", "/devices", "/devices", device.clone(), device.clone()),
        ("PATCH", &*at, "/devices/{mac}", json!({ "name": "Desk" }), json!({ "site": "Nowhere" })),
        (
            "PATCH",
            &*format!("{at}/lines/1"),
            "/devices/{mac}/lines/{number}",
            json!({ "user": "1" }),
            json!({ "x": 1 }),
        ),
        (
            "POST",
            &*format!("{at}/bindings"),
            "/devices/{mac}/bindings",
            json!({ "network": "10.0.0.0/8" }),
            json!({ "network": "x" }),
        ),
        ("POST", "/profiles", "/profiles", json!({ "name": "Hall" }), json!({ "name": "Hall" })),
        ("PATCH", "/profiles/Hall", "/profiles/{name}", json!({ "options": { "https": true } }), json!({ "no": 1 })),
        (
            "POST",
            "/profiles/Hall/targets",
            "/profiles/{name}/targets",
            json!({ "url": "http://a.example/" }),
            json!({ "url": "x" }),
        ),
        ("POST", "/sites", "/sites", json!({ "name": "Berlin" }), json!({ "name": "Berlin" })),
        ("PATCH", "/sites/Berlin", "/sites/{name}", json!({ "pid": "0042" }), json!({ "pid": "x" })),
        ("POST", "/groups", "/groups", json!({ "name": "Sales" }), json!({ "name": "Sales" })),
        ("PATCH", "/groups/Sales", "/groups/{name}", json!({ "name": "Trade" }), json!({ "name": "" })),
        ("PUT", "/networks/10.0.0.0/8", "/networks/{address}/{prefix}", json!({}), json!({ "x": 1 })),
        ("DELETE", "/networks/10.0.0.0/8", "/networks/{address}/{prefix}", json!({}), json!({})),
        ("DELETE", &*at, "/devices/{mac}", json!({}), json!({})),
    ] {
        let ask = |body: &Value| running.request(method, path, Some(body.clone()));
        let done = ask(&body);
        assert!(done.status < 300, "{method} {path}: {}", done.text());
        let (action, object) = last("success");
        assert!(ask(&wrong).status >= 400, "{method} {path}");
        assert_eq!(last("fail"), (action.clone(), object), "{method} {path}");
        let row = ACTIONS.iter().find(|row| row.0 == method && row.1 == pattern).unwrap();
        assert_eq!(row.2, action, "{method} {path}");
    }
    let failed = entries(&running, &format!("&action=device.add&result=fail&object={MAC}"));
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["path"], "/devices");
    // What there is no route for is no change: its address says it.
    running.delete("/nothing").refused(404);
    assert_eq!(last("fail"), ("DELETE /nothing".into(), "/nothing".into()));
}

/// ALE-076: what has a number in its path has its name in the log, whether it is done or not; but no name that whoever
/// asks may not see.
#[test]
fn ale_076_what_fails_on_a_number_is_found_under_its_name_where_that_may_be_seen() {
    let running = running();
    let alice = set_up(&running);
    let person = |login: &str, more: Value| {
        let mut body = json!({ "login": login, "name": login, "email": format!("{login}@x.example") });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let made = alice.post("/users", body).json(201);
        let reset = json!({ "token": made["link"]["token"], "password": PASSWORD });
        assert_eq!(send(&running, "POST", "/password/reset", "", Some(reset)).status, 204);
        made["id"].clone()
    };
    let shop = alice.post("/accounts", json!({ "kind": "customer", "name": "Shop" })).json(201);
    let bob = person("bob", json!({}));
    let id = |path: &str, body: Value| alice.post(path, body).json(201)["id"].clone();
    let (role, group) = (id("/roles", json!({ "name": "Night" })), id("/role-groups", json!({ "name": "Staff" })));
    let key = id("/api-keys", json!({ "name": "pbx" }));
    let last = |browser: &Browser, result: &str| {
        let row = browser.get(&format!("/audit?limit=1&result={result}")).json(200)["items"][0].clone();
        (row["action"].as_str().unwrap().to_owned(), row["object"].as_str().unwrap().to_owned())
    };
    for (path, name, wrong, right) in [
        (format!("/users/{bob}"), "bob", json!({ "locale": "fr" }), json!({ "locale": "de" })),
        (format!("/roles/{role}"), "Night", json!({ "name": "" }), json!({ "permissions": ["site.read"] })),
        (format!("/role-groups/{group}"), "Staff", json!({ "name": "" }), json!({ "name": "People" })),
        (format!("/api-keys/{key}"), "pbx", json!({ "sources": ["x"] }), json!({ "sources": [] })),
        (format!("/accounts/{}", shop["id"]), "Shop", json!({ "email": "x" }), json!({ "phone": "1" })),
    ] {
        assert!(alice.patch(&path, wrong).status >= 400, "{path}");
        let failed = last(&alice, "fail");
        assert_eq!(alice.patch(&path, right).status, 200, "{path}");
        let done = alice.get(&format!("/audit?limit=1&result=success&action={}", failed.0)).json(200);
        assert_eq!((&done["items"][0]["object"], failed.1.as_str()), (&json!(name), name), "{path}");
    }
    alice.delete("/sessions/99999").refused(404);
    assert_eq!(last(&alice, "fail"), ("session.end".into(), "alice".into()));
    // Of another account, of one who may not look, and of nobody, there is the number.
    person("carl", json!({ "account_id": shop["id"] }));
    person("nora", json!({ "permissions": ["audit.read"] }));
    for (login, status) in [("carl", 404), ("nora", 403)] {
        let browser = log_in(&running, login, PASSWORD);
        browser.patch(&format!("/users/{bob}"), json!({ "phone": "1" })).refused(status);
        assert_eq!(last(&browser, "fail"), ("user.set".into(), bob.to_string()), "{login}");
    }
    assert_eq!(alice.delete(&format!("/users/{bob}")).status, 204);
    alice.delete(&format!("/users/{bob}")).refused(404);
    assert_eq!(last(&alice, "fail"), ("user.remove".into(), bob.to_string()));
}

/// AVA-265, ALE-075, YMC-175, YMC-191: time, account, who, address, process, action, path, status, words.
#[test]
fn every_filter_finds_its_entries_and_no_others() {
    let running = running();
    for name in ["Berlin", "Bonn", "100%_sure"] {
        running.post("/sites", json!({ "name": name })).json(201);
    }
    running.post("/groups", json!({ "name": "Sales" })).json(201);
    running.delete("/groups/Nobody").refused(404);
    let middle = entries(&running, "&object=Bonn")[0]["at"].as_i64().unwrap();
    for (query, wanted) in [
        ("", 5),
        ("&action=site.add", 3),
        ("&action=site", 3),
        ("&action=sit", 0),
        ("&action=group", 2),
        ("&action=group&result=fail", 1),
        ("&object=Nobody", 1),
        ("&object=Berlin", 1),
        ("&actor=api-token", 5),
        ("&actor=console", 0),
        ("&actor=API-*", 5),
        ("&actor=API-Token", 5),
        ("&actor=*tok*", 5),
        ("&actor=api-toke", 0),
        ("&account_name=default", 5),
        ("&account_name=def*", 5),
        ("&account_name=x*", 0),
        ("&ip=127.*", 5),
        ("&ip=128.*", 0),
        ("&process=k*", 5),
        ("&path=/sites", 3),
        ("&path=/groups*", 2),
        ("&path=/groups/Nobody", 1),
        ("&path=/site", 0),
        ("&path=/api*", 0),
        ("&path=/api/v1/sites", 3),
        ("&path=/api/v1/groups*", 2),
        ("&path=*/api/v1/groups/*", 1),
        ("&path=/api/v1*", 5),
        ("&path=/api/v1x", 0),
        ("&from=2020-01-01", 5),
        ("&from=2020-01-01&to=2020-01-01T12:00", 0),
        ("&to=2020-01-02", 0),
        ("&result=SUCCESS", 4),
        ("&result=Fail", 1),
        ("&object=*er*n", 1),
        ("&object=*%25*", 1),
        ("&action=*.add", 4),
        ("&account=1", 5),
        ("&account=2", 0),
        ("&ip=127.0.0.1", 5),
        ("&ip=192.0.2.1", 0),
        ("&process=key", 5),
        ("&process=KEY", 5),
        ("&process=api", 0),
        ("&process=scep", 0),
        ("&result=success", 4),
        ("&result=fail", 1),
        ("&text=bonn", 1),
        ("&text=100%25_sure", 1),
        ("&text=100%25%25sure", 0),
        ("&text=Nobody", 1),
        ("&action=site&text=Berlin&result=success", 1),
    ] {
        assert_eq!(entries(&running, query).len(), wanted, "{query}");
    }
    let since = entries(&running, &format!("&from={middle}"));
    assert!(since.iter().all(|row| row["at"].as_i64().unwrap() >= middle) && since.len() >= 4);
    assert!(entries(&running, &format!("&to={middle}")).iter().all(|row| row["at"].as_i64().unwrap() < middle));
    for wrong in
        ["result=maybe", "ip=x", "sort=detail", "sort=", "sort=--at", "format=xml", "limit=0", "from=x", "nobody=1"]
    {
        running.get(&format!("/audit?{wrong}")).refused(400);
    }
    for (wrong, message) in [
        ("from=yesterday", "from: \"yesterday\" is not accepted: it is no day like 2026-11-22"),
        ("actor=x&to=2026-11-31&ip=1", "to: \"2026-11-31\" is not accepted: it is no day"),
        ("result=maybe", "result: \"maybe\" is not accepted: it is neither success nor fail."),
        ("account=Shop", "account: \"Shop\" is not accepted: it is no whole number."),
        ("format=xml", "format: \"xml\" is not accepted: unknown variant `xml`, expected `csv` or `json`."),
    ] {
        let (code, told) = running.get(&format!("/audit?{wrong}")).refused(400);
        assert!(code == "bad-request" && told.contains(message), "{wrong}: {told}");
    }
    // Page by page: each entry once.
    let (mut after, mut seen) = (String::new(), Vec::new());
    loop {
        let page = running.get(&format!("/audit?limit=2{after}")).json(200);
        seen.extend(page["items"].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(seen, [5, 4, 3, 2, 1]);
}

/// YMC-175: start and end, user name, address, type of operation and path, alone and together, on every way to the log.
#[test]
fn ymc_175_the_operation_log_is_searched_by_time_user_address_operation_and_path() {
    let running = running();
    let alice = set_up(&running);
    for name in ["Berlin", "Bonn"] {
        alice.post("/sites", json!({ "name": name })).json(201);
    }
    alice.patch("/sites/Bonn", json!({ "pid": "0042" })).json(200);
    alice.patch("/sites/Bonn", json!({ "nobody": 1 })).refused(400);
    let rows = |query: &str| {
        let page = alice.get(&format!("/audit?{query}")).json(200);
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["action"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let at = alice.get("/audit?path=/sites/Bonn&action=site.set").json(200)["items"][0]["at"].as_i64().unwrap();
    let all = format!("from={at}&to={}&actor=alice&ip=127.0.0.1&action=site.set&path=/sites/*", at + 1);
    assert_eq!(rows(&all), ["site.set"]);
    for (asked, other) in [
        (format!("from={at}"), format!("from={}", at + 1)),
        (format!("to={}", at + 1), format!("to={at}")),
        ("actor=alice".into(), "actor=bob".into()),
        ("ip=127.0.0.1".into(), "ip=127.0.0.2".into()),
        ("action=site.set".into(), "action=device".into()),
        ("path=/sites/*".into(), "path=/devices/*".into()),
    ] {
        assert!(all.contains(&asked));
        assert_eq!(rows(&all.replace(&asked, &other)), [""; 0], "{other}");
    }
    // What was refused has its path, and so has a login.
    assert_eq!(rows("path=/sites/Bonn"), ["site.set", "site.set"]);
    try_login(&running, "alice", "wrong");
    assert_eq!(rows("path=/session&result=fail"), ["session.begin"]);
    let csv = alice.get("/audit?format=csv&path=/sites/Bonn&result=success").text();
    let lines: Vec<&str> = csv.lines().collect();
    assert!(lines.len() == 2 && lines[0].ends_with(",path") && lines[1].ends_with(",/sites/Bonn"), "{csv}");
    assert_eq!(alice.get("/audit/verify").json(200)["intact"], true);
}

/// ALE-074: in the order of executor, address, operation, time and result, both ways, page by page without a gap.
#[test]
fn ale_074_the_log_is_sorted_by_every_column_both_ways() {
    let running = running();
    for name in ["Berlin", "aachen", "Bonn"] {
        running.post("/sites", json!({ "name": name })).json(201);
    }
    running.post("/sites", json!({ "name": "Bonn" })).refused(409);
    running.post("/groups", json!({ "name": "Sales" })).json(201);
    let pages = |query: &str| {
        let (mut after, mut seen) = (String::new(), Vec::new());
        loop {
            let page = running.get(&format!("/audit?limit=2&{query}{after}")).json(200);
            seen.extend(page["items"].as_array().unwrap().clone());
            let Some(next) = page["next"].as_str() else { return seen };
            after = format!("&after={next}");
        }
    };
    let ids = |rows: &[Value]| rows.iter().map(|row| row["id"].as_i64().unwrap()).collect::<Vec<_>>();
    assert_eq!(ids(&pages("sort=at")), [1, 2, 3, 4, 5]);
    assert_eq!(ids(&pages("sort=-at")), [5, 4, 3, 2, 1]);
    // Within one word the newest come first.
    assert_eq!(ids(&pages("sort=action")), [5, 4, 3, 2, 1]);
    assert_eq!(ids(&pages("sort=-result")), [5, 3, 2, 1, 4]);
    assert_eq!(ids(&pages("sort=object&action=site.add")), [2, 1, 4, 3]);
    assert_eq!(ids(&pages("sort=-object&action=site.add")), [4, 3, 1, 2]);
    for column in ["actor", "ip", "process", "account"] {
        for way in ["", "-"] {
            assert_eq!(ids(&pages(&format!("sort={way}{column}"))), [5, 4, 3, 2, 1], "{way}{column}");
        }
    }
    let csv = running.get("/audit?format=csv&sort=object&action=site.add").text();
    let names: Vec<usize> = ["aachen", "Berlin", "Bonn"].iter().map(|name| csv.find(name).unwrap()).collect();
    assert!(names.is_sorted(), "{csv}");
}

/// What there is to look for, and how long it is kept.
#[test]
fn the_log_says_what_it_has_words_for_and_how_long_it_is_kept() {
    let running = running();
    running.post("/sites", json!({ "name": "Berlin" })).json(201);
    running.delete("/sites/Nowhere").refused(404);
    let about = running.get("/audit/about").json(200);
    assert_eq!(about, json!({ "keep_days": 730, "actions": ["site.add", "site.remove"] }));
}

/// AVA-285, YMC-174: what a superior does inside an account stands in both logs, with who and as whom; what the account's
/// data was and is stays in its own.
#[test]
fn ava_285_ymc_174_what_is_done_inside_another_account_stands_in_both_logs() {
    let running = running();
    let alice = set_up(&running);
    let shop = alice.post("/accounts", json!({ "kind": "customer", "name": "Shop" })).json(201);
    let user = json!({ "account_id": shop["id"], "login": "carl", "name": "Carl", "email": "carl@shop.example" });
    let link = alice.post("/users", user).json(201)["link"]["token"].clone();
    send(&running, "POST", "/password/reset", "", Some(json!({ "token": link, "password": PASSWORD })));
    let carl = log_in(&running, "carl", PASSWORD);
    let inside = Browser::of(&running, &alice.post("/switch", json!({ "account": shop["id"] })));
    inside.post("/sites", json!({ "name": "Berlin" })).json(201);
    inside.patch("/sites/Berlin", json!({ "name": "Bonn" })).json(200);
    inside.delete("/sites/Nowhere").refused(404);
    let alice = Browser::of(&running, &inside.delete("/switch"));
    let rows = |browser: &Browser, query: &str| {
        let page = browser.get(&format!("/audit?limit=500{query}")).json(200);
        page["items"].as_array().unwrap().clone()
    };
    let there = rows(&carl, "&actor=alice&result=success");
    let here = rows(&alice, "&action=site&result=success");
    assert!(actions(&there).iter().filter(|action| action.starts_with("site.")).count() == 2, "{there:?}");
    assert_eq!(actions(&here), ["site.set", "site.add"], "{here:?}");
    for row in [&here[0], there.iter().find(|row| row["action"] == "site.set").unwrap()] {
        let who = [&row["actor"], &row["home"], &row["account"], &row["account_id"], &row["ip"]];
        let wanted = [&json!("alice"), &json!("Example"), &json!("Shop"), &shop["id"], &json!("127.0.0.1")];
        assert_eq!(who, wanted, "{row}");
    }
    let set = there.iter().find(|row| row["action"] == "site.set").unwrap();
    assert_eq!((&set["before"]["name"], &set["after"]["name"]), (&json!("Berlin"), &json!("Bonn")));
    assert!(here.iter().all(|row| row["before"].is_null() && row["after"].is_null()), "{here:?}");
    // Nor is it found by what stands in it.
    assert!(rows(&alice, "&action=site&text=created_at").is_empty());
    assert!(!rows(&carl, "&action=site&text=created_at").is_empty());
    // AVA-265: by what an entry shows, whose data it is as well as of which account whoever did it is.
    for named in
        ["&account_name=Example", "&account_name=Shop", "&account_name=shop", &format!("&account={}", shop["id"])]
    {
        assert_eq!(rows(&alice, &format!("&action=site&result=success{named}")), here, "{named}");
    }
    assert!(rows(&alice, "&account_name=Sho").is_empty());
    assert!(rows(&alice, "&account_name=Shop").iter().all(|row| row["account"] == "Shop" || row["home"] == "Shop"));
    assert_eq!(rows(&alice, "&actor=ALICE"), rows(&alice, "&actor=alice"));
    // What there is to look for is all that the list shows.
    for browser in [&alice, &carl] {
        let all = rows(browser, "");
        let mut words = actions(&all);
        words.sort_unstable();
        words.dedup();
        assert_eq!(browser.get("/audit/about").json(200)["actions"], json!(words));
    }
    let refused = rows(&alice, "&result=fail&account_name=Example");
    assert_eq!(actions(&refused), ["site.remove"]);
    // Coming and going stands in each log once; and nobody else's log knows anything of it.
    for browser in [&alice, &carl] {
        for action in ["switch.enter", "switch.leave"] {
            let rows = rows(browser, &format!("&action={action}"));
            assert!(rows.len() <= 1 && (action == "switch.leave" || rows.len() == 1), "{action}: {rows:?}");
        }
    }
    let csv = alice.get("/audit?format=csv&action=site.set").text();
    assert!(csv.contains(",Shop,1,Example,alice,") && !csv.contains("Bonn\"\"}"), "{csv}");
    let other = alice.post("/accounts", json!({ "kind": "customer", "name": "Other" })).json(201);
    let user = json!({ "account_id": other["id"], "login": "olga", "name": "Olga", "email": "olga@other.example" });
    let link = alice.post("/users", user).json(201)["link"]["token"].clone();
    send(&running, "POST", "/password/reset", "", Some(json!({ "token": link, "password": PASSWORD })));
    let olga = log_in(&running, "olga", PASSWORD);
    // By a name that several have, few of them or many.
    let here = rows(&alice, "&action=site&account_name=Shop");
    assert_eq!(rows(&alice, "&action=site&account_name=*o*"), here);
    for number in 0..50 {
        alice.post("/accounts", json!({ "kind": "customer", "name": format!("Zoo {number}") })).json(201);
    }
    assert_eq!(rows(&alice, "&action=site&account_name=*o*"), here);
    assert_eq!(rows(&alice, "&action=site&account_name=*&sort=actor").len(), here.len());
    assert!(rows(&alice, &format!("&account={}&account_name=Shop", other["id"])).is_empty());
    assert!(rows(&olga, &format!("&account={}", shop["id"])).is_empty());
    let text = olga.get("/audit").text();
    assert!(!text.contains("Berlin") && !text.contains("Shop"), "{text}");
    // What the one above does to it from outside is in its own log too.
    let by_alice = rows(&olga, "&actor=alice");
    assert_eq!(actions(&by_alice), ["user.add", "account.add"], "{by_alice:?}");
}

/// AVA-269: device CAs, files, letting in, bindings, raw texts and enrolment say what was before and is now; secrets never.
#[test]
fn ava_269_what_was_before_and_after_of_everything_that_phones_are_made_of() {
    let running = running();
    let device = json!({ "mac": MAC, "vendor": "Yealink", "model": "T54W", "activate": true });
    running.post("/devices", device).json(201);
    let last = |action: &str| {
        let rows = entries(&running, &format!("&action={action}"));
        rows.first().unwrap_or_else(|| panic!("{action}")).clone()
    };
    running.post(&format!("/devices/{MAC}/bindings"), json!({ "network": "10.0.0.0/8" })).json(200);
    let row = last("device.bind");
    assert_eq!((&row["before"]["bindings"], &row["after"]["bindings"]), (&json!([]), &json!(["10.0.0.0/8"])), "{row}");
    running.delete(&format!("/devices/{MAC}/bindings/10.0.0.0/8")).json(200);
    assert_eq!(last("device.unbind")["after"]["bindings"], json!([]));
    running.post(&format!("/devices/{MAC}/deactivate"), json!({})).json(200);
    let row = last("device.deactivate");
    assert_eq!((&row["before"]["state"], &row["after"]["state"]), (&json!("active"), &json!("blocked")));
    running.post(&format!("/devices/{MAC}/activate"), json!({})).json(200);
    assert_eq!(last("device.activate")["after"]["state"], "active");
    running.post(&format!("/devices/{MAC}/let-in"), json!({})).json(200);
    let row = last("device.let-in");
    assert!(
        row["after"]["window_until"].is_i64() && row["before"]["window_until"] != row["after"]["window_until"],
        "{row}"
    );

    for text in ["one", "three"] {
        let put = running.raw(
            "PUT /api/v1/files/logo.txt HTTP/1.1",
            &format!("Authorization: Bearer {}\r\n", running.token),
            text.as_bytes(),
        );
        assert_eq!(put.status, 200, "{}", put.text());
    }
    let row = last("file.add");
    assert_eq!((&row["before"]["size"], &row["after"]["size"]), (&json!(3), &json!(5)), "{row}");
    assert_eq!(running.delete("/files/logo.txt").status, 204);
    assert_eq!(last("file.remove")["before"]["name"], "logo.txt");

    for text in [
        "account.1.label = Desk\naccount.1.password = hunter5\n",
        "account.1.label = Hall\naccount.1.password = hunter6\n",
    ] {
        running.put("/raw-texts/yealink?layer=global", json!({ "text": text })).json(200);
    }
    let row = last("raw-text.set");
    let side = |name: &str| row[name]["text"].as_str().unwrap_or_default().to_owned();
    assert!(side("before").contains("Desk") && side("after").contains("Hall"), "{row}");
    assert_eq!(running.delete("/raw-texts/yealink?layer=global").status, 204);
    assert!(last("raw-text.remove")["before"]["text"].as_str().unwrap().contains("Hall"));
    for query in ["", "?format=csv", "?format=json"] {
        let text = running.get(&format!("/audit{query}")).text();
        assert!(!text.contains("hunter"), "{text}");
    }
}

/// T98: whatever a stranger or an administrator writes, an entry is one line wherever lines count.
#[test]
fn threat_098_nothing_that_is_written_begins_a_new_line() {
    let mut phonebox = Phonebox::start();
    let evil = "x\r\n2026-01-01T00:00:00Z  INFO session.begin root\u{1b}[31m";
    for body in [json!({ "name": evil }), json!({ "name": "Berlin", evil: 1 })] {
        assert!(phonebox.admin_asks("POST", "/api/v1/sites", &body.to_string()).status >= 400);
    }
    let login = json!({ "login": evil, "password": evil }).to_string();
    ask(phonebox.admin(), "none", "POST", "/api/v1/session", &login).unwrap();
    for path in ["/api/v1/sites/x%0d%0aroot", "/api/v1/%0d%0aINFO%20root", "/%1b%5b31m"] {
        phonebox.admin_asks("DELETE", path, "");
    }
    let agent = "User-Agent: Yealink SIP-T54W 96.86.0.100 805ec0aabb01\r\n";
    for path in ["/%0d%0aINFO%20root.cfg", "/805ec0aabb01.cfg%0aINFO", "/%1b%5b31m.cfg"] {
        crate::support::raw::send(phonebox.http(), None, "GET", path, agent, b"");
    }
    let csv = phonebox.cli(&["audit", "--format", "csv"]);
    let json = phonebox.json(&["audit", "--limit", "500"]);
    let rows = json["items"].as_array().unwrap();
    assert!(rows.len() >= 3, "{json}");
    assert_eq!(csv.lines().count(), rows.len() + 1, "{csv}");
    let shown = phonebox.cli(&["audit"]);
    assert_eq!(shown.lines().count(), rows.len() + 1, "{shown}");
    phonebox.cli(&["device", "add", MAC]);
    phonebox.stop();
    for text in [csv, shown, phonebox.said()] {
        assert!(!text.contains('\u{1b}'), "{text:?}");
        assert!(!text.lines().any(|line| line.starts_with("2026-01-01") || line.starts_with("INFO")), "{text}");
    }
}

#[test]
fn threat_070_an_export_holds_all_and_no_formula() {
    let running = running();
    for number in 0..510 {
        running.post("/sites", json!({ "name": format!("=cmd {number}") })).json(201);
    }
    let csv = running.get("/audit?format=csv&action=site.add");
    assert!(csv.head.contains("attachment") && csv.head.contains("text/csv"), "{}", csv.head);
    let text = csv.text();
    assert_eq!(text.lines().count(), 511);
    assert!(text.lines().skip(1).all(|line| line.contains(",'=cmd ")), "{}", text.lines().nth(1).unwrap());
    let json = running.get("/audit?format=json&object=%3Dcmd%2042").json(200);
    assert_eq!((json.as_array().unwrap().len(), &json[0]["object"]), (1, &json!("=cmd 42")));
    let stopped = running.stop();
    let shown = stopped.cli(&["audit", "--format", "csv", "--text", "cmd 77"]).ok();
    assert_eq!(shown.lines().count(), 2, "{shown}");
}

/// A log of a few entries, and its head.
fn noted() -> (Stopped, String) {
    let running = running();
    for name in ["one", "two", "three", "four", "five"] {
        running.post("/sites", json!({ "name": name })).json(201);
    }
    let verdict = running.get("/audit/verify").json(200);
    assert_eq!((&verdict["intact"], &verdict["entries"]), (&json!(true), &json!(5)));
    (running.stop(), verdict["head"].as_str().unwrap().to_owned())
}

#[test]
fn whoever_changes_the_log_is_seen() {
    for (how, entry) in [
        ("UPDATE audit SET actor = 'somebody else' WHERE id = 2", 2),
        ("UPDATE audit SET at = at + 1 WHERE id = 5", 5),
        ("UPDATE audit SET after = NULL WHERE id = 3", 3),
        ("UPDATE audit SET account_id = 2, home_id = 1 WHERE id = 1", 1),
        ("UPDATE audit SET hash = NULL WHERE id = 4", 4),
        ("UPDATE audit SET hash = NULL", 1),
        ("DELETE FROM audit WHERE id = 5", 5),
        ("DELETE FROM audit WHERE id > 2", 3),
        ("DELETE FROM audit", 1),
        ("DELETE FROM audit WHERE id = 3", 4),
        ("DELETE FROM audit WHERE id = 1", 2),
        ("DELETE FROM audit WHERE id = 4; UPDATE audit SET id = 4 WHERE id = 5", 4),
        (
            "INSERT INTO audit SELECT 6, account_id, home_id, at, actor, ip, process, action, object, result, detail, before, after, request, hash, path FROM audit WHERE id = 5",
            6,
        ),
        (
            "INSERT INTO audit SELECT 0, account_id, home_id, at, actor, ip, process, action, object, result, detail, before, after, request, hash, path FROM audit WHERE id = 5",
            0,
        ),
        (
            "INSERT INTO audit SELECT -5, account_id, home_id, at, actor, ip, process, action, object, result, detail, before, after, request, hash, path FROM audit WHERE id = 1",
            -5,
        ),
    ] {
        let (stopped, head) = noted();
        let conn = Connection::open(stopped.path().join("phonebox.db")).unwrap();
        conn.execute_batch(how).unwrap();
        drop(conn);
        for head in [vec![], vec!["--head", &head]] {
            let said = stopped.cli(&[vec!["audit", "verify"], head].concat()).refused();
            assert!(said.contains("tampered") && said.contains(&format!("entry {entry}:")), "{how}: {said}");
        }
        // What is written later does not hide it.
        stopped.cli(&["site", "add", "later"]).ok();
        assert!(stopped.cli(&["audit", "verify"]).refused().contains("tampered"), "{how}");
    }
}

/// Whoever has the file can write a whole new chain, and what the box notes of its end: the head that was noted elsewhere is
/// not in it.
#[test]
fn a_noted_head_proves_what_was_before_it() {
    let (stopped, head) = noted();
    let shown = stopped.cli(&["audit", "verify"]).ok();
    assert!(shown.contains("5 entries") && shown.contains(&head) && shown.contains("proves more"), "{shown}");
    stopped.cli(&["site", "add", "six"]).ok();
    stopped.cli(&["audit", "verify", "--head", &head]).ok();
    for how in [
        "DELETE FROM audit WHERE id >= 5; DELETE FROM instance WHERE name = 'audit_end'",
        "UPDATE audit SET hash = NULL; DELETE FROM instance WHERE name LIKE 'audit_%'; UPDATE audit SET actor = 'x' WHERE id = 1",
    ] {
        let conn = Connection::open(stopped.path().join("phonebox.db")).unwrap();
        conn.execute_batch(how).unwrap();
        drop(conn);
        // The next change goes on from there.
        stopped.cli(&["site", "add", if how.contains("hash") { "eight" } else { "seven" }]).ok();
        stopped.cli(&["audit", "verify"]).ok();
        let said = stopped.cli(&["audit", "verify", "--head", &head]).refused();
        assert!(said.contains("noted is not among"), "{said}");
    }
}

#[test]
fn a_log_of_before_the_chain_is_taken_into_it() {
    let (stopped, _) = noted();
    let conn = Connection::open(stopped.path().join("phonebox.db")).unwrap();
    // A box of before it noted its newest entry, and one of before the chain.
    conn.execute_batch("DELETE FROM instance WHERE name = 'audit_end'").unwrap();
    stopped.cli(&["audit", "verify"]).ok();
    conn.execute_batch("UPDATE audit SET hash = NULL").unwrap();
    stopped.cli(&["audit", "verify"]).ok();
    stopped.cli(&["site", "add", "six"]).ok();
    let covered: i64 = conn.query_row("SELECT count(*) FROM audit WHERE hash IS NULL", [], |row| row.get(0)).unwrap();
    assert_eq!(covered, 0);
    conn.execute_batch("UPDATE audit SET detail = 'x' WHERE id = 1").unwrap();
    drop(conn);
    assert!(stopped.cli(&["audit", "verify"]).refused().contains("entry 1:"));
}

#[test]
fn old_entries_go_and_the_rest_still_verifies() {
    let mut phonebox = Phonebox::start_with(&["--audit-days", "2", "--upkeep-seconds", "1"]);
    for name in ["one", "two", "three"] {
        phonebox.cli(&["site", "add", name]);
    }
    let head = phonebox.json(&["audit", "verify"])["head"].as_str().unwrap().to_owned();
    phonebox.restart_at("+3d");
    phonebox.cli(&["site", "add", "four"]);
    eventually("the old ones are gone", || phonebox.json(&["audit", "verify"])["entries"] == 1);
    let verdict = phonebox.json(&["audit", "verify", "--head", &head]);
    assert_eq!((&verdict["intact"], &verdict["first_id"], &verdict["found"]), (&json!(true), &json!(4), &json!(true)));
    phonebox.cli(&["site", "add", "five"]);
    assert_eq!(phonebox.json(&["audit", "verify"])["entries"], 2);
    // What stands where old entries were, nobody wrote.
    phonebox.stop();
    let conn = Connection::open(phonebox.path().join("phonebox.db")).unwrap();
    conn.execute_batch(
        "INSERT INTO audit SELECT 2, account_id, home_id, at, actor, ip, process, action, object, result, detail, before, after, request, hash, path FROM audit WHERE id = 4",
    )
    .unwrap();
    let said = phonebox.try_cli(&["audit", "verify"]).refused();
    assert!(said.contains("tampered") && said.contains("entry 2:") && said.contains("begins with entry 4"), "{said}");
    conn.execute_batch("DELETE FROM audit WHERE id = 2").unwrap();
    drop(conn);
    // Taken away by hand from the old end, it is not what retention leaves.
    let conn = Connection::open(phonebox.path().join("phonebox.db")).unwrap();
    conn.execute_batch("DELETE FROM audit WHERE id = 4").unwrap();
    drop(conn);
    let said = phonebox.try_cli(&["audit", "verify"]).refused();
    assert!(said.contains("entries 4 to 4 are missing"), "{said}");
    // Had all of them gone for their age, nothing would be missing.
    let conn = Connection::open(phonebox.path().join("phonebox.db")).unwrap();
    conn.execute_batch(
        "DELETE FROM audit; UPDATE instance SET value = (SELECT value FROM instance WHERE name = 'audit_end')
         WHERE name = 'audit_anchor'",
    )
    .unwrap();
    drop(conn);
    phonebox.cli(&["audit", "verify"]);
    phonebox.cli(&["site", "add", "six"]);
    let verdict = phonebox.json(&["audit", "verify"]);
    assert_eq!((&verdict["intact"], &verdict["first_id"]), (&json!(true), &json!(6)));
}
