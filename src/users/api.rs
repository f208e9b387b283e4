//! The API token's one door: rotating it.

use super::{Actor, api_token};
use crate::db::Db;
use crate::web::{Json, Problem, Result};
use crate::{audit, clock};
use actix_web::{post, web::Data};

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct NewToken {
    /// Shown this once; the box keeps only its hash.
    pub token: String,
}

/// Make a new API token; the old one stops working at once
#[utoipa::path(tag = "token", responses((status = 200, body = NewToken)))]
#[post("/token/rotate")]
async fn rotate(actor: Actor, db: Data<Db>) -> Result<Json<NewToken>> {
    let token = db
        .write(move |tx| {
            audit::store::write(tx, &actor, "token.rotate", "api-token", None, clock::now())?;
            Ok::<_, Problem>(api_token::rotate(tx)?)
        })
        .await?;
    Ok(Json(NewToken { token }))
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(rotate);
}
