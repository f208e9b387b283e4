//! Lines and SIP accounts over REST.

use super::input::{CheckedLine, LineInput};
use super::store::{self, Account};
use crate::db::{Connection, Db, Tx};
use crate::layers::{self, Scope};
use crate::seal::Keyring;
use crate::users::{Actor, data};
use crate::web::json::created;
use crate::web::{Code, Json, Page, Paging, Problem, Query, Result, words};
use crate::{audit, clock, devices};
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, patch, post};

#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Only accounts of this user.
    user: Option<String>,
    after: Option<String>,
    limit: Option<u32>,
}

/// Change a line; it is made when there is none of that number
#[utoipa::path(tag = "devices", params(("mac" = String, Path), ("number" = u8, Path)),
    request_body = LineInput, responses((status = 200, body = devices::api::DeviceView)))]
#[patch("/devices/{mac}/lines/{number}")]
async fn change_line(
    actor: Actor,
    db: Data<Db>,
    keys: Data<Keyring>,
    path: Path<(String, String)>,
    Json(body): Json<LineInput>,
) -> Result<Json<devices::api::DeviceView>> {
    let (mac, number) = (words::mac(&path.0)?, number(&path.1)?);
    let line = body.check()?;
    let device = db
        .write(move |tx| {
            let before = devices::api::view(tx, &keys, &actor, mac)?;
            let id = devices::api::id(tx, &actor, mac)?;
            let now = clock::now();
            let told = put(tx, &keys, &actor, id, number, &line, now)?;
            devices::store::changed(tx, mac, now)?;
            let (told, after) = (format!("line {number} {told}"), devices::api::view(tx, &keys, &actor, mac)?);
            audit::write_change(tx, &actor, "line.set", mac, (Some(&before), Some(&after)), Some(told), now)?;
            Ok::<_, Problem>(after)
        })
        .await?;
    Ok(Json(device))
}

/// Remove a line with its settings, and its SIP account if no other line has it
#[utoipa::path(tag = "devices", params(("mac" = String, Path), ("number" = u8, Path)),
    responses((status = 200, body = devices::api::DeviceView)))]
#[delete("/devices/{mac}/lines/{number}")]
async fn remove_line(
    actor: Actor,
    db: Data<Db>,
    keys: Data<Keyring>,
    path: Path<(String, String)>,
) -> Result<Json<devices::api::DeviceView>> {
    let (mac, number) = (words::mac(&path.0)?, number(&path.1)?);
    let device = db
        .write(move |tx| {
            let before = devices::api::view(tx, &keys, &actor, mac)?;
            let id = devices::api::id(tx, &actor, mac)?;
            if !store::remove_line(tx, id, number)? {
                let next = format!("Look at its lines: GET /api/v1/devices/{mac}, or phonebox device show {mac}");
                return Err(Problem::not_found(format_args!("line {number} on the device {mac}"), next));
            }
            let now = clock::now();
            layers::store::clear_line(tx, id, number)?;
            devices::store::changed(tx, mac, now)?;
            let (told, after) = (format!("line {number}"), devices::api::view(tx, &keys, &actor, mac)?);
            audit::write_change(tx, &actor, "line.remove", mac, (Some(&before), Some(&after)), Some(told), now)?;
            Ok::<_, Problem>(after)
        })
        .await?;
    Ok(Json(device))
}

/// List the SIP accounts
#[utoipa::path(tag = "sip-accounts", params(Filter), responses((status = 200, body = Page<Account>)))]
#[get("/sip-accounts")]
async fn list(actor: Actor, db: Data<Db>, Query(filter): Query<Filter>) -> Result<Json<Page<Account>>> {
    let paging = Paging::<i64>::new(filter.after.as_deref(), filter.limit)?;
    let accounts = db
        .read_long(move |conn| {
            let (user, after) = (filter.user.as_deref(), paging.after.unwrap_or(0));
            store::accounts(conn, actor.account_id, user, None, after, paging.rows()).map_err(Problem::from)
        })
        .await?;
    Ok(Json(paging.page(accounts, |account| account.id.to_string())))
}

/// Add a SIP account that lines can be given
#[utoipa::path(tag = "sip-accounts", request_body = LineInput, responses((status = 201, body = Account)))]
#[post("/sip-accounts")]
async fn add(actor: Actor, db: Data<Db>, keys: Data<Keyring>, Json(body): Json<LineInput>) -> Result<HttpResponse> {
    let line = account_only(body.check()?)?;
    let user = line.account.user.clone();
    let user = user.ok_or_else(|| Problem::bad_value("user: a SIP account needs one.", "Give it a user."))?;
    let account = db
        .write(move |tx| {
            let now = clock::now();
            let id = store::insert(tx, &keys, &actor, &user, &line.account, now)?;
            let added = account(tx, &actor, id)?;
            let sides = (None::<&Account>, Some(&added));
            audit::write_change(tx, &actor, "sip-account.add", id, sides, Some(told(&line)), now)?;
            Ok::<_, Problem>(added)
        })
        .await?;
    Ok(created(account))
}

/// Remove a SIP account that no line has
#[utoipa::path(tag = "sip-accounts", params(("id" = i64, Path)), responses((status = 204)))]
#[delete("/sip-accounts/{id}")]
async fn remove_account(actor: Actor, db: Data<Db>, id: Path<i64>) -> Result<HttpResponse> {
    db.write(move |tx| {
        let before = account(tx, &actor, *id)?;
        let lines = before.lines;
        if lines > 0 {
            let message = format!("The SIP account {id} is still in use by {lines} lines.");
            return Err(Problem::new(Code::InUse, message, "Remove the lines, or give them another account."));
        }
        store::drop_unused(tx, *id)?;
        let sides = (Some(&before), None::<&Account>);
        audit::write_change(tx, &actor, "sip-account.remove", *id, sides, None, clock::now())?;
        Ok(())
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Show a SIP account
#[utoipa::path(tag = "sip-accounts", params(("id" = i64, Path)), responses((status = 200, body = Account)))]
#[get("/sip-accounts/{id}")]
async fn show(actor: Actor, db: Data<Db>, id: Path<i64>) -> Result<Json<Account>> {
    Ok(Json(db.read_long(move |conn| account(conn, &actor, *id)).await?))
}

/// Change a SIP account on every line that registers it
#[utoipa::path(tag = "sip-accounts", params(("id" = i64, Path)), request_body = LineInput,
    responses((status = 200, body = Account)))]
#[patch("/sip-accounts/{id}")]
async fn change_account(
    actor: Actor,
    db: Data<Db>,
    keys: Data<Keyring>,
    id: Path<i64>,
    Json(body): Json<LineInput>,
) -> Result<Json<Account>> {
    let line = account_only(body.check()?)?;
    let account = db
        .write(move |tx| {
            let before = account(tx, &actor, *id)?;
            let now = clock::now();
            store::update(tx, &keys, &actor, *id, &line.account, now)?;
            for mac in store::devices_of(tx, *id)? {
                devices::store::changed(tx, mac, now)?;
            }
            let after = account(tx, &actor, *id)?;
            let sides = (Some(&before), Some(&after));
            audit::write_change(tx, &actor, "sip-account.set", *id, sides, Some(told(&line)), now)?;
            Ok::<_, Problem>(after)
        })
        .await?;
    Ok(Json(account))
}

fn account_only(line: CheckedLine) -> Result<CheckedLine> {
    if line.sip_account.is_some() || !line.settings.is_empty() || !line.unset.is_empty() {
        let next = "Change them at the line: PATCH /api/v1/devices/{mac}/lines/{number}";
        return Err(Problem::bad_value("settings and sip_account belong to a line, not to a SIP account.", next));
    }
    Ok(line)
}

fn account(conn: &Connection, actor: &Actor, id: i64) -> Result<Account> {
    let mut found = store::accounts(conn, actor.account_id, None, Some(id), 0, 1)?;
    found.pop().ok_or_else(|| missing(id))
}

fn missing(id: i64) -> Problem {
    Problem::not_found(format_args!("SIP account {id}"), "List them: GET /api/v1/sip-accounts")
}

pub fn number(text: &str) -> Result<u8> {
    let number = text.parse::<u8>().ok().filter(|number| *number > 0 && !text.starts_with('+'));
    number.ok_or_else(|| {
        let shown: String = text.chars().take(20).collect();
        let message = format!("line: {shown:?} is not accepted: lines are numbered from 1 to 255.");
        Problem::bad_value(message, "Write for example 1.")
    })
}

/// Writes a checked line. Answers what changed, for the audit log.
pub fn put(
    tx: &mut Tx,
    keys: &Keyring,
    actor: &Actor,
    device_id: i64,
    number: u8,
    line: &CheckedLine,
    now: i64,
) -> Result<String> {
    let there = store::line_account(tx, device_id, number)?;
    let account_id = match (line.sip_account, there.flatten()) {
        (Some(wanted), old) => {
            if !line.account.is_empty() {
                let next = "Link the account, or give the line one of its own.";
                return Err(Problem::bad_value(
                    "sip_account stands beside user, auth_id, password or display_name.",
                    next,
                ));
            }
            let id = account(tx, actor, wanted)?.id;
            if !data::sees(tx, actor, id, data::store::has_all_of_sip_account)? {
                return Err(missing(id));
            }
            store::put_line(tx, actor.account_id, device_id, number, Some(id))?;
            if let Some(old) = old.filter(|old| *old != id) {
                store::drop_unused(tx, old)?;
            }
            Some(id)
        }
        (None, Some(old)) => {
            if !line.account.is_empty() {
                let what = format_args!("The SIP account of line {number}");
                data::must_have_all(tx, actor, old, data::store::has_all_of_sip_account, what)?;
                store::update(tx, keys, actor, old, &line.account, now)?;
                for mac in store::devices_of(tx, old)? {
                    devices::store::changed(tx, mac, now)?;
                }
            }
            Some(old)
        }
        (None, None) if line.account.is_empty() => None,
        (None, None) => match &line.account.user {
            Some(user) => Some(store::insert(tx, keys, actor, user, &line.account, now)?),
            None => {
                let message = format!("line {number} has no SIP account yet, and none is made without a user.");
                return Err(Problem::new(Code::BadValue, message, "Give the line a user."));
            }
        },
    };
    store::put_line(tx, actor.account_id, device_id, number, account_id)?;
    let scope = Scope::line(device_id, number);
    for checked in &line.settings {
        layers::store::put(tx, keys, actor, scope, checked, now)?;
    }
    for name in &line.unset {
        layers::store::unset(tx, scope, name)?;
    }
    Ok(told(line))
}

fn told(line: &CheckedLine) -> String {
    let mut words: Vec<String> = Vec::new();
    if let Some(user) = &line.account.user {
        words.push(format!("user={user}"));
    }
    for (name, changed) in [
        ("auth_id", line.account.auth_id.is_some()),
        ("password", line.account.password.is_some()),
        ("display_name", line.account.display_name.is_some()),
    ] {
        if changed {
            words.push(name.to_owned());
        }
    }
    words.extend(line.sip_account.map(|id| format!("sip_account={id}")));
    words.extend(line.settings.iter().map(|checked| format!("{}={}", checked.name, checked.value.masked())));
    words.extend(line.unset.iter().map(|name| format!("unset {name}")));
    words.join(" ")
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(change_line).service(remove_line);
    config.service(list).service(add).service(show).service(change_account).service(remove_account);
}
