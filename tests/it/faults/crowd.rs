//! Too much at once: connections, handles, memory, and senders that leave in the middle.

use super::{add_site, settle};
use crate::support::phone::{add, mac, phone};
use crate::support::raw;
use crate::support::server::Phonebox;
use crate::support::{eventually, is_root};
use phonebox::phone::{Client, Trust, Url};
use std::io::Write;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Two thousand at once, as after a power cut: nobody is refused, everybody is answered.
#[test]
fn fault_15_two_thousand_connections_at_once_are_all_answered() {
    let phonebox = Phonebox::start();
    add(&phonebox, "T54W", &[]);
    let mut open: Vec<TcpStream> = (0..2_000).map(|_| raw::connect(phonebox.http())).collect();
    for stream in &mut open {
        stream.write_all(b"GET /y000000000096.cfg HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    }
    let answers = open.iter_mut().filter_map(|stream| raw::read(stream, false));
    assert_eq!(answers.filter(|answer| answer.status == 200).count(), 2_000);
}

#[test]
fn fault_15_hundreds_of_handshakes_at_once_are_all_answered() {
    const AT_ONCE: usize = 400;
    let phonebox = Phonebox::start();
    add(&phonebox, "T54W", &[]);
    let url = Url::parse(&format!("https://{}/y000000000096.cfg", phonebox.https())).unwrap();
    let (together, url) = (Barrier::new(AT_ONCE), &url);
    let good = std::thread::scope(|scope| {
        let together = &together;
        let ask = move || {
            let client = Client { agent: "", login: None, trust: Trust::Anyone, strict: false, from: None };
            together.wait();
            client.ask("GET", url, &[], b"").map(|(reply, _)| reply.status)
        };
        let asking: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(ask)).collect();
        asking.into_iter().map(|one| one.join().unwrap()).filter(|status| *status == Ok(200)).count()
    });
    assert_eq!(good, AT_ONCE);
}

/// The power comes back: every phone of a large site asks for its files, each on a connection of its own per file. All are
/// served whole, none is told to come later, and each is noted.
#[test]
fn fault_30_a_site_that_boots_at_once_is_served_whole() {
    const PHONES: usize = 2_000;
    let phonebox = Phonebox::start();
    let rows = (0..PHONES).map(|n| format!("805ec0{n:06x},T54W,true,{n},pw-{n}-\n")).collect::<String>();
    let file = phonebox.file(&format!("mac,model,active,line1_user,line1_password\n{rows}"));
    phonebox.cli(&["device", "import", file.to_str().unwrap()]);
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..64 {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= PHONES {
                        return;
                    }
                    assert_eq!(raw::get(phonebox.http(), &format!("/805ec0{n:06x}.boot")).status, 404);
                    assert_eq!(raw::get(phonebox.http(), "/y000000000096.cfg").status, 200);
                    let own = raw::get(phonebox.http(), &format!("/805ec0{n:06x}.cfg"));
                    assert!(own.status == 200 && own.text().contains(&format!("= pw-{n}-\n")), "{n}: {}", own.head);
                }
            });
        }
    });
    let enrolled = || phonebox.count("SELECT count(*) FROM device WHERE enrolled_at IS NOT NULL");
    eventually("each is noted", || enrolled() == PHONES as i64);
}

/// Connects in the network of another process, from a thread that enters it.
fn inside(pid: u32, connect: impl FnOnce() -> Vec<TcpStream> + Send) -> Vec<TcpStream> {
    use std::os::fd::AsRawFd;
    let network = std::fs::File::open(format!("/proc/{pid}/ns/net")).unwrap();
    std::thread::scope(|scope| {
        let enter = scope.spawn(move || {
            // SAFETY: an open namespace; only this thread, which ends here, moves into it.
            assert_eq!(unsafe { libc::setns(network.as_raw_fd(), libc::CLONE_NEWNET) }, 0);
            connect()
        });
        enter.join().unwrap()
    })
}

/// The cable is pulled: a thousand peers are gone without a word, before, in the middle of and between requests.
#[test]
fn fault_13_peers_that_vanish_are_forgotten_within_a_minute() {
    if !is_root() {
        eprintln!("not checked: only root can make a network namespace");
        return;
    }
    let mut phonebox = Phonebox::new(&["--stalled-seconds", "5"]);
    phonebox.before =
        ["unshare", "--net", "sh", "-c", "ip link set lo up; exec \"$@\"", "sh"].map(str::to_owned).to_vec();
    phonebox.run();
    let firmware = phonebox.file(&"x".repeat(8 << 20));
    phonebox.cli(&["file", "add", firmware.to_str().unwrap(), "--name", "big.rom", "--kind", "firmware"]);
    let before = phonebox.handles();
    let (http, https) = (phonebox.http(), phonebox.https());
    let open = inside(phonebox.pid(), || {
        let firsts: [(_, &[u8]); 5] = [
            (http, b""),
            (http, b"GET /x.cfg HTTP/1.1\r\nHost: x\r\nX: "),
            (http, b"GET /big.rom HTTP/1.1\r\nHost: x\r\n\r\n"),
            (https, b""),
            (https, b"\x16\x03\x01\x02\x00\x01"),
        ];
        let one = |(to, first): &(_, &[u8])| {
            let mut stream = raw::connect(*to);
            stream.write_all(first).unwrap();
            stream
        };
        let mut open: Vec<TcpStream> = firsts.iter().cycle().take(1_000).map(one).collect();
        for _ in 0..50 {
            let mut kept = one(&(
                http,
                b"GET /y000000000096.cfg HTTP/1.1\r\nHost: x\r\nUser-Agent: Yealink SIP-T54W 96.86.0.100\r\n\r\n",
            ));
            raw::read(&mut kept, false).unwrap();
            open.push(kept);
        }
        open
    });
    eventually("all of them are taken", || phonebox.handles() > before + 900);
    let pid = phonebox.pid().to_string();
    let pulled =
        std::process::Command::new("nsenter").args(["-t", &pid, "-n", "ip", "link", "set", "lo", "down"]).status();
    assert!(pulled.unwrap().success());
    let since = Instant::now();
    eventually("they are forgotten", || phonebox.handles() <= before + 20);
    assert!(since.elapsed() < Duration::from_secs(60), "{:?}", since.elapsed());
    assert!(phonebox.is_alive());
    phonebox.cli(&["device", "list"]);
    drop(open);
}

/// With 256 handles the crowd waits outside; the database, the console and the administrators keep theirs.
#[test]
fn fault_16_without_handles_the_box_waits_and_recovers() {
    let mut phonebox = Phonebox::new(&[]);
    phonebox.before = ["sh", "-c", "ulimit -n 256; exec \"$@\"", "sh"].map(str::to_owned).to_vec();
    phonebox.run();
    let mut yealink = settle(&phonebox);
    let crowd: Vec<TcpStream> = (0..400).map(|_| raw::connect(phonebox.http())).collect();
    eventually("as many as may are taken", || phonebox.handles() > 64);
    assert_eq!(add_site(&phonebox, "meanwhile"), 201);
    phonebox.cli(&["device", "set", mac("T54W"), "--name", "by console"]);
    let (before, start) = (phonebox.ticks(), Instant::now());
    std::thread::sleep(Duration::from_secs(1)); // A second in which it has nothing to do.
    let share = (phonebox.ticks() - before) as f64 / (start.elapsed().as_secs_f64() * 100.0);
    assert!(share < 0.3, "it spins: {share:.2} of a processor");
    assert!(phonebox.handles() < 256 && phonebox.is_alive());
    drop(crowd);
    assert!(yealink.poll().configured, "recovered");
    assert!(!phonebox.said().contains("panicked"));
}

/// A group of processes with this much memory, for one process.
struct Memory(PathBuf);

impl Memory {
    fn limited(bytes: u64) -> Option<Memory> {
        let root = Path::new("/sys/fs/cgroup");
        let (place, limit) = match root.join("memory").is_dir() {
            true => (root.join("memory"), "memory.limit_in_bytes"),
            false => (root.to_path_buf(), "memory.max"),
        };
        let place = place.join(format!("phonebox-test-{}", std::process::id()));
        let made = std::fs::create_dir(&place).and_then(|()| std::fs::write(place.join(limit), bytes.to_string()));
        if let Err(error) = made {
            eprintln!("not checked: no memory limit here: {error}");
            let _ = std::fs::remove_dir(&place);
            return None;
        }
        Some(Memory(place))
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir(&self.0);
    }
}

/// 256 MiB are enough for ten thousand devices, their import and their requests.
#[test]
fn fault_17_the_stated_minimum_of_memory_is_enough() {
    if !is_root() {
        eprintln!("not checked: only root can limit memory");
        return;
    }
    let Some(memory) = Memory::limited(256 << 20) else { return };
    let mut phonebox = Phonebox::new(&["--misses-per-minute", "1000000"]);
    let enter = format!("echo $$ > {}/cgroup.procs; exec \"$@\"", memory.0.display());
    phonebox.before = ["sh", "-c", &enter, "sh"].map(str::to_owned).to_vec();
    phonebox.run();
    let csv: String = (0..10_000).map(|n| format!("805ec2{n:06x},T54W,yes,{n},secret-{n},pbx.example\n")).collect();
    let file = phonebox.file(&format!("mac,model,active,line1_user,line1_password,sip.server\n{csv}"));
    let report = phonebox.json(&["device", "import", file.to_str().unwrap()]);
    assert_eq!(report["added"], 10_000, "{report}");
    let answers = raw::flood(phonebox.http(), None, 3_000, |n| format!("/805ec2{:06x}.cfg", n * 3));
    assert!(answers.iter().all(|answer| answer.status == 200));
    assert!(phonebox.is_alive());
    assert!(phonebox.resident() < 200 << 20, "{}", phonebox.resident());
    phonebox.stop();
}

/// A sender that leaves after every tenth of its upload: nothing is kept, what was there stays.
#[test]
fn fault_18_a_truncated_upload_leaves_nothing() {
    let phonebox = Phonebox::start();
    add(&phonebox, "T54W", &[]);
    let mut yealink = phone("T54W");
    yealink.boot(Some(&phonebox.url(false)));
    let token = yealink.server().unwrap().trim_start_matches(&phonebox.url(false)).to_owned();
    let body = vec![b'x'; 100_000];
    let path = |name: &str| format!("/{token}{}-{name}", mac("T54W"));
    assert_eq!(raw::send(phonebox.http(), None, "PUT", &path("contact.xml"), "", b"first").status, 201);
    for tenth in 0..10 {
        for name in ["boot.log", "contact.xml"] {
            for head in ["Content-Length: 100000\r\n", "Transfer-Encoding: chunked\r\n"] {
                let mut stream = raw::connect(phonebox.http());
                let chunk = if head.starts_with('T') { "186a0\r\n" } else { "" };
                write!(stream, "PUT {} HTTP/1.1\r\nHost: x\r\n{head}\r\n{chunk}", path(name)).unwrap();
                stream.write_all(&body[..body.len() / 10 * tenth]).unwrap();
                stream.shutdown(std::net::Shutdown::Write).unwrap();
                let status = raw::read(&mut stream, false).map(|answer| answer.status);
                assert!(matches!(status, None | Some(400)), "{tenth}0 %: {status:?}");
            }
        }
    }
    assert_eq!(raw::get(phonebox.http(), &path("boot.log")).status, 404);
    assert_eq!(raw::get(phonebox.http(), &path("contact.xml")).body, b"first");
    // The administrators' door: a firmware that ends early leaves neither a row nor a piece of a file.
    for tenth in 0..10 {
        let sent = body.len() / 10 * tenth;
        let mut stream = openssl(&phonebox);
        let line = format!(
            "PUT /api/v1/files/fw.rom?kind=firmware HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n",
            phonebox.token()
        );
        let input = stream.stdin.as_mut().unwrap();
        let _ = input.write_all(format!("{line}Content-Length: 100000\r\n\r\n").as_bytes());
        let _ = input.write_all(&body[..sent]);
        drop(stream.stdin.take());
        let _ = stream.wait();
    }
    let list = phonebox.json(&["file", "list"]);
    assert!(!list.to_string().contains("fw.rom"), "{list}");
    eventually("no piece of it is left", || {
        let names = |place: PathBuf| {
            let entries = std::fs::read_dir(place).into_iter().flatten().flatten();
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect::<Vec<_>>()
        };
        let all = [names(phonebox.path().to_path_buf()), names(phonebox.path().join("files"))].concat();
        all.iter().all(|name| !name.starts_with(".part-"))
    });
}

/// A TLS connection to the administrators' listener that closes when its input does.
fn openssl(phonebox: &Phonebox) -> std::process::Child {
    use std::process::{Command, Stdio};
    Command::new("openssl")
        .args(["s_client", "-quiet", "-no_ign_eof", "-connect", &phonebox.admin().to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}
