//! Reading, exporting and verifying the audit log. Nothing writes it but the changes themselves.

use super::chain::{self, Verdict};
use super::store::{self, Entry};
use crate::clock;
use crate::db::Db;
use crate::users::Actor;
use crate::web::{Json, Page, Paging, Problem, Query, Result, cell};
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use bytes::Bytes;
use futures_util::stream;
use std::net::IpAddr;
use tokio::sync::mpsc::{Sender, channel};

const PAGE: u32 = 500;

#[derive(Debug, Clone, Copy, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
enum LogFile {
    Csv,
    Json,
}

#[derive(Debug, Clone, Copy, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Success,
    Fail,
}

impl Outcome {
    fn word(self) -> &'static str {
        match self {
            Outcome::Success => store::SUCCESS,
            Outcome::Fail => store::FAIL,
        }
    }
}

/// For the document: a page, or with `format=json` all of it.
#[derive(serde::Serialize, utoipa::ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "pages and exports are written each by itself")]
enum Told {
    Page(Page<Entry>),
    All(Vec<Entry>),
}

#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// From this moment on, milliseconds since 1970-01-01 UTC.
    from: Option<i64>,
    /// Before this moment.
    to: Option<i64>,
    /// Who did it.
    actor: Option<String>,
    /// Of which account whoever did it is.
    account: Option<i64>,
    #[param(value_type = Option<String>, pattern = r"^(((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])\.){3}(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])|([0-9a-f]{1,4}:){7}[0-9a-f]{1,4})$")]
    ip: Option<IpAddr>,
    /// `api`, `console`, `scep`, `est`, `box`.
    process: Option<String>,
    /// `device.add`, or `device` for all of its kind.
    action: Option<String>,
    /// Only entries of this object, for example a device's MAC.
    object: Option<String>,
    #[param(inline)]
    result: Option<Outcome>,
    /// Words anywhere in an entry.
    text: Option<String>,
    after: Option<String>,
    limit: Option<u32>,
    /// All that is found, as a file.
    #[param(inline)]
    format: Option<LogFile>,
}

/// What was done, newest first
#[utoipa::path(tag = "audit", params(Filter), responses((status = 200, content((Told = "application/json"), (String = "text/csv")))))]
#[get("/audit")]
async fn list(actor: Actor, db: Data<Db>, Query(query): Query<Filter>) -> Result<HttpResponse> {
    let paging = Paging::<i64>::new(query.after.as_deref(), query.limit)?;
    let filter = store::Filter {
        from: query.from,
        to: query.to,
        actor: query.actor,
        ip: query.ip.map(|ip| ip.to_string()),
        process: query.process,
        action: query.action,
        object: query.object,
        result: query.result.map(|result| result.word().to_owned()),
        text: query.text,
        account: query.account,
    };
    let before = paging.after.unwrap_or(i64::MAX);
    if let Some(format) = query.format {
        return Ok(export(&db, actor.account_id, filter, format, before));
    }
    let rows = db
        .read_long(move |conn| {
            store::list(conn, actor.account_id, &filter, before, paging.rows()).map_err(Problem::from)
        })
        .await?;
    Ok(HttpResponse::Ok().json(paging.page(rows, |entry| entry.id.to_string())))
}

fn export(db: &Db, account_id: i64, filter: store::Filter, format: LogFile, before: i64) -> HttpResponse {
    let (send, receive) = channel(4);
    let db = db.clone();
    tokio::task::spawn_blocking(move || {
        if let Err(problem) = write(&db, account_id, &filter, format, before, &send) {
            // The head is out already; a broken body tells the client that something is missing.
            let _ = send.blocking_send(Err(problem));
        }
    });
    let body = stream::unfold(receive, |mut receive| async move { Some((receive.recv().await?, receive)) });
    let (kind, name) = match format {
        LogFile::Csv => ("text/csv; charset=utf-8", "audit.csv"),
        LogFile::Json => ("application/json", "audit.json"),
    };
    let disposition = format!("attachment; filename=\"{name}\"");
    HttpResponse::Ok().content_type(kind).insert_header(("Content-Disposition", disposition)).streaming(body)
}

const HEADER: [&str; 14] = [
    "id",
    "time",
    "account_id",
    "home_id",
    "actor",
    "ip",
    "process",
    "action",
    "object",
    "result",
    "detail",
    "before",
    "after",
    "request",
];

fn cells(entry: &Entry) -> [String; 14] {
    let text = |text: &Option<String>| cell::safe(text.as_deref().unwrap_or_default());
    let side = |side: &Option<serde_json::Value>| side.as_ref().map(ToString::to_string).unwrap_or_default();
    [
        entry.id.to_string(),
        clock::shown(entry.at),
        entry.account_id.to_string(),
        entry.home_id.map(|id| id.to_string()).unwrap_or_default(),
        cell::safe(&entry.actor),
        text(&entry.ip),
        entry.process.clone(),
        cell::safe(&entry.action),
        cell::safe(&entry.object),
        entry.result.clone(),
        text(&entry.detail),
        side(&entry.before),
        side(&entry.after),
        text(&entry.request),
    ]
}

/// Page by page, each read by itself: a slow reader must not keep the database's log from being tidied.
fn write(
    db: &Db,
    account_id: i64,
    filter: &store::Filter,
    format: LogFile,
    mut before: i64,
    send: &Sender<Result<Bytes>>,
) -> Result<()> {
    let mut text = match format {
        LogFile::Csv => cell::line(&HEADER)?,
        LogFile::Json => b"[".to_vec(),
    };
    let mut first = true;
    loop {
        let listener = send.clone();
        let entries =
            db.read_while(move || !listener.is_closed(), |conn| store::list(conn, account_id, filter, before, PAGE))?;
        for entry in &entries {
            match format {
                LogFile::Csv => text.extend(cell::line(&cells(entry))?),
                LogFile::Json => {
                    text.extend(if first { b"\n".as_slice() } else { b",\n" });
                    text.extend(serde_json::to_vec(entry).map_err(Problem::internal)?);
                }
            }
            first = false;
        }
        let last = entries.len() < PAGE as usize;
        if last && matches!(format, LogFile::Json) {
            text.extend(b"\n]\n");
        }
        // Nobody listens any more.
        if send.blocking_send(Ok(std::mem::take(&mut text).into())).is_err() || last {
            return Ok(());
        }
        before = entries.last().map_or(0, |entry| entry.id);
    }
}

#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Noted {
    /// A `head` that was noted before: is it still in the chain?
    head: Option<String>,
}

/// Whether the log is what was written: nothing changed, put in or taken out
#[utoipa::path(tag = "audit", params(Noted), responses((status = 200, body = Verdict)))]
#[get("/audit/verify")]
async fn verify(_actor: Actor, db: Data<Db>, Query(noted): Query<Noted>) -> Result<Json<Verdict>> {
    let look = move |conn: &crate::db::Connection| chain::verify(conn, noted.head.as_deref()).map_err(Problem::from);
    Ok(Json(db.read_long(look).await?))
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(verify).service(list);
}
