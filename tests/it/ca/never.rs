//! The "never" lines of this domain: private keys stay where they are, and phones reach nothing of the CA but SCEP, EST,
//! OCSP and what is public. (Answered before it is stored: `issue.rs`, `live.rs`. A subject from the request:
//! `enrollment/hostile.rs`.)

use super::enrollment::clients::{MAC, site};
use super::tools::csr;
use crate::support::raw;
use serde_json::{Value, json};

/// Where PKCS#8, PKCS#1 and SEC 1 keys begin, and their PEM.
const KEYS: [&[u8]; 5] = [
    b"PRIVATE KEY",
    &[0x02, 0x01, 0x00, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00, 0x04],
    &[0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01],
    &[0x02, 0x01, 0x00, 0x02, 0x82, 0x01, 0x01, 0x00],
    // base64 of a PKCS#8 RSA key's head.
    b"MIIEvQIBADANBgkqhkiG9w0BAQEFAASC",
];

#[track_caller]
fn holds_no_key(what: &str, bytes: &[u8]) {
    for key in KEYS {
        assert!(!bytes.windows(key.len()).any(|window| window == key), "{what} holds a private key");
    }
}

/// Every route of the API's document, with something that exists in each place.
fn routes(method: &str) -> Vec<String> {
    let document: Value = serde_json::from_str(include_str!("../../../packaging/openapi.json")).unwrap();
    let paths = document["paths"].as_object().unwrap().iter().filter(|(_, of)| of.get(method).is_some());
    paths
        .map(|(path, _)| {
            path.replace("{mac}", MAC).replace("{name}", "device").replace("{id}", "1").replace("{serial}", "40")
        })
        .collect()
}

/// T87, and B's "never": not in a log however much is logged, not in a check-in, not in any answer of the API, not in the
/// database, which is what a backup copies.
#[test]
fn threat_087_no_private_key_is_in_a_log_a_check_in_an_answer_or_the_database() {
    let site = site(&["--log-filter", "trace,h2=off,hyper=info,rustls=info,actix_http=info,mio=info"]);
    let phonebox = &site.phonebox;
    phonebox.cli(&["profile", "set", "default", "--certificates", "true"]);
    phonebox.cli(&["enrollment", "file", MAC]);
    site.fetch_ca(&site.scep_url("/scep"));
    site.run(&["sh", "-ec", "openssl req -x509 -newkey rsa:2048 -nodes -keyout own.key -out own.pem -days 9 -subj /CN=own -addext keyUsage=critical,keyCertSign,cRLSign"]);
    site.run(&["sh", "-ec", "openssl req -x509 -newkey rsa:2048 -nodes -keyout srv.key -out srv.pem -days 9 -subj /CN=box -addext basicConstraints=CA:FALSE"]);
    let at = |name: &str| site.file(name).display().to_string();
    phonebox.cli(&["ca", "install", "--certificates", &at("srv.pem"), "--key", &at("srv.key")]);
    phonebox.cli(&["ca", "import", "--certificates", &at("own.pem"), "--key", &at("own.key")]);
    let word = phonebox.secret("correct horse battery");
    let exported = phonebox.cli(&["ca", "root", "export", "--passphrase", &word]);
    assert!(exported.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
    let request = phonebox.file(&csr());
    phonebox.cli(&["ca", "certificate", "issue", "--csr", request.to_str().unwrap(), "--mac", MAC]);
    // The one download: the phone's own file, under its own proof.
    let settings = site.run(&["curl", "-s", &site.scep_url(&format!("/{MAC}.cfg"))]);
    let path = settings.split("/p/").nth(1).unwrap().split('/').next().unwrap();
    let file = site.run(&["curl", "-s", &site.scep_url(&format!("/p/{path}/{MAC}.pem"))]);
    assert!(file.contains("PRIVATE KEY"));

    for path in routes("get") {
        if !path.contains("/live") && !path.contains("/events") {
            let answer = phonebox.admin_asks("GET", &path, "");
            holds_no_key(&path, &answer.body);
        }
    }
    let made = phonebox.admin_asks("POST", &format!("/api/v1/devices/{MAC}/certificate-file"), "");
    assert_eq!(made.status, 200);
    holds_no_key("the answer about a file", &made.body);
    let body = json!({ "passphrase": "correct horse battery" }).to_string();
    let answer = phonebox.admin_asks("POST", "/api/v1/ca/root/export", &body);
    assert!(String::from_utf8_lossy(&answer.body).contains("BEGIN ENCRYPTED PRIVATE KEY"));
    let explained = phonebox.explain(MAC).to_string();
    holds_no_key("a check-in", explained.as_bytes());
    holds_no_key("the log", phonebox.said().replace("ENCRYPTED PRIVATE KEY", "").as_bytes());
    for entry in walk(phonebox.path()) {
        holds_no_key(&entry.display().to_string(), &std::fs::read(&entry).unwrap());
    }
}

fn walk(dir: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| {
            if path.is_dir() {
                walk(&path)
            } else if path.is_file() {
                vec![path]
            } else {
                Vec::new()
            }
        })
        .collect()
}

/// B's "never": whatever the administrators' side offers is no file of the phones' listeners, with an administrator's token
/// either, by HTTP and by HTTPS.
#[test]
fn phones_reach_nothing_of_the_authority_but_its_protocols() {
    let site = site(&[]);
    let token = format!("Authorization: Bearer {}\r\n", site.phonebox.token());
    let root = site.phonebox.path().join("phonebox-ca.pem").display().to_string();
    for method in ["get", "post", "put", "patch", "delete"] {
        for path in routes(method)
            .iter()
            .filter(|path| ["/ca", "/certificate", "/enrollment"].iter().any(|of| path.contains(of)))
        {
            let ask = |headers: &str| raw::ask(site.phonebox.http(), &method.to_uppercase(), path, headers).status;
            assert!(matches!(ask(""), 404 | 405), "{method} {path}: {}", ask(""));
            // A login that no device has.
            assert!(matches!(ask(&token), 401 | 404 | 405), "{method} {path}: {}", ask(&token));
        }
    }
    let url = format!("https://{}/api/v1/ca", site.phonebox.https());
    let header = token.trim();
    let status = site.run(&["curl", "-s", "-o", "none", "-w", "%{http_code}", "--cacert", &root, "-H", header, &url]);
    assert!(status == "401" || status == "404", "{status}");
    assert_eq!(site.issued(), 0);
}
