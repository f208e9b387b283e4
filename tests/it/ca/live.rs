//! The running box: what phones and administrators do with its certificates, and what a kill or a power cut leaves.

use super::tools::{csr, run};
use crate::support::admin::Said;
use crate::support::console::ask;
use crate::support::server::Phonebox;
use serde_json::json;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

#[track_caller]
fn sh(dir: &Path, script: &str) -> String {
    let (worked, text) = run(dir, &["sh", "-ec", script]);
    assert!(worked, "{script}: {text}");
    text
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let since = Instant::now();
    while !holds() {
        assert!(since.elapsed() < Duration::from_secs(60), "{what} did not happen");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// AVA-103: root, chain, revocation list and OCSP by plain HTTP, for anybody; issue and revoke by the command line.
#[test]
fn anybody_fetches_root_list_and_answers_by_plain_http_and_a_revocation_holds_at_once() {
    let phonebox = Phonebox::start_with(&["--public-http", "http://box.example:8080"]);
    let files = tempfile::tempdir().unwrap();
    let dir = files.path();
    let http = phonebox.http();
    sh(
        dir,
        &format!(
            "for name in phonebox-ca.pem phonebox-ca.der phonebox-ca-chain.pem; do curl -sf http://{http}/$name -o $name; done
             curl -sf http://{http}/downloads/DeviceEnrollmentServiceRootCA.pem | cmp - phonebox-ca.pem"
        ),
    );
    let print = sh(dir, "openssl x509 -inform DER -in phonebox-ca.der -noout -fingerprint -sha256");
    assert!(print.contains(phonebox.cli(&["ca", "fingerprint"]).trim()), "{print}");
    phonebox.cli(&["device", "add", "001565aabb01"]);
    std::fs::write(dir.join("request.pem"), csr()).unwrap();
    sh(dir, "openssl req -in request.pem -outform DER -out request.der");
    let request = dir.join("request.der");
    let words = ["ca", "certificate", "issue", "--csr", request.to_str().unwrap(), "--mac", "00:15:65:aa:bb:01"];
    let pem = phonebox.cli(&words);
    std::fs::write(dir.join("leaf.pem"), &pem).unwrap();
    sh(dir, "openssl verify -x509_strict -CAfile phonebox-ca.pem -untrusted leaf.pem leaf.pem");
    let text = sh(dir, "openssl x509 -in leaf.pem -noout -text; sed '1,/-END/d' leaf.pem > issuing.pem");
    assert!(text.contains("Subject: CN = 001565aabb01") && !text.contains("not.asked"), "{text}");
    assert!(text.contains("URI:http://box.example:8080/phonebox-ca-2.crl"), "{text}");
    assert!(text.contains("OCSP - URI:http://box.example:8080/ocsp"), "{text}");
    let ask =
        format!("openssl ocsp -issuer issuing.pem -cert leaf.pem -CAfile phonebox-ca.pem -url http://{http}/ocsp");
    assert!(sh(dir, &ask).contains("leaf.pem: good"));
    let list = phonebox.json(&["ca", "certificate", "list", "--holder", "001565AABB01"]);
    let serial = list[0]["serial"].as_str().unwrap().to_owned();
    let shown = phonebox.cli(&["ca", "certificate", "revoke", &serial, "--reason", "key-compromise"]);
    assert!(shown.contains("revoked") && shown.contains("key-compromise"), "{shown}");
    assert!(sh(dir, &ask).contains("leaf.pem: revoked"));
    let list =
        format!("curl -sf http://{http}/phonebox-ca-2.crl | openssl crl -inform DER -noout -text -CAfile issuing.pem");
    assert!(sh(dir, &list).to_lowercase().contains(&serial));
    // GET, as RFC 6960 appendix A has it.
    let get = format!(
        "openssl ocsp -issuer issuing.pem -cert leaf.pem -no_nonce -reqout q.der; \
         curl -sf http://{http}/ocsp/$(base64 -w0 q.der | sed 's/+/%2B/g; s/=/%3D/g; s#/#%2F#g') -o a.der; \
         openssl ocsp -issuer issuing.pem -cert leaf.pem -respin a.der -CAfile phonebox-ca.pem"
    );
    assert!(sh(dir, &get).contains("leaf.pem: revoked"));
    assert!(phonebox.try_cli(&["ca", "certificate", "revoke", &serial]).ok().contains("key-compromise"), "final");
}

/// The whole chain is checked against lists that anybody fetches: with the root's key in the box, and two months after it
/// left, from a box that was started again. The root answers for its issuing CA by OCSP while its key is here.
#[test]
fn a_whole_chain_is_checked_against_the_lists_of_the_box_with_the_roots_key_and_without_it() {
    let mut phonebox = Phonebox::start_with(&["--public-http", "http://box.example:8080"]);
    let files = tempfile::tempdir().unwrap();
    let dir = files.path();
    phonebox.cli(&["device", "add", "001565aabb01"]);
    std::fs::write(dir.join("request.pem"), csr()).unwrap();
    let request = dir.join("request.pem").display().to_string();
    let pem = phonebox.cli(&["ca", "certificate", "issue", "--csr", &request, "--mac", "00:15:65:aa:bb:01"]);
    std::fs::write(dir.join("leaf.pem"), pem).unwrap();
    std::fs::write(dir.join("root.pem"), phonebox.ca_pem()).unwrap();
    let text = sh(dir, "sed '1,/-END/d' leaf.pem > issuing.pem; openssl x509 -in issuing.pem -noout -text");
    assert!(text.contains("URI:http://box.example:8080/phonebox-ca-1.crl") && !text.contains("OCSP"), "{text}");
    let check = |phonebox: &Phonebox, days: i64| {
        let (http, at) = (phonebox.http(), phonebox::clock::now() / 1_000 + days * 86_400);
        let fetched = format!(
            "for name in phonebox-ca-2 phonebox-ca-root; do
               curl -sf http://{http}/$name.crl -o $name.crl; openssl crl -inform DER -in $name.crl -out $name.pem
             done
             curl -sf http://{http}/phonebox-ca-1.crl | cmp - phonebox-ca-root.crl; cat phonebox-ca-*.pem > lists.pem
             openssl verify -x509_strict -crl_check_all -attime {at} -CRLfile lists.pem -CAfile root.pem -untrusted leaf.pem leaf.pem
             openssl crl -in phonebox-ca-root.pem -noout -text -nextupdate -CAfile root.pem 2>&1"
        );
        sh(dir, &fetched)
    };
    let ends = |text: &str| text.lines().find_map(|line| line.strip_prefix("nextUpdate=")).unwrap().to_owned();
    let number = |text: &str| -> u64 {
        let number = text.split("X509v3 CRL Number:").nth(1).unwrap().split_whitespace().next().unwrap();
        number.parse().unwrap()
    };
    let first = check(&phonebox, 0);
    assert!(first.contains("verify OK") && first.contains("No Revoked Certificates"), "{first}");
    let ask = |phonebox: &Phonebox| {
        let ask = "openssl ocsp -issuer root.pem -cert issuing.pem -CAfile root.pem -url";
        sh(dir, &format!("{ask} http://{}/ocsp 2>&1 || true", phonebox.http()))
    };
    let said = ask(&phonebox);
    assert!(said.contains("Response verify OK") && said.contains("issuing.pem: good"), "{said}");

    let (word, copy) = (format!("@{}", dir.join("word").display()), dir.join("copy.pem"));
    std::fs::write(dir.join("word"), "correct horse battery").unwrap();
    std::fs::write(&copy, phonebox.cli(&["ca", "root", "export", "--passphrase", &word])).unwrap();
    let moves = |phonebox: &Phonebox, way| {
        phonebox.cli(&["ca", "root", way, "--file", &copy.display().to_string(), "--passphrase", &word]);
    };
    moves(&phonebox, "offline");
    let kept = check(&phonebox, 0);
    let root_ends = sh(dir, "openssl x509 -in root.pem -noout -enddate").trim().replace("notAfter=", "");
    assert!(ends(&kept) == root_ends && number(&kept) > number(&first), "{kept}");
    phonebox.restart_at("+60d");
    assert_eq!(check(&phonebox, 60), kept, "the one that it left");
    assert!(ask(&phonebox).contains("unauthorized"));
    moves(&phonebox, "online");
    let again = check(&phonebox, 60);
    assert!(ends(&again) != root_ends && number(&again) > number(&kept), "{again}");
    // For this client it is two months too early.
    let said = ask(&phonebox);
    assert!(said.contains("Response verify OK"), "{said}");
}

fn install(phonebox: &Phonebox, dir: &Path, certificate: &str, key: &str) -> Said {
    let [certificate, key] = [certificate, key].map(|name| dir.join(name).display().to_string());
    phonebox.try_cli(&["ca", "install", "--certificates", &certificate, "--key", &key])
}

/// What `openssl` makes without being told more: certificates that sign themselves, keys of PKCS#1 and SEC 1, DER.
#[test]
fn a_server_certificate_and_its_key_are_taken_as_tools_write_them() {
    let phonebox = Phonebox::start();
    let files = tempfile::tempdir().unwrap();
    let dir = files.path();
    sh(
        dir,
        "openssl genrsa -traditional -out rsa.key 2048; openssl ecparam -name prime256v1 -genkey -out ec.key
         grep -q 'BEGIN RSA' rsa.key; grep -q 'EC PARAMETERS' ec.key; grep -q 'BEGIN EC PRIVATE' ec.key
         own() { name=$1; key=$2; shift 2; openssl req -x509 -key $key -out $name -days 99 \"$@\"; }
         own rsa.pem rsa.key -subj /CN=rsa -addext subjectAltName=IP:192.0.2.1
         own ec.pem ec.key -subj /CN=ec.example
         own ca.pem rsa.key -subj '/CN=Some CA'
         own client.pem rsa.key -subj /CN=c.example -addext extendedKeyUsage=clientAuth
         openssl x509 -in ec.pem -outform DER -out ec.crt; openssl ec -in ec.key -outform DER -out ec.der
         openssl rsa -in rsa.key -traditional -outform DER -out rsa.der; openssl x509 -in rsa.pem -outform DER -out rsa.crt
         openssl rsa -in rsa.key -traditional -aes128 -passout pass:secret -out old.key",
    );
    let shown = format!("openssl s_client -connect {} </dev/null 2>&1", phonebox.https());
    for (name, [certificate, key]) in [
        ("rsa", ["rsa.pem", "rsa.key"]),
        ("ec.example", ["ec.pem", "ec.key"]),
        ("rsa", ["rsa.crt", "rsa.der"]),
        ("ec.example", ["ec.crt", "ec.der"]),
    ] {
        let said = install(&phonebox, dir, certificate, key);
        assert_eq!(said.code, 0, "{certificate}: {said:?}");
        assert!(sh(dir, &shown).contains(&format!("subject=CN = {name}\n")), "{certificate}");
    }
    for (certificate, key, why) in [
        ("ca.pem", "rsa.key", "is a CA, not a server"),
        ("client.pem", "rsa.key", "lacks serverAuth"),
        ("rsa.pem", "ec.key", "does not belong"),
        ("rsa.pem", "old.key", "openssl pkcs8 -topk8"),
    ] {
        let said = install(&phonebox, dir, certificate, key).refused();
        assert!(said.contains(why), "{certificate}: {said}");
    }
}

#[test]
fn an_administrators_own_server_certificate_is_shown_at_once_and_taken_away_again() {
    let phonebox = Phonebox::start();
    let files = tempfile::tempdir().unwrap();
    let dir = files.path();
    sh(
        dir,
        "openssl req -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.pem -days 99 -subj '/CN=Own Root'
         openssl req -newkey rsa:2048 -nodes -keyout own.key -out own.csr -subj '/CN=pbx.example'
         printf 'subjectAltName=DNS:pbx.example\\n' > ext
         openssl x509 -req -in own.csr -CA root.pem -CAkey root.key -CAcreateserial -days 9 -extfile ext -out own.pem",
    );
    let install = |certificate: &str, key: &str| install(&phonebox, dir, certificate, key);
    assert!(install("own.pem", "root.key").refused().contains("does not belong"));
    let said = install("own.pem", "own.key");
    assert!(said.code == 0 && said.err.contains("does not cover"), "{said:?}");
    let shown = format!("openssl s_client -connect {} </dev/null 2>&1", phonebox.https());
    assert!(sh(dir, &shown).contains("subject=CN = pbx.example"));
    assert_eq!(phonebox.json(&["ca", "show"])["installed"], "CN=pbx.example");
    // Nine days are less than fourteen: somebody is told. F19.
    let ends = phonebox.json(&["ca", "expiring"]);
    assert!(ends.as_array().unwrap().iter().any(|one| one["holder"] == "CN=pbx.example"), "{ends}");
    until("the alarm of 14 days", || phonebox.has_alarm("certificate-ends-14"));
    phonebox.cli(&["ca", "install", "--remove"]);
    assert!(!sh(dir, &shown).contains("subject=CN = pbx.example"));
}

/// What the box shows itself can be revoked like all it has signed: the next handshake and the next phone get another.
#[test]
fn a_certificate_of_the_box_that_is_revoked_is_replaced_at_once() {
    let phonebox = Phonebox::start();
    let files = tempfile::tempdir().unwrap();
    let fetched = format!("curl -sf 'http://{}/scep?operation=GetCACert' -o ra.p7", phonebox.http());
    let ra = format!(
        "{fetched}; openssl pkcs7 -inform DER -in ra.p7 -print_certs | openssl x509 -noout -serial | tr A-F a-f"
    );
    let served = |kind: &str| {
        format!(
            "openssl s_client -connect {} -tls1_2 -cipher {kind} </dev/null 2>/dev/null | openssl x509 -noout -serial \
             | tr A-F a-f",
            phonebox.https()
        )
    };
    for (holder, shown) in [("scep", ra), ("server-rsa", served("aRSA")), ("server-ecdsa", served("aECDSA"))] {
        let before = sh(files.path(), &shown);
        let list = phonebox.json(&["ca", "certificate", "list", "--holder", holder]);
        let serial = list[0]["serial"].as_str().unwrap();
        assert!(before.trim().ends_with(serial), "{holder}: {before} {serial}");
        phonebox.cli(&["ca", "certificate", "revoke", serial]);
        let after = sh(files.path(), &shown);
        assert!(after.starts_with("serial=") && after != before, "{holder}: {before} {after}");
    }
}

/// F19, T85: what ends is told; the box's own certificate is made anew in time, and phones are served all along.
#[test]
fn fault_19_what_ends_is_told_and_the_server_is_renewed_in_time() {
    let mut phonebox = Phonebox::start();
    let files = tempfile::tempdir().unwrap();
    let request = phonebox.file(&csr());
    phonebox.cli(&["device", "add", "001565aabb01"]);
    phonebox.cli(&["ca", "profile", "add", "short", "--validity-days", "20"]);
    let words = ["ca", "certificate", "issue", "--csr", request.to_str().unwrap(), "--mac", "001565aabb01"];
    phonebox.cli(&[&words[..], &["--profile", "short"]].concat());
    let end = |phonebox: &Phonebox| {
        let script = format!(
            "openssl s_client -connect {} </dev/null 2>/dev/null | openssl x509 -noout -enddate",
            phonebox.https()
        );
        sh(files.path(), &script)
    };
    let first = end(&phonebox);
    until("the alarm, without a restart", || phonebox.has_alarm("certificate-ends-30"));
    let told = |phonebox: &Phonebox, kind: &str| phonebox.alarms().iter().any(|alarm| alarm["kind"] == kind);
    phonebox.restart_at("+1d");
    until("the alarm of 30 days", || told(&phonebox, "certificate-ends-30"));
    assert_eq!(end(&phonebox), first);
    phonebox.restart_at("+10d");
    until("the alarm of 14 days", || told(&phonebox, "certificate-ends-14"));
    assert!(!told(&phonebox, "certificate-ends-30"), "one takes the other's place");
    phonebox.restart_at("+14d");
    until("the alarm of 7 days", || told(&phonebox, "certificate-ends-7"));
    phonebox.restart_at("+700d");
    assert_ne!(end(&phonebox), first, "two thirds of its life are over");
    let script = format!(
        "curl -sf --cacert {} https://{}/phonebox-ca.pem",
        phonebox.path().join("phonebox-ca.pem").display(),
        phonebox.https()
    );
    // The clock of curl is today's; the certificate is valid from 1970.
    assert!(sh(files.path(), &script).contains("BEGIN CERTIFICATE"));
}

/// F19: a phone that is dead for good does not keep the ends of the others from being told in time.
#[test]
fn fault_19_a_certificate_that_has_ended_hides_no_other() {
    let mut phonebox = Phonebox::start();
    for (days, mac) in [("20", "001565aabb01"), ("50", "001565aabb02")] {
        phonebox.cli(&["device", "add", mac]);
        phonebox.cli(&["ca", "profile", "add", &format!("days-{days}"), "--validity-days", days]);
        let request = phonebox.file(&csr());
        let words = ["ca", "certificate", "issue", "--csr", request.to_str().unwrap(), "--mac", mac];
        phonebox.cli(&[&words[..], &["--profile", &format!("days-{days}")]].concat());
    }
    let told = |phonebox: &Phonebox, kind: &str| phonebox.alarms().iter().any(|alarm| alarm["kind"] == kind);
    phonebox.restart_at("+25d");
    until("the alarm of 30 days", || told(&phonebox, "certificate-ends-30"));
    assert!(!told(&phonebox, "certificate-ends-1"), "it has ended already");
    let report = phonebox.json(&["ca", "expiring"]);
    let is_listed = |mac| report.as_array().unwrap().iter().any(|one| one["holder"] == mac);
    assert!(is_listed("001565aabb01") && is_listed("001565aabb02"), "{report}");
    phonebox.restart_at("+40d");
    until("the alarm of 14 days", || told(&phonebox, "certificate-ends-14"));
}

/// F19: what a phone got last is what it uses, also where one that it had before would end later.
#[test]
fn fault_19_a_certificate_that_ends_later_hides_no_younger_one() {
    let phonebox = Phonebox::start();
    let request = phonebox.file(&csr());
    phonebox.cli(&["device", "add", "001565aabb01"]);
    let words = ["ca", "certificate", "issue", "--csr", request.to_str().unwrap(), "--mac", "001565aabb01"];
    phonebox.cli(&words);
    phonebox.cli(&["ca", "profile", "set", "device", "--validity-days", "5"]);
    phonebox.cli(&words);
    until("the alarm of 7 days", || phonebox.has_alarm("certificate-ends-7"));
    let report = phonebox.json(&["ca", "expiring"]);
    assert_eq!((&report[0]["holder"], &report[1]), (&json!("001565aabb01"), &json!(null)), "{report}");
    phonebox.cli(&["ca", "profile", "set", "device", "--validity-days", "500"]);
    phonebox.cli(&words);
    assert_eq!(phonebox.json(&["ca", "expiring"]), json!([]), "a younger one is behind it");
}

/// At two thirds of its life, in a box that runs all along: the next handshake shows the new certificate.
#[test]
fn the_server_is_renewed_at_two_thirds_of_its_life_without_a_restart() {
    let mut phonebox = Phonebox::start();
    let files = tempfile::tempdir().unwrap();
    let clock = files.path().join("clock");
    std::fs::write(&clock, "+0d").unwrap();
    phonebox.restart_with_clock(&clock);
    let (pid, root) = (phonebox.pid(), phonebox.cli(&["ca", "fingerprint"]));
    let script = format!(
        "openssl s_client -connect {} </dev/null 2>/dev/null | openssl x509 -noout -enddate -pubkey",
        phonebox.https()
    );
    let shown = || sh(files.path(), &script);
    let first = shown();
    std::fs::write(&clock, "+552d").unwrap();
    until("the server is renewed", || shown() != first);
    let key = |text: &str| text.split_once("-----BEGIN").unwrap().1.to_owned();
    assert_eq!(key(&shown()), key(&first), "the same key");
    assert_eq!((phonebox.pid(), phonebox.cli(&["ca", "fingerprint"])), (pid, root), "no restart, no new root");
}

/// The list holds a week. In a box that runs all along and revokes nothing, phones get the next one in time.
#[test]
fn the_revocation_list_is_made_anew_by_its_timer() {
    let mut phonebox = Phonebox::start();
    let files = tempfile::tempdir().unwrap();
    let clock = phonebox.file("+0d");
    phonebox.restart_with_clock(&clock);
    let script = format!(
        "curl -sf http://{}/phonebox-ca.crl | openssl crl -inform DER -noout -crlnumber -nextupdate",
        phonebox.http()
    );
    let shown = || sh(files.path(), &script);
    let number = |text: &str| {
        let hex = text.lines().find_map(|line| line.strip_prefix("crlNumber=")).unwrap().trim_start_matches("0x");
        i64::from_str_radix(hex, 16).unwrap()
    };
    let first = shown();
    std::fs::rename(phonebox.file("+2d"), &clock).unwrap();
    until("the next list", || shown() != first);
    let second = shown();
    assert!(number(&second) > number(&first), "{first}{second}");
    let ends = |text: &str| text.lines().find(|line| line.starts_with("nextUpdate")).unwrap().to_owned();
    assert_ne!(ends(&second), ends(&first));
}

/// Asks for certificates until the box goes away. Every serial that was answered.
fn issue_until_it_ends(dir: &Path, most: usize) -> Vec<String> {
    let mut answered = Vec::new();
    for number in 0..most {
        let body = json!({ "csr": csr(), "label": "one", "serial": format!("{number:x}"), "profile": "unit" });
        match ask(dir, "POST", "/certificates", &body) {
            Ok((201, answer)) => answered.push(answer["serial"].as_str().unwrap().to_owned()),
            Ok((status, answer)) => panic!("{status} {answer}"),
            Err(_) => break,
        }
    }
    answered
}

fn recorded(phonebox: &Phonebox) -> BTreeSet<String> {
    let all = phonebox.json(&["ca", "certificate", "list"]);
    all.as_array().unwrap().iter().map(|one| one["serial"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn fault_03_kill_9_while_certificates_are_issued_loses_none_that_was_answered() {
    let mut phonebox = Phonebox::start();
    let dir = phonebox.path().to_owned();
    phonebox.cli(&["ca", "profile", "add", "unit", "--subject", "CN={serial}"]);
    let mut answered = Vec::new();
    for _ in 0..3 {
        let before = recorded(&phonebox).len();
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let dir = dir.clone();
                std::thread::spawn(move || issue_until_it_ends(&dir, 100_000))
            })
            .collect();
        until("some certificates", || recorded(&phonebox).len() > before + 20);
        phonebox.kill();
        answered.extend(threads.into_iter().flat_map(|thread| thread.join().unwrap()));
        phonebox.restart();
    }
    let recorded = recorded(&phonebox);
    let lost: Vec<_> = answered.iter().filter(|serial| !recorded.contains(*serial)).collect();
    assert!(lost.is_empty() && answered.len() >= 60, "{} answered, lost {lost:?}", answered.len());
    let check = sh(&dir, "sqlite3 phonebox.db 'PRAGMA integrity_check'");
    assert_eq!(check.trim(), "ok");
}

/// A file system of its own, on a loop device; undone with the value.
struct Image {
    home: tempfile::TempDir,
    mounted: Vec<std::path::PathBuf>,
}

impl Image {
    fn mount(&mut self, image: &str, place: &str) -> Result<std::path::PathBuf, String> {
        let place = self.home.path().join(place);
        std::fs::create_dir_all(&place).unwrap();
        let image = self.home.path().join(image);
        let words = ["mount", "-o", "loop", image.to_str().unwrap(), place.to_str().unwrap()];
        let (worked, text) = run(self.home.path(), &words);
        if worked {
            self.mounted.push(place.clone());
        }
        if worked { Ok(place) } else { Err(text) }
    }

    fn unmount(&mut self) {
        if let Some(place) = self.mounted.pop() {
            run(Path::new("/"), &["umount", place.to_str().unwrap()]);
        }
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        while !self.mounted.is_empty() {
            self.unmount();
        }
    }
}

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The image is copied while the process stands still: what the kernel had not written is lost, as in a power cut.
#[test]
fn fault_04_a_power_cut_loses_no_certificate_and_no_revocation_that_was_answered() {
    let mut image = Image { home: tempfile::tempdir().unwrap(), mounted: Vec::new() };
    let home = image.home.path().to_owned();
    sh(&home, "truncate -s 64M disk; mkfs.ext4 -q disk");
    let place = match image.mount("disk", "live") {
        Ok(place) => place,
        Err(text) => {
            eprintln!("not checked: this machine mounts no loop image: {text}");
            return;
        }
    };
    let data = place.join("box");
    let program = env!("CARGO_BIN_EXE_phonebox");
    let mut serve = Command::new(program);
    serve
        .args(["serve", "--admin", "off", "--https", "off", "--tftp", "off", "--http", "127.0.0.1:0", "--data"])
        .arg(&data);
    let child = Killed(serve.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    until("the console", || std::os::unix::net::UnixStream::connect(data.join("console.sock")).is_ok());
    let unit = json!({ "name": "unit", "subject": "CN={serial}" });
    assert_eq!(ask(&data, "POST", "/certificate-profiles", &unit).unwrap().0, 201);
    let (mut good, mut revoked) = (BTreeSet::new(), BTreeSet::new());
    for round in 0..20 {
        // Each of the two is the last one before the cut in turn: what came before it is on the disk with it.
        for issues in if round % 2 == 0 { [true, false] } else { [false, true] } {
            if issues {
                for number in 0..3 {
                    let serial = format!("{round}-{number}");
                    let body = json!({ "csr": csr(), "label": serial, "serial": serial, "profile": "unit" });
                    let (status, answer) = ask(&data, "POST", "/certificates", &body).unwrap();
                    assert_eq!(status, 201, "{answer}");
                    good.insert(answer["serial"].as_str().unwrap().to_owned());
                }
            } else if let Some(serial) = good.pop_first() {
                let (status, _) = ask(&data, "POST", &format!("/certificates/{serial}/revoke"), &json!({})).unwrap();
                assert_eq!(status, 200);
                revoked.insert(serial);
            }
        }
        // SAFETY: kill() with the id of a child that has not been waited for.
        unsafe { libc::kill(child.0.id() as i32, libc::SIGSTOP) };
        sh(&home, "cp --sparse=always disk cut");
        // SAFETY: as above.
        unsafe { libc::kill(child.0.id() as i32, libc::SIGCONT) };
        let after = image.mount("cut", "after").unwrap().join("box");
        let list =
            Command::new(program).args(["ca", "certificate", "list", "--json", "--data"]).arg(&after).output().unwrap();
        let list: serde_json::Value = serde_json::from_slice(&list.stdout).unwrap();
        image.unmount();
        let state = |serial: &String| {
            let found = list.as_array().unwrap().iter().find(|one| one["serial"] == **serial);
            found.map(|one| one["state"].as_str().unwrap().to_owned()).unwrap_or_default()
        };
        assert!(good.iter().all(|serial| state(serial) == "good"), "round {round}");
        assert!(revoked.iter().all(|serial| state(serial) == "revoked"), "round {round}");
    }
}

const MOVED: &str = r#"ip link set lo up
"$1" serve --data "$2" --admin off --http off --tftp off --https 0.0.0.0:8444 >"$2.log" 2>&1 & box=$!
trap 'kill $box' EXIT
shows() { openssl s_client -connect "$1:8444" -verify_ip "$1" -CAfile "$2/phonebox-ca.pem" -verify_return_error </dev/null >/dev/null 2>&1; }
tries=0; until shows 127.0.0.1 "$2"; do tries=$((tries + 1)); [ $tries -lt 300 ] || { cat "$2.log"; exit 1; }; sleep 0.1; done
before=$("$1" ca fingerprint --data "$2")
names() { openssl s_client -connect 127.0.0.1:8444 </dev/null 2>/dev/null | openssl x509 -noout -ext subjectAltName; }
ip addr add 10.9.8.7/32 dev lo
tries=0; until shows 10.9.8.7 "$2"; do tries=$((tries + 1)); [ $tries -lt 300 ] || { cat "$2.log"; exit 1; }; sleep 0.1; done
ip addr del 10.9.8.7/32 dev lo
tries=0; while names | grep -q 10.9.8.7; do tries=$((tries + 1)); [ $tries -lt 300 ] || { cat "$2.log"; exit 1; }; sleep 0.1; done
shows 127.0.0.1 "$2"
[ "$before" = "$("$1" ca fingerprint --data "$2")" ]; kill -0 $box"#;

#[test]
fn a_new_address_is_in_the_servers_certificate_and_one_that_is_gone_is_not_without_a_restart_and_without_a_new_ca() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("box");
    std::fs::create_dir(&data).unwrap();
    let words = ["unshare", "--net", "sh", "-ec", MOVED, "sh", env!("CARGO_BIN_EXE_phonebox"), data.to_str().unwrap()];
    // SAFETY: geteuid cannot fail and touches no memory.
    if unsafe { libc::geteuid() } != 0 {
        eprintln!("not checked: only root can make a network namespace");
        return;
    }
    let (worked, text) = run(home.path(), &words);
    assert!(worked, "{text}");
}
