//! The TOML file as a list of (key, text, line), so that every error can name its line.

use super::keys::{KEYS, Key, Kind, suggestion};
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

pub struct Entry {
    pub key: &'static Key,
    pub text: String,
    pub line: usize,
}

/// Reads the file; what is wrong in it goes to `problems`.
pub fn read(path: &Path, problems: &mut Vec<String>) -> Vec<Entry> {
    match std::fs::read_to_string(path) {
        Ok(text) => parse(path, &text, problems),
        Err(error) => {
            problems.push(format!("{}: cannot be read: {error}. Check --config", path.display()));
            Vec::new()
        }
    }
}

fn parse(path: &Path, text: &str, problems: &mut Vec<String>) -> Vec<Entry> {
    let line = |offset: usize| text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1;
    let place = |offset: usize| format!("{} line {}", path.display(), line(offset));
    let root = match DeTable::parse(text) {
        Ok(root) => root,
        Err(error) => {
            let at = place(error.span().map_or(0, |span| span.start));
            problems.push(format!("{at}: is not TOML: {}", error.message().replace('\n', " ")));
            return Vec::new();
        }
    };
    let mut entries = Vec::new();
    let mut take = |name: String, at: usize, value: &Spanned<DeValue>| {
        let Some(key) = KEYS.iter().find(|key| key.path == name) else {
            let hint = suggestion(&name, KEYS.iter().map(|key| key.path));
            let next = "Remove it. Every key: phonebox check-config --config /dev/null";
            problems.push(format!("{}: there is no key {name}.{hint} {next}", place(at)));
            return;
        };
        match scalar_or_list(value.get_ref()) {
            Some(mut text) => {
                if key.kind == Kind::Path && !text.is_empty() {
                    text = path.parent().unwrap_or(Path::new("")).join(text).to_string_lossy().into_owned();
                }
                entries.push(Entry { key, text, line: line(at) });
            }
            None => problems.push(format!(
                "{}: {name} is a {}. Write a text, a number or a list of them",
                place(at),
                value.get_ref().type_str()
            )),
        }
    };
    for (name, value) in root.get_ref() {
        let prefix = format!("{}.", name.get_ref());
        match value.get_ref() {
            DeValue::Table(section) if KEYS.iter().any(|key| key.path.starts_with(&prefix)) => {
                for (inner, value) in section {
                    take(format!("{prefix}{}", inner.get_ref()), inner.span().start, value);
                }
            }
            _ => take(name.get_ref().to_string(), name.span().start, value),
        }
    }
    entries
}

fn scalar_or_list(value: &DeValue) -> Option<String> {
    match value {
        DeValue::Array(items) => {
            let items = items.iter().map(|item| scalar(item.get_ref())).collect::<Option<Vec<_>>>()?;
            Some(items.join(","))
        }
        other => scalar(other),
    }
}

fn scalar(value: &DeValue) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().to_owned()),
        _ => None,
    }
}
