//! A private key on its way out of the box or into it: PKCS#8, encrypted with a passphrase (RFC 5958, RFC 8018: PBES2
//! with PBKDF2, HMAC-SHA-256 and AES-256-CBC), as `openssl pkcs8` writes and reads it.

use super::asn1::{self, SEQUENCE};
use super::{CaError, pem};
use crate::seal;
use crate::settings::Secret;
use aws_lc_rs::cipher::{
    AES_256, DecryptionContext, EncryptionContext, PaddedBlockDecryptingKey, PaddedBlockEncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm,
};
use aws_lc_rs::{pbkdf2, rsa};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;
use std::num::NonZeroU32;
use yasna::models::ObjectIdentifier;
use zeroize::Zeroizing;

const LABEL: &str = "ENCRYPTED PRIVATE KEY";
/// RFC 1421, by which OpenSSL encrypted keys before PKCS#8: MD5 makes the key of the passphrase.
const OLD_ENCRYPTION: &str = "Proc-Type: 4,ENCRYPTED";
static CURVES: [&EcdsaSigningAlgorithm; 3] =
    [&ECDSA_P256_SHA256_ASN1_SIGNING, &ECDSA_P384_SHA384_ASN1_SIGNING, &ECDSA_P521_SHA512_ASN1_SIGNING];
/// OWASP's advice of 2023 for PBKDF2 with HMAC-SHA-256.
const ROUNDS: NonZeroU32 = NonZeroU32::MIN.saturating_add(599_999);
/// More is somebody's attempt to keep the box busy (T76).
const MOST_ROUNDS: u32 = 999_999;

const PBES2: &[u64] = &[1, 2, 840, 113_549, 1, 5, 13];
const PBKDF2: &[u64] = &[1, 2, 840, 113_549, 1, 5, 12];
const HMAC_SHA256: &[u64] = &[1, 2, 840, 113_549, 2, 9];
const AES_256_CBC: &[u64] = &[2, 16, 840, 1, 101, 3, 4, 1, 42];

fn derive(passphrase: &Secret, salt: &[u8], rounds: NonZeroU32) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0u8; 32]);
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, rounds, salt, passphrase.reveal().as_bytes(), key.as_mut());
    key
}

/// Encrypts a key (PKCS#8 DER).
pub fn seal_pem(key: &[u8], passphrase: &Secret) -> Result<Secret, CaError> {
    let (salt, iv) = (seal::random::<16>()?, seal::random::<16>()?);
    let failed = |_| CaError::Seal(seal::SealError::Random);
    let cipher = UnboundCipherKey::new(&AES_256, derive(passphrase, &salt, ROUNDS).as_slice()).map_err(failed)?;
    let cipher = PaddedBlockEncryptingKey::cbc_pkcs7(cipher).map_err(failed)?;
    let mut body = key.to_vec();
    cipher.less_safe_encrypt(&mut body, EncryptionContext::Iv128(FixedLength::from(iv))).map_err(failed)?;
    let oid = ObjectIdentifier::from_slice;
    let der = yasna::construct_der(|writer| {
        writer.write_sequence(|writer| {
            writer.next().write_sequence(|writer| {
                writer.next().write_oid(&oid(PBES2));
                writer.next().write_sequence(|writer| {
                    writer.next().write_sequence(|writer| {
                        writer.next().write_oid(&oid(PBKDF2));
                        writer.next().write_sequence(|writer| {
                            writer.next().write_bytes(&salt);
                            writer.next().write_u32(ROUNDS.get());
                            writer.next().write_sequence(|writer| {
                                writer.next().write_oid(&oid(HMAC_SHA256));
                                writer.next().write_null();
                            });
                        });
                    });
                    writer.next().write_sequence(|writer| {
                        writer.next().write_oid(&oid(AES_256_CBC));
                        writer.next().write_bytes(&iv);
                    });
                });
            });
            writer.next().write_bytes(&body);
        });
    });
    Ok(Secret::new(pem::block(LABEL, &der)))
}

/// A key of a PEM text as PKCS#8, from that, PKCS#1 (RFC 8017) or SEC 1 (RFC 5915). The error says what is wrong.
pub fn open_pem(text: &Secret, passphrase: Option<&Secret>) -> Result<Zeroizing<Vec<u8>>, String> {
    if text.reveal().contains(LABEL) {
        let passphrase = passphrase.ok_or("The key is encrypted, and no passphrase was given.")?;
        let der = unarmored(text.reveal()).ok_or("The key is not well-formed PEM.")?;
        return open(&der, passphrase);
    }
    if text.reveal().contains(OLD_ENCRYPTION) {
        return Err("The key is encrypted in an old way that is not read here. Write it anew: \
                    openssl pkcs8 -topk8 -v2 aes-256-cbc"
            .into());
    }
    let key = PrivateKeyDer::from_pem_slice(text.reveal().as_bytes()).map_err(|_| "There is no private key in it.")?;
    as_pkcs8(&key).ok_or_else(|| "The key must be RSA of 2048 to 8192 bits, P-256, P-384 or P-521.".into())
}

fn as_pkcs8(key: &PrivateKeyDer<'_>) -> Option<Zeroizing<Vec<u8>>> {
    let der = match key {
        PrivateKeyDer::Pkcs8(key) => key.secret_pkcs8_der().to_vec(),
        PrivateKeyDer::Pkcs1(key) => {
            let pair = rsa::KeyPair::from_der(key.secret_pkcs1_der()).ok()?;
            AsDer::<Pkcs8V1Der>::as_der(&pair).ok()?.as_ref().to_vec()
        }
        PrivateKeyDer::Sec1(key) => {
            let of = |curve| EcdsaKeyPair::from_private_key_der(curve, key.secret_sec1_der()).ok();
            CURVES.into_iter().find_map(of)?.to_pkcs8v1().ok()?.as_ref().to_vec()
        }
        _ => return None,
    };
    Some(Zeroizing::new(der))
}

/// The PEM label of a key in DER.
pub fn label(der: &[u8]) -> Option<&'static str> {
    // EncryptedPrivateKeyInfo begins with an algorithm, every other form with a version.
    if asn1::only(der, SEQUENCE).is_ok_and(|key| key.inside().open(SEQUENCE).is_ok()) {
        return Some(LABEL);
    }
    Some(match PrivateKeyDer::try_from(der).ok()? {
        PrivateKeyDer::Pkcs1(_) => "RSA PRIVATE KEY",
        PrivateKeyDer::Sec1(_) => "EC PRIVATE KEY",
        _ => "PRIVATE KEY",
    })
}

fn unarmored(text: &str) -> Option<Vec<u8>> {
    use base64::Engine;
    let body = text.split_once(&format!("-----BEGIN {LABEL}-----"))?.1.split_once("-----END")?.0;
    let body: String = body.split_whitespace().collect();
    base64::engine::general_purpose::STANDARD.decode(body).ok()
}

fn open(der: &[u8], passphrase: &Secret) -> Result<Zeroizing<Vec<u8>>, String> {
    let unknown =
        "The key must be encrypted with PBES2, HMAC-SHA-256 and AES-256-CBC: openssl pkcs8 -topk8 -v2 aes-256-cbc";
    let oid = |reader: yasna::BERReader, wanted: &[u64]| match reader.read_oid()?.components().as_slice() == wanted {
        true => Ok(()),
        false => Err(yasna::ASN1Error::new(yasna::ASN1ErrorKind::Invalid)),
    };
    let parts = yasna::parse_der(der, |reader| {
        reader.read_sequence(|reader| {
            let (salt, rounds, iv) = reader.next().read_sequence(|reader| {
                oid(reader.next(), PBES2)?;
                reader.next().read_sequence(|reader| {
                    let (salt, rounds) = reader.next().read_sequence(|reader| {
                        oid(reader.next(), PBKDF2)?;
                        reader.next().read_sequence(|reader| {
                            let (salt, rounds) = (reader.next().read_bytes()?, reader.next().read_u32()?);
                            reader.read_optional(|reader| reader.read_u16())?;
                            reader.next().read_sequence(|reader| {
                                oid(reader.next(), HMAC_SHA256)?;
                                reader.next().read_null()
                            })?;
                            Ok((salt, rounds))
                        })
                    })?;
                    let iv = reader.next().read_sequence(|reader| {
                        oid(reader.next(), AES_256_CBC)?;
                        reader.next().read_bytes()
                    })?;
                    Ok((salt, rounds, iv))
                })
            })?;
            Ok((salt, rounds, iv, reader.next().read_bytes()?))
        })
    });
    let (salt, rounds, iv, body) = parts.map_err(|_| unknown)?;
    if rounds > MOST_ROUNDS {
        return Err(format!("The key is encrypted with {rounds} rounds of PBKDF2: {MOST_ROUNDS} are the most."));
    }
    let rounds = NonZeroU32::new(rounds).ok_or(unknown)?;
    let iv: [u8; 16] = iv.try_into().map_err(|_| unknown)?;
    let wrong = "The passphrase does not open the key.";
    let cipher = UnboundCipherKey::new(&AES_256, derive(passphrase, &salt, rounds).as_slice()).map_err(|_| wrong)?;
    let cipher = PaddedBlockDecryptingKey::cbc_pkcs7(cipher).map_err(|_| wrong)?;
    let mut body = Zeroizing::new(body);
    let context = DecryptionContext::Iv128(FixedLength::from(iv));
    let length = cipher.decrypt(body.as_mut_slice(), context).map_err(|_| wrong)?.len();
    body.truncate(length);
    // Padding alone is a weak proof.
    match body.first() {
        Some(0x30) => Ok(body),
        _ => Err(wrong.into()),
    }
}
