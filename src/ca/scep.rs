//! SCEP (RFC 8894): the messages. Who may have a certificate is decided elsewhere; nothing here reads a database.
//!
//! A message is signed by who sends it and enveloped for the CA. [`Message::read`] takes the outside apart, which
//! anybody can do; [`Message::open`] needs the CA's key, and all that can be wrong from there on has one name.

use super::Registration;
use super::asn1::{self, INTEGER, Malformed, OCTET_STRING, PRINTABLE, SEQUENCE};
use super::cms::{self, Certificate, Cipher, Signed};
use super::signature::Digest;
use x509_parser::asn1_rs::oid;
use zeroize::Zeroizing;

const MESSAGE_TYPE: &[u8] = &oid!(raw 2.16.840.1.113733.1.9.2);
const PKI_STATUS: &[u8] = &oid!(raw 2.16.840.1.113733.1.9.3);
const FAIL_INFO: &[u8] = &oid!(raw 2.16.840.1.113733.1.9.4);
const SENDER_NONCE: &[u8] = &oid!(raw 2.16.840.1.113733.1.9.5);
const RECIPIENT_NONCE: &[u8] = &oid!(raw 2.16.840.1.113733.1.9.6);
const TRANSACTION: &[u8] = &oid!(raw 2.16.840.1.113733.1.9.7);

/// What the CA can do, one word a line (RFC 8894 §3.5.2). strongSwan 5.9.8 takes its own defaults, SHA-256 and AES, for
/// understood only where it finds SHA-384 too.
pub const CAPABILITIES: &str = "AES\nDES3\nSHA-256\nSHA-384\nSHA-512\nSHA-1\nPOSTPKIOperation\nRenewal\nSCEPStandard\n";

/// And this while there is a next CA.
pub const NEXT: &str = "GetNextCACert\n";

/// A request of some kilobytes; more is nobody's.
pub const LARGEST: usize = 64 * 1024;
const LONGEST_TRANSACTION: usize = 128;
const LONGEST_NONCE: usize = 64;

/// What a URL asks for, whatever its path: vendors have made `…/mscep.dll`, `…/pkiclient.exe` and nothing out of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    Capabilities,
    CaCertificates,
    NextCaCertificates,
    /// With the message when it came in the URL.
    Message(Option<Vec<u8>>),
    /// `operation=` anything else.
    Unknown,
}

impl Operation {
    /// `None`: the query does not speak SCEP.
    pub fn of_query(query: &str) -> Option<Operation> {
        let value = |name: &str| {
            let of = |pair: &'_ str| {
                pair.split_once('=').filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, v)| v.to_owned())
            };
            query.split('&').find_map(of)
        };
        Some(match value("operation")?.to_ascii_lowercase().as_str() {
            "getcacaps" => Operation::Capabilities,
            "getcacert" => Operation::CaCertificates,
            "getnextcacert" => Operation::NextCaCertificates,
            "pkioperation" => {
                match value("message").filter(|message| !message.is_empty()).map(|message| from_url(&message)) {
                    Some(None) => Operation::Unknown,
                    Some(message) => Operation::Message(message),
                    None => Operation::Message(None),
                }
            }
            _ => Operation::Unknown,
        })
    }

    pub fn word(&self) -> &'static str {
        match self {
            Operation::Capabilities => "GetCACaps",
            Operation::CaCertificates => "GetCACert",
            Operation::NextCaCertificates => "GetNextCACert",
            Operation::Message(_) => "PKIOperation",
            Operation::Unknown => "",
        }
    }
}

/// Base64 as clients put it into a URL: `+` as it is, as `%2B`, or as the blank that a library made of it.
fn from_url(message: &str) -> Option<Vec<u8>> {
    let mut text = Vec::with_capacity(message.len());
    let mut bytes = message.bytes();
    while let Some(byte) = bytes.next() {
        let byte = match byte {
            b'%' => {
                let pair = [bytes.next()?, bytes.next()?];
                u8::from_str_radix(std::str::from_utf8(&pair).ok()?, 16).ok()?
            }
            byte => byte,
        };
        match byte {
            b'\r' | b'\n' | b'\t' => {}
            b' ' => text.push(b'+'),
            byte => text.push(byte),
        }
    }
    super::est::request(&text).ok()
}

/// RFC 8894 §3.2.1.2. Every other number is refused (CVE-2026-30836: one that was read and not handled).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Renewal,
    Request,
    Poll,
    GetCertificate,
    GetCrl,
}

const KINDS: &[(Kind, &[u8], &str)] = &[
    (Kind::Renewal, b"17", "RenewalReq"),
    (Kind::Request, b"19", "PKCSReq"),
    (Kind::Poll, b"20", "CertPoll"),
    (Kind::GetCertificate, b"21", "GetCert"),
    (Kind::GetCrl, b"22", "GetCRL"),
];

impl Kind {
    pub fn word(self) -> &'static str {
        KINDS.iter().find(|(kind, ..)| *kind == self).map_or("", |(.., word)| word)
    }
}

/// RFC 8894 §3.2.1.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailInfo {
    Algorithm,
    MessageCheck,
    Request,
    CertificateId,
}

impl FailInfo {
    fn code(self) -> &'static [u8] {
        match self {
            FailInfo::Algorithm => b"0",
            FailInfo::MessageCheck => b"1",
            FailInfo::Request => b"2",
            FailInfo::CertificateId => b"4",
        }
    }
}

/// What the CA says.
#[derive(Debug)]
pub enum Answer {
    /// Certificates or a revocation list, as [`cms::certs_only`] writes them.
    Success(Vec<u8>),
    Pending,
    Failure(FailInfo),
}

/// A pkiMessage whose outside is understood.
#[derive(Debug)]
pub struct Message {
    /// `None`: a type that no client sends.
    pub kind: Option<Kind>,
    pub transaction: Vec<u8>,
    sender_nonce: Vec<u8>,
    /// The certificate of whoever signed; whether it is worth anything is for others to say.
    pub signer: Vec<u8>,
    /// `None`: one that is not known here.
    pub digest: Option<Digest>,
    /// Whether the signature is good.
    pub is_authentic: bool,
    envelope: Vec<u8>,
    cipher: Option<Cipher>,
}

impl Message {
    /// `Err`: not even a message to which an answer could be written.
    pub fn read(bytes: &[u8]) -> asn1::Result<Message> {
        if bytes.len() > LARGEST {
            return Err(Malformed);
        }
        let der = asn1::normalise(bytes)?;
        let signed = Signed::parse(&der)?;
        let value = |id: &[u8], tag, most: usize| {
            let value = signed.attribute(id)?.map(|value| (value.tag, value.body));
            match value {
                None => Ok(None),
                Some((found, body)) if found == tag && body.len() <= most => Ok(Some(body.to_vec())),
                Some(_) => Err(Malformed),
            }
        };
        let kind = value(MESSAGE_TYPE, PRINTABLE, 16)?.ok_or(Malformed)?;
        let transaction = value(TRANSACTION, PRINTABLE, LONGEST_TRANSACTION)?.ok_or(Malformed)?;
        let sender_nonce = value(SENDER_NONCE, OCTET_STRING, LONGEST_NONCE)?.unwrap_or_default();
        let verified = signed.verified();
        let signer = verified.or(signed.certificates.first().copied()).ok_or(Malformed)?.der.to_vec();
        Ok(Message {
            kind: KINDS.iter().find(|(_, number, _)| *number == kind).map(|(kind, ..)| *kind),
            transaction,
            sender_nonce,
            signer,
            digest: signed.digest,
            is_authentic: verified.is_some(),
            envelope: signed.content.to_vec(),
            cipher: None,
        })
    }

    /// What only the CA can read. One failure for everything that can be wrong.
    pub fn open(&mut self, keys: &Registration) -> asn1::Result<Zeroizing<Vec<u8>>> {
        let certificate = Certificate::parse(&keys.der)?;
        let envelope = Zeroizing::new(asn1::normalise(&self.envelope)?);
        let opened = cms::open(&envelope, &keys.decrypt, &certificate)?;
        self.cipher = Some(opened.cipher);
        Ok(opened.content)
    }

    /// Whether a success can be written: it is enveloped for the key that signed. Tried, so that nothing is begun that
    /// cannot be answered.
    pub fn takes_success(&self) -> bool {
        Certificate::parse(&self.signer).is_ok_and(|signer| cms::seal(&[], &signer, Cipher::Aes128).is_some())
    }

    /// The CertRep. A success can only be written once the request was opened: it is enveloped the same way.
    pub fn answer(&self, keys: &Registration, answer: &Answer) -> Option<Vec<u8>> {
        let printable = |text: &[u8]| asn1::element_of(PRINTABLE, &[text]);
        let nonce: [u8; 16] = crate::seal::random().ok()?;
        let mut attributes = vec![
            cms::new_attribute(MESSAGE_TYPE, &printable(b"3")),
            cms::new_attribute(TRANSACTION, &printable(&self.transaction)),
            cms::new_attribute(SENDER_NONCE, &asn1::octets(&nonce)),
            cms::new_attribute(RECIPIENT_NONCE, &asn1::octets(&self.sender_nonce)),
        ];
        let mut status = |code: &[u8]| attributes.push(cms::new_attribute(PKI_STATUS, &printable(code)));
        let envelope = match answer {
            Answer::Success(content) => {
                status(b"0");
                Some(cms::seal(content, &Certificate::parse(&self.signer).ok()?, self.cipher?)?)
            }
            Answer::Pending => {
                status(b"3");
                None
            }
            Answer::Failure(info) => {
                status(b"2");
                attributes.push(cms::new_attribute(FAIL_INFO, &printable(info.code())));
                None
            }
        };
        cms::sign(&keys.sign, &Certificate::parse(&keys.der).ok()?, envelope.as_deref(), attributes)
    }
}

/// The serial number in an IssuerAndSerialNumber that names this issuer: what GetCert and GetCRL ask for.
pub fn asked_serial(der: &[u8], issuer: &Certificate) -> Option<Vec<u8>> {
    let mut parts = asn1::only(der, SEQUENCE).ok()?.inside();
    let name = parts.expect(SEQUENCE).ok()?.raw;
    let serial = parts.expect(INTEGER).ok()?.body.to_vec();
    (name == issuer.subject).then_some(serial)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ca::csr::Csr;
    use aws_lc_rs::rsa::{KeyPair, Pkcs1PrivateDecryptingKey, PrivateDecryptingKey};
    use proptest::prelude::*;
    use std::sync::LazyLock;

    const CA: &[u8] = include_bytes!("../../tests/fixtures/scep/ca.der");
    const KEY: &[u8] = include_bytes!("../../tests/fixtures/scep/ca.key.der");
    const RECORDED: [(&[u8], Cipher, Digest); 3] = [
        (include_bytes!("../../tests/fixtures/scep/strongswan-aes.der"), Cipher::Aes128, Digest::Sha256),
        (include_bytes!("../../tests/fixtures/scep/strongswan-3des-sha1.der"), Cipher::TripleDes, Digest::Sha1),
        (include_bytes!("../../tests/fixtures/scep/scepclient-des-ber.der"), Cipher::Des, Digest::Sha1),
    ];

    static KEYS: LazyLock<Registration> = LazyLock::new(|| Registration {
        der: CA.to_vec(),
        chain: Vec::new(),
        decrypt: Pkcs1PrivateDecryptingKey::new(PrivateDecryptingKey::from_pkcs8(KEY).unwrap()).unwrap(),
        sign: KeyPair::from_pkcs8(KEY).unwrap(),
    });

    #[test]
    fn recorded_messages_of_real_clients_are_read() {
        for (bytes, cipher, digest) in RECORDED {
            let mut message = Message::read(bytes).unwrap();
            assert!(message.is_authentic);
            assert_eq!((message.kind, message.digest), (Some(Kind::Request), Some(digest)));
            let csr = Csr::parse(&message.open(&KEYS).unwrap(), false).unwrap();
            assert_eq!(message.cipher, Some(cipher));
            assert_eq!(csr.challenge.unwrap().reveal(), "geheim");
            assert!(csr.names.iter().any(|name| name == "805ec0aabb01"), "{:?}", csr.names);
            assert_eq!(csr.spki, Certificate::parse(&message.signer).unwrap().spki);
        }
    }

    #[test]
    fn a_message_in_a_url_is_read_however_its_plus_was_written() {
        let message = Some(vec![0x30, 3, 2, 1, 0xfb]);
        for written in ["MAMCAfs=", "MAMCAfs%3D", "MAMC%0AAfs%3d", "MAMCAfs"] {
            let query = format!("operation=PKIOperation&message={written}");
            assert_eq!(Operation::of_query(&query), Some(Operation::Message(message.clone())), "{written}");
        }
        for plus in ["+", " ", "%2B", "%20"] {
            assert_eq!(from_url(&format!("MAM{plus}")), Some(vec![0x30, 3, 0x3e]), "{plus}");
        }
        assert_eq!(Operation::of_query("Operation=GetCACert&message=CAIdentifier"), Some(Operation::CaCertificates));
        assert_eq!(Operation::of_query("operation=GetNextCACert"), Some(Operation::NextCaCertificates));
        assert_eq!(Operation::of_query("operation=PKIOperation"), Some(Operation::Message(None)));
        for query in [
            "operation=",
            "operation=GetNextCA",
            "operation=PKIOperation&message=%",
            "operation=PKIOperation&message=%zz",
        ] {
            assert_eq!(Operation::of_query(query), Some(Operation::Unknown), "{query}");
        }
        assert_eq!(Operation::of_query("mac=000413aabbcc"), None);
    }

    #[test]
    fn an_answer_is_signed_and_enveloped_as_it_was_asked() {
        let mut message = Message::read(RECORDED[0].0).unwrap();
        assert!(message.answer(&KEYS, &Answer::Success(Vec::new())).is_none(), "nothing to envelope with yet");
        message.open(&KEYS).unwrap();
        let content = cms::certs_only(&[CA], &[]);
        for (answer, status, is_empty) in [
            (Answer::Success(content), b"0", false),
            (Answer::Pending, b"3", true),
            (Answer::Failure(FailInfo::Request), b"2", true),
        ] {
            let bytes = message.answer(&KEYS, &answer).unwrap();
            let signed = Signed::parse(&bytes).unwrap();
            assert_eq!(signed.verified().unwrap().der, CA);
            assert_eq!(signed.attribute(PKI_STATUS).unwrap().unwrap().body, status);
            assert_eq!(signed.attribute(TRANSACTION).unwrap().unwrap().body, message.transaction);
            assert_eq!(signed.attribute(RECIPIENT_NONCE).unwrap().unwrap().body, message.sender_nonce);
            assert_eq!(signed.content.is_empty(), is_empty);
        }
    }

    /// All that an attacker can do with a message: it is read as it was, or it is not authentic, or nothing opens.
    fn survives(bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let mut message = Message::read(bytes).ok()?;
        let opened = message.open(&KEYS).ok()?;
        let _ = Csr::parse(&opened, true);
        message.is_authentic.then_some(opened)
    }

    #[test]
    fn threat_082_a_message_cut_anywhere_is_nothing() {
        for (bytes, ..) in RECORDED {
            assert!(survives(bytes).is_some());
            for cut in 0..bytes.len() {
                assert!(Message::read(&bytes[..cut]).is_err(), "cut at {cut}");
            }
        }
    }

    #[test]
    fn threat_082_a_thousand_recipients_and_the_wrong_one_are_one_failure() {
        let message = Message::read(RECORDED[0].0).unwrap();
        let certificate = Certificate::parse(CA).unwrap();
        let opened = |envelope: Vec<u8>| {
            let mut message = Message::read(RECORDED[0].0).unwrap();
            message.envelope = envelope;
            message.open(&KEYS).map(|content| content.to_vec())
        };
        let text = b"a certificate request";
        assert_eq!(opened(cms::seal(text, &certificate, Cipher::Aes256).unwrap()).as_deref(), Ok(&text[..]));
        let stranger = Certificate::parse(&message.signer).unwrap();
        let wrong = || opened(cms::seal(text, &stranger, Cipher::Aes256).unwrap());
        // The wrong key opens nothing, and the random one in its place finds a fitting end once in 256 times.
        let wrong = [wrong(), wrong(), wrong(), wrong(), wrong(), wrong(), wrong(), wrong()];
        assert!(wrong.contains(&Err(Malformed)));
        assert!(!wrong.iter().flatten().any(|content| content == text));
        let one = asn1::sequence(&[&asn1::integer(0)]);
        let many = asn1::sequence(&[&asn1::integer(0), &asn1::element_of(asn1::SET, &[&one.repeat(1_000)])]);
        let enveloped = oid!(raw 1.2.840.113549.1.7.3);
        let info = asn1::sequence(&[&asn1::oid(&enveloped), &asn1::element_of(asn1::CONTEXT_0, &[&many])]);
        assert_eq!(opened(info), Err(Malformed));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// T82, and the fuzz target of the SCEP message: bytes changed, put in and taken out of real messages.
        #[test]
        fn threat_082_a_changed_message_is_never_authentic_and_different(
            which in 0..RECORDED.len(),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3u8), 1..6),
        ) {
            let (original, ..) = RECORDED[which];
            let mut bytes = original.to_vec();
            for (place, value, how) in changes {
                let place = place.index(bytes.len());
                match how {
                    0 => bytes[place] = value,
                    1 => bytes.insert(place, value),
                    _ => drop(bytes.remove(place)),
                }
            }
            if let Some(opened) = survives(&bytes) {
                prop_assert_eq!(Some(opened), survives(original));
            }
        }

        /// The same inside the envelope: what the CA's key opened is no more trusted than what came.
        #[test]
        fn threat_082_a_changed_request_never_proves_its_key(place in any::<prop::sample::Index>(), value in any::<u8>()) {
            let mut message = Message::read(RECORDED[0].0).unwrap();
            let mut bytes = message.open(&KEYS).unwrap().to_vec();
            let original = Csr::parse(&bytes, true).unwrap();
            let place = place.index(bytes.len());
            bytes[place] = value;
            // The parameters of the signature's algorithm mean nothing and are not signed.
            if let Ok(changed) = Csr::parse(&bytes, true) {
                prop_assert_eq!((changed.spki, changed.names), (original.spki, original.names));
            }
        }
    }
}
