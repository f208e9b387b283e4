//! `phonebox ca`: what people compare before they trust the box's certificate.

use crate::ca;
use crate::config::{Environment, PlaceFlags, load};
use std::path::Path;

#[derive(clap::Subcommand)]
pub enum Ca {
    /// Print the SHA-256 fingerprint of the box's CA certificate
    Fingerprint {
        #[command(flatten)]
        place: PlaceFlags,
    },
}

impl Ca {
    /// The line to print. It reads the public file beside the database, so a running box is not disturbed.
    pub fn run(&self, env: &Environment) -> Result<String, String> {
        let Ca::Fingerprint { place } = self;
        let data = load(place, env).map_err(|error| error.to_string())?.config.data;
        fingerprint(&data.join(ca::FILE))
    }
}

fn fingerprint(path: &Path) -> Result<String, String> {
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("{shown} cannot be read: {error}. `phonebox serve` writes it; check --data"))?;
    let der = ca::from_pem(&text)
        .ok_or_else(|| format!("{shown} holds no certificate. Remove it: the next start writes it anew"))?;
    Ok(ca::fingerprint(&der))
}
