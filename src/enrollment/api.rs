//! Enrolment over REST: challenges, requests that wait, files.

use super::requests::{Request, RequestState};
use super::{challenge, store};
use crate::db::{Connection, Db, Tx};
use crate::devices::{self, Device};
use crate::net::Mac;
use crate::provision::Enrollment;
use crate::provision::certificate_file::Filing;
use crate::seal::Keyring;
use crate::users::Actor;
use crate::web::json::MaybeJson;
use crate::web::{Code, Json, Page, Paging, Problem, Query, Result, words};
use crate::{audit, ca, clock};
use actix_web::web::{Data, Path};
use actix_web::{get, post};
use std::sync::Arc;

/// Where certificates are given; `None` while the box does not run or has no authority.
pub type Desk = Option<Arc<Enrollment>>;

#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Those that were decided too.
    #[serde(default)]
    all: bool,
    after: Option<String>,
    limit: Option<u32>,
}

#[derive(Debug, Default, serde::Deserialize, utoipa::IntoParams, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ByProfile {
    /// The certificate profile; absent: the one that the device's profile names.
    profile: Option<String>,
}

impl ByProfile {
    /// Of the query or of the body.
    fn of(query: ByProfile, body: ByProfile) -> Result<ByProfile> {
        match (query.profile, body.profile) {
            (Some(one), Some(other)) if one != other => Err(Problem::bad_value(
                format!("profile: the query names {one:?} and the body {other:?}."),
                "Name the certificate profile once.",
            )),
            (query, body) => Ok(ByProfile { profile: query.or(body) }),
        }
    }
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct ChallengeView {
    #[schema(value_type = String)]
    mac: Mac,
    /// For the phone only. The box writes it into the phone's settings by itself.
    challenge: String,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct CertificateFile {
    #[schema(value_type = String)]
    mac: Mac,
    /// As the phone fetches them, with its token or credentials.
    files: Vec<String>,
    /// Serial number of the certificate in them.
    serial: String,
}

/// What the log says of a challenge: whether there is one.
#[derive(serde::Serialize)]
struct Masked {
    challenge: Option<&'static str>,
}

impl Masked {
    fn of(there_is: bool) -> Masked {
        Masked { challenge: there_is.then_some("******") }
    }
}

/// Requests for certificates that wait for you, newest first
#[utoipa::path(tag = "enrollment", params(Filter), responses((status = 200, body = Page<Request>)))]
#[get("/enrollment/requests")]
async fn list(actor: Actor, db: Data<Db>, Query(filter): Query<Filter>) -> Result<Json<Page<Request>>> {
    let paging = Paging::<i64>::new(filter.after.as_deref(), filter.limit)?;
    let before = paging.after.unwrap_or(i64::MAX);
    let rows = paging.rows();
    let found = db
        .read_long(move |conn| store::requests(conn, actor.account_id, filter.all, before, rows).map_err(Problem::from))
        .await?;
    Ok(Json(paging.page(found, |request| request.id.to_string())))
}

/// Let a device have the certificate it asked for
#[utoipa::path(tag = "enrollment", params(("id" = i64, Path)), responses((status = 200, body = Request)))]
#[post("/enrollment/requests/{id}/approve")]
async fn approve(actor: Actor, db: Data<Db>, id: Path<i64>) -> Result<Json<Request>> {
    decide(actor, db, *id, RequestState::Approved, "enrollment.approve").await
}

/// Refuse a request for a certificate
#[utoipa::path(tag = "enrollment", params(("id" = i64, Path)), responses((status = 200, body = Request)))]
#[post("/enrollment/requests/{id}/decline")]
async fn decline(actor: Actor, db: Data<Db>, id: Path<i64>) -> Result<Json<Request>> {
    decide(actor, db, *id, RequestState::Declined, "enrollment.decline").await
}

async fn decide(
    actor: Actor,
    db: Data<Db>,
    id: i64,
    state: RequestState,
    action: &'static str,
) -> Result<Json<Request>> {
    let decided = db
        .write(move |tx| {
            let find = |tx: &Tx| store::request_by_id(tx, actor.account_id, id);
            let next = "List them: GET /api/v1/enrollment/requests, or phonebox enrollment list";
            let known = find(tx)?.ok_or_else(|| Problem::not_found(format_args!("request {id}"), next))?;
            // Whose it was when it asked need not be whose it is.
            devices::api::id(tx, &actor, known.mac)?;
            let now = clock::now();
            if !store::decide(tx, id, state, &actor.name, now)? {
                let message = format!("The request {id} is {} already.", known.state.word());
                return Err(Problem::new(Code::InUse, message, "A phone asks again with a new key."));
            }
            if state == RequestState::Approved {
                devices::store::may_have_keys(tx, known.mac, now)?;
            }
            let after = find(tx)?;
            let detail = Some(known.fingerprint.clone());
            audit::write_change(tx, &actor, action, known.mac, (Some(&known), after.as_ref()), detail, now)?;
            Ok(after.unwrap_or(known))
        })
        .await?;
    Ok(Json(decided))
}

/// The challenge of a device, made when none is in force
#[utoipa::path(tag = "enrollment", params(("mac" = String, Path), ByProfile), request_body = Option<ByProfile>,
    responses((status = 200, body = ChallengeView)))]
#[post("/devices/{mac}/challenge")]
async fn challenge_of(
    actor: Actor,
    db: Data<Db>,
    keys: Data<Keyring>,
    desk: Data<Desk>,
    mac: Path<String>,
    Query(query): Query<ByProfile>,
    MaybeJson(body): MaybeJson<ByProfile>,
) -> Result<Json<ChallengeView>> {
    let mac = words::mac(&mac)?;
    let of = ByProfile::of(query, body)?;
    let known = db.read(|conn| device(conn, &keys, &actor, mac))?;
    let profile = certificate_profile(&db, &desk, &actor, &known, &of)?;
    let secret = db
        .write(move |tx| {
            let device = device(tx, &keys, &actor, mac)?;
            let now = clock::now();
            let there_was = challenge::current(tx, &keys, &device, profile, now)?.is_some();
            let secret = challenge::current_or_new(tx, &keys, &device, profile, now)?;
            devices::store::may_have_keys(tx, mac, now)?;
            devices::store::changed(tx, mac, now)?;
            let sides = (Some(&Masked::of(there_was)), Some(&Masked::of(true)));
            audit::write_change(tx, &actor, "enrollment.challenge", mac, sides, of.profile, now)?;
            Ok::<_, Problem>(secret)
        })
        .await?;
    Ok(Json(ChallengeView { mac, challenge: secret.reveal().to_owned() }))
}

/// Make a device a new certificate and key as files; those it had are replaced
#[utoipa::path(tag = "enrollment", params(("mac" = String, Path), ByProfile), request_body = Option<ByProfile>,
    responses((status = 200, body = CertificateFile)))]
#[post("/devices/{mac}/certificate-file")]
async fn make_file(
    actor: Actor,
    db: Data<Db>,
    keys: Data<Keyring>,
    desk: Data<Desk>,
    mac: Path<String>,
    Query(query): Query<ByProfile>,
    MaybeJson(body): MaybeJson<ByProfile>,
) -> Result<Json<CertificateFile>> {
    let mac = words::mac(&mac)?;
    let of = ByProfile::of(query, body)?;
    let known = db.read(|conn| device(conn, &keys, &actor, mac))?;
    let profile = certificate_profile(&db, &desk, &actor, &known, &of)?;
    let desk = desk.as_ref().as_ref().ok_or_else(no_authority)?;
    let now = clock::now();
    let made = desk.make_file(&known, Filing { profile: Some(profile), password: None }, &actor.name, now).await;
    let (serial, files) = made.map_err(|why| {
        Problem::new(Code::InUse, format!("No certificate was made: {why}."), "Look at the certificate profile.")
    })?;
    db.write(move |tx| devices::store::may_have_keys(tx, mac, now).map_err(Problem::from)).await?;
    Ok(Json(CertificateFile { mac, files, serial }))
}

/// The one that is named, or the one that the device's own requests go by.
fn certificate_profile(db: &Db, desk: &Desk, actor: &Actor, device: &Device, of: &ByProfile) -> Result<i64> {
    if let (None, Some(desk)) = (&of.profile, desk) {
        return desk.profile_of(device)?.ok_or_else(no_authority);
    }
    let name = of.profile.as_deref().unwrap_or(ca::cert_profile::DEVICE);
    let is_theirs = ca::cert_profile::is_open_to(name, actor.account_id);
    let found = db.read(|conn| store::profile_named(conn, name))?.filter(|_| is_theirs);
    found.ok_or_else(|| match of.profile {
        None => no_authority(),
        Some(_) => Problem::not_found(
            format_args!("certificate profile {name}"),
            "List them: GET /api/v1/certificate-profiles, or phonebox ca profile list",
        ),
    })
}

fn device(conn: &Connection, keys: &Keyring, actor: &Actor, mac: Mac) -> Result<Device> {
    devices::api::id(conn, actor, mac)?;
    devices::store::by_mac(conn, keys, mac)?.ok_or_else(|| not_known(mac))
}

fn not_known(mac: Mac) -> Problem {
    Problem::not_found(format_args!("device {mac}"), "List them: GET /api/v1/devices, or phonebox device list")
}

fn no_authority() -> Problem {
    Problem::new(Code::InUse, "No authority is running that could sign.", "Start the box: phonebox serve")
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(list).service(approve).service(decline).service(challenge_of).service(make_file);
}
