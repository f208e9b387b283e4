//! The second factor: setting it up, logging in with it, losing it.

use crate::support::admin::{Answer, Running, running};
use crate::support::people::{Browser, PASSWORD, cookie_of, log_in, send, set_up, try_login};
use serde_json::{Value, json};

/// RFC 6238, written once more: what an app does with the text of the picture.
pub fn code(secret: &str, now: i64) -> String {
    const SIGNS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits: String = secret.chars().map(|sign| format!("{:05b}", SIGNS.find(sign).unwrap())).collect();
    let key: Vec<u8> =
        (0..bits.len() / 8).map(|at| u8::from_str_radix(&bits[8 * at..8 * at + 8], 2).unwrap()).collect();
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key);
    let tag = aws_lc_rs::hmac::sign(&key, &(now / 30_000).to_be_bytes());
    let (tag, offset) = (tag.as_ref(), usize::from(tag.as_ref()[19] & 15));
    let word = u32::from_be_bytes(tag[offset..offset + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", word % 1_000_000)
}

/// A code that was not used yet: the next one counts already.
pub fn next_code(secret: &str) -> String {
    code(secret, phonebox::clock::now() + 30_000)
}

/// The secret and the recovery codes. The session gets a new cookie.
pub fn set_totp(browser: &mut Browser) -> (String, Vec<String>) {
    let begun = browser.post("/me/totp", json!({})).json(200);
    let secret = begun["secret"].as_str().unwrap().to_owned();
    assert!(begun["uri"].as_str().unwrap().contains(&secret) && begun["qr_svg"].as_str().unwrap().contains("<svg"));
    assert_eq!(browser.put("/me/totp", json!({ "code": "000000" })).refused(401).0, "code-needed");
    let confirmed = browser.put("/me/totp", json!({ "code": code(&secret, phonebox::clock::now()) }));
    let done = confirmed.json(200);
    // T55: who may do more from now on is known by another cookie.
    browser.get("/session").refused(401);
    browser.cookie = cookie_of(&confirmed).unwrap();
    browser.csrf = done["csrf"].as_str().unwrap().to_owned();
    let codes = done["recovery_codes"].as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned());
    (secret, codes.collect())
}

fn with_code(running: &Running, login: &str, code: &str) -> Answer {
    send(running, "POST", "/session", "", Some(json!({ "login": login, "password": PASSWORD, "code": code })))
}

/// AVA-047: with the codes that FreeOTP, Google Authenticator and Authy make of the text in the picture, by RFC 6238 with
/// SHA-1, six digits and thirty seconds (its vectors: src/users/totp).
#[test]
fn ava_041_ava_045_ava_047_ava_048_threat_054_a_code_is_asked_at_every_login_and_counts_once() {
    let running = running();
    let mut alice = set_up(&running);
    // AVA-045: off by default.
    assert_eq!(alice.get("/me").json(200)["totp"], false);
    let (secret, recovery) = set_totp(&mut alice);
    assert_eq!(recovery.len(), 10);
    assert_eq!(alice.get("/me").json(200)["recovery_codes"], 10);
    alice.post("/me/totp", json!({})).refused(409);
    // AVA-041: after the password, before anything else.
    assert_eq!(try_login(&running, "alice", "wrong").refused(401).0, "wrong-login");
    let asked = try_login(&running, "alice", PASSWORD);
    assert_eq!(asked.refused(401).0, "code-needed");
    assert!(crate::support::people::cookie_of(&asked).is_none());
    let fresh = next_code(&secret);
    let inside = Browser::of(&running, &with_code(&running, "alice", &fresh));
    assert_eq!(inside.told["due"], Value::Null);
    assert_eq!(with_code(&running, "alice", &fresh).refused(401).0, "code-needed", "used");
    // A recovery code opens one login.
    Browser::of(&running, &with_code(&running, "alice", &recovery[3].to_uppercase()));
    assert_eq!(with_code(&running, "alice", &recovery[3]).refused(401).0, "code-needed");
    assert_eq!(inside.get("/me").json(200)["recovery_codes"], 9);
    // Guesses are slowed like passwords.
    let guesses: Vec<u16> = (0..8).map(|number| with_code(&running, "alice", &format!("{number:06}")).status).collect();
    assert!(guesses.contains(&429), "{guesses:?}");
    // The database shows neither the secret nor a code.
    let (sealed, hashes): (Vec<u8>, i64) = running
        .db
        .read(|conn| {
            let sealed = conn.query_row("SELECT totp_sealed FROM users WHERE login = 'alice'", [], |row| row.get(0))?;
            let codes =
                conn.query_row("SELECT count(*) FROM recovery_code WHERE length(hash) = 32", [], |row| row.get(0))?;
            Ok::<_, phonebox::db::Error>((sealed, codes))
        })
        .unwrap();
    assert_eq!((hashes, sealed.len()), (9, 1 + 4 + 12 + 20 + 16));
}

/// AVA-165: for all of a company. AVA-166: where the company wants none, for single users.
#[test]
fn ava_046_ava_165_ava_166_an_account_or_a_user_may_be_made_to_have_one() {
    let running = running();
    let mut alice = set_up(&running);
    let person = |login: &str, two_factor: bool| {
        let body =
            json!({ "login": login, "name": login, "email": format!("{login}@x.example"), "two_factor": two_factor });
        let made = alice.post("/users", body).json(201);
        send(
            &running,
            "POST",
            "/password/reset",
            "",
            Some(json!({ "token": made["link"]["token"], "password": PASSWORD })),
        );
        made["id"].clone()
    };
    let bob_id = person("bob", true);
    person("carol", false);
    let mut bob = log_in(&running, "bob", PASSWORD);
    assert_eq!(bob.told["due"], "totp");
    assert_eq!(bob.get("/devices").refused(403).0, "totp-due");
    assert_eq!(log_in(&running, "carol", PASSWORD).told["due"], Value::Null);
    let (secret, _) = set_totp(&mut bob);
    assert_eq!(bob.get("/devices").status, 200, "this step happens once");
    Browser::of(&running, &with_code(&running, "bob", &next_code(&secret)));
    // For the whole company: whoever has none must set one up, at once.
    let carol = log_in(&running, "carol", PASSWORD);
    alice.patch("/accounts/1", json!({ "two_factor": true })).json(200);
    assert_eq!(carol.get("/devices").refused(403).0, "totp-due");
    assert_eq!(alice.get("/devices").refused(403).0, "totp-due");
    set_totp(&mut alice);
    // A lost phone: an administrator takes the app away, and the next login sets up another.
    assert_eq!(alice.delete(&format!("/users/{bob_id}/totp")).json(200)["totp"], false);
    assert_eq!(log_in(&running, "bob", PASSWORD).told["due"], "totp");
    // One's own only with the password.
    alice.ask("DELETE", "/me/totp", Some(json!({ "password": "wrong" }))).refused(403);
    assert_eq!(alice.ask("DELETE", "/me/totp", Some(json!({ "password": PASSWORD }))).status, 204);
    assert_eq!(alice.get("/devices").refused(403).0, "totp-due");
}
