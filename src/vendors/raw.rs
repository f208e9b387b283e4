//! Raw vendor text: what a person wrote into a layer in the vendor's own words, read with the vendor's own grammar.
//!
//! Every parameter gets its name, so that the caller can find the secret ones before anything is stored, and becomes an
//! [`Item`] that the vendor's writer quotes anew. What cannot be read is an error that names line, text and rule.

use super::format::excerpt;
use super::write::writer;
use super::{Item, Param};
use crate::settings::{Provenance, Secret, Value};
use std::fmt;
use std::sync::Arc;

/// Bytes of raw text in one layer. Avaya's whole template, comments included, is no configuration to send to a phone.
const MAX_RAW: usize = 256 * 1024;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Raw {
    pub lines: Vec<RawLine>,
    pub warnings: Vec<RawWarning>,
}

/// One statement or element. Its value may be secret, so `Debug` shows the name only.
#[derive(Clone, PartialEq, Eq)]
pub struct RawLine {
    /// 1-based line of the text.
    pub line: usize,
    /// The parameter's name as a writer takes it (`account.1.password`, `user_pass.1`); `None` for a statement that
    /// sets nothing, such as `GOTO`.
    pub name: Option<String>,
    pub value: Option<String>,
    /// The statement itself.
    pub text: String,
    /// Name and value do not say all of it: `text` must be kept.
    pub verbatim: bool,
}

impl RawLine {
    pub(super) fn param(line: usize, name: &str, value: &str, text: &str) -> RawLine {
        let (name, value, text) = (Some(name.to_owned()), Some(value.to_owned()), text.to_owned());
        RawLine { line, name, value, text, verbatim: false }
    }

    /// What a writer takes. `secret` says whether the value must be masked from now on.
    pub fn item(&self, secret: bool, from: Arc<Provenance>) -> Item {
        let value = |text: &str| match secret {
            true => Value::Secret(Secret::new(text)),
            false => Value::Plain(text.into()),
        };
        match (&self.name, &self.value, self.verbatim) {
            (Some(name), Some(text), false) => {
                Item::Param(Param { name: name.clone().into(), value: value(text), setting: None, from })
            }
            _ => Item::Text { text: value(&self.text), from },
        }
    }
}

impl fmt::Debug for RawLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawLine").field("line", &self.line).field("name", &self.name).finish_non_exhaustive()
    }
}

/// Raw text that cannot be read. It may hold a secret: show it to its author, log only [`RawError::line`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {text:?}: {rule}")]
pub struct RawError {
    /// 1-based; 0 when no line is at fault.
    pub line: usize,
    /// The start of that line.
    pub text: String,
    pub rule: &'static str,
}

impl RawError {
    pub(super) fn at(line: usize, whole: &str, rule: &'static str) -> RawError {
        let text = excerpt(line.checked_sub(1).and_then(|skip| whole.lines().nth(skip)).unwrap_or_default());
        RawError { line, text, rule }
    }
}

/// Raw text that reads well and probably does not do what its author wants.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct RawWarning {
    pub line: usize,
    pub text: String,
}

pub fn parse_raw(vendor: &str, text: &str) -> Result<Raw, RawError> {
    match writer(vendor) {
        Some(_) if text.len() > MAX_RAW => {
            Err(RawError { line: 0, text: String::new(), rule: "raw text is limited to 256 KiB" })
        }
        Some(writer) => (writer.parse_raw)(text),
        None => Err(RawError { line: 0, text: String::new(), rule: "raw text needs a vendor that has a writer" }),
    }
}
