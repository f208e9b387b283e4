//! A device as it is shown, and how handlers find it.

use crate::db::Connection;
use crate::devices::list::{self, Summary};
use crate::devices::{Device, store};
use crate::layers::{self, Scope};
use crate::lines;
use crate::lines::store::Account;
use crate::net::{Cidr, Mac};
use crate::seal::{Keyring, hex};
use crate::users::{Actor, data};
use crate::vendors::firmware;
use crate::web::{Problem, Result};
use crate::{models, networks, profiles, vendors};

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct DeviceView {
    #[serde(flatten)]
    pub(super) summary: Summary,
    /// Its own target, its password masked. Null: its profile's.
    pub(super) url: Option<String>,
    /// All its keys were revoked: it is given none before it is let in again.
    keys_revoked_at: Option<i64>,
    /// Networks in which its MAC is proof enough, by an administrator's word.
    bindings: Vec<String>,
    /// SHA-256 of the certificate that it left the factory with, where an import named it.
    certificate: Option<String>,
    lines: Vec<LineView>,
    /// What may be wrong with its vendor or model, in words. Null: it is listed.
    model_note: Option<String>,
    /// What is wrong with its firmware, in words. Null: nothing is known to be.
    firmware_note: Option<String>,
    /// Whether it has SIP accounts. A phone for Teams has none.
    has_accounts: bool,
    /// Its own settings; those of its layers come by `explain`.
    settings: Vec<layers::store::Shown>,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct LineView {
    number: u8,
    sip_account: Option<Account>,
    settings: Vec<layers::store::Shown>,
}

pub(super) fn load(conn: &Connection, keys: &Keyring, actor: &Actor, mac: Mac) -> Result<Device> {
    id(conn, actor, mac)?;
    store::by_mac(conn, keys, mac)?.ok_or_else(|| missing(mac))
}

/// For other domains' handlers that name a device.
pub fn id(conn: &Connection, actor: &Actor, mac: Mac) -> Result<i64> {
    let id = store::id(conn, actor.account_id, mac)?.ok_or_else(|| missing(mac))?;
    if data::sees(conn, actor, id, data::store::sees_device)? { Ok(id) } else { Err(missing(mac)) }
}

pub fn missing(mac: Mac) -> Problem {
    Problem::not_found(
        format_args!("device {mac}"),
        format!("Add it: POST /api/v1/devices, or phonebox device add {mac}"),
    )
}

pub fn view(conn: &Connection, keys: &Keyring, actor: &Actor, mac: Mac) -> Result<DeviceView> {
    let device = load(conn, keys, actor, mac)?;
    let summary = list::store::one(conn, actor.account_id, mac)?.ok_or_else(|| missing(mac))?;
    let bindings = networks::store::bindings(conn, device.id)?;
    let mut lines = Vec::new();
    for (number, sip_account) in lines::store::of_device(conn, device.id)? {
        let settings = layers::store::shown(conn, Scope::line(device.id, number))?;
        lines.push(LineView { number, sip_account, settings });
    }
    let vendor = summary.vendor.as_deref().and_then(vendors::by_id);
    let model = vendor.zip(summary.model.as_deref()).and_then(|(vendor, name)| vendors::model(vendor, name));
    let known = model.zip(summary.firmware.as_deref());
    Ok(DeviceView {
        firmware_note: known.and_then(|(model, version)| firmware::misfit(model, version)).map(|one| one.to_string()),
        model_note: models::note(summary.vendor.as_deref(), summary.model.as_deref()),
        has_accounts: !known.is_some_and(|(model, version)| firmware::is_teams(model, version)),
        summary,
        url: device.url.map(|url| profiles::url::masked(url.reveal())),
        bindings: bindings.iter().map(Cidr::to_string).collect(),
        keys_revoked_at: device.keys_revoked_at,
        certificate: store::known_certificate(conn, device.id)?.map(|print| hex(&print)),
        lines,
        settings: layers::store::shown(conn, Scope::device(device.id))?,
    })
}
