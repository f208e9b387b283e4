//! Snom files: `<settings>` (`snom<model>.htm`, `<mac>.xml`), the `<setting-files>` container and the firmware file.
//!
//! Follows `protocols/vendors.md` §3.2 and Snom's pages "Desk Phone Configuration Files", "Permission Flags" and "XML
//! provisioning of settings". `perm=""` is read & write: applied at every provisioning, changeable by the user between.
//!
//! **Where a parameter is put** is said by its name:
//! - `language`, `user_name.1`: `<language perm="">`, `<user_name idx="1" perm="">` in `<phone-settings e="2">`;
//! - `fkey.3`, `fkey.3.label`, `fkey.3.context`, …: content and attributes of `<fkey idx="3" …>` in `<functionKeys e="2">`. The
//!   index is Snom's own (the first key is 0), the content is `blf sip:201@pbx`, `speed 123`, `line`; without a context it
//!   is `active`;
//! - `firmware`, `firmware_uxm`: the firmware file and no other. A value without `://` is a file name below [`Render::base`].
//!
//! Raw text is one element: `<tbook>`, `<dialplan>` and the other sections stand under `<settings>`, `<fkey>` in
//! `<functionKeys>`, anything else in `<phone-settings>`.

use crate::vendors::format::{Fault, xml};
use crate::vendors::write::{RAW_TEXT, Warnings, WriteError, params};
use crate::vendors::{Document, FileKind, Item, Param, Render};
use std::collections::BTreeMap;

const XML: &str = "text/xml";
const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";
const FIRMWARE: [&str; 2] = ["firmware", "firmware_uxm"];
pub(super) const SECTIONS: [&str; 8] =
    ["tbook", "phone-book", "dialplan", "ReplacementPlan", "certificates", "uploads", "gui-languages", "web-languages"];

pub fn render(_dialect: &str, input: &Render<'_>) -> Result<Document, WriteError> {
    match input.kind {
        FileKind::Common | FileKind::Device => Ok(settings(input.items)),
        FileKind::Container => container(input),
        FileKind::Firmware => Ok(firmware(input)),
        FileKind::Upgrade | FileKind::Settings | FileKind::Upload => {
            Err(WriteError::File { vendor: "snom", kind: input.kind, file: input.file.to_owned() })
        }
    }
}

/// A `<setting-files>` document that points at the device's own file, which has the complete values.
fn container(input: &Render<'_>) -> Result<Document, WriteError> {
    let mac = input.mac.ok_or_else(|| WriteError::NeedsMac { file: input.file.to_owned() })?;
    let (mut out, mut warnings) = (DECLARATION.to_owned(), Warnings::default());
    out.push_str("<setting-files>\n  <file url=\"");
    if !xml::write_attribute(&mut out, &[input.base, &mac.to_string(), ".xml"].concat()) {
        warnings.push("file", Fault::Removed);
    }
    out.push_str("\"/>\n</setting-files>\n");
    Ok(warnings.document(XML, out))
}

fn firmware(input: &Render<'_>) -> Document {
    let (mut out, mut warnings) = (DECLARATION.to_owned(), Warnings::default());
    out.push_str("<firmware-settings>\n");
    for param in params(input.items).filter(|param| FIRMWARE.contains(&&*param.name)) {
        let value = param.value.text();
        let url = if value.contains("://") { value.to_owned() } else { [input.base, value].concat() };
        let mut element = Tag::open(&param.name);
        element.attribute("perm", "");
        element.close(&mut out, &url, &param.name, &mut warnings);
    }
    out.push_str("</firmware-settings>\n");
    warnings.document(XML, out)
}

/// One element being written on its own line.
struct Tag<'a> {
    name: &'a str,
    text: String,
    whole: bool,
}

impl<'a> Tag<'a> {
    /// `name` has been checked with [`xml::is_name`] or is our own.
    fn open(name: &'a str) -> Tag<'a> {
        Tag { name, text: ["<", name].concat(), whole: true }
    }

    fn attribute(&mut self, name: &str, value: &str) {
        self.text.push(' ');
        self.text.push_str(name);
        self.text.push_str("=\"");
        self.whole &= xml::write_attribute(&mut self.text, value);
        self.text.push('"');
    }

    fn close(mut self, out: &mut String, value: &str, param: &str, warnings: &mut Warnings) {
        self.text.push('>');
        self.whole &= xml::write_text(&mut self.text, value);
        out.push_str("  ");
        out.push_str(&self.text);
        out.push_str("</");
        out.push_str(self.name);
        out.push_str(">\n");
        if !self.whole {
            warnings.push(param, Fault::Removed);
        }
    }
}

#[derive(Default)]
struct Key<'a> {
    value: &'a str,
    attributes: BTreeMap<&'a str, &'a str>,
}

/// The parts of a `<settings>` document while it is filled.
#[derive(Default)]
struct Settings<'a> {
    phone: String,
    keys: BTreeMap<u16, Key<'a>>,
    more_keys: String,
    sections: String,
    warnings: Warnings,
}

fn settings(items: &[Item]) -> Document {
    let mut settings = Settings::default();
    for item in items {
        match item {
            Item::Param(param) if FIRMWARE.contains(&&*param.name) => {}
            Item::Param(param) => settings.param(param),
            Item::Text { text, .. } => settings.text(text.text()),
            Item::Unread { .. } => settings.warnings.push(RAW_TEXT, Fault::Statement),
        }
    }
    settings.document()
}

impl<'a> Settings<'a> {
    fn param(&mut self, param: &'a Param) {
        let (name, rest) = param.name.split_once('.').unwrap_or((&param.name, ""));
        let placed = match name {
            "fkey" => self.key(rest, param.value.text()),
            _ => self.phone(name, rest, param),
        };
        if placed.is_none() {
            self.warnings.push(&param.name, Fault::Name);
        }
    }

    fn phone(&mut self, name: &str, index: &str, param: &Param) -> Option<()> {
        let index = match index {
            "" if param.name.ends_with('.') => return None,
            "" => None,
            digits => Some(number(digits)?.to_string()),
        };
        // A parameter cannot take the name of a section and open one.
        if !xml::is_name(name) || SECTIONS.contains(&name) || RESERVED.contains(&name) {
            return None;
        }
        let mut tag = Tag::open(name);
        if let Some(index) = index {
            tag.attribute("idx", &index);
        }
        tag.attribute("perm", "");
        tag.close(&mut self.phone, param.value.text(), &param.name, &mut self.warnings);
        Some(())
    }

    fn key(&mut self, rest: &'a str, value: &'a str) -> Option<()> {
        let (index, attribute) = rest.split_once('.').unwrap_or((rest, ""));
        if !attribute.is_empty() && (!xml::is_name(attribute) || attribute == "idx") || rest.ends_with('.') {
            return None;
        }
        let key = self.keys.entry(number(index)?).or_default();
        match attribute {
            "" => key.value = value,
            name => {
                key.attributes.insert(name, value);
            }
        }
        Some(())
    }

    fn text(&mut self, text: &str) {
        let elements = xml::parse(text).unwrap_or_default();
        match elements.as_slice() {
            [element] if !RESERVED.contains(&element.name.as_str()) => {
                let place = match element.name.as_str() {
                    "fkey" => &mut self.more_keys,
                    name if SECTIONS.contains(&name) => &mut self.sections,
                    _ => &mut self.phone,
                };
                if !SECTIONS.contains(&element.name.as_str()) {
                    place.push_str("  ");
                }
                element.write(place);
                place.push('\n');
            }
            _ => self.warnings.push(RAW_TEXT, Fault::Statement),
        }
    }

    fn document(mut self) -> Document {
        let mut out = DECLARATION.to_owned();
        out.push_str("<settings>\n<phone-settings e=\"2\">\n");
        out.push_str(&self.phone);
        out.push_str("</phone-settings>\n");
        if !self.keys.is_empty() || !self.more_keys.is_empty() {
            out.push_str("<functionKeys e=\"2\">\n");
            for (index, key) in &self.keys {
                let mut tag = Tag::open("fkey");
                tag.attribute("idx", &index.to_string());
                tag.attribute("context", key.attributes.get("context").unwrap_or(&"active"));
                let rest = key.attributes.iter().filter(|(name, _)| !matches!(**name, "context" | "perm"));
                rest.for_each(|(name, value)| tag.attribute(name, value));
                tag.attribute("perm", key.attributes.get("perm").unwrap_or(&""));
                tag.close(&mut out, key.value, &["fkey.", &index.to_string()].concat(), &mut self.warnings);
            }
            out.push_str(&self.more_keys);
            out.push_str("</functionKeys>\n");
        }
        out.push_str(&self.sections);
        out.push_str("</settings>\n");
        self.warnings.document(XML, out)
    }
}

/// Elements that only this writer makes.
const RESERVED: [&str; 6] =
    ["settings", "phone-settings", "functionKeys", "setting-files", "firmware-settings", "file"];

/// A plain decimal index, as Snom writes them.
fn number(digits: &str) -> Option<u16> {
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}
