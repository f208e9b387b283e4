//! `phonebox audit`

use super::console::{Client, Method, nothing, query};
use super::{Failure, table, transfer};
use crate::web::Moment;
use clap::{Args, Subcommand, ValueEnum};
use std::io::Write;

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Audit {
    #[command(subcommand)]
    command: Option<Commands>,
    #[command(flatten)]
    list: List,
}

#[derive(Subcommand)]
enum Commands {
    /// Look whether the log is what was written: nothing changed, put in or taken out
    Verify {
        /// A head that was noted before: is it still in the chain?
        #[arg(long)]
        head: Option<String>,
    },
}

#[derive(Args)]
struct List {
    /// Only entries about this, for example a MAC
    #[arg(long)]
    object: Option<String>,
    /// Which place of the API was asked, for example /devices*
    #[arg(long)]
    path: Option<String>,
    /// Who did it; here and below * stands for anything
    #[arg(long)]
    actor: Option<String>,
    /// The id of the account whose data it is, or of who did it
    #[arg(long)]
    account: Option<String>,
    /// The name of the account whose data it is, or of who did it
    #[arg(long)]
    account_name: Option<String>,
    /// From which address
    #[arg(long)]
    ip: Option<String>,
    /// By which door: api, key for API keys, console, scep, est, box
    #[arg(long)]
    process: Option<String>,
    /// device.add, or device for all of its kind
    #[arg(long)]
    action: Option<String>,
    /// success or fail
    #[arg(long)]
    result: Option<String>,
    /// Words anywhere in an entry
    #[arg(long)]
    text: Option<String>,
    /// From this time on, UTC: 2026-11-22 or 2026-11-22T17:15
    #[arg(long, value_parser = moment)]
    from: Option<i64>,
    /// Before this time
    #[arg(long, value_parser = moment)]
    to: Option<i64>,
    /// at, account, actor, ip, process, action, object or result; with - in front the other way round
    #[arg(long, allow_hyphen_values = true)]
    sort: Option<String>,
    /// How many, newest first
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
    /// Print all that is found, as a table for other programs
    #[arg(long)]
    format: Option<Format>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Csv,
    Json,
}

fn moment(text: &str) -> Result<i64, &'static str> {
    text.parse().map(|Moment(millis)| millis)
}

const COLUMNS: [(&str, &str); 7] = [
    ("AT", "at"),
    ("WHO", "actor"),
    ("FROM", "ip"),
    ("ACTION", "action"),
    ("OBJECT", "object"),
    ("RESULT", "result"),
    ("DETAIL", "detail"),
];

pub async fn run(client: &Client, command: Audit, as_json: bool) -> Result<(), Failure> {
    match command.command {
        Some(Commands::Verify { head }) => verify(client, head.as_deref(), as_json).await,
        None => list(client, command.list, as_json).await,
    }
}

async fn list(client: &Client, list: List, as_json: bool) -> Result<(), Failure> {
    let (limit, from, to) =
        (list.limit.to_string(), list.from.map(|at| at.to_string()), list.to.map(|at| at.to_string()));
    let format = list.format.map(|format| if matches!(format, Format::Csv) { "csv" } else { "json" });
    let path = query(&[
        ("object", list.object.as_deref()),
        ("path", list.path.as_deref()),
        ("actor", list.actor.as_deref()),
        ("account", list.account.as_deref()),
        ("account_name", list.account_name.as_deref()),
        ("sort", list.sort.as_deref()),
        ("ip", list.ip.as_deref()),
        ("process", list.process.as_deref()),
        ("action", list.action.as_deref()),
        ("result", list.result.as_deref()),
        ("text", list.text.as_deref()),
        ("from", from.as_deref()),
        ("to", to.as_deref()),
        ("limit", Some(&limit)),
        ("format", format),
    ]);
    let path = format!("/audit{path}");
    if format.is_some() {
        let answer = client.send(Method::GET, &path, "", nothing()).await?;
        return transfer::lines(answer.into_body(), |line| {
            // A pipe that was closed is no failure of the command.
            let _ = std::io::stdout().lock().write_all(line);
            Ok(())
        })
        .await;
    }
    let page = client.get(&path).await?;
    match page["items"].as_array() {
        Some(rows) if !as_json => table::print(rows, &COLUMNS),
        _ => table::json(&page),
    }
    Ok(())
}

async fn verify(client: &Client, head: Option<&str>, as_json: bool) -> Result<(), Failure> {
    let verdict = client.get(&format!("/audit/verify{}", query(&[("head", head)]))).await?;
    if as_json {
        table::json(&verdict);
    }
    if verdict["intact"] != true {
        let (id, reason) = (&verdict["broken_id"], verdict["reason"].as_str().unwrap_or_default());
        let message = format!("The audit log was tampered with, or its file is damaged: entry {id}: {reason}.");
        return Err(Failure::new(
            message,
            "Compare with an export or a backup of before. What stands above it is intact.",
        ));
    }
    if verdict["found"] == false {
        let message = "The entries are intact among themselves, but the head that was noted is not among their hashes.";
        return Err(Failure::new(message, "Entries were put in the place of others, or went for their age."));
    }
    if !as_json {
        let (entries, head) = (&verdict["entries"], verdict["head"].as_str().unwrap_or_default());
        table::say(&format!("{entries} entries, nothing was changed, put in or taken out."));
        table::say("The entries agree with each other and with what the box notes of the newest, in the same file.");
        table::say(&format!("Head  {head}"));
        table::say(
            "Whoever writes the whole file anew can make them agree. Note the head elsewhere: it proves more, later:",
        );
        table::say("phonebox audit verify --head HEAD says whether all of this is still there.");
    }
    Ok(())
}
