//! Certificates with their keys as files.

use super::clients::{MAC, OTHER, site};
use phonebox::ca::pkcs12::{self, Contents, Strength};

#[test]
fn a_phone_fetches_its_own_certificate_and_key_and_nobody_elses() {
    let site = site(&[]);
    site.fetch_ca(&site.scep_url("/scep"));
    let fetch = |path: &str, to: &str| {
        let url = site.scep_url(path);
        site.run(&["curl", "-s", "-o", to, "-w", "%{http_code}", &url])
    };
    let token = |mac: &str| {
        site.phonebox.cli(&["device", "let-in", mac]);
        let url = site.scep_url(&format!("/{mac}.cfg"));
        let text = site.run(&["curl", "-s", &url]);
        text.split("/p/").nth(1).unwrap().split('/').next().unwrap().to_owned()
    };
    let (own, others) = (token(MAC), token(OTHER));
    assert_eq!(fetch(&format!("/p/{own}/{MAC}.p12"), "none"), "404", "nothing was made yet");
    let names = site.phonebox.cli(&["enrollment", "file", MAC]);
    assert_eq!(names.split_whitespace().collect::<Vec<_>>(), ["805ec0aabb01.p12", "805ec0aabb01.pem"]);
    for path in [
        format!("/{MAC}.p12"),
        format!("/{MAC}.pem"),
        format!("/p/{others}/{MAC}.p12"),
        format!("/p/{others}/{OTHER}.p12"),
        format!("/p/{own}/x{MAC}.p12"),
    ] {
        assert_eq!(fetch(&path, "none"), "404", "{path}");
    }
    assert_eq!(fetch(&format!("/p/{own}/{}.PEM", MAC.to_uppercase()), "phone.pem"), "200");
    assert!(site.judged("phone.pem").contains("CN = 805ec0aabb01"));
    let of = |words: &[&str]| site.run(&[&["openssl"][..], words].concat());
    assert_eq!(of(&["x509", "-in", "phone.pem", "-pubkey", "-noout"]), of(&["pkey", "-in", "phone.pem", "-pubout"]));
    assert_eq!(fetch(&format!("/p/{own}/{MAC}.p12"), "one.p12"), "200");
    assert_eq!(fetch(&format!("/p/{own}/{MAC}.p12"), "two.p12"), "200");
    assert_eq!(std::fs::read(site.file("one.p12")).unwrap(), std::fs::read(site.file("two.p12")).unwrap());
    assert_eq!(site.reasons(MAC)[0], "certificate-file");
    site.phonebox.cli(&["enrollment", "file", MAC]);
    assert_eq!(fetch(&format!("/p/{own}/{MAC}.p12"), "two.p12"), "200");
    assert_ne!(std::fs::read(site.file("one.p12")).unwrap(), std::fs::read(site.file("two.p12")).unwrap());
    assert!(!site.phonebox.said().contains("PRIVATE KEY"));
}

/// RFC 7292, judged by OpenSSL, GnuTLS and strongSwan: both strengths open with the password and with no other.
#[test]
fn a_pkcs12_file_opens_everywhere_with_its_password() {
    let desk = tempfile::tempdir().unwrap();
    let run = |words: &[&str]| super::super::tools::run(desk.path(), words);
    let key = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
    let certificate = rcgen::CertificateParams::new([MAC.to_owned()]).unwrap().self_signed(&key).unwrap();
    let (pkcs8, chain) = (key.serialize_der(), [certificate.der().to_vec()]);
    let contents = Contents { pkcs8: &pkcs8, certificate: certificate.der(), chain: &chain, name: MAC };
    for (strength, cipher) in
        [(Strength::Legacy, "pbeWithSHA1And3-KeyTripleDES-CBC"), (Strength::Modern, "AES-256-CBC")]
    {
        let file = pkcs12::write(&contents, "päss wörd", strength).unwrap();
        std::fs::write(desk.path().join("file.p12"), &*file).unwrap();
        let open = ["openssl", "pkcs12", "-in", "file.p12", "-info", "-nodes", "-passin"];
        let (worked, text) = run(&[&open[..], &["pass:päss wörd"]].concat());
        assert!(worked && text.contains(cipher) && text.contains("friendlyName: 805ec0aabb01"), "{text}");
        assert_eq!((text.matches("BEGIN CERTIFICATE").count(), text.matches("BEGIN PRIVATE KEY").count()), (2, 1));
        assert!(!run(&[&open[..], &["pass:wrong"]].concat()).0);
        let file = pkcs12::write(&contents, "plain", strength).unwrap();
        std::fs::write(desk.path().join("file.p12"), &*file).unwrap();
        let gnutls = ["certtool", "--inder", "--infile", "file.p12", "--p12-info", "--password", "plain"];
        let (worked, text) = run(&gnutls);
        assert!(worked && text.contains("BEGIN CERTIFICATE"), "{text}");
    }
}
