//! Where phones reach this box, in the words of a URL.

use super::pipeline::Pipeline;
use super::resolve::Origin;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Where phones reach this box: the ports of the address they reached, or a configured URL instead.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    /// As bound: an address, or all of them.
    pub http: Vec<SocketAddr>,
    pub https: Vec<SocketAddr>,
    /// Without trailing slash.
    pub http_url: Option<String>,
    pub https_url: Option<String>,
    /// The address that is usually reached: what people are shown.
    pub usual: Option<IpAddr>,
}

impl Pipeline {
    /// The addresses as a phone on the usual network reaches them.
    pub fn usual_origin(&self) -> Origin {
        self.origin(self.reach.usual.unwrap_or(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST)))
    }

    pub fn origin(&self, local: IpAddr) -> Origin {
        self.reach.origin(local)
    }
}

impl Reach {
    /// The addresses as whoever reached this one of the box's reaches it.
    fn origin(&self, local: IpAddr) -> Origin {
        let local = crate::net::unmap(local);
        let url = |configured: &Option<String>, scheme: &str, bound: &[SocketAddr], usual: u16| -> Option<Arc<str>> {
            if let Some(url) = configured {
                return Some(url.as_str().into());
            }
            let there = || bound.iter().find(|socket| !socket.ip().is_unspecified()).copied();
            let here = crate::net::port_at(bound, local).map(|port| SocketAddr::new(local, port));
            let socket = here.or_else(there)?;
            let (host, port) = match socket.ip() {
                IpAddr::V4(v4) => (v4.to_string(), socket.port()),
                IpAddr::V6(v6) => (format!("[{v6}]"), socket.port()),
            };
            Some(if port == usual { format!("{scheme}://{host}") } else { format!("{scheme}://{host}:{port}") }.into())
        };
        Origin {
            http: url(&self.http_url, "http", &self.http, 80),
            https: url(&self.https_url, "https", &self.https, 443),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_an_address_and_port_that_are_bound() {
        let at = |list: &[&str]| list.iter().map(|text| text.parse().unwrap()).collect();
        let told = |http: &[&str], https: &[&str], local: &str| {
            let origin = Reach { http: at(http), https: at(https), ..Reach::default() }.origin(local.parse().unwrap());
            [origin.http, origin.https].map(|url| url.as_deref().unwrap_or("-").to_owned())
        };
        assert_eq!(told(&["[::]:80"], &["[::]:8444"], "10.0.0.1"), ["http://10.0.0.1", "https://10.0.0.1:8444"]);
        assert_eq!(told(&["[::]:80"], &[], "fd00::1"), ["http://[fd00::1]", "-"]);
        let two = ["10.0.0.1:80", "10.0.0.2:8080"];
        assert_eq!(told(&two, &["10.0.0.2:443"], "10.0.0.1"), ["http://10.0.0.1", "https://10.0.0.2"]);
        assert_eq!(told(&two, &["10.0.0.2:443"], "10.0.0.2"), ["http://10.0.0.2:8080", "https://10.0.0.2"]);
        assert_eq!(told(&["0.0.0.0:80"], &["[::]:443"], "fd00::1"), ["-", "https://[fd00::1]"]);
    }
}
