//! Reading, exporting and verifying the audit log. Nothing writes it but the changes themselves.

use super::chain::{self, Verdict};
use super::search::store as log;
use super::search::{self, Found, Sort};
use super::store;
use crate::clock;
use crate::db::{Awaited, Connection, Db};
use crate::users::Actor;
use crate::web::{Json, Moment, Page, Paging, Problem, Query, Result, cell};
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use bytes::Bytes;
use futures_util::stream;
use tokio::sync::mpsc::{Sender, channel};

const PAGE: u32 = 500;

#[derive(Debug, Clone, Copy, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
enum LogFile {
    Csv,
    Json,
}

#[derive(Debug, Clone, Copy, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase", try_from = "String")]
enum Outcome {
    Success,
    Fail,
}

/// AVA-266: SUCCESS and FAIL, too.
impl TryFrom<String> for Outcome {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Outcome, &'static str> {
        let all = [Outcome::Success, Outcome::Fail];
        let found = all.into_iter().find(|outcome| text.eq_ignore_ascii_case(outcome.word()));
        found.ok_or("it is neither success nor fail")
    }
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
    Page(Page<Found>),
    All(Vec<Found>),
}

#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// From this moment on: milliseconds since 1970-01-01 UTC, or a day, from its start in UTC.
    #[param(inline)]
    from: Option<Moment>,
    /// Before this moment.
    #[param(inline)]
    to: Option<Moment>,
    /// Who did it, in capitals or not. Here and below `*` stands for anything: `ali*`.
    actor: Option<String>,
    /// Whose data it is, or of which account whoever did it is: the account's id.
    account: Option<i64>,
    /// Whose data it is, or of which account whoever did it is: the account's name.
    account_name: Option<String>,
    /// From where: `192.0.2.7`, `192.0.2.*`.
    #[param(pattern = "^[0-9A-Fa-f.:*]*$")]
    ip: Option<String>,
    /// `api`, `key` for API keys, `console`, `scep`, `est`, `box`.
    process: Option<String>,
    /// `device.add`, or `device` for all of its kind.
    action: Option<String>,
    /// Only entries of this object, for example a device's MAC.
    object: Option<String>,
    /// Which place of the API was asked: `/devices*`, `/sites/Berlin`, with /api/v1 in front or not.
    path: Option<String>,
    #[param(inline)]
    result: Option<Outcome>,
    /// Words anywhere in an entry.
    text: Option<String>,
    /// `at`, `account`, `actor`, `ip`, `process`, `action`, `object` or `result`; with `-` in front the other way round.
    /// Nothing said: the newest first.
    #[param(pattern = "^-?(at|account|actor|ip|process|action|object|result)$")]
    sort: Option<String>,
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
    let is_part = |c: char| c.is_ascii_hexdigit() || ".:*".contains(c);
    if let Some(ip) = query.ip.as_deref().filter(|ip| !ip.chars().all(is_part)) {
        let shown: String = ip.chars().take(64).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        let message = format!("ip: {shown:?} is not accepted: it is no address and no part of one.");
        return Err(Problem::new(crate::web::Code::BadRequest, message, "Write it like 192.0.2.7 or 192.0.2.*"));
    }
    let sort = match query.sort.as_deref() {
        None => Sort::NEWEST,
        Some(text) => text.parse().map_err(|()| {
            let words: Vec<&str> = search::COLUMNS.iter().map(|(word, _)| *word).collect();
            let message = format!("sort: the log has no such order; it has {}.", words.join(", "));
            Problem::new(crate::web::Code::BadRequest, message, "Leave it out for the newest first.")
        })?,
    };
    let asked = Asked {
        account_id: actor.account_id,
        filter: search::Filter {
            from: query.from.map(|moment| moment.0),
            to: query.to.map(|moment| moment.0),
            actor: query.actor,
            ip: query.ip,
            process: query.process,
            action: query.action,
            object: query.object,
            path: query.path,
            result: query.result.map(|result| result.word().to_owned()),
            text: query.text,
            account: query.account,
            account_name: query.account_name,
        },
        sort,
    };
    if let Some(format) = query.format {
        return Ok(export(&db, asked, format, paging.after));
    }
    let rows = db.read_long(move |conn| asked.rows(conn, paging.after, paging.rows()).map_err(Problem::from)).await?;
    Ok(HttpResponse::Ok().json(paging.page(rows, |found| found.entry.id.to_string())))
}

/// What somebody wants to see of the log.
struct Asked {
    account_id: i64,
    filter: search::Filter,
    sort: Sort,
}

impl Asked {
    fn rows(&self, conn: &Connection, after: Option<i64>, rows: u32) -> crate::db::Result<Vec<Found>> {
        log::list(conn, self.account_id, &self.filter, self.sort, after, rows)
    }
}

fn export(db: &Db, asked: Asked, format: LogFile, after: Option<i64>) -> HttpResponse {
    let (send, receive) = channel(4);
    let db = db.clone();
    tokio::task::spawn_blocking(move || {
        if let Err(problem) = write(&db, &asked, format, after, &send) {
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

const HEADER: [&str; 17] = [
    "id",
    "time",
    "account_id",
    "account",
    "home_id",
    "home",
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
    "path",
];

fn cells(found: &Found) -> [String; 17] {
    let entry = &found.entry;
    let text = |text: &Option<String>| cell::safe(text.as_deref().unwrap_or_default());
    let side = |side: &Option<serde_json::Value>| side.as_ref().map(ToString::to_string).unwrap_or_default();
    [
        entry.id.to_string(),
        clock::shown(entry.at),
        entry.account_id.to_string(),
        text(&found.account),
        entry.home_id.map(|id| id.to_string()).unwrap_or_default(),
        text(&found.home),
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
        text(&entry.path),
    ]
}

/// Page by page, each read by itself: a slow reader must not keep the database's log from being tidied.
fn write(db: &Db, asked: &Asked, format: LogFile, mut after: Option<i64>, send: &Sender<Result<Bytes>>) -> Result<()> {
    let mut text = match format {
        LogFile::Csv => cell::line(&HEADER)?,
        LogFile::Json => b"[".to_vec(),
    };
    let mut first = true;
    let listener = send.clone();
    let awaited = Awaited::when(move || !listener.is_closed());
    loop {
        let entries = db.read_while(&awaited, |conn| asked.rows(conn, after, PAGE))?;
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
        after = entries.last().map(|found| found.entry.id);
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

/// Days that entries are kept: `audit.days` of the configuration.
#[derive(Clone, Copy)]
pub struct Kept(pub u32);

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
struct AboutLog {
    /// Entries go when they are older. `audit.days` of the configuration says it.
    keep_days: u32,
    /// The words that the entries have for what was done.
    actions: Vec<String>,
}

/// What there is to look for in the log, and how long it is kept
#[utoipa::path(tag = "audit", responses((status = 200, body = AboutLog)))]
#[get("/audit/about")]
async fn about(actor: Actor, db: Data<Db>, kept: Data<Kept>) -> Result<Json<AboutLog>> {
    let actions = db.read_long(move |conn| log::actions(conn, actor.account_id).map_err(Problem::from)).await?;
    Ok(Json(AboutLog { keep_days: kept.0, actions }))
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(verify).service(about).service(list);
}
