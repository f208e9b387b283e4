//! Sangoma (S series and P series) and Digium (D series): how their phones name themselves and their files.
//!
//! From public request logs and DHCP rules (protocols/filenames.md §2). A D phone writes its version with underscores.

use super::brand::{Vendor, p};
use super::models::{Models, as_printed};
use std::sync::LazyLock;

pub static SANGOMA: Vendor = Vendor {
    id: "sangoma",
    name: "Sangoma",
    prefixes: &["Sangoma ", "Digium "],
    spell: as_printed,
    agents: &[
        p("Digium {model} {version}"),
        p("Digium {model}/{version}"),
        p("Digium {model}"),
        p("Sangoma {model} {version}"),
        p("Sangoma {model}/{version}"),
        p("Sangoma {model}"),
        p("Sangoma-{model}/{version}"),
    ],
    classes: &[p("digium_<@##>_{version}"), p("digium_{model}"), p("digium"), p("Sangoma {model}"), p("Sangoma")],
    certificates: &[p("O=Digium"), p("O=Sangoma")],
    files: &[p("Digium/")],
    models: LazyLock::new(|| Models::parse(include_str!("models.toml"))),
};
