//! SCEP encrypts its answer to the key that signed the request. Where that cannot be, nothing is begun.

use super::clients::{MAC, OTHER, Site, site};
use super::messages::{Sender, envelope, first_certificate};
use phonebox::ca::cms::Signed;

const SUBJECT: &str = "/CN=805ec0aabb01";
const P256: [&str; 4] = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
const RSA_1024: [&str; 4] = ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"];

/// A message of this kind, signed with a key that only OpenSSL signs with, is answered with badAlg.
#[track_caller]
fn is_refused(site: &Site, sender: &Sender, kind: &[u8], ra: &[u8], csr: &[u8]) {
    let said = site.said(sender, &site.signed_by_openssl(sender, kind, &envelope(csr, ra)));
    assert_eq!((said.status.as_str(), said.info.as_str(), said.content), ("2", "0", None));
}

#[test]
fn threat_078_what_cannot_be_answered_is_refused_before_anything_is_taken_issued_or_waits() {
    let site = site(&["--scep-approve", "yes"]);
    let (ra, challenge) = (site.ra(), site.challenge(MAC));
    let (curve, phone) = (site.sender_with("curve", &P256), site.sender("phone"));
    is_refused(&site, &curve, b"19", &ra, &site.csr(&curve, SUBJECT, &challenge, ""));
    assert_eq!((site.issued(), site.reasons(MAC)), (0, vec!["key-refused".to_owned()]), "one verdict");
    let rows = site.phonebox.json(&["audit", "--action", "certificate.issue"]);
    let rows = rows["items"].as_array().unwrap();
    assert!(rows.len() == 1 && rows[0]["object"] == MAC && rows[0]["result"] == "fail", "{rows:?}");
    assert!(rows[0]["detail"].as_str().unwrap().contains("gets its certificate by EST"), "{rows:?}");
    is_refused(&site, &curve, b"19", &ra, &site.csr(&curve, SUBJECT, "", ""));
    assert_eq!(site.phonebox.json(&["enrollment", "list"]).as_array().unwrap().len(), 0, "nobody need decide");
    // Its challenge is whole: for the same key by EST, for another by SCEP.
    site.request("curve.key", SUBJECT);
    assert_eq!(site.est("simpleenroll", &["--user", &format!("{MAC}:{challenge}")]).0, "200");
    site.take_answer("curve.pem");
    site.run(&["openssl", "x509", "-in", "curve.pem", "-outform", "DER", "-out", "curve.der"]);
    let curve = curve.holding(std::fs::read(site.file("curve.der")).unwrap());
    let csr = site.csr(&phone, SUBJECT, "", "");
    for _ in 0..2 {
        is_refused(&site, &curve, b"17", &ra, &csr);
    }
    assert_eq!((site.issued(), site.reasons(MAC)[0].as_str()), (1, "key-refused"));
    let other = site.challenge(OTHER);
    is_refused(&site, &curve, b"19", &ra, &site.csr(&curve, "/CN=805ec0aabb02", &other, ""));
    assert_eq!(site.asks(&phone, &ra, &site.csr(&phone, "/CN=805ec0aabb02", &other, "")).status, "0");
}

/// The keys of the oldest phones: refused by the certificate profile, or given a certificate that they can open.
#[test]
fn threat_083_a_key_of_1024_bits_is_answered_where_the_certificate_profile_takes_it() {
    let site = site(&[]);
    let (ra, old) = (site.ra(), site.sender_with("old", &RSA_1024));
    let asks = |challenge: &str| {
        let answer =
            site.post(&site.signed_by_openssl(&old, b"19", &envelope(&site.csr(&old, SUBJECT, challenge, ""), &ra)));
        assert_eq!(answer.status, 200);
        std::fs::write(site.file("envelope"), Signed::parse(&answer.body).unwrap().content).unwrap();
        site.try_run(&[
            "openssl", "cms", "-decrypt", "-inform", "DER", "-in", "envelope", "-inkey", "old.key", "-out", "given",
        ])
    };
    assert!(!asks(&site.challenge(MAC)).status.success());
    assert_eq!((site.issued(), site.reasons(MAC)[0].as_str()), (0, "key-refused"));
    site.phonebox.cli(&["ca", "profile", "add", "old", "--rsa-least", "1024"]);
    let challenge = site.phonebox.cli(&["enrollment", "challenge", MAC, "--profile", "old"]);
    let opened = asks(challenge.trim());
    assert!(opened.status.success(), "{}", String::from_utf8_lossy(&opened.stderr));
    std::fs::write(site.file("leaf.der"), first_certificate(&std::fs::read(site.file("given")).unwrap())).unwrap();
    let public = site.run(&["openssl", "x509", "-inform", "DER", "-in", "leaf.der", "-noout", "-pubkey"]);
    assert_eq!(public, site.run(&["openssl", "rsa", "-in", "old.key", "-pubout"]));
    assert_eq!((site.issued(), site.reasons(MAC)[0].as_str()), (1, "certificate-issued"));
}
