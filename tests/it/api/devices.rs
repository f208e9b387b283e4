//! Devices over REST.

use crate::support::admin::running;
use serde_json::json;

#[test]
fn a_device_is_added_with_lines_and_settings_and_shown_without_its_secrets() {
    let phonebox = running();
    let added = phonebox.post(
        "/devices",
        json!({
            "mac": "80:5E:C0:AA:BB:01", "vendor": "yealink", "model": "t54w", "name": "Front desk", "activate": true,
            "settings": {"sip.server": "PBX.example", "sip.port": 5061},
            "lines": [{"number": 1, "user": "201", "password": "hunter2", "display_name": "Desk 201"}],
        }),
    );
    let device = added.json(201);
    assert_eq!(device["mac"], "805ec0aabb01");
    assert_eq!((&device["vendor"], &device["model"]), (&json!("Yealink"), &json!("T54W")), "{device}");
    assert_eq!(device["state"], "active");
    assert_eq!(device["site"], "default");
    let shown = phonebox.get("/devices/805e.c0aa.bb01");
    assert_eq!(shown.json(200), device);
    assert!(!shown.text().contains("hunter2"), "T64: a secret is write-only");
    let line = &device["lines"][0];
    assert_eq!((&line["sip_account"]["user"], &line["sip_account"]["password_set"]), (&json!("201"), &json!(true)));
    let settings = device["settings"].as_array().unwrap();
    assert_eq!(settings.len(), 2);
    assert_eq!((&settings[1]["name"], &settings[1]["value"]), (&json!("sip.server"), &json!("pbx.example")));
}
