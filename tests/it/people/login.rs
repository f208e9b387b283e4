//! Logging in and out, sessions, and what those try who have none.

use crate::support::admin::running;
use crate::support::people::{Browser, PASSWORD, cookie_of, log_in, send, set_up, try_login, words_of};
use serde_json::json;

/// AVA-037: by name and password. ALE-017: or by mail address. AVA-052: what is ended is ended for the server too.
#[test]
fn ava_037_ava_052_ale_017_one_logs_in_by_name_or_mail_and_out_for_good() {
    let running = running();
    set_up(&running);
    for login in ["alice", "ALICE", " alice ", "alice@example.com"] {
        assert_eq!(log_in(&running, login, PASSWORD).told["user"]["login"], "alice");
    }
    let alice = log_in(&running, "alice", PASSWORD);
    let answer = alice.delete("/session");
    assert_eq!(answer.status, 204);
    assert!(answer.head.contains("Max-Age=0"), "{}", answer.head);
    // The stolen cookie is worth nothing any more.
    assert_eq!(alice.get("/session").refused(401).0, "unauthorized");
    assert_eq!(alice.post("/sites", json!({ "name": "x" })).refused(401).0, "unauthorized");
}

#[test]
fn threat_055_a_session_is_new_at_every_login_and_no_cookie_from_outside_becomes_one() {
    let running = running();
    let first = set_up(&running);
    let planted = format!("__Host-phonebox={}", "a".repeat(64));
    let body = json!({ "login": "alice", "password": PASSWORD });
    let answer = send(&running, "POST", "/session", &format!("Cookie: {planted}\r\n"), Some(body.clone()));
    let fresh = Browser::of(&running, &answer);
    assert_ne!(fresh.cookie, planted);
    for word in ["Secure", "HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(answer.head.contains(word), "{}", answer.head);
    }
    let as_planted = Browser { cookie: planted, ..fresh.clone() };
    as_planted.get("/session").refused(401);
    // Logging in again over a session ends that one.
    let again = send(&running, "POST", "/session", &format!("Cookie: {}\r\n", first.cookie), Some(body));
    assert_ne!(cookie_of(&again).unwrap(), first.cookie);
    first.get("/session").refused(401);
    // Neither the URL nor a bearer token is a place for it.
    let id = fresh.cookie.split_once('=').unwrap().1;
    assert_eq!(send(&running, "GET", &format!("/session?__Host-phonebox={id}"), "", None).status, 401);
    assert_eq!(send(&running, "GET", "/session", &format!("Authorization: Bearer {id}\r\n"), None).status, 401);
    // Only its hash is in the database.
    let rows: i64 = running
        .db
        .read(|conn| {
            let sql = "SELECT count(*) FROM session WHERE instr(hash, CAST($1 AS BLOB)) > 0";
            Ok::<_, phonebox::db::Error>(conn.query_row(sql, [id], |row| row.get(0))?)
        })
        .unwrap();
    assert_eq!(rows, 0);
}

#[test]
fn sessions_are_listed_and_ended_one_by_one_or_all() {
    let running = running();
    let here = set_up(&running);
    let (there, third) = (log_in(&running, "alice", PASSWORD), log_in(&running, "alice", PASSWORD));
    let list = here.get("/sessions").json(200);
    assert_eq!(list.as_array().unwrap().iter().filter(|row| row["current"] == true).count(), 1);
    assert_eq!(list.as_array().unwrap().len(), 3);
    let id = there.get("/sessions").json(200);
    let id = id.as_array().unwrap().iter().find(|row| row["current"] == true).unwrap()["id"].clone();
    assert_eq!(here.delete(&format!("/sessions/{id}")).status, 204);
    there.get("/session").refused(401);
    here.delete(&format!("/sessions/{id}")).refused(404);
    assert_eq!(here.delete("/sessions").status, 204);
    here.get("/session").refused(401);
    third.get("/session").refused(401);
}

#[test]
fn a_session_ends_by_idleness_and_by_age() {
    let running = running();
    let alice = set_up(&running);
    let age = |column: &'static str, by: i64| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let sql = format!("UPDATE session SET {column} = {column} - {by}");
        runtime.block_on(running.db.write(move |tx| Ok::<_, phonebox::db::Error>(tx.execute(&sql, [])?))).unwrap();
    };
    age("seen_at", 59 * 60_000);
    alice.get("/session").json(200);
    // That it was used is written behind the answer.
    crate::support::eventually("the session was seen", || {
        let seen =
            |conn: &phonebox::db::Connection| conn.query_row("SELECT seen_at FROM session", [], |row| row.get(0));
        let seen: i64 = running.db.read(|conn| Ok::<_, phonebox::db::Error>(seen(conn)?)).unwrap();
        phonebox::clock::now() - seen < 60_000
    });
    age("seen_at", 61 * 60_000);
    alice.get("/session").refused(401);
    let alice = log_in(&running, "alice", PASSWORD);
    age("expires_at", 12 * 60 * 60_000 - 10_000);
    alice.get("/session").json(200);
    age("expires_at", 20_000);
    alice.get("/session").refused(401);
}

#[test]
fn threat_056_a_change_with_a_cookie_needs_the_word_of_the_page_and_its_origin() {
    let running = running();
    let alice = set_up(&running);
    let cookie = format!("Cookie: {}\r\n", alice.cookie);
    let good = format!("{cookie}X-CSRF-Token: {}\r\n", alice.csrf);
    let try_with = |headers: &str| send(&running, "POST", "/sites", headers, Some(json!({ "name": "Berlin" })));
    for headers in [
        cookie.clone(),
        format!("{cookie}X-CSRF-Token: \r\n"),
        format!("{cookie}X-CSRF-Token: {}\r\n", "0".repeat(64)),
        format!("{good}Origin: https://evil.example\r\n"),
        format!("{good}Origin: null\r\n"),
        format!("{good}Sec-Fetch-Site: cross-site\r\n"),
        format!("{good}Sec-Fetch-Site: same-site\r\n"),
    ] {
        assert_eq!(try_with(&headers).refused(403).0, "csrf", "{headers}");
    }
    // A form cannot send JSON, and its word is missing anyway.
    let form = format!("{cookie}Content-Type: application/x-www-form-urlencoded\r\n");
    assert_eq!(running.raw("POST /api/v1/sites HTTP/1.1", &form, b"name=Berlin").refused(403).0, "csrf");
    let plain = format!("{good}Content-Type: text/plain\r\n");
    running.raw("POST /api/v1/sites HTTP/1.1", &plain, b"{\"name\":\"Berlin\"}").refused(415);
    assert_eq!(alice.get("/sites/Berlin").refused(404).0, "not-found");
    assert_eq!(try_with(&format!("{good}Origin: https://box\r\nSec-Fetch-Site: same-origin\r\n")).status, 201);
    // Each is written down in the name of whoever has the session; a cookie that opens nothing writes nothing.
    let refused = || alice.get("/audit?result=fail&action=site.add").json(200)["items"].clone();
    let before = refused();
    assert_eq!(before.as_array().unwrap().len(), 9, "{before}");
    let csrf = before.as_array().unwrap().iter().filter(|row| row["detail"].as_str().unwrap().starts_with("csrf: "));
    assert_eq!(csrf.filter(|row| row["actor"] == "alice").count(), 8, "{before}");
    for name in [format!("__Host-phonebox={}", "0".repeat(64)), "__Host-phonebox=x".to_owned(), "a=b".to_owned()] {
        try_with(&format!("Cookie: {name}\r\n")).refused(401);
    }
    assert_eq!(refused(), before);
    // Nor can another page log somebody in.
    let body = json!({ "login": "alice", "password": PASSWORD });
    let foreign = send(&running, "POST", "/session", "Origin: https://evil.example\r\n", Some(body));
    assert_eq!(foreign.refused(403).0, "csrf");
    assert!(cookie_of(&foreign).is_none());
}

#[test]
fn threat_051_who_does_not_exist_and_who_is_wrong_hear_the_same() {
    let running = running();
    set_up(&running);
    let (wrong, unknown) = (try_login(&running, "alice", "x"), try_login(&running, "nobody", "x"));
    assert_eq!((wrong.status, words_of(&wrong)), (unknown.status, words_of(&unknown)));
    // Both are slowed after the same number of attempts.
    let until_slowed = |login: &str| {
        let mut tries = (1..10).map(|number| (number, try_login(&running, login, "x")));
        tries.find(|(_, answer)| answer.status != 401).unwrap()
    };
    let (count, slowed) = until_slowed("alice");
    assert_eq!((count, slowed.status), (5, 429));
    // Even with the right password: else the wait would tell that it was right.
    assert_eq!(try_login(&running, "alice", PASSWORD).status, 429);
    let (count, also) = until_slowed("nobody");
    assert_eq!((count, also.status, words_of(&also)), (5, slowed.status, words_of(&slowed)));
}

#[test]
fn threat_053_any_password_text_is_answered() {
    let running = running();
    set_up(&running);
    let long = "x".repeat(100_000);
    for (number, password) in ["", "\u{0}", "ﬀ", "e\u{301}", long.as_str()].into_iter().enumerate() {
        let answer = try_login(&running, &format!("alice{number}"), password);
        assert_eq!(answer.refused(401).0, "wrong-login");
    }
}

#[test]
fn threat_065_a_live_log_ends_with_the_session_that_reads_it() {
    let running = running();
    set_up(&running);
    let (reader, other) = (log_in(&running, "alice", PASSWORD), log_in(&running, "alice", PASSWORD));
    let began = std::time::Instant::now();
    std::thread::scope(|scope| {
        let stream = scope.spawn(|| reader.get("/check-ins/live"));
        assert_eq!(other.delete("/sessions").status, 204);
        let said = stream.join().unwrap();
        assert!(said.status == 401 || !said.text().contains("event:"), "{}", said.text());
    });
    // Not at the end of its minute: at its next sign of life.
    assert!(began.elapsed() < std::time::Duration::from_secs(40));
}
