//! `phonebox layer …`

use super::console::{Client, Method, encode, query};
use super::{Failure, secret, table};
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
            show(client.call(Method::PATCH, &path, Some(&json!({ "set": set }))).await?);
        }
        Commands::Unset { place, names } => {
            let path = format!("/settings{}", place.query(false));
            show(client.call(Method::PATCH, &path, Some(&json!({ "unset": names }))).await?);
        }
        Commands::Raw { command } => raw(client, command, as_json).await?,
    }
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
