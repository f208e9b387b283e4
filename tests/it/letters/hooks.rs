//! Webhooks: signed, tried again, and never led into networks that are nobody's business.

use super::sink::Hook;
use crate::support::phone;
use crate::support::server::Phonebox;
use crate::support::{eventually, is_root, raw};
use aws_lc_rs::hmac;
use serde_json::{Value, json};

/// A box that may reach this machine, and a program that is sent events.
fn hooked(kinds: &[&str]) -> (Phonebox, Hook, String) {
    let (phonebox, hook) = (Phonebox::start_with(&["--webhook-networks", "127.0.0.0/8"]), Hook::start());
    let kinds: Vec<&str> = kinds.iter().flat_map(|kind| ["--kind", kind]).collect();
    let url = hook.url();
    let added = phonebox.json(&[&["webhook", "add", &url][..], &kinds].concat());
    (phonebox, hook, added["secret"].as_str().unwrap().to_owned())
}

fn header(head: &str, name: &str) -> String {
    let start = format!("{}: ", name.to_ascii_lowercase());
    let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with(&start));
    line.unwrap_or_else(|| panic!("{name}: {head}")).split_once(": ").unwrap().1.to_owned()
}

fn deliveries(phonebox: &Phonebox) -> Vec<Value> {
    phonebox.json(&["webhook", "deliveries", "1"]).as_array().unwrap().clone()
}

/// YMC-173: an address for what happens. The program verifies that it is the box, and that it is of now.
#[test]
fn an_event_arrives_signed_and_once() {
    let (phonebox, hook, secret) = hooked(&["device-claimed"]);
    phone::add(&phonebox, "T54W", &["--site", "default"]);
    eventually("it arrives", || !hook.all().is_empty());
    let (head, body) = &hook.all()[0];
    assert!(head.starts_with("POST /events?from=box HTTP/1.1\r\n"), "{head}");
    assert_eq!(header(head, "Phonebox-Event"), "device-claimed");
    let signature = header(head, "Phonebox-Signature");
    let (time, tag) = signature.strip_prefix("t=").unwrap().split_once(",v1=").unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let bytes: Vec<u8> =
        (0..tag.len()).step_by(2).map(|at| u8::from_str_radix(&tag[at..at + 2], 16).unwrap()).collect();
    hmac::verify(&key, format!("{time}.{body}").as_bytes(), &bytes).unwrap();
    assert!((jiff::Timestamp::now().as_second() - time.parse::<i64>().unwrap()).abs() < 60);
    let told: Value = serde_json::from_str(body).unwrap();
    assert_eq!((&told["kind"], &told["object"]), (&json!("device-claimed"), &json!(phone::mac("T54W"))));
    assert_eq!((&told["data"]["site"], &told["data"]["by"]), (&json!("default"), &json!("console")));
    eventually("it is shown as sent", || deliveries(&phonebox)[0]["state"] == "sent");
    assert_eq!((hook.all().len(), deliveries(&phonebox).len()), (1, 1), "the other kind was not wanted");
    // The secret is told once and nowhere else.
    let shown = phonebox.cli(&["webhook", "list"]) + &phonebox.cli(&["audit", "--json"]);
    assert!(!shown.contains(&secret) && !phonebox.said().contains(&secret));
    phonebox.cli(&["webhook", "test", "1"]);
    eventually("the test arrives", || hook.all().len() == 2);
    phonebox.cli(&["webhook", "set", "1", "--enabled", "false"]);
    phonebox.cli(&["device", "remove", phone::mac("T54W")]);
    phone::add(&phonebox, "T54W", &[]);
    phonebox.cli(&["webhook", "remove", "1"]);
    assert_eq!(phonebox.json(&["webhook", "list"]), json!([]));
    assert_eq!(hook.all().len(), 2);
}

#[test]
fn a_delivery_is_tried_again_with_longer_pauses_and_the_same_event() {
    let (mut phonebox, hook, _) = hooked(&["device-claimed"]);
    hook.answer_with(503);
    phone::add(&phonebox, "T54W", &[]);
    let tried = |phonebox: &Phonebox, times: i64| {
        eventually("it was tried", || deliveries(phonebox).first().is_some_and(|one| one["attempts"] == times));
        deliveries(phonebox)[0].clone()
    };
    let first = tried(&phonebox, 1);
    assert_eq!((&first["state"], &first["status"]), (&json!("waiting"), &json!(503)));
    let wait = |one: &Value| one["next_at"].as_i64().unwrap() - one["created_at"].as_i64().unwrap();
    assert!((10_000..30_000).contains(&wait(&first)), "{first}");
    phonebox.restart_at("+1m");
    let second = tried(&phonebox, 2);
    assert!(wait(&second) > 110_000, "{second}");
    hook.answer_with(200);
    phonebox.cli(&["webhook", "retry", "1", &second["id"].to_string()]);
    eventually("it arrived", || deliveries(&phonebox)[0]["state"] == "sent");
    let ids: Vec<Value> =
        hook.all().iter().map(|(_, body)| serde_json::from_str::<Value>(body).unwrap()["id"].clone()).collect();
    assert_eq!(ids.len(), 3);
    assert!(ids.iter().all(|id| *id == ids[0]), "who has it already knows it again: {ids:?}");
}

/// SSRF: addresses of this machine and of private networks are refused when they are given, and names that lead there
/// when they are used. A redirect leads nowhere.
#[test]
fn threat_066_a_webhook_reaches_no_private_network_by_address_name_or_redirect() {
    let (mut phonebox, hook) = (Phonebox::start(), Hook::start());
    let try_to_add = |phonebox: &Phonebox, url: &str| {
        let answer = phonebox.admin_asks("POST", "/api/v1/webhooks", &json!({ "url": url }).to_string());
        (answer.status, String::from_utf8_lossy(&answer.body).into_owned())
    };
    let add = |url: &str| try_to_add(&phonebox, url);
    let port = hook.address.port();
    for url in [
        &format!("http://127.0.0.1:{port}/"),
        &format!("http://[::1]:{port}/"),
        &format!("http://[::ffff:127.0.0.1]:{port}/"),
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[fd00::1]/",
        "http://0.0.0.0/",
        "http://[::ffff:7f00:1]/",
        "http://[::ffff:a9fe:a9fe]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[fe80::1]/",
        "gopher://127.0.0.1/",
        "ftp://hooks.example/",
        "file:///etc/passwd",
        "http://user:secret@hooks.example/",
        "http://hooks.example\r\nX: y/",
        "",
    ] {
        let (status, text) = add(url);
        assert_eq!(status, 422, "{url:?}: {text}");
        assert!(!text.contains("user:secret") || text.contains("signature"), "{text}");
    }
    // A name that always means this machine, and an address in other words, decimal, octal, hexadecimal, shortened.
    for host in ["localhost", "a.LocalHost", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0x7f.1", "0xa.1"] {
        let (status, text) = add(&format!("http://{host}:{port}/"));
        assert_eq!(status, 422, "{host}: {text}");
        assert!(!host.starts_with(['l', 'a']) || text.contains("adds its network to webhooks.networks"), "{text}");
    }
    // Where that is allowed it is accepted; and judged again at each delivery, when it is allowed no more.
    phonebox.restart_behind(&["env", "PHONEBOX_WEBHOOK_NETWORKS=127.0.0.0/8,::1/128"]);
    for host in ["localhost", "0x7f.1"] {
        assert_eq!(try_to_add(&phonebox, &format!("http://{host}:{port}/")).0, 201);
    }
    phonebox.restart_behind(&[]);
    phone::add(&phonebox, "T54W", &[]);
    eventually("it was tried", || deliveries(&phonebox).first().is_some_and(|one| one["attempts"] == 1));
    let refused = deliveries(&phonebox)[0]["error"].as_str().unwrap().to_owned();
    assert!(refused.contains("no public address") && refused.contains("webhooks.networks"), "{refused}");
    for hook in 2..=2 {
        let rows = || phonebox.json(&["webhook", "deliveries", &hook.to_string()]).as_array().unwrap().clone();
        eventually("it was tried", || rows().first().is_some_and(|one| one["attempts"] == 1));
        assert!(rows()[0]["status"].is_null(), "{:?}", rows()[0]);
    }
    assert!(hook.all().is_empty(), "nothing was connected to: {:?}", hook.all());

    // Where it may go, it still follows nobody elsewhere.
    let (phonebox, first, _) = hooked(&["account-linked"]);
    for status in [301, 302, 303, 307, 308] {
        first.answer_with(status);
        let before = first.all().len();
        phonebox.cli(&["webhook", "test", "1"]);
        eventually("it was tried", || first.all().len() > before);
        eventually("it is not taken for delivered", || deliveries(&phonebox)[0]["status"] == status);
        assert!(deliveries(&phonebox)[0]["error"].as_str().unwrap().contains("not followed"));
    }
    assert_eq!(raw::get(phonebox.http(), "/phonebox-ca.pem").status, 200);
}

/// YMC-173: the callback address of an API key receives what happens, signed with what signs the key's own requests.
#[test]
fn ymc_173_a_keys_callback_address_is_sent_alarms_and_everything_else() {
    let (phonebox, hook) = (Phonebox::start_with(&["--webhook-networks", "127.0.0.0/8"]), Hook::start());
    let ask = |method: &'static str, path: &str, body: Value| -> Value {
        let reply = phonebox.admin_asks(method, &format!("/api/v1{path}"), &body.to_string());
        assert!(reply.status < 300, "{method} {path}: {reply:?}");
        serde_json::from_slice(&reply.body).unwrap_or_default()
    };
    let made =
        ask("POST", "/api-keys", json!({ "name": "pbx", "permissions": ["alarm.read"], "callback": hook.url() }));
    let is_signed_with = |secret: &Value, (head, body): &(String, String)| {
        let key = phonebox::users::keys::signed::signing_key(secret.as_str().unwrap());
        let key: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        let given = header(head, "Phonebox-Signature");
        let time = given.strip_prefix("t=").unwrap().split(',').next().unwrap().parse().unwrap();
        given == phonebox::webhooks::signature(&key, time, body)
    };
    let kinds = || -> Vec<String> { hook.all().iter().map(|(head, _)| header(head, "Phonebox-Event")).collect() };
    phone::add(&phonebox, "T54W", &["--site", "default"]);
    eventually("it arrives", || kinds().contains(&"device-claimed".to_owned()));
    // Both of them: what is still under way would be taken for the next one's.
    eventually("the other arrives", || kinds().contains(&"device-associated".to_owned()));
    assert!(hook.all().iter().all(|one| is_signed_with(&made["secret"], one)));
    let id = made["id"].to_string();
    // A new secret signs from now on; another address, none, and a removed key end it.
    let count = hook.all().len();
    let newer = ask("POST", &format!("/api-keys/{id}/reset"), json!({}));
    phonebox.cli(&["device", "remove", phone::mac("T54W")]);
    phone::add(&phonebox, "T54W", &[]);
    eventually("it arrives", || hook.all().len() > count);
    assert!(
        hook.all()[count..]
            .iter()
            .all(|one| is_signed_with(&newer["secret"], one) && !is_signed_with(&made["secret"], one))
    );
    assert_eq!(ask("GET", "/webhooks", Value::Null).as_array().unwrap().len(), 1);
    assert_eq!(ask("PATCH", &format!("/api-keys/{id}"), json!({ "callback": null }))["callback"], Value::Null);
    assert_eq!(ask("GET", "/webhooks", Value::Null), json!([]));
    assert_eq!(
        ask("PATCH", &format!("/api-keys/{id}"), json!({ "callback": hook.url() }))["callback"],
        json!(hook.url())
    );
    // Taken away where webhooks are, it is gone where keys are.
    let webhook = ask("GET", "/webhooks", Value::Null)[0]["id"].to_string();
    ask("DELETE", &format!("/webhooks/{webhook}"), Value::Null);
    let keys = ask("GET", "/api-keys", Value::Null);
    assert_eq!(keys.as_array().unwrap().iter().find(|key| key["name"] == "pbx").unwrap()["callback"], Value::Null);
    ask("PATCH", &format!("/api-keys/{id}"), json!({ "callback": hook.url() }));
    ask("DELETE", &format!("/api-keys/{id}"), Value::Null);
    assert_eq!(ask("GET", "/webhooks", Value::Null), json!([]));
    // T66: judged as any webhook's address is.
    let reply = phonebox.admin_asks("POST", "/api/v1/api-keys", r#"{"name":"x","callback":"http://169.254.169.254/"}"#);
    assert_eq!(reply.status, 422);
}

/// T66: a name is judged by where it leads when it is used, each time anew; what is connected to is what was judged. A
/// name that leads to both kinds of addresses leads nowhere.
#[test]
fn threat_066_a_name_that_moves_into_a_private_network_is_not_followed() {
    if !is_root() {
        return;
    }
    let files = tempfile::tempdir().unwrap();
    let hosts = files.path().join("hosts");
    let lead = |lines: &str| std::fs::write(&hosts, format!("127.0.0.1 localhost\n{lines}")).unwrap();
    lead("127.0.0.2 hooks.example\n");
    let hook = Hook::start_at("127.0.0.2:0");
    let other = Hook::start_at(&format!("127.0.0.3:{}", hook.address.port()));
    // Where this one program looks names up.
    let mut phonebox = Phonebox::new(&["--webhook-networks", "127.0.0.2/32"]);
    let mount = format!("mount --bind {} /etc/hosts; exec \"$@\"", hosts.display());
    phonebox.before = ["unshare", "--mount", "sh", "-ec", &mount, "sh"].map(str::to_owned).to_vec();
    phonebox.run();
    phonebox.cli(&[
        "webhook",
        "add",
        &format!("http://hooks.example:{}/", hook.address.port()),
        "--kind",
        "account-linked",
    ]);
    let newest = |phonebox: &Phonebox| deliveries(phonebox)[0].clone();
    phonebox.cli(&["webhook", "test", "1"]);
    eventually("it arrives", || newest(&phonebox)["state"] == "sent");
    for lines in [
        "127.0.0.3 hooks.example\n",
        "127.0.0.2 hooks.example\n127.0.0.3 hooks.example\n",
        "169.254.169.254 hooks.example\n",
    ] {
        lead(lines);
        phonebox.cli(&["webhook", "test", "1"]);
        eventually("it was tried", || newest(&phonebox)["attempts"] == 1);
        let refused = newest(&phonebox);
        assert!(refused["error"].as_str().unwrap().contains("no public address"), "{lines}: {refused}");
    }
    assert_eq!((hook.all().len(), other.all().len()), (1, 0));
}
