//! `phonebox alarm …`

use super::console::{Client, Method};
use super::{Failure, table};
use clap::Subcommand;

#[derive(Subcommand)]
pub enum Commands {
    /// What needs a hand
    List {
        /// Closed ones too
        #[arg(long)]
        closed: bool,
    },
    /// Close an alarm; it is told again when its cause comes back
    Close { id: i64 },
}

pub async fn run(client: &Client, command: Commands, as_json: bool) -> Result<(), Failure> {
    match command {
        Commands::List { closed } => {
            let alarms = client.get_all(&format!("/alarms?closed={closed}")).await?;
            const COLUMNS: [(&str, &str); 6] = [
                ("ID", "id"),
                ("WHAT", "kind"),
                ("ABOUT", "object"),
                ("SINCE", "at"),
                ("CLOSED", "closed_at"),
                ("TEXT", "text"),
            ];
            if as_json { table::json(&alarms.into()) } else { table::print(&alarms, &COLUMNS) }
        }
        Commands::Close { id } => {
            client.call(Method::POST, &format!("/alarms/{id}/close"), None).await?;
            table::say(&format!("Alarm {id} is closed."));
        }
    }
    Ok(())
}
