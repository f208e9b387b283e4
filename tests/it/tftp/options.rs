//! RFC 2347, 2348, 2349 and 7440 on the wire.

use super::{Client, Tftp, calm, data, from_memory, pattern};
use phonebox::listen::tftp::{Limits, Why};

/// The OACK for these options, with its NULs as commas.
fn oack(client: &Client, options: &str) -> String {
    let (packet, transfer) = client.read("file", &options.replace(',', "\0")).hear();
    assert_eq!(packet.get(..2), Some(&b"\0\x06"[..]), "{}", packet.escape_ascii());
    client.send(b"\0\x05\0\x00enough\0", transfer);
    String::from_utf8(packet[2..].to_vec()).unwrap().replace('\0', ",")
}

#[test]
fn options_are_acknowledged_one_by_one() {
    let file = pattern(4096);
    let server = Tftp::serving(calm(), &[("file", &file)]);
    let client = Client::new(&server);
    for (asked, acknowledged) in [
        ("blksize,1468,", "blksize,1468,"),
        ("blksize,8,", "blksize,8,"),
        ("BLKSIZE,600,TSize,0,", "blksize,600,tsize,4096,"),
        ("tsize,12345,", "tsize,4096,"),
        ("timeout,1,", "timeout,1,"),
        ("timeout,255,utimeout,50000,multicast,,rollover,1,blksize,512,", "blksize,512,timeout,255,"),
        ("windowsize,64,", "windowsize,64,"),
        ("windowsize,65535,", "windowsize,64,"),
    ] {
        assert_eq!(oack(&client, asked), acknowledged, "{asked}");
        let (_, outcome) = server.outcome();
        assert_eq!(outcome.failure.unwrap().to_string(), "the client ended the transfer with error 0: enough");
    }
}

#[test]
fn unknown_options_alone_bring_plain_rfc_1350() {
    let server = Tftp::serving(calm(), &[("file", b"x")]);
    let client = Client::new(&server);
    for options in ["utimeout\x0050000\0", "blksize\x00512", "\0\0\0\0", "x"] {
        let transfer = client.read("file", options).expect(&data(1, b"x"));
        client.acknowledge(1, transfer);
        assert!(server.outcome().1.complete);
    }
}

/// A block never needs more than one Ethernet frame, unless the limits say that the network takes more.
#[test]
fn blocks_are_cut_to_the_path() {
    let file = pattern(200_000);
    let server = Tftp::start("[::]:0", calm(), from_memory(&[("file", &file)]));
    for (host, cut) in [("127.0.0.1", 1468), ("[::1]", 1448)] {
        let bind = format!("{host}:0");
        let client = Client::at(format!("{host}:{}", server.address.port()).parse().unwrap(), &bind);
        assert_eq!(oack(&client, "blksize,65464,"), format!("blksize,{cut},"));
        client.read("file", "blksize\x0065464\0windowsize\x0016\0");
        assert!(client.finish(cut, 16).0 == file);
    }
    let server = Tftp::serving(Limits { mtu: 65_535, ..calm() }, &[("file", &file)]);
    let client = Client::new(&server);
    client.read("file", "blksize\x0065464\0");
    assert!(client.finish(65_464, 1).0 == file);
}

#[test]
fn threat_037_values_out_of_range_are_lowered_or_refused() {
    let server = Tftp::serving(calm(), &[("file", b"x")]);
    let client = Client::new(&server);
    assert_eq!(oack(&client, "blksize,65465,"), "blksize,1468,");
    assert_eq!(oack(&client, "windowsize,65536,"), "windowsize,64,");
    assert_eq!(oack(&client, "tsize,99999999999999999999999999,"), "tsize,1,");
    for options in [
        "blksize,0,",
        "blksize,7,",
        "blksize,abc,",
        "blksize,-512,",
        "blksize,,",
        "windowsize,0,",
        "windowsize,x,",
        "tsize,-1,",
        "timeout,0,",
        "timeout,256,",
        "blksize,512,timeout,1s,",
    ] {
        client.read("file", &options.replace(',', "\0")).expect_error(8);
        assert!(matches!(server.refusal().why, Why::Option(_)), "{options}");
    }
}

#[test]
fn threat_037_a_thousand_options_are_refused_unread() {
    let server = Tftp::serving(calm(), &[("file", b"x")]);
    let client = Client::new(&server);
    client.read("file", &"blksize\x00512\0".repeat(1000)).expect_error(8);
    let refused = server.refusal();
    assert_eq!((refused.why, &refused.file[..]), (Why::Long, &b"file"[..]));
    assert_eq!(oack(&client, &format!("blksize,512,{}", "a,b,".repeat(300))), "blksize,512,");
}

#[test]
fn the_size_in_netascii_counts_what_is_sent() {
    let text = b"one\ntwo\rthree\r\n".repeat(100);
    let server = Tftp::serving(calm(), &[("file", &text)]);
    let client = Client::new(&server);
    client.ask(b"\0\x01file\0netascii\0tsize\x000\0");
    let transfer = client.expect(b"\0\x06tsize\x001900\0");
    client.acknowledge(0, transfer);
    let (wire, _) = client.finish(512, 1);
    assert!(wire == b"one\r\ntwo\r\0three\r\0\r\n".repeat(100));
    assert_eq!(server.outcome().1.bytes_acknowledged, 1500);
}

#[test]
fn windows_of_any_size_carry_files_of_any_length() {
    let file = pattern(40_000);
    let lengths = [0, 1, 511, 512, 513, 512 * 7, 512 * 16, 40_000];
    let names = lengths.map(|length| length.to_string());
    let files: Vec<_> = names.iter().zip(lengths).map(|(name, length)| (name.as_str(), &file[..length])).collect();
    let server = Tftp::serving(calm(), &files);
    for window in [1usize, 2, 7, 16, 64] {
        for (name, expected) in &files {
            let client = Client::new(&server);
            client.read(name, &format!("windowsize\0{window}\0"));
            let (got, packets) = client.finish(512, window);
            assert!(got == *expected, "{name} bytes, window {window}");
            assert_eq!(packets, expected.len() / 512 + 1, "no block twice");
            assert!(server.outcome().1.complete);
        }
    }
}
