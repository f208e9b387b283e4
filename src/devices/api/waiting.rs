//! Devices that nobody added: they asked, and wait.

use crate::db::Db;
use crate::devices::store::{self, Pending};
use crate::net::Mac;
use crate::users::Actor;
use crate::web::{Json, Page, Paging, Problem, Query, Result, words};
use crate::{audit, clock};
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get};

#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PageQuery {
    after: Option<String>,
    limit: Option<u32>,
}

/// Devices nobody added that asked in a network which queues them
#[utoipa::path(tag = "devices", params(PageQuery), responses((status = 200, body = Page<Pending>)))]
#[get("/pending")]
pub async fn pending(actor: Actor, db: Data<Db>, Query(query): Query<PageQuery>) -> Result<Json<Page<Pending>>> {
    let paging = Paging::<Mac>::new(query.after.as_deref(), query.limit)?;
    let after = paging.after.map_or(0, |mac| mac.to_u64() as i64);
    let waiting = db
        .read_long(move |conn| store::pending(conn, actor.account_id, after, paging.rows()).map_err(Problem::from))
        .await?;
    Ok(Json(paging.page(waiting, |device| device.mac.to_string())))
}

/// Take a device off the list of waiting ones; it returns when it asks again
#[utoipa::path(tag = "devices", params(("mac" = String, Path)), responses((status = 204)))]
#[delete("/pending/{mac}")]
pub async fn dismiss(actor: Actor, db: Data<Db>, mac: Path<String>) -> Result<HttpResponse> {
    let mac = words::mac(&mac)?;
    db.write(move |tx| {
        if !store::no_longer_pending(tx, mac)? {
            let next = "List them: GET /api/v1/pending, or phonebox device list --pending";
            return Err(Problem::not_found(format_args!("waiting device {mac}"), next));
        }
        audit::store::write(tx, &actor, "pending.remove", mac, None, clock::now())?;
        Ok(())
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}
