//! Sites over REST.

use super::store::{self, Site};
use crate::ca::Lazy;
use crate::db::{Connection, Db, Touch, Tx};
use crate::profiles::api::AddProfile;
use crate::seal::Keyring;
use crate::users::{Actor, Permission, data};
use crate::web::json::{created, double};
use crate::web::{Code, Json, Page, Paging, Problem, Query, Result, words};
use crate::{audit, clock, devices, profiles};
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, patch, post};

#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filter {
    after: Option<String>,
    limit: Option<u32>,
}

#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddSite {
    name: String,
    /// Absent: the first profile within your data permission.
    profile: Option<String>,
    /// A profile of this name is made, with the standard settings, and given to the site.
    new_profile: Option<String>,
    /// The PIN: four digits that go behind the account's number and make it the site's provisioning code.
    pid: Option<String>,
}

#[derive(Debug, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeSite {
    name: Option<String>,
    /// Null takes the profile away: no device of the site is provisioned then.
    #[serde(default, deserialize_with = "double")]
    #[schema(value_type = Option<String>)]
    profile: Option<Option<String>>,
    /// Null takes it away.
    #[serde(default, deserialize_with = "double")]
    #[schema(value_type = Option<String>)]
    pid: Option<Option<String>>,
}

impl ChangeSite {
    pub fn profile(name: Option<String>) -> ChangeSite {
        ChangeSite { profile: Some(name), ..ChangeSite::default() }
    }
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct LetIn {
    /// How many devices got a new first-contact window and a new token.
    pub devices: usize,
}

/// List the sites
#[utoipa::path(tag = "sites", params(Filter), responses((status = 200, body = Page<Site>)))]
#[get("/sites")]
async fn list(actor: Actor, db: Data<Db>, Query(filter): Query<Filter>) -> Result<Json<Page<Site>>> {
    let paging = Paging::<String>::new(filter.after.as_deref(), filter.limit)?;
    Ok(Json(db.read_long(move |conn| list_of(conn, &actor, &paging)).await?))
}

pub fn list_of(conn: &Connection, actor: &Actor, paging: &Paging<String>) -> Result<Page<Site>> {
    let after = paging.after.clone().unwrap_or_default();
    let sites = store::list(conn, actor.account_id, actor.limited, None, &after, paging.rows())?;
    Ok(paging.page(sites, |site| site.name.clone()))
}

/// Add a site
#[utoipa::path(tag = "sites", request_body = AddSite, responses((status = 201, body = Site)))]
#[post("/sites")]
async fn add(actor: Actor, db: Data<Db>, keys: Data<Keyring>, Json(body): Json<AddSite>) -> Result<HttpResponse> {
    Ok(created(db.write(move |tx| add_one(tx, &keys, &actor, &body)).await?))
}

pub fn add_one(tx: &mut Tx, keys: &Keyring, actor: &Actor, body: &AddSite) -> Result<Site> {
    let name = words::name("The site", &body.name)?;
    refuse_taken(tx, actor, &name)?;
    let now = clock::now();
    let profile = match (&body.new_profile, &body.profile) {
        (Some(_), Some(_)) => {
            let message = "profile and new_profile: a site has one profile.";
            return Err(Problem::bad_value(message, "Send one of the two."));
        }
        (Some(new), None) => {
            actor.must(Permission::ProfileAdd)?;
            Some(profiles::api::make(tx, keys, actor, AddProfile::named(new))?.0)
        }
        (None, Some(profile)) => Some(profiles::api::id(tx, actor, profile)?),
        (None, None) => profiles::store::first(tx, actor.account_id, actor.limited)?,
    };
    let pid = pid(body.pid.as_deref())?;
    refuse_taken_pid(tx, actor, pid, None)?;
    store::insert(tx, actor.account_id, &name, profile, pid, now)?;
    tx.touch(Touch::Shared);
    let added = one(tx, actor, &name)?;
    audit::write_change(tx, actor, "site.add", &name, (None::<&Site>, Some(&added)), None, now)?;
    Ok(added)
}

/// AVA-137: 0000 to 9999, or none.
fn pid(text: Option<&str>) -> Result<Option<&str>> {
    match text.map(str::trim).filter(|text| !text.is_empty()) {
        Some(text) if text.len() != 4 || !text.bytes().all(|byte| byte.is_ascii_digit()) => {
            let shown: String = text.chars().take(20).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
            Err(Problem::bad_value(
                format!("pid: {shown:?} is not accepted: it has four digits."),
                "Write 0000 to 9999.",
            ))
        }
        text => Ok(text),
    }
}

/// Two sites with one PIN would be two sites with one provisioning code. Those that have one since before keep it.
fn refuse_taken_pid(conn: &Connection, actor: &Actor, pid: Option<&str>, but: Option<i64>) -> Result<()> {
    match pid {
        Some(pid) if store::pid_is_taken(conn, actor.account_id, pid, but)? => {
            let message = format!("pid: {pid} is not accepted: another site of this account has it.");
            Err(Problem::new(Code::Exists, message, "Choose four other digits."))
        }
        _ => Ok(()),
    }
}

/// Show a site
#[utoipa::path(tag = "sites", responses((status = 200, body = Site)))]
#[get("/sites/{name}")]
async fn show(actor: Actor, db: Data<Db>, name: Path<String>) -> Result<Json<Site>> {
    Ok(Json(db.read_long(move |conn| one(conn, &actor, &name)).await?))
}

/// Change a site
#[utoipa::path(tag = "sites", request_body = ChangeSite, responses((status = 200, body = Site)))]
#[patch("/sites/{name}")]
async fn change(actor: Actor, db: Data<Db>, name: Path<String>, Json(body): Json<ChangeSite>) -> Result<Json<Site>> {
    Ok(Json(db.write(move |tx| change_one(tx, &actor, &name, &body)).await?))
}

pub fn change_one(tx: &mut Tx, actor: &Actor, name: &str, body: &ChangeSite) -> Result<Site> {
    let new = body.name.as_deref().map(|name| words::name("The site", name)).transpose()?;
    let id = id_to_change(tx, actor, name)?;
    let before = one(tx, actor, name)?;
    let now = clock::now();
    let mut told = Vec::new();
    if let Some(profile) = &body.profile {
        let profile_id = profile.as_deref().map(|name| profiles::api::id(tx, actor, name)).transpose()?;
        store::set_profile(tx, id, profile_id, now)?;
        told.push(format!("profile={}", profile.as_deref().unwrap_or("none")));
    }
    if let Some(text) = &body.pid {
        let pid = pid(text.as_deref())?;
        refuse_taken_pid(tx, actor, pid, Some(id))?;
        store::set_pid(tx, id, pid, now)?;
        told.push(format!("pid={}", pid.unwrap_or("none")));
    }
    if let Some(new) = new.as_ref().filter(|new| **new != name) {
        refuse_taken(tx, actor, new)?;
        store::rename(tx, id, new, now)?;
        told.push(format!("name={new}"));
    }
    let after = one(tx, actor, new.as_deref().unwrap_or(name))?;
    if !told.is_empty() {
        tx.touch(Touch::Shared);
        let sides = (Some(&before), Some(&after));
        audit::write_change(tx, actor, "site.set", name, sides, Some(told.join(" ")), now)?;
    }
    Ok(after)
}

/// Remove a site and its settings
#[utoipa::path(tag = "sites", responses((status = 204)))]
#[delete("/sites/{name}")]
async fn remove(actor: Actor, db: Data<Db>, name: Path<String>) -> Result<HttpResponse> {
    db.write(move |tx| remove_one(tx, &actor, &name)).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub fn remove_one(tx: &mut Tx, actor: &Actor, name: &str) -> Result<()> {
    let id = id_to_change(tx, actor, name)?;
    let before = one(tx, actor, name)?;
    let devices = before.devices;
    if devices > 0 {
        let message = format!("The site {name:?} is still in use by {devices} devices.");
        let next = "Move them first: PATCH /api/v1/devices/MAC, or phonebox device set MAC --site NAME";
        return Err(Problem::new(Code::InUse, message, next));
    }
    let now = clock::now();
    store::remove(tx, id)?;
    tx.touch(Touch::Shared);
    audit::write_change(tx, actor, "site.remove", name, (Some(&before), None::<&Site>), None, now)?;
    Ok(())
}

/// Let every active phone of a site in again, of those that you see: new windows, new tokens
#[utoipa::path(tag = "sites", responses((status = 200, body = LetIn)))]
#[post("/sites/{name}/let-in")]
async fn let_in(
    actor: Actor,
    db: Data<Db>,
    keys: Data<Keyring>,
    window: Data<devices::Window>,
    ca: Data<Lazy>,
    name: Path<String>,
) -> Result<Json<LetIn>> {
    let by = actor.name.clone();
    let macs = db
        .write(move |tx| {
            let id = id(tx, &actor, &name)?;
            let now = clock::now();
            let macs = devices::store::active_of_site(tx, id, actor.limited)?;
            for mac in &macs {
                devices::api::let_one_in(tx, &keys, **window, *mac, now)?;
            }
            let detail = Some(format!("{} devices", macs.len()));
            audit::store::write(tx, &actor, "site.let-in", &*name, detail, now)?;
            Ok::<_, Problem>(macs)
        })
        .await?;
    ca.let_go(&macs, &by, clock::now()).await?;
    Ok(Json(LetIn { devices: macs.len() }))
}

fn one(conn: &Connection, actor: &Actor, name: &str) -> Result<Site> {
    store::list(conn, actor.account_id, actor.limited, Some(name), "", 1)?.pop().ok_or_else(|| missing(actor, name))
}

/// Where a site itself is changed, or what all its phones have of it.
pub fn id_to_change(conn: &Connection, actor: &Actor, name: &str) -> Result<i64> {
    let id = id(conn, actor, name)?;
    data::must_have_all(conn, actor, id, data::store::has_all_of_site, format_args!("The site {name:?}"))?;
    Ok(id)
}

/// For bodies that name a site.
pub fn id(conn: &Connection, actor: &Actor, name: &str) -> Result<i64> {
    let id = store::id(conn, actor.account_id, name)?.ok_or_else(|| missing(actor, name))?;
    if data::sees(conn, actor, id, data::store::sees_site)? { Ok(id) } else { Err(missing(actor, name)) }
}

fn missing(actor: &Actor, name: &str) -> Problem {
    let what = format_args!("site {name:?}{}", data::within(actor));
    Problem::not_found(what, "List them: GET /api/v1/sites, or phonebox site list")
}

fn refuse_taken(conn: &Connection, actor: &Actor, name: &str) -> Result<()> {
    match store::id(conn, actor.account_id, name)? {
        None => Ok(()),
        Some(_) => {
            Err(Problem::new(Code::Exists, format!("There is a site {name:?} already."), "Choose another name."))
        }
    }
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(list).service(add).service(show).service(change).service(remove).service(let_in);
}
