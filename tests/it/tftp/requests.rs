//! What may be asked, and the words for what may not.

use super::{Client, Tftp, calm, data, from_memory, pattern};
use phonebox::listen::tftp::{Answer, Malformed, Mode, Outcome, Refused, Server, Why};
use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

fn assert_refused(refused: Refused, client: &Client, file: &[u8], why: Why) {
    let peer = client.socket.local_addr().unwrap();
    assert_eq!(refused, Refused { peer, local: Some(peer.ip()), file: file.to_vec(), why });
}

#[test]
fn threat_035_broken_requests_get_an_error_and_read_nothing() {
    let server = Tftp::serving(calm(), &[("a", b"a")]);
    let client = Client::new(&server);
    let long = [b"\0\x01".as_slice(), &[b'n'; 60 * 1024], b"\0octet\0"].concat();
    let quite_long = [b"\0\x01".as_slice(), &[b'n'; 513], b"\0octet\0"].concat();
    for (packet, code, why, file) in [
        (&b"\0\x01a"[..], 4, Why::Malformed(Malformed::NameUnended), &b""[..]),
        (b"\0\x01", 4, Why::Malformed(Malformed::NameUnended), b""),
        (b"\0\x01\0octet\0", 4, Why::Malformed(Malformed::NameEmpty), b""),
        (b"\0\x01a\0", 4, Why::Malformed(Malformed::NoMode), b""),
        (b"\0\x01a\0octet", 4, Why::Malformed(Malformed::NoMode), b""),
        (&quite_long, 4, Why::Malformed(Malformed::NameLong), b""),
        (&long, 4, Why::Malformed(Malformed::NameUnended), b""),
        (b"\0\x01a\0mail\0", 4, Why::Mode, b"a"),
        (b"\0\x01a\0../../etc/passwd\0octet\0", 4, Why::Mode, b"a"),
        (b"\0\x01a\0\0", 4, Why::Mode, b"a"),
    ] {
        let from = client.ask(packet).expect_error(code);
        assert_eq!(from, server.address, "a refusal needs no port of its own");
        assert_refused(server.refusal(), &client, file, why);
    }
}

/// The names themselves are the pipeline's business; they reach it as they are, whole.
#[test]
fn threat_035_odd_names_reach_the_handler_untouched() {
    let server = Tftp::serving(calm(), &[]);
    let client = Client::new(&server);
    let longest = "n".repeat(512);
    for name in ["../../etc/passwd", "/etc/passwd", "..\\..\\boot.ini", "\\\\host\\share", " ", "\u{202e}", &longest] {
        client.read(name, "").expect_error(1);
        let (read, outcome) = server.outcome();
        assert_eq!(read.file, name.as_bytes());
        assert_eq!(read.peer, client.socket.local_addr().unwrap());
        assert_eq!(outcome, Outcome { duration: outcome.duration, ..unsent() });
    }
}

fn unsent() -> Outcome {
    Outcome { bytes_acknowledged: 0, complete: false, duration: Duration::ZERO, retransmits: 0, failure: None }
}

#[test]
fn threat_036_writes_are_refused() {
    let server = Tftp::serving(calm(), &[]);
    let client = Client::new(&server);
    client.ask(b"\0\x02upload\0octet\0").expect(b"\0\x05\0\x02this server is read only\0");
    assert_refused(server.refusal(), &client, b"upload", Why::Write);
}

#[test]
fn what_is_no_request_gets_silence() {
    let server = Tftp::serving(calm(), &[]);
    let client = Client::new(&server);
    for (packet, why) in [
        (&b""[..], Why::Malformed(Malformed::Short)),
        (b"\0", Why::Malformed(Malformed::Short)),
        (b"\0\x04\0", Why::Malformed(Malformed::Short)),
        (b"\0\x09what", Why::Malformed(Malformed::Operation(9))),
        (b"GET / HTTP/1.1\r\n", Why::Malformed(Malformed::Operation(0x4745))),
        (&data(1, b"data"), Why::NotARequest),
        (b"\0\x04\0\x01", Why::NotARequest),
        (b"\0\x05\0\x01no\0", Why::NotARequest),
        (b"\0\x06blksize\x00512\0", Why::NotARequest),
    ] {
        client.ask(packet).expect_silence_before_next_answer();
        assert_refused(server.refusal(), &client, b"", why);
        assert_eq!(server.refusal().why, Why::Write);
    }
}

#[test]
fn the_mode_is_read_in_any_case() {
    let server = Tftp::serving(calm(), &[("text", b"a\nb")]);
    for (mode, wire, known) in [("OCTET", &b"a\nb"[..], Mode::Octet), ("NetAscii", b"a\r\nb", Mode::Netascii)] {
        let client = Client::new(&server);
        client.ask(format!("\0\x01text\0{mode}\0").as_bytes());
        let transfer = client.expect(&data(1, wire));
        client.acknowledge(1, transfer);
        let (read, outcome) = server.outcome();
        assert_eq!((read.mode, outcome.bytes_acknowledged, outcome.complete), (known, 3, true));
    }
}

#[test]
fn the_handler_may_refuse_or_say_nothing() {
    let handler = |read: &phonebox::listen::tftp::Read| match &read.file[..] {
        b"secret" => Answer::Refused("not over TFTP"),
        _ => Answer::Silence,
    };
    let server = Tftp::start("127.0.0.1:0", calm(), Box::new(move |read| Box::pin(std::future::ready(handler(read)))));
    let client = Client::new(&server);
    client.read("secret", "blksize\x001024\0").expect(b"\0\x05\0\x02not over TFTP\0");
    client.read("other", "").expect_silence_before_next_answer();
    for file in ["secret", "other"] {
        let (read, outcome) = server.outcome();
        assert_eq!(read.file, file.as_bytes());
        assert_eq!(outcome, Outcome { duration: outcome.duration, ..unsent() });
    }
}

#[test]
fn fault_032_a_panic_costs_its_own_request() {
    let boom = || -> Answer { panic!("a test panics on purpose") };
    let handler = move |read: &phonebox::listen::tftp::Read| match &read.file[..] {
        b"at once" => Box::pin(std::future::ready(boom())) as _,
        b"later" => Box::pin(async move { boom() }) as _,
        b"much later" => Box::pin(async move {
            tokio::task::yield_now().await;
            boom()
        }) as _,
        _ => Box::pin(std::future::ready(Answer::Bytes("x".into()))) as _,
    };
    let server = Tftp::start("127.0.0.1:0", calm(), Box::new(handler));
    let client = Client::new(&server);
    for file in ["at once", "later", "much later"] {
        client.read(file, "").expect(b"\0\x05\0\0the request could not be answered\0");
        assert_refused(server.refusal(), &client, file.as_bytes(), Why::Panicked);
    }
    let transfer = client.read("file", "").expect(&data(1, b"x"));
    client.acknowledge(1, transfer);
    assert!(server.outcome().1.complete);
}

#[test]
fn a_file_is_served_up_to_its_length() {
    let bytes = pattern(100_000);
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&bytes).unwrap();
    let mut lengths = [99_000u64, 100_001].into_iter();
    let handler = move |_: &_| {
        let answer = Answer::File { file: file.try_clone().unwrap(), length: lengths.next().unwrap() };
        Box::pin(std::future::ready(answer)) as _
    };
    let server = Tftp::start("127.0.0.1:0", calm(), Box::new(handler));
    let client = Client::new(&server);
    client.read("file", "blksize\x001400\0windowsize\x008\0");
    assert!(client.finish(1400, 8).0 == bytes[..99_000]);
    assert!(server.outcome().1.complete);

    // It is shorter than it was: an error, never a short file that looks whole.
    let client = Client::new(&server);
    let mut transfer = client.read("file", "blksize\x001400\0").hear().1;
    client.acknowledge(0, transfer);
    for block in 1..=71 {
        transfer = client.expect(&data(block, &bytes[usize::from(block - 1) * 1400..][..1400]));
        client.acknowledge(block, transfer);
    }
    assert_eq!(client.expect_error(0), transfer);
    let (_, outcome) = server.outcome();
    assert_eq!((outcome.complete, outcome.bytes_acknowledged), (false, 71 * 1400));
    assert_eq!(outcome.failure.unwrap().to_string(), "the file could not be read or sent: unexpected end of file");
}

/// On a host with many addresses the answer comes from the one that was asked, errors as well as files.
#[test]
fn answers_come_from_the_address_asked() {
    for (bind, asked, from) in [
        ("0.0.0.0:0", "127.0.0.7", "127.0.0.1:0"),
        ("[::]:0", "127.0.0.7", "127.0.0.1:0"),
        ("[::]:0", "::1", "[::1]:0"),
    ] {
        let server = Tftp::start(bind, calm(), from_memory(&[("file", b"x")]));
        let asked = asked.parse().unwrap();
        let client = Client::at(SocketAddr::new(asked, server.address.port()), from);
        let transfer = client.read("file", "").expect(&data(1, b"x"));
        assert_eq!(transfer.ip(), asked);
        client.acknowledge(1, transfer);
        let (read, outcome) = server.outcome();
        assert_eq!((read.local, read.peer), (Some(asked), client.socket.local_addr().unwrap()));
        assert!(outcome.complete);
        assert_eq!(client.read("missing", "").expect_error(1).ip(), asked);
    }
}

/// F21: the caller can say which port was taken.
#[test]
fn fault_021_a_port_in_use_is_an_error() {
    let server = Tftp::serving(calm(), &[]);
    let error = Server::bind(server.address, calm()).map(drop).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
}
