//! Models over REST: data of the program, and which of them have settings of their own here.

use super::{ModelError, store};
use crate::db::Db;
use crate::users::Actor;
use crate::vendors::VENDORS;
use crate::web::{Json, Problem, Query, Result};
use actix_web::{get, web::Data};

impl From<ModelError> for Problem {
    fn from(error: ModelError) -> Problem {
        Problem::bad_value(format!("{error}."), error.next)
    }
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct ModelView {
    pub vendor: String,
    pub name: String,
    /// How many lines it has, where a document says so.
    pub lines: Option<u8>,
    /// The least firmware, where a document says so; XX is the model's own number.
    pub least_firmware: Option<String>,
    /// Firmware from this one on is not supported any more.
    pub until_firmware: Option<String>,
    /// Releases between that are not.
    pub except_firmware: Vec<String>,
    /// The least firmware that makes it a phone for Teams: without SIP accounts, without call statistics.
    pub teams_firmware: Option<String>,
    /// From a document or a real phone; otherwise recollection. False too for a model that only this box names.
    pub verified: bool,
    /// It has settings of its own here.
    pub own_settings: bool,
}

#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filter {
    vendor: Option<String>,
}

/// Every model this box knows, and those that have settings of their own here
#[utoipa::path(tag = "models", params(Filter), responses((status = 200, body = Vec<ModelView>)))]
#[get("/models")]
async fn list(actor: Actor, db: Data<Db>, Query(filter): Query<Filter>) -> Result<Json<Vec<ModelView>>> {
    let only = filter.vendor.as_deref().map(super::vendor).transpose()?;
    let mut own = db.read_long(move |conn| store::all(conn, actor.account_id).map_err(Problem::from)).await?;
    let mut models = Vec::new();
    for vendor in VENDORS.iter().filter(|vendor| only.is_none_or(|only| only.id == vendor.id)) {
        for model in vendor.models.rows() {
            let is_own = |(of, name): &(String, String)| of == vendor.id && *name == model.name;
            let place = own.iter().position(is_own);
            models.push(ModelView {
                vendor: vendor.name.to_owned(),
                name: model.name.clone(),
                lines: model.lines,
                least_firmware: model.least.clone(),
                until_firmware: model.until.clone(),
                except_firmware: model.except.clone(),
                teams_firmware: model.teams.clone(),
                verified: model.verified,
                own_settings: place.map(|place| own.swap_remove(place)).is_some(),
            });
        }
        for (_, name) in own.iter().filter(|(of, _)| of == vendor.id) {
            let (vendor, name) = (vendor.name.to_owned(), name.clone());
            models.push(ModelView {
                vendor,
                name,
                lines: None,
                least_firmware: None,
                until_firmware: None,
                except_firmware: Vec::new(),
                teams_firmware: None,
                verified: false,
                own_settings: true,
            });
        }
    }
    Ok(Json(models))
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(list);
}
