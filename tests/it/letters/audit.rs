//! Who did what, from where, with what result (AVA-264 to AVA-269, ALE-074 to ALE-076, YMC-174, YMC-175); and that nobody
//! changes it unseen.

use crate::support::admin::{Running, Stopped, running, stopped};
use crate::support::eventually;
use crate::support::server::Phonebox;
use phonebox::db::Connection;
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
        ["api-token", "127.0.0.1", "api", MAC, "success"]
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
    assert_eq!(actions(&failed), ["DELETE /sites/{name}", "POST /sites"]);
    assert_eq!(failed[0]["object"], "/sites/Nowhere");
    assert!(failed[1]["detail"].as_str().unwrap().starts_with("exists: "), "{}", failed[1]);
    assert_eq!((&failed[0]["actor"], &failed[0]["ip"]), (&json!("api-token"), &json!("127.0.0.1")));
    assert_eq!(entries(&running, "").len(), 3);
    assert!(running.get("/sites/Nowhere").json(404)["error"]["request"].is_string());
}

/// AVA-265, ALE-075, YMC-175: time, account, who, address, process, action, status, words.
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
        ("&action=group", 1),
        ("&object=Berlin", 1),
        ("&actor=api-token", 5),
        ("&actor=console", 0),
        ("&account=1", 5),
        ("&account=2", 0),
        ("&ip=127.0.0.1", 5),
        ("&ip=192.0.2.1", 0),
        ("&process=api", 5),
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
    for wrong in ["result=maybe", "ip=x", "format=xml", "limit=0", "from=x", "nobody=1"] {
        running.get(&format!("/audit?{wrong}")).refused(400);
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
        ("UPDATE audit SET hash = NULL", 5),
        ("DELETE FROM audit WHERE id = 3", 4),
        ("DELETE FROM audit WHERE id = 1", 2),
        ("DELETE FROM audit WHERE id = 4; UPDATE audit SET id = 4 WHERE id = 5", 4),
        (
            "INSERT INTO audit SELECT 6, account_id, home_id, at, actor, ip, process, action, object, result, detail, before, after, request, hash FROM audit WHERE id = 5",
            6,
        ),
    ] {
        let (stopped, head) = noted();
        let conn = Connection::open(stopped.path().join("phonebox.db")).unwrap();
        conn.execute_batch(how).unwrap();
        drop(conn);
        let said = stopped.cli(&["audit", "verify", "--head", &head]);
        if how == "UPDATE audit SET hash = NULL" {
            // As before there was a chain: only the head that was noted tells.
            continue;
        }
        let said = said.refused();
        assert!(said.contains("tampered") && said.contains(&format!("entry {entry}:")), "{how}: {said}");
    }
}

/// Whoever has the file can write a whole new chain, or cut the end off: the head that was noted is not in it.
#[test]
fn a_noted_head_proves_what_was_before_it() {
    let (stopped, head) = noted();
    let shown = stopped.cli(&["audit", "verify"]).ok();
    assert!(shown.contains("5 entries") && shown.contains(&head), "{shown}");
    stopped.cli(&["site", "add", "six"]).ok();
    stopped.cli(&["audit", "verify", "--head", &head]).ok();
    for how in [
        "DELETE FROM audit WHERE id >= 5",
        "UPDATE audit SET hash = NULL; DELETE FROM instance WHERE name = 'audit_anchor'; UPDATE audit SET actor = 'x' WHERE id = 1",
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
    // Taken away by hand from the old end, it is not what retention leaves.
    phonebox.stop();
    let conn = Connection::open(phonebox.path().join("phonebox.db")).unwrap();
    conn.execute_batch("DELETE FROM audit WHERE id = 4").unwrap();
    drop(conn);
    let said = phonebox.try_cli(&["audit", "verify"]).refused();
    assert!(said.contains("entries 4 to 4 are missing"), "{said}");
}
