//! Where mails and events arrive: aiosmtpd, and a listener that writes down what it is sent.

use crate::support::eventually;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

const PROGRAM: &str = r#"
import asyncio, json, ssl, sys
from aiosmtpd.smtp import SMTP, AuthResult
class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith('nobody@'):
            return '550 5.1.1 no such mailbox'
        envelope.rcpt_tos.append(address)
        return '250 OK'
    async def handle_DATA(self, server, session, envelope):
        told = {'from': envelope.mail_from, 'to': envelope.rcpt_tos, 'tls': session.ssl is not None,
                'login': session.authenticated, 'text': envelope.content.decode('utf-8', 'replace')}
        print(json.dumps(told), flush=True)
        return '250 OK'
def login(server, session, envelope, mechanism, data):
    return AuthResult(success=(data.login, data.password) == (b'box', b's3cret-mail'))
async def main(port, certificate):
    more = {}
    if certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        more = {'tls_context': context, 'require_starttls': True, 'authenticator': login, 'auth_required': True}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Handler(), hostname='sink', **more), '127.0.0.1', port)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
"#;

/// A mail server. Ends with the value.
pub struct Mails {
    pub port: u16,
    child: Child,
    got: Arc<Mutex<Vec<Value>>>,
}

impl Mails {
    pub fn start() -> Mails {
        Mails::start_with(0, "")
    }

    /// At this port; with a certificate and its key in a file it wants STARTTLS and a login.
    pub fn start_with(port: u16, certificate: &str) -> Mails {
        let words = ["-c", PROGRAM, &port.to_string(), certificate];
        let program = Command::new("/usr/bin/python3").args(words).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = program.expect("the packages of tests/packages are installed");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.next().expect("aiosmtpd starts: tests/run installs it").unwrap().parse().unwrap();
        let got: Arc<Mutex<Vec<Value>>> = Arc::default();
        let keep = got.clone();
        std::thread::spawn(move || {
            lines
                .map_while(Result::ok)
                .for_each(|line| keep.lock().unwrap().push(serde_json::from_str(&line).unwrap()));
        });
        Mails { port, child, got }
    }

    pub fn all(&self) -> Vec<Value> {
        self.got.lock().unwrap().clone()
    }

    #[track_caller]
    pub fn at_least(&self, count: usize) -> Vec<Value> {
        eventually("mails arrive", || self.all().len() >= count);
        self.all()
    }
}

impl Drop for Mails {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Head and body of a request.
pub type Asked = (String, String);

/// A program that is sent events. Answers every request with `status`.
pub struct Hook {
    pub address: SocketAddr,
    pub status: Arc<AtomicU16>,
    got: Arc<Mutex<Vec<Asked>>>,
}

impl Hook {
    pub fn start() -> Hook {
        Hook::start_at("127.0.0.1:0")
    }

    pub fn start_at(address: &str) -> Hook {
        let listener = TcpListener::bind(address).unwrap();
        let (address, status, got) = (listener.local_addr().unwrap(), Arc::new(AtomicU16::new(204)), Arc::default());
        let hook = Hook { address, status: status.clone(), got: Arc::clone(&got) };
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let mut head = String::new();
                while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).is_ok_and(|count| count > 0) {}
                let length = head
                    .lines()
                    .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned));
                let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
                reader.read_exact(&mut body).unwrap();
                got.lock().unwrap().push((head, String::from_utf8(body).unwrap()));
                let status = status.load(Ordering::Relaxed);
                let _ =
                    write!(stream, "HTTP/1.1 {status} X\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
            }
        });
        hook
    }

    pub fn url(&self) -> String {
        format!("http://{}/events?from=box", self.address)
    }

    pub fn answer_with(&self, status: u16) {
        self.status.store(status, Ordering::Relaxed);
    }

    pub fn all(&self) -> Vec<Asked> {
        self.got.lock().unwrap().clone()
    }
}
