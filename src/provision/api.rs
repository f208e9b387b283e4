//! Explain and preview over REST.

use super::explain::{Explanation, Preview, PreviewError};
use super::pipeline::Pipeline;
use crate::clock;
use crate::db::{BOX_ACCOUNT, Connection, Db};
use crate::devices;
use crate::net::Mac;
use crate::users::Actor;
use crate::web::{Code, Json, Problem, Query, Result, words};
use actix_web::get;
use actix_web::web::{Data, Path};

/// Why a device got what it got, and what it would get now
///
/// Also for a device that nobody added. Secrets are masked.
#[utoipa::path(tag = "devices", params(("mac" = String, Path, description = "MAC address in any notation")),
    responses((status = 200, body = Explanation)))]
#[get("/devices/{mac}/explain")]
async fn explain(actor: Actor, db: Data<Db>, pipeline: Data<Pipeline>, mac: Path<String>) -> Result<Json<Explanation>> {
    let mac = words::mac(&mac)?;
    db.read(|conn| look(conn, &actor, mac))?;
    Ok(Json(pipeline.explain(mac, &pipeline.usual_origin(), clock::now()).await?))
}

#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Grant {
    /// As for a phone that proved itself (the default), or as for one that did not
    secrets: Option<bool>,
}

/// What a device would get for a file name
///
/// The same steps as for the phone, with a chosen grant; secrets are masked.
#[utoipa::path(tag = "devices", params(("mac" = String, Path, description = "MAC address in any notation"),
    ("file" = String, Path, description = "File name as the phone asks for it"), Grant),
    responses((status = 200, body = Preview)))]
#[get("/devices/{mac}/preview/{file}")]
async fn preview(
    actor: Actor,
    db: Data<Db>,
    pipeline: Data<Pipeline>,
    path: Path<(String, String)>,
    Query(grant): Query<Grant>,
) -> Result<Json<Preview>> {
    let (mac, file) = path.into_inner();
    let mac = words::mac(&mac)?;
    db.read(|conn| look(conn, &actor, mac))?;
    let secrets = grant.secrets.unwrap_or(true);
    let preview = pipeline.preview(mac, &file, secrets, &pipeline.usual_origin(), clock::now());
    Ok(Json(preview.map_err(|error| problem(error, mac))?))
}

/// One's own device; one that nobody has is the box's to look at.
fn look(conn: &Connection, actor: &Actor, mac: Mac) -> Result<()> {
    let owner = devices::store::owner(conn, mac)?.unwrap_or(BOX_ACCOUNT);
    match actor.limited {
        Some(_) => devices::api::id(conn, actor, mac).map(drop),
        None if owner == actor.account_id => Ok(()),
        None => Err(devices::api::missing(mac)),
    }
}

fn its_files(mac: Mac) -> String {
    format!("Its files: GET /api/v1/devices/{mac}/explain, or phonebox explain {mac}")
}

fn problem(error: PreviewError, mac: Mac) -> Problem {
    match error {
        PreviewError::Db(error) => error.into(),
        // As for one of another account: neither is told from the other.
        PreviewError::Unknown(_) => devices::api::missing(mac),
        PreviewError::File(_) => Problem::new(Code::BadValue, format!("{error}."), its_files(mac)),
        PreviewError::Refused(_) => Problem::new(Code::BadValue, error.to_string(), its_files(mac)),
        PreviewError::Vendor(_) | PreviewError::Write(_) => Problem::new(Code::BadValue, format!("{error}."), ""),
    }
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(explain).service(preview);
}
