//! `phonebox token …`

use super::console::{Client, Method};
use super::{Failure, table};
use clap::Subcommand;

#[derive(Subcommand)]
pub enum Commands {
    /// Make a new API key that may do everything, and print it; the old one stops working at once
    Rotate,
}

pub async fn run(client: &Client, command: Commands, as_json: bool) -> Result<(), Failure> {
    match command {
        Commands::Rotate => {
            let answer = client.call(Method::POST, "/token/rotate", None).await?;
            if as_json { table::json(&answer) } else { table::say(answer["token"].as_str().unwrap_or_default()) }
        }
    }
    Ok(())
}
