//! What needs a hand, over REST.

use super::store::{self, Alarm, Unread};
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
    /// Only those that you have not seen.
    #[serde(default)]
    unread: bool,
    /// Only of this kind, for example `reset-suspected`.
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
    let wanted = store::Filter { closed: filter.closed, unread: filter.unread, kind: filter.kind };
    let alarms = db
        .read_long(move |conn| {
            store::list(conn, actor.account_id, actor.user_id(), &wanted, before, paging.rows()).map_err(Problem::from)
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
        let (kind, object) = closed.ok_or_else(|| {
            Problem::not_found(format_args!("open alarm {id}"), "List them: GET /api/v1/alarms, or phonebox alarm list")
        })?;
        audit::store::write(tx, &actor, "alarm.close", object, Some(kind), now)?;
        Ok::<_, Problem>(())
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// How many open alarms you have not seen, by kind, the kind of the newest first
#[utoipa::path(tag = "alarms", responses((status = 200, body = [Unread])))]
#[get("/alarms/unread")]
async fn unread(actor: Actor, db: Data<Db>) -> Result<Json<Vec<Unread>>> {
    let found =
        db.read_long(move |conn| store::unread(conn, actor.account_id, actor.user_id()).map_err(Problem::from)).await?;
    Ok(Json(found))
}

#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Seen {
    /// Absent: all that are open.
    ids: Option<Vec<i64>>,
}

/// Mark open alarms as seen by you. They stay open
#[utoipa::path(tag = "alarms", request_body = Seen, responses((status = 204)))]
#[post("/alarms/read")]
async fn read(actor: Actor, db: Data<Db>, Json(body): Json<Seen>) -> Result<HttpResponse> {
    const MOST: usize = 500;
    if body.ids.as_ref().is_some_and(|ids| ids.len() > MOST) {
        return Err(Problem::bad_value(format!("ids: {MOST} are the most at once."), "Leave ids out to mean all."));
    }
    // Programs have nothing to see: what is unread is told to people.
    if let Some(user_id) = actor.user_id() {
        db.write(move |tx| store::mark_read(tx, actor.account_id, user_id, body.ids.as_deref())).await?;
    }
    Ok(HttpResponse::NoContent().finish())
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(list).service(unread).service(read).service(close);
}
