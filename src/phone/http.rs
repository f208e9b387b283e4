//! A phone's HTTP/1.1 client: one request a connection, heads as strict as the phone is, TLS with the phone's own trust.

use super::login;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, RootCertStore, SignatureScheme, StreamOwned};
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

/// A phone gives up on a silent server.
const PATIENCE: Duration = Duration::from_secs(10);
const LARGEST: u64 = 64 << 20;

/// Where a phone fetches: `http://user:password@host:port/directory/file`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    pub tls: bool,
    pub login: Option<(String, String)>,
    /// Without brackets.
    pub host: String,
    pub port: u16,
    /// Path and query, with its leading slash.
    pub path: String,
}

impl Url {
    pub fn parse(text: &str) -> Option<Url> {
        let (scheme, rest) = text.split_once("://")?;
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return None,
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (login, place) = match authority.rsplit_once('@') {
            Some((login, place)) => {
                let (user, password) = login.split_once(':').unwrap_or((login, ""));
                (Some((user.to_owned(), password.to_owned())), place)
            }
            None => (None, authority),
        };
        let (host, port) = match place.strip_prefix('[').and_then(|v6| v6.split_once(']')) {
            Some((host, port)) => (host, port.strip_prefix(':')),
            None => place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port))),
        };
        let port = match port {
            Some(digits) => digits.parse().ok()?,
            None if tls => 443,
            None => 80,
        };
        let path = if path.is_empty() { "/" } else { path };
        Some(Url { tls, login, host: host.to_owned(), port, path: path.to_owned() })
    }

    /// A name beside this URL, or a whole URL.
    pub fn join(&self, name: &str) -> Option<Url> {
        if name.contains("://") {
            return Url::parse(name);
        }
        let directory = self.path.rsplit_once('/').map_or("", |(directory, _)| directory);
        let path = if name.starts_with('/') { name.to_owned() } else { format!("{directory}/{name}") };
        Some(Url { path, ..self.clone() })
    }

    /// The same as a directory: a phone appends its file names.
    pub fn directory(mut self) -> Url {
        if !self.path.ends_with('/') {
            self.path.push('/');
        }
        self
    }

    pub fn is_same_server(&self, other: &Url) -> bool {
        self.host == other.host && self.port == other.port
    }

    fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let usual = if self.tls { 443 } else { 80 };
        if self.port == usual { host } else { format!("{host}:{}", self.port) }
    }
}

impl std::fmt::Display for Url {
    /// Without credentials.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}{}", if self.tls { "https" } else { "http" }, self.authority(), self.path)
    }
}

#[derive(Debug, Clone, Default)]
pub struct Reply {
    pub status: u16,
    /// Names as they came.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    fn challenges(&self) -> Vec<String> {
        let of = self.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("www-authenticate"));
        of.map(|(_, value)| value.clone()).collect()
    }
}

/// How a phone speaks.
pub struct Client<'a> {
    pub agent: &'a str,
    /// User and password for a 401.
    pub login: Option<(String, String)>,
    pub trust: Trust<'a>,
    /// Like the parsers of 96x1 phones (avaya.md §1.7): a head in another form is no answer.
    pub strict: bool,
    /// The phone's own address.
    pub from: Option<IpAddr>,
}

#[derive(Clone, Copy)]
pub enum Trust<'a> {
    Anyone,
    /// Certificates in PEM.
    Only(&'a [String]),
}

impl Client<'_> {
    /// One answer; a 401 is tried once more with the credentials, and told.
    pub fn ask(&self, method: &str, url: &Url, headers: &[(&str, &str)], body: &[u8]) -> Result<(Reply, bool), String> {
        let reply = self.once(method, url, headers, body)?;
        let login = url.login.as_ref().or(self.login.as_ref());
        let Some((user, password)) = login.filter(|_| reply.status == 401) else { return Ok((reply, false)) };
        let Some(answer) = login::answer(&reply.challenges(), user, password, method, &url.path, url.tls) else {
            return Ok((reply, false));
        };
        let with = [headers, &[("Authorization", answer.as_str())]].concat();
        Ok((self.once(method, url, &with, body)?, true))
    }

    fn once(&self, method: &str, url: &Url, headers: &[(&str, &str)], body: &[u8]) -> Result<Reply, String> {
        let mut head = format!("{method} {} HTTP/1.1\r\nHost: {}\r\n", url.path, url.authority());
        if !self.agent.is_empty() {
            head.push_str(&format!("User-Agent: {}\r\n", self.agent));
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() || method == "PUT" || method == "POST" {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        head.push_str("\r\n");
        let mut stream = self.connect(url)?;
        // A server that has heard enough answers and hangs up: what it said may still be there.
        let sent =
            stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).and_then(|()| stream.flush());
        let reply = match (receive(&mut stream, method), sent) {
            (Err(_), Err(error)) => return Err(format!("could not be sent: {error}")),
            (reply, _) => reply?,
        };
        if self.strict { strictly(&reply) } else { Ok(reply) }
    }

    fn connect(&self, url: &Url) -> Result<Box<dyn Stream>, String> {
        let address = (url.host.as_str(), url.port).to_socket_addrs().ok().and_then(|mut all| all.next());
        let address = address.ok_or_else(|| format!("{} is not known", url.host))?;
        let stream = open(address, self.from).map_err(|error| format!("no connection: {error}"))?;
        let _ = stream.set_nodelay(true);
        let _ = stream.set_read_timeout(Some(PATIENCE)).and_then(|()| stream.set_write_timeout(Some(PATIENCE)));
        if !url.tls {
            return Ok(Box::new(stream));
        }
        let name = ServerName::try_from(url.host.clone()).map_err(|error| error.to_string())?;
        let config = tls_config(self.trust).map_err(|error| error.to_string())?;
        let connection = ClientConnection::new(Arc::new(config), name).map_err(|error| error.to_string())?;
        let mut stream = StreamOwned::new(connection, stream);
        stream.conn.complete_io(&mut stream.sock).map_err(|error| format!("no TLS: {error}"))?;
        Ok(Box::new(stream))
    }
}

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

/// Connects, from the phone's own address where it has one.
pub fn open(to: SocketAddr, from: Option<IpAddr>) -> std::io::Result<TcpStream> {
    let Some(from) = from else { return TcpStream::connect_timeout(&to, PATIENCE) };
    use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrStorage, bind, connect, socket};
    use std::os::fd::AsRawFd;
    let family = if from.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    let socket = socket(family, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    bind(socket.as_raw_fd(), &SockaddrStorage::from(SocketAddr::new(from, 0)))?;
    connect(socket.as_raw_fd(), &SockaddrStorage::from(to))?;
    Ok(socket.into())
}

fn receive(stream: &mut dyn Stream, method: &str) -> Result<Reply, String> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        let mut some = [0; 4096];
        match stream.read(&mut some) {
            Ok(0) if bytes.is_empty() => return Err("the server hung up".to_owned()),
            Ok(0) => return Err("half a head".to_owned()),
            Ok(count) => bytes.extend_from_slice(some.get(..count).unwrap_or_default()),
            Err(error) => return Err(format!("no answer: {error}")),
        }
    };
    let head = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned();
    let mut reply = head_of(&head).ok_or("not an HTTP answer")?;
    reply.body = bytes.get(end + 4..).unwrap_or_default().to_vec();
    if method == "HEAD" || matches!(reply.status, 204 | 304) {
        return Ok(reply);
    }
    let length = reply.header("content-length").map(|digits| digits.parse::<u64>());
    match length {
        Some(Ok(length)) if length <= LARGEST => {
            let missing = length.saturating_sub(reply.body.len() as u64);
            let read = stream.take(missing).read_to_end(&mut reply.body);
            read.ok().filter(|count| *count as u64 == missing).ok_or("the body is cut short")?;
            reply.body.truncate(length as usize);
        }
        Some(_) => return Err("a Content-Length that is none".to_owned()),
        None => {
            let _ = stream.take(LARGEST).read_to_end(&mut reply.body);
        }
    }
    Ok(reply)
}

fn head_of(head: &str) -> Option<Reply> {
    let mut lines = head.split("\r\n");
    let status = lines.next()?.strip_prefix("HTTP/1.")?.get(2..5)?.parse().ok()?;
    let headers = lines.map(|line| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_owned(), value.trim().to_owned()))
    });
    Some(Reply { status, headers: headers.collect::<Option<_>>()?, body: Vec::new() })
}

fn strictly(reply: &Reply) -> Result<Reply, String> {
    let title_case = |name: &str| {
        name.split('-').all(|word| {
            let (first, _) = word.split_at_checked(1).unwrap_or((word, ""));
            !first.starts_with(|c: char| c.is_ascii_lowercase())
        })
    };
    let has = |name: &str| reply.header(name).is_some();
    if let Some((name, _)) = reply.headers.iter().find(|(name, _)| !title_case(name)) {
        return Err(format!("the header name {name} is not understood"));
    }
    if !has("content-length") && reply.status != 304 || has("transfer-encoding") || has("content-encoding") {
        return Err("the head is not understood".to_owned());
    }
    if !reply.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close")) {
        return Err("the connection stays open".to_owned());
    }
    Ok(reply.clone())
}

fn tls_config(trust: Trust) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions()?;
    Ok(match trust {
        Trust::Anyone => {
            let anyone = Arc::new(AnyServer(provider));
            builder.dangerous().with_custom_certificate_verifier(anyone).with_no_client_auth()
        }
        Trust::Only(pems) => {
            let mut roots = RootCertStore::empty();
            for pem in pems {
                roots.add_parsable_certificates(CertificateDer::pem_slice_iter(pem.as_bytes()).flatten());
            }
            builder.with_root_certificates(roots).with_no_client_auth()
        }
    })
}

/// A phone that was given no CA takes every server (avaya.md §4).
#[derive(Debug)]
struct AnyServer(Arc<rustls::crypto::CryptoProvider>);

impl ServerCertVerifier for AnyServer {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_joined_as_phones_do() {
        let url = Url::parse("http://u:p@10.0.0.1:8080/a/b").unwrap();
        assert_eq!((url.login.clone(), url.port), (Some(("u".to_owned(), "p".to_owned())), 8080));
        assert_eq!(url.join("x.cfg").unwrap().path, "/a/x.cfg");
        assert_eq!(url.clone().directory().join("c/x.cfg").unwrap().path, "/a/b/c/x.cfg");
        assert_eq!(url.join("https://[::1]/y").unwrap().to_string(), "https://[::1]/y");
        assert_eq!(url.to_string(), "http://10.0.0.1:8080/a/b");
        assert_eq!(Url::parse("https://h").unwrap().port, 443);
        assert_eq!(Url::parse("tftp://h/"), None);
        assert_eq!(Url::parse("http://h:99999/"), None);
    }

    #[test]
    fn a_strict_phone_takes_only_the_head_it_knows() {
        let reply = |head: &str| strictly(&head_of(head).unwrap());
        assert!(
            reply(
                "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 0\r\nETag: \"x\"\r\nConnection: close"
            )
            .is_ok()
        );
        assert!(reply("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nConnection: close").is_err());
        assert!(reply("HTTP/1.1 200 OK\r\nContent-Length: 0").is_err());
        assert!(reply("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close").is_err());
    }
}
