//! Devices over REST: add, show, change, remove.

mod bindings;
mod body;
mod state;
mod view;
mod waiting;

pub use state::let_one_in;
pub use view::{DeviceView, id, missing, view};

use super::store::{self, NewDevice};
use super::{Birth, Window, count, list};
use crate::ca::Lazy;
use crate::db::{Db, Tx};
use crate::notify::{self, Kind};
use crate::seal::Keyring;
use crate::users::Actor;
use crate::web::json::created;
use crate::web::{Code, Json, Problem, Result, words};
use crate::{alarms, audit, clock, sites};
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, patch, post};
use body::{AddDevice, ChangeDevice, Own, Words, url};
use std::borrow::Cow;
use view::load;

/// Add a device with its lines and settings
#[utoipa::path(tag = "devices", request_body = AddDevice, responses((status = 201, body = DeviceView)))]
#[post("/devices")]
async fn add(
    actor: Actor,
    db: Data<Db>,
    keys: Data<Keyring>,
    window: Data<Window>,
    Json(body): Json<AddDevice>,
) -> Result<HttpResponse> {
    let mac = words::mac(&body.mac)?;
    let new = Words {
        vendor: body.vendor.map(Some),
        model: body.model.map(Some),
        serial: body.serial.map(Some),
        name: body.name.map(Some),
        site: body.site,
        profile: body.profile.map(Some),
        group: body.group.map(Some),
    };
    let own = Own::check(body.settings, Vec::new(), body.lines, Vec::new())?;
    let url = body.url.as_deref().map(url).transpose()?;
    let device = db
        .write(move |tx| {
            match store::owner(tx, mac)? {
                None => {}
                Some(owner) if owner == actor.account_id => {
                    let message = format!("There is a device {mac} already.");
                    let next = format!("Change it: PATCH /api/v1/devices/{mac}, or phonebox device set {mac}");
                    return Err(Problem::new(Code::Exists, message, next));
                }
                // In the words of ALE-036, and not whose.
                Some(_) => {
                    let message =
                        format!("Device has been bound by other enterprise: {mac} was added by somebody else.");
                    return Err(Problem::new(Code::Exists, message, "Ask whoever runs this box."));
                }
            }
            let now = clock::now();
            let mut fields = NewDevice { site_id: sites::store::first(tx, actor.account_id)?, ..NewDevice::default() };
            let mut told = new.apply(tx, &actor, mac, &mut fields)?;
            // Sealed on the writer's thread, as everything is: a rotation of the key leaves nothing behind.
            let birth = Birth::new(&keys, mac)?;
            let id = store::insert(tx, actor.account_id, mac, &fields, &birth, now)?;
            if let Some(url) = &url {
                store::set_url(tx, &keys, mac, Some(url), now)?;
                told.push("url".into());
            }
            new.stays_in_sight(tx, &actor, id, mac)?;
            told.extend(own.write(tx, &keys, &actor, id, now)?);
            if body.activate {
                store::activate(tx, mac, window.0, now)?;
                told.push("activated".into());
            }
            store::no_longer_pending(tx, mac)?;
            let added = view(tx, &keys, &actor, mac)?;
            let sides = (None::<&DeviceView>, Some(&added));
            audit::write_change(tx, &actor, "device.add", mac, sides, Some(told.join(" ")), now)?;
            tell(tx, &actor, None, &added, now)?;
            Ok::<_, Problem>(added)
        })
        .await?;
    Ok(created(device))
}

/// Show a device with its lines and own settings
#[utoipa::path(tag = "devices", params(("mac" = String, Path)), responses((status = 200, body = DeviceView)))]
#[get("/devices/{mac}")]
async fn show(actor: Actor, db: Data<Db>, keys: Data<Keyring>, mac: Path<String>) -> Result<Json<DeviceView>> {
    let mac = words::mac(&mac)?;
    Ok(Json(db.read_long(move |conn| view(conn, &keys, &actor, mac)).await?))
}

/// Change a device, its lines and own settings
#[utoipa::path(tag = "devices", params(("mac" = String, Path)), request_body = ChangeDevice,
    responses((status = 200, body = DeviceView)))]
#[patch("/devices/{mac}")]
async fn change(
    actor: Actor,
    db: Data<Db>,
    keys: Data<Keyring>,
    mac: Path<String>,
    Json(body): Json<ChangeDevice>,
) -> Result<Json<DeviceView>> {
    let mac = words::mac(&mac)?;
    let new = Words {
        vendor: body.vendor,
        model: body.model,
        serial: body.serial,
        name: body.name,
        site: body.site,
        profile: body.profile,
        group: body.group,
    };
    let own = Own::check(body.settings, body.unset, body.lines, body.remove_lines)?;
    let url = body.url.map(|text| text.as_deref().map(url).transpose()).transpose()?;
    let device = db
        .write(move |tx| {
            let before = view(tx, &keys, &actor, mac)?;
            let device = load(tx, &keys, &actor, mac)?;
            let now = clock::now();
            let mut fields = NewDevice {
                vendor: device.vendor.map(Cow::into_owned),
                model: device.model.map(Cow::into_owned),
                serial: device.serial,
                name: device.name,
                site_id: device.site_id,
                profile_id: device.profile_id,
                group_id: device.group_id,
            };
            let mut told = new.apply(tx, &actor, mac, &mut fields)?;
            store::update(tx, device.id, mac, &fields, now)?;
            new.stays_in_sight(tx, &actor, device.id, mac)?;
            if let Some(url) = url {
                store::set_url(tx, &keys, mac, url.as_deref(), now)?;
                told.push("url".into());
            }
            if let Some(tls_state) = body.tls_state {
                state::lower(tx, mac, (device.tls_state, tls_state), now)?;
                told.push(format!("tls_state={}", tls_state.word()));
            }
            told.extend(own.write(tx, &keys, &actor, device.id, now)?);
            let after = view(tx, &keys, &actor, mac)?;
            let sides = (Some(&before), Some(&after));
            audit::write_change(tx, &actor, "device.set", mac, sides, Some(told.join(" ")), now)?;
            tell(tx, &actor, Some(&before), &after, now)?;
            Ok::<_, Problem>(after)
        })
        .await?;
    Ok(Json(device))
}

/// Remove a device with its lines, settings and uploads
#[utoipa::path(tag = "devices", params(("mac" = String, Path)), responses((status = 204)))]
#[delete("/devices/{mac}")]
async fn remove(
    actor: Actor,
    db: Data<Db>,
    keys: Data<Keyring>,
    ca: Data<Lazy>,
    mac: Path<String>,
) -> Result<HttpResponse> {
    let mac = words::mac(&mac)?;
    let by = actor.name.clone();
    db.write(move |tx| {
        let before = view(tx, &keys, &actor, mac)?;
        let device = load(tx, &keys, &actor, mac)?;
        store::remove(tx, &device)?;
        let now = clock::now();
        alarms::store::close_of(tx, &mac.to_string(), now)?;
        audit::write_change(tx, &actor, "device.remove", mac, (Some(&before), None::<&DeviceView>), None, now)?;
        Ok::<_, Problem>(())
    })
    .await?;
    // Whoever adds it next, with whatever it holds: it is nobody's key any more.
    ca.let_go(&[mac], &by, clock::now()).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// AVA-060 to AVA-062: what others want to hear of a device that is new, or that was moved.
fn tell(tx: &Tx, actor: &Actor, before: Option<&DeviceView>, after: &DeviceView, now: i64) -> Result<()> {
    let (device, by) = (&after.summary, &actor.name);
    let (mac, site) = (device.mac.to_string(), device.site.as_deref().unwrap_or_default());
    let (vendor, model) = (&device.vendor, &device.model);
    let data = serde_json::json!({ "mac": mac, "site": site, "vendor": vendor, "model": model, "by": **by });
    let told = |kind, text: String| notify::tell(tx, actor.account_id, kind, &mac, &text, &data, now);
    if before.is_none() {
        told(Kind::DeviceClaimed, format!("{by} added the device {mac}."))?;
    }
    if !site.is_empty() && before.is_none_or(|before| before.summary.site != device.site) {
        told(Kind::DeviceAssociated, format!("{by} gave the device {mac} to the site {site}."))?;
    }
    if before.is_some_and(|before| before.url != after.url) {
        told(Kind::ProvisioningChanged, format!("{by} changed the provisioning URL of the device {mac}."))?;
    }
    Ok(())
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(count::api::count).service(count::api::check);
    config.service(list::api::list).service(add).service(show).service(change).service(remove);
    config.service(state::activate).service(state::deactivate).service(state::let_in);
    config.service(bindings::bind).service(bindings::unbind);
    config.service(waiting::pending).service(waiting::dismiss);
}
