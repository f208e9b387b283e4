//! Forms of a request that a proxy and this box could read differently: they are no request (T16, T17). What hyper refuses
//! by itself is not here.

use hyper::Version;
use hyper::header;
use hyper::http::request::Parts;

/// A name of the DNS, with a dot at its end, and a port.
const LONGEST_HOST: usize = 261;

/// Why it is none, in words.
pub fn check(parts: &Parts) -> Result<(), &'static str> {
    host(parts)?;
    coding(parts)
}

/// RFC 9112 §3.2: exactly one Host, of one name or address. Nothing is read from it, so HTTP/1.0 phones may leave it out.
fn host(parts: &Parts) -> Result<(), &'static str> {
    let mut hosts = parts.headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) if is_host(host.as_bytes()) => Ok(()),
        (Some(_), None) => Err("its Host is no name or address"),
        (None, _) if parts.version < Version::HTTP_11 => Ok(()),
        _ => Err("not exactly one Host"),
    }
}

/// With a port, and for IPv6 with brackets and a zone.
fn is_host(text: &[u8]) -> bool {
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~:[]%".contains(byte);
    (1..=LONGEST_HOST).contains(&text.len()) && text.iter().all(fits)
}

/// RFC 9112 §6.1: a body is chunked once and coded by nothing else, and what has none is not chunked either.
fn coding(parts: &Parts) -> Result<(), &'static str> {
    let mut codings = parts.headers.get_all(header::TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => Ok(()),
        (Some(one), None) if one.as_bytes().eq_ignore_ascii_case(b"chunked") && !parts.method.is_safe() => Ok(()),
        _ => Err("a Transfer-Encoding that is not chunked alone, or of a request without a body"),
    }
}
