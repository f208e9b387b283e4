//! Device CAs over REST.

use super::{DeviceCa, store};
use crate::ca::{fingerprint, parsed};
use crate::db::{Db, Touch, Tx};
use crate::users::Actor;
use crate::web::{Json, Problem, Result};
use crate::{audit, clock};
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, put};

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct DeviceCaView {
    name: String,
    subject: String,
    /// SHA-256 of the certificate.
    fingerprint: String,
    /// End of its validity, milliseconds since 1970-01-01 UTC.
    not_after: i64,
    /// SHA-1, MD5 and keys under 2048 bits count below it.
    weak: bool,
    /// Certificates on its revocation list; nothing where there is no list.
    revoked: Option<usize>,
}

impl DeviceCaView {
    fn new(row: &DeviceCa) -> DeviceCaView {
        let parsed = parsed::parse(&row.certificate);
        let anchor = row.list.as_ref().and_then(|_| super::Anchor::of_row(row));
        DeviceCaView {
            name: row.name.clone(),
            subject: parsed.as_ref().map(|parsed| parsed.subject_text.clone()).unwrap_or_default(),
            fingerprint: fingerprint(&row.certificate),
            not_after: parsed.map_or(0, |parsed| parsed.not_after),
            weak: row.weak,
            revoked: anchor.map(|anchor| anchor.revoked.len()),
        }
    }
}

#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceCaInput {
    /// PEM, or DER in base64.
    certificate: String,
    /// Let SHA-1, MD5 and keys under 2048 bits count below it.
    #[serde(default)]
    weak: bool,
    /// Its revocation list, PEM or DER in base64.
    list: Option<String>,
}

/// List the device CAs: whose certificates of phones are accepted besides the box's own
#[utoipa::path(tag = "device-cas", responses((status = 200, body = Vec<DeviceCaView>)))]
#[get("/ca/device-cas")]
async fn list(actor: Actor, db: Data<Db>) -> Result<Json<Vec<DeviceCaView>>> {
    let rows = db.read_long(move |conn| store::all(conn, actor.account_id).map_err(Problem::from)).await?;
    Ok(Json(rows.iter().map(DeviceCaView::new).collect()))
}

/// Accept a CA's certificates of phones, or change how
#[utoipa::path(tag = "device-cas", params(("name" = String, Path)), request_body = DeviceCaInput,
    responses((status = 200, body = DeviceCaView)))]
#[put("/ca/device-cas/{name}")]
async fn set(
    actor: Actor,
    db: Data<Db>,
    name: Path<String>,
    Json(body): Json<DeviceCaInput>,
) -> Result<Json<DeviceCaView>> {
    let name = name.into_inner();
    if name.is_empty() || name.len() > 64 || name.chars().any(char::is_control) {
        return Err(Problem::bad_value("A device CA's name has 1 to 64 characters.", "Name it after its vendor."));
    }
    let unfit = |error: super::Unfit| {
        Problem::bad_value(
            format!("Device CA {name}: {error}."),
            "Give the certificate of the vendor's root or issuing CA.",
        )
    };
    let certificate = super::certificate(&bytes(&body.certificate)).map_err(unfit)?;
    let crl = body.list.as_ref().map(|text| super::list(&bytes(text), &certificate)).transpose().map_err(unfit)?;
    let row = DeviceCa { name, certificate, weak: body.weak, list: crl, created_at: clock::now() };
    let rows = db
        .write(move |tx| {
            let before = view_of(tx, &actor, &row.name)?;
            store::put(tx, actor.account_id, &row)?;
            tx.touch(Touch::Shared);
            let after = view_of(tx, &actor, &row.name)?;
            let detail = format!("{} weak={} list={}", fingerprint(&row.certificate), row.weak, row.list.is_some());
            let sides = (before.as_ref(), after.as_ref());
            audit::write_change(tx, &actor, "device-ca.set", &row.name, sides, Some(detail), row.created_at)?;
            Ok::<_, Problem>(after)
        })
        .await?;
    rows.map(Json).ok_or_else(|| Problem::internal("a device CA that was written is gone"))
}

/// Accept a CA's certificates no longer
#[utoipa::path(tag = "device-cas", params(("name" = String, Path)), responses((status = 204)))]
#[delete("/ca/device-cas/{name}")]
async fn remove(actor: Actor, db: Data<Db>, name: Path<String>) -> Result<HttpResponse> {
    db.write(move |tx| {
        let before = view_of(tx, &actor, &name)?;
        if !store::remove(tx, actor.account_id, &name)? {
            let next = "List them: phonebox ca accept list";
            return Err(Problem::not_found(format_args!("device CA {name}"), next));
        }
        tx.touch(Touch::Shared);
        let sides = (before.as_ref(), None::<&DeviceCaView>);
        audit::write_change(tx, &actor, "device-ca.remove", &*name, sides, None, clock::now())?;
        Ok(())
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

fn view_of(tx: &Tx, actor: &Actor, name: &str) -> Result<Option<DeviceCaView>> {
    let rows = store::all(tx, actor.account_id)?;
    Ok(rows.iter().find(|one| one.name == name).map(DeviceCaView::new))
}

/// PEM as it is; anything else should be base64.
fn bytes(text: &str) -> Vec<u8> {
    use base64::{Engine, prelude::BASE64_STANDARD as BASE64};
    match text.contains("-----BEGIN") {
        true => text.as_bytes().to_vec(),
        false => BASE64.decode(text.split_whitespace().collect::<String>()).unwrap_or_default(),
    }
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(list).service(set).service(remove);
}
