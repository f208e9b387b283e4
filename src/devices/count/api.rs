//! Devices in numbers, and the check of one MAC, over REST.

use super::{Alike, store};
use crate::db::{Db, long};
use crate::devices::roll::Roll;
use crate::users::Actor;
use crate::web::{Json, Problem, Query, Result, words};
use actix_web::{get, web::Data};

/// How many devices there are of each model, firmware and state, the most first
#[utoipa::path(tag = "devices", responses((status = 200, body = Vec<Alike>)))]
#[get("/devices/count")]
pub async fn count(actor: Actor, roll: Data<Roll>) -> Result<Json<Vec<Alike>>> {
    let kinds = long(move |awaited| roll.kinds(awaited, actor.account_id, actor.limited).map_err(Problem::from));
    Ok(Json(kinds.await?))
}

#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CheckQuery {
    /// Any notation.
    mac: String,
}

/// ALE-033…036.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Nobody added it.
    Missing,
    /// It is here, and a profile says how it is provisioned.
    Bound,
    /// It is here, without a profile.
    Unbound,
    /// Another account has it. Not which.
    Elsewhere,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Checked {
    #[schema(value_type = String, example = "805ec0aabb01")]
    mac: crate::net::Mac,
    standing: Standing,
}

/// Whether a device has been added, by this account or by another one
#[utoipa::path(tag = "devices", params(CheckQuery), responses((status = 200, body = Checked)))]
#[get("/devices/check")]
pub async fn check(actor: Actor, db: Data<Db>, Query(query): Query<CheckQuery>) -> Result<Json<Checked>> {
    let mac = words::mac(&query.mac)?;
    let standing = db
        .read_long(move |conn| {
            // Of the account's own, a limited user hears as much of those that others see: it is here, and no more.
            Ok::<_, Problem>(match store::bound(conn, mac)? {
                None => Standing::Missing,
                Some((account_id, _)) if account_id != actor.account_id => Standing::Elsewhere,
                Some((_, true)) => Standing::Bound,
                Some((_, false)) => Standing::Unbound,
            })
        })
        .await?;
    Ok(Json(Checked { mac, standing }))
}
