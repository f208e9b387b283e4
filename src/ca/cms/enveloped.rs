//! EnvelopedData (RFC 5652 §6): RSA key transport and CBC, as every SCEP client sends it.
//!
//! Neither the padding of the key nor that of the content may be told apart from outside (Bleichenbacher, CBC padding
//! oracle): a key that does not open is replaced by a random one and the work goes on (RFC 3218 §2.3.2); whatever is
//! wrong in the end is one and the same failure.

use super::{Certificate, DATA, ENVELOPED, content, content_info};
use crate::ca::asn1::{
    self, CONTEXT_0, Element, INTEGER, Malformed, OCTET_STRING, OID, PRIMITIVE_0, Reader, SEQUENCE, SET,
};
use crate::ca::{rsa, signature};
use aws_lc_rs::cipher::{
    self, DecryptionContext, PaddedBlockDecryptingKey, PaddedBlockEncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::rand;
use aws_lc_rs::rsa::{Pkcs1PrivateDecryptingKey, Pkcs1PublicEncryptingKey, PublicEncryptingKey};
use x509_parser::asn1_rs::oid;
use zeroize::Zeroizing;

const RECIPIENTS: usize = 16;
const LONGEST_KEY: usize = 32;

/// How the content is encrypted. An answer uses what its request used: the phone has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cipher {
    Des,
    TripleDes,
    Aes128,
    Aes192,
    Aes256,
}

#[allow(deprecated)] // DES: some phones speak nothing else. What it hides is a request that is public once answered.
const CIPHERS: &[(Cipher, &[u8], &cipher::Algorithm, usize)] = &[
    (Cipher::Des, &oid!(raw 1.3.14.3.2.7), &cipher::DES_FOR_LEGACY_USE_ONLY, 8),
    (Cipher::TripleDes, &oid!(raw 1.2.840.113549.3.7), &cipher::DES_EDE3_FOR_LEGACY_USE_ONLY, 24),
    (Cipher::Aes128, &oid!(raw 2.16.840.1.101.3.4.1.2), &cipher::AES_128, 16),
    (Cipher::Aes192, &oid!(raw 2.16.840.1.101.3.4.1.22), &cipher::AES_192, 24),
    (Cipher::Aes256, &oid!(raw 2.16.840.1.101.3.4.1.42), &cipher::AES_256, 32),
];

#[derive(Debug)]
pub struct Opened {
    pub content: Zeroizing<Vec<u8>>,
    pub cipher: Cipher,
}

/// Opens what was enveloped for the holder of `certificate`. DER, as [`asn1::normalise`] makes it.
pub fn open(der: &[u8], key: &Pkcs1PrivateDecryptingKey, certificate: &Certificate) -> asn1::Result<Opened> {
    let mut data = content(der, ENVELOPED)?;
    data.expect(INTEGER)?;
    data.optional(CONTEXT_0)?;
    let recipients = data.open(SET)?.all(RECIPIENTS)?;
    let mut info = data.open(SEQUENCE)?;
    if info.expect(OID)?.body != DATA {
        return Err(Malformed);
    }
    let mut algorithm = info.open(SEQUENCE)?;
    let id = algorithm.expect(OID)?.body;
    let (cipher, _, algorithm, size, iv) = CIPHERS
        .iter()
        .find(|(_, known, ..)| *known == id)
        .map(|(cipher, id, aws, size)| Ok((*cipher, *id, *aws, *size, algorithm.expect(OCTET_STRING)?.body)))
        .ok_or(Malformed)??;
    let mut sealed = encrypted(info)?;
    let mine = recipients.into_iter().find_map(|recipient| encrypted_key(recipient, certificate)).unwrap_or_default();
    let content_key = content_key(key, mine, size)?;
    let key = UnboundCipherKey::new(algorithm, content_key.get(..size).ok_or(Malformed)?).map_err(|_| Malformed)?;
    let key = PaddedBlockDecryptingKey::cbc_pkcs7(key).map_err(|_| Malformed)?;
    let content = key.decrypt(&mut sealed, context(iv)?).map_err(|_| Malformed)?.to_vec();
    Ok(Opened { content: Zeroizing::new(content), cipher })
}

/// An OCTET STRING tagged `[0]` implicitly, also when it came in pieces.
fn encrypted(mut info: Reader) -> asn1::Result<Zeroizing<Vec<u8>>> {
    let sealed = info.any()?;
    Ok(Zeroizing::new(match sealed.tag {
        PRIMITIVE_0 => sealed.body.to_vec(),
        CONTEXT_0 => asn1::joined(sealed.body, OCTET_STRING)?,
        _ => return Err(Malformed),
    }))
}

/// The encrypted key of a KeyTransRecipientInfo that names this certificate.
fn encrypted_key<'a>(recipient: Element<'a>, certificate: &Certificate) -> Option<&'a [u8]> {
    let mut info = recipient.inside();
    info.expect(INTEGER).ok()?;
    let is_ours = recipient.tag == SEQUENCE && certificate.is_named(info.any().ok()?);
    let is_rsa = info.open(SEQUENCE).ok()?.expect(OID).ok()?.body == signature::RSA;
    let key = info.expect(OCTET_STRING).ok()?.body;
    (is_ours && is_rsa).then_some(key)
}

/// The content key, or a random one: the caller learns of the difference only by what it decrypts to.
fn content_key(
    key: &Pkcs1PrivateDecryptingKey,
    sealed: &[u8],
    size: usize,
) -> asn1::Result<Zeroizing<[u8; LONGEST_KEY]>> {
    let mut found = Zeroizing::new([0; LONGEST_KEY]);
    rand::fill(found.as_mut_slice()).map_err(|_| Malformed)?;
    let mut buffer = Zeroizing::new(vec![0; key.min_output_size()]);
    // A wrong length costs the same private operation as a right one.
    let mut block = sealed.to_vec();
    block.resize(key.key_size_bytes(), 0);
    let opened = key.decrypt(&block, &mut buffer);
    if let Ok(opened) = opened
        && opened.len() == size
        && sealed.len() == block.len()
        && let Some(place) = found.get_mut(..size)
    {
        place.copy_from_slice(opened);
    }
    Ok(found)
}

fn context(iv: &[u8]) -> asn1::Result<DecryptionContext> {
    match (<[u8; 8]>::try_from(iv), <[u8; 16]>::try_from(iv)) {
        (Ok(iv), _) => Ok(DecryptionContext::Iv64(FixedLength::from(iv))),
        (_, Ok(iv)) => Ok(DecryptionContext::Iv128(FixedLength::from(iv))),
        _ => Err(Malformed),
    }
}

/// The content key, encrypted to this key. aws-lc does that from 2048 bits on.
fn sealed_key(content_key: &[u8], spki: &[u8]) -> Option<Vec<u8>> {
    let bare = signature::rsa_public(spki)?;
    let Ok(public) = PublicEncryptingKey::from_der(spki) else {
        return rsa::PublicKey::parse(bare)?.encrypt(content_key);
    };
    let public = Pkcs1PublicEncryptingKey::new(public).ok()?;
    let mut sealed = vec![0; public.ciphertext_size()];
    public.encrypt(content_key, &mut sealed).ok().map(|sealed| sealed.to_vec())
}

/// Envelopes `plain` for the holder of `certificate`, which must have an RSA key.
pub fn seal(plain: &[u8], certificate: &Certificate, cipher: Cipher) -> Option<Vec<u8>> {
    let (_, id, algorithm, size) = CIPHERS.iter().find(|(known, ..)| *known == cipher)?;
    // Weak DES keys are refused by the cipher: one more try makes that a thing of never.
    let (key, content_key) = (0..4).find_map(|_| {
        let mut bytes = Zeroizing::new(vec![0; *size]);
        rand::fill(&mut bytes).ok()?;
        let key = PaddedBlockEncryptingKey::cbc_pkcs7(UnboundCipherKey::new(algorithm, &bytes).ok()?).ok()?;
        Some((key, bytes))
    })?;
    let mut content = plain.to_vec();
    let iv = match key.encrypt(&mut content).ok()? {
        DecryptionContext::Iv64(iv) => asn1::octets(iv.as_ref()),
        DecryptionContext::Iv128(iv) => asn1::octets(iv.as_ref()),
        _ => return None,
    };
    let sealed_key = sealed_key(&content_key, certificate.spki)?;
    let recipient = asn1::sequence(&[
        &asn1::integer(0),
        &certificate.name(),
        &asn1::algorithm(signature::RSA),
        &asn1::octets(&sealed_key),
    ]);
    let data = asn1::sequence(&[
        &asn1::integer(0),
        &asn1::element_of(SET, &[&recipient]),
        &asn1::sequence(&[
            &asn1::oid(DATA),
            &asn1::sequence(&[&asn1::oid(id), &iv]),
            &asn1::element_of(PRIMITIVE_0, &[&content]),
        ]),
    ]);
    Some(content_info(ENVELOPED, &data))
}
