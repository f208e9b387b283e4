//! The phones' enrolment door: SCEP by `operation=` under any path, EST under `/.well-known/est/`.
//!
//! One request costs several RSA operations, so they have threads of their own, below the listeners' in priority and few
//! of them may wait: a flood of requests is turned away and no phone waits longer for its settings (T89).

use super::Patience;
use super::respond::{self, Connection, Sent};
use crate::ca::{background, est, scep};
use crate::checkins::{Decision, Reason};
use crate::provision::Subject;
use crate::provision::enroll::{Asked, Enrollment, Outcome, Protocol, Reply, Shown};
use crate::provision::record::{Named, Served};
use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};
use std::io;
use std::sync::Arc;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;

/// Being answered or waiting. A phone that is turned away comes again.
const WAITING: usize = 64;
/// Lower than the listeners, which stand at 0; 19 is the lowest.
const NICE: libc::c_int = 10;

pub struct EnrollmentDoor {
    enrollment: Arc<Enrollment>,
    places: Arc<Semaphore>,
    /// `None` while it is dropped.
    runtime: Option<Runtime>,
}

impl EnrollmentDoor {
    pub fn new(enrollment: Arc<Enrollment>) -> io::Result<EnrollmentDoor> {
        let threads = std::thread::available_parallelism().map_or(2, usize::from);
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads)
            .max_blocking_threads(threads)
            .thread_name("enrollment")
            .enable_all()
            .on_thread_start(|| background::step_back(NICE))
            .build()?;
        let places = Arc::new(Semaphore::new(WAITING));
        Ok(EnrollmentDoor { enrollment, places, runtime: Some(runtime) })
    }

    /// Reads what belongs to the request and lets it be answered.
    pub async fn answer(
        &self,
        protocol: Protocol,
        connection: &Connection,
        parts: &Parts,
        body: &mut Incoming,
        now: i64,
    ) -> Outcome {
        let named =
            |reason| Named { file: label(&protocol), mac: None, decision: Decision::Refused, reason, detail: None };
        let refused = |reply, reason| Outcome { reply, named: named(reason) };
        let body = match read(body, connection.patience).await {
            Ok(body) => body,
            Err(reply) => {
                let outcome = refused(reply, Reason::TooLarge);
                self.enrollment.note(protocol.process(), connection.peer, &outcome, now).await;
                return outcome;
            }
        };
        let Ok(place) = self.places.clone().try_acquire_owned() else {
            return refused(Reply::Unavailable, Reason::Busy);
        };
        let value = |name: HeaderName| parts.headers.get(name).map(|value| value.as_bytes().to_vec());
        let asked = Asked {
            protocol: protocol.clone(),
            transport: connection.transport,
            peer: connection.peer,
            verb: parts.method.as_str().to_owned(),
            authorization: value(header::AUTHORIZATION),
            certificate: connection.client.as_ref().map(|shown| Shown::new(shown.leaf(), &shown.now(now))),
            body,
            now,
        };
        let Some(runtime) = &self.runtime else { return refused(Reply::Unavailable, Reason::Busy) };
        let enrollment = self.enrollment.clone();
        let work = runtime.spawn(async move {
            let _place = place;
            enrollment.answer(asked).await
        });
        work.await.unwrap_or_else(|error| {
            tracing::error!(%error, "an enrolment ended before its answer");
            refused(Reply::Unavailable, Reason::Storage)
        })
    }
}

/// What came of a file that was to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Making {
    Made,
    Refused(String),
    /// Too many wait: the phone comes again.
    Busy,
}

impl EnrollmentDoor {
    /// Makes a device's certificate and key as a file.
    pub async fn make_file(&self, subject: &Arc<Subject>, now: i64) -> Making {
        let (Some(runtime), Ok(place)) = (&self.runtime, self.places.clone().try_acquire_owned()) else {
            return Making::Busy;
        };
        let (enrollment, subject) = (self.enrollment.clone(), subject.clone());
        let work = runtime.spawn(async move {
            let _place = place;
            match enrollment.renew_file(&subject.device, "this box", now).await {
                Ok(()) => Making::Made,
                Err(why) => {
                    tracing::warn!(mac = %subject.device.mac, %why, "no certificate was made");
                    Making::Refused(why.to_string())
                }
            }
        });
        work.await.unwrap_or_else(|error| Making::Refused(error.to_string()))
    }

    /// What was refused of such a file stands in the audit log.
    pub async fn note_file(&self, served: &Served<'_>, now: i64) {
        self.enrollment.note_file(served, now).await;
    }
}

impl Drop for EnrollmentDoor {
    fn drop(&mut self) {
        // Waiting for its threads would block the executor that drops it.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Whether a request speaks an enrolment protocol, by its target alone.
pub fn protocol(parts: &Parts) -> Option<Protocol> {
    let uri = &parts.uri;
    if est::is_path(uri.path()) {
        return Some(est::Operation::of_path(uri.path()).map_or(Protocol::None, Protocol::Est));
    }
    let operation = uri.query().and_then(scep::Operation::of_query)?;
    let speaks = match parts.method {
        Method::GET | Method::POST => true,
        // What is only read, not what is done.
        Method::HEAD => !matches!(operation, scep::Operation::Message(_)),
        _ => false,
    };
    speaks.then_some(Protocol::Scep(operation))
}

fn label(protocol: &Protocol) -> String {
    match protocol {
        Protocol::Scep(operation) => format!("SCEP {}", operation.word()),
        Protocol::Est(operation) => format!("EST {}", operation.word()),
        Protocol::None => "EST".into(),
    }
}

async fn read(body: &mut Incoming, patience: Patience) -> Result<Bytes, Reply> {
    match respond::collect(body, scep::LARGEST as u64, patience).await {
        Ok(bytes) => Ok(bytes.into()),
        Err((StatusCode::PAYLOAD_TOO_LARGE, _)) => Err(Reply::TooLarge),
        Err(_) => Err(Reply::BadRequest),
    }
}

/// The HTTP of a reply, or the status that says all.
pub fn response(reply: &Reply) -> Result<Response<Sent>, StatusCode> {
    let Reply::Content { content_type, bytes, is_base64 } = reply else {
        return Err(match reply {
            Reply::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Reply::Forbidden => StatusCode::FORBIDDEN,
            Reply::NotFound => StatusCode::NOT_FOUND,
            Reply::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Reply::Challenge(_) => StatusCode::UNAUTHORIZED,
            Reply::BadRequest | Reply::Content { .. } => StatusCode::BAD_REQUEST,
        });
    };
    let mut response = Response::new(Sent::new(bytes.clone()));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    if *is_base64 {
        headers.insert(HeaderName::from_static("content-transfer-encoding"), HeaderValue::from_static("base64"));
    }
    Ok(response)
}
