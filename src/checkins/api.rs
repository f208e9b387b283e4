//! Reading check-ins. Only phones make them.

use super::Decision;
use super::live::Live;
use super::recorder::Recorder;
use super::store::{self, Stored};
use crate::clock;
use crate::db::Db;
use crate::provision::Pipeline;
use crate::users::Actor;
use crate::web::{Code, Json, Page, Paging, Problem, Query, Result, words};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse, get};
use futures_util::stream;

#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Only requests of this device, also of one nobody added.
    mac: Option<String>,
    #[param(inline)]
    decision: Option<Decision>,
    after: Option<String>,
    limit: Option<u32>,
}

/// What phones asked for and what they got, newest first
#[utoipa::path(tag = "check-ins", params(Filter), responses((status = 200, body = Page<Stored>)))]
#[get("/check-ins")]
async fn list(
    actor: Actor,
    db: Data<Db>,
    pipeline: Data<Pipeline>,
    Query(filter): Query<Filter>,
) -> Result<Json<Page<Stored>>> {
    let paging = Paging::<i64>::new(filter.after.as_deref(), filter.limit)?;
    let mac = filter.mac.as_deref().map(words::mac).transpose()?;
    let wanted = store::Filter { account_id: actor.account_id, mac, decision: filter.decision };
    let mut rows = db
        .read_long(move |conn| store::list(conn, &wanted, paging.after, paging.rows()).map_err(Problem::from))
        .await?;
    let origin = pipeline.usual_origin();
    rows.iter_mut().for_each(|row| row.name_box(origin.http.as_deref()));
    Ok(Json(paging.page(rows, |row| row.id.to_string())))
}

/// What phones ask and get, while it happens, as server-sent events
///
/// Each `checkin` is a row as `GET /check-ins` has it; a row that comes again was repeated. It begins with the newest
/// rows, or after the one named by `Last-Event-ID`, and ends from time to time: browsers come back by themselves.
#[utoipa::path(tag = "check-ins", responses((status = 200, body = String, content_type = "text/event-stream")))]
#[get("/check-ins/live")]
async fn live(
    actor: Actor,
    db: Data<Db>,
    recorder: Data<Recorder>,
    pipeline: Data<Pipeline>,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let last = request.headers().get("Last-Event-ID").and_then(|value| value.to_str().ok()?.parse().ok());
    let http = pipeline.usual_origin().http.as_deref().map(str::to_owned);
    let log = Live::open(&db, &recorder, actor.account_id, last, http).ok_or_else(|| {
        Problem::new(Code::Busy, "Too many live logs are open.", "Close one, or read GET /api/v1/check-ins.")
    })?;
    let events = stream::unfold((log, actor, db), |(mut log, actor, db)| async move {
        let told = log.next().await?;
        // Whoever was logged out meanwhile is told nothing more.
        db.read(|conn| actor.is_still_in(conn, clock::now())).ok().filter(|still| *still)?;
        Some((told.map(Bytes::from).map_err(Problem::from), (log, actor, db)))
    });
    Ok(HttpResponse::Ok().content_type("text/event-stream").streaming(events))
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(live).service(list);
}
