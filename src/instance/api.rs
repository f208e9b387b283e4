//! The box itself over REST.

use super::rotation;
use crate::db::{Db, Error};
use crate::devices::list::store::Counts;
use crate::provision::Pipeline;
use crate::seal::{Keyring, SealError};
use crate::users::Actor;
use crate::web::{Code, Json, Problem, Result};
use crate::{alarms, devices};
use actix_web::{get, post, web::Data};

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Rotated {
    /// How many values were sealed anew.
    values: u64,
    /// Where the key lies. Without it no stored secret opens.
    key_file: String,
}

/// Seal every secret with a new key and forget the old one
#[utoipa::path(tag = "key", responses((status = 200, body = Rotated)))]
#[post("/key/rotate")]
async fn rotate(actor: Actor, db: Data<Db>, keys: Data<Keyring>) -> Result<Json<Rotated>> {
    if rotation::is_lent(keys.path()) {
        let message = "The sealing key is a systemd credential: a new one would be lost with this run of the service.";
        let next = "Stop the service, rotate the file that the credential is made of, start again: phonebox key rotate \
                    --data DIR --key-file FILE";
        return Err(Problem::new(Code::KeyFile, message, next));
    }
    let values = rotation::rotate(&db, &keys, actor).await.map_err(|error| match error {
        Error::Seal(error @ SealError::Key { .. }) => {
            tracing::error!(%error, "the sealing key was not changed");
            let message = format!("The sealing key in {} cannot be changed.", keys.path().display());
            Problem::new(
                Code::KeyFile,
                message,
                "Put it where this user may write, name it with --key-file, start again.",
            )
        }
        other => other.into(),
    })?;
    Ok(Json(Rotated { values, key_file: keys.path().display().to_string() }))
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Overview {
    version: &'static str,
    /// What phones must be given: this box's addresses for them. Null: it does not listen there.
    http: Option<String>,
    https: Option<String>,
    devices: Counts,
    /// Open alarms.
    alarms: i64,
}

/// How the box and its devices do, in numbers
#[utoipa::path(tag = "overview", responses((status = 200, body = Overview)))]
#[get("/overview")]
async fn overview(actor: Actor, db: Data<Db>, pipeline: Data<Pipeline>) -> Result<Json<Overview>> {
    let origin = pipeline.usual_origin();
    let (devices, alarms) = db
        .read_long(move |conn| {
            let devices = devices::list::store::counts(conn, actor.account_id)?;
            Ok::<_, Problem>((devices, alarms::store::open(conn, actor.account_id)?))
        })
        .await?;
    let (http, https) = (origin.http.as_deref().map(str::to_owned), origin.https.as_deref().map(str::to_owned));
    Ok(Json(Overview { version: env!("CARGO_PKG_VERSION"), http, https, devices, alarms }))
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(overview).service(rotate);
}
