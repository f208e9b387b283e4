//! Who asks, and for what: one pure function for HTTP, TFTP, client certificates, DHCP vendor classes and SIP PnP.
//!
//! Each source is read alone ([`Said`]); then the answers are graded. MAC: certificate > path > User-Agent. Vendor: what the
//! request names, then what its MAC prefix says; for SIP PnP the prefix first, the User-Agent second, the Event third, because
//! phones send `vendor="OEM"` there (protocols/vendors.md §0, filenames.md §5). Two MACs are reported, never decided between.
//!
//! Knows no device, no grant, no clock. Reads bytes: a User-Agent need not be UTF-8, and no input makes it fail.

mod index;
mod mac;

mod path;
mod pattern;
mod phrase;
#[cfg(test)]
mod tests;

use super::{FileKind, Model, Vendor, ouis};
use crate::net::Mac;
use index::INDEX;
use std::borrow::Cow;
use std::fmt;

/// What a request shows of its sender. Everything is a claim; only the certificate has been proven by TLS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Evidence<'a> {
    /// HTTP User-Agent.
    pub user_agent: Option<&'a [u8]>,
    /// As asked for, decoded or not; may hold a query.
    pub path: Option<&'a [u8]>,
    /// DHCP option 60.
    pub dhcp_vendor_class: Option<&'a [u8]>,
    /// Subject of the client certificate.
    pub client_cert_dn: Option<&'a [u8]>,
    pub sip_user_agent: Option<&'a [u8]>,
    pub sip_request_uri: Option<&'a [u8]>,
    /// The Event header of a PnP SUBSCRIBE.
    pub sip_event: Option<&'a [u8]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    Certificate,
    Path,
    UserAgent,
    SipRequestUri,
    SipUserAgent,
    DhcpVendorClass,
    SipEvent,
    /// Who owns the first digits of the MAC.
    MacPrefix,
}

impl Source {
    /// The word in JSON.
    pub fn id(self) -> &'static str {
        match self {
            Source::Certificate => "certificate",
            Source::Path => "path",
            Source::UserAgent => "user-agent",
            Source::SipRequestUri => "sip-request-uri",
            Source::SipUserAgent => "sip-user-agent",
            Source::DhcpVendorClass => "dhcp-vendor-class",
            Source::SipEvent => "sip-event",
            Source::MacPrefix => "mac-prefix",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Source::Certificate => "client certificate",
            Source::Path => "file name",
            Source::UserAgent => "User-Agent",
            Source::SipRequestUri => "SIP request URI",
            Source::SipUserAgent => "SIP User-Agent",
            Source::DhcpVendorClass => "DHCP vendor class",
            Source::SipEvent => "SIP Event",
            Source::MacPrefix => "MAC prefix",
        }
    }
}

impl serde::Serialize for Source {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

/// What one source said.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Said<'a> {
    pub source: Source,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor: Option<&'static Vendor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mac: Option<Mac>,
    /// A second, different MAC in the same source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_mac: Option<Mac>,
}

impl Said<'_> {
    fn nothing(source: Source) -> Self {
        Said { source, vendor: None, model: None, version: None, mac: None, other_mac: None }
    }

    fn is_nothing(&self) -> bool {
        *self == Said::nothing(self.source)
    }

    /// Adds the MACs of a text that holds any number of them.
    fn add_macs(&mut self, macs: impl Iterator<Item = Mac>) {
        for mac in macs {
            let first = *self.mac.get_or_insert(mac);
            if first != mac && self.other_mac.is_none() {
                self.other_mac = Some(mac);
            }
        }
    }
}

impl fmt::Display for Said<'_> {
    /// `User-Agent: Yealink T46S, version 66.86.0.15, MAC 805ec0aabbcc`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.source.words())?;
        let mut comma = "";
        if let Some(vendor) = self.vendor {
            write!(f, " {}", vendor.name)?;
            comma = ",";
        }
        if let Some(model) = &self.model {
            write!(f, " {model}")?;
            comma = ",";
        }
        if let Some(version) = &self.version {
            write!(f, "{comma} version {version}")?;
            comma = ",";
        }
        for mac in self.mac.iter().chain(&self.other_mac) {
            write!(f, "{comma} MAC {mac}")?;
            comma = ",";
        }
        Ok(())
    }
}

/// Who asks, as far as the evidence goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity<'a> {
    pub vendor: Option<&'static Vendor>,
    /// The name of `models.toml`, or for a model that no row lists, as the phone spells it.
    pub model: Option<Cow<'a, str>>,
    pub version: Option<Cow<'a, str>>,
    pub mac: Option<Mac>,
    /// The evidence names another MAC too: the request must be refused.
    pub conflict: Option<Mac>,
    /// Base name of the path.
    pub file: Option<Cow<'a, str>>,
    /// What that file is to the vendor.
    pub kind: Option<FileKind>,
    /// What each source said, strongest first.
    pub evidence: Vec<Said<'a>>,
}

impl Identity<'_> {
    /// The row of `models.toml`.
    pub fn listed(&self) -> Option<&'static Model> {
        self.vendor?.model(self.model.as_deref()?)
    }
}

impl fmt::Display for Identity<'_> {
    /// What every source said, for the check-in.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, said) in self.evidence.iter().enumerate() {
            write!(f, "{}{said}", if place == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

/// Which source names the vendor, the most trusted first. The model and the version come from sources that agree with it.
const REQUEST: [Source; 7] = [
    Source::Certificate,
    Source::UserAgent,
    Source::Path,
    Source::DhcpVendorClass,
    Source::SipUserAgent,
    Source::MacPrefix,
    Source::SipEvent,
];
const PNP: [Source; 7] = [
    Source::MacPrefix,
    Source::SipUserAgent,
    Source::SipEvent,
    Source::Certificate,
    Source::UserAgent,
    Source::Path,
    Source::DhcpVendorClass,
];

pub fn identify<'a>(evidence: &Evidence<'a>) -> Identity<'a> {
    let name = evidence.path.map(path::base_name);
    let mut said: Vec<Said<'a>> = Vec::with_capacity(4);
    let mut hear = |answer: Option<Said<'a>>| said.extend(answer.filter(|answer| !answer.is_nothing()));
    // in the order that grades a MAC
    hear(evidence.client_cert_dn.map(phrase::certificate));
    hear(evidence.path.map(path::read));
    hear(evidence.user_agent.map(|agent| phrase::agent(Source::UserAgent, agent)));
    hear(evidence.sip_request_uri.map(phrase::uri));
    hear(evidence.sip_user_agent.map(|agent| phrase::agent(Source::SipUserAgent, agent)));
    hear(evidence.dhcp_vendor_class.map(phrase::class));
    hear(evidence.sip_event.map(phrase::event));

    let mac = said.iter().find_map(|said| said.mac);
    let conflict = said.iter().flat_map(|said| [said.mac, said.other_mac]).flatten().find(|other| Some(*other) != mac);
    let pnp = evidence.sip_request_uri.is_some() || evidence.sip_event.is_some();
    let order = if pnp { PNP } else { REQUEST };
    if let Some(owner) = mac.and_then(|mac| owner(mac, &said)) {
        for (source, agent) in
            [(Source::UserAgent, evidence.user_agent), (Source::SipUserAgent, evidence.sip_user_agent)]
        {
            let brandless = |said: &&mut Said<'_>| said.source == source && said.vendor.is_none() && said.mac == mac;
            if let Some((said, agent)) = said.iter_mut().find(brandless).zip(agent) {
                phrase::brandless(said, agent, owner);
            }
        }
        said.push(Said { vendor: Some(owner), ..Said::nothing(Source::MacPrefix) });
    }

    let from = |source: Source| said.iter().find(move |said| said.source == source);
    let vendor = order.iter().find_map(|source| from(*source)?.vendor);
    let agreeing = || order.iter().filter_map(|source| from(*source)).filter(|said| said.vendor == vendor);
    let model = agreeing().find_map(|said| said.model.clone());
    let version = agreeing().find_map(|said| said.version.clone());
    let kind = vendor.zip(name).and_then(|(vendor, name)| INDEX.file(vendor, name)?.0.kind);
    let file = name.filter(|name| !name.is_empty()).map(String::from_utf8_lossy);
    Identity { vendor, model, version, mac, conflict, file, kind, evidence: said }
}

/// The MACs that a name in a certification request can be read as: as a client certificate's subject is read, and more
/// loosely than that, because nobody is to be called by another's. Each once.
pub fn macs_named(name: &[u8]) -> Vec<Mac> {
    let said = phrase::certificate(name);
    let of_subject = said.mac.into_iter().chain(said.other_mac);
    let mut found: Vec<Mac> =
        of_subject.chain(mac::all(name)).chain(mac::of_sep(name)).chain(mac::loose(name)).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// The first MAC but this one that any of the names can be read as.
pub fn other_than(mac: Mac, names: &[String]) -> Option<Mac> {
    names.iter().flat_map(|name| macs_named(name.as_bytes())).find(|named| *named != mac)
}

/// Who owns the prefix. Where several brands share it, the one that the request names.
fn owner(mac: Mac, said: &[Said<'_>]) -> Option<&'static Vendor> {
    let named = |owner: &&'static Vendor| said.iter().any(|said| said.vendor == Some(*owner));
    ouis::owners(mac).find(named).or_else(|| ouis::owners(mac).next())
}

/// The MACs that a path names: as many as tell whether they are one.
pub fn macs_in_path(path: &[u8]) -> impl Iterator<Item = Mac> {
    let said = path::read(path);
    [said.mac, said.other_mac].into_iter().flatten()
}

/// What a file name is to a vendor that the caller already knows: its kind, and the MAC where the name holds one. Any letter
/// case, any directory before it.
pub fn classify(vendor: &Vendor, file_name: &str) -> Option<(FileKind, Option<Mac>)> {
    let (entry, found) = INDEX.file(vendor, path::base_name(file_name.as_bytes()))?;
    Some((entry.kind?, found.mac))
}
