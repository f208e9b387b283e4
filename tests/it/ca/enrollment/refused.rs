//! What is refused at each door is written down, with why, and nothing is issued for it.

use super::clients::{MAC, OTHER, Site, site};
use super::messages::Sender;
use phonebox::ca::asn1::{self, Reader};
use std::time::{Duration, Instant};

const SUBJECT: &str = "/CN=805ec0aabb01";

impl Site {
    /// Of what was refused, the newest first: the door and why.
    pub fn refusals(&self) -> Vec<String> {
        let rows = self.phonebox.json(&["audit", "--action", "certificate.issue", "--result", "fail"]);
        let detail = |row: &serde_json::Value| row["detail"].as_str().unwrap().to_owned();
        rows["items"].as_array().unwrap().iter().map(detail).collect()
    }

    fn fetch(&self, path: &str) -> String {
        self.run(&["curl", "-s", "-o", "none", "-w", "%{http_code}", &self.scep_url(path)])
    }
}

/// One line a minute stands for whatever a stranger asks for.
#[test]
fn a_file_with_a_key_that_is_refused_stands_in_the_audit_log_once_a_minute() {
    let site = site(&[]);
    for _ in 0..10 {
        for path in ["805ec0aabb01.p12", "805ec0aabb02.pem", "805ec0ffffff.p12"] {
            assert_eq!(site.fetch(&format!("/{path}")), "404");
        }
    }
    let told = site.refusals();
    assert!(told.last().unwrap() == "file 805ec0aabb01.p12: more-proof" && told.len() <= 2, "{told:?}");
    assert_eq!(site.issued(), 0);
}

/// Nothing can be made: the phone gets its 404, people the reason.
#[test]
fn a_file_that_cannot_be_made_is_told_with_its_reason() {
    let site = site(&[]);
    site.phonebox.cli(&["ca", "profile", "set", "device", "--subject", "CN={mac}, serialNumber={serial}"]);
    site.phonebox.cli(&["profile", "set", "default", "--certificates", "true"]);
    let settings = site.run(&["curl", "-s", &site.scep_url(&format!("/{MAC}.cfg"))]);
    let url = super::life::value(&settings, "static.server_certificates.url").unwrap();
    assert_eq!(site.fetch(&url[url.find("/p/").unwrap()..]), "404");
    let why = "the certificate profile needs {serial}, and the box does not know it of this holder";
    assert_eq!(site.refusals(), [format!("file {MAC}.pem: no-authority, {why}")]);
    assert_eq!((site.reasons(MAC)[0].as_str(), site.issued()), ("no-authority", 0));
}

#[test]
fn a_source_that_is_slowed_stands_in_the_audit_log_once_a_minute() {
    let site = site(&["--misses-per-minute", "20"]);
    let (ra, phone) = (site.ra(), site.sender("phone"));
    let message = phone.message(b"19", b"1", &ra, &site.csr(&phone, SUBJECT, "guess", ""));
    (0..60).for_each(|_| drop(site.post(&message)));
    let told = site.refusals();
    let slowed = told.iter().filter(|detail| detail.ends_with(": slowed")).count();
    assert!((1..=2).contains(&slowed), "{told:?}");
    assert_eq!(told.iter().filter(|detail| detail.ends_with(": challenge-unknown")).count(), 20, "{told:?}");
}

/// A request with a key of 16,384 bits, which OpenSSL makes in minutes: looked at, not verified.
fn with_long_key(csr: &[u8]) -> Vec<u8> {
    let mut request = Reader::new(csr).open(asn1::SEQUENCE).unwrap();
    let mut info = request.open(asn1::SEQUENCE).unwrap();
    let (version, subject, spki) = (info.any().unwrap().raw, info.any().unwrap().raw, info.any().unwrap().raw);
    let (attributes, algorithm) = (info.any().unwrap().raw, request.any().unwrap().raw);
    let kind = Reader::new(spki).open(asn1::SEQUENCE).unwrap().any().unwrap().raw;
    let modulus = [&[0][..], &[0xc3; 2048]].concat();
    let key = asn1::element_of(
        asn1::SEQUENCE,
        &[&asn1::element_of(asn1::INTEGER, &[&modulus]), &asn1::element_of(asn1::INTEGER, &[&[1, 0, 1]])],
    );
    let spki = asn1::element_of(asn1::SEQUENCE, &[kind, &asn1::element_of(asn1::BIT_STRING, &[&[0], &key])]);
    let info = asn1::element_of(asn1::SEQUENCE, &[version, subject, &spki, attributes]);
    let signature = asn1::element_of(asn1::BIT_STRING, &[&[0], &[0x5a; 2048]]);
    asn1::element_of(asn1::SEQUENCE, &[&info, algorithm, &signature])
}

#[test]
fn threat_083_a_key_of_16384_bits_is_refused_at_once_by_scep_and_by_est() {
    let site = site(&[]);
    let (ra, phone, challenge) = (site.ra(), site.sender("phone"), site.challenge(MAC));
    let csr = with_long_key(&site.csr(&phone, SUBJECT, &challenge, ""));
    let message = phone.message(b"19", b"1", &ra, &csr);
    std::fs::write(site.file("long.der"), &csr).unwrap();
    site.run(&["sh", "-c", "openssl base64 -A -in long.der -out request.b64"]);
    let since = Instant::now();
    assert!(site.said(&phone, &message).is_bad_request());
    assert_eq!(site.est("simpleenroll", &["--user", &format!("{MAC}:{challenge}")]).0, "400");
    assert_eq!(site.read("answer.b64"), "The request is not accepted\n");
    assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
    let told = site.refusals();
    let said = |door: &str| told.iter().any(|detail| detail.starts_with(door) && detail.contains("1024 to 8192 bits"));
    assert!(told.len() == 2 && said("SCEP PKCSReq: key-refused") && said("EST simpleenroll: key-refused"), "{told:?}");
    // Whose proof it came with is on record.
    let rows = site.phonebox.json(&["audit", "--action", "certificate.issue", "--object", MAC, "--result", "fail"]);
    assert_eq!(rows["items"].as_array().unwrap().len(), 2, "{rows}");
    assert_eq!((site.reasons(MAC)[0].as_str(), site.issued()), ("key-refused", 0));
    // And its challenge is whole.
    assert_eq!(site.asks(&phone, &ra, &site.csr(&phone, SUBJECT, &challenge, "")).status, "0");
}

/// A message that is signed with a key too short to be believed is nobody's, and stands under the device whose challenge is
/// in it, as its check-in does; one by the same key with a challenge of nobody's under none.
#[test]
fn threat_083_a_message_signed_with_512_bits_is_audited_under_the_device_whose_challenge_it_has() {
    let site = site(&[]);
    let (ra, challenge) = (site.ra(), site.challenge(MAC));
    let weak = site.sender_with("weak", &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:512"]);
    let sends = |challenge: &str| {
        let envelope = super::messages::envelope(&site.csr(&weak, SUBJECT, challenge, ""), &ra);
        site.post(&site.signed_by_openssl(&weak, b"19", &envelope))
    };
    assert_eq!(sends(&challenge).status, 200);
    let objects = || {
        let rows = site.phonebox.json(&["audit", "--action", "certificate.issue", "--result", "fail"]);
        let row = |row: &serde_json::Value| (row["object"].clone(), row["detail"].clone());
        rows["items"].as_array().unwrap().iter().map(row).collect::<Vec<_>>()
    };
    let why = serde_json::json!("SCEP PKCSReq: request-unreadable");
    assert_eq!(objects(), [(MAC.into(), why.clone())]);
    assert_eq!((site.reasons(MAC)[0].as_str(), site.issued()), ("request-unreadable", 0));
    assert_eq!(sends("guess").status, 200);
    assert_eq!(objects()[0], ("unknown".into(), why));
    // The same message with a key that is long enough proves whose it is: so the form was right.
    let phone = site.sender("phone");
    let envelope = super::messages::envelope(&site.csr(&phone, SUBJECT, &challenge, ""), &ra);
    assert_eq!(site.said(&phone, &site.signed_by_openssl(&phone, b"19", &envelope)).status, "0");
}

/// The CA is limited to names: whoever obeys that would take no certificate with another one.
#[test]
fn no_certificate_says_a_name_outside_the_cas_limits() {
    let site = site(&["--ca-permitted", "phones.example,127.0.0.0/8"]);
    let add = ["ca", "profile", "add"];
    for words in [["--san", "dns:{mac}.elsewhere.example"], ["--subject", "CN={mac}.elsewhere.example"]] {
        let said = site.phonebox.try_cli(&[&add[..], &["outside"], &words].concat()).refused();
        assert!(said.contains("001565aabbcc.elsewhere.example") && said.contains("ca.permitted"), "{said}");
    }
    let words = ["inside", "--san", "dns:{mac}.phones.example", "--subject", "CN={mac}.phones.example"];
    site.phonebox.cli(&[&add[..], &words].concat());
    let (ra, phone) = (site.ra(), site.sender("phone"));
    let secret = site.phonebox.cli(&["enrollment", "challenge", MAC, "--profile", "inside"]);
    let csr = site.csr(&phone, SUBJECT, secret.trim(), "");
    let said = site.asks(&phone, &ra, &csr);
    std::fs::write(site.file("leaf.der"), super::messages::first_certificate(&said.content.unwrap())).unwrap();
    site.run(&["openssl", "x509", "-inform", "DER", "-in", "leaf.der", "-out", "leaf.pem"]);
    assert!(site.judged("leaf.pem").contains("DNS:805ec0aabb01.phones.example"));
    // A profile from before the CA had limits, or of the CA before.
    let conn = phonebox::db::Connection::open(site.phonebox.path().join("phonebox.db")).unwrap();
    conn.execute_batch("UPDATE certificate_profile SET san = 'dns:{mac}.elsewhere.example'").unwrap();
    let csr = site.csr(&phone, "/CN=805ec0aabb02", &site.challenge(OTHER), "");
    assert!(site.asks(&phone, &ra, &csr).is_bad_request());
    let told = site.refusals();
    assert!(told[0].contains("805ec0aabb02.elsewhere.example") && told[0].contains("ca.permitted"), "{told:?}");
    assert_eq!(site.issued(), 1);
}

/// RFC 8894 §4.1: the message in the query, as clients encode it.
#[test]
fn a_whole_enrolment_by_get() {
    let site = site(&[]);
    let (ra, phone, challenge) = (site.ra(), site.sender("phone"), site.challenge(MAC));
    let message = phone.message(b"19", b"1", &ra, &site.csr(&phone, SUBJECT, &challenge, ""));
    std::fs::write(site.file("message.der"), &message).unwrap();
    let text = site.run(&["openssl", "base64", "-A", "-in", "message.der"]);
    let text = text.trim().replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let path = format!("/scep?operation=PKIOperation&message={text}");
    let answer = crate::support::raw::get(site.door(), &path);
    assert_eq!((answer.status, answer.header("Content-Type")), (200, Some("application/x-pki-message")));
    let said = Sender::read(&phone, &answer.body);
    assert_eq!((said.status.as_str(), said.content.is_some()), ("0", true));
    assert_eq!((site.reasons(MAC)[0].as_str(), site.issued()), ("certificate-issued", 1));
    assert_eq!(site.phonebox.device(MAC)["tls_state"], "plain-only");
}
