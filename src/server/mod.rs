//! The composition root: a configuration and a data directory → running listeners.
//!
//! Knows every front and wires them; decides nothing about a phone or a person.

pub mod admin;
mod bind;
pub mod console;
pub mod interfaces;
mod maintenance;
pub mod process;
pub mod run_file;
pub mod screen;

use crate::ca;
use crate::checkins::recorder::Recorder;
use crate::config::Config;
use crate::datadir::DataDir;
use crate::listen::http::HttpListener;
use crate::listen::tftp_front::TftpListener;
use crate::provision::{Limits, Pipeline, Reach};
use crate::settings::Secret;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::watch;

pub use bind::BindError;

/// Running answers may take this long after a stop was asked for.
const GRACE: Duration = Duration::from_secs(10);

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Bind(#[from] BindError),
    #[error(transparent)]
    Db(#[from] crate::db::Error),
    #[error(transparent)]
    Seal(#[from] crate::seal::SealError),
    #[error(transparent)]
    Ca(#[from] ca::CaError),
    #[error("a listener could not be started: {0}")]
    Io(#[from] std::io::Error),
}

/// The addresses in use: port 0 has become a real one.
#[derive(Debug, Clone, Default)]
pub struct Addresses {
    pub admin: Vec<SocketAddr>,
    pub http: Vec<SocketAddr>,
    pub https: Vec<SocketAddr>,
    pub tftp: Vec<SocketAddr>,
}

pub struct ServerHandle {
    pub addresses: Addresses,
    pub pipeline: Arc<Pipeline>,
    /// The API token, at the first start only.
    pub token: Option<Secret>,
    /// SHA-256 of the box's CA certificate.
    pub fingerprint: String,
    dir: DataDir,
    stop: watch::Sender<bool>,
    threads: Vec<JoinHandle<()>>,
    recorder: (Recorder, tokio::task::JoinHandle<()>),
    maintenance: tokio::task::JoinHandle<()>,
}

pub async fn start(config: &Config, dir: DataDir) -> Result<ServerHandle, StartError> {
    let (stop, stopped) = watch::channel(false);
    let http = bind::tcp("http", &config.listen.http)?;
    let https = bind::tcp("https", &config.listen.https)?;
    let tftp = bind::tftp(&config.listen.tftp, GRACE)?;
    let addresses = Addresses {
        tftp: tftp.iter().map(TftpListener::local_addr).collect::<Result<_, _>>()?,
        http: bound(&http)?,
        https: bound(&https)?,
        ..Addresses::default()
    };
    let (names, own) = interfaces::certificate_subject(config);
    let identity = ca::server_identity(&dir.db, &dir.keys, &names, &own).await?;
    identity.publish(&dir.path)?;
    let recorder = Recorder::new(dir.db.clone());
    let pipeline = Arc::new(Pipeline::new(
        dir.db.clone(),
        dir.keys.clone(),
        recorder.clone(),
        limits(config),
        reach(config, &addresses),
        dir.path.join("files"),
        (identity.ca_pem().into(), identity.ca_der().to_vec().into()),
    )?);
    let proxies: Arc<[_]> = config.trusted_proxies.clone().into();
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    let mut threads = Vec::new();
    let tls = identity.for_phones()?;
    let sockets =
        http.into_iter().map(|socket| (socket, None)).chain(https.into_iter().map(|s| (s, Some(tls.clone()))));
    for (socket, tls) in sockets {
        let listener = HttpListener { socket, tls, trusted_proxies: proxies.clone() };
        threads.extend(listener.start(workers, pipeline.clone(), stopped.clone(), GRACE)?);
    }
    for listener in tftp {
        threads.push(listener.start(pipeline.clone(), stopped.clone())?);
    }
    let writing = recorder.clone();
    let recorder = (recorder, tokio::spawn(async move { writing.run().await }));
    let maintenance = tokio::spawn(maintenance::run(dir.db.clone(), config.checkins.clone(), stopped));
    Ok(ServerHandle { addresses, pipeline, token: None, fingerprint: identity.fingerprint(), dir, stop, threads, recorder, maintenance })
}

fn bound(sockets: &[TcpListener]) -> std::io::Result<Vec<SocketAddr>> {
    sockets.iter().map(TcpListener::local_addr).collect()
}

fn limits(config: &Config) -> Limits {
    Limits {
        failed_lookups: config.limits.misses_per_minute,
        upload: config.uploads.file_bytes,
        uploads: config.uploads.device_bytes,
    }
}

fn reach(config: &Config, addresses: &Addresses) -> Reach {
    let port = |of: &[SocketAddr]| of.first().map(SocketAddr::port);
    let url = |url: &Option<crate::profiles::TargetUrl>| {
        url.as_ref().map(|url| url.to_string().trim_end_matches('/').to_owned())
    };
    Reach {
        http_port: port(&addresses.http),
        https_port: port(&addresses.https),
        http_url: url(&config.public.http),
        https_url: url(&config.public.https),
        usual: interfaces::list().into_iter().flat_map(|interface| interface.addresses).next(),
    }
}

impl ServerHandle {
    /// Stops accepting, lets running answers finish, writes what is in memory, gives the data directory back.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        let threads = self.threads;
        let _ = tokio::task::spawn_blocking(move || threads.into_iter().for_each(|thread| drop(thread.join()))).await;
        let _ = self.maintenance.await;
        let (recorder, writing) = self.recorder;
        recorder.stop();
        let _ = writing.await;
        drop(self.pipeline);
        self.dir.close();
    }
}
