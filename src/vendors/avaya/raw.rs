//! Avaya's raw text: 46xx statements (`protocols/avaya.md` §2), and warnings for what a phone would take otherwise than
//! its author (§11, items 8–10).
//!
//! A phone reads every line that is no statement as a comment, so a slip of the pen goes unnoticed; here a comment must
//! start with `#`, and everything else must be a statement.

use super::lint::{Source, lint};
use crate::vendors::format::settings46xx::{Statement, Writer, check_value, read};
use crate::vendors::format::{excerpt, is_control};
use crate::vendors::map::is_secret_param;
use crate::vendors::raw::{Raw, RawError, RawLine, RawWarning};

pub fn parse(text: &str) -> Result<Raw, RawError> {
    let mut raw = Raw::default();
    let mut sources = Vec::new();
    for (line, own) in (1..).zip(text.lines()).filter(|(_, own)| !own.trim().is_empty()) {
        let fail = |rule| RawError::at(line, text, rule);
        if own.chars().any(|c| is_control(c) && c != '\t') {
            return Err(fail("a line holds a control character"));
        }
        let found = read(own).map_err(fail)?;
        if !found.trailing.is_empty() && !found.trailing.starts_with('#') {
            return Err(fail("a value with a blank must stand in double quotes"));
        }
        if !found.trailing.is_empty() {
            raw.warnings.push(RawWarning { line, text: "text behind the value is not sent to the phone".to_owned() });
        }
        let own = own.trim_end();
        sources.push(Source { line, statement: found.statement, text: own });
        let own = own.strip_suffix(found.trailing).unwrap_or(own).trim_end();
        raw.lines.push(match found.statement {
            Statement::Comment if own.starts_with('#') => continue,
            Statement::Comment => return Err(fail("a line is SET, ADD, IF, GOTO, GET, a label or a # comment")),
            Statement::Set(name, value) | Statement::Add(name, value) => {
                check_value(value).map_err(|fault| fail(fault.rule()))?;
                match super::params::check(name, value) {
                    Ok(None) => {}
                    Ok(Some(text)) => raw.warnings.push(RawWarning { line, text }),
                    Err(rule) if is_secret_param("avaya", name) => raw.warnings.push(RawWarning { line, text: rule }),
                    Err(rule) => {
                        let text = format!("{rule}; here it is {:?}", excerpt(value));
                        raw.warnings.push(RawWarning { line, text });
                    }
                }
                // AVA-077: quotes that the author wrote are served as written, also where the writer would do without.
                RawLine { verbatim: !is_canonical(name, value, own), ..RawLine::param(line, name, value, own) }
            }
            Statement::If(..) | Statement::Goto(_) | Statement::Get(_) | Statement::Label(_) => {
                RawLine { line, name: None, value: None, text: own.to_owned(), verbatim: true }
            }
        });
    }
    raw.warnings.extend(lint(&sources));
    raw.warnings.sort_by_key(|warning| warning.line);
    Ok(raw)
}

fn is_canonical(name: &str, value: &str, own: &str) -> bool {
    let mut writer = Writer::default();
    writer.set(name, value).is_ok() && writer.out.trim_end() == own
}
