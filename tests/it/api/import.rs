//! Import: CSV, JSON and ZIP; bad rows one by one, all good rows or none (AVA-223, AVA-238, threats T69 and T70).

use crate::support::admin::{Running, running, stopped};
use serde_json::{Value, json};
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;

fn import(phonebox: &Running, file: impl AsRef<[u8]>) -> Value {
    phonebox.upload("POST", "/devices/import", file.as_ref()).json(200)
}

fn reasons(report: &Value) -> Vec<(u64, String)> {
    let problem = |one: &Value| (one["row"].as_u64().unwrap(), one["reason"].as_str().unwrap().to_owned());
    report["problems"].as_array().unwrap().iter().map(problem).collect()
}

fn count(phonebox: &Running) -> usize {
    phonebox.get("/devices?limit=500").json(200)["items"].as_array().unwrap().len()
}

const GOOD: &str = "mac,vendor,model,name,site,active,line1_user,line1_password,line1_display_name,sip.server,line1_line.label\n\
    80:5E:C0:AA:BB:01,Yealink,T54W,Front desk,default,yes,201,hunter2,\"Smith, John\",PBX.example,Front\n\
    805e.c0aa.bb02,snom,D785,,,no,202,,,,\n";

#[test]
fn a_csv_brings_devices_lines_and_settings_and_keeps_its_secrets() {
    let phonebox = running();
    let report = import(&phonebox, GOOD);
    assert_eq!((&report["rows"], &report["added"], &report["rejected"]), (&json!(2), &json!(2), &json!(0)), "{report}");
    let device = phonebox.get("/devices/805ec0aabb01").json(200);
    assert_eq!(
        (&device["vendor"], &device["name"], &device["state"]),
        (&json!("Yealink"), &json!("Front desk"), &json!("active"))
    );
    let line = &device["lines"][0];
    assert_eq!(
        (&line["sip_account"]["display_name"], &line["sip_account"]["password_set"]),
        (&json!("Smith, John"), &json!(true))
    );
    assert_eq!(line["settings"][0]["value"], "Front");
    assert_eq!(device["settings"][0]["value"], "pbx.example");
    let stored = phonebox
        .db
        .read(|conn| phonebox::devices::store::by_mac(conn, &phonebox.keys, "805ec0aabb01".parse().unwrap()))
        .unwrap()
        .unwrap();
    assert_eq!(stored.token.reveal().len(), phonebox::devices::TOKEN_LEN);
    let lines = phonebox.db.read(|conn| phonebox::devices::store::lines(conn, &phonebox.keys, stored.id)).unwrap();
    assert_eq!(lines[0].account.as_ref().unwrap().password.as_ref().unwrap().reveal(), "hunter2");
    let audit = phonebox.get("/audit").json(200);
    assert_eq!(audit["items"].as_array().unwrap().len(), 1, "one file, one row");
    assert_eq!(audit["items"][0]["action"], "device.import");
}

#[test]
fn separators_byte_order_mark_line_ends_and_blank_rows_do_not_matter() {
    for (number, text) in [
        GOOD.replace("\"Smith, John\"", "John").replace(',', ";"),
        format!("\u{feff}{GOOD}"),
        GOOD.replace('\n', "\r\n"),
        GOOD.replace("\"Smith, John\"", "John").replace(',', "\t"),
        GOOD.replace("snom", "\"snom\"") + ",,,,,,,,,,\n\n",
    ]
    .into_iter()
    .enumerate()
    {
        let phonebox = running();
        let report = import(&phonebox, text);
        assert_eq!((&report["added"], &report["rejected"]), (&json!(2), &json!(0)), "{number}: {report}");
    }
}

#[test]
fn rows_have_the_numbers_that_an_editor_shows_whatever_ends_their_lines() {
    let phonebox = running();
    let text = "mac,name\nzz,\n\n\nyy,\"a\nb\"\n000413000061,fine\nxx,";
    for (number, text) in
        [text.to_owned(), text.replace('\n', "\r\n"), text.replace('\n', "\r"), format!("{text}\n")].iter().enumerate()
    {
        let report = phonebox.upload("POST", "/devices/import?dry_run=true", text.as_bytes()).json(200);
        let rows: Vec<u64> = reasons(&report).iter().map(|(row, _)| *row).collect();
        assert_eq!((rows, &report["added"]), (vec![2, 5, 8], &json!(1)), "{number}: {report}");
    }
}

#[test]
fn a_column_that_is_none_is_told_with_those_there_are() {
    let phonebox = running();
    for (column, words) in [
        ("seriel", &["\"seriel\" is not known", "Did you mean serial?", "line1_user"][..]),
        ("SIP.Sever", &["Did you mean sip.server?", "every setting's name"]),
        ("line256_user", &["from 1 to 255"]),
    ] {
        let csv = format!("mac,{column}\n805ec0aabb01,1\n");
        let (_, message) = phonebox.upload("POST", "/devices/import", csv.as_bytes()).refused(400);
        assert!(words.iter().all(|word| message.contains(word)), "{message}");
    }
}

#[test]
fn a_zips_other_files_are_left_out_by_name_and_its_lists_are_taken() {
    let phonebox = running();
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in [
        ("readme.txt", "Our phones, floor by floor.\n"),
        ("one.csv", "mac\n805ec0aabb01\n"),
        ("logo.png", "\u{89}PNG"),
        ("tabs.txt", "name\tMAC\nDesk\t805ec0aabb02\n"),
    ] {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    let report = import(&phonebox, zip.finish().unwrap().into_inner());
    assert_eq!((&report["added"], &report["rejected"]), (&json!(2), &json!(2)), "{report}");
    for (problem, name) in report["problems"].as_array().unwrap().iter().zip(["readme.txt", "logo.png"]) {
        assert_eq!((&problem["file"], &problem["row"]), (&json!(name), &json!(0)), "{report}");
        assert!(problem["reason"].as_str().unwrap().contains("left out"), "{report}");
    }
}

/// AVA-238. ALE-042: each names the MAC, where there is one, and why.
/// The row that the mark is in, whatever it swallows.
#[test]
fn a_quotation_mark_that_is_never_closed_is_refused_with_its_row() {
    let head = "mac,vendor,model\n805ec0de0000,Yealink,T54W\n\n";
    for (rest, bad) in [
        ("805ec0de0001,Yealink,\"T54W\n805ec0de0002,Yealink,T54W\n", 4),
        ("805ec0de0001,Yealink,T54W\n805ec0de0002,Yealink,\"T54W\n", 5),
        ("805ec0de0001,Yealink,T54W\n805ec0de0002,Yealink,\"T54W", 5),
        ("805ec0de0001,Yealink,T54W\n\"", 5),
        ("805ec0de0001,Yealink,T54W\n805ec0de0002,\"Yealink\r\n\r\n", 5),
    ] {
        let phonebox = running();
        let reasons = reasons(&import(&phonebox, format!("{head}{rest}")));
        let (row, reason) = reasons.first().unwrap_or_else(|| panic!("{rest}: accepted"));
        assert_eq!((*row, reasons.len()), (bad, 1), "{rest}: {reasons:?}");
        assert!(reason.contains("quotation mark"), "{reason}");
    }
    let phonebox = running();
    let closed = format!("{head}805ec0de0001,Yealink,\"T54W\"\n805ec0de0002,Yealink,T54W,\n\n");
    assert_eq!(reasons(&import(&phonebox, closed)), []);
    assert_eq!(count(&phonebox), 3);
}

#[test]
fn ava_238_bad_and_duplicate_rows_are_rejected_one_by_one_with_row_and_reason() {
    let phonebox = running();
    phonebox.post("/devices", json!({"mac": "805ec0aabb09"})).json(201);
    let csv = "mac,vendor,site,line1_user,line1_password,sip.port,name\n\
        805ec0aabb01,,,,,,good\n\
        ,,,,,,no mac\n\
        805ec0aabb0,,,,,,short\n\
        80-5E-C0-AA-BB-01,,,,,,twice\n\
        805ec0aabb09,,,,,,there already\n\
        805ec0aabb02,Nokia3310,,,,,vendor\n\
        805ec0aabb03,,Nowhere,,,,site\n\
        805ec0aabb04,,,,hunter2,,no user\n\
        805ec0aabb05,,,,,70000,port\n\
        805ec0aabb06,,,,,,\"a\nb\"\n\
        805ec0aabb07,,,,,,too,many\n\
        805ec0aabb08,,,208,hunter2,5061,good\n";
    let dry = phonebox.upload("POST", "/devices/import?dry_run=true", csv.as_bytes()).json(200);
    assert_eq!(count(&phonebox), 1, "a dry run changes nothing");
    let report = import(&phonebox, csv);
    let expected = [
        (3, "MAC is missing"),
        (4, "805ec0aabb0"),
        (5, "row 2 already"),
        (6, "there is a device 805ec0aabb09 already"),
        (7, "Nokia3310"),
        (8, "there is no site \"Nowhere\""),
        (9, "line 1 has no user"),
        (10, "sip.port"),
        (11, "control character"),
        (13, "under no column"),
    ];
    assert_eq!((&report["problems"][3]["mac"], &report["problems"][0]["mac"]), (&json!("805ec0aabb09"), &Value::Null));
    let reasons = reasons(&report);
    assert_eq!(reasons.len(), expected.len(), "{reasons:?}");
    for ((row, reason), (at, words)) in reasons.iter().zip(expected) {
        assert!(*row == at && reason.contains(words), "{row} {reason}, expected {at} {words}");
        assert!(!reason.contains("hunter2"));
    }
    assert_eq!((&report["rows"], &report["added"], &report["rejected"]), (&json!(12), &json!(2), &json!(10)));
    assert_eq!(dry["problems"], report["problems"], "a dry run reports the same");
    assert_eq!((&dry["added"], &dry["dry_run"]), (&json!(2), &json!(true)));
    assert_eq!(count(&phonebox), 3);
}

#[test]
fn ava_223_json_arrays_lines_and_zips_say_the_same_as_csv() {
    let nested = json!({"mac": "80:5e:c0:aa:bb:01", "vendor": "Yealink", "active": true, "serial": null,
        "settings": {"sip.port": 5061}, "lines": [{"number": 1, "user": 201, "password": "hunter2", "settings": {"line.label": "Front"}}]});
    let flat = json!({"mac": "805ec0aabb02", "line1_user": "202", "sip.port": "5061"});
    let array = format!("\u{feff} [{nested},\n{flat}, 7]");
    let lines = format!("{nested}\n\n{flat}\n{{\"mac\": broken}}\n");
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("one.json", SimpleFileOptions::default()).unwrap();
    zip.write_all(format!("[{nested}]").as_bytes()).unwrap();
    zip.start_file("dir/two.csv", SimpleFileOptions::default()).unwrap();
    zip.write_all(b"mac,line1_user,sip.port\n805ec0aabb02,202,5061\n805ec0aabb01,,\n").unwrap();
    let zip = zip.finish().unwrap().into_inner();
    for (file, bad) in [(array.into_bytes(), 3), (lines.into_bytes(), 4), (zip, 3)] {
        let phonebox = running();
        let report = import(&phonebox, file);
        assert_eq!((&report["added"], &report["rejected"]), (&json!(2), &json!(1)), "{report}");
        assert_eq!(report["problems"][0]["row"], bad, "{report}");
        let device = phonebox.get("/devices/805ec0aabb01").json(200);
        assert_eq!((&device["state"], &device["settings"][0]["value"]), (&json!("active"), &json!("5061")));
        assert_eq!(
            (&device["lines"][0]["sip_account"]["user"], &device["lines"][0]["settings"][0]["value"]),
            (&json!("201"), &json!("Front"))
        );
        assert_eq!(phonebox.get("/devices/805ec0aabb02").json(200)["lines"][0]["sip_account"]["user"], "202");
    }
}

#[test]
fn threat_070_a_file_that_cannot_be_read_to_its_end_is_not_taken_at_all() {
    let phonebox = running();
    let row = |number: usize| format!("805ec0{number:06x},\n");
    let utf16: Vec<u8> = b"\xff\xfe".iter().copied().chain("mac\n".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let many: String = (0..10_001).map(|number| format!(",key{number}")).collect();
    let open = format!("mac,name\n{}805ec0bbbb01,\"{}", (1..100).map(row).collect::<String>(), "x\n".repeat(800_000));
    let long = format!("mac,name\n{}805ec0bbbb01,{}\n", (1..100).map(row).collect::<String>(), "x".repeat(1_600_000));
    let half = r#"[{"mac":"805ec0aabb01"},{"mac":"805ec0aabb02""#;
    for (what, file) in [
        ("empty", Vec::new()),
        ("blank", b"  \n".to_vec()),
        ("UTF-16", utf16),
        ("NUL", b"m\0a\0c\0".to_vec()),
        ("no mac column", b"name,site\nx,y\n".to_vec()),
        ("account_id", b"mac,account_id\n805ec0aabb01,2\n".to_vec()),
        ("twice", b"mac,name,Name\n805ec0aabb01,a,b\n".to_vec()),
        ("columns", format!("mac{many}\n805ec0aabb01\n").into_bytes()),
        ("open quote", open.into_bytes()),
        ("long line", long.into_bytes()),
        ("half JSON", half.as_bytes().to_vec()),
        ("JSON depth", format!("[{}", "[".repeat(100_000)).into_bytes()),
    ] {
        let answer = phonebox.upload("POST", "/devices/import", &file);
        let (code, message) = answer.refused(400);
        assert_eq!(code, "bad-file", "{what}: {message}");
        assert!(message.contains("Nothing was changed"), "{what}: {message}");
        assert_eq!(count(&phonebox), 0, "{what}");
    }
    let leftovers = std::fs::read_dir(phonebox.dir.path()).unwrap().flatten();
    assert!(leftovers.map(|entry| entry.file_name()).all(|name| !name.to_string_lossy().starts_with(".part-")));
}

#[test]
fn threat_069_zip_bombs_links_and_locked_files_are_refused_before_they_unpack() {
    let phonebox = running();
    type Zip = zip::ZipWriter<Cursor<Vec<u8>>>;
    let zip = |fill: &dyn Fn(&mut Zip)| {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        fill(&mut zip);
        zip.finish().unwrap().into_inner()
    };
    let file = |zip: &mut Zip, name: &str, text: &[u8]| {
        zip.start_file(name, SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated))
            .unwrap();
        zip.write_all(text).unwrap();
    };
    let bomb = zip(&|zip| file(zip, "a.csv", &[b'\n'; 16 << 20]));
    let many = zip(&|zip| (0..500).for_each(|number| file(zip, &format!("{number}.csv"), b"mac\n")));
    let nested = zip(&|zip| file(zip, "a.csv", &bomb));
    let link = zip(&|zip| zip.add_symlink("a.csv", "/etc/passwd", SimpleFileOptions::default()).unwrap());
    let outside = zip(&|zip| file(zip, "../../a.csv", b"mac\n805ec0aabb01\n"));
    let program = zip(&|zip| file(zip, "a.exe", b"MZ"));
    let empty = zip(&|_| {});
    let mut cut = zip(&|zip| file(zip, "a.csv", b"mac\n805ec0aabb01\n"));
    cut.truncate(cut.len() / 2);
    let mut lies = bomb.clone();
    // The directory claims that the bomb is ten bytes.
    let directory = lies.windows(4).rposition(|four| four == b"PK\x01\x02").unwrap();
    lies[directory + 24..directory + 28].copy_from_slice(&10u32.to_le_bytes());
    for (what, file) in [
        ("bomb", bomb),
        ("many", many),
        ("nested", nested),
        ("link", link),
        ("outside", outside),
        ("program", program),
        ("empty", empty),
        ("cut", cut),
        ("lies", lies),
    ] {
        let (code, message) = phonebox.upload("POST", "/devices/import", &file).refused(400);
        assert_eq!(code, "bad-file", "{what}: {message}");
        assert_eq!(count(&phonebox), 0, "{what}");
    }
}

#[test]
fn the_command_line_imports_with_row_numbers_and_changes_nothing_on_a_dry_run() {
    let phonebox = stopped();
    let file = phonebox.path().join("devices.csv");
    std::fs::write(&file, "mac,line1_user,line1_password\n805ec0aabb01,201,hunter2\nnonsense,,\n805ec0aabb02,202,\n")
        .unwrap();
    let file = file.to_str().unwrap();
    let said = phonebox.cli(&["device", "import", file, "--dry-run"]).ok();
    assert!(
        said.contains("row 3: \"nonsense\" is not a MAC address") && said.contains("2 devices would be added"),
        "{said}"
    );
    assert_eq!(phonebox.cli(&["device", "list", "--json"]).json(), json!([]));
    let said = phonebox.cli(&["device", "import", file]).ok();
    assert!(said.contains("2 devices added, 1 rows rejected."), "{said}");
    let refused = phonebox.cli(&["device", "import", file]).refused();
    assert!(refused.contains("No row was accepted"), "{refused}");
    let report = phonebox.cli_with_input(&["device", "import", "-", "--json"], "mac\n805ec0aabb03\n").json();
    assert_eq!(report["added"], 1);
    let refused = phonebox.cli_with_input(&["device", "import", "-"], "name\nx\n").refused();
    assert!(refused.contains("no column mac"), "{refused}");
}

/// A bar for whoever watches: on a terminal, and not one byte of it in a script's files.
#[test]
fn a_large_import_shows_its_progress_on_a_terminal_only() {
    const ROWS: usize = 20_000;
    let phonebox = stopped();
    let file = phonebox.path().join("devices.csv");
    let rows: String = (0..ROWS).map(|number| format!("805ec1{number:06x}\n")).collect();
    std::fs::write(&file, format!("mac\n{rows}")).unwrap();
    let said = phonebox.cli(&["device", "import", file.to_str().unwrap(), "--dry-run"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    assert_eq!(said.out, format!("{ROWS} devices would be added, 0 rows would be rejected. Nothing was changed.\n"));
    // script(1) runs it on a terminal of its own.
    let words = format!("stty cols 100; exec {} device import {}", env!("CARGO_BIN_EXE_phonebox"), file.display());
    let shown = std::process::Command::new("script")
        .args(["-qec", &words, "/dev/null"])
        .env("PHONEBOX_DATA", phonebox.path())
        .env("TERM", "xterm")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&shown.stdout);
    assert!(shown.status.success(), "{text}");
    let bars: Vec<&str> = text.split(['\r', '\n']).filter(|line| line.contains("imported [")).collect();
    assert!(bars.iter().any(|bar| bar.contains('%') && bar.contains(" rows")), "{text}");
    assert!(bars.last().unwrap().contains(&format!("100% {ROWS} rows")), "{bars:?}");
    assert!(text.contains(&format!("{ROWS} devices added, 0 rows rejected.")), "{text}");
    let open = phonebox::db::Connection::open(phonebox.path().join("phonebox.db")).unwrap();
    let count: i64 = open.query_row("SELECT count(*) FROM device", [], |row| row.get(0)).unwrap();
    assert_eq!(count, ROWS as i64);
}

/// F2: kill -9 in the middle of an import leaves all of it or nothing, and the box starts again.
#[test]
fn fault_02_a_killed_import_leaves_all_or_nothing() {
    let rows = 12_000;
    let mut csv = String::from("mac,line1_user,line1_password\n");
    for number in 0..rows {
        csv.push_str(&format!("805e{number:08x},{number},secret{number}\n"));
    }
    let phonebox = stopped();
    let file = phonebox.path().join("devices.csv");
    std::fs::write(&file, csv).unwrap();
    for round in 0..3 {
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_phonebox"))
            .args(["device", "import"])
            .arg(&file)
            .env("PHONEBOX_DATA", phonebox.path())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        // The write-ahead log grows while the transaction runs: each round is killed at another size of it.
        let log = phonebox.path().join("phonebox.db-wal");
        let enough = 300_000 + 800_000 * round;
        while log.metadata().map_or(0, |facts| facts.len()) < enough && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        let _ = child.kill();
        child.wait().unwrap();
        let devices = phonebox.cli(&["device", "list", "--search", "805e000000", "--json"]).json();
        let found = devices.as_array().unwrap().len();
        assert!(found == 0 || found == 256, "round {round}: {found}");
    }
}
