//! PSS with keys that aws-lc is too good for: what OpenSSL signed is good, and nothing else is.

use super::tools::run;
use phonebox::ca::signature::{Digest, is_good_pss};
use std::path::Path;

#[track_caller]
fn openssl(dir: &Path, words: &[&str]) {
    let (worked, text) = run(dir, &[&["openssl"], words].concat());
    assert!(worked, "{words:?}: {text}");
}

/// T9: that a key is short is no way around holding it.
#[test]
fn threat_009_a_signature_by_a_short_key_is_good_or_none() {
    const MESSAGE: &[u8] = b"what was said in the handshake";
    let files = tempfile::tempdir().unwrap();
    let dir = files.path();
    std::fs::write(dir.join("message"), MESSAGE).unwrap();
    let sign = |digest: &str, salt: &str| {
        let (digest, salt) = (format!("-{digest}"), format!("rsa_pss_saltlen:{salt}"));
        let pss =
            ["-sigopt", "rsa_padding_mode:pss", "-sigopt", &salt, "-sign", "key.pem", "-out", "signed", "message"];
        openssl(dir, &[&["dgst", &digest], &pss[..]].concat());
        std::fs::read(dir.join("signed")).unwrap()
    };
    // Every remainder by 8: how many bits the number has beside its whole octets.
    for bits in [1024, 1025, 1026, 1031, 1536, 2047] {
        openssl(dir, &["genrsa", "-out", "key.pem", &bits.to_string()]);
        openssl(dir, &["rsa", "-in", "key.pem", "-pubout", "-outform", "DER", "-out", "key.der"]);
        let key = std::fs::read(dir.join("key.der")).unwrap();
        for (digest, word) in [(Digest::Sha256, "sha256"), (Digest::Sha384, "sha384")] {
            let signed = sign(word, "digest");
            assert!(is_good_pss(&key, digest, MESSAGE, &signed), "{bits} {word}");
            assert!(!is_good_pss(&key, digest, b"something else", &signed), "{bits} {word}");
            for place in 0..signed.len() {
                let mut other = signed.clone();
                other[place] ^= 1;
                assert!(!is_good_pss(&key, digest, MESSAGE, &other), "{bits} {word} {place}");
            }
            for short in [&signed[1..], &signed[..signed.len() - 1], &[]] {
                assert!(!is_good_pss(&key, digest, MESSAGE, short), "{bits} {word}");
            }
            assert!(!is_good_pss(&key, digest, MESSAGE, &vec![0; signed.len()]), "{bits} {word}");
            assert!(!is_good_pss(&key, digest, MESSAGE, &sign(word, "0")), "a salt of another length");
        }
        assert!(!is_good_pss(&key, Digest::Sha256, MESSAGE, &sign("sha384", "digest")), "{bits}");
        // In 128 octets there is no room for two digests of 64.
        assert!(!is_good_pss(&key, Digest::Sha512, MESSAGE, &sign("sha256", "digest")), "{bits}");
    }
}
