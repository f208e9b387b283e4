//! The real program as its own process: `phonebox serve` on ports of its own, told what to do by its command line.
//! Another time of day is another process under libfaketime; the clock of the machine is never touched.

use super::admin::Said;
use phonebox::phone::{Client, Reply, Trust, Url};
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, mpsc};
use std::time::Duration;

pub struct Phonebox {
    pub dir: tempfile::TempDir,
    /// Files for the command line, outside of the data directory.
    files: tempfile::TempDir,
    flags: Vec<String>,
    /// The same at every start, for phones that remember URLs.
    ports: [u16; LISTENERS.len()],
    /// What stands in front of the program: `strace …`, `sh -c …`.
    pub before: Vec<String>,
    running: Option<Running>,
    time: Option<String>,
    /// All that every process of this box has printed, one after the other.
    said: Arc<Mutex<Vec<u8>>>,
    count: AtomicU32,
    token: OnceLock<String>,
}

struct Running {
    child: Child,
    addresses: Value,
}

/// Longer than any start takes; a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(60);
const LISTENERS: [&str; 4] = ["admin", "http", "https", "tftp"];
const PROGRAM: &str = env!("CARGO_BIN_EXE_phonebox");

impl Phonebox {
    pub fn start() -> Phonebox {
        Phonebox::start_with(&[])
    }

    pub fn start_with(flags: &[&str]) -> Phonebox {
        let mut phonebox = Phonebox::new(flags);
        phonebox.run();
        phonebox
    }

    /// Not started yet.
    pub fn new(flags: &[&str]) -> Phonebox {
        Phonebox {
            dir: tempfile::tempdir().unwrap(),
            flags: flags.iter().map(|flag| (*flag).to_owned()).collect(),
            ports: LISTENERS.map(|_| free_port()),
            before: Vec::new(),
            running: None,
            time: None,
            said: Arc::default(),
            files: tempfile::tempdir().unwrap(),
            count: AtomicU32::new(0),
            token: OnceLock::new(),
        }
    }

    /// Started again behind these words.
    pub fn restart_behind(&mut self, words: &[&str]) {
        self.stop();
        self.before = words.iter().map(|word| (*word).to_owned()).collect();
        self.run();
    }

    /// Stopped and started again, with the clock of the box ahead by this: `+25h`.
    pub fn restart_at(&mut self, time: &str) {
        self.stop();
        self.time = Some(time.to_owned());
        self.run();
    }

    /// With a clock that this file sets while the box runs: `+400d`.
    pub fn restart_with_clock(&mut self, file: &Path) {
        self.stop();
        let words = ["LD_PRELOAD", "FAKETIME_TIMESTAMP_FILE", "FAKETIME_NO_CACHE", "DONT_FAKE_MONOTONIC"];
        let values = [libfaketime().display().to_string(), file.display().to_string(), "1".into(), "1".into()];
        let set = words.iter().zip(values).map(|(word, value)| format!("{word}={value}"));
        self.before = std::iter::once("env".to_owned()).chain(set).collect();
        self.run();
    }

    pub fn restart(&mut self) {
        self.stop();
        self.run();
    }

    pub fn run(&mut self) {
        let mut command = self.command();
        for (listener, port) in LISTENERS.into_iter().zip(self.ports) {
            if !self.flags.iter().any(|flag| flag == &format!("--{listener}")) {
                command.args([format!("--{listener}"), format!("127.0.0.1:{port}")]);
            }
        }
        let command = command.args(&self.flags).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (tell, told) = mpsc::channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        keep(&self.said, out, move |line| {
            if line.ends_with("is ready.") {
                let _ = tell.send(());
            }
        });
        keep(&self.said, BufReader::new(child.stderr.take().unwrap()), |_| {});
        if told.recv_timeout(PATIENCE).is_err() {
            let _ = child.kill();
            panic!("the box did not start ({:?}):\n{}", child.wait(), self.said());
        }
        let text = std::fs::read_to_string(self.path().join("run.json")).unwrap();
        self.running = Some(Running { child, addresses: serde_json::from_str(&text).unwrap() });
    }

    /// The program with this box's data directory and clock, and `serve`.
    fn command(&self) -> Command {
        let mut command = self.program(&self.before);
        command.arg("serve").arg("--data").arg(self.path()).stdin(Stdio::null());
        command
    }

    fn program(&self, before: &[String]) -> Command {
        let mut words = before.iter().map(String::as_str).chain([PROGRAM]);
        let mut command = Command::new(words.next().unwrap());
        command.args(words);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PHONEBOX_")) {
            command.env_remove(name);
        }
        if let Some(time) = &self.time {
            command.env("LD_PRELOAD", libfaketime()).env("FAKETIME", time).env("DONT_FAKE_MONOTONIC", "1");
        }
        command
    }

    /// A start that must fail, and what was said.
    #[track_caller]
    pub fn refused(&self) -> String {
        let output = self.command().args(&self.flags).output().unwrap();
        assert!(!output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// SIGTERM, and how it ended.
    pub fn stop(&mut self) -> Option<ExitStatus> {
        let running = self.running.take()?;
        self.signal_to(&running.child, libc::SIGTERM);
        Some(wait(running.child))
    }

    /// As a power cut to the process.
    pub fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.child.kill().unwrap();
            running.child.wait().unwrap();
        }
    }

    pub fn signal(&self, signal: i32) {
        self.signal_to(&self.running.as_ref().unwrap().child, signal);
    }

    fn signal_to(&self, child: &Child, signal: i32) {
        // SAFETY: kill() with the id of a child that has not been waited for.
        assert_eq!(unsafe { libc::kill(child.id() as i32, signal) }, 0);
    }

    /// Ends by itself: waits for it.
    pub fn ended(&mut self) -> ExitStatus {
        wait(self.running.take().unwrap().child)
    }

    pub fn pid(&self) -> u32 {
        self.running.as_ref().unwrap().child.id()
    }

    pub fn is_alive(&mut self) -> bool {
        self.running.as_mut().is_some_and(|running| running.child.try_wait().unwrap().is_none())
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    fn address(&self, listener: &str) -> SocketAddr {
        self.running.as_ref().unwrap().addresses[listener].as_str().unwrap().parse().unwrap()
    }

    pub fn http(&self) -> SocketAddr {
        self.address("http")
    }

    pub fn https(&self) -> SocketAddr {
        self.address("https")
    }

    /// The listener for old phones, where one is open.
    pub fn old_phones(&self) -> SocketAddr {
        self.address("old_phones")
    }

    pub fn tftp(&self) -> SocketAddr {
        self.address("tftp")
    }

    pub fn admin(&self) -> SocketAddr {
        self.address("admin")
    }

    /// What DHCP would give: the box's URL of one transport.
    pub fn url(&self, tls: bool) -> String {
        if tls { format!("https://{}/", self.https()) } else { format!("http://{}/", self.http()) }
    }

    /// From the next start on. Phones that remember URLs do not find it.
    pub fn move_ports(&mut self) {
        self.ports = LISTENERS.map(|_| free_port());
    }

    pub fn ca_pem(&self) -> String {
        std::fs::read_to_string(self.path().join("phonebox-ca.pem")).unwrap()
    }

    /// Everything printed so far: the start screen and the log.
    pub fn said(&self) -> String {
        String::from_utf8_lossy(&self.said.lock().unwrap()).into_owned()
    }

    /// `phonebox WORDS…` as a person types it.
    #[track_caller]
    pub fn cli(&self, words: &[&str]) -> String {
        self.try_cli(words).ok()
    }

    pub fn try_cli(&self, words: &[&str]) -> Said {
        let output =
            self.program(&[]).args(words).arg("--data").arg(self.path()).stdin(Stdio::null()).output().unwrap();
        Said::from(output)
    }

    #[track_caller]
    pub fn json(&self, words: &[&str]) -> Value {
        serde_json::from_str(&self.cli(&[words, &["--json"]].concat())).unwrap()
    }

    /// `@FILE` with this text in it.
    pub fn secret(&self, text: &str) -> String {
        format!("@{}", self.file(text).display())
    }

    pub fn file(&self, text: &str) -> PathBuf {
        let place = self.files.path().join(self.count.fetch_add(1, Ordering::Relaxed).to_string());
        std::fs::write(&place, text).unwrap();
        place
    }

    pub fn explain(&self, mac: impl std::fmt::Display) -> Value {
        self.json(&["explain", &mac.to_string()])
    }

    /// The last sentence: what is wrong, what to do.
    pub fn verdict(&self, mac: impl std::fmt::Display) -> String {
        self.explain(mac)["verdict"].as_str().unwrap().to_owned()
    }

    pub fn device(&self, mac: impl std::fmt::Display) -> Value {
        self.json(&["device", "show", &mac.to_string()])
    }

    pub fn alarms(&self) -> Vec<Value> {
        let all = self.json(&["alarm", "list"]);
        all.as_array().or_else(|| all["items"].as_array()).unwrap().clone()
    }

    #[track_caller]
    pub fn has_alarm(&self, kind: &str) -> bool {
        self.alarms().iter().any(|alarm| alarm["kind"] == kind)
    }

    pub fn health(&self) -> String {
        let answer = self.admin_asks("GET", "/healthz", "");
        serde_json::from_slice::<Value>(&answer.body).unwrap()["status"].as_str().unwrap().to_owned()
    }

    /// The REST API with the key of the box.
    pub fn admin_asks(&self, method: &'static str, path: &str, body: &str) -> Reply {
        ask(self.admin(), &self.token(), method, path, body).unwrap()
    }

    pub fn token(&self) -> String {
        self.token.get_or_init(|| self.cli(&["token", "rotate"]).trim().to_owned()).clone()
    }

    /// What stands in the database, read beside the running box.
    pub fn count(&self, sql: &str) -> i64 {
        let conn = phonebox::db::Connection::open(self.path().join("phonebox.db")).unwrap();
        conn.busy_timeout(PATIENCE).unwrap();
        conn.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// Open files of the process.
    pub fn handles(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.pid())).unwrap().count()
    }

    /// Time on the processor, in clock ticks of 10 ms.
    pub fn ticks(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid())).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    }

    /// Memory of the process that cannot be given back, in bytes.
    pub fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
    }
}

impl Drop for Phonebox {
    fn drop(&mut self) {
        self.kill();
    }
}

/// One request of an administrator's program.
pub fn ask(admin: SocketAddr, token: &str, method: &str, path: &str, body: &str) -> Result<Reply, String> {
    let url = Url::parse(&format!("https://{admin}{path}")).unwrap();
    let client = Client { agent: "", login: None, trust: Trust::Anyone, strict: false, from: None };
    let bearer = format!("Bearer {token}");
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    Ok(client.ask(method, &url, &headers, body.as_bytes())?.0)
}

/// Below those that the system gives away (`ip_local_port_range`), and this process's alone as long as it runs: a box that is
/// started again finds it free.
fn free_port() -> u16 {
    const BLOCK: u16 = 500;
    static MINE: OnceLock<(File, u16)> = OnceLock::new();
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let lock = |block: u16| {
        let file = File::create(std::env::temp_dir().join(format!("phonebox-test-ports-{block}"))).ok()?;
        file.try_lock().is_ok().then_some((file, 10_000 + block * BLOCK))
    };
    let (_, first) = MINE.get_or_init(|| (0..40).find_map(lock).expect("as many processes at once test this"));
    let next = || first + NEXT.fetch_add(1, Ordering::Relaxed) % BLOCK;
    let is_free = |port: &u16| {
        let place = (Ipv4Addr::LOCALHOST, *port);
        TcpListener::bind(place).is_ok() && UdpSocket::bind(place).is_ok()
    };
    std::iter::repeat_with(next).take(BLOCK.into()).find(is_free).expect("no port is free")
}

fn keep(said: &Arc<Mutex<Vec<u8>>>, mut from: impl BufRead + Send + 'static, told: impl Fn(&str) + Send + 'static) {
    let said = said.clone();
    std::thread::spawn(move || {
        let mut line = Vec::new();
        while from.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
            said.lock().unwrap().extend_from_slice(&line);
            told(String::from_utf8_lossy(&line).trim_end());
            line.clear();
        }
    });
}

fn wait(mut child: Child) -> ExitStatus {
    let id = child.id() as i32;
    let (tell, told) = mpsc::channel();
    let waiting = std::thread::spawn(move || {
        let status = child.wait().unwrap();
        let _ = tell.send(());
        status
    });
    if told.recv_timeout(PATIENCE).is_err() {
        // SAFETY: kill() with the id of a child that is being waited for.
        unsafe { libc::kill(id, libc::SIGKILL) };
        panic!("the box did not stop");
    }
    waiting.join().unwrap()
}

/// Debian's package faketime; tests/run installs it.
fn libfaketime() -> PathBuf {
    let places = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let mut found = places.map(|entry| entry.path().join("faketime/libfaketimeMT.so.1")).filter(|place| place.exists());
    found.next().expect("libfaketime is missing: run tests/run once, or install the package faketime")
}
