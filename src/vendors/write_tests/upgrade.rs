//! Avaya upgrade files, run as each model of the family runs them.

use super::*;
use crate::vendors::avaya::interpret::{Run, run};

fn boot(file: &str, items: &[Item], model: Option<&str>, phone: &[(&str, &str)]) -> Run {
    let upgrade = Render { mac: None, model, ..input(FileKind::Upgrade, file, items) };
    let document = render("avaya", "", &upgrade).unwrap();
    assert_eq!(document.warnings, []);
    run(file, phone, |name| (name == file).then(|| string(&document)))
}

fn asked(run: &Run) -> Vec<&str> {
    run.asked.iter().map(|asked| asked.file.as_str()).collect()
}

const FAMILIES: [(&str, &[&str]); 7] = [
    ("J100Supgrade.txt", &["J129", "J139", "J159", "J169", "J179", "J189"]),
    ("J100Hupgrade.txt", &["J159", "J169", "J179", "J189"]),
    ("96x1Supgrade.txt", &["9601", "9608", "9611", "9621", "9641"]),
    ("96x1Hupgrade.txt", &["9608", "9611", "9621", "9641"]),
    ("96xxupgrade.txt", &["9610", "9620", "9630", "9640", "9650", "9670"]),
    ("16xxupgrade.txt", &["1603", "1608", "1616"]),
    ("K1xxSupgrade.txt", &["K155", "K165", "K175"]),
];

#[test]
fn ava_080_every_model_finds_its_firmware_and_the_settings_file() {
    for (file, models) in FAMILIES {
        for chosen in models {
            let items = [param(&format!("{chosen}.APPNAME"), "new.bin"), param("SIPDOMAIN", "not in this file")];
            for model in models {
                let run = boot(file, &items, None, &[("MODEL4", model)]);
                let shares = (*model, *chosen) == ("K165", "K175"); // AVA-081
                let firmware = (model == chosen || shares).then_some("new.bin");
                assert_eq!(run.value("APPNAME"), firmware, "{file} {model} with firmware for {chosen}");
                assert_eq!(run.values.len(), usize::from(firmware.is_some()));
                assert_eq!(asked(&run), [file, "46xxsettings.txt"]);
                assert_eq!(run.notes, []);
            }
        }
        // A model that is not of the family, and none chosen.
        let run = boot(file, &[], None, &[("MODEL4", "H175")]);
        assert_eq!((run.values.len(), asked(&run)), (0, vec![file, "46xxsettings.txt"]));
    }
}

#[test]
fn ava_080_081_the_files_have_the_shape_of_avayas_own() {
    let file = |name| string(&render("avaya", "", &input(FileKind::Upgrade, name, &[])).unwrap());
    let j100 = file("j100supgrade.TXT");
    for model in ["J129", "J139", "J169", "J179"] {
        assert!(j100.contains(&format!("IF $MODEL4 SEQ {model} GOTO {model}_SW\r\n")));
        assert!(j100.contains(&format!("\r\n# {model}_SW\r\nGOTO GETSET\r\n")));
    }
    assert!(j100.ends_with("\r\n# GETSET\r\nGET 46xxsettings.txt\r\n"));
    let k1xx = file("K1xxSupgrade.txt");
    for (model, label) in [("K155", "K155SW"), ("K165", "K175SW"), ("K175", "K175SW")] {
        assert!(k1xx.contains(&format!("IF $MODEL4 SEQ {model} GOTO {label}\r\n")));
    }
    assert!(k1xx.ends_with("\r\n# GETSET\r\nGET 46xxsettings.txt\r\n"));
}

#[test]
fn a_k165_with_firmware_of_its_own_leaves_the_branch_of_the_k175() {
    let items = [param("K175.APPNAME", "r3.zip"), param("K165.APPNAME", "r2.zip")];
    let firmware =
        |model| boot("K1xxSupgrade.txt", &items, None, &[("MODEL4", model)]).value("APPNAME").map(str::to_owned);
    assert_eq!(firmware("K165").as_deref(), Some("r2.zip"));
    assert_eq!(firmware("K175").as_deref(), Some("r3.zip"));
    assert_eq!(firmware("K155"), None);
}

#[test]
fn hardware_versions_have_their_own_firmware() {
    let items = [
        param("9608.APPNAME", "S96x1_SALBR7_1_4_0r11_V4r83.tar"),
        param("9608.RFSNAME", "S96x1_UKR_V41r3618_V41r3618.tar"),
        param("9608.3.APPNAME", "S9608_11_SALKRR7_1_4_0r11.bin"),
    ];
    let run = |version| boot("96x1Supgrade.txt", &items, None, &[("MODEL4", "9608"), ("HWVERS", version)]);
    assert_eq!(run("3").value("APPNAME"), Some("S9608_11_SALKRR7_1_4_0r11.bin"));
    assert_eq!(run("3").value("RFSNAME"), None);
    assert_eq!(run("1").value("APPNAME"), Some("S96x1_SALBR7_1_4_0r11_V4r83.tar"));
    assert_eq!(run("1").value("RFSNAME"), Some("S96x1_UKR_V41r3618_V41r3618.tar"));
    assert_eq!(asked(&run("3")), ["96x1Supgrade.txt", "46xxsettings.txt"]);
}

#[test]
fn firmware_of_one_device_is_for_its_own_model_only() {
    let items = [param("APPNAME", "FW_S_J179_R4_1_3_0_6.bin"), param("JEM24_APPNAME", "FW_JEM24_R1_0_1_0_25.bin")];
    let run = |model| boot("J100Supgrade.txt", &items, Some("J179"), &[("MODEL4", model)]);
    assert_eq!(run("J179").value("APPNAME"), Some("FW_S_J179_R4_1_3_0_6.bin"));
    assert_eq!(run("J179").value("JEM24_APPNAME"), Some("FW_JEM24_R1_0_1_0_25.bin"));
    assert_eq!(run("J129").values.len(), 0);
    // 9611G is MODEL4 9611.
    let g = boot("96x1Supgrade.txt", &items[..1], Some("9611G"), &[("MODEL4", "9611")]);
    assert!(g.value("APPNAME").is_some());
    // No model: to nobody, and said so.
    let nobody = input(FileKind::Upgrade, "J100Supgrade.txt", &items);
    let document = render("avaya", "", &nobody).unwrap();
    assert!(!string(&document).contains("APPNAME"));
    assert!(document.warnings.iter().all(|warning| warning.fault == Fault::NoModel) && document.warnings.len() == 2);
}

#[test]
fn threat_072_hostile_firmware_adds_no_statement() {
    let plain = boot("J100Supgrade.txt", &[], None, &[("MODEL4", "J179")]);
    for value in super::golden::HOSTILE {
        for name in ["J179.APPNAME", "J179.1.APPNAME", "J179.a b.APPNAME", "J179.1\r\nSET X 1.APPNAME"] {
            let items = [param(name, value)];
            let document = render("avaya", "", &input(FileKind::Upgrade, "J100Supgrade.txt", &items)).unwrap();
            let run = run("f", &[("MODEL4", "J179"), ("HWVERS", "1")], |name| (name == "f").then(|| string(&document)));
            assert!(run.values.len() <= 1 && run.values.iter().all(|set| set.name == "APPNAME"), "{value}");
            assert_eq!(run.asked.last().map(|asked| &asked.file), plain.asked.last().map(|asked| &asked.file));
        }
    }
}

#[test]
fn firmware_in_raw_text_stays_in_the_settings_file() {
    let raw = crate::vendors::raw::parse_raw("avaya", "SET APPNAME mine.bin").unwrap();
    let items = [raw.lines[0].item(false, from()), param("J179.APPNAME", "chosen.bin")];
    assert_eq!(
        boot("J100Supgrade.txt", &items, Some("J179"), &[("MODEL4", "J179")]).value("APPNAME"),
        Some("chosen.bin")
    );
    assert_eq!(string(&device_file("avaya", "", &items)), "SET APPNAME mine.bin\r\n");
}
