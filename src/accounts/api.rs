//! Accounts over REST: one's own and those below it. All others are not there.

use super::change::{MAILS, apply, first_switching, refuse_guests, refuse_taken, tell_services};
use super::removal::store::Gone;
use super::store::{self, Filter, NewAccount};
use super::view::{self, AccountView, AddAccount, Administrator, ChangeAccount, MadeAccount};
use super::{Kind, removal};
use crate::db::{BOX_ACCOUNT, Connection, Db, Touch, Tx};
use crate::devices::Window;
use crate::devices::api::let_one_in;
use crate::seal::{Keyring, random};
use crate::users::directory::api::{insert as add_user, refuse_taken as refuse_taken_login};
use crate::users::directory::must_hold;
use crate::users::guard::Caller;
use crate::users::links::{self, Address, PasswordLink, Purpose};
use crate::users::store::{NewUser, SUPER_MANAGER};
use crate::users::throttle::Throttle;
use crate::users::{Actor, Permission, Permissions, Who};
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
    /// Directly below this account.
    parent_id: Option<i64>,
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
    let ListQuery { kind, enabled, parent_id, search, .. } = query;
    let filter = Filter { id: None, kind, enabled, parent_id, search, tree: query.view == Some(Order::Tree) };
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

/// Add an account below yours, and who administers it
#[utoipa::path(tag = "accounts", request_body = AddAccount, responses((status = 201, body = MadeAccount)))]
#[post("/accounts")]
async fn add(
    actor: Actor,
    caller: Caller,
    db: Data<Db>,
    keys: Data<Keyring>,
    address: Data<Address>,
    throttle: Data<Throttle>,
    Json(body): Json<AddAccount>,
) -> Result<HttpResponse> {
    let account_id = actor.account_id;
    throttle.may_ask_for_names(account_id, caller.source, clock::now())?;
    let made = db
        .write(move |tx| {
            let operator = actor.who == Who::Console;
            let administrator = body.administrator.clone();
            let id = make(tx, &actor, body, operator)?;
            let link = administrator.map_or(Ok(None), |one| administer(tx, &keys, &address, &actor, id, one))?;
            Ok::<_, Problem>(MadeAccount { account: load(tx, &actor, id)?, link })
        })
        .await;
    throttle.heard_of_a_name(account_id, caller.source, made.as_ref().err(), clock::now());
    Ok(created(made?))
}

/// AVA-035: nobody logs in as an account, only as a user of it.
fn administer(
    tx: &mut Tx,
    keys: &Keyring,
    address: &Address,
    actor: &Actor,
    account_id: i64,
    one: Administrator,
) -> Result<Option<PasswordLink>> {
    actor.must(Permission::UserWrite)?;
    must_hold(actor, account_id, Permissions::all())?;
    let email = words::email(&one.email)?;
    let login = one.login.as_deref().map_or(Ok(email.clone()), words::login)?;
    refuse_taken_login(tx, &login, &email)?;
    let user = NewUser {
        account_id,
        login,
        name: words::title("The administrator", &one.name)?,
        email,
        phone: None,
        country: None,
        remark: None,
        locale: words::locale(one.locale.as_deref().unwrap_or("en"))?,
        first_name: None,
        last_name: None,
        role_id: SUPER_MANAGER,
        password_hash: None,
        temporary: false,
        two_factor: false,
    };
    let user_id = add_user(tx, actor, &user)?;
    Ok(links::hand_over(tx, keys, address, user_id, Purpose::Activate, clock::now())?.link)
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
    if contact.email.is_some() {
        refuse_guests(actor, "email", MAILS)?;
    }
    let new = NewAccount {
        parent_id: parent.id,
        number: number(tx)?,
        kind: body.kind,
        name: words::title("The account", &body.name)?,
        contact,
        reference: body.reference.as_deref().map(view::reference).transpose()?.flatten(),
        link_id: body.link_id.as_deref().map(view::link_id).transpose()?.flatten(),
        two_factor: body.two_factor,
        switching: first_switching(body.kind),
    };
    view::refuse_misfit(new.kind, new.reference.as_deref(), new.link_id.as_deref())?;
    refuse_taken(tx, parent.id, &new.name, new.link_id.as_deref(), 0)?;
    let id = store::insert(tx, &new, &actor.name, now)?;
    store::require_two_factor(tx, id, new.two_factor)?;
    let sides = (None::<&AccountView>, Some(&load(tx, actor, id)?));
    let detail = Some(format!("{} {}", new.kind, new.number));
    audit::write_change(tx, &actor.inside(id), "account.add", &new.name, sides, detail, now)?;
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
    caller: Caller,
    db: Data<Db>,
    keys: Data<Keyring>,
    throttle: Data<Throttle>,
    id: Path<i64>,
    Json(mut body): Json<ChangeAccount>,
) -> Result<Json<AccountView>> {
    if let Some(Some(text)) = &body.client_ca {
        body.client_ca = Some(Some(check_ca(text)?));
    }
    let account_id = actor.account_id;
    if body.name.is_some() || body.link_id.is_some() {
        throttle.may_ask_for_names(account_id, caller.source, clock::now())?;
    }
    let changed = db
        .write(move |tx| {
            let before = load(tx, &actor, *id)?;
            let mut account = before.clone();
            if let Some(Some(text)) = &body.client_ca_list {
                let ca = body.client_ca.as_ref().unwrap_or(&account.client_ca);
                body.client_ca_list = Some(Some(check_list(text, ca.as_deref())?));
            }
            let told = apply(tx, &actor, &body, &mut account)?;
            if !told.is_empty() {
                let now = clock::now();
                store::update(tx, &account, now)?;
                tell_services(tx, &keys, &actor, (&before, &account), body.reason.as_deref(), now)?;
                let sides = (Some(&before), Some(&account));
                audit::write_change(
                    tx,
                    &actor.inside(*id),
                    "account.set",
                    &account.name,
                    sides,
                    Some(told.join(" ")),
                    now,
                )?;
                tx.touch(Touch::Shared);
            }
            load(tx, &actor, *id)
        })
        .await;
    throttle.heard_of_a_name(account_id, caller.source, changed.as_ref().err(), clock::now());
    Ok(Json(changed?))
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
            let detail = Some(account.number.to_string());
            let after = load(tx, &actor, id)?;
            let sides = (Some(&account), Some(&after));
            audit::write_change(tx, &actor.inside(id), action, &account.name, sides, detail, now)?;
            Ok::<_, Problem>(after)
        })
        .await?;
    Ok(Json(account))
}

/// What would go with an account, and which devices would return
#[utoipa::path(tag = "accounts", responses((status = 200, body = Gone)))]
#[get("/accounts/{id}/removal")]
async fn what_goes(actor: Actor, db: Data<Db>, id: Path<i64>) -> Result<Json<Gone>> {
    let gone = db
        .read_long(move |conn| {
            load(conn, &actor, *id)?;
            removal::store::what_goes(conn, *id).map_err(Problem::from)
        })
        .await?;
    Ok(Json(gone))
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
    keys: Data<Keyring>,
    ca: Data<ca::Lazy>,
    dir: Data<Directory>,
    id: Path<i64>,
    Query(sure): Query<Sure>,
) -> Result<HttpResponse> {
    let by = actor.name.clone();
    let (files, macs) = db
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
            let devices = removal::store::devices(tx, *id)?;
            // As when they are taken back: with a new token.
            for (mac, _) in devices.iter().filter(|(_, returns)| *returns) {
                let_one_in(tx, &keys, Window(0), *mac, now)?;
            }
            let returned = removal::store::remove(tx, *id, now)?;
            let detail = format!(
                "{} {} accounts, {} users, {returned} devices returned",
                account.number, gone.accounts, gone.users
            );
            let sides = (Some(&account), None::<&AccountView>);
            audit::write_change(tx, &actor, "account.remove", &account.name, sides, Some(detail), now)?;
            Ok((gone.files, devices.into_iter().map(|(mac, _)| mac).collect::<Vec<_>>()))
        })
        .await?;
    ca.let_go(&macs, &by, clock::now()).await?;
    let folder = dir.0.join("files");
    files.into_iter().for_each(|sha256| files::api::tidy(&db, &folder, Some(sha256)));
    Ok(HttpResponse::NoContent().finish())
}

/// Your own, or one below it.
pub fn load(conn: &Connection, actor: &Actor, id: i64) -> Result<AccountView> {
    store::one(conn, actor.account_id, id)?.ok_or_else(missing)
}

/// AVA-144: the sites of a provider or a reseller are changed inside it.
pub fn customers_only(account: &AccountView) -> Result<()> {
    if account.kind == Kind::Customer {
        return Ok(());
    }
    let message = format!("The sites of a {} account are changed by working in it.", account.kind);
    Err(Problem::new(Code::Forbidden, message, "Switch to the account; its own sites: /api/v1/sites"))
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

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(list).service(show).service(add).service(change).service(enable).service(disable);
    config.service(what_goes).service(remove);
}
