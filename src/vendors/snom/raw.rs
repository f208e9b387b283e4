//! Snom's raw text: elements of a settings file, alone or in a whole `<settings>` document
//! (`protocols/vendors.md` §3.2). Containers and firmware files are made by the box and refused here.

use super::files::SECTIONS;
use crate::vendors::format::xml::{self, Element};
use crate::vendors::raw::{Raw, RawError, RawLine};

pub fn parse(text: &str) -> Result<Raw, RawError> {
    let roots = xml::parse(text).map_err(|fault| RawError::at(fault.line, text, fault.rule))?;
    let mut raw = Raw::default();
    for root in &roots {
        match root.name.as_str() {
            "settings" => {
                for section in root.elements() {
                    section_or_setting(section, text, &mut raw)?;
                }
            }
            _ => section_or_setting(root, text, &mut raw)?,
        }
    }
    Ok(raw)
}

fn section_or_setting(element: &Element, text: &str, raw: &mut Raw) -> Result<(), RawError> {
    match element.name.as_str() {
        "phone-settings" | "functionKeys" => {
            if !element.text().trim().is_empty() {
                return Err(RawError::at(element.line, text, "a section holds elements, not text"));
            }
            raw.lines.extend(element.elements().map(setting));
            Ok(())
        }
        "settings" | "setting-files" | "firmware-settings" | "file" => {
            Err(RawError::at(element.line, text, "this element belongs in a file that the box makes itself"))
        }
        name if SECTIONS.contains(&name) => {
            let line = RawLine { verbatim: true, value: None, ..RawLine::param(element.line, name, "", &own(element)) };
            raw.lines.push(line);
            Ok(())
        }
        _ => {
            raw.lines.push(setting(element));
            Ok(())
        }
    }
}

fn own(element: &Element) -> String {
    let mut text = String::new();
    element.write(&mut text);
    text
}

/// `<user_pass idx="1" perm="">x</user_pass>` is the parameter `user_pass.1`; what that name cannot say stays an element.
fn setting(element: &Element) -> RawLine {
    let index = element.attribute("idx").filter(|index| !index.is_empty() && index.bytes().all(|b| b.is_ascii_digit()));
    let name = match index {
        Some(index) => [&element.name, ".", index].concat(),
        None => element.name.clone(),
    };
    let plain = element.attributes.iter().all(|(name, value)| match name.as_str() {
        "idx" => index.is_some_and(|index| index.parse::<u16>().is_ok_and(|n| n.to_string() == *index)),
        "perm" => matches!(value.as_str(), "" | "RW" | "$"),
        _ => false,
    });
    let verbatim = !plain || element.elements().next().is_some() || element.name == "fkey";
    let value = element.text();
    RawLine { verbatim, ..RawLine::param(element.line, &name, &value, &own(element)) }
}
