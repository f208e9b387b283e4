//! The composition root: a configuration and a data directory → running listeners.
//!
//! Knows every front and wires them; decides nothing about a phone or a person.

pub mod admin;
mod audited;
mod bind;
mod certificates;
pub mod console;
pub mod document;
mod heads;
mod health;
pub mod interfaces;
mod letters;
mod maintenance;
mod objects;
pub mod process;
pub mod run_file;
pub mod screen;
mod spa;

use crate::accounts;
use crate::alarms;
use crate::ca;
use crate::checkins::recorder::Recorder;
use crate::clock;
use crate::config::Config;
use crate::datadir::DataDir;
use crate::db::{BOX_ACCOUNT, Db, Touch, Tx};
use crate::devices::roll::Roll;
use crate::instance;
use crate::listen::Patience;
use crate::listen::enroll::EnrollmentDoor;
use crate::listen::http::{self, HttpListener};
use crate::listen::tftp_front::TftpListener;
use crate::net::port_at;
use crate::provision::enroll::Rules;
use crate::provision::{Enrollment, Limits, Pipeline, Reach};
use crate::seal::SealError;
use crate::settings::Secret;
use crate::users;
use crate::webhooks;
use rustls::ServerConfig;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::watch;

pub use bind::BindError;

/// Running answers may take this long after a stop was asked for.
const GRACE: Duration = Duration::from_secs(10);

/// Kind and object of the alarm of a box without certificates.
const NO_TLS: (&str, &str) = ("no-tls", "certificates");

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
    /// HTTP with what only old phones need of SCEP.
    pub old_phones: Vec<SocketAddr>,
}

impl Addresses {
    /// As they are configured, for a box that does not run.
    pub fn configured(config: &Config) -> Addresses {
        let of = |bind: &crate::config::Bind| bind.addresses().to_vec();
        let listen = &config.listen;
        Addresses {
            admin: of(&listen.admin),
            http: of(&listen.http),
            https: of(&listen.https),
            tftp: of(&listen.tftp),
            old_phones: of(&config.scep.old_phones),
        }
    }
}

pub struct ServerHandle {
    pub addresses: Addresses,
    pub pipeline: Arc<Pipeline>,
    /// Opens the first login, until somebody has used it.
    pub setup_code: Option<Secret>,
    /// SHA-256 of the box's CA certificate.
    pub fingerprint: String,
    admin: admin::Admin,
    dir: DataDir,
    stop: watch::Sender<bool>,
    threads: Vec<JoinHandle<()>>,
    recorder: (Recorder, tokio::task::JoinHandle<()>),
    upkeep: Vec<tokio::task::JoinHandle<()>>,
}

pub async fn start(config: &Config, dir: DataDir) -> Result<ServerHandle, StartError> {
    if dir.db.read(instance::store::sample)?.is_some_and(|sealed| !dir.keys.knows(&sealed)) {
        return Err(SealError::Foreign { path: dir.keys.path().display().to_string() }.into());
    }
    let (stop, stopped) = watch::channel(false);
    let people = bind::tcp("admin", &config.listen.admin)?;
    let http = bind::tcp("http", &config.listen.http)?;
    let https = bind::tcp("https", &config.listen.https)?;
    let old = bind::tcp("scep.old_phones", &config.scep.old_phones)?;
    let tftp = bind::tftp(&config.listen.tftp, GRACE)?;
    let mut addresses = Addresses {
        tftp: tftp.iter().map(TftpListener::local_addr).collect::<Result<_, _>>()?,
        admin: bound(&people)?,
        http: bound(&http)?,
        https: bound(&https)?,
        old_phones: bound(&old)?,
    };
    let tls = match tls(config, &dir).await {
        Ok(tls) => {
            unless_stored(alarms::settle(&dir.db, NO_TLS.0, NO_TLS.1).await);
            Some(tls)
        }
        Err(error) => {
            // Phones that come by HTTP or TFTP, and the console, must not wait for a certificate.
            tracing::error!(%error, "no certificates: HTTPS and the admin listener stay closed");
            let text = format!("HTTPS and the admin listener are closed: {error}");
            let raise =
                move |tx: &mut Tx| alarms::store::raise(tx, BOX_ACCOUNT, NO_TLS.0, NO_TLS.1, &text, clock::now());
            unless_stored(dir.db.write(raise).await.map(drop));
            (addresses.admin, addresses.https) = (Vec::new(), Vec::new());
            None
        }
    };
    let recorder = Recorder::new(dir.db.clone());
    let certificates = tls.as_ref().map_or_else(Default::default, |tls| tls.ca.public());
    let pipeline = Arc::new(pipeline(config, &dir, &addresses, recorder.clone(), certificates)?);
    if let Err(error) = note_ways(&dir.db, &reach(config, &addresses)).await {
        tracing::warn!(%error, "how phones reach the box could not be stored: Last-Modified may be too old");
    }
    let door = users::setup::Door::new(&dir.db)?;
    let setup_code = door.code().cloned();
    let enrollment_for = |old_phones| {
        let rules = Rules { approve: config.scep.approve, old_phones };
        tls.as_ref().map(|tls| Arc::new(Enrollment::new(pipeline.clone(), tls.ca.clone(), rules)))
    };
    let enrollment = enrollment_for(false);
    let roll = Arc::new(Roll::new(dir.db.clone()));
    let services = admin::Services {
        db: dir.db.clone(),
        roll: roll.clone(),
        sip_accounts: Arc::default(),
        keys: dir.keys.clone(),
        ca: Arc::new(match &tls {
            Some(tls) => ca::Lazy::of(&tls.ca),
            None => ca::Lazy::new(&dir.db, &dir.keys, ca_options(config)),
        }),
        dir: dir.path.clone(),
        config: Arc::new(config.clone()),
        pipeline: pipeline.clone(),
        enrollment: enrollment.clone(),
        door,
        throttle: Arc::default(),
        rates: Arc::default(),
        address: people_come_to(config, &addresses),
    };
    let secured = |sockets: Vec<TcpListener>, of: fn(&Tls) -> &Arc<ServerConfig>| {
        let config = tls.as_ref().map(|tls| of(tls).clone());
        sockets.into_iter().filter_map(move |socket| Some((socket, Some(config.clone()?)))).collect::<Vec<_>>()
    };
    let sockets = admin::Sockets { tcp: secured(people, |tls| &tls.people), console: Some(console::bind(&dir.path)?) };
    let page = services.address.page.clone();
    let admin = admin::start(services, sockets, 1)?;
    let proxies: Arc<[_]> = config.trusted_proxies.clone().into();
    let door =
        |enrollment: Option<_>| Ok::<_, std::io::Error>(enrollment.map(EnrollmentDoor::new).transpose()?.map(Arc::new));
    let old_door = if old.is_empty() { None } else { door(enrollment_for(true))? };
    let enrollment = door(enrollment)?;
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    let mut threads = Vec::new();
    let https = secured(https, |tls| &tls.phones);
    let ca = tls.as_ref().map(|tls| tls.ca.clone());
    let clients = tls.as_ref().map(|tls| tls.identity.clients.clone());
    let plain = |sockets: Vec<TcpListener>| sockets.into_iter().map(|socket| (socket, None));
    let own = plain(http).chain(https).map(|(socket, tls)| (socket, tls, enrollment.clone()));
    let sockets: Vec<_> = own.chain(plain(old).map(|(socket, tls)| (socket, tls, old_door.clone()))).collect();
    let connections = (config.limits.connections as usize).min(process::handles() / sockets.len().max(1));
    let patience = patience(config);
    for (socket, tls, enrollment) in sockets {
        let tls = tls.zip(clients.clone()).map(|(config, clients)| http::Tls { config, clients });
        let ca = ca.clone();
        let trusted_proxies = proxies.clone();
        let listener = HttpListener { socket, tls, ca, enrollment, trusted_proxies, connections, patience };
        threads.extend(listener.start(workers, pipeline.clone(), stopped.clone(), GRACE)?);
    }
    for listener in tftp {
        threads.push(listener.start(pipeline.clone(), stopped.clone())?);
    }
    let writing = recorder.clone();
    let recorder = (recorder, tokio::spawn(async move { writing.run().await }));
    let mut upkeep = vec![
        tokio::spawn(maintenance::run(dir.db.clone(), roll, config.clone(), stopped.clone())),
        tokio::spawn(health::run(dir.db.clone(), stopped.clone())),
        tokio::spawn(letters::run(
            dir.db.clone(),
            dir.keys.clone(),
            page,
            webhooks::Reach(config.webhooks.networks.clone()),
            stopped.clone(),
        )),
    ];
    upkeep.extend(ca.map(|ca| tokio::spawn(certificates::run(ca, config.clone(), stopped))));
    Ok(ServerHandle {
        addresses,
        pipeline,
        setup_code,
        admin,
        fingerprint: tls.map(|tls| tls.identity.fingerprint()).unwrap_or_default(),
        dir,
        stop,
        threads,
        recorder,
        upkeep,
    })
}

/// A disk that takes no alarm keeps nobody from being served.
fn unless_stored(told: Result<(), crate::db::Error>) {
    if let Err(error) = told {
        tracing::warn!(%error, "an alarm could not be stored");
    }
}

struct Tls {
    ca: ca::Ca,
    identity: ca::Identity,
    people: Arc<ServerConfig>,
    phones: Arc<ServerConfig>,
}

async fn tls(config: &Config, dir: &DataDir) -> Result<Tls, StartError> {
    let (names, own) = interfaces::certificate_subject(config);
    let now = clock::now();
    let ca = ca::Ca::open(&dir.db, &dir.keys, ca_options(config), now).await?;
    let identity = ca.identity(&names, &own, now).await?;
    ca.publish_roots(&dir.path)?;
    ca.publish_lists(now).await?;
    let db = dir.db.clone();
    let asks = Arc::new(move || db.read(accounts::store::any_client_ca).unwrap_or(false));
    Ok(Tls { people: identity.for_people(asks)?, phones: identity.for_phones()?, identity, ca })
}

/// How CAs are made, and where they are asked: only a name that is configured will be the same in ten years.
pub fn ca_options(config: &Config) -> ca::Options {
    let url = config.public.http.as_ref().filter(|url| crate::net::is_dns_name(&url.host));
    let port = |url: &crate::profiles::TargetUrl| url.port.map(|port| format!(":{port}")).unwrap_or_default();
    ca::Options { address: url.map(|url| format!("http://{}{}", url.host, port(url))), ..config.ca.clone() }
}

/// The pipeline of a running box, or of one that is only looked at.
pub fn pipeline(
    config: &Config,
    dir: &DataDir,
    addresses: &Addresses,
    recorder: Recorder,
    certificates: ca::Public,
) -> Result<Pipeline, SealError> {
    let (limits, reach) = (limits(config), reach(config, addresses));
    let files = dir.path.join("files");
    Pipeline::new(dir.db.clone(), dir.keys.clone(), recorder, limits, reach, files, certificates)
}

fn bound(sockets: &[TcpListener]) -> std::io::Result<Vec<SocketAddr>> {
    sockets.iter().map(TcpListener::local_addr).collect()
}

/// Where links in mails lead: as it is configured, else as the start screen shows it, by the addresses of the moment. What
/// only this machine reaches is no place for a mail.
pub fn people_come_to(config: &Config, addresses: &Addresses) -> users::links::Address {
    let (public, minutes) = (&config.public, config.links.reset_minutes);
    let port = addresses.admin.first().map(SocketAddr::port);
    let mut address = users::links::Address::new(public.admin.as_ref(), &public.names, port, minutes);
    let bound = addresses.admin.clone();
    address.page = address.page.or_at(move || {
        let shown = screen::page_at(&bound, &interfaces::list());
        let reached = |at: &&SocketAddr| !(at.ip().is_loopback() || at.ip().is_unspecified() || at.port() == 0);
        shown.iter().find(reached).map(|at| screen::page_url(*at))
    });
    address
}

fn limits(config: &Config) -> Limits {
    Limits {
        failed_lookups: config.limits.misses_per_minute,
        upload: config.uploads.file_bytes,
        uploads: config.uploads.device_bytes,
        window: i64::from(config.provision.window_hours) * 3_600_000,
    }
}

fn patience(config: &Config) -> Patience {
    let seconds = |count: u32| Duration::from_secs(count.into());
    let limits = &config.limits;
    Patience { upload: seconds(limits.upload_seconds), stalled: seconds(limits.stalled_seconds), ..Patience::default() }
}

fn reach(config: &Config, addresses: &Addresses) -> Reach {
    let url = |url: &Option<crate::profiles::TargetUrl>| {
        url.as_ref().map(|url| url.to_string().trim_end_matches('/').to_owned())
    };
    Reach {
        http: addresses.http.clone(),
        https: addresses.https.clone(),
        http_url: url(&config.public.http),
        https_url: url(&config.public.https),
        usual: usual(addresses),
    }
}

/// What phones' files are made of besides rows, the program and where it is reached, moves their Last-Modified too.
async fn note_ways(db: &Db, reach: &Reach) -> Result<(), crate::db::Error> {
    const NAME: &str = "ways";
    let Reach { http, https, http_url, https_url, .. } = reach;
    let ways = format!("{} {http:?} {https:?} {http_url:?} {https_url:?}", env!("CARGO_PKG_VERSION"));
    if db.read(|conn| instance::store::get(conn, NAME))?.as_deref() == Some(ways.as_bytes()) {
        return Ok(());
    }
    db.write(move |tx| {
        instance::store::put(tx, NAME, ways.as_bytes())?;
        tx.touch(Touch::Shared);
        Ok(())
    })
    .await
}

/// The first address of this machine that phones can reach.
fn usual(addresses: &Addresses) -> Option<IpAddr> {
    let bound = if addresses.http.is_empty() { &addresses.https } else { &addresses.http };
    let own = interfaces::list().into_iter().flat_map(|interface| interface.addresses);
    let reached = own.into_iter().find(|address| port_at(bound, *address).is_some());
    reached.or_else(|| bound.iter().map(SocketAddr::ip).find(|address| !address.is_unspecified()))
}

impl ServerHandle {
    /// Stops accepting, lets running answers finish, writes what is in memory, gives the data directory back.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        let path = self.dir.path.clone();
        self.recorder.0.end_live();
        let _ = self.admin.stop().await;
        console::unbind(&path);
        let threads = self.threads;
        let _ = tokio::task::spawn_blocking(move || threads.into_iter().for_each(|thread| drop(thread.join()))).await;
        for task in self.upkeep {
            let _ = task.await;
        }
        let (recorder, writing) = self.recorder;
        recorder.stop();
        let _ = writing.await;
        drop(self.pipeline);
        self.dir.close();
    }
}
