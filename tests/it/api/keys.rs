//! The sealing key can be changed, and everything sealed still opens.

use crate::support::admin::running;
use crate::support::phone::{account, add, own_account, phone};
use crate::support::server::Phonebox;
use phonebox::devices::store;
use phonebox::profiles;
use phonebox::settings::{Layer, store as settings};
use serde_json::json;

#[test]
fn a_rotated_key_opens_everything_and_the_old_one_opens_nothing() {
    let phonebox = running();
    phonebox.post("/devices", json!({"mac": "805ec0aabb01", "url": "https://a:hunter5@b.example/", "settings": {"access.admin_password": "hunter3"},
        "lines": [{"number": 1, "user": "201", "password": "hunter2"}]})).json(201);
    phonebox.put("/raw-texts/yealink?layer=global", json!({"text": "account.1.password = hunter4\n"})).json(200);
    phonebox.patch("/profiles/default/targets/0", json!({"url": "https://a:hunter6@b.example/"})).json(200);
    let path = phonebox.dir.path().join("seal.key");
    let old = std::fs::read_to_string(&path).unwrap();
    let answer = phonebox.request("POST", "/key/rotate", None).json(200);
    assert!(answer["values"].as_u64().unwrap() >= 7, "{answer}");
    let new = std::fs::read_to_string(&path).unwrap();
    assert!(old != new && new.lines().count() == 1, "the old key is forgotten");
    let phonebox = phonebox.stop().start();
    let mac = "805ec0aabb01".parse().unwrap();
    phonebox
        .db
        .read(|conn| {
            let keys = &phonebox.keys;
            let device = store::by_mac(conn, keys, mac)?.unwrap();
            assert_eq!(device.url.as_ref().unwrap().reveal(), "https://a:hunter5@b.example/");
            assert_eq!(device.token.reveal().len(), phonebox::devices::TOKEN_LEN);
            assert_eq!(store::http_password(conn, keys, &device)?.reveal().len(), phonebox::devices::TOKEN_LEN);
            let lines = store::lines(conn, keys, device.id)?;
            assert_eq!(lines[0].account.as_ref().unwrap().password.as_ref().unwrap().reveal(), "hunter2");
            let values = settings::values(conn, keys, Layer::Device, device.id, &"x".into())?;
            assert_eq!(values[0].value.text(), "hunter3");
            let raw = settings::raw_texts(conn, keys, Layer::Global, 0)?;
            assert!(raw[0].text.reveal().contains("hunter4"));
            let profile = &profiles::store::all(conn, keys)?[0];
            assert_eq!(profile.targets[0].password.as_ref().unwrap().reveal(), "hunter6");
            Ok::<_, phonebox::db::Error>(())
        })
        .unwrap();
    let phonebox = phonebox.stop();
    let said = phonebox.cli(&["key", "rotate"]).ok();
    assert!(said.contains("seal.key"), "{said}");
    phonebox.cli(&["device", "show", "805ec0aabb01"]).ok();
}

/// systemd gives each run of the service a copy of the key: a rotation there would leave secrets that nothing opens.
#[test]
fn a_key_lent_by_systemd_is_rotated_at_its_source() {
    let lent = tempfile::tempdir().unwrap();
    let (source, copy) = (lent.path().join("source"), lent.path().join("phonebox-key"));
    std::fs::write(&source, format!("{}\n", "5a".repeat(32))).unwrap();
    std::fs::set_permissions(&source, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let lend = || std::fs::copy(&source, &copy).unwrap();
    lend();
    let mut phonebox = Phonebox::new(&[]);
    phonebox.before = vec!["env".into(), format!("CREDENTIALS_DIRECTORY={}", lent.path().display())];
    phonebox.run();
    let said = phonebox.try_cli(&["key", "rotate"]).refused();
    assert!(said.contains("systemd credential") && said.contains("--key-file FILE"), "{said}");
    assert_eq!(std::fs::read(&copy).unwrap(), std::fs::read(&source).unwrap());
    add(&phonebox, "T54W", &[]);
    phonebox.stop();
    phonebox.cli(&["key", "rotate", "--key-file", source.to_str().unwrap()]);
    assert_ne!(std::fs::read(&copy).unwrap(), std::fs::read(&source).unwrap());
    lend();
    phonebox.run();
    let mut phone = phone("T54W");
    phone.boot(Some(&phonebox.url(false)));
    assert_eq!(account(&phone), own_account());
}
