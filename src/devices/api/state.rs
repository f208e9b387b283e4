//! Which state a device is in: activated, blocked, let in again.

use super::view::{DeviceView, id, load, view};
use crate::ca::Lazy;
use crate::db::{Db, Tx};
use crate::devices::{Birth, State, TlsState, Window, seen, store};
use crate::enrollment::codes::store as codes;
use crate::net::Mac;
use crate::seal::Keyring;
use crate::users::Actor;
use crate::web::{Code, Json, Problem, Result, words};
use crate::{alarms, audit, clock};
use actix_web::post;
use actix_web::web::{Data, Path};

/// Activate a device: it may fetch its files, its first-contact window opens
#[utoipa::path(tag = "devices", params(("mac" = String, Path)), responses((status = 200, body = DeviceView)))]
#[post("/devices/{mac}/activate")]
pub async fn activate(
    actor: Actor,
    db: Data<Db>,
    keys: Data<Keyring>,
    window: Data<Window>,
    mac: Path<String>,
) -> Result<Json<DeviceView>> {
    let mac = words::mac(&mac)?;
    let device = db
        .write(move |tx| {
            let device = load(tx, &keys, &actor, mac)?;
            let before = view(tx, &keys, &actor, mac)?;
            let now = clock::now();
            match device.state {
                // Pressing it twice must not open a window for whoever comes next.
                State::Active => codes::forget(tx, mac, now)?,
                _ if device.proof.is_some() => store::unblock(tx, mac, now)?,
                _ => store::activate(tx, mac, window.0, now)?,
            }
            let after = view(tx, &keys, &actor, mac)?;
            if device.state != State::Active {
                audit::write_change(tx, &actor, "device.activate", mac, (Some(&before), Some(&after)), None, now)?;
            }
            Ok::<_, Problem>(after)
        })
        .await?;
    Ok(Json(device))
}

/// Block a device: nothing is served to it any more
#[utoipa::path(tag = "devices", params(("mac" = String, Path)), responses((status = 200, body = DeviceView)))]
#[post("/devices/{mac}/deactivate")]
pub async fn deactivate(
    actor: Actor,
    db: Data<Db>,
    keys: Data<Keyring>,
    mac: Path<String>,
) -> Result<Json<DeviceView>> {
    let mac = words::mac(&mac)?;
    let device = db
        .write(move |tx| {
            id(tx, &actor, mac)?;
            let before = view(tx, &keys, &actor, mac)?;
            let now = clock::now();
            store::block(tx, mac, now)?;
            let after = view(tx, &keys, &actor, mac)?;
            audit::write_change(tx, &actor, "device.deactivate", mac, (Some(&before), Some(&after)), None, now)?;
            Ok::<_, Problem>(after)
        })
        .await?;
    Ok(Json(device))
}

/// Let this phone in again: a new first-contact window, a new token, no proof on record
#[utoipa::path(tag = "devices", params(("mac" = String, Path)), responses((status = 200, body = DeviceView)))]
#[post("/devices/{mac}/let-in")]
pub async fn let_in(
    actor: Actor,
    db: Data<Db>,
    keys: Data<Keyring>,
    window: Data<Window>,
    ca: Data<Lazy>,
    mac: Path<String>,
) -> Result<Json<DeviceView>> {
    let mac = words::mac(&mac)?;
    let by = actor.name.clone();
    let device = db
        .write(move |tx| {
            if load(tx, &keys, &actor, mac)?.state == State::Blocked {
                let next =
                    format!("Unblock it first: POST /api/v1/devices/{mac}/activate, or phonebox device activate {mac}");
                return Err(Problem::new(Code::InUse, format!("The device {mac} is blocked."), next));
            }
            let before = view(tx, &keys, &actor, mac)?;
            let now = clock::now();
            let_one_in(tx, &keys, **window, mac, now)?;
            let after = view(tx, &keys, &actor, mac)?;
            audit::write_change(tx, &actor, "device.let-in", mac, (Some(&before), Some(&after)), None, now)?;
            Ok(after)
        })
        .await?;
    ca.let_go(&[mac], &by, clock::now()).await?;
    Ok(Json(device))
}

/// Moves its TLS state down. Up it moves by what it shows.
pub(super) fn lower(tx: &mut Tx, mac: Mac, (from, to): (TlsState, TlsState), now: i64) -> Result<()> {
    if to > from {
        let message = format!("tls_state: {} is above {}, and only the phone moves it up.", to.word(), from.word());
        return Err(Problem::bad_value(message, "Name a state below it, or let the phone come by HTTPS."));
    }
    Ok(seen::store::tls_lowered(tx, mac, to, now)?)
}

/// A new window and new secrets; what was told about the old ones is settled.
pub fn let_one_in(tx: &mut Tx, keys: &Keyring, window: Window, mac: Mac, now: i64) -> Result<()> {
    let birth = Birth::new(keys, mac)?;
    store::let_in_again(tx, mac, &birth, window.0, now)?;
    alarms::store::close_of(tx, &mac.to_string(), now)?;
    Ok(())
}
