//! `phonebox firmware …`

use super::console::{Client, Method, encode};
use super::{Failure, table};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

#[derive(Subcommand)]
pub enum Commands {
    /// List the models, what was chosen for them and their releases
    List(Place),
    /// Choose what phones of a model, or of all models of a family, are to run
    Choose {
        #[command(flatten)]
        place: Place,
        #[arg(long)]
        vendor: String,
        /// For all its models: j100, vantage, 96x1 …
        #[arg(long)]
        family: Option<String>,
        /// For this one alone
        #[arg(long, conflicts_with = "family")]
        model: Option<String>,
        /// latest, off, the version of a release, or for a site: account
        choice: String,
    },
    /// Keep the account's phones at what is chosen
    On(Whose),
    /// Let the account's phones keep what they have
    Off(Whose),
}

#[derive(Args)]
pub struct Whose {
    /// The id of an account; absent: the box's own
    #[arg(long, value_name = "ID", default_value_t = 1)]
    account: i64,
}

#[derive(Args)]
pub struct Place {
    #[command(flatten)]
    whose: Whose,
    /// What one of its sites chose
    #[arg(long, value_name = "NAME")]
    site: Option<String>,
}

impl Place {
    fn path(&self) -> String {
        let site = self.site.as_ref().map(|site| format!("/sites/{}", encode(site))).unwrap_or_default();
        format!("/accounts/{}{site}/firmware", self.whose.account)
    }
}

pub async fn run(client: &Client, command: Commands, as_json: bool) -> Result<(), Failure> {
    match command {
        Commands::List(place) => show(&client.get(&place.path()).await?, as_json),
        Commands::Choose { place, vendor, family, model, choice } => {
            let (choice, version) = match choice.to_ascii_lowercase() {
                word if ["latest", "off", "account"].contains(&word.as_str()) => (word, None),
                _ => ("release".to_owned(), Some(choice)),
            };
            let body =
                json!({ "vendor": vendor, "family": family, "model": model, "choice": choice, "version": version });
            show(&client.call(Method::PUT, &place.path(), Some(&body)).await?, as_json);
        }
        Commands::On(whose) => switch(client, &whose, true).await?,
        Commands::Off(whose) => switch(client, &whose, false).await?,
    }
    Ok(())
}

async fn switch(client: &Client, whose: &Whose, on: bool) -> Result<(), Failure> {
    let path = format!("/accounts/{}", whose.account);
    let account = client.call(Method::PATCH, &path, Some(&json!({ "firmware_policy": on }))).await?;
    let name = account.get("name").and_then(Value::as_str).unwrap_or_default();
    table::say(&format!("The firmware policy of {name:?} is {}.", if on { "on" } else { "off" }));
    Ok(())
}

const FIELDS: [(&str, &str); 7] = [
    ("VENDOR", "vendor"),
    ("FAMILY", "family"),
    ("MODEL", "model"),
    ("CHOICE", "choice"),
    ("VERSION", "version"),
    ("LATEST", "latest"),
    ("RELEASES", "versions"),
];

fn show(view: &Value, as_json: bool) {
    if as_json {
        return table::json(view);
    }
    let mut rows = view.get("models").and_then(Value::as_array).cloned().unwrap_or_default();
    for row in &mut rows {
        let releases = row.get("releases").and_then(Value::as_array).cloned().unwrap_or_default();
        let versions: Vec<Value> = releases.iter().filter_map(|one| one.get("version").cloned()).collect();
        if let Some(row) = row.as_object_mut() {
            row.insert("versions".into(), versions.into());
            row.entry("model").and_modify(|model| {
                if model.is_null() {
                    *model = "all".into();
                }
            });
        }
    }
    table::print(&rows, &FIELDS);
    if view.get("policy").and_then(Value::as_bool) == Some(false) {
        table::say("The firmware policy is off: phones keep what they have. Switch it on: phonebox firmware on");
    }
}
