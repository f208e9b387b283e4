//! The switch of a profile: a phone that proved itself once gets a certificate of its own and never needs a password
//! again, until it is revoked.

use super::super::tools::Kept;
use super::clients::{Site, site};
use crate::support::phone::{PASSWORD, add, mac, phone};

/// The value behind a parameter of a settings file.
pub fn value(text: &str, name: &str) -> Option<String> {
    let line = text.lines().find(|line| line.contains(name) && !line.trim_start().starts_with('#'))?;
    let rest = line.split_once(name)?.1.trim_start_matches([' ', '=']);
    Some(rest.trim().trim_matches('"').to_owned())
}

impl Site {
    /// Status and body over HTTPS; with a certificate where one is named.
    pub fn ask(&self, path: &str, model: &str, certificate: Option<&str>) -> (String, String) {
        let url = format!("https://{}{path}", self.phonebox.https());
        let ca = self.phonebox.path().join("phonebox-ca.pem").display().to_string();
        let agent = phone(model).user_agent();
        let mut words = vec!["curl", "-s", "--cacert", &ca, "-A", &agent, "-w", "\n%{http_code}", &url];
        let (pem, key);
        if let Some(name) = certificate {
            (pem, key) = (format!("{name}.pem"), format!("{name}.key"));
            words.extend(["--cert", &pem, "--key", &key]);
        }
        let text = self.run(&words);
        let (body, status) = text.rsplit_once('\n').unwrap();
        (status.to_owned(), body.to_owned())
    }
}

/// AVA-100, AVA-102, AVA-104.
#[test]
fn a_j179_asks_by_scep_with_the_challenge_of_its_settings_and_is_known_by_its_certificate() {
    let site = site(&[]);
    add(&site.phonebox, "J179", &[]);
    let own = mac("J179");
    let (_, off) = site.ask("/46xxsettings.txt", "J179", None);
    assert_eq!(value(&off, "MYCERTURL"), None, "the switch is off by default");
    site.phonebox.cli(&["device", "let-in", own]);
    site.phonebox.cli(&["profile", "set", "default", "--certificates", "true"]);
    let (status, first) = site.ask("/46xxsettings.txt", "J179", None);
    assert_eq!(status, "200");
    let (url, challenge) = (value(&first, "MYCERTURL").unwrap(), value(&first, "SCEPPASSWORD").unwrap());
    let again = site.ask("/46xxsettings.txt", "J179", None).1;
    let leads = |line: &&str| ["SET TLSSRVR ", "SET TLSPORT ", "SET TLSDIR "].iter().any(|set| line.starts_with(set));
    assert_eq!(value(&again, "TLSPORT"), Some(site.phonebox.https().port().to_string()), "it came by HTTPS");
    let rest: Vec<&str> = again.lines().filter(|line| !leads(line)).collect();
    assert_eq!(rest, first.lines().collect::<Vec<_>>(), "the same lines until the challenge was used");
    assert_eq!(site.phonebox.device(own)["tls_state"], "trusts-our-ca");
    assert!(!site.phonebox.cli(&["preview", own, "46xxsettings.txt"]).contains(&challenge), "masked for people");

    site.fetch_ca(&url);
    site.key("own.key");
    site.enrolls(&url, "own.key", &["--dn", &format!("CN={own}"), "--password", &challenge], "own.pem");
    let (status, second) = site.ask("/46xxsettings.txt", "J179", Some("own"));
    assert_eq!(status, "200");
    assert!(second.contains(PASSWORD) && value(&second, "MYCERTURL").is_some(), "{second}");
    assert_eq!(value(&second, "SCEPPASSWORD"), None, "the challenge was used, another is not needed");
    let device = site.phonebox.device(own);
    assert_eq!((&device["proof"], &device["tls_state"]), (&"certificate".into(), &"holds-our-certificate".into()));
    assert_eq!(site.reasons(own)[0], "certificate");

    // It comes without it: nothing is lost, and somebody must look.
    assert_eq!(site.ask("/46xxsettings.txt", "J179", None).0, "404");
    assert_eq!(site.reasons(own)[0], "reset-suspected");

    // PGS-010: all that it has is worth nothing from now on.
    site.phonebox.cli(&["ca", "certificate", "revoke-all", own]);
    assert_eq!(site.ask("/46xxsettings.txt", "J179", Some("own")).0, "404");
    assert_eq!(site.reasons(own)[0], "certificate-revoked");
    // PGS-011: a new key only after somebody let it in again.
    site.key("next.key");
    site.is_refused(&url, "next.key", &["--dn", &format!("CN={own}"), "--password", &challenge]);
    site.phonebox.cli(&["device", "let-in", own]);
    let (_, third) = site.ask("/46xxsettings.txt", "J179", None);
    let challenge = value(&third, "SCEPPASSWORD").filter(|new| *new != challenge).expect("a challenge of its own");
    site.enrolls(&url, "next.key", &["--dn", &format!("CN={own}"), "--password", &challenge], "next.pem");
}

/// Per device and certificate profile: a profile says by which rules its phones get theirs.
#[test]
fn a_profile_names_the_certificate_profile_of_its_phones() {
    let site = site(&[]);
    add(&site.phonebox, "J179", &[]);
    let own = mac("J179");
    let said = site.phonebox.try_cli(&["profile", "set", "default", "--certificate-profile", "lab"]).refused();
    assert!(said.contains("certificate profile \"lab\""), "{said}");
    site.phonebox.cli(&["ca", "profile", "add", "lab", "--subject", "CN={mac}, OU=lab"]);
    let words = ["profile", "set", "default", "--certificates", "true", "--certificate-profile", "lab"];
    site.phonebox.cli(&words);
    let (_, first) = site.ask("/46xxsettings.txt", "J179", None);
    let (url, challenge) = (value(&first, "MYCERTURL").unwrap(), value(&first, "SCEPPASSWORD").unwrap());
    site.fetch_ca(&url);
    site.key("own.key");
    site.enrolls(&url, "own.key", &["--dn", &format!("CN={own}"), "--password", &challenge], "own.pem");
    assert!(site.judged("own.pem").contains("OU = lab"));
}

/// The one that a phone was let in with before is no key to the new window.
#[test]
fn letting_a_phone_in_again_ends_its_certificate() {
    let site = site(&[]);
    add(&site.phonebox, "J179", &[]);
    site.phonebox.cli(&["profile", "set", "default", "--certificates", "true"]);
    let first = site.ask("/46xxsettings.txt", "J179", None).1;
    let url = value(&first, "MYCERTURL").unwrap();
    site.fetch_ca(&url);
    site.key("own.key");
    let challenge = value(&first, "SCEPPASSWORD").unwrap();
    site.enrolls(&url, "own.key", &["--dn", &format!("CN={}", mac("J179")), "--password", &challenge], "own.pem");
    assert_eq!(site.ask("/46xxsettings.txt", "J179", Some("own")).0, "200");
    site.phonebox.cli(&["device", "let-in", mac("J179")]);
    assert_eq!(site.ask("/46xxsettings.txt", "J179", Some("own")).0, "404");
    assert_eq!(site.phonebox.device(mac("J179"))["tls_state"], "plain-only");
}

/// T11: a connection that is kept open outlives a revocation, its proof does not.
#[test]
fn threat_011_a_revoked_certificate_opens_nothing_on_a_kept_connection() {
    let site = site(&[]);
    site.phonebox.cli(&["device", "remove", mac("T54W")]);
    add(&site.phonebox, "T54W", &[]);
    site.phonebox.cli(&["profile", "set", "default", "--certificates", "true"]);
    let own = format!("/{}.cfg", mac("T54W"));
    let url = value(&site.ask(&own, "T54W", None).1, "static.server_certificates.url").unwrap();
    let pem = site.ask(&url[url.find("/p/").unwrap()..], "T54W", None).1;
    std::fs::write(site.file("own.pem"), &pem).unwrap();
    let mut kept = Kept::open(&site.phonebox, site.desk.path(), "own.pem", "own.pem", &["-CAfile", "root.pem"]);
    let mut status = || kept.status(&own, &phone("T54W").user_agent());
    assert_eq!((status(), status()), (200, 200));
    site.phonebox.cli(&["ca", "certificate", "revoke-all", mac("T54W")]);
    assert_eq!(status(), 404);
    assert_eq!(site.reasons(mac("T54W"))[0], "certificate-revoked");
}

/// YMC-182: off by default, and then the phone shows what it came with. A Yealink takes certificate and key as one file, made when it first asks for it.
#[test]
fn a_t54w_fetches_certificate_and_key_and_is_known_by_them() {
    let site = site(&[]);
    site.phonebox.cli(&["device", "remove", mac("T54W")]);
    add(&site.phonebox, "T54W", &[]);
    let own = format!("/{}.cfg", mac("T54W"));
    let (_, off) = site.ask(&own, "T54W", None);
    assert!(off.contains(PASSWORD) && value(&off, "static.security.dev_cert").is_none(), "{off}");
    site.phonebox.cli(&["profile", "set", "default", "--certificates", "true"]);
    let (_, text) = site.ask(&own, "T54W", None);
    assert_eq!(value(&text, "static.security.dev_cert").as_deref(), Some("1"));
    let url = value(&text, "static.server_certificates.url").unwrap();
    let path = &url[url.find("/p/").unwrap()..];
    let (status, pem) = site.ask(path, "T54W", None);
    assert_eq!(status, "200");
    assert_eq!(site.ask(path, "T54W", None).1, pem, "made once");
    assert_eq!(site.ask(&path.replace("/p/", "/q/"), "T54W", None).0, "404");
    for name in ["own.pem", "own.key"] {
        std::fs::write(site.file(name), &pem).unwrap();
    }
    let (status, second) = site.ask(&own, "T54W", Some("own"));
    assert_eq!(status, "200");
    assert!(second.contains(PASSWORD));
    assert_eq!(site.phonebox.device(mac("T54W"))["tls_state"], "holds-our-certificate");
}
