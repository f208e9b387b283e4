//! Which notifications an account gets, and at which addresses.

use super::kinds::{KINDS, is_kind};
use super::store::{self, Wishes};
use crate::db::Db;
use crate::users::Actor;
use crate::web::{Json, Problem, Result};
use crate::{audit, clock, mail};
use actix_web::web::Data;
use actix_web::{get, put};

const MOST: usize = 20;

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
struct NotificationsView {
    /// Addresses that get the account's mails.
    recipients: Vec<String>,
    notifications: Vec<NotificationView>,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
struct NotificationView {
    kind: &'static str,
    /// What it tells of.
    words: &'static str,
    /// It is mailed. On by default.
    on: bool,
}

#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct NotificationsInput {
    recipients: Vec<String>,
    /// The kinds that are not mailed.
    #[serde(default)]
    off: Vec<String>,
}

impl NotificationsView {
    fn of(wishes: Wishes) -> NotificationsView {
        let on = |word: &str| !wishes.off.iter().any(|off| off == word);
        let rows = KINDS.iter().map(|(_, kind, words, _)| NotificationView { kind, words, on: on(kind) });
        NotificationsView { notifications: rows.collect(), recipients: wishes.recipients }
    }
}

/// Which notifications are mailed, and to whom
#[utoipa::path(tag = "notifications", responses((status = 200, body = NotificationsView)))]
#[get("/notifications")]
async fn show(actor: Actor, db: Data<Db>) -> Result<Json<NotificationsView>> {
    let wishes = db.read(|conn| store::wishes(conn, actor.account_id))?;
    Ok(Json(NotificationsView::of(wishes)))
}

/// Choose who gets mails and which kinds are switched off
#[utoipa::path(tag = "notifications", request_body = NotificationsInput, responses((status = 200, body = NotificationsView)))]
#[put("/notifications")]
async fn set(actor: Actor, db: Data<Db>, Json(body): Json<NotificationsInput>) -> Result<Json<NotificationsView>> {
    if body.recipients.len() > MOST {
        return Err(Problem::bad_value(format!("recipients: {MOST} addresses are the most."), "Use a mailing list."));
    }
    let addresses = body.recipients.iter().map(|text| mail::address("recipients", text));
    let mut wishes = Wishes { recipients: addresses.collect::<Result<_>>()?, off: body.off };
    if let Some(unknown) = wishes.off.iter().find(|kind| !is_kind(kind)) {
        let message = format!("off: there is no kind of notification {unknown:?}.");
        return Err(Problem::bad_value(message, "They are listed by GET /api/v1/notifications."));
    }
    wishes.off.sort();
    wishes.off.dedup();
    let wishes = db
        .write(move |tx| {
            let before = NotificationsView::of(store::wishes(tx, actor.account_id)?);
            store::set_wishes(tx, actor.account_id, &wishes)?;
            let after = NotificationsView::of(wishes.clone());
            let sides = (Some(&before), Some(&after));
            audit::write_change(tx, &actor, "notification.set", "notifications", sides, None, clock::now())?;
            Ok::<_, Problem>(wishes)
        })
        .await?;
    Ok(Json(NotificationsView::of(wishes)))
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(show).service(set);
}
