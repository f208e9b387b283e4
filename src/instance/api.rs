//! The box itself over REST: its key, its release, whom to write to.

use super::rotation;
use crate::db::{Db, Error};
use crate::seal::{Keyring, SealError};
use crate::users::Actor;
use crate::web::{Code, Json, Problem, Result};
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

/// Whom people write to about this box, and what they agreed to.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct BoxContact {
    /// An e-mail address, or a page.
    pub feedback: Option<String>,
    /// Address of the privacy policy. Null: the one in the help.
    pub privacy: Option<String>,
}

/// Whom to write to, for everybody
#[utoipa::path(tag = "about", security(()), responses((status = 200, body = BoxContact)))]
#[get("/contact")]
async fn contact(contact: Data<BoxContact>) -> Json<BoxContact> {
    Json(BoxContact::clone(&contact))
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct About {
    version: &'static str,
}

/// Which release this is
#[utoipa::path(tag = "about", responses((status = 200, body = About)))]
#[get("/about")]
async fn about(_actor: Actor) -> Json<About> {
    Json(About { version: env!("CARGO_PKG_VERSION") })
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(rotate).service(contact).service(about);
}
