//! ALE files: `config.….xml` for Myriad, Halo and the 80x8s, `sipconfig….txt` for the IP Touch (NOE) phones.
//!
//! Follows `protocols/vendors.md` §2.3. XML: `<setting id value override="true"/>`, the override because the box's value
//! must win over one typed at the phone; an empty value means default. The Myriad and 8028s dialects differ in their ids
//! only, so the writer does not look at them.
//!
//! IP Touch text is known only from wazo's templates, not from ALE and not from a phone: `[section]` lines, `key=value`
//! lines, `#` comments, UTF-8. A parameter's name is `section.key` (`sip.display_name`). `lanpbx.cfg`, which a phone in NOE
//! mode asks for, is `APPLICATION_TYPE=APPL_SIP` and nothing else.

use crate::vendors::format::{Fault, key_value, xml};
use crate::vendors::write::{RAW_TEXT, Warnings, WriteError, write_unread};
use crate::vendors::{Document, FileKind, Item, Param, Render};
use std::collections::HashMap;

/// The dialect of the IP Touch phones; every other ALE phone takes XML.
const NOE: &str = "noe";

pub fn render(dialect: &str, input: &Render<'_>) -> Result<Document, WriteError> {
    let file = input.file.to_ascii_lowercase();
    match input.kind {
        FileKind::Common if file == "lanpbx.cfg" => Ok(Warnings::default().document(TEXT, SIP_MODE.to_owned())),
        FileKind::Common | FileKind::Device if dialect == NOE || file.starts_with("sipconfig") => Ok(ini(input.items)),
        FileKind::Common | FileKind::Device => Ok(settings(input.items)),
        FileKind::Upgrade | FileKind::Settings | FileKind::Container | FileKind::Firmware | FileKind::Upload => {
            Err(WriteError::File { vendor: "ale", kind: input.kind, file: input.file.to_owned() })
        }
    }
}

const TEXT: &str = "text/plain";
const XML: &str = "text/xml";
const SIP_MODE: &str = "APPLICATION_TYPE=APPL_SIP\n";

fn settings(items: &[Item]) -> Document {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<settings>\n");
    let mut warnings = Warnings::default();
    for item in items {
        match item {
            Item::Param(param) => setting(&mut out, param, &mut warnings),
            Item::Unread { .. } => warnings.push(RAW_TEXT, Fault::Statement),
            Item::Text { text, .. } => match single_setting(text.text()) {
                Some(element) => {
                    out.push_str("  ");
                    element.write(&mut out);
                    out.push('\n');
                }
                None => warnings.push(RAW_TEXT, Fault::Statement),
            },
        }
    }
    out.push_str("</settings>\n");
    warnings.document(XML, out)
}

fn setting(out: &mut String, param: &Param, warnings: &mut Warnings) {
    if !param.name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')) || param.name.is_empty() {
        let fault = if param.name.contains('.') { Fault::Elsewhere } else { Fault::Name };
        return warnings.push(&param.name, fault);
    }
    out.push_str("  <setting id=\"");
    out.push_str(&param.name);
    out.push_str("\" value=\"");
    if !xml::write_attribute(out, param.value.text()) {
        warnings.push(&param.name, Fault::Removed);
    }
    out.push_str("\" override=\"true\"/>\n");
}

/// Raw text is one `<setting>` with an id, or nothing.
fn single_setting(text: &str) -> Option<xml::Element> {
    let mut elements = xml::parse(text).ok()?.into_iter();
    let element = elements.next().filter(|element| element.name == "setting" && element.attribute("id").is_some())?;
    (elements.next().is_none() && element.children.is_empty()).then_some(element)
}

fn ini(items: &[Item]) -> Document {
    let mut warnings = Warnings::default();
    let mut sections: Vec<(&str, String)> = Vec::new(); // in the order of their first parameter
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut unread = String::new();
    for item in items {
        let param = match item {
            Item::Param(param) => param,
            Item::Text { .. } => {
                warnings.push(RAW_TEXT, Fault::Statement);
                continue;
            }
            Item::Unread { text, .. } => {
                if text.text().trim_start().starts_with('<') || !write_unread(&mut unread, text.text(), "\n") {
                    warnings.push(RAW_TEXT, Fault::Statement);
                }
                continue;
            }
        };
        let Some((section, key)) = param.name.split_once('.') else {
            warnings.push(&param.name, Fault::Elsewhere);
            continue;
        };
        let mut line = String::new();
        let written = key_value::check_name(section)
            .and_then(|()| key_value::write_line(&mut line, key, "=", param.value.text()));
        if written.is_ok() {
            let place = *places.entry(section).or_insert(sections.len());
            match sections.get_mut(place) {
                Some((_, lines)) => lines.push_str(&line),
                None => sections.push((section, line)),
            }
        }
        warnings.note(&param.name, written);
    }
    let mut out = String::new();
    for (name, lines) in sections {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push('[');
        out.push_str(name);
        out.push_str("]\n");
        out.push_str(&lines);
    }
    out.push_str(&unread);
    warnings.document(TEXT, out)
}
