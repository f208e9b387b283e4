//! Import over REST: the file is taken whole first, so that a slow client holds nobody up, then read in one go.

use super::{FileError, Import, Progress, Report};
use crate::db::Db;
use crate::devices::Window;
use crate::seal::Keyring;
use crate::users::Actor;
use crate::web::{Directory, Problem, Query, Result, spool};
use actix_web::web::{Bytes, Data, Payload};
use actix_web::{HttpResponse, post};
use futures_util::stream;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Bytes of an import's file.
const MAX_FILE: u64 = 512 << 20;
/// Between two lines of progress.
const TICK: Duration = Duration::from_millis(100);

#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Options {
    /// Change nothing and report the same.
    #[serde(default)]
    dry_run: bool,
    /// Answer with JSON lines while it runs: {"progress": …} and at the end {"report": …} or {"error": …}.
    #[serde(default)]
    progress: bool,
}

/// Import devices from CSV, JSON (array or lines) or a ZIP of those
///
/// Columns or keys: mac, vendor, model, serial, name, site, profile, group, url, active, line1_user,
/// line1_auth_id, line1_password, line1_display_name … line255_…, and the name of any setting. All good rows go in together; bad and
/// duplicate ones are reported with their row.
#[utoipa::path(tag = "devices", params(Options), request_body(content = String, content_type = "application/octet-stream"),
    responses((status = 200, content((Report = "application/json"), (String = "application/x-ndjson")))))]
#[post("/devices/import")]
async fn import(
    actor: Actor,
    db: Data<Db>,
    keys: Data<Keyring>,
    window: Data<Window>,
    directory: Data<Directory>,
    Query(options): Query<Options>,
    body: Payload,
) -> Result<HttpResponse> {
    let file = spool::anonymous(&directory.0, body, MAX_FILE).await?;
    if file.metadata()?.len() == 0 {
        return Err(FileError("it is empty".into()).into());
    }
    let progress = Arc::new(Progress::default());
    let import = Import { keys: (**keys).clone(), actor, window: **window, file, progress: progress.clone() };
    let db = (**db).clone();
    // A task of its own: it ends what it began, even if the client goes away.
    let work =
        tokio::spawn(async move { if options.dry_run { import.dry_run(&db).await } else { import.run(&db).await } });
    if !options.progress {
        return Ok(HttpResponse::Ok().json(work.await.map_err(Problem::internal)??));
    }
    let lines = stream::unfold(Some(work), move |work| {
        let progress = progress.clone();
        async move {
            let mut work = work?;
            let ended = tokio::time::timeout(TICK, &mut work).await;
            let [done, total, rows] =
                [&progress.done, &progress.total, &progress.rows].map(|number| number.load(Ordering::Relaxed));
            // The last state too, however soon after the one before.
            let state = serde_json::json!({ "progress": { "done": done, "total": total, "rows": rows } });
            let line = match ended {
                Err(_) => return Some((Ok::<_, Problem>(Bytes::from(format!("{state}\n"))), Some(work))),
                Ok(Ok(Ok(report))) => serde_json::json!({ "report": report }),
                Ok(Ok(Err(problem))) => serde_json::json!(problem.body()),
                Ok(Err(error)) => serde_json::json!(Problem::internal(error).body()),
            };
            Some((Ok(Bytes::from(format!("{state}\n{line}\n"))), None))
        }
    });
    Ok(HttpResponse::Ok().content_type("application/x-ndjson").streaming(lines))
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(import);
}
