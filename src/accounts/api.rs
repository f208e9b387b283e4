//! Accounts over REST: one's own and those below it. All others are not there.

use super::store::{self, Filter, NewAccount};
use super::view::{self, AccountView, AddAccount, ApiAccess, ChangeAccount};
use super::{Kind, removal};
use crate::db::{Connection, Db, Touch, Tx};
use crate::seal::random;
use crate::users::{Actor, BOX_ACCOUNT, Who};
use crate::web::json::created;
use crate::web::{Code, Directory, Json, Page, Paging, Problem, Query, Result, words};
use crate::{audit, ca, clock, files};
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, patch, post};

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
enum Order {
    List,
    Tree,
}

#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// `tree`: each account is followed by those below it, `depth` says how far.
    #[param(inline)]
    view: Option<Order>,
    #[param(inline)]
    kind: Option<Kind>,
    enabled: Option<bool>,
    /// Part of the name, contact, e-mail address or number.
    search: Option<String>,
    after: Option<String>,
    limit: Option<u32>,
}

/// List your account and those below it
#[utoipa::path(tag = "accounts", params(ListQuery), responses((status = 200, body = Page<AccountView>)))]
#[get("/accounts")]
async fn list(actor: Actor, db: Data<Db>, Query(query): Query<ListQuery>) -> Result<Json<Page<AccountView>>> {
    let paging = Paging::<i64>::new(query.after.as_deref(), query.limit)?;
    let ListQuery { kind, enabled, search, .. } = query;
    let filter = Filter { id: None, kind, enabled, search, tree: query.view == Some(Order::Tree) };
    let rows = db
        .read_long(move |conn| {
            store::list(conn, actor.account_id, &filter, paging.after, paging.rows()).map_err(Problem::from)
        })
        .await?;
    Ok(Json(paging.page(rows, |account| account.id.to_string())))
}

/// Show an account
#[utoipa::path(tag = "accounts", responses((status = 200, body = AccountView)))]
#[get("/accounts/{id}")]
async fn show(actor: Actor, db: Data<Db>, id: Path<i64>) -> Result<Json<AccountView>> {
    Ok(Json(db.read(|conn| load(conn, &actor, *id))?))
}

/// Add an account below yours
#[utoipa::path(tag = "accounts", request_body = AddAccount, responses((status = 201, body = AccountView)))]
#[post("/accounts")]
async fn add(actor: Actor, db: Data<Db>, Json(body): Json<AddAccount>) -> Result<HttpResponse> {
    let made = db
        .write(move |tx| {
            let operator = actor.who == Who::Console;
            let id = make(tx, &actor, body, operator)?;
            load(tx, &actor, id)
        })
        .await?;
    Ok(created(made))
}

/// Checks, makes and audits. `operator`: the platform's own word, which alone makes providers (AVA-129).
pub fn make(tx: &mut Tx, actor: &Actor, body: AddAccount, operator: bool) -> Result<i64> {
    let now = clock::now();
    let parent = load(tx, actor, body.parent_id.unwrap_or(actor.account_id))?;
    let operator = parent.id == BOX_ACCOUNT && operator && body.kind == Kind::Provider;
    if !parent.kind.makes().contains(&body.kind) && !operator {
        let message = format!("A {} account cannot be made below a {} account.", body.kind, parent.kind);
        let next = match parent.kind.makes() {
            [] => "It has no accounts below it.".to_owned(),
            kinds => format!("It may have: {}.", kinds.iter().map(|kind| kind.word()).collect::<Vec<_>>().join(", ")),
        };
        return Err(Problem::new(Code::Forbidden, message, next));
    }
    let contact = body.contact()?;
    let new = NewAccount {
        parent_id: parent.id,
        number: number(tx)?,
        kind: body.kind,
        name: words::name("The account", &body.name)?,
        contact,
        reference: body.reference.as_deref().map(view::reference).transpose()?.flatten(),
        link_id: body.link_id.as_deref().map(view::link_id).transpose()?.flatten(),
        two_factor: body.two_factor,
    };
    refuse_taken(tx, parent.id, &new.name, new.link_id.as_deref(), 0)?;
    let id = store::insert(tx, &new, &actor.name, now)?;
    audit::store::write(tx, actor, "account.add", &new.name, Some(format!("{} {}", new.kind, new.number)), now)?;
    Ok(id)
}

/// Eight digits that nobody has.
fn number(tx: &Tx) -> Result<i64> {
    for _ in 0..100 {
        let number = 10_000_000 + i64::from(u32::from_be_bytes(random::<4>()?)) % 90_000_000;
        if !store::number_is_taken(tx, number)? {
            return Ok(number);
        }
    }
    Err(Problem::internal("no account number is free"))
}

/// Change an account; its kind stays
#[utoipa::path(tag = "accounts", request_body = ChangeAccount, responses((status = 200, body = AccountView)))]
#[patch("/accounts/{id}")]
async fn change(
    actor: Actor,
    db: Data<Db>,
    id: Path<i64>,
    Json(body): Json<ChangeAccount>,
) -> Result<Json<AccountView>> {
    let changed = db
        .write(move |tx| {
            let mut account = load(tx, &actor, *id)?;
            let told = apply(tx, &actor, body, &mut account)?;
            if !told.is_empty() {
                let now = clock::now();
                store::update(tx, &account, now)?;
                audit::store::write(tx, &actor, "account.set", &account.name, Some(told.join(" ")), now)?;
                tx.touch(Touch::Shared);
            }
            load(tx, &actor, *id)
        })
        .await?;
    Ok(Json(changed))
}

fn apply(tx: &Tx, actor: &Actor, body: ChangeAccount, account: &mut AccountView) -> Result<Vec<&'static str>> {
    let mut told = body.lay_over(&mut account.contact)?;
    // What a superior decides is not the account's own to say; the box's account has none above it.
    let from_above = account.id != actor.account_id || account.id == BOX_ACCOUNT || actor.account_id != actor.home_id;
    let above = |field: &str| match from_above {
        true => Ok(()),
        false => {
            let message = format!("{field}: the account above yours decides this.");
            Err(Problem::new(Code::Forbidden, message, "Ask there."))
        }
    };
    if let Some(name) = &body.name {
        account.name = words::name("The account", name)?;
        told.push("name");
    }
    if let Some(reference) = body.reference {
        above("reference")?;
        account.reference = view::reference(reference.as_deref().unwrap_or_default())?;
        told.push("reference");
    }
    if let Some(link_id) = body.link_id {
        account.link_id = view::link_id(link_id.as_deref().unwrap_or_default())?;
        told.push("link_id");
    }
    refuse_taken(tx, account.parent_id.unwrap_or(0), &account.name, account.link_id.as_deref(), account.id)?;
    if let Some(two_factor) = body.two_factor {
        account.two_factor = two_factor;
        told.push("two_factor");
    }
    if let Some(access) = body.api_access {
        if access == ApiAccess::On || (account.api_access == ApiAccess::On && access == ApiAccess::Requested) {
            above("api_access")?;
        }
        account.api_access = access;
        told.push("api_access");
    }
    if let Some(policy) = body.firmware_policy {
        above("firmware_policy")?;
        account.firmware_policy = policy;
        told.push("firmware_policy");
    }
    if let Some(client_ca) = body.client_ca {
        let client_ca = client_ca.as_deref().map(check_ca).transpose()?;
        if client_ca != account.client_ca {
            store::set_client_ca_list(tx, account.id, None)?;
            account.client_ca_listed = false;
        }
        account.client_ca = client_ca;
        told.push("client_ca");
    }
    if let Some(given) = body.client_ca_list {
        let ca = account.client_ca.as_deref();
        let revoked = given.map(|text| check_list(&text, ca)).transpose()?;
        store::set_client_ca_list(tx, account.id, revoked.as_deref())?;
        account.client_ca_listed = revoked.is_some();
        told.push("client_ca_list");
    }
    Ok(told)
}

/// One CA certificate, written again without what stood around it.
fn check_ca(text: &str) -> Result<String> {
    let der = ca::device_ca::certificate(text.as_bytes()).map_err(|unfit| {
        let message = format!("client_ca is not accepted: {unfit}.");
        Problem::bad_value(message, "Send one CA certificate as PEM (-----BEGIN CERTIFICATE-----).")
    })?;
    Ok(ca::pem::certificate(&der))
}

/// The revocation list that this CA has signed.
fn check_list(text: &str, ca: Option<&str>) -> Result<String> {
    let unfit = |why: &dyn std::fmt::Display| {
        let message = format!("client_ca_list is not accepted: {why}.");
        Problem::bad_value(message, "Send the newest list of client_ca as PEM (-----BEGIN X509 CRL-----).")
    };
    let ca = ca.and_then(ca::from_pem).ok_or_else(|| unfit(&"there is no client_ca"))?;
    let der = ca::device_ca::list(text.as_bytes(), &ca).map_err(|error| unfit(&error))?;
    Ok(ca::pem::block("X509 CRL", &der))
}

/// Let an account's users log in again
#[utoipa::path(tag = "accounts", responses((status = 200, body = AccountView)))]
#[post("/accounts/{id}/enable")]
async fn enable(actor: Actor, db: Data<Db>, id: Path<i64>) -> Result<Json<AccountView>> {
    set_enabled(actor, &db, *id, true).await
}

/// Shut an account: nobody of it logs in, its profiles and devices are apart
#[utoipa::path(tag = "accounts", responses((status = 200, body = AccountView)))]
#[post("/accounts/{id}/disable")]
async fn disable(actor: Actor, db: Data<Db>, id: Path<i64>) -> Result<Json<AccountView>> {
    set_enabled(actor, &db, *id, false).await
}

async fn set_enabled(actor: Actor, db: &Db, id: i64, enabled: bool) -> Result<Json<AccountView>> {
    let account = db
        .write(move |tx| {
            let account = below(tx, &actor, id)?;
            let now = clock::now();
            store::set_enabled(tx, id, enabled, now)?;
            tx.touch(Touch::Shared);
            let action = if enabled { "account.enable" } else { "account.disable" };
            audit::store::write(tx, &actor, action, &account.name, Some(account.number.to_string()), now)?;
            load(tx, &actor, id)
        })
        .await?;
    Ok(Json(account))
}

#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Sure {
    /// The accounts below it go too.
    with_below: Option<bool>,
}

/// Remove an account; devices that were handed down to it return
#[utoipa::path(tag = "accounts", params(Sure), responses((status = 204)))]
#[delete("/accounts/{id}")]
async fn remove(
    actor: Actor,
    db: Data<Db>,
    dir: Data<Directory>,
    id: Path<i64>,
    Query(sure): Query<Sure>,
) -> Result<HttpResponse> {
    let files = db
        .write(move |tx| {
            let account = below(tx, &actor, *id)?;
            let gone = removal::store::what_goes(tx, *id)?;
            if gone.accounts > 1 && sure.with_below != Some(true) {
                let message = format!(
                    "The account {:?} has {} accounts below it. They would go too, with {} users.",
                    account.name,
                    gone.accounts - 1,
                    gone.users
                );
                return Err(Problem::new(Code::InUse, message, "Send with_below=true to remove them all."));
            }
            let now = clock::now();
            let returned = removal::store::remove(tx, *id, now)?;
            let detail = format!(
                "{} {} accounts, {} users, {returned} devices returned",
                account.number, gone.accounts, gone.users
            );
            audit::store::write(tx, &actor, "account.remove", &account.name, Some(detail), now)?;
            Ok(gone.files)
        })
        .await?;
    let folder = dir.0.join("files");
    files.into_iter().for_each(|sha256| files::api::tidy(&db, &folder, Some(sha256)));
    Ok(HttpResponse::NoContent().finish())
}

/// Your own, or one below it.
pub fn load(conn: &Connection, actor: &Actor, id: i64) -> Result<AccountView> {
    store::one(conn, actor.account_id, id)?.ok_or_else(missing)
}

/// One below yours.
pub fn below(conn: &Connection, actor: &Actor, id: i64) -> Result<AccountView> {
    let account = load(conn, actor, id)?;
    if account.id == actor.account_id {
        let message = "Your own account is not yours to enable, disable or remove.";
        return Err(Problem::new(Code::Forbidden, message, "Ask the account above."));
    }
    Ok(account)
}

pub fn missing() -> Problem {
    Problem::not_found("such account", "List them: GET /api/v1/accounts")
}

fn refuse_taken(tx: &Tx, parent_id: i64, name: &str, link_id: Option<&str>, but: i64) -> Result<()> {
    let taken =
        |what: &str| Err(Problem::new(Code::Exists, format!("There is {what} already."), "Choose another one."));
    if store::name_is_taken(tx, parent_id, name, but)? {
        return taken(&format!("an account {name:?} there"));
    }
    match link_id {
        Some(link_id) if store::link_id_is_taken(tx, link_id, but)? => taken(&format!("the link id {link_id:?}")),
        _ => Ok(()),
    }
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(list).service(show).service(add).service(change).service(enable).service(disable).service(remove);
}
