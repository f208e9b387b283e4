//! `phonebox mail …`

use super::console::{Client, Method};
use super::{Failure, secret, table};
use clap::{Subcommand, ValueEnum};
use serde_json::json;

#[derive(Subcommand)]
pub enum Commands {
    /// The mail server
    Show,
    /// Set the mail server
    Set {
        #[arg(long)]
        host: String,
        /// 587 for starttls, 465 for tls, 25 for none
        #[arg(long)]
        port: Option<u16>,
        #[arg(long, default_value = "starttls")]
        security: Security,
        #[arg(long)]
        user: Option<String>,
        /// @FILE, or @- for standard input
        #[arg(long)]
        password: Option<String>,
        /// Whose mails they are
        #[arg(long)]
        from: String,
    },
    /// Do without a mail server
    Unset,
    /// Send a mail now
    Test { to: String },
    /// Mails on their way, sent and failed, newest first
    Queue,
    /// Try a mail again now
    Retry { id: i64 },
    /// Give up a mail that was not sent
    GiveUp { id: i64 },
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Security {
    Starttls,
    Tls,
    None,
}

const SERVER: [(&str, &str); 6] = [
    ("host", "host"),
    ("port", "port"),
    ("security", "security"),
    ("user", "user"),
    ("password", "password_set"),
    ("from", "from"),
];
const QUEUE: [(&str, &str); 8] = [
    ("ID", "id"),
    ("STATE", "state"),
    ("TO", "recipient"),
    ("SUBJECT", "subject"),
    ("QUEUED", "created_at"),
    ("TRIES", "attempts"),
    ("NEXT TRY", "next_at"),
    ("BECAUSE", "error"),
];

pub async fn run(client: &Client, command: Commands, as_json: bool) -> Result<(), Failure> {
    match command {
        Commands::Show => {
            let server = client.get("/mail").await?;
            match server["configured"] == true {
                _ if as_json => table::json(&server),
                true => table::print_one(&server, &SERVER),
                false => table::say("No mail server is set: nothing is mailed. Set one: phonebox mail set"),
            }
        }
        Commands::Set { host, port, security, user, password, from } => {
            let security = match security {
                Security::Starttls => "starttls",
                Security::Tls => "tls",
                Security::None => "none",
            };
            let mut body = json!({ "host": host, "port": port, "security": security, "user": user, "from": from });
            if let Some(password) = password {
                body["password"] = secret::value("password", &password)?.into();
            }
            let server = client.call(Method::PUT, "/mail", Some(&body)).await?;
            if as_json { table::json(&server) } else { table::print_one(&server, &SERVER) }
        }
        Commands::Unset => {
            client.call(Method::DELETE, "/mail", None).await?;
            table::say("Nothing is mailed any more.");
        }
        Commands::Test { to } => {
            let outcome = client.call(Method::POST, "/mail/test", Some(&json!({ "to": to }))).await?;
            if as_json {
                table::json(&outcome);
            } else if let Some(error) = outcome["error"].as_str() {
                return Err(Failure::new(format!("The mail was not sent: {error}."), "Look at phonebox mail show."));
            } else {
                table::say(&format!("The mail server took it. Look whether it arrives at {to}."));
            }
        }
        Commands::Queue => {
            let mails = client.get_all("/mail/queue").await?;
            if as_json { table::json(&mails.into()) } else { table::print(&mails, &QUEUE) }
        }
        Commands::Retry { id } => {
            client.call(Method::POST, &format!("/mail/queue/{id}/retry"), None).await?;
            table::say(&format!("Mail {id} is tried again."));
        }
        Commands::GiveUp { id } => {
            client.call(Method::DELETE, &format!("/mail/queue/{id}"), None).await?;
            table::say(&format!("Mail {id} is given up."));
        }
    }
    Ok(())
}
