//! `phonebox enrollment …`

use super::console::{Client, Method, encode};
use super::{Failure, table};
use clap::Subcommand;
use serde_json::json;

#[derive(Subcommand)]
pub enum Commands {
    /// Requests for certificates that wait for you
    List {
        /// Those that were decided too
        #[arg(long)]
        all: bool,
    },
    /// Let a device have the certificate it asked for; compare its key first
    Approve { id: i64 },
    /// Refuse a request
    Decline { id: i64 },
    /// Print a device's challenge, for a phone that is set up by hand
    Challenge {
        mac: String,
        /// The certificate profile, instead of the one that the device's profile names
        #[arg(long)]
        profile: Option<String>,
    },
    /// Make a certificate and key for a phone that fetches them as a file
    File {
        mac: String,
        /// The certificate profile, instead of the one that the device's profile names
        #[arg(long)]
        profile: Option<String>,
    },
    /// How many wrong enrollment codes lock a phone against codes, and for how long; with an option, set it
    Lockout {
        /// Minutes for which no code is taken, 1 to 1440
        #[arg(long)]
        minutes: Option<u32>,
        /// Wrong codes that lock nobody yet, 1 to 20; one more does
        #[arg(long)]
        attempts: Option<u32>,
    },
}

pub async fn run(client: &Client, command: Commands, as_json: bool) -> Result<(), Failure> {
    const COLUMNS: [(&str, &str); 7] = [
        ("ID", "id"),
        ("MAC", "mac"),
        ("STATE", "state"),
        ("SINCE", "at"),
        ("FROM", "peer"),
        ("BY", "decided_by"),
        ("KEY SHA-256", "fingerprint"),
    ];
    let (path, show): (String, fn(&serde_json::Value)) = match command {
        Commands::List { all } => {
            let found = client.get_all(&format!("/enrollment/requests?all={all}")).await?;
            if as_json {
                table::json(&found.into())
            } else {
                table::print(&found, &COLUMNS)
            }
            return Ok(());
        }
        Commands::Lockout { minutes, attempts } => {
            let shown = match (minutes, attempts) {
                (None, None) => client.get("/device-lockout").await?,
                _ => {
                    let body = json!({ "minutes": minutes, "attempts": attempts });
                    client.call(Method::PUT, "/device-lockout", Some(&body)).await?
                }
            };
            match as_json {
                true => table::json(&shown),
                false => table::print_one(&shown, &[("minutes", "minutes"), ("attempts", "attempts")]),
            }
            return Ok(());
        }
        Commands::Approve { id } => (format!("/enrollment/requests/{id}/approve"), |answer| {
            table::print(std::slice::from_ref(answer), &COLUMNS)
        }),
        Commands::Decline { id } => (format!("/enrollment/requests/{id}/decline"), |answer| {
            table::print(std::slice::from_ref(answer), &COLUMNS)
        }),
        Commands::Challenge { mac, profile } => (format!("/devices/{mac}/challenge{}", of(profile)), |answer| {
            table::say(answer["challenge"].as_str().unwrap_or_default());
        }),
        Commands::File { mac, profile } => (format!("/devices/{mac}/certificate-file{}", of(profile)), |answer| {
            for name in answer["files"].as_array().into_iter().flatten() {
                table::say(name.as_str().unwrap_or_default());
            }
        }),
    };
    let answer = client.call(Method::POST, &path, None).await?;
    if as_json {
        table::json(&answer)
    } else {
        show(&answer)
    }
    Ok(())
}

fn of(profile: Option<String>) -> String {
    profile.map(|name| format!("?profile={}", encode(&name))).unwrap_or_default()
}
