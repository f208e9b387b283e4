//! The console is a client of the REST API: over the running box's socket, or, when nobody holds the data directory,
//! over the same App served in this process for as long as the command takes. Same code, same checks, audited as
//! *console*.

use super::Failure;
use crate::ca::{Lazy, Public};
use crate::checkins::recorder::Recorder;
use crate::clock;
use crate::config::{Config, Environment, PlaceFlags, load};
use crate::datadir::{DataDir, DataDirError};
use crate::devices::roll::Roll;
use crate::server::admin::{self, Admin, Services, Sockets};
use crate::server::{self, Addresses, console};
use crate::users::setup::Door;
use crate::web::error::ErrorBody;
use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use hyper::{Request, Response, header};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use hyper::Method;
pub type Body = BoxBody<Bytes, io::Error>;

/// How long another command may hold the data directory before this one gives up.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Client {
    dir: PathBuf,
    /// The App in this process, when no box runs.
    own: Option<(Admin, DataDir)>,
}

impl Client {
    pub async fn open(place: &PlaceFlags) -> Result<Client, Failure> {
        let loaded = load(place, &Environment::of_process()).map_err(|error| Failure::new(error, ""))?;
        let config = Arc::new(loaded.config);
        let dir = config.data.clone();
        let since = Instant::now();
        loop {
            if console::connect(&dir).await.is_ok() {
                return Ok(Client { dir, own: None });
            }
            match DataDir::open_existing(&dir, config.key_file.as_deref(), clock::now()) {
                Ok(data) => {
                    let own = serve(&config, data).map_err(|error| {
                        Failure::new(format!("The console's socket in {} cannot be made: {error}.", dir.display()), "")
                    })?;
                    return Ok(Client { dir, own: Some(own) });
                }
                // Between two commands, or while a box starts: the socket comes, or the lock goes.
                Err(DataDirError::InUse { .. }) if since.elapsed() < PATIENCE => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Err(error) => return Err(Failure::new(error, "")),
            }
        }
    }

    /// Sends JSON, expects JSON; what was refused becomes the command's failure.
    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        let (kind, body) = match body {
            Some(body) => ("application/json", Full::new(body.to_string().into()).map_err(never).boxed()),
            None => ("", nothing()),
        };
        let answer = self.send(method, path, kind, body).await?;
        let text = answer.into_body().collect().await.map_err(cut)?.to_bytes();
        if text.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&text)
            .map_err(|error| Failure::new(format!("The box's answer cannot be read: {error}."), ""))
    }

    pub async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.call(Method::GET, path, None).await
    }

    /// Every page of a list.
    pub async fn get_all(&self, path: &str) -> Result<Vec<Value>, Failure> {
        let joint = if path.contains('?') { '&' } else { '?' };
        let (mut items, mut after) = (Vec::new(), String::new());
        loop {
            let mut page = self.get(&format!("{path}{joint}limit=500{after}")).await?;
            if let Some(Value::Array(more)) = page.get_mut("items").map(Value::take) {
                items.extend(more);
            }
            match page.get("next").and_then(Value::as_str) {
                Some(next) => after = format!("&after={}", encode(next)),
                None => return Ok(items),
            }
        }
    }

    /// Sends any body; the answer's is still to be read.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        kind: &str,
        body: Body,
    ) -> Result<Response<Incoming>, Failure> {
        // Names are segments of the path: one that is empty would ask for another address.
        if path.split('?').next().unwrap_or_default().split('/').skip(1).any(str::is_empty) {
            return Err(Failure::new("A name is empty.", "Give it as the command's help says: --help"));
        }
        let stream = console::connect(&self.dir).await.map_err(cut)?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(cut)?;
        tokio::spawn(connection);
        let mut request =
            Request::builder().method(method).uri(format!("/api/v1{path}")).header(header::HOST, "console");
        if !kind.is_empty() {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        let request = request.body(body).map_err(|error| Failure::new(format!("{path}: {error}."), ""))?;
        let answer = sender.send_request(request).await.map_err(cut)?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let status = answer.status();
        let text = answer.into_body().collect().await.map_err(cut)?.to_bytes();
        match serde_json::from_slice::<ErrorBody>(&text) {
            Ok(body) => Err(Failure::new(body.error.message, body.error.next)),
            Err(_) => Err(Failure::new(format!("The box answered {status}."), "")),
        }
    }

    /// Gives the data directory back.
    pub async fn close(self) {
        if let Some((admin, data)) = self.own {
            let _ = admin.stop().await;
            console::unbind(&self.dir);
            let _ = tokio::task::spawn_blocking(move || data.close()).await;
        }
    }
}

fn serve(config: &Arc<Config>, data: DataDir) -> io::Result<(Admin, DataDir)> {
    // No phone is served: the pipeline explains and previews, with the addresses the box would have.
    let recorder = Recorder::new(data.db.clone());
    let pipeline = server::pipeline(config, &data, &Addresses::configured(config), recorder, Public::default());
    let services = Services {
        db: data.db.clone(),
        roll: Arc::new(Roll::new(data.db.clone())),
        sip_accounts: Arc::default(),
        keys: data.keys.clone(),
        ca: Arc::new(Lazy::new(&data.db, &data.keys, server::ca_options(config))),
        dir: data.path.clone(),
        config: config.clone(),
        pipeline: Arc::new(pipeline.map_err(io::Error::other)?),
        enrollment: None,
        door: Door::default(),
        throttle: Arc::default(),
        rates: Arc::default(),
        address: server::people_come_to(config, &Addresses::configured(config)),
    };
    let sockets = Sockets { console: Some(console::bind(&data.path)?), ..Sockets::default() };
    Ok((admin::start(services, sockets, 1)?, data))
}

/// No body.
pub fn nothing() -> Body {
    Empty::new().map_err(never).boxed()
}

fn never<T>(error: std::convert::Infallible) -> T {
    match error {}
}

/// The connection broke, not the request.
pub fn cut(error: impl std::fmt::Display) -> Failure {
    Failure::new(format!("The connection to the box broke: {error}."), "Look at the box's log, then try again.")
}

/// A word as a segment or parameter of a URL.
pub fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte as char),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// `?name=value&…` of those that are there.
pub fn query(pairs: &[(&str, Option<&str>)]) -> String {
    let there = pairs.iter().filter_map(|(name, value)| Some(format!("{name}={}", encode((*value)?))));
    let joined = there.collect::<Vec<_>>().join("&");
    if joined.is_empty() { joined } else { format!("?{joined}") }
}
