//! The administrators' listener: REST under /api/v1, one App for production and tests.
//!
//! It listens on TCP (with TLS) and on the console's Unix socket in the data directory. Who comes through the socket is
//! the box's own user and is taken for *console*; everybody else logs in or shows an API key. It serves no phone file.

use super::audited::Proxies;
use super::document::document;
use super::spa;
use crate::config::{Config, Files};
use crate::db::Db;
use crate::provision::{self, Pipeline};
use crate::seal::Keyring;
use crate::users::guard::{Console, Shown, Stray, programs};
use crate::users::routes::methods;
use crate::web::{Code, Directory, Problem, spool};
use crate::{
    accounts, alarms, audit, ca, checkins, devices, enrollment, files, firmware, groups, instance, layers, lines, mail,
    models, networks, notify, profiles, sites, users, webhooks,
};
use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::body::MessageBody;
use actix_web::dev::{Server, ServerHandle, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{self, Data};
use actix_web::{App, Error, HttpRequest, HttpResponse, HttpServer, get, middleware};
use rustls::ServerConfig;
use std::any::Any;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use utoipa_actix_web::scope::scope;
use utoipa_actix_web::{AppExt, UtoipaApp};

/// What the handlers work with; each is handed to them by itself.
#[derive(Clone)]
pub struct Services {
    pub db: Db,
    pub roll: Arc<devices::roll::Roll>,
    pub sip_accounts: Arc<lines::count::Count>,
    pub keys: Keyring,
    pub ca: Arc<ca::Lazy>,
    /// The data directory: files, uploads on their way.
    pub dir: PathBuf,
    pub config: Arc<Config>,
    /// For preview and explain.
    pub pipeline: Arc<Pipeline>,
    pub enrollment: enrollment::api::Desk,
    /// The first run's.
    pub door: users::setup::Door,
    pub throttle: Arc<users::throttle::Throttle>,
    pub rates: Arc<users::keys::rate::Rates>,
    pub address: users::links::Address,
}

/// Where the listener listens.
#[derive(Default)]
pub struct Sockets {
    /// `None` for the configuration: plain HTTP, for tests only.
    pub tcp: Vec<(TcpListener, Option<Arc<ServerConfig>>)>,
    pub console: Option<UnixListener>,
}

/// A running listener. Dropping it leaves it running; [`Admin::stop`] ends it.
pub struct Admin {
    pub addresses: Vec<SocketAddr>,
    handle: ServerHandle,
    task: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Admin {
    /// Lets requests in flight finish, then ends.
    pub async fn stop(self) -> std::io::Result<()> {
        self.handle.stop(true).await;
        self.task.await.unwrap_or_else(|error| Err(std::io::Error::other(error)))
    }
}

/// Starts the listener on the current runtime.
pub fn start(services: Services, sockets: Sockets, workers: usize) -> std::io::Result<Admin> {
    let addresses = sockets.tcp.iter().map(|(listener, _)| listener.local_addr()).collect::<Result<_, _>>()?;
    spool::sweep(&services.dir);
    let server = server(services, sockets, workers)?;
    let handle = server.handle();
    Ok(Admin { addresses, handle, task: tokio::spawn(server) })
}

fn server(services: Services, sockets: Sockets, workers: usize) -> std::io::Result<Server> {
    let mut server = HttpServer::new(move || create_app(&services))
        .on_connect(|connection: &dyn Any, data| {
            if connection.is::<tokio::net::UnixStream>() {
                data.insert(Console);
            }
            if let Some(connection) = connection.downcast_ref::<TlsStream<tokio::net::TcpStream>>() {
                let chain = connection.get_ref().1.peer_certificates().unwrap_or_default();
                data.insert(Shown(chain.iter().map(|der| der.to_vec()).collect()));
            }
        })
        .workers(workers)
        .max_connections(512)
        .client_request_timeout(Duration::from_secs(10))
        .client_disconnect_timeout(Duration::from_secs(2))
        .tls_handshake_timeout(Duration::from_secs(5))
        .shutdown_timeout(10)
        // Whoever hangs up waits for no answer: its statements stop.
        .h1_allow_half_closed(false)
        .disable_signals();
    for (listener, tls) in sockets.tcp {
        server = match tls {
            Some(config) => server.listen_rustls_0_23(listener, ServerConfig::clone(&config))?,
            None => server.listen(listener)?,
        };
    }
    if let Some(console) = sockets.console {
        server = server.listen_uds(console)?;
    }
    Ok(server.run())
}

/// The App as production and tests run it.
pub fn create_app(
    services: &Services,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody + use<>>,
        Error = Error,
        InitError = (),
    > + use<>,
> {
    let Services {
        db,
        roll,
        sip_accounts,
        keys,
        ca,
        dir,
        config,
        pipeline,
        enrollment,
        door,
        throttle,
        rates,
        address,
    } = services.clone();
    let window = devices::Window(i64::from(config.provision.window_hours) * 3_600_000);
    let Files { file_bytes, total_bytes, account_bytes } = config.files;
    let limits = files::Limits { file_bytes, total_bytes, account_bytes };
    let contact =
        instance::api::BoxContact { feedback: config.public.feedback.clone(), privacy: config.public.privacy.clone() };
    let app = App::new()
        .app_data(Data::new(db))
        .app_data(Data::from(roll))
        .app_data(Data::from(sip_accounts))
        .app_data(Data::new(keys))
        .app_data(Data::from(ca))
        .app_data(Data::new(Directory(dir)))
        .app_data(Data::new(window))
        .app_data(Data::new(limits))
        .app_data(Data::new(contact))
        .app_data(Data::new(pipeline.recorder.clone()))
        .app_data(Data::new(webhooks::Reach(config.webhooks.networks.clone())))
        .app_data(Data::new(Proxies(config.trusted_proxies.clone())))
        .app_data(Data::new(address.page.clone()))
        .app_data(Data::new(address))
        .app_data(Data::new(audit::api::Kept(config.audit.days)))
        .app_data(Data::from(pipeline))
        .app_data(Data::new(enrollment))
        .app_data(Data::new(door))
        .app_data(Data::from(throttle))
        .app_data(Data::from(rates))
        .app_data(web::PathConfig::default().error_handler(|_, request| no_id(request)));
    let headers = middleware::DefaultHeaders::new()
        .add(("X-Content-Type-Options", "nosniff"))
        .add(("X-Frame-Options", "DENY"))
        .add(("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"))
        .add(("Referrer-Policy", "no-referrer"))
        .add(("Cache-Control", "no-store"));
    routes(app.into_utoipa_app())
        .into_app()
        .default_service(web::to(no_route))
        .wrap(middleware::from_fn(super::heads::as_get))
        .wrap(middleware::from_fn(programs))
        .wrap(headers)
        .wrap(middleware::from_fn(super::audited::around))
}

/// Every handler: the routes and the document are made from this one list.
pub(super) fn routes<T>(app: UtoipaApp<T>) -> UtoipaApp<T>
where
    T: ServiceFactory<ServiceRequest, Config = (), Error = Error, InitError = ()>,
{
    app.service(
        scope("/api/v1")
            .route("/openapi.json", web::get().to(openapi))
            .configure(devices::import::api::configure)
            .configure(devices::export::api::configure)
            .configure(devices::api::configure)
            .configure(lines::api::configure)
            .configure(sites::api::configure)
            .configure(sites::archive::api::configure)
            .configure(profiles::api::configure)
            .configure(groups::api::configure)
            .configure(models::api::configure)
            .configure(networks::api::configure)
            .configure(ca::device_ca::api::configure)
            .configure(layers::api::configure)
            .configure(checkins::api::configure)
            .configure(enrollment::api::configure)
            .configure(enrollment::codes::api::configure)
            .configure(alarms::api::configure)
            .configure(audit::api::configure)
            .configure(notify::api::configure)
            .configure(mail::api::configure)
            .configure(webhooks::api::configure)
            .configure(users::api::configure)
            .configure(users::session::api::configure)
            .configure(users::me::api::configure)
            .configure(users::totp::api::configure)
            .configure(users::keys::api::configure)
            .configure(users::switch::api::configure)
            .configure(users::certificate::api::configure)
            .configure(users::directory::api::configure)
            .configure(users::roles::api::configure)
            .configure(users::links::api::configure)
            .configure(accounts::api::configure)
            .configure(accounts::handover::api::configure)
            .configure(accounts::channels::api::configure)
            .configure(accounts::partners::api::configure)
            .configure(accounts::invitations::api::configure)
            .configure(accounts::sites::api::configure)
            .configure(accounts::sign_up::api::configure)
            .configure(files::api::configure)
            .configure(firmware::api::configure)
            .configure(instance::api::configure)
            .configure(instance::overview::api::configure)
            .configure(ca::api::configure)
            .configure(ca::certificates::api::configure)
            .configure(provision::api::configure),
    )
    .service(healthz)
}

#[derive(serde::Serialize, utoipa::ToSchema)]
struct Health {
    /// `ok`, or `degraded`: phones are served, but no change is taken.
    #[schema(example = "ok")]
    status: &'static str,
}

/// Whether the box runs. Needs no token and tells nothing else
#[utoipa::path(tag = "health", security(()), responses((status = 200, body = Health)))]
#[get("/healthz")]
async fn healthz(db: Data<Db>) -> web::Json<Health> {
    web::Json(Health { status: if db.storage().trouble().is_some() { "degraded" } else { "ok" } })
}

async fn openapi(_actor: users::Actor) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(document())
}

/// Strangers hear the same of every address of the API, there or not. All others are the page's.
async fn no_route(request: HttpRequest, stray: Result<Stray, Problem>) -> Result<HttpResponse, Problem> {
    match request.path() {
        "/healthz" => return Ok(other_method(&["GET"])),
        path if !path.starts_with("/api/") => return spa::answer(&request),
        _ => stray?,
    };
    match methods(request.path()).as_slice() {
        [] => Err(Code::NoRoute.into()),
        known => Ok(other_method(known)),
    }
}

/// 405, and which methods there are.
fn other_method(known: &[&str]) -> HttpResponse {
    let mut answer = HttpResponse::from_error(Problem::from(Code::Method));
    let known: Vec<&str> = known
        .iter()
        .flat_map(|one| if *one == "GET" { &["GET", "HEAD"][..] } else { std::slice::from_ref(one) })
        .copied()
        .collect();
    if let Ok(allow) = HeaderValue::from_str(&known.join(", ")) {
        answer.headers_mut().insert(header::ALLOW, allow);
    }
    answer
}

/// What stands in the path is no id of that kind; perhaps it is a word that knows other methods.
fn no_id(request: &HttpRequest) -> Error {
    let known = methods(request.path());
    match known.is_empty() || known.contains(&request.method().as_str()) {
        true => Problem::from(Code::NoRoute).into(),
        false => InternalError::from_response("no id", other_method(&known)).into(),
    }
}
