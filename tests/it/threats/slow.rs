//! Peers that take their time: slow heads, slow bodies, slow readers, handshakes that never end. Each is cut off, and
//! meanwhile everybody else is served.

use crate::support::eventually;
use crate::support::phone::{add, mac, phone};
use crate::support::raw;
use crate::support::server::Phonebox;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A box with a phone that has settled: what it asks for by its token, and its MAC.
fn settled(flags: &[&str]) -> (Phonebox, String) {
    let phonebox = Phonebox::start_with(flags);
    add(&phonebox, "T54W", &[]);
    let mut phone = phone("T54W");
    phone.boot(Some(&phonebox.url(false)));
    let token = phone.server().unwrap().trim_start_matches(&phonebox.url(false)).to_owned();
    (phonebox, format!("/{token}"))
}

/// The healthy phone is answered at once, however many others there are.
#[track_caller]
fn is_served(phonebox: &Phonebox, directory: &str) {
    let start = Instant::now();
    assert_eq!(raw::get(phonebox.http(), &format!("{directory}{}.cfg", mac("T54W"))).status, 200);
    assert!(start.elapsed() < Duration::from_secs(2), "a healthy phone waited {:?}", start.elapsed());
}

/// Whether the box has hung up.
fn is_closed(stream: &mut TcpStream) -> bool {
    match stream.read(&mut [0; 512]) {
        Ok(count) => count == 0,
        Err(error) => error.kind() != ErrorKind::WouldBlock,
    }
}

fn crowd(to: SocketAddr, count: usize, first: &[u8]) -> Vec<TcpStream> {
    let open = |_| {
        let mut stream = raw::connect(to);
        stream.write_all(first).unwrap();
        stream.set_nonblocking(true).unwrap();
        stream
    };
    (0..count).map(open).collect()
}

/// Each of them sends one byte of `rest` a tick, until the box has closed them all: how long that took.
fn trickle(
    crowd: Vec<TcpStream>,
    tick: Duration,
    mut rest: impl Iterator<Item = u8>,
    meanwhile: impl Fn(),
) -> Duration {
    let start = Instant::now();
    let mut open = crowd;
    while !open.is_empty() {
        assert!(start.elapsed() < Duration::from_secs(25), "{} are still open", open.len());
        let byte = rest.next().map_or(vec![], |byte| vec![byte]);
        open.retain_mut(|stream| !is_closed(stream) && (byte.is_empty() || stream.write_all(&byte).is_ok()));
        meanwhile();
        std::thread::sleep(tick); // The pace of the attack.
    }
    start.elapsed()
}

#[test]
fn threat_030_slow_heads_are_closed_within_ten_seconds_and_others_are_served() {
    let (phonebox, directory) = settled(&[]);
    let mut slow = crowd(phonebox.http(), 400, b"GET /y000000000096.cfg HTTP/1.1\r\nHost: x\r\nX: ");
    slow.extend(crowd(phonebox.http(), 100, b""));
    let last = trickle(slow, Duration::from_secs(1), std::iter::repeat(b'a'), || is_served(&phonebox, &directory));
    assert!(last > Duration::from_secs(8) && last < Duration::from_secs(13), "{last:?}");
    assert!(phonebox.handles() < 100, "{}", phonebox.handles());
}

/// Less than 1 KiB a second for ten seconds.
#[test]
fn threat_031_an_upload_that_trickles_is_refused() {
    let (phonebox, directory) = settled(&[]);
    let path = format!("{directory}{}-boot.log", mac("T54W"));
    let head = format!("PUT {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
    let slow = crowd(phonebox.http(), 20, head.as_bytes());
    let kept: Vec<_> = slow.iter().map(|stream| stream.try_clone().unwrap()).collect();
    let start = Instant::now();
    let mut answers: Vec<String> = vec![String::new(); kept.len()];
    let mut open: Vec<usize> = (0..kept.len()).collect();
    while !open.is_empty() {
        assert!(start.elapsed() < Duration::from_secs(20), "{} are still open", open.len());
        open.retain(|number| {
            let mut stream = &kept[*number];
            let _ = stream.write_all(&[b'x'; 100]);
            let mut some = [0; 1024];
            match stream.read(&mut some) {
                Ok(0) => false,
                Ok(count) => {
                    answers[*number].push_str(&String::from_utf8_lossy(&some[..count]));
                    true
                }
                Err(error) => error.kind() == ErrorKind::WouldBlock,
            }
        });
        is_served(&phonebox, &directory);
        std::thread::sleep(Duration::from_millis(500)); // The pace of the attack.
    }
    let took = start.elapsed();
    assert!(took > Duration::from_secs(8) && took < Duration::from_secs(14), "{took:?}");
    assert!(answers.iter().all(|answer| answer.starts_with("HTTP/1.1 408 ")), "{answers:?}");
    assert_eq!(raw::get(phonebox.http(), &path).status, 404, "nothing of it was kept");
    let timeline = phonebox.explain(mac("T54W"))["timeline"].to_string();
    assert!(timeline.contains("did not arrive in time"), "{timeline}");
}

/// Fast enough, but without an end.
#[test]
fn threat_031_an_upload_has_an_end() {
    let (phonebox, directory) = settled(&["--upload-seconds", "2"]);
    let path = format!("{directory}{}-boot.log", mac("T54W"));
    let mut stream = raw::connect(phonebox.http());
    write!(stream, "PUT {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n").unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    let (start, mut answer) = (Instant::now(), [0; 12]);
    while stream.read_exact(&mut answer).is_err() {
        assert!(start.elapsed() < Duration::from_secs(8));
        stream.write_all(&[b'x'; 2_000]).unwrap();
    }
    assert_eq!(&answer, b"HTTP/1.1 408");
    assert!(start.elapsed() >= Duration::from_secs(2));
    assert_eq!(raw::get(phonebox.http(), &path).status, 404);
}

/// Who reads nothing is cut off with all that waits for it in the kernel; who reads slowly but steadily is not.
#[test]
fn threat_032_a_reader_that_stalls_is_cut_off() {
    const READERS: usize = 100;
    let (phonebox, directory) = settled(&["--stalled-seconds", "2"]);
    let firmware = phonebox.file("");
    std::fs::write(&firmware, vec![7u8; 20 << 20]).unwrap();
    phonebox.cli(&["file", "add", firmware.to_str().unwrap(), "--name", "fw.rom"]);
    let before = phonebox.resident();
    let ask = b"GET /fw.rom HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let reader = || {
        let mut stream = raw::connect(phonebox.http());
        nix::sys::socket::setsockopt(&stream, nix::sys::socket::sockopt::RcvBuf, &8192).unwrap();
        stream.write_all(ask).unwrap();
        stream
    };
    let stalled: Vec<_> = (0..READERS).map(|_| reader()).collect();
    let mut steady = reader();
    let start = Instant::now();
    let (mut most, mut read) = (0, 0);
    eventually("every stalled reader is closed", || {
        most = most.max(unsent(phonebox.http()));
        is_served(&phonebox, &directory);
        steady.read_exact(&mut [0; 4096]).unwrap();
        read += 4096;
        std::thread::sleep(Duration::from_millis(100)); // Forty KiB a second.
        unsent_connections(phonebox.http()) <= 1
    });
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    for stream in &stalled {
        let error = stream.take_error().unwrap().map(|error| error.kind());
        assert_eq!(error, Some(ErrorKind::ConnectionReset), "cut off, not left to the kernel");
    }
    while start.elapsed() < Duration::from_secs(7) {
        steady.read_exact(&mut [0; 4096]).unwrap();
        read += 4096;
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(read > 20 * 4096, "who reads steadily is not cut off: {read}");
    assert!(most / READERS as u64 <= 1 << 20, "{most} bytes of answers lay in the kernel");
    assert!(phonebox.resident().saturating_sub(before) < 60 << 20);
}

/// What `ss` says of connections of this port: memory of the answers that wait in the kernel.
fn waiting(port: u16) -> Vec<u64> {
    let said = Command::new("ss").args(["-Htnm", &format!("sport = :{port}")]).output().expect("ss of iproute2");
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    let memory = text.split("skmem:(").skip(1).map(|part| {
        let field = part.split([',', ')']).find_map(|field| field.strip_prefix('w'));
        field.and_then(|digits| digits.parse().ok()).unwrap_or(0)
    });
    memory.filter(|bytes| *bytes > 20_000).collect()
}

fn unsent(of: SocketAddr) -> u64 {
    waiting(of.port()).iter().sum()
}

fn unsent_connections(of: SocketAddr) -> usize {
    waiting(of.port()).len()
}

fn client_hello() -> Vec<u8> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
    let mut client = rustls::ClientConnection::new(Arc::new(config), "box.example".try_into().unwrap()).unwrap();
    let mut bytes = Vec::new();
    client.write_tls(&mut bytes).unwrap();
    bytes
}

/// The same handshake message, one byte in each record.
fn one_byte_records(hello: &[u8]) -> Vec<u8> {
    hello[5..].iter().flat_map(|byte| [0x16, 3, 1, 0, 1, *byte]).collect()
}

#[test]
fn threat_033_half_open_tls_is_closed_within_five_seconds_and_others_are_served() {
    let (phonebox, directory) = settled(&[]);
    let hello = client_hello();
    let mut slow = crowd(phonebox.https(), 150, b"");
    slow.extend(crowd(phonebox.https(), 150, &hello[..hello.len() / 2]));
    let records = one_byte_records(&hello);
    let bytewise = crowd(phonebox.https(), 100, &records[..60]);
    let feeding =
        std::thread::spawn(move || trickle(bytewise, Duration::from_millis(100), records.into_iter().skip(60), || {}));
    let last = trickle(slow, Duration::from_millis(250), std::iter::empty(), || {
        // Whole handshakes, dropped at once, and one that wants something.
        crowd(phonebox.https(), 20, &hello).clear();
        is_served(&phonebox, &directory);
        let url = format!("https://{}/phonebox-ca.pem", phonebox.https());
        let start = Instant::now();
        let (reply, _) = client().ask("GET", &phonebox::phone::Url::parse(&url).unwrap(), &[], b"").unwrap();
        assert!(reply.status == 200 && start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    });
    let bytewise = feeding.join().unwrap();
    for took in [last, bytewise] {
        assert!(took > Duration::from_secs(4) && took < Duration::from_secs(8), "{took:?}");
    }
    eventually("their handles are free", || phonebox.handles() < 100);
    // What is no TLS at all, and an old protocol, ends at once.
    for bytes in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0x80, 0x2e, 1, 0, 2], &[0x16, 3, 0, 0, 1, 0]] {
        assert!(raw::exchange(phonebox.https(), &bytes.repeat(20)).closed);
    }
}

fn client() -> phonebox::phone::Client<'static> {
    use phonebox::phone::{Client, Trust};
    Client { agent: "", login: None, trust: Trust::Anyone, strict: false, from: None }
}
