//! Webhooks over REST.

use super::reach::{Reach, Target};
use super::store::{self, Delivery, Webhook};
use crate::db::{Connection, Db};
use crate::notify::kinds::is_kind;
use crate::notify::{self, Kind};
use crate::seal::{Keyring, hex, random};
use crate::settings::Secret;
use crate::users::Actor;
use crate::web::json::created;
use crate::web::{Code, Json, Page, Paging, Problem, Query, Result};
use crate::{audit, clock};
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, patch, post};

/// An account has no more than this.
const MOST: usize = 20;

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
struct WebhookView {
    id: i64,
    url: String,
    /// The kinds of events it is sent; empty for all.
    kinds: Vec<String>,
    enabled: bool,
    created_at: i64,
    updated_at: i64,
}

impl From<Webhook> for WebhookView {
    fn from(hook: Webhook) -> WebhookView {
        let Webhook { id, url, kinds, enabled, created_at, updated_at } = hook;
        WebhookView { id, url, kinds, enabled, created_at, updated_at }
    }
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
struct NewWebhook {
    webhook: WebhookView,
    /// Shown this once: what the signature of each delivery is made with.
    secret: String,
}

#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct WebhookInput {
    url: String,
    /// Kinds of GET /notifications; none for all.
    #[serde(default)]
    kinds: Vec<String>,
}

#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct WebhookChange {
    url: Option<String>,
    kinds: Option<Vec<String>>,
    enabled: Option<bool>,
}

/// Callback addresses of API keys count too: each event is written for every one of them.
pub fn refuse_more(conn: &Connection, account_id: i64) -> Result<()> {
    if store::all(conn, account_id)?.len() < MOST {
        return Ok(());
    }
    let message = format!("There are {MOST} webhooks already, callback addresses of API keys among them.");
    Err(Problem::bad_value(message, "Remove one that is not used any more."))
}

/// What an address must be, before it is kept.
pub fn checked_url(reach: &Reach, url: &str) -> Result<String> {
    let shown: String = url.chars().take(200).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    let refuse = |rule: &str, next: &str| {
        let message = format!("url: {shown:?} is not accepted: {rule}.");
        Err(Problem::new(Code::BadUrl, message, next))
    };
    const FORM: &str = "Write it like https://server.example/path";
    if url.len() > 1_000 {
        return refuse("it is longer than 1000 characters", FORM);
    }
    match Target::parse(url) {
        Err(rule) => refuse(rule, FORM),
        // Any other name is judged when it is resolved, at each delivery.
        Ok(target) => match target.address() {
            Some(address) if !reach.allows(address) => {
                let next = "Whoever runs the box adds its network to webhooks.networks of the configuration.";
                refuse(&reach.refusal(address), next)
            }
            _ => Ok(url.to_owned()),
        },
    }
}

fn checked_kinds(kinds: Vec<String>) -> Result<Vec<String>> {
    match kinds.iter().find(|kind| !is_kind(kind)) {
        Some(unknown) => {
            let message = format!("kinds: there is no kind of event {unknown:?}.");
            Err(Problem::bad_value(message, "They are listed by GET /api/v1/notifications."))
        }
        None => Ok(kinds),
    }
}

fn none(id: i64) -> Problem {
    Problem::not_found(format_args!("webhook {id}"), "List them: GET /api/v1/webhooks, or phonebox webhook list")
}

/// Webhooks: addresses that events are sent to
#[utoipa::path(tag = "webhooks", responses((status = 200, body = Vec<WebhookView>)))]
#[get("/webhooks")]
async fn list(actor: Actor, db: Data<Db>) -> Result<Json<Vec<WebhookView>>> {
    let hooks = db.read(|conn| store::all(conn, actor.account_id))?;
    Ok(Json(hooks.into_iter().map(WebhookView::from).collect()))
}

/// Add a webhook
#[utoipa::path(tag = "webhooks", request_body = WebhookInput, responses((status = 201, body = NewWebhook)))]
#[post("/webhooks")]
async fn add(
    actor: Actor,
    db: Data<Db>,
    keys: Data<Keyring>,
    reach: Data<Reach>,
    Json(body): Json<WebhookInput>,
) -> Result<HttpResponse> {
    let (url, kinds) = (checked_url(&reach, &body.url)?, checked_kinds(body.kinds)?);
    let secret = Secret::new(format!("pbw_{}", hex(&random::<32>()?)));
    let told = secret.reveal().to_owned();
    let hook = db
        .write(move |tx| {
            let now = clock::now();
            refuse_more(tx, actor.account_id)?;
            let id = tx.next_id("webhook")?;
            let hook = Webhook { id, url, kinds, enabled: true, created_at: now, updated_at: now };
            store::add(tx, &keys, actor.account_id, &hook, &secret)?;
            let view = WebhookView::from(hook);
            let sides = (None::<&WebhookView>, Some(&view));
            audit::write_change(tx, &actor, "webhook.add", view.id, sides, Some(view.url.clone()), now)?;
            Ok::<_, Problem>(view)
        })
        .await?;
    Ok(created(NewWebhook { webhook: hook, secret: told }))
}

/// Change a webhook
#[utoipa::path(tag = "webhooks", params(("id" = i64, Path)), request_body = WebhookChange,
    responses((status = 200, body = WebhookView)))]
#[patch("/webhooks/{id}")]
async fn set(
    actor: Actor,
    db: Data<Db>,
    reach: Data<Reach>,
    id: Path<i64>,
    Json(body): Json<WebhookChange>,
) -> Result<Json<WebhookView>> {
    let url = body.url.map(|url| checked_url(&reach, &url)).transpose()?;
    let kinds = body.kinds.map(checked_kinds).transpose()?;
    let view = db
        .write(move |tx| {
            let now = clock::now();
            let old = store::one(tx, actor.account_id, *id)?.ok_or_else(|| none(*id))?;
            let new = Webhook {
                url: url.unwrap_or_else(|| old.url.clone()),
                kinds: kinds.unwrap_or_else(|| old.kinds.clone()),
                enabled: body.enabled.unwrap_or(old.enabled),
                updated_at: now,
                ..old
            };
            store::change(tx, actor.account_id, &new)?;
            let (before, after) = (WebhookView::from(old), WebhookView::from(new));
            audit::write_change(tx, &actor, "webhook.set", *id, (Some(&before), Some(&after)), None, now)?;
            Ok::<_, Problem>(after)
        })
        .await?;
    Ok(Json(view))
}

/// Remove a webhook, and what is on its way to it
#[utoipa::path(tag = "webhooks", params(("id" = i64, Path)), responses((status = 204)))]
#[delete("/webhooks/{id}")]
async fn remove(actor: Actor, db: Data<Db>, id: Path<i64>) -> Result<HttpResponse> {
    db.write(move |tx| {
        let before = store::one(tx, actor.account_id, *id)?.map(WebhookView::from).ok_or_else(|| none(*id))?;
        store::remove(tx, actor.account_id, *id)?;
        let sides = (Some(&before), None::<&WebhookView>);
        audit::write_change(tx, &actor, "webhook.remove", *id, sides, Some(before.url.clone()), clock::now())?;
        Ok::<_, Problem>(())
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Send an event of kind `alarm` to a webhook, to see whether it arrives
#[utoipa::path(tag = "webhooks", params(("id" = i64, Path)), responses((status = 202)))]
#[post("/webhooks/{id}/test")]
async fn test(actor: Actor, db: Data<Db>, id: Path<i64>) -> Result<HttpResponse> {
    db.write(move |tx| {
        let now = clock::now();
        store::one(tx, actor.account_id, *id)?.ok_or_else(|| none(*id))?;
        let data = serde_json::json!({ "test": true });
        let event =
            notify::store::test(tx, actor.account_id, Kind::Alarm, "This is a test from Phonebox.", &data, now)?;
        store::deliver_to(tx, actor.account_id, *id, event, now)?;
        audit::write(tx, &actor, "webhook.test", *id, None, now)?;
        Ok::<_, Problem>(())
    })
    .await?;
    Ok(HttpResponse::Accepted().finish())
}

#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Pages {
    after: Option<String>,
    limit: Option<u32>,
}

/// What was sent to a webhook and what waits, newest first
#[utoipa::path(tag = "webhooks", params(("id" = i64, Path), Pages), responses((status = 200, body = Page<Delivery>)))]
#[get("/webhooks/{id}/deliveries")]
async fn deliveries(
    actor: Actor,
    db: Data<Db>,
    id: Path<i64>,
    Query(pages): Query<Pages>,
) -> Result<Json<Page<Delivery>>> {
    let paging = Paging::<i64>::new(pages.after.as_deref(), pages.limit)?;
    let before = paging.after.unwrap_or(i64::MAX);
    let rows = db.read(|conn| {
        store::one(conn, actor.account_id, *id)?.ok_or_else(|| none(*id))?;
        Ok::<_, Problem>(store::deliveries(conn, actor.account_id, *id, before, paging.rows())?)
    })?;
    Ok(Json(paging.page(rows, |delivery| delivery.id.to_string())))
}

/// Try a delivery again now
#[utoipa::path(tag = "webhooks", params(("id" = i64, Path), ("delivery" = i64, Path)), responses((status = 204)))]
#[post("/webhooks/{id}/deliveries/{delivery}/retry")]
async fn retry(actor: Actor, db: Data<Db>, path: Path<(i64, i64)>) -> Result<HttpResponse> {
    let (id, delivery) = path.into_inner();
    db.write(move |tx| {
        let now = clock::now();
        if !store::retry(tx, actor.account_id, id, delivery, now)? {
            let what = format_args!("delivery {delivery} of webhook {id} that did not arrive").to_string();
            return Err(Problem::not_found(
                what,
                "List them: GET /api/v1/webhooks/ID/deliveries, or phonebox webhook deliveries ID",
            ));
        }
        audit::write(tx, &actor, "webhook.retry", id, Some(format!("delivery {delivery}")), now)?;
        Ok(())
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(list).service(add).service(set).service(remove).service(test).service(deliveries).service(retry);
}
