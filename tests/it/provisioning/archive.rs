//! A site's settings archive at the site's phones, as its ZIP was sent.

use crate::support::phone::{mac, phone};
use crate::support::raw::{self, Answer};
use crate::support::server::Phonebox;
use std::io::{Cursor, Write};
use std::path::PathBuf;
use zip::write::SimpleFileOptions;

const SETTINGS: &str = "## Berlin\nSET ADMIN_PASSWORD \"27238 9\"\n\
    SET SIP_CONTROLLER_LIST \"192.168.1.1:5061;transport=tls\"\nSET TRUSTCERTS \"site-ca.pem,nobody.pem\"\n\
    SET BRURI \"http://logo.example/\"\n";
const UPGRADE: &[u8] = b"## of Berlin\r\nGET 46xxsettings.txt\r\n";

/// Names and bytes.
type Files<'a> = &'a [(&'a str, &'a [u8])];

fn zip(files: Files) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn stored(phonebox: &Phonebox, files: Files) -> PathBuf {
    let path = phonebox.path().join("archive.zip");
    std::fs::write(&path, zip(files)).unwrap();
    path
}

fn fetch(phonebox: &Phonebox, model: &str, file: &str) -> Answer {
    let agent = format!("User-Agent: {}\r\n", phone(model).user_agent());
    raw::ask(phonebox.http(), "GET", &format!("/{file}"), &agent)
}

/// AVA-071, AVA-073, AVA-074, AVA-138: one ZIP for a site; its phones get what is in it, byte by byte, and nobody else does.
/// What may hold a secret is for those that have proved themselves.
#[test]
fn ava_071_073_074_and_138_a_sites_phones_get_what_its_archive_holds() {
    let mut phonebox = Phonebox::start();
    phonebox.cli(&["site", "add", "Berlin"]);
    for (model, site) in [("J179", "Berlin"), ("J169", "default")] {
        phonebox.cli(&["device", "add", mac(model), "--model", model, "--site", site, "--activate"]);
    }
    let file = stored(
        &phonebox,
        &[
            ("46xxsettings.txt", SETTINGS.as_bytes()),
            ("J100Supgrade.xml", UPGRADE),
            ("site-ca.pem", b"-----BEGIN CERTIFICATE-----\n"),
            ("Logo.jpg", b"\xff\xd8\xff a picture"),
            ("phone.p12", b"a key and its certificate"),
            ("dialplan.txt", b"SET PHNDPLENGTH 5\n"),
        ],
    );
    let shown = phonebox.json(&["site", "archive", "Berlin", file.to_str().unwrap()]);
    assert_eq!(shown["settings"], SETTINGS.len(), "{shown}");
    assert!(shown["unserved"].is_null(), "{shown}");
    let names: Vec<&str> =
        shown["files"].as_array().unwrap().iter().map(|file| file["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["dialplan.txt", "J100Supgrade.txt", "Logo.jpg", "phone.p12", "site-ca.pem"]);
    let warnings = shown["warnings"].to_string();
    assert!(warnings.contains("nobody.pem") && !warnings.contains("site-ca.pem"), "{warnings}");

    let settings = fetch(&phonebox, "J179", "46xxsettings.txt").text().replace("\r\n", "\n");
    for line in SETTINGS.lines().skip(1) {
        assert!(settings.contains(&format!("{line}\n")), "{line}: {settings}");
    }
    assert_eq!(fetch(&phonebox, "J179", "J100Supgrade.txt").body, UPGRADE);
    let logo = fetch(&phonebox, "J179", "logo.jpg");
    assert_eq!((logo.status, logo.body.as_slice()), (200, b"\xff\xd8\xff a picture".as_slice()));
    assert_eq!(logo.header("content-type"), Some("image/jpeg"));
    assert_eq!(fetch(&phonebox, "J179", "dialplan.txt").status, 200);
    // A window is for the phone's own files.
    assert_eq!(fetch(&phonebox, "J179", "phone.p12").status, 404);
    phonebox.cli(&["device", "bind", mac("J179"), "127.0.0.1"]);
    assert_eq!(fetch(&phonebox, "J179", "phone.p12").body, b"a key and its certificate");

    for file in ["Logo.jpg", "phone.p12", "dialplan.txt", "site-ca.pem"] {
        assert_eq!(fetch(&phonebox, "J169", file).status, 404, "{file}");
        assert_eq!(raw::get(phonebox.http(), &format!("/{file}")).status, 404, "{file}");
    }
    assert!(!fetch(&phonebox, "J169", "46xxsettings.txt").text().contains("logo.example"));
    assert_ne!(fetch(&phonebox, "J169", "J100Supgrade.txt").body, UPGRADE);

    // Its window is over, and it proves nothing.
    phonebox.restart_at("+3d");
    phonebox.cli(&["device", "unbind", mac("J179"), "127.0.0.1"]);
    for (file, status) in [("46xxsettings.txt", 404), ("phone.p12", 404), ("logo.jpg", 200)] {
        assert_eq!(fetch(&phonebox, "J179", file).status, status, "{file}");
    }
    phonebox.cli(&["device", "bind", mac("J179"), "127.0.0.1"]);
    let timeline = phonebox.explain(mac("J179"))["timeline"].to_string();
    assert!(timeline.contains("site-file") && timeline.contains("site-secret"), "{timeline}");

    // A second one takes the place of the first; what was set besides it stays.
    let file = stored(&phonebox, &[("Ring.wav", b"a sound")]);
    phonebox.cli(&["site", "archive", "Berlin", file.to_str().unwrap()]);
    assert_eq!(fetch(&phonebox, "J179", "Ring.wav").body, b"a sound");
    assert_eq!(fetch(&phonebox, "J179", "Logo.jpg").status, 404);
    assert!(fetch(&phonebox, "J179", "46xxsettings.txt").text().contains("logo.example"));
    phonebox.cli(&["site", "archive", "Berlin", "--remove"]);
    assert_eq!(fetch(&phonebox, "J179", "Ring.wav").status, 404);
    assert!(!fetch(&phonebox, "J179", "46xxsettings.txt").text().contains("logo.example"));
    assert!(phonebox.cli(&["site", "archive", "Berlin"]).contains("Send one: phonebox site archive SITE FILE.zip"));
    let bare = phonebox.try_cli(&["site", "archive", "Berlin", "--remove"]).refused();
    assert!(bare.contains("settings archive"), "{bare}");
}

/// AVA-072, AVA-075, AVA-076, T69: what is refused names the file and the rule, and changes nothing.
#[test]
fn ava_072_075_and_076_an_archive_that_phones_would_not_understand_is_refused_by_name() {
    let phonebox = Phonebox::start();
    let good = stored(&phonebox, &[("logo.png", b"a picture")]);
    phonebox.cli(&["site", "archive", "default", good.to_str().unwrap()]);
    let long = vec![b'a'; 17 << 20];
    let cases: &[(Files, &str)] = &[
        (&[("phone.exe", b"MZ")], "\"phone.exe\" may not be in it: only files that end in .xml .png"),
        (&[("logo.png", b"x"), ("notes", b"x")], "\"notes\" may not be in it"),
        (&[("46XXsettings.txt", b"SET DHCPSTD 1\n")], "the settings file is named exactly 46xxsettings.txt"),
        (&[("46xxsettings.xml", b"SET DHCPSTD 1\n")], "the settings file is named exactly 46xxsettings.txt"),
        (&[("j100supgrade.txt", b"x")], "named exactly J100Supgrade.txt or J100Supgrade.xml"),
        (&[("K1xxSupgrade.png", b"x")], "named exactly K1xxSupgrade.txt or K1xxSupgrade.xml"),
        (&[("site/logo.png", b"x")], "lies in a folder"),
        (&[("../logo.png", b"x")], "outside of it"),
        (&[("logo.png", b"x"), ("LOGO.png", b"x")], "twice"),
        (&[("J100Supgrade.xml", b"x"), ("J100Supgrade.txt", b"x")], "twice"),
        (&[("96x1Supgrade.txt", b"x")], "the box writes that file itself for Avaya phones"),
        (&[("46xxsettings.txt", b"SET DHCPSTD 1\nSTE SIPDOMAIN x\n")], "line 2"),
        (&[("46xxsettings.txt", b"\xff\xfe")], "not UTF-8"),
        (&[("logo.png", &long)], "cannot be unpacked"),
        (&[], "holds no file"),
    ];
    for (files, words) in cases {
        let file = stored(&phonebox, files);
        let said = phonebox.try_cli(&["site", "archive", "default", file.to_str().unwrap()]).refused();
        assert!(said.contains("The settings archive is not accepted") && said.contains(words), "{words}: {said}");
    }
    let kept = phonebox.json(&["site", "archive", "default"]);
    assert_eq!(kept["files"].as_array().unwrap().len(), 1, "{kept}");
    assert!(kept["settings"].is_null(), "{kept}");
    // AVA-138: only where the site's profile provisions from here.
    phonebox.cli(&["profile", "add", "elsewhere", "--url", "https://pbx.example/"]);
    phonebox.cli(&["site", "set", "default", "--profile", "elsewhere"]);
    let good = stored(&phonebox, &[("logo.png", b"a picture")]);
    let said = phonebox.try_cli(&["site", "archive", "default", good.to_str().unwrap()]).refused();
    assert!(said.contains("\"elsewhere\" sends its phones to another server"), "{said}");
}
