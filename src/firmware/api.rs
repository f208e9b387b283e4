//! Firmware management over REST: the releases of an account, and what it and its sites chose of them.

use super::store;
use super::{Choice, Chosen, Release, chosen, families, family};
use crate::accounts::api::{customers_only, load};
use crate::accounts::view::AccountView;
use crate::db::{Connection, Db, Touch};
use crate::files::LONGEST_VERSION;
use crate::users::Actor;
use crate::vendors::{self, VENDORS, Vendor};
use crate::web::{Json, Problem, Result, words};
use crate::{audit, clock, models, sites};
use actix_web::web::{Data, Path};
use actix_web::{get, put};
use std::collections::{BTreeMap, BTreeSet};

/// Releases of a model that are offered, the newest (AVA-089; DES itself says five and ten).
const OFFERED: usize = 10;
/// Choices of one account or site.
const MOST: usize = 500;

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct FirmwareView {
    /// The account's firmware policy; off: what is chosen is kept and does nothing.
    pub policy: bool,
    /// Of each family of models all of them first, then one by one.
    pub models: Vec<ModelFirmware>,
}

/// What phones of a model, or of all models of a family, are to run.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct ModelFirmware {
    pub vendor: String,
    /// Where a vendor has several types of device: which one.
    pub family: Option<String>,
    /// Null: every model of the family.
    pub model: Option<String>,
    #[schema(inline)]
    pub choice: Choice,
    /// Of a release.
    pub version: Option<String>,
    /// Who chose it; null: nobody, or somebody for every model of the family.
    pub author: Option<String>,
    pub updated_at: Option<i64>,
    /// The version that the latest is now; null: no release of the model works with it.
    pub latest: Option<String>,
    /// The newest, and the chosen one.
    pub releases: Vec<ReleaseView>,
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct ReleaseView {
    pub version: String,
    /// The file that it is; null: each model has its own.
    pub file: Option<String>,
    /// Why phones of the model should not have it: the latest is never this one.
    pub unfit: Option<String>,
}

#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChooseFirmware {
    pub vendor: String,
    /// For every model of it. Absent: of the vendor's models that are of no family.
    pub family: Option<String>,
    /// For this one alone.
    pub model: Option<String>,
    #[schema(inline)]
    pub choice: Choice,
    /// Of a release.
    pub version: Option<String>,
}

/// An account, and perhaps a site of it, that somebody reaches.
struct Place {
    account: AccountView,
    site: Option<(i64, String)>,
}

impl Place {
    fn of(conn: &Connection, actor: &Actor, id: i64, site: Option<&str>) -> Result<Place> {
        let account = load(conn, actor, id)?;
        let inside = Actor { account_id: account.id, ..actor.clone() };
        let site = site.map(|name| Ok::<_, Problem>((sites::api::id(conn, &inside, name)?, name.to_owned())));
        Ok(Place { account, site: site.transpose()? })
    }

    fn site_id(&self) -> Option<i64> {
        self.site.as_ref().map(|(id, _)| *id)
    }

    fn unsaid(&self) -> Choice {
        if self.site.is_some() { Choice::Account } else { Choice::Latest }
    }
}

/// What an account chose, and its releases
#[utoipa::path(tag = "firmware", responses((status = 200, body = FirmwareView)))]
#[get("/accounts/{id}/firmware")]
async fn show(actor: Actor, db: Data<Db>, id: Path<i64>) -> Result<Json<FirmwareView>> {
    let id = *id;
    Ok(Json(db.read_long(move |conn| view(conn, &Place::of(conn, &actor, id, None)?)).await?))
}

/// Choose what phones of an account are to run. What is chosen for a family takes the place of what was for its models
#[utoipa::path(tag = "firmware", request_body = ChooseFirmware, responses((status = 200, body = FirmwareView)))]
#[put("/accounts/{id}/firmware")]
async fn choose(
    actor: Actor,
    db: Data<Db>,
    id: Path<i64>,
    Json(body): Json<ChooseFirmware>,
) -> Result<Json<FirmwareView>> {
    set(actor, &db, *id, None, body).await
}

/// What a site chose, and its account's releases
#[utoipa::path(tag = "firmware", responses((status = 200, body = FirmwareView)))]
#[get("/accounts/{id}/sites/{name}/firmware")]
async fn show_site(actor: Actor, db: Data<Db>, place: Path<(i64, String)>) -> Result<Json<FirmwareView>> {
    let (id, site) = place.into_inner();
    Ok(Json(db.read_long(move |conn| view(conn, &Place::of(conn, &actor, id, Some(&site))?)).await?))
}

/// Choose what phones of a site are to run
#[utoipa::path(tag = "firmware", request_body = ChooseFirmware, responses((status = 200, body = FirmwareView)))]
#[put("/accounts/{id}/sites/{name}/firmware")]
async fn choose_site(
    actor: Actor,
    db: Data<Db>,
    place: Path<(i64, String)>,
    Json(body): Json<ChooseFirmware>,
) -> Result<Json<FirmwareView>> {
    let (id, site) = place.into_inner();
    set(actor, &db, id, Some(site), body).await
}

async fn set(actor: Actor, db: &Db, id: i64, site: Option<String>, body: ChooseFirmware) -> Result<Json<FirmwareView>> {
    let changed = db
        .write(move |tx| {
            if site.is_some() && id != actor.account_id {
                customers_only(&load(tx, &actor, id)?)?;
            }
            let place = Place::of(tx, &actor, id, site.as_deref())?;
            let now = clock::now();
            let new = checked(tx, &place, &actor, body, now)?;
            let before = store::choices(tx, id, place.site_id())?;
            store::put(tx, id, place.site_id(), &new)?;
            let after = store::choices(tx, id, place.site_id())?;
            if after.len() > MOST {
                let message = format!("There are {MOST} choices here already, the most there may be.");
                return Err(Problem::bad_value(message, "Choose for every model of a family: that takes their place."));
            }
            tx.touch(Touch::Shared);
            let object = match &place.site {
                Some((_, site)) => format!("{} / {site}", place.account.name),
                None => place.account.name.clone(),
            };
            let sides = (Some(&logged(&before)), Some(&logged(&after)));
            let detail = Some(format!("{}={}", of_what(&new), said(&new)));
            audit::write_change(tx, &actor.inside(id), "firmware.choose", object, sides, detail, now)?;
            Ok::<_, Problem>(place)
        })
        .await?;
    Ok(Json(db.read_long(move |conn| view(conn, &changed)).await?))
}

/// As the audit log tells it.
fn logged(choices: &[Chosen]) -> BTreeMap<String, String> {
    choices.iter().map(|one| (of_what(one), said(one))).collect()
}

fn of_what(one: &Chosen) -> String {
    let vendor = vendors::by_id(&one.vendor).map_or(one.vendor.as_str(), |vendor| vendor.name);
    let which = [one.family.as_str(), "*"].into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    format!("{vendor} {}", if one.model.is_empty() { &which } else { &one.model })
}

fn said(one: &Chosen) -> String {
    one.version.clone().unwrap_or_else(|| one.choice.word().to_owned())
}

fn checked(conn: &Connection, place: &Place, actor: &Actor, body: ChooseFirmware, now: i64) -> Result<Chosen> {
    let refuse = |message: String, next: &str| Err(Problem::bad_value(message, next));
    let vendor = models::vendor(&body.vendor)?;
    let model = body.model.as_deref().map(|model| models::model(Some(vendor), model)).transpose()?;
    let family = match (&model, body.family.as_deref()) {
        (Some(model), None) => family(vendor, model).to_owned(),
        (Some(_), Some(_)) => {
            return refuse("family and model: a choice is for one of the two.".into(), "Send one of the two.");
        }
        (None, wanted) => known(vendor, wanted.unwrap_or_default())?.to_owned(),
    };
    let version = words::line("version", body.version.as_deref().unwrap_or_default(), LONGEST_VERSION)?;
    match (body.choice, &version) {
        (Choice::Account, _) if place.site.is_none() => {
            return refuse(
                "choice: \"account\" is not accepted: only a site does as its account.".into(),
                "Choose latest, off or release.",
            );
        }
        (Choice::Release, None) => return refuse("version: a release has one.".into(), "Say which: its version."),
        (Choice::Release, Some(version)) => {
            let is_it = |one: &Release| {
                let of_model = |model: &String| one.model.eq_ignore_ascii_case(model);
                let is_meant = model.as_ref().map_or_else(|| super::family(vendor, &one.model) == family, of_model);
                one.vendor == vendor && is_meant && one.version == *version
            };
            if !store::releases(conn, place.account.id)?.iter().any(is_it) {
                let of = match &model {
                    Some(model) => format!("for the {} {model}", vendor.name),
                    None => format!(
                        "for any {} model{}",
                        vendor.name,
                        if family.is_empty() { String::new() } else { format!(" of {family}") }
                    ),
                };
                let message = format!("version: there is no release {version:?} {of}.");
                let next = "Store its file: phonebox file add FILE --kind firmware --vendor NAME --model NAME";
                return refuse(message, next);
            }
        }
        (_, Some(_)) => return refuse("version: only a release has one.".into(), "Leave version out."),
        (_, None) => {}
    }
    let model = model.unwrap_or_default();
    let (vendor, author) = (vendor.id.to_owned(), actor.name.clone());
    Ok(Chosen { vendor, family, model, choice: body.choice, version, author, at: now })
}

fn known(vendor: &'static Vendor, wanted: &str) -> Result<&'static str> {
    let known = families(vendor);
    // Models that no table lists are of none.
    if wanted.is_empty() && known.len() < 2 {
        return Ok("");
    }
    known.iter().find(|family| family.eq_ignore_ascii_case(wanted)).copied().ok_or_else(|| {
        let shown: String = wanted.chars().take(40).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        let named: Vec<&str> = known.into_iter().filter(|family| !family.is_empty()).collect();
        let message = format!("family: {shown:?} is not accepted: {} has no such family of models.", vendor.name);
        let next = match named.is_empty() {
            true => "Leave family out.".to_owned(),
            false => format!("Choose one of {}, or name a model.", named.join(", ")),
        };
        Problem::bad_value(message, next)
    })
}

fn view(conn: &Connection, place: &Place) -> Result<FirmwareView> {
    let releases = store::releases(conn, place.account.id)?;
    let choices = store::choices(conn, place.account.id, place.site_id())?;
    // By vendor's place in the table, family, and model: none for all of them.
    let mut rows: BTreeSet<(usize, &str, String)> = BTreeSet::new();
    let at = |vendor: &Vendor| VENDORS.iter().position(|one| *one == vendor).unwrap_or(usize::MAX);
    let mut add = |vendor: &'static Vendor, family: &'static str, model: &str| {
        rows.insert((at(vendor), family, String::new()));
        rows.insert((at(vendor), family, model.to_owned()));
    };
    for (vendor, model) in store::models(conn, place.account.id)? {
        let Some(vendor) = vendors::by_id(&vendor) else { continue };
        let model = vendors::model(vendor, &model).map_or(model, |row| row.name.clone());
        add(vendor, family(vendor, &model), &model);
    }
    for release in &releases {
        add(release.vendor, family(release.vendor, &release.model), &release.model);
    }
    for one in &choices {
        let Some(vendor) = vendors::by_id(&one.vendor) else { continue };
        let named = families(vendor).into_iter().find(|family| *family == one.family).unwrap_or_default();
        add(vendor, if one.model.is_empty() { named } else { family(vendor, &one.model) }, &one.model);
    }
    let models = rows.into_iter().filter_map(|(at, family, model)| {
        let vendor = *VENDORS.get(at)?;
        Some(row(vendor, family, &model, place, &choices, &releases))
    });
    Ok(FirmwareView { policy: place.account.firmware_policy, models: models.collect() })
}

fn row(
    vendor: &'static Vendor,
    family: &'static str,
    model: &str,
    place: &Place,
    choices: &[Chosen],
    releases: &[Release],
) -> ModelFirmware {
    let counts = chosen(choices, vendor.id, family, model);
    let is_own = |one: &&Chosen| one.model.is_empty() == model.is_empty();
    let is_of = |one: &&Release| match model.is_empty() {
        true => one.vendor == vendor && super::family(vendor, &one.model) == family,
        false => one.is_of(vendor, model),
    };
    let of_row = || releases.iter().filter(is_of);
    let version = counts.and_then(|one| one.version.clone());
    let mut shown: Vec<ReleaseView> = Vec::new();
    for release in of_row() {
        let is_listed = shown.len() < OFFERED || version.as_ref() == Some(&release.version);
        if is_listed && shown.iter().all(|one| one.version != release.version) {
            shown.push(ReleaseView {
                version: release.version.clone(),
                file: (!model.is_empty()).then(|| release.file.to_string()),
                unfit: release.unfit().filter(|_| !model.is_empty()).map(|unfit| unfit.to_string()),
            });
        }
    }
    ModelFirmware {
        vendor: vendor.name.to_owned(),
        family: Some(family.to_owned()).filter(|family| !family.is_empty()),
        model: Some(model.to_owned()).filter(|model| !model.is_empty()),
        choice: counts.map_or(place.unsaid(), |one| one.choice),
        version,
        author: counts.filter(is_own).map(|one| one.author.to_string()),
        updated_at: counts.filter(is_own).map(|one| one.at),
        latest: of_row().find(|one| one.unfit().is_none()).map(|one| one.version.clone()).filter(|_| !model.is_empty()),
        releases: shown,
    }
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(show).service(choose).service(show_site).service(choose_site);
}
