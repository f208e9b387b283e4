//! `phonebox group …`

use super::console::{Client, Method, encode};
use super::{Failure, table};
use clap::Subcommand;
use serde_json::{Value, json};

#[derive(Subcommand)]
pub enum Commands {
    /// Add a group
    Add { name: String },
    /// List the groups
    List,
    /// Rename a group
    Rename { name: String, new: String },
    /// Remove a group and its settings
    Remove { name: String },
}

const FIELDS: [(&str, &str); 3] = [("GROUP", "name"), ("DEVICES", "devices"), ("ADDED", "created_at")];

pub async fn run(client: &Client, command: Commands, as_json: bool) -> Result<(), Failure> {
    let path = |name: &str| format!("/groups/{}", encode(name));
    let show = |groups: Vec<Value>| table::print(&groups, &FIELDS);
    let show_one = |group: Value| if as_json { table::json(&group) } else { show(vec![group]) };
    match command {
        Commands::Add { name } => {
            show_one(client.call(Method::POST, "/groups", Some(&json!({ "name": name }))).await?);
        }
        Commands::List => {
            let groups = client.get_all("/groups").await?;
            if as_json { table::json(&groups.into()) } else { show(groups) }
        }
        Commands::Rename { name, new } => {
            show_one(client.call(Method::PATCH, &path(&name), Some(&json!({ "name": new }))).await?);
        }
        Commands::Remove { name } => {
            client.call(Method::DELETE, &path(&name), None).await?;
            table::say(&format!("The group {name:?} is removed."));
        }
    }
    Ok(())
}
