//! Settings layers and raw texts.

use crate::support::admin::running;
use serde_json::{Value, json};

#[test]
fn every_layer_takes_settings_and_all_of_a_change_or_nothing_of_it() {
    let phonebox = running();
    phonebox.post("/groups", json!({"name": "Sales"})).json(201);
    phonebox.post("/devices", json!({"mac": "805ec0aabb01", "lines": [{"number": 1, "user": "201"}]})).json(201);
    for place in [
        "layer=global",
        "layer=site&scope=default",
        "layer=profile&scope=default",
        "layer=model&scope=Yealink/T54W",
        "layer=group&scope=Sales",
        "layer=device&scope=80-5E-C0-AA-BB-01",
        "layer=line&scope=805ec0aabb01&line=1",
    ] {
        let path = format!("/settings?{place}");
        let values = phonebox.patch(&path, json!({"set": {"sip.server": "PBX.Example.", "sip.port": 5061}})).json(200);
        assert_eq!(values.as_array().unwrap().len(), 2, "{place}");
        assert_eq!(
            (&values[1]["value"], &values[1]["author"]),
            (&json!("pbx.example"), &json!("api-token")),
            "{place}"
        );
        let (_, message) = phonebox
            .patch(&path, json!({"set": {"sip.transport": "tls", "sip.port": 0}, "unset": ["sip.server"]}))
            .refused(422);
        assert!(message.contains("sip.port") && message.contains("65535"), "{message}");
        assert_eq!(phonebox.get(&path).json(200), values, "{place}: all or nothing");
        let values = phonebox.patch(&path, json!({"unset": ["sip.server"]})).json(200);
        assert_eq!(values.as_array().unwrap().len(), 1);
        phonebox.patch(&path, json!({"unset": ["sip.server"]})).refused(404);
    }
    let models = phonebox.get("/models?vendor=yealink").json(200);
    let of = |name: &str| models.as_array().unwrap().iter().find(|model| model["name"] == name).unwrap();
    assert_eq!((&of("T54W")["own_settings"], &of("T46S")["own_settings"]), (&json!(true), &json!(false)));
    let used = phonebox.get("/layers").json(200);
    assert_eq!(used.as_array().unwrap().len(), 5, "device and line are shown with the device: {used}");
}

#[test]
fn threat_064_a_secret_setting_can_be_set_and_never_read() {
    let phonebox = running();
    let answer = phonebox.patch("/settings?layer=global", json!({"set": {"access.admin_password": "hunter2"}}));
    let value = &answer.json(200)[0];
    assert_eq!((&value["secret"], &value["value"]), (&json!(true), &Value::Null));
    let refused = phonebox.patch("/settings?layer=global", json!({"set": {"access.admin_password": "hunter2\u{7}"}}));
    for answer in
        [answer, refused, phonebox.get("/settings?layer=global"), phonebox.get("/audit"), phonebox.get("/layers")]
    {
        assert!(!answer.text().contains("hunter2"), "{}", answer.text());
    }
    // Nor on disk.
    let sealed: Vec<u8> = phonebox
        .db
        .read(|conn| {
            Ok::<_, phonebox::db::Error>(conn.query_row("SELECT value_sealed FROM setting", [], |row| row.get(0))?)
        })
        .unwrap();
    assert!(!sealed.windows(7).any(|window| window == b"hunter2"));
}

#[test]
fn a_line_takes_settings_only_when_it_is_there_and_only_those_of_a_line() {
    let phonebox = running();
    phonebox.post("/devices", json!({"mac": "805ec0aabb01"})).json(201);
    phonebox.patch("/settings?layer=line&scope=805ec0aabb01&line=1", json!({"set": {"line.label": "x"}})).refused(404);
    phonebox.patch("/devices/805ec0aabb01/lines/1", json!({"user": "201"})).json(200);
    phonebox.patch("/settings?layer=line&scope=805ec0aabb01&line=1", json!({"set": {"line.label": "x"}})).json(200);
    let (_, message) = phonebox
        .patch("/settings?layer=line&scope=805ec0aabb01&line=1", json!({"set": {"time.zone": "Europe/Berlin"}}))
        .refused(422);
    assert!(message.contains("time.zone") && message.contains("whole phone"), "{message}");
    for wrong in [
        "layer=line&scope=805ec0aabb01",
        "layer=device&scope=805ec0aabb01&line=1",
        "layer=global&scope=x",
        "layer=model&scope=T54W",
        "layer=vendor&scope=yealink",
        "layer=box",
    ] {
        let (code, _) = phonebox.get(&format!("/settings?{wrong}")).refused(422);
        assert_eq!(code, "bad-value", "{wrong}");
    }
}

#[test]
fn a_raw_text_is_shown_masked_and_revealed_only_with_a_line_in_the_audit_log() {
    let phonebox = running();
    let path = "/raw-texts/yealink?layer=global";
    let text = "static.network.vlan.internet_port_vid = 20\naccount.1.password = hunter2\n";
    let set = phonebox.put(path, json!({ "text": text }));
    assert_eq!(set.json(200)["bytes"], text.len());
    let shown = phonebox.get(path);
    for answer in [&set, &shown] {
        assert!(
            answer.text().contains("internet_port_vid = 20") && !answer.text().contains("hunter2"),
            "{}",
            answer.text()
        );
    }
    assert!(!phonebox.get("/audit").text().contains("reveal"));
    assert_eq!(phonebox.get("/raw-texts/Yealink?layer=global&reveal=true").json(200)["text"], text);
    let audit = phonebox.get("/audit");
    assert!(audit.text().contains("raw-text.reveal") && !audit.text().contains("hunter2"));
    phonebox.put("/raw-texts/poly?layer=global", json!({"text": "x"})).refused(422);
    phonebox.put("/raw-texts/nobody?layer=global", json!({"text": "x"})).refused(422);
    phonebox.put(path, json!({"text": "x".repeat(300_000)})).refused(413);
    assert_eq!(phonebox.get("/raw-texts?layer=global").json(200).as_array().unwrap().len(), 1);
    phonebox.delete(path).json(204);
    phonebox.get(path).refused(404);
}

#[test]
fn the_catalogue_says_what_can_be_set() {
    let phonebox = running();
    let entries = phonebox.get("/catalogue").json(200);
    assert!(entries.as_array().unwrap().len() >= 120);
    let server = entries.as_array().unwrap().iter().find(|entry| entry["id"] == "sip.server").unwrap();
    assert_eq!(server["kind"]["type"], "host");
}
