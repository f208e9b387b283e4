//! The command line, against a stopped box and a running one.

use crate::support::admin::{running, stopped};
use serde_json::json;

#[test]
fn a_device_is_added_and_shown_on_a_stopped_box() {
    let phonebox = stopped();
    let words = [
        "device",
        "add",
        "805ec0aabb01",
        "--vendor",
        "Yealink",
        "--model",
        "T54W",
        "--set",
        "sip.server=pbx.example",
        "--line",
        "1",
        "user=201,password=@-,name=\"Desk 201\"",
        "--activate",
    ];
    let said = phonebox.cli_with_input(&words, "hunter2\n").ok();
    assert!(said.contains("Desk 201") && said.contains("pbx.example") && !said.contains("hunter2"), "{said}");
    let device = phonebox.cli(&["device", "show", "80-5E-C0-AA-BB-01", "--json"]).json();
    assert_eq!(device["lines"][0]["sip_account"]["password_set"], true);
    assert!(!phonebox.path().join("console.sock").exists(), "the socket goes with the command");
    let audit = phonebox.cli(&["audit", "--json"]).json();
    assert_eq!((&audit["items"][0]["actor"], &audit["items"][0]["action"]), (&json!("console"), &json!("device.add")));
}

#[test]
fn the_same_command_reaches_a_running_box_through_its_socket() {
    let phonebox = running();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_phonebox"))
        .args(["device", "add", "805ec0aabb01", "--data"])
        .arg(phonebox.dir.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(phonebox.get("/devices/805ec0aabb01").json(200)["state"], "known");
    assert_eq!(phonebox.get("/audit").json(200)["items"][0]["actor"], "console");
}

#[test]
fn which_box_is_said_before_the_command_or_behind_it() {
    let phonebox = stopped();
    let (place, nowhere) = (phonebox.path().to_str().unwrap(), "/nowhere/at/all");
    let say = |words: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_phonebox")).args(words).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    assert_eq!(say(&["--data", place, "device", "add", "805ec0aabb01"]).0, Some(0));
    for words in [
        ["--data", place, "device", "list"].as_slice(),
        &["device", "--data", place, "list"],
        &["device", "list", "--data", place],
        &["--data", nowhere, "device", "list", "--data", place],
    ] {
        let (code, out, error) = say(words);
        assert!(code == Some(0) && out.contains("805ec0aabb01"), "{words:?} {out} {error}");
    }
    // Of a command that takes every flag, too: this is what serve reads.
    for words in [["--data", place, "check-config"].as_slice(), &["check-config", "--data", place]] {
        let (code, out, error) = say(words);
        assert!(code == Some(0) && out.contains(place), "{words:?} {out} {error}");
    }
    // Who asks no box is told so, and its help does not offer it.
    for words in [
        ["--data", place, "service", "install", "--dry-run"].as_slice(),
        &["service", "install", "--data", place, "--dry-run"],
        &["--data", place, "openapi"],
    ] {
        let (code, out, error) = say(words);
        assert!(
            code == Some(2) && out.is_empty() && error.contains("--data says which box is meant"),
            "{words:?} {error}"
        );
    }
    assert!(!say(&["service", "install", "--help"]).1.contains("--data"));
    for help in [["--help"].as_slice(), &["device", "list", "--help"], &["serve", "--help"]] {
        assert!(say(help).1.contains("--data <DIR>"), "{help:?}");
    }
    assert_eq!(say(&["--bogus", "device", "list"]).0, Some(2));
}

#[test]
fn secrets_on_the_command_line_are_refused_with_the_reason() {
    let phonebox = stopped();
    for words in [
        &["device", "add", "805ec0aabb01", "--line", "1", "user=201,password=hunter2"][..],
        &["device", "add", "805ec0aabb01", "--set", "access.admin_password=hunter2"],
        &["device", "add", "805ec0aabb01", "--url", "https://alice:hunter2@b.example/"],
        &["layer", "set", "--global", "access.admin_password=hunter2"],
        &["profile", "add", "x", "--url", "https://alice:hunter2@b.example/"],
        &[
            "profile",
            "target",
            "add",
            "default",
            "--url",
            "https://b.example/",
            "--user",
            "alice",
            "--password",
            "hunter2",
        ],
    ] {
        let refused = phonebox.cli(words).refused();
        assert!(
            refused.contains("command line") && refused.contains('@') && !refused.contains("hunter2"),
            "{words:?}: {refused}"
        );
    }
    let file = phonebox.path().join("password");
    std::fs::write(&file, "hunter2\n").unwrap();
    let word = format!("access.admin_password=@{}", file.display());
    let said = phonebox.cli(&["layer", "set", "--global", &word]).ok();
    assert!(said.contains("******") && !said.contains("hunter2"), "{said}");
    let words =
        ["profile", "target", "add", "default", "--url", "https://b.example/", "--user", "alice", "--password", "@-"];
    assert!(phonebox.cli_with_input(&words, "hunter2\n").ok().contains("alice"));
}

#[test]
fn refusals_name_the_thing_the_rule_and_the_next_step_and_exit_1_usage_exits_2() {
    let phonebox = stopped();
    let refused = phonebox.cli(&["device", "add", "805ec0aabb01", "--set", "sip.port=70000"]).refused();
    assert!(refused.contains("sip.port") && refused.contains("70000") && refused.lines().count() >= 2, "{refused}");
    let refused = phonebox.cli(&["device", "show", "805ec0aabb01"]).refused();
    assert!(refused.contains("phonebox device add 805ec0aabb01"), "{refused}");
    for words in [
        &["device"][..],
        &["device", "ad"],
        &["layer", "set", "--global"],
        &["layer", "get"],
        &["layer", "get", "--global", "--site", "x"],
        &["device", "let-in"],
    ] {
        assert_eq!(phonebox.cli(words).code, 2, "{words:?}");
    }
    let empty = tempfile::tempdir().unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_phonebox"))
        .args(["device", "list", "--data"])
        .arg(empty.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(std::fs::read_dir(empty.path()).unwrap().count(), 0, "a mistyped directory is not made a box");
}

#[test]
fn refusals_name_what_would_be_accepted() {
    let phonebox = stopped();
    let raw = phonebox.path().join("raw.txt");
    std::fs::write(&raw, "SET HTTPPORT 70000\nSET FORCE_WEB_ADMIN_PASSWORD hunter2\n").unwrap();
    let file = raw.to_str().unwrap();
    for (words, code, told) in [
        (&["device", "add", "000000000000"][..], 1, &["no phone's address"][..]),
        (&["file", "add", file, "--kind", "nonsense"], 2, &["'nonsense'", "--kind", "firmware", "ringtone"]),
        (&["network", "add", "10.0.0.0/8", "--unknown", "x"], 2, &["'x'", "--unknown", "refuse, queue, default"]),
        (&["layer", "set", "--global", "SIP.SERVER=pbx"], 1, &["Did you mean sip.server?"]),
        (&["layer", "set", "--global", "network.voice_vlan=5"], 1, &["Did you mean vlan.voice?"]),
        (&["layer", "set", "--global", "firmware=x"], 1, &["Did you mean firmware.file?"]),
        (&["layer", "set", "--global", "qqqqqqqqqq=x"], 1, &["phonebox layer settings"]),
        (&["layer", "set", "--global", "scep.url=ftp://x"], 1, &["\"ftp://x\"", "none of http, https"]),
        (&["layer", "set", "--site", "Nope", "sip.port=1"], 1, &["Nope", "phonebox site list"]),
        (&["layer", "set", "--group", "Nope", "sip.port=1"], 1, &["phonebox group list"]),
        (&["profile", "add", "x", "--url", "https://b.example", "--phone-group", "-1"], 1, &["-1", "from 0 to 999"]),
        (&["device", "add", "805ec0aabb01", "--line", "1", "name=\"A"], 1, &["name:", "quotation mark"]),
        (&["layer", "settings", "qqqqqq"], 1, &["qqqqqq"]),
    ] {
        let said = phonebox.cli(words);
        assert!(said.code == code && told.iter().all(|one| said.err.contains(one)), "{words:?}: {said:?}");
    }
    let listed = phonebox.cli(&["layer", "settings", "VLAN"]).ok();
    assert!(listed.contains("vlan.voice") && listed.contains("vlan.pc") && !listed.contains("ldap.base"), "{listed}");
    assert!(!phonebox.cli(&["layer", "settings"]).ok().contains("provisioning.url"), "nobody can set it");
    let said = phonebox.cli(&["layer", "raw", "set", "--global", "--vendor", "avaya", file]).ok();
    assert!(said.contains("HTTPPORT takes 0 to 65535; here it is \"70000\"") && !said.contains("hunter2"), "{said}");
}

#[test]
fn a_model_brings_its_vendor_and_is_spelled_as_its_table_has_it() {
    let phonebox = stopped();
    for (mac, words, vendor, model, note) in [
        ("805ec0aabb01", &["--model", "T54W"][..], "Yealink", "T54W", ""),
        ("aabbccddee01", &["--model", "SIP-T54W"], "Yealink", "T54W", ""),
        ("805ec0aabb02", &["--model", "t54w"], "Yealink", "T54W", ""),
        ("805ec0aabb03", &["--model", "T99Z"], "Yealink", "T99Z", "No model T99Z of Yealink"),
        ("805ec0aabb04", &["--vendor", "snom", "--model", "T54W"], "Snom", "T54W", "a model of Yealink, not of Snom"),
    ] {
        let said = phonebox.cli(&[&["device", "add", mac, "--json"], words].concat());
        assert!(said.err.contains(note) && said.err.is_empty() == note.is_empty(), "{mac}: {said:?}");
        let device = said.json();
        assert_eq!((&device["vendor"], &device["model"]), (&json!(vendor), &json!(model)), "{mac}");
    }
    let of_yealink = phonebox.cli(&["device", "list", "--vendor", "yealink", "--json"]).json();
    assert_eq!(of_yealink.as_array().unwrap().len(), 4, "{of_yealink}");
    let import = phonebox.cli_with_input(&["device", "import", "-"], "mac,model\n805ec0aabb05,t54w\n");
    assert_eq!(import.code, 0, "{import:?}");
    let device = phonebox.cli(&["device", "show", "805ec0aabb05", "--json"]).json();
    assert_eq!((&device["vendor"], &device["model"]), (&json!("Yealink"), &json!("T54W")));
}

#[test]
fn every_group_of_commands_works_from_end_to_end() {
    let phonebox = stopped();
    let ok = |words: &str| {
        let words: Vec<&str> = words.split(' ').collect();
        phonebox.cli(&words).ok()
    };
    ok("site add Berlin");
    ok("group add Sales");
    ok("profile add Outside --url https://b.example:8443/dir --phone-group 17 --secrets-tls-only true");
    assert!(ok("profile target list Outside").contains("https://b.example:8443/dir/"));
    ok("profile target add Outside");
    ok("profile target set Outside 1 --url https://c.example");
    ok("profile target remove Outside 0");
    ok("profile set Outside --rename Away --https true");
    assert!(ok("profile show Away").contains("https://c.example/"));
    ok("site set Berlin --profile Away");
    ok("device add 805ec0aabb01 --site Berlin --group Sales --line 1 user=201 --line 2 user=202,line.label=Two");
    ok("device set 805ec0aabb01 --name Desk --serial S1 --remove-line 2 --set sip.port=5061");
    ok("device line 805ec0aabb01 3 user=203,name=Three");
    ok("device line 805ec0aabb01 3 --remove");
    ok("device activate 805ec0aabb01");
    ok("device bind 805ec0aabb01 10.0.0.0/8");
    ok("device unbind 805ec0aabb01 10.0.0.0/8");
    ok("device let-in 805ec0aabb01");
    assert!(ok("device let-in --site Berlin").contains("1 devices"));
    ok("device deactivate 805ec0aabb01");
    let shown = ok("device show 805ec0aabb01");
    assert!(
        shown.contains("Desk") && shown.contains("blocked") && shown.contains("201") && !shown.contains("203"),
        "{shown}"
    );
    for place in [
        "--global",
        "--site Berlin",
        "--profile Away",
        "--model Yealink/T54W",
        "--group Sales",
        "--device 805ec0aabb01",
        "--device 805ec0aabb01 --line 1",
    ] {
        assert!(ok(&format!("layer set {place} sip.server=pbx.example")).contains("pbx.example"), "{place}");
        assert!(ok(&format!("layer get {place}")).contains("console"), "{place}");
        ok(&format!("layer unset {place} sip.server"));
    }
    let raw = phonebox.path().join("raw.cfg");
    std::fs::write(&raw, "account.1.password = hunter2\n").unwrap();
    ok(&format!("layer raw set --site Berlin --vendor Yealink {}", raw.display()));
    assert!(ok("layer raw list --site Berlin").contains("yealink"));
    assert!(ok("layer raw get --site Berlin --vendor yealink").contains("hunter2"));
    assert!(ok("layer list").contains("Berlin"));
    ok("layer raw unset --site Berlin --vendor yealink");
    ok("network add 10.0.0.0/8 --unknown queue");
    assert!(ok("network list").contains("queue"));
    ok("network remove 10.0.0.0/8");
    assert!(ok("device list --site Berlin").contains("805ec0aabb01"));
    assert!(ok("device export").contains("805ec0aabb01"));
    ok("device list --pending");
    ok("alarm list");
    ok("device remove 805ec0aabb01");
    assert!(phonebox.cli(&["site", "remove", "Berlin"]).refused().contains("--yes"));
    ok("site remove Berlin --yes");
    ok("group rename Sales Support");
    ok("group remove Support");
    ok("profile remove Away --yes");
    let audit = ok("audit --limit 500");
    assert!(
        audit.contains("device.let-in") && audit.contains("raw-text.reveal") && !audit.contains("hunter2"),
        "{audit}"
    );
}
