//! Flyingvoice: how its phones name themselves. Its files follow Yealink's scheme (protocols/filenames.md §1, §2).

use super::brand::{Vendor, p};
use super::models::{Models, as_printed};
use std::sync::LazyLock;

pub static FLYINGVOICE: Vendor = Vendor {
    id: "flyingvoice",
    name: "Flyingvoice",
    prefixes: &["Flyingvoice "],
    spell: as_printed,
    agents: &[p("Flyingvoice {model} {version}"), p("Flyingvoice {model}"), p("Flyingvoice")],
    classes: &[p("Flyingvoice {model}"), p("Flyingvoice")],
    certificates: &[p("O=Flyingvoice")],
    files: &[],
    models: LazyLock::new(|| Models::parse(include_str!("models.toml"))),
};
