//! The writers, read by other means than their own: golden files, independent readings of each format, the interpreter.

mod golden;
mod properties;
mod raw_text;
mod readings;
mod upgrade;

use super::*;
use crate::settings::{Layer, Provenance, SettingId, Value};
use proptest::test_runner::{Config as ProptestConfig, RngSeed};
use std::sync::Arc;

/// The same cases at every run; `PROPTEST_CASES` and another seed look further.
pub fn config(cases: u32) -> ProptestConfig {
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(72);
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|more| more.parse().ok()).unwrap_or(cases);
    ProptestConfig { cases, failure_persistence: None, rng_seed: RngSeed::Fixed(seed), ..ProptestConfig::default() }
}

pub const BASE: &str = "http://10.0.0.1:8080/p/TOKEN/";

pub fn from() -> Arc<Provenance> {
    Arc::new(Provenance { layer: Layer::Device, scope: "".into(), author: "test".into(), at: 0 })
}

pub fn param(name: &str, value: &str) -> Item {
    let setting = Some(SettingId { entry: 0, index: 0 });
    Item::Param(Param { name: name.to_owned().into(), value: Value::Plain(value.into()), setting, from: from() })
}

pub fn text(text: &str) -> Item {
    Item::Text { text: Value::Plain(text.into()), from: from() }
}

pub fn input<'a>(kind: FileKind, file: &'a str, items: &'a [Item]) -> Render<'a> {
    let mac = "805ec0aabb01".parse().ok();
    Render { kind, file, mac, model: None, items, sections: &[], base: BASE, next: None }
}

pub fn string(document: &Document) -> String {
    String::from_utf8(document.bytes.clone()).unwrap()
}

/// The device file of each dialect: vendor, dialect, file name, prefix of a parameter's name.
pub const DEVICE_FILES: [(&str, &str, &str, &str); 5] = [
    ("avaya", "", "805ec0aabb01.txt", "P"),
    ("yealink", "", "805ec0aabb01.cfg", "account.1.p"),
    ("ale", "", "config.805ec0aabb01.xml", "Account1P"),
    ("ale", "noe", "sipconfig-805ec0aabb01.txt", "sip.p"),
    ("snom", "", "805ec0aabb01.xml", "user_p."),
];

pub fn device_file(vendor: &str, dialect: &str, items: &[Item]) -> Document {
    let (.., file, _) = DEVICE_FILES.into_iter().find(|row| (row.0, row.1) == (vendor, dialect)).unwrap();
    render(vendor, dialect, &input(FileKind::Device, file, items)).unwrap()
}

#[test]
fn what_a_vendor_does_not_have_is_an_error_not_an_empty_file() {
    let asked = |kind, file| input(kind, file, &[]);
    assert_eq!(render("acme", "", &asked(FileKind::Device, "x")).unwrap_err(), WriteError::Vendor("acme".into()));
    for (vendor, kind, file) in [
        ("avaya", FileKind::Upgrade, "K9xxupgrade.txt"),
        ("avaya", FileKind::Container, "x"),
        ("yealink", FileKind::Upgrade, "x"),
        ("ale", FileKind::Firmware, "x"),
        ("snom", FileKind::Upload, "x"),
    ] {
        assert!(matches!(render(vendor, "", &asked(kind, file)), Err(WriteError::File { .. })), "{vendor} {kind:?}");
    }
    for (vendor, file) in [("yealink", "y000000000000.boot"), ("snom", "snomD785.htm")] {
        let nobody = Render { mac: None, ..asked(FileKind::Container, file) };
        assert_eq!(render(vendor, "", &nobody).unwrap_err(), WriteError::NeedsMac { file: file.into() });
    }
    for next in ["a b", "a\r\nSET X 1", "", "a\"b", "ä"] {
        let bad = Render { next: Some(next), ..asked(FileKind::Settings, "46xxsettings.txt") };
        assert_eq!(render("avaya", "", &bad).unwrap_err(), WriteError::Next(next.into()));
        let bad = Render { next: Some(next), ..asked(FileKind::Container, "805ec0aabb01.boot") };
        assert_eq!(render("yealink", "", &bad).unwrap_err(), WriteError::Next(next.into()));
    }
}

#[test]
fn the_same_items_make_the_same_bytes() {
    let items: Vec<Item> = (0..50).map(|n| param(&format!("fkey.{n}.label"), "x")).collect();
    assert_eq!(device_file("snom", "", &items), device_file("snom", "", &items));
    let items: Vec<Item> = (0..50).map(|n| param(&format!("s{}.k{n}", n % 7), "x")).collect();
    assert_eq!(device_file("ale", "noe", &items), device_file("ale", "noe", &items));
}

#[test]
fn a_secret_is_written_and_never_named_in_a_warning() {
    let secret = Value::Secret(crate::settings::Secret::new("top\nsecret"));
    for (vendor, dialect, _, prefix) in DEVICE_FILES {
        let name = format!("{prefix}1");
        let item = Item::Param(Param { name: name.clone().into(), value: secret.clone(), setting: None, from: from() });
        let raw = Item::Text { text: secret.clone(), from: from() };
        let document = device_file(vendor, dialect, &[item, raw]);
        let told: String = document.warnings.iter().map(|warning| format!("{warning} {warning:?}")).collect();
        assert!(told.contains(RAW_TEXT) && !told.contains("secret"), "{vendor}: {told}");
    }
}

#[test]
fn ava_105_to_114_a_server_url_is_written_whole() {
    for url in [
        "https://prov.example",
        "https://prov.example:8443/sub/dir",
        "http://192.0.2.1:8080/",
        "http://[2001:db8::1]:8080/dir",
        "https://prov.example/$MODEL4/$MACADDR/$SERIALNO",
        "https://alice:p%40ss&w0rd;x@prov.example:8080/Avaya/",
    ] {
        for (vendor, dialect, _, prefix) in DEVICE_FILES {
            let name = format!("{prefix}1");
            let document = device_file(vendor, dialect, &[param(&name, url)]);
            let found = readings::read(vendor, dialect, &string(&document));
            assert_eq!((found, document.warnings.len()), (vec![(name, url.to_owned())], 0), "{vendor}");
        }
    }
}

#[test]
fn raw_text_that_is_no_statement_is_left_out() {
    for line in ["hello", "## note", "SET A", "SET A \"b", " SET A 1", "IF $A SNE 1 GOTO X", ""] {
        let document = device_file("avaya", "", &[text(line)]);
        assert_eq!((string(&document).as_str(), document.warnings.len()), ("", 1), "{line}");
    }
}
