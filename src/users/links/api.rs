//! Forgotten passwords, and links used.

use super::{Address, Purpose, hand_another, is_enough, store};
use crate::db::{Db, Origin, Tx};
use crate::notify::{self, Kind};
use crate::seal::{Keyring, sha256};
use crate::settings::Secret;
use crate::users::guard::Caller;
use crate::users::throttle::{Key, Throttle};
use crate::users::{password, session, store as users};
use crate::web::{Code, Json, Problem, Result, words};
use crate::{alarms, audit, clock, mail};
use actix_web::web::Data;
use actix_web::{HttpResponse, post};

#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Forgotten {
    /// The login name or e-mail address.
    pub login: String,
}

/// Ask for a new password. The answer is the same whether there is such a user or not
#[utoipa::path(tag = "password", security(()), request_body = Forgotten, responses((status = 202)))]
#[post("/password/forgotten")]
async fn forgotten(
    caller: Caller,
    db: Data<Db>,
    keys: Data<Keyring>,
    address: Data<Address>,
    throttle: Data<Throttle>,
    Json(body): Json<Forgotten>,
) -> Result<HttpResponse> {
    // Counted for every source and name alike; a name's own count must not keep its user from logging in.
    let key = Key::of("forgotten", body.login.trim().to_lowercase());
    throttle.check(&key, caller.source, clock::now())?;
    throttle.failed(&key, caller.source, clock::now());
    let login = body.login.trim().to_lowercase();
    // In a task of its own: how long it takes is seen by nobody.
    actix_web::rt::spawn(Origin::keep(async move {
        let told = db.write(move |tx| {
            let now = clock::now();
            for user in users::by_login(tx, &login)?.into_iter().filter(|user| user.open) {
                send(tx, &keys, &address, &user, now)?;
            }
            Ok::<_, Problem>(())
        });
        if let Err(error) = told.await {
            tracing::warn!(%error, "a forgotten password could not be noted");
        }
    }));
    Ok(HttpResponse::Accepted().finish())
}

fn send(tx: &Tx, keys: &Keyring, address: &Address, user: &users::Login, now: i64) -> Result<()> {
    audit::store::note(tx, user.account_id, &user.login, "password.forgotten", &user.login, None, now)?;
    // Without a mail server nobody would get the new link.
    if mail::settings::is_set(tx)? {
        let purpose = if user.password_hash.is_some() { Purpose::Reset } else { Purpose::Activate };
        if is_enough(tx, address, user.id, purpose, now)?
            || hand_another(tx, keys, address, user.id, purpose, now)?.mailed
        {
            return Ok(());
        }
    }
    let text = format!("{} asks for a new password. Make a link for it among the users", user.login);
    alarms::store::raise(tx, user.account_id, "password-forgotten", &user.login, &text, now)?;
    Ok(())
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reset {
    /// Of the link.
    pub token: String,
    pub password: String,
    /// With a first password only: another login name than the one given.
    pub login: Option<String>,
}

/// Choose a password with a link. Every session of the user ends
#[utoipa::path(tag = "password", security(()), request_body = Reset, responses((status = 204)))]
#[post("/password/reset")]
async fn reset(
    caller: Caller,
    db: Data<Db>,
    throttle: Data<Throttle>,
    Json(body): Json<Reset>,
) -> Result<HttpResponse> {
    let (now, key) = (clock::now(), Key::of_network("link", caller.source));
    throttle.check(&key, caller.source, now)?;
    let hash = sha256(body.token.trim().as_bytes());
    let Some(opened) = db.read(|conn| store::open(conn, &hash, now))? else {
        throttle.failed(&key, caller.source, now);
        return Err(Code::BadLink.into());
    };
    let login = match body.login.filter(|_| opened.first) {
        Some(login) => words::login(&login)?,
        None => opened.login,
    };
    password::check(&body.password, &login)?;
    let sealed = password::seal(Secret::new(body.password)).await?;
    let (source, from) = (caller.source, caller.from());
    let done = db.write(move |tx| {
        let now = clock::now();
        let opened = store::open(tx, &hash, now)?.ok_or(Code::BadLink)?;
        if login.to_lowercase() != opened.login.to_lowercase() {
            if login.contains('@') {
                let message = format!("login: {login:?} is not accepted: an e-mail address must be the user's own.");
                return Err(Problem::bad_value(message, "Choose another one, or leave it out."));
            }
            if users::login_is_taken(tx, &login)? {
                let message = format!("The login name {login:?} is taken.");
                return Err(Problem::new(Code::Exists, message, "Choose another one."));
            }
            store::set_login(tx, opened.user_id, &login)?;
        }
        store::mail_was_read(tx, &hash, now)?;
        users::set_password(tx, opened.user_id, &sealed, false, now)?;
        session::store::end_all(tx, opened.user_id, None)?;
        alarms::store::close_kind(tx, "password-forgotten", &opened.login, now)?;
        if !opened.first {
            let text = format!("The password of {login} was changed with a link.");
            let data = serde_json::json!({ "login": login });
            notify::store::tell(tx, opened.account_id, Kind::PasswordChanged, &login, &text, &data, now)?;
        }
        let action = if opened.first { "user.activate" } else { "password.reset" };
        audit::store::note(tx, opened.account_id, &login, action, &login, Some(from), now)?;
        Ok(())
    });
    let done = done.await;
    // The link stays, and is no key to the list of all login names.
    if done.as_ref().is_err_and(|problem: &Problem| problem.code == Code::Exists) {
        throttle.failed(&key, source, clock::now());
    }
    done?;
    Ok(HttpResponse::NoContent().finish())
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(forgotten).service(reset);
}
