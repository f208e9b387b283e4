//! Switching over REST.

use crate::accounts::store as accounts;
use crate::db::{Db, Tx};
use crate::users::guard::{Caller, Person};
use crate::users::session::api::{LoggedIn, answer, start};
use crate::users::session::{self, New, Token};
use crate::web::{Code, Json, Problem, Result};
use crate::{audit, clock};
use actix_web::web::Data;
use actix_web::{HttpResponse, delete, post};

#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Into {
    /// The id of the account to work inside.
    account: i64,
}

/// Work inside another account
#[utoipa::path(tag = "session", request_body = Into, responses((status = 200, body = LoggedIn)))]
#[post("/switch")]
async fn enter(person: Person, caller: Caller, db: Data<Db>, Json(body): Json<Into>) -> Result<HttpResponse> {
    let made = db
        .write(move |tx| {
            let home = person.actor.home_id;
            if !accounts::reaches(tx, home, body.account)? {
                return Err(crate::accounts::api::missing());
            }
            let name = accounts::brief(tx, body.account)?.map(|account| account.name).unwrap_or_default();
            let now = clock::now();
            let made = anew(tx, &person, &caller, Some(body.account), now)?;
            audit::store::note(tx, home, &person.actor.name, "switch.enter", name, None, now)?;
            let from = accounts::brief(tx, home)?.map(|account| account.name).unwrap_or_default();
            let detail = Some(format!("from the account {from}"));
            audit::store::note(tx, body.account, &person.actor.name, "switch.enter", &person.actor.name, detail, now)?;
            Ok(made)
        })
        .await?;
    Ok(answer(made))
}

/// Return to one's own account
#[utoipa::path(tag = "session", responses((status = 200, body = LoggedIn)))]
#[delete("/switch")]
async fn leave(person: Person, caller: Caller, db: Data<Db>) -> Result<HttpResponse> {
    let made = db
        .write(move |tx| {
            let now = clock::now();
            if person.actor.account_id == person.actor.home_id {
                return Err(Problem::new(
                    Code::BadRequest,
                    "You are in your own account.",
                    "There is nothing to leave.",
                ));
            }
            let made = anew(tx, &person, &caller, None, now)?;
            for account in [person.actor.home_id, person.actor.account_id] {
                audit::store::note(tx, account, &person.actor.name, "switch.leave", &person.actor.name, None, now)?;
            }
            Ok(made)
        })
        .await?;
    Ok(answer(made))
}

/// The same person, with another session in the place of this one.
fn anew(tx: &mut Tx, person: &Person, caller: &Caller, acting_id: Option<i64>, now: i64) -> Result<(Token, LoggedIn)> {
    let expires_at = session::store::expires_at(tx, person.session_id)?;
    session::store::end(tx, person.user_id, person.session_id)?;
    let from = caller.from();
    let new = New { user_id: person.user_id, acting_id, peer: &from, agent: &caller.agent, by: "switch" };
    let (token, view) = start(tx, &new, now)?;
    // It is the same login, and ends when that does.
    session::store::expire(tx, &token.hash(), expires_at)?;
    Ok((token, view))
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(enter).service(leave);
}
