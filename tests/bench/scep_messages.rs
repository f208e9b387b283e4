//! SCEP requests for `tests/bench/run`: for each line `MAC<tab>challenge` of the input one PKCSReq with a key of its own,
//! as base64 for a URL. Making the keys takes most of its time, so that is done before anything is measured.

use aws_lc_rs::rsa::KeyPair;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use phonebox::ca::asn1::{self, PRINTABLE};
use phonebox::ca::cms::{self, Certificate, Cipher};
use rcgen::{Attribute, CertificateParams, DnType, PKCS_RSA_SHA256, RsaKeySize};
use std::io::BufRead;
use x509_parser::asn1_rs::oid;

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

const TYPE: &[u8] = &oid!(raw 2.16.840.1.113733.1.9.2);
const NONCE: &[u8] = &oid!(raw 2.16.840.1.113733.1.9.5);
const TRANSACTION: &[u8] = &oid!(raw 2.16.840.1.113733.1.9.7);
const CHALLENGE: &[u64] = &[1, 2, 840, 113_549, 1, 9, 7];

fn message(ra: &Certificate, mac: &str, challenge: &str) -> Outcome<Vec<u8>> {
    let key = rcgen::KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?;
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, mac);
    let printable = |text: &str| asn1::element_of(PRINTABLE, &[text.as_bytes()]);
    let challenge = Attribute { oid: CHALLENGE, values: asn1::element_of(asn1::SET, &[&printable(challenge)]) };
    let csr = params.serialize_request_with_attributes(&key, vec![challenge])?;
    let own = params.self_signed(&key)?;
    let envelope = cms::seal(csr.der(), ra, Cipher::Aes128).ok_or("the request cannot be enveloped")?;
    let attributes = vec![
        cms::new_attribute(TYPE, &printable("19")),
        cms::new_attribute(TRANSACTION, &printable(mac)),
        cms::new_attribute(NONCE, &asn1::octets(&[7; 16])),
    ];
    let signing = KeyPair::from_pkcs8(&key.serialize_der())?;
    let own = Certificate::parse(own.der())?;
    cms::sign(&signing, &own, Some(&envelope), attributes).ok_or_else(|| "the message cannot be signed".into())
}

/// `scep_messages RA.der < challenges > messages`
fn main() -> Outcome<()> {
    let ra = std::fs::read(std::env::args().nth(1).ok_or("the RA's certificate, DER, is missing")?)?;
    let lines: Vec<String> = std::io::stdin().lock().lines().collect::<Result<_, _>>()?;
    let threads = std::thread::available_parallelism()?.get();
    let made = std::thread::scope(|scope| {
        let work = |part: usize| {
            let (ra, lines) = (&ra, &lines);
            scope.spawn(move || -> Outcome<Vec<String>> {
                let ra = Certificate::parse(ra)?;
                let mine = lines.iter().skip(part).step_by(threads);
                let one = |line: &String| {
                    let (mac, challenge) = line.split_once('\t').ok_or("a line is MAC, tab, challenge")?;
                    Ok(STANDARD.encode(message(&ra, mac, challenge)?).replace('+', "%2B"))
                };
                mine.map(one).collect()
            })
        };
        let parts: Vec<_> = (0..threads).map(work).collect();
        parts
            .into_iter()
            .map(|part| part.join().unwrap_or_else(|_| Err("a thread ended".into())))
            .collect::<Outcome<Vec<_>>>()
    })?;
    made.concat().iter().for_each(|message| println!("{message}"));
    Ok(())
}
