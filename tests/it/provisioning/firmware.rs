//! The firmware policy at the phones: what the account or site chose is what a phone is told and fetches.

use crate::support::phone::{Boot, Phone, add, mac, phone};
use crate::support::server::Phonebox;

fn store(phonebox: &Phonebox, vendor: &str, model: &str, name: &str) {
    let file = phonebox.file(name);
    let words = ["file", "add", file.to_str().unwrap(), "--kind", "firmware", "--vendor", vendor, "--model", model];
    phonebox.cli(&[&words[..], &["--name", name]].concat());
}

fn choose(phonebox: &Phonebox, place: &[&str], words: &[&str]) {
    phonebox.cli(&[&["firmware", "choose"], place, words].concat());
}

/// What explain says of the setting: file, layer, scope and author, once each.
fn told(phonebox: &Phonebox, model: &str) -> Vec<String> {
    let files = phonebox.explain(mac(model))["files"].clone();
    let lines = files.as_array().unwrap().iter().flat_map(|file| file["lines"].as_array().unwrap());
    let text = |line: &serde_json::Value, name: &str| line[name].as_str().unwrap().to_owned();
    let of_firmware = lines.filter(|line| {
        let setting = line["setting"].as_str().unwrap_or_default();
        // Which file names the firmware, and when it is looked at, is not which one it is.
        setting.starts_with("firmware.") && !["firmware_status", "update_policy"].contains(&&*text(line, "name"))
    });
    let mut told: Vec<String> = of_firmware
        .map(|line| {
            let value = text(line, "value");
            let file = value.rsplit('/').next().unwrap();
            format!("{file} {} {} {}", text(line, "layer"), text(line, "scope"), text(line, "author"))
        })
        .collect();
    told.sort();
    told.dedup();
    told
}

/// A phone that keeps what it was told needs a second boot to act on it.
fn boots(phonebox: &Phonebox, phone: &mut Phone) -> Vec<Boot> {
    (0..2).map(|_| phone.boot(Some(&phonebox.url(false)))).collect()
}

fn fetched(boots: &[Boot]) -> Option<String> {
    let name = boots.iter().find_map(|boot| boot.firmware.as_ref())?;
    Some(name.rsplit('/').next().unwrap().to_owned())
}

/// AVA-140, AVA-160, AVA-161: nothing by default; with the switch on the latest release, then what was chosen; a newer one is
/// given as soon as it is stored. Each kind of file: Yealink's own, Avaya's upgrade file, Snom's firmware file.
#[test]
fn ava_140_ava_160_ava_161_a_phone_is_told_what_is_chosen_for_its_model() {
    let phonebox = Phonebox::start();
    let cases = [
        ("yealink", "T54W", ["T54W-96.86.0.180.rom", "T54W-96.86.0.200.rom", "T54W-96.86.0.90.rom"]),
        ("avaya", "J179", ["FW_S_J179_R4_1_4_0_5.bin", "FW_S_J179_R4_1_10_0_1.bin", "FW_S_J179_R4_1_3_0_9.bin"]),
        (
            "snom",
            "D785",
            ["snomD785-10.1.175.13-SIP-r.bin", "snomD785-10.1.184.15-SIP-r.bin", "snomD785-10.1.40.1-SIP-r.bin"],
        ),
    ];
    let mut phones: Vec<Phone> = Vec::new();
    for (vendor, model, [middle, _, oldest]) in cases {
        store(&phonebox, vendor, model, oldest);
        store(&phonebox, vendor, model, middle);
        add(&phonebox, model, &[]);
        let mut phone = phone(model);
        assert_eq!(fetched(&boots(&phonebox, &mut phone)), None, "{model}: off by default");
        assert!(told(&phonebox, model).is_empty(), "{model}");
        phones.push(phone);
    }
    phonebox.cli(&["firmware", "on"]);
    for ((vendor, model, [middle, newest, oldest]), phone) in cases.into_iter().zip(&mut phones) {
        let mut boots = || boots(&phonebox, phone);
        assert_eq!(told(&phonebox, model), [format!("{middle} policy  by default")], "{model}");
        assert_eq!(fetched(&boots()).as_deref(), Some(middle), "{model}");
        assert_eq!(fetched(&boots()), None, "{model}: it has it");
        store(&phonebox, vendor, model, newest);
        assert_eq!(fetched(&boots()).as_deref(), Some(newest), "{model}");
        // A release is whatever it is; the way back is one.
        let version = phonebox
            .json(&["file", "list"])
            .as_array()
            .unwrap()
            .iter()
            .find(|file| file["name"] == oldest)
            .unwrap()["version"]
            .as_str()
            .unwrap()
            .to_owned();
        choose(&phonebox, &[], &["--vendor", vendor, "--model", model, &version]);
        assert_eq!(told(&phonebox, model), [format!("{oldest} policy  console")], "{model}");
        assert_eq!(fetched(&boots()).as_deref(), Some(oldest), "{model}");
        choose(&phonebox, &[], &["--vendor", vendor, "--model", model, "off"]);
        assert!(told(&phonebox, model).is_empty(), "{model}");
        assert_eq!(fetched(&boots()), None, "{model}");
        choose(&phonebox, &[], &["--vendor", vendor, "--model", model, "latest"]);
        assert_eq!(told(&phonebox, model), [format!("{newest} policy  console")], "{model}");
        // Whatever somebody set is stronger, in any layer.
        for place in [["--global", "1"], ["--site", "default"], ["--device", mac(model)]] {
            let place = if place[0] == "--global" { &place[..1] } else { &place[..] };
            phonebox.cli(&[&["layer", "set"], place, &[&format!("firmware.file={middle}")]].concat());
            let set = told(&phonebox, model);
            assert!(set.len() == 1 && set[0].starts_with(&format!("{middle} {}", &place[0][2..])), "{set:?}");
            phonebox.cli(&[&["layer", "unset"], place, &["firmware.file"]].concat());
        }
    }
    phonebox.cli(&["firmware", "off"]);
    assert!(cases.iter().all(|(_, model, _)| told(&phonebox, model).is_empty()));
}

/// "Latest" upgrades: a phone that runs something newer keeps it, and no phone gets what does not work with its model.
#[test]
fn the_latest_takes_nobody_back_and_is_one_that_works() {
    let phonebox = Phonebox::start();
    phonebox.cli(&["firmware", "on"]);
    add(&phonebox, "T54W", &[]);
    // It runs 96.86.0.100.
    store(&phonebox, "yealink", "T54W", "T54W-96.86.0.20.rom");
    let mut phone = phone("T54W");
    assert_eq!(fetched(&boots(&phonebox, &mut phone)), None);
    assert!(told(&phonebox, "T54W").is_empty());
    // Of T46S one between does not work: YMC-003.
    store(&phonebox, "yealink", "T46S", "T46S-66.83.0.50.rom");
    store(&phonebox, "yealink", "T46S", "T46S-66.84.0.10.rom");
    let rows = phonebox.json(&["firmware", "list"])["models"].clone();
    let row = rows.as_array().unwrap().iter().find(|row| row["model"] == "T46S").unwrap();
    assert_eq!(row["latest"], "66.83.0.50");
    assert_eq!(row["releases"][0]["version"], "66.84.0.10");
    assert!(row["releases"][0]["unfit"].as_str().unwrap().contains("do not work"), "{row}");
}

/// AVA-142: "All" is for every model of a type of device, whatever was chosen for one of them. A site counts before its account.
#[test]
fn ava_139_ava_142_a_family_a_model_a_site_and_its_account() {
    let phonebox = Phonebox::start();
    phonebox.cli(&["firmware", "on"]);
    for model in ["J179", "J189"] {
        for version in ["4_1_4_0_5", "4_1_5_0_6"] {
            store(&phonebox, "avaya", model, &format!("FW_S_{model}_R{version}.bin"));
        }
        add(&phonebox, model, &[]);
        phone(model).boot(Some(&phonebox.url(false)));
    }
    let both = || ["J179", "J189"].map(|model| told(&phonebox, model).join("; "));
    let all = ["--vendor", "avaya", "--family", "j100"];
    let j179 = ["--vendor", "Avaya", "--model", "j179"];
    choose(&phonebox, &[], &[&j179[..], &["off"]].concat());
    assert_eq!(both(), ["", "FW_S_J189_R4_1_5_0_6.bin policy  by default"]);
    choose(&phonebox, &[], &[&all[..], &["4.1.4.0.5"]].concat());
    let older = ["FW_S_J179_R4_1_4_0_5.bin policy  console", "FW_S_J189_R4_1_4_0_5.bin policy  console"];
    assert_eq!(both(), older, "every model, the one with a choice of its own among them");
    choose(&phonebox, &[], &[&j179[..], &["latest"]].concat());
    assert_eq!(both(), ["FW_S_J179_R4_1_5_0_6.bin policy  console", older[1]], "afterwards one differs again");
    let site = ["--site", "default"];
    choose(&phonebox, &site, &[&all[..], &["off"]].concat());
    assert_eq!(both(), ["", ""]);
    choose(&phonebox, &site, &[&j179[..], &["4.1.4.0.5"]].concat());
    assert_eq!(both(), ["FW_S_J179_R4_1_4_0_5.bin policy default console", ""]);
    choose(&phonebox, &site, &[&j179[..], &["account"]].concat());
    assert_eq!(both(), ["FW_S_J179_R4_1_5_0_6.bin policy  console", ""]);
    choose(&phonebox, &site, &[&all[..], &["account"]].concat());
    assert_eq!(both(), ["FW_S_J179_R4_1_5_0_6.bin policy  console", older[1]]);
    let said = phonebox.cli(&["firmware", "list"]);
    assert!(said.contains("J179") && said.contains("4.1.5.0.6, 4.1.4.0.5") && said.contains("all"), "{said}");
}
