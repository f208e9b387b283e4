//! One HTTP request → one answer: conditions, ranges, uploads and heads that old parsers can read.
//!
//! Follows RFC 9110 §8.8, §13, §14 and `protocols/avaya.md` §1.7 (title-case names, Content-Length, no chunks, no
//! Content-Encoding; `Connection: close` for phones that are not J100).

use super::enroll::{self, EnrollmentDoor, Making};
use super::form;
use super::guard::{Guarded, has_shut};
use super::{Notes, Patience, mapped, ocsp};
use crate::ca::{Ca, Client, Clients};
use crate::checkins::{Reason, Transport};
use crate::clock::now;
use crate::provision::enroll::Reply;
use crate::provision::{self, Answer, ClientCert, Delivered, Method, Origin, Pipeline, Request, Served};
use crate::vendors;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Response, StatusCode, Version};
use std::convert::Infallible;
use std::net::IpAddr;
use std::os::fd::RawFd;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Instant;
use tokio_rustls::server::TlsStream;

/// Of an upload at least this much must arrive in each of these windows (T31).
const TRICKLE: usize = 10 << 10;
const TRICKLE_TIME: Duration = Duration::from_secs(10);
/// What is still read of a body that nobody wants.
const DRAIN: usize = 4 << 20;
const DRAIN_TIME: Duration = Duration::from_secs(2);

/// Who is on the other end of a connection.
#[derive(Debug, Clone)]
pub struct Connection {
    pub transport: Transport,
    pub peer: IpAddr,
    /// The addresses of this box as this peer reaches it.
    pub origin: Origin,
    pub client: Option<Shown>,
    pub patience: Patience,
    pub notes: Notes,
    /// Open as long as a request of it is answered.
    pub socket: RawFd,
}

/// The certificate that a client showed, and who judges it at each request.
#[derive(Debug, Clone)]
pub struct Shown {
    client: Arc<Client>,
    clients: Clients,
    /// What was sent, DER: its own first.
    chain: Arc<[Vec<u8>]>,
}

impl Shown {
    pub fn of(stream: &TlsStream<Guarded>, clients: &Clients) -> Result<Option<Shown>, crate::ca::CaError> {
        let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
        let client = clients.judge(chain.iter().map(|der| der.as_ref()), now())?;
        let chain = || chain.iter().map(|der| der.to_vec()).collect();
        Ok(client.map(|client| Shown { client, clients: clients.clone(), chain: chain() }))
    }

    /// The certificate itself, DER.
    pub(super) fn leaf(&self) -> Arc<[u8]> {
        self.chain.first().map(|leaf| leaf.as_slice().into()).unwrap_or_default()
    }

    pub(super) fn now(&self, at: i64) -> ClientCert<'_> {
        let verdict = self.clients.verdict(&self.client, self.chain.iter().map(Vec::as_slice), at);
        ClientCert { subject: &self.client.subject, holder: self.client.holder, verdict }
    }
}

/// An answer's bytes; tells the pipeline when the last of them was taken.
pub struct Sent {
    bytes: Bytes,
    done: Option<Done>,
}

struct Done {
    pipeline: Arc<Pipeline>,
    delivered: Delivered,
    notes: Notes,
}

impl Sent {
    pub(super) fn new(bytes: Bytes) -> Sent {
        Sent { bytes, done: None }
    }
}

impl Body for Sent {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let bytes = std::mem::take(&mut self.bytes);
        if !bytes.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.len() as u64)
    }
}

impl Drop for Sent {
    /// hyper drops a body after it has taken all of it, or when the connection broke before.
    fn drop(&mut self) {
        if let Some(done) = self.done.take().filter(|_| self.bytes.is_empty()) {
            done.notes.add(done.pipeline, done.delivered);
        }
    }
}

pub async fn respond(
    pipeline: Arc<Pipeline>,
    ca: Option<&Ca>,
    door: Option<&EnrollmentDoor>,
    connection: &Connection,
    request: hyper::Request<Incoming>,
) -> Response<Sent> {
    let (parts, mut body) = request.into_parts();
    if let Err(why) = form::check(&parts) {
        pipeline.record_malformed(connection.transport, connection.peer, why, now());
        let mut response = short(StatusCode::BAD_REQUEST);
        close(&mut response, parts.version);
        return response;
    }
    if let Some(ca) = ca
        && let Some(answer) = ocsp::answer(ca, &parts, &mut body).await
    {
        return if parts.method == hyper::Method::HEAD { headed(answer) } else { answer };
    }
    let at = now();
    let value = |name: HeaderName| parts.headers.get(name).map(HeaderValue::as_bytes);
    // An absolute-form target or an authority has no place in a phone's request: only the path is looked at.
    let raw = parts.uri.path_and_query().map_or("", |path| path.as_str());
    let path = (parts.uri.scheme().is_none()).then(|| provision::parse(raw.as_bytes())).flatten();
    let asked = Request {
        transport: connection.transport,
        method: match parts.method {
            hyper::Method::GET => Method::Get,
            hyper::Method::HEAD => Method::Head,
            hyper::Method::PUT => Method::Put,
            hyper::Method::POST => Method::Post,
            _ => Method::Other,
        },
        verb: parts.method.as_str(),
        peer: connection.peer,
        origin: &connection.origin,
        path: raw.as_bytes(),
        user_agent: value(header::USER_AGENT),
        authorization: value(header::AUTHORIZATION),
        client: connection.client.as_ref().map(|shown| shown.now(at)),
        can_make: door.is_some(),
        now: at,
    };
    let mut served = match door.zip(enroll::protocol(&parts)) {
        Some((door, protocol)) => {
            let started = std::time::Instant::now();
            let outcome = door.answer(protocol, connection, &parts, &mut body, asked.now).await;
            pipeline.enrolled(asked, outcome, started)
        }
        None => {
            let mut served = pipeline.serve(asked, path.as_ref()).await;
            if let (Answer::MakeCertificate(subject), Some(door)) = (&served.answer, door) {
                let making = door.make_file(subject, at).await;
                // Made or not: what is there now, if only one that should have been renewed.
                served = pipeline.serve(Request { can_make: false, ..asked }, path.as_ref()).await;
                let nothing = matches!(served.answer, Answer::NotFound);
                match making {
                    Making::Busy if nothing => {
                        served.answer = Answer::Unavailable;
                        served.refused(Reason::Busy);
                    }
                    Making::Refused(why) if nothing => served.not_made(why),
                    _ => {}
                }
            }
            if let Some(door) = door {
                door.note_file(&served, at).await;
            }
            served
        }
    };
    let mut response = match take_upload(&mut served) {
        Some((device, name, limit)) => {
            let (status, refused) = match store(&pipeline, &device, &name, limit, &mut body, connection.patience).await
            {
                Ok(status) => (status, None),
                Err((status, reason)) => (status, Some(reason)),
            };
            if let Some(reason) = refused {
                served.refused(reason);
            }
            short(status)
        }
        None => answer(&served, &parts.headers, at),
    };
    // Whoever waits for a "100 Continue" sends nothing more, and who was too slow is not waited for again.
    let slow = response.status() == StatusCode::REQUEST_TIMEOUT;
    if !slow && !body.is_end_stream() && !parts.headers.contains_key(header::EXPECT) {
        let _ = tokio::time::timeout(DRAIN_TIME, drain(body)).await;
    }
    let (head_only, version) = (parts.method == hyper::Method::HEAD, parts.version);
    let bytes = response.body().bytes.len() as u64;
    pipeline.record(&served, response.status().as_u16(), if head_only { 0 } else { bytes });
    // A part, a range that is not there, the news that nothing is new: no file was delivered.
    let parts = [StatusCode::NOT_MODIFIED, StatusCode::PARTIAL_CONTENT, StatusCode::RANGE_NOT_SATISFIABLE];
    let whole = !head_only && !parts.contains(&response.status());
    // Who has hung up is answered, and does not count as having it.
    if let Some(delivered) = served.delivered.take().filter(|_| whole && !has_shut(connection.socket)) {
        response.body_mut().done =
            Some(Done { pipeline: pipeline.clone(), delivered, notes: connection.notes.clone() });
    }
    if slow || served.closes() {
        close(&mut response, version);
    }
    if head_only { headed(response) } else { response }
}

/// The answer to HEAD: hyper keeps Content-Length from the header and sends no body.
fn headed(mut response: Response<Sent>) -> Response<Sent> {
    let length = HeaderValue::from(response.body().bytes.len());
    response.headers_mut().insert(header::CONTENT_LENGTH, length);
    *response.body_mut() = Sent::new(Bytes::new());
    response
}

/// The last answer of its connection. With its own version, or hyper grants a keep-alive that an HTTP/1.0 client asks for.
fn close(response: &mut Response<Sent>, asked: Version) {
    *response.version_mut() = asked;
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
}

/// A peer that is cut off while it sends does not hear why it was refused.
async fn drain(mut body: Incoming) {
    let mut left = DRAIN;
    while let Some(Ok(frame)) = body.frame().await {
        let length = frame.data_ref().map_or(0, Bytes::len);
        match left.checked_sub(length) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}

fn take_upload(served: &mut Served) -> Option<(Arc<provision::Subject>, String, u64)> {
    match &served.answer {
        Answer::Upload { device, name, limit } => Some((device.clone(), name.clone(), *limit)),
        _ => None,
    }
}

async fn store(
    pipeline: &Pipeline,
    device: &provision::Subject,
    name: &str,
    limit: u64,
    body: &mut Incoming,
    patience: Patience,
) -> Result<StatusCode, (StatusCode, Reason)> {
    let bytes = collect(body, limit, patience).await?;
    match pipeline.store_upload(device, name, bytes, now()).await {
        Ok(Some(true)) => Ok(StatusCode::CREATED),
        Ok(Some(false)) => Ok(StatusCode::NO_CONTENT),
        Ok(None) => Err((StatusCode::INSUFFICIENT_STORAGE, Reason::Quota)),
        Err(error) if error.is_full() => Err((StatusCode::INSUFFICIENT_STORAGE, Reason::Storage)),
        Err(error) => {
            tracing::error!(%error, "an upload could not be stored");
            Err((StatusCode::SERVICE_UNAVAILABLE, Reason::Storage))
        }
    }
}

/// A whole body, bounded in bytes, in time, and in how little may arrive at a time (T31).
pub(super) async fn collect(
    body: &mut Incoming,
    limit: u64,
    patience: Patience,
) -> Result<Vec<u8>, (StatusCode, Reason)> {
    const TOO_LARGE: (StatusCode, Reason) = (StatusCode::PAYLOAD_TOO_LARGE, Reason::TooLarge);
    const TOO_SLOW: (StatusCode, Reason) = (StatusCode::REQUEST_TIMEOUT, Reason::TooSlow);
    if body.size_hint().lower() > limit {
        return Err(TOO_LARGE);
    }
    let mut bytes = Vec::new();
    let end = Instant::now() + patience.upload;
    let (mut due, mut enough) = (Instant::now() + TRICKLE_TIME, TRICKLE);
    loop {
        match tokio::time::timeout_at(due.min(end), body.frame()).await {
            Err(_) if bytes.len() < enough || Instant::now() >= end => return Err(TOO_SLOW),
            Err(_) => (due, enough) = (due + TRICKLE_TIME, bytes.len() + TRICKLE),
            Ok(None) => return Ok(bytes),
            Ok(Some(Err(_))) => return Err((StatusCode::BAD_REQUEST, Reason::BadRequest)),
            Ok(Some(Ok(frame))) => {
                let data = frame.into_data().unwrap_or_default();
                if bytes.len() as u64 + data.len() as u64 > limit {
                    return Err(TOO_LARGE);
                }
                bytes.extend_from_slice(&data);
            }
        }
    }
}

fn answer(served: &Served, asked: &HeaderMap, at: i64) -> Response<Sent> {
    match &served.answer {
        Answer::Document(document) => content(
            asked,
            document.bytes.clone(),
            document.content_type,
            document.modified,
            Some(&document.etag.to_string()),
            at,
        ),
        Answer::Bytes { bytes, content_type, modified } => {
            content(asked, bytes.clone(), content_type, *modified, None, at)
        }
        Answer::File { path, file } => match mapped::map(path) {
            Ok(bytes) => {
                let etag = format!("\"{}\"", file.sha256.get(..24).unwrap_or_default());
                content(asked, bytes, file.content_type(), file.created_at, Some(&etag), at)
            }
            Err(error) => {
                tracing::error!(%error, file = %file.name, "a file of the store cannot be read");
                short(StatusCode::SERVICE_UNAVAILABLE)
            }
        },
        Answer::Redirect(url) => {
            let mut response = short(StatusCode::FOUND);
            if let Ok(url) = HeaderValue::from_str(url) {
                response.headers_mut().insert(header::LOCATION, url);
            }
            response
        }
        Answer::Challenge(values) | Answer::Enrollment(Reply::Challenge(values)) => {
            let mut response = short(StatusCode::UNAUTHORIZED);
            for value in values.iter().filter_map(|value| HeaderValue::from_str(value).ok()) {
                response.headers_mut().append(header::WWW_AUTHENTICATE, value);
            }
            response
        }
        Answer::Enrollment(reply) => enroll::response(reply).unwrap_or_else(short),
        Answer::MethodNotAllowed => {
            let mut response = short(StatusCode::METHOD_NOT_ALLOWED);
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, PUT, POST"));
            response
        }
        Answer::BadRequest | Answer::NotFound | Answer::MakeCertificate(_) | Answer::Upload { .. } => {
            short(StatusCode::NOT_FOUND)
        }
        Answer::Unavailable => short(StatusCode::SERVICE_UNAVAILABLE),
    }
}

/// The answers without content: the same bytes for the same status, whoever asks for what.
pub(super) fn short(status: StatusCode) -> Response<Sent> {
    let text = match status {
        StatusCode::NOT_FOUND => "Not found\n",
        StatusCode::UNAUTHORIZED => "Credentials needed\n",
        StatusCode::BAD_REQUEST => "The request is not accepted\n",
        StatusCode::FORBIDDEN => "Refused: the check-ins of this box say why\n",
        StatusCode::PAYLOAD_TOO_LARGE => "Too large\n",
        StatusCode::INSUFFICIENT_STORAGE => "No room\n",
        StatusCode::SERVICE_UNAVAILABLE => "Not now\n",
        StatusCode::METHOD_NOT_ALLOWED => "Method not allowed\n",
        _ => "",
    };
    let mut response = Response::new(Sent::new(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    if !text.is_empty() {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("30"));
    }
    response
}

fn content(
    asked: &HeaderMap,
    bytes: Bytes,
    content_type: &'static str,
    modified: i64,
    etag: Option<&str>,
    at: i64,
) -> Response<Sent> {
    let mut response = Response::new(Sent::new(Bytes::new()));
    let headers = response.headers_mut();
    headers.reserve(6);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    // RFC 9110 §8.8.2.2: this second is not over, and what changes once more in it must have a later date.
    let dated = modified.min(at - 1000);
    let date = http_date(dated);
    if let Some(date) = date.as_deref().and_then(|date| HeaderValue::from_str(date).ok()) {
        headers.insert(header::LAST_MODIFIED, date);
    }
    if let Some(etag) = etag.and_then(|etag| HeaderValue::from_str(etag).ok()) {
        headers.insert(header::ETAG, etag);
    }
    if is_unchanged(asked, modified, etag) {
        headers.remove(header::CONTENT_TYPE);
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    let length = bytes.len() as u64;
    match range(asked, length, dated, etag) {
        Range::Whole => response.body_mut().bytes = bytes,
        Range::Part(first, last) => {
            if let Ok(value) = HeaderValue::from_str(&format!("bytes {first}-{last}/{length}")) {
                headers.insert(header::CONTENT_RANGE, value);
            }
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            response.body_mut().bytes = bytes.slice(first as usize..=last as usize);
        }
        Range::Unsatisfiable => {
            if let Ok(value) = HeaderValue::from_str(&format!("bytes */{length}")) {
                headers.insert(header::CONTENT_RANGE, value);
            }
            *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
        }
    }
    response
}

/// RFC 9110 §13.2.2: If-None-Match first, If-Modified-Since only without it.
fn is_unchanged(asked: &HeaderMap, modified: i64, etag: Option<&str>) -> bool {
    if let Some(wanted) = asked.get(header::IF_NONE_MATCH) {
        let Ok(wanted) = wanted.to_str() else { return false };
        let is_ours = |one: &str| one == "*" || Some(one.strip_prefix("W/").unwrap_or(one)) == etag;
        return wanted.split(',').map(str::trim).any(is_ours);
    }
    let since = asked.get(header::IF_MODIFIED_SINCE).and_then(|value| value.to_str().ok()).and_then(parse_http_date);
    since.is_some_and(|since| modified > 0 && modified / 1000 <= since)
}

enum Range {
    Whole,
    Part(u64, u64),
    Unsatisfiable,
}

/// One range is served; several are answered whole, as RFC 9110 §14.2 allows: nobody gets more than asked for once.
fn range(asked: &HeaderMap, length: u64, modified: i64, etag: Option<&str>) -> Range {
    let Some(spec) = asked.get(header::RANGE).and_then(|value| value.to_str().ok()) else { return Range::Whole };
    let Some(spec) = spec.strip_prefix("bytes=").filter(|spec| !spec.contains(',')) else { return Range::Whole };
    if let Some(condition) = asked.get(header::IF_RANGE).and_then(|value| value.to_str().ok()) {
        let same = Some(condition) == etag || parse_http_date(condition).is_some_and(|at| at == modified / 1000);
        if !same {
            return Range::Whole;
        }
    }
    let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u64>().ok()).flatten();
    let Some((first, last)) = spec.trim().split_once('-') else { return Range::Whole };
    match (first.is_empty(), last.is_empty()) {
        (true, false) => match number(last) {
            Some(0) => Range::Unsatisfiable,
            Some(_) if length == 0 => Range::Unsatisfiable,
            Some(count) => Range::Part(length.saturating_sub(count), length - 1),
            None => Range::Whole,
        },
        (false, _) => match (number(first), if last.is_empty() { Some(u64::MAX) } else { number(last) }) {
            (Some(first), Some(last)) if first > last => Range::Whole,
            (Some(first), Some(_)) if first >= length => Range::Unsatisfiable,
            (Some(first), Some(last)) => Range::Part(first, last.min(length - 1)),
            _ => Range::Whole,
        },
        (true, true) => Range::Whole,
    }
}

/// IMF-fixdate, RFC 9110 §5.6.7. Nothing for a time that is not known.
fn http_date(at: i64) -> Option<String> {
    if at <= 0 {
        return None;
    }
    let at = jiff::Timestamp::from_millisecond(at).ok()?;
    Some(jiff::fmt::strtime::format("%a, %d %b %Y %H:%M:%S GMT", at).unwrap_or_default())
}

fn parse_http_date(text: &str) -> Option<i64> {
    jiff::fmt::rfc2822::parse(text).ok().map(|at| at.timestamp().as_second())
}

impl Served<'_> {
    /// Old parsers want the connection closed after each file.
    fn closes(&self) -> bool {
        vendors::closes_connection(self.vendor(), self.user_agent())
    }
}
