//! Signatures of others: which digests and keys are understood, and whether a signature is good.
//!
//! All of it is aws-lc but what that does not verify ([`rsa`]): RSA with MD5, which counts only where an administrator
//! allowed it (old phones sign so), and of keys under 2048 bits SHA-384 and PSS.

use super::asn1::{self, BIT_STRING, INTEGER, NULL, OID, Reader, SEQUENCE};
use super::rsa;
use aws_lc_rs::digest as hash;
use aws_lc_rs::signature::{self as aws, UnparsedPublicKey, VerificationAlgorithm};
use md5::Digest as _;
use x509_parser::asn1_rs::oid;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Digest {
    Md5,
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Rsa,
    P256,
    P384,
    P521,
}

/// rsaEncryption.
pub const RSA: &[u8] = &oid!(raw 1.2.840.113549.1.1.1);
const EC: &[u8] = &oid!(raw 1.2.840.10045.2.1);

type Oid = &'static [u8];

/// Identifier of the digest, and of a signature with it by RSA and by ECDSA.
const DIGESTS: &[(Digest, Oid, Oid, Oid)] = &[
    (Digest::Md5, &oid!(raw 1.2.840.113549.2.5), &oid!(raw 1.2.840.113549.1.1.4), &[]),
    (Digest::Sha1, &oid!(raw 1.3.14.3.2.26), &oid!(raw 1.2.840.113549.1.1.5), &oid!(raw 1.2.840.10045.4.1)),
    (
        Digest::Sha256,
        &oid!(raw 2.16.840.1.101.3.4.2.1),
        &oid!(raw 1.2.840.113549.1.1.11),
        &oid!(raw 1.2.840.10045.4.3.2),
    ),
    (
        Digest::Sha384,
        &oid!(raw 2.16.840.1.101.3.4.2.2),
        &oid!(raw 1.2.840.113549.1.1.12),
        &oid!(raw 1.2.840.10045.4.3.3),
    ),
    (
        Digest::Sha512,
        &oid!(raw 2.16.840.1.101.3.4.2.3),
        &oid!(raw 1.2.840.113549.1.1.13),
        &oid!(raw 1.2.840.10045.4.3.4),
    ),
];

const CURVES: &[(Key, &[u8])] = &[
    (Key::P256, &oid!(raw 1.2.840.10045.3.1.7)),
    (Key::P384, &oid!(raw 1.3.132.0.34)),
    (Key::P521, &oid!(raw 1.3.132.0.35)),
];

/// What aws-lc verifies. RSA from 1,024 bits, because some phones sign with such a key for one last time; what gets a
/// certificate is the authority's decision.
fn algorithm(key: Key, digest: Digest) -> Option<&'static dyn VerificationAlgorithm> {
    Some(match (key, digest) {
        (Key::Rsa, Digest::Sha1) => &aws::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
        (Key::Rsa, Digest::Sha256) => &aws::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        (Key::Rsa, Digest::Sha384) => &aws::RSA_PKCS1_2048_8192_SHA384,
        (Key::Rsa, Digest::Sha512) => &aws::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
        (Key::P256, Digest::Sha1) => &aws::ECDSA_P256_SHA1_ASN1,
        (Key::P256, Digest::Sha256) => &aws::ECDSA_P256_SHA256_ASN1,
        (Key::P256, Digest::Sha384) => &aws::ECDSA_P256_SHA384_ASN1,
        (Key::P256, Digest::Sha512) => &aws::ECDSA_P256_SHA512_ASN1,
        (Key::P384, Digest::Sha256) => &aws::ECDSA_P384_SHA256_ASN1,
        (Key::P384, Digest::Sha384) => &aws::ECDSA_P384_SHA384_ASN1,
        (Key::P384, Digest::Sha512) => &aws::ECDSA_P384_SHA512_ASN1,
        (Key::P521, Digest::Sha256) => &aws::ECDSA_P521_SHA256_ASN1,
        (Key::P521, Digest::Sha384) => &aws::ECDSA_P521_SHA384_ASN1,
        (Key::P521, Digest::Sha512) => &aws::ECDSA_P521_SHA512_ASN1,
        (Key::P384 | Key::P521, Digest::Sha1) | (_, Digest::Md5) => return None,
    })
}

impl Digest {
    /// Of a digest's own identifier.
    pub fn from_oid(oid: &[u8]) -> Option<Digest> {
        DIGESTS.iter().find(|(_, id, ..)| *id == oid).map(|(digest, ..)| *digest)
    }

    /// Of a signature algorithm's identifier.
    pub fn of_signature(oid: &[u8]) -> Option<Digest> {
        DIGESTS.iter().find(|(_, _, rsa, ecdsa)| *rsa == oid || *ecdsa == oid).map(|(digest, ..)| *digest)
    }

    pub fn of(self, data: &[u8]) -> Vec<u8> {
        let algorithm = match self {
            Digest::Md5 => return md5::Md5::digest(data).to_vec(),
            Digest::Sha1 => &hash::SHA1_FOR_LEGACY_USE_ONLY,
            Digest::Sha256 => &hash::SHA256,
            Digest::Sha384 => &hash::SHA384,
            Digest::Sha512 => &hash::SHA512,
        };
        hash::digest(algorithm, data).as_ref().to_vec()
    }

    /// Its AlgorithmIdentifier.
    pub fn algorithm(self) -> Vec<u8> {
        DIGESTS.iter().find(|(digest, ..)| *digest == self).map(|(_, id, ..)| asn1::algorithm(id)).unwrap_or_default()
    }
}

/// A public key taken out of its SubjectPublicKeyInfo.
struct PublicKey<'a> {
    kind: Key,
    bytes: &'a [u8],
}

impl<'a> PublicKey<'a> {
    fn parse(spki: &'a [u8]) -> asn1::Result<Option<PublicKey<'a>>> {
        let mut info = asn1::only(spki, SEQUENCE)?.inside();
        let mut algorithm = info.open(SEQUENCE)?;
        let bytes = bits(info.expect(BIT_STRING)?.body)?;
        info.end()?;
        let id = algorithm.expect(OID)?.body;
        let kind = match id {
            RSA => {
                algorithm.optional(NULL)?;
                algorithm.end()?;
                Some(Key::Rsa)
            }
            EC => {
                let curve = algorithm.optional(OID)?.map(|curve| curve.body);
                algorithm.end()?;
                CURVES.iter().find(|(_, id)| Some(*id) == curve).map(|(key, _)| *key)
            }
            _ => None,
        };
        Ok(kind.map(|kind| PublicKey { kind, bytes }))
    }
}

/// The octets of a BIT STRING that has no unused bits.
pub fn bits(body: &[u8]) -> asn1::Result<&[u8]> {
    match body {
        [0, octets @ ..] => Ok(octets),
        _ => Err(asn1::Malformed),
    }
}

/// Whether `signature` over `message` is good under this SubjectPublicKeyInfo.
pub fn is_good(spki: &[u8], digest: Digest, message: &[u8], signature: &[u8]) -> bool {
    let Ok(Some(key)) = PublicKey::parse(spki) else { return false };
    let by_aws = algorithm(key.kind, digest)
        .is_some_and(|algorithm| UnparsedPublicKey::new(algorithm, key.bytes).verify(message, signature).is_ok());
    by_aws
        || matches!((key.kind, digest), (Key::Rsa, Digest::Md5 | Digest::Sha384))
            && rsa::PublicKey::parse(key.bytes).is_some_and(|key| key.has_signed(digest, message, signature))
}

/// The same by PSS, for RSA keys that are too short for aws-lc.
pub fn is_good_pss(spki: &[u8], digest: Digest, message: &[u8], signature: &[u8]) -> bool {
    match PublicKey::parse(spki) {
        Ok(Some(PublicKey { kind: Key::Rsa, bytes })) => {
            rsa::PublicKey::parse(bytes).is_some_and(|key| key.has_signed_pss(digest, message, signature))
        }
        _ => false,
    }
}

/// Whether signatures of this key can be verified at all.
pub fn is_usable(spki: &[u8]) -> bool {
    match PublicKey::parse(spki) {
        Ok(Some(PublicKey { kind: Key::Rsa, bytes })) => {
            let modulus = asn1::only(bytes, SEQUENCE).and_then(|key| key.inside().expect(INTEGER));
            // One more for the sign.
            modulus.is_ok_and(|modulus| (128..=1_025).contains(&modulus.body.len()))
        }
        Ok(key) => key.is_some(),
        Err(_) => false,
    }
}

/// Whether it is a SubjectPublicKeyInfo of an RSA key.
pub fn is_rsa(spki: &[u8]) -> bool {
    matches!(PublicKey::parse(spki), Ok(Some(PublicKey { kind: Key::Rsa, .. })))
}

/// The smallest structure check that a key must pass before anything is encrypted to it.
pub fn rsa_public(spki: &[u8]) -> Option<&[u8]> {
    let key = PublicKey::parse(spki).ok()??;
    let mut numbers: Reader = asn1::only(key.bytes, SEQUENCE).ok()?.inside();
    let modulus = numbers.expect(INTEGER).ok()?;
    (key.kind == Key::Rsa && modulus.body.len() >= 128).then_some(key.bytes)
}
