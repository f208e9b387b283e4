//! What a network does with a phone that nobody added: refuse it, let it wait, or give it what everybody may have.

use crate::support::eventually;
use crate::support::phone::{PASSWORD, account, add, mac, own_account, phone};
use crate::support::raw;
use crate::support::server::Phonebox;

#[test]
fn an_unknown_phone_is_refused_queued_or_given_a_safe_default_by_its_network() {
    let phonebox = Phonebox::start();
    phonebox.cli(&["layer", "set", "--global", "time.ntp=ntp.example"]);
    phonebox.cli(&["layer", "set", "--global", &format!("ldap.password={}", phonebox.secret("gl0bal-S3cret"))]);
    phonebox.cli(&["network", "add", "127.0.0.52/32", "--unknown", "queue"]);
    phonebox.cli(&["network", "add", "127.0.0.53/32", "--unknown", "default"]);
    let models = ["T54W", "D785", "M3", "8028s", "J179", "9608"];
    for model in models {
        let own = match model {
            "T54W" => format!("{}.cfg", mac(model)),
            "D785" => format!("{}.xml", mac(model)),
            "M3" | "8028s" => format!("config.{}.xml", mac(model)),
            _ => format!("{}.txt", mac(model)),
        };
        let agent = format!("User-Agent: {}\r\n", phone(model).user_agent());
        let ask = |from: &str| {
            raw::send(phonebox.http(), Some(from.parse().unwrap()), "GET", &format!("/{own}"), &agent, b"")
        };
        let waits = || {
            let waiting = phonebox.json(&["device", "list", "--pending"]);
            waiting.as_array().unwrap().iter().any(|one| one["mac"] == mac(model))
        };
        let refused = ask("127.0.0.51");
        assert_eq!(refused.status, 404, "{model}: the rule of a fresh box");
        assert!(!waits());
        assert_eq!(ask("127.0.0.52").seen(), refused.seen(), "{model}");
        assert!(waits(), "{model}");
        let served = ask("127.0.0.53");
        assert_eq!(served.status, 200, "{model}: {}", phonebox.verdict(mac(model)));
        let text = served.text();
        assert!(text.contains("ntp.example") && !text.contains("gl0bal-S3cret") && !text.contains("/p/"), "{text}");
        let verdict = phonebox.verdict(mac(model));
        assert!(verdict.contains("a safe default without secrets"), "{verdict}");
        assert_eq!(raw::send(phonebox.http(), None, "PUT", &format!("/{own}"), &agent, b"x").status, 404);
    }
    assert_eq!(phonebox.json(&["device", "list"]).as_array().unwrap().len(), 0, "no device out of nothing");
}

/// A site and a profile that were added while phones are served: whoever is given to them is served on.
#[test]
fn what_is_added_while_phones_are_served_counts_at_once() {
    let phonebox = Phonebox::start();
    add(&phonebox, "T54W", &[]);
    let mut phone = phone("T54W");
    phone.boot(Some(&phonebox.url(false)));
    for (words, option) in [(["site", "add", "north"], "--site"), (["profile", "add", "north"], "--profile")] {
        assert!(phone.poll().configured);
        phonebox.cli(&words);
        phonebox.cli(&["device", "set", mac("T54W"), option, "north"]);
        let poll = phone.poll();
        assert!(poll.configured, "{option} {:?} {}", poll.lines(), phonebox.verdict(mac("T54W")));
    }
}

/// AVA-022: added, at a site with a profile, and activated: not before all three. AVA-126: without the profile the reason is
/// that.
#[test]
fn ava_022_and_126_a_phone_is_served_once_it_is_added_has_a_profile_and_is_activated() {
    let phonebox = Phonebox::start_with(&["--misses-per-minute", "100000"]);
    let mut phone = phone("T54W");
    let site = |body: &str| assert_eq!(phonebox.admin_asks("PATCH", "/api/v1/sites/north", body).status, 200, "{body}");
    let mut refused = |why: &str| {
        let boot = phone.boot(Some(&phonebox.url(false)));
        assert!(phone.account().is_none(), "{why}: {:?}", boot.lines());
        eventually(why, || phonebox.verdict(mac("T54W")).contains(why));
    };
    phonebox.cli(&["site", "add", "north"]);
    site(r#"{"profile":null}"#);
    refused("Nobody added this device");
    let line = format!("user=201,password={}", phonebox.secret(PASSWORD));
    phonebox.cli(&["device", "add", mac("T54W"), "--model", "T54W", "--site", "north", "--line", "1", &line]);
    refused("not activated");
    phonebox.cli(&["device", "activate", mac("T54W")]);
    refused("no profile");
    site(r#"{"profile":"default"}"#);
    phone.boot(Some(&phonebox.url(false)));
    assert_eq!(account(&phone), own_account(), "{}", phonebox.verdict(mac("T54W")));
}

/// An administrator's binding of MAC and network is proof, also where known phones get nothing as it is.
#[test]
fn a_binding_opens_a_network_that_is_shut() {
    let phonebox = Phonebox::start();
    add(&phonebox, "T54W", &[]);
    phonebox.cli(&["network", "add", "127.0.0.61/32", "--settings", "false"]);
    let agent = format!("User-Agent: {}\r\n", phone("T54W").user_agent());
    let own = format!("/{}.cfg", mac("T54W"));
    let ask = || raw::send(phonebox.http(), Some("127.0.0.61".parse().unwrap()), "GET", &own, &agent, b"");
    assert_eq!(ask().status, 404);
    phonebox.cli(&["device", "bind", mac("T54W"), "127.0.0.61/32"]);
    let bound = ask();
    assert!(bound.status == 200 && bound.text().contains(PASSWORD), "{}", phonebox.verdict(mac("T54W")));
}
