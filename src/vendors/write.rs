//! Writing: which writer makes a vendor's files, and what may come of it.
//!
//! Follows the vendors' `files.rs`; decides nothing about values. A writer receives what the grant left and never looks
//! for more.

use super::format::{Fault, WriteWarning, is_control};
use super::raw::{Raw, RawError};
use super::{Document, FileKind, Item, Param, Render, ale, avaya, snom, yealink};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    #[error("there is no writer for vendor \"{0}\"")]
    Vendor(String),
    #[error("{vendor} has no {kind:?} file named \"{file}\" that could be written")]
    File { vendor: &'static str, kind: FileKind, file: String },
    #[error("\"{file}\" points at the file of one device, and the request names no MAC")]
    NeedsMac { file: String },
    #[error("\"{0}\" cannot be the name of the next file")]
    Next(String),
}

pub struct Writer {
    pub vendor: &'static str,
    pub render: fn(&str, &Render<'_>) -> Result<Document, WriteError>,
    pub parse_raw: fn(&str) -> Result<Raw, RawError>,
}

pub static WRITERS: [Writer; 4] = [
    Writer { vendor: "avaya", render: avaya::files::render, parse_raw: avaya::raw::parse },
    Writer { vendor: "ale", render: ale::files::render, parse_raw: ale::raw::parse },
    Writer { vendor: "yealink", render: yealink::files::render, parse_raw: yealink::raw::parse },
    Writer { vendor: "snom", render: snom::files::render, parse_raw: snom::raw::parse },
];

pub(super) fn writer(vendor: &str) -> Option<&'static Writer> {
    WRITERS.iter().find(|writer| writer.vendor.eq_ignore_ascii_case(vendor))
}

/// The file that `input` describes, in the vendor's words. `dialect` is the model's, empty where the vendor has one.
pub fn render(vendor: &str, dialect: &str, input: &Render<'_>) -> Result<Document, WriteError> {
    let writer = writer(vendor).ok_or_else(|| WriteError::Vendor(vendor.to_owned()))?;
    (writer.render)(dialect, input)
}

/// Collects what could not be said while a file is written.
#[derive(Debug, Default)]
pub(super) struct Warnings(Vec<WriteWarning>);

impl Warnings {
    pub fn push(&mut self, name: &str, fault: Fault) {
        self.0.push(WriteWarning { name: super::format::excerpt(name), fault });
    }

    /// Notes the fault of the parameter `name`, if there is one.
    pub fn note(&mut self, name: &str, result: Result<(), Fault>) {
        if let Err(fault) = result {
            self.push(name, fault);
        }
    }

    pub fn document(self, content_type: &'static str, text: String) -> Document {
        Document { content_type, bytes: text.into_bytes(), warnings: self.0 }
    }
}

/// How raw text without a parameter name is called in a warning: its words may be secret.
pub(super) const RAW_TEXT: &str = "raw vendor text";

/// Raw text that cannot be read, as it stands. Only for formats of lines, whose phones skip what they do not know: broken XML
/// would cost a phone its whole file. `false`: nothing was written, it has signs that might end a line.
pub(super) fn write_unread(out: &mut String, text: &str, end: &str) -> bool {
    if text.lines().any(|line| line.chars().any(|c| is_control(c) && c != '\t')) {
        return false;
    }
    for line in text.lines() {
        out.push_str(line);
        out.push_str(end);
    }
    true
}

/// Whether a phone gets it although it cannot be read.
pub fn is_sent_unread(vendor: &str, text: &str) -> bool {
    let of_lines = match vendor {
        "avaya" | "yealink" => true,
        "ale" => !text.trim_start().starts_with('<'),
        _ => false,
    };
    of_lines && write_unread(&mut String::new(), text, "")
}

pub(super) fn params(items: &[Item]) -> impl Iterator<Item = &Param> {
    items.iter().filter_map(|item| match item {
        Item::Param(param) => Some(param),
        Item::Text { .. } | Item::Unread { .. } => None,
    })
}

#[cfg(test)]
#[path = "write_tests/mod.rs"]
mod tests;
