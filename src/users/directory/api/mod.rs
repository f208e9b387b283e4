//! Users over REST: of one's own account and of those below it.

mod access;
mod removal;

use super::store::{self, Assignment, Filter, User};
use super::{must_hold, parse, refuse_box};
use crate::accounts;
use crate::db::{Connection, Db, Tx};
use crate::seal::Keyring;
use crate::settings::Secret;
use crate::users::guard::Caller;
use crate::users::links::{self, Address, Handed, PasswordLink, Purpose};
use crate::users::store::{EMPTY_MANAGER, NewUser, SUPER_MANAGER, login_is_taken, permissions, set_password};
use crate::users::throttle::Throttle;
use crate::users::{Actor, names, password, roles, session};
use crate::web::json::{created, double};
use crate::web::{Code, Json, Page, Paging, Problem, Query, Result, words};
use crate::{audit, clock, notify, profiles};
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, patch, post};

const LINE: usize = 200;

#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Of an account below; absent: of yours.
    account_id: Option<i64>,
    role_id: Option<i64>,
    /// Part of the login name, name, e-mail address or role.
    search: Option<String>,
    after: Option<String>,
    limit: Option<u32>,
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddUser {
    /// Below yours; absent: yours.
    account_id: Option<i64>,
    /// Absent: the e-mail address.
    login: Option<String>,
    /// As it is shown; absent: first and last name.
    name: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    email: String,
    phone: Option<String>,
    country: Option<String>,
    remark: Option<String>,
    /// A language of the page, with or without a region: `de`, `de-AT`. Absent: English.
    #[schema(pattern = "^([Ee][Nn]|[Dd][Ee])(-[A-Za-z0-9]{1,8})*$")]
    locale: Option<String>,
    /// Absent: may do everything; beside `permissions` or `profiles`: may log in, and what is said there.
    role_id: Option<i64>,
    /// Besides those of the role.
    #[schema(value_type = Option<Vec<crate::users::Permission>>)]
    permissions: Option<Vec<String>>,
    /// The only profiles this user works with; absent: all of the account.
    profiles: Option<Vec<String>>,
    #[serde(default)]
    two_factor: bool,
    /// Must be changed at the first login. Mailed to nobody: it is yours to tell. Absent: the user is mailed a link to
    /// choose one with; where no mail server is set, the answer holds it.
    password: Option<String>,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Added {
    #[serde(flatten)]
    user: User,
    /// To hand over, where no password was given and no mail server is set.
    link: Option<PasswordLink>,
    /// The login name was mailed to the user: with a link to choose a password, or, where one was given, without it.
    mailed: bool,
}

#[derive(Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ChangeUser {
    login: Option<String>,
    /// As it is shown. Absent: as it was; where it was first and last name, as they are now.
    name: Option<String>,
    #[serde(deserialize_with = "double")]
    #[schema(value_type = Option<String>)]
    first_name: Option<Option<String>>,
    #[serde(deserialize_with = "double")]
    #[schema(value_type = Option<String>)]
    last_name: Option<Option<String>>,
    email: Option<String>,
    #[serde(deserialize_with = "double")]
    #[schema(value_type = Option<String>)]
    phone: Option<Option<String>>,
    #[serde(deserialize_with = "double")]
    #[schema(value_type = Option<String>)]
    country: Option<Option<String>>,
    #[serde(deserialize_with = "double")]
    #[schema(value_type = Option<String>)]
    remark: Option<Option<String>>,
    /// A language of the page, with or without a region: `de`, `de-AT`.
    #[schema(pattern = "^([Ee][Nn]|[Dd][Ee])(-[A-Za-z0-9]{1,8})*$")]
    locale: Option<String>,
    role_id: Option<i64>,
    #[schema(value_type = Option<Vec<crate::users::Permission>>)]
    permissions: Option<Vec<String>>,
    /// Null: all of the account.
    #[serde(deserialize_with = "double")]
    #[schema(value_type = Option<Vec<String>>)]
    profiles: Option<Option<Vec<String>>>,
    two_factor: Option<bool>,
    /// Must be changed at the next login.
    password: Option<String>,
}

/// List the users of an account
#[utoipa::path(tag = "users", params(ListQuery), responses((status = 200, body = Page<User>)))]
#[get("/users")]
async fn list(actor: Actor, db: Data<Db>, Query(query): Query<ListQuery>) -> Result<Json<Page<User>>> {
    let paging = Paging::<i64>::new(query.after.as_deref(), query.limit)?;
    let ListQuery { account_id, role_id, search, .. } = query;
    let filter = Filter { id: None, account_id: Some(account_id.unwrap_or(actor.account_id)), role_id, search };
    let users = db
        .read_long(move |conn| {
            accounts::api::load(conn, &actor, filter.account_id.unwrap_or(actor.account_id))?;
            store::list(conn, actor.account_id, &filter, paging.after.unwrap_or(0), paging.rows())
                .map_err(Problem::from)
        })
        .await?;
    Ok(Json(paging.page(users, |user| user.id.to_string())))
}

/// Show a user
#[utoipa::path(tag = "users", responses((status = 200, body = User)))]
#[get("/users/{id}")]
async fn show(actor: Actor, db: Data<Db>, id: Path<i64>) -> Result<Json<User>> {
    Ok(Json(db.read(|conn| load(conn, &actor, *id))?))
}

/// Add a user
#[utoipa::path(tag = "users", request_body = AddUser, responses((status = 201, body = Added)))]
#[post("/users")]
async fn add(
    actor: Actor,
    caller: Caller,
    db: Data<Db>,
    keys: Data<Keyring>,
    address: Data<Address>,
    throttle: Data<Throttle>,
    Json(body): Json<AddUser>,
) -> Result<HttpResponse> {
    let account_id = actor.account_id;
    throttle.may_ask_for_names(account_id, caller.source, clock::now())?;
    let line = |field: &str, text: &Option<String>| match text {
        Some(text) => words::line(field, text, LINE),
        None => Ok(None),
    };
    let email = words::email(&body.email)?;
    let login = words::login(body.login.as_deref().unwrap_or(&email))?;
    let password_hash = match &body.password {
        Some(text) => {
            password::check(text, &login)?;
            Some(password::seal(Secret::new(text)).await?)
        }
        None => None,
    };
    let first_name = names::part("first_name", body.first_name.as_deref())?;
    let last_name = names::part("last_name", body.last_name.as_deref())?;
    let new = NewUser {
        account_id: body.account_id.unwrap_or(actor.account_id),
        name: names::shown(body.name.as_deref(), first_name.as_deref(), last_name.as_deref())?,
        first_name,
        last_name,
        phone: line("phone", &body.phone)?,
        country: line("country", &body.country)?,
        remark: line("remark", &body.remark)?,
        locale: words::locale(body.locale.as_deref().unwrap_or("en"))?,
        // Who names a part means no more than that.
        role_id: body.role_id.unwrap_or(match (&body.permissions, &body.profiles) {
            (None, None) => SUPER_MANAGER,
            _ => EMPTY_MANAGER,
        }),
        temporary: password_hash.is_some(),
        password_hash,
        two_factor: body.two_factor,
        login,
        email,
    };
    let own = parse(body.permissions.as_deref().unwrap_or_default())?;
    let added = db
        .write(move |tx| {
            let id = insert(tx, &actor, &new)?;
            refuse_box(new.account_id, own)?;
            store::set_permissions(tx, id, own)?;
            set_profiles(tx, new.account_id, id, body.profiles.as_deref())?;
            must_hold(&actor, new.account_id, permissions(tx, id)?)?;
            let (user, now) = (load(tx, &actor, id)?, clock::now());
            let Handed { link, mailed } = match new.password_hash {
                Some(_) => {
                    let mailed = links::welcome::send(tx, &keys, &address, &new, &user.account, now)?;
                    Handed { link: None, mailed }
                }
                None => links::hand_over(tx, &keys, &address, id, Purpose::Activate, now)?,
            };
            Ok::<_, Problem>(Added { user, link, mailed })
        })
        .await;
    throttle.heard_of_a_name(account_id, caller.source, added.as_ref().err(), clock::now());
    Ok(created(added?))
}

/// Checks what the rows say, makes and audits. The caller looks at what the new user may do.
pub fn insert(tx: &Tx, actor: &Actor, new: &NewUser) -> Result<i64> {
    let account = accounts::api::load(tx, actor, new.account_id)?;
    roles::api::of_account(tx, account.id, new.role_id)?;
    refuse_taken(tx, &new.login, &new.email)?;
    let now = clock::now();
    let id = crate::users::store::insert(tx, new, &actor.name, now)?;
    let sides = (None::<&User>, Some(&load(tx, actor, id)?));
    let inside = actor.inside(account.id);
    audit::store::write_change(tx, &inside, "user.add", &new.login, sides, Some(account.name), now)?;
    Ok(id)
}

/// Change a user; the account stays
#[utoipa::path(tag = "users", request_body = ChangeUser, responses((status = 200, body = User)))]
#[patch("/users/{id}")]
async fn change(
    actor: Actor,
    caller: Caller,
    db: Data<Db>,
    throttle: Data<Throttle>,
    id: Path<i64>,
    Json(body): Json<ChangeUser>,
) -> Result<Json<User>> {
    let account_id = actor.account_id;
    if body.login.is_some() {
        throttle.may_ask_for_names(account_id, caller.source, clock::now())?;
    }
    let hash = match &body.password {
        Some(text) => {
            let login = db.read(|conn| load(conn, &actor, *id))?.login;
            password::check(text, &login)?;
            Some(password::seal(Secret::new(text)).await?)
        }
        None => None,
    };
    let user = db
        .write(move |tx| {
            let mut user = manageable(tx, &actor, *id)?;
            let before = user.clone();
            let mut told = body.lay_over(tx, &mut user)?;
            let now = clock::now();
            store::update(tx, &user, now)?;
            if let Some(words) = &body.permissions {
                let own = parse(words)?;
                refuse_box(user.account_id, own)?;
                store::set_permissions(tx, user.id, own)?;
                told.push("permissions");
            }
            if let Some(profiles) = &body.profiles {
                set_profiles(tx, user.account_id, user.id, profiles.as_deref())?;
                told.push("profiles");
            }
            must_hold(&actor, user.account_id, permissions(tx, user.id)?)?;
            if actor.user_id() == Some(user.id) {
                body.refuse_for_oneself(&before, &user)?;
            }
            if let Some(hash) = &hash {
                set_password(tx, user.id, hash, true, now)?;
                let text = format!("{} set a new password for {}.", actor.name, user.login);
                let data = serde_json::json!({ "login": user.login });
                notify::tell(tx, user.account_id, notify::Kind::PasswordChanged, &user.login, &text, &data, now)?;
                told.push("password");
            }
            // A link that lies in the old mailbox opens nothing any more.
            if user.email != before.email {
                links::store::drop_all(tx, user.id)?;
            }
            // What somebody may do has changed: what they hold from before ends.
            let other_rights = body.role_id.is_some() || body.permissions.is_some() || body.profiles.is_some();
            if other_rights || hash.is_some() {
                session::store::end_all(tx, user.id, None)?;
            }
            let after = load(tx, &actor, user.id)?;
            if !told.is_empty() {
                let sides = (Some(&before), Some(&after));
                let (inside, told) = (actor.inside(user.account_id), Some(told.join(" ")));
                audit::store::write_change(tx, &inside, "user.set", &user.login, sides, told, now)?;
            }
            Ok::<_, Problem>(after)
        })
        .await;
    throttle.heard_of_a_name(account_id, caller.source, user.as_ref().err(), clock::now());
    Ok(Json(user?))
}

impl ChangeUser {
    /// A stolen session must not become the account: here nobody is asked for the present password. What is said again as
    /// it is changes nothing.
    fn refuse_for_oneself(&self, before: &User, after: &User) -> Result<()> {
        let changes = [
            ("password", self.password.is_some()),
            ("email", after.email != before.email),
            ("login", after.login != before.login),
            ("role_id", after.role_id != before.role_id),
            ("permissions", self.permissions.is_some()),
            ("two_factor", after.two_factor != before.two_factor),
        ];
        let Some((field, _)) = changes.into_iter().find(|(_, changed)| *changed) else { return Ok(()) };
        let message = format!("{field}: you may not change your own here, without the present password.");
        let next =
            "Your address: PATCH /api/v1/me. Your password: PUT /api/v1/me/password. Else ask another administrator.";
        Err(Problem::new(Code::Forbidden, message, next))
    }

    fn lay_over(&self, tx: &Tx, user: &mut User) -> Result<Vec<&'static str>> {
        let mut told = Vec::new();
        if let Some(login) = &self.login {
            let login = words::login(login)?;
            if login.to_lowercase() != user.login.to_lowercase() {
                refuse_taken(tx, &login, self.email.as_deref().unwrap_or(&user.email))?;
            }
            user.login = login;
            told.push("login");
        } else if self.email.is_some() && user.login.contains('@') && user.login.eq_ignore_ascii_case(&user.email) {
            // Who logs in by their own address goes on doing so.
            let email = words::email(self.email.as_deref().unwrap_or_default())?;
            if !email.eq_ignore_ascii_case(&user.email) {
                refuse_taken(tx, &email, &email)?;
                user.login = email;
                told.push("login");
            }
        }
        let parts = [user.first_name.clone(), user.last_name.clone()];
        if let Some(first) = &self.first_name {
            user.first_name = names::part("first_name", first.as_deref())?;
            told.push("first_name");
        }
        if let Some(last) = &self.last_name {
            user.last_name = names::part("last_name", last.as_deref())?;
            told.push("last_name");
        }
        if let Some(name) = &self.name {
            user.name = words::title("The user", name)?;
            told.push("name");
        } else {
            let now = [user.first_name.clone(), user.last_name.clone()];
            user.name = names::follow(&user.name, &parts, &now)?;
        }
        if let Some(email) = &self.email {
            user.email = words::email(email)?;
            told.push("email");
        }
        let lines = [
            ("phone", &self.phone, &mut user.phone),
            ("country", &self.country, &mut user.country),
            ("remark", &self.remark, &mut user.remark),
        ];
        for (name, said, field) in lines {
            if let Some(said) = said {
                *field = words::line(name, said.as_deref().unwrap_or_default(), LINE)?;
                told.push(name);
            }
        }
        // One of before there was this rule stays until another one is chosen.
        if let Some(locale) = self.locale.as_ref().filter(|locale| **locale != user.locale) {
            user.locale = words::locale(locale)?;
            told.push("locale");
        }
        if let Some(role_id) = self.role_id {
            roles::api::of_account(tx, user.account_id, role_id)?;
            user.role_id = role_id;
            told.push("role");
        }
        if let Some(two_factor) = self.two_factor {
            user.two_factor = two_factor;
            told.push("two_factor");
        }
        Ok(told)
    }
}

#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct OfAccount {
    /// Below yours; absent: yours.
    account_id: Option<i64>,
}

/// The profiles of an account, and which user works with each of them alone
#[utoipa::path(tag = "users", params(OfAccount), responses((status = 200, body = [Assignment])))]
#[get("/users/profiles")]
async fn assignments(actor: Actor, db: Data<Db>, Query(query): Query<OfAccount>) -> Result<Json<Vec<Assignment>>> {
    let found = db.read(|conn| {
        let account = accounts::api::load(conn, &actor, query.account_id.unwrap_or(actor.account_id))?;
        store::assignments(conn, account.id).map_err(Problem::from)
    })?;
    Ok(Json(found))
}

fn load(conn: &Connection, actor: &Actor, id: i64) -> Result<User> {
    let missing = || Problem::not_found("such user", "List them: GET /api/v1/users");
    store::one(conn, actor.account_id, id)?.ok_or_else(missing)
}

/// One who may do no more than the actor: a password that is set for somebody opens all they may do.
fn manageable(conn: &Connection, actor: &Actor, id: i64) -> Result<User> {
    let user = load(conn, actor, id)?;
    must_hold(actor, user.account_id, permissions(conn, id)?)?;
    Ok(user)
}

/// And not oneself: nobody locks the last administrator out, nor makes a stolen session their own.
fn another(conn: &Connection, actor: &Actor, id: i64) -> Result<User> {
    let user = manageable(conn, actor, id)?;
    if actor.user_id() == Some(id) {
        return Err(Problem::new(Code::Forbidden, "You may not do this to yourself.", "Ask another administrator."));
    }
    Ok(user)
}

/// Wherever a user is made or gets another login name.
pub fn refuse_taken(tx: &Tx, login: &str, email: &str) -> Result<()> {
    if login_is_taken(tx, login)? {
        let message = format!("The login name {login:?} is taken.");
        return Err(Problem::new(Code::Exists, message, "Choose another one."));
    }
    // Else whoever logs in by that address could be somebody else.
    if login.contains('@') && !login.eq_ignore_ascii_case(email) {
        let message = format!("login: {login:?} is not accepted: an e-mail address must be the user's own.");
        return Err(Problem::bad_value(message, "Choose another one, or leave it out."));
    }
    Ok(())
}

fn set_profiles(tx: &Tx, account_id: i64, id: i64, names: Option<&[String]>) -> Result<()> {
    let missing = |name: &str| Problem::not_found(format_args!("profile {name:?}"), "List them: GET /api/v1/profiles");
    let find = |name: &String| profiles::store::id(tx, account_id, name)?.ok_or_else(|| missing(name));
    let ids = names.map(|names| names.iter().map(find).collect::<Result<Vec<i64>>>()).transpose()?;
    match store::set_profiles(tx, id, ids.as_deref())? {
        None => Ok(()),
        Some(name) => {
            let message = format!("The profile {name:?} belongs to another user.");
            Err(Problem::new(Code::InUse, message, "Take it away there first."))
        }
    }
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(assignments).service(removal::remove_several);
    config.service(list).service(show).service(add).service(change).service(removal::remove);
    config
        .service(access::freeze)
        .service(access::unfreeze)
        .service(access::password_link)
        .service(access::remove_totp);
}
