//! The ladder, rung by rung: every file of every vendor is fetched at every level of trust, and the seeded secrets stand
//! only where that level may see them. Afterwards everything that people and programs can read is searched for them.

use crate::support::phone::{mac, phone};
use crate::support::raw;
use crate::support::server::Phonebox;
use phonebox::phone::{Client, Trust, Url};
use std::collections::BTreeSet;
use std::net::IpAddr;

const SIP: &str = "canary-sip-7f3a";
const WEB: &str = "canary-web-91bc";
const RAW: &str = "canary-raw-55d0";
const TARGET: &str = "canary-target-c2e8";
const GLOBAL: &str = "canary-global-04aa";
const CANARIES: [&str; 5] = [SIP, WEB, RAW, TARGET, GLOBAL];

const LOCAL: [&str; 8] = ["T54W", "D785", "M3", "8028s", "4018", "J179", "9608", "K175"];
/// Provisioned by another server, with a password.
const SENT_AWAY: [&str; 4] = ["T46S", "D735", "M5", "J189"];

/// Every name that some phone of the vendor asks for (filenames.md), and some that nobody does.
fn names(model: &str) -> Vec<String> {
    let common = match model {
        "T54W" => "y000000000096.cfg",
        "T46S" => "y000000000066.cfg",
        _ => "y000000000000.cfg",
    };
    const NAMES: [&str; 40] = [
        "{mac}.boot",
        "y000000000000.boot",
        "{common}",
        "{mac}.cfg",
        "{MAC}.cfg",
        "{mac}-local.cfg",
        "{mac}-contact.xml",
        "{mac}-calllog.xml",
        "{mac}-boot.log",
        "snom{model}.htm",
        "snom{model}-{MAC}.htm",
        "snom-{MAC}.htm",
        "settings-{MAC}",
        "{mac}.xml",
        "{mac}.htm",
        "snom{model}-firmware.xml",
        "snom-firmware.xml",
        "snom-general.xml",
        "snom.htm?mac={MAC}",
        "config.xml",
        "config.{model}.xml",
        "config.{mac}.xml",
        "config.{MAC}.xml",
        "lanpbx.cfg",
        "sipconfig.txt",
        "sipconfig-{MAC}.txt",
        "J100Supgrade.txt",
        "J100Supgrade.xml",
        "96x1Supgrade.txt",
        "96x1Hupgrade.txt",
        "96xxupgrade.txt",
        "16xxupgrade.txt",
        "K1xxSupgrade.txt",
        "46xxsettings.txt",
        "46xxspecials.txt",
        "{mac}.txt",
        "{MAC}.txt",
        "any/{mac}.txt",
        "with-login/46xxsettings.txt",
        "c/{mac}.cfg",
    ];
    let fill = |name: &str| {
        let name = name.replace("{mac}", mac(model)).replace("{MAC}", &mac(model).to_uppercase());
        name.replace("{model}", model).replace("{common}", common)
    };
    NAMES.iter().map(|name| fill(name)).collect()
}

/// Which of them hold one device's own values.
fn is_own(model: &str, name: &str) -> bool {
    let mac = mac(model);
    name.to_lowercase().contains(mac) || name.contains("46xxsettings.txt")
}

/// A box with all of that in it. The windows are open.
fn seeded() -> Phonebox {
    let phonebox = Phonebox::start_with(&["--misses-per-minute", "1000000", "--log-filter", "trace"]);
    let password = phonebox.secret(TARGET);
    let words = ["--url", "http://pbx.example/there", "--user", "fleet", "--password", &password];
    phonebox.cli(&[&["profile", "add", "away"], &words[..]].concat());
    phonebox.cli(&["layer", "set", "--global", &format!("ldap.password={}", phonebox.secret(GLOBAL))]);
    for model in LOCAL.iter().chain(&SENT_AWAY) {
        let line = format!("user=201,password={}", phonebox.secret(SIP));
        let web = format!("access.admin_password={}", phonebox.secret(WEB));
        let words = ["--model", model, "--set", "sip.server=pbx.example", "--set", &web, "--line", "1", &line];
        let profile = if SENT_AWAY.contains(model) { "away" } else { "default" };
        phonebox.cli(&[&["device", "add", mac(model), "--profile", profile], &words[..], &["--activate"]].concat());
    }
    let raws = [
        ("T54W", "yealink", format!("account.2.password = {RAW}\n")),
        ("D785", "snom", format!("<user_pass idx=\"2\" perm=\"\">{RAW}</user_pass>\n")),
        ("M3", "ale", format!("<setting id=\"Account2Password\" value=\"{RAW}\"/>\n")),
        ("J179", "avaya", format!("SET SCEPPASSWORD {RAW}\n")),
        ("9608", "avaya", format!("SET SCEPPASSWORD {RAW}\n")),
    ];
    for (model, vendor, text) in raws {
        let file = phonebox.file(&text);
        phonebox.cli(&["layer", "raw", "set", "--device", mac(model), "--vendor", vendor, file.to_str().unwrap()]);
    }
    phonebox
}

/// Who asks, and what for: one level of trust.
#[derive(Default, Clone)]
struct Level {
    from: Option<IpAddr>,
    /// Token or another directory in front of the name.
    directory: String,
    headers: String,
}

/// (model, file, secret) of everything that one level of trust can read, by every door.
fn sweep(phonebox: &Phonebox, level: &Level, models: &[&str]) -> BTreeSet<(String, String, &'static str)> {
    let mut seen = BTreeSet::new();
    for model in models {
        let agent = format!("User-Agent: {}\r\n", phone(model).user_agent());
        for name in names(model) {
            let path = format!("/{}{name}", level.directory);
            let mut bodies = Vec::new();
            for head in [agent.as_str(), ""] {
                let answer =
                    raw::send(phonebox.http(), level.from, "GET", &path, &format!("{head}{}", level.headers), b"");
                bodies.push(answer.head.into_bytes());
                bodies.push(answer.body);
            }
            let url = Url::parse(&format!("https://{}{path}", phonebox.https())).unwrap();
            let agent = phone(model).user_agent();
            let client = Client { agent: &agent, login: None, trust: Trust::Anyone, strict: false, from: level.from };
            let login = level.headers.strip_prefix("Authorization: ").map(|rest| ("Authorization", rest.trim_end()));
            bodies.push(client.ask("GET", &url, &login.into_iter().collect::<Vec<_>>(), b"").unwrap().0.body);
            if level.from.is_none() && level.headers.is_empty() {
                bodies.push(raw::tftp(phonebox.tftp(), &path[1..]).unwrap_or_default());
            }
            let text: String = bodies.iter().map(|body| String::from_utf8_lossy(body).into_owned()).collect();
            seen.extend(
                CANARIES
                    .iter()
                    .filter(|secret| text.contains(**secret))
                    .map(|secret| ((*model).to_owned(), name.clone(), *secret)),
            );
        }
    }
    seen
}

/// Without the files that name no device: with a token or credentials they are those of its owner.
fn of_named(seen: BTreeSet<(String, String, &'static str)>) -> BTreeSet<(String, String, &'static str)> {
    seen.into_iter().filter(|(model, name, _)| name.to_lowercase().contains(mac(model))).collect()
}

fn all() -> Vec<&'static str> {
    LOCAL.iter().chain(&SENT_AWAY).copied().collect()
}

/// Every device's own secret in its own files, nowhere else, and not one less.
#[track_caller]
fn assert_whole(seen: &BTreeSet<(String, String, &'static str)>, models: &[&str]) {
    for (model, name, secret) in seen {
        assert!(is_own(model, name), "{model} {name} {secret}");
        let away = SENT_AWAY.contains(&model.as_str());
        assert_eq!(away, *secret == TARGET, "{model} {name} {secret}");
    }
    for model in models {
        let expected = if SENT_AWAY.contains(model) { TARGET } else { SIP };
        assert!(
            seen.iter().any(|(other, _, secret)| other == model && *secret == expected),
            "{model} never got {expected}"
        );
    }
    for (model, secret) in [("T54W", RAW), ("D785", RAW), ("M3", RAW), ("T54W", WEB), ("D785", WEB), ("M3", WEB)] {
        let got = seen.iter().any(|(other, _, got)| other == model && *got == secret);
        assert!(got || !models.contains(&model), "{model} never got {secret}");
    }
}

const NOTHING: BTreeSet<(String, String, &str)> = BTreeSet::new();

#[test]
fn no_secret_below_the_window() {
    let mut phonebox = seeded();
    phonebox.cli(&["network", "add", "127.0.0.66/32", "--settings", "false"]);
    phonebox.cli(&["network", "add", "127.0.0.77/32", "--unknown", "default"]);
    let from = |text: &str| Level { from: Some(text.parse().unwrap()), ..Level::default() };
    let token = |directory: &str| Level { directory: directory.to_owned(), ..Level::default() };
    assert_eq!(sweep(&phonebox, &from("127.0.0.66"), &all()), NOTHING, "a foreign network");
    assert_eq!(sweep(&phonebox, &token(&format!("p/{}/", "a".repeat(26))), &all()), NOTHING, "a wrong token");
    for model in all() {
        phonebox.cli(&["device", "deactivate", mac(model)]);
    }
    assert_eq!(sweep(&phonebox, &Level::default(), &all()), NOTHING, "blocked");
    for model in all() {
        phonebox.cli(&["device", "activate", mac(model)]);
    }
    phonebox.cli(&["profile", "set", "default", "--secrets-trust", "token"]);
    phonebox.cli(&["profile", "set", "away", "--secrets-trust", "token"]);
    assert_eq!(sweep(&phonebox, &Level::default(), &all()), NOTHING, "the profile wants more than a window");
    phonebox.cli(&["profile", "set", "default", "--secrets-trust", "window"]);
    phonebox.cli(&["profile", "set", "away", "--secrets-trust", "window"]);
    phonebox.restart_at("+25h");
    assert_eq!(sweep(&phonebox, &Level::default(), &all()), NOTHING, "the window is closed");
    for model in all() {
        phonebox.cli(&["device", "remove", mac(model)]);
    }
    assert_eq!(sweep(&phonebox, &Level::default(), &all()), NOTHING, "unknown");
    assert_eq!(sweep(&phonebox, &from("127.0.0.77"), &all()), NOTHING, "a safe default");
    searched(&phonebox, &[]);
}

#[test]
fn inside_the_window_and_with_proof_only_its_own_files_have_a_devices_secrets() {
    let phonebox = seeded();
    let seen = sweep(&phonebox, &Level::default(), &all());
    assert_whole(&seen, &all());
    assert!(seen.iter().all(|(_, name, _)| !name.contains("-local") && !name.starts_with("with-login/")), "{seen:?}");
    // Each phone comes once with its token or credentials; from then on nothing without them.
    let mut tokens = Vec::new();
    for model in ["T54W", "D785", "M3", "8028s"] {
        let mut phone = phone(model);
        phone.boot(Some(&phonebox.url(false)));
        assert!(phone.poll().configured, "{model}");
        let url = phone.server().unwrap();
        let token = url.strip_prefix(&format!("{}p/", phonebox.url(false))).unwrap().trim_end_matches('/');
        tokens.push((model, token.to_owned()));
    }
    let proven: Vec<&str> = tokens.iter().map(|(model, _)| *model).collect();
    assert_eq!(sweep(&phonebox, &Level::default(), &proven), NOTHING, "reset suspected");
    let of = |token: &str| Level { directory: format!("p/{token}/"), ..Level::default() };
    for (model, token) in &tokens {
        let level = of(token);
        assert_whole(&sweep(&phonebox, &level, &[model]), &[model]);
        let others: Vec<&str> = all().into_iter().filter(|other| other != model).collect();
        assert_eq!(of_named(sweep(&phonebox, &level, &others)), NOTHING, "{model}'s token for others");
    }
    // Let in again, the old token is worth nothing.
    phonebox.cli(&["device", "let-in", mac("T54W")]);
    assert_eq!(sweep(&phonebox, &of(&tokens[0].1), &["T54W"]), NOTHING, "a rotated token");
    let tokens: Vec<String> = tokens.into_iter().map(|(_, token)| token).collect();
    searched(&phonebox, &tokens);
}

#[test]
fn credentials_and_bindings_are_proof_for_avaya_phones() {
    let mut phonebox = seeded();
    let mut phone = phone("J179");
    phone.boot(Some(&phonebox.url(false)));
    let password = phone.value("FORCE_HTTP_AUTH_PASSWORD").unwrap().to_owned();
    phonebox.restart_at("+25h");
    use base64::{Engine, prelude::BASE64_STANDARD};
    let login = BASE64_STANDARD.encode(format!("{}:{password}", mac("J179")));
    let level = Level { headers: format!("Authorization: Basic {login}\r\n"), ..Level::default() };
    assert_whole(&sweep(&phonebox, &level, &["J179"]), &["J179"]);
    assert_eq!(of_named(sweep(&phonebox, &level, &["9608", "T54W", "J189"])), NOTHING, "another device's credentials");
    assert_eq!(sweep(&phonebox, &Level::default(), &["J179", "9608", "K175", "4018"]), NOTHING);
    for model in ["9608", "K175", "4018"] {
        phonebox.cli(&["device", "bind", mac(model), "127.0.0.88/32"]);
        let bound = Level { from: Some("127.0.0.88".parse().unwrap()), ..Level::default() };
        assert_whole(&sweep(&phonebox, &bound, &[model]), &[model]);
        assert_eq!(sweep(&phonebox, &Level::default(), &[model]), NOTHING, "{model} from elsewhere");
    }
    searched(&phonebox, &[password, login]);
}

/// T27: what must not go in plain does not, whoever proves what; and no token goes with it.
#[test]
fn threat_027_secrets_only_over_tls_means_none_over_http() {
    let phonebox = seeded();
    phonebox.cli(&["profile", "set", "default", "--secrets-tls-only", "true"]);
    let path = format!("/{}.cfg", mac("T54W"));
    let plain = raw::ask(phonebox.http(), "GET", &path, raw::SOMEONE);
    assert!(
        CANARIES.iter().all(|secret| !plain.text().contains(secret)) && !plain.text().contains("/p/"),
        "{}",
        plain.text()
    );
    for model in ["T54W", "D785", "M3"] {
        let mut phone = phone(model);
        phone.trust(&phonebox.ca_pem());
        let boot = phone.boot(Some(&phonebox.url(true)));
        assert_eq!(phone.account().map(|account| account.password).as_deref(), Some(SIP), "{model} {:?}", boot.lines());
        let plain: Vec<&str> =
            boot.requests.iter().map(|asked| asked.url.as_str()).filter(|url| url.starts_with("http:")).collect();
        assert!(plain.iter().all(|url| url.ends_with("/phonebox-ca.pem")), "{model} {plain:?}");
        assert!(phone.server().unwrap().starts_with("https://"), "{model}");
        // Its token over HTTP is still no way to have them in plain.
        let http = phone
            .server()
            .unwrap()
            .replace("https", "http")
            .replace(&phonebox.https().to_string(), &phonebox.http().to_string());
        let url = Url::parse(&http).unwrap();
        for name in names(model) {
            let answer = raw::get(phonebox.http(), &format!("{}{name}", url.path));
            assert!(CANARIES.iter().all(|secret| !answer.text().contains(secret)), "{model} {name}");
            assert!(!answer.text().contains("/p/"), "{model} {name}: {}", answer.text());
        }
    }
    assert!(phonebox.explain(mac("T54W"))["plain_secrets"].as_array().unwrap().is_empty());
}

#[test]
fn threat_042_tftp_carries_no_secret_unless_the_profile_says_so() {
    let phonebox = seeded();
    let read = |model: &str| -> String {
        let files = names(model).into_iter().map(|name| raw::tftp(phonebox.tftp(), &name).unwrap_or_default());
        files.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).collect()
    };
    for model in all() {
        let text = read(model);
        assert!(CANARIES.iter().all(|secret| !text.contains(secret)) && !text.contains("/p/"), "{model}");
    }
    phonebox.cli(&["profile", "set", "default", "--secrets-over-tftp", "true"]);
    assert!(read("T54W").contains(SIP));
    let plain = phonebox.explain(mac("T54W"))["plain_secrets"].to_string();
    assert!(plain.contains("over tftp to 127.0.0.1"), "{plain}");
}

/// T94: whatever people, programs and thieves can read is searched for every secret.
#[track_caller]
fn searched(phonebox: &Phonebox, more: &[String]) {
    let mut places = vec![("the log".to_owned(), phonebox.said().into_bytes())];
    let commands: [&[&str]; 12] = [
        &["device", "list", "--json"],
        &["profile", "list", "--json"],
        &["profile", "show", "away", "--json"],
        &["profile", "show", "away"],
        &["layer", "get", "--global"],
        &["layer", "list"],
        &["alarm", "list"],
        &["audit"],
        &["audit", "--json"],
        &["network", "list"],
        &["check-config"],
        &["device", "export"],
    ];
    for words in commands {
        let said = phonebox.try_cli(words);
        places.push((words.join(" "), (said.out + &said.err).into_bytes()));
    }
    for model in all() {
        let words: Vec<Vec<String>> =
            [vec!["explain"], vec!["explain", "--json"], vec!["device", "show"], vec!["device", "show", "--json"]]
                .into_iter()
                .map(|words| words.into_iter().map(str::to_owned).chain([mac(model).to_owned()]).collect())
                .chain(names(model).into_iter().flat_map(|name| {
                    ["--lines", "--json", "--without-secrets"]
                        .map(|more| vec!["preview".to_owned(), mac(model).to_owned(), name.clone(), more.to_owned()])
                }))
                .collect();
        for words in words {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let said = phonebox.try_cli(&words);
            places.push((words.join(" "), (said.out + &said.err).into_bytes()));
        }
    }
    for entry in
        std::fs::read_dir(phonebox.path()).unwrap().flatten().filter(|entry| entry.metadata().unwrap().is_file())
    {
        places.push((entry.path().display().to_string(), std::fs::read(entry.path()).unwrap()));
    }
    let secrets: Vec<&str> = CANARIES.into_iter().chain(more.iter().map(String::as_str)).collect();
    for (place, bytes) in &places {
        for secret in &secrets {
            let found = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!found, "{secret} stands in {place}");
        }
    }
}
