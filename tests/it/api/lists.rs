//! Long lists: whatever is asked of them stays text, a page is bounded, and who hangs up stops the work.

use crate::support::admin::{Running, running};
use serde_json::{Value, json};
use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Every list, with the parameters that take text.
const LISTS: [(&str, &[&str]); 12] = [
    ("/devices", &["search", "site", "profile", "group", "vendor", "model", "after"]),
    ("/accounts", &["search", "after"]),
    ("/users", &["search", "after"]),
    ("/audit", &["actor", "process", "action", "object", "path", "text", "after"]),
    ("/check-ins", &["mac", "after"]),
    ("/sip-accounts", &["after"]),
    ("/sites", &["after"]),
    ("/profiles", &["after"]),
    ("/groups", &["after"]),
    ("/files", &["after"]),
    ("/alarms", &["after"]),
    ("/pending", &["after"]),
];

const HOSTILE: [&str; 16] = [
    "'",
    "' OR 1=1 --",
    "'; DROP TABLE device; --",
    "\" OR \"\"=\"",
    "a\" NEAR \"b",
    "NEAR(a b, 5)",
    "*",
    "a* OR b:c AND (",
    "^name : \"x\"",
    "D%k",
    "D_sk",
    "!%!_!",
    "\\",
    "\0",
    "\u{fffd}\u{202e}",
    "1 UNION SELECT secret_hash FROM api_key",
];

#[test]
fn threat_060_sql_and_search_syntax_is_text_or_refused_and_finds_nothing_more() {
    let phonebox = running();
    for number in 1..4 {
        let name = format!("Desk {number}");
        phonebox.post("/devices", json!({ "mac": format!("805ec0aabb0{number}"), "name": name })).json(201);
        phonebox.post("/groups", json!({ "name": name })).json(201);
    }
    for (list, parameters) in LISTS {
        for parameter in parameters {
            for text in HOSTILE {
                let path = format!("{list}?{parameter}={}", encoded(text));
                let answer = phonebox.get(&path);
                assert!(matches!(answer.status, 200 | 400 | 404 | 422), "{path} {}", answer.text());
                let said = answer.text();
                assert!(!said.contains("syntax") && !said.contains("SQL") && !said.contains("secret_hash:"), "{said}");
                // None of these is part of anything here: a sign that means something else would find a row.
                let found = serde_json::from_str::<Value>(&said).unwrap()["items"].as_array().map_or(0, Vec::len);
                // The log's own sign for anything.
                let is_sign = list == "/audit" && text.contains('*');
                let is_place = *parameter == "after" || is_sign;
                assert!(is_place || found == 0, "{path} found {found}");
            }
        }
    }
    for order in ["name;", "mac,name", "1", "(SELECT 1)", "mac desc", "-", "--mac", "MAC"] {
        phonebox.get(&format!("/devices?sort={}", encoded(order))).refused(400);
    }
    assert_eq!(phonebox.get("/devices").json(200)["items"].as_array().unwrap().len(), 3);
}

#[test]
fn threat_062_no_list_has_a_page_without_end() {
    let phonebox = running();
    let document: Value = serde_json::from_str(&phonebox.get("/openapi.json").text()).unwrap();
    let mut tried = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let parameters = methods["get"]["parameters"].as_array().cloned().unwrap_or_default();
        if path.contains('{') || !parameters.iter().any(|one| one["name"] == "limit") {
            continue;
        }
        let path = path.trim_start_matches("/api/v1");
        for limit in ["0", "-1", "501", "1000000000", "99999999999999999999", "1e9", "0x10", "", "1.5"] {
            phonebox.get(&format!("{path}?limit={limit}")).refused(400);
        }
        // 1e18 rows on: a place, not a number of rows to walk over.
        let answer = phonebox.get(&format!("{path}?limit=1&after=1000000000000000000"));
        assert!(matches!(answer.status, 200 | 400), "{path} {}", answer.text());
        assert_eq!(phonebox.get(&format!("{path}?offset=1000000000000000000")).status, 400, "{path}");
        tried += 1;
    }
    assert!(tried > 10, "{tried}");
}

/// Entries as the log has them, more than are read at once.
fn fill_audit(phonebox: &Running, rows: u32) {
    let sql = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
         INSERT INTO audit (account_id, at, actor, process, action, object, result, detail)
         SELECT 1, i, 'user', 'api', 'device.set', 'x', 'success', 'name=Desk ' || i FROM n"
    );
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(phonebox.db.write(move |tx| Ok::<_, phonebox::db::Error>(tx.execute(&sql, [])?))).unwrap();
}

fn processor() -> Duration {
    let usage = nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_SELF).unwrap();
    let time =
        |time: nix::sys::time::TimeVal| Duration::from_micros((time.tv_sec() * 1_000_000 + time.tv_usec()) as u64);
    time(usage.user_time()) + time(usage.system_time())
}

#[test]
fn who_hangs_up_or_asks_anew_stops_the_search() {
    let phonebox = running();
    fill_audit(&phonebox, 200_000);
    let path = "/api/v1/audit?text=nothing+is+like+this";
    let before = processor();
    phonebox.get("/audit?text=nothing+is+like+this").json(200);
    let one = processor() - before;
    assert!(one > Duration::from_millis(50), "the search is too short to be stopped: {one:?}");
    let (before, count) = (processor(), 40);
    for _ in 0..count {
        let mut stream = TcpStream::connect(phonebox.address).unwrap();
        let token = &phonebox.token;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: box\r\nAuthorization: Bearer {token}\r\n\r\n").unwrap();
        std::thread::sleep(Duration::from_millis(5));
    }
    // A list that is still wanted is read meanwhile and afterwards.
    let begun = Instant::now();
    assert_eq!(phonebox.get("/audit").json(200)["items"].as_array().unwrap().len(), 50);
    assert!(begun.elapsed() < Duration::from_secs(20));
    let spent = processor() - before;
    assert!(spent < one * count / 2, "{count} searches that nobody waited for took {spent:?}, one {one:?}");
}

#[test]
fn an_address_says_which_methods_it_knows() {
    let phonebox = running();
    for (method, path, allow) in [
        ("DELETE", "/devices", "GET, HEAD, POST"),
        ("PUT", "/devices/805ec0aabb01", "GET, HEAD, DELETE, PATCH"),
        ("TRACE", "/audit", "GET, HEAD"),
        ("OPTIONS", "/devices/805ec0aabb01/lines/1", "DELETE, PATCH"),
    ] {
        let answer = phonebox.raw(
            &format!("{method} /api/v1{path} HTTP/1.1"),
            &format!("Authorization: Bearer {}\r\n", phonebox.token),
            b"",
        );
        assert_eq!(answer.refused(405).0, "method-not-allowed", "{method} {path}");
        assert!(
            answer.head.to_ascii_lowercase().contains(&format!("allow: {}\r", allow.to_lowercase())),
            "{}",
            answer.head
        );
        // A stranger is told of no address.
        assert_eq!(phonebox.raw(&format!("{method} /api/v1{path} HTTP/1.1"), "", b"").status, 401, "{method} {path}");
    }
    phonebox.request("PUT", "/nothing", None).refused(404);
}
