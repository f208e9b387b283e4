//! Yealink's raw text: `name = value` lines and `#` comments (`protocols/vendors.md` §1.2). A `#!version` header is a
//! comment here: the writer makes its own.

use crate::vendors::format::key_value::{Line, read_line};
use crate::vendors::raw::{Raw, RawError, RawLine};

pub fn parse(text: &str) -> Result<Raw, RawError> {
    let mut raw = Raw::default();
    for (number, line) in (1..).zip(text.lines()) {
        match read_line(line).map_err(|rule| RawError::at(number, text, rule))? {
            Line::Nothing => {}
            Line::Section(_) => return Err(RawError::at(number, text, "a Yealink file has no [sections]")),
            Line::Pair(name, value) => raw.lines.push(RawLine::param(number, name, value, line.trim())),
        }
    }
    Ok(raw)
}
