//! Who may be told that a device exists: nobody who has not proved to be it. Guessing is slow, and told once.

use crate::support::eventually;
use crate::support::phone::{PASSWORD, account, add, mac, own_account, phone};
use crate::support::raw::{self, Answer, SOMEONE, flood};
use crate::support::server::Phonebox;
use std::net::IpAddr;
use std::time::Instant;

fn of(model: &str) -> String {
    format!("/{}.cfg", mac(model))
}

fn agent(model: &str) -> String {
    format!("User-Agent: {}\r\n", phone(model).user_agent())
}

/// The file of this phone, asked for as the phone would, from an address.
fn ask_as(phonebox: &Phonebox, from: Option<IpAddr>, method: &str, model: &str) -> Answer {
    raw::send(phonebox.http(), from, method, &of(model), &agent(model), b"")
}

fn address(text: &str) -> Option<IpAddr> {
    Some(text.parse().unwrap())
}

/// T1, T2, T4, and a known device that proved itself elsewhere: nothing tells one from another.
#[test]
fn threat_001_002_004_every_refusal_is_the_same_404() {
    let phonebox = Phonebox::start();
    phonebox.cli(&["network", "add", "127.0.0.66/32", "--settings", "false"]);
    let line = ["--line", "1", "user=1"];
    phonebox.cli(&[&["device", "add", mac("T46S"), "--model", "T46S"], &line[..]].concat());
    phonebox.cli(&[&["device", "add", mac("T31G"), "--model", "T31G", "--activate"], &line[..]].concat());
    phonebox.cli(&["device", "deactivate", mac("T31G")]);
    add(&phonebox, "T54W", &[]);
    let mut proven = phone("T54W");
    proven.boot(Some(&phonebox.url(false)));
    assert!(proven.poll().configured);
    for method in ["GET", "HEAD", "PUT", "POST"] {
        let unknown = ask_as(&phonebox, None, method, "T53W");
        assert_eq!(unknown.status, 404);
        let others = [
            ("not activated", ask_as(&phonebox, None, method, "T46S")),
            ("blocked", ask_as(&phonebox, None, method, "T31G")),
            ("wrong network", ask_as(&phonebox, address("127.0.0.66"), method, "T54W")),
            ("unknown, wrong network", ask_as(&phonebox, address("127.0.0.66"), method, "T53W")),
            ("known, without its proof", ask_as(&phonebox, None, method, "T54W")),
        ];
        for (who, answer) in others {
            assert_eq!(answer.seen(), unknown.seen(), "{who} {method}");
        }
    }
    // The check-ins know the difference. The last one is no repeat: within a millisecond those have no order.
    ask_as(&phonebox, address("127.0.0.7"), "GET", "T53W");
    eventually("the last one is written down", || phonebox.verdict(mac("T53W")).contains("Nobody added this device"));
    let reasons: Vec<String> =
        [mac("T53W"), mac("T46S"), mac("T31G")].iter().map(|mac| phonebox.verdict(mac)).collect();
    assert!(reasons[0].contains("Nobody added this device"), "{reasons:?}");
    assert!(reasons[1].contains("not activated") && reasons[2].contains("blocked"), "{reasons:?}");
}

#[test]
fn threat_001_and_012_a_refusal_takes_the_same_time_for_every_reason() {
    let phonebox = Phonebox::start_with(&["--misses-per-minute", "1000000"]);
    phonebox.cli(&["device", "add", mac("T46S"), "--model", "T46S"]);
    add(&phonebox, "T54W", &[]);
    let mut proven = phone("T54W");
    proven.boot(Some(&phonebox.url(false)));
    proven.poll();
    let paths = [of("T53W"), of("T46S"), of("T54W"), format!("/p/{}/x.cfg", "a".repeat(26))];
    let mut times: Vec<Vec<u128>> = paths.iter().map(|_| Vec::new()).collect();
    let mut stream = raw::connect(phonebox.http());
    for _ in 0..300 {
        for (path, times) in paths.iter().zip(&mut times) {
            let since = Instant::now();
            let head = format!("GET {path} HTTP/1.1\r\nHost: x\r\n{SOMEONE}\r\n");
            std::io::Write::write_all(&mut stream, head.as_bytes()).unwrap();
            assert_eq!(raw::read(&mut stream, false).unwrap().status, 404);
            times.push(since.elapsed().as_micros());
        }
    }
    let medians: Vec<u128> = times
        .iter_mut()
        .map(|times| {
            times.sort_unstable();
            times[times.len() / 2]
        })
        .collect();
    let (least, most) = (medians.iter().min().unwrap(), medians.iter().max().unwrap());
    assert!(*most <= 2 * least + 100, "medians in µs: {medians:?} for {paths:?}");
}

#[test]
fn threat_005_a_scanner_is_slowed_and_told_of_once_and_phones_go_on() {
    let mut phonebox = Phonebox::start();
    add(&phonebox, "T54W", &[]);
    let mut proven = phone("T54W").at("127.0.0.5".parse().unwrap());
    assert!(proven.boot(Some(&phonebox.url(false))).configured);
    let before = phonebox.resident();
    let answers = flood(phonebox.http(), address("127.0.0.5"), 10_000, |n| format!("/805ec0{n:06x}.cfg"));
    assert!(answers.iter().all(|answer| answer.seen() == answers[0].seen() && answer.status == 404));
    // A source that was slowed does not even get what it would get otherwise; another one does.
    let slowed = raw::send(phonebox.http(), address("127.0.0.5"), "GET", "/y000000000096.cfg", &agent("T54W"), b"");
    assert_eq!(slowed.seen(), answers[0].seen());
    assert_eq!(
        raw::send(phonebox.http(), address("127.0.0.6"), "GET", "/y000000000096.cfg", &agent("T54W"), b"").status,
        200
    );
    // The proven phone at the same address is not slowed.
    assert!(proven.poll().configured);
    assert_eq!(account(&proven), own_account());
    let alarms = phonebox.alarms();
    let guessing: Vec<_> = alarms.iter().filter(|alarm| alarm["kind"] == "mac-guessing").collect();
    let objects: Vec<_> = guessing.iter().map(|alarm| alarm["object"].as_str().unwrap()).collect();
    assert!(objects.contains(&"127.0.0.5") && objects.len() <= 2, "told once: {objects:?}");
    assert!(phonebox.said().matches("guesses MAC addresses").count() <= 1);
    assert!(phonebox.resident().saturating_sub(before) < 50 << 20);
    assert!(phonebox.is_alive());
}

#[test]
fn threat_006_ten_thousand_sources_raise_one_alarm_and_no_memory() {
    let phonebox = Phonebox::start();
    let before = phonebox.resident();
    let ask = |n: u32| {
        let from = IpAddr::from([127, 10 + (n >> 16) as u8, (n >> 8) as u8, n as u8]);
        raw::send(phonebox.http(), Some(from), "GET", &format!("/805ec0{n:06x}.cfg"), "", b"").status
    };
    std::thread::scope(|scope| {
        for part in 0..4 {
            let ask = &ask;
            scope.spawn(move || (0..2_500).for_each(|n| assert_eq!(ask(part * 2_500 + n), 404)));
        }
    });
    assert!(phonebox.resident().saturating_sub(before) < 50 << 20);
    let alarms = phonebox.alarms();
    let guessing: Vec<_> = alarms.iter().filter(|alarm| alarm["kind"] == "mac-guessing").collect();
    assert_eq!(guessing.len(), 1, "{guessing:?}");
    assert_eq!(guessing[0]["object"], "everywhere");
}

#[test]
fn threat_007_only_a_trusted_proxy_says_who_asks() {
    let phonebox = Phonebox::start_with(&["--trusted-proxies", "127.0.0.9/32"]);
    add(&phonebox, "T54W", &[]);
    let ask = |from: &str, forwarded: &str, path: &str| {
        let head = format!("{}X-Forwarded-For: {forwarded}\r\n", agent("T54W"));
        raw::send(phonebox.http(), address(from), "GET", path, &head, b"").status
    };
    // Behind the proxy each client has a budget of its own.
    for n in 0..60 {
        assert_eq!(ask("127.0.0.9", "10.1.1.1", &format!("/805ec1{n:06x}.cfg")), 404);
    }
    assert_eq!(ask("127.0.0.9", "10.1.1.1", "/y000000000096.cfg"), 404, "slowed");
    assert_eq!(ask("127.0.0.9", "10.1.1.2", "/y000000000096.cfg"), 200);
    // From elsewhere the header is not believed: it neither dodges the budget nor borrows a private address.
    for n in 0..60 {
        assert_eq!(ask("127.0.0.8", &format!("10.2.2.{n}"), &format!("/805ec2{n:06x}.cfg")), 404);
    }
    assert_eq!(ask("127.0.0.8", "10.3.3.3", "/y000000000096.cfg"), 404, "slowed as 127.0.0.8");
    assert_eq!(ask("127.0.0.9", "8.8.8.8", &of("T54W")), 404, "a public client behind the proxy is no private one");
    assert!(phonebox.verdict(mac("T54W")).contains("8.8.8.8"), "{}", phonebox.verdict(mac("T54W")));
    // The one before the proxy cannot put a private address in front of its own.
    assert_eq!(ask("127.0.0.9", "10.1.1.2, 8.8.8.8", &of("T54W")), 404);
}

#[test]
fn threat_012_a_wrong_token_is_the_same_404_and_no_token_is_ever_shown() {
    let phonebox = Phonebox::start_with(&["--log-filter", "debug"]);
    for model in ["T54W", "T46S"] {
        add(&phonebox, model, &[]);
    }
    let (mut one, mut two) = (phone("T54W"), phone("T46S"));
    one.boot(Some(&phonebox.url(false)));
    two.boot(Some(&phonebox.url(false)));
    let token = one.server().unwrap().split("/p/").nth(1).unwrap().trim_end_matches('/').to_owned();
    let unknown = raw::ask(phonebox.http(), "GET", &of("T53W"), SOMEONE);
    let of_one = of("T54W");
    let half = &token[..13];
    for wrong in [
        format!("/p/{}{of_one}", "a".repeat(26)),
        format!("/p/{half}{}{of_one}", "a".repeat(13)),
        format!("/p/{}{of_one}", token.to_uppercase()),
        format!("/p/{half}{of_one}"),
        format!("/p/{token}a{of_one}"),
        // Another device's token, and a token with two MACs.
        format!("/p/{token}{}", of("T46S")),
        format!("/p/{token}/{}-{}.cfg", mac("T54W"), mac("T46S")),
    ] {
        let answer = raw::ask(phonebox.http(), "GET", &wrong, SOMEONE);
        assert_eq!(answer.seen(), unknown.seen(), "{wrong}");
    }
    assert_eq!(raw::ask(phonebox.http(), "GET", &format!("/p/{token}{of_one}"), SOMEONE).status, 200);
    let explained = phonebox.cli(&["explain", mac("T54W")]) + &phonebox.cli(&["explain", mac("T46S")]);
    for shown in
        [phonebox.said(), explained, phonebox.cli(&["device", "list"]), phonebox.device(mac("T54W")).to_string()]
    {
        assert!(!shown.contains(&token) && !shown.contains(half), "{shown}");
    }
    assert!(phonebox.verdict(mac("T46S")).contains("belongs to another device"), "{}", phonebox.verdict(mac("T46S")));
}

/// Wherever in a path it stands, in either case, behind any separator: it is no place to find a token that opens a file.
#[test]
fn threat_012_no_form_of_a_path_leaves_a_token_in_a_check_in() {
    let phonebox = Phonebox::start_with(&["--log-filter", "debug"]);
    add(&phonebox, "T54W", &[]);
    let mut one = phone("T54W");
    one.boot(Some(&phonebox.url(false)));
    let token = one.server().unwrap().split("/p/").nth(1).unwrap().trim_end_matches('/').to_owned();
    let file = of("T54W");
    let encoded = format!("%{:02x}{}", token.as_bytes()[0], &token[1..]);
    for path in [
        format!("/P/{token}{file}"),
        format!("/p/{token}/p/{token}{file}"),
        format!("/with-login/p/{token}{file}"),
        format!("/p%2f{token}{file}"),
        format!("/p/{token}={file}"),
        format!("/{token}{file}"),
        format!("{file}?t={token}"),
        format!("/P/{}{file}", token.to_uppercase()),
        format!("/P/{encoded}/x;{file}"),
    ] {
        raw::ask(phonebox.http(), "GET", &path, &agent("T54W"));
    }
    for name in [format!("p\\{token}\\x.cfg"), format!("P/{token}{file}")] {
        let _ = raw::tftp(phonebox.tftp(), &name);
    }
    let explained = phonebox.cli(&["explain", mac("T54W")]);
    assert!(explained.contains("/P/******/"), "{explained}");
    let log = std::fs::read_dir(phonebox.path()).unwrap().flatten().filter(|entry| entry.path().is_file());
    let stored = log.map(|entry| String::from_utf8_lossy(&std::fs::read(entry.path()).unwrap()).into_owned());
    for shown in [phonebox.said(), explained].into_iter().chain(stored) {
        let shown = shown.to_lowercase();
        assert!(!shown.contains(&token[1..]));
    }
}

/// T13 and AVA-114's own door: a network that asks, and the asking directory.
#[test]
fn threat_013_where_credentials_are_asked_for_every_request_gets_the_same_401() {
    let phonebox = Phonebox::start_with(&["--misses-per-minute", "1000000"]);
    phonebox.cli(&["network", "add", "127.0.0.77/32", "--ask"]);
    add(&phonebox, "J179", &[]);
    add(&phonebox, "T54W", &[]);
    let file = phonebox.file("x");
    phonebox.cli(&["file", "add", file.to_str().unwrap(), "--name", "stored.bin"]);
    let paths = [
        of("T54W"),
        of("T53W"),
        "/46xxsettings.txt".to_owned(),
        "/J100Supgrade.txt".to_owned(),
        format!("/{}.txt", mac("J179")),
        "/stored.bin".to_owned(),
        "/missing.bin".to_owned(),
        "/phonebox-ca.pem".to_owned(),
        "/target-1.pem".to_owned(),
        format!("/{}-local.cfg", mac("T54W")),
    ];
    let wrong = "Authorization: Basic eDp5\r\n";
    let challenge = |directory: &str, path: &str, headers: &str| {
        raw::send(phonebox.http(), address("127.0.0.77"), "GET", &format!("{directory}{path}"), headers, b"").seen()
    };
    // The nonce is the same for everybody for five minutes: begin again if they end just now.
    let settled = (0..2).any(|_| {
        let first = challenge("", &of("T53W"), SOMEONE);
        let heads: Vec<_> = ["", "/with-login"]
            .iter()
            .flat_map(|directory| paths.iter().map(|path| challenge(directory, path, SOMEONE)))
            .collect();
        let bad: Vec<_> = paths.iter().map(|path| challenge("", path, &format!("{SOMEONE}{wrong}"))).collect();
        if challenge("", &of("T53W"), SOMEONE) != first {
            return false;
        }
        assert!(first.0.starts_with("HTTP/1.1 401 ") && first.0.contains("Www-Authenticate: Digest"), "{}", first.0);
        for (seen, path) in heads.iter().chain(&bad).zip(paths.iter().cycle()) {
            assert_eq!(*seen, first, "{path}");
        }
        true
    });
    assert!(settled);
    // Only the asking directory asks from other networks.
    assert_eq!(raw::ask(phonebox.http(), "GET", &format!("/with-login{}", of("T53W")), SOMEONE).status, 401);
    assert_eq!(raw::ask(phonebox.http(), "GET", &of("T53W"), SOMEONE).status, 404);
}

#[test]
fn threat_013_credentials_are_for_one_device_count_once_and_are_limited() {
    let mut phonebox = Phonebox::start();
    add(&phonebox, "J179", &[]);
    add(&phonebox, "J189", &[]);
    let mut one = phone("J179");
    one.boot(Some(&phonebox.url(false)));
    let password = one.value("FORCE_HTTP_AUTH_PASSWORD").unwrap().to_owned();
    phonebox.restart_at("+25h");
    let path = format!("/with-login/{}.txt", mac("J179"));
    let basic =
        |user: &str, password: &str| format!("Authorization: Basic {}\r\n", base64(&format!("{user}:{password}")));
    let ask = |path: &str, login: &str| raw::ask(phonebox.http(), "GET", path, &format!("{}{login}", agent("J179")));
    assert_eq!(ask(&path, &basic(mac("J179"), &password)).status, 200);
    assert_eq!(ask(&path, &basic(mac("J179"), "wrong")).status, 401);
    // Another device's credentials.
    let other =
        raw::ask(phonebox.http(), "GET", &format!("/with-login/{}.txt", mac("J189")), &basic(mac("J179"), &password));
    assert_eq!(other.status, 401, "{}", other.head);
    assert!(!other.text().contains("FORCE_SIP"));
    // A recorded Digest answer is worth nothing the second time.
    let challenge = raw::ask(phonebox.http(), "GET", &path, &agent("J179"));
    let nonce = nonce_of(challenge.header("www-authenticate").unwrap()).to_owned();
    let recorded = digest(mac("J179"), &password, &nonce, &path);
    assert_eq!(ask(&path, &recorded).status, 200);
    let again = ask(&path, &recorded);
    assert_eq!(again.status, 401, "replayed");
    let asked = again.header("www-authenticate").unwrap();
    assert!(asked.contains("stale=true") && nonce_of(asked) != nonce, "{asked}");
    // Guessing a password is guessing: it is slowed. The right one then still counts.
    let guesses: Vec<u16> = (0..60).map(|n| ask(&path, &basic(mac("J179"), &format!("guess{n}"))).status).collect();
    assert!(guesses.iter().all(|status| matches!(status, 401 | 404 | 429)), "{guesses:?}");
    assert!(phonebox.alarms().iter().any(|alarm| alarm["kind"] == "mac-guessing"));
}

/// RFC 2617 §3.2.2.1: a client that knows no qop answers the same challenge without one.
#[test]
fn threat_013_a_digest_of_an_old_phone_without_qop_is_a_login_once() {
    let mut phonebox = Phonebox::start();
    add(&phonebox, "J179", &[]);
    let mut one = phone("J179");
    one.boot(Some(&phonebox.url(false)));
    let password = one.value("FORCE_HTTP_AUTH_PASSWORD").unwrap().to_owned();
    phonebox.restart_at("+25h");
    let path = format!("/with-login/{}.txt", mac("J179"));
    let ask = |login: &str| raw::ask(phonebox.http(), "GET", &path, &format!("{}{login}", agent("J179")));
    let asked = ask("");
    assert_eq!(asked.status, 401);
    let nonce = nonce_of(asked.header("www-authenticate").unwrap());
    let old = |user: &str, password: &str, nonce: &str| {
        let md5 = |text: String| phonebox::phone::md5(text);
        let (ha1, ha2) = (md5(format!("{user}:phonebox:{password}")), md5(format!("GET:{path}")));
        format!(
            "Authorization: Digest username=\"{user}\", realm=\"phonebox\", nonce=\"{nonce}\", uri=\"{path}\", \
             response=\"{}\"\r\n",
            md5(format!("{ha1}:{nonce}:{ha2}"))
        )
    };
    let served = ask(&old(mac("J179"), &password, nonce));
    assert_eq!(served.status, 200, "{}", served.head);
    assert!(served.text().contains(PASSWORD));
    assert_eq!(phonebox.device(mac("J179"))["proof"], "credentials");
    // T13: once for each nonce. Who shows it again gets a new one, and a right answer to that is a login.
    let again = ask(&old(mac("J179"), &password, nonce));
    assert_eq!(again.status, 401, "replayed");
    let challenge = again.header("www-authenticate").unwrap();
    let fresh = nonce_of(challenge);
    assert!(challenge.contains("stale=true") && fresh != nonce, "{challenge}");
    assert_eq!(ask(&old(mac("J179"), &password, fresh)).status, 200);
    assert_eq!(ask(&old(mac("J179"), &password, fresh)).status, 401, "replayed");
    assert!(phonebox.verdict(mac("J179")).contains("a login counts once"), "{}", phonebox.verdict(mac("J179")));
    for (user, password, nonce) in [
        (mac("J179"), "wrong", nonce),
        (mac("J189"), password.as_str(), nonce),
        (mac("J179"), password.as_str(), "1-0123456789abcdef0123456789abcdef"),
    ] {
        let refused = ask(&old(user, password, nonce));
        assert_eq!(refused.status, 401, "{user} {nonce}");
        assert!(!refused.head.contains("stale"), "a wrong password is no old one: {}", refused.head);
    }
}

fn nonce_of(challenge: &str) -> &str {
    challenge.split("nonce=\"").nth(1).unwrap().split('"').next().unwrap()
}

fn base64(text: &str) -> String {
    use base64::{Engine, prelude::BASE64_STANDARD};
    BASE64_STANDARD.encode(text)
}

fn digest(user: &str, password: &str, nonce: &str, path: &str) -> String {
    let md5 = |text: String| phonebox::phone::md5(text);
    let (ha1, ha2) = (md5(format!("{user}:phonebox:{password}")), md5(format!("GET:{path}")));
    let response = md5(format!("{ha1}:{nonce}:00000001:abc:auth:{ha2}"));
    format!(
        "Authorization: Digest username=\"{user}\", realm=\"phonebox\", nonce=\"{nonce}\", uri=\"{path}\", qop=auth, \
         nc=00000001, cnonce=\"abc\", response=\"{response}\"\r\n"
    )
}

#[test]
fn threat_021_a_phone_that_says_to_be_another_model_changes_nothing() {
    let phonebox = Phonebox::start();
    add(&phonebox, "T54W", &[]);
    let lie = format!("User-Agent: Yealink SIP-T46S 66.86.0.15 {}\r\n", mac("T54W"));
    let answer = raw::ask(phonebox.http(), "GET", &of("T54W"), &lie);
    assert!(matches!(answer.status, 200 | 404));
    let device = phonebox.device(mac("T54W"));
    assert_eq!((&device["model"], &device["vendor"]), (&"T54W".into(), &"Yealink".into()), "{device}");
    assert!(phonebox.alarms().iter().any(|alarm| alarm["object"] == mac("T54W")), "{:?}", phonebox.alarms());
}

#[test]
fn threat_022_two_addresses_in_one_window_are_a_conflict_and_neither_gets_secrets() {
    let phonebox = Phonebox::start();
    add(&phonebox, "T54W", &[]);
    let (first, second) = ("127.0.0.21", "127.0.0.22");
    let ask = |from: &str| raw::send(phonebox.http(), address(from), "GET", &of("T54W"), &agent("T54W"), b"");
    assert!(ask(first).text().contains(PASSWORD));
    assert!(ask(first).text().contains(PASSWORD), "a retry of the same phone");
    for from in [second, first, second] {
        assert!(!ask(from).text().contains(PASSWORD), "{from}");
    }
    let verdict = phonebox.verdict(mac("T54W"));
    assert!(verdict.contains("Two different addresses") && verdict.contains("let it in again"), "{verdict}");
    let conflicts = phonebox.alarms().iter().filter(|alarm| alarm["kind"] == "conflict").count();
    assert_eq!(conflicts, 1);
    phonebox.cli(&["device", "let-in", mac("T54W")]);
    assert!(ask(second).text().contains(PASSWORD));
}

/// The credentials of another server stand in no file that does not claim the window.
#[test]
fn threat_022_a_second_address_reads_no_target_password_in_a_model_file() {
    let phonebox = Phonebox::start();
    let password = phonebox.secret("t4rget-Pa55");
    phonebox.cli(&["profile", "add", "e", "--url", "http://pbx.example/", "--user", "u", "--password", &password]);
    let models = [("T54W", "/y000000000096.cfg"), ("D785", "/snomD785.htm"), ("M3", "/config.M3.xml")];
    for (model, common) in models {
        add(&phonebox, model, &["--profile", "e"]);
        let own = match model {
            "M3" => format!("/config.{}.xml", mac(model)),
            "D785" => format!("/{}.xml", mac(model)),
            _ => of(model),
        };
        let ask =
            |from: &str, path: &str| raw::send(phonebox.http(), address(from), "GET", path, &agent(model), b"").text();
        assert!(ask("127.0.0.31", &own).contains("t4rget-Pa55"), "{model}");
        assert!(!ask("127.0.0.32", common).contains("t4rget-Pa55"), "{model}");
    }
}

#[test]
fn threat_023_a_flood_of_invented_devices_waits_in_a_short_line() {
    let phonebox = Phonebox::start_with(&["--misses-per-minute", "1000000"]);
    phonebox.cli(&["network", "add", "127.0.0.0/8", "--unknown", "queue"]);
    std::thread::scope(|scope| {
        for part in 0..4usize {
            let phonebox = &phonebox;
            scope
                .spawn(move || flood(phonebox.http(), None, 500, |n| format!("/805ec0{:06x}.cfg", part * 500 + n + 1)));
        }
    });
    let waiting = phonebox.json(&["device", "list", "--pending"]).as_array().unwrap().len();
    assert_eq!(waiting, 1_000);
    assert_eq!(phonebox.json(&["device", "list"]).as_array().unwrap().len(), 0, "no device out of nothing");
    let size: u64 =
        std::fs::read_dir(phonebox.path()).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
    assert!(size < 32 << 20, "{size}");
}

#[test]
fn threat_095_health_needs_no_login_and_names_nobody() {
    let phonebox = Phonebox::start();
    add(&phonebox, "T54W", &[]);
    phone("T54W").boot(Some(&phonebox.url(false)));
    use phonebox::phone::{Client, Trust, Url};
    let client = Client { agent: "", login: None, trust: Trust::Anyone, strict: false, from: None };
    let ask = |path: &str| {
        let url = Url::parse(&format!("https://{}{path}", phonebox.admin())).unwrap();
        client.ask("GET", &url, &[], b"").unwrap().0
    };
    let health = ask("/healthz");
    assert_eq!(health.status, 200);
    for path in ["/healthz", "/", "/metrics", "/api/v1/devices", "/api/v1/checkins", "/api/v1/openapi.json"] {
        let text = String::from_utf8_lossy(&ask(path).body).into_owned();
        assert!(!text.contains(mac("T54W")) && !text.contains("default"), "{path}: {text}");
    }
    // Two fronts: no admin page on the phones' port, no phone file on the administrators'.
    assert_eq!(raw::get(phonebox.http(), "/healthz").status, 404);
    assert_eq!(raw::get(phonebox.http(), "/api/v1/devices").status, 404);
    assert_ne!(ask(&of("T54W")).status, 200);
}

/// T21: what is served to everybody tells nothing of a phone; its firmware is what it said with a proof or a right.
#[test]
fn threat_021_a_public_file_is_no_place_to_say_what_another_phone_runs() {
    let phonebox = Phonebox::start();
    add(&phonebox, "T54W", &[]);
    let lie = format!("User-Agent: Yealink SIP-T54W 1.2.3.4 {}\r\n", mac("T54W"));
    assert_eq!(raw::send(phonebox.http(), None, "GET", "/phonebox-ca.pem", &lie, b"").status, 200);
    let seen = || phonebox.explain(mac("T54W"))["timeline"].as_array().unwrap().len();
    eventually("it is written down", || seen() == 1);
    assert!(phonebox.device(mac("T54W"))["firmware"].is_null());
    assert_eq!(raw::send(phonebox.http(), None, "GET", &of("T54W"), &agent("T54W"), b"").status, 200);
    eventually("it said so itself", || phonebox.device(mac("T54W"))["firmware"].is_string());
}
