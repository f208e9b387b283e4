//! The file store over REST: streamed in, checksummed, bounded; on disk under its SHA-256 before its row says so.

use super::store::{self, FileSummary};
use super::{LONGEST_VERSION, Limits, SharedFile};
use crate::db::{BOX_ACCOUNT, Connection, Db, Touch};
use crate::net::Mac;
use crate::seal::hex;
use crate::users::Actor;
use crate::vendors::{self, FileKind, Vendor};
use crate::web::spool::{Part, fill};
use crate::web::{Code, Directory, Json, Page, Paging, Problem, Query, Result, words};
use crate::{audit, ca, clock, firmware, layers, models};
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpResponse, delete, get, put};
use aws_lc_rs::digest::{Context, SHA256};
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path as FilePath, PathBuf};
use tokio::sync::Mutex;

/// Bytes and rows change together: what one request takes away must not be what another one just found.
static GATE: Mutex<()> = Mutex::const_new(());
const LONGEST_NAME: usize = 128;
/// Where a private key shows itself.
const HEAD: usize = 64 * 1024;

#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PageQuery {
    after: Option<String>,
    limit: Option<u32>,
}

#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct About {
    #[param(inline)]
    kind: Option<SharedFile>,
    vendor: Option<String>,
    model: Option<String>,
    /// Of firmware; absent: the one that its name says.
    version: Option<String>,
    /// What the bytes must hash to.
    sha256: Option<String>,
}

/// List the files
#[utoipa::path(tag = "files", params(PageQuery), responses((status = 200, body = Page<FileSummary>)))]
#[get("/files")]
async fn list(actor: Actor, db: Data<Db>, Query(query): Query<PageQuery>) -> Result<Json<Page<FileSummary>>> {
    let paging = Paging::<String>::new(query.after.as_deref(), query.limit)?;
    let after = paging.after.clone().unwrap_or_default();
    let rows = paging.rows();
    let files = db
        .read_long(move |conn| store::list(conn, actor.account_id, None, &after, rows).map_err(Problem::from))
        .await?;
    Ok(Json(paging.page(files, |file| file.name.clone())))
}

/// Bytes that a file of this name may have.
fn room(conn: &Connection, actor: &Actor, limits: &Limits, name: &str) -> Result<u64> {
    let (all, own) = store::totals_without(conn, actor.account_id, name)?;
    let left = limits.total_bytes.saturating_sub(all as u64);
    // Nobody uses up what is there for the others (T99).
    Ok(match actor.account_id == BOX_ACCOUNT {
        true => left,
        false => left.min(limits.account_bytes.saturating_sub(own as u64)),
    })
}

/// Store a file under the name phones ask for, or replace it
#[utoipa::path(tag = "files", params(("name" = String, Path), About),
    request_body(content = String, content_type = "application/octet-stream"),
    responses((status = 200, body = FileSummary)))]
#[put("/files/{name}")]
async fn add(
    actor: Actor,
    db: Data<Db>,
    directory: Data<Directory>,
    limits: Data<Limits>,
    name: Path<String>,
    Query(about): Query<About>,
    body: Payload,
) -> Result<Json<FileSummary>> {
    let name = file_name(&name)?;
    let vendor = about.vendor.as_deref().map(models::vendor).transpose()?;
    let model = about.model.as_deref().map(|model| models::model(vendor, model)).transpose()?;
    let given = about.version.as_deref().map(version_number).transpose()?.flatten();
    let left = db.read(|conn| room(conn, &actor, &limits, &name))?;
    let folder = folder(&directory.0)?;
    let mut part = Part::new(&directory.0)?;
    let (mut digest, mut head) = (Context::new(&SHA256), Vec::new());
    let size = fill(body, limits.file_bytes.min(left), |piece| {
        digest.update(piece);
        head.extend(piece.iter().take(HEAD - head.len().min(HEAD)));
        part.file.write_all(piece)
    });
    let size = size.await.map_err(|problem| match problem.code {
        Code::TooLarge if left < limits.file_bytes => Problem::new(
            Code::TooLarge,
            format!("All files together would be larger than allowed: there is room for {} KiB more.", left >> 10),
            "Remove files that no phone needs: GET /api/v1/files, or phonebox file list",
        ),
        _ => problem,
    })?;
    let sha256 = hex(digest.finish().as_ref());
    check(&head, size, &sha256, about.sha256.as_deref())?;
    let kind = about.kind.unwrap_or(SharedFile::Other).word();
    let file = FileSummary {
        version: super::version(kind, vendor.map(|vendor| vendor.id), &name, given),
        name,
        kind: kind.into(),
        vendor: vendor.map(|vendor| vendor.name.to_owned()),
        model,
        size: size as i64,
        sha256,
        created_at: clock::now(),
    };
    let gate = GATE.lock().await;
    part.keep(&folder.join(&file.sha256))?;
    let row = file.clone();
    let stored = db
        .write(move |tx| {
            // Others may have come in since this one began.
            if row.size as u64 > room(tx, &actor, &limits, &row.name)? {
                let message = "All files together would be larger than allowed: others were stored meanwhile.";
                return Err(Problem::new(
                    Code::TooLarge,
                    message,
                    "Remove files that no phone needs: GET /api/v1/files, or phonebox file list",
                ));
            }
            let old = store::list(tx, actor.account_id, Some(&row.name), "", 1)?.pop();
            // Under its name phones of the account got the box's file until now.
            let of_box = store::list(tx, BOX_ACCOUNT, Some(&row.name), "", 1)?.pop();
            let of_box = of_box.filter(|_| actor.account_id != BOX_ACCOUNT);
            store::put(tx, actor.account_id, &row)?;
            old.iter().chain(&of_box).try_for_each(|was| refuse_missed(tx, actor.account_id, was))?;
            tx.touch(Touch::Shared);
            let detail = format!("{} {} bytes sha256={}", row.kind, row.size, row.sha256);
            let sides = (old.as_ref(), Some(&row));
            audit::write_change(tx, &actor, "file.add", &row.name, sides, Some(detail), row.created_at)?;
            Ok::<_, Problem>(old.map(|old| old.sha256))
        })
        .await;
    let unused = match &stored {
        Ok(old) => old.clone(),
        Err(_) => Some(file.sha256.clone()),
    };
    tidy(&db, &folder, unused);
    drop(gate);
    stored?;
    Ok(Json(file))
}

/// Show a file
#[utoipa::path(tag = "files", params(("name" = String, Path)), responses((status = 200, body = FileSummary)))]
#[get("/files/{name}")]
async fn show(actor: Actor, db: Data<Db>, name: Path<String>) -> Result<Json<FileSummary>> {
    let found = db.read(|conn| store::list(conn, actor.account_id, Some(&name), "", 1))?.pop();
    Ok(Json(found.ok_or_else(|| missing(&name))?))
}

/// Remove a file
#[utoipa::path(tag = "files", params(("name" = String, Path)), responses((status = 204)))]
#[delete("/files/{name}")]
async fn remove(actor: Actor, db: Data<Db>, directory: Data<Directory>, name: Path<String>) -> Result<HttpResponse> {
    let folder = folder(&directory.0)?;
    let gate = GATE.lock().await;
    let sha256 = db
        .write(move |tx| {
            let found = store::list(tx, actor.account_id, Some(&name), "", 1)?.pop().ok_or_else(|| missing(&name))?;
            let elsewhere = actor.account_id != BOX_ACCOUNT && store::by_name(tx, BOX_ACCOUNT, &name)?.is_some();
            if let Some(place) = layers::store::naming_file(tx, actor.account_id, &name)?.filter(|_| !elsewhere) {
                let message = format!("The file {:?} is still in use: firmware.file names it in a layer.", found.name);
                let next = format!("Choose another one there, or none: phonebox layer unset {place} firmware.file");
                return Err(Problem::new(Code::InUse, message, next));
            }
            store::remove(tx, actor.account_id, &name)?;
            refuse_missed(tx, actor.account_id, &found)?;
            tx.touch(Touch::Shared);
            let sides = (Some(&found), None::<&FileSummary>);
            audit::write_change(tx, &actor, "file.remove", &found.name, sides, None, clock::now())?;
            Ok::<_, Problem>(found.sha256)
        })
        .await?;
    tidy(&db, &folder, Some(sha256));
    drop(gate);
    Ok(HttpResponse::NoContent().finish())
}

/// A release that somebody chose by its version stays, unless another file is the same.
fn refuse_missed(conn: &Connection, account_id: i64, was: &FileSummary) -> Result<()> {
    let Some((account, site)) = firmware::store::missed(conn, account_id, was)? else { return Ok(()) };
    let place = site.map_or(String::new(), |site| format!(" for its site {site:?}"));
    let version = was.version.as_deref().unwrap_or_default();
    let message = format!(
        "The file {:?} is still in use: the account {account:?} chose release {version}{place} in its firmware policy.",
        was.name
    );
    Err(Problem::new(Code::InUse, message, "Choose another release there: phonebox firmware choose --help"))
}

/// Numbers that can be compared; empty is none.
fn version_number(text: &str) -> Result<Option<String>> {
    let version = words::line("version", text, LONGEST_VERSION)?;
    match &version {
        Some(text) if !text.bytes().any(|byte| byte.is_ascii_digit()) => {
            let message = format!("version: {text:?} is not accepted: it holds no number.");
            Err(Problem::bad_value(message, "Write it as the phone shows it, such as 4.1.4.0.5"))
        }
        _ => Ok(version),
    }
}

/// Takes bytes away that no row names any more. What cannot be removed is only room.
pub fn tidy(db: &Db, folder: &FilePath, sha256: Option<String>) {
    let Some(sha256) = sha256 else { return };
    let used = db.read(|conn| store::is_used(conn, &sha256));
    if matches!(used, Ok(false))
        && let Err(error) = std::fs::remove_file(folder.join(&sha256))
    {
        tracing::warn!(%error, sha256, "a file that nobody uses could not be removed");
    }
}

fn folder(dir: &FilePath) -> Result<PathBuf> {
    let folder = dir.join("files");
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
    Ok(folder)
}

/// One plain name, and none that the box writes itself.
pub fn file_name(text: &str) -> Result<String> {
    let shown: String = text.chars().take(80).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    let refuse = |rule: &str| {
        let message = format!("The file name {shown:?} is not accepted: {rule}.");
        Err(Problem::bad_value(message, "Give the name the phone asks for, without a directory."))
    };
    if text.is_empty() || text.len() > LONGEST_NAME {
        return refuse("it must have 1 to 128 characters");
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic() && !b"/\\%?#\"<>|*:;".contains(&byte)) || text.starts_with('.')
    {
        return refuse("it holds a blank, a slash, a sign with a meaning in URLs, or starts with a dot");
    }
    if files_of_the_box(text) {
        return refuse("the box serves its own file under it");
    }
    // A name with the MAC of a phone that the box writes nothing for is that phone's, whoever else has such names.
    let is_free = |mac: Mac| vendors::vendor_of_mac(mac).is_some_and(|owner| !vendors::is_written(owner, None));
    let writes = |vendor: &Vendor| {
        let named = vendors::classify(vendor, text);
        named.is_some_and(|(kind, mac)| kind != FileKind::Upload && !mac.is_some_and(is_free))
    };
    let own = vendors::VENDORS.iter().find(|vendor| vendors::is_written(vendor, None) && writes(vendor));
    match own {
        Some(vendor) => refuse(&format!("the box writes that file itself for {} phones", vendor.name)),
        None => Ok(text.to_owned()),
    }
}

/// Names that are answered before the store is looked at.
fn files_of_the_box(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ca::public::is_name(&name) || name.starts_with("target-") && name.ends_with(".pem")
}

fn check(head: &[u8], size: u64, sha256: &str, wanted: Option<&str>) -> Result<()> {
    let refuse = |message: String, next: &str| Err(Problem::new(Code::BadFile, message, next));
    if size == 0 {
        return refuse("The file is empty.".into(), "Send its bytes as the body.");
    }
    if let Some(wanted) = wanted.filter(|wanted| !wanted.eq_ignore_ascii_case(sha256)) {
        let wanted: String = wanted.chars().take(64).collect();
        return refuse(format!("The file's SHA-256 is {sha256}, not {wanted}."), "Download it again.");
    }
    // The store is served to every phone that knows a name.
    if head.windows(12).any(|window| window == b"PRIVATE KEY-") {
        return refuse("The file holds a private key.".into(), "Store the certificate alone.");
    }
    Ok(())
}

fn missing(name: &str) -> Problem {
    let name: String = name.chars().take(LONGEST_NAME).collect();
    Problem::not_found(format_args!("file {name:?}"), "List them: GET /api/v1/files, or phonebox file list")
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(list).service(add).service(show).service(remove);
}
