//! `phonebox key …`

use super::console::{Client, Method};
use super::{Failure, table};
use clap::Subcommand;

#[derive(Subcommand)]
pub enum Commands {
    /// Seal every secret with a new key and forget the old one
    Rotate,
}

pub async fn run(client: &Client, command: Commands, as_json: bool) -> Result<(), Failure> {
    match command {
        Commands::Rotate => {
            let answer = client.call(Method::POST, "/key/rotate", None).await?;
            let file = answer["key_file"].as_str().unwrap_or_default();
            let told = format!(
                "{} secrets are sealed with a new key in {file}. Copies of the old key open nothing any more: keep a copy of \
                 this one.",
                answer["values"]
            );
            if as_json { table::json(&answer) } else { table::say(&told) }
        }
    }
    Ok(())
}
