//! `phonebox explain` and `phonebox preview`.

use super::console::{Client, encode, query};
use super::{Failure, table};
use serde_json::Value;

#[derive(clap::Args)]
pub struct Explain {
    /// MAC address in any notation, also of a phone nobody added
    mac: String,
}

#[derive(clap::Args)]
pub struct Preview {
    /// MAC address in any notation
    mac: String,
    /// File name as the phone asks for it: 805ec0aabb01.cfg
    file: String,
    /// As for a phone that has not proved itself
    #[arg(long)]
    without_secrets: bool,
    /// Each statement with its setting, layer, author and time instead of the file
    #[arg(long)]
    lines: bool,
}

const FACTS: [(&str, &str); 10] = [
    ("Device", "mac"),
    ("State", "state"),
    ("Vendor", "vendor"),
    ("Model", "model"),
    ("Site", "site"),
    ("Profile", "profile"),
    ("Proved by", "proof"),
    ("On day two", "steady_proof"),
    ("Enrolled", "enrolled_at"),
    ("Secrets sent in plain", "plain_secrets"),
];
const TIMELINE: [(&str, &str); 9] = [
    ("LAST", "last_at"),
    ("TIMES", "count"),
    ("BY", "transport"),
    ("FROM", "peer"),
    ("", "method"),
    ("FILE", "file"),
    ("", "decision"),
    ("WHY", "text"),
    ("BYTES", "bytes"),
];
const LINES: [(&str, &str); 7] = [
    ("PARAMETER", "name"),
    ("VALUE", "value"),
    ("SETTING", "setting"),
    ("LAYER", "layer"),
    ("OF", "scope"),
    ("SET BY", "author"),
    ("SET", "at"),
];

pub async fn run(client: &Client, explain: Explain, as_json: bool) -> Result<(), Failure> {
    let answer = client.get(&format!("/devices/{}/explain", encode(&explain.mac))).await?;
    if as_json {
        table::json(&answer);
        return Ok(());
    }
    table::print_one(&answer, &FACTS);
    let list = |name: &str| answer.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let mut timeline = list("timeline");
    timeline.iter_mut().for_each(add_detail);
    if !timeline.is_empty() {
        table::say("\nWhat it asked for, the newest first");
        table::print(&timeline, &TIMELINE);
    }
    for file in list("files") {
        show_lines(&file);
    }
    table::say(&format!("\n{}", answer.get("verdict").and_then(Value::as_str).unwrap_or_default()));
    Ok(())
}

/// What belongs to the reason stands behind it.
fn add_detail(one: &mut Value) {
    let text = |name: &str| one.get(name).and_then(Value::as_str).unwrap_or_default();
    let (why, detail) = (text("text").trim_end_matches('.'), text("detail"));
    if !detail.is_empty() {
        one["text"] = format!("{why} ({detail}).").into();
    }
}

pub async fn preview(client: &Client, preview: Preview, as_json: bool) -> Result<(), Failure> {
    let secrets = if preview.without_secrets { "false" } else { "true" };
    let path = format!("/devices/{}/preview/{}", encode(&preview.mac), encode(&preview.file));
    let answer = client.get(&format!("{path}{}", query(&[("secrets", Some(secrets))]))).await?;
    if as_json {
        table::json(&answer);
    } else if preview.lines {
        show_lines(&answer);
    } else {
        table::say(answer.get("text").and_then(Value::as_str).unwrap_or_default().trim_end());
    }
    Ok(())
}

fn show_lines(file: &Value) {
    let text = |name: &str| file.get(name).and_then(Value::as_str).unwrap_or_default();
    let lines = file.get("lines").and_then(Value::as_array).cloned().unwrap_or_default();
    table::say(&format!("\n{}", text("name")));
    if lines.is_empty() {
        table::say("(nothing in it)");
    } else {
        table::print(&lines, &LINES);
    }
    for unsaid in file.get("unsaid").and_then(Value::as_array).into_iter().flatten() {
        table::say(&format!("Not said: {}", unsaid.as_str().unwrap_or_default()));
    }
}
