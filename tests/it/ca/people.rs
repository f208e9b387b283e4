//! The authority by API and command line: what people do, what they are refused, what is written down.

use super::tools::{csr, csr_named};
use crate::support::admin::{running, stopped};
use serde_json::json;

#[test]
fn a_profile_decides_what_a_certificate_says_and_everything_is_audited() {
    let running = running();
    let add = json!({ "name": "lab", "subject": "CN={mac-colon}, OU={model}, serialNumber={serial}",
        "san": "dns:{mac}.lab.example uri:urn:mac:{mac}", "validity_days": 10, "key_types": ["p256"] });
    running.post("/devices", json!({ "mac": "001565aabb01" })).json(201);
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
    // As OpenSSL and browsers show it.
    let pairs: Vec<_> = serial.as_bytes().chunks(2).map(|pair| String::from_utf8_lossy(pair).to_uppercase()).collect();
    for other in [pairs.join(":"), format!("0x{}", pairs.concat())] {
        assert_eq!(running.get(&format!("/certificates/{other}")).json(200)["serial"], serial, "{other}");
    }
    let revoke = json!({ "mac": "001565-aabb01", "reason": "keyCompromise" });
    let revoke = running.post("/certificates/revoke-all", revoke).json(200);
    assert_eq!(revoke["serials"], json!([serial]));
    let shown = running.get(&format!("/certificates/{serial}")).json(200);
    assert_eq!((&shown["state"], &shown["revoked_for"]), (&json!("revoked"), &json!("key-compromise")));
    let audit = running.get("/audit").json(200);
    let detail = audit["items"][1]["detail"].as_str().unwrap();
    let until = detail.rsplit_once(" until ").unwrap().1;
    assert!(until.len() == 10 && until.starts_with("20") && until.matches('-').count() == 2, "a date: {detail}");
    let actions: Vec<&str> =
        audit["items"].as_array().unwrap().iter().map(|row| row["action"].as_str().unwrap()).collect();
    let expected = ["certificate.revoke", "certificate.issue", "certificate-profile.add", "certificate-profile.add"];
    assert_eq!(actions[..4], expected, "what was refused, too");
}

#[test]
fn what_is_refused_says_what_and_why() {
    let running = running();
    let of = |body| running.post("/certificates", body).refused(422).1;
    assert!(of(json!({ "csr": "no", "mac": "001565aabb01" })).contains("no certification request"));
    assert!(of(json!({ "csr": csr() })).contains("Nobody is named"));
    assert!(of(json!({ "csr": csr(), "label": "desk" })).contains("{mac}"));
    assert!(of(json!({ "csr": csr(), "mac": "001565aabb01" })).contains("no device 001565aabb01"));
    running.post("/devices", json!({ "mac": "001565aabb01" })).json(201);
    for name in ["001565aabb02", "SEP001565AABB02", "00:15:65:aa:bb:02"] {
        let said = of(json!({ "csr": csr_named(name), "mac": "001565aabb01" }));
        assert!(said.contains("calls itself 001565aabb02"), "{said}");
    }
    let own = running.post("/certificates", json!({ "csr": csr_named("SEP001565aabb01"), "mac": "001565aabb01" }));
    own.json(201);
    let profile = |body| running.patch("/certificate-profiles/device", body).refused(422).1;
    assert!(profile(json!({ "rsa_least": 512 })).contains("1024 to 8192"));
    assert!(profile(json!({ "rsa_most": 16384 })).contains("1024 to 8192"));
    assert!(profile(json!({ "subject": "CN={password}" })).contains("{password}"));
    assert!(profile(json!({ "subject": "mail={mac}" })).contains("mail={mac}"));
    assert!(profile(json!({ "subject": "O=Example, OU={model}" })).contains("name each device"));
    assert!(profile(json!({ "san": "ip:{mac}" })).contains("ip:{mac}"));
    for (body, said) in [
        (json!({ "validity_days": 0 }), "validity_days is 0, and must be from 1 to 36500"),
        (json!({ "validity_days": -5 }), "validity_days is -5, and must be from 1 to 36500"),
        (json!({ "backdate_days": 36501 }), "backdate_days is 36501, and must be from 0 to 36500"),
        (json!({ "rsa_least": 4096, "rsa_most": 2048 }), "rsa_least (4096) is above rsa_most (2048)"),
    ] {
        let told = profile(body);
        assert!(told.contains(said), "{told}");
    }
    // Nobody is known by it: nothing was revoked, and it is not told as if it were.
    let all = |holder: &str| running.post("/certificates/revoke-all", json!({ "holder": holder }));
    for nobody in ["nonsense", "ffff", "001565aabb02"] {
        assert!(all(nobody).refused(404).1.contains(&format!("holder {nobody:?}")), "{nobody}");
    }
    assert_eq!(all("001565aabb01").json(200)["serials"].as_array().unwrap().len(), 1);
    assert_eq!(all("001565aabb01").json(200)["serials"], json!([]), "a device, with nothing left");
    assert!(running.get("/certificates/12").refused(404).1.contains("12"));
    let unknown = running.post(&format!("/certificates/{}/revoke", "4".repeat(34)), json!({}));
    assert_eq!(unknown.refused(404).0, "not-found");
    assert!(running.post("/ca/rollover/switch", json!({})).refused(422).1.contains("no next root"));
    assert!(running.raw("GET /api/v1/ca HTTP/1.1", "", b"").refused(401).1.contains("token"));
}

/// A request for a key of 16,384 bits. OpenSSL would need minutes for one; the public half is enough, its own signature is
/// looked at last.
fn giant() -> String {
    use phonebox::ca::{asn1, signature};
    let modulus = [&[0][..], &[0xc5; 2_048]].concat();
    let numbers = asn1::sequence(&[&asn1::element_of(asn1::INTEGER, &[&modulus]), &asn1::integer(65_537)]);
    let bits = |bytes: &[u8]| asn1::element_of(asn1::BIT_STRING, &[&[0], bytes]);
    let spki = asn1::sequence(&[&asn1::algorithm(signature::RSA), &bits(&numbers)]);
    let info = asn1::sequence(&[&asn1::integer(0), &asn1::sequence(&[]), &spki]);
    let sha256 = asn1::algorithm(&x509_parser::asn1_rs::oid!(raw 1.2.840.113549.1.1.11));
    phonebox::ca::pem::block("CERTIFICATE REQUEST", &asn1::sequence(&[&info, &sha256, &bits(&modulus)]))
}

/// AVA-099. From a request by API and by command line: every kind of key that a profile may name, and what is refused says
/// why. The subject is the box's word.
#[test]
fn a_request_of_every_kind_of_key_is_signed_and_others_say_why_not() {
    let running = running();
    running.post("/devices", json!({ "mac": "001565aabb01" })).json(201);
    let files = tempfile::tempdir().unwrap();
    let dir = files.path();
    let made = |name: &str, key: &[&str]| {
        let pem = format!("{name}.key");
        let words = [&["openssl", "genpkey", "-out", &pem][..], key].concat();
        assert!(super::tools::run(dir, &words).0, "{name}");
        let csr = format!("{name}.csr");
        let words = ["openssl", "req", "-new", "-key", &pem, "-subj", "/CN=somebody", "-out", &csr];
        assert!(super::tools::run(dir, &words).0, "{name}");
        std::fs::read_to_string(dir.join(csr)).unwrap()
    };
    let ec = |curve: &str| format!("ec_paramgen_curve:{curve}");
    for curve in ["P-256", "P-384", "P-521"] {
        let csr = made(curve, &["-algorithm", "EC", "-pkeyopt", &ec(curve)]);
        let issued = running.post("/certificates", json!({ "csr": csr, "mac": "001565aabb01" })).json(201);
        let write =
            |name: &str, text: &serde_json::Value| std::fs::write(dir.join(name), text.as_str().unwrap()).unwrap();
        write("leaf.pem", &issued["pem"]);
        write("above.pem", &issued["chain"]);
        let root = running.get("/ca").json(200)["authorities"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["role"] == "root")
            .unwrap()
            .clone();
        write("root.pem", &root["pem"]);
        let verify = [
            "openssl",
            "verify",
            "-x509_strict",
            "-purpose",
            "sslclient",
            "-CAfile",
            "root.pem",
            "-untrusted",
            "above.pem",
        ];
        let (worked, text) = super::tools::run(dir, &[&verify[..], &["leaf.pem"]].concat());
        assert!(worked, "{curve}: {text}");
        let (_, text) = super::tools::run(dir, &["openssl", "x509", "-in", "leaf.pem", "-noout", "-subject"]);
        assert!(text.contains("CN = 001565aabb01") && !text.contains("somebody"), "{text}");
    }
    let refused =
        |csr: String| running.post("/certificates", json!({ "csr": csr, "mac": "001565aabb01" })).refused(422).1;
    let rsa = |bits: &str| format!("rsa_keygen_bits:{bits}");
    let short = made("short", &["-algorithm", "RSA", "-pkeyopt", &rsa("512")]);
    assert!(refused(short).contains("1024 to 8192 bits"));
    assert!(
        refused(made("old", &["-algorithm", "RSA", "-pkeyopt", &rsa("1024")])).contains("1024 bits, 2048 is the least")
    );
    assert!(
        refused(made("k1", &["-algorithm", "EC", "-pkeyopt", &ec("secp256k1")])).contains("P-256, P-384 and P-521")
    );
    // DER in JSON.
    let words = ["openssl", "req", "-in", "P-256.csr", "-outform", "DER", "-out", "P-256.der"];
    assert!(super::tools::run(dir, &words).0);
    let (_, base64) = super::tools::run(dir, &["openssl", "base64", "-in", "P-256.der"]);
    running.post("/certificates", json!({ "csr": base64, "mac": "001565aabb01" })).json(201);
    let since = std::time::Instant::now();
    assert!(refused(giant()).contains("1024 to 8192 bits"));
    assert!(since.elapsed() < std::time::Duration::from_secs(1));
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
