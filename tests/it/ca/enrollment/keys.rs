//! Keys that are made in the box, given anew in time, and taken away for good.

use super::clients::{MAC, Site, site};
use super::life::value;
use crate::support::phone::{PASSWORD, add, mac};

impl Site {
    /// Status of a file that is fetched under its own path, into a file of this name.
    fn fetches(&self, url: &str, to: &str) -> String {
        let path = &url[url.find("/p/").unwrap()..];
        self.run(&["curl", "-s", "-o", to, "-w", "%{http_code}", &self.scep_url(path)])
    }

    /// The certificate in a file, as OpenSSL names it.
    fn serial_in(&self, file: &str) -> String {
        self.run(&["openssl", "x509", "-in", file, "-noout", "-serial"])
    }
}

/// What only the phone and the box know, taken out of the box.
fn http_password(site: &Site, mac: &str) -> String {
    let keys = phonebox::seal::Keyring::open(&site.phonebox.path().join("seal.key"), false).unwrap();
    let conn = phonebox::db::Connection::open(site.phonebox.path().join("phonebox.db")).unwrap();
    let device = phonebox::devices::store::by_mac(&conn, &keys, mac.parse().unwrap()).unwrap().unwrap();
    phonebox::devices::store::http_password(&conn, &keys, &device).unwrap().reveal().to_owned()
}

/// YMC-182, AVA-104. A PKCS#12 file and its password come to a J179 by its own settings, before SCEP does (avaya.md §6).
#[test]
fn a_j179_takes_the_file_that_was_made_for_it_with_the_password_of_its_settings() {
    let mut site = site(&[]);
    add(&site.phonebox, "J179", &[]);
    let own = mac("J179");
    site.phonebox.cli(&["profile", "set", "default", "--certificates", "true"]);
    let (_, first) = site.ask("/46xxsettings.txt", "J179", None);
    assert!(value(&first, "MYCERTURL").is_some() && value(&first, "PKCS12URL").is_none(), "{first}");
    site.phonebox.cli(&["enrollment", "file", own]);
    let (_, text) = site.ask("/46xxsettings.txt", "J179", None);
    let (url, word) = (value(&text, "PKCS12URL").unwrap(), value(&text, "PKCS12PASSWORD").unwrap());
    assert!(value(&text, "MYCERTURL").is_none(), "one way at a time: {text}");
    let shown = site.phonebox.cli(&["preview", own, "46xxsettings.txt"]);
    assert!(!shown.contains(&word) && shown.contains("PKCS12URL"), "masked for people: {shown}");
    assert_eq!(site.fetches(&url, "own.p12"), "200");
    let opened = |word: &str, to: &str| {
        let pass = format!("pass:{word}");
        let words = ["openssl", "pkcs12", "-in", "own.p12", "-nodes", "-legacy", "-passin", &pass, "-out", to];
        site.try_run(&words).status.success()
    };
    assert!(!opened("wrong", "none.pem") && opened(&word, "own.pem"));
    std::fs::write(site.file("own.key"), site.read("own.pem")).unwrap();
    let (status, second) = site.ask("/46xxsettings.txt", "J179", Some("own"));
    assert!(status == "200" && second.contains(PASSWORD), "{status} {second}");
    assert_eq!(site.phonebox.device(own)["tls_state"], "holds-our-certificate");
    // Two thirds of its life later the file holds the next one, under the same name and password.
    let before = site.serial_in("own.pem");
    site.phonebox.restart_at("+740d");
    assert_eq!(site.fetches(&url, "own.p12"), "200");
    let pass = format!("pass:{word}");
    site.run(&["openssl", "pkcs12", "-in", "own.p12", "-nodes", "-legacy", "-passin", &pass, "-out", "next.pem"]);
    assert_ne!(site.serial_in("next.pem"), before);
    assert_eq!(site.fetches(&url, "again.p12"), "200");
    assert_eq!(std::fs::read(site.file("again.p12")).unwrap(), std::fs::read(site.file("own.p12")).unwrap());
}

/// PGS-010, PGS-011: after "revoke all keys" nothing that the phone has or was sent gets it another one, by no door, before
/// somebody lets it in again; then all doors open.
#[test]
fn pgs_011_after_all_keys_were_revoked_no_door_gives_a_new_one_before_somebody_says_so() {
    let site = site(&["--scep-approve", "yes"]);
    site.phonebox.cli(&["device", "remove", mac("T54W")]);
    add(&site.phonebox, "T54W", &[]);
    let own = mac("T54W");
    assert_eq!(own, MAC);
    site.phonebox.cli(&["profile", "set", "default", "--certificates", "true"]);
    let settings = || site.ask(&format!("/{own}.cfg"), "T54W", None).1;
    let url = value(&settings(), "static.server_certificates.url").unwrap();
    assert_eq!(site.fetches(&url, "own.pem"), "200");
    let (ra, phone) = (site.ra(), site.sender("phone"));
    let unused = site.csr(&phone, "/CN=805ec0aabb01", &site.challenge(own), "");
    let waiting = phone.message(b"19", b"wait", &ra, &site.csr(&phone, "/CN=805ec0aabb01", "", ""));
    assert_eq!(site.said(&phone, &waiting).status, "3");
    site.phonebox.cli(&["ca", "certificate", "revoke-all", own]);

    assert_eq!((site.fetches(&url, "none"), site.reasons(own)[0].clone()), ("404".into(), "keys-revoked".into()));
    assert!(site.asks(&phone, &ra, &unused).is_bad_request(), "its challenge is void");
    assert_eq!(site.reasons(own).iter().filter(|reason| *reason == "certificate-issued").count(), 0);
    assert!(site.said(&phone, &waiting).is_bad_request(), "its request is declined");
    let login = format!("{own}:{}", http_password(&site, own));
    site.run(&["openssl", "req", "-new", "-key", "phone.key", "-subj", "/CN=805ec0aabb01", "-out", "request.pem"]);
    let body: String = site.read("request.pem").lines().filter(|line| !line.starts_with('-')).collect();
    std::fs::write(site.file("request.b64"), body).unwrap();
    assert_eq!(site.est("simpleenroll", &["--user", &login]).0, "403", "its password alone is no proof for a key");
    assert_eq!(site.reasons(own)[0], "keys-revoked");
    assert_eq!(site.issued(), 1);

    site.phonebox.cli(&["device", "let-in", own]);
    let url = value(&settings(), "static.server_certificates.url").unwrap();
    assert_eq!(site.fetches(&url, "next.pem"), "200");
    assert_ne!(site.serial_in("next.pem"), site.serial_in("own.pem"));
    std::fs::write(site.file("next.key"), site.read("next.pem")).unwrap();
    assert_eq!(site.ask(&format!("/{own}.cfg"), "T54W", Some("next")).0, "200");
    // One certificate is taken back, not all keys: the phone is given the next one with its own file.
    let list = site.phonebox.json(&["ca", "certificate", "list", "--holder", own]);
    let good = list.as_array().unwrap().iter().find(|one| one["state"] == "good").unwrap();
    site.phonebox.cli(&["ca", "certificate", "revoke", good["serial"].as_str().unwrap()]);
    assert_eq!(site.fetches(&url, "third.pem"), "200");
    assert_ne!(site.serial_in("third.pem"), site.serial_in("next.pem"));
}

/// Per device and certificate profile: the challenge and the file of another profile make its certificates.
#[test]
fn a_challenge_and_a_file_may_be_of_another_certificate_profile() {
    let site = site(&[]);
    site.phonebox.cli(&["ca", "profile", "add", "lab", "--subject", "CN={mac}, OU=lab", "--validity-days", "9"]);
    let secret = site.phonebox.cli(&["enrollment", "challenge", MAC, "--profile", "lab"]);
    let url = site.scep_url("/scep");
    site.fetch_ca(&url);
    site.key("phone.key");
    let words = ["--dn", "CN=805ec0aabb01", "--password", secret.trim()];
    site.enrolls(&url, "phone.key", &words, "phone.pem");
    assert!(site.judged("phone.pem").contains("OU = lab"));
    site.phonebox.cli(&["enrollment", "file", MAC, "--profile", "lab"]);
    let list = site.phonebox.json(&["ca", "certificate", "list", "--holder", MAC]);
    assert!(list.as_array().unwrap().iter().all(|one| one["profile"] == "lab"), "{list}");
    let refused = site.phonebox.try_cli(&["enrollment", "file", MAC, "--profile", "none"]).refused();
    assert!(refused.contains("certificate profile none"), "{refused}");
    // In the body as in the query.
    let asks = |body: &str| site.phonebox.admin_asks("POST", &format!("/api/v1/devices/{MAC}/challenge"), body);
    assert_eq!(asks(r#"{"profile": "none"}"#).status, 404);
    assert_eq!(asks(r#"{"profile": "lab"}"#).status, 200);
}

/// Who acts for a device and names none gets what the device itself would.
#[test]
fn a_challenge_and_a_file_are_of_the_certificate_profile_that_the_devices_profile_names() {
    let site = site(&[]);
    site.phonebox.cli(&["ca", "profile", "add", "lab", "--subject", "CN={mac}, OU=lab"]);
    site.phonebox.cli(&["profile", "set", "default", "--certificate-profile", "lab"]);
    let secret = site.challenge(MAC);
    let url = site.scep_url("/scep");
    site.fetch_ca(&url);
    site.key("phone.key");
    site.enrolls(&url, "phone.key", &["--dn", "CN=805ec0aabb01", "--password", &secret], "phone.pem");
    assert!(site.judged("phone.pem").contains("OU = lab"));
    site.phonebox.cli(&["enrollment", "file", MAC]);
    let list = site.phonebox.json(&["ca", "certificate", "list", "--holder", MAC]);
    let list = list.as_array().unwrap();
    assert!(list.len() == 2 && list.iter().all(|one| one["profile"] == "lab"), "{list:?}");
}

/// "Refused, audited, nothing issued": by which door, from where, whose, and why; so many a minute, not without end.
#[test]
fn what_was_refused_stands_in_the_audit_log_and_cannot_fill_it() {
    let site = site(&[]);
    let (ra, phone) = (site.ra(), site.sender("phone"));
    let others = site.challenge(super::clients::OTHER);
    assert!(site.asks(&phone, &ra, &site.csr(&phone, "/CN=805ec0aabb01", &others, "")).is_bad_request());
    let message = phone.message(b"19", b"1", &ra, &site.csr(&phone, "/CN=805ec0aabb01", "wrong", ""));
    assert!(site.said(&phone, &message).is_bad_request());
    assert_eq!(site.post(&message[..message.len() / 2]).status, 400);
    assert_eq!(site.post(&vec![0x30; 70_000]).status, 413);
    let told = || site.phonebox.json(&["audit", "--action", "certificate.issue", "--result", "fail"])["items"].clone();
    let rows = told();
    let details: Vec<&str> = rows.as_array().unwrap().iter().map(|row| row["detail"].as_str().unwrap()).collect();
    let said = |word: &str| details.iter().any(|detail| detail.contains(word));
    assert_eq!(details.len(), 4, "{rows}");
    for word in ["other-name", "challenge-unknown", "request-unreadable", "too-large"] {
        assert!(said(word), "{word}: {rows}");
    }
    assert!(
        rows.as_array().unwrap().iter().any(|row| row["object"] == super::clients::OTHER && row["ip"] == "127.0.0.1")
    );
    for _ in 0..150 {
        site.post(&message);
    }
    let rows = site.phonebox.count("SELECT count(*) FROM audit WHERE result = 'fail' AND action = 'certificate.issue'");
    assert!((60..=180).contains(&rows), "at most 60 in each minute: {rows}");
    assert_eq!(site.issued(), 0);
}
