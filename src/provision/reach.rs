//! Where phones reach this box, in the words of a URL.

use super::pipeline::Pipeline;
use super::resolve::Origin;
use std::net::IpAddr;
use std::sync::Arc;

/// Where phones reach this box: the ports of the address they reached, or a configured URL instead.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    pub http_port: Option<u16>,
    pub https_port: Option<u16>,
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

    /// The addresses as whoever reached this one of the box's reaches it.
    pub fn origin(&self, local: IpAddr) -> Origin {
        let host = match crate::net::unmap(local) {
            IpAddr::V4(v4) => v4.to_string(),
            IpAddr::V6(v6) => format!("[{v6}]"),
        };
        let url = |configured: &Option<String>, scheme: &str, port: Option<u16>, usual: u16| -> Option<Arc<str>> {
            if let Some(url) = configured {
                return Some(url.as_str().into());
            }
            let port = port?;
            Some(if port == usual { format!("{scheme}://{host}") } else { format!("{scheme}://{host}:{port}") }.into())
        };
        Origin {
            http: url(&self.reach.http_url, "http", self.reach.http_port, 80),
            https: url(&self.reach.https_url, "https", self.reach.https_port, 443),
        }
    }
}
