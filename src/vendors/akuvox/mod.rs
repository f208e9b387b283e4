//! Akuvox: how its phones and door stations name themselves (protocols/filenames.md §2).

use super::brand::{Vendor, p};
use super::models::{Models, as_printed};
use std::sync::LazyLock;

pub static AKUVOX: Vendor = Vendor {
    id: "akuvox",
    name: "Akuvox",
    prefixes: &["Akuvox "],
    spell: as_printed,
    agents: &[p("Akuvox {model} {version}"), p("Akuvox-{model}/{version}"), p("Akuvox {model}"), p("Akuvox")],
    classes: &[p("Akuvox {model}"), p("Akuvox")],
    certificates: &[p("O=Akuvox")],
    files: &[],
    models: LazyLock::new(|| Models::parse(include_str!("models.toml"))),
};
