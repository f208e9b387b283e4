//! Export of devices: CSV or JSON that the import takes back. No secret is in it.
//!
//! Spreadsheets run what starts with = + - @ (threat T70): such a cell gets an apostrophe, which the import takes away.

pub mod api;
mod store;

use super::list::Summary;
use crate::net::Mac;
use crate::web::cell;
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// A setting of a device (0) or one of its lines.
type Setting = (u8, String);

/// What a device has besides its own row.
#[derive(Default)]
struct Own {
    lines: Vec<Line>,
    settings: HashMap<Setting, String>,
    /// SHA-256 of the certificate that an import named.
    certificate: Option<String>,
    /// Its own target, without the password of there.
    url: Option<String>,
}

struct Line {
    number: u8,
    user: Option<String>,
    auth_id: Option<String>,
    display_name: Option<String>,
}

const WORDS: [&str; 11] =
    ["mac", "vendor", "model", "serial", "name", "site", "profile", "group", "url", "active", "certificate"];

/// The columns of one export.
struct Columns {
    /// Numbers in use.
    lines: Vec<u8>,
    settings: Vec<Setting>,
}

impl Columns {
    fn header(&self) -> Vec<String> {
        let lines = self
            .lines
            .iter()
            .flat_map(|number| ["user", "auth_id", "display_name"].map(|word| format!("line{number}_{word}")));
        let settings = self.settings.iter().map(|(line, name)| match line {
            0 => name.clone(),
            line => format!("line{line}_{name}"),
        });
        WORDS.map(str::to_owned).into_iter().chain(lines).chain(settings).collect()
    }

    fn row(&self, device: &Summary, own: &Own) -> Vec<String> {
        let word = |word: &Option<String>| cell::safe(word.as_deref().unwrap_or_default());
        let mut row = vec![
            device.mac.to_string(),
            word(&device.vendor),
            word(&device.model),
            word(&device.serial),
            word(&device.name),
            word(&device.site),
            word(&device.profile),
            word(&device.group),
            word(&own.url),
            (device.state == "active").to_string(),
            own.certificate.clone().unwrap_or_default(),
        ];
        for number in &self.lines {
            let line = own.lines.iter().find(|line| line.number == *number);
            let words = line.map_or([&None; 3], |line| [&line.user, &line.auth_id, &line.display_name]);
            row.extend(words.map(word));
        }
        row.extend(
            self.settings.iter().map(|setting| cell::safe(own.settings.get(setting).map_or("", String::as_str))),
        );
        row
    }
}

fn object(device: &Summary, own: &Own) -> Value {
    let settings = |line: u8| -> Map<String, Value> {
        let mut names: Vec<_> = own.settings.iter().filter(|((of, _), _)| *of == line).collect();
        names.sort();
        names.into_iter().map(|((_, name), value)| (name.clone(), value.clone().into())).collect()
    };
    let lines = own.lines.iter().map(|line| {
        without_nulls(json!({
            "number": line.number, "user": line.user, "auth_id": line.auth_id, "display_name": line.display_name,
            "settings": settings(line.number),
        }))
    });
    without_nulls(json!({
        "mac": device.mac, "vendor": device.vendor, "model": device.model, "serial": device.serial, "name": device.name,
        "site": device.site, "profile": device.profile, "group": device.group, "url": own.url, "active": device.state == "active",
        "certificate": own.certificate, "lines": lines.collect::<Vec<_>>(), "settings": settings(0),
    }))
}

fn without_nulls(mut value: Value) -> Value {
    if let Value::Object(object) = &mut value {
        object.retain(|_, value| !value.is_null() && value.as_object().is_none_or(|inner| !inner.is_empty()));
    }
    value
}

/// By MAC: what [`store::own`] found for a page.
type Owns = HashMap<Mac, Own>;
