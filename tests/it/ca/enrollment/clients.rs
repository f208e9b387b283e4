//! A box with one phone in it, and the real programs that play the phone.

use crate::support::server::Phonebox;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Output};

pub const MAC: &str = "805ec0aabb01";
pub const OTHER: &str = "805ec0aabb02";

pub struct Site {
    pub phonebox: Phonebox,
    /// Where the clients keep their files.
    pub desk: tempfile::TempDir,
    /// Phones of it come to the listener for old ones.
    pub old: bool,
}

/// Enough failures for a whole test: what the budget does is a test of its own.
const PATIENT: [&str; 2] = ["--misses-per-minute", "100000"];

pub fn site(flags: &[&str]) -> Site {
    let patient: &[&str] = if flags.contains(&PATIENT[0]) { &[] } else { &PATIENT };
    let phonebox = Phonebox::start_with(&[flags, patient].concat());
    let site = Site { phonebox, desk: tempfile::tempdir().unwrap(), old: flags.contains(&"--scep-old-phones") };
    for mac in [MAC, OTHER] {
        site.add(mac);
    }
    std::fs::write(site.file("root.pem"), site.phonebox.ca_pem()).unwrap();
    site
}

impl Site {
    pub fn add(&self, mac: &str) {
        let phone = ["--vendor", "Yealink", "--model", "T54W", "--activate"];
        self.phonebox.cli(&[&["device", "add", mac][..], &phone].concat());
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.desk.path().join(name)
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(name)).unwrap()
    }

    pub fn challenge(&self, mac: &str) -> String {
        self.phonebox.cli(&["enrollment", "challenge", mac]).trim().to_owned()
    }

    pub fn scep_url(&self, path: &str) -> String {
        format!("http://{}{path}", self.door())
    }

    /// Where its phones ask by SCEP.
    pub fn door(&self) -> SocketAddr {
        if self.old { self.phonebox.old_phones() } else { self.phonebox.http() }
    }

    pub fn try_run(&self, words: &[&str]) -> Output {
        Command::new(words[0]).args(&words[1..]).current_dir(self.desk.path()).output().unwrap()
    }

    /// Standard output of a program that must succeed.
    #[track_caller]
    pub fn run(&self, words: &[&str]) -> String {
        let output = self.try_run(words);
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{words:?}: {out}{err}");
        out.into_owned()
    }

    pub fn key(&self, name: &str) {
        self.run(&["openssl", "genrsa", "-traditional", "-out", name, "2048"]);
    }

    /// ca.pem, ca-1.pem and ra.pem, as strongSwan finds and judges them.
    pub fn fetch_ca(&self, url: &str) {
        self.run(&[
            "pki",
            "--scepca",
            "--url",
            url,
            "--caout",
            "ca.pem",
            "--raout",
            "ra.pem",
            "--outform",
            "pem",
            "--force",
        ]);
    }

    fn scep(&self, url: &str, key: &str, words: &[&str]) -> Output {
        let ca = ["--cacert-enc", "ra.pem", "--cacert-sig", "ca.pem", "--cacert", "ca-1.pem", "--outform", "pem"];
        let all = [&["pki", "--scep", "--url", url, "--in", key][..], &ca, words].concat();
        self.try_run(&all)
    }

    /// strongSwan enrols; its certificate goes to a file of this name.
    #[track_caller]
    pub fn enrolls(&self, url: &str, key: &str, words: &[&str], name: &str) {
        let output = self.scep(url, key, words);
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        std::fs::write(self.file(name), output.stdout).unwrap();
    }

    /// What strongSwan was told instead of a certificate.
    #[track_caller]
    pub fn is_refused(&self, url: &str, key: &str, words: &[&str]) -> String {
        let output = self.scep(url, key, words);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{words:?}: {said}");
        said
    }

    /// OpenSSL's and GnuTLS's judgement of a certificate, and what stands in it.
    #[track_caller]
    pub fn judged(&self, name: &str) -> String {
        self.run(&[
            "openssl",
            "verify",
            "-x509_strict",
            "-purpose",
            "sslclient",
            "-CAfile",
            "root.pem",
            "-untrusted",
            "ca-1.pem",
            name,
        ]);
        std::fs::write(self.file("chain.pem"), self.read(name) + &self.read("ca-1.pem")).unwrap();
        self.run(&["certtool", "--verify", "--load-ca-certificate", "root.pem", "--infile", "chain.pem"]);
        self.run(&["openssl", "x509", "-in", name, "-noout", "-text"])
    }

    pub fn serial(&self, name: &str) -> String {
        self.run(&["openssl", "x509", "-in", name, "-noout", "-serial"])
    }

    /// Reasons of the check-ins of a device, the newest first.
    pub fn reasons(&self, mac: &str) -> Vec<String> {
        let explained = self.phonebox.explain(mac);
        let rows = explained["timeline"].as_array().unwrap();
        rows.iter().map(|row| row["reason"].as_str().unwrap().to_owned()).collect()
    }

    /// Serials of all that was ever signed for devices.
    pub fn issued(&self) -> i64 {
        let database = self.phonebox.path().join("phonebox.db");
        let conn = phonebox::db::Connection::open(database).unwrap();
        conn.query_row("SELECT count(*) FROM certificate WHERE mac IS NOT NULL", [], |row| row.get(0)).unwrap()
    }
}
