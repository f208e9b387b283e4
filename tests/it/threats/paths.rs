//! What may stand in a request line and in a head: a plain name, a few headers, and nothing that two readers could take
//! for two different things.

use crate::support::phone::{PASSWORD, add, mac, phone};
use crate::support::raw::{self, SOMEONE, exchange};
use crate::support::server::Phonebox;

/// A box with a phone in its open window: its file is 200 for whoever names it rightly.
fn open_box() -> Phonebox {
    let phonebox = Phonebox::start_with(&["--misses-per-minute", "1000000"]);
    add(&phonebox, "T54W", &[]);
    phonebox
}

const OWN: &str = "805ec0aabb01.cfg";

#[test]
fn threat_014_no_form_of_a_path_leads_anywhere_but_to_a_name() {
    let mut phonebox = open_box();
    // A canary where a traversal would look, and one in the data directory itself.
    let canary = phonebox.file("canary-outside");
    std::fs::write(phonebox.path().join("canary.cfg"), "canary-inside").unwrap();
    let outside = canary.to_str().unwrap();
    let up = "../".repeat(12);
    let encoded = "%2e%2e%2f".repeat(12);
    let paths = [
        format!("/{up}{outside}"),
        format!("/{encoded}{outside}"),
        format!("/..%2f..%2f..{outside}"),
        format!("/%252e%252e/%252e%252e{outside}"),
        format!("/..\\..\\..{}", outside.replace('/', "\\")),
        format!("/..%5c..%5c..{}", outside.replace('/', "%5c")),
        format!("//{}", &outside[1..]),
        format!("/{outside}"),
        format!("/./{OWN}"),
        format!("/x/../{OWN}"),
        format!("//{OWN}"),
        format!("/{OWN}%00"),
        format!("/{OWN}%00.txt"),
        format!("/%c0%ae%c0%ae/{OWN}"),
        format!("/{OWN}."),
        format!("/{OWN}%20"),
        format!("/{OWN};x"),
        format!("/{OWN};jsessionid=1"),
        format!("/{}/{OWN}", "a".repeat(8 * 1024)),
        "/canary.cfg".to_owned(),
        "/phonebox.db".to_owned(),
        "/seal.key".to_owned(),
        "/files/../phonebox.db".to_owned(),
        "/C:/canary.cfg".to_owned(),
        "/C:\\canary.cfg".to_owned(),
        "/\\\\host\\share\\x".to_owned(),
        "/%5c%5chost%5cshare".to_owned(),
        "/etc/passwd".to_owned(),
        "/proc/self/environ".to_owned(),
        format!("http://{}/{OWN}", phonebox.http()),
        format!("http://127.0.0.1:9/{OWN}"),
        format!("file:///{OWN}"),
        "*".to_owned(),
        String::new(),
        "canary.cfg".to_owned(),
        "/%".to_owned(),
        "/%zz".to_owned(),
        "/\u{e9}".to_owned(),
    ];
    for path in &paths {
        let got = exchange(
            phonebox.http(),
            format!("GET {path} HTTP/1.1\r\nHost: x\r\n{SOMEONE}Connection: close\r\n\r\n").as_bytes(),
        );
        let (text, statuses) = (got.text(), got.statuses());
        assert!(
            statuses.len() <= 1 && statuses.iter().all(|status| matches!(status, 400 | 404 | 414 | 431)),
            "{path}: {text}"
        );
        for secret in ["canary-", PASSWORD, "root:", outside, phonebox.path().to_str().unwrap(), "SQLite"] {
            assert!(!text.contains(secret), "{path}: {text}");
        }
    }
    for bytes in [&b"\xff\xfe\xfd"[..], b"/\x00x", b"/\x80.cfg", b"/a\x7fb"] {
        let got = exchange(phonebox.http(), &[b"GET ", bytes, b" HTTP/1.1\r\nHost: x\r\n\r\n"].concat());
        assert!(got.statuses().iter().all(|status| matches!(status, 400 | 404)), "{bytes:?}: {}", got.text());
    }
    assert!(phonebox.is_alive() && !phonebox.said().contains("panicked"), "{}", phonebox.said());
}

#[test]
fn threat_015_only_the_documented_forms_of_a_name_are_served() {
    let phonebox = open_box();
    let upper = OWN.to_uppercase();
    let served = [
        format!("/{OWN}"),
        format!("/{upper}"),
        "/805eC0aAbB01.cfg".to_owned(),
        format!("/any/directory/{OWN}"),
        "/%38%30%35ec0aabb01.cfg".to_owned(),
    ];
    for path in served {
        assert!(raw::ask(phonebox.http(), "GET", &path, SOMEONE).text().contains(PASSWORD), "{path}");
    }
    let refused = [
        format!("/{OWN}?..%2f"),
        format!("/{OWN}?x=1"),
        format!("/{OWN}?mac=001565aabb03"),
        format!("/{OWN}/"),
        format!("/{OWN}.bak"),
        format!("/{OWN}~"),
        format!("/.{OWN}"),
        "/805ec0aabb0.cfg".to_owned(),
        "/805ec0aabb012.cfg".to_owned(),
        "/805ec0aabb01.cfgx".to_owned(),
        "/000000000000.cfg".to_owned(),
        "/ffffffffffff.cfg".to_owned(),
        format!("/{}/{OWN}", mac("T46S")),
    ];
    for path in refused {
        let answer = raw::ask(phonebox.http(), "GET", &path, SOMEONE);
        assert_eq!(answer.status, 404, "{path}: {}", answer.text());
    }
}

#[test]
fn two_macs_in_one_request_are_refused() {
    let phonebox = open_box();
    add(&phonebox, "T46S", &[]);
    let other = format!("User-Agent: {}\r\n", phone("T46S").user_agent());
    for (path, head) in [(format!("/{OWN}"), other.as_str()), (format!("/{}/{OWN}", mac("T46S")), "")] {
        let answer = raw::ask(phonebox.http(), "GET", &path, head);
        assert_eq!((answer.status, answer.text().contains(PASSWORD)), (404, false), "{path}");
    }
    let verdicts = phonebox.verdict(mac("T54W")) + &phonebox.verdict(mac("T46S"));
    assert!(verdicts.contains("two different MAC addresses"), "{verdicts}");
}

/// T3: no site has a host name of its own, so none is a door to another's devices.
#[test]
fn threat_003_and_016_a_host_header_decides_nothing() {
    let phonebox = open_box();
    let token_url = {
        let mut phone = phone("T54W");
        phone.boot(Some(&phonebox.url(false)));
        phone.server().unwrap()
    };
    assert!(token_url.starts_with(&phonebox.url(false)), "{token_url}");
    let with = |hosts: &str| {
        exchange(
            phonebox.http(),
            format!("GET /{OWN} HTTP/1.1\r\n{hosts}{SOMEONE}Connection: close\r\n\r\n").as_bytes(),
        )
    };
    // A name of somebody else is never written into an answer.
    for host in ["evil.example", "evil.example:1234", "127.0.0.1:1@evil.example", "[::1]", "", "a b", "\u{e9}"] {
        let text = with(&format!("Host: {host}\r\n")).text();
        assert!(!text.contains("evil") && text.matches("HTTP/1.1 ").count() == 1, "{host}: {text}");
    }
    for hosts in ["", "Host: a\r\nHost: b\r\n", "Host: a\r\nhost: a\r\n"] {
        let got = with(hosts);
        assert_eq!(got.statuses(), [400], "{hosts:?}: {}", got.text());
        assert!(got.closed && !got.text().contains(PASSWORD));
    }
    let huge = with(&format!("Host: {}\r\n", "h".repeat(64 * 1024)));
    assert!(huge.statuses().iter().all(|status| matches!(status, 400 | 431)), "{}", huge.text());
}

/// T16: what is no name and no address is refused, whatever would have been sent.
#[test]
fn threat_016_a_host_that_is_none_is_refused() {
    let phonebox = open_box();
    for host in ["", " ", "a b", "a b/c@d", "a@b", "a/b", "\u{e9}", "a,b", &"a".repeat(9_000), &"a".repeat(262)] {
        let head = format!("GET /{OWN} HTTP/1.1\r\nHost: {host}\r\n{SOMEONE}\r\n");
        let got = exchange(phonebox.http(), head.as_bytes());
        assert_eq!((got.statuses(), got.closed), (vec![400], true), "{host}: {}", got.text());
        assert!(!got.text().contains(PASSWORD), "{host}");
    }
    for host in ["10.1.2.3:8080", "phonebox_1.example.", "[fe80::1%eth0]:80", &"a".repeat(261)] {
        let head = format!("GET /{OWN} HTTP/1.1\r\nHost: {host}\r\n{SOMEONE}\r\n");
        assert_eq!(exchange(phonebox.http(), head.as_bytes()).statuses(), [200], "{host}");
    }
}

/// T17: forms that a proxy and a server could read differently are no request, and nothing after them is one.
#[test]
fn threat_017_no_request_is_smuggled_in_another() {
    let mut phonebox = open_box();
    let inner = format!("GET /{OWN} HTTP/1.1\r\nHost: x\r\n\r\n");
    let put = format!("PUT /{}-local.cfg HTTP/1.1\r\nHost: x\r\n", mac("T54W"));
    let get = "GET /missing.cfg HTTP/1.1\r\nHost: x\r\n";
    let forms = [
        ("CL and TE", format!("{put}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{inner}")),
        ("TE and CL", format!("{put}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n{inner}")),
        ("GET with TE", format!("{get}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n{inner}")),
        ("two CL", format!("{put}Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcd{inner}")),
        ("CL list", format!("{put}Content-Length: 4, 5\r\n\r\nabcd{inner}")),
        ("CL with a sign", format!("{put}Content-Length: +4\r\n\r\nabcd{inner}")),
        ("CL negative", format!("{put}Content-Length: -1\r\n\r\n{inner}")),
        ("CL hex", format!("{put}Content-Length: 0x4\r\n\r\nabcd{inner}")),
        ("CL huge", format!("{put}Content-Length: 99999999999999999999999\r\n\r\nabcd{inner}")),
        ("TE unknown", format!("{put}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{inner}")),
        ("TE twice", format!("{put}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n{inner}")),
        ("TE and HTTP/1.0", format!("{}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n{inner}", put.replace("1.1", "1.0"))),
        ("obs-fold", format!("{put}X: a\r\n b\r\nContent-Length: 4\r\n\r\nabcd{inner}")),
        ("blank before colon", format!("{put}Content-Length : 4\r\n\r\nabcd{inner}")),
        ("chunk size with a sign", format!("{put}Transfer-Encoding: chunked\r\n\r\n+4\r\nabcd\r\n0\r\n\r\n{inner}")),
        ("chunk size too large", format!("{put}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nabcd{inner}")),
        ("NUL in a header", format!("{put}X: a\0b\r\nContent-Length: 4\r\n\r\nabcd{inner}")),
        ("CR in a header", format!("{put}X: a\rContent-Length: 4\r\n\r\nabcd{inner}")),
        ("control in the method", format!("GE\x01T / HTTP/1.1\r\nHost: x\r\n\r\n{inner}")),
        ("HTTP/0.9", format!("GET /{OWN}\r\n\r\n{inner}")),
        ("HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned()),
        ("HTTP/9.9", format!("GET /{OWN} HTTP/9.9\r\nHost: x\r\n\r\n{inner}")),
    ];
    for (form, text) in forms {
        let got = exchange(phonebox.http(), text.as_bytes());
        assert!(got.closed, "{form}: the connection stays open: {}", got.text());
        assert!(got.statuses().len() <= 1, "{form}: two answers: {}", got.text());
        assert!(
            got.statuses().iter().all(|status| matches!(status, 400 | 404 | 411 | 413 | 431 | 505)),
            "{form}: {}",
            got.text()
        );
        assert!(!got.text().contains(PASSWORD), "{form}");
    }
    // Bare line feeds end lines, as RFC 9112 §2.2 allows; what follows is a request of its own for everybody.
    let bare = exchange(phonebox.http(), format!("GET /missing.cfg HTTP/1.1\nHost: x\n\n{inner}").as_bytes());
    assert!(bare.statuses().len() <= 2);
    assert!(phonebox.is_alive() && !phonebox.said().contains("panicked"));
}

/// RFC 9112 §6.1: no coding but chunked, once, and none for what has no body. The file is there for whoever asks plainly.
#[test]
fn threat_017_a_body_that_two_could_read_differently_is_refused_and_the_connection_closed() {
    let phonebox = open_box();
    let get = format!("GET /{OWN} HTTP/1.1\r\nHost: x\r\n{SOMEONE}");
    let put = format!("PUT /{}-local.cfg HTTP/1.1\r\nHost: x\r\n{SOMEONE}", mac("T54W"));
    for head in [
        format!("{get}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
        format!("{get}Transfer-Encoding: chunked\r\n"),
        format!("{put}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
        format!("{put}Transfer-Encoding: gzip, chunked\r\n"),
        format!("{put}Transfer-Encoding: chunked, chunked\r\n"),
    ] {
        let got = exchange(phonebox.http(), format!("{head}\r\n0\r\n\r\n{get}\r\n").as_bytes());
        assert_eq!((got.statuses(), got.closed), (vec![400], true), "{head}: {}", got.text());
        assert!(!got.text().contains(PASSWORD), "{head}");
    }
    assert_eq!(exchange(phonebox.http(), format!("{get}\r\n").repeat(2).as_bytes()).statuses(), [200, 200]);
}

#[test]
fn header_floods_and_large_heads_are_refused() {
    let mut phonebox = open_box();
    let before = phonebox.resident();
    let many: String = (0..10_000).map(|n| format!("X-{n}: y\r\n")).collect();
    let some: String = (0..200).map(|n| format!("X-{n}: y\r\n")).collect();
    for head in [many, some, format!("X: {}\r\n", "y".repeat(1 << 20)), format!("{}: y\r\n", "x".repeat(64 * 1024))] {
        let got = exchange(phonebox.http(), format!("GET /{OWN} HTTP/1.1\r\nHost: x\r\n{head}\r\n").as_bytes());
        assert!(got.statuses().iter().all(|status| matches!(status, 400 | 431)), "{}", got.text());
        assert!(got.closed);
    }
    let garbage: Vec<u8> = (0..200_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for start in [0, 1, 7, 1000] {
        let got = exchange(phonebox.http(), &garbage[start..]);
        assert!(got.statuses().iter().all(|status| *status == 400), "{}", got.text());
        let got = exchange(phonebox.https(), &garbage[start..]);
        assert!(got.closed, "garbage is no handshake");
    }
    assert!(phonebox.resident().saturating_sub(before) < 50 << 20);
    assert!(phonebox.is_alive() && !phonebox.said().contains("panicked"));
}
