//! The authority by API and command line: what people do, what they are refused, what is written down.

use super::tools::csr;
use crate::support::admin::{running, stopped};
use serde_json::json;

#[test]
fn a_profile_decides_what_a_certificate_says_and_everything_is_audited() {
    let running = running();
    let add = json!({ "name": "lab", "subject": "CN={mac-colon}, OU={model}, serialNumber={serial}",
        "san": "dns:{mac}.lab.example uri:urn:mac:{mac}", "validity_days": 10, "key_types": ["p256"] });
    running.post("/certificate-profiles", add.clone()).json(201);
    assert_eq!(running.post("/certificate-profiles", add).refused(409).0, "exists");
    let order = json!({ "csr": csr(), "profile": "lab", "mac": "00:15:65:AA:BB:01", "serial": "S-1", "model": "T54W" });
    let issued = running.post("/certificates", order).json(201);
    let serial = issued["serial"].as_str().unwrap();
    let der = phonebox::ca::from_pem(issued["pem"].as_str().unwrap()).unwrap();
    let (_, leaf) = x509_parser::parse_x509_certificate(&der).unwrap();
    assert_eq!(leaf.subject().to_string(), "CN=00:15:65:aa:bb:01, OU=T54W, serialNumber=S-1");
    let names = format!("{:?}", leaf.subject_alternative_name().unwrap().unwrap().value);
    assert!(names.contains("001565aabb01.lab.example") && !names.contains("not.asked"), "{names}");
    assert_eq!(running.get(&format!("/certificates/{serial}")).json(200)["state"], "good");
    let revoke = running.post("/certificates/revoke-all", json!({ "holder": "001565-aabb01" })).json(200);
    assert_eq!(revoke["serials"], json!([serial]));
    assert_eq!(running.get(&format!("/certificates/{serial}")).json(200)["state"], "revoked");
    let audit = running.get("/audit").json(200);
    let actions: Vec<&str> =
        audit["items"].as_array().unwrap().iter().map(|row| row["action"].as_str().unwrap()).collect();
    let expected = ["certificate.revoke", "certificate.issue", "POST /certificate-profiles", "certificate-profile.add"];
    assert_eq!(actions, expected, "what was refused, too");
}

#[test]
fn what_is_refused_says_what_and_why() {
    let running = running();
    let of = |body| running.post("/certificates", body).refused(422).1;
    assert!(of(json!({ "csr": "no", "mac": "001565aabb01" })).contains("no certification request"));
    assert!(of(json!({ "csr": csr() })).contains("Nobody is named"));
    assert!(of(json!({ "csr": csr(), "label": "desk" })).contains("{mac}"));
    let profile = |body| running.patch("/certificate-profiles/device", body).refused(422).1;
    assert!(profile(json!({ "rsa_least": 512 })).contains("1024 to 8192"));
    assert!(profile(json!({ "rsa_most": 16384 })).contains("1024 to 8192"));
    assert!(profile(json!({ "subject": "CN={password}" })).contains("{password}"));
    assert!(profile(json!({ "subject": "mail={mac}" })).contains("mail={mac}"));
    assert!(profile(json!({ "san": "ip:{mac}" })).contains("ip:{mac}"));
    assert!(profile(json!({ "validity_days": 0 })).contains("from 1 to"));
    assert!(running.get("/certificates/12").refused(404).1.contains("12"));
    let unknown = running.post(&format!("/certificates/{}/revoke", "4".repeat(34)), json!({}));
    assert_eq!(unknown.refused(404).0, "not-found");
    assert!(running.post("/ca/rollover/switch", json!({})).refused(422).1.contains("no next root"));
    assert!(running.raw("GET /api/v1/ca HTTP/1.1", "", b"").refused(401).1.contains("token"));
}

/// T87: the passphrase stands in no command, the key leaves encrypted, and the copy is tried before it is removed.
#[test]
fn threat_087_the_command_line_takes_the_root_offline_and_back() {
    let stopped = stopped();
    let files = tempfile::tempdir().unwrap();
    let file = |name: &str| files.path().join(name).display().to_string();
    std::fs::write(file("word"), "correct horse battery\n").unwrap();
    let word = format!("@{}", file("word"));
    let refused = stopped.cli(&["ca", "root", "export", "--passphrase", "correct horse battery"]).refused();
    assert!(refused.contains("does not stand on the command line"), "{refused}");
    let key = stopped.cli(&["ca", "root", "export", "--passphrase", &word]).ok();
    assert!(key.contains("BEGIN ENCRYPTED PRIVATE KEY"), "{key}");
    std::fs::write(file("key"), key).unwrap();
    let copy = ["--file", &file("key"), "--passphrase", &word];
    let here = |stopped: &crate::support::admin::Stopped| {
        let shown = stopped.cli(&["ca", "show", "--json"]).json();
        shown["authorities"].as_array().unwrap().iter().find(|one| one["role"] == "root").unwrap()["key_here"].clone()
    };
    assert_eq!(here(&stopped), true);
    stopped.cli(&[&["ca", "root", "offline"], &copy[..]].concat()).ok();
    assert_eq!(here(&stopped), false);
    stopped.cli(&[&["ca", "root", "online"], &copy[..]].concat()).ok();
    assert_eq!(here(&stopped), true);
    let shown = stopped.cli(&["ca", "show"]).ok();
    assert!(shown.contains("issuing") && shown.contains("2037-12-31") && !shown.contains("PRIVATE"), "{shown}");
    assert!(stopped.cli(&["ca", "crl"]).ok().contains("BEGIN X509 CRL"));
    assert!(stopped.cli(&["ca", "profile", "list"]).ok().contains("CN={mac}"));
}
