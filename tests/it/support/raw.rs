//! Requests byte by byte, for what no HTTP client would send, and answers byte by byte, for what no client would show.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::Duration;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// Without the body, with the Date taken out.
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let start = format!("{}:", name.to_ascii_lowercase());
        let line = self.head.lines().find(|line| line.to_ascii_lowercase().starts_with(&start))?;
        Some(line.split_once(':')?.1.trim())
    }

    /// All that a stranger sees, to be compared.
    pub fn seen(&self) -> (String, String) {
        (self.head.clone(), self.text())
    }
}

pub fn connect(to: SocketAddr) -> TcpStream {
    connect_from(to, None)
}

pub fn connect_from(to: SocketAddr, from: Option<IpAddr>) -> TcpStream {
    let stream = phonebox::phone::open(to, from).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(30))).unwrap();
    stream
}

/// GET without any other header than Host, on a connection of its own.
pub fn get(to: SocketAddr, path: &str) -> Answer {
    ask(to, "GET", path, "")
}

/// With header lines, each ended with CR LF.
pub fn ask(to: SocketAddr, method: &str, path: &str, headers: &str) -> Answer {
    send(to, None, method, path, headers, b"")
}

pub fn send(to: SocketAddr, from: Option<IpAddr>, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
    let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    let head = format!("{method} {path} HTTP/1.1\r\nHost: {to}\r\n{headers}{length}\r\n");
    let mut stream = connect_from(to, from);
    stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
    read(&mut stream, method == "HEAD").unwrap_or_default()
}

/// Many requests on one connection, a hundred in flight: what a scanner does. `path` of each by its number.
pub fn flood(to: SocketAddr, from: Option<IpAddr>, count: usize, path: impl Fn(usize) -> String) -> Vec<Answer> {
    let mut stream = connect_from(to, from);
    let mut reader = std::io::BufReader::new(stream.try_clone().unwrap());
    let mut answers = Vec::with_capacity(count);
    for first in (0..count).step_by(100) {
        let batch = first..(first + 100).min(count);
        let text: String =
            batch.clone().map(|n| format!("GET {} HTTP/1.1\r\nHost: x\r\n{SOMEONE}\r\n", path(n))).collect();
        stream.write_all(text.as_bytes()).unwrap();
        answers.extend(batch.map(|_| read(&mut reader, false).unwrap()));
    }
    answers
}

/// A User-Agent of a known vendor without a MAC: it keeps the connection open.
pub const SOMEONE: &str = "User-Agent: Yealink SIP-T54W 96.86.0.100\r\n";

/// These bytes, and all that comes back until the box hangs up (or says nothing more for a second).
pub fn exchange(to: SocketAddr, bytes: &[u8]) -> Exchange {
    let mut stream = connect(to);
    let _ = stream.write_all(bytes);
    stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    let mut got = Vec::new();
    let closed = loop {
        let mut some = [0; 4096];
        match stream.read(&mut some) {
            Ok(0) => break true,
            Ok(count) => got.extend_from_slice(&some[..count]),
            Err(error) => break error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    };
    Exchange { got, closed }
}

#[derive(Debug)]
pub struct Exchange {
    pub got: Vec<u8>,
    pub closed: bool,
}

impl Exchange {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.got).into_owned()
    }

    /// Statuses of all answers that came back.
    pub fn statuses(&self) -> Vec<u16> {
        let text = self.text();
        text.match_indices("HTTP/1.1 ").filter_map(|(place, _)| text.get(place + 9..place + 12)?.parse().ok()).collect()
    }
}

/// One answer. Nothing when the box hung up without one.
pub fn read(stream: &mut impl Read, head_only: bool) -> Option<Answer> {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => bytes.push(byte[0]),
            _ => return None,
        }
    }
    let head = String::from_utf8(bytes).unwrap();
    let status = head.get(9..12)?.parse().ok()?;
    let lines = head.split_inclusive("\r\n").filter(|line| !line.starts_with("Date: "));
    let mut answer = Answer { status, head: lines.collect(), body: Vec::new() };
    if !head_only && !matches!(status, 204 | 304) {
        let length = answer.header("content-length").map_or(0, |digits| digits.parse().unwrap());
        answer.body = vec![0; length];
        stream.read_exact(&mut answer.body).ok()?;
    }
    Some(answer)
}

/// A file over TFTP (RFC 1350, no options). `Err`: the error's code, 0 for silence.
pub fn tftp(to: SocketAddr, name: &str) -> Result<Vec<u8>, u16> {
    let socket = std::net::UdpSocket::bind((to.ip(), 0)).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    socket.send_to(&[b"\x00\x01", name.as_bytes(), b"\0octet\0"].concat(), to).unwrap();
    let (mut file, mut packet) = (Vec::new(), [0; 600]);
    loop {
        let Ok((length, peer)) = socket.recv_from(&mut packet) else { return Err(0) };
        let (head, data) = packet[..length].split_at(4);
        match head[1] {
            3 => {
                file.extend_from_slice(data);
                socket.send_to(&[0, 4, head[2], head[3]], peer).unwrap();
                if data.len() < 512 {
                    return Ok(file);
                }
            }
            _ => return Err(u16::from_be_bytes([head[2], head[3]])),
        }
    }
}
