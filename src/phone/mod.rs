//! The virtual phone: what a real one would do, vendor by vendor, from the protocol notes alone.
//!
//! It imports nothing of this crate but `net` and talks through sockets, so that it judges the box like a phone does:
//! it keeps a flash, asks in its vendor's order with its real User-Agent, reads the files with its own readers, comes
//! back to the URL it was given, logs in with what it was given, trusts the CA it was given. What the notes mark as not
//! verified on hardware is not verified here either.

mod boot;
mod http;
mod kinds;
mod login;
mod program;
mod read;

pub use http::{Client, Reply, Trust, Url, open};
pub use kinds::all;
pub use login::md5;

use crate::net::Mac;
use kinds::{Kind, Model};
use std::collections::BTreeMap;
use std::net::IpAddr;

pub struct Phone {
    kind: &'static Kind,
    model: &'static Model,
    mac: Mac,
    version: String,
    flash: Flash,
    from: Option<IpAddr>,
    /// While it asks with another User-Agent.
    agent: Option<String>,
}

/// What survives a boot, and not a factory reset.
#[derive(Debug, Default, Clone)]
struct Flash {
    values: BTreeMap<String, String>,
    /// CAs in PEM.
    trusted: Vec<String>,
    /// The URL of DHCP or PnP at the last boot.
    start: Option<String>,
    /// Digest of the configuration it runs.
    digest: String,
    /// Where its firmware came from.
    firmware: Option<String>,
    /// Last-Modified and text of the files it has, for polls that ask conditionally.
    files: BTreeMap<String, (String, String)>,
}

/// One request, as the phone saw it.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: &'static str,
    /// As it was asked for, with the token in it.
    pub url: String,
    /// The last part of the URL.
    pub file: String,
    /// 0: no answer.
    pub status: u16,
    pub error: Option<String>,
    pub bytes: usize,
    /// MD5 of the body; after 304, of the file that the phone has.
    pub digest: String,
    pub logged_in: bool,
    pub body: Vec<u8>,
}

/// What a boot or a poll came to.
#[derive(Debug, Default)]
pub struct Boot {
    pub requests: Vec<Asked>,
    /// A configuration was read.
    pub configured: bool,
    /// It differs from the one before, so the phone applied it.
    pub changed: bool,
    /// Firmware that was fetched.
    pub firmware: Option<String>,
}

impl Boot {
    /// `name status` of every request, in order.
    pub fn lines(&self) -> Vec<String> {
        self.requests.iter().map(|asked| format!("{} {}", asked.file, asked.status)).collect()
    }

    pub fn asked(&self, file: &str) -> Option<&Asked> {
        self.requests.iter().find(|asked| asked.file == file)
    }
}

/// The SIP account of line 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub user: String,
    pub password: String,
    pub server: String,
}

impl Phone {
    /// `None`: no such model.
    pub fn new(model: &str, mac: Mac) -> Option<Phone> {
        let (kind, model) = kinds::find(model)?;
        Some(Phone {
            kind,
            model,
            mac,
            version: model.version.clone(),
            flash: Flash::default(),
            from: None,
            agent: None,
        })
    }

    /// It has this address.
    pub fn at(mut self, from: IpAddr) -> Phone {
        self.from = Some(from);
        self
    }

    pub fn mac(&self) -> Mac {
        self.mac
    }

    pub fn user_agent(&self) -> String {
        if let Some(agent) = &self.agent {
            return agent.clone();
        }
        let agent = self.model.agent.as_ref().unwrap_or(&self.kind.agent);
        kinds::fill(agent, self.model, &self.version, self.mac)
    }

    pub fn version(&self) -> &str {
        &self.version
    }

    /// A parameter as the phone has it.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.flash.values.get(name).map(String::as_str)
    }

    pub fn values(&self) -> &BTreeMap<String, String> {
        &self.flash.values
    }

    /// What it would register with; nothing without a user and a password.
    pub fn account(&self) -> Option<Account> {
        let [user, password, server] = &self.kind.account;
        let of = |name: &str| self.value(name).filter(|value| !value.is_empty()).map(str::to_owned);
        Some(Account { user: of(user)?, password: of(password)?, server: of(server).unwrap_or_default() })
    }

    /// The URL it was told to come back to.
    pub fn server(&self) -> Option<String> {
        let first = |name: &String| {
            let value = self.value(name).filter(|value| !value.is_empty())?;
            let prefix = match name.as_str() {
                "TLSSRVR" => "TLS",
                "HTTPSRVR" => "HTTP",
                _ => return Some(value.to_owned()),
            };
            let of = |name: &str| self.value(&format!("{prefix}{name}")).filter(|value| !value.is_empty());
            let scheme = if prefix == "TLS" { "https" } else { "http" };
            let port = of("PORT").map(|port| format!(":{port}")).unwrap_or_default();
            let host = value.split(',').next().unwrap_or_default();
            let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
            Some(format!("{scheme}://{host}{port}/{}", of("DIR").unwrap_or_default().trim_matches('/')))
        };
        self.kind.server.iter().find_map(first)
    }

    /// An installer gave it this CA.
    pub fn trust(&mut self, pem: &str) {
        if !self.flash.trusted.iter().any(|known| known == pem) {
            self.flash.trusted.push(pem.to_owned());
        }
    }

    /// Everything it was told is gone.
    pub fn factory_reset(&mut self) {
        self.flash = Flash::default();
    }

    /// From power-on. `start`: the URL that DHCP or PnP gives at this boot.
    pub fn boot(&mut self, start: Option<&str>) -> Boot {
        self.flash.start = start.map(str::to_owned);
        self.fetch(false)
    }

    /// Looks for a new configuration at the server it has.
    pub fn poll(&mut self) -> Boot {
        self.fetch(true)
    }

    /// Stores something of its own at the server: an upload.
    pub fn upload(&mut self, name: &str, body: &[u8]) -> Boot {
        let mut boot = Boot::default();
        let own = self.server().or_else(|| self.flash.start.clone()).and_then(|url| Url::parse(&url));
        if let Some(place) = own {
            let name = kinds::fill(name, self.model, &self.version, self.mac);
            self.request("PUT", &place.directory(), &name, &[], body, &mut boot);
        }
        boot
    }

    /// Fetches one more file from the server it has.
    pub fn get(&mut self, name: &str) -> Boot {
        let mut boot = Boot::default();
        let own = self.server().or_else(|| self.flash.start.clone()).and_then(|url| Url::parse(&url));
        if let Some(place) = own {
            let name = kinds::fill(name, self.model, &self.version, self.mac);
            self.request("GET", &place.directory(), &name, &[], &[], &mut boot);
        }
        boot
    }
}
