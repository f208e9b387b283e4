//! `phonebox check-config`: the whole configuration as a TOML file, with the place each value came from.

use crate::config::{ConfigError, Environment, Flags, load};
use std::io::{self, Write};

#[derive(clap::Args)]
pub struct CheckConfig {
    #[command(flatten)]
    flags: Flags,
}

impl CheckConfig {
    /// Every error is in the result; exit with [`crate::config::EXIT`].
    pub fn run(&self, env: &Environment, mut out: impl Write) -> Result<io::Result<()>, ConfigError> {
        let loaded = load(&self.flags, env)?;
        let file = match &loaded.file {
            Some(path) => format!("{} is valid", path.display()),
            None => format!("no file; {} would be read", loaded.config.data.join("phonebox.toml").display()),
        };
        let warnings: String = loaded.warnings.iter().map(|warning| format!("# Warning: {warning}\n")).collect();
        Ok(write!(out, "# {file}\n{warnings}{}", loaded.to_toml()))
    }
}
