//! Sent to another provisioning server: the phone is told where in its own dialect, goes there, and is told again at
//! every boot that DHCP starts here.

use crate::support::other::Other;
use crate::support::phone::{PASSWORD, Phone, account, add, mac, phone};
use crate::support::raw;
use crate::support::server::Phonebox;
use base64::{Engine, prelude::BASE64_STANDARD};

const ELSEWHERE: &str = "0th3r-S3cret";

/// What the other server has for a phone: an account of its own, in the phone's dialect.
fn files(model: &str) -> Vec<(String, String)> {
    let (mac, upper) = (mac(model), mac(model).to_uppercase());
    let yealink = format!("#!version:1.0.0.1\naccount.1.auth_name = 901\naccount.1.password = {ELSEWHERE}\n");
    let snom = format!(
        "<settings><phone-settings><user_name idx=\"1\">901</user_name><user_pass idx=\"1\">{ELSEWHERE}</user_pass>\
         </phone-settings></settings>"
    );
    let ale = |user: &str, password: &str| {
        format!(
            "<settings><setting id=\"{user}\" value=\"901\"/><setting id=\"{password}\" value=\"{ELSEWHERE}\"/></settings>"
        )
    };
    let avaya = format!("SET FORCE_SIP_EXTENSION 901\nSET FORCE_SIP_PASSWORD {ELSEWHERE}\n");
    let get = "GET 46xxsettings.txt\n".to_owned();
    let all = match model {
        "T54W" => vec![(format!("{mac}.cfg"), yealink)],
        "D785" => vec![(format!("snomD785-{upper}.htm"), snom)],
        "M3" => vec![(format!("config.{mac}.xml"), ale("Account1RegName", "Account1Password"))],
        "8028s" => {
            vec![(format!("config.{mac}.xml"), ale("SIPGroup1AuthenticationName", "SIPGroup1AuthenticationPassword"))]
        }
        "J179" => vec![("J100Supgrade.txt".to_owned(), get), ("46xxsettings.txt".to_owned(), avaya)],
        _ => vec![("96x1Supgrade.txt".to_owned(), get), ("46xxsettings.txt".to_owned(), avaya)],
    };
    all.into_iter().collect()
}

fn other_account() -> Option<(String, String)> {
    Some(("901".to_owned(), ELSEWHERE.to_owned()))
}

const MODELS: [&str; 6] = ["T54W", "D785", "M3", "8028s", "J179", "9608"];

/// A box whose profile "elsewhere" leads to that server, and a device in it.
fn sent_to(url: &str, model: &str, more: &[&str]) -> (Phonebox, Phone) {
    let phonebox = Phonebox::start();
    phonebox.cli(&[&["profile", "add", "elsewhere", "--url", url], more].concat());
    add(&phonebox, model, &["--profile", "elsewhere"]);
    (phonebox, phone(model))
}

fn told(phonebox: &Phonebox, model: &str) -> Vec<serde_json::Value> {
    let timeline = phonebox.explain(mac(model))["timeline"].as_array().unwrap().clone();
    timeline.into_iter().filter(|one| one["decision"] == "redirected").collect()
}

/// ALE-001, ALE-003: registered, it contacts this box with its MAC, is redirected, and downloads its configuration there.
/// AVA-108: http://host:port/sub-directory. AVA-117: the URL is the directory of its files. AVA-296, YMC-044: discovery run again,
/// by hand or at the next boot, is answered like the first time. The box renders nothing of its own for it, and no secret.
fn redirected_at_every_boot(model: &str, tls: bool) {
    let other = Other::start(&files(model), false);
    let (mut phonebox, mut phone) = sent_to(&other.url("there"), model, &[]);
    if tls {
        phone.trust(&phonebox.ca_pem());
    }
    let start = phonebox.url(tls);
    let boot = phone.boot(Some(&start));
    assert_eq!(account(&phone), other_account(), "{:?}", boot.lines());
    let here = phonebox.url(tls);
    for asked in boot.requests.iter().filter(|asked| asked.url.starts_with(&here)) {
        assert!(!String::from_utf8_lossy(&asked.body).contains(PASSWORD), "{}", asked.url);
    }
    assert!(other.paths().iter().all(|path| path.starts_with("/there/")), "{:?}", other.paths());
    assert!(!told(&phonebox, model).is_empty(), "{:?}", boot.lines());
    let verdict = phonebox.verdict(mac(model));
    assert!(verdict.contains("sends it to another provisioning server"), "{verdict}");
    // The delivery counts as enrolled; the window stays open one hour for retries.
    let device = phonebox.device(mac(model));
    let (enrolled, window) = (device["enrolled_at"].as_i64().unwrap(), device["window_until"].as_i64().unwrap());
    assert!(window <= enrolled + 3_600_000 && window > enrolled, "{device}");
    // The next days DHCP sends it here again.
    let before = other.paths().len();
    phonebox.restart_at("+25h");
    let boot = phone.boot(Some(&start));
    assert_eq!(account(&phone), other_account(), "{:?}", boot.lines());
    assert!(other.paths().len() > before, "it was there again: {:?}", boot.lines());
    // So is one that was reset: it needs nobody's hand, nothing secret is here for it.
    phone.factory_reset();
    if tls {
        phone.trust(&phonebox.ca_pem());
    }
    phone.boot(Some(&start));
    assert_eq!(account(&phone), other_account());
}

#[test]
fn every_vendor_is_redirected_at_every_boot_over_http() {
    for model in MODELS {
        redirected_at_every_boot(model, false);
    }
}

#[test]
fn every_vendor_is_redirected_at_every_boot_over_https() {
    for model in MODELS {
        redirected_at_every_boot(model, true);
    }
}

/// AVA-111, AVA-112, AVA-113.
#[test]
fn ava_111_112_and_113_macros_are_expanded_for_the_phone() {
    let other = Other::start(&files("J179"), false);
    let url = other.url("Family/$MODEL4/$MACADDR/$SERIALNO");
    let phonebox = Phonebox::start();
    phonebox.cli(&["profile", "add", "elsewhere", "--url", &url]);
    add(&phonebox, "J179", &["--profile", "elsewhere", "--serial", "18WZ1234567"]);
    let mut phone = phone("J179");
    phone.boot(Some(&phonebox.url(false)));
    let directory = "/Family/J179/C81FEA83E85A/18WZ1234567/";
    assert!(other.paths().contains(&format!("{directory}46xxsettings.txt")), "{:?}", other.paths());
    assert_eq!(account(&phone), other_account());
}

/// AVA-114. ALE-058, YMC-179: a target has a URL, a user and a password. YMC-039: a Yealink finds all three in the keys
/// `static.auto_provision.server.url`, `.username` and `.password`, which is where its virtual phone looks.
#[test]
fn ava_114_credentials_go_only_with_a_secrets_grant_and_log_the_phone_in_there() {
    for model in ["T54W", "D785", "M3", "J179"] {
        let other = Other::start(&files(model), true);
        let mut phonebox = Phonebox::start();
        let password = phonebox.secret("t4rget-Pa55");
        let url = other.url("");
        phonebox.cli(&["profile", "add", "elsewhere", "--url", &url, "--user", "fleet", "--password", &password]);
        add(&phonebox, model, &["--profile", "elsewhere"]);
        let mut phone = phone(model);
        let start = phonebox.url(false);
        let boot = phone.boot(Some(&start));
        assert_eq!(account(&phone), other_account(), "{model} {:?}", boot.lines());
        let logins: Vec<String> =
            other.asked().into_iter().map(|(_, _, login)| login).filter(|l| !l.is_empty()).collect();
        assert!(
            !logins.is_empty() && logins.iter().all(|login| login.starts_with("Digest username=\"fleet\"")),
            "{logins:?}"
        );
        let plain = phonebox.explain(mac(model))["plain_secrets"].to_string();
        assert!(
            plain.contains("over http to 127.0.0.1"),
            "{model}: every plain delivery of a secret is named: {plain}"
        );
        // Outside of the window no password is told again, and it keeps what it has. It is led there again where that
        // takes nothing away: an Avaya phone would forget its login, and shows it first (below).
        phonebox.restart_at("+25h");
        let boot = phone.boot(Some(&start));
        let here: Vec<_> = boot.requests.iter().filter(|asked| asked.url.starts_with(&start)).collect();
        let led = here.iter().any(|asked| String::from_utf8_lossy(&asked.body).contains(url.trim_end_matches('/')));
        assert_eq!(led, model != "J179", "{model} {:?}", boot.lines());
        for asked in here {
            assert!(!String::from_utf8_lossy(&asked.body).contains("t4rget-Pa55"), "{}", asked.url);
        }
        assert_eq!(account(&phone), other_account(), "{model} {:?}", boot.lines());
        let shown = phonebox.cli(&["profile", "show", "elsewhere"]) + &phonebox.cli(&["explain", mac(model)]);
        assert!(!shown.contains("t4rget-Pa55"), "{shown}");
    }
}

/// A J100 forgets what it is not told, so it proves itself first, by the login that it was told. That is worth nothing else:
/// other phones have the same.
#[test]
fn a_j100_shows_the_login_of_there_and_is_told_it_again() {
    let other = Other::start(&files("J179"), true);
    let mut phonebox = Phonebox::start();
    let password = phonebox.secret("t4rget-Pa55");
    let url = other.url("");
    phonebox.cli(&["profile", "add", "elsewhere", "--url", &url, "--user", "fleet", "--password", &password]);
    add(&phonebox, "J179", &["--profile", "elsewhere"]);
    add(&phonebox, "J189", &[]);
    phone("J179").boot(Some(&phonebox.url(false)));
    phonebox.restart_at("+25h");
    let ask = |method: &str, model: &str, path: &str, login: &str| {
        let login = match login {
            "" => String::new(),
            pair => format!("Authorization: Basic {}\r\n", BASE64_STANDARD.encode(pair)),
        };
        let agent = format!("User-Agent: {}\r\n{login}", phone(model).user_agent());
        raw::send(phonebox.http(), None, method, path, &agent, b"")
    };
    let upgrade = ask("GET", "J179", "/J100Supgrade.txt", "").text();
    assert!(upgrade.trim_end().ends_with("GET with-login/46xxsettings.txt"), "{upgrade}");
    let (settings, own) = ("/with-login/46xxsettings.txt", format!("/with-login/{}.txt", mac("J179")));
    assert_eq!(ask("GET", "J179", settings, "").status, 401, "the phone is asked, and not its user");
    assert_eq!(ask("GET", "J179", settings, "fleet:wrong").status, 401);
    assert_eq!(ask("GET", "J189", settings, "fleet:t4rget-Pa55").status, 401, "nobody sends that one there");
    for path in [settings, &own] {
        let told = ask("GET", "J179", path, "fleet:t4rget-Pa55");
        assert_eq!(told.status, 200, "{path} {}", phonebox.verdict(mac("J179")));
        let text = told.text();
        assert!(text.contains("HTTPSRVR 127.0.0.1") && text.contains("t4rget-Pa55"), "{text}");
        assert!(!text.contains(PASSWORD) && !text.contains("pbx.example"), "{text}");
    }
    let explained = phonebox.explain(mac("J179"));
    let last = &explained["timeline"][0];
    assert_eq!((&last["reason"], &last["decision"]), (&"redirected-login".into(), &"redirected".into()), "{last}");
    assert!(last["detail"].as_str().unwrap().contains("user and password of there"), "{last}");
    assert_eq!(explained["proof"], serde_json::Value::Null, "no proof of this device");
    assert!(explained["verdict"].as_str().unwrap().starts_with("All is well"), "{explained}");
    // Nothing is stored or read for whoever knows a login of many.
    let upload = format!("/with-login/{}_96xxdata.txt", mac("J179"));
    assert!(ask("PUT", "J179", &upload, "fleet:t4rget-Pa55").status >= 400);
    assert_eq!(ask("GET", "J179", &upload, "fleet:t4rget-Pa55").status, 404);
    // Sent there no more, it is worth nothing.
    phonebox.cli(&["device", "set", mac("J179"), "--profile", "default"]);
    assert_eq!(ask("GET", "J179", settings, "fleet:t4rget-Pa55").status, 401);
}

/// AVA-113: where the phone puts nothing in itself, a value that is not known names no directory.
#[test]
fn a_macro_without_a_value_is_not_sent_and_is_named() {
    let phonebox = Phonebox::start();
    phonebox.cli(&["profile", "add", "e", "--url", "http://pbx.example/$MODEL4/$SERIALNO"]);
    phonebox.cli(&["profile", "add", "m", "--url", "http://pbx.example/$SERIALNO", "--redirect-302", "true"]);
    add(&phonebox, "T54W", &["--profile", "e"]);
    let file = format!("/{}.cfg", mac("T54W"));
    let answer = raw::get(phonebox.http(), &file);
    assert_eq!(answer.status, 404, "{}", answer.text());
    let verdict = phonebox.verdict(mac("T54W"));
    assert!(verdict.contains("$SERIALNO") && verdict.contains("--serial"), "{verdict}");
    phonebox.cli(&["device", "set", mac("T54W"), "--serial", "SN 12/3?"]);
    let text = raw::get(phonebox.http(), &file).text();
    assert!(text.contains("http://pbx.example/T54W/SN%2012%2F3%3F/"), "{text}");
    // An Avaya phone knows its own serial number; a Location is read by nobody who does.
    add(&phonebox, "J179", &["--profile", "m"]);
    let text = raw::get(phonebox.http(), &format!("/{}.txt", mac("J179"))).text();
    assert!(text.contains("SET HTTPDIR $SERIALNO"), "{text}");
}

/// What a model's files have no parameter for is not called told, and a file that would say nothing is not sent.
#[test]
fn a_login_or_an_address_that_a_model_cannot_be_told_is_not_called_told() {
    let phonebox = Phonebox::start();
    let password = phonebox.secret("t4rget-Pa55");
    phonebox.cli(&["profile", "add", "e", "--url", "http://pbx.example/", "--user", "u", "--password", &password]);
    for (model, status, reason) in [("8028s", 200, "redirected"), ("4018", 404, "cannot-write")] {
        add(&phonebox, model, &["--profile", "e"]);
        let mac = mac(model);
        let file = match model {
            "4018" => format!("sipconfig-{}.txt", mac.to_uppercase()),
            _ => format!("config.{mac}.xml"),
        };
        let answer = raw::get(phonebox.http(), &format!("/{file}"));
        assert_eq!(answer.status, status, "{model}: {}", phonebox.verdict(mac));
        let explained = phonebox.explain(mac);
        assert_eq!(explained["timeline"][0]["reason"], reason, "{explained}");
        assert_eq!(explained["plain_secrets"].as_array().unwrap().len(), 0, "{explained}");
        let verdict = explained["verdict"].as_str().unwrap();
        assert_eq!(verdict.contains("no place for the user \"u\""), model == "8028s", "{verdict}");
    }
}

/// Who was provisioned here and comes back with its token is told by the model's file already, and that is written down.
#[test]
fn a_login_in_a_models_file_is_called_what_it_is() {
    let phonebox = Phonebox::start();
    add(&phonebox, "T54W", &[]);
    let mut phone = phone("T54W");
    phone.boot(Some(&phonebox.url(false)));
    let directory = phone.server().unwrap().replace(&phonebox.url(false), "/");
    let password = phonebox.secret("t4rget-Pa55");
    phonebox.cli(&["profile", "add", "e", "--url", "http://pbx.example/", "--user", "u", "--password", &password]);
    phonebox.cli(&["device", "set", mac("T54W"), "--profile", "e"]);
    let answer = raw::get(phonebox.http(), &format!("{directory}y000000000096.cfg"));
    assert!(answer.text().contains("t4rget-Pa55"), "{}", answer.text());
    let explained = phonebox.explain(mac("T54W"));
    let last = &explained["timeline"][0];
    assert_eq!((&last["decision"], &last["reason"]), (&"redirected".into(), &"redirected-login".into()), "{last}");
    assert!(explained["plain_secrets"].to_string().contains("y000000000096.cfg over http"), "{explained}");
}

/// YMC-184. AVA-123: what was changed in the profile counts at the next enrolment.
#[test]
fn a_url_of_the_device_goes_before_its_profile() {
    let (profiles, own) = (Other::start(&files("T54W"), false), Other::start(&files("T54W"), false));
    let (phonebox, mut phone) = sent_to(&profiles.url(""), "T54W", &[]);
    phonebox.cli(&["device", "set", mac("T54W"), "--url", &own.url("mine")]);
    phone.boot(Some(&phonebox.url(false)));
    assert!(profiles.paths().is_empty(), "{:?}", profiles.paths());
    assert!(own.paths().contains(&format!("/mine/{}.cfg", mac("T54W"))), "{:?}", own.paths());
    phonebox.cli(&["device", "set", mac("T54W"), "--url", ""]);
    phonebox.cli(&["profile", "target", "set", "elsewhere", "0", "--url", &profiles.url("changed")]);
    phone.factory_reset();
    phone.boot(Some(&phonebox.url(false)));
    assert!(profiles.paths().contains(&format!("/changed/{}.cfg", mac("T54W"))), "{:?}", profiles.paths());
}

#[test]
fn an_http_302_is_an_option_and_leaves_credentials_out() {
    for model in ["T54W", "D785"] {
        let other = Other::start(&files(model), false);
        let (phonebox, mut phone) = sent_to(&other.url(""), model, &["--redirect-302", "true"]);
        let boot = phone.boot(Some(&phonebox.url(false)));
        assert!(boot.requests.iter().any(|asked| asked.status == 302), "{:?}", boot.lines());
        assert_eq!(account(&phone), other_account());
        assert!(!told(&phonebox, model).is_empty());
        if model == "T54W" {
            // TFTP has no such answer: there it is the small file.
            let small = raw::tftp(phonebox.tftp(), &format!("{}.cfg", mac(model))).unwrap();
            assert!(String::from_utf8_lossy(&small).contains(&other.url("")), "{small:?}");
        }
    }
    // With credentials the small file is used: a Location is no place for them.
    let other = Other::start(&files("T54W"), true);
    let phonebox = Phonebox::start();
    let words = ["profile", "add", "e", "--url", &other.url(""), "--user", "u", "--password", &phonebox.secret("pw")];
    let shown = phonebox.cli(&[&words[..], &["--redirect-302", "true"]].concat());
    assert!(shown.contains("gets no HTTP 302"), "{shown}");
    add(&phonebox, "T54W", &["--profile", "e"]);
    let mut phone = phone("T54W");
    let boot = phone.boot(Some(&phonebox.url(false)));
    assert!(boot.requests.iter().all(|asked| asked.status != 302), "{:?}", boot.lines());
    assert_eq!(account(&phone), other_account());
}

/// AVA-095, AVA-299, ALE-002, ALE-059, YMC-180: an HTTPS server with a private CA; AVA-094 with the stories above: HTTP or HTTPS. Yealink verifies always: it needs the root certificate first.
/// ALE-062: the device verifies the server (the other direction: ca/client.rs).
#[test]
fn another_box_is_reached_over_https_with_its_root_certificate() {
    for model in ["T54W", "M3", "J179"] {
        let there = Phonebox::start();
        add(&there, model, &["--set", "sip.server=there.example"]);
        let root = there.file(&there.ca_pem());
        let (here, mut phone) = sent_to(&there.url(true), model, &["--root-ca", root.to_str().unwrap()]);
        let boot = phone.boot(Some(&here.url(false)));
        let ca = boot.requests.iter().find(|asked| asked.file.starts_with("target-"));
        let ca = ca.filter(|asked| asked.status == 200).unwrap_or_else(|| panic!("{model} {:?}", boot.lines()));
        let served = raw::get(here.http(), &format!("/{}", ca.file));
        assert_eq!(String::from_utf8_lossy(&served.body).trim(), there.ca_pem().trim());
        let server = phone.account().unwrap_or_else(|| panic!("{model} {:?}", boot.lines())).server;
        assert!(server.starts_with("there.example"), "{server}");
    }
}

/// AVA-119, AVA-120: the phone group of the target selects the settings of the group with that number.
#[test]
fn ava_120_the_phone_group_selects_what_the_box_renders() {
    let phonebox = Phonebox::start();
    phonebox.cli(&["group", "add", "17"]);
    phonebox.cli(&["layer", "set", "--group", "17", "sip.server=group17.example"]);
    phonebox.cli(&["profile", "add", "seventeen", "--phone-group", "17"]);
    let line = format!("user=201,password={}", phonebox.secret(PASSWORD));
    let words = ["device", "add", mac("J179"), "--model", "J179", "--profile", "seventeen", "--line", "1", &line];
    phonebox.cli(&[&words[..], &["--activate"]].concat());
    let mut phone = phone("J179");
    phone.boot(Some(&phonebox.url(false)));
    assert!(phone.account().unwrap().server.starts_with("group17.example"), "{:?}", phone.account());
    let refused = phonebox.try_cli(&["profile", "add", "x", "--phone-group", "1000"]).refused();
    assert!(refused.contains("999"), "{refused}");
    // What another server makes of it is not promised: it is said what is to be done by hand.
    let shown = phonebox.cli(&["profile", "add", "away", "--url", "http://pbx.example/", "--phone-group", "17"]);
    let said = "phone group 17: the other server goes by the group that the phone itself has";
    assert!(shown.contains(said), "{shown}");
    let (own, phone) =
        (phonebox.cli(&["profile", "show", "seventeen"]), |model| phonebox.cli(&["explain", mac(model)]));
    assert!(!own.contains("By hand") && !phone("J179").contains(said), "{own}");
    phonebox.cli(&["device", "set", mac("J179"), "--profile", "away"]);
    add(&phonebox, "T54W", &["--profile", "away"]);
    assert!(phone("J179").contains(said) && !phone("T54W").contains(said), "{}", phone("J179"));
}

/// What the file cannot carry was not told, whatever the reason says.
#[test]
fn a_password_that_the_file_cannot_carry_is_no_login_that_was_told() {
    let phonebox = Phonebox::start();
    let password = phonebox.secret("t4rget\"Pa55");
    phonebox.cli(&["profile", "add", "e", "--url", "http://pbx.example/", "--user", "u", "--password", &password]);
    add(&phonebox, "J179", &["--profile", "e"]);
    let agent = format!("User-Agent: {}\r\n", phone("J179").user_agent());
    assert_eq!(raw::ask(phonebox.http(), "GET", "/46xxsettings.txt", &agent).status, 200);
    let verdict = phonebox.verdict(mac("J179"));
    assert!(verdict.contains("But 46xxsettings.txt: FORCE_HTTP_AUTH_PASSWORD was left out"), "{verdict}");
    assert!(verdict.ends_with("Correct the value.") && !verdict.starts_with("All is well"), "{verdict}");
}
