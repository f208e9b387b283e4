//! `phonebox ca accept …`: whose certificates of phones count besides the box's own.

use super::ca::timed;
use super::console::{Client, Method, encode};
use super::{Failure, table};
use base64::{Engine, prelude::BASE64_STANDARD as BASE64};
use clap::Subcommand;
use serde_json::{Value, json};

#[derive(Subcommand)]
pub enum Commands {
    /// Accept the certificates of a vendor's root or issuing CA, or change how
    Add {
        /// A name of your choice: the vendor's
        name: String,
        /// The CA's certificate, PEM or DER
        #[arg(long, value_name = "FILE")]
        file: String,
        /// Let SHA-1, MD5 and keys under 2048 bits count below it
        #[arg(long)]
        weak: bool,
        /// Its revocation list, PEM or DER
        #[arg(long, value_name = "FILE")]
        list: Option<String>,
    },
    List,
    /// Accept them no longer
    Remove {
        name: String,
    },
}

const FIELDS: [(&str, &str); 6] = [
    ("NAME", "name"),
    ("SUBJECT", "subject"),
    ("ENDS", "not_after_at"),
    ("WEAK", "weak"),
    ("REVOKED", "revoked"),
    ("SHA-256", "fingerprint"),
];

pub async fn run(client: &Client, command: Commands, as_json: bool) -> Result<(), Failure> {
    match command {
        Commands::Add { name, file, weak, list } => {
            let list = list.as_deref().map(read).transpose()?;
            let body = json!({ "certificate": read(&file)?, "weak": weak, "list": list });
            let ca = client.call(Method::PUT, &path(&name), Some(&body)).await?;
            if as_json { table::json(&ca) } else { table::print(&[timed(ca)], &FIELDS) }
        }
        Commands::List => {
            let cas = client.get("/ca/device-cas").await?;
            match cas {
                Value::Array(rows) if !as_json => {
                    table::print(&rows.into_iter().map(timed).collect::<Vec<_>>(), &FIELDS);
                }
                _ => table::json(&cas),
            }
        }
        Commands::Remove { name } => {
            client.call(Method::DELETE, &path(&name), None).await?;
            table::say(&format!("Certificates of {name} are no longer accepted."));
        }
    }
    Ok(())
}

fn path(name: &str) -> String {
    format!("/ca/device-cas/{}", encode(name))
}

/// PEM as it is, anything else as base64.
fn read(file: &str) -> Result<String, Failure> {
    let bytes = std::fs::read(file).map_err(|error| Failure::plain(format!("{file} cannot be read: {error}")))?;
    Ok(match String::from_utf8(bytes) {
        Ok(text) if text.contains("-----BEGIN") => text,
        Ok(text) => BASE64.encode(text),
        Err(binary) => BASE64.encode(binary.as_bytes()),
    })
}
