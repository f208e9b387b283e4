//! The box itself over REST.

use super::rotation;
use crate::db::{Db, Error};
use crate::seal::{Keyring, SealError};
use crate::users::Actor;
use crate::web::{Code, Json, Problem, Result};
use actix_web::{post, web::Data};

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

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(rotate);
}
