//! What can be learned or opened by guessing: who exists, a password, a code. As many sources as one likes, because a
//! proxy names them.

use super::proxy::behind_a_proxy;
use crate::support::admin::{Answer, Running, running};
use crate::support::people::{Browser, PASSWORD, send, set_up};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn from(number: usize) -> String {
    format!("X-Forwarded-For: 198.51.{}.{}\r\n", number / 250, number % 250 + 1)
}

fn join(running: &Running, alice: &Browser, login: &str, account: Option<&Value>) -> Value {
    let body = json!({ "login": login, "name": login, "email": format!("{login}@example.com"), "account_id": account });
    let made = alice.post("/users", body).json(201);
    let reset = json!({ "token": made["link"]["token"], "password": PASSWORD });
    assert_eq!(send(running, "POST", "/password/reset", "", Some(reset)).status, 204);
    made["id"].clone()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// Times of the same question for several names, asked in turns: what else the machine does meets all of them.
fn medians<'a>(names: &[&'a str], rounds: usize, ask: impl Fn(&str, usize)) -> Vec<(&'a str, Duration)> {
    let mut times = vec![Vec::new(); names.len()];
    for round in 0..rounds {
        for (place, name) in names.iter().enumerate() {
            let began = Instant::now();
            ask(name, round * names.len() + place);
            times[place].push(began.elapsed());
        }
    }
    names.iter().copied().zip(times.into_iter().map(median)).collect()
}

/// Whoever is not there, frozen, disabled, or never had a password costs the box one hash like everybody else, and
/// hears the same words.
#[test]
fn threat_051_the_time_of_a_refusal_does_not_tell_who_exists() {
    let running = behind_a_proxy();
    let alice = set_up(&running);
    let frozen = join(&running, &alice, "frozen", None);
    alice.post(&format!("/users/{frozen}/freeze"), json!({})).json(200);
    let shop = alice.post("/accounts", json!({ "kind": "customer", "name": "Shop" })).json(201)["id"].clone();
    join(&running, &alice, "shut", Some(&shop));
    alice.post(&format!("/accounts/{shop}/disable"), json!({})).json(200);
    // By certificate only: no password was ever chosen.
    alice.post("/users", json!({ "login": "carded", "name": "C", "email": "c@example.com" })).json(201);
    let refusal = |login: &str, number: usize| {
        // The right password, where there is one that must not help.
        let password = if login == "alice" { "wrong" } else { PASSWORD };
        let body = json!({ "login": login, "password": password });
        let answer = send(&running, "POST", "/session", &from(number), Some(body));
        assert_eq!(
            answer.refused(401),
            ("wrong-login".into(), "The login name or the password is wrong.".into()),
            "{login}"
        );
    };
    let names = ["alice", "nobody", "frozen", "shut", "carded"];
    refusal("nobody", 9_000);
    let times = medians(&names, 15, refusal);
    let (least, most) =
        (times.iter().map(|(_, time)| *time).min().unwrap(), times.iter().map(|(_, time)| *time).max().unwrap());
    assert!(most < least * 2, "{times:?}");
    // It is the hash that takes the time: a refusal without one is another thing altogether.
    let cheap =
        medians(&["nobody"], 15, |_, _| assert_eq!(send(&running, "GET", "/session", "", None).status, 401))[0].1;
    assert!(cheap * 3 < least, "{cheap:?} {times:?}");
}

#[test]
fn threat_051_ale_026_ymc_193_asking_for_a_link_tells_nothing_and_is_slowed() {
    // ALE-026 and YMC-193 want a picture with letters here. Programs read those better than people do, and a box that asks
    // nobody outside has no other kind; its answer is a limit for each source and name, and an answer that is always the same.
    let running = behind_a_proxy();
    let alice = set_up(&running);
    let frozen = join(&running, &alice, "frozen", None);
    alice.post(&format!("/users/{frozen}/freeze"), json!({})).json(200);
    let ask = |login: &str, number: usize| -> Answer {
        send(&running, "POST", "/password/forgotten", &from(number), Some(json!({ "login": login })))
    };
    let words = |answer: &Answer| {
        let other = |line: &&str| !line.starts_with("x-request-id") && !line.starts_with("date");
        // actix keeps headers in no order.
        let head: std::collections::BTreeSet<String> = answer.head.lines().filter(other).map(str::to_owned).collect();
        (answer.status, head, answer.body.clone())
    };
    let first = words(&ask("alice", 8_000));
    assert_eq!(first.0, 202);
    let times =
        medians(&["alice", "nobody", "frozen"], 15, |login, number| assert_eq!(words(&ask(login, number)), first));
    let (least, most) =
        (times.iter().map(|(_, time)| *time).min().unwrap(), times.iter().map(|(_, time)| *time).max().unwrap());
    assert!(most < least * 3 + Duration::from_millis(3), "{times:?}");
    let statuses: Vec<u16> = (0..8).map(|_| ask("alice", 7_000).status).collect();
    assert_eq!((&statuses[..5], statuses[7]), (&[202; 5][..], 429));
    // Asking for somebody is no failed login of theirs.
    assert_eq!(
        send(&running, "POST", "/session", &from(7_000), Some(json!({ "login": "alice", "password": PASSWORD })))
            .status,
        200
    );
}

#[test]
fn threat_051_strangers_from_everywhere_slow_each_other_and_not_the_person_at_their_desk() {
    let running = behind_a_proxy();
    set_up(&running);
    let attempt = |number: usize, password: &str| {
        send(&running, "POST", "/session", &from(number), Some(json!({ "login": "alice", "password": password })))
            .status
    };
    assert_eq!(attempt(1, PASSWORD), 200, "the desk");
    let statuses: Vec<u16> = (2..200).map(|number| attempt(number, "wrong")).collect();
    let tried = statuses.iter().filter(|status| **status == 401).count();
    assert!((45..=60).contains(&tried) && statuses.iter().all(|status| matches!(status, 401 | 429)), "{tried}");
    assert_eq!(attempt(1, PASSWORD), 200, "the desk again");
    // Whoever is slowed hears for how long: five minutes at most, never for good.
    let body = || Some(json!({ "login": "alice", "password": "wrong" }));
    let slowed = (300..400).map(|number| send(&running, "POST", "/session", &from(number), body()));
    let slowed = slowed.into_iter().find(|answer| answer.status == 429).expect("one of a hundred is slowed");
    let head = slowed.head.to_ascii_lowercase();
    let wait: u64 = head.split("retry-after: ").nth(1).unwrap().lines().next().unwrap().parse().unwrap();
    assert!((1..=300).contains(&wait), "{wait}");
}

#[test]
fn threat_051_a_stranger_at_the_same_address_shuts_the_door_for_nobody_who_has_come_in_there() {
    let running = behind_a_proxy();
    let alice = set_up(&running);
    join(&running, &alice, "bob", None);
    let attempt = |login: &str, password: &str| {
        send(&running, "POST", "/session", &from(1), Some(json!({ "login": login, "password": password }))).status
    };
    assert_eq!(attempt("alice", PASSWORD), 200);
    let statuses: Vec<u16> = (0..60).map(|number| attempt(&format!("nobody{number}"), "wrong")).collect();
    assert!(statuses[..50].iter().all(|status| *status == 401) && statuses.contains(&429), "{statuses:?}");
    assert_eq!(attempt("alice", PASSWORD), 200);
    // Asking for links counts for itself: it is open here, and however much of it there is shuts no login.
    let ask = |login: &str, number: usize| {
        send(&running, "POST", "/password/forgotten", &from(number), Some(json!({ "login": login }))).status
    };
    assert_eq!(ask("bob", 1), 202);
    let statuses: Vec<u16> = (0..60).map(|number| ask(&format!("nobody{number}"), 2)).collect();
    assert!(statuses.contains(&429), "{statuses:?}");
    let body = json!({ "login": "bob", "password": PASSWORD });
    assert_eq!(send(&running, "POST", "/session", &from(2), Some(body)).status, 200);
}

#[test]
fn threat_054_codes_are_guessed_as_slowly_as_passwords_from_however_many_sources() {
    let running = behind_a_proxy();
    let mut alice = set_up(&running);
    super::totp::set_totp(&mut alice);
    let guess = |number: usize| {
        let body = json!({ "login": "alice", "password": PASSWORD, "code": format!("{number:06}") });
        send(&running, "POST", "/session", &from(number + 1), Some(body)).status
    };
    let statuses: Vec<u16> = (0..300).map(guess).collect();
    let looked_at = statuses.iter().filter(|status| **status != 429).count();
    assert!(looked_at <= 60, "{looked_at} of a million codes were looked at");
    // What a stolen session must not do needs the password, and is slowed as a login is.
    for (method, path, body) in [
        ("DELETE", "/me/totp", json!({ "password": "wrong" })),
        ("PUT", "/me/password", json!({ "old": "wrong", "new": "An0ther.Word" })),
        ("PATCH", "/me", json!({ "email": "thief@example.com", "password": "wrong" })),
    ] {
        let running = behind_a_proxy();
        let mut alice = set_up(&running);
        super::totp::set_totp(&mut alice);
        let statuses: Vec<u16> = (0..7).map(|_| alice.ask(method, path, Some(body.clone())).status).collect();
        assert_eq!((&statuses[..4], statuses[6]), (&[403; 4][..], 429), "{method} {path}: {statuses:?}");
    }
}

/// Even of one's own login: a browser in which somebody has come in is known by a cookie, and counted by itself.
#[test]
fn threat_051_a_stranger_at_the_same_address_guesses_at_a_login_and_its_owner_comes_in() {
    let running = running();
    set_up(&running);
    let attempt = |headers: &str, password: &str| {
        let body = json!({ "login": "alice", "password": password });
        send(&running, "POST", "/session", headers, Some(body))
    };
    let first = attempt("", PASSWORD);
    let mark = first.head.lines().find_map(|line| line.split_once("__Host-phonebox-browser=")).unwrap().1;
    for word in ["Secure", "HttpOnly", "SameSite=Strict"] {
        assert!(mark.contains(word), "{mark}");
    }
    let mark = format!("Cookie: __Host-phonebox-browser={}\r\n", mark.split(';').next().unwrap());
    while attempt("", "wrong").status != 429 {}
    assert_eq!(attempt("", PASSWORD).status, 429, "by the address alone nobody is told from the stranger");
    assert_eq!(attempt(&mark, PASSWORD).status, 200);
    // A mark opens nothing, and a stranger's own is no mark of alice.
    let foreign = "Cookie: __Host-phonebox-browser=00112233445566778899aabbccddeeff\r\n";
    assert_eq!(attempt(foreign, PASSWORD).status, 429);
    let guesses: Vec<u16> = (0..7).map(|_| attempt(&mark, "wrong").status).collect();
    assert_eq!(guesses, [401, 401, 401, 401, 401, 429, 429]);
}

/// Many at once are no more than many in a row.
#[test]
fn threat_051_threat_054_guesses_at_the_same_moment_are_counted_before_they_are_looked_at() {
    let running = running();
    set_up(&running);
    let guess = || {
        let body = json!({ "login": "alice", "password": "wrong" });
        send(&running, "POST", "/session", "", Some(body)).status
    };
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..40).map(|_| scope.spawn(guess)).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let tried = statuses.iter().filter(|status| **status == 401).count();
    assert!(tried <= 7 && statuses.iter().all(|status| matches!(status, 401 | 429)), "{statuses:?}");
}
