//! One request to a program: resolved once, connected to what was resolved, never led elsewhere.

use super::reach::{Reach, Target};
use super::store::{self, Due};
use super::{SIGNATURE, body, signature};
use crate::db::{Db, Error};
use crate::notify;
use crate::seal::Keyring;
use crate::{alarms, clock};
use bytes::Bytes;
use futures_util::future::join_all;
use http_body_util::Full;
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::ServerName;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// For all of it: resolve, connect, send, hear a status.
const PATIENCE: Duration = Duration::from_secs(10);
const AT_ONCE: u32 = 8;

/// Whom the machine trusts; `SSL_CERT_FILE` names another file.
static ROOTS: LazyLock<Arc<ClientConfig>> = LazyLock::new(|| {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    // The provider has both versions.
    let builder = builder.unwrap_or_else(|_| ClientConfig::builder());
    Arc::new(builder.with_root_certificates(roots).with_no_client_auth())
});

/// Why something did not arrive.
#[derive(Debug, PartialEq, Eq)]
pub struct NotSent {
    pub status: Option<u16>,
    pub words: String,
}

impl NotSent {
    fn of(words: impl ToString) -> NotSent {
        NotSent { status: None, words: words.to_string() }
    }
}

/// The status of the answer, when it is a success.
pub async fn post(reach: &Reach, url: &str, headers: &[(&str, String)], body: String) -> Result<u16, NotSent> {
    let work = async {
        let target = Target::parse(url).map_err(NotSent::of)?;
        let addresses = reach.resolve(&target).await.map_err(NotSent::of)?;
        let stream = connect(&addresses).await?;
        if !target.tls {
            return exchange(stream, &target, headers, body).await;
        }
        let name = ServerName::try_from(target.host.clone()).map_err(NotSent::of)?;
        let stream =
            tokio_rustls::TlsConnector::from(ROOTS.clone()).connect(name, stream).await.map_err(NotSent::of)?;
        exchange(stream, &target, headers, body).await
    };
    tokio::time::timeout(PATIENCE, work).await.unwrap_or_else(|_| Err(NotSent::of("no answer in time")))
}

async fn connect(addresses: &[std::net::SocketAddr]) -> Result<TcpStream, NotSent> {
    let mut last = NotSent::of("there is no address");
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = NotSent::of(format!("{address}: {error}")),
        }
    }
    Err(last)
}

async fn exchange<S>(stream: S, target: &Target, headers: &[(&str, String)], body: String) -> Result<u16, NotSent>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(NotSent::of)?;
    let connection = tokio::spawn(connection);
    let mut request = Request::post(&target.path)
        .header(header::HOST, target.authority())
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, concat!("Phonebox/", env!("CARGO_PKG_VERSION")))
        .header(header::CONNECTION, "close");
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let request = request.body(Full::new(Bytes::from(body))).map_err(NotSent::of)?;
    let answer = sender.send_request(request).await.map_err(NotSent::of);
    // What it says besides the status is not read.
    connection.abort();
    let status = answer?.status();
    let refused = |words: String| Err(NotSent { status: Some(status.as_u16()), words });
    match status.as_u16() {
        200..=299 => Ok(status.as_u16()),
        300..=399 => refused(format!("it answered {status}: redirects are not followed")),
        _ => refused(format!("it answered {status}")),
    }
}

/// Sends what is due, one to each webhook. True: something was.
pub async fn next(db: &Db, keys: &Keyring, reach: &Reach, now: i64) -> Result<bool, Error> {
    let due = db.read(|conn| store::due(conn, keys, now, AT_ONCE))?;
    let some = !due.is_empty();
    let sent = due.into_iter().map(|one| deliver(db, reach, one, now));
    join_all(sent).await.into_iter().collect::<Result<Vec<()>, Error>>()?;
    Ok(some)
}

async fn deliver(db: &Db, reach: &Reach, one: Due, now: i64) -> Result<(), Error> {
    let outcome = match db.read(|conn| notify::store::event(conn, one.event_id))? {
        Some(event) => {
            let (body, seconds) = (body(&event), now / 1_000);
            let headers = [
                (SIGNATURE, signature(one.secret.reveal(), seconds, &body)),
                ("Phonebox-Event", event.kind),
                ("Phonebox-Delivery", one.id.to_string()),
            ];
            post(reach, &one.url, &headers, body).await
        }
        None => Err(NotSent::of("the event is gone")),
    };
    let now = clock::now();
    db.write(move |tx| match outcome {
        Ok(status) => {
            alarms::store::close_kind(tx, "webhook", &store::named(one.webhook_id), now)?;
            store::sent(tx, one.id, status, now)
        }
        Err(NotSent { status, words }) => {
            tracing::warn!(webhook = one.webhook_id, error = %words, "an event was not delivered");
            if store::not_sent(tx, one.id, status, &words, now)? {
                let text =
                    format!("An event was given up: {words}. See phonebox webhook deliveries {}", one.webhook_id);
                alarms::store::raise(tx, one.account_id, "webhook", &store::named(one.webhook_id), &text, now)?;
            }
            Ok(())
        }
    })
    .await
}
