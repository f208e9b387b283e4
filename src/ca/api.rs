//! The authority over REST: what it is, its root, its roll-over, the server's certificate, what ends soon.

use super::authority::Authority;
use super::{CaError, Expiring, Lazy, Refused, pem, store};
use crate::clock;
use crate::db::Db;
use crate::net::Mac;
use crate::settings::Secret;
use crate::users::Actor;
use crate::web::json::MaybeJson;
use crate::web::{Code, Json, Problem, Query, Result};
use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get, post, put};

impl From<CaError> for Problem {
    fn from(error: CaError) -> Problem {
        match error {
            CaError::Rule { message, next } => Problem::bad_value(message, next),
            CaError::Db(error) => error.into(),
            other => Problem::internal(other),
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Problem {
        match refused {
            Refused::Box(error) => error.into(),
            other => {
                let next = "Correct it and send it again.";
                Problem::new(Code::BadValue, format!("The certificate is refused: {other}."), next)
            }
        }
    }
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
struct AuthorityView {
    /// `root`, `issuing`, or `root and issuing`.
    role: &'static str,
    /// `current`, `next` or `old`.
    state: &'static str,
    /// `made` or `imported`.
    origin: String,
    subject: String,
    /// SHA-256 of its certificate.
    fingerprint: String,
    /// Its key is in this box.
    key_here: bool,
    not_after: i64,
    created_at: i64,
    /// A root's: the one before it certified its key, so phones that trust only that one are carried over.
    crossed: bool,
    pem: String,
}

impl AuthorityView {
    fn of(authority: &Authority) -> AuthorityView {
        AuthorityView {
            role: match (authority.parent, authority.issues) {
                (None, true) => "root and issuing",
                (None, false) => "root",
                (Some(_), true) => "issuing",
                (Some(_), false) => "between",
            },
            state: authority.state.word(),
            origin: authority.origin.clone(),
            subject: authority.parsed.subject_text.clone(),
            fingerprint: authority.fingerprint(),
            key_here: authority.issuer().is_some(),
            not_after: authority.parsed.not_after,
            created_at: authority.created_at,
            crossed: authority.crossed.is_some(),
            pem: authority.pem(),
        }
    }
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
struct CaView {
    authorities: Vec<AuthorityView>,
    /// The subject of a server certificate that an administrator installed.
    installed: Option<String>,
    installed_fingerprint: Option<String>,
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Passphrase {
    /// 12 characters or more.
    passphrase: String,
}

#[derive(serde::Serialize, utoipa::ToSchema)]
struct KeyFile {
    /// PKCS#8, encrypted with the passphrase, as PEM.
    pem: String,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
struct ListFile {
    pem: String,
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct KeyCopy {
    /// What the export gave.
    pem: String,
    passphrase: String,
}

#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct AskCa {
    /// The name of the CA that is to be signed elsewhere.
    name: String,
    /// Also when another request waits for its certificate: its key is thrown away.
    #[serde(default)]
    force: bool,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
struct CaRequest {
    /// PKCS#10, as PEM.
    csr: String,
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Bring {
    /// PEM: the certificate first, then what stands above it.
    certificates: String,
    /// PEM. Absent for a CA: the key that the request was made with.
    key: Option<String>,
    /// Of an encrypted key.
    passphrase: Option<String>,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
struct Installed {
    /// What is to be known about it.
    warnings: Vec<String>,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
struct RootReport {
    state: &'static str,
    subject: String,
    fingerprint: String,
    /// How many devices are known to trust it.
    devices: usize,
    /// Which.
    #[schema(value_type = Vec<String>)]
    macs: Vec<Mac>,
}

#[derive(Debug, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Switch {
    /// Also when devices are left behind.
    #[serde(default)]
    force: bool,
}

#[derive(Debug, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Start {
    /// Also when the present root does not vouch for the next one.
    #[serde(default)]
    force: bool,
}

#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Within {
    /// Absent: 30.
    #[param(maximum = 36500)]
    days: Option<u32>,
}

/// The authorities of the box, and its installed server certificate
#[utoipa::path(tag = "ca", responses((status = 200, body = CaView)))]
#[get("/ca")]
async fn show(_actor: Actor, ca: Data<Lazy>) -> Result<Json<CaView>> {
    Ok(Json(view(&ca).await?))
}

async fn view(ca: &Lazy) -> Result<CaView> {
    let ca = ca.get(clock::now()).await?;
    let (installed, installed_fingerprint) = ca.installed_facts()?.unzip();
    let snapshot = ca.snapshot();
    let authorities = snapshot.authorities.iter().map(|known| AuthorityView::of(known)).collect();
    Ok(CaView { authorities, installed: installed.map(|facts| facts.subject_text), installed_fingerprint })
}

/// Take the present time for right, after a clock that ran ahead
#[utoipa::path(tag = "ca", responses((status = 204)))]
#[post("/ca/clock")]
async fn trust_clock(actor: Actor, ca: Data<Lazy>) -> Result<HttpResponse> {
    let now = clock::now();
    ca.get(now).await?.trust_clock(&actor.name, now).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The root's key, encrypted with a passphrase
#[utoipa::path(tag = "ca", request_body = Passphrase, responses((status = 200, body = KeyFile)))]
#[post("/ca/root/export")]
async fn export(actor: Actor, ca: Data<Lazy>, Json(body): Json<Passphrase>) -> Result<Json<KeyFile>> {
    let now = clock::now();
    let pem = ca.get(now).await?.export_root_key(&Secret::new(body.passphrase), &actor.name, now).await?;
    Ok(Json(KeyFile { pem: pem.reveal().to_owned() }))
}

/// Remove the root's key from the box, after the copy of it was shown to open
#[utoipa::path(tag = "ca", request_body = KeyCopy, responses((status = 200, body = CaView)))]
#[post("/ca/root/offline")]
async fn offline(actor: Actor, ca: Data<Lazy>, Json(body): Json<KeyCopy>) -> Result<Json<CaView>> {
    let (now, copy, passphrase) = (clock::now(), Secret::new(body.pem), Secret::new(body.passphrase));
    ca.get(now).await?.take_root_offline(&copy, &passphrase, &actor.name, now).await?;
    Ok(Json(view(&ca).await?))
}

/// Put the root's key back
#[utoipa::path(tag = "ca", request_body = KeyCopy, responses((status = 200, body = CaView)))]
#[post("/ca/root/online")]
async fn online(actor: Actor, ca: Data<Lazy>, Json(body): Json<KeyCopy>) -> Result<Json<CaView>> {
    let (now, copy, passphrase) = (clock::now(), Secret::new(body.pem), Secret::new(body.passphrase));
    ca.get(now).await?.take_root_online(&copy, &passphrase, &actor.name, now).await?;
    Ok(Json(view(&ca).await?))
}

/// Make a key and a request for a CA certificate that is to be signed elsewhere
///
/// Refused while another waits for its certificate, unless forced: its key is thrown away.
#[utoipa::path(tag = "ca", request_body = AskCa, responses((status = 200, body = CaRequest)))]
#[post("/ca/request")]
async fn request(actor: Actor, ca: Data<Lazy>, Json(body): Json<AskCa>) -> Result<Json<CaRequest>> {
    let now = clock::now();
    Ok(Json(CaRequest { csr: ca.get(now).await?.request(&body.name, body.force, &actor.name, now).await? }))
}

/// Bring a site's own CA: it becomes the next one
#[utoipa::path(tag = "ca", request_body = Bring, responses((status = 200, body = CaView)))]
#[post("/ca/import")]
async fn import(actor: Actor, ca: Data<Lazy>, Json(body): Json<Bring>) -> Result<Json<CaView>> {
    let (now, passphrase) = (clock::now(), body.passphrase.map(Secret::new));
    let key = body.key.map(Secret::new);
    let key = key.as_ref().map(|key| (key, passphrase.as_ref()));
    ca.get(now).await?.import(&body.certificates, key, &actor.name, now).await?;
    Ok(Json(view(&ca).await?))
}

/// Which devices are known to trust which root
#[utoipa::path(tag = "ca", responses((status = 200, body = Vec<RootReport>)))]
#[get("/ca/rollover")]
async fn report(_actor: Actor, db: Data<Db>, ca: Data<Lazy>) -> Result<Json<Vec<RootReport>>> {
    let snapshot = ca.get(clock::now()).await?.snapshot();
    let report = snapshot.roots().into_iter().map(|root| {
        let macs: Vec<Mac> = db.read(|conn| store::trusting(conn, root.id))?.into_iter().map(|(mac, _)| mac).collect();
        let (subject, fingerprint) = (root.parsed.subject_text.clone(), root.fingerprint());
        Ok(RootReport { state: root.state.word(), subject, fingerprint, devices: macs.len(), macs })
    });
    Ok(Json(report.collect::<Result<_, Problem>>()?))
}

/// Make the next root; phones get it beside the present one
///
/// Refused while the present root was taken offline and so cannot vouch for it, unless forced.
#[utoipa::path(tag = "ca", request_body = Option<Start>, responses((status = 200, body = CaView)))]
#[post("/ca/rollover/start")]
async fn start(actor: Actor, ca: Data<Lazy>, MaybeJson(body): MaybeJson<Start>) -> Result<Json<CaView>> {
    let now = clock::now();
    ca.get(now).await?.rollover_start(&actor.name, body.force, now).await?;
    Ok(Json(view(&ca).await?))
}

/// Sign with the next root from now on
///
/// Refused while devices that trust the present root are not known to hold the next one, unless forced.
#[utoipa::path(tag = "ca", request_body = Switch, responses((status = 200, body = CaView)))]
#[post("/ca/rollover/switch")]
async fn switch(actor: Actor, ca: Data<Lazy>, Json(body): Json<Switch>) -> Result<Json<CaView>> {
    let now = clock::now();
    ca.get(now).await?.rollover_switch(&actor.name, body.force, now).await?;
    Ok(Json(view(&ca).await?))
}

/// Leave behind the root before the present one: it is given to phones no longer
///
/// Refused while devices that trust the root before are not known to hold the present one, unless forced.
#[utoipa::path(tag = "ca", request_body = Option<Switch>, responses((status = 200, body = CaView)))]
#[post("/ca/rollover/finish")]
async fn finish(actor: Actor, ca: Data<Lazy>, MaybeJson(body): MaybeJson<Switch>) -> Result<Json<CaView>> {
    let now = clock::now();
    ca.get(now).await?.rollover_finish(&actor.name, body.force, now).await?;
    Ok(Json(view(&ca).await?))
}

/// Forget the next root
#[utoipa::path(tag = "ca", responses((status = 200, body = CaView)))]
#[post("/ca/rollover/cancel")]
async fn cancel(actor: Actor, ca: Data<Lazy>) -> Result<Json<CaView>> {
    let now = clock::now();
    ca.get(now).await?.rollover_cancel(&actor.name, now).await?;
    Ok(Json(view(&ca).await?))
}

/// Install a server certificate of one's own
#[utoipa::path(tag = "ca", request_body = Bring, responses((status = 200, body = Installed)))]
#[put("/ca/server")]
async fn install(actor: Actor, ca: Data<Lazy>, Json(body): Json<Bring>) -> Result<Json<Installed>> {
    let missing = || Problem::bad_value("The key is missing.", "Send it with the certificate.");
    let (key, passphrase) = (body.key.map(Secret::new).ok_or_else(missing)?, body.passphrase.map(Secret::new));
    let now = clock::now();
    let ca = ca.get(now).await?;
    let warnings = ca.install_server(&body.certificates, &key, passphrase.as_ref(), &actor.name, now).await?;
    Ok(Json(Installed { warnings }))
}

/// Show the box's own server certificate again
#[utoipa::path(tag = "ca", responses((status = 204)))]
#[delete("/ca/server")]
async fn uninstall(actor: Actor, ca: Data<Lazy>) -> Result<HttpResponse> {
    let now = clock::now();
    ca.get(now).await?.remove_installed(&actor.name, now).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Certificates of devices, of the server and of authorities that end soon
#[utoipa::path(tag = "ca", params(Within), responses((status = 200, body = Vec<Expiring>)))]
#[get("/ca/expiring")]
async fn expiring(_actor: Actor, ca: Data<Lazy>, Query(within): Query<Within>) -> Result<Json<Vec<Expiring>>> {
    let now = clock::now();
    let days = within.days.unwrap_or(30);
    if days > 36_500 {
        let message = format!("days: {days} is not accepted: 36500 are the most.");
        return Err(Problem::new(Code::BadRequest, message, "Ask for a shorter time."));
    }
    Ok(Json(ca.get(now).await?.expiring(i64::from(days), now)?))
}

/// The present revocation list, as PEM
#[utoipa::path(tag = "ca", responses((status = 200, body = ListFile)))]
#[get("/ca/crl")]
async fn crl(_actor: Actor, ca: Data<Lazy>) -> Result<Json<ListFile>> {
    let ca = ca.get(clock::now()).await?;
    if ca.public().get("phonebox-ca.crl").is_none() {
        ca.publish_lists(clock::now()).await?;
    }
    let list = ca.public().get("phonebox-ca.crl");
    let list =
        list.ok_or_else(|| Problem::not_found("revocation list", "The key of the authority is not in this box."))?;
    Ok(Json(ListFile { pem: pem::block("X509 CRL", &list.bytes) }))
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(show).service(trust_clock).service(export).service(offline).service(online);
    config.service(request).service(import).service(report).service(start).service(switch).service(finish);
    config.service(cancel);
    config.service(install).service(uninstall).service(expiring).service(crl);
}
