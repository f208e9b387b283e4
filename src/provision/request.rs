//! Step 0: what a listener received, and its path taken apart.
//!
//! A path is `[any directories/][p/<token>/|with-login/|<mark>/][any directories/]name[?mac=…|?name=SEP…]`; only roots
//! have a mark, and the MAC of its device after it, which older files leave out. It is decoded once; what could mean
//! anything but a plain name (dots, backslashes, NUL, a second encoding) is no path of a phone. Files are looked up by
//! name, never by path, so nothing here can reach the file system.

use super::resolve::Origin;
use crate::ca::Verdict;
use crate::checkins::Transport;
use crate::devices::{TOKEN_LEN, Token};
use crate::net::Mac;
use std::borrow::Cow;
use std::net::IpAddr;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Get,
    Head,
    Put,
    Post,
    Other,
}

/// The certificate that the client showed, and what it is worth now.
#[derive(Debug, Clone, Copy)]
pub struct ClientCert<'a> {
    pub subject: &'a str,
    /// For whom this box issued it.
    pub holder: Option<Mac>,
    pub verdict: Verdict,
}

/// A phone's request, whatever it came by.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    pub transport: Transport,
    pub method: Method,
    /// The method as it was written, for the check-in.
    pub verb: &'a str,
    pub peer: IpAddr,
    /// The addresses of this box as this phone reaches it.
    pub origin: &'a Origin,
    /// Path and query as received (TFTP: the file name).
    pub path: &'a [u8],
    pub user_agent: Option<&'a [u8]>,
    pub authorization: Option<&'a [u8]>,
    pub client: Option<ClientCert<'a>>,
    /// Whoever serves it can make a certificate's file and ask again.
    pub can_make: bool,
    pub now: i64,
}

/// A path taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// Directory prefix up to the special segment, starting and ending with a slash: `/` or `/avaya/`.
    pub prefix: String,
    pub token: Option<String>,
    /// The directory that asks for credentials.
    pub ask: bool,
    /// Says which device fetches the roots.
    pub mark: Option<String>,
    /// What identification reads: decoded, without the token, with `?mac=` where it was given.
    pub shown: Vec<u8>,
    /// The last segment.
    pub name: String,
}

const LONGEST: usize = 1024;
/// The directory that asks for credentials; no site has one of this name.
const WITH_LOGIN: &str = "with-login";
/// What stands before a token. A site may have a directory of this name.
const BEFORE_TOKEN: &str = "p";

/// `None`: not a path that any phone asks for.
pub fn parse(raw: &[u8]) -> Option<Path> {
    if raw.len() > LONGEST {
        return None;
    }
    let (path, query) = match raw.iter().position(|byte| *byte == b'?') {
        Some(place) => (raw.get(..place)?, raw.get(place + 1..)),
        None => (raw, None),
    };
    let decoded = decode(path)?;
    let text = decoded.strip_prefix('/').unwrap_or(&decoded);
    let mut prefix = String::from("/");
    let mut token = None;
    let mut ask = false;
    let mut mark = None;
    let mut shown = String::from("/");
    let mut is_free = true;
    let segments: Vec<&str> = text.split('/').collect();
    let (name, directories) = segments.split_last()?;
    let mut directories = directories.iter().copied().peekable();
    while let Some(segment) = directories.next() {
        if segment.is_empty() || !is_plain(segment) {
            return None;
        }
        match segment {
            BEFORE_TOKEN if is_free && could_be_token(directories.peek().unwrap_or(name)) => {
                // A token without a file behind it is none.
                token = Some(directories.next().filter(|text| is_plain(text))?.to_owned());
                is_free = false;
            }
            WITH_LOGIN if is_free => {
                ask = true;
                is_free = false;
            }
            text if is_free && name.starts_with("phonebox-ca") && Token::is_one(text.as_bytes()) => {
                mark = Some(text.to_owned());
                is_free = false;
            }
            text => {
                if is_free {
                    prefix.push_str(text);
                    prefix.push('/');
                }
                shown.push_str(text);
                shown.push('/');
            }
        }
    }
    if !is_plain(name) || name.is_empty() {
        return None;
    }
    shown.push_str(name);
    let name = (*name).to_owned();
    let mut shown = shown.into_bytes();
    if let Some(query) = query.filter(|query| !query.is_empty()) {
        // Two MACs are for identification to refuse; anything else is no request of a phone.
        if !query.split(|byte| *byte == b'&').all(|pair| is_mac_query(pair) || is_sep_query(pair)) {
            return None;
        }
        shown.push(b'?');
        shown.extend_from_slice(query);
    }
    Some(Path { prefix, token, ask, mark, shown, name })
}

/// Long enough for a token that somebody spoiled, or a part of one: that is a wrong one, not none.
fn could_be_token(segment: &str) -> bool {
    segment.len() >= 10 && segment.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn is_plain(segment: &str) -> bool {
    segment != "."
        && segment != ".."
        && !segment.ends_with([' ', '.'])
        && !segment.starts_with(' ')
        && segment
            .chars()
            .all(|c| !c.is_control() && !matches!(c, '\\' | '%' | ';' | ':' | '*' | '?' | '"' | '<' | '>' | '|'))
}

/// Snom's `?mac=`.
fn is_mac_query(pair: &[u8]) -> bool {
    let digits = pair.get(4..).unwrap_or_default();
    has_key(pair, b"mac=")
        && digits.len() <= 17
        && digits.iter().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'-'))
}

/// Cisco's `?name=SEP<mac>`.
fn is_sep_query(pair: &[u8]) -> bool {
    has_key(pair, b"name=SEP")
        && pair.len() == 20
        && pair.get(8..).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
}

fn has_key(pair: &[u8], key: &[u8]) -> bool {
    pair.get(..key.len()).is_some_and(|head| head.eq_ignore_ascii_case(key))
}

/// Percent-decoding, once. `%3a` in a name is fine, a decoded slash, NUL or `%` is not.
fn decode(path: &[u8]) -> Option<String> {
    if !path.contains(&b'%') {
        return std::str::from_utf8(path).ok().map(str::to_owned);
    }
    let mut out = Vec::with_capacity(path.len());
    let mut rest = path.iter();
    while let Some(&byte) = rest.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let pair = [*rest.next()?, *rest.next()?];
        let pair = std::str::from_utf8(&pair).ok().filter(|pair| pair.bytes().all(|b| b.is_ascii_hexdigit()))?;
        match u8::from_str_radix(pair, 16).ok()? {
            0 | b'/' | b'\\' | b'%' => return None,
            decoded => out.push(decoded),
        }
    }
    String::from_utf8(out).ok()
}

impl Path {
    /// The path as it may be stored: the token masked, whatever it was written like.
    pub fn masked(&self) -> Cow<'_, str> {
        let shown = String::from_utf8_lossy(&self.shown);
        match (&self.token, shown.strip_prefix(&self.prefix)) {
            (Some(_), Some(rest)) => format!("{}p/{MASK}/{rest}", self.prefix).into(),
            _ => shown,
        }
    }
}

const MASK: &str = "******";

/// The same for bytes that are no path of a phone: what stands where a token would, or looks like one, is masked.
pub fn masked(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw);
    let text = Token::hide(&text);
    let mut after_p = false;
    let parts = text.split('/').map(|part| {
        let is_token = part.len() > TOKEN_LEN && part.bytes().all(|b| b.is_ascii_alphanumeric());
        let hidden = std::mem::replace(&mut after_p, matches!(part, "p" | "%70")) || is_token;
        if hidden { MASK } else { part }
    });
    parts.collect::<Vec<_>>().join("/").chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Option<Path> {
        parse(text.as_bytes())
    }

    #[test]
    fn a_path_is_directories_a_token_and_a_name() {
        let plain = path("/805ec0aabb01.cfg").unwrap();
        assert_eq!((plain.prefix.as_str(), plain.token, plain.name.as_str()), ("/", None, "805ec0aabb01.cfg"));
        let token = path("/a/b/p/abcdefghijklmnopqrstuvwxyz/firmware/x.rom").unwrap();
        assert_eq!(token.token.as_deref(), Some("abcdefghijklmnopqrstuvwxyz"));
        assert_eq!((token.prefix.as_str(), token.name.as_str()), ("/a/b/", "x.rom"));
        assert_eq!(token.shown, b"/a/b/firmware/x.rom");
        assert!(path("/with-login/46xxsettings.txt").unwrap().ask);
        for text in ["/a/b/c/46xxsettings.txt", "/a/p/46xxsettings.txt", "/p/x/46xxsettings.txt", "/p/46xxsettings.txt"]
        {
            let own = path(text).unwrap();
            assert_eq!((own.token, own.ask), (None, false), "{text}: a directory of the site");
            assert_eq!(format!("{}{}", own.prefix, own.name), text);
        }
        let marked = path("/a/abcdefghijklmnopqrstuvwxyz/phonebox-ca.pem").unwrap();
        assert_eq!((marked.mark.as_deref(), marked.token), (Some("abcdefghijklmnopqrstuvwxyz"), None));
        assert_eq!((marked.prefix.as_str(), marked.shown.as_slice()), ("/a/", &b"/a/phonebox-ca.pem"[..]));
        assert_eq!(path("/abcdefghijklmnopqrstuvwxyz/x.cfg").unwrap().mark, None);
        for text in
            ["/snom.htm?mac=000413AABBCC", "/x?name=SEP805ec0aabb01", "/x?mac=000413AABBCC&name=SEP805ec0aabb01"]
        {
            assert_eq!(path(text).unwrap().shown, text.as_bytes(), "{text}: both names would be read");
        }
        assert_eq!(path("805ec0aabb01.cfg").unwrap().name, "805ec0aabb01.cfg", "TFTP names have no slash");
    }

    #[test]
    fn threat_014_and_015_no_form_of_a_path_means_anything_but_a_plain_name() {
        for text in [
            "/%2e%2e/x",
            "/..%2fx",
            "/%252e%252e/x",
            "/..\\x",
            "//x",
            "/./x",
            "/a%00b",
            "/x%c0%af",
            "/x.",
            "/x%20",
            "/x;y",
            "/805ec0aabb01.cfg?..%2f",
            "/805ec0aabb01.cfg?x=1",
            "/805ec0aabb01.cfg?mac=805ec0aabb01&x=1",
            "/x?name=SEP%41",
            "/805ec0aabb01.cfg/",
            "/",
            "",
            "/%",
            "/%4",
            "/%zz",
            "C:\\x",
            "/C:/x",
            "\\\\host\\share",
            "/p/abcdefghijklmnopqrstuvwxyz",
            "/p/abcdefghijklmnopqrstuvwxyz/",
            "/x?mac=../../y",
            "file:///etc/passwd",
            "/a/../b",
        ] {
            assert_eq!(path(text), None, "{text}");
        }
        assert_eq!(parse(&[b'a'; 8192]), None);
        assert_eq!(parse(b"/\xff\xfe"), None);
    }

    #[test]
    fn threat_012_a_stored_path_never_shows_a_token() {
        assert_eq!(masked(b"/p/abcdefghijklmnopqrstuvwxyz/x.cfg"), "/p/******/x.cfg");
        assert_eq!(masked(b"/p/abcdefghijklmnopqrstuvwxyz"), "/p/******");
        assert_eq!(masked(b"/%70/%61bcdefghijklmnopqrstuvwxyz/x;y"), "/%70/******/x;y");
        assert_eq!(masked(b"/p/ABCDEFGHIJKLMNOPQRSTUVWXYZ/x.cfg;"), "/p/******/x.cfg;");
        assert_eq!(masked(b"/x;/P/abc%64efghijklmnopqrstuvwxyz/y"), "/x;/P/******/y");
        assert_eq!(masked(b"/x?t=abcdefghijklmnopqrstuvwxyz&p%2fABCDEFGHIJKLMNOPQRSTUVWXYZ"), "/x?t=******&p%2f******");
        for text in ["/a/%70/abc%64efghijklmnopqrstuvwxyz/b/x.cfg", "/a/p/ABCDefghijklmnop1/b/x.cfg"] {
            assert_eq!(path(text).unwrap().masked(), "/a/p/******/b/x.cfg");
        }
        assert_eq!(path("/a/with-login/x.cfg").unwrap().masked(), "/a/x.cfg");
    }
}
