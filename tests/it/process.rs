//! The process as systemd and an operator see it: ready, fenced in, refused in one line, ended in order.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Long enough for a busy machine; nothing waits for it when all is well.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOPBACK: [&str; 8] =
    ["--admin", "127.0.0.1:0", "--http", "127.0.0.1:0", "--https", "127.0.0.1:0", "--tftp", "127.0.0.1:0"];

/// A place that another user can reach, with a socket on which the box says that it is ready.
struct Place {
    dir: TempDir,
    notify: UnixDatagram,
}

impl Place {
    fn new() -> Place {
        let dir = tempfile::tempdir().unwrap();
        std::fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o755)).unwrap();
        let socket = dir.path().join("notify");
        let notify = UnixDatagram::bind(&socket).unwrap();
        std::fs::set_permissions(socket, PermissionsExt::from_mode(0o777)).unwrap();
        notify.set_read_timeout(Some(PATIENCE)).unwrap();
        Place { dir, notify }
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("box")
    }

    /// `before` is what stands in front of the program.
    fn command(&self, before: &[&str], program: &Path, flags: &[&str]) -> Command {
        let words: Vec<&str> = before.iter().copied().chain([program.to_str().unwrap(), "serve"]).collect();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).arg("--data").arg(self.data()).args(flags);
        command.env("NOTIFY_SOCKET", self.dir.path().join("notify")).env("HOME", self.dir.path());
        command.env_remove("RUST_BACKTRACE").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn start(&self, command: &mut Command) -> Running {
        let child = command.spawn().unwrap();
        let running = Running(child);
        let mut said = [0u8; 64];
        loop {
            match self.notify.recv(&mut said) {
                Ok(length) if &said[..length] == b"READY=1" => break,
                // The end of the one before.
                Ok(length) => assert_eq!(&said[..length], b"STOPPING=1"),
                Err(error) => panic!("not ready: {error}; it said: {}", running.end().1),
            }
        }
        running
    }
}

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_phonebox"))
}

struct Running(Child);

impl Running {
    fn pid(&self) -> u32 {
        self.0.id()
    }

    /// Asks it to stop: exit code, and everything it said.
    fn end(mut self) -> (Option<i32>, String) {
        let pid = i32::try_from(self.0.id()).unwrap();
        // SAFETY: a signal to a child that was not waited for yet.
        unsafe { libc::kill(pid, libc::SIGTERM) };
        let mut said = String::new();
        self.0.stdout.take().unwrap().read_to_string(&mut said).unwrap();
        self.0.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (self.0.wait().unwrap().code(), said)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn is_root() -> bool {
    // SAFETY: geteuid cannot fail and touches no memory.
    unsafe { libc::geteuid() == 0 }
}

/// Ends by itself, within two seconds, not with 0; the lines on standard error.
fn refusal(mut command: Command) -> String {
    let start = Instant::now();
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap).collect::<Vec<_>>();
    let code = child.wait().unwrap().code();
    assert!(code.is_some_and(|code| code != 0), "{code:?} {lines:?}");
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    lines.retain(|line| !line.is_empty());
    assert_eq!(lines.len(), 1, "one line: {lines:#?}");
    lines.remove(0)
}

#[test]
fn it_is_ready_tells_where_it_listens_and_ends_in_order() {
    let place = Place::new();
    let running = place.start(&mut place.command(&[], program(), &LOOPBACK));
    let text = std::fs::read_to_string(place.data().join("run.json")).unwrap();
    let run: serde_json::Value = serde_json::from_str(&text).unwrap();
    for listener in ["admin", "http", "https", "tftp"] {
        let address: std::net::SocketAddr =
            run[listener].as_str().unwrap_or_else(|| panic!("{listener}: {text}")).parse().unwrap();
        assert!(address.ip().is_loopback() && address.port() != 0, "{text}");
    }
    let (code, said) = running.end();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("is ready") && said.contains("without it no stored password"), "{said}");
    assert!(said.contains(run["http"].as_str().unwrap()), "{said}");
    assert!(!place.data().join("run.json").exists());
}

#[test]
fn threat_096_no_file_is_for_others_and_no_core_is_written() {
    let place = Place::new();
    let running = place.start(&mut place.command(&[], program(), &LOOPBACK));
    let mut found = vec![place.data()];
    let mut seen = 0;
    while let Some(path) = found.pop() {
        let facts = path.symlink_metadata().unwrap();
        assert_eq!(facts.permissions().mode() & 0o077, 0, "{}", path.display());
        seen += 1;
        if facts.is_dir() {
            found.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
    assert!(seen >= 5);
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", running.pid())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
}

#[test]
fn threat_068_the_setup_code_is_another_one_at_every_start_and_no_other_secret_is_printed() {
    let place = Place::new();
    let service = |command: &mut Command| {
        command.env("INVOCATION_ID", "0").env("STATE_DIRECTORY", place.data());
    };
    let mut first = place.command(&[], program(), &LOOPBACK);
    service(&mut first);
    let code = |said: &str| {
        let line = said.lines().find_map(|line| line.trim().strip_prefix("Setup code")).unwrap();
        line.split_whitespace().next().unwrap().to_owned()
    };
    // A journal keeps it for ever, and it is worth nothing after this start.
    let (_, said) = place.start(&mut first).end();
    let first = code(&said);
    let (_, said) = place.start(&mut place.command(&[], program(), &LOOPBACK)).end();
    assert!(first.len() == 23 && code(&said) != first, "{said}");
    assert!(!said.contains("pb_"), "{said}");
    let set_up = ["setup", "--company", "Example", "--login", "alice", "--email", "alice@example.com", "--password"];
    std::fs::write(place.dir.path().join("password"), "Tr0ub4dor&3").unwrap();
    let password = format!("@{}", place.dir.path().join("password").display());
    let data = place.data();
    let words = [&set_up[..], &[&password, "--data", data.to_str().unwrap()]].concat();
    let output = Command::new(program()).args(words).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (_, said) = place.start(&mut place.command(&[], program(), &LOOPBACK)).end();
    assert!(!said.contains("Setup code"), "{said}");
}

#[test]
fn fault_011_the_second_process_says_who_was_first() {
    let place = Place::new();
    let running = place.start(&mut place.command(&[], program(), &LOOPBACK));
    let line = refusal(place.command(&[], program(), &LOOPBACK));
    assert!(line.contains(&format!("in use by pid {}", running.pid())), "{line}");
    assert_eq!(running.end().0, Some(0));
}

#[test]
fn fault_008_a_wrong_data_directory_ends_it_with_one_line() {
    let place = Place::new();
    std::fs::write(place.data(), "").unwrap();
    let line = refusal(place.command(&[], program(), &LOOPBACK));
    assert!(line.contains(place.data().to_str().unwrap()) && line.contains("(uid "), "{line}");
}

#[test]
fn fault_021_a_port_in_use_is_named() {
    let place = Place::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let line = refusal(place.command(
        &[],
        program(),
        &["--admin", "off", "--tftp", "off", "--https", "off", "--http", &address],
    ));
    assert!(line.contains(&address) && line.contains("http"), "{line}");
}

/// The library itself: the `faketime` command would stand between the signal and the box.
fn faketime() -> PathBuf {
    let places = std::fs::read_dir("/usr/lib").unwrap().map(|entry| entry.unwrap().path());
    let mut libraries = places.map(|place| place.join("faketime/libfaketime.so.1")).filter(|path| path.exists());
    libraries.next().expect("Debian's package faketime; tests/run installs it")
}

#[test]
fn fault_012_a_wrong_clock_does_no_harm() {
    let place = Place::new();
    for date in ["@1970-01-02 00:00:00", "@2037-12-30 00:00:00", "@2001-01-01 00:00:00"] {
        let mut command = place.command(&[], program(), &LOOPBACK);
        command.env("LD_PRELOAD", faketime()).env("FAKETIME", date).env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        let (code, said) = place.start(&mut command).end();
        assert!(code == Some(0) && !said.contains("a bug"), "{date}: {said}");
        assert!(said.contains(&date[1..11]), "the clock was not moved: {said}");
    }
}

#[test]
fn it_is_ready_again_in_a_moment() {
    let place = Place::new();
    place.start(&mut place.command(&[], program(), &LOOPBACK)).end();
    let mut best = Duration::MAX;
    for _ in 0..5 {
        let start = Instant::now();
        let running = place.start(&mut place.command(&[], program(), &LOOPBACK));
        best = best.min(start.elapsed());
        running.end();
    }
    // 300 ms is the promise of a release build; this is a debug build on a busy machine.
    assert!(best < Duration::from_millis(1500), "{best:?}");
}

const ONLY_BIND: &str = "ip link set lo up && exec setpriv --reuid=65534 --regid=65534 --clear-groups \
    --inh-caps=-all,+net_bind_service --ambient-caps=-all,+net_bind_service \
    --bounding-set=-all,+net_bind_service --no-new-privs \"$@\"";
const NOTHING: &str = "ip link set lo up && exec setpriv --reuid=65534 --regid=65534 --clear-groups \
    --inh-caps=-all --ambient-caps=-all --bounding-set=-all --no-new-privs \"$@\"";

/// In a network of its own, where nobody has the ports and 1024 is where they stop being privileged.
fn fenced(script: &str) -> [&str; 6] {
    ["unshare", "--net", "sh", "-c", script, "sh"]
}

#[test]
fn threat_096_one_capability_is_enough_for_the_real_ports() {
    if !is_root() {
        eprintln!("not checked: only root can start a process as another user");
        return;
    }
    let place = Place::new();
    std::fs::create_dir(place.data()).unwrap();
    chown(place.data(), Some(65534), Some(65534)).unwrap();
    let own = place.dir.path().join("phonebox");
    std::fs::hard_link(program(), &own).or_else(|_| std::fs::copy(program(), &own).map(drop)).unwrap();
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/phonebox.toml");
    let copy = place.dir.path().join("phonebox.toml");
    std::fs::copy(config, &copy).unwrap();
    std::fs::set_permissions(&copy, PermissionsExt::from_mode(0o644)).unwrap();
    let flags = ["--config", copy.to_str().unwrap()];

    let running = place.start(&mut place.command(&fenced(ONLY_BIND), &own, &flags));
    let status = std::fs::read_to_string(format!("/proc/{}/status", running.pid())).unwrap();
    let line = |name: &str| status.lines().find(|line| line.starts_with(name)).unwrap().split_whitespace().nth(1);
    assert_eq!(line("Uid:"), Some("65534"));
    assert_eq!(line("CapEff:"), Some("0000000000000400"), "{status}");
    let run = std::fs::read_to_string(place.data().join("run.json")).unwrap();
    for port in [":80\"", ":443\"", ":69\"", ":8443\""] {
        assert!(run.contains(port), "{run}");
    }
    let (code, said) = running.end();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("HTTP  port 80: by a plain DHCP option 66 too"), "{said}");

    // Without it: a clear line that names the way out (F21).
    let line = refusal(place.command(&fenced(NOTHING), &own, &flags));
    assert!(line.contains(":80") && line.contains("phonebox service install"), "{line}");
}
