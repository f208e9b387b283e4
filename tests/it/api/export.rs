//! Export: what goes out comes in again, without secrets and without formulas.

use crate::support::admin::running;
use serde_json::json;

#[test]
fn threat_070_an_export_comes_back_as_it_was_without_secrets_and_without_formulas() {
    let phonebox = running();
    phonebox.post("/groups", json!({"name": "Sales"})).json(201);
    phonebox.post("/devices", json!({"mac": "805ec0aabb01", "vendor": "Yealink", "name": "=cmd|' /C calc'!A0", "group": "Sales", "activate": true,
        "settings": {"sip.server": "pbx.example", "access.admin_password": "hunter2"},
        "lines": [{"number": 1, "user": "201", "password": "hunter2", "display_name": "@SUM(1)", "settings": {"line.label": "+49 30"}}, {"number": 17, "user": "217"},
            {"number": 255, "user": "255", "settings": {"line.label": "last"}}]})).json(201);
    phonebox.post("/devices", json!({"mac": "805ec0aabb02", "serial": "-1"})).json(201);
    let wanted = |phonebox: &crate::support::admin::Running| {
        ["805ec0aabb01", "805ec0aabb02"].map(|mac| {
            let device = phonebox.get(&format!("/devices/{mac}")).json(200);
            let line = |line: &serde_json::Value| {
                json!([
                    line["number"],
                    line["sip_account"]["user"],
                    line["sip_account"]["display_name"],
                    line["settings"][0]["value"]
                ])
            };
            let lines: Vec<_> = device["lines"].as_array().unwrap().iter().map(line).collect();
            let server = device["settings"]
                .as_array()
                .unwrap()
                .iter()
                .find(|one| one["name"] == "sip.server")
                .map(|one| one["value"].clone());
            json!([
                device["vendor"],
                device["name"],
                device["serial"],
                device["group"],
                device["site"],
                device["state"],
                lines,
                server
            ])
        })
    };
    let before = wanted(&phonebox);
    for format in ["csv", "json"] {
        let export = phonebox.get(&format!("/devices/export?format={format}"));
        let text = export.text();
        assert!(!text.contains("hunter2"), "{text}");
        assert!(export.head.contains("attachment"));
        if format == "csv" {
            let cells = text.split([',', '\n']).map(|cell| cell.trim_matches('"'));
            assert!(cells.clone().all(|cell| !cell.starts_with(['=', '+', '-', '@'])), "{text}");
            assert!(
                text.contains("'=cmd") && text.contains("'@SUM(1)") && text.contains("'+49 30") && text.contains("'-1")
            );
        }
        let other = running();
        other.post("/groups", json!({"name": "Sales"})).json(201);
        let report = other.upload("POST", "/devices/import", &export.body).json(200);
        assert_eq!((&report["added"], &report["rejected"]), (&json!(2), &json!(0)), "{format}: {report} {text}");
        assert_eq!(wanted(&other), before, "{format}");
    }
    let one = phonebox.get("/devices/export?format=json&group=Sales").json(200);
    assert_eq!(one.as_array().unwrap().len(), 1);
    assert_eq!(phonebox.get("/devices/export?format=json&site=Nowhere").json(200), json!([]));
    phonebox.get("/devices/export?format=xml").refused(400);
}

/// AVA-003: the certificate by which a device is known goes out with it and comes in again.
#[test]
fn ava_003_an_export_names_each_devices_certificate_and_the_import_takes_it_back() {
    let phonebox = running();
    let print = "AB:".repeat(31) + "CD";
    let csv = format!("mac,serial,certificate\n805ec0aabb01,S-1,{print}\n805ec0aabb02,S-2,\n");
    phonebox.upload("POST", "/devices/import", csv.as_bytes()).json(200);
    let known = "ab".repeat(31) + "cd";
    for format in ["csv", "json"] {
        let export = phonebox.get(&format!("/devices/export?format={format}"));
        assert_eq!(export.text().matches(&known).count(), 1, "{}", export.text());
        let other = running();
        assert_eq!(other.upload("POST", "/devices/import", &export.body).json(200)["added"], 2, "{format}");
        assert_eq!(other.get("/devices/805ec0aabb01").json(200)["certificate"], *known, "{format}");
        assert_eq!(other.get("/devices/805ec0aabb02").json(200)["certificate"], json!(null), "{format}");
        assert_eq!(other.get(&format!("/devices/export?format={format}")).text(), export.text(), "{format}");
    }
}

/// YMC-184: a device's own target goes out too, the password of there does not.
#[test]
fn an_export_holds_a_devices_own_target_without_its_password() {
    let phonebox = running();
    for (mac, url) in
        [("805ec0aabb01", "https://prov.example/a/$MACADDR/"), ("805ec0aabb02", "https://b%40b:hunter2@prov.example/")]
    {
        phonebox.post("/devices", json!({"mac": mac, "url": url})).json(201);
    }
    phonebox.post("/devices", json!({"mac": "805ec0aabb03"})).json(201);
    for format in ["csv", "json"] {
        let export = phonebox.get(&format!("/devices/export?format={format}"));
        assert!(
            export.text().contains("https://b%40b@prov.example/") && !export.text().contains("hunter2"),
            "{format}"
        );
        let other = running();
        assert_eq!(other.upload("POST", "/devices/import", &export.body).json(200)["added"], 3, "{format}");
        assert_eq!(other.get("/devices/805ec0aabb01").json(200)["url"], "https://prov.example/a/$MACADDR/");
        assert_eq!(other.get("/devices/805ec0aabb03").json(200)["url"], json!(null));
        assert_eq!(other.get(&format!("/devices/export?format={format}")).text(), export.text(), "{format}");
    }
    let other = running();
    let report =
        other.upload("POST", "/devices/import", b"mac,url,activate\n805ec0aabb01,ftp://a/,yes\n805ec0aabb02,,yes\n");
    let report = report.json(200);
    assert_eq!((&report["added"], &report["rejected"]), (&json!(1), &json!(1)), "{report}");
    assert!(report.to_string().contains("only http"), "{report}");
    assert_eq!(other.get("/devices/805ec0aabb02").json(200)["state"], "active");
}

/// ALE-047, YMC-071: all devices, as one file.
#[test]
fn an_export_is_longer_than_a_page() {
    let phonebox = running();
    let csv: String = (0..1_234).fold("mac\n".into(), |csv, number| format!("{csv}805ec0{number:06x}\n"));
    phonebox.upload("POST", "/devices/import", csv.as_bytes()).json(200);
    let export = phonebox.get("/devices/export").text();
    assert_eq!(export.lines().count(), 1_235);
    assert_eq!(phonebox.get("/devices/export?format=json").json(200).as_array().unwrap().len(), 1_234);
}
