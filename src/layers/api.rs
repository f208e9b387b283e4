//! Settings layers over REST: the catalogue, the values of one layer, the raw vendor texts.

use super::store::{self, Shown, Used};
use super::{Checked, Found, Named, checked, find, layer};
use crate::db::{Connection, Db, Touch, Tx};
use crate::seal::Keyring;
use crate::settings::catalogue;
use crate::settings::{Layer, SettingError, catalogue::Entry};
use crate::users::{Actor, Permission};
use crate::vendors::raw::{RawWarning, parse_raw};
use crate::vendors::write::is_sent_unread;
use crate::web::json::values;
use crate::web::{Code, Json, Problem, Query, Result, Text};
use crate::{audit, clock, devices, lines, models, profiles, sites, vendors};
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, patch, put};
use std::collections::BTreeMap;

/// Bytes of one layer's raw text.
const MAX_RAW: usize = 256 * 1024;
const MASK: &str = "******";

#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Place {
    /// global, site, profile, model, group, device or line.
    layer: String,
    /// Name of the site, profile or group, `Vendor/Model`, or MAC; nothing for global.
    #[serde(default)]
    scope: String,
    /// Number of the line, for the layer line.
    #[param(minimum = 1, maximum = 255)]
    line: Option<u8>,
    /// Raw texts: show secrets too. The audit log tells it.
    #[serde(default)]
    reveal: bool,
}

#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeValues {
    /// Names and values.
    #[serde(default, deserialize_with = "values")]
    #[schema(value_type = std::collections::HashMap<String, Text>)]
    set: BTreeMap<String, Text>,
    /// Names to take away.
    #[serde(default)]
    unset: Vec<String>,
}

#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RawInput {
    text: String,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct RawInfo {
    vendor: String,
    author: String,
    updated_at: i64,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct RawView {
    vendor: String,
    author: String,
    updated_at: i64,
    bytes: usize,
    /// Secrets masked, unless they were asked to be revealed. Null: it cannot be read, so all of it may be secret.
    text: Option<String>,
    /// What reads well and probably does not do what its author wants; or why it cannot be read.
    warnings: Vec<RawWarning>,
}

/// Every setting there is, with its type, range and help
#[utoipa::path(tag = "settings", responses((status = 200, body = Vec<Object>)))]
#[get("/catalogue")]
async fn entries(_actor: Actor) -> Json<&'static [Entry]> {
    Json(catalogue().entries())
}

/// Which layers have settings or raw texts
#[utoipa::path(tag = "settings", responses((status = 200, body = Vec<Used>)))]
#[get("/layers")]
async fn used(actor: Actor, db: Data<Db>) -> Result<Json<Vec<Used>>> {
    Ok(Json(db.read_long(move |conn| store::used(conn, actor.account_id).map_err(Problem::from)).await?))
}

/// The settings of one layer
#[utoipa::path(tag = "settings", params(Place), responses((status = 200, body = Vec<Shown>)))]
#[get("/settings")]
async fn list(actor: Actor, db: Data<Db>, Query(place): Query<Place>) -> Result<Json<Vec<Shown>>> {
    let named = place.named()?;
    let values = db
        .read_long(move |conn| match locate(conn, &actor, &named)? {
            Some(found) => store::shown(conn, found.scope).map_err(Problem::from),
            None => Ok(Vec::new()),
        })
        .await?;
    Ok(Json(values))
}

/// Set and unset settings of one layer, all or none
#[utoipa::path(tag = "settings", params(Place), request_body = ChangeValues,
    responses((status = 200, body = Vec<Shown>)))]
#[patch("/settings")]
async fn change(
    actor: Actor,
    db: Data<Db>,
    keys: Data<Keyring>,
    Query(place): Query<Place>,
    Json(body): Json<ChangeValues>,
) -> Result<Json<Vec<Shown>>> {
    let named = place.named()?;
    let of_line = named.layer == Layer::Line;
    let set: Vec<Checked> =
        body.set.iter().map(|(name, text)| checked(name, &text.0, of_line)).collect::<Result<_, _>>()?;
    let values = db
        .write(move |tx| {
            let found = place_for_change(tx, &actor, &named)?;
            let before = by_name(store::shown(tx, found.scope)?);
            let now = clock::now();
            let mut told = Vec::new();
            for name in &body.unset {
                if !store::unset(tx, found.scope, name)? {
                    let shown: String = name.chars().take(64).collect();
                    let what = format!("setting {shown:?} in the layer {named}");
                    return Err(Problem::not_found(
                        what,
                        "Look at the layer: GET /api/v1/settings, or phonebox layer list",
                    ));
                }
                told.push(format!("unset {name}"));
            }
            for checked in &set {
                may_run(tx, &actor, &named, checked)?;
                store::put(tx, &keys, &actor, found.scope, checked, now)?;
                told.push(format!("{}={}", checked.name, checked.value.masked()));
            }
            if !told.is_empty() {
                touched(tx, &found, now)?;
                let after = by_name(store::shown(tx, found.scope)?);
                let sides = (Some(&before), Some(&after));
                audit::write_change(tx, &actor, "layer.set", &named, sides, Some(told.join(" ")), now)?;
            }
            Ok(store::shown(tx, found.scope)?)
        })
        .await?;
    Ok(Json(values))
}

/// No model takes firmware that is stored as another brand's.
fn may_run(tx: &Tx, actor: &Actor, named: &Named, checked: &Checked) -> Result<()> {
    let Some((vendor, _)) = named.scope.split_once('/').filter(|_| named.layer == Layer::Model) else { return Ok(()) };
    match store::other_brand(tx, actor.account_id, vendor, checked)? {
        None => Ok(()),
        Some(brand) => Err(Problem::from(SettingError {
            setting: checked.name.clone(),
            value: Some(checked.value.masked().to_owned()),
            rule: format!("it is stored as firmware of {brand}"),
            next: format!("Choose a file for {vendor}, or correct what is stored: phonebox file list"),
        })),
    }
}

/// A layer's values as they are shown, for the audit log.
fn by_name(rows: Vec<Shown>) -> BTreeMap<String, String> {
    rows.into_iter().map(|row| (row.name, row.value.unwrap_or_else(|| "******".into()))).collect()
}

/// Which vendors have a raw text in one layer
#[utoipa::path(tag = "settings", params(Place), responses((status = 200, body = Vec<RawInfo>)))]
#[get("/raw-texts")]
async fn list_raw(actor: Actor, db: Data<Db>, Query(place): Query<Place>) -> Result<Json<Vec<RawInfo>>> {
    let named = place.named_raw()?;
    let texts = db
        .read_long(move |conn| match locate(conn, &actor, &named)? {
            Some(found) => store::raw_vendors(conn, found.scope).map_err(Problem::from),
            None => Ok(Vec::new()),
        })
        .await?;
    let info = |(vendor, author, updated_at)| RawInfo { vendor, author, updated_at };
    Ok(Json(texts.into_iter().map(info).collect()))
}

/// One raw text, its secrets masked. With `reveal` they are shown, and the audit log tells it
#[utoipa::path(tag = "settings", params(Place, ("vendor" = String, Path)), responses((status = 200, body = RawView)))]
#[get("/raw-texts/{vendor}")]
async fn show_raw(
    actor: Actor,
    db: Data<Db>,
    keys: Data<Keyring>,
    vendor: Path<String>,
    Query(place): Query<Place>,
) -> Result<Json<RawView>> {
    let named = place.named_raw()?;
    let vendor = models::vendor(&vendor)?.id;
    let reveal = place.reveal;
    if reveal {
        actor.must(Permission::SecretReveal)?;
    }
    let text = db
        .write(move |tx| {
            // Who may not change it for all its phones is not shown what all of them have.
            let found = if reveal { Some(place_for_change(tx, &actor, &named)?) } else { locate(tx, &actor, &named)? };
            let text = match &found {
                Some(found) => store::raw_text(tx, &keys, found.scope, vendor)?,
                None => None,
            };
            let text = text.ok_or_else(|| no_raw(vendor, &named))?;
            if reveal {
                audit::store::write(tx, &actor, "raw-text.reveal", &named, Some(vendor.into()), clock::now())?;
            }
            Ok::<_, Problem>(text)
        })
        .await?;
    let (masked, warnings) = read(vendor, text.text.reveal());
    Ok(Json(RawView {
        bytes: text.text.reveal().len(),
        text: if reveal { Some(text.text.reveal().to_owned()) } else { masked },
        warnings,
        vendor: text.vendor,
        author: text.author,
        updated_at: text.updated_at,
    }))
}

/// Set a layer's raw text for a vendor
#[utoipa::path(tag = "settings", params(Place, ("vendor" = String, Path)), request_body = RawInput,
    responses((status = 200, body = RawView)))]
#[put("/raw-texts/{vendor}")]
async fn set_raw(
    actor: Actor,
    db: Data<Db>,
    keys: Data<Keyring>,
    vendor: Path<String>,
    Query(place): Query<Place>,
    Json(body): Json<RawInput>,
) -> Result<Json<RawView>> {
    let named = place.named_raw()?;
    let vendor = models::vendor(&vendor)?.id;
    if body.text.len() > MAX_RAW {
        let message = format!("The raw text is larger than {} KiB.", MAX_RAW / 1024);
        return Err(Problem::new(Code::TooLarge, message, "Shorten it."));
    }
    if parse_raw(vendor, "").is_err() {
        let message = format!("This box writes no files for {vendor} phones, so a raw text would reach none.");
        return Err(Problem::bad_value(message, "See the vendor support table in the README."));
    }
    let (text, warnings) = read(vendor, &body.text);
    let (bytes, author) = (body.text.len(), actor.name.to_string());
    let updated_at = db
        .write(move |tx| {
            let found = place_for_change(tx, &actor, &named)?;
            let now = clock::now();
            put_text(tx, &keys, &actor, (&named, &found), vendor, &body.text, now)?;
            Ok::<_, Problem>(now)
        })
        .await?;
    Ok(Json(RawView { vendor: vendor.into(), author, updated_at, bytes, text, warnings }))
}

type At<'a> = (&'a Named, &'a Found);

fn put_text(tx: &mut Tx, keys: &Keyring, actor: &Actor, at: At, vendor: &str, text: &str, now: i64) -> Result<()> {
    let (named, found) = at;
    let before = logged(tx, keys, found, vendor)?;
    store::put_raw(tx, keys, actor, found.scope, vendor, text, now)?;
    touched(tx, found, now)?;
    let after = logged(tx, keys, found, vendor)?;
    let detail = Some(format!("{vendor}, {} bytes", text.len()));
    audit::write_change(tx, actor, "raw-text.set", named, (before.as_ref(), after.as_ref()), detail, now)?;
    Ok(())
}

/// False when there was none.
fn remove_text(tx: &mut Tx, keys: &Keyring, actor: &Actor, at: At, vendor: &str, now: i64) -> Result<bool> {
    let (named, found) = at;
    let before = logged(tx, keys, found, vendor)?;
    if !store::unset_raw(tx, found.scope, vendor)? {
        return Ok(false);
    }
    touched(tx, found, now)?;
    let sides = (before.as_ref(), None::<&LoggedRaw>);
    audit::write_change(tx, actor, "raw-text.remove", named, sides, Some(vendor.into()), now)?;
    Ok(true)
}

/// Sets a site's raw text, as it comes with the site's settings archive, or takes it away. False when there was none.
pub fn set_site_text(
    tx: &mut Tx,
    keys: &Keyring,
    actor: &Actor,
    site: &str,
    vendor: &str,
    text: Option<&str>,
    now: i64,
) -> Result<bool> {
    let named = Named { layer: Layer::Site, scope: site.to_owned(), line: None };
    let found = place_for_change(tx, actor, &named)?;
    match text {
        Some(text) => put_text(tx, keys, actor, (&named, &found), vendor, text, now).map(|()| true),
        None => remove_text(tx, keys, actor, (&named, &found), vendor, now),
    }
}

/// What the audit log says of a raw text: as everybody sees it, secrets masked.
#[derive(serde::Serialize)]
struct LoggedRaw {
    bytes: usize,
    text: Option<String>,
}

fn logged(tx: &Tx, keys: &Keyring, found: &Found, vendor: &str) -> Result<Option<LoggedRaw>> {
    let raw = store::raw_text(tx, keys, found.scope, vendor)?;
    Ok(raw.map(|raw| LoggedRaw { bytes: raw.text.reveal().len(), text: read(vendor, raw.text.reveal()).0 }))
}

/// Remove a layer's raw text for a vendor
#[utoipa::path(tag = "settings", params(Place, ("vendor" = String, Path)), responses((status = 204)))]
#[delete("/raw-texts/{vendor}")]
async fn unset_raw(
    actor: Actor,
    db: Data<Db>,
    keys: Data<Keyring>,
    vendor: Path<String>,
    Query(place): Query<Place>,
) -> Result<HttpResponse> {
    let named = place.named_raw()?;
    let vendor = models::vendor(&vendor)?.id;
    db.write(move |tx| {
        let found = place_for_change(tx, &actor, &named)?;
        match remove_text(tx, &keys, &actor, (&named, &found), vendor, clock::now())? {
            true => Ok(()),
            false => Err(no_raw(vendor, &named)),
        }
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

impl Place {
    fn named(&self) -> Result<Named> {
        let Some(layer) = layer(&self.layer) else {
            let shown: String = self.layer.chars().take(40).collect();
            let message = format!("layer: {shown:?} is not accepted: there is no such layer.");
            return Err(Problem::bad_value(message, "Choose global, site, profile, model, group, device or line."));
        };
        let wrong = |rule: &str, next: &str| Err(Problem::bad_value(format!("layer {}: {rule}.", self.layer), next));
        match (layer, self.scope.is_empty(), self.line) {
            (Layer::Global | Layer::Account, false, _) => wrong("it has one scope only", "Leave scope out."),
            (Layer::Global | Layer::Account, true, None) => Ok(()),
            (_, true, _) => wrong("its scope is missing", "Say which one: scope=NAME"),
            (Layer::Line, _, None | Some(0)) => wrong("its line number is missing", "Say which one: line=1"),
            (Layer::Line, ..) => Ok(()),
            (_, _, Some(_)) => wrong("only the layer line has line numbers", "Leave line out."),
            _ => Ok(()),
        }?;
        let scope = match layer {
            Layer::Device | Layer::Line => crate::web::words::mac(&self.scope)?.to_string(),
            Layer::Model => match self.scope.split_once('/') {
                Some((vendor, model)) => {
                    let vendor = models::vendor(vendor)?;
                    format!("{}/{}", vendor.id, models::model(Some(vendor), model)?)
                }
                None => {
                    wrong("its scope is a vendor and a model", "Write it like Yealink/T54W.")?;
                    String::new()
                }
            },
            _ => self.scope.clone(),
        };
        Ok(Named { layer, scope, line: self.line })
    }

    fn named_raw(&self) -> Result<Named> {
        let named = self.named()?;
        if named.layer == Layer::Line {
            return Err(Problem::bad_value("A line has no raw text.", "Write it for the device."));
        }
        Ok(named)
    }
}

/// `Ok(None)`: a model that has no settings yet. Anything else that is not there is an error.
fn locate(conn: &Connection, actor: &Actor, named: &Named) -> Result<Option<Found>> {
    if actor.limited.is_some() {
        seen(conn, actor, named)?;
    }
    match find(conn, actor.account_id, named)? {
        None if named.layer != Layer::Model => Err(missing(named)),
        found => Ok(found),
    }
}

/// Who sees a part of the account has a part in that only.
fn seen(conn: &Connection, actor: &Actor, named: &Named) -> Result<()> {
    match named.layer {
        Layer::Device | Layer::Line => devices::api::id(conn, actor, crate::web::words::mac(&named.scope)?).map(drop),
        Layer::Site => sites::api::id(conn, actor, &named.scope).map(drop),
        Layer::Profile => profiles::api::id(conn, actor, &named.scope).map(drop),
        _ => Err(missing(named)),
    }
}

fn missing(named: &Named) -> Problem {
    let next = match named.layer {
        Layer::Site => "List them: phonebox site list",
        Layer::Profile => "List them: phonebox profile list",
        Layer::Group => "List them: phonebox group list",
        Layer::Device | Layer::Line => "List them: phonebox device list",
        _ => "Look at the layers there are: phonebox layer list",
    };
    Problem::not_found(named.to_string(), next)
}

fn place_for_change(tx: &mut Tx, actor: &Actor, named: &Named) -> Result<Found> {
    if named.layer == Layer::Model
        && let Some((vendor, model)) = named.scope.split_once('/')
    {
        models::store::ensure(tx, actor.account_id, vendor, model)?;
    }
    let found = locate(tx, actor, named)?.ok_or(Code::NotFound)?;
    match named.layer {
        Layer::Site => sites::api::id_to_change(tx, actor, &named.scope).map(drop)?,
        Layer::Profile => profiles::api::id_to_change(tx, actor, &named.scope).map(drop)?,
        _ => {}
    }
    if named.layer == Layer::Line && lines::store::line_account(tx, found.scope.id, found.scope.line)?.is_none() {
        let next = "Add it: PATCH /api/v1/devices/MAC/lines/NUMBER, or phonebox device line MAC NUMBER user=NAME";
        return Err(Problem::not_found(named.to_string(), next));
    }
    Ok(found)
}

fn touched(tx: &mut Tx, found: &Found, now: i64) -> Result<()> {
    match found.device {
        Some(mac) => devices::store::changed(tx, mac, now)?,
        None => tx.touch(Touch::Shared),
    }
    Ok(())
}

/// The text with its secrets masked, `None` when it does not follow the vendor's grammar, and what is odd in it.
fn read(vendor: &str, text: &str) -> (Option<String>, Vec<RawWarning>) {
    let raw = match parse_raw(vendor, text) {
        Ok(raw) => raw,
        Err(error) => {
            let what = match is_sent_unread(vendor, text) {
                true => "it is sent as it stands, and only where secrets may go",
                false => "nothing of it is sent until it can be read",
            };
            let why = format!("{}; {what}", error.rule);
            return (None, vec![RawWarning { line: error.line, text: why }]);
        }
    };
    let mut shown = String::new();
    for line in &raw.lines {
        match (&line.name, &line.value) {
            (Some(name), _) if !vendors::map::is_secret_param(vendor, name) => shown.push_str(&line.text),
            (Some(_), Some(value)) if !value.is_empty() && line.text.contains(value.as_str()) => {
                shown.push_str(&line.text.replace(value.as_str(), MASK));
            }
            _ => shown.push_str(MASK),
        }
        shown.push('\n');
    }
    (Some(shown), raw.warnings)
}

fn no_raw(vendor: &str, named: &Named) -> Problem {
    let next = "List them: GET /api/v1/raw-texts, or phonebox layer raw list";
    Problem::not_found(format_args!("raw text for {vendor} in the layer {named}"), next)
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(entries).service(used).service(list).service(change);
    config.service(list_raw).service(show_raw).service(set_raw).service(unset_raw);
}
