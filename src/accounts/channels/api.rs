//! Consent over REST.

use super::store::{self, Channel};
use crate::accounts::letters::{self, Words};
use crate::db::{Connection, Db};
use crate::seal::Keyring;
use crate::users::Actor;
use crate::users::guard::Caller;
use crate::users::throttle::{Key, Throttle};
use crate::web::json::created;
use crate::web::{Code, Json, Problem, Result, words};
use crate::{audit, clock, mail};
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, post};

#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LetAccountIn {
    /// The eight digits of the account that may work inside yours.
    number: i64,
}

#[derive(Debug, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DeclineChannel {
    /// It is shown to whoever offered.
    reason: Option<String>,
}

/// Which accounts may work inside yours, and inside which yours may
#[utoipa::path(tag = "channels", responses((status = 200, body = [Channel])))]
#[get("/channels")]
async fn list(actor: Actor, db: Data<Db>) -> Result<Json<Vec<Channel>>> {
    Ok(Json(db.read(|conn| store::list(conn, actor.account_id, None))?))
}

/// Let another account work inside yours, once it has accepted
#[utoipa::path(tag = "channels", request_body = LetAccountIn, responses((status = 201, body = Channel)))]
#[post("/channels")]
async fn offer(
    actor: Actor,
    caller: Caller,
    db: Data<Db>,
    keys: Data<Keyring>,
    throttle: Data<Throttle>,
    Json(body): Json<LetAccountIn>,
) -> Result<HttpResponse> {
    let key = Key::of("account number", actor.account_id);
    throttle.check(&key, caller.source, clock::now())?;
    let channel = db
        .write(move |tx| {
            let guest = store::numbered(tx, body.number)?.filter(|guest| *guest != actor.account_id);
            let missing = || Problem::not_found(format_args!("account {}", body.number), "Ask for its eight digits.");
            let guest = guest.ok_or_else(missing)?;
            if store::exists(tx, actor.account_id, guest)? {
                let message = format!("The account {} is let in already.", body.number);
                return Err(Problem::new(Code::Exists, message, "See GET /api/v1/channels"));
            }
            let now = clock::now();
            let id = store::offer(tx, actor.account_id, guest, &actor.name, now)?;
            audit::store::write(tx, &actor, "channel.offer", body.number, None, now)?;
            let channel = one(tx, &actor, id)?;
            let (name, number) = (mail::line(&channel.account.name), channel.account.number);
            let body =
                format!("{name} ({number}) would let you work inside its account. Decide it on the page: Access.");
            let words = Words { kind: "channel", subject: "You may work inside an account", body };
            letters::tell(tx, &keys, guest, &words, None, now)?;
            Ok(channel)
        })
        .await;
    // A number that was guessed, or a mail to somebody who did not ask for it.
    if channel.as_ref().map_or_else(|problem: &Problem| problem.code == Code::NotFound, |_| true) {
        throttle.failed(&key, caller.source, clock::now());
    }
    Ok(created(channel?))
}

/// Accept that your account may work inside another one
#[utoipa::path(tag = "channels", responses((status = 200, body = Channel)))]
#[post("/channels/{id}/accept")]
async fn accept(actor: Actor, db: Data<Db>, keys: Data<Keyring>, id: Path<i64>) -> Result<Json<Channel>> {
    let channel = db
        .write(move |tx| {
            let channel = offered(tx, &actor, *id)?;
            store::decide(tx, channel.id, "accepted", None)?;
            let now = clock::now();
            audit::store::write(tx, &actor, "channel.accept", channel.account.number, None, now)?;
            let told = format!("by {}", channel.guest.number);
            audit::store::note(
                tx,
                channel.account.id,
                &actor.name,
                "channel.accept",
                channel.guest.number,
                Some(told),
                now,
            )?;
            let body = format!("The account {} may work inside yours from now on.", channel.guest.number);
            let words = Words { kind: "channel", subject: "Working inside your account is accepted", body };
            letters::tell(tx, &keys, channel.account.id, &words, None, now)?;
            one(tx, &actor, channel.id)
        })
        .await?;
    Ok(Json(channel))
}

/// Decline it, and say why
#[utoipa::path(tag = "channels", request_body = DeclineChannel, responses((status = 200, body = Channel)))]
#[post("/channels/{id}/decline")]
async fn decline(
    actor: Actor,
    db: Data<Db>,
    keys: Data<Keyring>,
    id: Path<i64>,
    Json(body): Json<DeclineChannel>,
) -> Result<Json<Channel>> {
    let reason = body.reason.as_deref().map(|text| words::line("reason", text, 500)).transpose()?.flatten();
    let channel = db
        .write(move |tx| {
            let channel = offered(tx, &actor, *id)?;
            store::decide(tx, channel.id, "declined", reason.as_deref())?;
            let now = clock::now();
            for account in [channel.account.id, actor.account_id] {
                let number = channel.guest.number;
                audit::store::note(tx, account, &actor.name, "channel.decline", number, reason.clone(), now)?;
            }
            let number = channel.guest.number;
            let body = format!("The account {number} declines.{}", letters::because(reason.as_deref()));
            let words = Words { kind: "channel", subject: "Working inside your account is declined", body };
            letters::tell(tx, &keys, channel.account.id, &words, None, now)?;
            one(tx, &actor, channel.id)
        })
        .await?;
    Ok(Json(channel))
}

/// One that waits for this account's word.
fn offered(conn: &Connection, actor: &Actor, id: i64) -> Result<Channel> {
    let channel = one(conn, actor, id)?;
    if channel.guest.id != actor.account_id {
        return Err(Problem::new(Code::Forbidden, "This is the other account's to decide.", "Wait for it."));
    }
    if channel.state != "offered" {
        let message = format!("This does not wait: it is {}.", channel.state);
        return Err(Problem::new(Code::InUse, message, "See GET /api/v1/channels"));
    }
    Ok(channel)
}

/// End it, from either side; whoever is inside is out at once
#[utoipa::path(tag = "channels", responses((status = 204)))]
#[delete("/channels/{id}")]
async fn remove(actor: Actor, db: Data<Db>, id: Path<i64>) -> Result<HttpResponse> {
    db.write(move |tx| {
        let channel = one(tx, &actor, *id)?;
        let guest = store::guest(tx, channel.id)?;
        store::remove(tx, &channel)?;
        let now = clock::now();
        for account in [channel.account.id, guest] {
            audit::store::note(tx, account, &actor.name, "channel.remove", channel.guest.number, None, now)?;
        }
        Ok::<_, Problem>(())
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

fn one(conn: &Connection, actor: &Actor, id: i64) -> Result<Channel> {
    let missing = || Problem::not_found("such consent", "List them: GET /api/v1/channels");
    store::list(conn, actor.account_id, Some(id))?.pop().ok_or_else(missing)
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(list).service(offer).service(accept).service(decline).service(remove);
}
