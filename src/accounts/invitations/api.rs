//! Invitations over REST.

use super::store::{self, Invitation};
use super::{LIFE, MOST};
use crate::accounts::channels::store::{self as channels, Channel};
use crate::accounts::letters::{self, Words};
use crate::accounts::store as accounts;
use crate::db::Db;
use crate::seal::{Keyring, hex, random, sha256};
use crate::users::Actor;
use crate::users::guard::Caller;
use crate::users::links::Address;
use crate::users::throttle::{Key, Throttle};
use crate::web::json::created;
use crate::web::{Code, Json, Problem, Result, words};
use crate::{audit, clock, mail};
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, post};

#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Invite {
    /// Of an administrator of the account that may work inside yours.
    email: String,
}

#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptInvitation {
    /// Of the mail's link.
    code: String,
}

/// Addresses that were asked to work inside your account
#[utoipa::path(tag = "channels", responses((status = 200, body = [Invitation])))]
#[get("/invitations")]
async fn invitations(actor: Actor, db: Data<Db>) -> Result<Json<Vec<Invitation>>> {
    Ok(Json(db.read(|conn| store::list(conn, actor.account_id, None))?))
}

/// Let the account of this address work inside yours, once it has accepted. The answer is the same whether the address is
/// known here or not
#[utoipa::path(tag = "channels", request_body = Invite, responses((status = 201, body = Invitation)))]
#[post("/invitations")]
async fn invite(
    actor: Actor,
    caller: Caller,
    db: Data<Db>,
    keys: Data<Keyring>,
    address: Data<Address>,
    throttle: Data<Throttle>,
    Json(body): Json<Invite>,
) -> Result<HttpResponse> {
    // Each may be a mail to somebody who did not ask for it.
    let (key, now) = (Key::of("invite", actor.account_id), clock::now());
    throttle.check(&key, caller.source, now)?;
    let email = words::email(&body.email)?;
    if db.read(|conn| mail::settings::load(conn, &keys))?.is_none() {
        let message = "This box sends no mail, so nobody can be asked by mail.";
        return Err(Problem::new(Code::InUse, message, "Use the account's number instead."));
    }
    throttle.failed(&key, caller.source, now);
    let code = hex(&random::<32>()?);
    let (hash, account_id, to) = (sha256(code.as_bytes()), actor.account_id, email.clone());
    let made = db
        .write(move |tx| {
            if store::count(tx, account_id, &to, now)? >= MOST {
                let message = format!("{MOST} addresses are asked already.");
                return Err(Problem::new(Code::InUse, message, "Take one back first."));
            }
            let id = store::put(tx, account_id, &to, &hash, &actor.name, now)?;
            audit::store::write(tx, &actor, "channel.invite", &to, None, now)?;
            let made = store::list(tx, account_id, Some(id))?.pop();
            made.ok_or_else(|| Problem::internal("the invitation is not there"))
        })
        .await?;
    // In a task of its own: how long it takes is seen by nobody.
    actix_web::rt::spawn(async move {
        let told = db.write(move |tx| {
            let Some(host) = accounts::brief(tx, account_id)? else { return Ok(()) };
            // Among the mails of the account that it goes to: this one's must not show that there was one.
            let Some(guest) = store::known(tx, &email, account_id)? else { return Ok(()) };
            let path = format!("/invitation#code={code}");
            let (how, link) = match address.link(&path) {
                Some(url) => ("open this", url),
                None => ("log in at the address of your Phonebox and open this there", path),
            };
            let body = format!(
                "{} ({}) would let your account work inside its own.\n\nIf you want that, {how}, within {} days:\n\n{link}\n\n\
                 Else do nothing.",
                mail::line(&host.name),
                host.number,
                LIFE / 86_400_000
            );
            let words = Words { kind: "channel", subject: "You may work inside an account", body };
            letters::tell_one(tx, &keys, guest, email, &words, now)
        });
        if let Err(error) = told.await {
            tracing::warn!(%error, "an invitation could not be sent");
        }
    });
    Ok(created(made))
}

/// Accept an invitation in the name of your account
#[utoipa::path(tag = "channels", request_body = AcceptInvitation, responses((status = 200, body = Channel)))]
#[post("/invitations/accept")]
async fn accept_invitation(
    actor: Actor,
    caller: Caller,
    db: Data<Db>,
    throttle: Data<Throttle>,
    Json(body): Json<AcceptInvitation>,
) -> Result<Json<Channel>> {
    throttle.check(&Key::of_network("invitation", caller.source), caller.source, clock::now())?;
    let hash = sha256(body.code.trim().as_bytes());
    let channel = db
        .write(move |tx| {
            let now = clock::now();
            let (invitation, host) = store::open(tx, &hash, now)?.ok_or(Code::BadLink)?;
            if host == actor.account_id {
                let message = "This is an invitation of your own account.";
                return Err(Problem::new(Code::Forbidden, message, "Open it in the account that it was sent to."));
            }
            let id = channels::offer(tx, host, actor.account_id, &actor.name, now)?;
            channels::decide(tx, id, "accepted", None)?;
            store::remove(tx, invitation)?;
            let guest = accounts::brief(tx, actor.account_id)?.map(|guest| guest.number).unwrap_or_default();
            for account in [host, actor.account_id] {
                let told = Some("by mail".to_owned());
                audit::store::note(tx, account, &actor.name, "channel.accept", guest, told, now)?;
            }
            let channel = channels::list(tx, actor.account_id, Some(id))?.pop();
            channel.ok_or_else(|| Problem::internal("the channel is not there"))
        })
        .await;
    if channel.as_ref().is_err_and(|problem: &Problem| problem.code == Code::BadLink) {
        throttle.failed(&Key::of_network("invitation", caller.source), caller.source, clock::now());
    }
    Ok(Json(channel?))
}

/// Take an invitation back
#[utoipa::path(tag = "channels", responses((status = 204)))]
#[delete("/invitations/{id}")]
async fn remove_invitation(actor: Actor, db: Data<Db>, id: Path<i64>) -> Result<HttpResponse> {
    db.write(move |tx| {
        let missing = || Problem::not_found("such invitation", "List them: GET /api/v1/invitations");
        let found = store::list(tx, actor.account_id, Some(*id))?.pop().ok_or_else(missing)?;
        store::remove(tx, found.id)?;
        audit::store::write(tx, &actor, "channel.invite-back", &found.email, None, clock::now())?;
        Ok::<_, Problem>(())
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(invitations).service(invite).service(accept_invitation).service(remove_invitation);
}
