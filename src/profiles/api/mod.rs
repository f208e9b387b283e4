//! Profiles over REST.

mod body;
mod targets;
mod view;

pub use body::AddProfile;
pub use view::{ProfileView, id, id_to_change};

use super::store;
use crate::db::{Connection, Db, Touch, Tx};
use crate::seal::Keyring;
use crate::users::{Actor, data};
use crate::web::json::created;
use crate::web::{Code, Json, Problem, Result, words};
use crate::{audit, clock};
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, patch, post};
use body::ChangeProfile;
use targets::{MAX_TARGETS, TargetInput, too_many};
use view::{load, load_to_change, view};

/// List the profiles
#[utoipa::path(tag = "profiles", responses((status = 200, body = Vec<ProfileView>)))]
#[get("/profiles")]
async fn list(actor: Actor, db: Data<Db>, keys: Data<Keyring>) -> Result<Json<Vec<ProfileView>>> {
    let profiles = db
        .read_long(move |conn| {
            let own = store::all(conn, &keys)?.into_iter().filter(|profile| profile.account_id == actor.account_id);
            let mut seen = Vec::new();
            for profile in own {
                if data::sees(conn, &actor, profile.id, data::store::sees_profile)? {
                    seen.push(view(conn, profile)?);
                }
            }
            Ok::<_, Problem>(seen)
        })
        .await?;
    Ok(Json(profiles))
}

/// Add a profile
#[utoipa::path(tag = "profiles", request_body = AddProfile, responses((status = 201, body = ProfileView)))]
#[post("/profiles")]
async fn add(actor: Actor, db: Data<Db>, keys: Data<Keyring>, Json(body): Json<AddProfile>) -> Result<HttpResponse> {
    let (_, profile) = db.write(move |tx| make(tx, &keys, &actor, body)).await?;
    Ok(created(profile))
}

/// Also from where a site is added (AVA-136).
pub fn make(tx: &mut Tx, keys: &Keyring, actor: &Actor, body: AddProfile) -> Result<(i64, ProfileView)> {
    let name = words::name("The profile", &body.name)?;
    if body.targets.len() > MAX_TARGETS {
        return Err(too_many());
    }
    refuse_taken(tx, actor, &name)?;
    let now = clock::now();
    let id = store::insert(tx, actor.account_id, &name, now)?;
    if let Some(user_id) = actor.limited {
        data::store::made_profile(tx, user_id, id)?;
    }
    let mut profile = load(tx, keys, actor, &name)?;
    body.options.apply(tx, &mut profile)?;
    store::update(tx, &profile, now)?;
    let targets = if body.targets.is_empty() { vec![TargetInput::default()] } else { body.targets };
    for target in targets {
        let target = target.applied(None)?;
        store::put_target(tx, keys, actor.account_id, id, None, &target)?;
    }
    tx.touch(Touch::Shared);
    let added = view(tx, load(tx, keys, actor, &name)?)?;
    audit::write_change(tx, actor, "profile.add", &name, (None::<&ProfileView>, Some(&added)), None, now)?;
    Ok((id, added))
}

/// Show a profile
#[utoipa::path(tag = "profiles", responses((status = 200, body = ProfileView)))]
#[get("/profiles/{name}")]
async fn show(actor: Actor, db: Data<Db>, keys: Data<Keyring>, name: Path<String>) -> Result<Json<ProfileView>> {
    Ok(Json(db.read_long(move |conn| view(conn, load(conn, &keys, &actor, &name)?)).await?))
}

/// Change a profile. Devices already enrolled elsewhere learn it at their next enrolment
#[utoipa::path(tag = "profiles", request_body = ChangeProfile, responses((status = 200, body = ProfileView)))]
#[patch("/profiles/{name}")]
async fn change(
    actor: Actor,
    db: Data<Db>,
    keys: Data<Keyring>,
    name: Path<String>,
    Json(body): Json<ChangeProfile>,
) -> Result<Json<ProfileView>> {
    let new = body.name.as_deref().map(|name| words::name("The profile", name)).transpose()?;
    let profile = db
        .write(move |tx| {
            let mut profile = load_to_change(tx, &keys, &actor, &name)?;
            let before = view(tx, profile.clone())?;
            let mut told = body.options.apply(tx, &mut profile)?;
            if let Some(new) = new.filter(|new| *new != *name) {
                refuse_taken(tx, &actor, &new)?;
                told.push(format!("name={new}"));
                profile.name = new;
            }
            if !told.is_empty() {
                let now = clock::now();
                store::update(tx, &profile, now)?;
                tx.touch(Touch::Shared);
                let after = view(tx, profile.clone())?;
                let sides = (Some(&before), Some(&after));
                audit::write_change(tx, &actor, "profile.set", &*name, sides, Some(told.join(" ")), now)?;
            }
            view(tx, load(tx, &keys, &actor, &profile.name)?)
        })
        .await?;
    Ok(Json(profile))
}

/// Remove a profile, its targets and settings
#[utoipa::path(tag = "profiles", responses((status = 204)))]
#[delete("/profiles/{name}")]
async fn remove(actor: Actor, db: Data<Db>, keys: Data<Keyring>, name: Path<String>) -> Result<HttpResponse> {
    db.write(move |tx| {
        let id = id_to_change(tx, &actor, &name)?;
        let before = view(tx, load(tx, &keys, &actor, &name)?)?;
        let (sites, devices) = store::users(tx, id)?;
        if sites + devices > 0 {
            let message = format!("The profile {:?} is still in use by {sites} sites and {devices} devices.", *name);
            let next =
                "Give them another one first: PATCH /api/v1/sites/SITE, or phonebox site set SITE --profile NAME";
            return Err(Problem::new(Code::InUse, message, next));
        }
        let now = clock::now();
        store::remove(tx, id)?;
        tx.touch(Touch::Shared);
        audit::write_change(tx, &actor, "profile.remove", &*name, (Some(&before), None::<&ProfileView>), None, now)?;
        Ok(())
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

fn refuse_taken(conn: &Connection, actor: &Actor, name: &str) -> Result<()> {
    let next = "Choose another name.";
    match store::id(conn, actor.account_id, name)? {
        None => Ok(()),
        Some(_) => Err(Problem::new(Code::Exists, format!("There is a profile {name:?} already."), next)),
    }
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(list).service(add).service(show).service(change).service(remove);
    config.service(targets::add_target).service(targets::change_target).service(targets::remove_target);
}
