//! Yealink files: `y….cfg` and `<mac>.cfg` of `name = value` lines, and the `.boot` file that includes them.
//!
//! Follows `protocols/vendors.md` §1.2: line 1 is `#!version:1.0.0.1` and cannot be changed; `%NULL%` clears a value, and an
//! empty one is written so (a blank one is documented to clear only under `overwrite_mode = 1`). The phone compares MD5 sums, so the
//! bytes depend on the items alone.
//!
//! A `.boot` file includes [`Render::next`] (the model's common file) if given, then `<mac>.cfg`; of the items it takes only
//! `overwrite_mode`, which no other file carries.

use crate::vendors::format::{Fault, key_value};
use crate::vendors::write::{RAW_TEXT, Warnings, WriteError, params, write_unread};
use crate::vendors::{Document, FileKind, Item, Render};

const TEXT: &str = "text/plain";
const HEADER: &str = "#!version:1.0.0.1\n";
const OVERWRITE: &str = "overwrite_mode";
/// Bytes of most lines.
const LINE: usize = 48;

pub fn render(_dialect: &str, input: &Render<'_>) -> Result<Document, WriteError> {
    match input.kind {
        FileKind::Common | FileKind::Device => Ok(configuration(input)),
        FileKind::Container => boot(input),
        FileKind::Upgrade | FileKind::Settings | FileKind::Firmware | FileKind::Upload => {
            Err(WriteError::File { vendor: "yealink", kind: input.kind, file: input.file.to_owned() })
        }
    }
}

fn configuration(input: &Render<'_>) -> Document {
    let (mut out, mut warnings) = (String::with_capacity(LINE * (input.items.len() + 1)), Warnings::default());
    out.push_str(HEADER);
    for item in input.items {
        match item {
            Item::Param(param) if param.name == OVERWRITE => {}
            Item::Param(param) => {
                let value = Some(param.value.text()).filter(|text| !text.is_empty()).unwrap_or("%NULL%");
                warnings.note(&param.name, key_value::write_line(&mut out, &param.name, " = ", value));
            }
            Item::Text { .. } => warnings.push(RAW_TEXT, Fault::Statement), // every Yealink line is a parameter
            Item::Unread { text, .. } if !write_unread(&mut out, text.text(), "\n") => {
                warnings.push(RAW_TEXT, Fault::Statement);
            }
            Item::Unread { .. } => {}
        }
    }
    warnings.document(TEXT, out)
}

fn boot(input: &Render<'_>) -> Result<Document, WriteError> {
    let mac = input.mac.ok_or_else(|| WriteError::NeedsMac { file: input.file.to_owned() })?;
    let (mut out, mut warnings) = (HEADER.to_owned(), Warnings::default());
    if let Some(common) = input.next {
        include(&mut out, common).map_err(|()| WriteError::Next(common.to_owned()))?;
    }
    include(&mut out, &[&mac.to_string(), ".cfg"].concat()).map_err(|()| WriteError::Next(mac.to_string()))?;
    for param in params(input.items).filter(|param| param.name == OVERWRITE) {
        warnings.note(OVERWRITE, key_value::write_line(&mut out, OVERWRITE, " = ", param.value.text()));
    }
    Ok(warnings.document(TEXT, out))
}

/// A file beside the boot file, so that the directory (and the token in it) is the one the phone came by.
fn include(out: &mut String, name: &str) -> Result<(), ()> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    if name.is_empty() || !name.bytes().all(plain) {
        return Err(());
    }
    out.push_str("include:config \"");
    out.push_str(name);
    out.push_str("\"\n");
    Ok(())
}
