//! `phonebox profile …`

use super::console::{Client, Method, encode};
use super::{Failure, secret, table};
use crate::profiles;
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};
use std::io::{IsTerminal, Write};

#[derive(Subcommand)]
pub enum Commands {
    /// Add a profile; without --url its devices are served by this box
    Add {
        name: String,
        #[command(flatten)]
        options: Options,
        #[command(flatten)]
        target: TargetWords,
    },
    /// List the profiles
    List,
    /// Show a profile with its targets
    Show { name: String },
    /// Change a profile
    Set {
        name: String,
        #[arg(long, value_name = "NAME")]
        rename: Option<String>,
        #[command(flatten)]
        options: Options,
    },
    /// Remove a profile
    Remove {
        name: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Where a profile sends its devices; the first target counts
    Target {
        #[command(subcommand)]
        command: Target,
    },
}

#[derive(Subcommand)]
pub enum Target {
    /// Add a target at the end
    Add {
        profile: String,
        #[command(flatten)]
        words: TargetWords,
    },
    List {
        profile: String,
    },
    /// Change a target
    Set {
        profile: String,
        position: i64,
        #[command(flatten)]
        words: TargetWords,
    },
    Remove {
        profile: String,
        position: i64,
    },
}

#[derive(Args)]
pub struct Options {
    /// Least trust for settings: network, window, token or certificate
    #[arg(long, value_parser = ["network", "window", "token", "certificate"])]
    settings_trust: Option<String>,
    /// Least trust for secrets: window, token or certificate
    #[arg(long, value_parser = ["window", "token", "certificate"])]
    secrets_trust: Option<String>,
    /// Secrets only over HTTPS
    #[arg(long, value_name = "true|false")]
    secrets_tls_only: Option<bool>,
    #[arg(long, value_name = "true|false")]
    secrets_over_tftp: Option<bool>,
    /// Give HTTPS URLs to phones that have completed an HTTPS request here
    #[arg(long, value_name = "true|false")]
    https: Option<bool>,
    /// Leave DHCP and PnP discovery switched on in the phone
    #[arg(long, value_name = "true|false")]
    keep_discovery: Option<bool>,
    /// Experimental: answer with HTTP 302 instead of a small file; not where a target has a user, nor over TFTP
    #[arg(long, value_name = "true|false")]
    redirect_302: Option<bool>,
    /// Give phones that can use one an identity certificate of this box
    #[arg(long, value_name = "true|false")]
    certificates: Option<bool>,
    /// The certificate profile that those are issued by: device, or another one of this box
    #[arg(long, value_name = "NAME")]
    certificate_profile: Option<String>,
}

#[derive(Args)]
pub struct TargetWords {
    /// URL of another provisioning server; empty for this box; with a password in it as @FILE
    #[arg(long)]
    url: Option<String>,
    #[arg(long)]
    user: Option<String>,
    /// @FILE or @-
    #[arg(long)]
    password: Option<String>,
    /// PEM file of the authority that signed the server's certificate; empty for none
    #[arg(long, value_name = "FILE")]
    root_ca: Option<String>,
    /// 0 to 999
    #[arg(long, allow_negative_numbers = true)]
    phone_group: Option<i64>,
}

pub async fn run(client: &Client, command: Commands, as_json: bool) -> Result<(), Failure> {
    let path = |name: &str| format!("/profiles/{}", encode(name));
    let show = |profile: Value| if as_json { table::json(&profile) } else { print(&profile) };
    match command {
        Commands::Add { name, options, target } => {
            let target = target.body()?;
            let targets = if target.is_empty() { Vec::new() } else { vec![target] };
            let body = json!({ "name": name, "options": options.body(), "targets": targets });
            show(client.call(Method::POST, "/profiles", Some(&body)).await?);
        }
        Commands::List => {
            let profiles = client.get("/profiles").await?;
            match profiles.as_array() {
                Some(rows) if !as_json => table::print(
                    rows,
                    &[
                        ("PROFILE", "name"),
                        ("SETTINGS FROM", "settings_trust"),
                        ("SECRETS FROM", "secrets_trust"),
                        ("SITES", "sites"),
                        ("DEVICES", "devices"),
                    ],
                ),
                _ => table::json(&profiles),
            }
        }
        Commands::Show { name } => show(client.get(&path(&name)).await?),
        Commands::Set { name, rename, options } => {
            let body = json!({ "name": rename, "options": options.body() });
            show(client.call(Method::PATCH, &path(&name), Some(&body)).await?);
        }
        Commands::Remove { name, yes } => {
            if yes || confirmed(&format!("Remove the profile {name:?}, its targets and settings?"))? {
                client.call(Method::DELETE, &path(&name), None).await?;
                table::say(&format!("The profile {name:?} is removed."));
            }
        }
        Commands::Target { command } => match command {
            Target::Add { profile, words } => {
                let path = format!("{}/targets", path(&profile));
                show(client.call(Method::POST, &path, Some(&words.body()?.into())).await?);
            }
            Target::List { profile } => {
                let profile = client.get(&path(&profile)).await?;
                if as_json { table::json(&profile["targets"]) } else { targets(&profile) }
            }
            Target::Set { profile, position, words } => {
                let path = format!("{}/targets/{position}", path(&profile));
                show(client.call(Method::PATCH, &path, Some(&words.body()?.into())).await?);
            }
            Target::Remove { profile, position } => {
                show(client.call(Method::DELETE, &format!("{}/targets/{position}", path(&profile)), None).await?);
            }
        },
    }
    Ok(())
}

impl Options {
    fn body(&self) -> Value {
        json!({
            "settings_trust": self.settings_trust,
            "secrets_trust": self.secrets_trust,
            "secrets_tls_only": self.secrets_tls_only,
            "secrets_over_tftp": self.secrets_over_tftp,
            "https": self.https,
            "keep_discovery": self.keep_discovery,
            "redirect_302": self.redirect_302,
            "certificates": self.certificates,
            "certificate_profile": self.certificate_profile,
        })
    }
}

impl TargetWords {
    /// Only what was said; an empty word empties the field.
    fn body(&self) -> Result<Map<String, Value>, Failure> {
        let mut body = Map::new();
        let mut put = |name: &str, text: String| {
            body.insert(name.into(), if text.is_empty() { Value::Null } else { text.into() });
        };
        if let Some(text) = &self.url {
            put("url", url(text)?);
        }
        if let Some(user) = &self.user {
            put("username", user.clone());
        }
        if let Some(text) = &self.password {
            put("password", secret::value("password", text)?);
        }
        if let Some(file) = &self.root_ca {
            put(
                "root_ca",
                if file.is_empty() { String::new() } else { secret::value("root_ca", &format!("@{file}"))? },
            );
        }
        if let Some(group) = self.phone_group {
            body.insert("phone_group".into(), group.into());
        }
        Ok(body)
    }
}

/// A URL from the command line: with a password in it only as `@FILE`.
pub fn url(text: &str) -> Result<String, Failure> {
    if !text.starts_with('@') && profiles::url::parse(text).is_ok_and(|parsed| parsed.password.is_some()) {
        return Err(Failure::new(
            "url: a password does not stand on the command line: other users of this machine see it there.",
            "Write the URL as @FILE or @-, or give user and password by themselves.",
        ));
    }
    secret::value("url", text)
}

/// AVA-125: removing a profile is asked back, a site too. Without a terminal there is nobody to ask.
pub fn confirmed(question: &str) -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::new(format!("{question} There is no terminal to ask."), "Say it with --yes."));
    }
    eprint!("{question} [y/N] ");
    let _ = std::io::stderr().flush();
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).map_err(|error| Failure::new(error, ""))?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn targets(profile: &Value) {
    let rows: Vec<Value> = profile["targets"].as_array().cloned().unwrap_or_default();
    let with_user = rows.iter().any(|target| !target["url"].is_null() && !target["username"].is_null());
    let said = |target: &Value| target["instruction"].as_str().map(str::to_owned);
    let instructions: Vec<String> = rows.iter().filter_map(said).collect();
    let rows: Vec<Value> = rows
        .into_iter()
        .map(|mut target| {
            if target["url"].is_null() {
                target["url"] = "this box".into();
            }
            target["root_ca"] = (!target["root_ca"].is_null()).into();
            target
        })
        .collect();
    table::print(
        &rows,
        &[
            ("TARGET", "position"),
            ("URL", "url"),
            ("USER", "username"),
            ("PASSWORD", "password_set"),
            ("ROOT CA", "root_ca"),
            ("GROUP", "phone_group"),
        ],
    );
    if profile["redirect_302"] == true && with_user {
        table::say(
            "A target with a user gets no HTTP 302: a Location is no place for credentials. The small file is sent.",
        );
    }
    for instruction in instructions {
        table::say(&format!("By hand, on Avaya phones: {instruction}."));
    }
}

fn print(profile: &Value) {
    table::print_one(
        profile,
        &[
            ("profile", "name"),
            ("settings from", "settings_trust"),
            ("secrets from", "secrets_trust"),
            ("secrets only over TLS", "secrets_tls_only"),
            ("secrets over TFTP", "secrets_over_tftp"),
            ("HTTPS URLs", "https"),
            ("keep discovery", "keep_discovery"),
            ("HTTP 302", "redirect_302"),
            ("identity certificates", "certificates"),
            ("certificate profile", "certificate_profile"),
            ("sites", "sites"),
            ("own devices", "devices"),
        ],
    );
    table::say("");
    targets(profile);
}
