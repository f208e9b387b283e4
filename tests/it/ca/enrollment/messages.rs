//! SCEP messages by hand, for what no honest client sends. Keys and requests are OpenSSL's.

use super::clients::Site;
use crate::support::raw::{self, Answer};
use aws_lc_rs::rsa::{KeyPair, Pkcs1PrivateDecryptingKey, PrivateDecryptingKey};
use phonebox::ca::asn1::{self, Reader};
use phonebox::ca::cms::{self, Certificate, Cipher, Signed};
use x509_parser::asn1_rs::oid;

/// Somebody with a key and a certificate for it.
pub struct Sender {
    pub name: String,
    pub certificate: Vec<u8>,
    pkcs8: Vec<u8>,
}

/// Status, failInfo, and what was enveloped for the sender.
#[derive(Debug, PartialEq, Eq)]
pub struct Said {
    pub status: String,
    pub info: String,
    pub content: Option<Vec<u8>>,
}

impl Said {
    pub fn is_bad_request(&self) -> bool {
        (self.status.as_str(), self.info.as_str()) == ("2", "2")
    }
}

const DATA: &[u8] = &oid!(raw 1.2.840.113549.1.7.1);
const SIGNED: &[u8] = &oid!(raw 1.2.840.113549.1.7.2);
const CONTENT_TYPE: &[u8] = &oid!(raw 1.2.840.113549.1.9.3);
const DIGEST: &[u8] = &oid!(raw 1.2.840.113549.1.9.4);
const SHA256: &[u8] = &oid!(raw 2.16.840.1.101.3.4.2.1);
const RSA: &[u8] = &oid!(raw 1.2.840.113549.1.1.1);
pub const TYPE: &[u8] = &oid!(raw 2.16.840.1.113733.1.9.2);
const STATUS: &[u8] = &oid!(raw 2.16.840.1.113733.1.9.3);
const FAIL_INFO: &[u8] = &oid!(raw 2.16.840.1.113733.1.9.4);
pub const NONCE: &[u8] = &oid!(raw 2.16.840.1.113733.1.9.5);
pub const TRANSACTION: &[u8] = &oid!(raw 2.16.840.1.113733.1.9.7);

impl Site {
    /// With a key of its own and a self-signed certificate, as a phone begins.
    pub fn sender(&self, name: &str) -> Sender {
        self.sender_with(name, &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"])
    }

    /// A key that no message can be signed with here: it is too short.
    pub fn key_pair(&self, name: &str, bits: &str) -> Sender {
        self.run(&["openssl", "genrsa", "-out", &format!("{name}.key"), bits]);
        Sender { name: name.to_owned(), certificate: Vec::new(), pkcs8: Vec::new() }
    }

    pub fn sender_with(&self, name: &str, key: &[&str]) -> Sender {
        let (pem, der) = (format!("{name}.key"), format!("{name}.key.der"));
        self.run(&[&["openssl", "genpkey", "-out", &pem][..], key].concat());
        self.run(&["openssl", "pkcs8", "-topk8", "-nocrypt", "-in", &pem, "-outform", "DER", "-out", &der]);
        let own = format!("{name}.self");
        self.run(&["openssl", "req", "-x509", "-key", &pem, "-subj", "/CN=phone", "-outform", "DER", "-out", &own]);
        let read = |file: &str| std::fs::read(self.file(file)).unwrap();
        Sender { name: name.to_owned(), certificate: read(&own), pkcs8: read(&der) }
    }

    /// A request for this subject, with these lines of an OpenSSL extension section.
    pub fn csr(&self, sender: &Sender, subject: &str, challenge: &str, extensions: &str) -> Vec<u8> {
        // OpenSSL leaves attributes out where the subject stands on the command line.
        let names = subject.trim_start_matches('/').replace('/', "\n").replace('=', " = ");
        let attributes =
            if challenge.is_empty() { String::new() } else { format!("challengePassword = {challenge}\n") };
        let wanted = if extensions.is_empty() { "" } else { "req_extensions = ex" };
        let config = format!(
            "[req]\nprompt = no\ndistinguished_name = dn\nattributes = at\n{wanted}\n[dn]\n{names}\n[at]\n{attributes}[ex]\n{extensions}\n",
        );
        std::fs::write(self.file("req.cnf"), config).unwrap();
        let key = format!("{}.key", sender.name);
        let new = ["openssl", "req", "-new", "-config", "req.cnf", "-key", &key, "-outform", "DER", "-out", "req.der"];
        self.run(&new);
        std::fs::read(self.file("req.der")).unwrap()
    }

    /// The certificate that messages are for, DER.
    pub fn ra(&self) -> Vec<u8> {
        self.fetch_ca(&self.scep_url("/scep"));
        self.run(&["openssl", "x509", "-in", "ra.pem", "-outform", "DER", "-out", "ra.der"]);
        std::fs::read(self.file("ra.der")).unwrap()
    }

    pub fn post(&self, message: &[u8]) -> Answer {
        let headers = "Content-Type: application/x-pki-message\r\n";
        raw::send(self.door(), None, "POST", "/scep?operation=PKIOperation", headers, message)
    }

    /// A message that is signed with a key that only OpenSSL signs with.
    pub fn signed_by_openssl(&self, sender: &Sender, kind: &[u8], envelope: &[u8]) -> Vec<u8> {
        let hash = |bytes: &[u8]| asn1::octets(&phonebox::seal::sha256(bytes));
        let data = asn1::oid(DATA);
        let own = [cms::new_attribute(CONTENT_TYPE, &data), cms::new_attribute(DIGEST, &hash(envelope))];
        let signed = asn1::set_of(own.into_iter().chain(attributes(kind, b"1")).collect());
        std::fs::write(self.file("signed"), &signed).unwrap();
        let key = format!("{}.key", sender.name);
        self.run(&["openssl", "dgst", "-sha256", "-sign", &key, "-out", "signature", "signed"]);
        let certificate = Certificate::parse(&sender.certificate).unwrap();
        let sha256 = asn1::algorithm(SHA256);
        let signer = asn1::sequence(&[
            &asn1::integer(1),
            &asn1::sequence(&[certificate.issuer, &asn1::element_of(asn1::INTEGER, &[certificate.serial])]),
            &sha256,
            &asn1::element_of(asn1::CONTEXT_0, &[asn1::only(&signed, asn1::SET).unwrap().body]),
            &asn1::algorithm(RSA),
            &asn1::octets(&std::fs::read(self.file("signature")).unwrap()),
        ]);
        let message = asn1::sequence(&[
            &asn1::integer(1),
            &asn1::element_of(asn1::SET, &[&sha256]),
            &asn1::sequence(&[&data, &asn1::element_of(asn1::CONTEXT_0, &[&asn1::octets(envelope)])]),
            &asn1::element_of(asn1::CONTEXT_0, &[&sender.certificate]),
            &asn1::element_of(asn1::SET, &[&signer]),
        ]);
        asn1::sequence(&[&asn1::oid(SIGNED), &asn1::element_of(asn1::CONTEXT_0, &[&message])])
    }

    /// What is said to a message that gets an answer.
    #[track_caller]
    pub fn said(&self, sender: &Sender, message: &[u8]) -> Said {
        let answer = self.post(message);
        assert_eq!((answer.status, answer.header("Content-Type")), (200, Some("application/x-pki-message")));
        sender.read(&answer.body)
    }

    /// PKCSReq with this request.
    #[track_caller]
    pub fn asks(&self, sender: &Sender, ra: &[u8], csr: &[u8]) -> Said {
        self.said(sender, &sender.message(b"19", b"1", ra, csr))
    }
}

fn attributes(kind: &[u8], transaction: &[u8]) -> Vec<Vec<u8>> {
    let printable = |text: &[u8]| asn1::element_of(asn1::PRINTABLE, &[text]);
    vec![
        cms::new_attribute(TYPE, &printable(kind)),
        cms::new_attribute(TRANSACTION, &printable(transaction)),
        cms::new_attribute(NONCE, &asn1::octets(&[7; 16])),
    ]
}

pub fn envelope(content: &[u8], ra: &[u8]) -> Vec<u8> {
    cms::seal(content, &Certificate::parse(ra).unwrap(), Cipher::Aes128).unwrap()
}

impl Sender {
    pub fn message(&self, kind: &[u8], transaction: &[u8], ra: &[u8], content: &[u8]) -> Vec<u8> {
        self.signed(kind, transaction, &envelope(content, ra))
    }

    pub fn signed(&self, kind: &[u8], transaction: &[u8], envelope: &[u8]) -> Vec<u8> {
        let key = KeyPair::from_pkcs8(&self.pkcs8).unwrap();
        let certificate = Certificate::parse(&self.certificate).unwrap();
        cms::sign(&key, &certificate, Some(envelope), attributes(kind, transaction)).unwrap()
    }

    pub fn read(&self, answer: &[u8]) -> Said {
        let signed = Signed::parse(answer).unwrap();
        signed.verified().unwrap();
        let text = |id: &[u8]| {
            let value = signed.attribute(id).unwrap().map(|value| value.body.to_vec()).unwrap_or_default();
            String::from_utf8(value).unwrap()
        };
        let content = (!signed.content.is_empty()).then(|| {
            let key = Pkcs1PrivateDecryptingKey::new(PrivateDecryptingKey::from_pkcs8(&self.pkcs8).unwrap()).unwrap();
            cms::open(signed.content, &key, &Certificate::parse(&self.certificate).unwrap()).unwrap().content.to_vec()
        });
        Said { status: text(STATUS), info: text(FAIL_INFO), content }
    }

    /// The same key with a certificate that it was issued.
    pub fn holding(self, certificate: Vec<u8>) -> Sender {
        Sender { certificate, ..self }
    }
}

/// The first certificate of a certs-only message.
pub fn first_certificate(der: &[u8]) -> Vec<u8> {
    let mut data = Reader::new(der).open(asn1::SEQUENCE).unwrap();
    data.any().unwrap();
    let mut data = data.open(asn1::CONTEXT_0).unwrap().open(asn1::SEQUENCE).unwrap();
    for _ in 0..3 {
        data.any().unwrap();
    }
    data.open(asn1::CONTEXT_0).unwrap().any().unwrap().raw.to_vec()
}
