//! ALE's raw text: `<setting …/>` elements, alone or in a whole `<settings>` document, or the IP Touch text form when the
//! first character is not `<` (`protocols/vendors.md` §2.3).

use crate::vendors::format::key_value::{Line, check_name, read_line};
use crate::vendors::format::xml;
use crate::vendors::raw::{Raw, RawError, RawLine};

pub fn parse(text: &str) -> Result<Raw, RawError> {
    match text.trim_start().starts_with('<') {
        true => settings(text),
        false => ini(text),
    }
}

fn settings(text: &str) -> Result<Raw, RawError> {
    let roots = xml::parse(text).map_err(|fault| RawError::at(fault.line, text, fault.rule))?;
    let mut raw = Raw::default();
    for root in &roots {
        match root.name.as_str() {
            "setting" => raw.lines.push(setting(root, text)?),
            "settings" => {
                for element in root.elements() {
                    raw.lines.push(setting(element, text)?);
                }
            }
            _ => return Err(RawError::at(root.line, text, "write <setting id=\"…\" value=\"…\"/>")),
        }
    }
    Ok(raw)
}

fn setting(element: &xml::Element, text: &str) -> Result<RawLine, RawError> {
    let fail = |rule| RawError::at(element.line, text, rule);
    if element.name != "setting" || !element.children.is_empty() {
        return Err(fail("<settings> holds <setting id=\"…\" value=\"…\"/> and nothing else"));
    }
    let id = element.attribute("id").filter(|id| !id.is_empty()).ok_or_else(|| fail("a <setting> needs an id"))?;
    let value =
        element.attribute("value").ok_or_else(|| fail("a <setting> needs a value; an empty one means default"))?;
    let plain = element.attributes.iter().all(|(name, value)| match name.as_str() {
        "id" | "value" => true,
        "override" => value == "true",
        _ => false,
    });
    let mut own = String::new();
    element.write(&mut own);
    // Without override="true" a phone may prefer its local value: the author's choice is kept.
    let verbatim = !plain || element.attribute("override").is_none();
    Ok(RawLine { verbatim, ..RawLine::param(element.line, id, value, &own) })
}

fn ini(text: &str) -> Result<Raw, RawError> {
    let (mut raw, mut section) = (Raw::default(), None);
    for (number, line) in (1..).zip(text.lines()) {
        match read_line(line).map_err(|rule| RawError::at(number, text, rule))? {
            Line::Nothing => {}
            Line::Section(name) => {
                check_name(name).map_err(|fault| RawError::at(number, text, fault.rule()))?;
                section = Some(name);
            }
            Line::Pair(name, value) => {
                let section = section.ok_or_else(|| RawError::at(number, text, "a [section] line must come first"))?;
                raw.lines.push(RawLine::param(number, &[section, ".", name].concat(), value, line.trim()));
            }
        }
    }
    Ok(raw)
}
