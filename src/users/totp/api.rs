//! Setting up an authenticator app over REST, and checking what it shows.

use super::{SECRET_LEN, base32, picture, recovery_codes, recovery_hash, step_of, store, uri};
use crate::db::{Db, Tx};
use crate::seal::{Keyring, random};
use crate::users::guard::{Caller, Person};
use crate::users::me::api::prove;
use crate::users::session::{self, New, api::start};
use crate::users::throttle::{Key, Throttle};
use crate::web::{Code, Json, Problem, Result};
use crate::{audit, clock};
use actix_web::web::Data;
use actix_web::{HttpResponse, delete, post, put};

#[derive(serde::Serialize, utoipa::ToSchema)]
pub struct Secret {
    /// To type in where no picture can be taken.
    pub secret: String,
    pub uri: String,
    /// The same as a picture.
    pub qr_svg: String,
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FirstCode {
    pub code: String,
}

#[derive(serde::Serialize, utoipa::ToSchema)]
pub struct RecoveryCodes {
    /// Each opens one login without the app. Shown this once.
    pub recovery_codes: Vec<String>,
    /// The session has a new cookie: this goes with every change from now on, as X-CSRF-Token.
    pub csrf: String,
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnPassword {
    pub password: String,
}

/// Begin to set up an authenticator app
#[utoipa::path(tag = "me", responses((status = 200, body = Secret)))]
#[post("/me/totp")]
async fn begin(person: Person, db: Data<Db>, keys: Data<Keyring>) -> Result<Json<Secret>> {
    let (secret, login) = (random::<SECRET_LEN>()?, person.actor.name.clone());
    db.write(move |tx| {
        if store::get(tx, &keys, person.user_id)?.is_some_and(|totp| totp.on) {
            let message = "An authenticator app is set up already.";
            return Err(Problem::new(Code::Exists, message, "Take it away first, with your password."));
        }
        Ok(store::begin(tx, &keys, person.user_id, &secret)?)
    })
    .await?;
    let uri = uri(&secret, &login);
    let qr_svg = picture(&uri).ok_or_else(|| Problem::internal("a picture of a code could not be drawn"))?;
    Ok(Json(Secret { secret: base32(&secret), uri, qr_svg }))
}

/// Show that the app works; from now on every login asks for a code. Every other session ends, and this one gets a new
/// cookie
#[utoipa::path(tag = "me", request_body = FirstCode, responses((status = 200, body = RecoveryCodes)))]
#[put("/me/totp")]
async fn confirm(
    person: Person,
    caller: Caller,
    db: Data<Db>,
    keys: Data<Keyring>,
    throttle: Data<Throttle>,
    Json(body): Json<FirstCode>,
) -> Result<HttpResponse> {
    let key = Key::login(&person.actor.name);
    let mut attempt = throttle.attempt(key, caller.source, caller.browser, clock::now())?;
    let codes = recovery_codes()?;
    let (from, agent) = (caller.from(), caller.agent);
    let hashes: Vec<[u8; 32]> = codes.iter().map(|code| recovery_hash(code)).collect();
    let done = db
        .write(move |tx| {
            let now = clock::now();
            let Some(totp) = store::get(tx, &keys, person.user_id)?.filter(|totp| !totp.on) else {
                return Err(Problem::new(
                    Code::NotFound,
                    "No authenticator app is being set up.",
                    "POST /api/v1/me/totp",
                ));
            };
            let Some(step) = parse(&body.code).and_then(|code| step_of(&totp.secret, code, totp.last_step, now)) else {
                return Err(Code::CodeNeeded.into());
            };
            store::used(tx, person.user_id, step)?;
            store::confirm(tx, person.user_id, &hashes)?;
            let expires_at = session::store::expires_at(tx, person.session_id)?;
            session::store::end_all(tx, person.user_id, None)?;
            audit::store::write(tx, &person.actor, "totp.set", &person.actor.name, None, now)?;
            let acting_id = Some(person.actor.account_id).filter(|id| *id != person.actor.home_id);
            let new = New { user_id: person.user_id, acting_id, peer: &from, agent: &agent, by: "totp" };
            let (token, view) = start(tx, &new, now)?;
            session::store::expire(tx, &token.hash(), expires_at)?;
            Ok((token, view))
        })
        .await;
    match done {
        Ok((token, view)) => Ok(HttpResponse::Ok()
            .insert_header(("Set-Cookie", token.cookie()))
            .json(RecoveryCodes { recovery_codes: codes, csrf: view.csrf })),
        Err(problem) => {
            if problem.code == Code::CodeNeeded {
                attempt.failed();
            }
            Err(problem)
        }
    }
}

/// Take the authenticator app away
#[utoipa::path(tag = "me", request_body = OwnPassword, responses((status = 204)))]
#[delete("/me/totp")]
async fn end(
    person: Person,
    caller: Caller,
    db: Data<Db>,
    throttle: Data<Throttle>,
    Json(body): Json<OwnPassword>,
) -> Result<HttpResponse> {
    prove(&db, &throttle, &person, &caller, body.password).await?;
    db.write(move |tx| {
        store::end(tx, person.user_id)?;
        session::store::end_all(tx, person.user_id, Some(person.session_id))?;
        audit::store::write(tx, &person.actor, "totp.remove", &person.actor.name, None, clock::now())?;
        Ok::<_, Problem>(())
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// At a login: a present code of the app, or a recovery code; either counts once.
pub fn is_good(tx: &Tx, keys: &Keyring, user_id: i64, given: &str, now: i64) -> Result<bool> {
    let Some(number) = parse(given) else { return Ok(store::use_recovery_code(tx, user_id, &recovery_hash(given))?) };
    let Some(totp) = store::get(tx, keys, user_id)? else { return Ok(false) };
    match step_of(&totp.secret, number, totp.last_step, now) {
        Some(step) => Ok(store::used(tx, user_id, step).map(|()| true)?),
        None => Ok(false),
    }
}

/// Six digits, with or without a blank.
fn parse(text: &str) -> Option<u32> {
    let digits = text.replace(' ', "");
    let six = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit());
    if six { digits.parse().ok() } else { None }
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(begin).service(confirm).service(end);
}
