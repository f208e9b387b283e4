//! Output for people: short aligned tables. `--json` prints what the API answered.

use crate::clock;
use serde_json::Value;

/// Heading and key of each column; a key may name a value deeper down: `sip_account.user`.
pub fn print(rows: &[Value], columns: &[(&str, &str)]) {
    let cells: Vec<Vec<String>> =
        rows.iter().map(|row| columns.iter().map(|(_, key)| cell(row, key)).collect()).collect();
    let head: Vec<String> = columns.iter().map(|(head, _)| (*head).to_owned()).collect();
    let width = |place: usize| {
        std::iter::once(&head).chain(&cells).filter_map(|row| row.get(place)).map(|cell| cell.chars().count()).max()
    };
    let widths: Vec<usize> = (0..columns.len()).map(|place| width(place).unwrap_or(0)).collect();
    for row in std::iter::once(&head).chain(&cells) {
        let line: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        say(line.join("  ").trim_end());
    }
}

/// One thing, a line for each field.
pub fn print_one(one: &Value, fields: &[(&str, &str)]) {
    let width = fields.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    for (name, key) in fields {
        let text = cell(one, key);
        if text != "-" {
            say(&format!("{name:<width$}  {text}"));
        }
    }
}

/// A pipe that was closed (`| head`) is no failure of the command.
pub fn say(line: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

pub fn json(value: &Value) {
    say(&serde_json::to_string_pretty(value).unwrap_or_default());
}

fn cell(row: &Value, key: &str) -> String {
    let value = key.split('.').try_fold(row, |value, part| value.get(part)).unwrap_or(&Value::Null);
    let is_time = key.ends_with("_at") || key.ends_with("_until") || key == "at";
    match value {
        Value::Null => "-".into(),
        Value::Bool(true) => "yes".into(),
        Value::Bool(false) => "no".into(),
        Value::Number(number) if is_time => number.as_i64().map_or_else(|| "-".into(), time),
        Value::String(text) if text.is_empty() => "-".into(),
        // What a stranger sent must not reach the terminal as an escape sequence.
        Value::String(text) => text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect(),
        Value::Array(items) if items.is_empty() => "-".into(),
        Value::Array(items) => items
            .iter()
            .map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned))
            .collect::<Vec<_>>()
            .join(", "),
        other => other.to_string(),
    }
}

fn time(millis: i64) -> String {
    if millis > 0 { clock::shown(millis) } else { "-".into() }
}
