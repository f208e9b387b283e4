//! An authority on a data directory of its own, and the programs that judge what it makes.

use crate::support::raw;
use crate::support::server::Phonebox;
use phonebox::ca::{Ca, Door, Holder, Issued, Options, Order, cert_profile, pem, store};
use phonebox::clock;
use phonebox::datadir::DataDir;
use std::io::Write;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

pub struct Box {
    pub home: tempfile::TempDir,
    pub dir: DataDir,
    pub ca: Ca,
}

pub async fn with(options: Options) -> Box {
    let home = tempfile::tempdir().unwrap();
    let dir = DataDir::open(home.path(), None, 1).unwrap();
    let ca = Ca::open(&dir.db, &dir.keys, options, clock::now()).await.unwrap();
    Box { home, dir, ca }
}

pub async fn made() -> Box {
    with(Options::default()).await
}

impl Box {
    pub fn path(&self) -> &Path {
        self.home.path()
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.path().join(name), text).unwrap();
    }

    /// Standard output and error of a program that must succeed, in the data directory.
    #[track_caller]
    pub fn run(&self, words: &[&str]) -> String {
        let (worked, text) = run(self.path(), words);
        assert!(worked, "{words:?}: {text}");
        text
    }

    pub fn profile(&self) -> i64 {
        self.dir.db.read(|conn| store::profile_by_name(conn, cert_profile::DEVICE)).unwrap().unwrap().id
    }

    pub fn order(&self, mac: &str, spki_der: &[u8]) -> Order {
        let holder = Holder { mac: Some(mac.parse().unwrap()), label: "phone".into(), ..Holder::default() };
        let by = "test".to_owned();
        Order {
            profile: self.profile(),
            holder,
            spki_der: spki_der.to_vec(),
            door: Door::Administrator,
            by,
            once: None,
        }
    }

    pub async fn issue(&self, mac: &str, spki_der: &[u8]) -> Issued {
        self.ca.issue(self.order(mac, spki_der), clock::now()).await.unwrap()
    }

    /// Writes roots.pem, above.pem and leaf.pem, and lets OpenSSL and GnuTLS judge the chain.
    pub fn judge(&self, issued: &Issued, purpose: &str) {
        self.write("roots.pem", self.ca.snapshot().roots_pem());
        self.write("above.pem", issued.chain.iter().map(|der| pem::certificate(der)).collect::<String>());
        self.write("leaf.pem", pem::certificate(&issued.der));
        let above: &[&str] = if issued.chain.is_empty() { &[] } else { &["-untrusted", "above.pem"] };
        let verify = ["openssl", "verify", "-x509_strict", "-purpose", purpose, "-CAfile", "roots.pem"];
        self.run(&[&verify[..], above, &["leaf.pem"]].concat());
        let chain = [vec![issued.der.clone()], issued.chain.clone()].concat();
        self.write("chain.pem", chain.iter().map(|der| pem::certificate(der)).collect::<String>());
        self.run(&["certtool", "--verify", "--load-ca-certificate", "roots.pem", "--infile", "chain.pem"]);
    }
}

pub fn run(dir: &Path, words: &[&str]) -> (bool, String) {
    let run = Command::new(words[0]).args(&words[1..]).current_dir(dir).output().unwrap();
    (run.status.success(), String::from_utf8_lossy(&run.stdout).into_owned() + &String::from_utf8_lossy(&run.stderr))
}

/// A key pair's public half, as a request carries it.
pub fn ecdsa() -> Vec<u8> {
    use rcgen::PublicKeyData;
    rcgen::KeyPair::generate().unwrap().subject_public_key_info()
}

pub fn rsa() -> Vec<u8> {
    use rcgen::PublicKeyData;
    let size = rcgen::RsaKeySize::_2048;
    rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, size).unwrap().subject_public_key_info()
}

/// A certification request of its own key, PEM.
pub fn csr() -> String {
    csr_named("not.asked")
}

pub fn csr_named(name: &str) -> String {
    let key = rcgen::KeyPair::generate().unwrap();
    rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap().serialize_request(&key).unwrap().pem().unwrap()
}

/// A connection to the phones' HTTPS listener that is kept open, with this client certificate.
pub struct Kept {
    openssl: Child,
    answers: ChildStdout,
}

impl Kept {
    /// `more`: words for `openssl s_client`, run in `dir`.
    pub fn open(phonebox: &Phonebox, dir: &Path, certificate: &str, key: &str, more: &[&str]) -> Kept {
        let to = phonebox.https().to_string();
        let mut openssl = Command::new("openssl")
            .args(["s_client", "-quiet", "-connect", &to, "-cert", certificate, "-key", key])
            .args(more)
            .current_dir(dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let answers = openssl.stdout.take().unwrap();
        Kept { openssl, answers }
    }

    /// Of one more request.
    pub fn status(&mut self, path: &str, agent: &str) -> u16 {
        let ask = self.openssl.stdin.as_mut().unwrap();
        write!(ask, "GET {path} HTTP/1.1\r\nHost: box\r\nUser-Agent: {agent}\r\n\r\n").unwrap();
        raw::read(&mut self.answers, false).unwrap().status
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let _ = self.openssl.kill();
        let _ = self.openssl.wait();
    }
}
