//! Logging in by certificate over REST.

use crate::accounts::store as accounts;
use crate::ca::client;
use crate::db::Db;
use crate::seal::Keyring;
use crate::users::browser::Browser;
use crate::users::guard::{Caller, Shown};
use crate::users::session::api::{LoggedIn, answer_to, code_is_good, refused, start};
use crate::users::session::{New, store as sessions};
use crate::users::store as users;
use crate::users::throttle::{Key, Throttle};
use crate::web::json::MaybeJson;
use crate::web::{Code, Problem, Result};
use crate::{audit, clock};
use actix_web::web::Data;
use actix_web::{HttpResponse, post};

#[derive(Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ByCertificate {
    /// Of the authenticator app, or a recovery code; asked for with 401 `code-needed`.
    code: Option<String>,
}

/// Log in with the client certificate of this connection
#[utoipa::path(tag = "session", security(()), request_body = Option<ByCertificate>, responses((status = 200, body = LoggedIn)))]
#[post("/session/certificate")]
async fn log_in(
    caller: Caller,
    shown: Shown,
    db: Data<Db>,
    keys: Data<Keyring>,
    throttle: Data<Throttle>,
    MaybeJson(body): MaybeJson<ByCertificate>,
) -> Result<HttpResponse> {
    let now = clock::now();
    let chain: Vec<&[u8]> = shown.0.iter().map(Vec::as_slice).collect();
    let wrong = || {
        let message = "There is no client certificate that opens a login here.";
        Problem::new(Code::WrongLogin, message, "Choose another certificate, or log in with your password.")
    };
    let name = client::common_name(&chain).ok_or_else(wrong)?;
    let key = name.trim().to_lowercase();
    let mut attempt = throttle.attempt(Key::login(&key), caller.source, caller.browser, now)?;
    let meant = db.read(|conn| users::by_login(conn, &key))?;
    let is_alone = meant.len() == 1;
    let named = meant.into_iter().find(|known| known.login.to_lowercase() == key);
    let (ca, list, public) = match &named {
        Some(known) => db.read(|conn| accounts::client_cas(conn, known.account_id))?,
        None => (None, None, false),
    };
    let below = ca.is_some_and(|pem| client::is_below(&chain, &pem, list.as_deref(), now))
        || (public && client::is_below_public(&chain, now));
    let Some(known) = named.as_ref().filter(|known| known.open && below) else {
        // The one whom it names hears of it, and whoever shows it does not hear whether there is such a one.
        let _ = refused(&db, &mut attempt, named.as_slice(), Code::WrongLogin).await;
        return Err(wrong());
    };
    // Asked for, it is no failure.
    if known.totp_on && body.code.is_none() {
        return Err(Code::CodeNeeded.into());
    }
    let (user_id, account_id, login, totp) = (known.id, known.account_id, known.login.clone(), known.totp_on);
    let (from, agent, old, shown) = (caller.from(), caller.agent.clone(), caller.token.clone(), key.clone());
    let made = db
        .write(move |tx| {
            let now = clock::now();
            let is_same = users::by_login(tx, &shown)?.iter().any(|now| now.id == user_id && now.totp_on == totp);
            if !is_same {
                return Err(Code::WrongLogin.into());
            }
            if totp {
                code_is_good(tx, &keys, user_id, body.code.as_deref(), now)?;
            }
            old.map_or(Ok(()), |old| sessions::end_by_hash(tx, &old.hash()))?;
            let detail = Some(format!("by certificate from {from}"));
            audit::store::note(tx, account_id, &login, "session.begin", &login, detail, now)?;
            start(tx, &New { user_id, acting_id: None, peer: &from, agent: &agent, by: "certificate" }, now)
        })
        .await;
    match made {
        Err(problem) if problem.code == Code::CodeNeeded => {
            Err(refused(&db, &mut attempt, std::slice::from_ref(known), Code::CodeNeeded).await)
        }
        made => {
            let made = made?;
            let browser = caller.browser.map_or_else(Browser::new, Ok)?;
            if is_alone {
                attempt.succeeded(browser, now);
            }
            Ok(answer_to(browser, made))
        }
    }
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(log_in);
}
