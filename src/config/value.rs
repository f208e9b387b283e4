//! How the text of one value is checked. Every error is the rule and an example of what is right.

use super::{Bind, LogFormat};
use crate::ca::{KeyKind, Permitted};
use crate::net::{Cidr, is_dns_name, is_wildcard};
use crate::profiles::url::{self, TargetUrl};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

pub fn path(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() || text.contains('\0') {
        return Err("must be a path, for example /var/lib/phonebox".into());
    }
    Ok(PathBuf::from(text))
}

/// Empty means not set.
pub fn optional<T>(text: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<Option<T>, String> {
    if text.is_empty() { Ok(None) } else { read(text).map(Some) }
}

fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty())
}

/// The whole value stands in front of the rule: of a list, the item is named too.
fn is_no(text: &str, item: &str) -> String {
    if text.trim() == item { "is no".into() } else { format!("holds \"{item}\", which is no") }
}

/// `off`, or a list of `port`, `:port`, `address` and `address:port`.
pub fn bind(text: &str, port: u16) -> Result<Bind, String> {
    if text.trim() == "off" {
        return Ok(Bind::Off);
    }
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for item in items(text) {
        let address = address(item, port).ok_or(
            "must be a port from 0 to 65535, address:port, or off. For example 8080, 192.0.2.10:80 or [::1]:0",
        )?;
        let clash = |other: &SocketAddr| other.port() == address.port() && address.port() != 0;
        if addresses.contains(&address) {
            return Err(format!("names {address} twice. Name it once"));
        }
        if let Some(other) = addresses.iter().find(|other| clash(other) && (is_all(other) || is_all(&address))) {
            return Err(format!("{other} and {address} overlap: [::] is every address already. Keep one"));
        }
        addresses.push(address);
    }
    if addresses.is_empty() {
        return Err("must not be empty. Write off to switch this listener off, or a port, for example 8080".into());
    }
    Ok(Bind::On(addresses))
}

fn is_all(address: &SocketAddr) -> bool {
    address.is_ipv6() && is_wildcard(address.ip())
}

fn address(text: &str, port: u16) -> Option<SocketAddr> {
    let all = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
    let digits = text.strip_prefix(':').unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(SocketAddr::new(all, digits.parse().ok()?));
    }
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Some(address);
    }
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    Some(SocketAddr::new(bare.parse().ok()?, port))
}

pub fn names(text: &str) -> Result<Vec<String>, String> {
    items(text)
        .map(|name| {
            if is_dns_name(name) {
                Ok(name.to_ascii_lowercase())
            } else {
                Err(format!("{} DNS name. Write it like phones.example.org", is_no(text, name)))
            }
        })
        .collect()
}

pub fn ca_key(text: &str) -> Result<KeyKind, String> {
    KeyKind::of_word(text).ok_or_else(|| {
        let words: Vec<&str> = KeyKind::ALL.iter().map(|(word, _)| *word).collect();
        format!("must be one of {}", words.join(", "))
    })
}

/// Name constraints: DNS names, with all below them, and networks.
pub fn permitted(text: &str) -> Result<Vec<Permitted>, String> {
    let one = |item: &str| match item.parse::<Cidr>() {
        Ok(cidr) => Ok(Permitted::Network(cidr)),
        Err(_) if is_dns_name(item) => Ok(Permitted::Dns(item.to_ascii_lowercase())),
        Err(_) => Err(format!("{} name and no network. Example: phones.example, 10.0.0.0/8", is_no(text, item))),
    };
    text.split(',').map(str::trim).filter(|text| !text.is_empty()).map(one).collect()
}

pub fn url(text: &str, https: bool) -> Result<TargetUrl, String> {
    let scheme = if https { "https" } else { "http" };
    let parsed = url::parse(text).map_err(|error| error.to_string())?;
    if parsed.username.is_some() || parsed.password.is_some() {
        return Err("must not hold a user or a password: each phone has its own".into());
    }
    if parsed.url.https != https || text.contains('$') {
        return Err(format!("must be a plain {scheme}:// URL, for example {scheme}://phones.example.org/"));
    }
    Ok(parsed.url)
}

/// Scheme, host and port: the page knows no other directory than /.
pub fn origin(text: &str) -> Result<TargetUrl, String> {
    let parsed = url(text, true)?;
    match parsed.directory.as_str() {
        "/" => Ok(parsed),
        _ => Err("must not hold a path, for example https://phones.example.org:8443/".into()),
    }
}

/// A page for people.
pub fn page(text: &str) -> Result<String, String> {
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || "\"'<>`\\".contains(c);
    match text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) {
        Some(rest) if !rest.is_empty() && text.len() <= 1_024 && !text.contains(is_odd) => Ok(text.to_owned()),
        _ => Err("is no address of a page. Example: https://www.example.org/privacy".into()),
    }
}

/// Whom to write to: an e-mail address or a page.
pub fn contact(text: &str) -> Result<String, String> {
    if text.contains("://") {
        return page(text);
    }
    let is_odd = |c: char| !c.is_ascii_graphic() || "\"'<>()[],;:\\@?&%".contains(c);
    match text.rsplit_once('@') {
        Some((user, host)) if !user.is_empty() && !user.contains(is_odd) && is_dns_name(host) => Ok(text.to_owned()),
        _ => Err("is no e-mail address and no page. Example: help@example.org".into()),
    }
}

pub fn tftp(text: &str) -> Result<(String, u16), String> {
    let rule = || "must be a plain tftp:// URL without a path, for example tftp://192.0.2.10:69/".to_owned();
    let rest = text.strip_prefix("tftp://").ok_or_else(rule)?;
    let parsed = url::parse(&format!("http://{rest}")).map_err(|_| rule())?;
    if parsed.username.is_some() || parsed.url.directory != "/" {
        return Err(rule());
    }
    Ok((parsed.url.host, parsed.url.port.unwrap_or(69)))
}

pub fn networks(text: &str) -> Result<Vec<Cidr>, String> {
    let next = "Write address/prefix, for example 192.168.10.0/24 or fd00::/8";
    let wrong = |item| format!("{} network. {next}", is_no(text, item));
    items(text).map(|item| item.parse().map_err(|_| wrong(item))).collect()
}

pub fn number(text: &str, least: u64, most: u64) -> Result<u64, String> {
    let digits: String = text.chars().filter(|c| *c != '_').collect();
    let number = Some(digits).filter(|d| d.bytes().all(|byte| byte.is_ascii_digit())).and_then(|d| d.parse().ok());
    number
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| format!("must be a whole number from {least} to {most}"))
}

/// Bytes, or a number with KiB, MiB or GiB.
pub fn size(text: &str, least: u64, most: u64) -> Result<u64, String> {
    let rule = || {
        format!("must be a size from {} to {}, for example 512 KiB, 1 MiB or 2 GiB", size_text(least), size_text(most))
    };
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '_').unwrap_or(text.len());
    let (digits, unit) = text.split_at(split);
    let factor = match unit.trim() {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return Err(rule()),
    };
    let number = number(digits, 0, u64::MAX).map_err(|_| rule())?;
    number.checked_mul(factor).filter(|bytes| (least..=most).contains(bytes)).ok_or_else(rule)
}

pub fn size_text(bytes: u64) -> String {
    let units = [(1u64 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    units
        .iter()
        .find(|(unit, _)| bytes >= *unit && bytes.is_multiple_of(*unit))
        .map_or_else(|| format!("{bytes} B"), |(unit, name)| format!("{} {name}", bytes / unit))
}

pub fn yes(text: &str) -> Result<bool, String> {
    match text {
        "yes" | "true" => Ok(true),
        "no" | "false" => Ok(false),
        _ => Err("must be yes or no".into()),
    }
}

pub fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("must be text or json".into()),
    }
}

pub fn log_filter(text: &str) -> Result<String, String> {
    match tracing_subscriber::EnvFilter::builder().parse(text) {
        Ok(_) if !text.trim().is_empty() => Ok(text.to_owned()),
        _ => Err("must be a filter such as info, warn or info,phonebox::provision=debug".into()),
    }
}

/// A value as it may be shown: user and password of a URL masked, cut to a sane length, one line.
pub fn masked(text: &str) -> String {
    let cut: String = text.chars().take(200).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    match cut.split_once("://") {
        Some((scheme, rest)) => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let host = authority.rsplit_once('@').map_or(authority.to_owned(), |(_, host)| format!("******@{host}"));
            format!("{scheme}://{host}{path}")
        }
        None => cut,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_is_a_port_an_address_or_off() {
        let on = |text: &str| bind(text, 8080).map(|bind| format!("{:?}", bind.addresses()));
        assert_eq!(on("80").unwrap(), "[[::]:80]");
        assert_eq!(on(":0").unwrap(), "[[::]:0]");
        assert_eq!(on("127.0.0.1").unwrap(), "[127.0.0.1:8080]");
        assert_eq!(on("[::1]").unwrap(), "[[::1]:8080]");
        assert_eq!(on("::1").unwrap(), "[[::1]:8080]");
        assert_eq!(on("192.0.2.1:80, [fd00::1]:80").unwrap(), "[192.0.2.1:80, [fd00::1]:80]");
        assert_eq!(bind("off", 1), Ok(Bind::Off));
        for text in
            ["", "65536", "eighty", "127.0.0.1:", "1.2.3.4:70000", "80,80", "80,0.0.0.0:80", "-1", ",", "off,80"]
        {
            assert!(on(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_have_units_and_bounds() {
        assert_eq!(size("1 MiB", 0, u64::MAX), Ok(1 << 20));
        assert_eq!(size("4096", 0, 8192), Ok(4096));
        for text in ["", "1 MB", "MiB", "-1", "1.5 MiB", "99999999999999999999", "18446744073709551615 GiB", "9 KiB"] {
            assert!(size(text, 0, 8192).is_err(), "{text}");
        }
        assert_eq!(size_text(3 << 20), "3 MiB");
    }

    #[test]
    fn public_urls_hold_no_credentials_and_no_macros() {
        assert!(url("http://phones.example/x", false).is_ok());
        for text in ["https://phones.example/", "http://a:b@phones.example/", "http://phones.example/$MACADDR/", "x"] {
            assert!(url(text, false).is_err(), "{text}");
        }
        assert_eq!(tftp("tftp://192.0.2.1"), Ok(("192.0.2.1".into(), 69)));
        assert_eq!(tftp("tftp://[fd00::1]:6969/"), Ok(("[fd00::1]".into(), 6969)));
        for text in ["192.0.2.1", "tftp://host/dir", "tftp://a@host/"] {
            assert!(tftp(text).is_err(), "{text}");
        }
    }

    #[test]
    fn shown_values_are_masked_and_one_line() {
        assert_eq!(masked("http://user:pw@host/x"), "http://******@host/x");
        assert_eq!(masked("a\nb"), "a\u{fffd}b");
    }

    #[test]
    fn dns_names() {
        assert_eq!(names("Phones.Example, box"), Ok(vec!["phones.example".into(), "box".into()]));
        for text in ["10.0.0.1", "a b", "-a", "a-", "a..b", "*.x", "ä"] {
            assert!(names(text).is_err(), "{text}");
        }
    }
}
