//! `phonebox network …`

use super::console::{Client, Method, encode};
use super::{Failure, table};
use clap::Subcommand;
use serde_json::json;

#[derive(Subcommand)]
pub enum Commands {
    /// List a network, or change what its phones may do
    Add {
        /// For example 192.168.10.0/24 or fd00::/8
        network: String,
        /// Known, active devices get settings here
        #[arg(long, default_value_t = true, action = clap::ArgAction::Set, value_name = "true|false")]
        settings: bool,
        /// What a device nobody added gets: refuse, queue or default
        #[arg(long, default_value = "refuse", value_parser = ["refuse", "queue", "default"])]
        unknown: String,
        /// Every request here needs credentials
        #[arg(long)]
        ask: bool,
    },
    List,
    Remove {
        network: String,
    },
}

const FIELDS: [(&str, &str); 4] =
    [("NETWORK", "network"), ("SETTINGS", "settings"), ("UNKNOWN DEVICES", "unknown"), ("ASK", "ask")];

pub async fn run(client: &Client, command: Commands, as_json: bool) -> Result<(), Failure> {
    match command {
        Commands::Add { network, settings, unknown, ask } => {
            let body = json!({ "settings": settings, "unknown": unknown, "ask": ask });
            let network = client.call(Method::PUT, &path(&network), Some(&body)).await?;
            if as_json { table::json(&network) } else { table::print(&[network], &FIELDS) }
        }
        Commands::List => {
            let networks = client.get("/networks").await?;
            match networks.as_array() {
                Some(rows) if !as_json => table::print(rows, &FIELDS),
                _ => table::json(&networks),
            }
        }
        Commands::Remove { network } => {
            client.call(Method::DELETE, &path(&network), None).await?;
            table::say(&format!("The network {network} is off the list."));
        }
    }
    Ok(())
}

/// An address alone is a network of one.
fn path(network: &str) -> String {
    let alone = if network.contains(':') { "128" } else { "32" };
    let (address, prefix) = network.split_once('/').unwrap_or((network, alone));
    format!("/networks/{}/{}", encode(address), encode(prefix))
}
