//! Which of the box's addresses a phone, or a person, is told: one where something listens.

use crate::support::phone::{add, mac, phone};
use crate::support::raw;
use crate::support::server::Phonebox;
use phonebox::phone::{Client, Trust, Url};

#[test]
fn urls_name_an_address_and_port_that_are_bound() {
    let phonebox = Phonebox::start_with(&["--http", "127.0.0.1:0", "--https", "127.0.0.2:0"]);
    add(&phonebox, "T54W", &[]);
    let agent = format!("User-Agent: {}\r\n", phone("T54W").user_agent());
    let fetch = || raw::ask(phonebox.http(), "GET", &format!("/{}.cfg", mac("T54W")), &agent).text();
    let text = fetch();
    assert!(text.contains(&format!("server.url = http://{}/p/", phonebox.http())), "{text}");
    // Sent to HTTPS, it is sent to where that is.
    add(&phonebox, "T46S", &[]);
    phonebox.cli(&["profile", "set", "default", "--secrets-tls-only", "true"]);
    let text = raw::ask(phonebox.http(), "GET", &format!("/{}.cfg", mac("T46S")), "").text();
    assert!(text.contains(&format!("server.url = https://{}/", phonebox.https())), "{text}");
    // People are shown an address that phones reach, not one of another interface.
    phonebox.cli(&["device", "add", mac("T31G"), "--model", "T31G", "--activate"]);
    let verdict = phonebox.verdict(mac("T31G"));
    assert!(verdict.contains(&format!("the URL http://{}/", phonebox.http())), "{verdict}");
}

/// Who had the whole file and now asks over a transport that may carry no secret is not told that settings were sent.
#[test]
fn what_is_withheld_for_its_transport_is_not_called_sent() {
    let phonebox = Phonebox::start();
    add(&phonebox, "T54W", &[]);
    let mut phone = phone("T54W");
    phone.boot(Some(&phonebox.url(false)));
    assert!(phone.poll().configured);
    let token = phone.server().unwrap().split("/p/").nth(1).unwrap().to_owned();
    let name = format!("p/{token}{}.cfg", mac("T54W"));
    assert_eq!(raw::tftp(phonebox.tftp(), &name), Err(1));
    let verdict = phonebox.verdict(mac("T54W"));
    assert!(verdict.starts_with("It got nothing") && verdict.contains("over TFTP"), "{verdict}");
    phonebox.cli(&["profile", "set", "default", "--secrets-tls-only", "true"]);
    assert_eq!(raw::get(phonebox.http(), &format!("/{name}")).status, 404);
    let verdict = phonebox.verdict(mac("T54W"));
    assert!(verdict.starts_with("It got nothing") && verdict.contains("only over HTTPS"), "{verdict}");
}

/// A J100 has no token in its address, and is led to HTTPS by the same rule: trust first, address second, and back.
#[test]
fn a_j100_is_led_to_https_once_it_came_by_it_and_back_once_it_came_by_http() {
    let mut phonebox = Phonebox::start();
    phonebox.cli(&["profile", "set", "default", "--https", "true"]);
    add(&phonebox, "J179", &[]);
    let mut one = phone("J179");
    let agent = one.user_agent();
    let fetch = |phonebox: &Phonebox, tls: bool| {
        let client = Client { agent: &agent, login: None, trust: Trust::Anyone, strict: false, from: None };
        let url = Url::parse(&format!("{}46xxsettings.txt", phonebox.url(tls))).unwrap();
        String::from_utf8(client.ask("GET", &url, &[], b"").unwrap().0.body).unwrap()
    };
    let here = |text: &str| text.contains("SET TLSSRVR 127.0.0.1");
    let text = fetch(&phonebox, false);
    assert!(text.contains("TRUSTCERTS") && !here(&text), "{text}");
    fetch(&phonebox, true);
    let text = fetch(&phonebox, true);
    let port = format!("SET TLSPORT {}", phonebox.https().port());
    assert!(here(&text) && text.contains(&port) && text.contains("SET TLSDIR"), "{text}");
    assert!(text.contains("FORCE_HTTP_AUTH_PASSWORD"), "{text}");
    let text = fetch(&phonebox, false);
    assert!(!here(&text) && text.contains("TRUSTCERTS"), "it came by HTTP: {text}");
    // The phone itself boots from there.
    one.trust(&phonebox.ca_pem());
    let boot = one.boot(Some(&phonebox.url(true)));
    assert!(boot.configured, "{:?}", boot.lines());
    one.boot(Some(&phonebox.url(true)));
    assert!(one.server().unwrap().starts_with(&phonebox.url(true)), "{:?}", one.server());
    phonebox.restart_at("+25h");
    let boot = one.boot(Some(&phonebox.url(false)));
    assert!(boot.configured, "{:?} {}", boot.lines(), phonebox.verdict(mac("J179")));
}

/// HTTPS URLs are for who has shown that it can: and no longer for who comes back by HTTP, from that answer on.
#[test]
fn a_phone_that_comes_back_by_http_is_led_to_http_again() {
    let phonebox = Phonebox::start();
    phonebox.cli(&["profile", "set", "default", "--https", "true"]);
    add(&phonebox, "T54W", &[]);
    let mut phone = phone("T54W");
    phone.boot(Some(&phonebox.url(false)));
    assert!(phone.server().unwrap().starts_with(&phonebox.url(false)), "HTTP until it has come by HTTPS");
    let to_https = phone.server().unwrap().replace(&phonebox.url(false), &phonebox.url(true));
    let client = Client { agent: &phone.user_agent(), login: None, trust: Trust::Anyone, strict: false, from: None };
    let fetch = |url: &str| {
        let url = Url::parse(&format!("{url}{}.cfg", mac("T54W"))).unwrap();
        let text = String::from_utf8(client.ask("GET", &url, &[], b"").unwrap().0.body).unwrap();
        let line = text.lines().find(|line| line.starts_with("static.auto_provision.server.url")).unwrap();
        line.rsplit(' ').next().unwrap().to_owned()
    };
    // It was told whom to trust; somebody gives it the HTTPS URL.
    fetch(&to_https);
    assert_eq!(fetch(&to_https), to_https);
    let to_http = to_https.replace(&phonebox.url(true), &phonebox.url(false));
    assert_eq!(fetch(&to_http), to_http, "at once");
    assert_eq!(fetch(&to_http), to_http);
    fetch(&to_https);
    assert_eq!(fetch(&to_https), to_https, "and back");
}
