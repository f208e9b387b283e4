//! Logging in and out, and one's own sessions.

use super::store::Session;
use super::{New, Token, begin, no_cookie, store};
use crate::accounts::store as accounts;
use crate::db::{self, BOX_ACCOUNT, Connection, Db, Tx};
use crate::seal::Keyring;
use crate::settings::Secret;
use crate::users::browser::Browser;
use crate::users::guard::{Caller, Person};
use crate::users::routes::opens_a_part;
use crate::users::throttle::{Attempt, Key, Throttle};
use crate::users::{Actor, Due, Permission, Who, password, store as users, totp};
use crate::web::{Code, Json, Problem, Result};
use crate::{audit, clock};
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, post};

/// Who is logged in, and what they may do.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct LoggedIn {
    pub user: users::UserBrief,
    /// The user's account.
    pub account: accounts::AccountBrief,
    /// The account the user acts in instead; null: in their own.
    pub acting_in: Option<accounts::AccountBrief>,
    /// Without those that open nothing to a user who is limited to some of it.
    #[schema(value_type = Vec<crate::users::Permission>)]
    pub permissions: Vec<&'static str>,
    /// To some profiles or sites: what is about the whole account is refused.
    pub limited: bool,
    /// What must be done before anything else.
    pub due: Option<Due>,
    /// Goes with every change, as X-CSRF-Token.
    pub csrf: String,
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// The login name, or the e-mail address.
    pub login: String,
    pub password: String,
    /// Of the authenticator app, or a recovery code; asked for with 401 `code-needed`.
    pub code: Option<String>,
}

/// Log in
#[utoipa::path(tag = "session", security(()), request_body = Login, responses((status = 200, body = LoggedIn)))]
#[post("/session")]
async fn login(
    caller: Caller,
    db: Data<Db>,
    keys: Data<Keyring>,
    throttle: Data<Throttle>,
    Json(body): Json<Login>,
) -> Result<HttpResponse> {
    let key = body.login.trim().to_lowercase();
    let now = clock::now();
    let mut attempt = throttle.attempt(Key::login(&key), caller.source, caller.browser, now)?;
    let known = db.read(|conn| users::by_login(conn, &key))?;
    let mut right = None;
    // An address may be somebody's login name and let somebody else in. Who has it, the time does not tell.
    for place in 0..if key.contains('@') { 2 } else { 1 } {
        let one = known.get(place);
        let stored = one.and_then(|one| one.password_hash.clone());
        if password::is_right(Secret::new(body.password.clone()), stored).await? {
            right = right.or(one.filter(|one| one.open));
        }
    }
    let Some(right) = right else {
        return Err(refused(&db, &mut attempt, &known, Code::WrongLogin).await);
    };
    let stored = right.password_hash.clone();
    let (code, totp) = (body.code, right.totp_on);
    // Asked for, it is no failure.
    if totp && code.is_none() {
        return Err(Code::CodeNeeded.into());
    }
    let (user_id, account_id, name) = (right.id, right.account_id, right.login.clone());
    let (from, agent, old, typed) = (caller.from(), caller.agent.clone(), caller.token.clone(), key.clone());
    let made = db
        .write(move |tx| {
            let now = clock::now();
            // T55: while the password was looked at, somebody may have changed it, and ended every session.
            let is_same = users::by_login(tx, &typed)?
                .iter()
                .any(|now| now.id == user_id && now.password_hash == stored && now.totp_on == totp);
            if !is_same {
                return Err(Code::WrongLogin.into());
            }
            if totp {
                code_is_good(tx, &keys, user_id, code.as_deref(), now)?;
            }
            // Whoever put a cookie there beforehand does not share what comes now.
            old.map_or(Ok(()), |old| store::end_by_hash(tx, &old.hash()))?;
            audit::store::note(tx, account_id, &name, "session.begin", &name, Some(format!("from {from}")), now)?;
            let new = New { user_id, acting_id: None, peer: &from, agent: &agent, by: "password" };
            start(tx, &new, now)
        })
        .await;
    let made = match made {
        Err(problem) if problem.code == Code::CodeNeeded => {
            return Err(refused(&db, &mut attempt, std::slice::from_ref(right), Code::CodeNeeded).await);
        }
        made => made?,
    };
    // Where the word means two, coming in as one of them forgives no guesses at the other.
    let browser = caller.browser.map_or_else(Browser::new, Ok)?;
    if known.len() == 1 {
        attempt.succeeded(browser, now);
    }
    Ok(answer_to(browser, made))
}

/// Else 401: a code of the app, or a recovery code, is needed.
pub fn code_is_good(tx: &Tx, keys: &Keyring, user_id: i64, code: Option<&str>, now: i64) -> Result<()> {
    match code {
        Some(code) if totp::api::is_good(tx, keys, user_id, code, now)? => Ok(()),
        _ => Err(Code::CodeNeeded.into()),
    }
}

/// A session begins: its cookie and what the page needs to know.
pub fn start(tx: &mut Tx, new: &New, now: i64) -> Result<(Token, LoggedIn)> {
    let token = begin(tx, new, now)?;
    users::logged_in(tx, new.user_id, now)?;
    let found = super::look_up(tx, &token, new.peer, now)?;
    let (actor, _) = found.ok_or(Code::Unauthorized)?;
    let view = view(tx, &actor, token.csrf())?;
    Ok((token, view))
}

pub fn answer((token, view): (Token, LoggedIn)) -> HttpResponse {
    HttpResponse::Ok().insert_header(("Set-Cookie", token.cookie())).json(view)
}

/// And what this browser is known by from now on.
pub fn answer_to(browser: Browser, made: (Token, LoggedIn)) -> HttpResponse {
    let (token, view) = made;
    let cookies = [token.cookie(), browser.cookie()].map(|cookie| ("Set-Cookie", cookie));
    let mut answer = HttpResponse::Ok();
    cookies.into_iter().for_each(|cookie| _ = answer.append_header(cookie));
    answer.json(view)
}

/// Counted, audited where there is an account to tell, and answered alike.
pub async fn refused(db: &Db, attempt: &mut Attempt<'_>, known: &[users::Login], code: Code) -> Problem {
    attempt.failed();
    let mut whom: Vec<(i64, String)> = known.iter().map(|known| (known.account_id, known.login.clone())).collect();
    if whom.is_empty() {
        whom.push((BOX_ACCOUNT, "nobody".to_owned()));
    }
    let detail = code.word().to_owned();
    let told = db.write_soon(move |tx| {
        for (account_id, name) in whom {
            let who = db::Who { name: name.clone(), account_id, home_id: account_id, is_key: false };
            audit::refused(tx, &who, "session.begin", &name, detail.clone(), clock::now())?;
        }
        Ok::<_, db::Error>(())
    });
    match told.await {
        Ok(()) => code.into(),
        Err(error) => error.into(),
    }
}

fn view(conn: &Connection, actor: &Actor, csrf: String) -> Result<LoggedIn> {
    let Who::Person { user_id, due, .. } = actor.who else { return Err(Code::Unauthorized.into()) };
    let account = |id| accounts::brief(conn, id);
    let limited = actor.limited.is_some();
    let opens = |permission: &Permission| !limited || opens_a_part(*permission);
    Ok(LoggedIn {
        user: users::brief(conn, user_id)?.ok_or(Code::Unauthorized)?,
        account: account(actor.home_id)?.ok_or(Code::Unauthorized)?,
        acting_in: if actor.account_id == actor.home_id { None } else { account(actor.account_id)? },
        permissions: actor.permissions.iter().filter(opens).map(Permission::word).collect(),
        limited,
        due,
        csrf,
    })
}

/// Who is logged in
#[utoipa::path(tag = "session", responses((status = 200, body = LoggedIn)))]
#[get("/session")]
async fn show(person: Person, caller: Caller, db: Data<Db>) -> Result<Json<LoggedIn>> {
    let csrf = caller.token.map(|token| token.csrf()).unwrap_or_default();
    Ok(Json(db.read(|conn| view(conn, &person.actor, csrf))?))
}

/// Log out
#[utoipa::path(tag = "session", responses((status = 204)))]
#[delete("/session")]
async fn logout(person: Person, db: Data<Db>) -> Result<HttpResponse> {
    db.write(move |tx| {
        store::end(tx, person.user_id, person.session_id)?;
        audit::store::write(tx, &person.actor, "session.end", &person.actor.name, None, clock::now())?;
        Ok::<_, Problem>(())
    })
    .await?;
    Ok(HttpResponse::NoContent().insert_header(("Set-Cookie", no_cookie())).finish())
}

/// One's own sessions, newest first
#[utoipa::path(tag = "session", responses((status = 200, body = [Session])))]
#[get("/sessions")]
async fn list(person: Person, db: Data<Db>) -> Result<Json<Vec<Session>>> {
    let Person { user_id, session_id, .. } = person;
    Ok(Json(db.read(|conn| store::of_user(conn, user_id, session_id, clock::now()))?))
}

/// End one of one's own sessions
#[utoipa::path(tag = "session", responses((status = 204)))]
#[delete("/sessions/{id}")]
async fn end(person: Person, db: Data<Db>, id: Path<i64>) -> Result<HttpResponse> {
    db.write(move |tx| {
        if !store::end(tx, person.user_id, *id)? {
            return Err(Problem::not_found(format_args!("session {id} of yours"), "List them: GET /api/v1/sessions"));
        }
        audit::store::write(tx, &person.actor, "session.end", &person.actor.name, None, clock::now())?;
        Ok(())
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Log out everywhere
#[utoipa::path(tag = "session", responses((status = 204)))]
#[delete("/sessions")]
async fn end_all(person: Person, db: Data<Db>) -> Result<HttpResponse> {
    db.write(move |tx| {
        store::end_all(tx, person.user_id, None)?;
        audit::store::write(tx, &person.actor, "session.end-all", &person.actor.name, None, clock::now())?;
        Ok::<_, Problem>(())
    })
    .await?;
    Ok(HttpResponse::NoContent().insert_header(("Set-Cookie", no_cookie())).finish())
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(login).service(show).service(logout).service(list).service(end).service(end_all);
}
