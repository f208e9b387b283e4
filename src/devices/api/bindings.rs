//! Networks in which a device's MAC is proof enough.

use super::view::{DeviceView, id, view};
use crate::db::Db;
use crate::devices::store;
use crate::seal::Keyring;
use crate::users::Actor;
use crate::web::{Json, Problem, Result, words};
use crate::{audit, clock, networks};
use actix_web::web::{Data, Path};
use actix_web::{delete, post};

#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// In CIDR notation.
    #[schema(example = "192.168.10.0/24")]
    network: String,
}

/// Bind a device to a network: there its MAC is proof enough
#[utoipa::path(tag = "devices", params(("mac" = String, Path)), request_body = Network,
    responses((status = 200, body = DeviceView)))]
#[post("/devices/{mac}/bindings")]
pub async fn bind(
    actor: Actor,
    db: Data<Db>,
    keys: Data<Keyring>,
    mac: Path<String>,
    Json(body): Json<Network>,
) -> Result<Json<DeviceView>> {
    let (mac, network) = (words::mac(&mac)?, networks::api::cidr(&body.network)?);
    let device = db
        .write(move |tx| {
            let id = id(tx, &actor, mac)?;
            let before = view(tx, &keys, &actor, mac)?;
            let now = clock::now();
            networks::store::bind(tx, &actor, id, network, now)?;
            store::changed(tx, mac, now)?;
            let after = view(tx, &keys, &actor, mac)?;
            let sides = (Some(&before), Some(&after));
            audit::write_change(tx, &actor, "device.bind", mac, sides, Some(network.to_string()), now)?;
            Ok::<_, Problem>(after)
        })
        .await?;
    Ok(Json(device))
}

/// Take a binding back
#[utoipa::path(tag = "devices", params(("mac" = String, Path), ("address" = String, Path), ("prefix" = u8, Path)),
    responses((status = 200, body = DeviceView)))]
#[delete("/devices/{mac}/bindings/{address}/{prefix}")]
pub async fn unbind(
    actor: Actor,
    db: Data<Db>,
    keys: Data<Keyring>,
    path: Path<(String, String, String)>,
) -> Result<Json<DeviceView>> {
    let (mac, network) = (words::mac(&path.0)?, networks::api::cidr(&format!("{}/{}", path.1, path.2))?);
    let device = db
        .write(move |tx| {
            let id = id(tx, &actor, mac)?;
            let before = view(tx, &keys, &actor, mac)?;
            if !networks::store::unbind(tx, id, network)? {
                let next = format!("Look at its bindings: GET /api/v1/devices/{mac}, or phonebox device show {mac}");
                return Err(Problem::not_found(format_args!("binding of {mac} to {network}"), next));
            }
            let now = clock::now();
            store::changed(tx, mac, now)?;
            let after = view(tx, &keys, &actor, mac)?;
            let sides = (Some(&before), Some(&after));
            audit::write_change(tx, &actor, "device.unbind", mac, sides, Some(network.to_string()), now)?;
            Ok::<_, Problem>(after)
        })
        .await?;
    Ok(Json(device))
}
