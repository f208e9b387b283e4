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
    ok("site remove Berlin");
    ok("group rename Sales Support");
    ok("group remove Support");
    ok("profile remove Away --yes");
    let audit = ok("audit --limit 500");
    assert!(
        audit.contains("device.let-in") && audit.contains("raw-text.reveal") && !audit.contains("hunter2"),
        "{audit}"
    );
}
