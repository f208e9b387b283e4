//! PKCS#12 (RFC 7292): a certificate and its key in one file under a password, for phones that fetch a file.
//!
//! Old phones read nothing but SHA-1 and 3DES, so that is [`Strength::Legacy`], for all of the file (never RC2, which
//! newer software no longer reads). What protects such a file is how it travels and its random password, not its
//! cipher.

use super::asn1::{self, CONTEXT_0, PRIMITIVE_0};
use super::cms::new_attribute;
use super::signature::Digest;
use crate::seal::{self, SealError};
use aws_lc_rs::cipher::{self, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::{hmac, pbkdf2};
use std::num::NonZeroU32;
use x509_parser::asn1_rs::oid;
use zeroize::Zeroizing;

const DATA: &[u8] = &oid!(raw 1.2.840.113549.1.7.1);
const ENCRYPTED_DATA: &[u8] = &oid!(raw 1.2.840.113549.1.7.6);
const SHROUDED_KEY_BAG: &[u8] = &oid!(raw 1.2.840.113549.1.12.10.1.2);
const CERTIFICATE_BAG: &[u8] = &oid!(raw 1.2.840.113549.1.12.10.1.3);
const X509_CERTIFICATE: &[u8] = &oid!(raw 1.2.840.113549.1.9.22.1);
const FRIENDLY_NAME: &[u8] = &oid!(raw 1.2.840.113549.1.9.20);
const LOCAL_KEY_ID: &[u8] = &oid!(raw 1.2.840.113549.1.9.21);
const PBE_SHA1_3DES: &[u8] = &oid!(raw 1.2.840.113549.1.12.1.3);
const PBES2: &[u8] = &oid!(raw 1.2.840.113549.1.5.13);
const PBKDF2: &[u8] = &oid!(raw 1.2.840.113549.1.5.12);
const HMAC_SHA256: &[u8] = &oid!(raw 1.2.840.113549.2.9);
const AES256_CBC: &[u8] = &oid!(raw 2.16.840.1.101.3.4.1.42);

const BMP_STRING: u8 = 0x1e;
/// The password is random: more rounds would only slow the phone.
const ROUNDS: u32 = 2_048;
/// Block of SHA-1 and SHA-256, in bytes.
const BLOCK: usize = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strength {
    /// 3DES and SHA-1.
    Legacy,
    /// AES-256 and SHA-256.
    Modern,
}

impl Strength {
    fn digest(self) -> Digest {
        match self {
            Strength::Legacy => Digest::Sha1,
            Strength::Modern => Digest::Sha256,
        }
    }
}

/// What is under the password.
pub struct Contents<'a> {
    pub pkcs8: &'a [u8],
    pub certificate: &'a [u8],
    /// What stands above it.
    pub chain: &'a [Vec<u8>],
    /// As a phone's page shows it.
    pub name: &'a str,
}

pub fn write(contents: &Contents, password: &str, strength: Strength) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let key_id = asn1::octets(&Digest::Sha1.of(contents.certificate));
    let name: Vec<u8> = contents.name.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let own = asn1::set_of(vec![
        new_attribute(LOCAL_KEY_ID, &key_id),
        new_attribute(FRIENDLY_NAME, &asn1::element_of(BMP_STRING, &[&name])),
    ]);
    let mut certificates = certificate_bag(contents.certificate, &own);
    certificates.extend(contents.chain.iter().flat_map(|certificate| certificate_bag(certificate, &[])));
    let (algorithm, sealed) = encrypted(&asn1::sequence(&[&certificates]), password, strength)?;
    let info = asn1::sequence(&[&asn1::oid(DATA), &algorithm, &asn1::element_of(PRIMITIVE_0, &[&sealed])]);
    let certificates = content_info(ENCRYPTED_DATA, &asn1::sequence(&[&asn1::integer(0), &info]));
    let (algorithm, sealed) = encrypted(contents.pkcs8, password, strength)?;
    let shrouded = asn1::sequence(&[&algorithm, &asn1::octets(&sealed)]);
    let keys = asn1::sequence(&[&bag(SHROUDED_KEY_BAG, &shrouded, &own)]);
    let safe = asn1::sequence(&[&certificates, &content_info(DATA, &asn1::octets(&keys))]);
    let salt: [u8; 8] = seal::random()?;
    let digest = strength.digest();
    let mac_key = derive(digest, Purpose::Mac, password, &salt, digest.of(&[]).len());
    let algorithm = match strength {
        Strength::Legacy => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        Strength::Modern => hmac::HMAC_SHA256,
    };
    let mac = hmac::sign(&hmac::Key::new(algorithm, &mac_key), &safe);
    let mac = asn1::sequence(&[
        &asn1::sequence(&[&digest.algorithm(), &asn1::octets(mac.as_ref())]),
        &asn1::octets(&salt),
        &asn1::integer(ROUNDS),
    ]);
    Ok(Zeroizing::new(asn1::sequence(&[&asn1::integer(3), &content_info(DATA, &asn1::octets(&safe)), &mac])))
}

fn content_info(kind: &[u8], content: &[u8]) -> Vec<u8> {
    asn1::sequence(&[&asn1::oid(kind), &asn1::element_of(CONTEXT_0, &[content])])
}

fn bag(kind: &[u8], value: &[u8], attributes: &[u8]) -> Vec<u8> {
    asn1::sequence(&[&asn1::oid(kind), &asn1::element_of(CONTEXT_0, &[value]), attributes])
}

fn certificate_bag(certificate: &[u8], attributes: &[u8]) -> Vec<u8> {
    let value = asn1::element_of(CONTEXT_0, &[&asn1::octets(certificate)]);
    bag(CERTIFICATE_BAG, &asn1::sequence(&[&asn1::oid(X509_CERTIFICATE), &value]), attributes)
}

/// AlgorithmIdentifier and what it made of `plain`.
fn encrypted(plain: &[u8], password: &str, strength: Strength) -> Result<(Vec<u8>, Zeroizing<Vec<u8>>), SealError> {
    let mut sealed = Zeroizing::new(plain.to_vec());
    let algorithm = match strength {
        Strength::Legacy => {
            let salt: [u8; 8] = seal::random()?;
            let key = derive(Digest::Sha1, Purpose::Key, password, &salt, 24);
            let iv: [u8; 8] = derive(Digest::Sha1, Purpose::Iv, password, &salt, 8)
                .as_slice()
                .try_into()
                .map_err(|_| SealError::Random)?;
            #[allow(deprecated)] // see the module's text
            encrypt(
                &cipher::DES_EDE3_FOR_LEGACY_USE_ONLY,
                &key,
                EncryptionContext::Iv64(FixedLength::from(iv)),
                &mut sealed,
            )?;
            let parameters = asn1::sequence(&[&asn1::octets(&salt), &asn1::integer(ROUNDS)]);
            asn1::sequence(&[&asn1::oid(PBE_SHA1_3DES), &parameters])
        }
        Strength::Modern => {
            let (salt, iv): ([u8; 16], [u8; 16]) = (seal::random()?, seal::random()?);
            let mut key = Zeroizing::new([0; 32]);
            let rounds = NonZeroU32::new(ROUNDS).unwrap_or(NonZeroU32::MIN);
            pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, rounds, &salt, password.as_bytes(), key.as_mut_slice());
            encrypt(&cipher::AES_256, key.as_slice(), EncryptionContext::Iv128(FixedLength::from(iv)), &mut sealed)?;
            let derivation =
                asn1::sequence(&[&asn1::octets(&salt), &asn1::integer(ROUNDS), &asn1::algorithm(HMAC_SHA256)]);
            let parameters = asn1::sequence(&[
                &asn1::sequence(&[&asn1::oid(PBKDF2), &derivation]),
                &asn1::sequence(&[&asn1::oid(AES256_CBC), &asn1::octets(&iv)]),
            ]);
            asn1::sequence(&[&asn1::oid(PBES2), &parameters])
        }
    };
    Ok((algorithm, sealed))
}

fn encrypt(
    algorithm: &'static cipher::Algorithm,
    key: &[u8],
    context: EncryptionContext,
    bytes: &mut Zeroizing<Vec<u8>>,
) -> Result<(), SealError> {
    let key = UnboundCipherKey::new(algorithm, key).and_then(PaddedBlockEncryptingKey::cbc_pkcs7);
    key.and_then(|key| key.less_safe_encrypt(&mut **bytes, context)).map(drop).map_err(|_| SealError::Random)
}

#[derive(Debug, Clone, Copy)]
enum Purpose {
    Key = 1,
    Iv = 2,
    Mac = 3,
}

/// RFC 7292, appendix B.2.
fn derive(digest: Digest, purpose: Purpose, password: &str, salt: &[u8], size: usize) -> Zeroizing<Vec<u8>> {
    derive_rounds(digest, purpose, password, salt, size, ROUNDS)
}

fn derive_rounds(
    digest: Digest,
    purpose: Purpose,
    password: &str,
    salt: &[u8],
    size: usize,
    rounds: u32,
) -> Zeroizing<Vec<u8>> {
    let filled =
        |bytes: &[u8]| -> Vec<u8> { bytes.iter().copied().cycle().take(bytes.len().div_ceil(BLOCK) * BLOCK).collect() };
    let password: Zeroizing<Vec<u8>> =
        Zeroizing::new(password.encode_utf16().chain([0]).flat_map(u16::to_be_bytes).collect());
    let mut input = Zeroizing::new([filled(salt), filled(&password)].concat());
    let mut out = Zeroizing::new(Vec::with_capacity(size + BLOCK));
    while out.len() < size {
        let mut hash = digest.of(&[&[purpose as u8; BLOCK], input.as_slice()].concat());
        for _ in 1..rounds {
            hash = digest.of(&hash);
        }
        out.extend_from_slice(&hash);
        for block in input.chunks_mut(BLOCK) {
            // block := block + hash (repeated) + 1, modulo 2^512
            let repeated: Vec<u8> = hash.iter().copied().cycle().take(BLOCK).collect();
            block.iter_mut().zip(repeated).rev().fold(1u16, |carry, (byte, add)| {
                let sum = u16::from(*byte) + u16::from(add) + carry;
                *byte = sum as u8;
                sum >> 8
            });
        }
    }
    out.truncate(size);
    out
}

/// The same without a password, for phones that take PEM: certificate, what stands above it, key.
pub fn pem(contents: &Contents) -> Zeroizing<String> {
    let mut text = Zeroizing::new(super::pem::certificate(contents.certificate));
    for certificate in contents.chain {
        text.push_str(&super::pem::certificate(certificate));
    }
    text.push_str(&Zeroizing::new(super::pem::block("PRIVATE KEY", contents.pkcs8)));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors that went round when PKCS#12 was young; OpenSSL's and Bouncy Castle's tests hold them too.
    #[test]
    fn keys_are_derived_as_everybody_derives_them() {
        let unhex = |text: &str| -> Vec<u8> {
            text.as_bytes()
                .chunks(2)
                .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
                .collect()
        };
        for (purpose, password, salt, rounds, expected) in [
            (Purpose::Key, "smeg", "0A58CF64530D823F", 1, "8AAAE6297B6CB04642AB5B077851284EB7128F1A2A7FBCA3"),
            (Purpose::Iv, "smeg", "0A58CF64530D823F", 1, "79993DFE048D3B76"),
            (Purpose::Key, "queeg", "05DEC959ACFF72F7", 1000, "ED2034E36328830FF09DF1E1A07DD357185DAC0D4F9EB3D4"),
            (Purpose::Iv, "queeg", "05DEC959ACFF72F7", 1000, "11DEDAD7758D4860"),
        ] {
            let expected = unhex(expected);
            let derived = derive_rounds(Digest::Sha1, purpose, password, &unhex(salt), expected.len(), rounds);
            assert_eq!(*derived, expected, "{password} {purpose:?}");
        }
    }
}
