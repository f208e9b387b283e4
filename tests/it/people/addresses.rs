//! Whom an e-mail address lets in: nobody takes that from somebody else, and nobody learns who has which.
//! (letters/links.rs: what reading the mail changes.)

use crate::support::admin::running;
use crate::support::people::{PASSWORD, company, log_in, send, set_up, try_login, words_of};
use serde_json::json;

const OTHER: &str = "An0ther.Word";

/// T51, T90: whoever says later that an address is theirs takes nothing from whom it lets in, hears nothing of them, and
/// does not end up as them.
#[test]
fn threat_051_threat_090_nobody_takes_a_login_by_address_from_somebody_else() {
    let running = running();
    let alice = set_up(&running);
    let (_, mallory) = company(&alice, "reseller", "Shop", "mallory");
    let mine = |email: &str| mallory.patch("/me", json!({ "email": email, "password": PASSWORD }));
    let told = [mine("nobody@example.com"), mine("alice@example.com")].map(|answer| (answer.status, answer.json(200)));
    let mut alike = told[0].1.clone();
    alike["email"] = "alice@example.com".into();
    assert_eq!(told[1].1, alike, "it is no way to find out who exists");
    assert_eq!(log_in(&running, "Alice@Example.com", PASSWORD).told["user"]["login"], "alice");
    mallory.put("/me/password", json!({ "old": PASSWORD, "new": OTHER })).json(200);
    try_login(&running, "alice@example.com", OTHER).refused(401);
    // Nor does a login name that is somebody's address: each comes in with the own password.
    let mallory = log_in(&running, "mallory", OTHER);
    let body = json!({ "name": "M", "email": "alice@example.com", "login": "alice@example.com" });
    let made = mallory.post("/users", body).json(201);
    let choose = json!({ "token": made["link"]["token"], "password": "Th1rd.Word" });
    assert_eq!(send(&running, "POST", "/password/reset", "", Some(choose)).status, 204);
    assert_eq!(log_in(&running, "alice@example.com", PASSWORD).told["user"]["login"], "alice");
    assert_eq!(log_in(&running, "alice@example.com", "Th1rd.Word").told["user"]["login"], "alice@example.com");
    let refused = try_login(&running, "alice@example.com", "wrong");
    refused.refused(401);
    assert_eq!(words_of(&refused), words_of(&try_login(&running, "nobody@example.org", "wrong")));
    // A refusal is told to everybody whom it may have been about.
    let fails = |browser: &crate::support::people::Browser| {
        let page = browser.get("/audit?action=session.begin&result=fail").json(200);
        let names = page["items"].as_array().unwrap().iter().map(|row| row["actor"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(fails(&alice), ["nobody", "alice", "alice"]);
    assert_eq!(fails(&mallory), ["alice@example.com"]);
}

/// T51. A login name that is somebody's address: who comes in with it has no more guesses at the other's password.
#[test]
fn coming_in_as_one_forgives_no_guesses_at_another() {
    let running = running();
    let alice = set_up(&running);
    let (_, mallory) = company(&alice, "reseller", "Shop", "mallory");
    let body = json!({ "name": "M", "email": "alice@example.com", "login": "alice@example.com", "password": OTHER });
    mallory.post("/users", body).json(201);
    let guess = || try_login(&running, "alice@example.com", "guess").status;
    assert_eq!([guess(), guess(), guess()], [401; 3]);
    log_in(&running, "alice@example.com", OTHER);
    assert_eq!([guess(), guess(), guess()], [401, 401, 429]);
}

/// Given up, it lets in whoever has had it next longest.
#[test]
fn an_address_lets_in_who_has_had_it_longest() {
    let running = running();
    let alice = set_up(&running);
    for login in ["bob", "carl"] {
        let body =
            json!({ "login": login, "name": login, "email": "desk@example.com", "password": format!("{login}-Pass1") });
        alice.post("/users", body).json(201);
    }
    log_in(&running, "desk@example.com", "bob-Pass1");
    try_login(&running, "desk@example.com", "carl-Pass1").refused(401);
    let id = alice.get("/users?search=bob").json(200)["items"][0]["id"].clone();
    let path = format!("/users/{id}");
    // Saying it again changes nothing; having had another one in between does.
    alice.patch(&path, json!({ "email": "DESK@example.com" })).json(200);
    log_in(&running, "desk@example.com", "bob-Pass1");
    alice.patch(&path, json!({ "email": "bob@example.com" })).json(200);
    alice.patch(&path, json!({ "email": "desk@example.com" })).json(200);
    log_in(&running, "desk@example.com", "carl-Pass1");
    try_login(&running, "desk@example.com", "bob-Pass1").refused(401);
    // Who may not log in keeps it from nobody.
    let id = alice.get("/users?search=carl").json(200)["items"][0]["id"].clone();
    alice.post(&format!("/users/{id}/freeze"), json!({})).json(200);
    log_in(&running, "desk@example.com", "bob-Pass1");
}
