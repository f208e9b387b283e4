//! The clients that people have: tftp-hpa, atftp, busybox and curl, from Debian's packages `tftp-hpa`, `atftp`,
//! `busybox` and `curl`.

use super::{Tftp, calm, from_memory, pattern};
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Output};

/// Fetches `file` from the server into the path.
type Fetch = fn(&SocketAddr, file: &str, into: &Path) -> Output;

const BINARY: [(&str, Fetch); 8] = [
    ("tftp-hpa", |server, file, into| tftp_hpa("binary", server, file, into)),
    ("atftp", |server, file, into| atftp(&[], server, file, into)),
    ("atftp, blksize", |server, file, into| atftp(&["blksize 1468"], server, file, into)),
    ("atftp, all options", |server, file, into| {
        atftp(&["blksize 1024", "windowsize 16", "tsize 0", "timeout 3"], server, file, into)
    }),
    ("busybox", |server, file, into| busybox("512", server, file, into)),
    ("busybox, blksize", |server, file, into| busybox("1468", server, file, into)),
    ("curl", |server, file, into| curl(&[], server, file, into)),
    ("curl, blksize", |server, file, into| curl(&["--tftp-blksize", "1400"], server, file, into)),
];

fn tftp_hpa(mode: &str, server: &SocketAddr, file: &str, into: &Path) -> Output {
    let (host, port) = (server.ip().to_string(), server.port().to_string());
    run(Command::new("tftp").args(["-m", mode, &host, &port, "-c", "get", file]).arg(into))
}

fn atftp(options: &[&str], server: &SocketAddr, file: &str, into: &Path) -> Output {
    let mut command = Command::new("atftp");
    for option in options {
        command.args(["--option", option]);
    }
    command.args(["-g", "-r", file, "-l"]).arg(into).arg(server.ip().to_string()).arg(server.port().to_string());
    run(&mut command)
}

fn busybox(block_size: &str, server: &SocketAddr, file: &str, into: &Path) -> Output {
    let (host, port) = (server.ip().to_string(), server.port().to_string());
    run(Command::new("busybox").args(["tftp", "-g", "-b", block_size, "-r", file, "-l"]).arg(into).args([host, port]))
}

fn curl(options: &[&str], server: &SocketAddr, file: &str, into: &Path) -> Output {
    let url = format!("tftp://{server}/{file}");
    run(Command::new("curl").args(["-sS", "-o"]).arg(into).args(options).arg(url))
}

fn run(command: &mut Command) -> Output {
    match command.output() {
        Ok(output) => output,
        Err(error) => panic!("{command:?}: {error}. Install tftp-hpa, atftp, busybox and curl"),
    }
}

#[test]
fn every_client_gets_every_file() {
    let large = pattern(300_000);
    let files: [(&str, &[u8]); 5] = [
        ("one.cfg", b"#!version:1.0.0.1\n"),
        ("block.cfg", &large[..512]),
        ("blocks.cfg", &large[..1468 * 3]),
        ("y000000000096.cfg", &large[..4096]),
        ("firmware.rom", &large),
    ];
    let server = Tftp::serving(calm(), &files);
    let folder = tempfile::tempdir().unwrap();
    for (client, fetch) in BINARY {
        for (name, expected) in files {
            let into = folder.path().join(name);
            let output = fetch(&server.address, name, &into);
            let got = fs::read(&into).unwrap_or_default();
            assert!(got == expected, "{client}, {name}: {} of {} bytes, {output:?}", got.len(), expected.len());
            let (read, outcome) = server.outcome();
            assert_eq!(read.file, name.as_bytes());
            assert!(outcome.complete && outcome.failure.is_none(), "{client}, {name}: {outcome:?}");
            assert_eq!(
                (outcome.bytes_acknowledged, outcome.retransmits),
                (expected.len() as u64, 0),
                "{client}, {name}"
            );
            fs::remove_file(&into).unwrap();
        }
    }
}

#[test]
fn every_client_reports_a_missing_file() {
    let server = Tftp::serving(calm(), &[]);
    let folder = tempfile::tempdir().unwrap();
    for (client, fetch) in BINARY {
        let output = fetch(&server.address, "missing.cfg", &folder.path().join("missing.cfg"));
        // curl says it by its exit code, CURLE_TFTP_NOTFOUND.
        let said = [output.stdout, output.stderr].concat().to_ascii_lowercase();
        let is_told = String::from_utf8_lossy(&said).contains("not found") || output.status.code() == Some(68);
        assert!(is_told, "{client}: {}", said.escape_ascii());
        let (_, outcome) = server.outcome();
        assert!(!outcome.complete && outcome.failure.is_none());
    }
}

#[test]
fn netascii_arrives_as_the_text_it_was() {
    let text = b"a\n\nb\r\nc\rd\n".repeat(200);
    let server = Tftp::serving(calm(), &[("text.cfg", &text)]);
    let folder = tempfile::tempdir().unwrap();
    let into = folder.path().join("text.cfg");
    tftp_hpa("netascii", &server.address, "text.cfg", &into);
    assert!(fs::read(&into).unwrap() == text);
    assert!(server.outcome().1.complete);
}

#[test]
fn clients_come_by_both_families() {
    let large = pattern(20_000);
    let server = Tftp::start("[::]:0", calm(), from_memory(&[("large", &large)]));
    let folder = tempfile::tempdir().unwrap();
    let into = folder.path().join("large");
    for host in ["127.0.0.1", "[::1]"] {
        let address: SocketAddr = format!("{host}:{}", server.address.port()).parse().unwrap();
        for fetch in [BINARY[0].1, BINARY[6].1] {
            fetch(&address, "large", &into);
            assert!(fs::read(&into).unwrap() == large);
            fs::remove_file(&into).unwrap();
            let (read, outcome) = server.outcome();
            assert_eq!((read.peer.ip(), read.local), (address.ip(), Some(address.ip())));
            assert!(outcome.complete);
        }
    }
}
