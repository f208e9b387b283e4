//! Reads what a phone says of itself in words: User-Agent, DHCP vendor class, certificate name, SIP request URI and Event.

use super::index::{Entry, INDEX};
use super::pattern::{Found, Template};
use super::{Said, Source, mac};
use crate::vendors::{VENDORS, Vendor};
use std::borrow::Cow;
use std::sync::LazyLock;

/// Longer texts are cut: no phone needs more, and nobody else gets more of our time (threat T20).
const LONGEST: usize = 1024;

/// Event models that only say "a telephone" (vendors.md §0).
const PLACEHOLDERS: [&str; 3] = ["OEM", "VOIP PHONE", "ATCOM"];

static BRANDLESS: LazyLock<Template> = LazyLock::new(|| Template::new("{words} {version}", false));

pub fn agent(source: Source, text: &[u8]) -> Said<'_> {
    let text = cut(text);
    let mut said = Said::nothing(source);
    let mut serial = false;
    if let Some((entry, at, found)) = INDEX.agents.find_word(text) {
        said.take(entry, found, text.get(at..).unwrap_or_default());
        serial = found.serial;
    }
    if !serial {
        said.add_macs(mac::all(text));
    }
    said
}

/// `W52P 25.30.0.2 <mac>`: an agent that leaves its maker out, read for the maker that owns its MAC.
pub fn brandless(said: &mut Said<'_>, text: &[u8], vendor: &'static Vendor) {
    let text = cut(text).trim_ascii_start();
    if let Some(found) = BRANDLESS.find(text)
        && let Some(model) = found.model.and_then(|range| part(text, range)).and_then(|raw| name(vendor, raw))
    {
        said.vendor = Some(vendor);
        said.model = Some(model.into_owned().into());
        said.version = found.version.and_then(|range| part(text, range)).map(|raw| version(raw).into_owned().into());
    }
}

pub fn class(text: &[u8]) -> Said<'_> {
    let end = text.iter().rposition(|byte| !matches!(byte, 0..=b' ')).map_or(0, |last| last + 1);
    let text = cut(text.get(..end).unwrap_or_default().trim_ascii_start());
    let mut said = Said::nothing(Source::DhcpVendorClass);
    if let Some((entry, found)) = INDEX.classes.find(text) {
        said.take(entry, found, text);
    } else if let Some((entry, at, found)) = INDEX.agents.find_word(text) {
        said.take(entry, found, text.get(at..).unwrap_or_default());
    }
    said
}

/// A subject in either notation, `CN=…,O=…` or `/O=…/CN=…`. Cisco's common name holds commas of its own.
pub fn certificate(dn: &[u8]) -> Said<'_> {
    let dn = cut(dn);
    let mut said = Said::nothing(Source::Certificate);
    let mut inside = false;
    for (at, byte) in dn.iter().enumerate() {
        let here = dn.get(at..).unwrap_or_default();
        if byte.is_ascii_alphanumeric()
            && !inside
            && let Some((entry, found)) = INDEX.certificates.find(here)
            && (said.vendor.is_none() || said.vendor == entry.vendor)
        {
            said.take(entry, found, here);
        }
        inside = byte.is_ascii_alphanumeric();
    }
    said.add_macs(mac::all(dn).chain(mac::of_sep(dn)));
    said
}

/// `sip:MAC%3a805ec0aabb01@224.0.1.75`, with `:`, `=` or nothing after `MAC`, or the bare MAC.
pub fn uri(text: &[u8]) -> Said<'_> {
    let mut said = Said::nothing(Source::SipRequestUri);
    let text = unescape(cut(text));
    let user = match text.iter().position(|byte| *byte == b':') {
        Some(scheme) if text.get(..scheme).is_some_and(|scheme| scheme.len() <= 4) => text.get(scheme + 1..),
        _ => Some(&*text),
    };
    let user = user.unwrap_or_default();
    let rest = match user.get(..3) {
        Some(word) if word.eq_ignore_ascii_case(b"mac") => {
            let rest = user.get(3..).unwrap_or_default();
            rest.strip_prefix(b":").or_else(|| rest.strip_prefix(b"=")).unwrap_or(rest)
        }
        _ => user,
    };
    match mac::at_start(rest.trim_ascii_start()) {
        Some((mac, _)) => said.mac = Some(mac),
        None => said.add_macs(mac::all(user)),
    }
    said
}

/// `ua-profile;profile-type="device";vendor="Yealink";model="T53W";version="96.87.0.16"`. Panasonic spells it `vender`.
pub fn event(text: &[u8]) -> Said<'_> {
    let text = cut(text);
    let mut said = Said::nothing(Source::SipEvent);
    let (mut model, mut firmware) = (None, None);
    for field in text.split(|byte| *byte == b';') {
        let Some(equals) = field.iter().position(|byte| *byte == b'=') else { continue };
        let key = field.get(..equals).unwrap_or_default().trim_ascii();
        let value = field.get(equals + 1..).unwrap_or_default().trim_ascii();
        let value = value.strip_prefix(b"\"").unwrap_or(value);
        let value = value.strip_suffix(b"\"").unwrap_or(value);
        let Ok(value) = std::str::from_utf8(value) else { continue };
        match key {
            b"vendor" | b"vender" => said.vendor = vendor_named(value),
            b"model" => model = Some(value),
            b"version" => firmware = Some(value),
            _ => {}
        }
    }
    // an Event that names no real model says nothing of the version either
    if let Some((vendor, model)) = said.vendor.zip(model)
        && !PLACEHOLDERS.iter().any(|placeholder| placeholder.eq_ignore_ascii_case(model))
    {
        said.model = name(vendor, model);
        said.version = firmware.filter(|_| said.model.is_some()).map(version);
    }
    said
}

impl<'a> Said<'a> {
    /// What a matching pattern says, with its captures from `text`.
    pub(super) fn take(&mut self, entry: &Entry, found: Found, text: &'a [u8]) {
        self.vendor = self.vendor.or(entry.vendor);
        if self.model.is_none()
            && let Some(vendor) = entry.vendor
        {
            self.model = match entry.model {
                Some(model) => Some(model.into()),
                None => found.model.and_then(|range| part(text, range)).and_then(|raw| name(vendor, raw)),
            };
        }
        self.version = self.version.take().or_else(|| found.version.and_then(|range| part(text, range)).map(version));
        self.add_macs(found.mac.into_iter());
    }
}

fn cut(text: &[u8]) -> &[u8] {
    text.get(..LONGEST).unwrap_or(text)
}

fn part(text: &[u8], (from, to): (usize, usize)) -> Option<&str> {
    std::str::from_utf8(text.get(from..to)?).ok()
}

/// A model as its vendor's table writes it, or as the phone spells it without the vendor's prefix.
pub fn name<'a>(vendor: &'static Vendor, raw: &'a str) -> Option<Cow<'a, str>> {
    let raw = raw.trim_matches([' ', '-', '_']);
    let bare = vendor.bare(raw);
    if bare.is_empty() || (bare.len() >= 10 && bare.bytes().all(|byte| byte.is_ascii_hexdigit())) {
        return None;
    }
    Some(match vendor.model(raw) {
        Some(listed) => listed.name.as_str().into(),
        None => (vendor.spell)(bare),
    })
}

/// Digium writes `1_4_0_0_57389`.
fn version(raw: &str) -> Cow<'_, str> {
    if raw.contains('_') && !raw.contains('.') { raw.replace('_', ".").into() } else { raw.into() }
}

fn vendor_named(text: &str) -> Option<&'static Vendor> {
    let begins = |vendor: &&&'static Vendor| {
        text.get(..vendor.name.len()).is_some_and(|head| head.eq_ignore_ascii_case(vendor.name))
    };
    let known = VENDORS.iter().find(begins).copied();
    known.or_else(|| INDEX.agents.find(text.as_bytes())?.0.vendor)
}

/// `%3A` → `:`. Borrowed where nothing is escaped.
pub fn unescape(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'%') {
        return text.into();
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, tail)) = rest.split_first() {
        let escaped = tail.get(..2).filter(|_| byte == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        match escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(plain) => {
                out.push(plain);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                out.push(byte);
                rest = tail;
            }
        }
    }
    out.into()
}
