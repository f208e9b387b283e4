//! T100, and the fuzz targets of this domain: what strangers send is taken apart as DER, changed where it has its joints, and
//! signed and enveloped again where that lets it in deeper. Bounded: seconds each here, `PHONEBOX_FUZZ_SECONDS` for more. A
//! failure names the seed that leads to it again: `PHONEBOX_FUZZ_SEED`.

use crate::ca::enrollment::clients::site;
use phonebox::ca::cms::{self, Certificate, Cipher};
use phonebox::ca::csr::Csr;
use phonebox::ca::scep::{Answer, FailInfo, Message};
use phonebox::ca::{Ca, Registration, asn1, client, device_ca};
use phonebox::clock;
use phonebox::net::Mac;
use phonebox::vendors::{Evidence, identify};
use std::time::{Duration, Instant};

const CA: &[u8] = include_bytes!("../../fixtures/scep/ca.der");
const KEY: &[u8] = include_bytes!("../../fixtures/scep/ca.key.der");
const RECORDED: [&[u8]; 3] = [
    include_bytes!("../../fixtures/scep/strongswan-aes.der"),
    include_bytes!("../../fixtures/scep/strongswan-3des-sha1.der"),
    include_bytes!("../../fixtures/scep/scepclient-des-ber.der"),
];

const KINDS: [&[u8]; 5] = [b"17", b"19", b"20", b"21", b"22"];

fn registration() -> Registration {
    use aws_lc_rs::rsa::{KeyPair, Pkcs1PrivateDecryptingKey, PrivateDecryptingKey};
    Registration {
        der: CA.to_vec(),
        chain: Vec::new(),
        decrypt: Pkcs1PrivateDecryptingKey::new(PrivateDecryptingKey::from_pkcs8(KEY).unwrap()).unwrap(),
        sign: KeyPair::from_pkcs8(KEY).unwrap(),
    }
}

/// Random enough, and the same for the same seed.
pub struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, most: usize) -> usize {
        (self.next() % most.max(1) as u64) as usize
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// Runs one case after the other, each with a seed of its own.
fn bounded(mut one: impl FnMut(&mut Dice)) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    if let Some(seed) = number("PHONEBOX_FUZZ_SEED") {
        return one(&mut Dice(seed));
    }
    let end = Instant::now() + Duration::from_secs(number("PHONEBOX_FUZZ_SECONDS").unwrap_or(3));
    let first = clock::now() as u64;
    let mut cases = 0;
    while Instant::now() < end || cases < 50 {
        cases += 1;
        let seed = (first + cases).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let ran = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| one(&mut Dice(seed))));
        if let Err(cause) = ran {
            eprintln!("PHONEBOX_FUZZ_SEED={seed}");
            std::panic::resume_unwind(cause);
        }
    }
    eprintln!("{cases} cases");
}

/// DER as a tree; what an OCTET STRING holds is part of it where it is DER too.
#[derive(Clone, Debug)]
enum Node {
    Leaf(u8, Vec<u8>),
    Branch(u8, Vec<Node>),
}

fn tree(bytes: &[u8], depth: usize) -> Option<Vec<Node>> {
    let mut rest = bytes;
    let mut nodes = Vec::new();
    while let [tag, after @ ..] = rest {
        let (length, head) = match after {
            [short @ 0..=0x7f, ..] => (usize::from(*short), 1),
            [0x81, one, ..] => (usize::from(*one), 2),
            [0x82, one, two, ..] => (usize::from(*one) << 8 | usize::from(*two), 3),
            _ => return None,
        };
        let body = after.get(head..head + length)?;
        rest = &after[head + length..];
        let inside = (depth < 20 && (tag & 0x20 != 0 || *tag == 4) && !body.is_empty()).then(|| tree(body, depth + 1));
        nodes.push(match inside.flatten() {
            Some(inside) => Node::Branch(*tag, inside),
            None => Node::Leaf(*tag, body.to_vec()),
        });
    }
    Some(nodes)
}

impl Node {
    fn count(&self) -> usize {
        match self {
            Node::Leaf(..) => 1,
            Node::Branch(_, inside) => 1 + inside.iter().map(Node::count).sum::<usize>(),
        }
    }

    /// The node of this number, counted from the top.
    fn at(&mut self, number: usize) -> Option<&mut Node> {
        if number == 0 {
            return Some(self);
        }
        let Node::Branch(_, inside) = self else { return None };
        let mut left = number - 1;
        for node in inside {
            let count = node.count();
            if left < count {
                return node.at(left);
            }
            left -= count;
        }
        None
    }

    fn write(&self, dice: &mut Dice, sloppy: bool, out: &mut Vec<u8>) {
        let mut body = Vec::new();
        let tag = match self {
            Node::Leaf(tag, bytes) => {
                body.extend_from_slice(bytes);
                *tag
            }
            Node::Branch(tag, inside) => {
                inside.iter().for_each(|node| node.write(dice, sloppy, &mut body));
                *tag
            }
        };
        out.push(tag);
        // BER's other ways to say how long it is, and lies.
        match if sloppy { dice.below(60) } else { 60 } {
            0 => {
                out.push(0x80);
                out.extend(&body);
                return out.extend([0, 0]);
            }
            1 => out.extend([0x84, 0, 0, (body.len() >> 8) as u8, body.len() as u8]),
            2 => out.extend([0x84, 0x40, 0, 0, 0]),
            3 => out.push(body.len().wrapping_add(1) as u8 & 0x7f),
            _ => match body.len() {
                short @ 0..=0x7f => out.push(short as u8),
                one @ 0x80..=0xff => out.extend([0x81, one as u8]),
                two => out.extend([0x82, (two >> 8) as u8, two as u8]),
            },
        }
        out.extend(body);
    }
}

const TAGS: [u8; 14] = [1, 2, 3, 4, 5, 6, 0x0c, 0x13, 0x1e, 0x30, 0x31, 0xa0, 0xa3, 0x80];

/// One change at a joint.
fn change(root: &mut Node, dice: &mut Dice) {
    let count = root.count();
    let other = root.at(dice.below(count)).cloned();
    let Some(node) = root.at(dice.below(count)) else { return };
    match (dice.below(9), &mut *node) {
        (0, Node::Branch(_, inside)) if !inside.is_empty() => drop(inside.remove(dice.below(inside.len()))),
        (1, Node::Branch(_, inside)) if !inside.is_empty() => {
            let twin = dice.of(inside).clone();
            inside.push(twin);
        }
        (2, Node::Branch(_, inside)) if inside.len() > 1 => {
            let (one, two) = (dice.below(inside.len()), dice.below(inside.len()));
            inside.swap(one, two);
        }
        (3, Node::Branch(tag, _) | Node::Leaf(tag, _)) => *tag = *dice.of(&TAGS),
        (4, node) => *node = other.unwrap_or(Node::Leaf(5, Vec::new())),
        (5, node) => {
            let mut deep = node.clone();
            for _ in 0..dice.below(200) {
                deep = Node::Branch(0x30, vec![deep]);
            }
            *node = deep;
        }
        (6, Node::Leaf(_, body)) => {
            let sizes = [0, 1, 2, 127, 128, 300, 5_000];
            *body = vec![*dice.of(&[0, 1, 0x7f, 0x80, 0xff]); *dice.of(&sizes)];
        }
        (_, Node::Leaf(_, body)) if !body.is_empty() => {
            let place = dice.below(body.len());
            body[place] = dice.next() as u8;
            if dice.below(4) == 0 {
                body.truncate(place);
            }
        }
        _ => {}
    }
}

/// Some changes to one element.
fn changed(der: &[u8], dice: &mut Dice) -> Vec<u8> {
    let Some(mut root) = tree(der, 0).and_then(|mut nodes| nodes.pop()) else { return der.to_vec() };
    for _ in 0..=dice.below(4) {
        change(&mut root, dice);
    }
    let mut out = Vec::new();
    let sloppy = dice.below(4) == 0;
    root.write(dice, sloppy, &mut out);
    out
}

/// A phone's key and its self-signed certificate.
struct Phone {
    key: aws_lc_rs::rsa::KeyPair,
    certificate: Vec<u8>,
    signing: rcgen::KeyPair,
}

impl Phone {
    fn new() -> Phone {
        let signing = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
        let certificate = rcgen::CertificateParams::new(["phone".to_owned()]).unwrap().self_signed(&signing).unwrap();
        let key = aws_lc_rs::rsa::KeyPair::from_pkcs8(signing.serialized_der()).unwrap();
        Phone { key, certificate: certificate.der().to_vec(), signing }
    }

    fn signs(&self, content: &[u8], kind: &[u8]) -> Vec<u8> {
        use super::enrollment::messages::{NONCE, TRANSACTION, TYPE};
        let printable = |text: &[u8]| asn1::element_of(asn1::PRINTABLE, &[text]);
        let attributes = vec![
            cms::new_attribute(TYPE, &printable(kind)),
            cms::new_attribute(TRANSACTION, &printable(b"7")),
            cms::new_attribute(NONCE, &asn1::octets(&[7; 16])),
        ];
        cms::sign(&self.key, &Certificate::parse(&self.certificate).unwrap(), Some(content), attributes).unwrap()
    }

    /// A request with these inner parts, signed as it stands.
    fn request(&self, info: &[u8]) -> Vec<u8> {
        use rcgen::SigningKey;
        let signature = self.signing.sign(info).unwrap();
        let sha256 = asn1::algorithm(&x509_parser::asn1_rs::oid!(raw 1.2.840.113549.1.1.11));
        asn1::sequence(&[info, &sha256, &asn1::element_of(asn1::BIT_STRING, &[&[0], &signature])])
    }

    /// What is signed in an honest request, with a challenge and alternative names.
    fn info(&self) -> Vec<u8> {
        let mut params = rcgen::CertificateParams::new(["805ec0aabb01".to_owned()]).unwrap();
        params.distinguished_name.push(rcgen::DnType::CommonName, "805ec0aabb01");
        let values = asn1::element_of(asn1::PRINTABLE, &[b"wrong"]);
        let attribute =
            rcgen::Attribute { oid: &[1, 2, 840, 113_549, 1, 9, 7], values: asn1::element_of(asn1::SET, &[&values]) };
        let request = params.serialize_request_with_attributes(&self.signing, vec![attribute]).unwrap();
        asn1::only(request.der(), asn1::SEQUENCE).unwrap().inside().expect(asn1::SEQUENCE).unwrap().raw.to_vec()
    }
}

/// The SCEP message as anybody can change it: read, it is what was sent, or it is not authentic.
#[test]
fn threat_100_a_scep_message_changed_at_its_joints_is_read_as_it_was_or_not_at_all() {
    let keys = registration();
    let opened = |bytes: &[u8]| {
        let mut message = Message::read(bytes).ok()?;
        let content = message.open(&keys).ok();
        for answer in
            [Answer::Pending, Answer::Failure(FailInfo::Request), Answer::Success(cms::certs_only(&[CA], &[]))]
        {
            let _ = message.answer(&keys, &answer);
        }
        message.is_authentic.then_some(content?.to_vec())
    };
    let originals = RECORDED.map(|bytes| (asn1::normalise(bytes).unwrap(), opened(bytes).unwrap()));
    bounded(|dice| {
        let (bytes, content) = dice.of(&originals);
        if let Some(found) = opened(&changed(bytes, dice)) {
            assert_eq!(found, *content);
        }
    });
}

/// The same with a signature that is right: what a phone with a key of its own can do.
#[test]
fn threat_100_a_scep_message_rightly_signed_may_hold_anything() {
    let (keys, phone) = (registration(), Phone::new());
    let ca = Certificate::parse(CA).unwrap();
    let info = phone.info();
    bounded(|dice| {
        let inside = match dice.below(3) {
            0 => changed(&phone.request(&info), dice),
            1 => phone.request(&changed(&info, dice)),
            _ => info.clone(),
        };
        let envelope = cms::seal(&inside, &ca, *dice.of(&[Cipher::Aes128, Cipher::TripleDes, Cipher::Des])).unwrap();
        let envelope = if dice.below(2) == 0 { changed(&envelope, dice) } else { envelope };
        let kind = *dice.of(&KINDS);
        let message = phone.signs(&envelope, kind);
        let mut message = Message::read(&message).unwrap();
        assert!(message.is_authentic);
        if let Ok(content) = message.open(&keys) {
            let _ = Csr::parse(&content, true);
            let _ = phonebox::ca::scep::asked_serial(&content, &ca);
        }
        let _ = message.answer(&keys, &Answer::Success(cms::certs_only(&[CA], &[])));
    });
}

/// The request itself, rightly signed: its key is the one that signed, and what it calls itself is text, and not much of it.
#[test]
fn threat_100_a_request_rightly_signed_may_say_anything() {
    let phone = Phone::new();
    let info = phone.info();
    let honest = Csr::parse(&phone.request(&info), false).unwrap();
    assert!(honest.challenge.is_some() && honest.names.iter().any(|name| name == "805ec0aabb01"), "{:?}", honest.names);
    let mut read = 0;
    bounded(|dice| {
        let bytes = phone.request(&changed(&info, dice));
        if let Ok(csr) = Csr::parse(&bytes, false) {
            read += 1;
            // Its algorithm may be written in two ways.
            assert!(csr.spki.ends_with(&honest.spki[24..]));
            assert!(csr.names.len() <= 64);
        }
        let _ = Csr::from_file(&bytes);
        let _ = Csr::from_file(&changed(phonebox::ca::pem::block("CERTIFICATE REQUEST", &bytes).as_bytes(), dice));
    });
    assert!(read > 0, "some changes leave a request");
}

const PIECES: [&str; 30] = [
    "CN=",
    "/CN=",
    "O=",
    ",O=",
    "L=",
    "serialNumber=",
    "OU=",
    " ",
    ",",
    ", ",
    "/",
    "+",
    "=",
    "\"",
    "\\",
    "#",
    "SEP",
    "SEP805EC0AABB01",
    "805ec0aabb01",
    "80:5E:C0:AA:BB:01",
    "80-5e-c0-aa-bb-02",
    "805e.c0aa.bb01",
    "MAC: ",
    "Serial: ",
    "SPA-525G2, MAC: 805EC0AABB01, Serial: CBT141400UK",
    "Yealink",
    "\u{0}",
    "ü",
    "\u{202e}",
    "000413",
];

/// The subject of a client's certificate: whatever stands in it, a MAC that is found stands in it, digit by digit.
#[test]
fn threat_100_a_subject_names_a_mac_that_stands_in_it_or_none() {
    bounded(|dice| {
        let mut dn = Vec::new();
        for _ in 0..dice.below(9) {
            match dice.below(8) {
                0 => dn.extend((0..dice.below(20)).map(|_| dice.next() as u8)),
                _ => dn.extend(dice.of(&PIECES).bytes()),
            }
        }
        let identity = identify(&Evidence { client_cert_dn: Some(&dn), ..Evidence::default() });
        let digits: String = dn
            .iter()
            .map(|byte| *byte as char)
            .filter(char::is_ascii_hexdigit)
            .collect::<String>()
            .to_ascii_lowercase();
        for mac in identity.mac.into_iter().chain(identity.conflict) {
            assert!(digits.contains(&mac.to_string()), "{mac} in {:?}", String::from_utf8_lossy(&dn));
        }
    });
}

/// Certificates, lists and questions about them.
#[test]
fn threat_100_certificates_lists_and_ocsp_questions_may_be_anything() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let made = runtime.block_on(super::tools::made());
    let issued = runtime.block_on(made.issue("001565aabb01", &super::tools::ecdsa()));
    runtime.block_on(made.ca.publish_lists(clock::now())).unwrap();
    let root = made.ca.current().unwrap().root.der().to_vec();
    let list = made.ca.public().get("phonebox-ca.crl").unwrap().bytes.to_vec();
    made.judge(&issued, "sslclient");
    made.write("issuer.pem", made.ca.current().unwrap().issuing.pem());
    made.run(&["openssl", "ocsp", "-issuer", "issuer.pem", "-cert", "leaf.pem", "-reqout", "request.der"]);
    let question = std::fs::read(made.path().join("request.der")).unwrap();
    let clients = phonebox::ca::Clients::new(made.ca.clone());
    let ask = |ca: &Ca, bytes: &[u8]| runtime.block_on(ca.ocsp(bytes, clock::now()));
    bounded(|dice| {
        let leaf = changed(&issued.der, dice);
        let chain = [leaf.as_slice(), issued.chain[0].as_slice()];
        let judged = clients.judge(chain.into_iter(), clock::now()).unwrap().unwrap();
        // What is no longer byte for byte what was signed is nobody's.
        let is_ours = clients.verdict(&judged, chain.into_iter(), clock::now()) == phonebox::ca::Verdict::Ours;
        assert!(!is_ours || leaf == issued.der || judged.holder == Some(Mac::from_u64(0x0015_65aa_bb01).unwrap()));
        let _ = (client::common_name(&chain), Certificate::parse(&leaf));
        if let Ok(ca) = device_ca::certificate(&changed(&root, dice)) {
            let _ = device_ca::list(&changed(&list, dice), &ca);
        }
        let answer = ask(&made.ca, &changed(&question, dice));
        assert_eq!(asn1::only(&answer, asn1::SEQUENCE).map(|_| ()), Ok(()));
    });
}

/// Through the door: a running box answers each of them as RFC 8894 has it, or with 400, and goes on.
#[test]
fn threat_100_a_box_survives_what_rightly_signed_messages_hold() {
    let mut site = site(&[]);
    let ra = site.ra();
    let (phone, ra) = (Phone::new(), Certificate::parse(&ra).unwrap());
    let info = phone.info();
    bounded(|dice| {
        let inside = phone.request(&changed(&info, dice));
        let envelope = cms::seal(&inside, &ra, Cipher::Aes128).unwrap();
        let envelope = if dice.below(3) == 0 { changed(&envelope, dice) } else { envelope };
        let kind = *dice.of(&KINDS);
        let message = phone.signs(&envelope, kind);
        let message = if dice.below(3) == 0 { changed(&message, dice) } else { message };
        let status = site.post(&message).status;
        assert!(matches!(status, 200 | 400 | 413 | 503), "{status}");
    });
    assert!(site.phonebox.is_alive() && site.issued() == 0);
    assert!(!site.phonebox.said().contains("panicked"));
}
