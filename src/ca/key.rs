//! What a public key must be before it is put into a certificate: of a kind the profile takes, long enough, and not one
//! of those that are known to be broken.

use super::cert_profile::{CertProfile, LEAST_RSA, MOST_RSA};
use super::issue::Refused;
use super::signature::{self, Digest};
use crate::seal::sha256;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ECDSA_P521_SHA512_ASN1, ParsedPublicKey, VerificationAlgorithm,
};
use rcgen::SubjectPublicKeyInfo;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::{PublicKey, RSAPublicKey};

/// (its word, its object identifier, how it is checked that a point is on it)
static CURVES: [(&str, &str, &dyn VerificationAlgorithm); 3] = [
    ("p256", "1.2.840.10045.3.1.7", &ECDSA_P256_SHA256_ASN1),
    ("p384", "1.3.132.0.34", &ECDSA_P384_SHA384_ASN1),
    ("p521", "1.3.132.0.35", &ECDSA_P521_SHA512_ASN1),
];

#[derive(Debug)]
pub struct Checked {
    pub public: SubjectPublicKeyInfo,
    /// Of the SubjectPublicKeyInfo as rcgen writes it.
    pub sha256: [u8; 32],
}

impl Checked {
    pub fn is_rsa(&self) -> bool {
        *rcgen::PublicKeyData::algorithm(&self.public) == rcgen::PKCS_RSA_SHA256
    }
}

pub fn check(spki: &[u8], profile: &CertProfile) -> Result<Checked, Refused> {
    let (rest, parsed) = x509_parser::x509::SubjectPublicKeyInfo::from_der(spki).map_err(|_| Refused::KeyUnreadable)?;
    if !rest.is_empty() {
        return Err(Refused::KeyUnreadable);
    }
    let takes = |word: &str| profile.key_types.iter().any(|taken| taken == word);
    match parsed.parsed().map_err(|_| Refused::KeyUnreadable)? {
        PublicKey::RSA(key) if takes("rsa") => rsa(&key, profile)?,
        PublicKey::EC(point) => {
            let curve = parsed.algorithm.parameters.as_ref().and_then(|curve| curve.as_oid().ok());
            let curve = curve.map(|oid| oid.to_id_string());
            let (.., algorithm) = CURVES
                .iter()
                .find(|(word, oid, _)| curve.as_deref() == Some(oid) && takes(word))
                .ok_or(Refused::KeyKind)?;
            ParsedPublicKey::new(*algorithm, point.data()).map_err(|_| Refused::KeyUnreadable)?;
        }
        _ => return Err(Refused::KeyKind),
    }
    let public = SubjectPublicKeyInfo::from_der(spki).map_err(|_| Refused::KeyKind)?;
    // What counts is the key, not how its algorithm was written.
    let sha256 = sha256(rcgen::PublicKeyData::der_bytes(&public));
    Ok(Checked { public, sha256 })
}

fn rsa(key: &RSAPublicKey, profile: &CertProfile) -> Result<(), Refused> {
    let modulus = bare(key.modulus);
    let bits = modulus.first().map_or(0, |first| modulus.len() as u32 * 8 - first.leading_zeros());
    let (least, most) = (profile.rsa_least.max(LEAST_RSA), profile.rsa_most.min(MOST_RSA));
    if bits < least {
        return Err(Refused::RsaShort { bits, least });
    }
    if bits > most {
        return Err(Refused::RsaLong { bits, most });
    }
    let exponent = bare(key.exponent);
    let small = exponent.iter().fold(0u64, |sum, byte| sum.saturating_mul(256).saturating_add(u64::from(*byte)));
    if small < 65_537 || small % 2 == 0 || exponent.len() > 8 {
        return Err(Refused::RsaExponent);
    }
    if has_small_factor(modulus) || is_roca(modulus) {
        return Err(Refused::RsaBroken);
    }
    Ok(())
}

/// Without leading zeros.
fn bare(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

fn modulo(number: &[u8], by: u32) -> u32 {
    number.iter().fold(0, |rest, byte| ((u64::from(rest) * 256 + u64::from(*byte)) % u64::from(by)) as u32)
}

fn primes() -> impl Iterator<Item = u32> {
    (2..752u32).filter(|number| (2..*number).take_while(|by| by * by <= *number).all(|by| number % by != 0))
}

fn has_small_factor(modulus: &[u8]) -> bool {
    primes().any(|prime| modulo(modulus, prime) == 0)
}

/// CVE-2017-15361: the primes of a broken chip library are powers of 65537 modulo every small prime, so their product is.
fn is_roca(modulus: &[u8]) -> bool {
    primes().skip_while(|prime| *prime < 3).take_while(|prime| *prime <= 167).all(|prime| {
        let rest = modulo(modulus, prime);
        let mut power = 1;
        (0..prime).any(|_| {
            power = power * (65_537 % prime) % prime;
            power == rest
        })
    })
}

/// Whether one certificate's signature was made with another's key.
pub fn is_signed_by(signed: &X509Certificate<'_>, by: &super::parsed::Parsed) -> bool {
    let digest = Digest::of_signature(signed.signature_algorithm.algorithm.as_bytes());
    let (data, bits) = (signed.tbs_certificate.as_ref(), &signed.signature_value.data);
    digest.is_some_and(|digest| digest != Digest::Md5 && signature::is_good(&by.spki, digest, data, bits))
}

/// The AlgorithmIdentifier of what a key signs, as DER (RFC 4055, 5; RFC 5758, 3.2).
pub fn signature_algorithm(key: &rcgen::KeyPair) -> Vec<u8> {
    let algorithm = key.algorithm();
    let (oid, with_null): (&[u64], bool) = if *algorithm == rcgen::PKCS_RSA_SHA256 {
        (&[1, 2, 840, 113_549, 1, 1, 11], true)
    } else if *algorithm == rcgen::PKCS_ECDSA_P384_SHA384 {
        (&[1, 2, 840, 10_045, 4, 3, 3], false)
    } else {
        (&[1, 2, 840, 10_045, 4, 3, 2], false)
    };
    yasna::construct_der(|writer| {
        writer.write_sequence(|writer| {
            writer.next().write_oid(&yasna::models::ObjectIdentifier::from_slice(oid));
            if with_null {
                writer.next().write_null();
            }
        });
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(modulus: &[u8], exponent: u32) -> Vec<u8> {
        yasna::construct_der(|writer| {
            writer.write_sequence(|writer| {
                writer.next().write_sequence(|writer| {
                    writer
                        .next()
                        .write_oid(&yasna::models::ObjectIdentifier::from_slice(&[1, 2, 840, 113549, 1, 1, 1]));
                    writer.next().write_null();
                });
                let key = yasna::construct_der(|writer| {
                    writer.write_sequence(|writer| {
                        writer.next().write_bigint_bytes(modulus, true);
                        writer.next().write_u32(exponent);
                    });
                });
                writer.next().write_bitvec_bytes(&key, key.len() * 8);
            });
        })
    }

    /// Not a product of two primes, but without small factors: only the shape is looked at here.
    fn modulus(bits: usize) -> Vec<u8> {
        let mut bytes = vec![0u8; bits / 8];
        bytes[0] = 0xc0;
        *bytes.last_mut().unwrap() = 1;
        while has_small_factor(&bytes) || is_roca(&bytes) {
            let last = bytes.len() - 1;
            bytes[last] = bytes[last].wrapping_add(2);
            bytes[last - 1] = bytes[last - 1].wrapping_add(u8::from(bytes[last] == 1));
        }
        bytes
    }

    #[test]
    fn threat_083_rsa_keys_are_taken_by_their_length_and_exponent() {
        let mut profile = CertProfile::device(1, 0);
        profile.rsa_most = MOST_RSA;
        let outcome = |bits, exponent| check(&key(&modulus(bits), exponent), &profile).map(drop);
        assert!(outcome(2_048, 65_537).is_ok() && outcome(8_192, 65_537).is_ok());
        for bits in [512, 1_024, 2_040] {
            assert!(matches!(outcome(bits, 65_537), Err(Refused::RsaShort { .. })), "{bits}");
        }
        assert!(matches!(outcome(16_384, 65_537), Err(Refused::RsaLong { .. })));
        for exponent in [1, 3, 65_536, 65_538] {
            assert!(matches!(outcome(2_048, exponent), Err(Refused::RsaExponent)), "{exponent}");
        }
        profile.rsa_least = 512;
        assert!(matches!(check(&key(&modulus(512), 65_537), &profile), Err(Refused::RsaShort { least: 1_024, .. })));
    }

    #[test]
    fn threat_083_known_broken_moduli_are_refused() {
        let mut even = modulus(2_048);
        *even.last_mut().unwrap() &= 0xfe;
        let profile = CertProfile::device(1, 0);
        assert!(matches!(check(&key(&even, 65_537), &profile), Err(Refused::RsaBroken)));
        // A power of 65537 is one modulo every prime.
        let power = (0..120).fold(vec![1u8], |number, _| {
            let mut carry = 0u64;
            let mut next: Vec<u8> = number
                .iter()
                .rev()
                .map(|byte| {
                    carry += u64::from(*byte) * 65_537;
                    let low = carry as u8;
                    carry >>= 8;
                    low
                })
                .collect();
            while carry > 0 {
                next.push(carry as u8);
                carry >>= 8;
            }
            next.reverse();
            next
        });
        assert!(is_roca(&power) && !is_roca(&modulus(2_048)));
    }
}
