//! The phone's side of HTTP credentials: Basic (RFC 7617) and Digest (RFC 7616 with MD5, RFC 2617).

use base64::{Engine, prelude::BASE64_STANDARD as BASE64};
use md5::{Digest, Md5};
use std::hash::{BuildHasher, RandomState};

/// What answers the challenges of a 401. Digest first; Basic only where nobody listens.
pub fn answer(
    challenges: &[String],
    user: &str,
    password: &str,
    method: &str,
    target: &str,
    tls: bool,
) -> Option<String> {
    let of = |scheme: &str| {
        challenges.iter().find(|text| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
    };
    if let Some(challenge) = of("Digest ") {
        return Some(digest(challenge, user, password, method, target));
    }
    of("Basic ").filter(|_| tls).map(|_| format!("Basic {}", BASE64.encode(format!("{user}:{password}"))))
}

fn digest(challenge: &str, user: &str, password: &str, method: &str, target: &str) -> String {
    let field = |name: &str| {
        let start = challenge.find(&format!("{name}=\""))? + name.len() + 2;
        challenge.get(start..)?.split('"').next()
    };
    let (realm, nonce) = (field("realm").unwrap_or_default(), field("nonce").unwrap_or_default());
    let cnonce = format!("{:016x}", RandomState::new().hash_one(nonce));
    let ha1 = md5(format!("{user}:{realm}:{password}"));
    let ha2 = md5(format!("{method}:{target}"));
    let response = md5(format!("{ha1}:{nonce}:00000001:{cnonce}:auth:{ha2}"));
    format!(
        "Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{target}\", algorithm=MD5, qop=auth, \
         nc=00000001, cnonce=\"{cnonce}\", response=\"{response}\""
    )
}

pub fn md5(text: impl AsRef<[u8]>) -> String {
    Md5::digest(text.as_ref()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_comes_first_and_basic_only_over_tls() {
        let both = ["Basic realm=\"x\"".to_owned(), "Digest realm=\"r\", qop=\"auth\", nonce=\"n\"".to_owned()];
        let said = answer(&both, "u", "p", "GET", "/f", false).unwrap();
        assert!(said.starts_with("Digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"/f\""), "{said}");
        assert_eq!(answer(&both[..1], "u", "p", "GET", "/f", false), None);
        assert_eq!(answer(&both[..1], "u", "p", "GET", "/f", true).unwrap(), "Basic dTpw");
    }

    /// RFC 2617 §3.5, with its own numbers.
    #[test]
    fn the_hash_is_that_of_the_rfc() {
        assert_eq!(md5("Mufasa:testrealm@host.com:Circle Of Life"), "939e7578ed9e3c518a452acee763bce9");
    }
}
