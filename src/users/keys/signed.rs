//! Signed requests: a program shows that it has a key's secret without sending it.
//!
//! ```text
//! Authorization: Phonebox-HMAC-SHA256 key=PB…, time=1790000000, nonce=…, signature=…
//!
//! signing key  SHA-256 of "sign:" and the secret
//! signature    HMAC-SHA256, in hex, of these lines, each ended by \n:
//!              method · path and query · time (seconds) · nonce · SHA-256 of the body in hex
//! ```
//!
//! A nonce counts once for a key, and a time only around the present. Who has signed rightly is told which of the two was
//! wrong; everybody else gets one answer, whatever it was.

use crate::clock;
use crate::seal::{hex, sha256};
use crate::web::{Code, Problem};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;

pub const SCHEME: &str = "Phonebox-HMAC-SHA256";
/// Seconds that the clocks may differ.
pub const SKEW: i64 = 300;

/// What an Authorization header says.
#[derive(Debug, PartialEq, Eq)]
pub struct Signature {
    pub access_key: String,
    pub time: i64,
    pub nonce: String,
    signature: String,
}

impl Signature {
    /// `None`: it is none of these, or not well formed.
    pub fn parse(header: &str) -> Option<Signature> {
        let (scheme, rest) = header.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case(SCHEME) || header.len() > 1_000 {
            return None;
        }
        let field = |name: &str| {
            let mut pairs = rest.split(',').filter_map(|pair| pair.trim().split_once('='));
            pairs.find(|(key, _)| *key == name).map(|(_, value)| value.trim().to_owned())
        };
        let nonce = field("nonce").filter(|nonce| {
            (8..=64).contains(&nonce.len())
                && nonce.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        })?;
        Some(Signature {
            access_key: field("key")?,
            time: field("time")?.parse().ok()?,
            nonce,
            signature: field("signature")?.to_ascii_lowercase(),
        })
    }

    pub fn is_of_now(&self, now: i64) -> bool {
        self.time.abs_diff(now / 1_000) <= SKEW.unsigned_abs()
    }

    /// What is said when it is not, to who signed it.
    pub fn stale(&self, now: i64) -> Problem {
        let message = format!(
            "time: {} is not accepted: the box's time is {} ({}), and at most {SKEW} seconds of difference are allowed.",
            self.time,
            now / 1_000,
            clock::shown(now)
        );
        Problem::new(Code::StaleSignature, message, "Set the clock of the program, then sign the request again.")
    }

    /// What is said to who used a nonce again.
    pub fn replayed(&self) -> Problem {
        let message = format!("nonce: {:?} is not accepted: this key has used it already.", self.nonce);
        Problem::new(Code::ReplayedNonce, message, "Sign every request, a repeated one too, with a nonce of its own.")
    }

    pub fn is_of(&self, signing_key: &[u8], method: &str, path: &str, body: &[u8]) -> bool {
        let right = sign(signing_key, method, path, self.time, &self.nonce, body);
        verify_slices_are_equal(right.as_bytes(), self.signature.as_bytes()).is_ok()
    }
}

/// What is kept of a secret for this, sealed.
pub fn signing_key(secret: &str) -> [u8; 32] {
    sha256(format!("sign:{secret}").as_bytes())
}

/// `path` with its query, as it stands in the request.
pub fn sign(signing_key: &[u8], method: &str, path: &str, time: i64, nonce: &str, body: &[u8]) -> String {
    let text = format!("{method}\n{path}\n{time}\n{nonce}\n{}\n", hex(&sha256(body)));
    hex(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, signing_key), text.as_bytes()).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_of_one_request_and_nothing_else() {
        let key = signing_key("pb_x");
        let signature = sign(&key, "POST", "/api/v1/sites?a=1", 1_790_000_000, "nonce-001", b"{}");
        let header = format!("{SCHEME} key=PB1, time=1790000000, nonce=nonce-001, signature={signature}");
        let parsed = Signature::parse(&header).unwrap();
        assert!(parsed.is_of(&key, "POST", "/api/v1/sites?a=1", b"{}"));
        assert!(!parsed.is_of(&key, "PUT", "/api/v1/sites?a=1", b"{}"));
        assert!(!parsed.is_of(&key, "POST", "/api/v1/sites?a=2", b"{}"));
        assert!(!parsed.is_of(&key, "POST", "/api/v1/sites?a=1", b"{ }"));
        assert!(!parsed.is_of(&signing_key("pb_y"), "POST", "/api/v1/sites?a=1", b"{}"));
        assert!(parsed.is_of_now(1_790_000_300_000) && !parsed.is_of_now(1_790_000_301_000));
        assert!(parsed.is_of_now(1_789_999_700_000) && !parsed.is_of_now(1_789_999_699_000));
        let far = Signature { time: i64::MIN, ..Signature::parse(&header).unwrap() };
        assert!(!far.is_of_now(1_790_000_000_000));
        // What anybody can make anew, to see that the words above are enough.
        assert_eq!(
            sign(&signing_key("pb_x"), "GET", "/api/v1/sites", 1, "12345678", b""),
            "fd93dc71f56b8c4dcb98a76181ba0e4a2a2b2767281f7b1789ce4b06658e47ab"
        );
        for bad in [
            "Bearer x".to_owned(),
            header.replace("nonce-001", "short"),
            header.replace("nonce-001", "nonce 001x"),
            header.replace("1790000000", "soon"),
            header.replace("key=", "kex="),
            format!("{SCHEME} {}", "x".repeat(2_000)),
        ] {
            assert_eq!(Signature::parse(&bad), None, "{bad}");
        }
    }
}
