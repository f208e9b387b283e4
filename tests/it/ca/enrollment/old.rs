//! Phones of long ago: MD5, and messages for the CA itself.

use super::clients::{MAC, OTHER, Site, site};
use super::messages::{NONCE, Sender, TRANSACTION, TYPE, envelope, first_certificate};
use phonebox::ca::asn1::{self, CONTEXT_0, SET};
use phonebox::ca::cms::{self, Certificate};
use phonebox::ca::signature::{self, Digest};
use x509_parser::asn1_rs::oid;

const OLD: &[&str] = &["--scep-old-phones", "127.0.0.1:0"];

/// A PKCSReq signed with MD5, which nothing but OpenSSL's `dgst` still does.
fn message(site: &Site, sender: &Sender, ca: &[u8], csr: &[u8]) -> Vec<u8> {
    const DATA: &[u8] = &oid!(raw 1.2.840.113549.1.7.1);
    const SIGNED: &[u8] = &oid!(raw 1.2.840.113549.1.7.2);
    const CONTENT_TYPE: &[u8] = &oid!(raw 1.2.840.113549.1.9.3);
    const MESSAGE_DIGEST: &[u8] = &oid!(raw 1.2.840.113549.1.9.4);
    let content = envelope(csr, ca);
    let printable = |text: &[u8]| asn1::element_of(asn1::PRINTABLE, &[text]);
    let attributes = asn1::set_of(vec![
        cms::new_attribute(CONTENT_TYPE, &asn1::oid(DATA)),
        cms::new_attribute(MESSAGE_DIGEST, &asn1::octets(&Digest::Md5.of(&content))),
        cms::new_attribute(TYPE, &printable(b"19")),
        cms::new_attribute(TRANSACTION, &printable(b"1")),
        cms::new_attribute(NONCE, &asn1::octets(&[7; 16])),
    ]);
    std::fs::write(site.file("attributes"), &attributes).unwrap();
    let key = format!("{}.key", sender.name);
    site.run(&["openssl", "dgst", "-md5", "-sign", &key, "-out", "signature", "attributes"]);
    let own = Certificate::parse(&sender.certificate).unwrap();
    let name = asn1::sequence(&[own.issuer, &asn1::element_of(asn1::INTEGER, &[own.serial])]);
    let signer = asn1::sequence(&[
        &asn1::integer(1),
        &name,
        &Digest::Md5.algorithm(),
        &asn1::element_of(CONTEXT_0, &[asn1::only(&attributes, SET).unwrap().body]),
        &asn1::algorithm(signature::RSA),
        &asn1::octets(&std::fs::read(site.file("signature")).unwrap()),
    ]);
    let data = asn1::sequence(&[
        &asn1::integer(1),
        &asn1::element_of(SET, &[&Digest::Md5.algorithm()]),
        &asn1::sequence(&[&asn1::oid(DATA), &asn1::element_of(CONTEXT_0, &[&asn1::octets(&content)])]),
        &asn1::element_of(CONTEXT_0, &[&sender.certificate]),
        &asn1::element_of(SET, &[&signer]),
    ]);
    asn1::sequence(&[&asn1::oid(SIGNED), &asn1::element_of(CONTEXT_0, &[&data])])
}

/// A request whose own signature is MD5 too.
fn request(site: &Site, sender: &Sender, challenge: &str) -> Vec<u8> {
    site.csr(sender, "/CN=805ec0aabb01", challenge, "");
    let key = format!("{}.key", sender.name);
    let words = ["openssl", "req", "-new", "-md5", "-config", "req.cnf", "-key", &key, "-outform", "DER", "-out"];
    site.run(&[&words[..], &["old.der"]].concat());
    std::fs::read(site.file("old.der")).unwrap()
}

/// The first certificate of GetCACert: what such a phone encrypts for.
fn first_ca(site: &Site) -> Vec<u8> {
    site.run(&["curl", "-sf", &site.scep_url("/scep?operation=GetCACert"), "-o", "ca.p7"]);
    first_certificate(&std::fs::read(site.file("ca.p7")).unwrap())
}

/// What an integrator wrote of Yealink phones (vendors.md §1.6): MD5 in message and request, and the issuing CA decrypts.
#[test]
fn an_old_phone_enrols_with_md5_and_the_cas_own_key() {
    let site = site(OLD);
    let (ca, phone) = (first_ca(&site), site.sender("phone"));
    std::fs::write(site.file("first.der"), &ca).unwrap();
    let text = site.run(&["openssl", "x509", "-inform", "DER", "-in", "first.der", "-noout", "-text"]);
    assert!(text.contains("CA:TRUE") && text.contains("Certificate Sign"), "the issuing CA itself: {text}");
    let csr = request(&site, &phone, &site.challenge(MAC));
    let said = site.said(&phone, &message(&site, &phone, &ca, &csr));
    assert_eq!(said.status, "0", "{said:?}");
    std::fs::write(site.file("leaf.der"), first_certificate(&said.content.unwrap())).unwrap();
    site.run(&["openssl", "x509", "-inform", "DER", "-in", "leaf.der", "-out", "leaf.pem"]);
    let phonebox_ca = site.run(&["openssl", "x509", "-inform", "DER", "-in", "first.der"]);
    std::fs::write(site.file("ca-1.pem"), phonebox_ca).unwrap();
    let text = site.judged("leaf.pem");
    assert!(text.contains("CN = 805ec0aabb01") && text.contains("sha256WithRSAEncryption"), "{text}");
    // The switch lets in old words, no old mistakes.
    let other = site.sender("other");
    let mut forged = message(&site, &other, &ca, &request(&site, &other, "wrong"));
    assert!(site.said(&other, &forged).is_bad_request());
    *forged.last_mut().unwrap() ^= 1;
    assert_eq!(site.said(&other, &forged).info, "1", "badMessageCheck");
    assert_eq!(site.issued(), 1);
    // All of it at its own listener: at the other one the same box takes none of it, and has an RA of its own.
    let site = Site { old: false, ..site };
    let others = site.challenge(OTHER);
    let again = site.said(&other, &message(&site, &other, &ca, &request(&site, &other, &others)));
    assert_eq!((again.status.as_str(), again.info.as_str()), ("2", "0"), "badAlg");
    assert_ne!(first_ca(&site), ca);
    assert_eq!(site.issued(), 1);
}

/// A site's own CA with an EC key decrypts nothing: phones are given the RA's key instead of no answer.
#[test]
fn below_an_ec_ca_old_phones_are_given_the_registration_authority() {
    let site = site(OLD);
    site.run(&[
        "sh",
        "-ec",
        "openssl ecparam -name prime256v1 -genkey -out own.key
         openssl req -x509 -key own.key -out own.pem -days 9 -subj /CN=own -addext keyUsage=critical,keyCertSign,cRLSign",
    ]);
    let [certificate, key] = ["own.pem", "own.key"].map(|name| site.file(name).display().to_string());
    site.phonebox.cli(&["ca", "import", "--certificates", &certificate, "--key", &key]);
    site.phonebox.cli(&["ca", "rollover", "switch"]);
    let (ra, phone) = (first_ca(&site), site.sender("phone"));
    let csr = request(&site, &phone, &site.challenge(MAC));
    assert_eq!(site.said(&phone, &message(&site, &phone, &ra, &csr)).status, "0");
}

/// T10's and T78's neighbours: nobody who did not ask for it takes MD5, and the CA's key opens nothing.
#[test]
fn threat_078_without_the_switch_md5_and_messages_for_the_ca_are_refused() {
    let site = site(&[]);
    let (ra, phone, challenge) = (site.ra(), site.sender("phone"), site.challenge(MAC));
    let said = site.said(&phone, &message(&site, &phone, &ra, &request(&site, &phone, &challenge)));
    assert_eq!((said.status.as_str(), said.info.as_str()), ("2", "0"), "badAlg");
    site.run(&["openssl", "x509", "-in", "ca-1.pem", "-outform", "DER", "-out", "ca-1.der"]);
    let issuing = std::fs::read(site.file("ca-1.der")).unwrap();
    let csr = site.csr(&phone, "/CN=805ec0aabb01", &challenge, "");
    assert!(site.said(&phone, &phone.message(b"19", b"1", &issuing, &csr)).is_bad_request());
    // MD5 inside a message that is not.
    assert!(site.asks(&phone, &ra, &request(&site, &phone, &challenge)).is_bad_request());
    assert_eq!(site.issued(), 0);
}
