//! Handshakes that come to nothing: each is a check-in of its peer, in words with the next step.

use super::tools::run;
use crate::support::server::Phonebox;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;

/// The newest check-ins, as the console reads them.
fn check_ins(phonebox: &Phonebox) -> Vec<Value> {
    let socket = phonebox.path().join("console.sock").display().to_string();
    let words = ["curl", "-s", "--unix-socket", &socket, "http://box/api/v1/check-ins?limit=5"];
    let (worked, text) = run(phonebox.path(), &words);
    assert!(worked, "{text}");
    let page: Value = serde_json::from_str(&text).unwrap();
    page.as_array().or(page["items"].as_array()).unwrap_or_else(|| panic!("{page}")).clone()
}

/// Asks until the check-in is written: recording lags behind on purpose.
#[track_caller]
pub fn newest_is(phonebox: &Phonebox, reason: &str) -> Value {
    let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        let newest = check_ins(phonebox).into_iter().next().unwrap_or_default();
        if newest["reason"] == reason {
            return newest;
        }
        assert!(std::time::Instant::now() < end, "{reason}: {newest}");
        std::thread::yield_now();
    }
}

#[test]
fn a_failed_handshake_is_told_with_its_reason_and_the_next_step() {
    let phonebox = Phonebox::start();
    let to = phonebox.https().to_string();
    let roots = phonebox.path().join("phonebox-ca.pem").display().to_string();
    let s_client = |words: &[&str]| {
        let all = ["openssl", "s_client", "-connect", &to, "-CAfile", &roots, "-verify_return_error"];
        run(phonebox.path(), &[&all[..], words].concat())
    };
    assert!(!run(phonebox.path(), &["curl", "-s", &format!("https://{to}/x.cfg")]).0);
    let unknown = newest_is(&phonebox, "tls-unknown-ca");
    assert_eq!((&unknown["transport"], &unknown["peer"]), (&"https".into(), &"127.0.0.1".into()));
    let address = format!(":{}/phonebox-ca.pem", phonebox.http().port());
    let next = unknown["next"].as_str().unwrap();
    assert!(next.contains(&address) && !next.contains("BOX"), "the box's own address: {unknown}");

    // To a phone whose clock stands after the end of 2037 everything has ended.
    let late =
        run(phonebox.path(), &["faketime", "2039-06-01", "curl", "-s", "--cacert", &roots, &format!("https://{to}/x")]);
    assert!(!late.0, "{}", late.1);
    let expired = newest_is(&phonebox, "tls-expired");
    assert!(!expired["next"].as_str().unwrap().is_empty(), "{expired}");

    s_client(&["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"]);
    newest_is(&phonebox, "tls-old");
    s_client(&["-tls1_2", "-cipher", "AES128-SHA"]);
    newest_is(&phonebox, "tls-no-cipher");
    s_client(&["-tls1_2", "-verify_hostname", "other.example"]);
    newest_is(&phonebox, "tls-certificate");

    let mut plain = TcpStream::connect(phonebox.https()).unwrap();
    plain.write_all(b"GET /805ec0aabb01.cfg HTTP/1.0\r\n\r\n").unwrap();
    let _ = plain.read_to_end(&mut Vec::new());
    newest_is(&phonebox, "tls-not-tls");
    drop(TcpStream::connect(phonebox.https()).unwrap());
    newest_is(&phonebox, "tls-broken-off");
}

#[test]
fn a_fetch_of_the_revocation_list_is_told_as_such() {
    let phonebox = Phonebox::start();
    let url = format!("http://{}/phonebox-ca.crl", phonebox.http());
    let (worked, text) = run(phonebox.path(), &["curl", "-sf", "-o", "list.crl", &url]);
    assert!(worked, "{text}");
    assert!(newest_is(&phonebox, "revocation-list")["text"].as_str().unwrap().contains("revoked"));
}
