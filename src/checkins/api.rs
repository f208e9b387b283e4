//! Reading check-ins. Only phones make them.

use super::store::{self, Stored};
use crate::db::Db;
use crate::users::Actor;
use crate::web::{Json, Page, Paging, Problem, Query, Result, words};
use actix_web::{get, web::Data};

#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Only requests of this device, also of one nobody added.
    mac: Option<String>,
    after: Option<String>,
    limit: Option<u32>,
}

/// What phones asked for and what they got, newest first
#[utoipa::path(tag = "check-ins", params(Filter), responses((status = 200, body = Page<Stored>)))]
#[get("/check-ins")]
async fn list(_actor: Actor, db: Data<Db>, Query(filter): Query<Filter>) -> Result<Json<Page<Stored>>> {
    let paging = Paging::<i64>::new(filter.after.as_deref(), filter.limit)?;
    let mac = filter.mac.as_deref().map(words::mac).transpose()?;
    let rows =
        db.read_long(move |conn| store::list(conn, mac, paging.after, paging.rows()).map_err(Problem::from)).await?;
    Ok(Json(paging.page(rows, |row| row.id.to_string())))
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(list);
}
