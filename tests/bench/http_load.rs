//! HTTP and HTTPS clients for `tests/bench/run`, for what wrk cannot do: a new TLS session per request, client
//! certificates, every request exactly once, sources all over 127.0.0.0/8, ten thousand connections at one moment, and
//! what a phone learns from its first file.
//!
//! Requests are a template filled from a file of values, one device a line, words separated by tabs: `{1}` is the first
//! word. Prints one JSON object. TLS sessions are never resumed; `--cert` shows one certificate and key to the server.

use clap::Parser;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::socket::{setsockopt, sockopt};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[derive(Parser)]
struct Arguments {
    /// One or several, separated by commas; connections take them in turn
    #[arg(long, value_delimiter = ',', required = true)]
    to: Vec<SocketAddr>,
    /// `\r\n` is written as it stands here; the last empty line is added
    #[arg(long)]
    request: String,
    #[arg(long)]
    values: PathBuf,
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// Over and over for so long; without it every line once
    #[arg(long)]
    seconds: Option<f64>,
    /// No more than so many requests a second, evenly; without it as many as go
    #[arg(long)]
    rate: Option<f64>,
    /// Requests before a connection is closed and a new one opened; 0: never
    #[arg(long, default_value_t = 0)]
    per_connection: usize,
    /// Every connection comes from another address of 127.0.0.0/8
    #[arg(long)]
    spread: bool,
    /// Trust this certificate and speak TLS
    #[arg(long)]
    ca: Option<PathBuf>,
    /// PEM with certificate and key
    #[arg(long)]
    cert: Option<PathBuf>,
    /// TLS 1.2 with RSA keys only
    #[arg(long)]
    tls12: bool,
    /// Open all connections at one moment, ask once on each and hold them all until the last is answered
    #[arg(long)]
    together: bool,
    #[arg(long, default_value_t = 200)]
    expect: u16,
    /// Of each answer keep the letters and digits after this text…
    #[arg(long, requires = "into")]
    capture: Option<String>,
    /// …in this file, one line per line of the values, appended to them
    #[arg(long)]
    into: Option<PathBuf>,
}

struct Load {
    arguments: Arguments,
    template: Vec<(String, usize)>,
    lines: Vec<Box<str>>,
    tls: Option<TlsConnector>,
    next: AtomicUsize,
    source: AtomicU64,
    started: Instant,
    until: Option<Instant>,
    captured: Mutex<Vec<(usize, String)>>,
}

/// What one thread counted: microseconds per request, errors and the first of them.
#[derive(Default)]
struct Seen {
    micros: Vec<u32>,
    errors: u64,
    error: Option<String>,
    held: Option<Box<dyn Stream>>,
}

fn main() -> Outcome<()> {
    let arguments = Arguments::parse();
    let template = template(&arguments.request);
    let lines = std::fs::read_to_string(&arguments.values)?.lines().map(Into::into).collect::<Vec<Box<str>>>();
    let tls = arguments.ca.is_some().then(|| connector(&arguments)).transpose()?;
    let started = Instant::now();
    let until = arguments.seconds.map(|seconds| started + Duration::from_secs_f64(seconds));
    let load = Arc::new(Load {
        arguments,
        template,
        lines,
        tls,
        next: AtomicUsize::new(0),
        source: AtomicU64::new(u64::from(std::process::id()) * 4096),
        started,
        until,
        captured: Mutex::default(),
    });
    const THREADS: usize = 2;
    let threads = (0..THREADS).map(|number| {
        let load = load.clone();
        std::thread::spawn(move || load.thread(number, THREADS))
    });
    let mut all = Seen::default();
    for thread in threads.collect::<Vec<_>>() {
        let seen = thread.join().map_err(|_| "a client thread ended")??;
        all.micros.extend(seen.micros);
        all.errors += seen.errors;
        all.error = all.error.or(seen.error);
    }
    let ended = Instant::now();
    all.micros.sort_unstable();
    let at = |part: f64| all.micros.get((all.micros.len() as f64 * part) as usize).copied().unwrap_or(0);
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let cpu =
        [usage.user_time(), usage.system_time()].into_iter().map(|t| t.tv_sec() as f64 + t.tv_usec() as f64 / 1e6);
    let report = serde_json::json!({
        "requests": all.micros.len(), "errors": all.errors, "error": all.error,
        "seconds": (ended - started).as_secs_f64(),
        "p50": at(0.5), "p99": at(0.99), "cpu": cpu.sum::<f64>(),
    });
    println!("{report}");
    load.keep()
}

/// `a{1}b` → (`a`, 1), (`b`, 0).
fn template(request: &str) -> Vec<(String, usize)> {
    let request = request.replace("\\r\\n", "\r\n") + "\r\n\r\n";
    let mut pieces = Vec::new();
    let mut rest = request.as_str();
    while let Some((text, (word, tail))) = rest.split_once('{').and_then(|(a, b)| Some((a, b.split_once('}')?))) {
        pieces.push((text.to_owned(), word.parse().expect("a number between { and }")));
        rest = tail;
    }
    pieces.push((rest.to_owned(), 0));
    pieces
}

fn connector(arguments: &Arguments) -> Outcome<TlsConnector> {
    let mut roots = rustls::RootCertStore::empty();
    for ca in arguments.ca.iter() {
        roots.add(CertificateDer::from_pem_file(ca)?)?;
    }
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    if arguments.tls12 {
        provider.cipher_suites.retain(|suite| format!("{:?}", suite.suite()).contains("ECDHE_RSA"));
    }
    let provider = Arc::new(provider);
    let versions = [if arguments.tls12 { &rustls::version::TLS12 } else { &rustls::version::TLS13 }];
    let builder = rustls::ClientConfig::builder_with_provider(provider).with_protocol_versions(&versions)?;
    let builder = builder.with_root_certificates(roots);
    let mut config = match &arguments.cert {
        None => builder.with_no_client_auth(),
        Some(pem) => {
            let chain = CertificateDer::pem_file_iter(pem)?.collect::<Result<Vec<_>, _>>()?;
            builder.with_client_auth_cert(chain, PrivateKeyDer::from_pem_file(pem)?)?
        }
    };
    config.resumption = rustls::client::Resumption::disabled();
    Ok(TlsConnector::from(Arc::new(config)))
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl Load {
    fn thread(self: Arc<Self>, number: usize, of: usize) -> Outcome<Seen> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        tokio::task::LocalSet::new().block_on(&runtime, async {
            let mine = (number..self.arguments.connections).step_by(of);
            let mut held = Vec::new();
            let mut all = Seen::default();
            for client in mine.map(|_| tokio::task::spawn_local(self.clone().client())).collect::<Vec<_>>() {
                let one = client.await?;
                all.micros.extend(one.micros);
                all.errors += one.errors;
                all.error = all.error.or(one.error);
                held.extend(one.held);
            }
            Ok(all)
        })
    }

    /// One phone after another on one connection, or on one connection each.
    async fn client(self: Arc<Self>) -> Seen {
        let mut stream = None;
        let mut seen = Seen::default();
        let mut used = 0;
        let (mut request, mut buffer) = (Vec::new(), Vec::with_capacity(16_384));
        while self.until.is_none_or(|until| Instant::now() < until) {
            let place = self.next.fetch_add(1, Ordering::Relaxed);
            if self.until.is_none() && place >= self.lines.len() {
                break;
            }
            if let Some(rate) = self.arguments.rate {
                tokio::time::sleep_until((self.started + Duration::from_secs_f64(place as f64 / rate)).into()).await;
            }
            let line = place % self.lines.len();
            self.fill(line, &mut request);
            let start = Instant::now();
            match self.ask(&mut stream, &request, &mut buffer).await {
                Ok(body) => {
                    seen.micros.push(start.elapsed().as_micros() as u32);
                    if let Some(text) =
                        self.arguments.capture.as_ref().and_then(|marker| after(&buffer[body..], marker))
                    {
                        self.captured.lock().expect("no thread panics").push((line, text));
                    }
                    used += 1;
                    if used == self.arguments.per_connection {
                        (stream, used) = (None, 0);
                    }
                }
                Err(error) => {
                    seen.failed(&error);
                    (stream, used) = (None, 0);
                }
            }
            if self.arguments.together {
                seen.held = stream;
                break;
            }
        }
        seen
    }

    fn fill(&self, line: usize, request: &mut Vec<u8>) {
        request.clear();
        for (text, word) in &self.template {
            request.extend_from_slice(text.as_bytes());
            if *word > 0 {
                request.extend_from_slice(self.lines[line].split('\t').nth(word - 1).unwrap_or("").as_bytes());
            }
        }
    }

    async fn ask(&self, stream: &mut Option<Box<dyn Stream>>, request: &[u8], buffer: &mut Vec<u8>) -> Outcome<usize> {
        if stream.is_none() {
            *stream = Some(self.open().await?);
        }
        let stream = stream.as_mut().ok_or("no connection")?;
        stream.write_all(request).await?;
        stream.flush().await?;
        buffer.clear();
        loop {
            if stream.read_buf(buffer).await? == 0 {
                return Err("the connection ended before the answer".into());
            }
            let Some(head) = buffer.windows(4).position(|part| part == b"\r\n\r\n") else { continue };
            let text = std::str::from_utf8(&buffer[..head])?;
            let status: u16 = text.get(9..12).unwrap_or("").parse()?;
            if status != self.arguments.expect {
                return Err(format!("status {status}").into());
            }
            let length = text.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
            });
            let length = length.ok_or("an answer without Content-Length")?;
            while buffer.len() < head + 4 + length {
                if stream.read_buf(buffer).await? == 0 {
                    return Err("the connection ended within the answer".into());
                }
            }
            return Ok(head + 4);
        }
    }

    async fn open(&self) -> Outcome<Box<dyn Stream>> {
        let number = self.source.fetch_add(1, Ordering::Relaxed);
        let to = self.arguments.to[number as usize % self.arguments.to.len()];
        let stream = if self.arguments.spread {
            let socket = TcpSocket::new_v4()?;
            // The port is chosen by connect(): choosing it here would search for one free towards everybody.
            setsockopt(&socket, sockopt::IpBindAddressNoPort, &true)?;
            let host = 1 + (number.wrapping_mul(0x9e37_79b9) & 0x00ff_ffff) as u32 % 0x00ff_fffd;
            socket.bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::from(0x7f00_0000 | host)), 0))?;
            socket.connect(to).await?
        } else {
            TcpStream::connect(to).await?
        };
        stream.set_nodelay(true)?;
        // A closed connection must not hold its port for a minute.
        stream.set_zero_linger()?;
        let Some(tls) = &self.tls else { return Ok(Box::new(stream)) };
        Ok(Box::new(tls.connect(ServerName::from(to.ip()), stream).await?))
    }

    fn keep(&self) -> Outcome<()> {
        let Some(path) = &self.arguments.into else { return Ok(()) };
        let mut captured = std::mem::take(&mut *self.captured.lock().expect("no thread panics"));
        captured.sort_unstable();
        let text: String = captured.iter().map(|(line, word)| format!("{}\t{word}\n", self.lines[*line])).collect();
        Ok(std::fs::write(path, text)?)
    }
}

impl Seen {
    fn failed(&mut self, error: &dyn std::fmt::Display) {
        self.errors += 1;
        self.error.get_or_insert_with(|| error.to_string());
    }
}

/// The letters and digits that follow `marker`.
fn after(body: &[u8], marker: &str) -> Option<String> {
    let place = body.windows(marker.len()).position(|part| part == marker.as_bytes())?;
    let word = body[place + marker.len()..].iter().take_while(|byte| byte.is_ascii_alphanumeric());
    Some(word.map(|byte| char::from(*byte)).collect())
}
