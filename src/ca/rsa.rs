//! The public operation of RSA (RFC 8017), for what old phones have and aws-lc refuses: signatures with MD5, and with keys
//! under 2048 bits PSS and what is encrypted to them. No secret takes part: what is encrypted is a certificate, and hides
//! nothing.

use super::asn1::{self, INTEGER, SEQUENCE};
use super::signature::Digest;
use aws_lc_rs::rand;
use num_bigint::BigUint;

/// Octets of a modulus, and of an exponent at most.
const SIZES: std::ops::RangeInclusive<usize> = 128..=512;
const LONGEST_EXPONENT: usize = 5;

pub struct PublicKey {
    modulus: BigUint,
    exponent: BigUint,
    /// Octets of the modulus, and so of all that is made with it.
    size: usize,
}

impl PublicKey {
    /// Of an RSAPublicKey. `None`: too short to count, or too long to work with.
    pub fn parse(der: &[u8]) -> Option<PublicKey> {
        let mut numbers = asn1::only(der, SEQUENCE).ok()?.inside();
        let (modulus, exponent) = (numbers.expect(INTEGER).ok()?.body, numbers.expect(INTEGER).ok()?.body);
        let fits = exponent.len() <= LONGEST_EXPONENT && exponent.iter().any(|byte| *byte != 0);
        // One more for the sign.
        if !fits || modulus.len() > SIZES.end() + 1 {
            return None;
        }
        let (modulus, exponent) = (BigUint::from_bytes_be(modulus), BigUint::from_bytes_be(exponent));
        let size = modulus.bits().div_ceil(8) as usize;
        SIZES.contains(&size).then_some(PublicKey { modulus, exponent, size })
    }

    /// RSAEP, RSAVP1. `None`: it is no number below the modulus, as long as that.
    fn apply(&self, block: &[u8]) -> Option<Vec<u8>> {
        let number = BigUint::from_bytes_be(block);
        if block.len() != self.size || number >= self.modulus {
            return None;
        }
        let bytes = number.modpow(&self.exponent, &self.modulus).to_bytes_be();
        Some([vec![0; self.size.saturating_sub(bytes.len())], bytes].concat())
    }

    /// RSAES-PKCS1-v1_5 (§7.2.1).
    pub fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        let mut fill = vec![0; self.size.checked_sub(plain.len() + 3).filter(|fill| *fill >= 8)?];
        rand::fill(&mut fill).ok()?;
        while let Some(zero) = fill.iter_mut().find(|byte| **byte == 0) {
            rand::fill(std::slice::from_mut(zero)).ok()?;
        }
        self.apply(&[&[0, 2][..], &fill, &[0], plain].concat())
    }

    /// RSASSA-PKCS1-v1_5 (§8.2.2).
    pub fn has_signed(&self, digest: Digest, message: &[u8], signature: &[u8]) -> bool {
        let info = asn1::sequence(&[&digest.algorithm(), &asn1::octets(&digest.of(message))]);
        let fill = vec![0xff; self.size.saturating_sub(3 + info.len())];
        self.apply(signature).is_some_and(|opened| opened == [&[0, 1][..], &fill, &[0], &info].concat())
    }

    /// RSASSA-PSS (§8.1.2, §9.1.2) as TLS has it (RFC 8446 §4.2.3): MGF1 with the same digest, and a salt of its length.
    pub fn has_signed_pss(&self, digest: Digest, message: &[u8], signature: &[u8]) -> bool {
        self.signed_by_pss(digest, message, signature).unwrap_or(false)
    }

    fn signed_by_pss(&self, digest: Digest, message: &[u8], signature: &[u8]) -> Option<bool> {
        let hash = digest.of(message);
        let bits = self.modulus.bits() as usize - 1;
        let opened = self.apply(signature)?;
        // One bit less than the modulus: of a whole octet less nothing may be left.
        let (above, encoded) = opened.split_at_checked(self.size - bits.div_ceil(8))?;
        let (masked, end) = encoded.split_at_checked(encoded.len().checked_sub(hash.len() + 1)?)?;
        let (inner, end) = end.split_at_checked(hash.len())?;
        let (first, kept) = (*masked.first()?, 0xffu8 >> (encoded.len() * 8 - bits));
        let mut block: Vec<u8> = masked.iter().zip(mask(digest, inner, masked.len())).map(|(a, b)| a ^ b).collect();
        *block.first_mut()? &= kept;
        let (fill, salt) = block.split_at_checked(block.len().checked_sub(hash.len())?)?;
        let (one, zeros) = fill.split_last()?;
        let is_filled = *one == 1 && zeros.iter().all(|byte| *byte == 0);
        let is_framed = above.iter().all(|byte| *byte == 0) && end == [0xbc] && first & !kept == 0;
        Some(is_framed && is_filled && digest.of(&[&[0; 8], hash.as_slice(), salt].concat()) == inner)
    }
}

/// MGF1 (§B.2.1).
fn mask(digest: Digest, seed: &[u8], length: usize) -> impl Iterator<Item = u8> {
    (0u32..).flat_map(move |count| digest.of(&[seed, &count.to_be_bytes()].concat())).take(length)
}
