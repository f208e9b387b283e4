//! `phonebox device …`

use super::console::{Client, Method, encode, query};
use super::{Failure, line, secret, table};
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

#[derive(Subcommand)]
pub enum Commands {
    /// Add a device
    Add(Add),
    /// Show a device with its lines and own settings
    Show { mac: String },
    /// List devices
    List(List),
    /// Change a device
    Set(Set),
    /// Change one line: phonebox device line MAC 1 user=201,password=@-
    Line {
        mac: String,
        number: String,
        /// user=…,password=@FILE,name=…,auth_id=… and settings of a line
        words: Option<String>,
        /// Name of a line setting to take away
        #[arg(long)]
        unset: Vec<String>,
        /// Remove the line
        #[arg(long, conflicts_with_all = ["words", "unset"])]
        remove: bool,
    },
    /// Let a device fetch its files; its first-contact window opens
    Activate { mac: String },
    /// Block a device
    Deactivate { mac: String },
    /// Let this phone, or every active phone of a site, in again: new window, new token; the old token ends, for those
    /// too that were well
    LetIn {
        #[arg(required_unless_present = "site", conflicts_with = "site")]
        mac: Option<String>,
        #[arg(long)]
        site: Option<String>,
    },
    /// Take a device's MAC as proof enough in one network
    Bind { mac: String, network: String },
    /// Take a binding back
    Unbind { mac: String, network: String },
    /// Add the devices of a file
    Import(super::import::Import),
    /// Write devices to a file that import takes back, without secrets
    Export(super::import::Export),
    /// Remove a device with its lines, settings and uploads
    Remove { mac: String },
}

#[derive(Args)]
pub struct Add {
    /// Any notation: 805ec0aabb01, 80:5e:c0:aa:bb:01 …
    mac: String,
    #[command(flatten)]
    words: Words,
    /// Open its first-contact window now
    #[arg(long)]
    activate: bool,
}

#[derive(Args)]
pub struct Set {
    mac: String,
    #[command(flatten)]
    words: Words,
    /// Name of an own setting to take away
    #[arg(long)]
    unset: Vec<String>,
    /// Number of a line to remove
    #[arg(long)]
    remove_line: Vec<u8>,
    /// Move how far it has come with TLS down: trusts-our-ca, plain-only or never-seen
    #[arg(long)]
    tls_state: Option<String>,
}

/// An empty word (`--name ""`) empties the field.
#[derive(Args)]
struct Words {
    #[arg(long)]
    vendor: Option<String>,
    #[arg(long)]
    model: Option<String>,
    #[arg(long)]
    serial: Option<String>,
    #[arg(long)]
    name: Option<String>,
    #[arg(long)]
    site: Option<String>,
    /// Its own profile, instead of its site's
    #[arg(long)]
    profile: Option<String>,
    #[arg(long)]
    group: Option<String>,
    /// Its own target; with a password in it as @FILE
    #[arg(long)]
    url: Option<String>,
    /// A setting of this device; a secret as NAME=@FILE or NAME=@-
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// A line: its number, then user=…,password=@-,name=…
    #[arg(long, num_args = 2, value_names = ["NUMBER", "WORDS"])]
    line: Vec<String>,
}

#[derive(Args)]
pub struct List {
    #[arg(long)]
    site: Option<String>,
    #[arg(long)]
    profile: Option<String>,
    #[arg(long)]
    group: Option<String>,
    #[arg(long)]
    vendor: Option<String>,
    #[arg(long)]
    model: Option<String>,
    /// known, active or blocked
    #[arg(long, value_parser = ["known", "active", "blocked"])]
    state: Option<String>,
    /// Part of the name or serial number, or the first or last digits of the MAC
    #[arg(long)]
    search: Option<String>,
    /// Devices nobody added that wait in a network which queues them
    #[arg(long)]
    pending: bool,
}

pub async fn run(client: &Client, command: Commands, as_json: bool) -> Result<(), Failure> {
    let show = |device: &Value| if as_json { table::json(device) } else { print(device) };
    let act = async |mac: &str, action: &str, done: &str| -> Result<(), Failure> {
        let device = client.call(Method::POST, &format!("/devices/{}/{action}", encode(mac)), None).await?;
        if as_json {
            table::json(&device)
        } else {
            table::say(&format!("{} {done}", name(&device)))
        }
        Ok(())
    };
    match command {
        Commands::Add(add) => {
            let mut body = add.words.body()?;
            body.insert("mac".into(), add.mac.into());
            body.insert("activate".into(), add.activate.into());
            let device = client.call(Method::POST, "/devices", Some(&body.into())).await?;
            show(&device);
            note(&device);
        }
        Commands::Show { mac } => show(&client.get(&format!("/devices/{}", encode(&mac))).await?),
        Commands::List(list) => list.run(client, as_json).await?,
        Commands::Set(set) => {
            let mut body = set.words.body()?;
            body.insert("unset".into(), json!(set.unset));
            body.insert("remove_lines".into(), json!(set.remove_line));
            if let Some(state) = set.tls_state {
                body.insert("tls_state".into(), state.into());
            }
            let path = format!("/devices/{}", encode(&set.mac));
            let device = client.call(Method::PATCH, &path, Some(&body.into())).await?;
            show(&device);
            note(&device);
        }
        Commands::Line { mac, number, words, unset, remove } => {
            let path = format!("/devices/{}/lines/{}", encode(&mac), encode(&number));
            if remove {
                show(&client.call(Method::DELETE, &path, None).await?);
            } else {
                let mut body = line::body(words.as_deref().unwrap_or_default())?;
                body.insert("unset".into(), json!(unset));
                show(&client.call(Method::PATCH, &path, Some(&body.into())).await?);
            }
        }
        Commands::Activate { mac } => act(&mac, "activate", "is active.").await?,
        Commands::Deactivate { mac } => act(&mac, "deactivate", "is blocked.").await?,
        Commands::LetIn { mac: Some(mac), .. } => {
            act(&mac, "let-in", "may come in again: its window is open, its old token is worth nothing.").await?;
        }
        Commands::LetIn { site, .. } => {
            let path = format!("/sites/{}/let-in", encode(&site.unwrap_or_default()));
            let answer = client.call(Method::POST, &path, None).await?;
            let told = format!(
                "{} devices may come in again: their windows are open, their old tokens are worth nothing.",
                answer["devices"]
            );
            if as_json { table::json(&answer) } else { table::say(&told) }
        }
        Commands::Bind { mac, network } => {
            let path = format!("/devices/{}/bindings", encode(&mac));
            show(&client.call(Method::POST, &path, Some(&json!({ "network": network }))).await?);
        }
        Commands::Unbind { mac, network } => {
            let (address, prefix) = network.split_once('/').unwrap_or((&network, ""));
            let prefix = if prefix.is_empty() { if address.contains(':') { "128" } else { "32" } } else { prefix };
            let path = format!("/devices/{}/bindings/{}/{}", encode(&mac), encode(address), encode(prefix));
            show(&client.call(Method::DELETE, &path, None).await?);
        }
        Commands::Import(import) => import.run(client, as_json).await?,
        Commands::Export(export) => export.run(client).await?,
        Commands::Remove { mac } => {
            client.call(Method::DELETE, &format!("/devices/{}", encode(&mac)), None).await?;
            table::say(&format!("{mac} is removed."));
        }
    }
    Ok(())
}

impl Words {
    fn body(self) -> Result<Map<String, Value>, Failure> {
        let mut body = Map::new();
        let words = [
            ("vendor", self.vendor),
            ("model", self.model),
            ("serial", self.serial),
            ("name", self.name),
            ("site", self.site),
            ("profile", self.profile),
            ("group", self.group),
        ];
        for (name, word) in words {
            if let Some(word) = word {
                body.insert(name.into(), word.into());
            }
        }
        if let Some(url) = self.url {
            body.insert("url".into(), if url.is_empty() { Value::Null } else { super::profile::url(&url)?.into() });
        }
        let settings = self.set.iter().map(|text| secret::pair(text)).collect::<Result<Vec<_>, _>>()?;
        let settings: Map<String, Value> = settings.into_iter().map(|(name, text)| (name, text.into())).collect();
        body.insert("settings".into(), settings.into());
        let mut lines = Vec::new();
        for pair in self.line.chunks(2) {
            let (Some(number), Some(words)) = (pair.first(), pair.get(1)) else { continue };
            let number: u8 = number.parse().map_err(|_| {
                Failure::new(
                    format!("line: {number:?} is not a number from 1 to 255."),
                    "Write it like --line 1 user=201",
                )
            })?;
            let mut line = line::body(words)?;
            line.insert("number".into(), number.into());
            lines.push(Value::Object(line));
        }
        body.insert("lines".into(), lines.into());
        Ok(body)
    }
}

impl List {
    async fn run(self, client: &Client, as_json: bool) -> Result<(), Failure> {
        if self.pending {
            let waiting = client.get_all("/pending").await?;
            const COLUMNS: [(&str, &str); 5] =
                [("MAC", "mac"), ("VENDOR", "vendor"), ("MODEL", "model"), ("FROM", "peer"), ("LAST SEEN", "last_at")];
            if as_json {
                table::json(&waiting.into())
            } else {
                table::print(&waiting, &COLUMNS)
            }
            return Ok(());
        }
        let path = query(&[
            ("site", self.site.as_deref()),
            ("profile", self.profile.as_deref()),
            ("group", self.group.as_deref()),
            ("vendor", self.vendor.as_deref()),
            ("model", self.model.as_deref()),
            ("state", self.state.as_deref()),
            ("search", self.search.as_deref()),
        ]);
        let devices = client.get_all(&format!("/devices{path}")).await?;
        const COLUMNS: [(&str, &str); 7] = [
            ("MAC", "mac"),
            ("VENDOR", "vendor"),
            ("MODEL", "model"),
            ("NAME", "name"),
            ("SITE", "site"),
            ("STATE", "state"),
            ("PROOF", "proof"),
        ];
        if as_json {
            table::json(&devices.into())
        } else {
            table::print(&devices, &COLUMNS)
        }
        Ok(())
    }
}

fn name(device: &Value) -> &str {
    device["mac"].as_str().unwrap_or_default()
}

/// What was taken and is probably not meant: for whoever looks, out of a script's way.
fn note(device: &Value) {
    if let Some(text) = device["model_note"].as_str() {
        eprintln!("note: {text}");
    }
    super::layer::note(device["settings"].as_array().map(Vec::as_slice).unwrap_or_default());
}

fn print(device: &Value) {
    table::print_one(
        device,
        &[
            ("MAC", "mac"),
            ("vendor", "vendor"),
            ("model", "model"),
            ("serial", "serial"),
            ("name", "name"),
            ("site", "site"),
            ("profile", "profile"),
            ("group", "group"),
            ("URL", "url"),
            ("state", "state"),
            ("window until", "window_until"),
            ("proof", "proof"),
            ("proof seen", "proof_at"),
            ("secrets sent", "secrets_at"),
            ("enrolled", "enrolled_at"),
            ("TLS", "tls_state"),
            ("certificate", "certificate"),
            ("keys revoked", "keys_revoked_at"),
            ("reset suspected", "reset_at"),
            ("conflict", "conflict_at"),
            ("bound to", "bindings"),
        ],
    );
    let lines = device["lines"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !lines.is_empty() {
        table::say("");
        table::print(
            lines,
            &[
                ("LINE", "number"),
                ("USER", "sip_account.user"),
                ("AUTH ID", "sip_account.auth_id"),
                ("PASSWORD", "sip_account.password_set"),
                ("DISPLAY NAME", "sip_account.display_name"),
            ],
        );
    }
    let of_lines = lines.iter().flat_map(|line| {
        let settings = line["settings"].as_array().cloned().unwrap_or_default();
        settings.into_iter().map(move |mut setting| {
            setting["name"] =
                format!("line {}: {}", line["number"], setting["name"].as_str().unwrap_or_default()).into();
            setting
        })
    });
    let own = device["settings"].as_array().cloned().unwrap_or_default();
    let settings: Vec<Value> = own.into_iter().chain(of_lines).collect();
    if !settings.is_empty() {
        table::say("");
        super::layer::print(&settings);
    }
}
