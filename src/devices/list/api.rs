//! The list over REST.

use super::{Cursor, Filter, Place, Sort, Summary, page};
use crate::db::long;
use crate::devices::State;
use crate::devices::roll::Roll;
use crate::users::Actor;
use crate::web::{Json, Page, Paging, Problem, Query, Result};
use actix_web::{get, web::Data};

#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    site: Option<String>,
    /// Devices that name this profile themselves.
    profile: Option<String>,
    group: Option<String>,
    vendor: Option<String>,
    model: Option<String>,
    /// What a device said last that it runs, word by word.
    firmware: Option<String>,
    #[param(inline)]
    state: Option<State>,
    /// Only devices that came without their proof.
    #[serde(default)]
    reset_suspected: bool,
    /// Part of the name, serial number, vendor or model, or the first or last digits of the MAC.
    search: Option<String>,
    #[param(inline)]
    #[serde(default)]
    sort: Sort,
    after: Option<String>,
    limit: Option<u32>,
}

/// List the devices
#[utoipa::path(tag = "devices", params(ListQuery), responses((status = 200, body = Page<Summary>)))]
#[get("/devices")]
pub async fn list(actor: Actor, roll: Data<Roll>, Query(query): Query<ListQuery>) -> Result<Json<Page<Summary>>> {
    let ListQuery { site, profile, group, vendor, model, firmware, reset_suspected, search, sort, .. } = query;
    let paging = Paging::<Cursor>::new(query.after.as_deref(), query.limit)?;
    let (state, limited) = (query.state, actor.limited);
    let filter = Filter { site, profile, group, vendor, model, firmware, state, reset_suspected, search, limited };
    let (rows, place) = (paging.rows(), Place { sort, after: paging.after.clone() });
    let devices =
        long(move |awaited| page(&roll, awaited, actor.account_id, &filter, &place, rows).map_err(Problem::from));
    let devices = devices.await?;
    Ok(Json(paging.page(devices, |device| sort.cursor(device).to_string())))
}
