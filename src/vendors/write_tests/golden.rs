//! Golden files under `tests/fixtures/<vendor>/`: what each kind of file looks like, and what hostile values become.
//! After an intended change, `BLESS=1 cargo nextest run golden` writes them anew.

use super::*;
use crate::vendors::{Kin, Section};
use std::path::Path;

/// Values that end a line, an attribute, an element or a string somewhere.
pub const HOSTILE: [&str; 24] = [
    "say \"hi\"",
    "it's",
    "<b>&amp;</b>",
    "a & b; c",
    "line\nbreak",
    "line\r\nSET ADMIN_PASSWORD 1",
    "cr\rhere",
    "100% #1",
    "#start",
    "nul\0l",
    "\u{1}\u{8}\u{1b}",
    "emoji 😀 𝔘 Łódź Юлия 東京",
    "]]>",
    "%NULL%",
    " blanks ",
    "",
    "tab\there",
    "<!DOCTYPE x [<!ENTITY a \"b\">]>&a;",
    "\"/><setting id=\"Evil\" value=\"1",
    "</user_p><evil>1</evil>",
    "next\u{85}line\u{2028}par\u{2029}",
    "\u{feff}bom \u{ffff}\u{fffe}",
    "“typographic”",
    "a,b;c=d $MACADDR \\n",
];

fn check(vendor: &str, case: &str, file: &str, document: &Document) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(vendor).join(case);
    let mut found = document.bytes.clone();
    if !document.warnings.is_empty() {
        let lines: String = document.warnings.iter().map(|warning| format!("{warning}\n")).collect();
        compare(&folder.join(format!("{file}.warnings")), lines.as_bytes());
    }
    compare(&folder.join(file), &std::mem::take(&mut found));
}

fn compare(path: &Path, found: &[u8]) {
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, found).unwrap();
    }
    let golden = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let (golden, found) = (String::from_utf8_lossy(&golden), String::from_utf8_lossy(found));
    assert_eq!(golden, found, "{}", path.display());
}

#[test]
fn threat_072_golden_hostile_values() {
    for (vendor, dialect, file, prefix) in DEVICE_FILES {
        let items: Vec<Item> =
            HOSTILE.iter().enumerate().map(|(n, value)| param(&format!("{prefix}{}", n + 1), value)).collect();
        check(vendor, "hostile", file, &device_file(vendor, dialect, &items));
    }
    let keys: Vec<Item> =
        HOSTILE.iter().enumerate().map(|(n, value)| param(&format!("fkey.{n}.label"), value)).collect();
    check("snom", "hostile", "functionkeys.xml", &device_file("snom", "", &keys));
}

#[test]
fn threat_072_golden_hostile_names() {
    let names =
        ["", "a b", "a\nb", "a=b", "<x>", "a\"", "ä", "1.", ".1", "a.b.c", "user_p.x", "phone-settings", "fkey.1.idx"];
    let items: Vec<Item> = names.iter().map(|name| param(name, "v")).collect();
    for (vendor, dialect, file, _) in DEVICE_FILES {
        check(vendor, "names", file, &device_file(vendor, dialect, &items));
    }
}

#[test]
fn threat_072_a_display_name_of_64_kib() {
    let long = "é".repeat(32 * 1024);
    for (vendor, dialect, _, prefix) in DEVICE_FILES {
        let document =
            device_file(vendor, dialect, &[param(&format!("{prefix}1"), &long), param(&format!("{prefix}2"), "x")]);
        // Whole, or not at all: a line buffer must not cut it into a second statement.
        let written = string(&document).contains(&long);
        assert_eq!(written, document.warnings.is_empty(), "{vendor}");
        assert_eq!(written, string(&document).contains("<?xml"), "{vendor}");
        assert!(string(&document).lines().all(|line| line.contains(&long) || line.len() < 200), "{vendor}");
    }
}

#[test]
fn golden_avaya() {
    let items = [
        param("HTTPSRVR", "10.0.0.1"),
        param("SIP_CONTROLLER_LIST", "pbx.example:5061;transport=tls"),
        param("DES_STAT", "1"),
        param("FORCE_SIP_USERNAME", "201"),
        param("DISPLAY_NAME", "Desk 201"),
        param("TRUSTCERTS", "root.crt,ca.pem"),
        param("PSTN_VM_NUM", ""),
        param("PHONEKEY", "Key=1;Type=feature;Name=redial"),
        param("PHONEKEY", "Key=2;Type=feature;Name=mute"),
        param("SOFTKEY_ACTIVE", "type=dial;action=1;label=a"),
        param("SOFTKEY_ACTIVE", "type=dial;action=2;label=b"),
        param("J179.APPNAME", "not-here.bin"),
        text("IF $GROUP SEQ 17 GOTO G17"),
        text("GOTO END"),
        text("# G17"),
        text("SET TIMEZONE \"+1:00\""),
        text("# END"),
    ];
    let device = input(FileKind::Device, "c81fea9b650d.txt", &items);
    check("avaya", "device", device.file, &render("avaya", "", &device).unwrap());
    let settings = Render { mac: None, ..input(FileKind::Settings, "46xxsettings.txt", &items[..3]) };
    let document = render("avaya", "", &settings).unwrap();
    assert!(string(&document).ends_with("GET $MACADDR.txt\r\n"));
    check("avaya", "no-mac", settings.file, &document);
    let section = |of: Kin, items: &[Item]| Section { of, items: items.to_vec() };
    let sections = [
        section(Kin::Model("K175"), &items[9..10]),
        section(Kin::Model("9608"), &items[9..12]),
        // It has no $MODEL4, and firmware is the upgrade file's.
        section(Kin::Model("1220IP"), &items[4..5]),
        section(Kin::Model("J179"), &items[11..12]),
        section(Kin::Group(1), &items[10..11]),
        section(Kin::Group(17), &items[4..5]),
    ];
    let settings = Render { sections: &sections, ..settings };
    check("avaya", "sections", settings.file, &render("avaya", "", &settings).unwrap());
    let own = input(FileKind::Settings, "46xxsettings.txt", &items[..3]);
    check("avaya", "per-device", own.file, &render("avaya", "", &own).unwrap());
    let special = Render { next: Some("46xxspecials.txt"), ..own };
    assert!(string(&render("avaya", "", &special).unwrap()).ends_with("GET 46xxspecials.txt\r\n"));
}

#[test]
fn golden_yealink() {
    let items = [
        param("overwrite_mode", "1"),
        param("static.auto_provision.server.url", "http://10.0.0.1:8080/p/TOKEN/"),
        param("account.1.enable", "1"),
        param("account.1.display_name", "Desk 201"),
        param("account.1.outbound_host", ""),
        param("linekey.1.extension", "*8#"),
    ];
    let device = input(FileKind::Device, "805ec0aabb01.cfg", &items);
    check("yealink", "device", device.file, &render("yealink", "", &device).unwrap());
    let common = input(FileKind::Common, "y000000000096.cfg", &[]);
    check("yealink", "device", common.file, &render("yealink", "", &common).unwrap());
    let boot = input(FileKind::Container, "805ec0aabb01.boot", &items);
    let boot = Render { next: Some("y000000000096.cfg"), ..boot };
    check("yealink", "device", boot.file, &render("yealink", "", &boot).unwrap());
    let boot = input(FileKind::Container, "y000000000000.boot", &[]);
    check("yealink", "device", boot.file, &render("yealink", "", &boot).unwrap());
}

#[test]
fn golden_ale() {
    let items = [
        param("DeviceProvisionServerUrl", "http://10.0.0.1:8080/p/TOKEN/"),
        param("DeviceProvisionFileSecond", "config.$mac.xml"),
        param("Account1Label", "Desk & 201"),
        param("Account1VmNumber", ""),
        text("<setting id='SettingLanguage' value='2' override='false'/>"),
    ];
    let device = input(FileKind::Device, "config.805ec0aabb01.xml", &items);
    check("ale", "myriad", device.file, &render("ale", "myriad", &device).unwrap());
    let items = [
        param("sip.domain_name", "pbx.example"),
        param("sntp.sntp_addr", "10.0.0.1"),
        param("sip.display_name", "Desk 201"),
        param("sip.registrar2_addr", ""),
    ];
    let device = input(FileKind::Device, "sipconfig-805ec0aabb01.txt", &items);
    check("ale", "noe", device.file, &render("ale", "", &device).unwrap());
    let lanpbx = input(FileKind::Common, "lanpbx.cfg", &items);
    check("ale", "noe", lanpbx.file, &render("ale", "noe", &lanpbx).unwrap());
}

#[test]
fn golden_snom() {
    let items = [
        param("setting_server", "http://10.0.0.1:8080/p/TOKEN/{mac}.xml"),
        param("user_name.1", "201"),
        param("user_realname.1", "Desk & 201"),
        param("fkey.10", "speed 300"),
        param("fkey.2", "blf sip:202@pbx.example|*8"),
        param("fkey.2.label", "Anna <202>"),
        param("fkey.2.context", "1"),
        param("firmware", "snomD785-10.1.198.19-SIP-r.bin"),
        param("firmware_uxm", "https://cdn.example/snomD7C-1.5.3-r.bin?a=1&b=2"),
        text("<tbook complete=\"true\">\n  <item context=\"active\"><name>Bob &amp; Co</name></item>\n</tbook>"),
        text("<fkey idx=\"5\" context=\"active\" perm=\"R\">line</fkey>"),
        text(
            "<context_key idx=\"3\" perm=\"RW\"><action><url when=\"on press\" target=\"http://x/?a&amp;b\"/></action></context_key>",
        ),
    ];
    for (kind, file) in [
        (FileKind::Device, "805ec0aabb01.xml"),
        (FileKind::Container, "snomD785-805EC0AABB01.htm"),
        (FileKind::Firmware, "snomD785-firmware.xml"),
    ] {
        check("snom", "desk", file, &render("snom", "", &input(kind, file, &items)).unwrap());
    }
    let common = Render { mac: None, ..input(FileKind::Common, "snomD785.htm", &items[..1]) };
    check("snom", "desk", common.file, &render("snom", "", &common).unwrap());
}
