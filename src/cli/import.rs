//! `phonebox device import` and `phonebox device export`.

use super::console::{Client, Method, query};
use super::{Failure, table, transfer};
use clap::{Args, ValueEnum};
use http_body_util::BodyExt;
use serde_json::Value;
use std::io::Write;

#[derive(Args)]
pub struct Import {
    /// CSV, JSON (array or lines) or a ZIP of those; - for standard input
    file: String,
    /// Change nothing and report the same
    #[arg(long)]
    dry_run: bool,
}

#[derive(Args)]
pub struct Export {
    /// Where to write; - or nothing for standard output
    #[arg(default_value = "-")]
    file: String,
    #[arg(long, value_enum)]
    format: Option<Format>,
    #[arg(long)]
    site: Option<String>,
    #[arg(long)]
    group: Option<String>,
    #[arg(long)]
    vendor: Option<String>,
    #[arg(long)]
    model: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Csv,
    Json,
}

impl Import {
    pub async fn run(self, client: &Client, as_json: bool) -> Result<(), Failure> {
        let sent = transfer::bar("sent    ");
        let body = transfer::body(&self.file, &sent).await?;
        let path = format!("/devices/import?progress=true&dry_run={}", self.dry_run);
        let answer = client.send(Method::POST, &path, "application/octet-stream", body).await?;
        sent.finish_and_clear();
        let done = transfer::bar("imported");
        let mut report = Value::Null;
        transfer::lines(answer.into_body(), |line| {
            let mut line: Value = serde_json::from_slice(line).unwrap_or_default();
            if let Some(error) = line.get("error") {
                let word = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
                return Err(Failure::new(word("message"), word("next")));
            }
            if let Some(progress) = line.get("progress") {
                done.set_length(progress["total"].as_u64().unwrap_or(0));
                done.set_position(progress["done"].as_u64().unwrap_or(0));
                done.set_message(format!("{} rows", progress["rows"]));
            }
            if line.get("report").is_some() {
                report = line["report"].take();
            }
            Ok(())
        })
        .await?;
        // The last state is drawn, however soon after the one before.
        done.force_draw();
        done.finish_and_clear();
        if report.is_null() {
            return Err(Failure::new(
                "The box stopped before the import was finished.",
                "Look at its log, then try again.",
            ));
        }
        if as_json {
            table::json(&report)
        } else {
            print(&report)
        }
        let nothing = report["added"] == 0 && report["rejected"] != 0;
        if nothing { Err(Failure::new("No row was accepted.", "Correct the rows and try again.")) } else { Ok(()) }
    }
}

fn print(report: &Value) {
    let problems = report["problems"].as_array().map(Vec::as_slice).unwrap_or_default();
    for problem in problems {
        let place = match problem["file"].as_str() {
            Some(file) if problem["row"] == 0 => file.to_owned(),
            Some(file) => format!("{file} row {}", problem["row"]),
            None => format!("row {}", problem["row"]),
        };
        let mac = problem["mac"].as_str().map(|mac| format!(" {mac}")).unwrap_or_default();
        table::say(&format!("{place}{mac}: {}", problem["reason"].as_str().unwrap_or_default()));
    }
    let (added, rejected) = (&report["added"], &report["rejected"]);
    let more = rejected.as_u64().unwrap_or(0).saturating_sub(problems.len() as u64);
    if more > 0 {
        table::say(&format!("… and {more} more rows"));
    }
    table::say(&match report["dry_run"] == true {
        true => format!("{added} devices would be added, {rejected} rows would be rejected. Nothing was changed."),
        false => format!("{added} devices added, {rejected} rows rejected."),
    });
}

impl Export {
    pub async fn run(self, client: &Client) -> Result<(), Failure> {
        let format = match self.format {
            Some(Format::Json) => "json",
            None if self.file.ends_with(".json") => "json",
            _ => "csv",
        };
        let path = query(&[
            ("format", Some(format)),
            ("site", self.site.as_deref()),
            ("group", self.group.as_deref()),
            ("vendor", self.vendor.as_deref()),
            ("model", self.model.as_deref()),
        ]);
        let answer = client.send(Method::GET, &format!("/devices/export{path}"), "", super::console::nothing()).await?;
        let fail = |error| Failure::new(format!("{} cannot be written: {error}.", self.file), "");
        let mut out: Box<dyn Write> = match self.file.as_str() {
            "-" => Box::new(std::io::stdout().lock()),
            file => Box::new(std::fs::File::create(file).map_err(fail)?),
        };
        let mut body = answer.into_body();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(super::console::cut)?;
            out.write_all(frame.data_ref().map(AsRef::as_ref).unwrap_or_default()).map_err(fail)?;
        }
        out.flush().map_err(fail)
    }
}
