//! The file store: what is listed is whole, what failed left nothing.

use crate::support::admin::{Running, running, stopped};
use crate::support::eventually;
use phonebox::seal::{hex, sha256};
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpStream;

fn blobs(phonebox: &Running) -> Vec<String> {
    let read = std::fs::read_dir(phonebox.dir.path().join("files"));
    let mut names: Vec<String> =
        read.into_iter().flatten().flatten().map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_file_lies_under_its_checksum_and_goes_with_its_last_name() {
    let phonebox = running();
    let bytes: Vec<u8> = (0..200_000u32).map(|number| number as u8).collect();
    let sum = hex(&sha256(&bytes));
    let file =
        phonebox.upload("PUT", "/files/T54W-96.86.0.20.rom?kind=firmware&vendor=yealink&model=t54w", &bytes).json(200);
    assert_eq!(
        (&file["sha256"], &file["size"], &file["vendor"], &file["model"]),
        (&json!(sum), &json!(200_000), &json!("Yealink"), &json!("T54W"))
    );
    assert_eq!(std::fs::read(phonebox.dir.path().join("files").join(&sum)).unwrap(), bytes);
    phonebox.upload("PUT", "/files/copy.rom", &bytes).json(200);
    assert_eq!(blobs(&phonebox), std::slice::from_ref(&sum));
    phonebox.delete("/files/t54w-96.86.0.20.ROM").json(204);
    assert_eq!(blobs(&phonebox), std::slice::from_ref(&sum), "another name has it");
    phonebox.upload("PUT", "/files/copy.rom", b"new").json(200);
    assert_eq!(blobs(&phonebox), [hex(&sha256(b"new"))], "replaced bytes go");
    phonebox.delete("/files/copy.rom").json(204);
    assert_eq!(blobs(&phonebox), [] as [String; 0]);
    phonebox.delete("/files/copy.rom").refused(404);
}

#[test]
fn threat_074_names_that_lead_away_wrong_sums_and_private_keys_are_refused() {
    let phonebox = running();
    for name in [
        "..%2fseal.key",
        "%2e%2e",
        ".hidden",
        "a%2fb",
        "a%5cb",
        "a%00b",
        "a%20b",
        "a%0ab",
        &"x".repeat(129),
        "805ec0aabb01.cfg",
        "46xxsettings.txt",
        "y000000000096.cfg",
    ] {
        let answer = phonebox.upload("PUT", &format!("/files/{name}"), b"x");
        assert!([400, 404, 422].contains(&answer.status), "{name} {}", answer.text());
    }
    phonebox.upload("PUT", "/files/a.rom", b"").refused(400);
    let (_, message) = phonebox.upload("PUT", &format!("/files/a.rom?sha256={}", "0".repeat(64)), b"x").refused(400);
    assert!(message.contains(&hex(&sha256(b"x"))), "{message}");
    let key = b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\nMIIB\n";
    let (_, message) = phonebox.upload("PUT", "/files/a.pem?kind=certificate", key).refused(400);
    assert!(message.contains("private key"), "{message}");
    phonebox.upload("PUT", "/files/a.rom?kind=virus", b"x").refused(400);
    assert_eq!(phonebox.get("/files").json(200)["items"], json!([]));
    assert_eq!(blobs(&phonebox), [] as [String; 0]);
}

#[test]
fn fault_18_a_truncated_upload_leaves_nothing() {
    let phonebox = running();
    for share in 0..10 {
        let mut stream = std::net::TcpStream::connect(phonebox.address).unwrap();
        let head = format!(
            "PUT /api/v1/files/a.rom HTTP/1.1\r\nHost: box\r\nAuthorization: Bearer {}\r\nContent-Length: 100000\r\n\r\n",
            phonebox.token
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&vec![7; share * 10_000]).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert!(!answer.starts_with(b"HTTP/1.1 200"), "{share}");
    }
    assert_eq!(phonebox.get("/files").json(200)["items"], json!([]));
    assert_eq!(blobs(&phonebox), [] as [String; 0]);
    let leftovers = std::fs::read_dir(phonebox.dir.path()).unwrap().flatten();
    assert!(leftovers.map(|entry| entry.file_name()).all(|name| !name.to_string_lossy().starts_with(".part-")));
}

#[test]
fn the_command_line_stores_lists_and_removes_files() {
    let phonebox = stopped();
    let file = phonebox.path().join("ring.wav");
    std::fs::write(&file, b"RIFF").unwrap();
    let said = phonebox.cli(&["file", "add", file.to_str().unwrap(), "--kind", "ringtone"]).ok();
    assert!(said.contains("ring.wav") && said.contains("ringtone") && said.contains(&hex(&sha256(b"RIFF"))), "{said}");
    assert_eq!(phonebox.cli(&["file", "list", "--json"]).json()[0]["size"], 4);
    phonebox.cli(&["file", "remove", "ring.wav"]).ok();
    assert!(phonebox.cli(&["file", "add", "/nowhere.rom"]).refused().contains("/nowhere.rom"));
}

#[test]
fn firmware_that_no_file_is_stored_for_is_told_and_a_file_that_a_layer_names_stays() {
    let phonebox = stopped();
    let file = phonebox.path().join("T54W.rom");
    std::fs::write(&file, b"rom").unwrap();
    let set =
        |value: &str| phonebox.cli(&["layer", "set", "--model", "Yealink/T54W", &format!("firmware.file={value}")]);
    let said = set("none.rom");
    assert!(said.code == 0 && said.err.contains("no file none.rom is stored"), "{said:?}");
    phonebox.cli(&["file", "add", file.to_str().unwrap()]).ok();
    for value in ["t54w.ROM", "firmware/T54W.rom"] {
        assert_eq!(set(value).err, "");
        let refused = phonebox.cli(&["file", "remove", "T54W.rom"]).refused();
        let next = "phonebox layer unset --model \"yealink/T54W\" firmware.file";
        assert!(refused.contains("still in use") && refused.contains(next), "{refused}");
    }
    phonebox.cli(&["file", "add", file.to_str().unwrap(), "--name", "other.rom", "--vendor", "yealink"]).ok();
    let other = phonebox.cli(&["layer", "set", "--model", "Snom/D785", "firmware.file=other.rom"]).refused();
    assert!(other.contains("firmware.file: \"other.rom\"") && other.contains("firmware of Yealink"), "{other}");
    phonebox.cli(&["layer", "unset", "--model", "yealink/T54W", "firmware.file"]).ok();
    phonebox.cli(&["file", "remove", "T54W.rom"]).ok();
}

#[test]
fn threat_077_the_same_bytes_stored_and_removed_at_once_are_never_half_there() {
    let phonebox = running();
    let bytes = vec![7u8; 50_000];
    std::thread::scope(|scope| {
        for name in ["a.rom", "b.rom", "c.rom"] {
            let (phonebox, bytes) = (&phonebox, &bytes);
            scope.spawn(move || {
                for _ in 0..10 {
                    phonebox.upload("PUT", &format!("/files/{name}"), bytes).json(200);
                    phonebox.delete(&format!("/files/{name}")).json(204);
                }
                phonebox.upload("PUT", &format!("/files/{name}"), bytes).json(200);
            });
        }
    });
    assert_eq!(phonebox.get("/files").json(200)["items"].as_array().unwrap().len(), 3);
    assert_eq!(blobs(&phonebox), [hex(&sha256(&bytes))]);
}

#[test]
fn threat_077_uploads_that_break_off_leave_nothing_behind() {
    let phonebox = running();
    let auth = format!("Host: box\r\nAuthorization: Bearer {}\r\nContent-Length: 100000\r\n", phonebox.token);
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let (phonebox, auth) = (&phonebox, &auth);
            scope.spawn(move || {
                for number in 0..250 {
                    let line = match number % 2 {
                        0 => format!("PUT /api/v1/files/{worker}-{number}.rom HTTP/1.1"),
                        _ => "POST /api/v1/devices/import HTTP/1.1".to_owned(),
                    };
                    let mut stream = TcpStream::connect(phonebox.address).unwrap();
                    let half = "mac\n".repeat(1 + number * 100 % 20_000);
                    stream.write_all(format!("{line}\r\n{auth}\r\n{half}").as_bytes()).unwrap();
                }
            });
        }
    });
    let parts = || {
        let entries = std::fs::read_dir(phonebox.dir.path()).unwrap().flatten();
        entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(".part-")).count()
    };
    eventually("the last broken upload is forgotten", || parts() == 0);
    assert_eq!(phonebox.get("/files").json(200)["items"], serde_json::json!([]));
    assert_eq!(phonebox.get("/devices").json(200)["items"], serde_json::json!([]));
    assert!(blobs(&phonebox).is_empty());
}
