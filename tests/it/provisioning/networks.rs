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
        if model == "D785" {
            // The file that it asks for first leads it to that one.
            let container = format!("/snomD785-{}.htm", mac(model).to_uppercase());
            let led = raw::send(phonebox.http(), Some("127.0.0.53".parse().unwrap()), "GET", &container, &agent, b"");
            assert!(led.status == 200 && led.text().contains(&format!("/{own}\"")), "{} {}", led.head, led.text());
            assert!(!led.text().contains("/p/"), "{}", led.text());
        }
        assert_eq!(raw::send(phonebox.http(), None, "PUT", &format!("/{own}"), &agent, b"x").status, 404);
    }
    assert_eq!(phonebox.json(&["device", "list"]).as_array().unwrap().len(), 0, "no device out of nothing");
}

/// A listed network that gives nothing is not called one that nobody listed.
#[test]
fn a_network_that_is_listed_without_settings_is_named_as_that() {
    let phonebox = Phonebox::start();
    add(&phonebox, "T54W", &[]);
    phonebox.cli(&["network", "add", "127.0.0.1/32", "--settings", "false"]);
    let file = format!("/{}.cfg", mac("T54W"));
    assert_eq!(raw::get(phonebox.http(), &file).status, 404);
    let verdict = phonebox.verdict(mac("T54W"));
    assert!(verdict.contains("listed as one whose phones get no settings"), "{verdict}");
    assert!(verdict.contains("network add CIDR --settings true"), "{verdict}");
    phonebox.cli(&["network", "add", "127.0.0.1/32", "--settings", "true"]);
    assert_eq!(raw::get(phonebox.http(), &file).status, 200);
}

/// Phones that are recognised and written nothing for: said when they are added, in a preview and at the end.
#[test]
fn a_kind_of_phone_that_no_file_is_made_for_is_told_so() {
    let phonebox = Phonebox::start();
    let kinds = [
        ("0c383e000001", "Fanvil", "X3U", "0c383e000001.cfg"),
        ("000b82000001", "Grandstream", "GXP2170", "cfg000b82000001.xml"),
        ("00095d000001", "Avaya", "B179", "avaya-00095d000001.xml"),
    ];
    for (mac, vendor, model, file) in kinds {
        let added = phonebox.try_cli(&["device", "add", mac, "--vendor", vendor, "--model", model, "--activate"]);
        let noted = format!("This box recognises a {vendor} {model} but writes no file for it yet");
        assert!(added.err.contains(&noted), "{} {}", added.out, added.err);
        let verdict = phonebox.verdict(mac);
        assert!(verdict.contains("writes no file for it yet") && verdict.contains("phonebox file add"), "{verdict}");
        assert_eq!(raw::get(phonebox.http(), &format!("/{file}")).status, 404);
        let explained = phonebox.explain(mac);
        assert_eq!(explained["timeline"][0]["reason"], "no-writer", "{explained}");
        assert_eq!(explained["verdict"], verdict, "{explained}");
        let preview = phonebox.try_cli(&["preview", mac, file]).refused();
        assert!(preview.contains("writes no file for it yet"), "{preview}");
    }
    // What somebody put there for it is what it gets.
    let path = phonebox.file("SIP.1=x\n");
    let (mac, file) = (kinds[0].0, kinds[0].3);
    phonebox.cli(&["file", "add", path.to_str().unwrap(), "--name", file, "--kind", "other"]);
    assert_eq!(raw::get(phonebox.http(), &format!("/{file}")).status, 200);
    let verdict = phonebox.verdict(mac);
    assert!(verdict.contains("a file of the file store was sent"), "{verdict}");
    // A model that no list has, where a layer is made for it.
    let set = phonebox.try_cli(&["layer", "set", "--model", "Yealink/T99X", "time.ntp=ntp.example"]);
    assert!(set.err.contains("No model T99X of Yealink is listed here"), "{}", set.err);
}

/// T15: a query that phones use says whose file it is, and nothing else.
#[test]
fn a_query_says_a_mac_or_nothing_is_served() {
    let phonebox = Phonebox::start();
    add(&phonebox, "T54W", &[]);
    let own = format!("/{}.cfg", mac("T54W"));
    let upper = mac("T54W").to_uppercase();
    for query in [format!("mac={upper}"), format!("name=SEP{upper}"), format!("mac={upper}&name=SEP{upper}")] {
        assert_eq!(raw::get(phonebox.http(), &format!("{own}?{query}")).status, 200, "{query}");
    }
    for query in ["mac=001565aabb03", "name=SEP001565AABB03"] {
        assert_eq!(raw::get(phonebox.http(), &format!("{own}?{query}")).status, 404, "{query}");
        assert_eq!(phonebox.explain(mac("T54W"))["timeline"][0]["reason"], "two-macs", "{query}");
    }
    for query in [format!("v=1&mac={upper}"), format!("mac={upper}&"), "v=1".to_owned()] {
        assert_eq!(raw::get(phonebox.http(), &format!("{own}?{query}")).status, 404, "{query}");
    }
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

/// Nobody can let in what nobody added.
#[test]
fn a_stranger_that_was_asked_for_credentials_is_to_be_added_first() {
    let phonebox = Phonebox::start();
    phonebox.cli(&["network", "add", "127.0.0.54/32", "--ask"]);
    let file = format!("/{}.cfg", mac("T54W"));
    assert_eq!(raw::send(phonebox.http(), Some("127.0.0.54".parse().unwrap()), "GET", &file, "", b"").status, 401);
    let verdict = phonebox.verdict(mac("T54W"));
    assert!(verdict.contains(&format!("phonebox device add {}", mac("T54W"))), "{verdict}");
    assert!(verdict.contains("Credentials are needed here") && !verdict.contains("let-in"), "{verdict}");
}
