//! `phonebox file …`

use super::console::{Client, Method, encode, query};
use super::{Failure, table, transfer};
use clap::Subcommand;

#[derive(Subcommand)]
pub enum Commands {
    /// Store firmware, a language, an image, a certificate or a ringtone
    Add {
        file: String,
        /// As phones ask for it, when that is not the file's own name
        #[arg(long)]
        name: Option<String>,
        /// firmware, language, image, certificate, ringtone or other
        #[arg(long, value_parser = KINDS)]
        kind: Option<String>,
        #[arg(long)]
        vendor: Option<String>,
        #[arg(long)]
        model: Option<String>,
        /// Of firmware, when its name does not say it
        #[arg(long, value_name = "NUMBERS")]
        version: Option<String>,
        /// What the bytes must hash to
        #[arg(long, value_name = "HEX")]
        sha256: Option<String>,
    },
    /// List the files
    List,
    /// Remove a file
    Remove { name: String },
}

const KINDS: [&str; 6] = ["firmware", "language", "image", "certificate", "ringtone", "other"];
const FIELDS: [(&str, &str); 7] = [
    ("FILE", "name"),
    ("KIND", "kind"),
    ("VENDOR", "vendor"),
    ("MODEL", "model"),
    ("VERSION", "version"),
    ("BYTES", "size"),
    ("SHA-256", "sha256"),
];

pub async fn run(client: &Client, command: Commands, as_json: bool) -> Result<(), Failure> {
    match command {
        Commands::Add { file, name, kind, vendor, model, version, sha256 } => {
            let own = std::path::Path::new(&file).file_name().map(|name| name.to_string_lossy().into_owned());
            let name = name.or(own).filter(|name| name != "-").ok_or_else(|| {
                Failure::new("The file has no name.", "Say under which name phones ask for it: --name NAME")
            })?;
            let about = query(&[
                ("kind", kind.as_deref()),
                ("vendor", vendor.as_deref()),
                ("model", model.as_deref()),
                ("version", version.as_deref()),
                ("sha256", sha256.as_deref()),
            ]);
            let stored = transfer::put(client, &format!("/files/{}{about}", encode(&name)), &file).await?;
            if as_json { table::json(&stored) } else { table::print(&[stored], &FIELDS) }
        }
        Commands::List => {
            let files = client.get_all("/files").await?;
            if as_json { table::json(&files.into()) } else { table::print(&files, &FIELDS) }
        }
        Commands::Remove { name } => {
            client.call(Method::DELETE, &format!("/files/{}", encode(&name)), None).await?;
            table::say(&format!("The file {name} is removed."));
        }
    }
    Ok(())
}
