//! The command line, against a stopped box and a running one.

use crate::support::admin::{running, stopped};

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
    assert_eq!((&audit["items"][0]["actor"], &audit["items"][0]["action"]), (&"console".into(), &"device.add".into()));
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
}
