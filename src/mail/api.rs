//! The mail server and the queue, over REST.

use super::settings::{self, Security, Settings};
use super::store::{self, Queued};
use super::{Page as MailPage, address, mailbox, send};
use crate::db::Db;
use crate::seal::Keyring;
use crate::settings::Secret;
use crate::users::Actor;
use crate::web::{Code, Json, Page, Paging, Problem, Query, Result, double, words};
use crate::{audit, clock, net};
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, post, put};

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
struct MailView {
    /// A mail server is set; without one, nothing is mailed.
    configured: bool,
    host: Option<String>,
    port: Option<u16>,
    security: Option<Security>,
    user: Option<String>,
    password_set: bool,
    from: Option<String>,
}

impl MailView {
    fn of(settings: Option<&Settings>) -> MailView {
        MailView {
            configured: settings.is_some(),
            host: settings.map(|one| one.host.clone()),
            port: settings.map(|one| one.port),
            security: settings.map(|one| one.security),
            user: settings.and_then(|one| one.user.clone()),
            password_set: settings.is_some_and(|one| one.password.is_some()),
            from: settings.map(|one| one.from.clone()),
        }
    }
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct MailInput {
    host: String,
    /// 587 for `starttls`, 465 for `tls`, 25 for `none` when nothing is said.
    #[schema(minimum = 1, maximum = 65535)]
    port: Option<u16>,
    security: Security,
    user: Option<String>,
    /// Absent: as it was. `null`: none.
    #[serde(default, deserialize_with = "double")]
    #[schema(value_type = Option<String>)]
    password: Option<Option<String>>,
    /// Whose mails they are: an address, or with a name in front: `Phonebox <box@company.example>`.
    from: String,
}

/// The mail server
#[utoipa::path(tag = "mail", responses((status = 200, body = MailView)))]
#[get("/mail")]
async fn show(_actor: Actor, db: Data<Db>, keys: Data<Keyring>) -> Result<Json<MailView>> {
    let found = db.read(|conn| settings::load(conn, &keys))?;
    Ok(Json(MailView::of(found.as_ref())))
}

/// Set the mail server
#[utoipa::path(tag = "mail", request_body = MailInput, responses((status = 200, body = MailView)))]
#[put("/mail")]
async fn set(actor: Actor, db: Data<Db>, keys: Data<Keyring>, Json(body): Json<MailInput>) -> Result<Json<MailView>> {
    let host = body.host.trim().to_owned();
    let literal = host.parse::<std::net::IpAddr>();
    if literal.as_ref().is_ok_and(|address| !send::may_be(*address)) {
        let message = format!("host: {} is not accepted: it can be no mail server's address.", shown(&host));
        return Err(Problem::bad_value(message, "Write it like mail.company.example"));
    }
    if !net::is_dns_name(&host) && literal.is_err() {
        let message = format!("host: {:?} is not accepted: it is neither a name nor an address.", shown(&host));
        return Err(Problem::bad_value(message, "Write it like mail.company.example"));
    }
    let port = body.port.unwrap_or(match body.security {
        Security::Starttls => 587,
        Security::Tls => 465,
        Security::None => 25,
    });
    let from = mailbox("from", &body.from)?;
    let user = body.user.as_deref().map(|user| words::line("user", user, 256)).transpose()?.flatten();
    let view = db
        .write(move |tx| {
            let old = settings::load(tx, &keys)?;
            let kept = old.as_ref().and_then(|old| old.password.clone());
            // A password is for the server it was given for: at another one it would be told to a stranger.
            let same = old.as_ref().is_some_and(|old| old.host == host && old.user == user);
            let password = match body.password {
                Some(password) => password.map(Secret::new),
                None => kept.filter(|_| same),
            };
            let new = Settings { host, port, security: body.security, user, from, password };
            settings::save(tx, &keys, &new)?;
            let (before, after) = (MailView::of(old.as_ref()), MailView::of(Some(&new)));
            audit::write_change(tx, &actor, "mail.set", "mail", (Some(&before), Some(&after)), None, clock::now())?;
            Ok::<_, Problem>(after)
        })
        .await?;
    Ok(Json(view))
}

/// Do without a mail server
#[utoipa::path(tag = "mail", responses((status = 204)))]
#[delete("/mail")]
async fn unset(actor: Actor, db: Data<Db>, keys: Data<Keyring>) -> Result<HttpResponse> {
    db.write(move |tx| {
        let before = MailView::of(settings::load(tx, &keys)?.as_ref());
        settings::remove(tx)?;
        audit::write_change(tx, &actor, "mail.remove", "mail", (Some(&before), None::<&MailView>), None, clock::now())?;
        Ok::<_, Problem>(())
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct TestInput {
    to: String,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
struct TestOutcome {
    sent: bool,
    /// What the mail server, or the way to it, said.
    error: Option<String>,
}

/// Send a mail now, with the settings as they are
#[utoipa::path(tag = "mail", request_body = TestInput, responses((status = 200, body = TestOutcome)))]
#[post("/mail/test")]
async fn test(
    actor: Actor,
    db: Data<Db>,
    keys: Data<Keyring>,
    page: Data<MailPage>,
    Json(body): Json<TestInput>,
) -> Result<Json<TestOutcome>> {
    let to = address("to", &body.to)?;
    let Some(settings) = db.read(|conn| settings::load(conn, &keys))? else {
        return Err(Problem::new(
            Code::BadValue,
            "No mail server is set.",
            "Set one: PUT /api/v1/mail, or phonebox mail set",
        ));
    };
    let link = page.link("/mail").map(|url| format!("\n{url}\n")).unwrap_or_default();
    let text = format!("This is a test from Phonebox: mails from it arrive here.\n{link}");
    let outcome = send::send(&settings, &page, clock::now(), &to, "Test from Phonebox", &text).await;
    let error = outcome.err().map(|error| super::line(&error.words));
    let (detail, object) = (error.clone().unwrap_or_else(|| "sent".into()), to);
    db.write(move |tx| audit::write(tx, &actor, "mail.test", object, Some(detail), clock::now())).await?;
    Ok(Json(TestOutcome { sent: error.is_none(), error }))
}

#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Pages {
    after: Option<String>,
    limit: Option<u32>,
}

/// Mails on their way, sent and failed, newest first
#[utoipa::path(tag = "mail", params(Pages), responses((status = 200, body = Page<Queued>)))]
#[get("/mail/queue")]
async fn queue(actor: Actor, db: Data<Db>, Query(pages): Query<Pages>) -> Result<Json<Page<Queued>>> {
    let paging = Paging::<i64>::new(pages.after.as_deref(), pages.limit)?;
    let before = paging.after.unwrap_or(i64::MAX);
    let rows = db.read(|conn| store::list(conn, actor.account_id, before, paging.rows()))?;
    Ok(Json(paging.page(rows, |mail| mail.id.to_string())))
}

fn none(id: i64) -> Problem {
    Problem::not_found(
        format_args!("mail {id} that was not sent"),
        "List them: GET /api/v1/mail/queue, or phonebox mail queue",
    )
}

/// Try a mail again now
#[utoipa::path(tag = "mail", params(("id" = i64, Path)), responses((status = 204)))]
#[post("/mail/queue/{id}/retry")]
async fn retry(actor: Actor, db: Data<Db>, id: Path<i64>) -> Result<HttpResponse> {
    db.write(move |tx| {
        let now = clock::now();
        if !store::retry(tx, actor.account_id, *id, now)? {
            return Err(none(*id));
        }
        audit::write(tx, &actor, "mail.retry", *id, None, now)?;
        Ok(())
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Give up a mail that was not sent
#[utoipa::path(tag = "mail", params(("id" = i64, Path)), responses((status = 204)))]
#[delete("/mail/queue/{id}")]
async fn remove(actor: Actor, db: Data<Db>, id: Path<i64>) -> Result<HttpResponse> {
    db.write(move |tx| {
        if !store::remove(tx, actor.account_id, *id)? {
            return Err(none(*id));
        }
        audit::write(tx, &actor, "mail.give-up", *id, None, clock::now())?;
        Ok(())
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

fn shown(text: &str) -> String {
    text.chars().take(80).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(show).service(set).service(unset).service(test).service(queue).service(retry).service(remove);
}
