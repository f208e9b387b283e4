//! The URL of a provisioning server: the forms of AVA-105…114, with user and password taken out of it.

use crate::settings::Secret;
use std::net::IpAddr;

/// `http` or `https`, a host name or address, a port, a directory with a trailing slash, and maybe macros in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetUrl {
    pub https: bool,
    /// As in a URL: an IPv6 address stands in brackets.
    pub host: String,
    pub port: Option<u16>,
    /// Starts and ends with a slash.
    pub directory: String,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the URL \"{url}\" cannot be used: {rule}. Write it like https://server.example:8443/directory")]
pub struct UrlError {
    pub url: String,
    pub rule: &'static str,
}

/// A URL with the credentials that stood in it.
pub struct Parsed {
    pub url: TargetUrl,
    pub username: Option<String>,
    pub password: Option<Secret>,
}

const MACROS: [&str; 3] = ["$MODEL4", "$MACADDR", "$SERIALNO"];

pub fn parse(text: &str) -> Result<Parsed, UrlError> {
    let shown = masked(text);
    let fail = |rule| UrlError { url: shown.clone(), rule };
    if text.len() > 1024 {
        return Err(fail("it is longer than 1,024 characters"));
    }
    if text.bytes().any(|byte| {
        byte <= b' ' || byte == 0x7f || matches!(byte, b'\\' | b'"' | b'<' | b'>' | b'`' | b'{' | b'}' | b'|' | b'^')
    }) {
        return Err(fail("it holds a blank, a control character, a backslash or one of \" < > ` { } | ^"));
    }
    let (scheme, rest) = text.split_once("://").ok_or_else(|| fail("it must start with http:// or https://"))?;
    let https = match scheme.to_ascii_lowercase().as_str() {
        "http" => false,
        "https" => true,
        _ => return Err(fail("only http:// and https:// are known to phones")),
    };
    if rest.contains(['?', '#']) {
        return Err(fail("a directory has no query and no fragment"));
    }
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (userinfo, host_port) = match authority.rsplit_once('@') {
        Some((userinfo, host)) => (Some(userinfo), host),
        None => (None, authority),
    };
    if userinfo.is_some_and(|userinfo| userinfo.contains('@')) {
        return Err(fail("an @ inside user or password is written %40"));
    }
    let (host, port) = host_and_port(host_port).ok_or_else(|| fail("the port must be a number from 1 to 65535"))?;
    if !is_host(host) {
        return Err(fail("the host must be a name, an IPv4 address or an IPv6 address in brackets"));
    }
    check_path(path).map_err(fail)?;
    let (username, password) = match userinfo {
        None => (None, None),
        Some(userinfo) => {
            let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
            let user = decode(user).ok_or_else(|| fail("user or password is not valid percent-encoding"))?;
            let password = decode(password).ok_or_else(|| fail("user or password is not valid percent-encoding"))?;
            (Some(user).filter(|user| !user.is_empty()), Some(Secret::new(password)).filter(|p| !p.reveal().is_empty()))
        }
    };
    let mut directory = if path.is_empty() { "/".to_owned() } else { path.to_owned() };
    if !directory.ends_with('/') {
        directory.push('/');
    }
    Ok(Parsed { url: TargetUrl { https, host: host.to_owned(), port, directory }, username, password })
}

impl Parsed {
    /// With the user in it, as it may stand in a file of devices.
    pub fn without_password(&self) -> String {
        let url = self.url.to_string();
        match (&self.username, url.split_once("://")) {
            (Some(user), Some((scheme, rest))) => format!("{scheme}://{}@{rest}", encode(user)),
            _ => url,
        }
    }
}

impl TargetUrl {
    pub fn port_or_default(&self) -> u16 {
        self.port.unwrap_or(if self.https { 443 } else { 80 })
    }

    /// With the macros replaced by values that can end no directory: `$MACADDR` in upper case (AVA-112, `avaya.md` §2), what
    /// is unknown stays as it is.
    pub fn expand(&self, model: Option<&str>, mac: Option<&str>, serial: Option<&str>) -> String {
        let mut text = self.to_string();
        for (name, value) in MACROS.into_iter().zip([model, mac, serial]) {
            if let Some(value) = value {
                text = text.replace(name, &encode(value));
            }
        }
        text
    }

    /// The first macro in it that has no value, and what that value is called. Every device has a MAC.
    pub fn missing(&self, has_model: bool, has_serial: bool) -> Option<(&'static str, &'static str)> {
        let [model, _, serial] = MACROS;
        let wanted = [(model, "model", has_model), (serial, "serial", has_serial)];
        let missing = wanted.into_iter().find(|(name, _, has)| !has && self.directory.contains(name));
        missing.map(|(name, word, _)| (name, word))
    }

    /// With credentials in it, as a phone types it. The result is a secret.
    pub fn with_credentials(&self, expanded: &str, user: &str, password: &str) -> Secret {
        let scheme = if self.https { "https://" } else { "http://" };
        let rest = expanded.strip_prefix(scheme).unwrap_or(expanded);
        Secret::new(format!("{scheme}{}:{}@{rest}", encode(user), encode(password)))
    }
}

impl std::fmt::Display for TargetUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.https { "https://" } else { "http://" })?;
        f.write_str(&self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        f.write_str(&self.directory)
    }
}

/// For errors and lists: the password of a URL is never shown (AVA-114).
pub fn masked(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.chars().take(80).collect() };
    let end = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    match authority.rsplit_once('@') {
        Some((userinfo, host)) => {
            let user = userinfo.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}:******@{host}{path}")
        }
        None => text.to_owned(),
    }
    .chars()
    .take(120)
    .collect()
}

fn host_and_port(text: &str) -> Option<(&str, Option<u16>)> {
    let end = match text.strip_prefix('[') {
        Some(rest) => rest.find(']')? + 2,
        None => text.find(':').unwrap_or(text.len()),
    };
    let (host, port) = text.split_at_checked(end)?;
    if port.is_empty() {
        return Some((host, None));
    }
    let digits = port.strip_prefix(':')?;
    let number: u16 = digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())??;
    (number > 0).then_some((host, Some(number)))
}

fn is_host(host: &str) -> bool {
    if let Some(v6) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return v6.parse::<std::net::Ipv6Addr>().is_ok();
    }
    if host.parse::<IpAddr>().is_ok() {
        return true;
    }
    let numeric = host.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    !numeric
        && !host.is_empty()
        && host.len() <= 253
        && host.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        })
}

fn check_path(path: &str) -> Result<(), &'static str> {
    if path.contains("//") {
        return Err("the directory holds an empty part (//)");
    }
    if path.split('/').any(|part| part == "." || part == "..") {
        return Err("the directory holds . or ..");
    }
    let mut rest = path;
    while let Some(place) = rest.find('$') {
        let tail = &rest[place..];
        let name = MACROS.iter().find(|name| tail.starts_with(**name));
        rest = &tail[name.ok_or("the only macros are $MODEL4, $MACADDR and $SERIALNO")?.len()..];
    }
    Ok(())
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let pair = [rest.next()?, rest.next()?];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&pair).ok()?, 16).ok()?);
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).ok().filter(|text| !text.chars().any(char::is_control))
}

fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte as char),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// AVA-105 … AVA-114: every form the profile of a redirector accepts.
    #[test]
    fn every_url_form_of_a_target_is_accepted() {
        for text in [
            "https://provisioning.example.com",
            "https://provisioning.example.com:411",
            "https://provisioning.example.com/avaya",
            "https://provisioning.example.com:411/avaya/j100/",
            "http://provisioning.example.com",
            "http://provisioning.example.com:8080",
            "http://provisioning.example.com/sub",
            "http://provisioning.example.com:8080/sub",
            "https://192.168.10.87",
            "https://192.168.10.87:411/sub",
            "http://192.168.10.87",
            "http://192.168.10.87:8080/sub",
            "http://[fd00::1]:8080/sub",
            "http://provisioning.example.com/Family/$MODEL4",
            "http://provisioning.example.com/$MODEL4/$MACADDR",
            "http://provisioning.example.com/$MODEL4/$SERIALNO",
            "https://alice:se%40cret@provisioning.example.com/directory",
        ] {
            assert!(parse(text).is_ok(), "{text}");
        }
        let parsed = parse("https://alice:se%40cret@provisioning.example.com/$MODEL4/$MACADDR/$SERIALNO").unwrap();
        assert_eq!(parsed.username.as_deref(), Some("alice"));
        assert_eq!(parsed.password.unwrap().reveal(), "se@cret");
        assert_eq!(
            parsed.url.expand(Some("J179"), Some("C81FEA83E85A"), None),
            "https://provisioning.example.com/J179/C81FEA83E85A/$SERIALNO/"
        );
    }

    #[test]
    fn a_value_ends_no_directory_and_a_missing_one_is_named() {
        let url = parse("https://a.example/$MODEL4/$SERIALNO").unwrap().url;
        assert_eq!(url.expand(Some("X6U Pro"), None, Some("SN 12/3?")), "https://a.example/X6U%20Pro/SN%2012%2F3%3F/");
        assert_eq!(url.missing(true, false), Some(("$SERIALNO", "serial")));
        assert_eq!(url.missing(false, false), Some(("$MODEL4", "model")));
        assert_eq!(url.missing(true, true), None);
    }

    #[test]
    fn threat_025_what_is_no_directory_of_a_server_is_refused_with_the_rule() {
        for (text, rule) in [
            ("ftp://a.example/", "only http"),
            ("//evil.example", "must start"),
            ("javascript:alert(1)", "must start"),
            ("http://a.example\\@evil.example/", "backslash"),
            ("http://a.example/x?y", "query"),
            ("http://a.example:0/", "port"),
            ("http://a.example:65536/", "port"),
            ("http://a.example:+80/", "port"),
            ("http:///x", "host"),
            ("http://1.2.3.400/", "host"),
            ("http://-a.example/", "host"),
            ("http://a.example/../x", ".."),
            ("http://a.example//x", "empty part"),
            ("http://a.example/$EVIL", "macros"),
            ("http://a.example/a b", "blank"),
            ("http://u:%zz@a.example/", "percent"),
        ] {
            let error = parse(text).err().unwrap_or_else(|| panic!("{text} was accepted"));
            assert!(error.to_string().contains(rule), "{text}: {error}");
        }
        let error = parse("https://alice:hunter2@a b/").err().unwrap().to_string();
        assert!(!error.contains("hunter2"), "{error}");
    }
}
