//! Which notifications an account gets, and at which addresses.

use super::kinds::{KINDS, is_kind};
use super::store::{self, Wishes};
use crate::db::{Connection, Db};
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
    /// Who gets them while `recipients` is empty: the account's own address, else its administrators.
    instead: Vec<String>,
    /// A mail server is set; without one, nothing is mailed.
    mailed: bool,
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
    fn of(conn: &Connection, account_id: i64, wishes: &Wishes) -> Result<NotificationsView> {
        let on = |word: &str| !wishes.off.iter().any(|off| off == word);
        let rows = KINDS.iter().map(|(_, word, words, _)| NotificationView { kind: word, words, on: on(word) });
        Ok(NotificationsView {
            notifications: rows.collect(),
            recipients: wishes.recipients.clone(),
            instead: store::administrators(conn, account_id)?,
            mailed: mail::settings::is_set(conn)?,
        })
    }
}

/// Which notifications are mailed, and to whom
#[utoipa::path(tag = "notifications", responses((status = 200, body = NotificationsView)))]
#[get("/notifications")]
async fn show(actor: Actor, db: Data<Db>) -> Result<Json<NotificationsView>> {
    let view = db.read(|conn| {
        let wishes = store::wishes(conn, actor.account_id)?;
        NotificationsView::of(conn, actor.account_id, &wishes)
    })?;
    Ok(Json(view))
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
    let view = db
        .write(move |tx| {
            let before = NotificationsView::of(tx, actor.account_id, &store::wishes(tx, actor.account_id)?)?;
            store::set_wishes(tx, actor.account_id, &wishes)?;
            let after = NotificationsView::of(tx, actor.account_id, &wishes)?;
            let sides = (Some(&before), Some(&after));
            audit::write_change(tx, &actor, "notification.set", "notifications", sides, None, clock::now())?;
            Ok::<_, Problem>(after)
        })
        .await?;
    Ok(Json(view))
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(show).service(set);
}
