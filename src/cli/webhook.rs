//! `phonebox webhook …`

use super::console::{Client, Method};
use super::{Failure, table};
use clap::Subcommand;
use serde_json::json;

#[derive(Subcommand)]
pub enum Commands {
    List,
    /// Send events to an address, and print the secret that they are signed with
    Add {
        url: String,
        /// A kind of `phonebox notification list`; several times for several, none for all
        #[arg(long)]
        kind: Vec<String>,
    },
    /// Change a webhook
    Set {
        id: i64,
        #[arg(long)]
        url: Option<String>,
        /// Instead of those there are
        #[arg(long)]
        kind: Vec<String>,
        #[arg(long)]
        enabled: Option<bool>,
    },
    /// Remove a webhook, and what is on its way to it
    Remove {
        id: i64,
    },
    /// Send an event to see whether it arrives
    Test {
        id: i64,
    },
    /// What was sent and what waits, newest first
    Deliveries {
        id: i64,
    },
    /// Try a delivery again now
    Retry {
        id: i64,
        delivery: i64,
    },
}

const HOOK: [(&str, &str); 4] = [("ID", "id"), ("URL", "url"), ("KINDS", "kinds"), ("ENABLED", "enabled")];
const DELIVERY: [(&str, &str); 8] = [
    ("ID", "id"),
    ("STATE", "state"),
    ("KIND", "kind"),
    ("ABOUT", "object"),
    ("SINCE", "created_at"),
    ("TRIES", "attempts"),
    ("NEXT TRY", "next_at"),
    ("BECAUSE", "error"),
];

pub async fn run(client: &Client, command: Commands, as_json: bool) -> Result<(), Failure> {
    match command {
        Commands::List => {
            let hooks = client.get("/webhooks").await?;
            match hooks.as_array() {
                Some(rows) if !as_json => table::print(rows, &HOOK),
                _ => table::json(&hooks),
            }
        }
        Commands::Add { url, kind } => {
            let body = json!({ "url": url, "kinds": kind });
            let added = client.call(Method::POST, "/webhooks", Some(&body)).await?;
            if as_json {
                table::json(&added);
            } else {
                table::print(&[added["webhook"].clone()], &HOOK);
                table::say(&format!("Secret  {}   shown this once", added["secret"].as_str().unwrap_or_default()));
            }
        }
        Commands::Set { id, url, kind, enabled } => {
            let kinds = Some(kind).filter(|kind| !kind.is_empty());
            let body = json!({ "url": url, "kinds": kinds, "enabled": enabled });
            let hook = client.call(Method::PATCH, &format!("/webhooks/{id}"), Some(&body)).await?;
            if as_json { table::json(&hook) } else { table::print(&[hook], &HOOK) }
        }
        Commands::Remove { id } => {
            client.call(Method::DELETE, &format!("/webhooks/{id}"), None).await?;
            table::say(&format!("Webhook {id} is removed."));
        }
        Commands::Test { id } => {
            client.call(Method::POST, &format!("/webhooks/{id}/test"), None).await?;
            table::say(&format!("It is on its way: phonebox webhook deliveries {id}"));
        }
        Commands::Deliveries { id } => {
            let rows = client.get_all(&format!("/webhooks/{id}/deliveries")).await?;
            if as_json { table::json(&rows.into()) } else { table::print(&rows, &DELIVERY) }
        }
        Commands::Retry { id, delivery } => {
            client.call(Method::POST, &format!("/webhooks/{id}/deliveries/{delivery}/retry"), None).await?;
            table::say(&format!("Delivery {delivery} is tried again."));
        }
    }
    Ok(())
}
