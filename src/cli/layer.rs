//! `phonebox layer …`

use super::console::{Client, Method, encode, query};
use super::{Failure, secret, table};
use crate::models;
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};
use std::io::Read;

#[derive(Subcommand)]
pub enum Commands {
    /// Which layers have settings or raw texts
    List,
    /// The settings of one layer
    Get {
        #[command(flatten)]
        place: Place,
    },
    /// Set settings: phonebox layer set --site Berlin time.zone=Europe/Berlin
    Set {
        #[command(flatten)]
        place: Place,
        #[arg(required = true, value_name = "NAME=VALUE")]
        pairs: Vec<String>,
    },
    /// Every setting there is, or those with TEXT in their name or what they are for
    Settings { text: Option<String> },
    /// Take settings away
    Unset {
        #[command(flatten)]
        place: Place,
        #[arg(required = true)]
        names: Vec<String>,
    },
    /// A layer's text in a vendor's own words
    Raw {
        #[command(subcommand)]
        command: Raw,
    },
}

#[derive(Subcommand)]
pub enum Raw {
    /// Which vendors have a raw text in one layer
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Print a raw text, secrets and all; the audit log tells it
    Get {
        #[command(flatten)]
        place: Place,
        #[arg(long)]
        vendor: String,
    },
    /// Set a raw text from a file, or - for standard input
    Set {
        #[command(flatten)]
        place: Place,
        #[arg(long)]
        vendor: String,
        file: String,
    },
    /// Remove a raw text
    Unset {
        #[command(flatten)]
        place: Place,
        #[arg(long)]
        vendor: String,
    },
}

#[derive(Args)]
pub struct Place {
    #[command(flatten)]
    which: Which,
    /// With --device: this line only
    #[arg(long, requires = "device")]
    line: Option<u8>,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// Every device
    #[arg(long)]
    global: bool,
    #[arg(long, value_name = "NAME")]
    site: Option<String>,
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    #[arg(long, value_name = "VENDOR/MODEL")]
    model: Option<String>,
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
    #[arg(long, value_name = "MAC")]
    device: Option<String>,
}

impl Place {
    fn query(&self, reveal: bool) -> String {
        let named = [
            ("site", &self.which.site),
            ("profile", &self.which.profile),
            ("model", &self.which.model),
            ("group", &self.which.group),
            (if self.line.is_some() { "line" } else { "device" }, &self.which.device),
        ];
        let (layer, scope) = named.iter().find_map(|(layer, scope)| Some((*layer, scope.as_deref()?))).unzip();
        let line = self.line.map(|line| line.to_string());
        query(&[
            ("layer", layer.or(Some("global"))),
            ("scope", scope),
            ("line", line.as_deref()),
            ("reveal", reveal.then_some("true")),
        ])
    }
}

pub async fn run(client: &Client, command: Commands, as_json: bool) -> Result<(), Failure> {
    let show = |settings: Value| {
        if as_json { table::json(&settings) } else { print(settings.as_array().map(Vec::as_slice).unwrap_or_default()) }
    };
    match command {
        Commands::List => {
            let layers = client.get("/layers").await?;
            const COLUMNS: [(&str, &str); 4] =
                [("LAYER", "layer"), ("OF", "scope"), ("SETTINGS", "settings"), ("RAW TEXTS", "raw_texts")];
            match layers.as_array() {
                Some(rows) if !as_json => table::print(rows, &COLUMNS),
                _ => table::json(&layers),
            }
        }
        Commands::Get { place } => show(client.get(&format!("/settings{}", place.query(false))).await?),
        Commands::Set { place, pairs } => {
            let mut set = Map::new();
            for pair in &pairs {
                let (name, text) = secret::pair(pair)?;
                set.insert(name, text.into());
            }
            let path = format!("/settings{}", place.query(false));
            let settings = client.call(Method::PATCH, &path, Some(&json!({ "set": set }))).await?;
            note(settings.as_array().map(Vec::as_slice).unwrap_or_default());
            let named = place.which.model.as_deref().and_then(|model| model.split_once('/'));
            if let Some(text) = named.and_then(|(vendor, model)| models::note(Some(vendor), Some(model))) {
                eprintln!("note: {text}");
            }
            show(settings);
        }
        Commands::Unset { place, names } => {
            let path = format!("/settings{}", place.query(false));
            show(client.call(Method::PATCH, &path, Some(&json!({ "unset": names }))).await?);
        }
        Commands::Settings { text } => catalogue(client, text.as_deref().unwrap_or_default(), as_json).await?,
        Commands::Raw { command } => raw(client, command, as_json).await?,
    }
    Ok(())
}

/// What people can set. Those that the box makes itself are left out.
async fn catalogue(client: &Client, text: &str, as_json: bool) -> Result<(), Failure> {
    let text = text.to_lowercase();
    let holds = |entry: &Value| {
        let words = ["id", "label", "help"].map(|key| entry[key].as_str().unwrap_or_default().to_lowercase());
        entry["derived"] != true && words.iter().any(|word| word.contains(&text))
    };
    let mut entries = client.get("/catalogue").await?;
    let entries = entries.as_array_mut().map(std::mem::take).unwrap_or_default();
    let mut found: Vec<Value> = entries.into_iter().filter(holds).collect();
    if found.is_empty() {
        return Err(Failure::new(format!("No setting has {text:?} in it."), "All of them: phonebox layer settings"));
    }
    if as_json {
        table::json(&found.into());
        return Ok(());
    }
    for entry in &mut found {
        let kind = &entry["kind"];
        let words = kind["words"].as_array().map(|words| words.iter().filter_map(Value::as_str).collect::<Vec<_>>());
        let what = match (words, kind["min"].as_i64(), kind["max"].as_i64()) {
            (Some(words), ..) => words.join(", "),
            (None, Some(min), Some(max)) if kind["type"] == "int" => format!("{min} to {max}"),
            _ => kind["type"].as_str().unwrap_or_default().to_owned(),
        };
        entry["takes"] = what.into();
    }
    table::print(&found, &[("SETTING", "id"), ("TAKES", "takes"), ("WHAT IT IS", "help")]);
    Ok(())
}

async fn raw(client: &Client, command: Raw, as_json: bool) -> Result<(), Failure> {
    let path = |vendor: &str, place: &Place, reveal| format!("/raw-texts/{}{}", encode(vendor), place.query(reveal));
    match command {
        Raw::List { place } => {
            let texts = client.get(&format!("/raw-texts{}", place.query(false))).await?;
            const COLUMNS: [(&str, &str); 3] = [("VENDOR", "vendor"), ("BY", "author"), ("AT", "updated_at")];
            match texts.as_array() {
                Some(rows) if !as_json => table::print(rows, &COLUMNS),
                _ => table::json(&texts),
            }
        }
        Raw::Get { place, vendor } => {
            let text = client.get(&path(&vendor, &place, true)).await?;
            match text["text"].as_str() {
                Some(words) if !as_json => table::say(words.trim_end_matches('\n')),
                _ => table::json(&text),
            }
        }
        Raw::Set { place, vendor, file } => {
            let text = if file == "-" {
                let mut text = String::new();
                std::io::stdin().lock().read_to_string(&mut text).map(|_| text)
            } else {
                std::fs::read_to_string(&file)
            };
            let text =
                text.map_err(|error| Failure::new(format!("{file} cannot be read: {error}."), "Check its name."))?;
            let answer =
                client.call(Method::PUT, &path(&vendor, &place, false), Some(&json!({ "text": text }))).await?;
            if as_json {
                table::json(&answer);
            }
            for warning in answer["warnings"].as_array().into_iter().flatten() {
                table::say(&format!("line {}: {}", warning["line"], warning["text"].as_str().unwrap_or_default()));
            }
        }
        Raw::Unset { place, vendor } => {
            client.call(Method::DELETE, &path(&vendor, &place, false), None).await?;
        }
    }
    Ok(())
}

/// What was taken and is probably not meant.
pub fn note(settings: &[Value]) {
    for text in settings.iter().filter_map(|setting| setting["note"].as_str()) {
        eprintln!("note: {text}");
    }
}

/// Settings with who set them, secrets as being set.
pub fn print(settings: &[Value]) {
    let rows: Vec<Value> = settings
        .iter()
        .cloned()
        .map(|mut setting| {
            if setting["secret"] == true {
                setting["value"] = "******".into();
            }
            setting
        })
        .collect();
    table::print(&rows, &[("SETTING", "name"), ("VALUE", "value"), ("BY", "author"), ("AT", "updated_at")]);
}
