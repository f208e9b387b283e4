//! Which models have settings of their own here.

use super::{ModelError, store};
use crate::db::Db;
use crate::users::Actor;
use crate::web::{Json, Problem, Result};
use actix_web::{get, web::Data};

impl From<ModelError> for Problem {
    fn from(error: ModelError) -> Problem {
        Problem::bad_value(format!("{error}."), error.next)
    }
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Model {
    pub vendor: String,
    pub name: String,
}

/// Models that have settings of their own here
#[utoipa::path(tag = "models", responses((status = 200, body = Vec<Model>)))]
#[get("/models")]
async fn list(actor: Actor, db: Data<Db>) -> Result<Json<Vec<Model>>> {
    let models = db.read_long(move |conn| store::all(conn, actor.account_id).map_err(Problem::from)).await?;
    Ok(Json(models.into_iter().map(|(vendor, name)| Model { vendor, name }).collect()))
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(list);
}
