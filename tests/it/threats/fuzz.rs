//! T100: whatever the bytes are, a parser answers or refuses; it never panics. Seconds here; hours with more cases
//! (`PROPTEST_CASES`). TFTP packets, PROXY headers, raw texts, SCEP and EST have theirs beside the parser.

use crate::support::admin::running;
use crate::support::raw::{self, exchange};
use crate::support::server::Phonebox;
use phonebox::vendors::{Evidence, identify};
use proptest::prelude::*;
use std::io::Write;

fn bounded(cases: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    ProptestConfig { cases: asked.unwrap_or(cases), failure_persistence: None, ..ProptestConfig::default() }
}

/// Pieces that such bytes are made of, so that not every case fails at its first byte.
fn piece(words: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let word = prop::sample::select(words).prop_map(|word| word.as_bytes().to_vec());
    prop_oneof![4 => word, 1 => prop::collection::vec(any::<u8>(), 0..12)]
}

fn text(words: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(piece(words), 0..12).prop_map(|pieces| pieces.concat())
}

const PATHS: &[&str] = &[
    "/",
    "//",
    "..",
    "%2e",
    "%2f",
    "%00",
    "%",
    "%c0%af",
    "\\",
    ";",
    "?",
    "&",
    "mac=",
    "805ec0aabb01",
    "80:5e:c0:aa:bb:01",
    "y000000000096",
    ".cfg",
    ".boot",
    ".xml",
    ".txt",
    "46xxsettings",
    "snomD785-",
    "config.",
    "/p/",
    "/with-login/",
    "J100Supgrade",
    "kb636uprehwqjoogoeeqwiejl3",
    "-local",
    "sipconfig-",
    "target-1.pem",
];
const AGENTS: &[&str] = &[
    "Yealink",
    " SIP-T54W ",
    "96.86.0.74 ",
    "80:5e:c0:aa:bb:01",
    "AVAYA/",
    "J179-",
    "4.0.3.1",
    "(MAC:c81fea83e85a)",
    "snomD785/",
    "Mozilla/4.0 (compatible; ",
    "10.1.64.14",
    " 000413922d24",
    "ALE ",
    "M3 ",
    "Vesa ",
    "/",
    "-",
    "(",
    ")",
    ";",
    "\t",
    " ",
];

proptest! {
    #![proptest_config(bounded(20_000))]

    #[test]
    fn threat_100_any_path_is_read_or_refused_and_stays_a_name(path in text(PATHS)) {
        if let Some(path) = phonebox::provision::parse(&path) {
            prop_assert!(!path.name.contains('/') && path.name != ".." && !path.name.contains('\0'), "{:?}", path.name);
        }
    }

    #[test]
    fn threat_100_any_user_agent_and_path_are_identified_or_not(agent in text(AGENTS), path in text(PATHS)) {
        let evidence = Evidence { user_agent: Some(&agent), path: Some(&path), ..Evidence::default() };
        let identity = identify(&evidence);
        prop_assert!(identity.mac.is_none_or(|mac| mac.to_u64() != 0));
    }
}

const DIGEST: &[&str] = &[
    "Digest ",
    "Basic ",
    "Bearer ",
    "username=\"805ec0aabb01\"",
    "username=805ec0aabb01",
    "realm=\"phonebox\"",
    "nonce=\"",
    "\"",
    "uri=\"/x\"",
    "response=\"0123456789abcdef0123456789abcdef\"",
    "qop=auth",
    "nc=00000001",
    "nc=ffffffff",
    "cnonce=\"x\"",
    "algorithm=MD5",
    "algorithm=SHA-256",
    ", ",
    ",",
    "=",
    "\\\"",
    "ODA1ZWMwYWFiYjAxOng=",
    "Og==",
];
const FORWARDED: &[&str] = &[
    "for=",
    "\"[2001:db8::1]:80\"",
    "[::1]",
    "10.0.0.1",
    "10.0.0.1:99999",
    "unknown",
    "_hidden",
    ", ",
    ";",
    "proto=https",
    "by=",
    "\"",
    "::ffff:10.0.0.1",
    "127.0.0.1",
    "=",
];

/// Header values that a client may send at all.
fn value(words: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    text(words).prop_map(|bytes| bytes.into_iter().filter(|byte| !matches!(byte, b'\r' | b'\n' | 0)).collect())
}

/// Through the door, behind a proxy that is trusted and in a directory where credentials are asked for.
#[test]
fn threat_100_any_credentials_and_any_forwarded_header_are_answered() {
    let phonebox = Phonebox::start_with(&["--trusted-proxies", "127.0.0.0/8", "--misses-per-minute", "1000000"]);
    phonebox.cli(&["device", "add", "805ec0aabb01", "--model", "T54W", "--activate"]);
    let header = (value(DIGEST), value(FORWARDED), value(FORWARDED));
    let mut runner = proptest::test_runner::TestRunner::new(bounded(400));
    runner
        .run(&header, |(credentials, forwarded, usual)| {
            let lines: [(&[u8], &[u8]); 3] =
                [(b"Authorization", &credentials), (b"Forwarded", &forwarded), (b"X-Forwarded-For", &usual)];
            let mut head = b"GET /with-login/805ec0aabb01.cfg HTTP/1.1\r\nHost: x\r\nConnection: close\r\n".to_vec();
            for (name, value) in lines {
                head.extend([name, b": ", value, b"\r\n"].concat());
            }
            head.extend(b"\r\n");
            let mut stream = raw::connect(phonebox.http());
            stream.write_all(&head).unwrap();
            let status = raw::read(&mut stream, false).map_or(0, |answer| answer.status);
            prop_assert!(matches!(status, 400 | 401 | 404), "{status} {}", String::from_utf8_lossy(&head));
            Ok(())
        })
        .unwrap();
    // And bytes that are no PROXY header and no HTTP.
    for bytes in [&b"PROXY TCP4 1.2.3.4"[..], b"\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff", b"PROXY UNKNOWN\r\n\r\n"] {
        exchange(phonebox.http(), bytes);
    }
    assert_eq!(raw::get(phonebox.http(), "/missing").status, 404);
    assert!(!phonebox.said().contains("panicked"), "{}", phonebox.said());
}

const ROWS: &[&str] = &[
    "mac,model,name\n",
    "mac;vendor;line1_user\r\n",
    "805ec0aabb01,T54W,x\n",
    "\"",
    ",",
    ";",
    "\t",
    "\n",
    "\r",
    "\u{feff}",
    "\"a\nb\"",
    "line1_password",
    "line99_user",
    "sip.server",
    "=cmd|x",
    "000000000000",
    "[",
    "{\"mac\":\"805ec0aabb02\"}",
    "{",
    "}",
    "]",
    "PK\x03\x04",
];

#[test]
fn threat_100_any_file_is_imported_or_refused() {
    let phonebox = running();
    let mut runner = proptest::test_runner::TestRunner::new(bounded(150));
    runner
        .run(&text(ROWS), |file| {
            let answer = phonebox.upload("POST", "/devices/import?dry_run=true", &file);
            prop_assert!(matches!(answer.status, 200 | 400), "{} {}", answer.status, String::from_utf8_lossy(&file));
            Ok(())
        })
        .unwrap();
}
