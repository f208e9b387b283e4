//! An administrators' listener as production starts it, on a port of its own, and a client that can also misbehave.

use phonebox::checkins::recorder::Recorder;
use phonebox::clock;
use phonebox::config::{Config, Environment, Flags, load};
use phonebox::datadir::DataDir;
use phonebox::db::Db;
use phonebox::devices::roll::Roll;
use phonebox::seal::Keyring;
use phonebox::server;
use phonebox::server::admin::{self, Services, Sockets};
use phonebox::users::keys;
use phonebox::users::setup::Door;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, mpsc};
use std::time::Duration;

/// A stopped box: a data directory with its database, key and token.
pub struct Stopped {
    pub dir: tempfile::TempDir,
    pub token: String,
}

pub fn stopped() -> Stopped {
    let dir = tempfile::tempdir().unwrap();
    let data = DataDir::open(dir.path(), None, clock::now()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let token = runtime.block_on(data.db.write(|tx| keys::rotate(tx, "test", clock::now()))).unwrap();
    let token = token.reveal().to_owned();
    data.close();
    Stopped { dir, token }
}

impl Stopped {
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// `phonebox WORDS…` as a person types it, with this data directory.
    pub fn cli(&self, words: &[&str]) -> Said {
        self.cli_with_input(words, "")
    }

    pub fn cli_with_input(&self, words: &[&str], input: &str) -> Said {
        let mut child = Command::new(env!("CARGO_BIN_EXE_phonebox"))
            .args(words)
            .env("PHONEBOX_DATA", self.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that does not read closes the pipe: that is not the test's business.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        Said::from(child.wait_with_output().unwrap())
    }

    pub fn start(self) -> Running {
        Running::start(self, &[], &[])
    }

    /// With more of the configuration: flags and their values.
    pub fn start_with(self, flags: &[(&'static str, &'static str)]) -> Running {
        Running::start(self, flags, &[])
    }
}

/// What a command said.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Said {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Said { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Said {
    /// Standard output of a command that must have worked.
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!(self.code, 0, "{} {}", self.out, self.err);
        self.out
    }

    #[track_caller]
    pub fn json(self) -> Value {
        serde_json::from_str(&self.ok()).unwrap()
    }

    /// Standard error of a command that must have failed with exit code 1.
    #[track_caller]
    pub fn refused(self) -> String {
        assert_eq!(self.code, 1, "{} {}", self.out, self.err);
        self.err
    }
}

/// A running listener in a thread of its own. Ends with the value.
pub struct Running {
    pub address: SocketAddr,
    pub token: String,
    /// While nobody has set the box up.
    pub setup_code: Option<String>,
    pub db: Db,
    pub keys: Keyring,
    /// Where phones' requests are noted.
    pub recorder: Recorder,
    pub dir: tempfile::TempDir,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

pub fn running() -> Running {
    stopped().start()
}

/// With these variables of the environment: `PHONEBOX_FILES_FILE_BYTES`.
pub fn running_with(variables: &[(&str, &str)]) -> Running {
    Running::start(stopped(), &[], variables)
}

impl Running {
    fn start(stopped: Stopped, more: &[(&'static str, &'static str)], variables: &[(&str, &str)]) -> Running {
        let (Stopped { dir, token }, more) = (stopped, more.to_vec());
        let environment: Environment = variables.iter().map(|(name, value)| (name.into(), value.into())).collect();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let (tell, told) = mpsc::channel();
        let path = dir.path().to_path_buf();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let data = DataDir::open(&path, None, clock::now()).unwrap();
                let mut flags = Flags::default();
                flags.set("data", path.to_string_lossy());
                for (flag, value) in more {
                    flags.set(flag, value);
                }
                let config: Config = load(&flags, &environment).unwrap().config;
                let recorder = Recorder::new(data.db.clone());
                let noted = recorder.clone();
                let door = Door::new(&data.db).unwrap();
                let code = door.code().map(|code| code.reveal().to_owned());
                let none = phonebox::ca::Public::default();
                let pipeline = server::pipeline(&config, &data, &server::Addresses::default(), recorder, none).unwrap();
                let address = phonebox::users::links::Address::new(
                    config.public.admin.as_ref(),
                    &[],
                    None,
                    config.links.reset_minutes,
                );
                let services = Services {
                    db: data.db.clone(),
                    roll: Arc::new(Roll::new(data.db.clone())),
                    sip_accounts: Arc::default(),
                    keys: data.keys.clone(),
                    ca: Arc::new(phonebox::ca::Lazy::new(&data.db, &data.keys, server::ca_options(&config))),
                    dir: path.clone(),
                    config: Arc::new(config),
                    pipeline: Arc::new(pipeline),
                    enrollment: None,
                    door,
                    throttle: Arc::default(),
                    rates: Arc::default(),
                    address,
                };
                let listener = TcpListener::bind("127.0.0.1:0").unwrap();
                let sockets = Sockets {
                    tcp: vec![(listener, None)],
                    console: Some(phonebox::server::console::bind(&path).unwrap()),
                };
                let admin = admin::start(services, sockets, 2).unwrap();
                tell.send((admin.addresses[0], data.db.clone(), data.keys.clone(), noted, code)).unwrap();
                let _ = stopped.await;
                admin.stop().await.unwrap();
                phonebox::server::console::unbind(&path);
                data.close();
            });
        });
        let (address, db, keys, recorder, setup_code) = told.recv_timeout(Duration::from_secs(20)).unwrap();
        Running { address, token, setup_code, db, keys, recorder, dir, stop: Some(stop), thread: Some(thread) }
    }

    pub fn stop(mut self) -> Stopped {
        self.end();
        let dir = std::mem::replace(&mut self.dir, tempfile::tempdir().unwrap());
        Stopped { dir, token: self.token.clone() }
    }

    fn end(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }

    pub fn get(&self, path: &str) -> Answer {
        self.request("GET", path, None)
    }

    pub fn post(&self, path: &str, body: Value) -> Answer {
        self.request("POST", path, Some(body))
    }

    pub fn patch(&self, path: &str, body: Value) -> Answer {
        self.request("PATCH", path, Some(body))
    }

    pub fn put(&self, path: &str, body: Value) -> Answer {
        self.request("PUT", path, Some(body))
    }

    pub fn delete(&self, path: &str) -> Answer {
        self.request("DELETE", path, None)
    }

    /// With the token, under /api/v1.
    pub fn request(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let body = body.map(|body| body.to_string());
        let kind = if body.is_some() { "Content-Type: application/json\r\n" } else { "" };
        self.raw(
            &format!("{method} /api/v1{path} HTTP/1.1"),
            &format!("Authorization: Bearer {}\r\n{kind}", self.token),
            body.unwrap_or_default().as_bytes(),
        )
    }

    /// Any body of any kind, with the token.
    pub fn upload(&self, method: &str, path: &str, body: &[u8]) -> Answer {
        let line = format!("{method} /api/v1{path} HTTP/1.1");
        self.raw(&line, &format!("Authorization: Bearer {}\r\n", self.token), body)
    }

    /// Over the console's socket: no login.
    pub fn at_console(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let kind = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
        let stream = UnixStream::connect(self.dir.path().join("console.sock")).unwrap();
        exchange(stream, &format!("{method} /api/v1{path} HTTP/1.1"), kind, body.as_bytes())
    }

    /// Exactly this request line and these header lines.
    pub fn raw(&self, line: &str, headers: &str, body: &[u8]) -> Answer {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        exchange(stream, line, headers, body)
    }
}

fn exchange(mut stream: impl Read + Write, line: &str, headers: &str, body: &[u8]) -> Answer {
    let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    let head = format!("{line}\r\nHost: box\r\nConnection: close\r\n{length}{headers}\r\n");
    // In one piece where that goes: a server that has refused already lingers for what comes later. And one that
    // refuses early closes early.
    let (first, rest) = body.split_at(body.len().min(1 << 20));
    stream.write_all(&[head.as_bytes(), first].concat()).unwrap();
    let _ = stream.write_all(rest);
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    Answer::parse(&bytes)
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Answer {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("an HTTP answer");
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let mut body = bytes[end + 4..].to_vec();
        if head.to_ascii_lowercase().contains("transfer-encoding: chunked") {
            body = unchunk(&body);
        }
        Answer { status, head, body }
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// The body of an answer with this status.
    #[track_caller]
    pub fn json(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The code and message of a refusal.
    #[track_caller]
    pub fn refused(&self, status: u16) -> (String, String) {
        let body = self.json(status);
        assert!(body["error"]["next"].is_string(), "{body}");
        let word = |name: &str| body["error"][name].as_str().unwrap().to_owned();
        (word("code"), word("message"))
    }
}

fn unchunk(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|two| two == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap().trim(), 16).unwrap();
        let from = end + 2;
        if size == 0 || rest.len() < from + size {
            break;
        }
        body.extend_from_slice(&rest[from..from + size]);
        rest = &rest[from + size + 2..];
    }
    body
}
