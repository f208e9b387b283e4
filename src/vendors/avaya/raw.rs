//! Avaya's raw text: 46xx statements (`protocols/avaya.md` §2), and warnings for what a phone would take otherwise than
//! its author (§11, items 8–10).
//!
//! A phone reads every line that is no statement as a comment, so a slip of the pen goes unnoticed; here a comment must
//! start with `#`, and everything else must be a statement.

use crate::vendors::format::is_control;
use crate::vendors::format::settings46xx::{Statement, read};
use crate::vendors::raw::{Raw, RawError, RawLine, RawWarning};

pub fn parse(text: &str) -> Result<Raw, RawError> {
    let mut raw = Raw::default();
    for (number, line) in (1..).zip(text.lines()) {
        let fail = |rule| RawError::at(number, text, rule);
        if line.trim().is_empty() {
            continue;
        }
        if line.chars().any(|c| is_control(c) && c != '\t') {
            return Err(fail("a line holds a control character"));
        }
        let found = read(line).map_err(fail)?;
        if !found.trailing.is_empty() && !found.trailing.starts_with('#') {
            return Err(fail("a value with a blank must stand in double quotes"));
        }
        let own = line.trim_end();
        let own = own.strip_suffix(found.trailing).unwrap_or(own).trim_end();
        let assignment = |name, value, verbatim| RawLine { verbatim, ..RawLine::param(number, name, value, own) };
        let other = RawLine { line: number, name: None, value: None, text: own.to_owned(), verbatim: true };
        match found.statement {
            Statement::Comment if line.starts_with('#') => {}
            Statement::Comment => return Err(fail("a line is SET, ADD, IF, GOTO, GET, a label or a # comment")),
            Statement::Set(name, value) => raw.lines.push(assignment(name, value, false)),
            Statement::Add(name, value) => raw.lines.push(assignment(name, value, true)),
            Statement::If(..) | Statement::Goto(_) | Statement::Get(_) | Statement::Label(_) => raw.lines.push(other),
        }
        if !found.trailing.is_empty() {
            raw.warnings
                .push(RawWarning { line: number, text: "text behind the value is not sent to the phone".into() });
        }
    }
    Ok(raw)
}
