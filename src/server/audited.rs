//! Around every request of the administrators' side: it gets an id, its changes are made in somebody's name, and a change
//! that is refused is written down like one that is made. No handler can forget it.

use super::objects;
use crate::db::{Db, Origin};
use crate::listen::proxy;
use crate::net::Cidr;
use crate::users::actions::{self, Change};
use crate::users::guard::{Console, Known, Source};
use crate::web::Problem;
use crate::web::json::Sent;
use crate::{audit, clock};
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage};
use tracing::Instrument;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Peers that are believed when they name another one.
pub struct Proxies(pub Vec<Cidr>);

/// The client: behind a trusted proxy the one that it names.
fn client(request: &ServiceRequest) -> Option<Source> {
    let peer = request.peer_addr()?.ip().to_canonical();
    let proxies = request.app_data::<Data<Proxies>>().map_or(&[][..], |proxies| proxies.0.as_slice());
    let lines = |name| request.headers().get_all(name).map(HeaderValue::as_bytes).collect();
    Some(Source(proxy::named_peer(peer, proxies, lines).unwrap_or(peer)))
}

pub async fn around(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let console = request.request().conn_data::<Console>().is_some();
    let client = client(&request).filter(|_| !console);
    let door = if console { "console" } else { "api" };
    let origin = Origin::new(client.map(|client| client.0), door, Some(short(request.path())));
    if let Some(client) = client {
        request.extensions_mut().insert(client);
    }
    let span = tracing::info_span!("request", id = origin.request);
    let is_change = !request.method().is_safe();
    let call = origin.clone().scope(next.call(request)).instrument(span);
    // Whoever hangs up stops a question, never a change: half of one would be on disk and not in memory.
    let mut response = match is_change {
        true => actix_web::rt::spawn(call).await.unwrap_or_else(|error| Err(Problem::internal(error).into()))?,
        false => call.await?,
    };
    if let Ok(id) = HeaderValue::from_str(&origin.request) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    if is_change && response.status().as_u16() >= 400 {
        refused(&response, origin).await;
    }
    Ok(response)
}

/// As the log has it.
fn short(path: &str) -> String {
    path.trim_start_matches("/api/v1").to_owned()
}

/// Of strangers only the log-in tells, which counts them: anybody can send refused requests without end.
async fn refused(response: &ServiceResponse<impl MessageBody>, origin: std::sync::Arc<Origin>) {
    let (Some(who), Some(db)) = (origin.who().cloned(), response.request().app_data::<Data<Db>>()) else { return };
    let request = response.request();
    let route = request.match_pattern().unwrap_or_else(|| request.path().to_owned());
    let change = {
        let extensions = request.extensions();
        let parameter = |name: &str| request.match_info().get(name);
        let named = extensions.get::<Sent>().map(Sent::named);
        actions::change(request.method().as_str(), &route, parameter, named.as_ref())
    };
    let (action, object) = match change {
        Some(Change { action, object }) => (action.to_owned(), object),
        // No change that there is.
        None => (format!("{} {}", request.method(), short(&route)), None),
    };
    let object = object.unwrap_or_else(|| short(request.path()));
    let known = request.extensions().get::<Known>().map(|known| known.0.clone());
    // As a number it stands in the path only: the log calls things by their names.
    let numbered = known.zip(request.match_info().get("id").and_then(|id| id.parse::<i64>().ok()));
    let numbered = numbered.filter(|(_, id)| object == id.to_string()).map(|known| (known, short(&route)));
    let told = response.response().error().and_then(|error| error.as_error::<Problem>());
    let status = response.status();
    let detail =
        told.map_or_else(|| status.to_string(), |problem| format!("{}: {}", problem.code.word(), problem.message));
    let db = db.clone();
    let write = origin.scope(async move {
        let write = db.write(move |tx| {
            let name = match &numbered {
                Some(((actor, id), route)) => objects::name(tx, actor, route, &action, *id)?,
                None => None,
            };
            audit::refused(tx, &who, &action, name.unwrap_or(object), detail, clock::now())
        });
        if let Err(error) = write.await {
            tracing::warn!(%error, "a refusal could not be written to the audit log");
        }
    });
    // Where the disk said no, the answer does not wait for it to say so again.
    match status.is_server_error() {
        true => drop(tokio::spawn(write)),
        false => write.await,
    }
}
