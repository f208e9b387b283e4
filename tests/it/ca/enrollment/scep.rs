//! SCEP with real clients: strongSwan, scepclient, certmonger's helper.

use super::clients::{MAC, OTHER, site};
use super::messages::Sender;
use std::time::{Duration, Instant};

const DN: &str = "CN=805ec0aabb01";

/// AVA-099, AVA-102, AVA-267, AVA-268: every vendor's path, every cipher and digest that is offered.
#[test]
fn strongswan_enrols_with_its_challenge_and_renews_with_its_certificate() {
    let site = site(&[]);
    for (path, words) in [
        ("/scep", &["--cipher", "aes", "--digest", "sha256"][..]),
        ("/certsrv/mscep/mscep.dll", &["--cipher", "des3", "--digest", "sha1"]),
        ("/ejbca/publicweb/apply/scep/pkiclient.exe", &["--digest", "sha512"]),
        ("/", &[]),
    ] {
        let (url, challenge) = (site.scep_url(path), site.challenge(MAC));
        site.fetch_ca(&url);
        site.key("phone.key");
        site.enrolls(&url, "phone.key", &[&["--dn", DN, "--password", &challenge][..], words].concat(), "phone.pem");
        let text = site.judged("phone.pem");
        assert!(text.contains("CN = 805ec0aabb01") && text.contains("TLS Web Client Authentication"), "{text}");
    }
    let url = site.scep_url("/scep");
    site.key("next.key");
    site.enrolls(&url, "next.key", &["--dn", DN, "--cert", "phone.pem", "--key", "phone.key"], "next.pem");
    site.judged("next.pem");
    assert_ne!(site.serial("next.pem"), site.serial("phone.pem"));
    // AVA-267, AVA-268: the device, its certificate's subject, and from where it asked.
    let rows = site.phonebox.json(&["audit", "--action", "certificate.issue", "--object", MAC]);
    let rows = rows["items"].as_array().unwrap();
    assert_eq!(rows.len(), 5);
    for row in rows {
        assert_eq!(
            (&row["process"], &row["ip"], &row["result"]),
            (&"scep".into(), &"127.0.0.1".into(), &"success".into())
        );
        assert!(row["detail"].as_str().unwrap().starts_with("CN=805ec0aabb01, serial "), "{row}");
    }
    assert_eq!(site.reasons(MAC)[0], "certificate-renewed");
}

#[test]
fn scepclient_speaks_ber_and_des_and_is_understood() {
    let site = site(&[]);
    let (url, challenge) = (site.scep_url("/scep"), site.challenge(MAC));
    site.fetch_ca(&url);
    let (server, challenge) = (format!("-server-url={url}"), format!("-challenge={challenge}"));
    site.run(&["scepclient", "-private-key", "sc.key", "-certificate", "sc.pem", &server, &challenge, "-cn", MAC]);
    assert!(site.judged("sc.pem").contains("CN = 805ec0aabb01"));
}

#[test]
fn certmonger_reads_capabilities_and_the_chain() {
    let site = site(&[]);
    let url = site.scep_url("/scep");
    let submit = "/usr/lib/certmonger/scep-submit";
    let capabilities = site.run(&[submit, "-u", &url, "-c"]);
    for word in ["POSTPKIOperation", "SHA-256", "AES", "Renewal"] {
        assert!(capabilities.contains(word), "{capabilities}");
    }
    let chain = site.run(&[submit, "-u", &url, "-C"]);
    assert_eq!(chain.matches("BEGIN CERTIFICATE").count(), 3, "{chain}");
}

/// RFC 8894 §4.7: the CA that is to sign next, told and signed by the present one while there is one.
#[test]
fn the_next_ca_is_told_to_whoever_asks_for_it() {
    let site = site(&[]);
    let fetch = |operation: &str| {
        let url = site.scep_url(&format!("/scep?operation={operation}"));
        site.run(&["curl", "-s", "-o", "next.p7", "-w", "%{http_code} %{content_type}", &url])
    };
    assert!(fetch("GetNextCACert").starts_with("400"));
    fetch("GetCACaps");
    assert!(!site.read("next.p7").contains("GetNextCACert"));
    site.phonebox.cli(&["ca", "rollover", "start"]);
    fetch("GetCACaps");
    assert!(site.read("next.p7").lines().any(|word| word == "GetNextCACert"));
    assert_eq!(fetch("GetNextCACert"), "200 application/x-x509-next-ca-cert");
    let verify = ["openssl", "cms", "-verify", "-inform", "DER", "-binary", "-in", "next.p7", "-out", "inside.p7"];
    site.run(&[&verify[..], &["-CAfile", "root.pem", "-purpose", "any"]].concat());
    let list = ["openssl", "pkcs7", "-inform", "DER", "-in", "inside.p7", "-print_certs", "-noout"];
    let told = site.run(&list);
    let shown = site.phonebox.json(&["ca", "show"]);
    let next = shown["authorities"].as_array().unwrap().iter().filter(|one| one["state"] == "next");
    let names: Vec<_> = next.map(|one| one["subject"].as_str().unwrap().split('=').next_back().unwrap()).collect();
    assert!(names.len() == 2 && names.iter().all(|name| told.contains(*name)), "{names:?} {told}");
}

/// In the middle of a roll-over: strongSwan finds its way by SCEP and by EST, and what the box sent to both.
#[test]
fn strongswan_enrols_below_a_root_that_the_old_one_vouches_for() {
    let site = site(&[]);
    let url = site.scep_url("/scep");
    let enrols = |name: &str| {
        site.fetch_ca(&url);
        site.key("phone.key");
        let challenge = site.challenge(MAC);
        site.enrolls(&url, "phone.key", &["--dn", DN, "--password", &challenge], &format!("{name}.pem"));
    };
    enrols("before");
    for step in ["start", "switch"] {
        site.phonebox.cli(&["ca", "rollover", step]);
        std::fs::write(site.file("root.pem"), site.phonebox.ca_pem()).unwrap();
        enrols(step);
        site.judged(&format!("{step}.pem"));
    }
    let est = format!("https://{}", site.phonebox.https());
    site.run(&[
        "pki",
        "--estca",
        "--url",
        &est,
        "--cacert",
        "root.pem",
        "--caout",
        "est.pem",
        "--outform",
        "pem",
        "--force",
    ]);
    assert!(!site.read("est.pem").is_empty());
    site.phonebox.cli(&["ca", "rollover", "finish"]);
    std::fs::write(site.file("root.pem"), site.phonebox.ca_pem()).unwrap();
    enrols("after");
    site.judged("after.pem");
}

/// RFC 8894 §3.3: PENDING, polls, and a person's word.
#[test]
fn a_request_without_a_challenge_waits_for_a_person() {
    let site = site(&["--scep-approve", "yes"]);
    let url = site.scep_url("/scep");
    site.fetch_ca(&url);
    let poll = ["--interval", "1", "--maxpolltime", "30"];
    let waiting = |verdict: &str| {
        let since = Instant::now();
        loop {
            let found = site.phonebox.json(&["enrollment", "list"]);
            if let Some(request) = found.as_array().unwrap().first() {
                assert_eq!(request["mac"], MAC);
                site.phonebox.cli(&["enrollment", verdict, &request["id"].to_string()]);
                return request["fingerprint"].as_str().unwrap().to_owned();
            }
            assert!(since.elapsed() < Duration::from_secs(20));
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    std::thread::scope(|scope| {
        site.key("phone.key");
        let approved = scope.spawn(|| waiting("approve"));
        site.enrolls(&url, "phone.key", &[&["--dn", DN][..], &poll].concat(), "phone.pem");
        // What the person was shown is the phone's key.
        let public = ["openssl", "rsa", "-in", "phone.key", "-pubout", "-outform", "DER", "-out", "phone.pub"];
        site.run(&public);
        let shown = phonebox::seal::hex(&phonebox::seal::sha256(&std::fs::read(site.file("phone.pub")).unwrap()));
        assert_eq!(approved.join().unwrap(), shown);
    });
    site.judged("phone.pem");
    std::thread::scope(|scope| {
        site.key("other.key");
        scope.spawn(|| waiting("decline"));
        site.is_refused(&url, "other.key", &[&["--dn", DN][..], &poll].concat());
    });
    assert_eq!(site.issued(), 1);
    assert_eq!(site.reasons(MAC)[0], "request-declined");
    // A name that no device has, or two, waits for nobody.
    site.key("third.key");
    site.is_refused(&url, "third.key", &[&["--dn", "CN=805ec0ffffff"][..], &poll].concat());
    site.is_refused(&url, "third.key", &[&["--dn", &format!("CN={MAC}, OU={OTHER}")][..], &poll].concat());
    assert_eq!(site.phonebox.json(&["enrollment", "list"]).as_array().unwrap().len(), 0);
}

/// Where people approve: one address that asks under a phone's name again and again leaves room for the phone.
#[test]
fn a_stranger_does_not_keep_a_phone_from_waiting_for_approval() {
    let site = site(&["--scep-approve", "yes"]);
    let (ra, stranger, phone) = (site.ra(), site.sender("stranger"), site.sender("phone"));
    let waits = |sender: &Sender, transaction: &str| {
        let request = site.csr(sender, "/CN=805ec0aabb01", "", "");
        let said = site.said(sender, &sender.message(b"19", transaction.as_bytes(), &ra, &request));
        assert_eq!(said.status, "3", "pending: {transaction}");
    };
    for number in 0..6 {
        waits(&stranger, &format!("stranger {number}"));
    }
    waits(&phone, "phone");
    let waiting = site.phonebox.json(&["enrollment", "list"]);
    assert_eq!(waiting.as_array().unwrap().len(), 1, "the newest of an address: {waiting}");
    // It is the device's, and goes with it: whoever adds the MAC next has not asked.
    site.phonebox.cli(&["device", "remove", MAC]);
    site.add(MAC);
    assert_eq!(site.phonebox.json(&["enrollment", "list"]).as_array().unwrap().len(), 0);
}

/// RFC 8894 §3.3.4, §3.3.5: GetCert and GetCRL, judged by OpenSSL.
#[test]
fn a_phone_asks_for_a_certificate_and_for_the_revocation_list() {
    use super::messages::first_certificate;
    use crate::ca::handshake::newest_is;
    use phonebox::ca::asn1;
    use phonebox::ca::cms::Certificate;
    let site = site(&[]);
    let (ra, phone, challenge) = (site.ra(), site.sender("phone"), site.challenge(MAC));
    let given = site.asks(&phone, &ra, &site.csr(&phone, "/CN=805ec0aabb01", &challenge, "")).content.unwrap();
    let certificate = first_certificate(&given);
    let known = Certificate::parse(&certificate).unwrap();
    let question = |serial: &[u8]| asn1::sequence(&[known.issuer, &asn1::element_of(asn1::INTEGER, &[serial])]);
    let ask = |kind, serial| site.said(&phone, &phone.message(kind, b"9", &ra, &question(serial)));
    // What is asked by anybody is told as what it is.
    let told = |reason: &str, of: &str| {
        let newest = newest_is(&site.phonebox, reason);
        assert!(newest["file"] == of && !newest["text"].as_str().unwrap().contains("CA certificate"), "{newest}");
    };
    assert_eq!(first_certificate(&ask(b"21", known.serial).content.unwrap()), certificate);
    told("certificate-copy", "SCEP GetCert");
    site.run(&["curl", "-sf", "-o", "caps", &site.scep_url("/scep?operation=GetCACaps")]);
    told("scep-capabilities", "SCEP GetCACaps");
    let attributes = format!("https://{}/.well-known/est/csrattrs", site.phonebox.https());
    site.run(&["curl", "-sf", "--cacert", "root.pem", "-o", "attributes", &attributes]);
    told("request-attributes", "EST csrattrs");
    let unknown = ask(b"21", &[7; 16]);
    assert_eq!((unknown.status.as_str(), unknown.info.as_str()), ("2", "4"), "badCertId");
    std::fs::write(site.file("crl.p7"), ask(b"22", known.serial).content.unwrap()).unwrap();
    let text = site.run(&["openssl", "pkcs7", "-inform", "DER", "-in", "crl.p7", "-print_certs", "-noout", "-text"]);
    assert!(text.contains("Certificate Revocation List"), "{text}");
    // After a change of the root it is still the list of who issued that certificate.
    let issuer = |text: &str| text.lines().find(|line| line.contains("Issuer:")).map(str::to_owned);
    site.phonebox.cli(&["ca", "rollover", "start"]);
    site.phonebox.cli(&["ca", "rollover", "switch"]);
    let ra = site.ra();
    let list = site.said(&phone, &phone.message(b"22", b"10", &ra, &question(known.serial))).content.unwrap();
    std::fs::write(site.file("later.p7"), list).unwrap();
    let later = site.run(&["openssl", "pkcs7", "-inform", "DER", "-in", "later.p7", "-print_certs", "-noout", "-text"]);
    assert!(issuer(&text).is_some() && issuer(&later) == issuer(&text), "{later}");
    let url = format!("http://{}/phonebox-ca.crl", site.phonebox.http());
    site.run(&["curl", "-sf", "-o", "now.crl", &url]);
    let now = site.run(&["openssl", "crl", "-inform", "DER", "-in", "now.crl", "-noout", "-text"]);
    assert_ne!(issuer(&now), issuer(&text), "the one in force is another one's");
}

/// RFC 8894 §3.2.1.4.1: what is signed in a way that is not known here is answered as such.
#[test]
fn a_digest_that_is_not_known_is_told_as_bad_alg() {
    let site = site(&[]);
    let url = site.scep_url("/scep");
    site.fetch_ca(&url);
    site.key("phone.key");
    let words = ["--dn", "CN=805ec0aabb01", "--password", &site.challenge(MAC), "--digest", "sha224"];
    let said = site.is_refused(&url, "phone.key", &words);
    assert!(said.contains("badAlg"), "{said}");
    assert_eq!(site.issued(), 0);
}
