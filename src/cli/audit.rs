//! `phonebox audit`

use super::console::{Client, query};
use super::{Failure, table};
use clap::Args;

#[derive(Args)]
pub struct List {
    /// Only entries about this, for example a MAC
    #[arg(long)]
    object: Option<String>,
    /// How many, newest first
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
}

pub async fn run(client: &Client, command: List, as_json: bool) -> Result<(), Failure> {
    let limit = command.limit.to_string();
    let path = query(&[("object", command.object.as_deref()), ("limit", Some(&limit))]);
    let page = client.get(&format!("/audit{path}")).await?;
    match page["items"].as_array() {
        Some(rows) if !as_json => table::print(
            rows,
            &[("AT", "at"), ("WHO", "actor"), ("ACTION", "action"), ("OBJECT", "object"), ("DETAIL", "detail")],
        ),
        _ => table::json(&page),
    }
    Ok(())
}
