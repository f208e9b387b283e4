//! `phonebox notification …`

use super::console::{Client, Method};
use super::{Failure, table};
use clap::Subcommand;
use serde_json::{Value, json};

#[derive(Subcommand)]
pub enum Commands {
    /// Which notifications are mailed, and to whom
    List,
    /// Choose who gets mails, and switch kinds on and off
    Set {
        /// An address; several times for several. Instead of those there are
        #[arg(long)]
        to: Vec<String>,
        /// A kind that is mailed again
        #[arg(long)]
        on: Vec<String>,
        /// A kind that is not mailed any more
        #[arg(long)]
        off: Vec<String>,
    },
}

pub async fn run(client: &Client, command: Commands, as_json: bool) -> Result<(), Failure> {
    let mut shown = client.get("/notifications").await?;
    if let Commands::Set { to, on, off } = command {
        let is_off = |one: &&Value| one["on"] == false && !on.iter().any(|kind| one["kind"] == kind.as_str());
        let rows = shown["notifications"].as_array().into_iter().flatten();
        let mut without: Vec<Value> = rows.filter(is_off).map(|one| one["kind"].clone()).collect();
        without.extend(off.into_iter().map(Value::from));
        let recipients = if to.is_empty() { shown["recipients"].clone() } else { json!(to) };
        let body = json!({ "recipients": recipients, "off": without });
        shown = client.call(Method::PUT, "/notifications", Some(&body)).await?;
    }
    if as_json {
        table::json(&shown);
        return Ok(());
    }
    table::print_one(&shown, &[("To", "recipients")]);
    let rows = shown["notifications"].as_array().cloned().unwrap_or_default();
    table::print(&rows, &[("KIND", "kind"), ("MAILED", "on"), ("TELLS OF", "words")]);
    Ok(())
}
