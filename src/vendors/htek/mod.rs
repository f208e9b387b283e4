//! Htek (Hanlong): how its phones name themselves and their files.
//!
//! From public request logs (protocols/filenames.md §2, vendors.md §0.2). Sangoma's S series comes from the same maker and shares
//! its MAC block and file names.

use super::brand::{Vendor, p};
use super::models::{Models, as_printed};
use std::sync::LazyLock;

pub static HTEK: Vendor = Vendor {
    id: "htek",
    name: "Htek",
    prefixes: &["Htek "],
    spell: as_printed,
    agents: &[p("Htek {model} {version}"), p("Htek {model}"), p("Htek")],
    classes: &[p("Htek {model}"), p("Htek")],
    certificates: &[p("O=Htek"), p("O=Hanlong")],
    files: &[p("cfg{model:UC#}.xml")],
    models: LazyLock::new(|| Models::parse(include_str!("models.toml"))),
};
