//! Who the peer really is when a proxy stands in front: PROXY protocol v1 and v2 (HAProxy's proxy-protocol.txt),
//! `Forwarded` (RFC 7239) and `X-Forwarded-For`.
//!
//! Only a peer in the list of trusted proxies is believed, and it is asked hop by hop from the right: the first hop
//! that is not a trusted proxy itself is the client. What cannot be read ends the walk.

use crate::net::{Cidr, unmap};
use hyper::HeaderMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

const V2: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
const V1: &[u8; 6] = b"PROXY ";
/// The longest version 1 header, with its line end.
const V1_MOST: usize = 107;
/// Version 2 may carry more; what it carries beyond addresses is not used.
const MOST: usize = 4096;
/// A header that arrives in pieces is looked at again after this long; the caller bounds the whole.
const PIECE: Duration = Duration::from_millis(2);

pub fn is_trusted(peer: IpAddr, trusted: &[Cidr]) -> bool {
    trusted.iter().any(|network| network.contains(peer))
}

/// The start of a connection, as far as it has arrived.
#[derive(Debug, PartialEq, Eq)]
enum Head {
    /// Something else than a PROXY header.
    Absent,
    /// The beginning of one.
    Partial,
    /// A whole one of this length; without a source the proxy speaks for itself.
    Whole(usize, Option<SocketAddr>),
    Wrong,
}

fn parse(bytes: &[u8]) -> Head {
    let starts = |signature: &[u8]| bytes.iter().zip(signature).all(|(a, b)| a == b);
    if starts(V2) {
        return if bytes.len() < 16 { Head::Partial } else { version_2(bytes) };
    }
    if !starts(V1) {
        return Head::Absent;
    }
    let line = bytes.get(..V1_MOST.min(bytes.len())).unwrap_or_default();
    match line.windows(2).position(|end| end == b"\r\n") {
        Some(end) => match version_1(line.get(V1.len()..end).unwrap_or_default()) {
            Some(source) => Head::Whole(end + 2, source),
            None => Head::Wrong,
        },
        None if line.len() < V1_MOST => Head::Partial,
        None => Head::Wrong,
    }
}

fn version_1(line: &[u8]) -> Option<Option<SocketAddr>> {
    let mut words = std::str::from_utf8(line).ok()?.split(' ');
    let family = words.next()?;
    if family == "UNKNOWN" {
        return Some(None);
    }
    let (source, target): (IpAddr, IpAddr) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let (port, _): (u16, u16) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let fits = match family {
        "TCP4" => source.is_ipv4() && target.is_ipv4(),
        "TCP6" => source.is_ipv6() && target.is_ipv6(),
        _ => false,
    };
    (fits && words.next().is_none()).then(|| Some(SocketAddr::new(source, port)))
}

fn version_2(bytes: &[u8]) -> Head {
    let Some(&[command, family, high, low]) = bytes.get(12..16) else { return Head::Partial };
    let length = 16 + usize::from(u16::from_be_bytes([high, low]));
    if length > MOST {
        return Head::Wrong;
    }
    let Some(addresses) = bytes.get(16..length) else { return Head::Partial };
    match (command, family >> 4) {
        // LOCAL: a health check of the proxy.
        (0x20, _) => Head::Whole(length, None),
        (0x21, 1) => v2_source::<4>(addresses).map_or(Head::Wrong, |source| Head::Whole(length, Some(source))),
        (0x21, 2) => v2_source::<16>(addresses).map_or(Head::Wrong, |source| Head::Whole(length, Some(source))),
        (0x21, 0 | 3) => Head::Whole(length, None),
        _ => Head::Wrong,
    }
}

/// Source address, destination address, source port, destination port.
fn v2_source<const N: usize>(bytes: &[u8]) -> Option<SocketAddr>
where
    IpAddr: From<[u8; N]>,
{
    let address: [u8; N] = bytes.get(..N)?.try_into().ok()?;
    let port: [u8; 2] = bytes.get(2 * N..2 * N + 2)?.try_into().ok()?;
    bytes.get(2 * N + 2..2 * N + 4)?;
    Some(SocketAddr::new(address.into(), u16::from_be_bytes(port)))
}

/// Takes a PROXY header off the start of a connection, and nothing else. Call it for trusted peers only, with a
/// timeout: it waits for the first bytes.
pub async fn read_header(stream: &mut TcpStream) -> io::Result<Option<SocketAddr>> {
    let mut start = [0u8; MOST];
    let mut seen = 0;
    loop {
        let count = stream.peek(&mut start).await?;
        match parse(start.get(..count).unwrap_or_default()) {
            _ if count == 0 => return Ok(None),
            Head::Absent => return Ok(None),
            Head::Whole(length, source) => {
                stream.read_exact(start.get_mut(..length).unwrap_or_default()).await?;
                return Ok(source);
            }
            Head::Wrong => return Err(io::Error::new(io::ErrorKind::InvalidData, "a malformed PROXY header")),
            Head::Partial => {}
        }
        // peek answers at once while anything is there. A peer that closed half-way sends nothing more.
        if count == seen && stream.ready(tokio::io::Interest::READABLE).await?.is_read_closed() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        seen = count;
        tokio::time::sleep(PIECE).await;
    }
}

/// The client that a trusted proxy names in the head of a request; `None` when it names none.
///
/// A proxy writes one of the two headers and passes the other one through as the client sent it. So where both are
/// there and disagree nobody can be believed, and the client becomes 0.0.0.0, which is in no private network.
pub fn forwarded_peer(peer: IpAddr, trusted: &[Cidr], headers: &HeaderMap) -> Option<IpAddr> {
    let lines = |name| headers.get_all(name).iter().map(hyper::header::HeaderValue::as_bytes).collect();
    named_peer(peer, trusted, lines)
}

/// The same for headers of any library: `lines` has the values of a header, in their order.
pub fn named_peer<'a>(peer: IpAddr, trusted: &[Cidr], lines: impl Fn(&'static str) -> Vec<&'a [u8]>) -> Option<IpAddr> {
    if !is_trusted(peer, trusted) {
        return None;
    }
    let (forwarded, x_forwarded_for) = (lines("forwarded"), lines("x-forwarded-for"));
    let standard = client(trusted, &forwarded, forwarded_for);
    let usual = client(trusted, &x_forwarded_for, node);
    let both = !forwarded.is_empty() && !x_forwarded_for.is_empty();
    if both && standard != usual { Some(IpAddr::V4(Ipv4Addr::UNSPECIFIED)) } else { standard.or(usual) }
}

fn client(trusted: &[Cidr], lines: &[&[u8]], read: fn(&str) -> Option<IpAddr>) -> Option<IpAddr> {
    let mut client = None;
    for hop in lines.iter().rev().flat_map(|line| split_right(line, b',')) {
        let Some(address) = std::str::from_utf8(hop).ok().and_then(read) else { break };
        client = Some(address);
        if !is_trusted(address, trusted) {
            break;
        }
    }
    client
}

/// Parts between separators that stand outside of quotes, last one first, trimmed, empty ones left out. From the
/// right, because what a client wrote stands to the left of what its proxy added: a quote it left open changes nothing.
fn split_right(text: &[u8], separator: u8) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let (mut quoted, mut end) = (false, text.len());
    for (place, byte) in text.iter().enumerate().rev() {
        if *byte == b'"' {
            let escapes = text.iter().take(place).rev().take_while(|before| **before == b'\\').count();
            quoted ^= escapes % 2 == 0;
        } else if *byte == separator && !quoted {
            parts.push(text.get(place + 1..end).unwrap_or_default());
            end = place;
        }
    }
    parts.push(text.get(..end).unwrap_or_default());
    parts.into_iter().map(<[u8]>::trim_ascii).filter(|part| !part.is_empty()).collect()
}

/// `for=192.0.2.43;proto=http` (RFC 7239 §4).
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let mut found = None;
    for pair in split_right(element.as_bytes(), b';') {
        let (name, value) = std::str::from_utf8(pair).ok()?.split_once('=')?;
        if name.eq_ignore_ascii_case("for") {
            // Twice is garbage, and garbage says nothing.
            if found.is_some() {
                return None;
            }
            let bare = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value);
            found = Some(node(bare)?);
        }
    }
    found
}

/// An address, with or without a port; `unknown` and made-up names are none (RFC 7239 §6).
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let address = text
        .parse::<IpAddr>()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
        .or_else(|| text.strip_prefix('[')?.strip_suffix(']')?.parse().ok())?;
    Some(unmap(address))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tokio::io::AsyncWriteExt;

    fn v2(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len()).unwrap().to_be_bytes();
        [V2.as_slice(), &[command, family], &length, body].concat()
    }

    fn whole(bytes: &[u8], source: Option<&str>) {
        let source = source.map(|text| text.parse().unwrap());
        assert_eq!(parse(bytes), Head::Whole(bytes.len(), source), "{bytes:?}");
        assert_eq!(parse(&[bytes, b"GET / HTTP/1.1\r\n"].concat()), Head::Whole(bytes.len(), source));
        for cut in 1..bytes.len() {
            assert_eq!(parse(&bytes[..cut]), Head::Partial, "{cut}");
        }
    }

    #[test]
    fn both_versions_read_whole_and_in_pieces() {
        whole(b"PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n", Some("192.0.2.7:56324"));
        whole(b"PROXY TCP6 2001:db8::7 2001:db8::1 56324 443\r\n", Some("[2001:db8::7]:56324"));
        whole(b"PROXY UNKNOWN\r\n", None);
        whole(b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", None);
        whole(&v2(0x21, 0x11, &[192, 0, 2, 7, 198, 51, 100, 1, 0xdc, 4, 1, 187]), Some("192.0.2.7:56324"));
        let six = [&[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7][..], &[0; 16], &[0xdc, 4, 1, 187], b"TLV"];
        whole(&v2(0x21, 0x21, &six.concat()), Some("[2001:db8::7]:56324"));
        whole(&v2(0x20, 0x00, b""), None);
    }

    #[test]
    fn a_malformed_header_is_wrong_and_another_protocol_is_absent() {
        let long = [b"PROXY TCP4 ".as_slice(), &[b'1'; 200]].concat();
        let wrong: [&[u8]; 7] = [
            b"PROXY TCP4 2001:db8::7 192.0.2.1 1 2\r\n",
            b"PROXY TCP4 192.0.2.7 192.0.2.1 1\r\n",
            b"PROXY TCP4 192.0.2.7 192.0.2.1 1 2 3\r\n",
            b"PROXY TCP4 192.0.2.7 192.0.2.1 1 70000\r\n",
            b"PROXY \xff\r\n",
            &v2(0x21, 0x11, &[1, 2, 3]),
            &long,
        ];
        for bytes in wrong {
            assert_eq!(parse(bytes), Head::Wrong, "{bytes:?}");
        }
        assert_eq!(parse(&v2(0x31, 0x11, &[0; 12])), Head::Wrong);
        assert_eq!(parse(&v2(0x21, 0x11, &[0; 5000])), Head::Wrong);
        for bytes in [b"GET / HTTP/1.1\r\n".as_slice(), b"POST / HTTP", b"\x16\x03\x01", b"PUT "] {
            assert_eq!(parse(bytes), Head::Absent, "{bytes:?}");
        }
    }

    fn trusted() -> Vec<Cidr> {
        vec!["127.0.0.0/8".parse().unwrap(), "10.0.0.0/24".parse().unwrap()]
    }

    /// Header lines: name and value.
    type Lines<'a> = &'a [(&'static str, &'a str)];

    fn peer(from: &str, lines: Lines) -> Option<String> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        forwarded_peer(from.parse().unwrap(), &trusted(), &headers).map(|address| address.to_string())
    }

    #[test]
    fn threat_007_only_trusted_proxies_are_believed_and_the_rightmost_stranger_wins() {
        let xff = "x-forwarded-for";
        let cases: [(&str, Lines, Option<&str>); 19] = [
            ("192.0.2.1", &[(xff, "203.0.113.5")], None),
            ("10.0.0.1", &[], None),
            ("10.0.0.1", &[(xff, "203.0.113.5")], Some("203.0.113.5")),
            ("10.0.0.1", &[(xff, "192.168.1.1, 203.0.113.5")], Some("203.0.113.5")),
            ("10.0.0.1", &[(xff, "192.168.1.1, 203.0.113.5, 10.0.0.2")], Some("203.0.113.5")),
            ("10.0.0.1", &[(xff, "192.168.1.1"), (xff, "203.0.113.5")], Some("203.0.113.5")),
            ("10.0.0.1", &[(xff, "10.0.0.3, 10.0.0.2")], Some("10.0.0.3")),
            ("10.0.0.1", &[(xff, "203.0.113.5:8080,[fd00::1]:99")], Some("fd00::1")),
            ("10.0.0.1", &[(xff, "::ffff:203.0.113.5")], Some("203.0.113.5")),
            ("10.0.0.1", &[(xff, "203.0.113.5, <script>")], None),
            ("10.0.0.1", &[(xff, "1.1.1.1, unknown, 10.0.0.2")], Some("10.0.0.2")),
            (
                "10.0.0.1",
                &[("forwarded", "for=192.168.1.1, FOR=\"[2001:db8::7]:4711\";proto=http")],
                Some("2001:db8::7"),
            ),
            ("10.0.0.1", &[("forwarded", "by=\"a,b;for=1.1.1.1\";for=203.0.113.5")], Some("203.0.113.5")),
            ("10.0.0.1", &[("forwarded", "for=_hidden")], None),
            ("10.0.0.1", &[("forwarded", "for=1.1.1.1"), (xff, "1.1.1.1")], Some("1.1.1.1")),
            ("10.0.0.1", &[("forwarded", "for=192.168.1.1"), (xff, "203.0.113.5")], Some("0.0.0.0")),
            ("10.0.0.1", &[("forwarded", "for=_hidden"), (xff, "192.168.1.1")], Some("0.0.0.0")),
            ("10.0.0.1", &[("forwarded", "for=\"x, for=203.0.113.5;by=\"a\\\",b\"")], Some("203.0.113.5")),
            ("10.0.0.1", &[(xff, "\", 203.0.113.5")], Some("203.0.113.5")),
        ];
        for (from, lines, expected) in cases {
            assert_eq!(peer(from, lines).as_deref(), expected, "{from} {lines:?}");
        }
    }

    #[tokio::test]
    async fn a_header_is_taken_off_and_the_rest_stays() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut proxy = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        proxy.set_nodelay(true).unwrap();
        let (mut stream, _) = listener.accept().await.unwrap();
        proxy.write_all(b"PROX").await.unwrap();
        let send = async {
            proxy.write_all(b"Y TCP4 192.0.2.7 192.0.2.1 1 2\r\nGET").await.unwrap();
            proxy.shutdown().await.unwrap();
        };
        let (source, ()) = tokio::join!(read_header(&mut stream), send);
        assert_eq!(source.unwrap(), Some("192.0.2.7:1".parse().unwrap()));
        assert_eq!(read_header(&mut stream).await.unwrap(), None);
        let mut rest = String::new();
        stream.read_to_string(&mut rest).await.unwrap();
        assert_eq!(rest, "GET");
    }

    #[tokio::test]
    async fn a_peer_that_closes_half_way_is_not_waited_for() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut proxy = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (mut stream, _) = listener.accept().await.unwrap();
        proxy.write_all(b"PROXY TCP4").await.unwrap();
        drop(proxy);
        assert!(read_header(&mut stream).await.is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_panic_and_no_header_is_longer_than_what_came(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            for start in [&bytes[..], &[V2.as_slice(), &bytes].concat(), &[V1.as_slice(), &bytes].concat()] {
                if let Head::Whole(length, _) = parse(start) {
                    prop_assert!(length <= start.len());
                }
            }
        }

        #[test]
        fn no_header_value_makes_an_untrusted_peer_believed(value in "[ -~]{0,80}") {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", value.parse().unwrap());
            headers.insert("forwarded", format!("for={value}").parse().unwrap());
            prop_assert_eq!(forwarded_peer("192.0.2.1".parse().unwrap(), &trusted(), &headers), None);
            let _ = forwarded_peer("10.0.0.1".parse().unwrap(), &trusted(), &headers);
        }

        #[test]
        fn what_a_client_writes_left_of_the_proxy_never_counts(forged in "[ -~]{0,60}") {
            for (name, added) in [("x-forwarded-for", "203.0.113.5"), ("forwarded", "for=203.0.113.5;by=\"a,b\"")] {
                let mut headers = HeaderMap::new();
                headers.append(name, format!("{forged}, {added}").parse().unwrap());
                let client = forwarded_peer("10.0.0.1".parse().unwrap(), &trusted(), &headers);
                prop_assert_eq!(client, Some("203.0.113.5".parse().unwrap()));
            }
        }
    }
}
