//! One-time codes of an authenticator app (RFC 6238: SHA-1, 30 seconds, six digits, as every app does it), and recovery
//! codes for a lost one. A code counts once.

pub mod api;
pub mod store;

use super::password::words;
use crate::seal::{SealError, sha256};
use aws_lc_rs::hmac;
use qrcode::QrCode;
use qrcode::render::svg;

const STEP_MS: i64 = 30_000;
const DIGITS: u32 = 6;
/// Steps that a phone's clock may be off, either way.
const DRIFT: i64 = 1;
pub const SECRET_LEN: usize = 20;
const RECOVERY_CODES: usize = 10;
/// 16 signs of 31: 79 bits.
const RECOVERY_LEN: usize = 16;

/// RFC 4226, 5.3.
fn code(secret: &[u8], step: i64) -> u32 {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let offset = usize::from(tag.last().copied().unwrap_or(0) & 15);
    let word = tag.get(offset..offset + 4).and_then(|four| four.try_into().ok()).map_or(0, u32::from_be_bytes);
    word & 0x7fff_ffff
}

/// The step whose code this is, if it comes after the last one that was used.
fn step_of(secret: &[u8], given: u32, last: i64, now: i64) -> Option<i64> {
    let here = now.div_euclid(STEP_MS);
    // All of them, whichever fits: how long it takes tells nothing.
    let fits = (here - DRIFT..=here + DRIFT).map(|step| (step, code(secret, step) % 10_u32.pow(DIGITS) == given));
    fits.filter(|(step, fits)| *fits && *step > last).map(|(step, _)| step).max()
}

/// RFC 4648, as apps take it: without padding.
fn base32(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits = bytes.iter().flat_map(|byte| (0..8).rev().map(move |place| byte >> place & 1)).collect::<Vec<_>>();
    let value = |five: &[u8]| five.iter().fold(0, |sum, bit| sum << 1 | usize::from(*bit)) << (5 - five.len());
    bits.chunks(5).filter_map(|five| SIGNS.get(value(five))).map(|sign| char::from(*sign)).collect()
}

/// What the picture says: the Key URI format of authenticator apps.
fn uri(secret: &[u8], login: &str) -> String {
    let escaped: String = login
        .bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect();
    format!("otpauth://totp/Phonebox:{escaped}?secret={}&issuer=Phonebox", base32(secret))
}

fn picture(uri: &str) -> Option<String> {
    let code = QrCode::new(uri).ok()?;
    Some(code.render::<svg::Color>().min_dimensions(240, 240).build())
}

fn recovery_codes() -> Result<Vec<String>, SealError> {
    (0..RECOVERY_CODES).map(|_| words(RECOVERY_LEN)).collect()
}

/// Capitals, blanks and dashes do not matter.
fn recovery_hash(code: &str) -> [u8; 32] {
    sha256(code.to_lowercase().replace(['-', ' '], "").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// AVA-047.
    #[test]
    fn ava_047_the_vectors_of_rfc_6238() {
        let secret = b"12345678901234567890";
        for (seconds, expected) in [
            (59, 94_287_082),
            (1_111_111_109, 7_081_804),
            (1_111_111_111, 14_050_471),
            (1_234_567_890, 89_005_924),
            (2_000_000_000, 69_279_037),
            (20_000_000_000, 65_353_130),
        ] {
            assert_eq!(code(secret, seconds / 30) % 100_000_000, expected, "{seconds}");
        }
    }

    #[test]
    fn threat_054_a_code_counts_once_and_only_around_its_time() {
        let (secret, now) = (b"12345678901234567890", 1_111_111_111_000);
        let (step, code) = (1_111_111_111 / 30, 50_471);
        assert_eq!(step_of(secret, code, 0, now), Some(step));
        assert_eq!(step_of(secret, code, step, now), None, "used");
        for (off, fits) in [(-31_000, true), (29_000, true), (-61_000, false), (60_000, false)] {
            assert_eq!(step_of(secret, code, 0, now + off).is_some(), fits, "{off}");
        }
        assert_eq!(step_of(secret, 50_472, 0, now), None);
    }

    #[test]
    fn ava_046_the_picture_and_its_text() {
        assert_eq!(base32(b"foobar"), "MZXW6YTBOI");
        assert_eq!(base32(b"f"), "MY");
        let uri = uri(b"12345678901234567890", "a&b@x");
        assert_eq!(uri, "otpauth://totp/Phonebox:a%26b%40x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Phonebox");
        let picture = picture(&uri).unwrap();
        assert!(picture.contains("<svg") && !picture.contains("script"));
    }
}
