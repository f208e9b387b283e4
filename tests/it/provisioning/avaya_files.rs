//! What Avaya's guide says of the files of a phone that this box itself serves.

use crate::support::other::Other;
use crate::support::phone::{add, mac, phone};
use crate::support::raw;
use crate::support::server::Phonebox;
use phonebox::vendors::avaya::interpret::{Run, run};

/// The files end their lines with CR LF.
fn fetch(phonebox: &Phonebox, model: &str, file: &str) -> String {
    let agent = format!("User-Agent: {}\r\n", phone(model).user_agent());
    raw::ask(phonebox.http(), "GET", &format!("/{file}"), &agent).text().replace("\r\n", "\n")
}

/// AVA-077: SET NAME VALUE with quoted text is served byte by byte as it was written. AVA-078: so is a list of
/// controllers with port and transport. AVA-079: and a parameter of Vantage.
#[test]
fn ava_077_078_and_079_statements_are_served_as_they_were_written() {
    const J100: &str = "SET ADMIN_PASSWORD \"27238 9\"\n\
        SET SIP_CONTROLLER_LIST \"192.168.1.1:5061;transport=tls,pbx.example:5061;transport=tls\"\n\
        SET TIMEZONE \"Asia/Calcutta\"\n\
        SET TRUSTCERTS \"av_sipca_pem_2027.txt,root.pem\"\n\
        SET SIPDOMAIN \"avaya.com\"\n";
    const VANTAGE: &str = "SET ACTIVE_CSDK_BASED_PHONE_APP \"com.avaya.endpoint.avayakiosk\"\n";
    let phonebox = Phonebox::start();
    for (model, text) in [("J179", J100), ("K175", VANTAGE)] {
        phonebox.cli(&["device", "add", mac(model), "--model", model, "--activate"]);
        let file = phonebox.file(text);
        phonebox.cli(&["layer", "raw", "set", "--device", mac(model), "--vendor", "avaya", file.to_str().unwrap()]);
        let served = fetch(&phonebox, model, &format!("{}.txt", mac(model)));
        assert!(served.contains(text), "{served}");
        // Edited, it is what it was edited to.
        let file = phonebox.file(&text.replace("avaya", "other"));
        phonebox.cli(&["layer", "raw", "set", "--device", mac(model), "--vendor", "avaya", file.to_str().unwrap()]);
        let served = fetch(&phonebox, model, &format!("{}.txt", mac(model)));
        assert!(served.contains(&text.replace("avaya", "other")), "{served}");
    }
}

/// AVA-080: the J100's upgrade file. AVA-081: Vantage's, where K165 goes the way of K175.
#[test]
fn ava_080_and_081_upgrade_files_branch_by_model_and_end_in_the_settings() {
    let phonebox = Phonebox::start();
    let j100 = raw::get(phonebox.http(), "/J100Supgrade.txt").text().replace("\r\n", "\n");
    for model in ["J129", "J139", "J169", "J179"] {
        assert!(j100.contains(&format!("IF $MODEL4 SEQ {model} GOTO {model}_SW\n")), "{j100}");
        assert!(j100.contains(&format!("\n# {model}_SW\n")), "{j100}");
    }
    let vantage = raw::get(phonebox.http(), "/K1xxSupgrade.txt").text().replace("\r\n", "\n");
    for (model, label) in [("K155", "K155SW"), ("K165", "K175SW"), ("K175", "K175SW")] {
        assert!(vantage.contains(&format!("IF $MODEL4 SEQ {model} GOTO {label}\n")), "{vantage}");
        assert!(vantage.contains(&format!("\n# {label}\n")), "{vantage}");
    }
    for file in [j100, vantage] {
        assert!(file.contains("\nGOTO GETSET\n") && file.contains("\n# GETSET\n"), "{file}");
        assert_eq!(file.lines().rfind(|line| !line.is_empty()), Some("GET 46xxsettings.txt"), "{file}");
    }
}

/// A phone that reads the settings file without having named its MAC finds its model's and its phone group's settings in it,
/// without secrets, and then its own file. AVA-120: group 17 entered, group 17 applied.
#[test]
fn ava_120_who_names_no_mac_finds_the_sections_of_its_model_and_group() {
    const FILE: &str = "46xxsettings.txt";
    let phonebox = Phonebox::start();
    let bare = raw::get(phonebox.http(), &format!("/{FILE}"));
    assert!(!bare.text().contains("GOTO") && bare.text().ends_with("GET $MACADDR.txt\r\n"), "{}", bare.text());
    for group in ["17", "3", "018", "Reception"] {
        phonebox.cli(&["group", "add", group]);
    }
    let set = |place: &[&str], pairs: &[&str]| phonebox.cli(&[&["layer", "set"], place, pairs].concat());
    set(&["--global"], &["time.ntp=10.0.0.1", "time.zone=Europe/Berlin"]);
    let password = format!("access.admin_password={}", phonebox.secret("Hunter2Hunter2"));
    set(&["--model", "avaya/K175"], &["time.ntp=10.0.0.75", &password]);
    set(&["--model", "avaya/9608G"], &["time.ntp_interval=60"]);
    set(&["--group", "17"], &["time.ntp=10.0.0.17"]);
    set(&["--group", "3"], &["time.ntp_interval=120"]);
    set(&["--group", "018"], &["time.ntp=10.0.0.18"]);
    set(&["--group", "Reception"], &["time.ntp=10.0.0.19"]);
    let raw_text = phonebox.file("SET SIPDOMAIN of.group\nSET BRURI http://me:Hunter2Hunter2@of.group/\n");
    phonebox.cli(&["layer", "raw", "set", "--group", "17", "--vendor", "avaya", raw_text.to_str().unwrap()]);

    let file = raw::get(phonebox.http(), &format!("/{FILE}"));
    let text = file.text();
    assert!(!text.contains("Hunter2") && !text.contains("10.0.0.18") && !text.contains("10.0.0.19"), "{text}");
    assert!(text.contains("\r\n## Only where MODEL4 is K175\r\n# PHONEBOX_MODEL4_K175\r\n"), "{text}");
    assert!(text.ends_with("\r\nGET $MACADDR.txt\r\n") && text.matches("GET ").count() == 1, "{text}");
    let boot = |text: &str, model: &str, group: &str| -> Run {
        let facts = [("MODEL4", model), ("GROUP", group), ("MACADDR", "001b4faabb08")];
        let done = run(FILE, &facts, |name| (name == FILE).then(|| text.to_owned()));
        assert_eq!(done.notes, [], "{text}");
        assert_eq!(done.asked.last().unwrap().file, "001b4faabb08.txt", "{model} {group}: {text}");
        done
    };
    let names = ["SNTPSRVR", "SNTP_SYNC_INTERVAL", "TIMEZONE", "SIPDOMAIN"];
    for (model, group, values) in [
        ("1616", "0", [Some("10.0.0.1"), None, None, None]),
        ("9608", "0", [Some("10.0.0.1"), Some("60"), None, None]),
        ("K175", "0", [Some("10.0.0.75"), None, Some("Europe/Berlin"), None]),
        ("K175", "3", [Some("10.0.0.75"), Some("120"), Some("Europe/Berlin"), None]),
        // The group is the stronger layer.
        ("K175", "17", [Some("10.0.0.17"), None, Some("Europe/Berlin"), Some("of.group")]),
        ("9608", "17", [Some("10.0.0.17"), Some("60"), None, Some("of.group")]),
        ("9608", "3", [Some("10.0.0.1"), Some("120"), None, None]),
    ] {
        assert_eq!(
            names.map(|name| boot(&text, model, group).value(name).map(str::to_owned)),
            values.map(|one| one.map(str::to_owned)),
            "{model} {group}: {text}"
        );
    }

    // The same bytes until something changes.
    let tag = file.header("ETag").unwrap();
    assert_eq!(raw::ask(phonebox.http(), "GET", &format!("/{FILE}"), &format!("If-None-Match: {tag}\r\n")).status, 304);
    set(&["--group", "17"], &["time.ntp=10.0.1.17"]);
    let text = raw::get(phonebox.http(), &format!("/{FILE}")).text();
    assert_eq!(boot(&text, "1616", "17").value("SNTPSRVR"), Some("10.0.1.17"));

    // Who says its model needs no section of one.
    let agent = "User-Agent: AVAYA/K175-3.1.1.1\r\n";
    let text = raw::ask(phonebox.http(), "GET", &format!("/{FILE}"), agent).text();
    assert!(!text.contains("MODEL4") && !text.contains("Hunter2"), "{text}");
    assert_eq!(boot(&text, "K175", "0").value("SNTPSRVR"), Some("10.0.0.75"));
    assert_eq!(boot(&text, "K175", "17").value("SNTPSRVR"), Some("10.0.1.17"));
}

/// AVA-073: the documents name the two upgrade files with .xml, the phones with .txt. Both are served, and are the same.
#[test]
fn ava_073_upgrade_files_are_served_by_both_names() {
    let phonebox = Phonebox::start();
    for name in ["J100Supgrade", "K1xxSupgrade"] {
        let of = |kind: &str| raw::get(phonebox.http(), &format!("/{name}.{kind}"));
        let (txt, xml) = (of("txt"), of("xml"));
        assert_eq!((txt.status, xml.status), (200, 200), "{name}");
        assert_eq!(txt.text(), xml.text());
        assert_eq!(xml.header("Content-Type"), Some("text/plain"), "it is a script, whatever its name");
    }
    assert_eq!(raw::get(phonebox.http(), "/96x1Supgrade.xml").status, 404, "no document names it");
}

/// AVA-070: a profile whose target is this box makes it the provisioning server; another URL sends the phone there.
/// AVA-092: one profile stands for several sites and holds the link. AVA-222, YMC-197: who is not in the inventory gets
/// nothing.
#[test]
fn ava_070_092_and_222_a_sites_profile_says_where_its_phones_are_served() {
    let other = Other::start(&[("46xxsettings.txt".into(), "SET SIPDOMAIN there.example\n".into())], false);
    let phonebox = Phonebox::start();
    phonebox.cli(&["profile", "add", "there", "--url", &other.url("here")]);
    for site in ["Berlin", "Bonn"] {
        phonebox.cli(&["site", "add", site, "--profile", "there"]);
    }
    let mut unknown = phone("J179");
    unknown.boot(Some(&phonebox.url(false)));
    assert!(unknown.account().is_none() && other.paths().is_empty(), "{:?}", other.paths());
    for (model, site) in [("J179", "Berlin"), ("J189", "Bonn")] {
        add(&phonebox, model, &["--site", site]);
        let before = other.paths().len();
        phone(model).boot(Some(&phonebox.url(false)));
        let there = other.paths()[before..].to_vec();
        assert!(!there.is_empty() && there.iter().all(|path| path.starts_with("/here/")), "{site} {there:?}");
    }
    add(&phonebox, "J169", &[]);
    let (mut own, before) = (phone("J169"), other.paths().len());
    own.boot(Some(&phonebox.url(false)));
    assert!(own.account().unwrap().server.starts_with("pbx.example"));
    assert_eq!(other.paths().len(), before, "served by this box");
}

/// A value that the format has no way to say is missing on the phone: that is what is wrong. A refusal from before the
/// device was added is not.
#[test]
fn the_last_sentence_is_about_what_is_wrong_now() {
    let phonebox = Phonebox::start();
    let own = mac("J179");
    assert_eq!(raw::get(phonebox.http(), &format!("/{own}.txt")).status, 404);
    assert!(phonebox.verdict(own).starts_with("Nobody added this device."));
    let line = format!("user=201,password={}", phonebox.secret("ab\"cd"));
    phonebox.cli(&["device", "add", own, "--model", "J179", "--set", "sip.server=pbx.example", "--line", "1", &line]);
    assert!(phonebox.verdict(own).contains("not activated"), "{}", phonebox.verdict(own));
    phonebox.cli(&["device", "activate", own]);
    let verdict = phonebox.verdict(own);
    assert!(
        verdict.starts_with("It was refused before it was let in") && verdict.contains("window is open"),
        "{verdict}"
    );
    assert_eq!(raw::get(phonebox.http(), &format!("/{own}.txt")).status, 200);
    let verdict = phonebox.verdict(own);
    let lost = "FORCE_SIP_PASSWORD was left out: this file format has no way to say a double quote";
    assert!(verdict.contains(lost) && !verdict.contains("All is well"), "{verdict}");
    let explained = phonebox.explain(own);
    let settings = explained["files"].as_array().unwrap().iter().find(|one| one["name"] == "46xxsettings.txt").unwrap();
    let lines = settings["lines"].as_array().unwrap();
    assert!(!lines.is_empty() && lines.iter().all(|line| line["name"] != "FORCE_SIP_PASSWORD"), "{settings}");
}

/// What people are shown of a file is what the phone got: made for the firmware that it said last.
#[test]
fn explain_and_preview_are_of_the_firmware_that_the_phone_runs() {
    let phonebox = Phonebox::start();
    add(&phonebox, "J179", &[]);
    let own = mac("J179");
    let shown = || {
        let explained = phonebox.explain(own);
        let file = explained["files"].as_array().unwrap().iter().find(|one| one["name"] == "46xxsettings.txt").unwrap();
        let preview = phonebox.cli(&["preview", own, "46xxsettings.txt"]);
        (file.to_string().contains("FORCE_HTTP_AUTH_PASSWORD"), preview.contains("FORCE_HTTP_AUTH_PASSWORD"))
    };
    assert_eq!(shown(), (true, true), "nothing is known of its firmware: the newest");
    for (version, has_login) in [("4.0.2.0.6", false), ("4.1.3.0.6", true)] {
        let agent = format!("User-Agent: Mozilla/4.0 (compatible; MSIE 6.0) AVAYA/J179-{version} (MAC:{own})\r\n");
        let sent = raw::ask(phonebox.http(), "GET", "/46xxsettings.txt", &agent);
        assert_eq!((sent.status, sent.text().contains("FORCE_HTTP_AUTH_PASSWORD")), (200, has_login), "{version}");
        assert_eq!(shown(), (has_login, has_login), "{version}");
    }
}
