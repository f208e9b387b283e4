//! A new root from start to switch: phones get it beside the old one, the report names who has it, nobody is lost.

use super::tools::run;
use crate::support::eventually;
use crate::support::phone::{account, add, mac, own_account, phone};
use crate::support::server::Phonebox;
use serde_json::Value;
use std::path::Path;

/// `curl` that trusts the first certificate of the file of roots and no other, as some phones do.
fn first_certificate_only(phonebox: &Phonebox, dir: &Path, fetch: bool) -> bool {
    let url = |scheme: &str, to| format!("{scheme}://{to}/phonebox-ca.pem");
    if fetch {
        let roots = dir.join("roots.pem").display().to_string();
        let (worked, text) = run(dir, &["curl", "-sf", &url("http", phonebox.http()), "-o", &roots]);
        assert!(worked, "{text}");
        let (worked, text) = run(dir, &["openssl", "x509", "-in", &roots, "-out", "first.pem"]);
        assert!(worked, "{text}");
    }
    run(dir, &["curl", "-sf", "--cacert", "first.pem", &url("https", phonebox.https())]).0
}

fn empty() -> Value {
    Value::Array(Vec::new())
}

fn holders(phonebox: &Phonebox, state: &str) -> Value {
    let report = phonebox.json(&["ca", "rollover", "report"]);
    let root = report.as_array().unwrap().iter().find(|root| root["state"] == state);
    root.unwrap_or_else(|| panic!("{report}"))["macs"].clone()
}

/// The chain that the server sends holds for who trusts the old root alone, and for who trusts the new one alone: OpenSSL
/// strictly, and GnuTLS.
fn judged_below_either_root(phonebox: &Phonebox, dir: &Path) {
    let roots = dir.join("roots.pem").display().to_string();
    let (worked, text) = run(
        dir,
        &[
            "sh",
            "-ec",
            &format!(
            "cp first.pem old.pem; curl -sf http://{}/phonebox-ca.pem -o {roots}; openssl x509 -in {roots} -out new.pem
             openssl s_client -connect {} -showcerts </dev/null 2>/dev/null | sed -n '/-BEGIN/,/-END/p' > sent.pem
             [ $(grep -c -e -BEGIN sent.pem) = 3 ]
             for root in old new; do
               openssl verify -x509_strict -purpose sslserver -CAfile $root.pem -untrusted sent.pem sent.pem
               certtool --verify --load-ca-certificate $root.pem --infile sent.pem
             done",
            phonebox.http(),
            phonebox.https()
        ),
        ],
    );
    assert!(worked, "{text}");
}

/// AVA-103. The file begins with the root in force: who reads no further is served before the switch and after it.
#[test]
fn a_next_root_reaches_the_phones_is_reported_and_switched_to() {
    let phonebox = Phonebox::start();
    phonebox.cli(&["profile", "set", "default", "--https", "true"]);
    let desk = tempfile::tempdir().unwrap();
    let mut phones = Vec::new();
    for model in ["J179", "T54W"] {
        add(&phonebox, model, &[]);
        let mut phone = phone(model);
        phone.trust(&phonebox.ca_pem());
        phone.boot(Some(&phonebox.url(true)));
        phones.push(phone);
    }
    assert!(phones[1].server().unwrap().starts_with("https://"), "{:?}", phones[1].server());
    let before = phonebox.cli(&["ca", "fingerprint"]);

    phonebox.cli(&["ca", "rollover", "start"]);
    assert_eq!(phonebox.cli(&["ca", "fingerprint"]), before, "nothing is signed by the next one yet");
    assert_eq!(holders(&phonebox, "next"), empty());
    assert!(first_certificate_only(&phonebox, desk.path(), true));
    // Files that do not hold the next root.
    let agent = phones[0].user_agent();
    for name in ["phonebox-ca.der", "phonebox-ca-chain.pem", "phonebox-ca.crl"] {
        let url = format!("http://{}/{name}", phonebox.http());
        let (worked, text) = run(desk.path(), &["curl", "-sf", "-A", &agent, "-o", "other", &url]);
        assert!(worked, "{name}: {text}");
    }
    phones[1].boot(None);
    // Noted behind the answer's last byte.
    let is_held_by = |macs: Value| eventually("the report names them", || holders(&phonebox, "next") == macs);
    is_held_by(serde_json::json!([mac("T54W")]));
    let shown = phonebox.cli(&["ca", "rollover", "report", "--devices"]);
    let row = |state: &str, model| shown.lines().any(|line| line.split_whitespace().eq([state, mac(model)]));
    assert!(row("current", "J179") && row("next", "T54W") && !row("next", "J179"), "{shown}");
    let refused = phonebox.try_cli(&["ca", "rollover", "switch"]).refused();
    assert!(refused.contains("1 device that trusts the present root") && refused.contains("--force"), "{refused}");
    phones[0].boot(Some(&phonebox.url(true)));
    is_held_by(serde_json::json!([mac("T54W"), mac("J179")]));

    phonebox.cli(&["ca", "rollover", "switch"]);
    // The name without a number follows the root in force; the old root's list is still there.
    let lists = "for id in 1 root 3; do curl -sf http://$0/phonebox-ca-$id.crl -o $id.crl; done; cmp root.crl 3.crl; ! cmp 1.crl 3.crl";
    let (worked, text) = run(desk.path(), &["sh", "-ec", lists, &phonebox.http().to_string()]);
    assert!(worked, "{text}");
    assert_ne!(phonebox.cli(&["ca", "fingerprint"]), before);
    assert!(first_certificate_only(&phonebox, desk.path(), false), "the old root vouches for the new one");
    judged_below_either_root(&phonebox, desk.path());
    assert!(first_certificate_only(&phonebox, desk.path(), true), "and the file begins with the new one");
    for phone in &mut phones {
        let boot = phone.boot(Some(&phonebox.url(true)));
        assert!(boot.configured && boot.requests.iter().all(|asked| asked.error.is_none()), "{:?}", boot.lines());
        assert_eq!(account(phone), own_account());
    }
    // Whoever comes by HTTPS now may know the old root alone: no more is said of it.
    add(&phonebox, "D785", &[]);
    let (agent, own) = (phone("D785").user_agent(), format!("snomD785-{}.htm", mac("D785").to_uppercase()));
    let url = format!("https://{}/{own}", phonebox.https());
    assert!(run(desk.path(), &["curl", "-sf", "--cacert", "old.pem", "-A", &agent, "-o", "own", &url]).0);
    eventually("it was here", || phonebox.device(mac("D785"))["tls_state"] == "trusts-our-ca");
    assert!(!holders(&phonebox, "current").as_array().unwrap().contains(&mac("D785").into()));
    // Until somebody says that it is over.
    std::fs::copy(desk.path().join("old.pem"), desk.path().join("first.pem")).unwrap();
    assert!(first_certificate_only(&phonebox, desk.path(), false));
    phonebox.cli(&["ca", "rollover", "finish"]);
    assert!(!first_certificate_only(&phonebox, desk.path(), false), "the server stands below the new root alone");
    assert!(first_certificate_only(&phonebox, desk.path(), true));
    assert!(!phonebox.try_cli(&["ca", "rollover", "finish"]).refused().is_empty());
    assert!(phones[1].poll().requests.iter().any(|asked| asked.url.starts_with("https://") && asked.status == 200));
}

/// Only what proves itself fills the report: a MAC is anybody's to name.
#[test]
fn a_stranger_who_names_a_device_fills_no_report() {
    let phonebox = Phonebox::start();
    phonebox.cli(&["profile", "set", "default", "--https", "true"]);
    let desk = tempfile::tempdir().unwrap();
    let mut phones = Vec::new();
    for model in ["J179", "T54W"] {
        add(&phonebox, model, &[]);
        let mut phone = phone(model);
        phone.trust(&phonebox.ca_pem());
        phone.boot(Some(&phonebox.url(true)));
        phones.push(phone);
    }
    // In its window, and nobody but the stranger comes.
    add(&phonebox, "D785", &[]);
    let first_pem = phonebox.ca_pem();
    phonebox.cli(&["ca", "rollover", "start"]);
    let asks = |agent: &str, url: &str| {
        let (worked, text) = run(desk.path(), &["curl", "-skf", "-A", agent, "-o", "roots.pem", url]);
        assert!(worked, "{url}: {text}");
    };
    let (plain, tls) = (format!("http://{}", phonebox.http()), format!("https://{}", phonebox.https()));
    let boot = phones[0].boot(Some(&phonebox.url(true)));
    let asked = boot.requests.iter().find(|asked| asked.file == "phonebox-ca.pem").unwrap();
    let marked = asked.url.split_once("://").unwrap().1.split_once('/').unwrap().1;
    let (mark, rest) = marked.split_once('/').unwrap();
    assert_eq!((mark.len(), rest), (26, &*format!("{}/phonebox-ca.pem", mac("J179"))), "a mark of its own: {marked}");
    for model in ["T54W", "D785"] {
        let agent = phone(model).user_agent();
        let guessed = format!("{}/phonebox-ca.pem", "a".repeat(26));
        let others = format!("{mark}/{}/phonebox-ca.pem", mac(model));
        let bare = format!("{mark}/phonebox-ca.pem");
        let paths = ["phonebox-ca.pem", "any/phonebox-ca.crt", &guessed, marked, &others, &bare];
        for path in paths {
            asks(&agent, &format!("{plain}/{path}"));
            asks(&agent, &format!("{tls}/{path}"));
        }
    }
    let agent = phone("D785").user_agent();
    let logo = desk.path().join("logo.png");
    std::fs::write(&logo, "logo").unwrap();
    phonebox.cli(&["file", "add", logo.to_str().unwrap()]);
    asks(&agent, &format!("{tls}/logo.png"));
    // What is noted behind an answer is noted in turn: the strangers' before this.
    // Its address says whose it is, whatever fetches it.
    asks("curl/8", &format!("{plain}/{marked}"));
    eventually("the report names the one that came", || holders(&phonebox, "next") == serde_json::json!([mac("J179")]));
    let current = holders(&phonebox, "current");
    assert!(!current.as_array().unwrap().contains(&mac("D785").into()), "{current}");
    assert_eq!(phonebox.device(mac("D785"))["tls_state"], "never-seen");
    phones[1].boot(None);
    eventually("and the other one, too", || holders(&phonebox, "next").as_array().unwrap().len() == 2);
    // An address as it was written before: the mark alone, and the MAC in the name of who fetches it.
    phonebox.cli(&["ca", "rollover", "cancel"]);
    phonebox.cli(&["ca", "rollover", "start"]);
    asks(&phone("J179").user_agent(), &format!("{plain}/{mark}/phonebox-ca.pem"));
    eventually("it counts", || holders(&phonebox, "next") == serde_json::json!([mac("J179")]));
    // Who leaves a phone behind says so.
    phonebox.try_cli(&["ca", "rollover", "switch"]).refused();
    phonebox.cli(&["ca", "rollover", "switch", "--force"]);
    let told = phonebox.json(&["audit", "--action", "ca.rollover-switch"]);
    assert_eq!(told["items"][0]["detail"], "forced; devices not known to hold it: 1", "{told}");
    // The old root carries it over; who takes that away leaves it behind for good.
    let tries = |words: &[&str]| phonebox.try_cli(&[&["ca", "rollover", "finish"], words].concat());
    let refused = tries(&[]).refused();
    assert!(
        refused.contains("1 device that trusts the root before") && refused.contains("finish --force"),
        "{refused}"
    );
    std::fs::write(desk.path().join("first.pem"), first_pem).unwrap();
    assert!(first_certificate_only(&phonebox, desk.path(), false), "nothing was taken away");
    assert_eq!(phonebox.json(&["audit", "--action", "ca.rollover-finish", "--result", "success"])["items"], empty());
    tries(&["--force"]).ok();
    assert!(!first_certificate_only(&phonebox, desk.path(), false));
    let told = phonebox.json(&["audit", "--action", "ca.rollover-finish"]);
    assert_eq!(told["items"][0]["detail"], "forced; devices not known to hold it: 1", "{told}");
}

/// While the old root's key is elsewhere nobody vouches for the next one, and that is said before it is too late; the old key
/// is called by its name afterwards.
#[test]
fn a_next_root_is_not_made_unnoticed_while_the_key_of_the_present_one_is_elsewhere() {
    let phonebox = Phonebox::start();
    let desk = tempfile::tempdir().unwrap();
    let file = |name: &str| desk.path().join(name).display().to_string();
    std::fs::write(file("word"), "correct horse battery").unwrap();
    let word = format!("@{}", file("word"));
    std::fs::write(file("key"), phonebox.cli(&["ca", "root", "export", "--passphrase", &word])).unwrap();
    let copy = ["--file", &file("key"), "--passphrase", &word];
    let root = |way: &str| phonebox.try_cli(&[&["ca", "root", way], &copy[..]].concat());
    assert!(first_certificate_only(&phonebox, desk.path(), true));
    let old = phonebox.cli(&["ca", "fingerprint"]);
    root("offline").ok();
    let refused = phonebox.try_cli(&["ca", "rollover", "start"]).refused();
    assert!(refused.contains("cannot vouch") && refused.contains("phonebox ca root online"), "{refused}");
    let forced = phonebox.try_cli(&["ca", "rollover", "start", "--force"]);
    assert!(forced.code == 0 && forced.err.contains("does not vouch for the next one"), "{forced:?}");
    phonebox.cli(&["ca", "rollover", "cancel"]);
    root("online").ok();
    let started = phonebox.try_cli(&["ca", "rollover", "start"]);
    assert!(started.code == 0 && started.err.is_empty(), "{started:?}");
    phonebox.cli(&["ca", "rollover", "switch", "--force"]);
    assert!(first_certificate_only(&phonebox, desk.path(), false), "the old root vouches for it");
    let refused = root("online").refused();
    assert!(refused.contains("key of another root") && refused.contains(old.trim()), "{refused}");
}
