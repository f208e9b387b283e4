//! HTTP as RFC 9110 has it, where phones and abusers use it: heads byte by byte, conditions, ranges, HEAD, uploads, and
//! what a stranger may write into a log.

use crate::support::eventually;
use crate::support::phone::{PASSWORD, add, mac, phone};
use crate::support::raw::{self, SOMEONE, exchange};
use crate::support::server::Phonebox;
use std::io::Write;

const FIRMWARE: usize = 100_000;

/// With a firmware file of 100,000 bytes, each of which says its place.
fn with_firmware() -> Phonebox {
    let phonebox = Phonebox::start();
    let text: String = (0..FIRMWARE / 10).map(|n| format!("{n:09}\n")).collect();
    phonebox.cli(&["file", "add", phonebox.file(&text).to_str().unwrap(), "--name", "fw.rom"]);
    phonebox
}

/// Date out, digits of the entity tag out: all else is compared byte by byte.
fn head(answer: &raw::Answer) -> String {
    let mut head = answer.head.clone();
    for name in ["Etag: ", "Last-Modified: "] {
        if let Some(start) = head.find(name) {
            let end = start + head[start..].find("\r\n").unwrap();
            head.replace_range(start + name.len()..end, "*");
        }
    }
    head
}

/// avaya.md §1.7: title-case names, Content-Length, no chunks, no encoding, and the end of the connection unless the
/// User-Agent is a J100's.
#[test]
fn the_head_of_an_avaya_answer_is_the_same_bytes_every_time() {
    let phonebox = Phonebox::start();
    add(&phonebox, "9608", &[]);
    add(&phonebox, "J179", &[]);
    let own = format!("/{}.txt", mac("9608"));
    let old = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nLast-Modified: *\r\nEtag: *\r\nConnection: close\r\n";
    for path in ["/96x1Supgrade.txt", "/46xxsettings.txt", &own, "/app/provision/96x1Supgrade.txt", "/96X1SUPGRADE.TXT"]
    {
        let answer = raw::get(phonebox.http(), path);
        assert_eq!(head(&answer), format!("{old}Content-Length: {}\r\n\r\n", answer.body.len()), "{path}");
        assert!(!answer.body.is_empty());
        let got = exchange(phonebox.http(), format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes());
        assert!(got.closed && got.statuses() == [200], "{path}: closed after one: {}", got.text());
    }
    let missing = raw::get(phonebox.http(), "/d47856aaaaaa.txt");
    let bytes = "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: 10\r\n\r\n";
    assert_eq!(
        (missing.head.as_str(), missing.text().as_str()),
        (bytes, "Not found\n"),
        "no page that a phone would read as settings"
    );
    let agent = format!("User-Agent: {}\r\n", phone("J179").user_agent());
    let j100 = raw::ask(phonebox.http(), "GET", "/J100Supgrade.txt", &agent);
    assert_eq!(
        head(&j100),
        format!("{}Content-Length: {}\r\n\r\n", old.replace("Connection: close\r\n", ""), j100.body.len())
    );
    let asked = format!("GET /J100Supgrade.txt HTTP/1.1\r\nHost: x\r\n{agent}\r\n");
    assert_eq!(exchange(phonebox.http(), asked.repeat(2).as_bytes()).statuses(), [200, 200], "kept alive");
    // Asked to compress or to chunk, it does neither.
    let asked = "Accept-Encoding: gzip, deflate, br\r\nTE: chunked, trailers\r\n";
    assert_eq!(
        head(&raw::ask(phonebox.http(), "GET", "/96x1Supgrade.txt", asked)),
        head(&raw::get(phonebox.http(), "/96x1Supgrade.txt"))
    );
}

/// An old client that asks to keep the connection is told in one word that it ends.
#[test]
fn a_connection_that_ends_says_nothing_else() {
    let phonebox = Phonebox::start();
    for version in ["1.0", "1.1"] {
        let head = format!("GET /46xxsettings.txt HTTP/{version}\r\nHost: x\r\nConnection: keep-alive\r\n\r\n");
        let got = exchange(phonebox.http(), head.as_bytes());
        assert!(got.closed && got.text().contains("Connection: close\r\n"), "{}", got.text());
        assert!(!got.text().contains("keep-alive"), "{}", got.text());
    }
}

#[test]
fn conditions_are_answered_with_304_and_change_with_the_file() {
    let mut phonebox = Phonebox::start();
    add(&phonebox, "T54W", &[]);
    let path = format!("/{}.cfg", mac("T54W"));
    let ask = |phonebox: &Phonebox, head: &str| raw::ask(phonebox.http(), "GET", &path, &format!("{SOMEONE}{head}"));
    let first = settled(|head| ask(&phonebox, head));
    let (etag, date) = (first.header("etag").unwrap().to_owned(), first.header("last-modified").unwrap().to_owned());
    for head in [
        format!("If-None-Match: {etag}\r\n"),
        format!("If-None-Match: \"x\", W/{etag}\r\n"),
        "If-None-Match: *\r\n".to_owned(),
        format!("If-Modified-Since: {date}\r\n"),
        "If-Modified-Since: Tue, 01 Jan 2199 00:00:00 GMT\r\n".to_owned(),
    ] {
        let answer = ask(&phonebox, &head);
        assert_eq!((answer.status, answer.body.len()), (304, 0), "{head}");
        assert_eq!(answer.header("etag"), Some(etag.as_str()));
    }
    for head in [
        "If-None-Match: \"x\"\r\n".to_owned(),
        format!("If-None-Match: \"x\"\r\nIf-Modified-Since: {date}\r\n"),
        "If-Modified-Since: Mon, 01 Jan 2001 00:00:00 GMT\r\n".to_owned(),
        "If-Modified-Since: yesterday\r\n".to_owned(),
    ] {
        assert_eq!(ask(&phonebox, &head).body, first.body, "{head}");
    }
    phonebox.restart_at("+1h");
    phonebox.cli(&["device", "set", mac("T54W"), "--set", "sip.server=other.example"]);
    for head in [format!("If-None-Match: {etag}\r\n"), format!("If-Modified-Since: {date}\r\n")] {
        let answer = ask(&phonebox, &head);
        assert!(answer.status == 200 && answer.text().contains("other.example"), "{head}");
    }
}

/// Asked when the second of its last change is over: from then on it has a date of its own.
fn settled(ask: impl Fn(&str) -> raw::Answer) -> raw::Answer {
    let mut answer = ask("");
    eventually("a date of its own", || {
        answer = ask("");
        let date = answer.header("last-modified").unwrap();
        ask(&format!("If-Modified-Since: {date}\r\n")).status == 304
    });
    answer
}

/// RFC 9110 §8.8.2.2: a date says seconds, and a file may change twice in one. Phones that poll by date get the second, too.
#[test]
fn a_second_change_within_a_second_is_news_to_who_asks_by_date() {
    let phonebox = Phonebox::start();
    let ask = |head: &str| raw::ask(phonebox.http(), "GET", "/46xxsettings.txt", head);
    let second = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let set = |server: &str| {
        let body = format!("{{\"set\":{{\"time.ntp\":\"{server}\"}}}}");
        assert_eq!(phonebox.admin_asks("PATCH", "/api/v1/settings?layer=global", &body).status, 200);
    };
    let mut first = raw::Answer::default();
    eventually("two changes in one second", || {
        let start = second();
        set("10.1.0.1");
        first = ask("");
        set("10.2.0.1");
        start == second()
    });
    assert!(first.text().contains("10.1.0.1"), "{}", first.text());
    let start = second();
    eventually("another second", || second() > start + 1);
    let date = first.header("last-modified").unwrap();
    let news = ask(&format!("If-Modified-Since: {date}\r\n"));
    assert!(news.status == 200 && news.text().contains("10.2.0.1"), "{} {date}", news.head);
    let date = news.header("last-modified").unwrap();
    assert_eq!(ask(&format!("If-Modified-Since: {date}\r\n")).status, 304);
}

/// No row says which port the box has, nor which year it is, and both are in files: new bytes are sent all the same.
#[test]
fn a_new_port_and_a_new_year_move_the_date_of_a_file() {
    let mut phonebox = Phonebox::start();
    add(&phonebox, "T54W", &[]);
    let own = format!("/{}.cfg", mac("T54W"));
    let ask = |phonebox: &Phonebox, path: &str, since: Option<&raw::Answer>| {
        let head = since.map(|since| format!("If-Modified-Since: {}\r\n", since.header("last-modified").unwrap()));
        raw::ask(phonebox.http(), "GET", path, &format!("{SOMEONE}{}", head.unwrap_or_default()))
    };
    let first = ask(&phonebox, &own, None);
    let old = phonebox.http();
    phonebox.move_ports();
    phonebox.restart_at("+1h");
    assert_ne!(phonebox.http(), old);
    assert_eq!(ask(&phonebox, &own, Some(&first)).status, 200);
    let second = settled(|head| raw::ask(phonebox.http(), "GET", &own, &format!("{SOMEONE}{head}")));
    assert!(second.text().contains(&format!("http://{}/", phonebox.http())), "{}", second.text());
    let common = settled(|head| raw::ask(phonebox.http(), "GET", "/y000000000096.cfg", &format!("{SOMEONE}{head}")));
    phonebox.restart_at("+2h");
    assert_eq!(ask(&phonebox, &own, Some(&second)).status, 304, "nothing is new");
    assert_eq!(ask(&phonebox, "/y000000000096.cfg", Some(&common)).status, 304);
    phonebox.restart_at("+400d");
    assert_eq!(ask(&phonebox, "/y000000000096.cfg", Some(&common)).status, 200, "another year");
}

#[test]
fn threat_018_ranges_are_rfc_9110_and_do_not_amplify() {
    let phonebox = with_firmware();
    let whole = raw::ask(phonebox.http(), "GET", "/fw.rom", SOMEONE);
    assert_eq!((whole.status, whole.body.len()), (200, FIRMWARE));
    let etag = whole.header("etag").unwrap();
    let ask = |range: &str| raw::ask(phonebox.http(), "GET", "/fw.rom", &format!("{SOMEONE}Range: {range}\r\n"));
    let last = FIRMWARE - 1;
    for (range, from, to) in [
        ("bytes=0-0", 0, 0),
        ("bytes=10-19", 10, 19),
        ("bytes=-1", last, last),
        ("bytes=99990-", 99_990, last),
        ("bytes=99990-999999999", 99_990, last),
        ("bytes=-999999999", 0, last),
    ] {
        let answer = ask(range);
        assert_eq!((answer.status, &answer.body[..]), (206, &whole.body[from..=to]), "{range}");
        assert_eq!(answer.header("content-range"), Some(format!("bytes {from}-{to}/{FIRMWARE}").as_str()));
    }
    for range in ["bytes=-0", "bytes=100000-", "bytes=100000-100001", "bytes=18446744073709551615-"] {
        let answer = ask(range);
        assert_eq!((answer.status, answer.header("content-range")), (416, Some("bytes */100000")), "{range}");
        assert!(answer.body.len() < 100);
    }
    let thousand: Vec<String> = (0..1000).map(|n| format!("{n}-")).collect();
    let overlapping = format!("bytes={}", vec!["0-"; 1000].join(","));
    for range in [
        &format!("bytes={}", thousand.join(",")),
        &overlapping,
        "bytes=0-0,5-6",
        "bytes=9-1",
        "lines=1-2",
        "bytes=",
        "bytes=a-b",
        "bytes=+1-2",
        "0-0",
    ] {
        let answer = ask(range);
        assert!(answer.status == 200 || answer.status == 416, "{range}");
        assert!(answer.body.len() <= FIRMWARE, "{range}: {} bytes", answer.body.len());
    }
    let fresh = ask(&format!("bytes=0-9\r\nIf-Range: {etag}"));
    assert_eq!((fresh.status, fresh.body.len()), (206, 10));
    for stale in ["\"x\"", "W/\"x\"", "Mon, 01 Jan 2001 00:00:00 GMT", "nonsense"] {
        let answer = ask(&format!("bytes=0-9\r\nIf-Range: {stale}"));
        assert_eq!((answer.status, answer.body.len()), (200, FIRMWARE), "{stale}");
    }
}

#[test]
fn threat_019_head_is_get_without_a_body_and_nothing_is_stored_without_proof() {
    let phonebox = with_firmware();
    add(&phonebox, "T54W", &[]);
    let own = format!("/{}.cfg", mac("T54W"));
    for path in ["/fw.rom", own.as_str(), "/y000000000096.cfg", "/96x1Supgrade.txt", "/missing", "/phonebox-ca.pem"] {
        let (head, get) =
            (raw::ask(phonebox.http(), "HEAD", path, SOMEONE), raw::ask(phonebox.http(), "GET", path, SOMEONE));
        assert_eq!((head.status, &head.head), (get.status, &get.head), "{path}");
        assert!(head.body.is_empty());
    }
    // HEAD closes no window and counts as no delivery.
    let fresh = Phonebox::start();
    add(&fresh, "T54W", &[]);
    raw::ask(fresh.http(), "HEAD", &own, SOMEONE);
    assert!(fresh.device(mac("T54W"))["enrolled_at"].is_null());
    // Nor does a part of the file, but what was in it went out all the same.
    let part = raw::ask(fresh.http(), "GET", &own, &format!("{SOMEONE}Range: bytes=0-\r\n"));
    assert_eq!(part.status, 206);
    let explained = fresh.explain(mac("T54W"));
    assert!(explained["plain_secrets"].to_string().contains(&own[1..]), "{explained}");
    assert!(fresh.device(mac("T54W"))["enrolled_at"].is_null());
    let put =
        |method: &str, path: &str, body: &[u8]| raw::send(phonebox.http(), None, method, path, SOMEONE, body).status;
    for method in ["PUT", "POST"] {
        for path in [own.as_str(), "/fw.rom", "/x.cfg", "/phonebox.db", "/46xxsettings.txt", "/y000000000096.cfg"] {
            assert!(matches!(put(method, path, b"x"), 403..=405), "{method} {path}");
        }
        assert!(matches!(put(method, &format!("/{}-local.cfg", mac("T54W")), b"x"), 403..=405), "a window is no proof");
    }
    for method in ["DELETE", "OPTIONS", "TRACE", "PATCH", "CONNECT", "PROPFIND", "get", "X"] {
        let answer = raw::ask(phonebox.http(), method, &own, SOMEONE);
        assert!(matches!(answer.status, 400 | 404 | 405 | 501), "{method} {}", answer.status);
        assert!(!answer.text().contains(PASSWORD));
    }
    assert_eq!(raw::ask(phonebox.http(), "GET", "/fw.rom", SOMEONE).body.len(), FIRMWARE);
}

/// T20, T98: what a stranger writes is cut, tamed and one line wherever it is shown.
#[test]
fn threat_020_and_098_a_hostile_user_agent_is_harmless_where_it_is_shown() {
    let mut phonebox = Phonebox::start_with(&["--log-filter", "trace", "--misses-per-minute", "1000000"]);
    let path = format!("/{}.cfg", mac("T54W"));
    let agents: [&[u8]; 7] = [
        b"Yealink SIP-T54W 96.86.0.100 ${jndi:ldap://x/a}",
        b"Yealink <script>alert(1)</script> 1.2",
        b"Yealink SIP-T54W\x1b[2J\x1b]0;x\x07 1",
        b"Yealink \xff\xfe\x80 SIP",
        b"Yealink SIP-T54W 96 \xe2\x80\xae\xe2\x80\xa8x",
        b"AVAYA/SIP12x0\xff/04.01.13.00",
        b"=cmd|' /C calc'!A0",
    ];
    for agent in agents {
        let head = [format!("GET {path} HTTP/1.1\r\nHost: x\r\nUser-Agent: ").as_bytes(), agent, b"\r\n\r\n"].concat();
        let got = exchange(phonebox.http(), &head);
        assert!(got.statuses().iter().all(|status| matches!(status, 400 | 404)), "{}", got.text());
    }
    let long = format!("User-Agent: Yealink SIP-T54W {}\r\n", "9".repeat(20_000));
    assert_eq!(raw::ask(phonebox.http(), "GET", &path, &long).status, 404);
    let longer = format!("GET {path} HTTP/1.1\r\nHost: x\r\nUser-Agent: {}\r\n\r\n", "y".repeat(64 * 1024));
    assert!(exchange(phonebox.http(), longer.as_bytes()).statuses().iter().all(|status| matches!(status, 400 | 431)));
    // CR, LF and escapes in a path, encoded and not.
    for name in ["%0d%0aINFO forged", "%1b%5b2J", "a%0ab", "a%c2%85b"] {
        let path = format!("/{}-{name}.cfg", mac("T54W")).replace(' ', "%20");
        assert_eq!(raw::ask(phonebox.http(), "GET", &path, SOMEONE).status, 404);
    }
    let explained = phonebox.cli(&["explain", mac("T54W")]);
    let json = phonebox.explain(mac("T54W")).to_string();
    for shown in [&explained, &json, &phonebox.said()] {
        assert!(!shown.contains('\u{1b}') && !shown.contains("\\u001b[2J") && !shown.contains('\u{7}'), "{shown}");
    }
    assert!(explained.lines().all(|line| line.chars().count() < 2_000), "cut");
    assert!(explained.lines().all(|line| !line.starts_with("INFO forged")));
    assert!(phonebox.said().lines().all(|line| !line.starts_with("INFO forged")));
    assert!(json.len() < 40_000, "{}", json.len());
    assert!(phonebox.is_alive() && !phonebox.said().contains("panicked"));
}

/// What turns a line around or is not seen at all would show another name than was asked for.
#[test]
fn threat_098_a_path_shows_no_format_characters() {
    let phonebox = Phonebox::start();
    let odd = ['\u{202e}', '\u{2066}', '\u{200f}', '\u{200b}', '\u{feff}', '\u{ad}', '\u{2028}', '\u{e0041}'];
    for c in odd {
        assert!(raw::tftp(phonebox.tftp(), &format!("{}-{c}gfc.x.cfg", mac("T54W"))).is_err());
    }
    let explained = phonebox.cli(&["explain", mac("T54W")]);
    assert!(explained.contains("\u{fffd}gfc"), "{explained}");
    assert!(!explained.contains(odd), "{explained:?}");
    assert!(!phonebox.explain(mac("T54W")).to_string().contains(odd));
}

/// Who asks for less than the file has not got it, and is not said to have.
#[test]
fn threat_019_a_head_or_a_part_is_no_delivery_and_is_not_told_as_one() {
    let phonebox = Phonebox::start();
    add(&phonebox, "T54W", &[]);
    let (own, mac) = (format!("/{}.cfg", mac("T54W")), mac("T54W"));
    assert_eq!(raw::ask(phonebox.http(), "HEAD", &own, SOMEONE).status, 200);
    let explained = phonebox.explain(mac);
    assert_eq!(
        explained["verdict"],
        "It is inside its first-contact window, so it may have the whole file: only its head was asked for."
    );
    assert_eq!(explained["plain_secrets"].as_array().unwrap().len(), 0, "{explained}");
    assert!(phonebox.device(mac)["secrets_at"].is_null());
    assert_eq!(raw::ask(phonebox.http(), "GET", &own, &format!("{SOMEONE}Range: bytes=0-0\r\n")).status, 206);
    let verdict = phonebox.verdict(mac);
    assert!(verdict.ends_with("so it may have the whole file: a part of it was sent."), "{verdict}");
    assert!(!verdict.starts_with("All is well"), "{verdict}");
    assert_eq!(raw::ask(phonebox.http(), "GET", &own, &format!("{SOMEONE}If-None-Match: *\r\n")).status, 304);
    let verdict = phonebox.verdict(mac);
    assert!(verdict.ends_with("so it may have the whole file: it had that one already."), "{verdict}");
    assert!(phonebox.device(mac)["enrolled_at"].is_null());
    raw::ask(phonebox.http(), "GET", &own, SOMEONE);
    assert!(phonebox.verdict(mac).starts_with("All is well: it is inside its first-contact window, so the whole file"));
}

/// Some clients shut their side when they have asked, some hang up: the one is answered, both are written down.
#[test]
fn who_shuts_its_side_after_asking_is_answered_and_written_down() {
    let phonebox = Phonebox::start();
    for model in ["T54W", "T46S"] {
        add(&phonebox, model, &[]);
    }
    let ask = |model: &str| {
        let mut stream = raw::connect(phonebox.http());
        let agent = phone(model).user_agent();
        let head = format!("GET /{}.cfg HTTP/1.1\r\nHost: x\r\nUser-Agent: {agent}\r\n\r\n", mac(model));
        stream.write_all(head.as_bytes()).unwrap();
        stream
    };
    // All of it has happened before the box looks.
    phonebox.signal(libc::SIGSTOP);
    let (mut shut, gone) = (ask("T54W"), ask("T46S"));
    shut.shutdown(std::net::Shutdown::Write).unwrap();
    drop(gone);
    phonebox.signal(libc::SIGCONT);
    let answer = raw::read(&mut shut, false).expect("an answer");
    assert!(answer.status == 200 && answer.text().contains(PASSWORD), "{}", answer.head);
    eventually("both are written down", || phonebox.count("SELECT count(DISTINCT mac) FROM check_in") == 2);
    assert!(phonebox.device(mac("T46S"))["enrolled_at"].is_null(), "nobody was there to take it");
}

/// T29: nothing is unpacked, so a bomb is the bytes it is.
#[test]
fn threat_029_a_compressed_upload_is_stored_as_it_is() {
    let phonebox = Phonebox::start();
    add(&phonebox, "T54W", &[]);
    let mut phone = phone("T54W");
    phone.boot(Some(&phonebox.url(false)));
    let token = phone.server().unwrap().trim_start_matches(&phonebox.url(false)).to_owned();
    let path = format!("/{token}{}-boot.log", mac("T54W"));
    // A gzip member of 10 MiB zeros is about 10 KiB.
    let bomb = gzip_of_zeros(&phonebox, 10 << 20);
    let before = phonebox.resident();
    let answer = raw::send(phonebox.http(), None, "PUT", &path, "Content-Encoding: gzip\r\n", &bomb);
    assert_eq!(answer.status, 201);
    let back = raw::ask(phonebox.http(), "GET", &path, "");
    assert_eq!((back.body == bomb, back.header("content-encoding")), (true, None));
    assert!(phonebox.resident().saturating_sub(before) < 8 << 20);
    let chunked = format!("PUT {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    let chunk = format!("{:x}\r\n{}\r\n", 64 * 1024, "x".repeat(64 * 1024));
    let mut endless = raw::connect(phonebox.http());
    endless.write_all(format!("{chunked}{}", chunk.repeat(40)).as_bytes()).unwrap();
    let refused = raw::read(&mut endless, false).unwrap();
    assert_eq!(refused.status, 413, "no length is no way around the limit");
}

fn gzip_of_zeros(phonebox: &Phonebox, count: usize) -> Vec<u8> {
    let file = phonebox.file("");
    std::fs::write(&file, vec![0; count]).unwrap();
    std::process::Command::new("gzip").arg("-c").arg(file).output().unwrap().stdout
}

/// T25: a profile's target is a URL of a provisioning server and nothing else.
#[test]
fn threat_025_a_redirection_target_is_checked_when_it_is_saved() {
    let phonebox = Phonebox::start();
    for url in [
        "//evil.example/",
        "ftp://x/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http:\\\\x\\",
        "http://x\\@evil/",
        "http://a@b@c/",
        "http://x:99999/",
        "http://x:0/",
        "http://",
        "http:///x",
        "http://x y/",
        "http://x/%0d%0aSet-Cookie: a",
        "http://x/\r\nX: y",
        "http://x/?a=b",
        "http://x/#f",
        "http://x/../../y",
        "http://<script>/",
        "pbx.example",
        "",
    ] {
        let said = phonebox.try_cli(&["profile", "add", "bad", "--url", url]);
        if url.is_empty() {
            continue; // Empty means: this box.
        }
        assert!(said.code == 1 && !said.err.is_empty(), "{url:?}: {}{}", said.out, said.err);
        let own = phonebox.try_cli(&["device", "add", mac("T54W"), "--url", url]);
        assert_eq!(own.code, 1, "{url:?}: {}", own.out);
    }
}
