//! `phonebox site …`

use super::console::{Client, Method, encode};
use super::profile::confirmed;
use super::{Failure, table, transfer};
use clap::Subcommand;
use serde_json::{Map, Value, json};

#[derive(Subcommand)]
pub enum Commands {
    /// Add a site
    Add {
        name: String,
        /// Absent: the first profile
        #[arg(long)]
        profile: Option<String>,
        /// The PIN: four digits that go behind the account's number and make it the site's provisioning code
        #[arg(long, value_name = "DIGITS")]
        pid: Option<String>,
    },
    /// List the sites
    List,
    Show {
        name: String,
    },
    /// Change a site
    Set {
        name: String,
        #[arg(long, value_name = "NAME")]
        rename: Option<String>,
        /// Empty for none
        #[arg(long)]
        profile: Option<String>,
        /// Empty for none
        #[arg(long, value_name = "DIGITS")]
        pid: Option<String>,
    },
    /// A site's settings archive: a ZIP of 46xxsettings.txt and the files it names. Without a file it is shown
    Archive {
        site: String,
        /// The ZIP to send; it takes the place of the one there was
        file: Option<String>,
        /// Take it away, and the settings it brought
        #[arg(long, conflicts_with = "file")]
        remove: bool,
        /// The id of a customer; absent: the box's own account
        #[arg(long, value_name = "ID", default_value_t = 1)]
        account: i64,
    },
    /// Remove a site and its settings
    Remove {
        name: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

const FIELDS: [(&str, &str); 5] =
    [("SITE", "name"), ("PROFILE", "profile"), ("PID", "pid"), ("DEVICES", "devices"), ("CHANGED", "updated_at")];

pub async fn run(client: &Client, command: Commands, as_json: bool) -> Result<(), Failure> {
    let path = |name: &str| format!("/sites/{}", encode(name));
    let show = |sites: Vec<Value>| table::print(&sites, &FIELDS);
    let show_one = |site: Value| if as_json { table::json(&site) } else { show(vec![site]) };
    match command {
        Commands::Add { name, profile, pid } => {
            let body = json!({ "name": name, "profile": profile, "pid": pid });
            show_one(client.call(Method::POST, "/sites", Some(&body)).await?);
        }
        Commands::List => {
            let sites = client.get_all("/sites").await?;
            if as_json { table::json(&sites.into()) } else { show(sites) }
        }
        Commands::Show { name } => show_one(client.get(&path(&name)).await?),
        Commands::Set { name, rename, profile, pid } => {
            let mut body = Map::new();
            body.insert("name".into(), rename.into());
            if let Some(profile) = profile {
                body.insert("profile".into(), if profile.is_empty() { Value::Null } else { profile.into() });
            }
            if let Some(pid) = pid {
                body.insert("pid".into(), if pid.is_empty() { Value::Null } else { pid.into() });
            }
            show_one(client.call(Method::PATCH, &path(&name), Some(&body.into())).await?);
        }
        Commands::Archive { site, file, remove, account } => {
            let path = format!("/accounts/{account}/sites/{}/archive", encode(&site));
            match file {
                _ if remove => {
                    client.call(Method::DELETE, &path, None).await?;
                    table::say(&format!("The settings archive of the site {site:?} is removed."));
                }
                Some(file) => show_archive(&transfer::put(client, &path, &file).await?, as_json),
                None => show_archive(&client.get(&path).await?, as_json),
            }
        }
        Commands::Remove { name, yes } => {
            if yes || confirmed(&format!("Remove the site {name:?} and its settings?"))? {
                client.call(Method::DELETE, &path(&name), None).await?;
                table::say(&format!("The site {name:?} is removed."));
            }
        }
    }
    Ok(())
}

const FILES: [(&str, &str); 5] =
    [("FILE", "name"), ("BYTES", "size"), ("PROOF", "proof"), ("AUTHOR", "author"), ("CHANGED", "updated_at")];

fn show_archive(archive: &Value, as_json: bool) {
    if as_json {
        return table::json(archive);
    }
    let files = archive["files"].as_array().map(Vec::as_slice).unwrap_or_default();
    if files.is_empty() && archive["settings"].is_null() {
        table::say("The site has no settings archive. Send one: phonebox site archive SITE FILE.zip");
    } else {
        table::print(files, &FILES);
    }
    if let Some(bytes) = archive["settings"].as_u64() {
        table::say(&format!(
            "46xxsettings.txt: {bytes} bytes. It is raw text of the site: phonebox layer raw list --site NAME"
        ));
    }
    for warning in archive["warnings"].as_array().into_iter().flatten() {
        table::say(&format!("line {}: {}", warning["line"], warning["text"].as_str().unwrap_or_default()));
    }
    if let Some(why) = archive["unserved"].as_str() {
        table::say(&format!("Not served: {why}"));
    }
}
