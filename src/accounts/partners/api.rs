//! Links between providers and resellers over REST.

use super::store::{self, AccountLink};
use crate::accounts::letters::{self, Words};
use crate::accounts::{Kind, api as accounts};
use crate::db::{Connection, Db};
use crate::seal::Keyring;
use crate::users::Actor;
use crate::users::guard::Caller;
use crate::users::throttle::{Key, Throttle};
use crate::web::json::created;
use crate::web::{Code, Json, Problem, Result};
use crate::{audit, clock, mail, notify};
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, post};

#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// Of the other account.
    link_id: String,
}

/// List the links of your account
#[utoipa::path(tag = "links", responses((status = 200, body = [AccountLink])))]
#[get("/links")]
async fn list(actor: Actor, db: Data<Db>) -> Result<Json<Vec<AccountLink>>> {
    Ok(Json(db.read(|conn| store::list(conn, actor.account_id, None))?))
}

/// Ask to be linked with the account that has this link id
#[utoipa::path(tag = "links", request_body = Ask, responses((status = 201, body = AccountLink)))]
#[post("/links")]
async fn ask(
    actor: Actor,
    caller: Caller,
    db: Data<Db>,
    keys: Data<Keyring>,
    throttle: Data<Throttle>,
    Json(body): Json<Ask>,
) -> Result<HttpResponse> {
    let key = Key::of("link id", actor.account_id);
    throttle.check(&key, caller.source, clock::now())?;
    let link = db
        .write(move |tx| {
            let shown: String = body.link_id.chars().filter(|c| !c.is_control()).take(64).collect();
            let own = accounts::load(tx, &actor, actor.account_id)?;
            let kind = match own.kind {
                Kind::Provider => Kind::Reseller,
                Kind::Reseller => Kind::Provider,
                Kind::Customer => {
                    let message = "A customer account is not linked with others.";
                    return Err(Problem::new(
                        Code::Forbidden,
                        message,
                        "Let another account in instead: /api/v1/channels",
                    ));
                }
            };
            let other = store::with_link_id(tx, body.link_id.trim(), kind)?.ok_or_else(|| {
                Problem::not_found(format_args!("{kind} with the link id {shown:?}"), "Ask there for the id.")
            })?;
            let (provider, reseller) = if kind == Kind::Reseller { (own.id, other) } else { (other, own.id) };
            let now = clock::now();
            let Some(id) = store::ask(tx, provider, reseller, own.id, now)? else {
                let message = format!("The link with {shown:?} is there already, or waits.");
                return Err(Problem::new(Code::Exists, message, "See GET /api/v1/links"));
            };
            audit::store::write(tx, &actor, "link.ask", &shown, None, now)?;
            let body = format!(
                "{} ({}) asks to be linked with your account. Decide it on the page: Links.",
                mail::line(&own.name),
                own.number
            );
            let words = Words { kind: "link", subject: "An account asks to be linked with yours", body };
            letters::tell(tx, &keys, other, &words, None, now)?;
            audit::store::note(tx, other, &actor.name, "link.asked", own.number, Some(own.name), now)?;
            one(tx, &actor, id)
        })
        .await;
    // An id that was guessed, or a mail to somebody who did not ask for it.
    if link.as_ref().map_or_else(|problem: &Problem| problem.code == Code::NotFound, |_| true) {
        throttle.failed(&key, caller.source, clock::now());
    }
    Ok(created(link?))
}

/// Approve a link that another account asks for
#[utoipa::path(tag = "links", responses((status = 200, body = AccountLink)))]
#[post("/links/{id}/approve")]
async fn approve(actor: Actor, db: Data<Db>, keys: Data<Keyring>, id: Path<i64>) -> Result<Json<AccountLink>> {
    decide(actor, &db, &keys, *id, "linked").await
}

/// Decline a link that another account asks for
#[utoipa::path(tag = "links", responses((status = 200, body = AccountLink)))]
#[post("/links/{id}/decline")]
async fn decline(actor: Actor, db: Data<Db>, keys: Data<Keyring>, id: Path<i64>) -> Result<Json<AccountLink>> {
    decide(actor, &db, &keys, *id, "declined").await
}

async fn decide(
    actor: Actor,
    db: &Db,
    keys: &Data<Keyring>,
    id: i64,
    state: &'static str,
) -> Result<Json<AccountLink>> {
    let keys = keys.clone();
    let link = db
        .write(move |tx| {
            let link = one(tx, &actor, id)?;
            if link.state != "waiting" {
                let message = format!("This link does not wait: it is {}.", link.state);
                return Err(Problem::new(Code::InUse, message, "See GET /api/v1/links"));
            }
            if link.asked_by == actor.account_id {
                return Err(Problem::new(Code::Forbidden, "This is the other account's to decide.", "Wait for it."));
            }
            let now = clock::now();
            store::decide(tx, id, state, now)?;
            for account in [&link.provider, &link.reseller] {
                if state == "linked" {
                    let text = format!("{} and {} are linked.", link.provider.name, link.reseller.name);
                    let data =
                        serde_json::json!({ "provider": link.provider.number, "reseller": link.reseller.number });
                    let object = link.reseller.number.to_string();
                    notify::store::tell(tx, account.id, notify::Kind::AccountLinked, &object, &text, &data, now)?;
                }
                let action = format!("link.{state}");
                audit::store::note(tx, account.id, &actor.name, &action, link.reseller.number, None, now)?;
            }
            if state == "declined" {
                // Without a name: a link id that was guessed told nothing before, and tells nothing now.
                let body = "The link with another account that yours asked for is declined.".to_owned();
                let words = Words { kind: "link", subject: "Your request for a link is declined", body };
                letters::tell(tx, &keys, link.asked_by, &words, None, now)?;
            }
            one(tx, &actor, id)
        })
        .await?;
    Ok(Json(link))
}

/// End a link, from either side
#[utoipa::path(tag = "links", responses((status = 204)))]
#[delete("/links/{id}")]
async fn remove(actor: Actor, db: Data<Db>, id: Path<i64>) -> Result<HttpResponse> {
    db.write(move |tx| {
        let link = one(tx, &actor, *id)?;
        let (provider, reseller) = store::sides(tx, link.id)?;
        store::remove(tx, link.id)?;
        let now = clock::now();
        for account in [provider, reseller] {
            audit::store::note(
                tx,
                account,
                &actor.name,
                "link.remove",
                link.link_id.as_deref().unwrap_or_default(),
                None,
                now,
            )?;
        }
        Ok::<_, Problem>(())
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

fn one(conn: &Connection, actor: &Actor, id: i64) -> Result<AccountLink> {
    let missing = || Problem::not_found("such link", "List them: GET /api/v1/links");
    store::list(conn, actor.account_id, Some(id))?.pop().ok_or_else(missing)
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(list).service(ask).service(approve).service(decline).service(remove);
}
