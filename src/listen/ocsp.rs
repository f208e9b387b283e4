//! OCSP over HTTP (RFC 6960, appendix A): a question as a body, or as base64 in the path. Needs no proof of anybody and
//! leaves no check-in.

use super::respond::Sent;
use crate::ca::{Ca, ocsp};
use crate::clock::now;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{self, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Response};
use std::time::Duration;

const PATH: &str = "/ocsp";
const BODY_TIME: Duration = Duration::from_secs(5);

/// `None`: not a question about a certificate.
pub async fn answer(ca: &Ca, parts: &Parts, body: &mut Incoming) -> Option<Response<Sent>> {
    let rest = parts.uri.path().strip_prefix(PATH)?;
    let question = match (&parts.method, rest) {
        (&Method::POST, "" | "/") => {
            let read = Limited::new(body, ocsp::LARGEST).collect();
            tokio::time::timeout(BODY_TIME, read).await.ok()?.ok()?.to_bytes().to_vec()
        }
        (&Method::GET | &Method::HEAD, _) => STANDARD.decode(percent_decoded(rest.strip_prefix('/')?)?).ok()?,
        _ => return None,
    };
    let mut response = Response::new(Sent::new(Bytes::from(ca.ocsp(&question, now()).await)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(ocsp::RESPONSE));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Some(response)
}

fn percent_decoded(text: &str) -> Option<Vec<u8>> {
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            other => other,
        });
    }
    (out.len() <= 2 * ocsp::LARGEST).then_some(out)
}
