//! What a good code does, in the one transaction that it is taken in.

use super::store::{self, Site};
use super::{LOCKED, NO_PROFILE};
use crate::accounts::handover;
use crate::db::{Result, Tx};
use crate::devices::seen::store as seen;
use crate::devices::store::{self as devices, NewDevice};
use crate::devices::{Birth, Device, State};
use crate::net::Mac;
use crate::notify::{self, Kind};
use crate::seal::Keyring;
use crate::{alarms, audit};
use std::borrow::Cow;
use std::net::IpAddr;

/// Who shows a code, as far as it is known.
#[derive(Debug, Clone)]
pub struct Phone {
    pub mac: Mac,
    pub peer: IpAddr,
    pub vendor: Option<String>,
    pub model: Option<String>,
}

/// The device is at the site, active, its first-contact window open for whoever showed the code. `before`: as it is now,
/// looked at in this transaction.
pub fn enroll(
    tx: &mut Tx,
    keys: &Keyring,
    phone: &Phone,
    before: Option<&Device>,
    site: &Site,
    window_ms: i64,
    now: i64,
) -> Result<()> {
    let (mac, account_id) = (phone.mac, site.account_id);
    let moved_from = before.map(|device| device.account_id).filter(|owner| *owner != account_id);
    if let Some(owner) = moved_from {
        handover::store::hand_down(tx, mac, owner, account_id, now)?;
        let detail = format!("to another account by its enrollment code, from {}", phone.peer);
        audit::store::note(tx, owner, &mac.to_string(), "enrollment.code", mac, Some(detail), now)?;
    }
    match before {
        None => {
            let fields = fields(phone, None, site, false);
            devices::insert(tx, account_id, mac, &fields, &Birth::new(keys, mac)?, now)?;
        }
        Some(device) => {
            devices::update(tx, device.id, mac, &fields(phone, Some(device), site, moved_from.is_some()), now)?;
            // Whoever had it before knows what it had before.
            if moved_from.is_some() || device.state == State::Active {
                devices::let_in_again(tx, mac, &Birth::new(keys, mac)?, window_ms, now)?;
                alarms::store::close_of(tx, &mac.to_string(), now)?;
            }
        }
    }
    devices::activate(tx, mac, window_ms, now)?;
    seen::window_used(tx, mac, &phone.peer.to_string())?;
    devices::no_longer_pending(tx, mac)?;
    store::forget(tx, mac, now)?;
    for kind in [LOCKED, NO_PROFILE] {
        alarms::store::close_kind(tx, kind, &mac.to_string(), now)?;
    }
    let done = match before {
        None => "added to",
        Some(_) if moved_from.is_some() => "moved to",
        Some(_) => "activated at",
    };
    let detail = Some(format!("{done} the site {}", site.name));
    audit::store::note(tx, account_id, &mac.to_string(), "enrollment.code", mac, detail, now)?;
    tell(tx, phone, site, now)
}

fn fields(phone: &Phone, before: Option<&Device>, site: &Site, is_moved: bool) -> NewDevice {
    let own = |known: Option<&Cow<'static, str>>| known.map(|text| text.clone().into_owned());
    let row = NewDevice { site_id: Some(site.id), ..NewDevice::default() };
    let Some(device) = before else {
        return NewDevice { vendor: phone.vendor.clone(), model: phone.model.clone(), ..row };
    };
    let is_told = device.vendor.is_some();
    NewDevice {
        vendor: if is_told { own(device.vendor.as_ref()) } else { phone.vendor.clone() },
        model: if is_told { own(device.model.as_ref()) } else { phone.model.clone() },
        serial: device.serial.clone(),
        name: device.name.clone(),
        // Profile and group are the account's that it had them of.
        profile_id: device.profile_id.filter(|_| !is_moved),
        group_id: device.group_id.filter(|_| !is_moved),
        ..row
    }
}

/// AVA-059.
fn tell(tx: &Tx, phone: &Phone, site: &Site, now: i64) -> Result<()> {
    let Phone { mac, peer, vendor, model } = phone;
    let (mac, kind) = (mac.to_string(), model.as_deref().or(vendor.as_deref()).unwrap_or("phone"));
    let text = format!(
        "Somebody entered an enrollment code at the {kind} {mac} ({peer}): it is at the site {} now.",
        site.name
    );
    let data = serde_json::json!({
        "mac": mac, "site": site.name, "vendor": vendor, "model": model, "address": peer.to_string(),
    });
    notify::tell(tx, site.account_id, Kind::CodeUsed, &mac, &text, &data, now)
}

/// AVA-126, AVA-063: told once while nobody mends it.
pub fn no_profile(tx: &Tx, mac: Mac, site: &Site, now: i64) -> Result<()> {
    let text = format!(
        "A phone showed the enrollment code of the site {}, which has no profile. Give it one, then enter the code again",
        site.name
    );
    alarms::store::raise(tx, site.account_id, NO_PROFILE, &mac.to_string(), &text, now).map(drop)
}
