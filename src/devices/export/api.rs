//! Export over REST, streamed: a million devices take no more memory than five hundred.

use super::{object, store};
use crate::db::Awaited;
use crate::devices::list::{Filter, Place, page};
use crate::devices::roll::Roll;
use crate::seal::Keyring;
use crate::users::Actor;
use crate::web::{Problem, Query, Result, cell};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpResponse, get};
use futures_util::stream;
use tokio::sync::mpsc::{Sender, channel};

const PAGE: u32 = 500;

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
enum Format {
    Csv,
    Json,
}

#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Options {
    #[param(inline)]
    format: Option<Format>,
    site: Option<String>,
    group: Option<String>,
    vendor: Option<String>,
    model: Option<String>,
}

/// Export devices with their lines and own settings, without secrets, as CSV or JSON that the import takes back
#[utoipa::path(tag = "devices", params(Options), responses((status = 200, content((String = "text/csv"), (Vec<serde_json::Value> = "application/json")))))]
#[get("/devices/export")]
async fn export(
    actor: Actor,
    roll: Data<Roll>,
    keys: Data<Keyring>,
    Query(options): Query<Options>,
) -> Result<HttpResponse> {
    let Options { format, site, group, vendor, model } = options;
    let format = format.unwrap_or(Format::Csv);
    let filter = Filter { site, group, vendor, model, ..Filter::default() };
    let (send, receive) = channel(4);
    tokio::task::spawn_blocking(move || {
        if let Err(problem) = write(&roll, &keys, &actor, &filter, format, &send) {
            // The head is out already; a broken body tells the client that something is missing.
            let _ = send.blocking_send(Err(problem));
        }
    });
    let body = stream::unfold(receive, |mut receive| async move { Some((receive.recv().await?, receive)) });
    let (kind, name) = match format {
        Format::Csv => ("text/csv; charset=utf-8", "devices.csv"),
        Format::Json => ("application/json", "devices.json"),
    };
    let disposition = format!("attachment; filename=\"{name}\"");
    Ok(HttpResponse::Ok().content_type(kind).insert_header(("Content-Disposition", disposition)).streaming(body))
}

type Piece = Result<Bytes, Problem>;

/// Page by page, each read by itself: a slow reader must not keep the database's log from being tidied.
fn write(
    roll: &Roll,
    keys: &Keyring,
    actor: &Actor,
    filter: &Filter,
    format: Format,
    send: &Sender<Piece>,
) -> Result<()> {
    let listener = send.clone();
    let (db, awaited) = (roll.db(), Awaited::when(move || !listener.is_closed()));
    let columns = db.read(|conn| store::columns(conn, actor.account_id))?;
    let mut text = match format {
        Format::Csv => cell::line(&columns.header())?,
        Format::Json => b"[".to_vec(),
    };
    let (mut place, mut first) = (Place::default(), true);
    loop {
        let devices = page(roll, &awaited, actor.account_id, filter, &place, PAGE)?;
        let owns = match (devices.first(), devices.last()) {
            (Some(first), Some(last)) => {
                db.read_while(&awaited, |conn| store::own(conn, keys, actor.account_id, (first.mac, last.mac)))?
            }
            _ => super::Owns::new(),
        };
        let none = super::Own::default();
        for device in &devices {
            let own = owns.get(&device.mac).unwrap_or(&none);
            match format {
                Format::Csv => text.extend(cell::line(&columns.row(device, own))?),
                Format::Json => {
                    text.extend(if first { b"\n".as_slice() } else { b",\n" });
                    text.extend(object(device, own).to_string().as_bytes());
                }
            }
            first = false;
        }
        let last = devices.len() < PAGE as usize;
        if last && format == Format::Json {
            text.extend(b"\n]\n");
        }
        // Nobody listens any more.
        if send.blocking_send(Ok(std::mem::take(&mut text).into())).is_err() || last {
            return Ok(());
        }
        place.after = devices.last().map(|device| place.sort.cursor(device));
    }
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(export);
}
