//! Which addresses a webhook may reach (T58's kin: requests that a stranger makes the box send).

use crate::net::{self, Cidr};
use hyper::Uri;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

/// The networks that are not public and may be reached all the same: `webhooks.networks`.
#[derive(Debug, Clone, Default)]
pub struct Reach(pub Vec<Cidr>);

/// A URL that can be sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub tls: bool,
    /// Without brackets.
    pub host: String,
    pub port: u16,
    /// Path and query.
    pub path: String,
}

impl Target {
    pub fn parse(text: &str) -> Result<Target, &'static str> {
        const FORM: &str = "it is not of the form https://server.example/path";
        let uri: Uri = text.parse().map_err(|_| FORM)?;
        let tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(FORM),
        };
        let authority = uri.authority().ok_or(FORM)?;
        if authority.as_str().contains('@') {
            return Err("a user and a password in it end up in logs: a program knows the box by its signature");
        }
        let port = match authority.port_u16() {
            Some(port) => port,
            // A port that is none.
            None if authority.as_str() != authority.host() => return Err(FORM),
            None if tls => 443,
            None => 80,
        };
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        if host.parse::<IpAddr>().is_err() && !net::is_dns_name(&host) {
            return Err(FORM);
        }
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        Ok(Target { tls, host, port, path })
    }

    /// The address that its host is, or always means: written as an address, in one of the old ways (`127.1`, `0x7f.1`), or
    /// a name of this machine (RFC 6761, 6.3). Of any other name it is known when it is resolved.
    pub fn address(&self) -> Option<IpAddr> {
        let host = self.host.to_ascii_lowercase();
        if host == "localhost" || host.ends_with(".localhost") {
            return Some(IpAddr::V4(Ipv4Addr::LOCALHOST));
        }
        host.parse().ok().or_else(|| Some(IpAddr::V4(inet_aton(&host)?)))
    }

    /// As it stands in `Host`.
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let usual = if self.tls { 443 } else { 80 };
        if self.port == usual { host } else { format!("{host}:{}", self.port) }
    }
}

/// As C's inet_aton, and with it every resolver, reads a host: one to four numbers, decimal, octal or hexadecimal, of which
/// the last fills what is left.
fn inet_aton(host: &str) -> Option<Ipv4Addr> {
    let number = |part: &str| match part.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None if part.len() > 1 && part.starts_with('0') => u32::from_str_radix(part, 8).ok(),
        None => part.parse().ok(),
    };
    let parts: Vec<u32> = host.split('.').map(number).collect::<Option<_>>()?;
    let (last, first) = parts.split_last()?;
    let left = 32 - 8 * u32::try_from(first.len()).ok().filter(|count| *count < 4)?;
    let fits = first.iter().all(|part| *part < 256) && u64::from(*last) < 1 << left;
    let high = first.iter().fold(0u64, |bits, part| bits << 8 | u64::from(*part));
    fits.then(|| u32::try_from(high << left | u64::from(*last)).ok().map(Ipv4Addr::from)).flatten()
}

impl Reach {
    pub fn allows(&self, address: IpAddr) -> bool {
        net::is_public(address) || self.0.iter().any(|network| network.contains(net::unmap(address)))
    }

    /// Where a host is, when every address of it may be reached. What is connected to is one of these: nobody resolves
    /// the name again and finds another answer.
    pub async fn resolve(&self, target: &Target) -> Result<Vec<SocketAddr>, String> {
        const PATIENCE: Duration = Duration::from_secs(5);
        let found: Vec<SocketAddr> = match target.host.parse::<IpAddr>() {
            Ok(address) => vec![SocketAddr::new(address, target.port)],
            Err(_) => {
                let look_up = tokio::net::lookup_host((target.host.as_str(), target.port));
                let found = tokio::time::timeout(PATIENCE, look_up).await;
                let found = found.map_err(|_| format!("nobody said in time where {} is", target.host))?;
                found.map_err(|error| format!("{} is not found: {error}", target.host))?.collect()
            }
        };
        match found.iter().find(|address| !self.allows(address.ip())) {
            Some(address) => Err(self.refusal(address.ip())),
            None if found.is_empty() => Err(format!("{} has no address", target.host)),
            None => Ok(found),
        }
    }

    pub fn refusal(&self, address: IpAddr) -> String {
        format!("{address} is no public address, and its network is not in webhooks.networks of the configuration")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_reached_however_they_are_written() {
        let reach = Reach::default();
        for text in [
            "127.0.0.1",
            "127.9.9.9",
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "fc00::1",
            "fd00::1",
            "fe80::1",
            "ff02::1",
            "64:ff9b::7f00:1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "2002:a00:1::",
            "2001::1",
            "fec0::1",
            "2001:db8::1",
        ] {
            assert!(!reach.allows(text.parse().unwrap()), "{text}");
        }
        for text in ["9.9.9.9", "172.32.0.1", "100.128.0.1", "::ffff:9.9.9.9", "2620:fe::fe", "2a00::1"] {
            assert!(reach.allows(text.parse().unwrap()), "{text}");
        }
        let allowed = Reach(vec!["10.1.0.0/16".parse().unwrap()]);
        assert!(allowed.allows("10.1.2.3".parse().unwrap()) && allowed.allows("::ffff:10.1.2.3".parse().unwrap()));
        assert!(!allowed.allows("10.2.0.1".parse().unwrap()) && !allowed.allows("127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn threat_058_a_host_that_always_means_an_address_is_judged_at_once() {
        let is = |host: &str| Target::parse(&format!("http://{host}/")).ok().and_then(|target| target.address());
        for host in ["localhost", "LOCALHOST", "a.b.localhost", "127.0.0.1", "0x7f.1", "0x7f000001", "0177.0.0x1"] {
            assert_eq!(is(host), Some("127.0.0.1".parse().unwrap()), "{host}");
        }
        assert_eq!(is("[::ffff:127.0.0.1]"), Some("::ffff:127.0.0.1".parse().unwrap()));
        assert_eq!(is("0xa.1.2.3"), Some("10.1.2.3".parse().unwrap()));
        // Without a letter it is no name either.
        for host in ["127.1", "2130706433", "0177.1"] {
            assert!(Target::parse(&format!("http://{host}/")).is_err(), "{host}");
        }
        for host in [
            "hooks.example",
            "localhost.example",
            "box",
            "0x7f.1.example",
            "0x7f.0x100.1",
            "0x1.2.3.4.5",
            "0x100000000",
        ] {
            assert_eq!(is(host), None, "{host}");
        }
        assert_eq!(inet_aton("127.1"), Some(Ipv4Addr::LOCALHOST));
        assert_eq!(
            (inet_aton("256.1"), inet_aton("1.2.3.256"), inet_aton("08"), inet_aton("")),
            (None, None, None, None)
        );
    }

    #[test]
    fn what_is_no_plain_url_is_refused() {
        for text in [
            "",
            "x",
            "//host/",
            "/path",
            "ftp://host/",
            "http://",
            "http://:80/",
            "http://user@host/",
            "http://u:p@host/",
            "http://ho st/",
            "http://host:99999/",
            "http://host:/",
            "http://a\r\nb/",
            "http://h\\@evil/",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "http://[::1/",
            "gopher://host/",
        ] {
            assert!(Target::parse(text).is_err(), "{text:?}: {:?}", Target::parse(text));
        }
        let target = Target::parse("https://hooks.example:8443/a?b=c").unwrap();
        assert_eq!((target.tls, target.port, target.path.as_str()), (true, 8443, "/a?b=c"));
        assert_eq!(target.authority(), "hooks.example:8443");
        assert_eq!(Target::parse("http://[2a00::1]/").unwrap().authority(), "[2a00::1]");
    }
}
