//! Every writer against hostile values: golden files, and a reading of the written file by other means (T72).

use super::*;
use crate::settings::{Layer, Provenance, SettingId, Value};
use std::sync::Arc;

pub fn from() -> Arc<Provenance> {
    Arc::new(Provenance { layer: Layer::Device, scope: "".into(), author: "test".into(), at: 0 })
}

pub fn param(name: &str, value: &str) -> Item {
    let setting = Some(SettingId { entry: 0, index: 0 });
    Item::Param(Param { name: name.into(), value: Value::Plain(value.into()), setting, from: from() })
}

pub fn text(text: &str) -> Item {
    Item::Text { text: Value::Plain(text.into()), from: from() }
}

pub fn input<'a>(kind: FileKind, file: &'a str, items: &'a [Item]) -> Render<'a> {
    let mac = "805ec0aabb01".parse().ok();
    Render { kind, file, mac, model: None, items, base: "http://10.0.0.1:8080/p/TOK/", next: None }
}

pub fn string(document: &Document) -> String {
    String::from_utf8(document.bytes.clone()).unwrap()
}

#[test]
fn every_writer_makes_its_plain_files() {
    let items = [param("APPNAME", "FW_S_J179_R4_1_3_0_6.bin")];
    let upgrade = Render { model: Some("J179"), ..input(FileKind::Upgrade, "J100Supgrade.txt", &items) };
    print!("{}", string(&render("avaya", "", &upgrade).unwrap()));
    let items = [param("sip.a", "1"), param("DeviceX", "2")];
    print!("{}", string(&render("ale", "noe", &input(FileKind::Device, "sipconfig-x.txt", &items)).unwrap()));
    print!("{}", string(&render("ale", "", &input(FileKind::Device, "config.x.xml", &items)).unwrap()));
    let items = [
        param("user_name.1", "1<"),
        param("fkey.0", "blf 201"),
        param("fkey.0.label", "Bob \"B\""),
        text("<tbook complete='true'><item/> </tbook>"),
    ];
    print!("{}", string(&render("snom", "", &input(FileKind::Device, "x.xml", &items)).unwrap()));
    print!("{}", string(&render("snom", "", &input(FileKind::Container, "x.htm", &items)).unwrap()));
    let items = [param("account.1.label", "1 # < x"), param("overwrite_mode", "1"), param("a.b", "")];
    print!("{}", string(&render("yealink", "", &input(FileKind::Device, "x.cfg", &items)).unwrap()));
    print!("{}", string(&render("yealink", "", &input(FileKind::Container, "x.boot", &items)).unwrap()));
}
