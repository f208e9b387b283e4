//! The first run, what there is to be allowed, and the way back for a lost administrator.

use super::directory::must_hold;
use super::guard::Caller;
use super::permissions::{Permission, Permissions, Reach};
use super::session::{New, api::LoggedIn, api::answer, api::start};
use super::setup::{Company, Door};
use super::throttle::{Key, Throttle};
use super::{Actor, keys, names, password, routes, session, store};
use crate::db::{self, BOX_ACCOUNT, Db};
use crate::settings::Secret;
use crate::web::{Code, Json, Problem, Result, words};
use crate::{accounts, audit, clock, notify};
use actix_web::web::Data;
use actix_web::{HttpResponse, get, post};

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct SetupState {
    /// Nobody can log in yet: the setup code of the start screen opens the box.
    pub needed: bool,
    /// Some company has a CA: its users may log in with a certificate.
    pub certificates: bool,
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetUp {
    /// From the start screen. The console needs none.
    pub code: Option<String>,
    /// The company that uses the box.
    pub account: Company,
    /// Who may do everything in it.
    pub user: FirstUser,
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FirstUser {
    pub login: String,
    /// As it is shown; absent: first and last name.
    pub name: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub email: String,
    pub password: String,
    /// The language of the page for this user, with or without a region: `de`, `de-AT`. Absent: English.
    #[schema(pattern = "^([Ee][Nn]|[Dd][Ee])(-[A-Za-z0-9]{1,8})*$")]
    pub locale: Option<String>,
}

/// Whether the box waits for its first user
#[utoipa::path(tag = "setup", security(()), responses((status = 200, body = SetupState)))]
#[get("/setup")]
async fn setup_state(db: Data<Db>) -> Result<Json<SetupState>> {
    let certificates = db.read(accounts::store::any_client_ca)?;
    Ok(Json(SetupState { needed: !db.read(store::any)?, certificates }))
}

/// Make the first user and log in
#[utoipa::path(tag = "setup", security(()), request_body = SetUp, responses((status = 200, body = LoggedIn)))]
#[post("/setup")]
async fn set_up(
    caller: Caller,
    db: Data<Db>,
    door: Data<Door>,
    throttle: Data<Throttle>,
    Json(body): Json<SetUp>,
) -> Result<HttpResponse> {
    if db.read(store::any)? {
        return Err(Code::SetupDone.into());
    }
    if !caller.is_console {
        let key = Key::of_network("setup", caller.source);
        throttle.check(&key, caller.source, clock::now())?;
        if !door.opens(body.code.as_deref().unwrap_or_default()) {
            throttle.failed(&key, caller.source, clock::now());
            let who = db::Who { name: "nobody".into(), account_id: BOX_ACCOUNT, home_id: BOX_ACCOUNT, is_key: false };
            let detail = Code::WrongCode.word().to_owned();
            db.write_soon(move |tx| audit::refused(tx, &who, "setup", "", detail, clock::now())).await?;
            return Err(Code::WrongCode.into());
        }
    }
    let company = body.account.checked()?;
    let FirstUser { login, name, first_name, last_name, email, password, locale } = body.user;
    let first_name = names::part("first_name", first_name.as_deref())?;
    let last_name = names::part("last_name", last_name.as_deref())?;
    let login = words::login(&login)?;
    password::check(&password, &login)?;
    let new = store::NewUser {
        account_id: BOX_ACCOUNT,
        name: names::shown(name.as_deref(), first_name.as_deref(), last_name.as_deref())?,
        first_name,
        last_name,
        email: words::email(&email)?,
        locale: words::locale(locale.as_deref().unwrap_or("en"))?,
        password_hash: Some(password::seal(Secret::new(password)).await?),
        role_id: store::SUPER_MANAGER,
        login,
        phone: None,
        country: None,
        remark: None,
        temporary: false,
        two_factor: false,
    };
    let made = db
        .write(move |tx| {
            if store::any(tx)? {
                return Err(Problem::from(Code::SetupDone));
            }
            let now = clock::now();
            store::name_account(tx, &company, now)?;
            let user_id = store::insert(tx, &new, "setup", now)?;
            audit::store::note(tx, BOX_ACCOUNT, &new.login, "setup", &company.name, None, now)?;
            let from = caller.from();
            let new = New { user_id, acting_id: None, peer: &from, agent: &caller.agent, by: "setup" };
            let made = start(tx, &new, now)?;
            // The console keeps no cookie.
            if caller.is_console {
                session::store::end_all(tx, user_id, None)?;
            }
            Ok(made)
        })
        .await?;
    Ok(answer(made))
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct PermissionRow {
    #[schema(value_type = Permission)]
    pub name: &'static str,
    pub group: &'static str,
    /// What it allows.
    pub words: &'static str,
    /// What comes with it.
    #[schema(value_type = Vec<Permission>)]
    pub implies: Vec<&'static str>,
    /// It counts in the box's own account only.
    pub box_only: bool,
    /// About the whole account: it opens nothing to a user of some sites or profiles.
    pub whole_only: bool,
}

/// Everything there is to be allowed
#[utoipa::path(tag = "permissions", responses((status = 200, body = [PermissionRow])))]
#[get("/permissions")]
async fn permissions(_actor: Actor) -> Json<Vec<PermissionRow>> {
    let row = |permission: &Permission| PermissionRow {
        name: permission.word(),
        group: permission.group(),
        words: permission.words(),
        implies: permission.implies().iter().map(|implied| implied.word()).collect(),
        box_only: permission.reach() == Reach::Box,
        whole_only: !routes::opens_a_part(*permission),
    };
    Json(Permission::ALL.iter().map(row).collect())
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct NewToken {
    /// Shown this once; the box keeps only its hash.
    pub token: String,
}

/// Make a new API key for the box itself; the old one stops working at once
#[utoipa::path(tag = "token", responses((status = 200, body = NewToken)))]
#[post("/token/rotate")]
async fn rotate(actor: Actor, db: Data<Db>) -> Result<Json<NewToken>> {
    let secret = db
        .write(move |tx| {
            // It may do everything.
            must_hold(&actor, BOX_ACCOUNT, Permissions::all())?;
            let now = clock::now();
            audit::store::write(tx, &actor, "token.rotate", keys::BOX_KEY, None, now)?;
            Ok::<_, Problem>(keys::rotate(tx, &actor.name, now)?)
        })
        .await?;
    Ok(Json(NewToken { token: secret.reveal().to_owned() }))
}

#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Lost {
    /// Absent: the first user of the box's account who may do everything.
    pub login: Option<String>,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Rescued {
    pub login: String,
    /// Must be changed at the next login. Shown this once.
    pub password: String,
}

/// Give a lost administrator a temporary password: not frozen, no second factor, every permission. From the console only
#[utoipa::path(tag = "users", request_body = Lost, responses((status = 200, body = Rescued)))]
#[post("/users/reset-admin")]
async fn reset_admin(actor: Actor, db: Data<Db>, Json(body): Json<Lost>) -> Result<Json<Rescued>> {
    let password = password::temporary()?;
    let hash = password::seal(password.clone()).await?;
    let login = db
        .write(move |tx| {
            let found = store::to_rescue(tx, body.login.as_deref())?;
            let (id, login) = found.ok_or_else(|| match &body.login {
                Some(login) => Problem::not_found(
                    format_args!("user {login:?} in the account of the box"),
                    "Leave the name out to find one, or look on the page: Users",
                ),
                None => Problem::not_found("administrator yet", "Make the first one: phonebox setup"),
            })?;
            let now = clock::now();
            store::rescue(tx, id, &hash, now)?;
            session::store::end_all(tx, id, None)?;
            audit::store::write(tx, &actor, "user.rescue", &login, None, now)?;
            let text = format!("{} set a new password for {login}.", actor.name);
            let data = serde_json::json!({ "login": login });
            notify::tell(tx, BOX_ACCOUNT, notify::Kind::PasswordChanged, &login, &text, &data, now)?;
            Ok::<_, Problem>(login)
        })
        .await?;
    Ok(Json(Rescued { login, password: password.reveal().to_owned() }))
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(setup_state).service(set_up).service(permissions).service(rotate).service(reset_admin);
}
