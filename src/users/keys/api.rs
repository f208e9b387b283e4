//! API keys over REST.

use super::limits::must_be_within;
use super::store::{self, ApiKey, Change};
use super::{BOX_KEY, access_key, generate, hash, place, signed};
use crate::db::{BOX_ACCOUNT, Connection, Db, Tx};
use crate::net::Cidr;
use crate::seal::{Keyring, hex};
use crate::settings::Secret;
use crate::users::directory::{must_hold, parse, refuse_box};
use crate::users::{Actor, Permission, Permissions};
use crate::web::json::{created, double};
use crate::web::{Code, Json, Problem, Result, words};
use crate::webhooks::{self, Reach};
use crate::{audit, clock};
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, patch, post};

/// API keys of an account.
const MOST: usize = 200;

#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddKey {
    name: String,
    /// Absent: everything, of somebody who may do everything.
    #[schema(value_type = Option<Vec<crate::users::Permission>>)]
    permissions: Option<Vec<String>>,
    /// Networks in CIDR notation from which it works; absent: all.
    #[serde(default)]
    sources: Vec<String>,
    /// Milliseconds since 1970-01-01 UTC; absent: never.
    expires_at: Option<i64>,
    /// Where events go, signed like those of a webhook with the key's signing key in hex. Whoever says it needs
    /// webhook.write: all events of the account go there.
    callback: Option<String>,
}

#[derive(Debug, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ChangeKey {
    name: Option<String>,
    #[schema(value_type = Option<Vec<crate::users::Permission>>)]
    permissions: Option<Vec<String>>,
    sources: Option<Vec<String>>,
    #[serde(deserialize_with = "double")]
    #[schema(value_type = Option<i64>)]
    expires_at: Option<Option<i64>>,
    #[serde(deserialize_with = "double")]
    #[schema(value_type = Option<String>)]
    callback: Option<Option<String>>,
}

#[derive(serde::Serialize, utoipa::ToSchema)]
pub struct NewKey {
    #[serde(flatten)]
    key: ApiKey,
    /// Shown this once; the box keeps only its hash.
    secret: String,
}

/// List the API keys
#[utoipa::path(tag = "api-keys", responses((status = 200, body = [ApiKey])))]
#[get("/api-keys")]
async fn list(actor: Actor, db: Data<Db>) -> Result<Json<Vec<ApiKey>>> {
    Ok(Json(db.read(|conn| store::list(conn, actor.account_id, None))?))
}

/// Make an API key
#[utoipa::path(tag = "api-keys", request_body = AddKey, responses((status = 201, body = NewKey)))]
#[post("/api-keys")]
async fn add(
    actor: Actor,
    db: Data<Db>,
    keys: Data<Keyring>,
    reach: Data<Reach>,
    Json(body): Json<AddKey>,
) -> Result<HttpResponse> {
    let name = words::name("The API key", &body.name)?;
    let new = Change {
        permissions: body.permissions.as_deref().map(parse).transpose()?,
        sources: networks(&body.sources)?,
        expires_at: body.expires_at.map(expiry).transpose()?,
        callback: body.callback.as_deref().map(|url| webhooks::api::checked_url(&reach, url)).transpose()?,
        name,
    };
    let made = db
        .write(move |tx| {
            must_hold(&actor, actor.account_id, new.permissions.unwrap_or_else(Permissions::all))?;
            must_be_within(tx, &actor, new.expires_at, &new.sources)?;
            refuse_box(actor.account_id, new.permissions.unwrap_or_default())?;
            may_call_back(&actor, new.callback.as_deref())?;
            refuse_without_service(tx, &actor)?;
            refuse_taken(tx, &actor, &new.name, None)?;
            if store::list(tx, actor.account_id, None)?.len() >= MOST {
                let message = format!("An account has at most {MOST} API keys.");
                return Err(Problem::new(Code::InUse, message, "Remove one that nobody uses."));
            }
            let now = clock::now();
            let secret = generate()?;
            let of = (actor.account_id, access_key()?, hash(&secret));
            let id = store::insert(tx, of, &new, &actor.name, now)?;
            seal(tx, &keys, id, &secret)?;
            call_back(tx, &keys, actor.account_id, id, new.callback.as_deref(), now)?;
            let detail = new.permissions.map_or("everything".to_owned(), |some| some.words().join(" "));
            let sides = (None::<&ApiKey>, Some(&one(tx, &actor, id)?));
            audit::store::write_change(tx, &actor, "api-key.add", &new.name, sides, Some(detail), now)?;
            shown(tx, &actor, id, &secret)
        })
        .await?;
    Ok(created(made))
}

/// Change an API key; its id and secret stay
#[utoipa::path(tag = "api-keys", request_body = ChangeKey, responses((status = 200, body = ApiKey)))]
#[patch("/api-keys/{id}")]
async fn change(
    actor: Actor,
    db: Data<Db>,
    keys: Data<Keyring>,
    reach: Data<Reach>,
    id: Path<i64>,
    Json(body): Json<ChangeKey>,
) -> Result<Json<ApiKey>> {
    let changed = db
        .write(move |tx| {
            let old = manageable(tx, &actor, *id)?;
            let permissions = match &body.permissions {
                Some(words) => Some(parse(words)?),
                None if old.everything => None,
                None => Some(parse(&old.permissions)?),
            };
            let new = Change {
                name: body.name.as_deref().map_or(Ok(old.name.clone()), |name| words::name("The API key", name))?,
                permissions,
                sources: networks(body.sources.as_ref().unwrap_or(&old.sources))?,
                expires_at: match body.expires_at {
                    // Said again as it is, it changes nothing.
                    Some(Some(at)) if old.expires_at != Some(at) => Some(expiry(at)?),
                    Some(said) => said,
                    None => old.expires_at,
                },
                callback: match body.callback {
                    Some(ref url) => url.as_deref().map(|url| webhooks::api::checked_url(&reach, url)).transpose()?,
                    None => old.callback.clone(),
                },
            };
            must_hold(&actor, actor.account_id, permissions.unwrap_or_else(Permissions::all))?;
            must_be_within(tx, &actor, new.expires_at, &new.sources)?;
            if body.permissions.is_some() {
                refuse_box(actor.account_id, new.permissions.unwrap_or_default())?;
            }
            if new.callback != old.callback {
                may_call_back(&actor, new.callback.as_deref())?;
            }
            refuse_taken(tx, &actor, &new.name, Some(old.id))?;
            if actor.account_id == BOX_ACCOUNT && old.name == BOX_KEY && new.name != old.name {
                let message = format!("The box's own key keeps its name: by it, {BOX_KEY:?} is found and made anew.");
                return Err(Problem::bad_value(message, "Make another key with the name you want."));
            }
            let now = clock::now();
            store::update(tx, old.id, &new)?;
            if new.callback != old.callback {
                call_back(tx, &keys, actor.account_id, old.id, new.callback.as_deref(), now)?;
            }
            let after = one(tx, &actor, old.id)?;
            let sides = (Some(&old), Some(&after));
            audit::store::write_change(tx, &actor, "api-key.set", &old.name, sides, None, now)?;
            Ok::<_, Problem>(after)
        })
        .await?;
    Ok(Json(changed))
}

/// Make an API key a new secret; the old one stops working at once
#[utoipa::path(tag = "api-keys", responses((status = 200, body = NewKey)))]
#[post("/api-keys/{id}/reset")]
async fn reset(actor: Actor, db: Data<Db>, keys: Data<Keyring>, id: Path<i64>) -> Result<Json<NewKey>> {
    let made = db
        .write(move |tx| {
            let key = manageable(tx, &actor, *id)?;
            let secret = generate()?;
            store::set_secret(tx, key.id, &hash(&secret))?;
            seal(tx, &keys, key.id, &secret)?;
            let now = clock::now();
            call_back(tx, &keys, actor.account_id, key.id, key.callback.as_deref(), now)?;
            audit::store::write(tx, &actor, "api-key.reset", &key.name, None, now)?;
            shown(tx, &actor, key.id, &secret)
        })
        .await?;
    Ok(Json(made))
}

/// Remove an API key
#[utoipa::path(tag = "api-keys", responses((status = 204)))]
#[delete("/api-keys/{id}")]
async fn remove(actor: Actor, db: Data<Db>, id: Path<i64>) -> Result<HttpResponse> {
    db.write(move |tx| {
        let key = manageable(tx, &actor, *id)?;
        store::remove(tx, key.id)?;
        let sides = (Some(&key), None::<&ApiKey>);
        audit::store::write_change(tx, &actor, "api-key.remove", &key.name, sides, None, clock::now())?;
        Ok::<_, Problem>(())
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

fn seal(tx: &Tx, keys: &Keyring, id: i64, secret: &Secret) -> Result<()> {
    let sealed = keys.seal(&place(id), &signed::signing_key(secret.reveal()))?;
    Ok(store::set_signing(tx, id, &sealed)?)
}

/// Events go to the key's address as to a webhook, signed with what signs the key's own requests: the program needs no
/// second secret. Sealed again for the webhook, because what is sealed opens in its own place only.
fn call_back(tx: &Tx, keys: &Keyring, account_id: i64, id: i64, url: Option<&str>, now: i64) -> Result<()> {
    let Some(url) = url else { return Ok(webhooks::store::remove_of_key(tx, id)?) };
    if !webhooks::store::has_key(tx, id)? {
        webhooks::api::refuse_more(tx, account_id)?;
    }
    let sealed = store::signing(tx, id)?;
    let Some(sealed) = sealed else {
        let message = "This key has no secret that could sign what is sent: it was made before keys could.";
        return Err(Problem::new(Code::BadValue, message, "Make it a new secret first."));
    };
    let secret = Secret::new(hex(&keys.open_bytes(&place(id), &sealed)?));
    Ok(webhooks::store::put_of_key(tx, keys, account_id, id, url, &secret, now)?)
}

fn shown(conn: &Connection, actor: &Actor, id: i64, secret: &Secret) -> Result<NewKey> {
    Ok(NewKey { key: one(conn, actor, id)?, secret: secret.reveal().to_owned() })
}

fn one(conn: &Connection, actor: &Actor, id: i64) -> Result<ApiKey> {
    let missing = || Problem::not_found("such API key", "List them: GET /api/v1/api-keys");
    store::list(conn, actor.account_id, Some(id))?.pop().ok_or_else(missing)
}

/// One that may do no more than the actor: a new secret opens all it may do.
fn manageable(conn: &Connection, actor: &Actor, id: i64) -> Result<ApiKey> {
    let key = one(conn, actor, id)?;
    let permissions = if key.everything { Permissions::all() } else { parse(&key.permissions)? };
    must_hold(actor, actor.account_id, permissions)?;
    must_be_within(conn, actor, key.expires_at, &key.sources.join(" "))?;
    Ok(key)
}

/// All events of the account go there, whatever the key may read.
fn may_call_back(actor: &Actor, url: Option<&str>) -> Result<()> {
    match url {
        Some(_) if !actor.permissions.has(Permission::WebhookWrite) => {
            let message = "callback: you may not say where events go: it needs the permission webhook.write.";
            Err(Problem::new(
                Code::Forbidden,
                message,
                "Leave callback out, or ask who manages the users of your account.",
            ))
        }
        _ => Ok(()),
    }
}

/// AVA-168: a key that opens nothing is not handed out as if it did.
fn refuse_without_service(conn: &Connection, actor: &Actor) -> Result<()> {
    let next = match store::service(conn, actor.account_id)?.as_deref() {
        Some("on") => return Ok(()),
        Some("requested") => "It is asked for already: wait for the account above, or ask there.".to_owned(),
        _ => format!(
            "Ask for it: Services on the page, or PATCH /api/v1/accounts/{} with api_access=requested.",
            actor.account_id
        ),
    };
    let message = "No API key is made: this account does not have the service API access, without which none works.";
    Err(Problem::new(Code::Forbidden, message, next))
}

/// A key that never works is a mistake: seconds for milliseconds, for example.
fn expiry(at: i64) -> Result<i64> {
    if at > clock::now() {
        return Ok(at);
    }
    let message = format!("expires_at: {at} is not accepted: it is past. It counts milliseconds since 1970-01-01 UTC.");
    Err(Problem::bad_value(message, "Send a later time, or null for a key that does not expire."))
}

fn networks(words: &[String]) -> Result<String> {
    let check = |word: &String| {
        let network: std::result::Result<Cidr, _> = word.parse();
        network
            .map(|network| network.to_string())
            .map_err(|error| Problem::bad_value(format!("sources: {error}."), "Write networks like 192.0.2.0/24."))
    };
    Ok(words.iter().map(check).collect::<Result<Vec<_>>>()?.join(" "))
}

fn refuse_taken(tx: &Tx, actor: &Actor, name: &str, but: Option<i64>) -> Result<()> {
    match store::named(tx, actor.account_id, name)?.filter(|id| Some(*id) != but) {
        None => Ok(()),
        Some(_) => {
            Err(Problem::new(Code::Exists, format!("There is an API key {name:?} already."), "Choose another name."))
        }
    }
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(list).service(add).service(change).service(reset).service(remove);
}
