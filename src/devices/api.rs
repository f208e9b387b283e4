//! Devices over REST: add, show, change, activate, let in again, bind, remove; and those that wait.

use super::count;
use super::list::{self, Summary};
use super::store::{self, NewDevice, Pending};
use super::{Birth, State, Window};
use crate::ca::Lazy;
use crate::db::{Connection, Db, Tx};
use crate::layers::{self, Checked, Scope};
use crate::lines::input::{CheckedLine, LineInput, LineNumber, NumberedLine};
use crate::lines::store::Account;
use crate::net::{Cidr, Mac};
use crate::notify::{self, Kind};
use crate::seal::{Keyring, hex};
use crate::users::{Actor, data};
use crate::vendors::firmware;
use crate::web::json::{created, double, values};
use crate::web::{Code, Json, Page, Paging, Problem, Query, Result, Text, words};
use crate::{alarms, audit, clock, groups, lines, models, networks, profiles, sites, vendors};
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, patch, post};
use std::collections::BTreeMap;

const MAX_NAME: usize = 64;

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct DeviceView {
    #[serde(flatten)]
    summary: Summary,
    /// Its own target, its password masked. Null: its profile's.
    url: Option<String>,
    /// Networks in which its MAC is proof enough, by an administrator's word.
    bindings: Vec<String>,
    /// SHA-256 of the certificate that it left the factory with, where an import named it.
    certificate: Option<String>,
    lines: Vec<LineView>,
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

#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddDevice {
    /// Any notation.
    #[schema(value_type = String, example = "80:5e:c0:aa:bb:01")]
    mac: String,
    vendor: Option<String>,
    model: Option<String>,
    serial: Option<String>,
    name: Option<String>,
    /// Absent: the first site.
    site: Option<String>,
    /// Absent: its site's.
    profile: Option<String>,
    group: Option<String>,
    /// Its own target, instead of its profile's.
    url: Option<String>,
    #[serde(default, deserialize_with = "values")]
    #[schema(value_type = std::collections::HashMap<String, Text>)]
    settings: BTreeMap<String, Text>,
    #[serde(default)]
    lines: Vec<NumberedLine>,
    /// Open its first-contact window now.
    #[serde(default)]
    activate: bool,
}

/// Absent leaves a field as it is, null empties it.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeDevice {
    #[serde(default, deserialize_with = "double")]
    #[schema(value_type = Option<String>)]
    vendor: Option<Option<String>>,
    #[serde(default, deserialize_with = "double")]
    #[schema(value_type = Option<String>)]
    model: Option<Option<String>>,
    #[serde(default, deserialize_with = "double")]
    #[schema(value_type = Option<String>)]
    serial: Option<Option<String>>,
    #[serde(default, deserialize_with = "double")]
    #[schema(value_type = Option<String>)]
    name: Option<Option<String>>,
    site: Option<String>,
    #[serde(default, deserialize_with = "double")]
    #[schema(value_type = Option<String>)]
    profile: Option<Option<String>>,
    #[serde(default, deserialize_with = "double")]
    #[schema(value_type = Option<String>)]
    group: Option<Option<String>>,
    #[serde(default, deserialize_with = "double")]
    #[schema(value_type = Option<String>)]
    url: Option<Option<String>>,
    #[serde(default, deserialize_with = "values")]
    #[schema(value_type = std::collections::HashMap<String, Text>)]
    settings: BTreeMap<String, Text>,
    /// Names of own settings to take away.
    #[serde(default)]
    unset: Vec<String>,
    #[serde(default)]
    lines: Vec<NumberedLine>,
    /// Numbers of lines to remove.
    #[serde(default)]
    #[schema(value_type = Vec<LineNumber>)]
    remove_lines: Vec<u8>,
}

#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// In CIDR notation.
    #[schema(example = "192.168.10.0/24")]
    network: String,
}

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
                    return Err(Problem::new(Code::Exists, message, format!("Change it: phonebox device set {mac}")));
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
            let mut told = new.apply(tx, &actor, &mut fields)?;
            // Sealed on the writer's thread, as everything is: a rotation of the key leaves nothing behind.
            let birth = Birth::new(&keys, mac)?;
            let id = store::insert(tx, actor.account_id, mac, &fields, &birth, now)?;
            if let Some(url) = &url {
                store::set_url(tx, &keys, mac, Some(url), now)?;
                told.push("url".into());
            }
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
                vendor: device.vendor,
                model: device.model,
                serial: device.serial,
                name: device.name,
                site_id: device.site_id,
                profile_id: device.profile_id,
                group_id: device.group_id,
            };
            let mut told = new.apply(tx, &actor, &mut fields)?;
            store::update(tx, device.id, mac, &fields, now)?;
            if let Some(url) = url {
                store::set_url(tx, &keys, mac, url.as_deref(), now)?;
                told.push("url".into());
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

/// Activate a device: it may fetch its files, its first-contact window opens
#[utoipa::path(tag = "devices", params(("mac" = String, Path)), responses((status = 200, body = DeviceView)))]
#[post("/devices/{mac}/activate")]
async fn activate(
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
                State::Active => {}
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
async fn deactivate(actor: Actor, db: Data<Db>, keys: Data<Keyring>, mac: Path<String>) -> Result<Json<DeviceView>> {
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
async fn let_in(
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
                let next = format!("Unblock it first: phonebox device activate {mac}");
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

/// A new window and new secrets; what was told about the old ones is settled.
pub fn let_one_in(tx: &mut Tx, keys: &Keyring, window: Window, mac: Mac, now: i64) -> Result<()> {
    let birth = Birth::new(keys, mac)?;
    store::let_in_again(tx, mac, &birth, window.0, now)?;
    alarms::store::close_of(tx, &mac.to_string(), now)?;
    Ok(())
}

/// Bind a device to a network: there its MAC is proof enough
#[utoipa::path(tag = "devices", params(("mac" = String, Path)), request_body = Network,
    responses((status = 200, body = DeviceView)))]
#[post("/devices/{mac}/bindings")]
async fn bind(
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
async fn unbind(
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
                let next = format!("Look at its bindings: phonebox device show {mac}");
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
async fn pending(actor: Actor, db: Data<Db>, Query(query): Query<PageQuery>) -> Result<Json<Page<Pending>>> {
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
async fn dismiss(actor: Actor, db: Data<Db>, mac: Path<String>) -> Result<HttpResponse> {
    let mac = words::mac(&mac)?;
    db.write(move |tx| {
        if !store::no_longer_pending(tx, mac)? {
            let next = "List them: phonebox device list --pending";
            return Err(Problem::not_found(format_args!("waiting device {mac}"), next));
        }
        audit::store::write(tx, &actor, "pending.remove", mac, None, clock::now())?;
        Ok(())
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The words of a device as a body says them.
struct Words {
    vendor: Option<Option<String>>,
    model: Option<Option<String>>,
    serial: Option<Option<String>>,
    name: Option<Option<String>>,
    site: Option<String>,
    profile: Option<Option<String>>,
    group: Option<Option<String>>,
}

impl Words {
    /// Lays them over the fields there are. Answers what changed, for the audit log.
    fn apply(&self, tx: &Tx, actor: &Actor, fields: &mut NewDevice) -> Result<Vec<String>> {
        let mut told = Vec::new();
        let mut tell = |name: &str, word: Option<&str>| told.push(format!("{name}={}", word.unwrap_or("none")));
        // An empty word empties the field, as `--name ""` on the command line means it.
        let said = |field: &Option<Option<String>>| {
            field.as_ref().map(|text| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned))
        };
        if let Some(vendor) = said(&self.vendor) {
            fields.vendor = vendor.as_deref().map(models::vendor).transpose()?.map(|vendor| vendor.name.to_owned());
            tell("vendor", fields.vendor.as_deref());
        }
        if let Some(model) = said(&self.model) {
            let vendor = fields.vendor.as_deref().and_then(vendors::by_id);
            fields.model = model.as_deref().map(|model| models::model(vendor, model)).transpose()?;
            tell("model", fields.model.as_deref());
        }
        if let Some(serial) = said(&self.serial) {
            fields.serial = serial.as_deref().map(|text| words::line("serial", text, MAX_NAME)).transpose()?.flatten();
            tell("serial", fields.serial.as_deref());
        }
        if let Some(name) = said(&self.name) {
            fields.name = name.as_deref().map(|text| words::line("name", text, MAX_NAME)).transpose()?.flatten();
            tell("name", fields.name.as_deref());
        }
        if let Some(site) = &self.site {
            fields.site_id = Some(sites::api::id(tx, actor, site)?);
            tell("site", Some(site));
        }
        if let Some(profile) = said(&self.profile) {
            fields.profile_id = profile.as_deref().map(|name| profiles::api::id(tx, actor, name)).transpose()?;
            tell("profile", profile.as_deref());
        }
        if let Some(group) = said(&self.group) {
            let id =
                |name: &str| groups::store::id(tx, actor.account_id, name)?.ok_or_else(|| groups::api::missing(name));
            fields.group_id = group.as_deref().map(id).transpose()?;
            tell("group", group.as_deref());
        }
        Ok(told)
    }
}

/// The settings and lines that a body brings along, checked.
struct Own {
    settings: Vec<Checked>,
    unset: Vec<String>,
    lines: Vec<(u8, CheckedLine)>,
    remove_lines: Vec<u8>,
}

impl Own {
    fn check(
        settings: BTreeMap<String, Text>,
        unset: Vec<String>,
        lines: Vec<NumberedLine>,
        remove_lines: Vec<u8>,
    ) -> Result<Own> {
        let settings = settings.iter().map(|(name, text)| layers::checked(name, &text.0, false));
        let settings = settings.collect::<Result<_, _>>()?;
        let mut checked: Vec<(u8, CheckedLine)> = Vec::new();
        for line in lines {
            let number = line.number;
            if number == 0 || checked.iter().any(|(other, _)| *other == number) {
                let message = format!("line: {number} is not accepted: lines are numbered from 1 to 255, each once.");
                return Err(Problem::bad_value(message, "Write for example 1."));
            }
            checked.push((number, LineInput::from(line).check()?));
        }
        Ok(Own { settings, unset, lines: checked, remove_lines })
    }

    fn write(&self, tx: &mut Tx, keys: &Keyring, actor: &Actor, id: i64, now: i64) -> Result<Vec<String>> {
        let scope = Scope::device(id);
        let mut told = Vec::new();
        for name in &self.unset {
            layers::store::unset(tx, scope, name)?;
            told.push(format!("unset {name}"));
        }
        for checked in &self.settings {
            layers::store::put(tx, keys, actor, scope, checked, now)?;
            told.push(format!("{}={}", checked.name, checked.value.masked()));
        }
        for number in &self.remove_lines {
            lines::store::remove_line(tx, id, *number)?;
            layers::store::clear_line(tx, id, *number)?;
            told.push(format!("line {number} removed"));
        }
        for (number, line) in &self.lines {
            told.push(format!("line {number} {}", lines::api::put(tx, keys, actor, id, *number, line, now)?));
        }
        Ok(told)
    }
}

/// A device's own target, checked; the credentials stay in it because it is sealed whole.
fn url(text: &str) -> Result<String> {
    profiles::url::parse(text)?;
    Ok(text.to_owned())
}

fn load(conn: &Connection, keys: &Keyring, actor: &Actor, mac: Mac) -> Result<super::Device> {
    id(conn, actor, mac)?;
    store::by_mac(conn, keys, mac)?.ok_or_else(|| missing(mac))
}

/// For other domains' handlers that name a device.
pub fn id(conn: &Connection, actor: &Actor, mac: Mac) -> Result<i64> {
    let id = store::id(conn, actor.account_id, mac)?.ok_or_else(|| missing(mac))?;
    if data::sees(conn, actor, id, data::store::sees_device)? { Ok(id) } else { Err(missing(mac)) }
}

pub fn missing(mac: Mac) -> Problem {
    Problem::not_found(format_args!("device {mac}"), format!("Add it: phonebox device add {mac}"))
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
        has_accounts: !known.is_some_and(|(model, version)| firmware::is_teams(model, version)),
        summary,
        url: device.url.map(|url| profiles::url::masked(url.reveal())),
        bindings: bindings.iter().map(Cidr::to_string).collect(),
        certificate: store::known_certificate(conn, device.id)?.map(|print| hex(&print)),
        lines,
        settings: layers::store::shown(conn, Scope::device(device.id))?,
    })
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(count::api::count).service(count::api::check);
    config.service(list::api::list).service(add).service(show).service(change).service(remove);
    config.service(activate).service(deactivate).service(let_in).service(bind).service(unbind);
    config.service(pending).service(dismiss);
}
