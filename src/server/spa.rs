//! The page: the files that `build.rs` made of `ui/`, for the administrators' listener only.
//!
//! Names under `assets/` carry a hash of their content and are kept by browsers for good. Every other address of a
//! browser is the page itself, which knows what to show there. It runs no inline script; its one inline style sheet, the
//! theme's variables, shows a nonce that is made for each answer.

use crate::seal::{self, hex};
use crate::web::{Code, Problem};
use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use flate2::read::GzDecoder;
use rust_embed::{EmbeddedFile, RustEmbed};
use std::io::Read as _;

/// A development build reads them from the disk.
#[derive(RustEmbed)]
#[folder = "ui/dist"]
struct Files;

const INDEX: &str = "index.html";
const ASSETS: &str = "assets/";
/// All below `assets/` is kept compressed, and only so.
const PACKED: &str = ".gz";
/// What `vite.config.ts` writes where the nonce belongs.
const NONCE: &str = "{{nonce}}";

const CONTENT_TYPES: [(&str, &str); 8] = [
    ("html", "text/html; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("json", "application/json"),
    ("md", "text/markdown; charset=utf-8"),
    ("svg", "image/svg+xml"),
    ("png", "image/png"),
    ("woff2", "font/woff2"),
];

/// A file of the page, or the page. A name with an ending that is not there is nothing: a phone that asks this listener
/// for its file by mistake must not take the page for it.
pub fn answer(request: &HttpRequest) -> Result<HttpResponse, Problem> {
    if request.method() != Method::GET {
        return Err(Code::NoRoute.into());
    }
    let name = request.path().trim_start_matches('/');
    let last = name.rsplit('/').next().unwrap_or_default();
    let file = |name: &str| Files::get(name).filter(|_| !last.starts_with('.'));
    let packed = file(&format!("{name}{PACKED}"));
    let is_packed = packed.is_some();
    match packed.or_else(|| file(name)) {
        Some(file) if name != INDEX => asset(request, name, file, is_packed),
        None if last.contains('.') || name.starts_with(ASSETS) => Err(Code::NoRoute.into()),
        _ => index(),
    }
}

fn index() -> Result<HttpResponse, Problem> {
    let file = Files::get(INDEX).ok_or(Code::NoRoute)?;
    let nonce = hex(&seal::random::<16>()?);
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; font-src 'self'; \
         connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    );
    let text = String::from_utf8_lossy(&file.data).replace(NONCE, &nonce);
    Ok(HttpResponse::Ok()
        .content_type(content_type(INDEX))
        .insert_header((header::CONTENT_SECURITY_POLICY, policy))
        .body(text))
}

fn asset(request: &HttpRequest, name: &str, file: EmbeddedFile, is_packed: bool) -> Result<HttpResponse, Problem> {
    let tag = format!("\"{}\"", hex(file.metadata.sha256_hash().get(..16).unwrap_or_default()));
    let age = if name.starts_with(ASSETS) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let begin = |status: StatusCode| -> HttpResponseBuilder {
        let mut answer = HttpResponse::build(status);
        answer.insert_header((header::CACHE_CONTROL, age)).insert_header((header::ETAG, tag.clone()));
        answer.insert_header((header::VARY, HeaderValue::from_static("Accept-Encoding")));
        answer
    };
    if says(request, header::IF_NONE_MATCH, |one| one.trim_start_matches("W/") == tag) {
        return Ok(begin(StatusCode::NOT_MODIFIED).finish());
    }
    let mut answer = begin(StatusCode::OK);
    answer.content_type(content_type(name));
    if !is_packed {
        return Ok(answer.body(bytes(file)));
    }
    if says(request, header::ACCEPT_ENCODING, |one| one == "gzip") {
        return Ok(answer.insert_header((header::CONTENT_ENCODING, "gzip")).body(bytes(file)));
    }
    let mut whole = Vec::new();
    GzDecoder::new(&*file.data).read_to_end(&mut whole)?;
    Ok(answer.body(whole))
}

/// Whether one of the words of a list in a header is meant. What has a weight below 1 is not: nobody who can take
/// gzip says so.
fn says(request: &HttpRequest, name: header::HeaderName, is_meant: impl Fn(&str) -> bool) -> bool {
    let lists = request.headers().get_all(name);
    lists.filter_map(|list| list.to_str().ok()).flat_map(|list| list.split(',')).any(|word| is_meant(word.trim()))
}

fn bytes(file: EmbeddedFile) -> bytes::Bytes {
    match file.data {
        std::borrow::Cow::Borrowed(data) => bytes::Bytes::from_static(data),
        std::borrow::Cow::Owned(data) => data.into(),
    }
}

fn content_type(name: &str) -> &'static str {
    let ending = name.rsplit('.').next().unwrap_or_default();
    CONTENT_TYPES.iter().find(|(known, _)| *known == ending).map_or("application/octet-stream", |(_, kind)| kind)
}
