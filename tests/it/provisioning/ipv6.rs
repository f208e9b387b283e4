//! Phones and people on IPv6: the same files, links with brackets, check-ins with their address.

use crate::support::eventually;
use crate::support::phone::{Asked, PASSWORD, account, add, mac, own_account, phone};
use crate::support::raw;
use crate::support::server::Phonebox;

const HERE: [&str; 8] = ["--admin", "[::1]:0", "--http", "[::1]:0", "--https", "[::1]:0", "--tftp", "[::1]:0"];

#[test]
fn a_box_on_ipv6_serves_phones_by_every_transport_and_people() {
    let phonebox = Phonebox::start_with(&HERE);
    for listener in [phonebox.admin(), phonebox.http(), phonebox.https(), phonebox.tftp()] {
        assert_eq!(listener.ip().to_string(), "::1");
    }
    for (model, tls) in [("T54W", false), ("T46S", true)] {
        add(&phonebox, model, &[]);
        let mut phone = phone(model);
        if tls {
            phonebox.cli(&["profile", "set", "default", "--https", "true"]);
            phone.trust(&phonebox.ca_pem());
        }
        let url = phonebox.url(tls);
        assert!(url.contains("://[::1]:"), "{url}");
        let boot = phone.boot(Some(&url));
        assert!(boot.configured, "{:?}", boot.lines());
        assert_eq!(account(&phone), own_account());
        // What the file itself says: the way back has brackets, and works.
        let told = phone.server().unwrap().to_owned();
        assert!(told.starts_with(&format!("{url}p/")), "{told}");
        let poll = phone.poll();
        assert!(poll.configured && !poll.changed, "{:?}", poll.lines());
        let by_token = |asked: &Asked| asked.url.contains("/p/") || asked.file.starts_with("phonebox-ca");
        assert!(poll.requests.iter().all(by_token), "{:?}", poll.lines());
        let explained = phonebox.explain(phone.mac());
        let timeline = explained["timeline"].as_array().unwrap();
        assert!(timeline.iter().all(|one| one["peer"] == "::1"), "{timeline:?}");
        let mut own =
            timeline.iter().filter(|one| one["file"].as_str().unwrap().ends_with(&format!("{}.cfg", mac(model))));
        assert!(own.all(|one| one["transport"] == if tls { "https" } else { "http" }), "{timeline:?}");
    }
    let common = raw::get(phonebox.http(), "/y000000000096.cfg");
    assert_eq!(raw::tftp(phonebox.tftp(), "y000000000096.cfg").as_deref(), Ok(&common.body[..]));
    // People: the page's address, its API and its certificate's names are tried by this client.
    assert_eq!(phonebox.health(), "ok");
    assert!(phonebox.said().contains(&format!("https://{}/", phonebox.admin())), "{}", phonebox.said());
}

/// Unique local and link-local addresses are private like those of RFC 1918; a global one is not.
#[test]
fn private_is_said_of_ipv6_too() {
    let phonebox = Phonebox::start_with(&[&HERE[..], &["--trusted-proxies", "::1/128"]].concat());
    for (model, peer, is_served) in [
        ("T54W", "fd12:3456::7", true),
        ("T46S", "fe80::3", true),
        ("T53W", "fc00::1", true),
        ("T31G", "2001:4860::8", false),
    ] {
        add(&phonebox, model, &[]);
        let head = format!("User-Agent: {}\r\nX-Forwarded-For: {peer}\r\n", phone(model).user_agent());
        let answer = raw::ask(phonebox.http(), "GET", &format!("/{}.cfg", mac(model)), &head);
        assert_eq!((answer.status, answer.text().contains(PASSWORD)), (if is_served { 200 } else { 404 }, is_served));
        let explained = phonebox.explain(mac(model));
        assert_eq!(explained["timeline"][0]["peer"], peer);
        assert_eq!(explained["timeline"][0]["reason"] == "foreign-network", !is_served, "{explained}");
    }
}

/// Both families in one list, each by a socket of its own: what a phone is told is of the family that it came by.
#[test]
fn a_list_of_both_families_is_bound_one_by_one() {
    let phonebox = Phonebox::start_with(&["--http", "127.0.0.1:0,[::1]:0"]);
    // The screen is printed line by line.
    eventually("the start screen", || phonebox.said().contains("service install"));
    let said = phonebox.said();
    let port = |address: &str| {
        let line =
            said.lines().find(|line| line.contains(&format!(" of {address}: "))).unwrap_or_else(|| panic!("{said}"));
        line.split("port ").nth(1).unwrap().split(' ').next().unwrap().to_owned()
    };
    for (model, host, address) in [("T54W", "127.0.0.1", "127.0.0.1"), ("T46S", "[::1]", "::1")] {
        add(&phonebox, model, &[]);
        let url = format!("http://{host}:{}/", port(address));
        let mut phone = phone(model);
        assert!(phone.boot(Some(&url)).configured, "{url}");
        assert!(phone.server().unwrap().starts_with(&url), "{url}: {:?}", phone.server());
    }
}
