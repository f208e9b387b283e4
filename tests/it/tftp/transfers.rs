//! A transfer's life: lost, repeated and foreign packets, repeated requests, and its end.

use super::{Client, Tftp, calm, data, pattern, quick};
use phonebox::listen::tftp::{Answer, Failure, Limits};
use std::sync::mpsc;
use std::time::Duration;
use tokio::sync::oneshot;

#[test]
fn a_block_that_is_not_acknowledged_is_sent_again() {
    let file = pattern(600);
    let server = Tftp::serving(Limits { retransmits: 12, ..quick() }, &[("file", &file)]);
    let client = Client::new(&server);
    let transfer = client.read("file", "").expect(&data(1, &file[..512]));
    assert_eq!(client.expect(&data(1, &file[..512])), transfer);
    client.acknowledge(1, transfer);
    loop {
        let (packet, _) = client.hear();
        if packet == data(2, &file[512..]) {
            break;
        }
        assert_eq!(packet, data(1, &file[..512]), "at most more of the same");
    }
    client.acknowledge(2, transfer);
    let (_, outcome) = server.outcome();
    assert!(outcome.complete && outcome.retransmits >= 1);
}

/// RFC 1123 §4.2.3.1: a repeated acknowledgement must not repeat a block.
#[test]
fn the_sorcerers_apprentice_finds_no_work() {
    let file = pattern(512 * 20);
    let server = Tftp::serving(calm(), &[("file", &file)]);
    let client = Client::new(&server);
    let transfer = client.read("file", "").expect(&data(1, &file[..512]));
    for block in 1u16..=20 {
        for _ in 0..3 {
            client.acknowledge(block, transfer);
        }
        let next = file.get(usize::from(block) * 512..).unwrap_or_default();
        client.expect(&data(block + 1, &next[..next.len().min(512)]));
    }
    client.acknowledge(21, transfer);
    assert_eq!(server.outcome().1.retransmits, 0);
}

#[test]
fn a_gap_in_a_window_is_filled() {
    let file = pattern(512 * 40);
    let server = Tftp::serving(calm(), &[("file", &file)]);
    let client = Client::new(&server);
    let transfer = client.read("file", "windowsize\x0010\0").hear().1;
    client.acknowledge(0, transfer);
    let block = |number: u16| data(number, &file[usize::from(number - 1) * 512..][..512]);
    for number in 1..=10 {
        client.expect(&block(number));
    }
    client.acknowledge(4, transfer);
    for number in 5..=14 {
        client.expect(&block(number));
    }
    client.acknowledge(14, transfer);
    assert!(client.finish_from(14, 512, 10) == file[14 * 512..]);
    assert_eq!(server.outcome().1.retransmits, 6);
}

impl Client {
    /// What follows a block that was acknowledged.
    fn finish_from(&self, mut blocks: u16, block_size: usize, window: u16) -> Vec<u8> {
        let (mut file, mut since) = (Vec::new(), 0);
        loop {
            let (packet, transfer) = self.hear();
            let payload = &packet[4..];
            assert_eq!(packet[..4], data(blocks + 1, b""));
            (blocks, since) = (blocks + 1, since + 1);
            file.extend_from_slice(payload);
            if since == window || payload.len() < block_size {
                self.acknowledge(blocks, transfer);
                since = 0;
            }
            if payload.len() < block_size {
                return file;
            }
        }
    }
}

/// A forged source address: its owner never answers, or answers at random.
#[test]
fn threat_038_a_stranger_is_sent_one_packet_and_five_more() {
    for (options, length) in [("blksize\x001468\0windowsize\x0064\0", 29), ("", 516)] {
        let file = pattern(100_000);
        let server = Tftp::serving(quick(), &[("file", &file)]);
        let client = Client::new(&server);
        let (first, transfer) = client.read("file", options).hear();
        assert_eq!(first.len(), length);
        for guess in [7, 64, 65_535] {
            client.acknowledge(guess, transfer);
        }
        for _ in 0..5 {
            client.expect(&first);
        }
        let (_, outcome) = server.outcome();
        assert_eq!((outcome.failure, outcome.retransmits), (Some(Failure::TimedOut), 5));
        assert_eq!((outcome.complete, outcome.bytes_acknowledged), (false, 0));
        let patience: u64 = (0..=5).map(|doubled| 5 << doubled).sum();
        assert!(outcome.duration >= Duration::from_millis(patience), "{:?}", outcome.duration);
        client.expect_silence_before_next_answer();
    }
}

#[test]
fn threat_038_repeated_requests_do_not_add_to_the_five() {
    let server = Tftp::serving(Limits { timeout: Duration::from_millis(200), ..calm() }, &[("file", &pattern(5000))]);
    let client = Client::new(&server);
    for _ in 0..200 {
        client.read("file", "blksize\x001468\0");
    }
    for _ in 0..6 {
        client.expect(b"\0\x06blksize\x001468\0");
    }
    client.expect_silence_before_next_answer();
}

#[test]
fn threat_040_a_foreign_port_is_told_so_and_harms_nothing() {
    let file = pattern(2000);
    let server = Tftp::serving(calm(), &[("file", &file)]);
    let client = Client::new(&server);
    let transfer = client.read("file", "").expect(&data(1, &file[..512]));
    let stranger = Client::new(&server);
    let other_host = Client::at(server.address, "127.0.0.9:0");
    for foreign in [&stranger, &other_host] {
        foreign.acknowledge(1, transfer);
        assert_eq!(foreign.expect_error(5), transfer);
        // Errors are not answered, and end nothing.
        foreign.send(b"\0\x05\0\x00stop\0", transfer);
        foreign.send(b"junk", transfer);
        foreign.send(&data(1, b"junk"), transfer);
        foreign.expect_error(5);
    }
    client.acknowledge(1, transfer);
    assert!(client.finish_from(1, 512, 1) == file[512..]);
    let (_, outcome) = server.outcome();
    assert_eq!((outcome.complete, outcome.retransmits), (true, 0));
}

#[test]
fn threat_041_files_of_more_than_65535_blocks_arrive() {
    let file = pattern(8 * 65_600 + 3);
    let server = Tftp::serving(calm(), &[("file", &file)]);
    let client = Client::new(&server);
    client.read("file", "blksize\x008\0windowsize\x0032\0");
    assert!(client.finish(8, 32).0 == file);
    assert!(server.outcome().1.complete);
}

#[test]
fn the_client_may_end_it() {
    let server = Tftp::serving(calm(), &[("file", b"x")]);
    let client = Client::new(&server);
    let transfer = client.read("file", "tsize\x000\0").expect(b"\0\x06tsize\x001\0");
    client.send(b"\0\x05\0\x03disk full\0", transfer);
    let failure = Failure::Peer { code: 3, message: "disk full".into() };
    assert_eq!(server.outcome().1.failure, Some(failure));
}

/// The request came twice on its way, or its answer was lost: one transfer, on one port.
#[test]
fn a_repeated_request_gets_the_same_port() {
    let file = pattern(600);
    let server = Tftp::serving(calm(), &[("file", &file)]);
    let client = Client::new(&server);
    let transfer = client.read("file", "").read("file", "").expect(&data(1, &file[..512]));
    assert_eq!(client.expect(&data(1, &file[..512])), transfer);
    client.acknowledge(1, transfer);
    client.expect(&data(2, &file[512..]));
    client.acknowledge(2, transfer);
    assert!(server.outcome().1.complete);
    client.expect_silence_before_next_answer();
    assert!(server.outcomes.try_recv().is_err(), "the handler was asked once");
}

#[test]
fn another_request_from_the_same_port_replaces_the_transfer() {
    let server = Tftp::serving(calm(), &[("one", &pattern(600)), ("two", b"2")]);
    let client = Client::new(&server);
    let first = client.read("one", "").hear().1;
    let second = client.read("two", "").expect(&data(1, b"2"));
    assert_ne!(first, second);
    let (read, outcome) = server.outcome();
    assert_eq!((&read.file[..], outcome.failure), (&b"one"[..], Some(Failure::Replaced)));
    client.acknowledge(1, second);
    assert!(server.outcome().1.complete);
}

/// A client that fetches file after file from one port: the last acknowledgement and the next request arrive together.
#[test]
fn file_after_file_from_one_port_are_all_complete() {
    let server = Tftp::serving(calm(), &[("file", b"x")]);
    let client = Client::new(&server);
    client.read("file", "");
    for _ in 0..200 {
        let transfer = client.expect(&data(1, b"x"));
        client.acknowledge(1, transfer);
        client.read("file", "");
        assert!(server.outcome().1.complete);
    }
}

/// F13: nobody is there any more. A long timeout of the client's choice does not keep its place.
#[test]
fn fault_013_a_vanished_client_frees_its_place() {
    let limits = Limits { idle: Duration::from_millis(300), ..calm() };
    let server = Tftp::serving(limits, &[("file", &pattern(5000))]);
    let client = Client::new(&server);
    let transfer = client.read("file", "timeout\x00255\0").hear().1;
    client.acknowledge(0, transfer);
    client.hear();
    client.acknowledge(1, transfer);
    let (_, outcome) = server.outcome();
    assert_eq!((outcome.failure, outcome.bytes_acknowledged), (Some(Failure::TimedOut), 512));
}

#[test]
fn a_slow_handler_holds_up_nobody_and_is_asked_once() {
    let (asked, hears) = mpsc::channel();
    let handler = move |read: &phonebox::listen::tftp::Read| {
        if read.file == b"quick" {
            return Box::pin(std::future::ready(Answer::Bytes("q".into()))) as _;
        }
        let (answer, answered) = oneshot::channel();
        asked.send(answer).unwrap();
        Box::pin(async move { answered.await.unwrap_or(Answer::Silence) }) as _
    };
    let server = Tftp::start("127.0.0.1:0", calm(), Box::new(handler));
    let (slow, other) = (Client::new(&server), Client::new(&server));
    slow.read("slow", "").read("slow", "");
    let answer = hears.recv().unwrap();
    let transfer = other.read("quick", "").expect(&data(1, b"q"));
    other.acknowledge(1, transfer);
    assert!(server.outcome().1.complete);
    assert!(hears.try_recv().is_err());
    answer.send(Answer::Bytes("s".into())).unwrap();
    let transfer = slow.expect(&data(1, b"s"));
    slow.acknowledge(1, transfer);
    assert!(server.outcome().1.complete);

    // Asked for something else before the answer came: the first answer is late and dropped.
    slow.read("slow", "");
    let answer = hears.recv().unwrap();
    let transfer = slow.read("quick", "").expect(&data(1, b"q"));
    answer.send(Answer::Bytes("s".into())).unwrap();
    let (read, outcome) = server.outcome();
    assert_eq!((&read.file[..], outcome.failure), (&b"slow"[..], Some(Failure::Replaced)));
    slow.acknowledge(1, transfer);
    assert!(server.outcome().1.complete);
}
