//! The keys as command line flags, for every command that flattens them in.

use super::keys::{KEYS, Key};
use clap::{Arg, ArgMatches, Command};
use std::path::PathBuf;

/// Every key is a flag: what `serve` and `check-config` take.
pub type Flags = Given<true>;
/// Only what says where the box is: `--data`, `--key-file` and `--config`.
pub type PlaceFlags = Given<false>;

/// The flags that were given, as their text.
#[derive(Debug, Clone, Default)]
pub struct Given<const ALL: bool> {
    pub config: Option<PathBuf>,
    pub(super) values: Vec<(&'static str, String)>,
}

impl<const ALL: bool> Given<ALL> {
    /// For code that builds flags itself.
    pub fn set(&mut self, flag: &'static str, text: impl Into<String>) -> &mut Self {
        self.values.push((flag, text.into()));
        self
    }
}

fn keys<const ALL: bool>() -> impl Iterator<Item = &'static Key> {
    KEYS.iter().filter(|key| ALL || key.is_place())
}

impl<const ALL: bool> clap::FromArgMatches for Given<ALL> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut given = Given::default();
        given.update_from_arg_matches(matches)?;
        Ok(given)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.config = matches.get_one::<PathBuf>("config").cloned().or(self.config.take());
        for key in keys::<ALL>() {
            if let Some(text) = matches.get_one::<String>(key.flag) {
                self.set(key.flag, text);
            }
        }
        Ok(())
    }
}

impl<const ALL: bool> clap::Args for Given<ALL> {
    fn augment_args(command: Command) -> Command {
        let config = Arg::new("config").long("config").value_name("FILE");
        let config = config.value_parser(clap::value_parser!(PathBuf)).help("TOML file [default: DIR/phonebox.toml]");
        keys::<ALL>().fold(command.arg(config), |command, key| {
            let mut help = key.help.to_owned();
            if !key.default.is_empty() {
                help.push_str(&format!(" [default: {}]", key.default));
            }
            command.arg(Arg::new(key.flag).long(key.flag).value_name(key.value).help(help))
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}
