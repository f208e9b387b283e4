//! Phones that show a certificate: whose counts, what it opens, and what is refused whatever else is right.

use super::handshake::newest_is;
use super::tools::{Kept, run};
use crate::support::eventually;
use crate::support::phone::{PASSWORD, add, mac, phone};
use crate::support::server::Phonebox;
use phonebox::vendors::{Evidence, identify};
use rcgen::{CertificateParams, DistinguishedName, DnType, Issuer, KeyPair};
use std::path::Path;
use std::process::Command;

/// A vendor's root, its issuing CA, and the certificates that phones left the factory with.
struct Factory(tempfile::TempDir);

impl Factory {
    fn new(digest: &str) -> Factory {
        let factory = Factory(tempfile::tempdir().unwrap());
        let ca = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n";
        factory.write("ca.ext", ca);
        // What a phone of 2010 still does and OpenSSL does no longer.
        let level = "[d]\nssl_conf=s\n[s]\nsystem_default=l\n[l]\nCipherString=DEFAULT@SECLEVEL=0\n";
        factory.write("old.cnf", &format!("openssl_conf=d\n{level}"));
        factory.openssl(&[
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            "root.key",
            "-out",
            "root.pem",
            "-days",
            "9000",
            "-subj",
            "/O=Example Phones/CN=Example Root",
            digest,
            "-addext",
            "basicConstraints=critical,CA:TRUE",
        ]);
        factory.request("issuing", "/O=Example Phones/CN=Example Issuing", "2048");
        factory.sign("issuing", "root", "ca.ext", &[digest]);
        factory
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).unwrap();
    }

    #[track_caller]
    fn openssl(&self, words: &[&str]) {
        let (worked, text) = run(self.path(), &[&["openssl"], words].concat());
        assert!(worked, "{words:?}: {text}");
    }

    fn request(&self, name: &str, subject: &str, bits: &str) {
        let (key, csr) = (format!("{name}.key"), format!("{name}.csr"));
        let bits = format!("rsa:{bits}");
        self.openssl(&["req", "-new", "-newkey", &bits, "-nodes", "-keyout", &key, "-out", &csr, "-subj", subject]);
    }

    fn sign(&self, name: &str, by: &str, extensions: &str, more: &[&str]) {
        let [csr, pem, ca, key] =
            [format!("{name}.csr"), format!("{name}.pem"), format!("{by}.pem"), format!("{by}.key")];
        let words = ["x509", "-req", "-in", &csr, "-out", &pem, "-CA", &ca, "-CAkey", &key, "-CAcreateserial"];
        self.openssl(&[&words[..], &["-days", "9000", "-extfile", extensions], more].concat());
    }

    /// A phone's certificate, and its chain as the phone sends it.
    fn phone(&self, name: &str, subject: &str, extensions: &str, more: &[&str]) {
        self.write(&format!("{name}.ext"), extensions);
        self.request(name, subject, if name.ends_with("short") { "1024" } else { "2048" });
        self.sign(name, "issuing", &format!("{name}.ext"), more);
        let text = |file: &str| std::fs::read_to_string(self.path().join(format!("{file}.pem"))).unwrap();
        self.write(&format!("{name}-chain.pem"), &(text(name) + &text("issuing")));
    }

    /// One whose common name is no text that OpenSSL would write.
    fn phone_named(&self, name: &str, common_name: &str) {
        let read = |file: &str| std::fs::read_to_string(self.path().join(file)).unwrap();
        let issuing = read("issuing.pem");
        let issuer = Issuer::from_ca_cert_pem(&issuing, KeyPair::from_pem(&read("issuing.key")).unwrap()).unwrap();
        let (key, mut params) = (KeyPair::generate().unwrap(), CertificateParams::default());
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, common_name);
        let certificate = params.signed_by(&key, &issuer).unwrap();
        self.write(&format!("{name}.key"), &key.serialize_pem());
        self.write(&format!("{name}-chain.pem"), &(certificate.pem() + &issuing));
    }

    /// Status and body of what a phone gets that shows this certificate; no status where TLS already said no.
    fn ask(&self, phonebox: &Phonebox, name: &str, path: &str, more: &[&str]) -> (String, String) {
        let url = format!("https://{}{path}", phonebox.https());
        let ca = phonebox.path().join("phonebox-ca.pem");
        let output = Command::new("curl")
            .args(["-sS", "--cacert", ca.to_str().unwrap(), "-w", "\n%{http_code}", &url])
            .env("OPENSSL_CONF", self.path().join("old.cnf"))
            .args(["--cert", &format!("{name}-chain.pem"), "--key", &format!("{name}.key")])
            .args(more)
            .current_dir(self.path())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let (body, status) = text.rsplit_once('\n').unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        (status.to_owned(), if status == "000" { said.into_owned() } else { body.to_owned() })
    }

    fn accepted_by(&self, phonebox: &Phonebox, more: &[&str]) {
        let root = self.path().join("root.pem");
        phonebox.cli(&[&["ca", "accept", "add", "Example", "--file", root.to_str().unwrap()], more].concat());
    }
}

fn file(model: &str) -> String {
    format!("/{}.cfg", mac(model))
}

/// The reason of the newest check-in of a file.
#[track_caller]
fn reason(phonebox: &Phonebox, model: &str) -> (String, String) {
    let explained = phonebox.explain(mac(model));
    let newest = &explained["timeline"][0];
    (newest["reason"].as_str().unwrap().to_owned(), newest["detail"].as_str().unwrap_or_default().to_owned())
}

/// T9, AVA-099, YMC-181: the server verifies the device. A factory certificate is proof where its CA is accepted, and nothing where it is not.
/// ALE-062: the server verifies the device (the other direction: provisioning/redirect.rs).
#[test]
fn threat_009_a_factory_certificate_counts_below_an_accepted_ca_only() {
    let phonebox = Phonebox::start();
    let factory = Factory::new("-sha256");
    let colons = "80:5E:C0:AA:BB:01";
    factory.phone("phone", &format!("/O=Example Phones/CN={colons}"), "", &[]);
    add(&phonebox, "T54W", &[]);
    phonebox.cli(&["profile", "set", "default", "--settings-trust", "certificate", "--secrets-trust", "certificate"]);

    let stranger = factory.ask(&phonebox, "phone", &file("T54W"), &[]);
    assert_eq!(stranger, ("404".to_owned(), "Not found\n".to_owned()), "its CA is not accepted yet");
    let (reason_, detail) = reason(&phonebox, "T54W");
    assert!(reason_ == "certificate-needed" && detail.contains("no CA that is accepted here"), "{reason_} {detail}");
    assert!(phonebox.cli(&["explain", mac("T54W")]).contains("phonebox ca accept --help"));

    factory.accepted_by(&phonebox, &[]);
    let (status, body) = factory.ask(&phonebox, "phone", &file("T54W"), &[]);
    assert_eq!(status, "200");
    assert!(body.contains(PASSWORD), "{body}");
    assert_eq!(reason(&phonebox, "T54W").0, "certificate");
    let device = phonebox.device(mac("T54W"));
    assert_eq!(device["proof"], "certificate");
    assert_eq!(device["tls_state"], "trusts-our-ca", "a factory's certificate is not ours");

    phonebox.cli(&["ca", "accept", "remove", "Example"]);
    assert_eq!(factory.ask(&phonebox, "phone", &file("T54W"), &[]).0, "404", "no longer accepted");
}

/// T11: neither does the word of a CA that is no longer accepted outlive that on a connection that is kept open.
#[test]
fn threat_011_a_ca_that_is_no_longer_accepted_opens_nothing_on_a_kept_connection() {
    let phonebox = Phonebox::start();
    let factory = Factory::new("-sha256");
    factory.phone("phone", &format!("/CN={}", mac("T54W")), "", &[]);
    add(&phonebox, "T54W", &[]);
    phonebox.cli(&["profile", "set", "default", "--settings-trust", "certificate", "--secrets-trust", "certificate"]);
    factory.accepted_by(&phonebox, &[]);
    let mut kept = Kept::open(&phonebox, factory.path(), "phone.pem", "phone.key", &["-cert_chain", "issuing.pem"]);
    let mut status = || kept.status(&file("T54W"), &phone("T54W").user_agent());
    assert_eq!(status(), 200);
    phonebox.cli(&["layer", "set", "--global", "time.ntp=ntp.example"]);
    assert_eq!(status(), 200, "another change takes nothing away");
    phonebox.cli(&["ca", "accept", "remove", "Example"]);
    assert_eq!(status(), 404);
}

#[test]
fn threat_009_what_is_wrong_with_a_certificate_is_refused_and_said() {
    let phonebox = Phonebox::start();
    let factory = Factory::new("-sha256");
    let name = format!("/CN={}", mac("T54W"));
    add(&phonebox, "T54W", &[]);
    factory.accepted_by(&phonebox, &[]);
    factory.phone("server", &name, "extendedKeyUsage=serverAuth", &[]);
    factory.phone("sha1", &name, "", &["-sha1"]);
    factory.phone("expired", &name, "", &["-days", "-1"]);
    for (which, said) in [("server", "not for clients"), ("sha1", "SHA-1"), ("expired", "expired")] {
        let (status, body) = factory.ask(&phonebox, which, &file("T54W"), &[]);
        assert_eq!(status, "404", "{which}, inside the open window: {body}");
        let (reason, detail) = reason(&phonebox, "T54W");
        assert_eq!(reason, "bad-certificate", "{which}");
        assert!(detail.contains(said), "{which}: {detail}");
    }
    factory.accepted_by(&phonebox, &["--weak"]);
    assert_eq!(factory.ask(&phonebox, "sha1", &file("T54W"), &[]).0, "200", "the administrator allowed SHA-1");
}

/// The MAC in a subject, as vendors write it (vendors.md §0.3): Cisco's commas, its SEP, separators, capitals, another
/// attribute than the common name. It must be the MAC of the request, and a subject with two is nobody's.
#[test]
fn threat_008_the_mac_is_read_from_every_vendors_subject_and_must_be_the_requests() {
    let phonebox = Phonebox::start();
    let factory = Factory::new("-sha256");
    factory.accepted_by(&phonebox, &[]);
    add(&phonebox, "T54W", &[]);
    phonebox.cli(&["profile", "set", "default", "--settings-trust", "certificate", "--secrets-trust", "certificate"]);
    for (number, (subject, status)) in [
        ("/CN=80-5e-c0-aa-bb-01", "200"),
        ("/CN=805e.c0aa.bb01/O=Example", "200"),
        ("/O=Example/serialNumber=80:5E:C0:AA:BB:01/CN=Desk phone", "200"),
        ("/CN=Example, MAC: 805EC0AABB01, Serial: CBT141400UK", "200"),
        ("/CN=Example-SEP805EC0AABB01", "200"),
        ("/CN=805ec0aabb02", "404"),
        ("/CN=Example, MAC: 805EC0AABB02, Serial: CBT141400UK", "404"),
        ("/CN=Desk phone", "404"),
        ("/CN=805ec0aabb02/O=805ec0aabb01", "404"),
    ]
    .iter()
    .enumerate()
    {
        let name = format!("phone{number}");
        factory.phone(&name, subject, "", &[]);
        assert_eq!(factory.ask(&phonebox, &name, &file("T54W"), &[]).0, *status, "{subject}");
    }
    // Cisco's own, for whom this box writes no files.
    for dn in [
        "C=US, ST=805EC0AABB01, L=CBT141400UK, O=Cisco Systems, Inc., CN=SPA-525G2, MAC: 805EC0AABB01, Serial: CBT141400UK",
        "O=Cisco Systems Inc., CN=CP-8845-SEP805EC0AABB01",
    ] {
        let evidence = Evidence { client_cert_dn: Some(dn.as_bytes()), ..Evidence::default() };
        assert_eq!(identify(&evidence).mac.map(|mac| mac.to_string()).as_deref(), Some("805ec0aabb01"), "{dn}");
    }
}

/// T8: a phone's certificate opens its own files and nobody else's, and that somebody tried is told.
#[test]
fn threat_008_the_certificate_of_one_device_opens_no_other() {
    let phonebox = Phonebox::start();
    let factory = Factory::new("-sha256");
    factory.phone("phone", &format!("/CN={}", mac("T54W")), "", &[]);
    factory.accepted_by(&phonebox, &[]);
    for model in ["T54W", "T53W"] {
        add(&phonebox, model, &[]);
    }
    let missing = factory.ask(&phonebox, "phone", "/805ec0ffffff.cfg", &[]);
    assert_eq!(factory.ask(&phonebox, "phone", &file("T53W"), &[]), missing);
    assert_eq!(missing.0, "404");
    eventually("it is told", || phonebox.has_alarm("certificate-of-other"));
    assert_eq!(factory.ask(&phonebox, "phone", &file("T54W"), &[]).0, "200");
}

/// T10: a certificate that is right in every way is nobody's once its device is gone: what it gets is what strangers get.
#[test]
fn threat_010_the_certificate_of_a_removed_device_gets_what_strangers_get() {
    let phonebox = Phonebox::start();
    let factory = Factory::new("-sha256");
    factory.phone("phone", &format!("/CN={}", mac("T54W")), "", &[]);
    factory.phone("stranger", "/CN=805ec0ffffff", "", &[]);
    factory.accepted_by(&phonebox, &[]);
    add(&phonebox, "T54W", &[]);
    assert_eq!(factory.ask(&phonebox, "phone", &file("T54W"), &[]).0, "200");
    phonebox.cli(&["device", "remove", mac("T54W")]);
    let removed = factory.ask(&phonebox, "phone", &file("T54W"), &["-i"]);
    let stranger = factory.ask(&phonebox, "stranger", "/805ec0ffffff.cfg", &["-i"]);
    let without_date = |(status, text): (String, String)| {
        let lines = text.lines().filter(|line| !line.starts_with("Date")).map(str::to_owned).collect::<Vec<_>>();
        (status, lines)
    };
    assert_eq!(without_date(removed), without_date(stranger));
    assert_eq!(reason(&phonebox, "T54W").0, "unknown-device");
}

/// T9: a name that ends for one reader at its NUL and for another at its end names nobody, whoever signed it.
#[test]
fn threat_009_a_subject_with_a_nul_or_another_control_character_proves_nothing() {
    let phonebox = Phonebox::start();
    let factory = Factory::new("-sha256");
    factory.accepted_by(&phonebox, &[]);
    add(&phonebox, "T54W", &[]);
    phonebox.cli(&["profile", "set", "default", "--settings-trust", "certificate", "--secrets-trust", "certificate"]);
    let own = mac("T54W");
    factory.phone_named("plain", own);
    assert_eq!(factory.ask(&phonebox, "plain", &file("T54W"), &[]).0, "200");
    for (which, subject) in
        [("evil", format!("{own}\0.evil")), ("end", format!("{own}\0")), ("line", format!("{own}\n"))]
    {
        factory.phone_named(which, &subject);
        let (status, body) = factory.ask(&phonebox, which, &file("T54W"), &[]);
        assert_eq!((status.as_str(), body.as_str()), ("404", "Not found\n"), "{subject:?}");
        let (reason, detail) = reason(&phonebox, "T54W");
        assert!(reason == "bad-certificate" && detail.contains("cannot be read"), "{subject:?}: {reason} {detail}");
    }
}

/// "Asks for, but does not require": what a certificate of nobody's says, and what its key is, takes nothing from a phone that
/// has another proof. Below an accepted CA the same is refused.
#[test]
fn threat_009_a_certificate_of_nobody_who_is_accepted_does_no_harm_whatever_it_is() {
    let phonebox = Phonebox::start();
    let (factory, accepted) = (Factory::new("-sha256"), Factory::new("-sha256"));
    accepted.accepted_by(&phonebox, &[]);
    add(&phonebox, "T54W", &[]);
    let strange = "1.2.3.4=critical,DER:0500";
    for factory in [&factory, &accepted] {
        factory.phone("strange", "/CN=Desk phone", strange, &[]);
        factory.phone("short", "/CN=Desk phone", "", &[]);
    }
    let config = std::fs::read_to_string(factory.path().join("old.cnf")).unwrap();
    for (which, version, signed) in [
        ("strange", &["--tlsv1.3"][..], ""),
        ("short", &["--tlsv1.3"], ""),
        ("short", &["--tls-max", "1.2"], ""),
        ("short", &["--tls-max", "1.2"], "ClientSignatureAlgorithms=RSA+SHA256\n"),
        ("short", &["--tls-max", "1.2"], "ClientSignatureAlgorithms=RSA+SHA384\n"),
    ] {
        for factory in [&factory, &accepted] {
            factory.write("old.cnf", &format!("{config}{signed}"));
        }
        // In the open window.
        let (status, body) = factory.ask(&phonebox, which, &file("T54W"), version);
        assert!(status == "200" && body.contains(PASSWORD), "{which} {version:?} {signed}: {status} {body}");
        assert_ne!(reason(&phonebox, "T54W").0, "certificate");
        assert_eq!(accepted.ask(&phonebox, which, &file("T54W"), version).0, "404", "{which} {version:?} {signed}");
        assert_eq!(reason(&phonebox, "T54W").0, "bad-certificate");
    }
}

/// What phones of ten years ago hold: 1024 bits, signed with SHA-1. TLS 1.2 with PKCS#1, as they speak it, and TLS 1.3 (RFC
/// 8446 §4.2.3: PSS only).
#[test]
fn a_key_of_1024_bits_counts_where_the_administrator_said_so_for_its_root() {
    let phonebox = Phonebox::start();
    let factory = Factory::new("-sha1");
    factory.write(
        "old.cnf",
        "openssl_conf=d\n[d]\nssl_conf=s\n[s]\nsystem_default=l\n[l]\nCipherString=DEFAULT@SECLEVEL=0\n\
         SignatureAlgorithms=RSA+SHA256:RSA+SHA1\n",
    );
    factory.phone("short", &format!("/CN={}", mac("T54W")), "", &["-sha1"]);
    add(&phonebox, "T54W", &[]);
    phonebox.cli(&["profile", "set", "default", "--secrets-trust", "certificate"]);
    let tls12 = ["--tls-max", "1.2"];
    factory.accepted_by(&phonebox, &[]);
    let (status, said) = factory.ask(&phonebox, "short", &file("T54W"), &tls12);
    assert_eq!(status, "404", "a short key counts for nothing while nobody allowed one: {said}");
    let (why, detail) = reason(&phonebox, "T54W");
    assert!(why == "bad-certificate" && detail.contains("a key under 2048 bits"), "{why} {detail}");
    factory.accepted_by(&phonebox, &["--weak"]);
    let (status, body) = factory.ask(&phonebox, "short", &file("T54W"), &tls12);
    assert!(status == "200" && body.contains(PASSWORD), "{status} {body}");
    assert_eq!(reason(&phonebox, "T54W").0, "certificate");
    // A client that would rather do PSS (OpenSSL's own order).
    let limited = std::fs::read_to_string(factory.path().join("old.cnf")).unwrap();
    factory.write("old.cnf", limited.split("SignatureAlgorithms").next().unwrap());
    assert_eq!(factory.ask(&phonebox, "short", &file("T54W"), &tls12).0, "200");
    assert_eq!(factory.ask(&phonebox, "short", &file("T54W"), &["--tlsv1.3"]).0, "200");
    assert_eq!(reason(&phonebox, "T54W").0, "certificate");
    factory.write("old.cnf", &limited);
    // Weak below that root, and below no other.
    let other = Factory::new("-sha1");
    other.write("old.cnf", &std::fs::read_to_string(factory.path().join("old.cnf")).unwrap());
    other.phone("short", &format!("/CN={}", mac("T54W")), "", &["-sha1"]);
    let root = other.path().join("root.pem").display().to_string();
    phonebox.cli(&["ca", "accept", "add", "Strict", "--file", &root]);
    let (status, _) = other.ask(&phonebox, "short", &file("T54W"), &tls12);
    assert_eq!((status.as_str(), reason(&phonebox, "T54W").0.as_str()), ("404", "bad-certificate"));
}

/// AVA-003: MAC, serial number and certificate of each device come in one file; by that certificate it is known, whoever
/// signed it and whatever its subject says.
#[test]
fn ava_003_a_device_is_known_by_the_certificate_that_its_import_named() {
    let phonebox = Phonebox::start();
    let factory = Factory::new("-sha256");
    factory.phone("phone", "/O=Example Phones/CN=Unit 4711", "", &[]);
    factory.phone("other", "/O=Example Phones/CN=Unit 4712", "", &[]);
    let print = |name: &str| {
        let words = ["openssl", "x509", "-in", &format!("{name}.pem"), "-noout", "-fingerprint", "-sha256"];
        let (_, text) = run(factory.path(), &words);
        text.trim().rsplit_once('=').unwrap().1.to_owned()
    };
    let (own, mac) = (print("phone"), mac("T54W"));
    let import = |text: &str| {
        let file = phonebox.file(text);
        phonebox.json(&["device", "import", file.to_str().unwrap()])
    };
    let head = "mac,vendor,model,serial,certificate,active,line1_user,line1_password\n";
    let report = import(&format!("{head}{mac},Yealink,T54W,S-4711,{own},yes,201,{PASSWORD}\n"));
    assert_eq!(report["added"], 1, "{report}");
    assert_eq!(phonebox.device(mac)["certificate"], own.replace(':', "").to_lowercase());
    phonebox.cli(&["profile", "set", "default", "--settings-trust", "certificate", "--secrets-trust", "certificate"]);
    let (status, body) = factory.ask(&phonebox, "phone", &file("T54W"), &[]);
    assert!(status == "200" && body.contains(PASSWORD), "{status} {body}");
    assert_eq!(reason(&phonebox, "T54W").0, "certificate");
    assert_eq!(factory.ask(&phonebox, "other", &file("T54W"), &[]).0, "404", "another of the same factory");
    // A certificate is one device's.
    let report = import(&format!(
        "{head}805ec0aabb91,Yealink,T54W,S-1,{own},yes,,\n805ec0aabb92,Yealink,T54W,S-2,xyz,yes,,\n\
         805ec0aabb93,Yealink,T54W,S-3,{other},yes,,\n805ec0aabb94,Yealink,T54W,S-4,{other},yes,,\n",
        other = print("other"),
    ));
    let said = report["problems"].to_string();
    assert_eq!((report["added"].as_i64(), report["rejected"].as_i64()), (Some(1), Some(3)), "{report}");
    assert!(said.contains("another device's already") && said.contains("64 hexadecimal digits"), "{said}");
    // It goes with its device, also where it was judged a moment ago.
    assert_eq!(factory.ask(&phonebox, "phone", &file("T54W"), &[]).0, "200");
    phonebox.cli(&["device", "remove", mac]);
    add(&phonebox, "T54W", &[]);
    assert_eq!(factory.ask(&phonebox, "phone", &file("T54W"), &[]).0, "404");
    // Of a short key by more than that word.
    factory.phone("short", "/O=Example Phones/CN=Unit 4713", "", &[]);
    import(&format!("{head}805ec0aabb95,Yealink,T54W,S-5,{},yes,201,{PASSWORD}\n", print("short")));
    let status = || factory.ask(&phonebox, "short", "/805ec0aabb95.cfg", &[]).0;
    assert_eq!(status(), "404");
    factory.accepted_by(&phonebox, &["--weak"]);
    assert_eq!(status(), "200");
}

/// TLS 1.2 signs a handshake with what both take. SHA-1 is taken of whoever's chain leads to the root for which the
/// administrator allowed it, and of nobody else.
#[test]
fn a_handshake_signed_with_sha1_counts_below_the_root_that_allows_it_alone() {
    let phonebox = Phonebox::start();
    let (weak, strict) = (Factory::new("-sha1"), Factory::new("-sha256"));
    add(&phonebox, "T54W", &[]);
    let root = strict.path().join("root.pem").display().to_string();
    phonebox.cli(&["ca", "accept", "add", "Strict", "--file", &root]);
    weak.accepted_by(&phonebox, &["--weak"]);
    for (factory, digest) in [(&weak, "-sha1"), (&strict, "-sha256")] {
        factory.phone("phone", &format!("/CN={}", mac("T54W")), "", &[digest]);
    }
    let tls12 = ["--tls-max", "1.2"];
    assert_eq!(strict.ask(&phonebox, "phone", &file("T54W"), &tls12).0, "200");
    for factory in [&weak, &strict] {
        factory.write(
            "old.cnf",
            "openssl_conf=d\n[d]\nssl_conf=s\n[s]\nsystem_default=l\n[l]\nCipherString=DEFAULT@SECLEVEL=0\n\
             ClientSignatureAlgorithms=RSA+SHA1\n",
        );
    }
    let (status, said) = strict.ask(&phonebox, "phone", &file("T54W"), &tls12);
    assert_eq!(status, "000", "{said}");
    assert!(newest_is(&phonebox, "tls-client-key")["next"].as_str().unwrap().contains("--weak"));
    let (status, body) = weak.ask(&phonebox, "phone", &file("T54W"), &tls12);
    assert_eq!(status, "200", "{body}");
    assert_eq!(reason(&phonebox, "T54W").0, "certificate");
    // Nobody allows it any more: it is not even offered, and the phone shows nothing.
    phonebox.cli(&["ca", "accept", "remove", "Example"]);
    assert_eq!(weak.ask(&phonebox, "phone", &file("T54W"), &tls12).0, "404");
    assert_ne!(reason(&phonebox, "T54W").0, "certificate");
}

/// Chains are judged once and remembered, for as long as all of them hold: a CA in between may end before its phones do.
#[test]
fn threat_009_a_chain_counts_no_longer_than_the_first_of_it_that_ends() {
    let mut phonebox = Phonebox::start();
    let factory = Factory::new("-sha256");
    factory.sign("issuing", "root", "ca.ext", &["-days", "30"]);
    factory.phone("phone", &format!("/CN={}", mac("T54W")), "", &[]);
    add(&phonebox, "T54W", &[]);
    phonebox.cli(&["profile", "set", "default", "--settings-trust", "certificate", "--secrets-trust", "certificate"]);
    factory.accepted_by(&phonebox, &[]);
    let clock = phonebox.file("+0d");
    phonebox.restart_with_clock(&clock);
    let mut kept = Kept::open(&phonebox, factory.path(), "phone.pem", "phone.key", &["-cert_chain", "issuing.pem"]);
    let mut status = || kept.status(&file("T54W"), &phone("T54W").user_agent());
    assert_eq!((status(), factory.ask(&phonebox, "phone", &file("T54W"), &[]).0.as_str()), (200, "200"));
    std::fs::rename(phonebox.file("+31d"), &clock).unwrap();
    assert_eq!((status(), factory.ask(&phonebox, "phone", &file("T54W"), &[]).0.as_str()), (404, "404"));
    let (reason, detail) = reason(&phonebox, "T54W");
    assert!(reason == "bad-certificate" && detail.contains("expired"), "{reason} {detail}");
}

#[test]
fn threat_009_a_certificate_that_is_not_valid_yet_is_refused() {
    let mut phonebox = Phonebox::start();
    let factory = Factory::new("-sha256");
    factory.request("phone", &format!("/CN={}", mac("T54W")), "2048");
    let words = "faketime '+40 days' openssl x509 -req -in phone.csr -out phone.pem -CA issuing.pem -CAkey issuing.key \
                 -CAcreateserial -days 9000; cat phone.pem issuing.pem > phone-chain.pem";
    let (worked, text) = run(factory.path(), &["sh", "-ec", words]);
    assert!(worked, "{text}");
    add(&phonebox, "T54W", &[]);
    factory.accepted_by(&phonebox, &[]);
    let (status, body) = factory.ask(&phonebox, "phone", &file("T54W"), &[]);
    assert_eq!(status, "404", "inside the open window: {body}");
    let (reason, detail) = reason(&phonebox, "T54W");
    assert!(reason == "bad-certificate" && detail.contains("not valid yet"), "{reason} {detail}");
    // Its day comes.
    phonebox.restart_at("+41d");
    assert_eq!(factory.ask(&phonebox, "phone", &file("T54W"), &[]).0, "200");
}
