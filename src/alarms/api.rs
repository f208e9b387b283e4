//! What needs a hand, over REST.

use super::store::{self, Alarm};
use crate::db::Db;
use crate::users::Actor;
use crate::web::{Json, Page, Paging, Problem, Query, Result};
use crate::{audit, clock};
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, post};

#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Closed ones too.
    #[serde(default)]
    closed: bool,
    /// Only of this kind.
    kind: Option<String>,
    after: Option<String>,
    limit: Option<u32>,
}

/// What needs a hand, newest first
#[utoipa::path(tag = "alarms", params(Filter), responses((status = 200, body = Page<Alarm>)))]
#[get("/alarms")]
async fn list(actor: Actor, db: Data<Db>, Query(filter): Query<Filter>) -> Result<Json<Page<Alarm>>> {
    let paging = Paging::<i64>::new(filter.after.as_deref(), filter.limit)?;
    let before = paging.after.unwrap_or(i64::MAX);
    // A disk that takes no changes takes no alarm either.
    let is_told = filter.after.is_none() && filter.kind.as_deref().is_none_or(|kind| kind == store::STORAGE);
    let trouble = db.storage().trouble().filter(|_| is_told);
    let rows = paging.rows();
    let alarms = db
        .read_long(move |conn| {
            let kind = filter.kind.as_deref();
            store::list(conn, actor.account_id, filter.closed, kind, before, rows).map_err(Problem::from)
        })
        .await?;
    let mut page = paging.page(alarms, |alarm| alarm.id.to_string());
    if let Some(trouble) = trouble {
        page.items.insert(0, Alarm::of(trouble));
    }
    Ok(Json(page))
}

/// Close an alarm; it is told again when its cause comes back
#[utoipa::path(tag = "alarms", params(("id" = i64, Path)), responses((status = 204)))]
#[post("/alarms/{id}/close")]
async fn close(actor: Actor, db: Data<Db>, id: Path<i64>) -> Result<HttpResponse> {
    db.write(move |tx| {
        let now = clock::now();
        let closed = store::close(tx, actor.account_id, *id, now)?;
        let (kind, object) = closed
            .ok_or_else(|| Problem::not_found(format_args!("open alarm {id}"), "List them: phonebox alarm list"))?;
        audit::store::write(tx, &actor, "alarm.close", object, Some(kind), now)?;
        Ok::<_, Problem>(())
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(list).service(close);
}
