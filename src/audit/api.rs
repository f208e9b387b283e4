//! Reading the audit log. Nothing writes it but the changes themselves.

use super::store::{self, Entry};
use crate::db::Db;
use crate::users::Actor;
use crate::web::{Json, Page, Paging, Problem, Query, Result};
use actix_web::{get, web::Data};

#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Only entries of this object, for example a device's MAC.
    object: Option<String>,
    after: Option<String>,
    limit: Option<u32>,
}

/// What was changed, newest first
#[utoipa::path(tag = "audit", params(Filter), responses((status = 200, body = Page<Entry>)))]
#[get("/audit")]
async fn list(actor: Actor, db: Data<Db>, Query(filter): Query<Filter>) -> Result<Json<Page<Entry>>> {
    let paging = Paging::<i64>::new(filter.after.as_deref(), filter.limit)?;
    let before = paging.after.unwrap_or(i64::MAX);
    let rows = db
        .read_long(move |conn| {
            store::list(conn, actor.account_id, filter.object.as_deref(), before, paging.rows()).map_err(Problem::from)
        })
        .await?;
    Ok(Json(paging.page(rows, |entry| entry.id.to_string())))
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(list);
}
