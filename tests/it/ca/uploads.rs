//! What administrators bring to the authority, and what others would bring in their name.

use super::tools::run;
use crate::support::admin::{Answer, running};
use phonebox::ca::asn1;
use serde_json::json;
use std::path::Path;
use std::time::{Duration, Instant};

#[track_caller]
fn openssl(dir: &Path, script: &str) {
    let (worked, text) = run(dir, &["sh", "-ec", script]);
    assert!(worked, "{text}");
}

/// The root's certificate with a key of 16,384 bits in the place of its own; no upload's own signature is looked at.
fn with_a_giant_key(root: &[u8]) -> Vec<u8> {
    let (_, parsed) = x509_parser::parse_x509_certificate(root).unwrap();
    let modulus = [&[0][..], &[0xc5; 2_048]].concat();
    let numbers = asn1::sequence(&[&asn1::element_of(asn1::INTEGER, &[&modulus]), &asn1::integer(65_537)]);
    let bits = asn1::element_of(asn1::BIT_STRING, &[&[0], &numbers]);
    let spki = asn1::sequence(&[&asn1::algorithm(phonebox::ca::signature::RSA), &bits]);
    let (tbs, own) = (parsed.tbs_certificate.as_ref(), parsed.tbs_certificate.subject_pki.raw);
    let place = tbs.windows(own.len()).position(|part| part == own).unwrap();
    let head = asn1::only(tbs, asn1::SEQUENCE).unwrap().body;
    let place = place - (tbs.len() - head.len());
    let tbs = asn1::sequence(&[&head[..place], &spki, &head[place + own.len()..]]);
    let rest = &root
        [root.len() - asn1::only(root, asn1::SEQUENCE).unwrap().body.len() + parsed.tbs_certificate.as_ref().len()..];
    asn1::sequence(&[&tbs, rest])
}

const CYCLE: &str = "
openssl req -x509 -newkey rsa:2048 -nodes -keyout a.key -out a0.pem -days 99 -subj '/CN=A' -addext keyUsage=critical,keyCertSign,cRLSign
openssl req -x509 -newkey rsa:2048 -nodes -keyout b.key -out b0.pem -days 99 -subj '/CN=B' -addext keyUsage=critical,keyCertSign,cRLSign
printf 'basicConstraints=critical,CA:TRUE\\nkeyUsage=critical,keyCertSign,cRLSign\\n' > ca.ext
openssl req -new -key a.key -subj '/CN=A' -out a.csr; openssl req -new -key b.key -subj '/CN=B' -out b.csr
openssl x509 -req -in a.csr -CA b0.pem -CAkey b.key -CAcreateserial -days 99 -extfile ca.ext -out a.pem
openssl x509 -req -in b.csr -CA a0.pem -CAkey a.key -CAcreateserial -days 99 -extfile ca.ext -out b.pem
openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256 -iter 1000000 -in a.key -passout pass:word -out slow.key
openssl x509 -in a0.pem -outform DER -out a0.der";

/// T76, with limits of our own: what is too much is refused at once, and by its name.
#[test]
fn threat_076_certificates_and_keys_of_any_size_are_refused_within_a_second() {
    let running = running();
    let files = tempfile::tempdir().unwrap();
    let dir = files.path();
    openssl(dir, CYCLE);
    let read = |name: &str| std::fs::read_to_string(dir.join(name)).unwrap();
    // The authority is made when it is first asked for; that is not what is measured.
    running.get("/ca").json(200);
    let soon = |answer: &dyn Fn() -> Answer, status: u16, word: &str| {
        let since = Instant::now();
        let (_, message) = answer().refused(status);
        assert!(since.elapsed() < Duration::from_secs(1), "{word}: {:?}", since.elapsed());
        assert!(message.contains(word), "{word}: {message}");
    };
    let import = |certificates: String, key: &str| {
        let body = json!({ "certificates": certificates, "key": key, "passphrase": "word" });
        running.post("/ca/import", body)
    };
    let device_ca = |certificate: String| running.put("/ca/device-cas/Vendor", json!({ "certificate": certificate }));
    let large = "A".repeat(10 << 20);
    // Refused before it is all there; what takes time is the sender's own end.
    assert!(device_ca(large.clone()).refused(413).1.contains("larger than"));
    assert!(import(large, "").refused(413).1.contains("larger than"));
    let giant = phonebox::ca::pem::certificate(&with_a_giant_key(&std::fs::read(dir.join("a0.der")).unwrap()));
    soon(&|| device_ca(giant.clone()), 422, "8192 bits");
    soon(&|| import(giant.clone(), &read("a.key")), 422, "");
    soon(&|| import(read("a0.pem"), &read("slow.key")), 422, "1000000 rounds");
    let circle = [read("a.pem"), read("b.pem")].concat();
    soon(&|| import(circle.repeat(200), &read("a.key")), 422, "");
    soon(&|| import(circle.clone(), &read("a.key")), 422, "root is missing");
    assert_eq!(running.get("/ca").json(200)["authorities"].as_array().unwrap().len(), 2, "as it was made");
    assert_eq!(running.get("/ca/device-cas").json(200), json!([]));
}

/// A name that is empty or no name is told as such, and a CA's end is a date.
#[test]
fn accepted_cas_are_named_and_listed_with_the_day_they_end() {
    let running = running();
    let files = tempfile::tempdir().unwrap();
    let root =
        "openssl req -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.pem -days 99 -subj '/CN=Vendor Root'";
    openssl(files.path(), root);
    let root = files.path().join("root.pem").display().to_string();
    let stopped = running.stop();
    let said = stopped.cli(&["ca", "accept", "add", "", "--file", &root]).refused();
    assert!(said.contains("name is empty"), "{said}");
    stopped.cli(&["ca", "accept", "add", "Vendor", "--file", &root]).ok();
    let shown = stopped.cli(&["ca", "accept", "list"]).ok();
    let end = jiff::Timestamp::now().checked_add(jiff::SignedDuration::from_hours(99 * 24)).unwrap();
    let day = |hours| (end - jiff::SignedDuration::from_hours(hours)).strftime("%Y-%m-%d").to_string();
    assert!(shown.contains(&day(0)) || shown.contains(&day(1)), "{shown}");
}
