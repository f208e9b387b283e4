//! Grandstream: how its phones and adapters name themselves and their files.
//!
//! From the provisioning guide and public request logs (protocols/filenames.md §2, vendors.md §0.2, §4.2). A GXP2000 prints
//! its program version before that of its boot code. `cfg<mac>.xml` is also Htek's, Sangoma's and Yeastar's.

use super::brand::{Vendor, p};
use super::models::Models;
use std::borrow::Cow;
use std::sync::LazyLock;

pub static GRANDSTREAM: Vendor = Vendor {
    id: "grandstream",
    name: "Grandstream",
    prefixes: &["Grandstream "],
    spell: plain,
    agents: &[
        p("Grandstream Model HW {model} *SW {version}"),
        p("Grandstream {model} (*:{version}/"),
        p("Grandstream {model} V#.#* {version}"),
        p("Grandstream {model} {version}"),
        p("Grandstream"),
    ],
    classes: &[p("Grandstream {model}"), p("Grandstream-{model}"), p("Grandstream")],
    certificates: &[p("O=Grandstream"), p("OU=Grandstream")],
    files: &[
        p("cfg{mac}"),
        p("cfg{mac}.bin"),
        p("cfg{model:G}.xml"),
        p("cfg{model:HT}.xml"),
        p("cfg{model:DP}.xml"),
        p("cfg{model:WP}.xml"),
        p("cfg.xml"),
    ],
    models: LazyLock::new(|| Models::parse(include_str!("models.toml"))),
};

/// `gxp2135` → `GXP2135`, `HT-502` → `HT502`.
fn plain(name: &str) -> Cow<'_, str> {
    name.replace(['-', '_', ' '], "").to_ascii_uppercase().into()
}
