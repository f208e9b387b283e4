//! Panasonic: how its KX phones name themselves and their files.
//!
//! From the KX guides and public request logs (protocols/filenames.md §2, vendors.md §0.1, §0.2).

use super::brand::{Vendor, p};
use super::models::{Models, as_printed};
use std::sync::LazyLock;

pub static PANASONIC: Vendor = Vendor {
    id: "panasonic",
    name: "Panasonic",
    prefixes: &["Panasonic_", "Panasonic-", "Panasonic "],
    spell: as_printed,
    agents: &[
        p("Panasonic_{model}/{version}"),
        p("Panasonic-{model}/{version}"),
        p("Panasonic {model}/{version}"),
        p("Panasonic {model} {version}"),
        p("Panasonic"),
    ],
    classes: &[p("Panasonic_{model:KX-}"), p("Panasonic {model:KX-}"), p("Panasonic")],
    certificates: &[p("O=Panasonic")],
    files: &[p("Config{mac}.cfg"), p("{model:KX-}.cfg")],
    models: LazyLock::new(|| Models::parse(include_str!("models.toml"))),
};
