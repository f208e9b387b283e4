//! EST with real clients: strongSwan and curl.

use super::clients::{MAC, OTHER, Site, site};
use crate::support::eventually;

impl Site {
    fn est_url(&self, operation: &str) -> String {
        format!("https://{}/.well-known/est/{operation}", self.phonebox.https())
    }

    /// A certification request for this name, as PEM and as one line of base64.
    pub fn request(&self, key: &str, subject: &str) {
        self.run(&["openssl", "req", "-new", "-key", key, "-subj", subject, "-out", "request.pem"]);
        let body: String = self.read("request.pem").lines().filter(|line| !line.starts_with('-')).collect();
        std::fs::write(self.file("request.b64"), body).unwrap();
    }

    /// Status, media type and encoding; the body goes to `answer.b64`.
    pub fn est(&self, operation: &str, words: &[&str]) -> (String, String, String) {
        let url = self.est_url(operation);
        let shown = "%{http_code} %header{content-transfer-encoding} %{content_type}";
        let fixed = ["curl", "-s", "--cacert", "root.pem", "-o", "answer.b64", "-w", shown, "-H"];
        let body = ["Content-Type: application/pkcs10", "--data-binary", "@request.b64"];
        let said = self.run(&[&fixed[..], &body, words, &[&url]].concat());
        let mut parts = said.splitn(3, ' ').map(str::to_owned);
        let mut next = || parts.next().unwrap();
        (next(), next(), next())
    }

    /// Turns the last answer into a certificate file.
    pub fn take_answer(&self, name: &str) {
        self.run(&["openssl", "base64", "-d", "-A", "-in", "answer.b64", "-out", "answer.p7"]);
        self.run(&["openssl", "pkcs7", "-inform", "DER", "-in", "answer.p7", "-print_certs", "-out", name]);
    }
}

#[test]
fn strongswan_takes_the_ca_and_enrols_and_renews() {
    let site = site(&[]);
    let url = format!("https://{}", site.phonebox.https());
    site.run(&["pki", "--estca", "--url", &url, "--cacert", "root.pem", "--caout", "ca.pem", "--outform", "pem"]);
    assert_eq!(site.read("ca.pem"), site.read("root.pem"));
    site.key("phone.key");
    site.request("phone.key", "/CN=805ec0aabb01");
    let login = format!("{MAC}:{}", site.challenge(MAC));
    let est = ["pki", "--est", "--url", &url, "--cacert", "root.pem", "--cacert", "ca-1.pem", "--outform", "pem"];
    std::fs::write(
        site.file("phone.pem"),
        site.run(&[&est[..], &["--in", "request.pem", "--userpass", &login]].concat()),
    )
    .unwrap();
    assert!(site.judged("phone.pem").contains("CN = 805ec0aabb01"));
    site.key("next.key");
    site.request("next.key", "/CN=805ec0aabb01");
    let renew = ["--in", "request.pem", "--cert", "phone.pem", "--key", "phone.key"];
    std::fs::write(site.file("next.pem"), site.run(&[&est[..], &renew].concat())).unwrap();
    site.judged("next.pem");
    assert_ne!(site.serial("next.pem"), site.serial("phone.pem"));
    assert_eq!(site.reasons(MAC)[0], "certificate-renewed");
}

#[test]
fn threat_084_est_asks_for_proof_and_gives_nobody_another_name() {
    let site = site(&[]);
    site.fetch_ca(&site.scep_url("/scep"));
    site.key("phone.key");
    site.request("phone.key", "/CN=805ec0aabb01");
    // The CA is for everybody, over HTTPS only, with and without a label.
    for operation in ["cacerts", "phones/cacerts", "csrattrs"] {
        let url = site.est_url(operation);
        let body = site.run(&["curl", "-sf", "--cacert", "root.pem", &url]);
        assert!(!body.is_empty() && !body.contains('\n'), "one unbroken line: {body}");
    }
    let plain = format!("http://{}/.well-known/est/cacerts", site.phonebox.http());
    assert_eq!(site.run(&["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", &plain]), "404");
    let challenge = site.challenge(MAC);
    for (operation, login, status) in [
        ("simpleenroll", "", "401"),
        ("simplereenroll", "", "401"),
        ("simpleenroll", "805ec0aabb01:wrong", "401"),
        ("simpleenroll", &format!("805ec0aabb02:{challenge}"), "401"),
        ("serverkeygen", &format!("{MAC}:{challenge}"), "404"),
        ("fullcmc", &format!("{MAC}:{challenge}"), "404"),
    ] {
        let words: &[&str] = if login.is_empty() { &[] } else { &["--user", login] };
        assert_eq!(site.est(operation, words).0, status, "{operation} {login}");
    }
    site.request("phone.key", "/CN=805ec0aabb02");
    assert_eq!(site.est("simpleenroll", &["--user", &format!("{MAC}:{challenge}")]).0, "403");
    assert_eq!(site.read("answer.b64"), "Refused: the check-ins of this box say why\n");
    site.request("phone.key", "/CN=Example-SEP805EC0AABB02");
    assert_eq!(site.est("simpleenroll", &["--user", &format!("{MAC}:{challenge}")]).0, "403");
    assert_eq!(site.issued(), 0);
    assert_eq!(site.phonebox.device(MAC)["tls_state"], "never-seen");
    // The same proof, the right name.
    site.request("phone.key", "/CN=805ec0aabb01/O=Somebody");
    let (status, encoding, kind) = site.est("phones/simpleenroll", &["--user", &format!("{MAC}:{challenge}")]);
    let expected = ("200", "base64", "application/pkcs7-mime; smime-type=certs-only");
    assert_eq!((status.as_str(), encoding.as_str(), kind.as_str()), expected);
    site.take_answer("phone.pem");
    let text = site.judged("phone.pem");
    assert!(!text.contains("Somebody"), "{text}");
    assert_eq!(site.phonebox.device(MAC)["tls_state"], "trusts-our-ca");
    // Its certificate is proof, for its own name only, while it is in force.
    let shown = ["--cert", "phone.pem", "--key", "phone.key"];
    site.key("next.key");
    site.request("next.key", "/CN=805ec0aabb02");
    assert_eq!(site.est("simplereenroll", &shown).0, "403");
    site.request("next.key", "/CN=805ec0aabb01");
    assert_eq!(site.est("simplereenroll", &shown).0, "200");
    // Up it moves by what it shows, down by somebody's word alone.
    assert_eq!(site.phonebox.device(MAC)["tls_state"], "holds-our-certificate");
    let set = |state| site.phonebox.try_cli(&["device", "set", MAC, "--tls-state", state]);
    assert!(!set("nowhere").refused().is_empty());
    site.phonebox.cli(&["device", "set", MAC, "--tls-state", "plain-only"]);
    assert_eq!(site.phonebox.device(MAC)["tls_state"], "plain-only");
    assert!(set("trusts-our-ca").refused().contains("only the phone moves it up"));
    let told = site.phonebox.json(&["audit", "--action", "device.set", "--result", "success", "--object", MAC]);
    assert!(told["items"][0]["detail"].as_str().unwrap().contains("tls_state=plain-only"), "{told}");
    // Somebody else's certificate is none.
    let own = ["openssl", "req", "-x509", "-key", "next.key", "-subj", "/CN=805ec0aabb01", "-out", "self.pem"];
    site.run(&own);
    assert_eq!(site.est("simplereenroll", &["--cert", "self.pem", "--key", "next.key"]).0, "401");
    assert_eq!(site.issued(), 2);
}

/// T84, RFC 7030 §4.2.2: whoever renews keeps his names, in whatever notation, or names none.
#[test]
fn threat_084_a_certificate_is_renewed_under_its_own_names_alone() {
    let site = site(&[]);
    site.phonebox.cli(&["ca", "profile", "set", "device", "--san", "dns:{mac}.phones.example"]);
    site.phonebox.cli(&["device", "set", MAC, "--serial", "SN-4711"]);
    site.fetch_ca(&site.scep_url("/scep"));
    site.key("phone.key");
    site.request("phone.key", "/CN=805ec0aabb01");
    assert_eq!(site.est("simpleenroll", &["--user", &format!("{MAC}:{}", site.challenge(MAC))]).0, "200");
    site.take_answer("phone.pem");
    let renews = |subject: &str, names: &str| {
        let san = format!("subjectAltName={names}");
        let words =
            ["openssl", "req", "-new", "-key", "phone.key", "-subj", subject, "-out", "request.der", "-outform", "DER"];
        let words = if names.is_empty() { words.to_vec() } else { [&words[..], &["-addext", &san]].concat() };
        site.run(&words);
        site.run(&["openssl", "base64", "-A", "-in", "request.der", "-out", "request.b64"]);
        site.est("simplereenroll", &["--cert", "phone.pem", "--key", "phone.key"]).0
    };
    for (subject, names) in [
        ("/CN=somebody/O=x", ""),
        ("/CN=somebody", "DNS:805ec0aabb01.phones.example"),
        ("/O=Somebody", ""),
        ("/CN=805ec0aabb01/CN=somebody", ""),
        ("/CN=805ec0aabb01", "DNS:other.example"),
        ("/", "DNS:805ec0aabb01.phones.example,DNS:other.example"),
        ("/CN=805ec0aabb01", "IP:192.0.2.1"),
    ] {
        assert_eq!(renews(subject, names), "403", "{subject} {names}");
        assert_eq!(site.reasons(MAC)[0], "other-name", "{subject} {names}");
    }
    assert_eq!(site.issued(), 1);
    let told = site.refusals();
    assert!(
        told.len() == 7 && told[6].contains("EST simplereenroll: other-name") && told[6].contains("somebody"),
        "{told:?}"
    );
    for (subject, names) in [
        ("/CN=805ec0aabb01", ""),
        ("/CN=805ec0aabb01", "DNS:805ec0aabb01.phones.example"),
        ("/", ""),
        ("/", "DNS:805EC0AABB01.phones.example"),
        ("/CN=80:5E:C0:AA:BB:01/O=Example", ""),
        ("/CN=SN-4711", ""),
    ] {
        assert_eq!(renews(subject, names), "200", "{subject} {names}");
    }
    assert_eq!(site.reasons(MAC)[0], "certificate-renewed");
}

/// What EST offers it takes: the challenge as a password of Digest, for the device it was made for, and for one key.
#[test]
fn a_challenge_proves_itself_by_digest_as_by_basic() {
    let site = site(&[]);
    site.fetch_ca(&site.scep_url("/scep"));
    site.key("phone.key");
    site.request("phone.key", "/CN=805ec0aabb01");
    let challenge = site.challenge(MAC);
    let by_digest =
        |mac: &str, password: &str| site.est("simpleenroll", &["--digest", "--user", &format!("{mac}:{password}")]).0;
    assert_eq!(by_digest(MAC, "wrong"), "401");
    assert_eq!(by_digest(OTHER, &challenge), "401");
    assert_eq!(site.issued(), 0);
    assert_eq!(by_digest(MAC, &challenge), "200");
    site.take_answer("phone.pem");
    assert!(site.judged("phone.pem").contains("CN = 805ec0aabb01"));
    assert_eq!(by_digest(MAC, &challenge), "200", "the same key has lost the answer");
    site.key("next.key");
    site.request("next.key", "/CN=805ec0aabb01");
    assert_eq!(by_digest(MAC, &challenge), "403", "another key");
    assert_eq!(site.issued(), 1);
    assert_eq!(site.reasons(MAC)[0], "challenge-used");
}

/// T8 for these doors: what is the certificate of one device gets none for another, whatever else is right.
#[test]
fn threat_008_who_shows_the_certificate_of_one_device_gets_none_for_another() {
    let site = site(&[]);
    let (ra, phone, challenge) = (site.ra(), site.sender("phone"), site.challenge(OTHER));
    site.key("factory.key");
    site.run(&[
        "openssl",
        "req",
        "-x509",
        "-key",
        "factory.key",
        "-subj",
        &format!("/CN={MAC}"),
        "-out",
        "factory.pem",
    ]);
    let shown = ["--cert", "factory.pem", "--key", "factory.key"];
    let login = format!("{OTHER}:{challenge}");
    let both = [&shown[..], &["--user", &login]].concat();
    site.request("phone.key", "/CN=805ec0aabb02");
    assert_eq!(site.est("simpleenroll", &both).0, "403");
    assert_eq!(site.reasons(OTHER)[0], "certificate-of-other");
    assert!(!site.phonebox.has_alarm("certificate-of-other"), "its CA is not accepted: it says nothing of the device");
    let factory = site.file("factory.pem");
    site.phonebox.cli(&["ca", "accept", "add", "Example", "--file", factory.to_str().unwrap()]);
    assert_eq!(site.est("simpleenroll", &both).0, "403");
    eventually("it is told", || site.phonebox.has_alarm("certificate-of-other"));
    // By SCEP, over TLS.
    let message = phone.message(b"19", b"1", &ra, &site.csr(&phone, "/CN=805ec0aabb02", &challenge, ""));
    std::fs::write(site.file("message"), message).unwrap();
    let url = format!("https://{}/scep?operation=PKIOperation", site.phonebox.https());
    let post = [
        "curl",
        "-sf",
        "--cacert",
        "root.pem",
        "-o",
        "answer",
        "-H",
        "Content-Type: application/x-pki-message",
        "--data-binary",
        "@message",
        &url,
    ];
    site.run(&[&post[..], &shown].concat());
    assert_eq!((site.issued(), site.reasons(OTHER)[0].as_str()), (0, "certificate-of-other"));
    // The same without it, and the device itself with it.
    site.run(&post);
    assert_eq!((site.issued(), site.reasons(OTHER)[0].as_str()), (1, "certificate-issued"));
    site.key("own.key");
    site.request("own.key", "/CN=805ec0aabb01");
    let login = format!("{MAC}:{}", site.challenge(MAC));
    assert_eq!(site.est("simpleenroll", &[&shown[..], &["--user", &login]].concat()).0, "200");
}

/// Whoever asks again after the CA was replaced, with the same password and key, gets a certificate of the new one.
#[test]
fn who_asks_again_after_a_switch_gets_a_certificate_of_the_ca_in_force() {
    let site = site(&[]);
    site.fetch_ca(&site.scep_url("/scep"));
    site.key("phone.key");
    site.key("next.key");
    let login = format!("{MAC}:{}", site.challenge(MAC));
    let issuer = |name: &str| site.run(&["openssl", "x509", "-in", name, "-noout", "-issuer"]);
    let enrols = |name: &str| {
        site.request("phone.key", "/CN=805ec0aabb01");
        assert_eq!(site.est("simpleenroll", &["--user", &login]).0, "200");
        site.take_answer(name);
    };
    let renews = |name: &str| {
        site.request("next.key", "/CN=805ec0aabb01");
        assert_eq!(site.est("simplereenroll", &["--cert", "phone.pem", "--key", "phone.key"]).0, "200");
        site.take_answer(name);
    };
    enrols("phone.pem");
    enrols("again.pem");
    renews("next.pem");
    renews("next-again.pem");
    assert_eq!(
        (site.serial("again.pem"), site.serial("next-again.pem")),
        (site.serial("phone.pem"), site.serial("next.pem"))
    );
    site.phonebox.cli(&["ca", "rollover", "start"]);
    site.phonebox.cli(&["ca", "rollover", "switch", "--force"]);
    enrols("new.pem");
    renews("next-new.pem");
    assert!(issuer("new.pem") != issuer("phone.pem") && issuer("new.pem") == issuer("next-new.pem"));
    assert_eq!(site.issued(), 4);
    enrols("again.pem");
    renews("next-again.pem");
    assert_eq!(
        (site.serial("again.pem"), site.serial("next-again.pem")),
        (site.serial("new.pem"), site.serial("next-new.pem"))
    );
}

/// A phone goes on to show what it has. Over, it is no proof, and no hindrance to a good one.
#[test]
fn a_phone_whose_certificate_is_over_is_told_what_to_do_and_enrols_with_a_challenge() {
    let mut site = site(&[]);
    site.fetch_ca(&site.scep_url("/scep"));
    site.key("phone.key");
    site.request("phone.key", "/CN=805ec0aabb01");
    site.phonebox.cli(&["ca", "profile", "set", "device", "--validity-days", "5"]);
    let first = format!("{MAC}:{}", site.challenge(MAC));
    assert_eq!(site.est("simpleenroll", &["--user", &first]).0, "200");
    site.take_answer("phone.pem");
    site.phonebox.restart_at("+9d");
    assert_eq!(site.ask(&format!("/{MAC}.cfg"), "T54W", Some("phone")).0, "404");
    let told = &site.phonebox.explain(MAC)["timeline"][0];
    assert_eq!(told["reason"], "certificate-expired");
    assert!(told["next"].as_str().unwrap().contains(&format!("phonebox enrollment challenge {MAC}")), "{told}");
    let shown = ["--cert", "phone.pem", "--key", "phone.key"];
    assert_eq!(site.est("simplereenroll", &shown).0, "401", "it may bring another proof");
    assert_eq!(site.reasons(MAC)[0], "certificate-expired");
    site.key("next.key");
    site.request("next.key", "/CN=805ec0aabb01");
    let by = |login: &str| site.est("simpleenroll", &[&shown[..], &["--anyauth", "--user", login]].concat()).0;
    assert_eq!(by(&format!("{MAC}:wrong")), "401");
    assert_eq!(by(&first), "403", "another key");
    let login = format!("{MAC}:{}", site.challenge(MAC));
    assert_eq!((by(&login), site.issued()), ("200".into(), 2));
    site.request("next.key", "/CN=805ec0aabb02");
    let other = format!("{OTHER}:{}", site.challenge(OTHER));
    assert_eq!(by(&other), "403", "it is still the certificate of this one");
    assert_eq!(site.reasons(OTHER)[0], "certificate-of-other");
}

/// What is revoked stays so, beside a challenge from before, too. One that was made since is somebody's word.
#[test]
fn a_phone_that_shows_a_revoked_certificate_needs_a_challenge_that_was_made_since() {
    let site = site(&[]);
    site.fetch_ca(&site.scep_url("/scep"));
    site.key("phone.key");
    site.request("phone.key", "/CN=805ec0aabb01");
    assert_eq!(site.est("simpleenroll", &["--user", &format!("{MAC}:{}", site.challenge(MAC))]).0, "200");
    site.take_answer("phone.pem");
    let shown = ["--cert", "phone.pem", "--key", "phone.key"];
    let by = |login: &str| site.est("simpleenroll", &[&shown[..], &["--anyauth", "--user", login]].concat()).0;
    let before = format!("{MAC}:{}", site.challenge(MAC));
    let list = site.phonebox.json(&["ca", "certificate", "list", "--holder", MAC]);
    site.phonebox.cli(&["ca", "certificate", "revoke", list[0]["serial"].as_str().unwrap()]);
    site.key("next.key");
    site.request("next.key", "/CN=805ec0aabb01");
    assert_eq!((by(&before), site.issued()), ("403".into(), 1));
    assert_eq!(site.reasons(MAC)[0], "certificate-revoked");
    site.phonebox.cli(&["device", "let-in", MAC]);
    assert_eq!((by(&before), site.issued()), ("403".into(), 1), "it ended with that");
    let since = format!("{MAC}:{}", site.challenge(MAC));
    assert_eq!(by(&format!("{MAC}:wrong")), "401");
    assert_eq!((by(&since), site.issued()), ("200".into(), 2));
    assert_eq!(site.reasons(MAC)[0], "certificate-issued");
}

/// RFC 7030, appendix A.1, the one message of the enrolment RFCs that is printed whole (RFC 8894, 6960 and 7292 have none):
/// it is read, and what this box writes of the same certificates is the same message, but for its empty set of lists.
#[test]
fn rfc_7030_appendix_a_1_is_read_and_written() {
    use phonebox::ca::asn1::{self, Reader};
    use phonebox::ca::{cms, est};
    let message = est::request(include_bytes!("../../../fixtures/est/rfc7030-a1.b64")).unwrap();
    let mut data = Reader::new(&message).open(asn1::SEQUENCE).unwrap();
    data.any().unwrap();
    let mut data = data.open(asn1::CONTEXT_0).unwrap().open(asn1::SEQUENCE).unwrap();
    for _ in 0..3 {
        data.any().unwrap();
    }
    let certificates = data.any().unwrap().inside().all(9).unwrap();
    assert_eq!(certificates.len(), 4);
    let named = |place: usize| cms::Certificate::parse(certificates[place].raw).unwrap();
    // OldWithOld, NewWithOld, OldWithNew, NewWithNew: as after a roll-over of ours.
    assert_eq!((named(1).issuer, named(2).issuer), (named(0).subject, named(3).subject));
    assert_eq!((named(1).spki, named(2).spki), (named(3).spki, named(0).spki));
    let ours = cms::certs_only(&certificates.iter().map(|one| one.raw).collect::<Vec<_>>(), &[]);
    let empty_lists = message.windows(4).rposition(|four| four == [0xa1, 0, 0x31, 0]).unwrap();
    // Behind the lengths.
    assert_eq!(ours[23..ours.len() - 2], message[23..empty_lists]);
    assert_eq!(ours[ours.len() - 2..], message[empty_lists + 2..]);
}
