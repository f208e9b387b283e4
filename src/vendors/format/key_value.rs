//! `name = value` lines: Yealink configuration files and, without blanks and in `[sections]`, ALE IP Touch text files.
//!
//! There is no quoting and no escape: the line ends the value. A value with a line break, another control character or
//! a blank at either end is left out; `#` opens a comment only as the first character of a line (Yealink SIP-T2 series
//! administrator's guide p. 126), so it is safe inside a value.

use super::{Fault, MAX_VALUE, is_control};

/// Appends `name<separator>value\n`, or nothing.
pub fn write_line(out: &mut String, name: &str, separator: &str, value: &str) -> Result<(), Fault> {
    check_name(name)?;
    check_value(value)?;
    out.push_str(name);
    out.push_str(separator);
    out.push_str(value);
    out.push('\n');
    Ok(())
}

pub fn check_name(name: &str) -> Result<(), Fault> {
    // Folded, not searched: the same answer, sixteen bytes at a time.
    let fits = |b: u8| b.is_ascii_alphanumeric() | matches!(b, b'.' | b'_' | b'-');
    match !name.is_empty() && name.len() <= 128 && name.bytes().fold(true, |all, b| all & fits(b)) {
        true => Ok(()),
        false => Err(Fault::Name),
    }
}

fn check_value(value: &str) -> Result<(), Fault> {
    let plain = value.bytes().fold(true, |all, b| all & matches!(b, b' '..=b'~'));
    if !plain && value.chars().any(is_control) {
        Err(Fault::ControlCharacter)
    } else if value.trim().len() != value.len() {
        Err(Fault::BlankEnds)
    } else if value.len() > MAX_VALUE {
        Err(Fault::TooLong)
    } else {
        Ok(())
    }
}

/// One line as a phone reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line<'a> {
    /// Empty, or `#` in the first column.
    Nothing,
    /// `[name]`
    Section(&'a str),
    Pair(&'a str, &'a str),
}

/// `Err` is the rule the line breaks.
pub fn read_line(line: &str) -> Result<Line<'_>, &'static str> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(Line::Nothing);
    }
    if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return Ok(Line::Section(name.trim()));
    }
    let (name, value) = line.split_once('=').ok_or("write name = value, or start a comment with #")?;
    let (name, value) = (name.trim(), value.trim());
    check_name(name).map_err(|_| "a parameter name is made of letters, digits, dots, dashes and underscores")?;
    check_value(value).map_err(Fault::rule)?;
    Ok(Line::Pair(name, value))
}
