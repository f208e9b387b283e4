//! Certificates and their profiles over REST.

use super::store::{self, Certificate};
use crate::ca::cert_profile::{self, CertProfile};
use crate::ca::csr::Csr;
use crate::ca::limits::Limits;
use crate::ca::{self, Door, Holder, Lazy, Order, Reason, Revoke, Serial, pem};
use crate::db::{Connection, Db};
use crate::net::Mac;
use crate::users::Actor;
use crate::web::json::created;
use crate::web::{Code, Json, Page, Paging, Problem, Query, Result, words};
use crate::{audit, clock, vendors};
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, patch, post};

#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Of one device, or of another holder.
    holder: Option<String>,
    after: Option<String>,
    limit: Option<u32>,
}

#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct IssueCertificate {
    /// A certification request (PKCS#10) as PEM, or its DER in base64. Only its key counts.
    csr: String,
    /// Absent: `device`.
    profile: Option<String>,
    mac: Option<String>,
    serial: Option<String>,
    model: Option<String>,
    /// Whose it is, where there is no MAC.
    label: Option<String>,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
struct IssuedCertificate {
    serial: String,
    /// The certificate as PEM.
    pem: String,
    /// What stands above it, without the root, as PEM.
    chain: String,
}

#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct RevokeOne {
    /// unspecified, key-compromise, ca-compromise, affiliation-changed, superseded, cessation-of-operation,
    /// privilege-withdrawn.
    reason: Option<String>,
}

#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct RevokeAll {
    /// A MAC, or what stands for it. `mac` means the same.
    #[serde(alias = "mac")]
    holder: String,
    reason: Option<String>,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
struct Revoked {
    /// The serials that were revoked now.
    serials: Vec<String>,
}

#[derive(Debug, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ProfileFields {
    /// Of rsa, p256, p384, p521.
    key_types: Option<Vec<String>>,
    #[schema(value_type = Option<u32>)]
    rsa_least: Option<i64>,
    #[schema(value_type = Option<u32>)]
    rsa_most: Option<i64>,
    #[schema(value_type = Option<u32>)]
    validity_days: Option<i64>,
    #[schema(value_type = Option<u32>)]
    backdate_days: Option<i64>,
    subject: Option<String>,
    san: Option<String>,
}

#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct AddCertificateProfile {
    name: String,
    /// Of rsa, p256, p384, p521.
    key_types: Option<Vec<String>>,
    #[schema(value_type = Option<u32>)]
    rsa_least: Option<i64>,
    #[schema(value_type = Option<u32>)]
    rsa_most: Option<i64>,
    #[schema(value_type = Option<u32>)]
    validity_days: Option<i64>,
    #[schema(value_type = Option<u32>)]
    backdate_days: Option<i64>,
    subject: Option<String>,
    san: Option<String>,
}

/// List certificates, newest first
#[utoipa::path(tag = "certificates", params(Filter), responses((status = 200, body = Page<Certificate>)))]
#[get("/certificates")]
async fn list(_actor: Actor, db: Data<Db>, Query(filter): Query<Filter>) -> Result<Json<Page<Certificate>>> {
    let paging = Paging::<i64>::new(filter.after.as_deref(), filter.limit)?;
    let (before, rows) = (paging.after.unwrap_or(i64::MAX), paging.rows());
    let holder = filter.holder.as_deref().map(holder_id);
    let read = move |conn: &Connection| {
        store::list(conn, None, holder.as_deref(), before, rows, clock::now()).map_err(Problem::from)
    };
    Ok(Json(paging.page(db.read_long(read).await?, |one| one.id.to_string())))
}

/// Show a certificate
#[utoipa::path(tag = "certificates", params(("serial" = String, Path)), responses((status = 200, body = Certificate)))]
#[get("/certificates/{serial}")]
async fn show(_actor: Actor, db: Data<Db>, serial: Path<String>) -> Result<Json<Certificate>> {
    let id = serial_of(&serial)?;
    let found = db.read(|conn| store::list(conn, Some(id.as_slice()), None, i64::MAX, 1, clock::now()))?.pop();
    Ok(Json(found.ok_or_else(|| missing(&serial))?))
}

/// A certificate with what stands above it, as PEM
#[utoipa::path(tag = "certificates", params(("serial" = String, Path)),
    responses((status = 200, body = IssuedCertificate)))]
#[get("/certificates/{serial}/pem")]
async fn whole(_actor: Actor, db: Data<Db>, ca: Data<Lazy>, serial: Path<String>) -> Result<Json<IssuedCertificate>> {
    let id = serial_of(&serial)?;
    let (authority, der) = db.read(|conn| store::der(conn, id.as_slice()))?.ok_or_else(|| missing(&serial))?;
    let snapshot = ca.get(clock::now()).await?.snapshot();
    let authority = snapshot.authorities.iter().find(|known| known.id == authority);
    let chain = authority.map(|authority| snapshot.chain(authority)).unwrap_or_default();
    Ok(Json(IssuedCertificate { serial: id.to_string(), pem: pem::certificate(&der), chain: pems(&chain) }))
}

/// Issue a certificate for the key of a request; what it says is the profile's and the box's
#[utoipa::path(tag = "certificates", request_body = IssueCertificate,
    responses((status = 201, body = IssuedCertificate)))]
#[post("/certificates")]
async fn issue(actor: Actor, db: Data<Db>, ca: Data<Lazy>, Json(body): Json<IssueCertificate>) -> Result<HttpResponse> {
    let now = clock::now();
    let ca = ca.get(now).await?;
    let csr = Csr::from_file(body.csr.as_bytes())
        .map_err(|error| Problem::bad_value(format!("The request is not accepted: {error}."), "Make it anew."))?;
    let name = body.profile.as_deref().unwrap_or(cert_profile::DEVICE);
    let profile = db.read(|conn| profile(conn, name))?;
    let mac = body.mac.as_deref().map(mac).transpose()?;
    if let Some((mac, other)) = mac.and_then(|mac| Some((mac, vendors::other_than(mac, &csr.names)?))) {
        let message = format!("The certificate is refused: the request calls itself {other}, and the holder is {mac}.");
        return Err(Problem::bad_value(
            message,
            "Make the request for this device, or name the device it was made for.",
        ));
    }
    let line = |field: &str, value: &Option<String>| match value {
        Some(value) => words::line(field, value, 64),
        None => Ok(None),
    };
    let (serial, model) = (line("serial", &body.serial)?, line("model", &body.model)?);
    let label = line("label", &body.label)?.or(mac.map(|mac| mac.to_string()));
    let label = label.ok_or_else(|| {
        Problem::bad_value("Nobody is named as the holder.", "Say whose it is: --mac MAC, or --label NAME.")
    })?;
    if let Some(mac) = mac
        && !db.read(|conn| store::is_device(conn, mac))?
    {
        let message = format!("There is no device {mac}, and a certificate with a MAC is a device's.");
        return Err(Problem::bad_value(message, format!("Add it first: phonebox device add {mac}")));
    }
    let holder = Holder { mac, serial, model, label };
    let by = actor.name.to_string();
    let order = Order { profile: profile.id, holder, spki_der: csr.spki, door: Door::Administrator, by, once: None };
    let issued = ca.issue(order, now).await?;
    let (serial, pem) = (issued.serial.to_string(), pem::certificate(&issued.der));
    Ok(created(IssuedCertificate { serial, pem, chain: pems(&issued.chain) }))
}

/// Revoke a certificate, for good
#[utoipa::path(tag = "certificates", params(("serial" = String, Path)), request_body = RevokeOne,
    responses((status = 200, body = Certificate)))]
#[post("/certificates/{serial}/revoke")]
async fn revoke(
    actor: Actor,
    db: Data<Db>,
    ca: Data<Lazy>,
    serial: Path<String>,
    Json(body): Json<RevokeOne>,
) -> Result<Json<Certificate>> {
    let (id, reason, now) = (serial_of(&serial)?, reason(body.reason.as_deref())?, clock::now());
    ca.get(now).await?.revoke(Revoke::Certificate(id), reason, &actor.name, now).await?;
    let found = db.read(|conn| store::list(conn, Some(id.as_slice()), None, i64::MAX, 1, now))?.pop();
    Ok(Json(found.ok_or_else(|| missing(&serial))?))
}

/// Revoke every certificate of a holder, for good
#[utoipa::path(tag = "certificates", request_body = RevokeAll, responses((status = 200, body = Revoked)))]
#[post("/certificates/revoke-all")]
async fn revoke_all(actor: Actor, db: Data<Db>, ca: Data<Lazy>, Json(body): Json<RevokeAll>) -> Result<Json<Revoked>> {
    let (reason, now) = (reason(body.reason.as_deref())?, clock::now());
    let mac: Option<Mac> = body.holder.parse().ok();
    let holder = holder_id(&body.holder);
    let is_known = db.read(|conn| {
        let is_device = mac.map_or(Ok(false), |mac| store::is_device(conn, mac))?;
        Ok::<_, Problem>(is_device || !store::list(conn, None, Some(&holder), i64::MAX, 1, now)?.is_empty())
    })?;
    if !is_known {
        let shown: String = holder.chars().take(64).collect();
        return Err(Problem::not_found(
            format_args!("holder {shown:?}"),
            "List the certificates with their holders: GET /api/v1/certificates, or phonebox ca certificate list",
        ));
    }
    let what = mac.map_or(Revoke::AllOf(holder), Revoke::All);
    let serials = ca.get(now).await?.revoke(what, reason, &actor.name, now).await?;
    Ok(Json(Revoked { serials: serials.iter().map(Serial::to_string).collect() }))
}

/// List the certificate profiles
#[utoipa::path(tag = "certificates", responses((status = 200, body = Vec<CertProfile>)))]
#[get("/certificate-profiles")]
async fn profiles(actor: Actor, db: Data<Db>, ca: Data<Lazy>) -> Result<Json<Vec<CertProfile>>> {
    ca.get(clock::now()).await?;
    let mut found = db.read(ca::store::profiles)?;
    found.retain(|profile| cert_profile::is_open_to(&profile.name, actor.account_id));
    Ok(Json(found))
}

/// Add a certificate profile; what is not said is as in `device`
#[utoipa::path(tag = "certificates", request_body = AddCertificateProfile, responses((status = 201, body = CertProfile)))]
#[post("/certificate-profiles")]
async fn add_profile(
    actor: Actor,
    db: Data<Db>,
    ca: Data<Lazy>,
    Json(body): Json<AddCertificateProfile>,
) -> Result<HttpResponse> {
    let now = clock::now();
    let limits = ca.get(now).await?.limits();
    let AddCertificateProfile { name, key_types, rsa_least, rsa_most, validity_days, backdate_days, subject, san } =
        body;
    let fields = ProfileFields { key_types, rsa_least, rsa_most, validity_days, backdate_days, subject, san };
    let name = words::name("The certificate profile", &name)?;
    let added = db
        .write(move |tx| {
            if ca::store::profile_by_name(tx, &name)?.is_some() {
                let message = format!("There is a certificate profile {name:?} already.");
                return Err(Problem::new(Code::Exists, message, "Choose another name."));
            }
            let mut profile = CertProfile::device(tx.next_id("certificate_profile")?, now);
            profile.name = name;
            change(&mut profile, fields, &limits)?;
            ca::store::put_profile(tx, &profile)?;
            let sides = (None::<&CertProfile>, Some(&profile));
            audit::write_change(tx, &actor, "certificate-profile.add", &profile.name, sides, None, now)?;
            Ok(profile)
        })
        .await?;
    Ok(created(added))
}

/// Change a certificate profile; certificates that were issued stay as they are
#[utoipa::path(tag = "certificates", params(("name" = String, Path)), request_body = ProfileFields,
    responses((status = 200, body = CertProfile)))]
#[patch("/certificate-profiles/{name}")]
async fn set_profile(
    actor: Actor,
    db: Data<Db>,
    ca: Data<Lazy>,
    name: Path<String>,
    Json(body): Json<ProfileFields>,
) -> Result<Json<CertProfile>> {
    let now = clock::now();
    let limits = ca.get(now).await?.limits();
    let changed = db.write(move |tx| {
        let before = profile(tx, &name)?;
        let mut changed = before.clone();
        changed.updated_at = now;
        change(&mut changed, body, &limits)?;
        ca::store::put_profile(tx, &changed)?;
        let sides = (Some(&before), Some(&changed));
        audit::write_change(tx, &actor, "certificate-profile.set", &changed.name, sides, None, now)?;
        Ok::<_, Problem>(changed)
    });
    Ok(Json(changed.await?))
}

fn change(profile: &mut CertProfile, fields: ProfileFields, limits: &Limits) -> Result<()> {
    fn set<T>(field: &mut T, value: Option<T>) {
        if let Some(value) = value {
            *field = value;
        }
    }
    set(&mut profile.key_types, fields.key_types);
    let refused = |rule: String| {
        let message = format!("The certificate profile {:?} is not accepted: {rule}.", profile.name);
        Problem::bad_value(message, "Correct it and send it again.")
    };
    // A number that no column holds is named like any other that breaks its rule.
    let number = |field: &str, value: Option<i64>| {
        let number = value.map(u32::try_from).transpose();
        number.map_err(|_| refused(cert_profile::out_of_range(field, value.unwrap_or_default())))
    };
    let rsa_least = number("rsa_least", fields.rsa_least)?;
    let rsa_most = number("rsa_most", fields.rsa_most)?;
    let validity_days = number("validity_days", fields.validity_days)?;
    let backdate_days = number("backdate_days", fields.backdate_days)?;
    set(&mut profile.rsa_least, rsa_least);
    set(&mut profile.rsa_most, rsa_most);
    set(&mut profile.validity_days, validity_days);
    set(&mut profile.backdate_days, backdate_days);
    set(&mut profile.subject, fields.subject);
    set(&mut profile.san, fields.san);
    profile.check(limits).map_err(|rule| {
        let message = format!("The certificate profile {:?} is not accepted: {rule}.", profile.name);
        Problem::bad_value(message, "Correct it and send it again.")
    })
}

fn profile(conn: &Connection, name: &str) -> Result<CertProfile> {
    ca::store::profile_by_name(conn, name)?.ok_or_else(|| {
        let name: String = name.chars().take(64).collect();
        Problem::not_found(
            format_args!("certificate profile {name:?}"),
            "List them: GET /api/v1/certificate-profiles, or phonebox ca profile list",
        )
    })
}

fn serial_of(text: &str) -> Result<Serial> {
    Serial::of_hex(text).ok_or_else(|| missing(text))
}

fn missing(serial: &str) -> Problem {
    let serial: String = serial.chars().take(64).collect();
    Problem::not_found(
        format_args!("certificate {serial:?}"),
        "List them: GET /api/v1/certificates, or phonebox ca certificate list",
    )
}

fn mac(text: &str) -> Result<Mac> {
    text.parse().map_err(|error| Problem::bad_value(format!("{error}."), "Write it like 00:15:65:aa:bb:cc."))
}

/// A MAC in any notation is the holder that it names.
fn holder_id(text: &str) -> String {
    text.parse::<Mac>().map_or_else(|_| text.to_owned(), |mac| mac.to_string())
}

fn reason(word: Option<&str>) -> Result<Reason> {
    let word = word.unwrap_or("unspecified");
    Reason::of_word(word).ok_or_else(|| {
        let shown: String = word.chars().take(40).collect();
        let known = Reason::words().collect::<Vec<_>>().join(", ");
        Problem::bad_value(format!("The reason {shown:?} is not accepted."), format!("It must be one of {known}."))
    })
}

fn pems(chain: &[Vec<u8>]) -> String {
    chain.iter().map(|der| pem::certificate(der)).collect()
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(list).service(issue).service(revoke_all).service(show).service(whole).service(revoke);
    config.service(profiles).service(add_profile).service(set_profile);
}
